use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

/// A server of its own on a free port.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Process::cargo_bin("perennial")
            .unwrap()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log-filter",
                "warn",
                "--data",
            ])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("ready grpc=").unwrap().to_owned();
        Self { child, address }
    }

    /// Runs a command against this server.
    pub(crate) fn ask(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut all = vec!["--server", &self.address];
        all.extend(arguments);
        crate::command_line::perennial(&all)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let mut all = arguments.to_vec();
        all.extend(["--output", "json"]);
        let (code, stdout, stderr) = self.ask(&all);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// Asks the process to stop and returns its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; a test that fails leaves nothing running.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A server with a strict ledger, into which the examples of these kinds are submitted.
pub(crate) fn with_examples(folder: &Path, kinds: &[&str]) -> Server {
    let server = Server::start(&folder.join("data"));
    assert_eq!(
        server
            .ask(&["ledger", "create", "treasury", "--profile", "strict"])
            .0,
        0
    );
    for kind in kinds {
        let file = folder.join(format!("{kind}.json"));
        std::fs::write(&file, server.ask(&["submit", "--example", kind]).1).unwrap();
        let (code, _, stderr) = server.ask(&["submit", file.to_str().unwrap()]);
        assert_eq!(code, 0, "{kind}: {stderr}");
    }
    server
}

const RECEIPT: [&str; 4] = [
    "announce-pledge",
    "sign-agreement",
    "convert-pledge",
    "confirm-receipt",
];

#[test]
fn what_is_submitted_is_reported_as_of_any_position_and_submitted_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_examples(folder.path(), &RECEIPT);
    let file = folder.path().join("sign-agreement.json");
    let again = server.json(&["submit", file.to_str().unwrap()]);
    assert_eq!(
        (&again["position"], &again["replayed"]),
        (&2.into(), &true.into())
    );
    let agreement = server.json(&["report", "agreement", "GR-2026-17"]);
    assert_eq!(agreement["agreement_id"], "grant-2026-001");
    assert_eq!(agreement["committed"], "1000000.00");
    assert_eq!(agreement["received"], "200000.00");
    assert_eq!(agreement["read_info"]["position"], 4);
    let before = server.json(&[
        "report",
        "agreement",
        "grant-2026-001",
        "--at-position",
        "3",
    ]);
    assert_eq!(before["received"], "0.00");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_history_is_replayed_to_the_live_figures_and_verified_online_and_offline() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_examples(folder.path(), &RECEIPT);
    let pillars = server.json(&["report", "nexus", "--group-by", "pillar"]);
    let committed: Vec<(&str, &str)> = pillars["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["pillar"].as_str().unwrap(),
                row["committed"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        committed,
        [("humanitarian", "600000.00"), ("peace", "400000.00")]
    );
    let here = server.json(&["replay", "nexus", "--group-by", "pillar"]);
    assert_eq!(here["rows"], pillars["rows"]);
    let replayed = server.json(&["replay"]);
    assert_eq!(
        (&replayed["records"], &replayed["equal"]),
        (&5.into(), &true.into())
    );
    let online = server.json(&["verify"]);
    assert_eq!(online["records"], 5);
    assert_eq!(server.stop(), 0);
    let data = folder.path().join("data");
    let arguments = ["verify", "--data", data.to_str().unwrap()];
    let (code, offline, _) = crate::command_line::perennial(&arguments);
    assert_eq!(code, 0);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&offline).unwrap(),
        online
    );
}

#[test]
fn a_reversal_undoes_an_entry_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_examples(folder.path(), &["sign-agreement", "confirm-receipt"]);
    let reversal = server.json(&["reverse", "2-0"]);
    assert_eq!(reversal["events"][0]["kind"], "EntryReversed");
    let again = server.json(&["reverse", "2-0"]);
    assert_eq!(
        (&again["position"], &again["replayed"]),
        (&reversal["position"], &true.into())
    );
    let agreement = server.json(&["report", "agreement", "grant-2026-001"]);
    assert_eq!(agreement["received"], "0.00");
    assert_eq!(server.ask(&["reverse", "0-0"]).0, 6);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_second_server_on_one_data_directory_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let data = folder.path().to_str().unwrap();
    let (code, stdout, stderr) =
        crate::command_line::perennial(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(
        stderr.contains(&format!("serving {}", server.address)),
        "{stderr}"
    );
    assert_eq!(server.stop(), 0);
}

