//! What a decision found against a command: rejections, and flags that are recorded with its event.

use jiff::civil::Date;

use crate::ledger::LedgerPolicy;
use crate::money::{Currency, Money};
use crate::period::{FIRST_YEAR, LAST_YEAR};
use crate::rejection::Rejection;
use crate::rule::{Breach, Conduct, Profile};

/// What a decision depends on besides the state and the command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// Refuse or flag.
    pub(crate) profile: Profile,
    /// Tolerance and calendar.
    pub(crate) policy: &'a LedgerPolicy,
    /// UTC date of recording.
    pub(crate) today: Date,
}

/// Collects what is found, in the order of finding.
#[derive(Debug)]
pub(crate) struct Findings {
    profile: Profile,
    rejections: Vec<Rejection>,
    refusing: Vec<Breach>,
    flags: Vec<Breach>,
}

impl Findings {
    pub(crate) const fn new(profile: Profile) -> Self {
        Self {
            profile,
            rejections: Vec::new(),
            refusing: Vec::new(),
            flags: Vec::new(),
        }
    }

    pub(crate) fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }

    pub(crate) fn malformed(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.reject(Rejection::Malformed {
            field: field.into(),
            problem: problem.into(),
        });
    }

    /// Refuses or flags, as the profile treats the rule.
    pub(crate) fn breach(&mut self, breach: Option<Breach>) {
        let Some(breach) = breach else { return };
        match breach.rule.conduct(self.profile) {
            Conduct::Refuse => self.refusing.push(breach),
            Conduct::Flag => self.flag(Some(breach)),
        }
    }

    /// Flags in both profiles. The first flag of a rule stays: an event carries one flag a rule.
    pub(crate) fn flag(&mut self, breach: Option<Breach>) {
        let Some(breach) = breach else { return };
        let known = |other: &Breach| other.rule == breach.rule;
        if !self.flags.iter().any(known) && !self.refusing.iter().any(known) {
            self.flags.push(breach);
        }
    }

    /// Whether the command cannot be recorded any more.
    pub(crate) fn refused(&self) -> bool {
        !self.rejections.is_empty() || !self.refusing.is_empty()
    }

    /// How many rejections were found so far, broken rules apart.
    pub(crate) fn count(&self) -> usize {
        self.rejections.len()
    }

    /// Whether something is wrong with the command itself, so that nothing further can be worked out of it.
    pub(crate) fn unusable(&self) -> bool {
        !self.rejections.is_empty()
    }

    /// The flags, ascending by rule; or every rejection: first those without a rule as found, then the broken
    /// rules ascending.
    pub(crate) fn finish(mut self) -> Result<Vec<Breach>, Vec<Rejection>> {
        if self.refused() {
            self.refusing.sort_by_key(|breach| breach.rule);
            let broken = self.refusing.into_iter().map(Rejection::Breach);
            self.rejections.extend(broken);
            return Err(self.rejections);
        }
        self.flags.sort_by_key(|breach| breach.rule);
        Ok(self.flags)
    }

    /// An amount must be of the one currency and above 0.
    pub(crate) fn positive(&mut self, field: &str, amount: Money, currency: Currency) {
        self.currency(field, amount, currency);
        if amount.is_zero() {
            self.reject(Rejection::ZeroAmount {
                field: field.to_owned(),
            });
        }
        if amount.is_negative() {
            self.malformed(field, format!("must be above 0, is {amount}"));
        }
    }

    /// An amount must be of the one currency.
    pub(crate) fn currency(&mut self, field: &str, amount: Money, currency: Currency) {
        if amount.currency() != currency {
            self.reject(Rejection::CurrencyMismatch {
                field: field.to_owned(),
                expected: currency,
                actual: amount.currency(),
            });
        }
    }

    /// A date must lie in the years that the ledger books.
    pub(crate) fn date(&mut self, field: &str, date: Date) {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
            self.malformed(
                field,
                format!("must lie in {FIRST_YEAR} to {LAST_YEAR}, is {date}"),
            );
        }
    }
}
