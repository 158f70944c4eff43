//! The functional basis: amounts as at booking, what has none beside them, and nothing lost between the two.
#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "cents are written with their two digits apart"
)]

use perennial_domain::agreement::{
    AgreementEvent, CashEntry, ForecastEntry, Perspective, ReversalReason, TrancheDraw, YearBasis,
    YearShare,
};
use perennial_domain::event::Fact;
use perennial_domain::exchange::Functional;
use perennial_domain::ids::TrancheId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_domain::money::Currency;
use perennial_views::lens::Lens;
use perennial_views::rows::{
    AgreementRow, ByYearRow, MovementRow, MultiYearRow, NexusRow, RegisterRow, Row,
};
use perennial_views::view::by_year;
use perennial_views::{
    Applied, AsOf, CurrencyBasis, Dimension, Facts, Question, QuestionError, View,
};

use crate::given::{
    Log, agreement, cash, event_id, line, money, period, share, signed, terms, usd,
};

macro_rules! rows_of {
    ($name:ident, $view:ident, $row:ident, $type:ty) => {
        pub(crate) fn $name(facts: &Facts, question: &Question) -> Vec<$type> {
            let rows = View::$view.evaluate(facts, question).unwrap().rows;
            rows.into_iter()
                .filter_map(|row| match row {
                    Row::$row(row) => Some(row),
                    _ => None,
                })
                .collect()
        }
    };
}

rows_of!(statements, Agreement, Agreement, AgreementRow);
rows_of!(by_years, ByYear, ByYear, ByYearRow);
rows_of!(nexus, Nexus, Nexus, NexusRow);
rows_of!(multi_years, MultiYear, MultiYear, MultiYearRow);
rows_of!(registers, Registers, Register, RegisterRow);
rows_of!(movements, Movements, Movement, MovementRow);

pub(crate) fn functional() -> Question {
    Question {
        basis: CurrencyBasis::Functional,
        ..Question::default()
    }
}

pub(crate) fn transaction() -> Question {
    Question::default()
}

/// A ledger that keeps its books in euros.
pub(crate) fn in_euros() -> Log {
    Log::created(LedgerPolicy {
        functional_currency: Some(Currency::parse("EUR").unwrap()),
        ..LedgerPolicy::default()
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a sample has the shape of the field it fills"
)]
pub(crate) fn worth(cents: i128) -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money(cents, "EUR"),
        rate: None,
    }))
}

pub(crate) fn year(year: &str, minor_units: i128) -> YearShare {
    let (first, last) = (format!("{year}-01-01"), format!("{year}-12-31"));
    share(&first, &last, minor_units, YearBasis::Scheduled)
}

fn paid(minor_units: i128, functional: Option<Box<Functional>>) -> CashEntry {
    CashEntry {
        functional,
        ..cash(usd(minor_units), &[("line-1", minor_units)])
    }
}

fn disbursed(minor_units: i128, functional: Option<Box<Functional>>) -> Fact {
    Fact::Agreement(AgreementEvent::DisbursementMade {
        cash: paid(minor_units, functional),
        draws: Vec::new(),
    })
}

/// 100.00 USD for 2020 (60.00) and 2021 (40.00), worth 90.01 EUR; 50.00 USD paid in 2020, worth 45.50 EUR, and 10.00 USD of
/// which nobody said what they are worth.
fn partly_valued() -> Log {
    let mut log = in_euros();
    let mut only = line(
        "line-1",
        usd(100_00),
        vec![year("2020", 60_00), year("2021", 40_00)],
    );
    only.functional = worth(90_01);
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![only])),
    )]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        disbursed(50_00, worth(45_50)),
    )]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-04-01",
        disbursed(10_00, None),
    )]);
    log
}

pub(crate) fn codes<R>(rows: &[R], of: impl Fn(&R) -> (String, i128)) -> Vec<(String, i128)> {
    rows.iter().map(of).collect()
}

pub(crate) fn shown(rows: &[(&str, i128)]) -> Vec<(String, i128)> {
    rows.iter()
        .map(|(key, amount)| ((*key).to_owned(), *amount))
        .collect()
}

