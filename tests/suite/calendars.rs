//! A ledger publishes fiscal years of its own, closes one, adjusts it, and reads its reports by them.

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use serde_json::{Value, json};

use crate::{binary, cli};

const SIGN: &str = r#"{"commands": [
  {"effective_on": "2020-01-15", "sign_agreement": {
    "agreement_id": "grant-2020", "perspective": "provider",
    "provider": {"id": "XX-DONOR-1", "name": "Northland"}, "recipient": {"id": "XX-ORG-1", "name": "Horizon"},
    "signed_on": "2020-01-15", "starts_on": "2019-09-12", "ends_on": "2022-09-10", "currency_code": "USD",
    "lines": [{"line_id": "line-1", "amount": "1000.00 USD", "year_shares": [
      {"starts_on": "2019-09-12", "ends_on": "2020-09-10", "amount": "600.00 USD"},
      {"starts_on": "2020-09-11", "ends_on": "2021-09-10", "amount": "400.00 USD"}]}]}},
  {"effective_on": "2020-09-10", "disburse": {"agreement_id": "grant-2020", "amount": "10.00 USD"}},
  {"effective_on": "2020-09-11", "disburse": {"agreement_id": "grant-2020", "amount": "20.00 USD"}},
  {"effective_on": "2021-09-11", "disburse": {"agreement_id": "grant-2020", "amount": "3.00 USD"}}
]}"#;

const ADJUST: &str = r#"{"commands": [
  {"effective_on": "2020-10-01", "adjust_prior_period": {
    "calendar_id": "ethiopia", "label": "2012 EC",
    "command": {"disburse": {"agreement_id": "grant-2020", "amount": "100.00 USD"}}}}
]}"#;

fn open(cli: &Cli, label: &str, starts_on: &str, ends_on: &str) -> Value {
    let days = ["--starts-on", starts_on, "--ends-on", ends_on];
    let period = ["calendar", "open", "ethiopia", "--label", label];
    cli.json(&[period.as_slice(), &days].concat()).unwrap()
}

#[test]
fn years_of_a_published_calendar_are_opened_closed_adjusted_and_reported() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("treasury");
    cli.json(&["ledger", "create", "treasury", "--profile", "strict"])
        .unwrap();
    let unpublished = cli
        .run(&["report", "by-year", "--fiscal-calendar", "ethiopia"])
        .unwrap();
    assert_eq!(unpublished.code, 3, "{}", unpublished.stderr);
    let known = "no fiscal calendar \"ethiopia\" was published until then: there is january, april, july, october";
    assert!(unpublished.stderr.contains(known), "{}", unpublished.stderr);
    let first = open(&cli, "2012 EC", "2019-09-12", "2020-09-10");
    assert_eq!(first["events"][0]["kind"], "FiscalPeriodOpened");
    open(&cli, "2013 EC", "2020-09-11", "2021-09-10");
    submit(&cli, data.path(), SIGN);
    years_are_cut_inside_a_month(&cli);

    let close = ["calendar", "close", "ethiopia", "2012 EC"];
    cli.json(&close).unwrap();
    let again = cli.run(&close).unwrap();
    assert_eq!(again.code, 6);
    assert!(
        again.stderr.contains("FISCAL_PERIOD_ALREADY_CLOSED"),
        "{}",
        again.stderr
    );
    submit(&cli, data.path(), ADJUST);
    adjustments_are_restated_where_that_is_asked_for(&cli);
    books_are_listed(&cli);
    mistakes_are_said(&cli);
}

fn submit(cli: &Cli, directory: &std::path::Path, submission: &str) {
    let file = directory.join("submission.json");
    std::fs::write(&file, submission).unwrap();
    cli.json(&["submit", file.to_str().unwrap()]).unwrap();
}

