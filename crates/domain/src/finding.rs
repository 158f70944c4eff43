//! What a decision found against a command: rejections, and flags that are recorded with its event.

use jiff::civil::Date;

use crate::agreement::CarryingValue;
use crate::calendar::Closings;
use crate::exchange::Rates;
use crate::ledger::LedgerPolicy;
use crate::money::{Currency, Money};
use crate::period::{FIRST_YEAR, LAST_YEAR, Period};
use crate::reference::Reference;
use crate::rejection::{LifeRejection, NotOverridden, Rejection};
use crate::rule::{Breach, Conduct, Override, Profile};

/// What a decision depends on besides the state and the command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// Refuse or flag.
    pub(crate) profile: Profile,
    /// Tolerance and calendar.
    pub(crate) policy: &'a LedgerPolicy,
    /// UTC date of recording.
    pub(crate) today: Date,
    /// What the command brings to break rules with.
    pub(crate) overrides: &'a [Override],
    /// The schemes that tags may name; absent where none is published, and where none is asked for.
    pub(crate) schemes: Option<&'a Reference>,
    /// Which days are closed (R9).
    pub(crate) closings: Closings<'a>,
    /// The closed period that the command adjusts, if it is an adjustment.
    pub(crate) concerns: Option<Period>,
    /// Whether the command asks for functional amounts from the published tables.
    pub(crate) from_table: bool,
    /// The published rates; absent where there are none.
    pub(crate) rates: Option<&'a Rates>,
}

impl Context<'_> {
    /// The command's override of a broken rule that refuses, or why there is none.
    fn permitted(&self, breach: Breach) -> Result<(Breach, Override), Rejection> {
        let mut given = self.overrides.iter();
        let Some(given) = given.find(|given| given.rule == breach.rule) else {
            return Err(Rejection::Breach(breach));
        };
        let why = match self.policy.overridable(breach.rule) {
            None => NotOverridden::NotAllowed,
            Some(allowed) if allowed.needs_approver && given.approver.is_none() => {
                NotOverridden::ApproverMissing
            }
            Some(_) => return Ok((breach, given.clone())),
        };
        Err(Rejection::NotOverridden { breach, why })
    }
}

/// What is recorded with an event that is not refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The rules that it breaks, ascending, each once.
    pub(crate) flags: Vec<Breach>,
    /// Those of them that only an override lets pass, ascending.
    pub(crate) overrides: Vec<Override>,
    /// What the money that it moves or gives up is carried at.
    pub(crate) carrying: Vec<CarryingValue>,
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

    pub(crate) fn life(&mut self, rejection: LifeRejection) {
        self.reject(Rejection::Life(rejection));
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

    /// The flags, ascending by rule, with what overrides them; or every rejection: first those without a rule as
    /// found, then the broken rules ascending. Where a broken rule refuses and the command overrides it as the
    /// policy asks, the breach is a flag. An override that nothing needs is not recorded.
    pub(crate) fn finish(mut self, context: &Context<'_>) -> Result<Verdict, Vec<Rejection>> {
        self.refusing.sort_by_key(|breach| breach.rule);
        let mut overrides: Vec<Override> = Vec::new();
        for breach in std::mem::take(&mut self.refusing) {
            match context.permitted(breach) {
                Ok((breach, permitted)) => {
                    self.flag(Some(breach));
                    if overrides.last() != Some(&permitted) {
                        overrides.push(permitted);
                    }
                }
                Err(rejection) => self.rejections.push(rejection),
            }
        }
        if !self.rejections.is_empty() {
            return Err(self.rejections);
        }
        self.flags.sort_by_key(|breach| breach.rule);
        Ok(Verdict {
            flags: self.flags,
            overrides,
            carrying: Vec::new(),
        })
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
