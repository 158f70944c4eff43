//! A second ledger, as simple as it can be: it keeps the recorded events in a list and answers every question by
//! reading the list from the start. It has no state between questions and shares no code with `decide`, `evolve`, the
//! rules or the views; only their values (events, commands, amounts, dates). It is written from DOMAIN.md and
//! SEMANTICS.md: where it and the product differ, one of the three is wrong.
//!
//! [`Oracle::predict`] says what becomes of a submission: refused with which reasons, or recorded as which events with
//! which flags. [`Oracle::rows`] gives every view's rows as lines of text, and [`told`] writes the product's rows the same
//! way.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each question names what it asks for; `item` alone names every kind of event"
)]

mod answers;
mod calendar;
mod carrying;
mod deal;
mod dependents;
mod draft;
mod findings;
mod fraction;
mod item;
mod judge;
mod life;
mod pledge;
mod predict;
mod terms;
mod told;
mod tranches;
mod value;

use perennial_domain::Date;
use perennial_domain::command::Submission;
use perennial_domain::event::Event;
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{Position, Recorded};
use perennial_domain::rule::Profile;
use perennial_views::{Question, View};

pub use predict::{Foreseen, Prediction};
pub use told::told;

/// The second ledger.
#[derive(Clone, Debug)]
pub struct Oracle {
    profile: Profile,
    policy: LedgerPolicy,
    log: Vec<Recorded<Event>>,
}

/// What is net of an agreement or line, in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    /// C.
    pub committed: i128,
    /// D.
    pub disbursed: i128,
    /// Receipts.
    pub received: i128,
    /// X.
    pub expended: i128,
    /// S.
    pub scheduled: i128,
    /// U: C less what was paid (incoming: received).
    pub undisbursed: i128,
}

impl Oracle {
    /// An empty ledger.
    pub const fn new(profile: Profile, policy: LedgerPolicy) -> Self {
        Self {
            profile,
            policy,
            log: Vec::new(),
        }
    }

    /// Writes recorded events into the list.
    pub fn record(&mut self, events: impl IntoIterator<Item = Recorded<Event>>) {
        self.log.extend(events);
    }

    /// What becomes of a submission as the record at `at`, recorded on the UTC date `today`.
    pub fn predict(&self, submission: &Submission, at: Position, today: Date) -> Prediction {
        predict::predict(self, submission, at, today)
    }

    /// What an agreement, or one line of it, comes to: of everything recorded, or of what is true up to a day.
    pub fn net(&self, id: &AgreementId, line: Option<&LineId>, until: Option<Date>) -> Option<Net> {
        let deal = deal::Deal::find(&self.log, id)?;
        let counts = |item: &&item::Item| {
            let of_line = line.is_none() || item.line.as_ref() == line;
            of_line && until.is_none_or(|until| item.on <= until)
        };
        let balance = deal::Balance::of(deal.items.iter().filter(counts));
        Some(Net {
            committed: balance.committed,
            disbursed: balance.disbursed,
            received: balance.received,
            expended: balance.expended,
            scheduled: balance.scheduled,
            undisbursed: balance.undisbursed(deal.perspective()),
        })
    }

    /// A view's rows as lines of text, ascending; none where the oracle does not know the view.
    pub fn rows(&self, view: View, question: &Question) -> Option<Vec<String>> {
        answers::rows(self, view, question)
    }
}

/// Splits minor units in proportion to weights: floors, and what is left to the largest remainders, the earliest of equal
/// ones. Nothing if there are no weights or only zeros.
pub fn split(minor_units: i128, weights: &[i128]) -> Option<Vec<i128>> {
    fraction::split(minor_units, weights)
}

/// The lines that only one of two answers has.
pub fn differences(answered: &[String], expected: &[String]) -> String {
    let only = |own: &[String], others: &[String], mark: &str| -> String {
        let own = own.iter().filter(|line| !others.contains(line));
        own.flat_map(|line| [mark, line.as_str(), "\n"]).collect()
    };
    only(answered, expected, "answered: ") + &only(expected, answered, "expected: ")
}
