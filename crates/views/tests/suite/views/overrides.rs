//! `overrides`, and what people say of exceptions, as known and as true then.

use perennial_domain::agreement::{Perspective, YearBasis};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::{Disposition, ExceptionId, LedgerEvent};
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::rule::{Breach, Override, Rule};
use perennial_views::rows::{ExceptionRow, OverrideRow, Row};
use perennial_views::{AsOf, Cut, Filter, Question, View};

use crate::given::{
    DAY_MICROS, Log, MAKER, agreement, date, disbursed, event_id, line, share, signed, terms, usd,
};

fn breach(rule: Rule) -> Breach {
    Breach::new(rule, "agreement/agreement-1", &[("limit", &"1.00 USD")])
}

fn permitted(rule: Rule, approver: Option<&str>) -> Override {
    Override {
        rule,
        reason: "agreed with the auditor".to_owned(),
        approver: approver.map(str::to_owned),
    }
}

/// 1.00 committed; 1.01 paid with leave to break R10 and R11, flagged with R12 too.
fn overridden() -> Log {
    let mut log = Log::new();
    let stream = agreement("agreement-1");
    let shares = vec![share("2020-01-01", "2020-12-31", 100, YearBasis::Scheduled)];
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(100), shares)],
        )),
    )]);
    log.record_overridden(
        (stream, "2020-02-01", disbursed(101)),
        &[
            breach(Rule::WithinCommitment),
            breach(Rule::NotBeforeSignature),
            breach(Rule::NotAfterEnd),
        ],
        &[
            permitted(Rule::WithinCommitment, Some("chief")),
            permitted(Rule::NotBeforeSignature, None),
        ],
    );
    log
}

fn said(log: &mut Log, on: &str, rule: Rule, resolved: bool, disposition: &str) {
    let exception = ExceptionId {
        event_id: event_id(2, 0),
        rule,
    };
    let disposition = disposition.to_owned();
    let event = if resolved {
        LedgerEvent::ExceptionResolved {
            exception,
            disposition,
        }
    } else {
        LedgerEvent::ExceptionAcknowledged {
            exception,
            disposition,
        }
    };
    log.record(&[(Stream::Ledger, on, Fact::Ledger(event))]);
}

fn overrides(log: &Log, question: &Question) -> Vec<OverrideRow> {
    let rows = View::Overrides
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Override(row) => Some(row),
            _ => None,
        })
        .collect()
}

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

fn filtered(filter: Filter) -> Question {
    Question {
        filter,
        ..Question::default()
    }
}

#[test]
fn an_override_tells_rule_figures_reason_maker_and_approver() {
    let rows = overrides(&overridden(), &Question::default());
    let who: Vec<_> = rows
        .iter()
        .map(|row| (row.rule, row.approver.as_deref()))
        .collect();
    assert_eq!(who, [("R10", Some("chief")), ("R11", None)]);
    let row = &rows[0];
    assert_eq!(row.event_id, event_id(2, 0));
    assert_eq!(row.subject, "agreement/agreement-1");
    assert_eq!(row.effective_on, date("2020-02-01"));
    assert_eq!(row.recorded_at, RecordedAt(2 * DAY_MICROS));
    assert_eq!(row.values, [("limit".to_owned(), "1.00 USD".to_owned())]);
    assert_eq!(row.reason, "agreed with the auditor");
    assert_eq!(row.maker, MAKER);
    assert_eq!(row.disposed.disposition, Disposition::Open);
    assert_ne!(rows[0].key(), rows[1].key());
}

#[test]
fn overrides_are_filtered_by_rule_agreement_and_whether_they_are_open() {
    let mut log = overridden();
    said(&mut log, "2020-03-01", Rule::WithinCommitment, true, "done");
    let count = |filter| overrides(&log, &filtered(filter)).len();
    assert_eq!(count(Filter::default()), 2);
    let rule = |rule: &str| Filter {
        rule: Some(rule.to_owned()),
        ..Filter::default()
    };
    assert_eq!((count(rule("R10")), count(rule("R12"))), (1, 0));
    let open = Filter {
        open: true,
        ..Filter::default()
    };
    assert_eq!(overrides(&log, &filtered(open))[0].rule, "R11");
    let of = |id: &str| Filter {
        agreements: vec![AgreementId::parse(id).unwrap()],
        ..Filter::default()
    };
    assert_eq!((count(of("agreement-1")), count(of("agreement-2"))), (2, 0));
}

#[test]
fn before_the_payment_there_was_no_override() {
    let log = overridden();
    let known = Question {
        at: AsOf::Position(Position(1)),
        ..Question::default()
    };
    assert_eq!(overrides(&log, &known), []);
    let effective = |day: &str| Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    };
    assert_eq!(overrides(&log, &effective("2020-01-31")), []);
    assert_eq!(overrides(&log, &effective("2020-02-01")).len(), 2);
}

#[test]
fn a_disposition_is_the_newest_that_is_known_then_and_true_then() {
    let mut log = overridden();
    said(
        &mut log,
        "2020-03-01",
        Rule::WithinCommitment,
        false,
        "seen",
    );
    said(
        &mut log,
        "2020-04-01",
        Rule::WithinCommitment,
        true,
        "settled",
    );
    let of = |question: &Question| {
        let rows = exceptions(&log, question);
        let row = rows.iter().find(|row| row.rule == Some("R10")).unwrap();
        let disposed = row.disposed.clone().unwrap();
        (disposed.disposition, disposed.text)
    };
    let at = |position, day: &str| Question {
        at: AsOf::Position(Position(position)),
        effective: Cut::On(date(day)),
        ..Question::default()
    };
    let open = (Disposition::Open, String::new());
    let seen = (Disposition::Acknowledged, "seen".to_owned());
    let settled = (Disposition::Resolved, "settled".to_owned());
    assert_eq!(of(&at(2, "2021-01-01")), open, "as known before");
    assert_eq!(of(&at(3, "2021-01-01")), seen);
    assert_eq!(of(&at(4, "2021-01-01")), settled);
    assert_eq!(of(&at(4, "2020-02-29")), open, "as true before");
    assert_eq!(of(&at(4, "2020-03-31")), seen);
    let rows = exceptions(&log, &Question::default());
    let row = rows.iter().find(|row| row.rule == Some("R10")).unwrap();
    let disposed = row.disposed.as_ref().unwrap();
    assert_eq!(disposed.by, MAKER);
    assert_eq!(disposed.recorded_at, Some(RecordedAt(4 * DAY_MICROS)));
    let open = filtered(Filter {
        open: true,
        ..Filter::default()
    });
    let rules: Vec<_> = exceptions(&log, &open).iter().map(|row| row.rule).collect();
    assert_eq!(rules, [Some("R12"), Some("R11")]);
}
