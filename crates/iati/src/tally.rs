//! What became of a file: counts that reconcile, and why items were refused or stand out.

use std::collections::BTreeMap;

use perennial_domain::import::{ImportCounts, LOCATORS_MAX, RefusedReason};

use crate::plan::{ActivityPlan, Item, PlannedSubmission};

/// Sums up one run: transactions = booked + flagged + refused + unchanged (SEMANTICS.md 3 "Counts").
///
/// A transaction counts as flagged if its event carries at least one broken rule, or if the planner noted
/// something in it ([`crate::plan::PlannedTransaction::noted`]); else as booked.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: ImportCounts,
    reasons: BTreeMap<String, (u64, Vec<String>)>,
}

impl Tally {
    /// Takes in what needs no answer: the activity itself, its refused and unchanged transactions, and what
    /// stands out. Its submissions are counted when they are answered.
    pub fn planned(&mut self, plan: &ActivityPlan) {
        self.counts.activities = self.counts.activities.saturating_add(1);
        self.counts.unchanged = self.counts.unchanged.saturating_add(plan.unchanged);
        for item in &plan.refused {
            self.refuse(item.reason.code(), &item.locator);
        }
        for item in plan.changed_upstream.iter().chain(&plan.remarks) {
            self.remark(item);
        }
        self.sum();
    }

    /// Counts the transactions of a submission that is recorded. `flagged` says of a command, by its index,
    /// whether an event that it made carries a flag.
    pub fn recorded(&mut self, submission: &PlannedSubmission, flagged: impl Fn(usize) -> bool) {
        for transaction in &submission.transactions {
            let count = if transaction.noted || flagged(transaction.command) {
                &mut self.counts.flagged
            } else {
                &mut self.counts.booked
            };
            *count = count.saturating_add(1);
        }
        self.sum();
    }

    /// Counts the transactions of a submission that the ledger refused whole, for `reason`.
    pub fn refused(&mut self, submission: &PlannedSubmission, reason: &str) {
        for transaction in &submission.transactions {
            self.refuse(reason, &transaction.locator);
        }
        if submission.transactions.is_empty() {
            self.note(reason, &submission.locator);
        }
        self.sum();
    }

    /// The counts so far.
    pub const fn counts(&self) -> ImportCounts {
        self.counts
    }

    /// The reasons so far, ascending, each with its first [`LOCATORS_MAX`] places.
    pub fn reasons(&self) -> Vec<RefusedReason> {
        self.reasons
            .iter()
            .map(|(reason, (count, locators))| RefusedReason {
                reason: reason.clone(),
                count: *count,
                locators: locators.clone(),
            })
            .collect()
    }

    fn refuse(&mut self, reason: &str, locator: &str) {
        self.counts.refused = self.counts.refused.saturating_add(1);
        self.note(reason, locator);
    }

    fn remark(&mut self, item: &Item) {
        self.note(item.reason.code(), &item.locator);
    }

    fn note(&mut self, reason: &str, locator: &str) {
        let (count, locators) = self.reasons.entry(reason.to_owned()).or_default();
        *count = count.saturating_add(1);
        if locators.len() < LOCATORS_MAX {
            locators.push(locator.to_owned());
        }
    }

    fn sum(&mut self) {
        let counts = &mut self.counts;
        counts.transactions = [
            counts.booked,
            counts.flagged,
            counts.refused,
            counts.unchanged,
        ]
        .into_iter()
        .fold(0, u64::saturating_add);
    }
}
