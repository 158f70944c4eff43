//! The functional basis of committed money that moves or is given up: it takes its functional amount along.
#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "cents are written with their two digits apart"
)]

use perennial_domain::agreement::{
    AgreementEvent, CarriedFunds, CarryingValue, Decommitment, Leg, LegDirection, LegPlace,
    Perspective, ReallocatedFunds, ReversalReason, ShareMove, Termination, Transfer,
    TransferDirection, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::{AgreementId, TransferId};
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_views::{Facts, Question};

use crate::functional::{
    by_years, codes, functional, in_euros, movements, shown, statements, transaction, worth, year,
};
use crate::given::{Log, agreement, event_id, line, line_id, money, period, signed, terms, usd};

/// 100.00 USD for 2020 (60.00) and 2021 (40.00) on the first line, worth 90.01 EUR; 50.00 USD on the second, of which
/// nobody said what they are worth.
fn committed() -> Log {
    let mut log = in_euros();
    let mut valued = line(
        "line-1",
        usd(100_00),
        vec![year("2020", 60_00), year("2021", 40_00)],
    );
    valued.functional = worth(90_01);
    let other = line("line-2", usd(50_00), vec![year("2021", 50_00)]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![valued, other])),
    )]);
    log
}

fn carried(values: &[(u32, i128, i128)]) -> Vec<CarryingValue> {
    let values = values.iter();
    values
        .map(|&(part, minor_units, euros)| CarryingValue {
            part,
            minor_units,
            functional: money(euros, "EUR"),
        })
        .collect()
}

fn carry_over(amount: i128) -> Fact {
    let moved = |share| ShareMove {
        line_id: line_id("line-1"),
        share,
    };
    Fact::Agreement(AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: period("2020-01-01", "2020-12-31"),
        to_period: period("2021-01-01", "2021-12-31"),
        amount: usd(amount),
        moves: vec![moved(year("2020", -amount)), moved(year("2021", amount))],
        reason: String::new(),
    })))
}

fn reallocation(amount: i128) -> Fact {
    let leg = |direction, line| Leg {
        direction,
        place: LegPlace {
            line_id: line_id(line),
            period: Some(period("2020-01-01", "2020-12-31")),
            basis: Some(YearBasis::Scheduled),
            pillar: None,
            firmness: None,
            purpose: None,
            country: None,
        },
        amount: usd(amount),
    };
    Fact::Agreement(AgreementEvent::FundsReallocated(Box::new(
        ReallocatedFunds {
            legs: vec![
                leg(LegDirection::From, "line-1"),
                leg(LegDirection::To, "line-2"),
            ],
            legal_basis: String::new(),
            amendment: None,
            counts: Vec::new(),
        },
    )))
}

fn termination() -> Fact {
    let all = |line, minor_units, year_shares| Decommitment {
        line_id: line_id(line),
        amount: usd(minor_units),
        year_shares,
    };
    Fact::Agreement(AgreementEvent::AgreementTerminated(Termination {
        reason: "war".to_owned(),
        decommitments: vec![
            all(
                "line-1",
                100_00,
                vec![year("2020", 60_00), year("2021", 40_00)],
            ),
            all("line-2", 50_00, vec![year("2021", 50_00)]),
        ],
        recovery: None,
    }))
}

fn record(log: &mut Log, on: &str, fact: Fact, values: &[(u32, i128, i128)]) {
    log.record_carrying((agreement("agreement-1"), on, fact), &carried(values));
}

/// What is committed by year and currency; what is nothing is left out.
fn by_year(facts: &Facts, question: &Question) -> Vec<(String, i128)> {
    let mut rows = codes(&by_years(facts, question), |row| {
        let year = row.year.clone().unwrap_or_default();
        (format!("{year} {}", row.currency), row.committed)
    });
    rows.retain(|(_, committed)| *committed != 0);
    rows
}

