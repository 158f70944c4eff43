//! Histories with rates: books in dollars, tables that are published and restated, and amounts that are given or valued by
//! them.

use perennial_domain::Decimal;
use perennial_domain::agreement::{AgreementCommand, Cash, Rate, RateSource};
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::exchange::{Functional, RateTable, TableRate};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::money::Money;
use perennial_domain::reference::ReferenceCommand;

use super::Story;
use crate::history::new_book;
use crate::history::words::{currency, date};
use crate::oracle::Oracle;

/// Pairs with the mantissa of their rate in thousandths, and whether all days of a table have one.
const PAIRS: [(&str, &str, i64); 3] = [
    ("EUR", "USD", 1_087),
    ("USD", "JPY", 149_530),
    ("KWD", "USD", 3_257),
];

const DAYS: [&str; 4] = ["2023-01-01", "2024-03-01", "2024-09-15", "2025-06-01"];

impl Story {
    /// The same ledger before anything happened, with its books in dollars and a first table of rates.
    ///
    /// # Panics
    /// If a table cannot be published.
    #[must_use]
    pub fn with_rates(mut self) -> Self {
        // Another policy would know no functional currency.
        self.changes_policy = false;
        self.first_policy = LedgerPolicy {
            functional_currency: Some(currency("USD")),
            rate_source: Some(RateSource::Ecb),
            ..self.first_policy
        };
        let profile = self.book.profile();
        self.book = new_book(profile, self.first_policy.clone());
        self.oracle = Oracle::new(profile, self.first_policy.clone());
        let first = self.table("first".to_owned(), 1);
        let step = self.submit(Submission {
            commands: vec![publish(first)],
            expected: Vec::new(),
        });
        assert!(step.decided.is_ok(), "{:?}", step.decided);
        self
    }

    /// Whether it keeps its books in dollars, by rates that it publishes.
    const fn has_rates(&self) -> bool {
        self.first_policy.rate_source.is_some()
    }

    /// A restated table, if it is time for it.
    pub(super) fn rate_wish(&mut self) -> Option<Command> {
        if !self.has_rates() || !self.random.one_in(25) {
            return None;
        }
        let version = format!("v{}", self.random.below(6));
        Some(publish(self.table(version, 2)))
    }

    /// A table that leaves out what is not drawn: of so many rates one stays.
    fn table(&mut self, version: String, out_of: u64) -> RateTable {
        let mut rates = Vec::new();
        for (base, quote, thousandths) in PAIRS {
            for day in DAYS {
                let moved = i64::try_from(self.random.below(200)).unwrap_or_default();
                if self.random.one_in(out_of) {
                    rates.push(TableRate {
                        base: currency(base),
                        quote: currency(quote),
                        value: Decimal::new(thousandths.saturating_add(moved), 3),
                        rate_on: date(day),
                    });
                }
            }
        }
        if rates.is_empty() {
            return self.table(version, 1);
        }
        let mut table = RateTable {
            source: RateSource::Ecb,
            table_version: version.into(),
            rates,
            content_hash: [0; 32],
        };
        table.sort();
        table
    }

    /// Says of some amounts what they are in dollars, and asks the tables for others.
    pub(super) fn value(&mut self, command: &mut Command) {
        if !self.has_rates() {
            return;
        }
        command.functional_from_table = self.random.one_in(2);
        if let Action::Agreement(_, wish) = &mut command.action
            && self.random.one_in(4)
            && let Some((amount, functional)) = valued(wish)
        {
            *functional = self.given(amount);
        }
    }

    /// What an amount is at a rate of its own, rarely some units more; nothing for dollars.
    fn given(&mut self, amount: Money) -> Option<Box<Functional>> {
        let mantissa = i64::try_from(self.random.between(300, 3_000)).unwrap_or(1);
        let rate = Rate {
            base: amount.currency(),
            quote: currency("USD"),
            value: Decimal::new(mantissa, 3),
            rate_on: date("2024-01-31"),
            source: RateSource::Bank,
            table_version: None,
        };
        let exact = rate.convert(amount).ok()?;
        let off = i128::from(*self.random.pick(&[0_u8, 0, 0, 1, 2]));
        let minor_units = exact.minor_units().saturating_add(off);
        Some(Box::new(Functional {
            money: Money::from_minor(minor_units, exact.currency()).ok()?,
            rate: (!self.random.one_in(12)).then_some(rate),
        }))
    }
}

fn publish(table: RateTable) -> Command {
    let publish = ReferenceCommand::PublishRateTable(table);
    super::wishes::command(date("2024-01-01"), Action::Reference(publish))
}

/// The amount of a command and the place of its functional amount.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "other commands say no functional amount"
)]
const fn valued(wish: &mut AgreementCommand) -> Option<(Money, &mut Option<Box<Functional>>)> {
    use AgreementCommand as C;
    match wish {
        C::IncreaseCommitment {
            amount, functional, ..
        }
        | C::DecreaseCommitment {
            amount, functional, ..
        } => Some((*amount, functional)),
        C::Disburse { cash, .. }
        | C::Reimburse(cash)
        | C::Refund { cash, .. }
        | C::ConfirmReceipt { cash, .. }
        | C::ConfirmRefund { cash, .. }
        | C::ReportExpenditure { cash, .. }
        | C::ReduceExpenditure { cash, .. } => {
            let Cash {
                amount, functional, ..
            } = cash;
            Some((*amount, functional))
        }
        _ => None,
    }
}
