//! What stands at (P, E): the same rules, whether or not an event was flagged; and the policy in force then.

use perennial_domain::agreement::{
    AgreementEvent, Condition, ConditionEntry, Perspective, ReversalReason, Termination,
    TrancheDraw, YearBasis,
};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::{ConditionId, TrancheId};
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy, Tolerance};
use perennial_domain::log::Position;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::rule::{Breach, Rule};
use perennial_views::posting::Direction;
use perennial_views::rows::{ExceptionRow, Row};
use perennial_views::{AsOf, Cut, Filter, Question, View};

use crate::given::{
    Log, agreement, cash, date, disbursed, event_id, increased, line, org, period, received, share,
    signed, terms, usd,
};

fn year(amount: i128) -> Vec<perennial_domain::agreement::YearShare> {
    vec![share(
        "2020-01-01",
        "2020-12-31",
        amount,
        YearBasis::Scheduled,
    )]
}

fn opened(log: &mut Log, id: &str, perspective: Perspective, committed: i128) -> Stream {
    let stream = agreement(id);
    let lines = vec![line("line-1", usd(committed), year(committed))];
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(perspective, lines)),
    )]);
    stream
}

fn standing() -> Filter {
    Filter {
        standing: true,
        ..Filter::default()
    }
}

fn asked(filter: Filter) -> Question {
    Question {
        filter,
        ..Question::default()
    }
}

fn rows(log: &Log, question: &Question) -> Vec<ExceptionRow> {
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

fn named(log: &Log, question: &Question) -> Vec<(String, &'static str)> {
    let rows = rows(log, question).into_iter();
    rows.map(|row| (row.subject, row.rule.unwrap())).collect()
}

fn values(row: &ExceptionRow) -> Vec<(&str, &str)> {
    let values = row.values.iter();
    values
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn breach(rule: Rule, subject: &str) -> Breach {
    Breach::new(rule, subject, &[])
}

fn one(subject: &str, rule: &'static str) -> (String, &'static str) {
    (subject.to_owned(), rule)
}

#[test]
fn r10_stands_without_any_flag_from_the_first_cent_above_the_commitment() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream.clone(), "2020-02-01", disbursed(100))]);
    assert_eq!(rows(&log, &asked(standing())), []);
    log.record(&[(stream.clone(), "2020-02-02", disbursed(1))]);
    let found = rows(&log, &asked(standing()));
    let [row] = &found[..] else {
        panic!("{found:#?}")
    };
    assert_eq!(
        (row.rule, row.reason.as_str(), row.subject.as_str()),
        (
            Some("R10"),
            "DISBURSEMENT_EXCEEDS_COMMITMENT",
            "agreement/agreement-1"
        )
    );
    assert_eq!(
        values(row),
        [
            ("limit", "1.00 USD"),
            ("disbursed", "1.01 USD"),
            ("committed", "1.00 USD"),
            ("commitment_entries", "1"),
        ]
    );
    assert_eq!(
        (row.count, row.event_id, row.standing, row.disposed.clone()),
        (0, None, Some(true), None)
    );
    // As known and as true before, and after a cent more is promised.
    let before = Question {
        at: AsOf::Position(Position(2)),
        ..asked(standing())
    };
    assert_eq!(rows(&log, &before), []);
    let earlier = Question {
        effective: Cut::On(date("2020-02-01")),
        ..asked(standing())
    };
    assert_eq!(rows(&log, &earlier), []);
    log.record(&[(stream, "2020-03-01", increased(1, year(1)))]);
    assert_eq!(rows(&log, &asked(standing())), []);
}

#[test]
fn r10_needs_a_payment_even_where_less_than_nothing_is_committed() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 0);
    log.record(&[(
        stream.clone(),
        "2020-02-01",
        Fact::Agreement(AgreementEvent::CommitmentDecreased {
            line_id: crate::given::line_id("line-1"),
            amount: usd(1),
            year_shares: year(1),
            reason: perennial_domain::agreement::DecreaseReason::Unknown,
            published: None,
            functional: None,
        }),
    )]);
    assert_eq!(rows(&log, &asked(standing())), []);
    log.record(&[(stream, "2020-02-02", disbursed(1))]);
    assert_eq!(
        named(&log, &asked(standing())),
        [one("agreement/agreement-1", "R10")]
    );
}

