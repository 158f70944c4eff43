//! From bytes to activities.

use std::io::Write;

use perennial_iati::activity::{Coded, Org, Value};
use perennial_iati::{Activities, ReadLimits};

use crate::xml::{document, of, read, transaction};

pub(crate) const FULL: &str = r#"<iati-activity default-currency="EUR" hierarchy="2" humanitarian="1">
  <iati-identifier> XM-TEST-9 </iati-identifier>
  <reporting-org ref="XM-TEST" type="10"><narrative>Test Ministry</narrative></reporting-org>
  <title><narrative xml:lang="en"></narrative><narrative xml:lang="fr">Puits &amp; pompes</narrative></title>
  <description><narrative>Two
     wells.</narrative></description>
  <participating-org ref="XM-A" role="1" type="40"><narrative>Fund A</narrative></participating-org>
  <other-identifier ref="FTS-77" type="A4"><owner-org ref="XM-OCHA"><narrative>OCHA</narrative></owner-org></other-identifier>
  <activity-status code="2"/>
  <activity-date type="1" iso-date="2020-01-01"/>
  <related-activity type="2" ref="XM-TEST-CHILD"/>
  <related-activity type="1" ref="XM-TEST-PARENT"/>
  <recipient-country code="SS" percentage="60"/>
  <recipient-region code="298" vocabulary="1" percentage="40"/>
  <sector code="72010" percentage="100"/>
  <budget type="2"><period-start iso-date="2020-01-01"/><period-end iso-date="2020-12-31"/><value value-date="2020-01-01">10</value></budget>
  <planned-disbursement><period-start iso-date="2021-01-01"/><value currency="USD">7</value><receiver-org ref="XM-B"/></planned-disbursement>
  <contact-info><organisation><narrative>not this</narrative></organisation></contact-info>
  <transaction ref="T-1" humanitarian="0">
    <transaction-type code="3"/>
    <transaction-date iso-date="2020-05-01"/>
    <value currency="USD" value-date="2020-05-02">1.5E3</value>
    <description><narrative>a payment</narrative></description>
    <provider-org ref="XM-TEST"/>
    <receiver-org><narrative>Village</narrative></receiver-org>
    <sector code="14030"/>
    <recipient-country code="UG"/>
  </transaction>
</iati-activity>"#;

