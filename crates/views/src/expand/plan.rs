//! Tranches and forecasts: what is planned to be paid, by the day it is due on.

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementEvent, ForecastEntry, Rescheduling};
use perennial_domain::money::Money;
use perennial_domain::period::Period;

use super::Expansion;
use crate::posting::{Measure, Posting};

impl Expansion<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`agreement` names every event and sends only this family here"
    )]
    pub(super) fn planned(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::TrancheScheduled { amount, due_on, .. } => {
                self.due(*amount, *due_on, false);
            }
            AgreementEvent::TrancheRescheduled(moved) => self.rescheduled(moved),
            AgreementEvent::TrancheCancelled { open, due_on, .. } => {
                self.due(*open, *due_on, true);
            }
            AgreementEvent::ForecastReplaced { previous, entries } => {
                self.forecast(previous, true);
                self.forecast(entries, false);
            }
            _ => {}
        }
    }

    fn rescheduled(&mut self, moved: &Rescheduling) {
        self.due(moved.open, moved.previous_due_on, true);
        self.due(moved.open, moved.new_due_on, false);
    }

    fn due(&mut self, amount: Money, due_on: Date, negative: bool) {
        let minor_units = if negative {
            -amount.minor_units()
        } else {
            amount.minor_units()
        };
        if minor_units == 0 {
            return;
        }
        let posting = self.blank(Measure::Scheduled, amount.currency(), minor_units);
        self.out.push(Posting {
            period: Some(Period::day(due_on)),
            ..posting
        });
    }

    /// A plan's due date is its first day.
    fn forecast(&mut self, entries: &[ForecastEntry], negative: bool) {
        for entry in entries {
            let minor_units = entry.amount.minor_units();
            let signed = if negative { -minor_units } else { minor_units };
            let posting = self.blank(Measure::Forecast, entry.amount.currency(), signed);
            self.out.push(Posting {
                period: Some(Period::day(entry.period.starts_on())),
                receiver: entry.receiver.clone(),
                ..posting
            });
        }
    }
}
