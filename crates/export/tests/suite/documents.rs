use std::collections::BTreeMap;

use perennial_domain::money::Currency;
use perennial_export::answers::{
    BadFileDocument, BenchDocument, ImportDocument, VerificationDocument,
};
use perennial_export::cell::Cell;

#[test]
fn an_import_result_counts_transactions_and_lists_bad_files() {
    let document = ImportDocument {
        activities: 2,
        transactions: 10,
        booked: 5,
        flagged: 2,
        refused: 2,
        unchanged: 1,
        reasons: BTreeMap::from([("ZERO_AMOUNT".to_owned(), 2)]),
        bad_files: vec![BadFileDocument {
            file: "cut.xml".to_owned(),
            line: 17,
            problem: "the file is cut off".to_owned(),
            activities_booked: 1,
        }],
        position: Some(12),
    };
    assert_eq!(
        serde_json::to_string(&document).unwrap(),
        "{\"activities\":2,\"transactions\":10,\"booked\":5,\"flagged\":2,\"refused\":2,\"unchanged\":1,\
         \"reasons\":{\"ZERO_AMOUNT\":2},\
         \"bad_files\":[{\"file\":\"cut.xml\",\"line\":17,\"problem\":\"the file is cut off\",\
         \"activities_booked\":1}],\"position\":12}"
    );
}

#[test]
fn a_sound_ledger_is_one_short_line() {
    let sound = VerificationDocument {
        ledger: "demo".to_owned(),
        records: 3,
        head_hash: "ab".to_owned(),
        first_bad_position: None,
        problem: None,
        file: None,
        interrupted_bytes: None,
    };
    assert_eq!(
        serde_json::to_string(&sound).unwrap(),
        "{\"ledger\":\"demo\",\"records\":3,\"head_hash\":\"ab\"}"
    );
    let damaged = VerificationDocument {
        first_bad_position: Some(3),
        problem: Some("damaged batch".to_owned()),
        file: Some("ledgers/demo/log/0.seg".to_owned()),
        ..sound
    };
    assert_eq!(
        serde_json::to_string(&damaged).unwrap(),
        "{\"ledger\":\"demo\",\"records\":3,\"head_hash\":\"ab\",\"first_bad_position\":3,\
         \"problem\":\"damaged batch\",\"file\":\"ledgers/demo/log/0.seg\"}"
    );
}

#[test]
fn a_measurement_leaves_out_what_it_did_not_measure() {
    let document = BenchDocument {
        workload: "append".to_owned(),
        clients: 32,
        rps: 10_500.5,
        p50_ms: Some(2.5),
        p99_ms: Some(7.25),
        records_per_flush: None,
        raw_flush_per_s: Some(4_000.0),
        null_rpc_per_s: Some(30_000.0),
        cpu_s_per_1000: Some(0.125),
        rss_mb: Some(64.0),
        more: BTreeMap::from([("refused".to_owned(), 3.into())]),
    };
    assert_eq!(
        serde_json::to_string(&document).unwrap(),
        "{\"workload\":\"append\",\"clients\":32,\"rps\":10500.5,\"p50_ms\":2.5,\"p99_ms\":7.25,\
         \"raw_flush_per_s\":4000.0,\"null_rpc_per_s\":30000.0,\"cpu_s_per_1000\":0.125,\"rss_mb\":64.0,\
         \"refused\":3}"
    );
}

#[test]
fn amounts_are_text_with_all_minor_digits_and_counts_are_numbers() {
    let usd = Currency::parse("USD").unwrap();
    let jpy = Currency::parse("JPY").unwrap();
    assert_eq!(Cell::amount(241_761_550_712, usd).json(), "2417615507.12");
    assert_eq!(Cell::amount(5, usd).json(), "0.05");
    assert_eq!(Cell::amount(-5, usd).json(), "-0.05");
    assert_eq!(Cell::amount(7, jpy).json(), "7");
    assert_eq!(Cell::Count(575).json(), 575);
    assert_eq!(Cell::Nothing.json(), serde_json::Value::Null);
}