#[test]
fn one_row_stands_for_all_flags_of_an_agreement_and_rule() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    for day in ["2020-02-01", "2020-02-02"] {
        log.record_flagged(
            &[(stream.clone(), day, disbursed(101))],
            &[breach(Rule::WithinCommitment, "agreement/agreement-1")],
        );
    }
    let found = rows(&log, &asked(standing()));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].count, found[0].event_id),
        (2, Some(event_id(2, 0)))
    );
    assert_eq!(rows(&log, &Question::default()).len(), 2);
}

#[test]
fn rules_directions_and_words_say_which_rows_there_are() {
    let mut log = Log::new();
    let paid = opened(&mut log, "agreement-out", Perspective::Provider, 100);
    log.record(&[(paid, "2020-02-01", disbursed(101))]);
    let came = opened(&mut log, "agreement-in", Perspective::Recipient, 100);
    log.record(&[(came, "2020-02-01", received(101))]);
    let without = opened(&mut log, "agreement-zero", Perspective::Provider, 0);
    log.record(&[(without, "2020-02-01", disbursed(1))]);
    let within = opened(&mut log, "agreement-well", Perspective::Provider, 100);
    log.record(&[(within, "2020-02-01", disbursed(1))]);
    let back = opened(&mut log, "agreement-back", Perspective::Provider, 0);
    log.record(&[(
        back,
        "2020-02-01",
        Fact::Agreement(AgreementEvent::RefundMade {
            cash: cash(usd(5), &[("line-1", 5)]),
            reason: "unspent".to_owned(),
        }),
    )]);
    assert_eq!(
        named(&log, &asked(standing())),
        [
            one("agreement/agreement-back", "R14"),
            one("agreement/agreement-back", "R21"),
            one("agreement/agreement-in", "R10"),
            one("agreement/agreement-out", "R10"),
            one("agreement/agreement-zero", "R10"),
        ]
    );
    let r10_out = Filter {
        rule: Some("R10".to_owned()),
        direction: Some(Direction::Outgoing),
        ..standing()
    };
    assert_eq!(
        named(&log, &asked(r10_out.clone())),
        [
            one("agreement/agreement-out", "R10"),
            one("agreement/agreement-zero", "R10"),
        ]
    );
    let answer = View::Exceptions
        .evaluate(&log.facts(), &asked(r10_out))
        .unwrap();
    let words = "R10, outgoing: 1 of 2 agreements with both commitments and payments exceed what is committed; 1 more \
                 are paid without any commitment";
    assert!(
        answer.info.notes.iter().any(|note| note == words),
        "{:#?}",
        answer.info.notes
    );
}

