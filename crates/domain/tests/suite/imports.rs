//! Import runs.

use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::import::{
    ImportCommand, ImportCounts, ImportEvent, ImportSource, RefusedReason,
};
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, given};

fn source(published_on: &str) -> ImportSource {
    ImportSource {
        dataset: "nl-mfa-13-activities".to_owned(),
        file_sha256: [7; 32],
        published_on: date(published_on),
    }
}

fn ask(import_id: &str, command: ImportCommand) -> Command {
    Command {
        effective_on: date("2024-06-01"),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Import(import(import_id), command),
        functional_from_table: false,
    }
}

fn started(import_id: &str, published_on: &str) -> Happened {
    Happened {
        stream: Stream::Import(import(import_id)),
        effective_on: date("2024-06-01"),
        fact: Fact::Import(ImportEvent::ImportStarted(source(published_on))),
    }
}

fn start(import_id: &str, published_on: &str) -> Command {
    ask(import_id, ImportCommand::Start(source(published_on)))
}

fn counts(transactions: u64) -> ImportCounts {
    ImportCounts {
        activities: 1,
        transactions,
        booked: 1,
        flagged: 2,
        refused: 3,
        unchanged: 4,
    }
}

fn complete(counts: ImportCounts, reasons: Vec<RefusedReason>) -> Command {
    ask("import-1", ImportCommand::Complete { counts, reasons })
}

fn reason(reason: &str, locators: usize) -> RefusedReason {
    RefusedReason {
        reason: reason.to_owned(),
        count: 200,
        locators: (0..locators).map(|place| format!("NL-1 {place}")).collect(),
    }
}

#[test]
fn a_run_starts_once_and_ends_once() {
    let ended = given(Profile::Mirror, [])
        .when_asked(start("import-1", "2024-05-01"))
        .then([started("import-1", "2024-05-01")])
        .when_asked(start("import-1", "2024-05-01"))
        .then_rejected(Rejection::ImportExists(import("import-1")))
        .when_asked(complete(counts(10), Vec::new()))
        .accepted();
    ended
        .when_asked(complete(counts(10), Vec::new()))
        .then_rejected(Rejection::ImportCompleted(import("import-1")));
    given(Profile::Mirror, [])
        .when_asked(complete(counts(10), Vec::new()))
        .then_rejected(Rejection::UnknownImport(import("import-1")));
}

#[test]
fn publication_dates_never_decrease_from_run_to_run() {
    let history = [started("import-1", "2024-05-01")];
    given(Profile::Mirror, history.clone())
        .when_asked(start("import-2", "2024-05-01"))
        .then_only_flagged([]);
    given(Profile::Mirror, history)
        .when_asked(start("import-2", "2024-04-30"))
        .then_rejected(Rejection::PublishedBeforeNewest {
            newest: date("2024-05-01"),
            published_on: date("2024-04-30"),
        });
}

#[test]
fn transactions_are_the_sum_of_their_four_fates() {
    let history = [started("import-1", "2024-05-01")];
    given(Profile::Mirror, history.clone())
        .when_asked(complete(counts(10), Vec::new()))
        .then_only_flagged([]);
    for wrong in [9, 11] {
        given(Profile::Mirror, history.clone())
            .when_asked(complete(counts(wrong), Vec::new()))
            .then_rejected(Rejection::CountsUnreconciled {
                counts: counts(wrong),
            });
    }
}

#[test]
fn a_reason_keeps_a_hundred_locators_and_stands_once_in_order() {
    let history = [started("import-1", "2024-05-01")];
    let outcome = given(Profile::Mirror, history.clone()).when_asked(complete(
        counts(10),
        vec![reason("ZERO_AMOUNT", 100), reason("UNKNOWN_TYPE", 1)],
    ));
    let Fact::Import(ImportEvent::ImportCompleted { reasons, .. }) =
        &outcome.decision().events[0].fact
    else {
        panic!("a completion");
    };
    assert_eq!(
        reasons[..],
        [reason("UNKNOWN_TYPE", 1), reason("ZERO_AMOUNT", 100)]
    );
    let malformed = |field: &str, problem: &str| Rejection::Malformed {
        field: field.to_owned(),
        problem: problem.to_owned(),
    };
    given(Profile::Mirror, history.clone())
        .when_asked(complete(counts(10), vec![reason("ZERO_AMOUNT", 101)]))
        .then_rejected(malformed(
            "reasons[0].locators",
            "must hold at most 100 locators",
        ));
    given(Profile::Mirror, history)
        .when_asked(complete(
            counts(10),
            vec![reason("ZERO_AMOUNT", 1), reason("ZERO_AMOUNT", 2)],
        ))
        .then_rejected(malformed("reasons", "must name each reason once"));
}