#[test]
fn the_functional_amount_of_a_commitment_is_divided_over_its_years_without_losing_a_cent() {
    let facts = partly_valued().facts();
    let committed = |question: &Question| {
        codes(&by_years(&facts, question), |row| {
            let year = row.year.clone().unwrap_or_default();
            (format!("{year} {}", row.currency), row.committed)
        })
    };
    // 60 % of 90.01 are 54.006, 40 % are 36.004: the cent that is left goes to the larger remainder.
    assert_eq!(
        committed(&functional()),
        shown(&[("2020 EUR", 54_01), ("2020 USD", 0), ("2021 EUR", 36_00)])
    );
    assert_eq!(
        committed(&transaction()),
        shown(&[("2020 USD", 60_00), ("2021 USD", 40_00)])
    );
}

#[test]
fn what_has_no_functional_amount_stands_in_rows_of_its_own_currency_and_is_said() {
    let facts = partly_valued().facts();
    let paid = |question: &Question| {
        codes(&movements(&facts, question), |row| {
            (format!("{} {}", row.year, row.currency), row.paid)
        })
    };
    assert_eq!(
        paid(&functional()),
        shown(&[("2020 EUR", 45_50), ("2020 USD", 10_00)])
    );
    assert_eq!(paid(&transaction()), shown(&[("2020 USD", 60_00)]));
    let answer = View::Movements.evaluate(&facts, &functional()).unwrap();
    assert_eq!(answer.info.currency_basis, CurrencyBasis::Functional);
    assert_eq!(
        answer.info.notes[..2],
        [
            "amounts are functional amounts as at booking; nothing is converted when it is asked",
            "partial: rows in USD hold what has no functional amount, in its own currency",
        ]
    );
    let mut whole = in_euros();
    whole.record(&[(
        agreement("agreement-2"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", money(5_00, "EUR"), vec![year("2020", 5_00)])],
        )),
    )]);
    let answer = View::Movements
        .evaluate(&whole.facts(), &functional())
        .unwrap();
    let partial = answer
        .info
        .notes
        .iter()
        .any(|note| note.starts_with("partial"));
    assert!(!partial, "{:?}", answer.info.notes);
}

#[test]
fn registers_and_pillars_sum_functional_amounts() {
    let facts = partly_valued().facts();
    let of_registers = |question: &Question| {
        codes(&registers(&facts, question), |row| {
            (
                format!("{} {} {}", row.iati_type, row.currency, row.entries),
                row.amount,
            )
        })
    };
    assert_eq!(
        of_registers(&functional()),
        shown(&[("2 EUR 1", 90_01), ("3 EUR 1", 45_50), ("3 USD 1", 10_00)])
    );
    assert_eq!(
        of_registers(&transaction()),
        shown(&[("2 USD 1", 100_00), ("3 USD 2", 60_00)])
    );
    let by_pillar = Question {
        group_by: Some(vec![Dimension::Pillar]),
        ..functional()
    };
    let pillars = codes(&nexus(&facts, &by_pillar), |row| {
        (row.currency.code().to_owned(), row.disbursed)
    });
    assert_eq!(pillars, shown(&[("EUR", 45_50), ("USD", 10_00)]));
}

#[test]
fn a_statement_has_a_row_for_each_currency_that_it_has_amounts_in() {
    let facts = partly_valued().facts();
    let rows = statements(&facts, &functional());
    let figures: Vec<_> = rows
        .iter()
        .map(|row| {
            let key = row.key();
            (key.0, row.committed, row.disbursed, row.undisbursed)
        })
        .collect();
    let keys: Vec<_> = rows.iter().map(|row| row.currency.code()).collect();
    assert_eq!(keys, ["EUR", "USD"]);
    assert_eq!(
        (figures[0].1, figures[0].2, figures[0].3),
        (90_01, 45_50, 44_51)
    );
    assert_eq!(
        (figures[1].1, figures[1].2, figures[1].3),
        (0, 10_00, -10_00)
    );
    assert_ne!(figures[0].0, figures[1].0);
    let of_dollars = Question {
        filter: perennial_views::Filter {
            currency: Some(Currency::parse("USD").unwrap()),
            ..perennial_views::Filter::default()
        },
        ..functional()
    };
    assert_eq!(statements(&facts, &of_dollars).len(), 1);
    let own = statements(&facts, &transaction());
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].disbursed, 60_00);
    assert_eq!(own[0].key().0, figures[1].0);
}

