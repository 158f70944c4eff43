//! The Netherlands file: DOMAIN.md 4 to the euro.

use perennial_tests::data::real;
use perennial_tests::server::Server;
use serde_json::json;

use crate::{binary, cli};

#[test]
fn the_netherlands_file_gives_the_hand_checked_table_to_the_euro() {
    let Some(file) = real("iati/nl-mfa-13-activities.xml") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("nl-mirror");
    cli.json(&["ledger", "create", "nl-mirror", "--profile", "mirror"])
        .unwrap();
    cli.json(&["import", "iati", file.to_str().unwrap()])
        .unwrap();
    let table = [
        ("NL-1-PPR-24706", "2000000.00", "2000000.00", "0.00"),
        ("NL-1-PPR-25275", "1298748.00", "1298749.00", "-1.00"),
        ("NL-1-PPR-27787", "125592.00", "125591.00", "1.00"),
        ("NL-1-PPR-28385", "5553265.00", "4753363.00", "799902.00"),
        ("NL-1-PPR-28393", "1606.00", "1606.00", "0.00"),
        ("XM-DAC-7-PPR-28250", "3061800.00", "3061800.00", "0.00"),
    ];
    for (identifier, committed, disbursed, undisbursed) in table {
        let statement = cli.json(&["report", "agreement", identifier]).unwrap();
        let figures = json!([
            statement["committed"],
            statement["disbursed"],
            statement["undisbursed"]
        ]);
        assert_eq!(
            figures,
            json!([committed, disbursed, undisbursed]),
            "{identifier}"
        );
    }
    let multi_year = cli.json(&["report", "multi-year"]).unwrap();
    let row = &multi_year["rows"][0];
    let shown = json!([
        row["agreements"],
        row["amount"],
        row["multi_year_agreements"],
        row["multi_year_amount"]
    ]);
    assert_eq!(shown, json!([13, "13389863.00", 6, "12125380.00"]));
}
