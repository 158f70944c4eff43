//! Rates are imported from a file with faults, entries are valued by them, and reports sum what was booked.

use perennial_tests::cli::Cli;
use perennial_tests::data::real;
use perennial_tests::server::Server;
use serde_json::{Value, json};

use crate::{binary, cli};

const FILE: &str = "DATE,EUR,HRD,USD
2024-01,0.8,7.5,1
2024-02,0.5,,1
2027-03,0.4,,1
undefin,x,,
";

const ENTRIES: &str = r#"{"commands": [
  {"effective_on": "2024-01-15", "functional_from_table": true, "sign_agreement": {
    "agreement_id": "grant-2024", "perspective": "provider",
    "provider": {"id": "XX-DONOR-1", "name": "Northland"}, "recipient": {"id": "XX-ORG-1", "name": "Horizon"},
    "signed_on": "2024-01-15", "starts_on": "2024-01-01", "ends_on": "2024-12-31", "currency_code": "EUR",
    "lines": [{"line_id": "line-1", "amount": "100.00 EUR"}]}},
  {"effective_on": "2024-02-10", "functional_from_table": true, "disburse": {
    "agreement_id": "grant-2024", "amount": "10.00 EUR"}},
  {"effective_on": "2024-02-20", "disburse": {"agreement_id": "grant-2024", "amount": "1.00 EUR"}}
]}"#;

#[test]
fn entries_are_valued_by_an_imported_file_and_keep_their_value_when_it_is_restated() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("treasury");
    let create = ["ledger", "create", "treasury", "--profile", "strict"];
    let books = ["--currency", "USD", "--rate-source", "published"];
    cli.json(&[create.as_slice(), &books].concat()).unwrap();
    let file = data.path().join("rates.csv");
    std::fs::write(&file, FILE).unwrap();
    let import = [
        "import",
        "rates",
        file.to_str().unwrap(),
        "--output",
        "json",
    ];
    for (published, unchanged) in [(2, 0), (0, 2)] {
        let printed = cli.run(&import).unwrap();
        assert_eq!(printed.code, 6, "{}", printed.stderr);
        let said = printed.json().unwrap();
        assert_eq!(said["published"], published);
        assert_eq!(said["unchanged"], unchanged);
        assert_eq!(said["columns_left_out"], json!(["HRD"]));
        assert_eq!(
            said["troubles"],
            json!([
                {"row": 4, "column": "DATE", "problem": "2027-03 does not follow 2024-02: months are left out"},
                {"row": 5, "column": "DATE", "problem": "\"undefin\" is no month and no day"},
            ])
        );
    }
    tables_are_listed_and_shown(&cli);

    let entries = data.path().join("entries.json");
    std::fs::write(&entries, ENTRIES).unwrap();
    cli.json(&["submit", entries.to_str().unwrap()]).unwrap();
    let report = || {
        let asked = ["report", "movements", "--currency-basis", "functional"];
        let report = cli.json(&asked).unwrap();
        assert_eq!(report["read_info"]["currency_basis"], "functional");
        let rows = report["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| json!([row["currency"], row["signed"], row["paid"]]))
            .collect::<Vec<_>>()
    };
    let booked = [
        json!(["EUR", "0.00", "1.00"]),
        json!(["USD", "125.00", "20.00"]),
    ];
    assert_eq!(report(), booked);

    // Other figures under the same versions are refused, under a new name they change nothing that is booked.
    std::fs::write(&file, "DATE,EUR\n2024-01,0.1\n2024-02,0.1\n").unwrap();
    let refused = cli.run(&import).unwrap();
    assert_eq!(refused.code, 6);
    assert_eq!(refused.json().unwrap()["refused"], 2);
    let mut restated = import.to_vec();
    restated.extend(["--table-version", "restated"]);
    let restated = cli.run(&restated).unwrap();
    assert_eq!(restated.code, 0, "{}", restated.stderr);
    assert_eq!(restated.json().unwrap()["published"], 2);
    assert_eq!(report(), booked);
    which_rates_count_is_listed(&cli);
}