#[test]
fn a_forecast_alone_makes_no_statement_in_its_currency() {
    for forecast in [0, 25_00] {
        let mut log = in_euros();
        let mut only = line("line-1", usd(100_00), vec![year("2020", 100_00)]);
        only.functional = worth(90_00);
        log.record(&[(
            agreement("agreement-1"),
            "2020-01-15",
            signed(terms(Perspective::Provider, vec![only])),
        )]);
        let entry = ForecastEntry {
            period: period("2021-01-01", "2021-12-31"),
            amount: usd(forecast),
            receiver: None,
        };
        log.record(&[(
            agreement("agreement-1"),
            "2020-02-01",
            Fact::Agreement(AgreementEvent::ForecastReplaced {
                previous: Vec::new(),
                entries: vec![entry],
            }),
        )]);
        let rows = statements(&log.facts(), &functional());
        let codes: Vec<_> = rows.iter().map(|row| row.currency.code()).collect();
        assert_eq!(codes, ["EUR"]);
    }
}

#[test]
fn the_multi_year_share_drops_no_part_of_a_partly_valued_commitment() {
    let mut log = in_euros();
    let mut valued = line("line-1", usd(100_00), vec![year("2020", 100_00)]);
    valued.functional = worth(90_00);
    let unvalued = line("line-2", usd(7_00), vec![year("2020", 7_00)]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![valued, unvalued])),
    )]);
    let shares = |question: &Question| {
        codes(&multi_years(&log.facts(), question), |row| {
            (format!("{} {}", row.currency, row.agreements), row.amount)
        })
    };
    assert_eq!(
        shares(&functional()),
        shown(&[("EUR 1", 90_00), ("USD 1", 7_00)])
    );
    assert_eq!(shares(&transaction()), shown(&[("USD 1", 107_00)]));
}

#[test]
fn a_reversal_takes_the_functional_amount_out_again() {
    let mut log = partly_valued();
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(2, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    let facts = log.facts();
    let paid = codes(&movements(&facts, &functional()), |row| {
        (row.currency.code().to_owned(), row.paid)
    });
    assert_eq!(paid, shown(&[("EUR", 0), ("USD", 10_00)]));
    let reversal = facts.postings_of(event_id(4, 0));
    assert_eq!(reversal[0].functional, Some(money(-45_50, "EUR")));
    assert_eq!(reversal[0].minor_units, -50_00);
    // As known before the reversal it is there.
    let then = Question {
        at: AsOf::Position(Position(3)),
        ..functional()
    };
    let paid = codes(&movements(&facts, &then), |row| {
        (row.currency.code().to_owned(), row.paid)
    });
    assert_eq!(paid, shown(&[("EUR", 45_50), ("USD", 10_00)]));
}

#[test]
fn a_payment_for_another_year_takes_its_functional_amount_there() {
    let mut log = in_euros();
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(100_00), vec![year("2020", 100_00)])],
        )),
    )]);
    let draw = |minor_units| TrancheDraw {
        tranche_id: TrancheId::parse("tranche-1").unwrap(),
        period: period("2021-01-01", "2021-12-31"),
        minor_units,
        due_on: None,
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-03-01",
        Fact::Agreement(AgreementEvent::DisbursementMade {
            cash: paid(50_00, worth(45_01)),
            draws: vec![draw(20_00)],
        }),
    )]);
    // 20 of 50 of 45.01 are 18.004.
    let paid_for = codes(&by_years(&log.facts(), &functional()), |row| {
        let year = row.year.clone().unwrap_or_default();
        (format!("{year} {}", row.currency), row.paid_for)
    });
    let euros: Vec<_> = paid_for
        .into_iter()
        .filter(|(key, _)| key.ends_with("EUR"))
        .collect();
    assert_eq!(euros, shown(&[("2020 EUR", 27_01), ("2021 EUR", 18_00)]));
    // What came back in 2022 is paid for neither of the years any more.
    log.record(&[(
        agreement("agreement-1"),
        "2022-02-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(2, 0),
            reason: ReversalReason::Returned,
        }),
    )]);
    let euros: Vec<_> = codes(&by_years(&log.facts(), &functional()), |row| {
        let year = row.year.clone().unwrap_or_default();
        (format!("{year} {}", row.currency), row.paid_for)
    });
    let euros: Vec<_> = euros
        .into_iter()
        .filter(|(key, paid)| key.ends_with("EUR") && *paid != 0)
        .collect();
    assert_eq!(euros, shown(&[("2020 EUR", 27_01), ("2022 EUR", -27_01)]));
}

