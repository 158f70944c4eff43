//! Damaged and locked data directories: found, named, never repaired in silence.

use std::fs;
use std::path::{Path, PathBuf};

use perennial_tests::server::Server;

use crate::{binary, cli};

fn create(data: &Path, ledgers: &[&str]) {
    let server = Server::start(binary(), data).unwrap();
    for ledger in ledgers {
        cli()
            .at(server.address())
            .json(&["ledger", "create", ledger, "--profile", "strict"])
            .unwrap();
    }
    assert_eq!(server.terminate().unwrap(), 0);
}

fn segment(data: &Path, ledger: &str) -> PathBuf {
    let folder = data.join("ledgers").join(ledger).join("log");
    let mut segments: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    segments.sort();
    segments.remove(0)
}

#[test]
fn inv_13_a_flipped_byte_is_found_by_verify_and_only_that_ledger_is_refused() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["damaged", "sound"]);
    let file = segment(data.path(), "damaged");
    let mut bytes = fs::read(&file).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap();
    let middle = used - 40;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();

    let verified = cli()
        .run(&[
            "verify",
            "--data",
            data.path().to_str().unwrap(),
            "--output",
            "json",
        ])
        .unwrap();
    assert_eq!(verified.code, 8, "{verified:?}");
    assert!(
        verified.stdout.contains("\"first_bad_position\""),
        "{verified:?}"
    );
    assert!(verified.stdout.contains(".seg"), "{verified:?}");

    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address());
    let refused = cli
        .clone()
        .on("damaged")
        .run(&["report", "registers"])
        .unwrap();
    assert_ne!(refused.code, 0, "{refused:?}");
    cli.on("sound").json(&["report", "registers"]).unwrap();
}

#[test]
fn inv_11_a_second_server_on_one_data_directory_names_the_first() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let second = Server::start(binary(), data.path())
        .unwrap_err()
        .to_string();
    assert!(second.contains(server.address()), "{second}");
    let verify = cli()
        .run(&["verify", "--data", data.path().to_str().unwrap()])
        .unwrap();
    assert_ne!(verify.code, 0);
    assert!(verify.stderr.contains("--server"), "{verify:?}");
}

#[test]
fn a_log_shorter_than_its_head_marker_is_lost_history() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["shortened"]);
    let file = segment(data.path(), "shortened");
    let bytes = fs::read(&file).unwrap();
    // Everything but the segment's own header is gone, as after a careless restore.
    let mut cut = bytes[..64.min(bytes.len())].to_vec();
    cut.resize(bytes.len(), 0);
    fs::write(&file, cut).unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let refused = cli()
        .at(server.address())
        .on("shortened")
        .run(&["report", "registers"])
        .unwrap();
    assert_ne!(refused.code, 0, "{refused:?}");
    let verified = {
        drop(server);
        cli()
            .run(&[
                "verify",
                "--data",
                data.path().to_str().unwrap(),
                "--output",
                "json",
            ])
            .unwrap()
    };
    assert_eq!(verified.code, 8, "{verified:?}");
}