/// Own and functional minor units of an event's postings.
fn postings(facts: &Facts, event: EventId) -> Vec<(String, i128, Option<i128>)> {
    let postings = facts.postings_of(event);
    let words = postings.iter().map(|posting| {
        let line = posting.line_id.as_ref().map(ToString::to_string);
        let functional = posting.functional.map(Money::minor_units);
        (line.unwrap_or_default(), posting.minor_units, functional)
    });
    words.collect()
}

fn posting(line: &str, own: i128, functional: Option<i128>) -> (String, i128, Option<i128>) {
    (line.to_owned(), own, functional)
}

#[test]
fn a_carry_over_moves_the_functional_amount_between_years_and_leaves_the_total() {
    let mut log = committed();
    assert_eq!(
        by_year(&log.facts(), &functional()),
        shown(&[
            ("2020 EUR", 54_01),
            ("2021 EUR", 36_00),
            ("2021 USD", 50_00)
        ])
    );
    record(
        &mut log,
        "2020-11-01",
        carry_over(20_00),
        &[(0, -20_00, -18_00), (1, 20_00, 18_00)],
    );
    let facts = log.facts();
    assert_eq!(
        by_year(&facts, &functional()),
        shown(&[
            ("2020 EUR", 36_01),
            ("2021 EUR", 54_00),
            ("2021 USD", 50_00)
        ])
    );
    assert_eq!(
        by_year(&facts, &transaction()),
        shown(&[("2020 USD", 40_00), ("2021 USD", 110_00)])
    );
    let [euros, dollars] = &statements(&facts, &functional())[..] else {
        panic!();
    };
    assert_eq!((euros.committed, dollars.committed), (90_01, 50_00));
}

#[test]
fn an_event_from_before_carrying_values_moves_its_own_currency_alone() {
    let mut log = committed();
    record(&mut log, "2020-11-01", carry_over(20_00), &[]);
    let facts = log.facts();
    assert_eq!(
        by_year(&facts, &functional()),
        shown(&[
            ("2020 EUR", 54_01),
            ("2020 USD", -20_00),
            ("2021 EUR", 36_00),
            ("2021 USD", 70_00),
        ])
    );
    assert_eq!(
        postings(&facts, event_id(2, 0)),
        [
            posting("line-1", -20_00, None),
            posting("line-1", 20_00, None)
        ]
    );
}

#[test]
fn what_is_carried_of_a_part_is_a_posting_and_what_is_left_of_it_another() {
    let mut log = committed();
    record(
        &mut log,
        "2020-11-01",
        reallocation(30_00),
        &[(0, -20_00, -18_00), (1, 20_00, 18_00)],
    );
    assert_eq!(
        postings(&log.facts(), event_id(2, 0)),
        [
            posting("line-1", -20_00, Some(-18_00)),
            posting("line-1", -10_00, None),
            posting("line-2", 20_00, Some(18_00)),
            posting("line-2", 10_00, None),
        ]
    );
}

#[test]
fn an_early_end_leaves_nothing_committed_in_any_currency_and_the_years_tie() {
    let mut log = committed();
    let all = [(0, -60_00, -54_01), (1, -40_00, -36_00)];
    record(&mut log, "2021-02-01", termination(), &all);
    let facts = log.facts();
    // The second line's part has no functional amount, and its own place after the first line's two.
    assert_eq!(
        postings(&facts, event_id(2, 0)),
        [
            posting("line-1", -60_00, Some(-54_01)),
            posting("line-1", -40_00, Some(-36_00)),
            posting("line-2", -50_00, None),
        ]
    );
    assert_eq!(by_year(&facts, &functional()), []);
    for question in [functional(), transaction()] {
        for row in movements(&facts, &question) {
            let changes = row.signed + row.increases - row.decreases - row.paid + row.refunds;
            assert_eq!(
                row.opening + changes - row.write_offs,
                row.closing,
                "{row:?}"
            );
        }
    }
    let closing: Vec<_> = codes(&movements(&facts, &functional()), |row| {
        (
            format!("{} {} {}", row.year, row.currency, row.decreases),
            row.closing,
        )
    });
    assert_eq!(
        closing,
        shown(&[
            ("2020 EUR 0", 90_01),
            ("2021 EUR 9001", 0),
            ("2020 USD 0", 50_00),
            ("2021 USD 5000", 0),
        ])
    );
    // Undisbursed is what is committed less what is paid, in euros too.
    for row in statements(&facts, &functional()) {
        assert_eq!(row.undisbursed, row.committed - row.disbursed);
        assert_eq!(row.committed, 0);
    }
}

