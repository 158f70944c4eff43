//! A strict ledger is fed with the life of a grant (docs/examples/life-of-a-grant): each refusal tells its reason, rule,
//! figures and what to do, and at the end each report shows what happened.

mod script;

use std::path::PathBuf;

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use serde_json::{Value, json};

use self::script::{
    AGREEMENT, Outcome, Refusal, amended, overpaid, settled_and_closed, signed_and_paid,
};
use crate::{binary, cli};

/// A strict ledger that the script is fed to.
struct Treasury {
    _server: Server,
    _data: tempfile::TempDir,
    cli: Cli,
}

impl Treasury {
    fn open() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(binary(), data.path()).unwrap();
        let cli = cli().at(server.address()).on("treasury");
        cli.json(&["ledger", "create", "treasury", "--profile", "strict"])
            .unwrap();
        Self {
            _server: server,
            _data: data,
            cli,
        }
    }

    fn submit(&self, name: &str) -> (i32, Value) {
        let path = folder().join(format!("{name}.json"));
        let path = path.to_str().unwrap();
        let printed = self
            .cli
            .run(&["submit", path, "--yes", "--output", "json"])
            .unwrap();
        (printed.code, printed.json().unwrap())
    }

    #[track_caller]
    fn feed(&self, script: &[(&str, Outcome)]) {
        for (name, outcome) in script {
            let (code, answer) = self.submit(name);
            match outcome {
                Outcome::Recorded(position) => {
                    assert_eq!(
                        (code, &answer["position"]),
                        (0, &json!(position)),
                        "{name}: {answer}"
                    );
                }
                Outcome::Refused(refusal) => {
                    assert_eq!(code, 6, "{name}: {answer}");
                    refusal.check(name, &answer["error"]);
                }
            }
        }
    }

    fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = vec!["report"];
        all.extend(arguments);
        let answer = self.cli.json(&all).unwrap();
        answer["rows"].as_array().unwrap().clone()
    }
}

