//! The settings of `perennial serve` as a user meets them.

use assert_cmd::Command;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// Asks what is in force, with these variables and no others of ours.
fn printed(variables: &[(&str, &str)], flags: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("perennial").unwrap();
    for name in std::env::vars_os().map(|(name, _)| name) {
        if name.to_string_lossy().starts_with("PERENNIAL_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    let output = command
        .arg("serve")
        .arg("--print-config")
        .args(flags)
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
fn the_page_shows_what_is_printed_without_any_setting_and_every_variable() {
    let (code, stdout, stderr) = printed(&[], &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let (_, after) = PAGE.split_once("```toml\n").unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    assert_eq!(stdout, shown);
    let help = crate::command_line::perennial(&["serve", "--help"]).1;
    for line in shown.lines() {
        let (key, _) = line.split_once(' ').unwrap();
        assert!(help.contains(&format!("--{key}")), "{key}");
        let row = PAGE
            .lines()
            .find(|row| row.starts_with(&format!("| `{key}` | `PERENNIAL_")));
        let variable = row.unwrap().split('`').nth(3).unwrap();
        assert!(help.contains(&format!("[env: {variable}=")), "{variable}");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("perennial.toml");
    let text =
        "node = \"from-file\"\nlisten = \"127.0.0.1:1\"\nlog-filter = \"warn\"\ninsecure = true\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let variables = [
        ("PERENNIAL_CONFIG", file),
        ("PERENNIAL_NODE", "from-environment"),
        ("PERENNIAL_LISTEN", "127.0.0.1:2"),
        ("PERENNIAL_INSECURE", "false"),
    ];
    let flags = ["--listen", "127.0.0.1:3", "--output", "json"];
    let (code, stdout, stderr) = printed(&variables, &flags);
    assert_eq!(code, 0, "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let told: Vec<(String, String, String)> = document["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| {
            let text = |name: &str| setting[name].as_str().unwrap_or_default().to_owned();
            (text("key"), setting["value"].to_string(), text("source"))
        })
        .collect();
    let expected = [
        ("data", "\"perennial-data\"", ""),
        ("listen", "\"127.0.0.1:3\"", "--listen"),
        ("insecure", "false", "PERENNIAL_INSECURE"),
        ("node", "\"from-environment\"", "PERENNIAL_NODE"),
        ("advertise", "\"\"", ""),
        ("added-flush-ms", "0", ""),
        ("view-memory-mib", "256", ""),
        ("log", "\"\"", ""),
        ("kafka-replicas", "3", ""),
        ("kafka-allow-weak-durability", "false", ""),
        ("kafka-tls", "false", ""),
        ("kafka-ca-file", "\"\"", ""),
        ("kafka-certificate-file", "\"\"", ""),
        ("kafka-key-file", "\"\"", ""),
        ("kafka-sasl", "\"none\"", ""),
        ("kafka-username", "\"\"", ""),
        ("kafka-password-file", "\"\"", ""),
        ("log-filter", "\"warn\"", &format!("{file}, line 3")),
        ("log-format", "\"human\"", ""),
    ]
    .map(|(key, value, source)| (key.to_owned(), value.to_owned(), source.to_owned()));
    assert_eq!(told, expected);
}

#[test]
fn a_file_that_is_not_there_or_wrong_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.toml");
    let (code, stdout, stderr) = printed(&[], &["--config", missing.to_str().unwrap()]);
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("none.toml"), "{stderr}");
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(
        &wrong,
        "listen = \"127.0.0.1:0\"\nlisten-on = \"x\"\nnode = 7\n",
    )
    .unwrap();
    let (code, stdout, stderr) = printed(&[], &["--config", wrong.to_str().unwrap()]);
    assert_eq!((code, stdout.as_str()), (6, ""));
    for said in [
        "wrong.toml has 2 problems; nothing was started",
        "line 2, column 1: there is no setting \"listen-on\"; did you mean \"listen\"?",
        "line 3, column 8: node is no text in quotes",
    ] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn every_command_shows_an_example_first() {
    let commands: [&[&str]; 17] = [
        &["serve"],
        &["demo"],
        &["ledger"],
        &["ledger", "create"],
        &["ledger", "list"],
        &["agreement"],
        &["agreement", "list"],
        &["agreement", "find"],
        &["submit"],
        &["reverse"],
        &["import"],
        &["import", "iati"],
        &["report"],
        &["events", "tail"],
        &["events", "get"],
        &["replay"],
        &["verify"],
    ];
    for command in commands {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let (code, stdout, _) = crate::command_line::perennial(&arguments);
        assert_eq!(code, 0, "{command:?}");
        let example = format!("  perennial {}", command.join(" "));
        let (first, _) = stdout.split_once("Usage:").unwrap();
        assert!(first.starts_with("Example"), "{command:?}: {stdout}");
        assert!(first.contains(&example), "{command:?}: {stdout}");
    }
}

#[test]
fn keys_that_a_view_does_not_have_are_told_before_a_server_is_asked() {
    let (code, _, stderr) =
        crate::command_line::perennial(&["report", "nexus", "--group-by", "pilar"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("nexus has no key \"pilar\""), "{stderr}");
    assert!(stderr.contains("pillar"), "{stderr}");
    let arguments = ["report", "registers", "--group-by", "currency"];
    let (code, _, stderr) = crate::command_line::perennial(&arguments);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("leave --group-by out"), "{stderr}");
}
