//! Portions and plans by the day that they are due on.

use perennial_domain::agreement::AgreementEvent;
use perennial_domain::period::Period;

use super::{What, Worth};

impl Worth<'_> {
    pub(super) fn planned(&mut self, event: &AgreementEvent) {
        use AgreementEvent as E;
        match event {
            E::TrancheScheduled {
                tranche_id,
                amount,
                due_on,
                ..
            } => {
                self.due(tranche_id, amount.minor_units(), *due_on, amount.currency());
            }
            E::TrancheRescheduled(moved) => {
                let (open, currency) = (moved.open.minor_units(), moved.open.currency());
                self.due(&moved.tranche_id, -open, moved.previous_due_on, currency);
                self.due(&moved.tranche_id, open, moved.new_due_on, currency);
            }
            E::TrancheCancelled {
                tranche_id,
                open,
                due_on,
                ..
            } => {
                self.due(tranche_id, -open.minor_units(), *due_on, open.currency());
            }
            E::ForecastReplaced { previous, entries } => {
                let plans = previous.iter().map(|entry| (-1, entry));
                for (sign, entry) in plans.chain(entries.iter().map(|entry| (1, entry))) {
                    let amount = sign * entry.amount.minor_units();
                    let item = self.push(What::Forecast, amount, entry.amount.currency());
                    if let Some(item) = item {
                        // A plan is due on its first day.
                        item.period = Some(Period::day(entry.period.starts_on()));
                        item.receiver.clone_from(&entry.receiver);
                    }
                }
            }
            _ => {}
        }
    }
}