#[test]
fn the_entries_behind_a_functional_figure_sum_to_it() {
    let facts = partly_valued().facts();
    let question = functional();
    let lens = Lens::new(&facts, &question).unwrap();
    let row = by_years(&facts, &question)
        .into_iter()
        .find(|row| row.currency.code() == "EUR" && row.disbursed != 0)
        .unwrap();
    let entries = by_year::contributions(&lens, &row.key(), "disbursed");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].event_id, event_id(2, 0));
    assert_eq!(entries[0].minor_units, row.disbursed);
}

#[test]
fn facts_restored_from_a_store_answer_alike_and_have_the_same_digest() {
    let log = partly_valued();
    let (mut facts, mut restored) = (Facts::default(), Facts::default());
    for (meta, events) in &log.records {
        match facts.apply(*meta, events).unwrap() {
            Applied::Now(delta) => assert!(restored.restore(&delta).unwrap()),
            Applied::Before => panic!("a record came twice"),
        }
    }
    assert_eq!(
        movements(&restored, &functional()),
        movements(&facts, &functional())
    );
    assert_eq!(
        restored.postings_of(event_id(1, 0)),
        facts.postings_of(event_id(1, 0))
    );
    let head = Position(3);
    assert_eq!(restored.digest(head), facts.digest(head));
    // The functional amount is part of the digest.
    let mut other = in_euros();
    for (_, events) in log.records.iter().skip(1) {
        let event = &events[0].event;
        let mut fact = event.fact.clone();
        if let Fact::Agreement(AgreementEvent::DisbursementMade { cash, .. }) = &mut fact {
            cash.functional = None;
        }
        let on = event.effective_on.to_string();
        other.record(&[(event.stream.clone(), on.as_str(), fact)]);
    }
    assert_ne!(other.facts().digest(head), facts.digest(head));
}

#[test]
fn an_amount_in_the_functional_currency_needs_none() {
    let mut log = in_euros();
    let lines = vec![line("line-1", money(5_00, "EUR"), vec![year("2020", 5_00)])];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, lines)),
    )]);
    let facts = log.facts();
    assert_eq!(
        by_years(&facts, &functional()),
        by_years(&facts, &transaction())
    );
}

#[test]
fn views_of_single_entries_are_in_the_currency_of_the_entry_alone() {
    let facts = partly_valued().facts();
    for view in View::ALL {
        let answer = view.evaluate(&facts, &functional());
        if view.bases().contains(&CurrencyBasis::Functional) {
            assert!(answer.is_ok(), "{}", view.name());
        } else {
            assert_eq!(
                answer.unwrap_err(),
                QuestionError::NoSuchBasis {
                    view,
                    basis: CurrencyBasis::Functional
                }
            );
        }
    }
}

#[test]
fn exceptions_stand_by_what_is_booked_whatever_the_basis() {
    let mut log = partly_valued();
    let over = perennial_domain::rule::Breach {
        rule: perennial_domain::rule::Rule::WithinCommitment,
        subject: "agreement/agreement-1".to_owned(),
        figures: Vec::new(),
    };
    log.record_flagged(
        &[(
            agreement("agreement-1"),
            "2020-05-01",
            disbursed(41_00, worth(1)),
        )],
        &[over],
    );
    let rows = statements(&log.facts(), &functional());
    assert!(rows.iter().all(|row| row.standing_exceptions == 1));
}
