//! The frameworks that come with the program: each can be published into an empty ledger.

use perennial_cli::framework::Framework;
use perennial_domain::Date;
use perennial_domain::book::Book;
use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_domain::rule::Profile;
use perennial_wire::pb::ledger::SubmitRequest;
use perennial_wire::request::{Limits, submit};
use perennial_wire::stored::encode_event;

use crate::command_line::perennial;

/// What a record body may hold.
const RECORD_BYTES: usize = 900_000;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn ledger() -> Book {
    let event = Book::ledger_created(
        LedgerId::parse("treasury").unwrap(),
        Profile::Strict,
        LedgerPolicy::default(),
        day("2015-01-01"),
    );
    let event_id = EventId {
        position: Position(0),
        index: 0,
    };
    let recorded_at = RecordedAt(0);
    Book::created(&Recorded {
        event_id,
        recorded_at,
        event,
    })
    .unwrap()
}

#[test]
fn every_framework_can_be_published_and_fits_into_a_record() {
    let today = day("2026-11-24");
    let mut book = ledger();
    let frameworks = Framework::shipped().unwrap();
    assert_eq!(frameworks.len(), 23);
    for (position, framework) in (1..).zip(&frameworks) {
        let request = SubmitRequest {
            ledger_id: "treasury".to_owned(),
            request_id: format!("2b7c3b7e-93a1-4c53-9d6e-{position:012}"),
            commands: vec![framework.publish(today)],
            ..SubmitRequest::default()
        };
        let name = &framework.scheme;
        let input = submit(request, &Limits::default());
        let input = input.unwrap_or_else(|error| panic!("{name}: {:?}", error.violations));
        let decision = book.decide(&input.submission, Position(position), today);
        let decision = decision.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert!(encode_event(&decision.events[0]).len() < RECORD_BYTES);
        book.apply(&decision);
    }
}

#[test]
fn frameworks_have_as_many_elements_as_their_documents_count() {
    let count = |name: &str| Framework::named(name).unwrap().unwrap().elements.len();
    let counted = [
        ("agenda-for-humanity", 29),
        ("gcm-objectives", 23),
        ("grand-bargain", 10),
        ("mcof-sectors", 15),
        ("iasc-clusters", 15),
        ("iom-gcrp", 4),
        ("iom-strategic-plan", 3),
    ];
    for (name, elements) in counted {
        assert_eq!(count(name), elements, "{name}");
    }
    let gcrp = Framework::named("iom-gcrp").unwrap().unwrap();
    let verified: Vec<bool> = gcrp
        .elements
        .iter()
        .map(perennial_cli::framework::Element::is_verified)
        .collect();
    assert_eq!(verified, [true, false, false, false]);
}

#[test]
fn the_command_line_lists_and_shows_them_and_says_what_is_not_there() {
    let (code, stdout, _) = perennial(&["scheme", "list", "--output", "json"]);
    assert_eq!(code, 0);
    assert!(
        stdout.contains("\"scheme\": \"iom-gcrp\"") || stdout.contains("\"iom-gcrp\""),
        "{stdout}"
    );
    let (code, shown, _) = perennial(&["scheme", "show", "iom-gcrp", "--output", "json"]);
    assert_eq!(code, 0);
    let read = Framework::read(&shown).unwrap();
    assert_eq!((read.version.as_str(), read.elements.len()), ("2021", 4));
    let (code, _, stderr) = perennial(&["scheme", "show", "no-such-scheme"]);
    assert_eq!(code, 3);
    assert!(stderr.contains("no-such-scheme"), "{stderr}");
}
