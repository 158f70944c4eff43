//! The life of an agreement in its views: status, write-offs, open portions with their conditions.

use perennial_domain::agreement::{
    AgreementEvent, Condition, ConditionEntry, Decommitment, LinePart, Perspective,
    ReceivableEntry, ReversalReason, Status, Termination, TrancheDraw, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::{ConditionId, TrancheId};
use perennial_views::rows::{AgreementRow, CashForecastRow, MovementRow, Row};
use perennial_views::{Cut, Question, View};

use crate::given::{
    Log, agreement, cash, date, event_id, line, line_id, period, share, signed, terms, usd,
};

fn cut(day: &str) -> Question {
    Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    }
}

fn log() -> Log {
    let mut log = Log::new();
    let shares = vec![share("2020-01-01", "2021-12-31", 100, YearBasis::Prorated)];
    let lines = vec![line("line-1", usd(100), shares)];
    let of = signed(terms(Perspective::Recipient, lines));
    log.record(&[(agreement("agreement-1"), "2020-01-15", of)]);
    log
}

fn happens(log: &mut Log, on: &str, event: AgreementEvent) -> u64 {
    log.record(&[(agreement("agreement-1"), on, Fact::Agreement(event))])
}

fn statement(log: &Log, question: &Question) -> AgreementRow {
    let rows = View::Agreement
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    match rows.into_iter().next() {
        Some(Row::Agreement(row)) => row,
        other => panic!("{other:?}"),
    }
}

fn reason() -> String {
    "as it goes".to_owned()
}

#[test]
fn the_statement_shows_the_status_of_its_day_and_since_when() {
    let mut log = log();
    let suspended = AgreementEvent::AgreementSuspended { reason: reason() };
    let suspended = happens(&mut log, "2020-06-01", suspended);
    happens(
        &mut log,
        "2020-08-01",
        AgreementEvent::AgreementResumed { reason: reason() },
    );
    let given_up = Decommitment {
        line_id: line_id("line-1"),
        amount: usd(100),
        year_shares: vec![share("2021-01-01", "2021-12-31", 100, YearBasis::Prorated)],
    };
    happens(
        &mut log,
        "2020-09-01",
        AgreementEvent::AgreementTerminated(Termination {
            reason: reason(),
            decommitments: vec![given_up],
            recovery: None,
        }),
    );
    let at = |day: &str| {
        let row = statement(&log, &cut(day));
        (
            row.status,
            row.status_since.map(|since| since.to_string()),
            row.committed,
        )
    };
    let since = |day: &str| Some(day.to_owned());
    assert_eq!(at("2019-12-31"), (Status::Signed, None, 0));
    assert_eq!(at("2020-05-31"), (Status::Effective, None, 100));
    assert_eq!(
        at("2020-06-01"),
        (Status::Suspended, since("2020-06-01"), 100)
    );
    assert_eq!(
        at("2020-08-01"),
        (Status::Effective, since("2020-08-01"), 100)
    );
    assert_eq!(
        at("2020-09-01"),
        (Status::Terminated, since("2020-09-01"), 0)
    );
    // What was known before the resumption.
    let known = Question {
        at: perennial_views::AsOf::Position(perennial_domain::log::Position(suspended)),
        ..cut("2020-09-01")
    };
    assert_eq!(statement(&log, &known).status, Status::Suspended);
}

#[test]
fn a_suspension_after_the_end_does_not_change_since_when_it_has_ended() {
    let mut log = log();
    let suspended = AgreementEvent::AgreementSuspended { reason: reason() };
    happens(&mut log, "2020-08-01", suspended);
    let ended = AgreementEvent::AgreementOperationallyEnded { reason: reason() };
    happens(&mut log, "2020-06-01", ended);
    for day in ["2020-06-01", "2020-08-01"] {
        let row = statement(&log, &cut(day));
        assert_eq!(row.status, Status::OperationallyEnded);
        assert_eq!(row.status_since, Some(date("2020-06-01")), "{day}");
    }
}

fn receivable(minor_units: i128) -> ReceivableEntry {
    ReceivableEntry {
        amount: usd(minor_units),
        parts: vec![LinePart {
            line_id: line_id("line-1"),
            minor_units,
        }],
        reason: reason(),
        approver: "J. Doe".to_owned(),
    }
}

