//! Ledgers opened again after a stop, a kill, a careless restore: with their caches, without, and with damaged ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use perennial_app::ledger::{Ledger, NewLedger};
use perennial_app::submission::{Accepted, Prepared, SubmitError};
use perennial_domain::agreement::AgreementCommand;
use perennial_domain::command::{Command, Submission};
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::rule::Profile;
use perennial_ledgerd::config::Config;
use perennial_ledgerd::ledgers::{Ledgers, Slot};
use perennial_testkit::history::words::{THE_AGREEMENT, asked_of, cash, date, eur, org, terms};
use perennial_wire::stored::Actor;
use tempfile::TempDir;

/// A state snapshot is taken after so many records.
const SNAPSHOT_EVERY: u64 = 20;

fn ledger_id() -> LedgerId {
    LedgerId::parse("reopened").unwrap()
}

async fn start(data: &Path) -> Arc<Ledgers> {
    let mut config = Config::new(data.to_owned());
    config.writer.snapshot_every_records = SNAPSHOT_EVERY;
    config.writer.recent_requests_max = 8;
    let (ledgers, _failures) = Ledgers::start(config, "127.0.0.1:7410").await.unwrap();
    ledgers
}

fn opened(ledgers: &Ledgers) -> Ledger {
    match ledgers.slot(&ledger_id()) {
        Some(Slot::Open(ledger, _)) => ledger,
        Some(Slot::Refused(problem)) => panic!("{problem}"),
        None => panic!("there is no ledger"),
    }
}

fn actor() -> Actor {
    Actor {
        subject: "anonymous".to_owned(),
        peer: String::new(),
    }
}

async fn submit(ledger: &Ledger, request: u8, command: Command) -> Result<Accepted, SubmitError> {
    let submission = Submission {
        commands: vec![command],
        expected: Vec::new(),
    };
    let prepared = Prepared::new(RequestId([request; 16]), actor(), submission);
    ledger.submit(prepared, false).await
}

/// Signs the agreement over 100 euros.
fn sign() -> Command {
    let terms = perennial_domain::agreement::Terms {
        provider: org("XM-DONOR"),
        ..terms(eur(100))
    };
    asked_of(
        THE_AGREEMENT,
        date("2024-01-01"),
        AgreementCommand::Sign(terms),
    )
}

fn pay(euros: i128) -> Command {
    let disburse = AgreementCommand::Disburse {
        cash: cash(eur(euros)),
        tranche_id: None,
    };
    asked_of(THE_AGREEMENT, date("2024-06-01"), disburse)
}

/// A ledger of one agreement over 100 euros, of which this many were paid one by one. Request ids are positions.
async fn filled(data: &Path, payments: u8) -> (Arc<Ledgers>, Ledger) {
    let ledgers = start(data).await;
    let new = NewLedger {
        request_id: RequestId([0xff; 16]),
        actor: actor(),
        ledger_id: ledger_id(),
        profile: Profile::Strict,
        policy: LedgerPolicy::default(),
    };
    ledgers.create(new).await.unwrap();
    let ledger = opened(&ledgers);
    submit(&ledger, 1, sign()).await.unwrap();
    for payment in 1..=payments {
        submit(&ledger, payment + 1, pay(1)).await.unwrap();
    }
    (ledgers, ledger)
}

fn caches(data: &Path) -> PathBuf {
    perennial_views_sled::writer_cache_directory(data, &ledger_id())
}

fn log(data: &Path) -> PathBuf {
    data.join("ledgers").join(ledger_id().as_str()).join("log")
}

/// What a kill at this moment leaves. Files that are replaced meanwhile may be missing, as after a kill.
fn killed(data: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_directory(&data.join("ledgers"), &copy.path().join("ledgers"));
    copy
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_directory(&entry.path(), &target);
        } else if let Err(error) = fs::copy(entry.path(), target) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

/// The ledger opens, every id from 1 to `records` has its first answer, and exactly what is left can be paid.
async fn goes_on(data: &Path, records: u8) {
    let ledgers = start(data).await;
    let ledger = opened(&ledgers);
    for request in 1..=records {
        let command = if request == 1 { sign() } else { pay(1) };
        let again = submit(&ledger, request, command).await.unwrap();
        assert!(again.replayed, "INV-5: request {request}");
        assert_eq!(again.place.unwrap().position.0, u64::from(request));
    }
    let left = 101 - i128::from(records);
    let too_much = submit(&ledger, 200, pay(left + 1)).await;
    assert!(
        matches!(too_much, Err(SubmitError::Refused { .. })),
        "{too_much:?}"
    );
    let accepted = submit(&ledger, 201, pay(left)).await.unwrap();
    assert_eq!(accepted.place.unwrap().position.0, u64::from(records) + 1);
    drop(ledger);
    ledgers.close().await;
}

async fn refusal(data: &Path) -> String {
    let ledgers = start(data).await;
    match ledgers.slot(&ledger_id()) {
        Some(Slot::Refused(problem)) => problem.to_string(),
        Some(Slot::Open(..)) => panic!("the ledger is served"),
        None => panic!("there is no ledger"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_5_a_killed_ledger_goes_on_from_its_snapshot_and_the_tail() {
    let data = tempfile::tempdir().unwrap();
    let (ledgers, ledger) = filled(data.path(), 50).await;
    while !caches(data.path()).join("state").exists() {
        tokio::task::yield_now().await;
    }
    let killed = killed(data.path());
    assert!(caches(killed.path()).join("state").exists());
    goes_on(killed.path(), 51).await;
    drop(ledger);
    ledgers.close().await;
    // The lock on the directory goes with the last handle.
    drop(ledgers);
    goes_on(data.path(), 51).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_5_deleted_and_damaged_caches_are_built_again() {
    let data = tempfile::tempdir().unwrap();
    let (ledgers, ledger) = filled(data.path(), 50).await;
    drop(ledger);
    ledgers.close().await;
    let damages: [(&str, Harm); 5] = [
        ("no caches", |caches| remove(caches)),
        ("no snapshot", |caches| remove(&caches.join("state"))),
        ("no index", |caches| remove(&caches.join("requests"))),
        ("a damaged snapshot", |caches| damage(&caches.join("state"))),
        ("a damaged filter", |caches| {
            damage(&caches.join("requests.filter"));
        }),
    ];
    for (what, harm) in damages {
        println!("{what}");
        let copy = killed(data.path());
        harm(&caches(copy.path()));
        goes_on(copy.path(), 51).await;
    }
}

/// What befalls a directory of caches.
type Harm = fn(&Path);

fn remove(path: &Path) {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    removed.unwrap();
}

fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).unwrap() ^= 1;
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_from_an_older_backup_beside_newer_caches_is_lost_history() {
    let data = tempfile::tempdir().unwrap();
    let (ledgers, ledger) = filled(data.path(), 10).await;
    let backup = killed(data.path());
    for payment in 11..=30 {
        submit(&ledger, payment + 1, pay(1)).await.unwrap();
    }
    drop(ledger);
    ledgers.close().await;
    for kept in ["state", "requests"] {
        let restored = killed(data.path());
        fs::remove_dir_all(log(restored.path())).unwrap();
        copy_directory(&log(backup.path()), &log(restored.path()));
        for entry in fs::read_dir(caches(restored.path())).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with(kept) {
                remove(&path);
            }
        }
        let problem = refusal(restored.path()).await;
        assert!(problem.contains("known and not there"), "{kept}: {problem}");
    }
}
