//! Files that are not what they claim: each gives its own error, with the line.

use perennial_iati::plan::PlanLimits;
use perennial_iati::{Activities, Activity, Known, Planner, ReadError, ReadLimits};

use crate::ledger::source;
use crate::xml::{activity, document, of, read, transaction};

/// Everything that is yielded before the error, and the error.
fn until_error(bytes: &[u8], limits: ReadLimits) -> (Vec<Activity>, ReadError) {
    let mut read = Vec::new();
    let mut activities = match Activities::open_any(bytes, limits) {
        Ok(activities) => activities,
        Err(error) => return (read, error),
    };
    loop {
        match activities.next() {
            Some(Ok(activity)) => read.push(activity),
            Some(Err(error)) => {
                assert!(activities.next().is_none(), "nothing follows an error");
                return (read, error);
            }
            None => panic!("the file reads well"),
        }
    }
}

fn error(document: &str) -> ReadError {
    until_error(document.as_bytes(), ReadLimits::default()).1
}

#[test]
fn json_is_no_iati() {
    let error = error("{\"result\":[],\"duration\":3.987}");
    assert!(matches!(error, ReadError::NotXml { line: 1, .. }));
    assert_eq!(
        error.to_string(),
        "line 1: not IATI, because not XML: it begins with \"{\"result\":[],\"duration\":3.987}\""
    );
}

#[test]
fn an_empty_file_and_blanks_are_no_iati() {
    for document in ["", "  \n ", "<?xml version=\"1.0\"?>\n", "<!-- nothing -->"] {
        assert!(
            matches!(error(document), ReadError::NotXml { .. }),
            "{document:?}"
        );
    }
}

