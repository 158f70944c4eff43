//! The functional amount of an entry: as its command gives it, or from the published tables.

use jiff::civil::Date;

use crate::exchange::{ConvertError, Functional};
use crate::finding::{Context, Findings};
use crate::money::Money;
use crate::rejection::{ExchangeRejection, Rejection};
use crate::rule::{Profile, Rule};
use crate::rules;

/// How far a functional amount may be from what its rate gives, in minor units: others round otherwise.
const ROUNDING_MINOR: u128 = 1;

/// One amount of a command, and what is said of its functional value.
pub(crate) struct Asked<'a> {
    /// As breaches name it.
    pub(crate) subject: &'a str,
    /// Path of the functional amount in the command.
    pub(crate) field: &'a str,
    /// The entry's amount.
    pub(crate) amount: Money,
    /// What the command gives.
    pub(crate) given: Option<&'a Functional>,
    /// The day of the rate: the value date, else the effective date.
    pub(crate) on: Date,
}

impl Asked<'_> {
    /// The functional amount to record, with everything that is wrong with it noted.
    pub(crate) fn decide(
        &self,
        context: &Context<'_>,
        findings: &mut Findings,
    ) -> Option<Box<Functional>> {
        match self.given {
            Some(given) => self.given(context, findings, given),
            None if context.from_table => self.look_up(context, findings),
            None => None,
        }
    }

    fn given(
        &self,
        context: &Context<'_>,
        findings: &mut Findings,
        given: &Functional,
    ) -> Option<Box<Functional>> {
        let Some(functional) = context.policy.functional_currency else {
            findings.malformed(self.field, "needs a functional currency in the policy");
            return None;
        };
        let known = findings.count();
        let money = format!("{}.money", self.field);
        findings.currency(&money, given.money, functional);
        if given.money.is_negative() {
            findings.malformed(&money, format!("must be 0 or more, is {}", given.money));
        }
        if self.amount.currency() == functional {
            let problem = format!("must be left out: the amount is in {functional} already");
            findings.malformed(self.field, problem);
        }
        if findings.count() != known {
            return None;
        }
        let evidence = rules::functional_evidence(self.subject, self.amount, given);
        let is_evidence = evidence.is_none();
        findings.breach(evidence);
        if let Some(rate) = given.rate.as_ref().filter(|_| is_evidence) {
            let expected = rate.convert(self.amount);
            self.compare(context, findings, given, expected);
        }
        Some(Box::new(given.clone()))
    }

    /// The amount and its rate must say the same, up to rounding.
    fn compare(
        &self,
        context: &Context<'_>,
        findings: &mut Findings,
        given: &Functional,
        expected: Result<Money, ConvertError>,
    ) {
        let expected = match expected {
            Ok(expected) => expected,
            Err(error) => {
                findings.malformed(
                    format!("{}.rate", self.field),
                    format!("gives none: {error}"),
                );
                return;
            }
        };
        let off = given.money.minor_units().abs_diff(expected.minor_units());
        if off <= ROUNDING_MINOR {
            return;
        }
        match context.profile {
            Profile::Strict => {
                findings.reject(Rejection::Exchange(ExchangeRejection::FunctionalDiffers {
                    field: self.field.to_owned(),
                    given: given.money,
                    expected,
                }));
            }
            // Published figures are kept as they are: their evidence is what is bad (R8).
            Profile::Mirror => findings.flag(Some(crate::rule::Breach::new(
                Rule::RateEvidence,
                self.subject,
                &[
                    ("amount", &self.amount),
                    ("functional", &given.money),
                    ("by_rate", &expected),
                ],
            ))),
        }
    }

    fn look_up(&self, context: &Context<'_>, findings: &mut Findings) -> Option<Box<Functional>> {
        let from = self.amount.currency();
        let (Some(to), Some(source)) = (
            context.policy.functional_currency,
            context.policy.rate_source,
        ) else {
            findings.malformed(
                "functional_from_table",
                "needs a functional currency and a rate source in the policy",
            );
            return None;
        };
        if from == to || self.amount.is_zero() {
            return None;
        }
        let rate = context
            .rates
            .and_then(|rates| rates.in_force(source, (from, to), self.on));
        let Some(rate) = rate else {
            findings.reject(Rejection::Exchange(ExchangeRejection::UnknownRate {
                stated_by: source,
                from,
                to,
                on: self.on,
            }));
            return None;
        };
        match rate.convert(self.amount) {
            Ok(money) => Some(Box::new(Functional {
                money,
                rate: Some(rate),
            })),
            Err(error) => {
                findings.malformed(self.field, format!("cannot be computed: {error}"));
                None
            }
        }
    }
}

/// Notes a functional amount where there is no amount that it could be of.
pub(crate) fn without_amount(findings: &mut Findings, field: &str, given: Option<&Functional>) {
    if given.is_some() {
        findings.malformed(field, "must be left out where the amount is 0");
    }
}
