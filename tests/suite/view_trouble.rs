//! Views that cannot be stored: the ledger goes on, the trouble is said, and after repair the figures are those of a
//! replay (INV-6).

use std::fs;
use std::path::Path;

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use serde_json::Value;

use crate::{binary, cli};

const LEDGER: &str = "trouble";

/// Makes the ledger and signs the example's agreement.
fn create(cli: &Cli, folder: &Path) {
    cli.json(&["ledger", "create", LEDGER, "--profile", "strict"])
        .unwrap();
    submit(cli, folder, "sign-agreement");
}

/// Submits the example of this kind; returns its answer.
fn submit(cli: &Cli, folder: &Path, kind: &str) -> Value {
    let file = cli.example(kind, folder).unwrap();
    cli.json(&["submit", &file, "--yes"]).unwrap()
}

/// The views are those of a replay, up to `position`.
fn equals_a_replay(cli: &Cli, position: u64) {
    let replayed = cli.json(&["replay"]).unwrap();
    assert_eq!(replayed["equal"], true, "{replayed}");
    let report = cli.json(&["report", "registers"]).unwrap();
    assert_eq!(report["read_info"]["position"], position, "{report}");
}

/// Stops a server that made the ledger.
fn made(data: &Path, folder: &Path) {
    let server = Server::start(binary(), data).unwrap();
    create(&cli().at(server.address()).on(LEDGER), folder);
    assert_eq!(server.terminate().unwrap(), 0);
}

#[test]
fn inv_6_views_that_cannot_be_opened_are_said_so_while_writes_go_on_and_open_once_they_can() {
    /// Views are opened again every two seconds; an answer "not yet" may come much faster.
    const QUESTIONS_MAX: usize = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    made(&data, folder.path());
    // Something else where the name of the live views is kept, as after a careless restore.
    let current = data.join("ledgers").join(LEDGER).join("cache/CURRENT");
    fs::remove_file(&current).unwrap();
    fs::create_dir(&current).unwrap();

    let server = Server::start(binary(), &data).unwrap();
    let cli = cli().at(server.address()).on(LEDGER);
    server.says("views cannot be opened now").unwrap();
    let paid = submit(&cli, folder.path(), "confirm-receipt");
    assert_eq!(paid["position"], 2);
    let unread = cli.run(&["report", "registers"]).unwrap();
    assert_eq!(unread.code, 7, "{unread:?}");
    assert!(unread.stderr.contains("PROJECTION_LAGGING"), "{unread:?}");

    fs::remove_dir(&current).unwrap();
    let answered = (0..QUESTIONS_MAX)
        .map(|_| cli.run(&["report", "registers"]).unwrap())
        .find(|printed| printed.code == 0);
    assert!(answered.is_some(), "the views never opened again");
    equals_a_replay(&cli, 2);
    assert_eq!(server.terminate().unwrap(), 0);
}

#[test]
fn inv_6_a_ledger_without_a_place_for_its_caches_is_refused_alone_and_complete_after_repair() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    made(&data, folder.path());
    let cache = data.join("ledgers").join(LEDGER).join("cache");
    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "in the way").unwrap();

    let server = Server::start(binary(), &data).unwrap();
    let said = server.says("the ledger is not served").unwrap();
    assert!(said.contains("cache"), "{said}");
    let asking = cli().at(server.address());
    let refused = asking.clone().on(LEDGER).run(&["report", "registers"]);
    let refused = refused.unwrap();
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.stderr.contains("LOG_UNAVAILABLE"), "{refused:?}");
    let health = asking.run(&["health"]).unwrap();
    assert_eq!(health.code, 7, "{health:?}");
    let told = format!("{}{}", health.stdout, health.stderr);
    assert!(told.contains(LEDGER) && told.contains("cache"), "{told}");
    // Another ledger can be made and is served.
    asking
        .json(&["ledger", "create", "another", "--profile", "strict"])
        .unwrap();
    assert_eq!(server.terminate().unwrap(), 0);

    fs::remove_file(&cache).unwrap();
    let server = Server::start(binary(), &data).unwrap();
    equals_a_replay(&cli().at(server.address()).on(LEDGER), 1);
    assert_eq!(server.terminate().unwrap(), 0);
}

/// Submits so many short descriptions of the example's agreement, each beginning with `text`.
fn describe(cli: &Cli, folder: &Path, (count, text): (usize, &str)) {
    let lines = (0..count).map(|number| {
        format!(
            "{{\"commands\": [{{\"effective_on\": \"2026-07-10\", \"describe_agreement\": \
             {{\"agreement_id\": \"grant-2026-001\", \"title\": \"{text} {number}\"}}}}]}}\n"
        )
    });
    let file = folder.join("described.json");
    fs::write(&file, lines.collect::<String>()).unwrap();
    let printed = cli.run(&["submit", file.to_str().unwrap(), "--yes"]);
    let printed = printed.unwrap();
    assert_eq!(printed.code, 0, "{printed:?}");
}

/// How far the log is written; behind that lie zeros.
fn log_bytes(data: &Path) -> u64 {
    let segment = data.join("ledgers").join(LEDGER).join("log");
    let bytes = fs::read(segment.join(format!("{:020}.seg", 0))).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    u64::try_from(used).unwrap()
}

/// How long the longest file of the live views is.
fn views_bytes(data: &Path) -> u64 {
    let cache = data.join("ledgers").join(LEDGER).join("cache");
    let live = fs::read_to_string(cache.join("CURRENT")).unwrap();
    fs::metadata(cache.join(live.trim_end()).join("db"))
        .unwrap()
        .len()
}

#[test]
fn inv_6_views_that_cannot_be_saved_are_served_from_memory_and_rebuilt_after_a_restart() {
    /// Room for what is submitted under the limit.
    const ROOM_BYTES: u64 = 24 * 1024;
    /// What is saved is flushed a little later; a failed flush is told by the next save.
    const SAVES_MAX: u64 = 60;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(binary(), &data).unwrap();
    let asking = cli().at(server.address()).on(LEDGER);
    create(&asking, folder.path());
    describe(&asking, folder.path(), (300, "before"));
    equals_a_replay(&asking, 301);
    // The files of the views are longer than the log: a limit between them stops their saving alone.
    let limit = log_bytes(&data) + ROOM_BYTES;
    assert!(limit < views_bytes(&data), "{limit}");
    server.limit_files(Some(limit)).unwrap();
    let saves = (1..=SAVES_MAX).find(|save| {
        describe(
            &asking,
            folder.path(),
            (1, &format!("under the limit {save}")),
        );
        server.has_said("views cannot be saved; they are served from memory")
    });
    let position = 301 + saves.expect("the views are saved all the same");
    equals_a_replay(&asking, position);

    server.limit_files(None).unwrap();
    describe(&asking, folder.path(), (5, "after it"));
    equals_a_replay(&asking, position + 5);
    server.kill().unwrap();
    let server = Server::start(binary(), &data).unwrap();
    equals_a_replay(&cli().at(server.address()).on(LEDGER), position + 5);
    assert_eq!(server.terminate().unwrap(), 0);
}
