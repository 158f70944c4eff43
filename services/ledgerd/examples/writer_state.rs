//! Measures what the writer's caches are for: how long opening takes and how much memory a ledger needs.
//!
//! `writer_state fill DIR RECORDS AGREEMENTS` makes a ledger of one-disbursement records and stops in order, and
//! with `abort` at the end dies instead; `writer_state open DIR AGREEMENTS` opens it; `writer_state state DIR` folds its
//! state and takes a snapshot of it in memory, step by step. The figures of docs/adr/0004 come from here.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "what is measured here is time, and a person reads it"
)]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use perennial_app::ledger::{Ledger, NewLedger};
use perennial_app::recovery::recover;
use perennial_app::submission::Prepared;
use perennial_app::writer::WriterOptions;
use perennial_domain::agreement::{
    AgreementCommand, Cash, Conditionality, Line, Perspective, Terms,
};
use perennial_domain::book::{SnapshotLoader, Sweep};
use perennial_domain::classification::LineDims;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::ids::{AgreementId, LedgerId, LineId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::rule::Profile;
use perennial_ledgerd::config::Config;
use perennial_ledgerd::ledgers::{Ledgers, Slot};
use perennial_wire::stored::Actor;

/// Submissions on their way at a time.
const WINDOW: usize = 1_024;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["fill", data, records, agreements, rest @ ..] => {
            let ledgers = fill(Path::new(data), records.parse()?, agreements.parse()?).await?;
            if rest == ["abort"] {
                std::process::abort();
            }
            let begun = Instant::now();
            ledgers.close().await;
            println!("stopped: {:?}", begun.elapsed());
            Ok(())
        }
        ["open", data, agreements] => open(Path::new(data), agreements.parse()?).await,
        ["state", data] => state(Path::new(data)).await,
        _ => bail!("fill DIR RECORDS AGREEMENTS [abort] | open DIR AGREEMENTS | state DIR"),
    }
}

fn ledger_id() -> Result<LedgerId> {
    Ok(LedgerId::parse("measured")?)
}

async fn start(data: &Path) -> Result<Arc<Ledgers>> {
    let (ledgers, _failures) = Ledgers::start(Config::new(data.to_owned()), "measured").await?;
    Ok(ledgers)
}

fn opened(ledgers: &Ledgers) -> Result<Ledger> {
    match ledgers.slot(&ledger_id()?) {
        Some(Slot::Open(ledger, _)) => Ok(ledger),
        Some(Slot::Refused(problem)) => bail!("the ledger does not open: {problem}"),
        None => bail!("there is no ledger"),
    }
}

async fn fill(data: &Path, records: u64, agreements: u64) -> Result<Arc<Ledgers>> {
    let ledgers = start(data).await?;
    let new = NewLedger {
        request_id: id(u64::MAX),
        actor: actor(),
        ledger_id: ledger_id()?,
        profile: Profile::Strict,
        policy: LedgerPolicy::default(),
    };
    ledgers.create(new).await?;
    let ledger = opened(&ledgers)?;
    let begun = Instant::now();
    let mut waiting = VecDeque::new();
    let (mut slowest, mut sent) = (Duration::ZERO, VecDeque::new());
    for number in 0..agreements.saturating_add(records) {
        let command = match number.checked_sub(agreements) {
            None => sign(number)?,
            Some(payment) => pay(payment, agreements)?,
        };
        let submission = Submission {
            commands: vec![command],
            expected: Vec::new(),
        };
        let prepared = Prepared::new(id(number), actor(), submission);
        waiting.push_back(ledger.enqueue(prepared).await?);
        sent.push_back(Instant::now());
        if WINDOW <= waiting.len()
            && let (Some(answer), Some(at)) = (waiting.pop_front(), sent.pop_front())
        {
            answer.answer().await?;
            slowest = slowest.max(at.elapsed());
        }
    }
    for answer in waiting {
        answer.answer().await?;
    }
    println!("filled: {:?}, slowest answer {slowest:?}", begun.elapsed());
    println!("memory: {} MiB", memory_mib()?);
    drop(ledger);
    Ok(ledgers)
}

async fn open(data: &Path, agreements: u64) -> Result<()> {
    let begun = Instant::now();
    let ledgers = start(data).await?;
    let ledger = opened(&ledgers)?;
    println!(
        "opened: {:?}, memory {} MiB",
        begun.elapsed(),
        memory_mib()?
    );
    // Ids of old records, each a real retry; and new ones, of which hardly any reads storage.
    for (what, numbers) in [
        (
            "old",
            agreements.saturating_mul(2)..agreements.saturating_mul(2).saturating_add(1_000),
        ),
        ("new", 1 << 40..(1 << 40) + 1_000),
    ] {
        let (mut total, mut slowest) = (Duration::ZERO, Duration::ZERO);
        let mut replayed = 0_usize;
        for number in numbers {
            let submission = Submission {
                commands: vec![pay(number.saturating_sub(agreements), agreements)?],
                expected: Vec::new(),
            };
            let prepared = Prepared::new(id(number), actor(), submission);
            let begun = Instant::now();
            let accepted = ledger.submit(prepared, what == "new").await?;
            replayed = replayed.saturating_add(usize::from(accepted.replayed));
            total = total.saturating_add(begun.elapsed());
            slowest = slowest.max(begun.elapsed());
        }
        let each = total.checked_div(1_000).unwrap_or_default();
        println!("{what} ids: {each:?} each, slowest {slowest:?}, {replayed} replayed");
    }
    drop(ledger);
    let begun = Instant::now();
    ledgers.close().await;
    println!("stopped: {:?}", begun.elapsed());
    Ok(())
}

