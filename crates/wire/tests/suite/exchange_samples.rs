//! Samples of functional amounts, rate tables and the policy that names their source.
#![expect(
    clippy::unnecessary_wraps,
    reason = "samples have the shape of the field they fill"
)]

use perennial_domain::Decimal;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarriedFunds, CarryingValue, Cash, DecreaseReason, Firmness,
    Line, Rate, RateSource, ShareMove, YearBasis, YearShare,
};
use perennial_domain::command::Action;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::exchange::{Functional, RateTable, TableRate};
use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy};
use perennial_domain::log::Revision;
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};
use perennial_domain::reference::{ReferenceCommand, ReferenceEvent};
use perennial_domain::rule::Profile;
use perennial_views::content;

use crate::command_samples::announcement;
use crate::values::{agreement_id, bare_cash, line, line_id, pledge_id};
use crate::{currency, money, on, period};

/// 1,000.25 USD in Swedish kronor.
fn functional() -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money("9522.38", "SEK"),
        rate: Some(Rate {
            base: currency("USD"),
            quote: currency("SEK"),
            value: Decimal::new(952, 2),
            rate_on: on("2026-02-01"),
            source: RateSource::Ecb,
            table_version: Some("2026-02".to_owned()),
        }),
    }))
}

/// Without evidence, as a mirror may hold it.
fn bare_functional() -> Option<Box<Functional>> {
    Some(Box::new(Functional {
        money: money("9522", "JPY"),
        rate: None,
    }))
}

fn table() -> RateTable {
    let rate = |quote, mantissa, scale| TableRate {
        base: currency("USD"),
        quote: currency(quote),
        value: Decimal::new(mantissa, scale),
        rate_on: on("2026-02-01"),
    };
    let mut table = RateTable {
        source: RateSource::Unore,
        table_version: "2026-02".into(),
        rates: vec![
            rate("JPY", 149, 0),
            rate("KWD", 307_738_680, 9),
            rate("XDR", 733_311, 6),
        ],
        content_hash: [0; 32],
    };
    table.content_hash = content::rate_table_hash(&table);
    table
}

fn event(stream: Stream, fact: Fact) -> Event {
    Event {
        stream,
        revision: Revision(3),
        effective_on: on("2026-03-01"),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        fact,
        concerns: None,
        carrying: Vec::new(),
    }
}

/// 1,000.25 USD carried to the next year, 1,000.00 of which have a functional amount.
fn carried() -> Event {
    let moved = |minor_units, year: &str| ShareMove {
        line_id: line_id(),
        share: YearShare {
            period: period(&format!("{year}-01-01"), &format!("{year}-12-31")),
            minor_units,
            basis: YearBasis::Scheduled,
            firmness: Firmness::Firm,
        },
    };
    let value = |part, minor_units, functional| CarryingValue {
        part,
        minor_units,
        functional: money(functional, "SEK"),
    };
    let fact = AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: period("2026-01-01", "2026-12-31"),
        to_period: period("2027-01-01", "2027-12-31"),
        amount: money("1000.25", "USD"),
        moves: vec![moved(-100_025, "2026"), moved(100_025, "2027")],
        reason: String::new(),
    }));
    Event {
        carrying: vec![value(0, -100_000, "-9520.00"), value(1, 100_000, "9520.00")],
        ..event(Stream::Agreement(agreement_id()), Fact::Agreement(fact))
    }
}

fn ledger() -> Event {
    let policy = LedgerPolicy {
        functional_currency: Some(currency("SEK")),
        rate_source: Some(RateSource::Ecb),
        ..LedgerPolicy::default()
    };
    let mut ledger = event(
        Stream::Ledger,
        Fact::Ledger(LedgerEvent::LedgerCreated {
            ledger_id: LedgerId::parse("treasury").unwrap(),
            profile: Profile::Strict,
            policy,
        }),
    );
    ledger.revision = Revision(1);
    ledger
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let agreement = |fact| event(Stream::Agreement(agreement_id()), Fact::Agreement(fact));
    let cash = |functional| {
        let mut cash = bare_cash();
        cash.functional = functional;
        agreement(AgreementEvent::ReimbursementMade { cash })
    };
    let mut pledged = announcement();
    pledged.functional = functional();
    vec![
        (
            "rate_table_published",
            event(
                Stream::Reference(ReferenceEvent::RateTablePublished(table()).of()),
                Fact::Reference(ReferenceEvent::RateTablePublished(table())),
            ),
        ),
        ("reimbursement_made.functional", cash(functional())),
        (
            "reimbursement_made.functional_bare",
            cash(bare_functional()),
        ),
        (
            "commitment_increased.functional",
            agreement(AgreementEvent::CommitmentIncreased {
                line_id: line_id(),
                amount: money("1000.25", "USD"),
                year_shares: Vec::new(),
                amendment: None,
                published: None,
                functional: functional(),
            }),
        ),
        (
            "commitment_decreased.functional",
            agreement(AgreementEvent::CommitmentDecreased {
                line_id: line_id(),
                amount: money("1000.25", "USD"),
                year_shares: Vec::new(),
                reason: DecreaseReason::Savings,
                published: None,
                functional: functional(),
            }),
        ),
        (
            "line_opened.functional",
            agreement(AgreementEvent::LineOpened {
                line: Line {
                    functional: functional(),
                    ..line()
                },
            }),
        ),
        (
            "pledge_announced.functional",
            event(
                Stream::Pledge(pledge_id()),
                Fact::Pledge(PledgeEvent::PledgeAnnounced(pledged)),
            ),
        ),
        ("ledger_created.rates", ledger()),
        ("funds_carried_over.carrying", carried()),
    ]
}

fn cash() -> Cash {
    Cash {
        amount: money("1000.25", "USD"),
        lines: Vec::new(),
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: functional(),
        modality: None,
    }
}

pub(crate) fn actions() -> Vec<(&'static str, Action)> {
    let agreement = |command| Action::Agreement(agreement_id(), command);
    let cash = cash();
    let unvalued = Cash {
        functional: None,
        ..cash.clone()
    };
    let mut pledged = announcement();
    pledged.functional = functional();
    let sample = Line {
        functional: functional(),
        ..line()
    };
    let mut terms = crate::values::terms();
    terms.lines = vec![sample];
    vec![
        (
            "publish_rate_table",
            Action::Reference(ReferenceCommand::PublishRateTable(table())),
        ),
        (
            "reimburse.functional",
            agreement(AgreementCommand::Reimburse(cash)),
        ),
        (
            "reimburse.from_table",
            agreement(AgreementCommand::Reimburse(unvalued)),
        ),
        (
            "increase_commitment.functional",
            agreement(AgreementCommand::IncreaseCommitment {
                line_id: None,
                amount: money("1000.25", "USD"),
                year_shares: Vec::new(),
                amendment: None,
                published: None,
                functional: functional(),
            }),
        ),
        (
            "decrease_commitment.functional",
            agreement(AgreementCommand::DecreaseCommitment {
                line_id: None,
                amount: money("1000.25", "USD"),
                year_shares: Vec::new(),
                reason: DecreaseReason::Savings,
                published: None,
                functional: functional(),
            }),
        ),
        (
            "sign_agreement.functional",
            agreement(AgreementCommand::Sign(terms)),
        ),
        (
            "announce_pledge.functional",
            Action::Pledge(pledge_id(), PledgeCommand::Announce(pledged)),
        ),
    ]
}