#[test]
fn a_write_off_changes_neither_commitment_nor_undisbursed_and_leaves_the_movements() {
    let mut log = log();
    let off = AgreementEvent::ReceivableWrittenOff(receivable(40));
    happens(&mut log, "2020-06-01", off);
    let again = AgreementEvent::ReceivableRecovered(receivable(15));
    happens(&mut log, "2021-06-01", again);
    let row = statement(&log, &cut("2021-12-31"));
    assert_eq!(
        (
            row.committed,
            row.undisbursed,
            row.written_off,
            row.recovered
        ),
        (100, 100, 25, 15)
    );
    let rows = View::Movements.evaluate(&log.facts(), &Question::default());
    let movements: Vec<MovementRow> = rows
        .unwrap()
        .rows
        .into_iter()
        .filter_map(|row| match row {
            Row::Movement(row) => Some(row),
            _ => None,
        })
        .collect();
    let words: Vec<_> = movements
        .iter()
        .map(|row| (row.year.as_str(), row.opening, row.write_offs, row.closing))
        .collect();
    assert_eq!(words, [("2020", 0, 40, 60), ("2021", 60, -15, 75)]);
}

fn forecast(log: &Log, day: &str) -> Vec<CashForecastRow> {
    let rows = View::CashForecast.evaluate(&log.facts(), &cut(day));
    rows.unwrap()
        .rows
        .into_iter()
        .filter_map(|row| match row {
            Row::CashForecast(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn tranche(number: u32) -> TrancheId {
    TrancheId::parse(&format!("tranche-{number}")).unwrap()
}

fn scheduled(number: u32, minor_units: i128, due_on: &str, conditions: &[&str]) -> AgreementEvent {
    AgreementEvent::TrancheScheduled {
        tranche_id: tranche(number),
        amount: usd(minor_units),
        due_on: date(due_on),
        period: period(due_on, due_on),
        conditions: conditions
            .iter()
            .map(|id| Condition {
                condition_id: ConditionId::parse(id).unwrap(),
                text: "accepted".to_owned(),
            })
            .collect(),
    }
}

fn words(rows: &[CashForecastRow]) -> Vec<(&str, String, i128, usize, Option<i64>)> {
    rows.iter()
        .map(|row| {
            (
                row.tranche_id.as_str(),
                row.due_on.to_string(),
                row.open,
                row.outstanding.len(),
                row.days_late,
            )
        })
        .collect()
}

#[test]
fn open_portions_are_listed_by_due_day_with_what_is_outstanding_and_late() {
    let mut log = log();
    happens(
        &mut log,
        "2020-02-01",
        scheduled(2, 60, "2020-07-01", &["report-1", "audit-1"]),
    );
    happens(&mut log, "2020-02-01", scheduled(1, 40, "2020-04-01", &[]));
    happens(
        &mut log,
        "2020-05-01",
        AgreementEvent::TrancheConditionMet(ConditionEntry {
            tranche_id: tranche(2),
            condition_id: ConditionId::parse("report-1").unwrap(),
            reason: reason(),
        }),
    );
    let receipt = happens(
        &mut log,
        "2020-05-10",
        AgreementEvent::ReceiptConfirmed {
            cash: cash(usd(50), &[("line-1", 50)]),
            draws: vec![draw(1, "2020-04-01", 40), draw(2, "2020-07-01", 10)],
            disbursement_id: None,
        },
    );
    assert_eq!(
        words(&forecast(&log, "2020-04-30")),
        [
            ("tranche-1", "2020-04-01".to_owned(), 40, 0, Some(29)),
            ("tranche-2", "2020-07-01".to_owned(), 60, 2, Some(0)),
        ]
    );
    assert_eq!(
        words(&forecast(&log, "2020-07-02")),
        [("tranche-2", "2020-07-01".to_owned(), 50, 1, Some(1))]
    );
    // The receipt was wrong: both portions are open again.
    happens(
        &mut log,
        "2020-05-10",
        AgreementEvent::EntryReversed {
            target: event_id(receipt, 0),
            reason: ReversalReason::Error,
        },
    );
    let open: i128 = forecast(&log, "2020-07-02")
        .iter()
        .map(|row| row.open)
        .sum();
    assert_eq!(open, 100);
    assert_eq!(statement(&log, &cut("2020-07-02")).scheduled, 100);
}

fn draw(number: u32, due_on: &str, minor_units: i128) -> TrancheDraw {
    TrancheDraw {
        tranche_id: tranche(number),
        period: period(due_on, due_on),
        minor_units,
        due_on: Some(date(due_on)),
    }
}
