//! Later publications of the same activity: what is new is booked, what changed is said, nothing is booked twice.

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementCommand, ReversalReason};
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::log::EventId;

use crate::ledger::{Import, Ledger, money};
use crate::xml::{activity, document, of, transaction, transaction_with};

fn paid(on: &str, value: &str) -> String {
    transaction("3", on, value)
}

/// (booked or flagged, refused, unchanged) and the reasons with their counts.
fn summary(import: &Import) -> ((u64, u64, u64), Vec<(String, u64)>) {
    let counts = import.tally.counts();
    assert_eq!(
        counts.transactions,
        counts.booked + counts.flagged + counts.refused + counts.unchanged
    );
    let reasons = import
        .tally
        .reasons()
        .into_iter()
        .map(|reason| (reason.reason, reason.count));
    (
        (
            counts.booked + counts.flagged,
            counts.refused,
            counts.unchanged,
        ),
        reasons.collect(),
    )
}

fn changed(count: u64) -> Vec<(String, u64)> {
    vec![("CHANGED_UPSTREAM".to_owned(), count)]
}

#[test]
fn the_same_file_again_appends_nothing() {
    let document = of(&[
        paid("2020-05-01", "5"),
        paid("2020-05-01", "5"),
        transaction("2", "2020-04-01", "9"),
        transaction("12", "2020-04-01", "9"),
    ]
    .concat());
    let mut ledger = Ledger::default();
    assert_eq!(summary(&ledger.import(&document)).0, (4, 0, 0));
    let again = ledger.import(&document);
    assert_eq!(summary(&again), ((0, 0, 4), vec![]));
    assert_eq!(again.submissions, 0);
}

#[test]
fn only_what_is_new_is_booked() {
    let mut ledger = Ledger::default();
    ledger.import(&of(&paid("2020-05-01", "5")));
    let import = ledger.import(&of(&[
        paid("2020-04-01", "7"),
        paid("2020-05-01", "5"),
        paid("2020-05-01", "5"),
    ]
    .concat()));
    assert_eq!(summary(&import).0, (2, 0, 1));
    let rows: Vec<String> = money(&import.plans[0])
        .into_iter()
        .map(|(on, _, amount)| format!("{on} {amount}"))
        .collect();
    assert_eq!(rows, ["2020-04-01 7.00 EUR", "2020-05-01 5.00 EUR"]);
    assert_eq!(
        ledger
            .import(&of(&[
                paid("2020-04-01", "7"),
                paid("2020-05-01", "5"),
                paid("2020-05-01", "5")
            ]
            .concat()))
            .submissions,
        0
    );
}

#[test]
fn an_entry_published_no_longer_is_said_and_stands() {
    let mut ledger = Ledger::default();
    ledger.import(&of(
        &[paid("2020-05-01", "5"), paid("2020-06-01", "6")].concat()
    ));
    let import = ledger.import(&of(&paid("2020-05-01", "5")));
    assert_eq!(summary(&import), ((0, 0, 1), changed(1)));
    assert_eq!(import.submissions, 0);
    assert_eq!(
        import.plans[0].changed_upstream[0].locator,
        "XM-TEST-1 booked as 1-4: type 3, 2020-06-01, 6 EUR"
    );
    // Published again, it is there already.
    let back = ledger.import(&of(
        &[paid("2020-05-01", "5"), paid("2020-06-01", "6")].concat()
    ));
    assert_eq!(summary(&back), ((0, 0, 2), vec![]));
}

#[test]
fn an_entry_published_differently_is_said_and_not_booked_beside_itself() {
    let body = |entry: &str| of(&[paid("2020-01-05", "1"), entry.to_owned()].concat());
    let original = paid("2020-05-01", "5");
    let versions = [
        paid("2020-05-01", "5.5"),
        paid("2020-05-02", "5"),
        original.replace("<value ", "<value currency=\"USD\" "),
        transaction_with("3", "2020-05-01", "5", "<receiver-org ref=\"XM-NGO\"/>"),
        original.replace("value-date=\"2020-05-01\"", "value-date=\"2020-05-09\""),
    ];
    for version in versions {
        let mut ledger = Ledger::default();
        ledger.import(&body(&original));
        let import = ledger.import(&body(&version));
        assert_eq!(summary(&import), ((0, 1, 1), changed(1)), "{version}");
        assert_eq!(import.submissions, 0);
    }
    // Another day and another value: that is another payment.
    let mut ledger = Ledger::default();
    ledger.import(&body(&original));
    let import = ledger.import(&body(&paid("2020-07-01", "8")));
    assert_eq!(summary(&import), ((1, 0, 1), changed(1)));
}

#[test]
fn letters_and_numbers_of_one_type_are_the_same_entry() {
    let mut ledger = Ledger::default();
    ledger.import(&of(&transaction("D", "2020-05-01", "5")));
    assert_eq!(ledger.import(&of(&paid("2020-05-01", "5"))).submissions, 0);
}

#[test]
fn only_activities_present_in_a_file_are_compared() {
    let other = activity(&paid("2020-05-01", "5")).replace("XM-TEST-1", "XM-TEST-2");
    let mut ledger = Ledger::default();
    ledger.import(&of(&paid("2020-05-01", "5")));
    let import = ledger.import(&document(&other));
    assert_eq!(summary(&import), ((1, 0, 0), vec![]));
}

#[test]
fn a_reversed_entry_is_booked_again_when_it_is_published_again() {
    let body = of(&paid("2020-05-01", "5"));
    let mut ledger = Ledger::default();
    // A payment that came back was published and stays so.
    ledger.import(&body);
    reverse(&mut ledger, ReversalReason::Returned);
    assert_eq!(ledger.import(&body).submissions, 0);
    let mut ledger = Ledger::default();
    ledger.import(&body);
    reverse(&mut ledger, ReversalReason::Error);
    assert_eq!(summary(&ledger.import(&body)).0, (1, 0, 0));
    assert_eq!(ledger.import(&body).submissions, 0);
}

/// Reverses the one payment of a ledger.
fn reverse(ledger: &mut Ledger, reason: ReversalReason) {
    let (target, stream) = entry(ledger);
    let Stream::Agreement(agreement_id) = stream else {
        panic!()
    };
    let command = Command {
        effective_on: Date::constant(2021, 6, 1),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Agreement(
            agreement_id,
            AgreementCommand::ReverseEntry { target, reason },
        ),
        functional_from_table: false,
    };
    ledger.record(&Submission {
        commands: vec![command],
        expected: Vec::new(),
    });
}

fn entry(ledger: &Ledger) -> (EventId, Stream) {
    let paid =
        |fact: &Fact| matches!(fact, Fact::Agreement(fact) if fact.kind() == "DisbursementMade");
    let recorded = ledger
        .events
        .iter()
        .find(|recorded| paid(&recorded.event.fact))
        .unwrap();
    (recorded.event_id, recorded.event.stream.clone())
}

#[test]
fn an_unchanged_entry_under_other_sectors_is_said_and_stays_on_its_line() {
    let body = |sector: &str| {
        of(&[
            format!("<sector code=\"{sector}\"/>"),
            paid("2020-05-01", "5"),
        ]
        .concat())
    };
    let mut ledger = Ledger::default();
    ledger.import(&body("72010"));
    let import = ledger.import(&body("15220"));
    assert_eq!(
        summary(&import),
        ((0, 0, 1), vec![("RECLASSIFIED_UPSTREAM".to_owned(), 1)])
    );
    assert_eq!(import.submissions, 0);
}
