//! Entries that are of several parties: what `registers` and `multi-year` count under a filter (ADR-0015).

use perennial_domain::agreement::{
    AgreementEvent, Leg, LegDirection, LegPlace, Line, Perspective, ReallocatedFunds,
    ReversalReason, Terms, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::exchange::Functional;
use perennial_views::rows::Row;
use perennial_views::{CurrencyBasis, Cut, Filter, Question, View};

use crate::given::{
    Log, agreement, cash, date, event_id, increased, line, line_id, money, org, period, share,
    signed, terms, usd,
};

/// A grant to several recipients: a line each, in order, of 2020 to 2021.
fn grant(recipients: &[(&str, i128)]) -> Terms {
    let lines = (1..).zip(recipients).map(|(number, &(recipient, amount))| {
        let shares = vec![share(
            "2020-01-01",
            "2021-12-31",
            amount,
            YearBasis::Scheduled,
        )];
        Line {
            counterparty: Some(org(recipient, recipient)),
            ..line(&format!("line-{number}"), usd(amount), shares)
        }
    });
    terms(Perspective::Provider, lines.collect())
}

fn of(recipient: &str) -> Question {
    Question {
        filter: Filter {
            recipient: Some(recipient.to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    }
}

/// Type, currency, entries and amount of each row.
fn registers(log: &Log, question: &Question) -> Vec<(String, &'static str, u64, i128)> {
    let rows = View::Registers.evaluate(&log.facts(), question).unwrap();
    let row = |row| match row {
        Row::Register(row) => {
            let currency = if row.currency.code() == "USD" {
                "USD"
            } else {
                "EUR"
            };
            (row.iati_type, currency, row.entries, row.amount)
        }
        other => panic!("{other:?}"),
    };
    rows.rows.into_iter().map(row).collect()
}

/// Agreements and amount, and those that are multi-year.
fn multi_year(log: &Log, question: &Question) -> Vec<(u64, i128, u64, i128)> {
    let rows = View::MultiYear.evaluate(&log.facts(), question).unwrap();
    let row = |row| match row {
        Row::MultiYear(row) => (
            row.agreements,
            row.amount,
            row.multi_year_agreements,
            row.multi_year_amount,
        ),
        other => panic!("{other:?}"),
    };
    rows.rows.into_iter().map(row).collect()
}

fn commitment(entries: u64, amount: i128) -> (String, &'static str, u64, i128) {
    ("2".to_owned(), "USD", entries, amount)
}

#[test]
fn an_entry_counts_for_each_party_that_any_of_its_parts_is_of() {
    let mut log = Log::new();
    let terms = grant(&[("R-2", 600), ("R-3", 400)]);
    log.record(&[(agreement("grant-1"), "2020-01-15", signed(terms))]);
    let payment = Fact::Agreement(AgreementEvent::DisbursementMade {
        cash: cash(usd(50), &[("line-1", 30), ("line-2", 20)]),
        draws: Vec::new(),
    });
    log.record(&[(agreement("grant-1"), "2020-03-01", payment)]);
    let paid = |amount| ("3".to_owned(), "USD", 1, amount);
    assert_eq!(
        registers(&log, &Question::default()),
        [commitment(1, 1_000), paid(50)]
    );
    assert_eq!(registers(&log, &of("R-2")), [commitment(1, 600), paid(30)]);
    assert_eq!(registers(&log, &of("R-3")), [commitment(1, 400), paid(20)]);
    assert_eq!(registers(&log, &of("R-4")), []);
    assert_eq!(multi_year(&log, &of("R-2")), [(1, 600, 1, 600)]);
    assert_eq!(multi_year(&log, &of("R-3")), [(1, 400, 1, 400)]);
    assert_eq!(multi_year(&log, &of("R-4")), []);
}

#[test]
fn two_parts_of_one_entry_for_one_party_are_one_entry() {
    let mut log = Log::new();
    let terms = grant(&[("R-2", 600), ("R-3", 300), ("R-3", 100)]);
    log.record(&[(agreement("grant-1"), "2020-01-15", signed(terms))]);
    assert_eq!(registers(&log, &of("R-3")), [commitment(1, 400)]);
}

#[test]
fn under_a_filter_too_an_agreement_without_a_commitment_that_stands_is_not_counted() {
    let mut log = Log::new();
    let terms = grant(&[("R-3", 0), ("R-2", 0)]);
    log.record(&[(agreement("grant-1"), "2020-01-15", signed(terms))]);
    let wrong = log.record(&[(
        agreement("grant-1"),
        "2020-02-01",
        increased(70, Vec::new()),
    )]);
    assert_eq!(multi_year(&log, &of("R-3")), [(1, 70, 1, 70)]);
    let taken_back = Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(wrong, 0),
        reason: ReversalReason::Error,
    });
    log.record(&[(agreement("grant-1"), "2020-02-01", taken_back)]);
    assert_eq!(multi_year(&log, &of("R-3")), []);
    // The entry and its reversal are two of the register.
    assert_eq!(registers(&log, &of("R-3")), [commitment(2, 0)]);
}

#[test]
fn what_was_moved_to_a_party_counts_with_its_agreement_as_true_on_the_day() {
    let mut log = Log::new();
    let terms = grant(&[("R-2", 600), ("R-3", 0)]);
    log.record(&[(agreement("grant-1"), "2020-01-15", signed(terms))]);
    let leg = |line: &str, direction| Leg {
        direction,
        place: LegPlace {
            line_id: line_id(line),
            period: Some(period("2020-01-01", "2021-12-31")),
            basis: Some(YearBasis::Scheduled),
            firmness: None,
            pillar: None,
            purpose: None,
            country: None,
        },
        amount: usd(150),
    };
    let moved = Fact::Agreement(AgreementEvent::FundsReallocated(Box::new(
        ReallocatedFunds {
            legs: vec![
                leg("line-1", LegDirection::From),
                leg("line-2", LegDirection::To),
            ],
            legal_basis: String::new(),
            amendment: None,
            counts: Vec::new(),
        },
    )));
    log.record(&[(agreement("grant-1"), "2020-06-01", moved)]);
    assert_eq!(multi_year(&log, &of("R-2")), [(1, 450, 1, 450)]);
    assert_eq!(multi_year(&log, &of("R-3")), [(1, 150, 1, 150)]);
    // No entry of the register is his.
    assert_eq!(registers(&log, &of("R-3")), []);
    let on = |day: &str| Question {
        effective: Cut::On(date(day)),
        ..of("R-3")
    };
    assert_eq!(multi_year(&log, &on("2020-05-31")), []);
    assert_eq!(multi_year(&log, &on("2020-06-01")), [(1, 150, 1, 150)]);
}

#[test]
fn with_functional_amounts_an_entry_counts_in_each_currency_that_it_has_parts_in() {
    let mut log = Log::new();
    let mut terms = grant(&[("R-2", 600), ("R-3", 400)]);
    terms.lines[1].functional = Some(Box::new(Functional {
        money: money(360, "EUR"),
        rate: None,
    }));
    log.record(&[(agreement("grant-1"), "2020-01-15", signed(terms))]);
    let functional = |filter: Filter| Question {
        basis: CurrencyBasis::Functional,
        filter,
        ..Question::default()
    };
    let in_euro = ("2".to_owned(), "EUR", 1, 360);
    assert_eq!(
        registers(&log, &functional(Filter::default())),
        [in_euro.clone(), commitment(1, 600)]
    );
    let euro = Filter {
        currency: Some(money(0, "EUR").currency()),
        ..Filter::default()
    };
    assert_eq!(registers(&log, &functional(euro.clone())), [in_euro]);
    assert_eq!(multi_year(&log, &functional(euro)), [(1, 360, 1, 360)]);
}