#[test]
fn binary_bytes_are_no_iati() {
    let (read, error) = until_error(
        &[0x50, 0x4B, 0x03, 0x04, 0xFF, 0xFE, 0x00],
        ReadLimits::default(),
    );
    assert!(read.is_empty());
    assert!(
        matches!(error, ReadError::Encoding { line: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn another_kind_of_xml_is_no_iati() {
    for (document, name) in [
        ("<iati-organisations/>", "iati-organisations"),
        ("\n<html><p>404</p></html>", "html"),
    ] {
        match error(document) {
            ReadError::NotIati { root, .. } => assert_eq!(root, name),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(error("\n<html/>").line(), 2);
}

#[test]
fn a_file_cut_off_yields_everything_before_the_cut() {
    let whole = document(&[activity(""), activity(&transaction("3", "2020-05-01", "5"))].concat());
    let second = whole.rfind("<transaction>").unwrap();
    // Inside a tag, inside a text, between elements, inside an entity.
    for cut in [
        second + 4,
        second,
        second + 60,
        whole.rfind("</iati-activities>").unwrap(),
    ] {
        let (read, error) = until_error(&whole.as_bytes()[..cut], ReadLimits::default());
        assert!(!read.is_empty(), "cut at {cut}");
        assert!(matches!(error, ReadError::CutOff { .. }), "{error:?}");
    }
    let (read, _) = until_error(&whole.as_bytes()[..second], ReadLimits::default());
    assert_eq!(read.len(), 1);
    assert_eq!(error("<iati-activities>\n\n").line(), 3);
}

#[test]
fn a_compressed_file_cut_off_is_cut_off() {
    let mut text = String::new();
    for index in 0..2_000_u32 {
        text.push_str(&activity(&transaction(
            "3",
            "2020-05-01",
            &(index * index).to_string(),
        )));
    }
    let compressed = zstd::encode_all(document(&text).as_bytes(), 1).unwrap();
    let (_, error) = until_error(&compressed[..compressed.len() / 2], ReadLimits::default());
    assert!(matches!(error, ReadError::CutOff { .. }), "{error:?}");
    let (_, error) = until_error(&compressed[..20], ReadLimits::default());
    assert!(matches!(error, ReadError::CutOff { .. }), "{error:?}");
    let mut damaged = compressed;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xA5);
    let (_, error) = until_error(&damaged, ReadLimits::default());
    assert!(!matches!(error, ReadError::NotIati { .. }), "{error:?}");
}

#[test]
fn an_entity_bomb_is_refused_before_it_expands() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE b [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\n\
                <iati-activities><iati-activity><title>&b;</title></iati-activity></iati-activities>";
    assert!(
        matches!(error(bomb), ReadError::Doctype { line: 2 }),
        "{:?}",
        error(bomb)
    );
    let plain = "<!DOCTYPE iati-activities SYSTEM \"file:///etc/passwd\"><iati-activities/>";
    assert!(matches!(error(plain), ReadError::Doctype { line: 1 }));
}

#[test]
fn an_entity_that_xml_does_not_know_is_named() {
    let document = of("<description>a &nbsp; b</description>");
    match error(&document) {
        ReadError::UnknownEntity { line, name } => assert_eq!((line, name.as_str()), (8, "nbsp")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        error(&of("<sector code=\"&nbsp;\"/>")),
        ReadError::NotXml { line: 8, .. }
    ));
}

#[test]
fn malformed_xml_says_where() {
    for body in [
        "<title>a</description>",
        "a & b",
        "<sector code=1/>",
        "<sector code=\"1\" code=\"2\"/>",
        "<!wrong>",
    ] {
        let error = error(&of(body));
        assert!(
            matches!(error, ReadError::NotXml { line: 8 | 9, .. }),
            "{body}: {error:?}"
        );
    }
    let after = format!("{}<iati-activities/>", of(""));
    assert!(matches!(error(&after), ReadError::NotXml { .. }));
}

#[test]
fn bytes_of_another_encoding_are_refused() {
    let (_, error) = until_error(
        b"<iati-activities>\n<title>caf\xE9</title></iati-activities>",
        ReadLimits::default(),
    );
    assert!(matches!(error, ReadError::Encoding { .. }), "{error:?}");
    let unknown = "<?xml version=\"1.0\" encoding=\"klingon\"?><iati-activities/>";
    let (_, error) = until_error(unknown.as_bytes(), ReadLimits::default());
    assert_eq!(error.to_string(), "line 1: unknown encoding \"klingon\"");
}

/// How many activities are read within `limits`.
fn read_within(document: &str, limits: ReadLimits) -> usize {
    let activities = Activities::open(document.as_bytes(), limits).unwrap();
    activities.flatten().count()
}

#[test]
fn each_limit_holds_on_both_sides() {
    let many = of(&transaction("3", "2020-05-01", "5").repeat(3));
    let limits = |transactions_max| ReadLimits {
        transactions_max,
        ..ReadLimits::default()
    };
    assert_eq!(read_within(&many, limits(3)), 1);
    let (_, error) = until_error(many.as_bytes(), limits(2));
    assert!(matches!(
        error,
        ReadError::TooLarge {
            limit: 2,
            what: "transactions of one activity",
            ..
        }
    ));

    let deep = of(&format!("{}{}", "<x>".repeat(10), "</x>".repeat(10)));
    let limits = |depth_max| ReadLimits {
        depth_max,
        ..ReadLimits::default()
    };
    assert_eq!(read_within(&deep, limits(12)), 1);
    let (_, error) = until_error(deep.as_bytes(), limits(11));
    assert!(matches!(error, ReadError::TooLarge { limit: 11, .. }));
}

/// What is said to be too large.
fn too_large(error: &ReadError) -> &'static str {
    let ReadError::TooLarge { what, .. } = error else {
        panic!("{error:?}");
    };
    what
}

#[test]
fn a_text_an_activity_and_a_file_above_their_limits_stop_reading() {
    let long = of(&format!(
        "<description>{}</description>",
        "x".repeat(100_000)
    ));
    let limits = ReadLimits {
        text_bytes_max: 50_000,
        ..ReadLimits::default()
    };
    let (_, error) = until_error(long.as_bytes(), limits);
    assert_eq!(too_large(&error), "bytes of one text or tag");

    let two = document(&[activity(""), activity(&"<x>0123456789</x>".repeat(10_000))].concat());
    let limits = ReadLimits {
        activity_bytes_max: 100_000,
        ..ReadLimits::default()
    };
    let (read, error) = until_error(two.as_bytes(), limits);
    assert_eq!(read.len(), 1);
    assert_eq!(too_large(&error), "bytes of one activity");

    let limits = ReadLimits {
        file_bytes_max: 100_000,
        ..ReadLimits::default()
    };
    let (read, error) = until_error(two.as_bytes(), limits);
    assert_eq!(read.len(), 1);
    assert_eq!(too_large(&error), "bytes of the file");
}

#[test]
fn a_compression_bomb_stops_at_the_limit_of_the_file() {
    let bomb = zstd::encode_all(of(&"<x></x>".repeat(1_000_000)).as_bytes(), 1).unwrap();
    assert!(bomb.len() < 10_000);
    let limits = ReadLimits {
        file_bytes_max: 1_000_000,
        ..ReadLimits::default()
    };
    let (_, error) = until_error(&bomb, limits);
    assert!(matches!(
        error,
        ReadError::TooLarge {
            limit: 1_000_000,
            ..
        }
    ));
}

#[test]
fn good_activities_before_a_bad_one_are_kept() {
    let broken = document(
        &[
            activity(""),
            "<iati-activity><title>a</description>".to_owned(),
        ]
        .concat(),
    );
    let (read_before, error) = until_error(broken.as_bytes(), ReadLimits::default());
    assert_eq!(read_before.len(), 1);
    assert!(matches!(error, ReadError::NotXml { .. }));
    assert!(read(&broken).is_err());
}

/// Set `PERENNIAL_TEST_SEED` to repeat a run.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the seed of a failed run is given through this variable"
)]
fn damaged_files_end_in_an_error_or_an_end_and_their_activities_can_be_planned() {
    let seed = std::env::var("PERENNIAL_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or(20_210_526);
    println!("PERENNIAL_TEST_SEED={seed}");
    let mut state = seed;
    let mut below = |limit: usize| {
        // Knuth's 64-bit linear congruential generator; its high bits are good enough to damage files.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let known = Known::default();
    let whole = document(
        &[
            activity(&transaction("2", "2020-05-01", "5")),
            activity(crate::reading::FULL),
        ]
        .concat(),
    );
    let compressed = zstd::encode_all(whole.as_bytes(), 1).unwrap();
    for round in 0..3_000 {
        let mut bytes = if round % 4 == 0 {
            compressed.clone()
        } else {
            whole.clone().into_bytes()
        };
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match below(3) {
                0 => bytes[at] = below(256).try_into().unwrap(),
                1 => bytes.truncate(at.max(1)),
                _ => {
                    let piece = bytes[at..(at + 9).min(bytes.len())].to_vec();
                    let to = below(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
        let Ok(activities) = Activities::open_any(bytes.as_slice(), ReadLimits::default()) else {
            continue;
        };
        let mut planner = Planner::new(source("any"), &known, PlanLimits::default());
        for activity in activities.flatten() {
            let plan = planner.plan(&known, &activity);
            let accounted = plan.refused.len()
                + plan
                    .submissions
                    .iter()
                    .map(|planned| planned.transactions.len())
                    .sum::<usize>();
            assert_eq!(accounted, activity.transactions.len());
        }
    }
}