impl Refusal {
    #[track_caller]
    fn check(&self, name: &str, error: &Value) {
        assert_eq!(error["reason"], self.reason, "{name}: {error}");
        let mut figures: serde_json::Map<String, Value> = self
            .figures
            .iter()
            .map(|&(figure, value)| (figure.to_owned(), json!(value)))
            .collect();
        if let Some(rule) = self.rule {
            figures.insert("rule".to_owned(), json!(rule));
        }
        assert_eq!(error["metadata"], Value::Object(figures), "{name}");
        assert_eq!(error["rule_violations"][0]["reason"], self.reason, "{name}");
        let hint = error["hints"][0].as_str().unwrap_or_default();
        assert!(hint.starts_with(self.hint), "{name}: {error}");
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/life-of-a-grant")
}

/// The named fields of a row, in their order.
fn fields(row: &Value, names: &str) -> Value {
    names
        .split_whitespace()
        .map(|name| row[name].clone())
        .collect()
}

#[test]
fn a_grant_lives_from_its_pledge_to_its_closing_in_a_strict_ledger() {
    let treasury = Treasury::open();
    treasury.feed(&signed_and_paid());
    treasury.feed(&overpaid());
    overpaid_by_approval(&treasury);
    treasury.feed(&amended());
    treasury.feed(&settled_and_closed());
    statement(&treasury);
    timeline(&treasury);
    exceptions_and_overrides(&treasury);
    reallocations(&treasury);
    forecast(&treasury);
    maturity(&treasury);
    pledge(&treasury);
    verified(&treasury);
}

/// While the amendment is missing, what was overridden still stands.
fn overpaid_by_approval(treasury: &Treasury) {
    let standing = treasury.rows(&["exceptions", "--standing"]);
    assert_eq!(standing.len(), 1, "{standing:?}");
    assert_eq!(
        fields(&standing[0], "rule subject event_id standing"),
        json!(["R10", AGREEMENT, "11-0", true])
    );
    assert_eq!(standing[0]["disposition"]["state"], "open");
}

fn statement(treasury: &Treasury) {
    let row = treasury
        .cli
        .json(&["report", "agreement", "grant-2022-001"])
        .unwrap();
    let money = "signed increases decreases committed disbursed refunded undisbursed overdrawn scheduled written_off";
    assert_eq!(
        fields(&row, money),
        json!([
            "1000000.00",
            "250000.00",
            "230000.00",
            "1020000.00",
            "1020000.00",
            "30000.00",
            "0.00",
            "0.00",
            "0.00",
            "0.00"
        ])
    );
    let life = "original_ends_on ends_on status status_since revision last_event_id exceptions standing_exceptions";
    assert_eq!(
        fields(&row, life),
        json!([
            "2024-12-31",
            "2025-06-30",
            "financially_closed",
            "2025-06-30",
            24,
            "19-0",
            1,
            0
        ])
    );
    assert_eq!(
        row["pillars"],
        json!([
            { "pillar": "humanitarian", "amount": "620000.00" },
            { "pillar": "peace", "amount": "400000.00" }
        ])
    );
}

fn timeline(treasury: &Treasury) {
    let rows = treasury.rows(&["timeline", "grant-2022-001"]);
    let shown: Vec<Value> = rows
        .iter()
        .map(|row| {
            let undisbursed = &row["effective_running"]["undisbursed"];
            json!([
                row["event_id"],
                row["kind"],
                row["effective_on"],
                undisbursed
            ])
        })
        .collect();
    assert_eq!(
        Value::Array(shown),
        json!([
            ["2-0", "AgreementSigned", "2022-02-15", "1000000.00"],
            ["3-0", "TrancheScheduled", "2022-03-01", "1000000.00"],
            ["3-1", "TrancheScheduled", "2022-03-01", "1000000.00"],
            ["3-2", "TrancheScheduled", "2022-03-01", "1000000.00"],
            ["4-0", "DisbursementMade", "2022-05-10", "700000.00"],
            ["5-0", "TrancheConditionMet", "2023-04-10", "700000.00"],
            ["5-1", "TrancheConditionWaived", "2023-04-12", "700000.00"],
            ["6-0", "DisbursementMade", "2023-04-15", "550000.00"],
            ["6-1", "DisbursementMade", "2023-06-15", "400000.00"],
            ["7-0", "AgreementSuspended", "2023-07-01", "400000.00"],
            ["8-0", "AgreementResumed", "2023-09-01", "400000.00"],
            ["9-0", "DisbursementMade", "2023-09-05", "300000.00"],
            ["10-0", "TrancheConditionMet", "2024-01-20", "300000.00"],
            ["11-0", "DisbursementMade", "2024-02-01", "-50000.00"],
            ["12-0", "CommitmentIncreased", "2024-03-01", "200000.00"],
            ["12-1", "TrancheScheduled", "2024-03-01", "200000.00"],
            ["13-0", "FundsReallocated", "2024-04-01", "200000.00"],
            ["14-0", "FundsReallocated", "2024-05-01", "200000.00"],
            ["15-0", "PeriodExtended", "2024-06-01", "200000.00"],
            ["16-0", "FundsCarriedOver", "2025-01-15", "200000.00"],
            ["17-0", "RefundMade", "2025-02-20", "230000.00"],
            ["18-0", "TrancheCancelled", "2025-04-30", "230000.00"],
            ["18-1", "AgreementTerminated", "2025-04-30", "0.00"],
            ["19-0", "AgreementFinanciallyClosed", "2025-06-30", "0.00"]
        ])
    );
    assert_eq!(rows[22]["reason"], "the partner left the region");
}

fn exceptions_and_overrides(treasury: &Treasury) {
    let values = json!([
        { "name": "limit", "value": "1000000.00 USD" },
        { "name": "attempted", "value": "1050000.00 USD" },
        { "name": "committed", "value": "1000000.00 USD" },
        { "name": "on", "value": "2024-02-01" }
    ]);
    let exceptions = treasury.rows(&["exceptions"]);
    assert_eq!(exceptions.len(), 1, "{exceptions:?}");
    assert_eq!(
        fields(
            &exceptions[0],
            "rule reason subject event_id standing values"
        ),
        json!([
            "R10",
            "DISBURSEMENT_EXCEEDS_COMMITMENT",
            AGREEMENT,
            "11-0",
            false,
            values
        ])
    );
    let overrides = treasury.rows(&["overrides"]);
    assert_eq!(overrides.len(), 1, "{overrides:?}");
    assert_eq!(
        fields(
            &overrides[0],
            "rule event_id effective_on reason approver values"
        ),
        json!([
            "R10",
            "11-0",
            "2024-02-01",
            "the river flooded the camps; amendment 1 is on its way",
            "A. Keita, head of finance",
            values
        ])
    );
    for row in [&exceptions[0], &overrides[0]] {
        assert_eq!(
            fields(&row["disposition"], "state text"),
            json!(["resolved", "Amendment 1 covers what was paid ahead of it"])
        );
    }
    assert_eq!(
        treasury.rows(&["exceptions", "--standing"]),
        [] as [Value; 0]
    );
    assert_eq!(
        treasury.rows(&["exceptions", "--open-only"]),
        [] as [Value; 0]
    );
}

fn reallocations(treasury: &Treasury) {
    let names = "event_id heading moved counted cumulative limit used_ppm";
    let shown: Vec<Value> = treasury
        .rows(&["reallocations"])
        .iter()
        .map(|row| fields(row, names))
        .collect();
    assert_eq!(
        Value::Array(shown),
        json!([
            ["13-0", "peace", "100000.00", "0.00", "0.00", "80000.00", 0],
            [
                "13-0",
                "water",
                "-100000.00",
                "100000.00",
                "100000.00",
                "120000.00",
                833_333
            ],
            ["14-0", "peace", "20000.00", "0.00", "0.00", "80000.00", 0],
            [
                "14-0",
                "water",
                "-20000.00",
                "20000.00",
                "120000.00",
                "120000.00",
                1_000_000
            ]
        ])
    );
}

fn forecast(treasury: &Treasury) {
    let open_on = |day: &str| -> Value {
        let rows = treasury.rows(&["cash-forecast", "--effective-as-of", day]);
        let names = "tranche_id due_on open days_late";
        let shown = rows.iter().map(|row| {
            let mut shown = fields(row, names);
            let outstanding = row["outstanding"].as_array().unwrap().iter();
            let ids: Value = outstanding
                .map(|condition| condition["condition_id"].clone())
                .collect();
            shown.as_array_mut().unwrap().push(ids);
            shown
        });
        shown.collect()
    };
    assert_eq!(
        open_on("2023-05-01"),
        json!([
            ["tranche-2", "2023-03-31", "250000.00", 31, []],
            ["tranche-3", "2024-01-31", "300000.00", 0, ["report-2023"]]
        ])
    );
    assert_eq!(
        open_on("2025-03-01"),
        json!([["tranche-4", "2024-09-30", "200000.00", 152, ["report-2024"]]])
    );
    assert_eq!(open_on("2025-04-30"), json!([]));
}

/// At the end of 2023 what is left is for 2024, and for the giver's parliament to grant.
fn maturity(treasury: &Treasury) {
    let rows = treasury.rows(&["maturity", "--effective-as-of", "2023-12-31"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let names = "firmness under_one_year one_to_five_years over_five_years undisbursed overdrawn";
    assert_eq!(
        fields(&rows[0], names),
        json!([
            "subject_to_appropriation",
            "300000.00",
            "0.00",
            "0.00",
            "300000.00",
            "0.00"
        ])
    );
    assert_eq!(treasury.rows(&["maturity"]), [] as [Value; 0]);
}

fn pledge(treasury: &Treasury) {
    let rows = treasury.rows(&["pledges"]);
    let names = "pledge_id pledged converted outstanding";
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        fields(&rows[0], names),
        json!(["pledge-2022-001", "1500000.00", "1000000.00", "500000.00"])
    );
}

fn verified(treasury: &Treasury) {
    let answer = treasury.cli.json(&["verify"]).unwrap();
    assert_eq!(fields(&answer, "ledger records"), json!(["treasury", 20]));
}

#[test]
fn the_script_holds_no_file_that_is_not_submitted_and_books_each_file_once() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    files.sort_unstable();
    let parts = [
        signed_and_paid(),
        overpaid(),
        amended(),
        settled_and_closed(),
    ];
    let script: Vec<&str> = parts
        .into_iter()
        .flatten()
        .map(|(name, outcome)| {
            let refused = matches!(outcome, Outcome::Refused(_));
            assert_eq!(name.ends_with("-refused"), refused, "{name}");
            name
        })
        .collect();
    assert_eq!(files, script);

    let treasury = Treasury::open();
    for replayed in [false, true] {
        let (code, answer) = treasury.submit("01-pledge");
        assert_eq!(code, 0, "{answer}");
        assert_eq!(fields(&answer, "position replayed"), json!([1, replayed]));
    }
}