#[test]
fn r12_stands_while_a_payment_lies_after_the_end_as_it_is_then() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream.clone(), "2021-12-31", disbursed(1))]);
    assert_eq!(rows(&log, &asked(standing())), []);
    log.record_flagged(
        &[(stream.clone(), "2022-01-01", disbursed(1))],
        &[breach(Rule::NotAfterEnd, "agreement/agreement-1")],
    );
    let found = rows(&log, &asked(standing()));
    assert_eq!(found[0].rule, Some("R12"));
    assert_eq!(
        values(&found[0]),
        [
            ("ends_on", "2021-12-31"),
            ("last_payment_on", "2022-01-01"),
            ("payments", "1"),
        ]
    );
    let flag = |log: &Log| rows(log, &Question::default())[0].standing;
    assert_eq!(flag(&log), Some(true));
    let mut reversed = log.clone();
    reversed.record(&[(
        stream.clone(),
        "2022-01-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(3, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    assert_eq!(rows(&reversed, &asked(standing())), []);
    assert_eq!(flag(&reversed), Some(false));
    log.record(&[(
        stream,
        "2021-12-01",
        Fact::Agreement(AgreementEvent::PeriodExtended {
            previous_ends_on: Some(date("2021-12-31")),
            new_ends_on: date("2022-01-01"),
            kind: perennial_domain::agreement::ExtensionKind::NoCost,
            moves: Vec::new(),
            amendment: None,
        }),
    )]);
    assert_eq!(rows(&log, &asked(standing())), []);
}

#[test]
fn r13_stands_beside_r10_only_where_a_decrease_was_flagged_for_it() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream.clone(), "2020-02-01", disbursed(100))]);
    log.record_flagged(
        &[(
            stream,
            "2020-03-01",
            Fact::Agreement(AgreementEvent::CommitmentDecreased {
                line_id: crate::given::line_id("line-1"),
                amount: usd(1),
                year_shares: year(1),
                reason: perennial_domain::agreement::DecreaseReason::DonorCut,
                published: None,
                functional: None,
            }),
        )],
        &[breach(
            Rule::CommitmentAboveDisbursed,
            "agreement/agreement-1",
        )],
    );
    assert_eq!(
        named(&log, &asked(standing())),
        [
            one("agreement/agreement-1", "R10"),
            one("agreement/agreement-1", "R13"),
        ]
    );
}

#[test]
fn r17_stands_while_more_is_open_than_is_left() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    let tranche = |amount| {
        Fact::Agreement(AgreementEvent::TrancheScheduled {
            tranche_id: perennial_domain::ids::TrancheId::parse("tranche-1").unwrap(),
            amount: usd(amount),
            conditions: Vec::new(),
            due_on: date("2020-06-01"),
            period: perennial_domain::period::Period::day(date("2020-06-01")),
        })
    };
    let mut exact = log.clone();
    exact.record(&[(stream.clone(), "2020-02-01", tranche(100))]);
    assert_eq!(rows(&exact, &asked(standing())), []);
    log.record(&[(stream, "2020-02-01", tranche(101))]);
    let found = rows(&log, &asked(standing()));
    assert_eq!(
        values(&found[0]),
        [("scheduled", "1.01 USD"), ("undisbursed", "1.00 USD")]
    );
}

#[test]
fn r21_stands_for_the_party_that_gave_back_more_than_it_got() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream.clone(), "2020-02-01", disbursed(50))]);
    let refund = |by: &str, amount| {
        let mut cash = cash(usd(amount), &[("line-1", amount)]);
        cash.receiver = Some(org(by, "Somebody"));
        Fact::Agreement(AgreementEvent::RefundMade {
            cash,
            reason: "unspent".to_owned(),
        })
    };
    log.record(&[(stream.clone(), "2020-03-01", refund("R-1", 50))]);
    assert_eq!(rows(&log, &asked(standing())), []);
    log.record(&[(stream.clone(), "2020-03-02", disbursed(50))]);
    log.record(&[(stream, "2020-03-03", refund("R-2", 1))]);
    let found = rows(&log, &asked(standing()));
    assert_eq!(found[0].rule, Some("R21"));
    assert_eq!(
        values(&found[0]),
        [("party", "R-2"), ("disbursed", "-0.01 USD")]
    );
}

