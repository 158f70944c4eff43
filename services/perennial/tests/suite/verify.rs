use assert_cmd::Command;
use perennial_log_file::DirectoryLock;

fn verify(data: &std::path::Path) -> (i32, String, String) {
    let mut command = Command::cargo_bin("perennial").unwrap();
    command.env_remove("PERENNIAL_LEDGER");
    let output = command
        .arg("verify")
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_directory_that_is_not_there_or_holds_no_ledger_is_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(verify(&folder.path().join("none")).0, 3);
    let (code, stdout, stderr) = verify(folder.path());
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("there is no ledger in"), "{stderr}");
}

#[test]
fn a_directory_in_use_is_not_read_and_its_holder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lock = DirectoryLock::acquire(folder.path(), "process 4711 on 127.0.0.1:7410").unwrap();
    let (code, _, stderr) = verify(folder.path());
    assert_eq!(code, 7);
    assert!(
        stderr.contains("is in use by process 4711 on 127.0.0.1:7410"),
        "{stderr}"
    );
    assert!(stderr.contains("perennial verify --server"), "{stderr}");
    drop(lock);
    assert_eq!(verify(folder.path()).0, 3);
}

#[test]
fn a_file_that_is_no_segment_is_exit_code_8_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("ledgers/demo/log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join(format!("{:020}.seg", 0)), b"no segment at all").unwrap();
    let (code, stdout, _) = verify(folder.path());
    assert_eq!(code, 8, "{stdout}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["ledger"], "demo");
    assert_eq!(document["first_bad_position"], 0);
    assert!(
        document["problem"]
            .as_str()
            .is_some_and(|problem| !problem.is_empty())
    );
    let file = document["file"].as_str().unwrap();
    assert!(file.ends_with("00000000000000000000.seg"), "{file}");
}