#[test]
fn an_address_beyond_this_machine_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let (code, stdout, stderr) =
        crate::command_line::perennial(&["serve", "--data", data, "--listen", "0.0.0.0:0"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(
        stderr.contains("neither encrypted nor authenticated"),
        "{stderr}"
    );
}

#[test]
fn published_data_goes_into_a_mirror_and_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("published.xml");
    std::fs::write(&file, PUBLISHED).unwrap();
    let file = file.to_str().unwrap();
    let server = Server::start(&folder.path().join("data"));
    assert_eq!(
        server
            .ask(&["ledger", "create", "treasury", "--profile", "strict"])
            .0,
        0
    );
    assert_eq!(
        server
            .ask(&["ledger", "create", "mirror", "--profile", "mirror"])
            .0,
        0
    );
    let (code, _, stderr) = server.ask(&["import", "iati", file, "--ledger", "treasury"]);
    assert_eq!(code, 6);
    assert!(stderr.contains("--profile mirror"), "{stderr}");
    let first = server.json(&["import", "iati", file, "--ledger", "mirror"]);
    let counts = |document: &serde_json::Value| {
        [
            "activities",
            "transactions",
            "booked",
            "flagged",
            "refused",
            "unchanged",
        ]
        .map(|name| document[name].as_u64().unwrap())
    };
    assert_eq!(counts(&first), [1, 2, 1, 0, 1, 0]);
    assert_eq!(first["reasons"]["ZERO_AMOUNT"], 1);
    let second = server.json(&["import", "iati", file, "--ledger", "mirror"]);
    assert_eq!(counts(&second), [1, 2, 0, 0, 1, 1]);
    assert_eq!(second["position"], first["position"]);
    let cut = folder.path().join("cut.xml");
    std::fs::write(&cut, &PUBLISHED[..PUBLISHED.len() - 20]).unwrap();
    let arguments = [
        "import",
        "iati",
        cut.to_str().unwrap(),
        "--ledger",
        "mirror",
        "--output",
        "json",
    ];
    let (code, stdout, stderr) = server.ask(&arguments);
    assert_eq!(code, 6, "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["bad_files"][0]["activities_booked"], 1);
    assert!(stderr.contains("cut.xml"), "{stderr}");
    assert_eq!(server.stop(), 0);
}

const PUBLISHED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<iati-activities version="2.03" generated-datetime="2024-05-01T00:00:00Z">
  <iati-activity default-currency="USD">
    <iati-identifier>XX-ORG-1-WATER</iati-identifier>
    <reporting-org ref="XX-ORG-1" type="21"><narrative>Horizon</narrative></reporting-org>
    <title><narrative>Water</narrative></title>
    <activity-date type="1" iso-date="2023-01-01"/>
    <activity-date type="3" iso-date="2025-12-31"/>
    <sector vocabulary="1" code="14030"/>
    <recipient-country code="SD"/>
    <transaction>
      <transaction-type code="11"/>
      <transaction-date iso-date="2023-02-01"/>
      <value value-date="2023-02-01">1000.50</value>
      <provider-org ref="XX-DONOR-1"><narrative>Northland</narrative></provider-org>
    </transaction>
    <transaction>
      <transaction-type code="11"/>
      <transaction-date iso-date="2023-03-01"/>
      <value value-date="2023-03-01">0</value>
      <provider-org ref="XX-DONOR-1"><narrative>Northland</narrative></provider-org>
    </transaction>
  </iati-activity>
</iati-activities>
"#;

#[test]
fn the_demonstration_shows_its_tables_and_verifies_its_own_log() {
    let mut child = Process::cargo_bin("perennial")
        .unwrap()
        .arg("demo")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = String::new();
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stdout}");
    for part in [
        "DISBURSEMENT_EXCEEDS_COMMITMENT",
        "limit 4000000.00 USD, attempted 6340000.00 USD",
        "as known at position 13 (--at-position 13): 1250000.00 USD",
        "as known at position 14 (--at-position 14): 1340000.00 USD",
        "demo: 15 records hold, head hash ",
    ] {
        assert!(stdout.contains(part), "{part} is not in\n{stdout}");
    }
    let for_2027: Vec<&str> = stdout
        .lines()
        .filter(|line| line.contains(" incoming    2027   peace "))
        .filter_map(|line| line.split_whitespace().nth(4))
        .collect();
    assert_eq!(for_2027, ["700,000.00", "400,000.00", "700,000.00"]);
}

#[test]
fn a_table_as_csv_begins_with_where_it_stands_and_ends_its_lines_as_the_standard_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = with_examples(folder.path(), &["sign-agreement"]);
    let (code, stdout, _) = server.ask(&["report", "multi-year", "--output", "csv"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = stdout.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "position,recorded_at,effective_as_of,direction,currency,agreements,amount,\
         multi_year_agreements,multi_year_amount,unknown_agreements"
    );
    assert!(lines[1].starts_with("1,2"), "{stdout}");
    assert!(
        lines[1].ends_with(",incoming,USD,1,1000000.00,1,1000000.00,0"),
        "{stdout}"
    );
    assert_eq!(lines[2..], [""]);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_flipped_byte_is_found_from_files_alone_with_its_position_and_its_file() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(with_examples(folder.path(), &RECEIPT).stop(), 0);
    let log = folder.path().join("data/ledgers/treasury/log");
    let segment = log.join(format!("{:020}.seg", 0));
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    *bytes.get_mut(end / 2).unwrap() ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let data = folder.path().join("data");
    let arguments = ["verify", "--data", data.to_str().unwrap()];
    let (code, stdout, _) = crate::command_line::perennial(&arguments);
    assert_eq!(code, 8, "{stdout}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let position = document["first_bad_position"].as_u64().unwrap();
    assert!((1..=4).contains(&position), "{document}");
    assert_eq!(document["records"], position);
    assert!(
        document["file"]
            .as_str()
            .unwrap()
            .ends_with("00000000000000000000.seg"),
        "{document}"
    );
}