#[test]
fn the_tolerance_is_that_of_the_policy_as_known_and_in_force_then() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream, "2020-02-01", disbursed(105))]);
    let tolerant = |absolute_minor| {
        Fact::Ledger(LedgerEvent::LedgerPolicyChanged {
            policy: LedgerPolicy {
                tolerance: Tolerance {
                    absolute_minor,
                    relative_ppm: 0,
                },
                fiscal_calendar: FiscalCalendar::April,
                ..LedgerPolicy::default()
            },
            reason: "another year".to_owned(),
        })
    };
    log.record(&[(Stream::Ledger, "2020-03-01", tolerant(5))]);
    log.record(&[(Stream::Ledger, "2020-04-01", tolerant(4))]);
    let count = |position, day: &str| {
        let question = Question {
            at: AsOf::Position(Position(position)),
            effective: Cut::On(date(day)),
            ..asked(standing())
        };
        rows(&log, &question).len()
    };
    assert_eq!(count(4, "2020-02-29"), 1, "before the first change");
    assert_eq!(count(4, "2020-03-01"), 0, "5 cents are tolerated");
    assert_eq!(count(4, "2020-04-01"), 1, "4 cents are not enough");
    assert_eq!(count(3, "2020-04-01"), 0, "as known before the second");
    assert_eq!(count(2, "2020-04-01"), 1, "as known before the first");
    let facts = log.facts();
    let calendar = |position, day: Option<&str>| {
        let policy = facts.policy_at(Position(position), day.map(date));
        policy.unwrap().fiscal_calendar
    };
    assert_eq!(calendar(4, Some("2019-01-01")), FiscalCalendar::January);
    assert_eq!(calendar(4, Some("2020-03-01")), FiscalCalendar::April);
    assert_eq!(calendar(2, None), FiscalCalendar::January);
    assert_eq!(facts.ledger().unwrap().1.tolerance.absolute_minor, 4);
}

#[test]
fn r19_stands_for_payments_of_the_days_of_a_suspension_until_the_suspension_is_taken_back() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    let turn = |log: &mut Log, on: &str, event: AgreementEvent| {
        log.record(&[(stream.clone(), on, Fact::Agreement(event))])
    };
    let reason = || "under review".to_owned();
    // The day before, the day of the resumption.
    log.record(&[(stream.clone(), "2020-02-29", disbursed(1))]);
    log.record(&[(stream.clone(), "2020-04-01", disbursed(1))]);
    let suspended = AgreementEvent::AgreementSuspended { reason: reason() };
    let suspended = turn(&mut log, "2020-03-01", suspended);
    let resumed = AgreementEvent::AgreementResumed { reason: reason() };
    turn(&mut log, "2020-04-01", resumed);
    assert_eq!(rows(&log, &asked(standing())), []);
    // The first day of the suspension, and the last.
    let flags = [breach(Rule::NotWhileSuspended, "agreement/agreement-1")];
    let first = log.record_flagged(&[(stream.clone(), "2020-03-01", disbursed(1))], &flags);
    log.record_flagged(&[(stream.clone(), "2020-03-31", disbursed(1))], &flags);
    let found = rows(&log, &asked(standing()));
    assert_eq!(
        named(&log, &asked(standing())),
        [one("agreement/agreement-1", "R19")]
    );
    assert_eq!(
        values(&found[0]),
        [("last_payment_on", "2020-03-31"), ("payments", "2")]
    );
    let flagged = |log: &Log| -> Vec<Option<bool>> {
        let rows = rows(log, &Question::default()).into_iter();
        rows.map(|row| row.standing).collect()
    };
    assert_eq!(flagged(&log), [Some(true), Some(true)]);
    let reversed = |target| AgreementEvent::EntryReversed {
        target,
        reason: ReversalReason::Error,
    };
    turn(&mut log, "2020-05-01", reversed(event_id(first, 0)));
    assert_eq!(flagged(&log), [Some(false), Some(true)]);
    turn(&mut log, "2020-05-01", reversed(event_id(suspended, 0)));
    assert_eq!(flagged(&log), [Some(false), Some(false)]);
    assert_eq!(rows(&log, &asked(standing())), []);
}

