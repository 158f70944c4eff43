//! What is found against one command, by reason and by rule.

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::{Conversion, Published};
use perennial_domain::classification::Split;
use perennial_domain::command::Command;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::money::{Currency, Money};
use perennial_domain::rule::{Conduct, Profile, Rule};

/// A rule and what broke it.
pub(super) type Broken = (Rule, String);

/// What is found against one command.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// Reasons that are no numbered rule.
    pub(super) reasons: Vec<&'static str>,
    /// Rules broken, in the order of finding.
    pub(super) broken: Vec<Broken>,
    /// Rules that are only shown, whatever the profile.
    pub(super) shown: Vec<Broken>,
}

/// What becomes of a command.
pub(super) enum Verdict {
    /// It is refused for these reasons.
    Refused(BTreeSet<String>),
    /// It is recorded with these flags, ascending, and overrides of these rules.
    Recorded(Vec<Broken>, Vec<Rule>),
}

impl Findings {
    pub(super) fn reject(&mut self, reason: &'static str) {
        self.reasons.push(reason);
    }

    pub(super) fn breaks(&mut self, rule: Rule, subject: impl Into<String>) {
        self.broken.push((rule, subject.into()));
    }

    pub(super) fn breaks_if(&mut self, broken: bool, rule: Rule, subject: &str) {
        if broken {
            self.breaks(rule, subject);
        }
    }

    /// An amount has to be of the one currency and above 0.
    pub(super) fn positive(&mut self, amount: Money, currency: Currency) {
        self.currency(amount, currency);
        if amount.minor_units() == 0 {
            self.reject("ZERO_AMOUNT");
        }
        if amount.minor_units() < 0 {
            self.reject("INVALID_FIELD");
        }
    }

    pub(super) fn currency(&mut self, amount: Money, currency: Currency) {
        if amount.currency() != currency {
            self.reject("CURRENCY_MISMATCH");
        }
    }

    pub(super) fn date(&mut self, date: Date) {
        if date.year() < 1960 || 2100 < date.year() {
            self.reject("INVALID_FIELD");
        }
    }

    /// A command's own date: one that is booked, and R6.
    pub(super) fn own_date(&mut self, subject: &str, on: Date, today: Date) {
        self.date(on);
        self.breaks_if(is_future(on, today), Rule::DateNotFuture, subject);
    }

    /// R4.
    pub(super) fn splits(&mut self, subject: &str, splits: [&Split; 2]) {
        let scaled = splits.iter().any(|split| split.scaled());
        self.breaks_if(scaled, Rule::SplitExact, subject);
    }

    /// R8.
    pub(super) fn conversion(
        &mut self,
        subject: &str,
        booked: Currency,
        given: Option<&Conversion>,
    ) {
        let Some(given) = given else { return };
        let paid = given.original.currency();
        let evidence = given.rate.as_ref().is_some_and(|rate| {
            let between = (rate.base, rate.quote);
            let fits = between == (paid, booked) || between == (booked, paid);
            fits && rate.value.is_sign_positive() && !rate.value.is_zero()
        });
        self.breaks_if(!evidence, Rule::RateEvidence, subject);
    }

    /// R25.
    pub(super) fn digits(&mut self, subject: &str, booked: Money, published: Option<&Published>) {
        let Some(published) = published else { return };
        let same = says(&published.value_text, booked);
        self.breaks_if(!same, Rule::MinorDigits, subject);
    }

    /// What a profile and policy make of it: an override counts where the policy lets the rule be overridden, with an
    /// approver where it asks for one.
    pub(super) fn verdict(
        self,
        profile: Profile,
        policy: &LedgerPolicy,
        command: &Command,
    ) -> Verdict {
        let mut reasons: BTreeSet<String> = self
            .reasons
            .iter()
            .map(|reason| (*reason).to_owned())
            .collect();
        let mut flags: Vec<Broken> = Vec::new();
        let mut overridden: Vec<Rule> = Vec::new();
        let refuses = |rule: Rule| rule.conduct(profile) == Conduct::Refuse;
        for (rule, subject) in self.broken {
            if refuses(rule) {
                let given = command.overrides.iter().find(|given| given.rule == rule);
                let allowed = policy
                    .overridable
                    .iter()
                    .find(|allowed| allowed.rule == rule);
                let passes = given.is_some_and(|given| {
                    allowed
                        .is_some_and(|allowed| !allowed.needs_approver || given.approver.is_some())
                });
                if !passes {
                    reasons.insert(rule.reason().to_owned());
                    continue;
                }
                overridden.push(rule);
            }
            if flags.iter().all(|(known, _)| *known != rule) {
                flags.push((rule, subject));
            }
        }
        for (rule, subject) in self.shown {
            if flags.iter().all(|(known, _)| *known != rule) {
                flags.push((rule, subject));
            }
        }
        if !reasons.is_empty() {
            return Verdict::Refused(reasons);
        }
        flags.sort();
        overridden.sort_unstable();
        overridden.dedup();
        Verdict::Recorded(flags, overridden)
    }
}

/// R6: later than the day after the day of recording.
pub(super) fn is_future(on: Date, today: Date) -> bool {
    today.tomorrow().is_ok_and(|tomorrow| tomorrow < on)
}

/// Whether a published decimal says exactly an amount, whatever its sign.
fn says(text: &str, booked: Money) -> bool {
    let text = text.trim_start_matches('-');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = usize::from(booked.currency().minor_digits());
    if digits < fraction.len() {
        return false;
    }
    let minor_units = format!("{whole}{fraction:0<digits$}");
    minor_units.parse::<u128>() == Ok(booked.minor_units().unsigned_abs())
}
