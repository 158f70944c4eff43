use perennial_cli::row_document::RowDocument;
use perennial_wire::pb::google::r#type::{Date, Money};
use perennial_wire::pb::query::{
    AgreementRow, Direction, ExternalReference, MultiYear, MultiYearRow, NexusRow, Party, Pillar,
    ReadInfo, RegisterRow, YearBasis,
};
use prost::Message;

fn json(name: &str, message: &impl Message) -> String {
    let document = RowDocument::of(&format!("perennial.query.v1.{name}")).unwrap();
    document.object(message).unwrap().json().to_string()
}

fn usd(units: i64, nanos: i32) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        units,
        nanos,
    }
}

#[test]
fn a_register_has_the_published_keys() {
    let row = RegisterRow {
        iati_type: "11".to_owned(),
        currency_code: "USD".to_owned(),
        entries: 575,
        amount: Some(usd(2_417_615_507, 120_000_000)),
    };
    assert_eq!(
        json("RegisterRow", &row),
        r#"{"iati_type":"11","currency":"USD","entries":575,"amount":"2417615507.12"}"#
    );
}

#[test]
fn a_multi_year_row_has_the_published_keys() {
    let row = MultiYearRow {
        direction: Direction::Incoming.into(),
        currency_code: "USD".to_owned(),
        agreements: 575,
        amount: Some(usd(5, 0)),
        multi_year_agreements: 175,
        multi_year_amount: Some(usd(0, -10_000_000)),
        unknown_agreements: 0,
    };
    assert_eq!(
        json("MultiYearRow", &row),
        "{\"direction\":\"incoming\",\"currency\":\"USD\",\"agreements\":575,\"amount\":\"5.00\",\
         \"multi_year_agreements\":175,\"multi_year_amount\":\"-0.01\",\"unknown_agreements\":0}"
    );
}

#[test]
fn a_nexus_row_leaves_out_keys_that_are_grouped_away() {
    let party = |id: &str| {
        Some(Party {
            id: id.to_owned(),
            name: "Name".to_owned(),
        })
    };
    let whole = NexusRow {
        direction: Direction::Outgoing.into(),
        donor: party("XX-1"),
        recipient: party("XX-2"),
        country: Some("SD".to_owned()),
        year: Some("2018".to_owned()),
        pillar: Pillar::Peace.into(),
        currency_code: "USD".to_owned(),
        year_basis: YearBasis::SigningYear.into(),
        committed: Some(usd(1, 0)),
        disbursed: Some(usd(2, 0)),
        received: Some(usd(3, 0)),
        expended: Some(usd(4, 0)),
        prorated: true,
    };
    assert_eq!(
        json("NexusRow", &whole),
        "{\"direction\":\"outgoing\",\"donor\":{\"id\":\"XX-1\",\"name\":\"Name\"},\
         \"recipient\":{\"id\":\"XX-2\",\"name\":\"Name\"},\"country\":\"SD\",\"year\":\"2018\",\
         \"pillar\":\"peace\",\"currency\":\"USD\",\"year_basis\":\"signing_year\",\
         \"committed\":\"1.00\",\"disbursed\":\"2.00\",\"received\":\"3.00\",\"expended\":\"4.00\",\"prorated\":true}"
    );
    let by_pillar = NexusRow {
        donor: None,
        recipient: None,
        country: None,
        year: None,
        year_basis: YearBasis::Unspecified.into(),
        ..whole
    };
    assert_eq!(
        json("NexusRow", &by_pillar),
        "{\"direction\":\"outgoing\",\"pillar\":\"peace\",\"currency\":\"USD\",\
         \"committed\":\"1.00\",\"disbursed\":\"2.00\",\"received\":\"3.00\",\"expended\":\"4.00\"}"
    );
}

#[test]
fn what_an_agreement_does_not_say_is_null() {
    let row = AgreementRow {
        agreement_id: "grant-1".to_owned(),
        external_references: vec![ExternalReference {
            system: "iati".to_owned(),
            reference: "XX-1-A".to_owned(),
        }],
        currency_code: "USD".to_owned(),
        signed_on: Some(Date {
            year: 2027,
            month: 1,
            day: 31,
        }),
        multi_year: MultiYear::Unknown.into(),
        committed: Some(usd(10, 0)),
        ..AgreementRow::default()
    };
    let text = json("AgreementRow", &row);
    for part in [
        "{\"agreement_id\":\"grant-1\",\"external_references\":[{\"system\":\"iati\",\"reference\":\"XX-1-A\"}],\"title\":null,",
        "\"currency\":\"USD\",\"signed_on\":\"2027-01-31\",\"starts_on\":null,",
        "\"multi_year\":\"unknown\",\"signed\":null,",
        "\"committed\":\"10.00\",",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn an_answer_says_from_what_it_was_computed() {
    let info = ReadInfo {
        position: 41,
        head_position: 42,
        recorded_at: Some("2027-01-31T12:00:00Z".parse().unwrap()),
        record_hash: vec![0xab, 0x01],
        view: "nexus".to_owned(),
        notes: vec!["incoming money only".to_owned()],
        ..ReadInfo::default()
    };
    let text = json("ReadInfo", &info);
    for part in [
        "{\"position\":41,\"head_position\":42,\"recorded_at\":\"2027-01-31T12:00:00Z\",\"record_hash\":\"ab01\",\"view\":\"nexus\",",
        "\"effective_as_of\":null,",
        "\"partial\":false,\"notes\":[\"incoming money only\"],\"restated\":false}",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn an_amount_that_is_not_whole_in_its_currency_is_an_error_and_no_rounding() {
    let document = RowDocument::of("perennial.query.v1.RegisterRow").unwrap();
    let row = RegisterRow {
        amount: Some(usd(1, 1)),
        ..RegisterRow::default()
    };
    assert!(document.object(&row).is_err());
}