#[test]
fn a_reversal_of_a_move_brings_its_functional_amount_back_to_the_cent() {
    let mut log = committed();
    let before = by_year(&log.facts(), &functional());
    record(
        &mut log,
        "2020-11-01",
        carry_over(19_99),
        &[(0, -19_99, -17_99), (1, 19_99, 17_99)],
    );
    assert_ne!(by_year(&log.facts(), &functional()), before);
    let reversal = Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(2, 0),
        reason: ReversalReason::Error,
    });
    record(&mut log, "2020-11-01", reversal, &[]);
    let facts = log.facts();
    assert_eq!(by_year(&facts, &functional()), before);
    assert_eq!(
        postings(&facts, event_id(3, 0)),
        [
            posting("line-1", 19_99, Some(17_99)),
            posting("line-1", -19_99, Some(-17_99)),
        ]
    );
}

#[test]
fn a_transfer_leaves_one_agreement_and_comes_to_the_other_with_its_functional_amount() {
    let mut log = committed();
    let only = line("line-1", usd(10_00), vec![year("2020", 10_00)]);
    log.record(&[(
        agreement("agreement-2"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![only])),
    )]);
    let half = |direction, other: &str| {
        Fact::Agreement(AgreementEvent::FundsTransferred(Box::new(Transfer {
            transfer_id: TransferId::parse("transfer-1").unwrap(),
            direction,
            other_agreement_id: AgreementId::parse(other).unwrap(),
            line_id: line_id("line-1"),
            amount: usd(40_00),
            year_shares: vec![year("2021", 40_00)],
            conversion: None,
            consent: "letter".to_owned(),
            reason: String::new(),
        })))
    };
    let out = half(TransferDirection::Out, "agreement-2");
    record(&mut log, "2020-11-01", out, &[(0, -40_00, -36_00)]);
    let arrives = half(TransferDirection::In, "agreement-1");
    let arrives = (agreement("agreement-2"), "2020-11-01", arrives);
    log.record_carrying(arrives, &carried(&[(0, 40_00, 36_00)]));
    let rows: Vec<_> = codes(&statements(&log.facts(), &functional()), |row| {
        (
            format!("{} {}", row.agreement_id, row.currency),
            row.committed,
        )
    });
    assert_eq!(
        rows,
        shown(&[
            ("agreement-1 EUR", 54_01),
            ("agreement-1 USD", 50_00),
            ("agreement-2 EUR", 36_00),
            ("agreement-2 USD", 10_00),
        ])
    );
}

#[test]
fn facts_with_carrying_values_restored_from_a_store_have_the_same_digest_and_others_do_not() {
    let digest = |values: &[(u32, i128, i128)]| {
        let mut log = committed();
        record(&mut log, "2020-11-01", carry_over(20_00), values);
        let facts = log.facts();
        facts.digest(perennial_domain::log::Position(2))
    };
    let values = [(0, -20_00, -18_00), (1, 20_00, 18_00)];
    assert_eq!(digest(&values), digest(&values));
    assert_ne!(digest(&values), digest(&[]));
    assert_ne!(
        digest(&values),
        digest(&[(0, -20_00, -18_01), (1, 20_00, 18_01)])
    );
}