#[test]
fn every_published_field_of_an_activity_is_read() {
    let activities = read(&document(FULL)).unwrap();
    let [activity] = &activities[..] else {
        panic!("one activity")
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(activity.line, 2);
    assert_eq!(activity.identifier, "XM-TEST-9");
    assert_eq!(activity.title, text("Puits & pompes"));
    assert_eq!(activity.description, text("Two wells."));
    assert_eq!(activity.hierarchy, text("2"));
    assert_eq!(activity.humanitarian, text("1"));
    assert_eq!(activity.default_currency, text("EUR"));
    assert_eq!(activity.status, text("2"));
    assert_eq!(activity.parent, text("XM-TEST-PARENT"));
    let funder = &activity.participating[0];
    assert_eq!(funder.role, text("1"));
    assert_eq!(
        funder.org,
        Org {
            reference: text("XM-A"),
            name: text("Fund A"),
            type_code: text("40")
        }
    );
    assert_eq!(activity.other_identifiers[0].reference, "FTS-77");
    assert_eq!(activity.other_identifiers[0].type_code, text("A4"));
    assert_eq!(activity.dates[0].date, text("2020-01-01"));
    assert_eq!(
        activity.countries,
        [Coded {
            vocabulary: None,
            code: text("SS"),
            percentage: text("60")
        }]
    );
    assert_eq!(
        activity.regions,
        [Coded {
            vocabulary: text("1"),
            code: text("298"),
            percentage: text("40")
        }]
    );
    assert_eq!(activity.sectors[0].code, text("72010"));
    assert_eq!(activity.budgets[0].ends_on, text("2020-12-31"));
    assert_eq!(activity.planned_disbursements[0].ends_on, None);
    assert_eq!(
        activity.planned_disbursements[0].receiver,
        Some(Org {
            reference: text("XM-B"),
            ..Org::default()
        })
    );
}

#[test]
fn every_published_field_of_a_transaction_is_read() {
    let activities = read(&document(FULL)).unwrap();
    let transaction = &activities[0].transactions[0];
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(transaction.line, 20);
    assert_eq!(transaction.reference, text("T-1"));
    assert_eq!(transaction.humanitarian, text("0"));
    assert_eq!(transaction.type_code, text("3"));
    assert_eq!(transaction.date, text("2020-05-01"));
    assert_eq!(
        transaction.value,
        Some(Value {
            text: text("1.5E3"),
            currency: text("USD"),
            value_date: text("2020-05-02"),
        })
    );
    assert_eq!(
        transaction.provider.as_ref().unwrap().reference,
        text("XM-TEST")
    );
    assert_eq!(transaction.receiver.as_ref().unwrap().name, text("Village"));
    assert_eq!(transaction.sectors[0].code, text("14030"));
    assert_eq!(transaction.countries[0].code, text("UG"));
}

#[test]
fn version_1_texts_stand_in_the_elements_themselves() {
    let activities = read(
        "<iati-activities version=\"1.03\"><iati-activity>\
         <iati-identifier>XM-OLD-1</iati-identifier>\
         <reporting-org ref=\"XM-OLD\">Old Agency</reporting-org>\
         <title>Wells</title><title>Puits</title>\
         <other-identifier owner-name=\"OCHA\">77</other-identifier>\
         <activity-date type=\"start-actual\">2012-03-01</activity-date>\
         <transaction><transaction-type code=\"D\">Disbursement</transaction-type>\
         <transaction-date iso-date=\"2012-04-01\"/><value>5</value>\
         <receiver-org>Village</receiver-org></transaction>\
         </iati-activity></iati-activities>",
    )
    .unwrap();
    let activity = &activities[0];
    assert_eq!(activity.title.as_deref(), Some("Wells"));
    assert_eq!(
        activity.reporting_org.as_ref().unwrap().name.as_deref(),
        Some("Old Agency")
    );
    assert_eq!(activity.other_identifiers[0].reference, "77");
    assert_eq!(activity.dates[0].type_code.as_deref(), Some("start-actual"));
    assert_eq!(activity.dates[0].date.as_deref(), Some("2012-03-01"));
    let transaction = &activity.transactions[0];
    assert_eq!(transaction.type_code.as_deref(), Some("D"));
    assert_eq!(
        transaction.receiver.as_ref().unwrap().name.as_deref(),
        Some("Village")
    );
}

#[test]
fn blanks_collapse_and_control_characters_are_left_out() {
    let document = of(
        "<description><narrative>\u{FEFF} a\u{A0}\tb\n\n c\u{85}&#7;&#x1b;d </narrative></description>",
    );
    assert_eq!(
        read(&document).unwrap()[0].description.as_deref(),
        Some("a b c d")
    );
}

#[test]
fn texts_are_brought_to_the_form_in_which_a_ledger_keeps_them() {
    let document = of(
        "<description><narrative>cafe\u{301}</narrative></description><activity-status code=\"e\u{301}\"/>",
    );
    let activity = read(&document).unwrap().remove(0);
    assert_eq!(activity.description.as_deref(), Some("caf\u{e9}"));
    assert_eq!(activity.status.as_deref(), Some("\u{e9}"));
}

#[test]
fn the_five_entities_numbers_and_cdata_are_resolved() {
    let document = of(
        "<description><narrative>&lt;&gt;&amp;&apos;&quot;&#65;&#x42;<![CDATA[ <c> & ]]>d</narrative></description>",
    );
    assert_eq!(
        read(&document).unwrap()[0].description.as_deref(),
        Some("<>&'\"AB <c> & d")
    );
}

#[test]
fn comments_instructions_and_foreign_elements_are_read_over() {
    let document = document(&format!(
        "<!-- <iati-activity/> --><?php ?><x:meta xmlns:x=\"http://example.org\"><iati-activity/></x:meta>{}",
        crate::xml::activity("<x:note xmlns:x=\"http://example.org\"><title>no</title></x:note>")
    ));
    let activities = read(&document).unwrap();
    assert_eq!(activities.len(), 1);
    assert_eq!(activities[0].title.as_deref(), Some("Wells"));
}

#[test]
fn a_byte_order_mark_and_declared_encodings_are_understood() {
    let body = |title: &[u8], encoding: &str| {
        let mut bytes = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<iati-activities><iati-activity><title>")
            .into_bytes();
        bytes.extend_from_slice(title);
        bytes.extend_from_slice(b"</title></iati-activity></iati-activities>");
        bytes
    };
    let title = |bytes: &[u8]| {
        let mut activities = Activities::open(bytes, ReadLimits::default()).unwrap();
        activities.next().unwrap().unwrap().title.unwrap()
    };
    assert_eq!(title(&body(b"caf\xC3\xA9", "UTF-8")), "café");
    assert_eq!(title(&body(b"caf\xE9", "ISO-8859-1")), "café");
    assert_eq!(title(&body(b"caf\xE9", "windows-1252")), "café");
    let mut marked = b"\xEF\xBB\xBF".to_vec();
    marked.extend(body(b"caf\xC3\xA9", "utf-8"));
    assert_eq!(title(&marked), "café");
    let text = String::from_utf8(body(b"caf\xC3\xA9", "UTF-16")).unwrap();
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(title(&wide), "café");
}

#[test]
fn a_declaration_longer_than_any_buffer_still_names_its_encoding() {
    let blanks = " ".repeat(200);
    let mut bytes = format!("<?xml version=\"1.0\"{blanks}encoding='ISO-8859-1' standalone='yes'?><iati-activities><iati-activity><title>").into_bytes();
    bytes.extend_from_slice(b"\xE9</title></iati-activity></iati-activities>");
    let mut activities = Activities::open(bytes.as_slice(), ReadLimits::default()).unwrap();
    assert_eq!(
        activities.next().unwrap().unwrap().title.as_deref(),
        Some("é")
    );
}

#[test]
fn compressed_and_plain_files_are_told_apart_by_their_first_bytes() {
    let document = of(&transaction("3", "2020-05-01", "5"));
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(document.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap();
    for bytes in [document.as_bytes(), &compressed] {
        let activities: Vec<_> = Activities::open_any(bytes, ReadLimits::default())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(activities.len(), 1);
        assert_eq!(activities[0].transactions.len(), 1);
    }
}

#[test]
fn the_header_says_version_and_day_of_generation() {
    let document =
        "<iati-activities version=\"2.03\" generated-datetime=\"2019-02-28T16:36:46.5+00:00\"/>";
    let activities = Activities::open(document.as_bytes(), ReadLimits::default()).unwrap();
    assert_eq!(activities.header().version.as_deref(), Some("2.03"));
    assert_eq!(
        activities.header().generated_on().unwrap().to_string(),
        "2019-02-28"
    );
    assert_eq!(activities.count(), 0);
}

#[test]
fn dates_are_read_with_times_and_zones_but_not_with_garbage() {
    let read = |text: &str| perennial_iati::vocabulary::date(text).map(|date| date.to_string());
    for good in [
        "2020-02-29",
        "2020-02-29T10:00:00Z",
        "2020-02-29Z",
        "2020-02-29+01:00",
        "2020-02-29 10:00",
    ] {
        assert_eq!(read(good).as_deref(), Some("2020-02-29"), "{good}");
    }
    for bad in [
        "",
        "2020",
        "2019-02-29",
        "2020-13-01",
        "2020-2-29",
        "20200229",
        "2020-02-290",
        "+202-02-29",
        "29/02/2020",
        "314804",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