async fn state(data: &Path) -> Result<()> {
    let ledgers = start(data).await?;
    let log = opened(&ledgers)?.log();
    let nowhere = data.join("nowhere");
    let source = perennial_app::recovery::LedgerSource {
        ledger_id: ledger_id()?.to_string(),
        log,
        snapshots: Arc::new(perennial_views_sled::FileSnapshotStore::new(&nowhere)),
        requests: Arc::new(perennial_views_sled::SledRequestIndexStore::new(&nowhere)),
        tasks: Arc::new(perennial_app::threads::Threads),
    };
    let begun = Instant::now();
    let options = WriterOptions {
        unindexed_requests_max: usize::MAX,
        ..WriterOptions::default()
    };
    let recovered = tokio::task::spawn_blocking(move || recover(&source, None, &options)).await??;
    println!("folded from the start: {:?}", begun.elapsed());
    let book = recovered.book.context("an empty ledger")?;
    let streams = book.streams();
    let part_bytes = WriterOptions::default().snapshot_part_bytes;
    let (mut sweep, mut steps, mut parts) = (Sweep::new(), Vec::new(), Vec::new());
    loop {
        let begun = Instant::now();
        let part = sweep.next_part(&book, &streams, part_bytes);
        steps.push(begun.elapsed());
        match part {
            Some(part) => parts.push(part),
            None => break,
        }
    }
    let total: Duration = steps.iter().sum();
    let longest = steps.iter().max().copied().unwrap_or_default();
    let bytes: usize = parts.iter().map(Vec::len).sum();
    println!(
        "encoded: {total:?} in {} steps, longest {longest:?}, {bytes} bytes",
        steps.len()
    );
    let begun = Instant::now();
    let mut loader = SnapshotLoader::default();
    for part in &parts {
        loader.part(part)?;
    }
    println!(
        "decoded: {:?}, equal {}",
        begun.elapsed(),
        loader.finish()? == book
    );
    Ok(())
}

/// The request id of a record: random to look at.
fn id(number: u64) -> RequestId {
    let hash = perennial_proof::Hash::of(&number.to_be_bytes());
    let (bytes, _) = hash
        .as_bytes()
        .split_first_chunk()
        .unwrap_or((&[0; 16], &[]));
    RequestId(*bytes)
}

fn actor() -> Actor {
    Actor {
        subject: "anonymous".to_owned(),
        peer: String::new(),
    }
}

fn org(id: &str) -> OrgRef {
    OrgRef {
        id: Some(id.into()),
        ..OrgRef::default()
    }
}

fn command(number: u64, on: &str, command: AgreementCommand) -> Result<Command> {
    let agreement_id = AgreementId::parse(&format!("agreement-{number}"))?;
    Ok(Command {
        effective_on: on.parse()?,
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Agreement(agreement_id, command),
        functional_from_table: false,
    })
}

fn sign(number: u64) -> Result<Command> {
    let amount = Money::from_minor(100_000_000, Currency::parse("EUR")?)?;
    let line = Line {
        line_id: LineId::parse("main")?,
        amount,
        counterparty: None,
        dims: LineDims::default(),
        year_shares: Vec::new(),
        functional: None,
    };
    let terms = Terms {
        perspective: Perspective::Provider,
        provider: org("XM-TEST-1"),
        recipient: org("XM-TEST-2"),
        signed_on: Some("2024-01-01".parse()?),
        starts_on: Some("2024-01-01".parse()?),
        ends_on: Some("2028-12-31".parse()?),
        currency: amount.currency(),
        conditionality: Conditionality::None,
        further: None,
        lines: vec![line],
    };
    command(number, "2024-01-01", AgreementCommand::Sign(terms))
}

fn pay(payment: u64, agreements: u64) -> Result<Command> {
    let number = payment.checked_rem(agreements).context("no agreements")?;
    let round = payment.checked_div(agreements).context("no agreements")?;
    let (month, day) = (round / 28 % 12, round % 28);
    let on = format!(
        "2024-{:02}-{:02}",
        month.saturating_add(1),
        day.saturating_add(1)
    );
    let cash = Cash {
        amount: Money::from_minor(1_234, Currency::parse("EUR")?)?,
        lines: Vec::new(),
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: None,
        modality: None,
    };
    let disburse = AgreementCommand::Disburse {
        cash,
        tranche_id: None,
    };
    command(number, &on, disburse)
}

fn memory_mib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse::<u64>()? / 1_024)
}