/// Years with what was committed and paid.
fn by_year(cli: &Cli, further: &[&str]) -> Vec<Value> {
    let report = ["report", "by-year", "--fiscal-calendar", "ethiopia"];
    let answer = cli.json(&[report.as_slice(), further].concat()).unwrap();
    assert_eq!(answer["read_info"]["fiscal_calendar"], "ethiopia");
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| json!([row["year"], row["committed"], row["disbursed"]]))
        .collect()
}

fn years_are_cut_inside_a_month(cli: &Cli) {
    let expected = [
        json!(["2012 EC", "600.00", "10.00"]),
        json!(["2013 EC", "400.00", "20.00"]),
        json!(["unknown", "0.00", "3.00"]),
    ];
    assert_eq!(by_year(cli, &[]), expected);
    // Over all agreements, what is added up by months is read by days where a boundary cuts a month.
    let over_all = ["--group-by", "year"];
    assert_eq!(by_year(cli, &over_all), expected);
}

fn adjustments_are_restated_where_that_is_asked_for(cli: &Cli) {
    let booked = by_year(cli, &[]);
    assert_eq!(booked[0], json!(["2012 EC", "600.00", "10.00"]));
    assert_eq!(booked[1], json!(["2013 EC", "400.00", "120.00"]));
    let restated = by_year(cli, &["--restated"]);
    assert_eq!(restated[0], json!(["2012 EC", "600.00", "110.00"]));
    assert_eq!(restated[1], json!(["2013 EC", "400.00", "20.00"]));
    let refused = cli.run(&["report", "registers", "--restated"]).unwrap();
    assert_ne!(refused.code, 0);
    assert!(
        refused
            .stderr
            .contains("the view registers shows no adjustments by the year that they concern"),
        "{}",
        refused.stderr
    );
}

fn books_are_listed(cli: &Cli) {
    let listed = |cli: &Cli| -> Vec<Value> {
        let answer = cli.json(&["calendar", "list"]).unwrap();
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| {
            json!([
                row["calendar_id"],
                row["label"],
                row["starts_on"],
                row["state"],
                row["reopen_approver"]
            ])
        })
        .collect()
    };
    assert_eq!(
        listed(cli),
        [
            json!(["ethiopia", "2012 EC", "2019-09-12", "closed", null]),
            json!(["ethiopia", "2013 EC", "2020-09-11", "open", null]),
        ]
    );
    let reopen = ["calendar", "reopen", "ethiopia", "2012 EC"];
    let why = ["--reason", "late invoices", "--approver", "head-of-finance"];
    cli.json(&[reopen.as_slice(), &why].concat()).unwrap();
    assert_eq!(
        listed(cli)[0],
        json!([
            "ethiopia",
            "2012 EC",
            "2019-09-12",
            "open",
            "head-of-finance"
        ])
    );
    // On the same day again: a closing of its own, not the one before.
    cli.json(&["calendar", "close", "ethiopia", "2012 EC"])
        .unwrap();
    assert_eq!(
        listed(cli)[0],
        json!([
            "ethiopia",
            "2012 EC",
            "2019-09-12",
            "closed",
            "head-of-finance"
        ])
    );
    let table = cli.run(&["calendar", "list", "--output", "table"]).unwrap();
    assert_eq!(table.code, 0);
    assert!(table.stdout.contains("2012 EC"), "{}", table.stdout);
}

fn mistakes_are_said(cli: &Cli) {
    let other = cli.run(&["calendar", "list", "lunar"]).unwrap();
    assert_eq!(other.code, 3);
    assert!(
        other.stderr.contains("there is ethiopia"),
        "{}",
        other.stderr
    );
    let backwards = [
        "calendar",
        "open",
        "ethiopia",
        "--label",
        "x",
        "--starts-on",
        "2021-09-11",
        "--ends-on",
        "2021-09-10",
    ];
    let backwards = cli.run(&backwards).unwrap();
    assert_eq!(backwards.code, 2, "{}", backwards.stderr);
}