#[test]
fn r19_stands_for_payments_after_the_day_of_an_early_end_until_it_is_taken_back() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    log.record(&[(stream.clone(), "2020-03-01", disbursed(1))]);
    log.record(&[(stream.clone(), "2020-03-02", disbursed(1))]);
    let terminated = |decommitments| {
        Fact::Agreement(AgreementEvent::AgreementTerminated(Termination {
            reason: "as agreed".to_owned(),
            decommitments,
            recovery: None,
        }))
    };
    let flag = [breach(Rule::NotWhileSuspended, "agreement/agreement-1")];
    let late = [(stream.clone(), "2020-03-01", terminated(Vec::new()))];
    let late = log.record_flagged(&late, &flag);
    let found = rows(&log, &asked(standing()));
    assert_eq!(
        values(&found[0]),
        [("last_payment_on", "2020-03-02"), ("payments", "1")]
    );
    let flagged = |log: &Log| -> Vec<Option<bool>> {
        let rows = rows(log, &Question::default()).into_iter();
        rows.map(|row| row.standing).collect()
    };
    assert_eq!(flagged(&log), [Some(true)]);
    let reversed = Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(late, 0),
        reason: ReversalReason::Error,
    });
    log.record(&[(stream.clone(), "2020-05-01", reversed)]);
    assert_eq!(flagged(&log), [Some(false)]);
    assert_eq!(rows(&log, &asked(standing())), []);
    // The day of the last payment is not after it.
    log.record(&[(stream, "2020-03-02", terminated(Vec::new()))]);
    assert_eq!(rows(&log, &asked(standing())), []);
}

#[test]
fn r20_stands_until_the_conditions_of_what_was_drawn_are_met() {
    let mut log = Log::new();
    let stream = opened(&mut log, "agreement-1", Perspective::Provider, 100);
    let tranche_id = TrancheId::parse("tranche-1").unwrap();
    let condition_id = ConditionId::parse("report-2019").unwrap();
    let scheduled = AgreementEvent::TrancheScheduled {
        tranche_id: tranche_id.clone(),
        amount: usd(50),
        due_on: date("2020-02-01"),
        period: period("2020-02-01", "2020-02-01"),
        conditions: vec![Condition {
            condition_id: condition_id.clone(),
            text: "The report is accepted.".to_owned(),
        }],
    };
    log.record(&[(stream.clone(), "2020-01-20", Fact::Agreement(scheduled))]);
    // Without a payment nothing is broken, and a payment that drew on no tranche breaks nothing.
    log.record(&[(stream.clone(), "2020-02-01", disbursed(10))]);
    assert_eq!(rows(&log, &asked(standing())), []);
    let drawing = AgreementEvent::DisbursementMade {
        cash: cash(usd(20), &[("line-1", 20)]),
        draws: vec![TrancheDraw {
            tranche_id: tranche_id.clone(),
            period: period("2020-02-01", "2020-02-01"),
            minor_units: 20,
            due_on: Some(date("2020-02-01")),
        }],
    };
    let subject = "agreement/agreement-1/tranche-1";
    log.record_flagged(
        &[(stream.clone(), "2020-02-10", Fact::Agreement(drawing))],
        &[breach(Rule::ConditionsMet, subject)],
    );
    let found = rows(&log, &asked(standing()));
    assert_eq!(
        named(&log, &asked(standing())),
        [one("agreement/agreement-1", "R20")]
    );
    assert_eq!(
        values(&found[0]),
        [
            ("tranche", "tranche-1"),
            ("unmet", "report-2019"),
            ("drawn", "0.20 USD")
        ]
    );
    let flagged = |log: &Log, day: &str| -> Vec<(String, Option<bool>)> {
        let question = Question {
            effective: Cut::On(date(day)),
            ..Question::default()
        };
        let rows = rows(log, &question).into_iter();
        rows.map(|row| (row.subject, row.standing)).collect()
    };
    let met = AgreementEvent::TrancheConditionMet(ConditionEntry {
        tranche_id,
        condition_id,
        reason: "accepted".to_owned(),
    });
    log.record(&[(stream, "2020-02-20", Fact::Agreement(met))]);
    assert_eq!(
        flagged(&log, "2020-02-19"),
        [(subject.to_owned(), Some(true))]
    );
    assert_eq!(
        flagged(&log, "2020-02-20"),
        [(subject.to_owned(), Some(false))]
    );
    assert_eq!(rows(&log, &asked(standing())), []);
}
