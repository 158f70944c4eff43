use std::net::TcpListener;

use assert_cmd::Command;

pub(crate) fn perennial(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("perennial").unwrap();
    for variable in ["PERENNIAL_SERVER", "PERENNIAL_LEDGER", "NO_COLOR"] {
        command.env_remove(variable);
    }
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// An address of this machine where nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

#[test]
fn help_begins_with_examples_and_names_every_command() {
    let (code, stdout, stderr) = perennial(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("Examples:\n"), "{stdout}");
    for command in [
        "serve",
        "demo",
        "ledger",
        "agreement",
        "submit",
        "reverse",
        "scheme",
        "import",
        "report",
        "events",
        "replay",
        "verify",
        "health",
        "bench",
    ] {
        assert!(
            stdout.contains(&format!("\n  {command} ")),
            "{command} is not in\n{stdout}"
        );
    }
}

#[test]
fn a_mistyped_command_is_a_usage_error_with_a_suggestion() {
    let (code, stdout, stderr) = perennial(&["sumbit"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("submit"), "{stderr}");
}

#[test]
fn an_example_goes_to_stdout_and_any_spelling_of_its_kind_is_known() {
    let (code, stdout, stderr) = perennial(&["submit", "--example", "disburse"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(
        stdout.contains("\"payment_id\": \"payment-0001\""),
        "{stdout}"
    );
    for kind in ["sign-agreement", "sign_agreement", "SignAgreement"] {
        assert_eq!(perennial(&["submit", "--example", kind]).0, 0, "{kind}");
    }
    let (code, _, stderr) = perennial(&["submit", "--example", "pay"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("there are announce-pledge"), "{stderr}");
}

#[test]
fn no_server_is_exit_code_7_with_what_to_try() {
    let server = nobody();
    let (code, stdout, stderr) = perennial(&["health", "--server", &server]);
    assert_eq!((code, stdout.as_str()), (7, ""));
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains("\nwhy: "), "{stderr}");
    assert!(
        stderr.contains("\ntry: start the services with `perennial serve`"),
        "{stderr}"
    );
}

#[test]
fn a_failure_is_also_a_document_if_a_program_reads() {
    let server = nobody();
    let arguments = [
        "report", "nexus", "--ledger", "demo", "--server", &server, "--output", "json",
    ];
    let (code, stdout, _) = perennial(&arguments);
    assert_eq!(code, 7);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["exit_code"], 7);
    let hint = document["error"]["hints"][0].as_str().unwrap();
    assert!(hint.starts_with("start the services"), "{hint}");
}

#[test]
fn a_wrong_submission_is_refused_before_a_server_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.json");
    std::fs::write(
        &file,
        r#"{"commands": [{"efective_on": "2026-07-10"}], "request_id": 5}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let server = nobody();
    let (code, stdout, stderr) = perennial(&[
        "submit", file, "--ledger", "demo", "--server", &server, "--output", "json",
    ]);
    assert_eq!(code, 6, "{stderr}");
    assert!(
        stderr.contains("has 2 problems; nothing was sent"),
        "{stderr}"
    );
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let violations = document["error"]["field_violations"].as_array().unwrap();
    assert_eq!(violations[0]["path"], "commands[0].efective_on");
    assert_eq!(
        (&violations[0]["line"], &violations[0]["column"]),
        (&1.into(), &16.into())
    );
    assert_eq!(violations[1]["path"], "request_id");
}

#[test]
fn a_dry_run_sends_nothing_that_would_have_to_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("payment.json");
    std::fs::write(&file, perennial(&["submit", "--example", "disburse"]).1).unwrap();
    let file = file.to_str().unwrap();
    let server = nobody();
    let (code, stdout, stderr) = perennial(&[
        "submit",
        file,
        "--ledger",
        "demo",
        "--server",
        &server,
        "--yes",
        "--dry-run",
    ]);
    assert_eq!((code, stdout.as_str()), (7, ""));
    assert!(stderr.contains("nothing is recorded"), "{stderr}");
    assert!(!stderr.contains("--request-id"), "{stderr}");
}

#[test]
fn an_address_without_a_port_and_two_times_at_once_are_usage_errors() {
    assert_eq!(perennial(&["health", "--server", "localhost"]).0, 2);
    let both = [
        "report",
        "nexus",
        "--at-position",
        "3",
        "--recorded-as-of",
        "2027-01-31",
    ];
    assert_eq!(perennial(&both).0, 2);
    assert_eq!(perennial(&["report", "timeline"]).0, 2);
    assert_eq!(
        perennial(&["report", "nexus", "--effective-as-of", "31.1.2027"]).0,
        2
    );
}

#[test]
fn a_file_that_does_not_exist_is_exit_code_3() {
    let (code, _, stderr) = perennial(&["submit", "no-such-file.json", "--ledger", "demo"]);
    assert_eq!(code, 3, "{stderr}");
}
