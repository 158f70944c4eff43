//! `exceptions`: flags then, and whether they stand.

use perennial_domain::agreement::{AgreementEvent, CashEntry, Perspective, Published, YearBasis};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::{AgreementId, ImportId};
use perennial_domain::import::{ImportCounts, ImportEvent, ImportSource, RefusedReason};
use perennial_domain::ledger::{LedgerPolicy, Tolerance};
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::rule::{Breach, Rule};
use perennial_views::rows::{ExceptionRow, Row};
use perennial_views::{AsOf, Filter, Question, View};

use crate::given::{
    DAY_MICROS, Log, agreement, cash, date, disbursed, event_id, increased, line, share, signed,
    terms, usd,
};

fn exceptions(log: &Log, question: &Question) -> Vec<ExceptionRow> {
    let rows = View::Exceptions
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Exception(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn year(amount: i128) -> Vec<perennial_domain::agreement::YearShare> {
    vec![share(
        "2020-01-01",
        "2020-12-31",
        amount,
        YearBasis::Scheduled,
    )]
}

fn breach(rule: Rule, subject: &str) -> Breach {
    Breach::new(
        rule,
        subject,
        &[("limit", &"1.00 USD"), ("attempted", &"1.01 USD")],
    )
}

/// 1.00 committed, 1.01 paid and flagged on the agreement and on its line.
fn overdrawn(policy: LedgerPolicy) -> Log {
    let mut log = Log::created(policy);
    let stream = agreement("agreement-1");
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(100), year(100))],
        )),
    )]);
    log.record_flagged(
        &[(stream, "2020-02-01", disbursed(101))],
        &[
            breach(Rule::WithinCommitment, "agreement/agreement-1"),
            breach(Rule::WithinCommitment, "agreement/agreement-1/line-1"),
            breach(Rule::NotAfterEnd, "agreement/agreement-1"),
        ],
    );
    log
}

#[test]
fn a_flag_stays_and_says_whether_it_stands() {
    let mut log = overdrawn(LedgerPolicy::default());
    let standing = |log: &Log| -> Vec<(Option<&'static str>, Option<bool>)> {
        exceptions(log, &Question::default())
            .iter()
            .map(|row| (row.rule, row.standing))
            .collect()
    };
    assert_eq!(
        standing(&log),
        [
            (Some("R12"), Some(false)),
            (Some("R10"), Some(true)),
            (Some("R10"), Some(true)),
        ]
    );
    // One cent more is committed: the flags stay, but nothing is broken any more.
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        increased(1, year(1)),
    )]);
    assert_eq!(
        standing(&log),
        [
            (Some("R12"), Some(false)),
            (Some("R10"), Some(false)),
            (Some("R10"), Some(false)),
        ]
    );
    let then = Question {
        at: AsOf::Position(Position(2)),
        ..Question::default()
    };
    let row = &exceptions(&log, &then)[1];
    assert_eq!(row.standing, Some(true), "as known then");
    assert_eq!(row.reason, "DISBURSEMENT_EXCEEDS_COMMITMENT");
    assert_eq!(row.subject, "agreement/agreement-1");
    assert_eq!(row.event_id, Some(event_id(2, 0)));
    assert_eq!(row.effective_on, Some(date("2020-02-01")));
    assert_eq!(row.first_seen, Some(RecordedAt(2 * DAY_MICROS)));
    assert_eq!(
        row.values[1],
        ("attempted".to_owned(), "1.01 USD".to_owned())
    );
    let statement = View::Agreement.evaluate(&log.facts(), &then).unwrap().rows;
    let Row::Agreement(statement) = &statement[0] else {
        panic!("no statement")
    };
    assert_eq!(
        (statement.exceptions, statement.standing_exceptions),
        (3, 2)
    );
}

#[test]
fn the_larger_tolerance_decides_whether_an_overdraft_stands() {
    let stands = |absolute_minor, relative_ppm| {
        let log = overdrawn(LedgerPolicy {
            tolerance: Tolerance {
                absolute_minor,
                relative_ppm,
            },
            ..LedgerPolicy::default()
        });
        exceptions(&log, &Question::default())[1].standing
    };
    assert_eq!(stands(0, 0), Some(true));
    assert_eq!(stands(1, 0), Some(false));
    assert_eq!(stands(0, 9_999), Some(true));
    assert_eq!(stands(0, 10_000), Some(false));
}

/// An import of one remarkable payment, which refused two items.
fn imported() -> Log {
    let mut log = Log::new();
    let run = Stream::Import(ImportId::parse("import-1").unwrap());
    log.record(&[(
        run.clone(),
        "2021-06-01",
        Fact::Import(ImportEvent::ImportStarted(ImportSource {
            dataset: "sample".to_owned(),
            file_sha256: [0; 32],
            published_on: date("2021-05-26"),
        })),
    )]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(0), Vec::new())],
        )),
    )]);
    let published = Published {
        type_code: "3".to_owned(),
        value_text: "5".to_owned(),
        date_text: Some("5".to_owned()),
        occurrence_key: [0; 16],
        occurrence: 1,
        notes: vec!["VALUE_DATE_USED".to_owned()],
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-01",
        Fact::Agreement(AgreementEvent::DisbursementMade {
            cash: CashEntry {
                published: Some(published),
                ..cash(usd(5), &[("line-1", 5)])
            },
            draws: Vec::new(),
        }),
    )]);
    log.record(&[(
        run,
        "2021-06-01",
        Fact::Import(ImportEvent::ImportCompleted {
            counts: ImportCounts::default(),
            reasons: vec![RefusedReason {
                reason: "ZERO_AMOUNT".to_owned(),
                count: 2,
                locators: vec!["XM-1 transaction 3".to_owned()],
            }],
        }),
    )]);
    log
}

#[test]
fn remarks_and_refused_items_are_exceptions_too() {
    let log = imported();
    let rows = exceptions(&log, &Question::default());
    let words: Vec<_> = rows
        .iter()
        .map(|row| (row.reason.as_str(), row.subject.as_str(), row.count))
        .collect();
    assert_eq!(
        words,
        [
            ("VALUE_DATE_USED", "agreement/agreement-1", 1),
            ("ZERO_AMOUNT", "import/import-1", 2)
        ]
    );
    assert_eq!(rows[1].locators, ["XM-1 transaction 3"]);
    let of = |rule: Option<&str>, agreement: Option<&str>| {
        let question = Question {
            filter: Filter {
                rule: rule.map(str::to_owned),
                agreements: agreement
                    .map(|id| AgreementId::parse(id).unwrap())
                    .into_iter()
                    .collect(),
                ..Filter::default()
            },
            ..Question::default()
        };
        exceptions(&log, &question).len()
    };
    assert_eq!(of(Some("ZERO_AMOUNT"), None), 1);
    assert_eq!(of(None, Some("agreement-1")), 1);
    assert_eq!(of(None, Some("agreement-11")), 0);
}

#[test]
fn before_its_publication_nothing_of_a_run_was_known() {
    let facts = imported().facts();
    assert_eq!(
        facts.resolve(AsOf::PublishedOn(date("2021-05-25"))),
        Ok(Position(0))
    );
    assert_eq!(
        facts.resolve(AsOf::PublishedOn(date("2021-05-26"))),
        Ok(Position(4))
    );
}
