//! The IOM file of 577 activities (DOMAIN.md 0.9): every figure as published.

use std::collections::BTreeMap;

use perennial_tests::cli::Cli;
use perennial_tests::data::real;
use perennial_tests::server::Server;
use serde_json::{Value, json};

use crate::{binary, cli};

#[test]
fn the_iom_file_gives_the_published_figures_and_a_second_import_appends_nothing() {
    let Some(file) = real("iati/iom-577-activities.xml") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("iom-mirror");
    cli.json(&["ledger", "create", "iom-mirror", "--profile", "mirror"])
        .unwrap();

    let file = file.to_str().unwrap();
    let first = cli.json(&["import", "iati", file]).unwrap();
    assert_eq!(first["activities"], 577);
    assert_eq!(first["refused"], 2);
    assert_eq!(
        first["reasons"]["ZERO_AMOUNT"]["count"]
            .as_u64()
            .or(first["reasons"]["ZERO_AMOUNT"].as_u64()),
        Some(2)
    );
    reconciles(&first);

    let second = cli.json(&["import", "iati", file]).unwrap();
    assert_eq!(
        second["unchanged"].as_u64().unwrap() + second["refused"].as_u64().unwrap(),
        second["transactions"].as_u64().unwrap()
    );
    assert_eq!(second["position"], first["position"]);

    registers(&cli);
    multi_year(&cli);
    pillars(&cli);
    years(&cli);
    assert_eq!(server.terminate().unwrap(), 0);
    let verified = crate::cli()
        .json(&["verify", "--data", data.path().to_str().unwrap()])
        .unwrap();
    assert_eq!(
        verified["records"].as_u64().unwrap(),
        first["position"].as_u64().unwrap() + 1
    );
}

fn reconciles(imported: &Value) {
    let count = |key: &str| imported[key].as_u64().unwrap();
    assert_eq!(
        count("transactions"),
        count("booked") + count("flagged") + count("refused") + count("unchanged")
    );
}

fn registers(cli: &Cli) {
    let registers = cli.json(&["report", "registers"]).unwrap();
    let rows: Vec<&Value> = registers["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["iati_type"] == "11")
        .collect();
    assert_eq!(
        rows,
        [&json!({"iati_type": "11", "currency": "USD", "entries": 575, "amount": "2417615507.12"})]
    );
}

fn multi_year(cli: &Cli) {
    let report = cli.json(&["report", "multi-year"]).unwrap();
    assert_eq!(
        report["rows"],
        json!([{
            "direction": "incoming", "currency": "USD", "agreements": 575, "amount": "2417615507.12",
            "multi_year_agreements": 175, "multi_year_amount": "1534334321.65", "unknown_agreements": 0,
        }])
    );
}

fn pillars(cli: &Cli) {
    let report = cli
        .json(&["report", "nexus", "--group-by", "pillar"])
        .unwrap();
    let committed: BTreeMap<&str, &str> = report["rows"]
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
    let expected = BTreeMap::from([
        ("humanitarian", "1091087304.85"),
        ("development", "1151700035.14"),
        ("peace", "84570622.02"),
        ("unallocable", "90257545.11"),
    ]);
    assert_eq!(committed, expected);
}

fn years(cli: &Cli) {
    let report = cli
        .json(&["report", "by-year", "--group-by", "year"])
        .unwrap();
    let committed = |year: &str| {
        let row = report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["year"] == year);
        row.map(|row| row["committed"].as_str().unwrap().to_owned())
    };
    assert_eq!(committed("2017").as_deref(), Some("433370992.70"));
    assert_eq!(committed("2019").as_deref(), Some("501140947.89"));
}