fn tables_are_listed_and_shown(cli: &Cli) {
    let tables = cli.json(&["rates", "list"]).unwrap();
    let second = &tables["rows"][1];
    assert_eq!(second["table"], "published@2024-02");
    assert_eq!(second["event_id"], "2-0");
    let shown = cli.json(&["rates", "show", "published@2024-02"]).unwrap();
    assert_eq!(
        shown["rows"],
        json!([{
            "table": "published@2024-02", "base": "USD", "quote": "EUR", "value": "0.5",
            "rate_on": "2024-02-01", "restated_by": null,
        }])
    );
}

/// The tables of the file, and of the same months stated anew.
fn which_rates_count_is_listed(cli: &Cli) {
    let tables = |further: &[&str]| -> Vec<Value> {
        let list = ["rates", "list", "--source", "published"];
        let answer = cli.json(&[list.as_slice(), further].concat()).unwrap();
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| json!([row["table"], row["rates"], row["restated"]]))
            .collect()
    };
    // The dollar in dollars is no rate.
    assert_eq!(
        tables(&["--at-position", "2"]),
        [
            json!(["published@2024-01", 1, 0]),
            json!(["published@2024-02", 1, 0])
        ]
    );
    let now = tables(&[]);
    assert_eq!(now[0], json!(["published@2024-01", 1, 1]));
    assert_eq!(now[1], json!(["published@2024-02", 1, 1]));
    assert_eq!(now.len(), 4);
    let shown = cli
        .run(&["rates", "show", "published@2024-02", "--output", "csv"])
        .unwrap();
    assert!(
        shown.stdout.lines().nth(1).is_some_and(|row| {
            row.contains("published@2024-02,USD,EUR,0.5,2024-02-01,published@")
        }),
        "{}",
        shown.stdout
    );
    let unknown = cli.run(&["rates", "show", "published@2024-03"]).unwrap();
    assert_eq!(unknown.code, 3);
    assert!(
        unknown.stderr.contains("UNKNOWN_LIST"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn the_published_monthly_rates_are_imported_but_for_two_cells_and_the_last_two_rows() {
    let Some(file) = real("rates/usd_to_xxx_by_month.csv") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("treasury");
    cli.json(&["ledger", "create", "treasury", "--profile", "strict"])
        .unwrap();
    let import = [
        "import",
        "rates",
        file.to_str().unwrap(),
        "--output",
        "json",
    ];
    let printed = cli.run(&import).unwrap();
    assert_eq!(printed.code, 6, "{}", printed.stderr);
    let said = printed.json().unwrap();
    let troubles: Vec<_> = said["troubles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trouble| json!([trouble["row"], trouble["column"]]))
        .collect();
    // Two cells are above what a rate can be; the last rows are malformed. The second line repeats the headings.
    assert_eq!(
        troubles,
        [
            json!([116, "ZWG"]),
            json!([117, "ZWG"]),
            json!([335, "DATE"]),
            json!([336, "DATE"]),
        ],
        "{said}"
    );
    // Every cell and every row is accounted for.
    let counts = |names: &[&str]| -> Vec<u64> {
        let count = |name: &&str| said[*name].as_u64().unwrap();
        names.iter().map(count).collect()
    };
    let of_cells = counts(&["cells", "rates", "cells_left_out", "cells_unread"]);
    assert_eq!(of_cells, [49_042, 48_093, 921, 28]);
    assert_eq!(of_cells[0], of_cells[1] + of_cells[2] + of_cells[3]);
    assert_eq!(said["rows"], 334);
    assert_eq!(said["published"], 332);
    let again = cli.run(&import).unwrap().json().unwrap();
    assert_eq!(again["published"], 0);
    assert_eq!(again["unchanged"], 332);
}
