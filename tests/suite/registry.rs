//! A framework is published, money is tagged with it and asked for by it, and the command line says how it stands.

use perennial_tests::cli::Cli;
use perennial_tests::server::Server;
use serde_json::json;

use crate::{binary, cli};

const SIGN: &str = r#"{"commands": [
  {"effective_on": "2024-02-01", "sign_agreement": {
    "agreement_id": "grant-2024", "perspective": "recipient",
    "provider": {"id": "XX-DONOR-1", "name": "Northland"}, "recipient": {"id": "XX-ORG-1", "name": "Horizon"},
    "signed_on": "2024-02-01", "starts_on": "2024-01-01", "ends_on": "2025-12-31", "currency_code": "USD",
    "lines": [{"line_id": "line-1", "amount": "1000.00 USD",
      "purposes": {"shares": [{"vocabulary": "dac_purpose", "code": "72010", "share_ppm": 1000000}]},
      "places": {"shares": [{"vocabulary": "country", "code": "SD", "share_ppm": 1000000}]},
      "year_shares": [
        {"starts_on": "2024-01-01", "ends_on": "2024-12-31", "amount": "600.00 USD"},
        {"starts_on": "2025-01-01", "ends_on": "2025-12-31", "amount": "400.00 USD"}]}]}},
  {"effective_on": "2024-02-01", "replace_tag_set": {
    "agreement_id": "grant-2024", "scheme": {"name": "iom-strategic-plan", "version": "2024"},
    "tags": [{"element": "1", "share_ppm": 750000}]}},
  {"effective_on": "2024-02-01", "publish_requirement": {
    "plan_id": "sudan-2024", "version": "1", "title": "Sudan", "perspective": "recipient",
    "scheme": {"name": "iom-strategic-plan", "version": "2024"}, "places": ["SD"],
    "asks": [{"objective": "1", "period": {"starts_on": "2024-01-01", "ends_on": "2024-12-31"},
              "amount": "500.00 USD"}]}},
  {"effective_on": "2025-01-01", "reclassify_splits": {
    "agreement_id": "grant-2024", "reason": "amendment 1",
    "purposes": {"shares": [{"vocabulary": "dac_purpose", "code": "15220", "share_ppm": 1000000}]},
    "places": {"shares": [{"vocabulary": "country", "code": "SD", "share_ppm": 1000000}]}}}
]}"#;

#[test]
fn a_published_framework_divides_money_and_covers_a_plan() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(binary(), data.path()).unwrap();
    let cli = cli().at(server.address()).on("treasury");
    cli.json(&["ledger", "create", "treasury", "--profile", "strict"])
        .unwrap();
    let publish = ["scheme", "publish", "iom-strategic-plan"];
    let first = cli.json(&publish).unwrap();
    assert_eq!(first["events"][0]["kind"], "SchemePublished");
    // The same again is the same submission; from another day on it is refused, and nothing needs to be done.
    assert_eq!(cli.json(&publish).unwrap()["position"], first["position"]);
    let mut again = publish.to_vec();
    again.extend(["--effective-on", "2024-06-01"]);
    let refused = cli.run(&again).unwrap();
    assert_eq!(refused.code, 6);
    assert!(
        refused.stderr.contains("ALREADY_PUBLISHED"),
        "{}",
        refused.stderr
    );

    let file = data.path().join("sign.json");
    std::fs::write(&file, SIGN).unwrap();
    cli.json(&["submit", file.to_str().unwrap()]).unwrap();

    what_is_published_is_listed(&cli);
    framework_divides_the_money(&cli);
    plan_is_covered(&cli);

    let pillar = |on: &str| {
        let nexus = [
            "report",
            "nexus",
            "--group-by",
            "pillar",
            "--effective-as-of",
            on,
        ];
        cli.json(&nexus).unwrap()["rows"][0]["pillar"].clone()
    };
    assert_eq!(pillar("2024-12-31"), "humanitarian");
    assert_eq!(pillar("2025-01-01"), "peace");
}

fn what_is_published_is_listed(cli: &Cli) {
    let scheme = ["scheme", "show", "iom-strategic-plan", "--published"];
    let shown = cli.json(&scheme).unwrap();
    assert_eq!(shown["read_info"]["view"], "scheme-elements");
    assert_eq!(shown["rows"][0]["scheme"], "iom-strategic-plan@2024");
    let shipped = cli.json(&scheme[..3]).unwrap();
    let codes = |rows: &serde_json::Value| -> Vec<serde_json::Value> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["code"].clone()).collect()
    };
    assert_eq!(codes(&shown["rows"]), codes(&shipped["elements"]));
    let list = ["scheme", "list", "--published"];
    let listed = cli.json(&list).unwrap();
    let row = &listed["rows"][0];
    assert_eq!(
        json!([row["name"], row["in_force"], row["event_id"]]),
        json!(["iom-strategic-plan", true, "1-0"])
    );
    let before = [list.as_slice(), &["--at-position", "0"]].concat();
    assert_eq!(cli.json(&before).unwrap()["rows"], json!([]));
    let offline = cli.run(&["scheme", "list", "--at-position", "0"]).unwrap();
    assert_eq!(offline.code, 2, "{}", offline.stderr);

    let mappings = cli.json(&["mapping", "list"]).unwrap();
    assert_eq!(mappings["rows"][0]["mapping"], "dac-core");
    assert_eq!(mappings["rows"][0]["version"], json!(null));
    let table = cli.run(&["mapping", "show", "dac-core", "--output", "table"]);
    let table = table.unwrap();
    assert!(table.stdout.contains("unallocable"), "{}", table.stdout);
    assert_eq!(cli.json(&["codelist", "list"]).unwrap()["rows"], json!([]));
    let organisations = cli.json(&["organisation", "list"]).unwrap();
    assert_eq!(organisations["rows"], json!([]));
    let folded = cli
        .json(&["replay", "schemes", "--filter", "list = iom-strategic-plan"])
        .unwrap();
    assert_eq!(folded["rows"], listed["rows"]);
}

fn framework_divides_the_money(cli: &Cli) {
    let scheme = [
        "report",
        "scheme",
        "--scheme",
        "iom-strategic-plan",
        "--group-by",
        "element,year",
    ];
    let report = cli.json(&scheme).unwrap();
    let rows: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([
                row["part"],
                row["element"],
                row["year"],
                row["committed"],
                row["committed_multi_year"]
            ])
        })
        .collect();
    assert_eq!(
        rows,
        [
            json!(["element", "1", "2024", "450.00", "450.00"]),
            json!(["element", "1", "2025", "300.00", "300.00"]),
            json!(["any_tag", null, "2024", "450.00", "450.00"]),
            json!(["any_tag", null, "2025", "300.00", "300.00"]),
            json!(["untagged", null, "2024", "150.00", "150.00"]),
            json!(["untagged", null, "2025", "100.00", "100.00"]),
        ]
    );
}

fn plan_is_covered(cli: &Cli) {
    let coverage = cli
        .json(&["report", "coverage", "--plan", "sudan-2024"])
        .unwrap();
    let row = &coverage["rows"][0];
    assert_eq!(
        json!([
            row["objective"],
            row["year"],
            row["required"],
            row["committed"],
            row["gap"],
            row["covered_ppm"]
        ]),
        json!(["1", "2024", "500.00", "450.00", "50.00", 900_000])
    );
}
