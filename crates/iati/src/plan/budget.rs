//! The `budgeted` rule (SEMANTICS.md 1 "`year_basis`"): annual budgets, revised over original, none above 12
//! calendar months, whose total equals the net commitment within one minor unit a period.

use perennial_domain::agreement::{Firmness, YearBasis, YearShare};
use perennial_domain::money::{Currency, allocate_minor};
use perennial_domain::period::Period;

use super::entry::{Defaults, signed_amount};
use super::locator;
use super::reason::{Item, Reason};
use crate::activity::{Activity, Budget};
use crate::known::{KnownAgreement, net_committed};
use crate::vocabulary::date;

/// A ledger keeps at most this many shares of one commitment.
const PERIODS_MAX: usize = 200;

/// A budget that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnnualBudget {
    revised: bool,
    period: Period,
    currency: Currency,
    minor_units: i128,
}

/// Reads an activity's budgets; those that cannot be read are remarked and `None`.
pub(super) fn budgets(
    activity: &Activity,
    defaults: &Defaults<'_>,
    remarks: &mut Vec<Item>,
) -> Vec<Option<AnnualBudget>> {
    let mut budgets = Vec::with_capacity(activity.budgets.len());
    for budget in &activity.budgets {
        let read = read(budget, defaults);
        if read.is_none() {
            let locator = locator(activity, budget.line);
            remarks.push(Item {
                reason: Reason::BudgetUnreadable,
                locator,
            });
        }
        budgets.push(read);
    }
    budgets
}

fn read(budget: &Budget, defaults: &Defaults<'_>) -> Option<AnnualBudget> {
    let revised = match budget
        .type_code
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("1" | "original") => false,
        Some("2" | "revised") => true,
        Some(_) => return None,
    };
    let starts_on = date(budget.starts_on.as_deref()?)?;
    let period = Period::new(starts_on, date(budget.ends_on.as_deref()?)?).ok()?;
    let value = budget.value.as_ref()?;
    let currency = defaults.currency(value).ok()?;
    let minor_units = signed_amount(value.text.as_deref()?, currency)
        .ok()?
        .minor_units();
    Some(AnnualBudget {
        revised,
        period,
        currency,
        minor_units,
    })
}

/// By which weights new commitments fall on periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BudgetedPeriods {
    weights: Vec<(Period, u64)>,
}

impl BudgetedPeriods {
    /// Returns the weights if the rule holds for the agreement as it will stand with the `new` commitments
    /// (signed minor units); else `None`, and `decide` divides them by day.
    ///
    /// What is booked already keeps its shares: new commitments fill what the budgets leave, in proportion. So
    /// several commitments of one file are each divided in proportion to the budgets.
    pub(super) fn of(
        budgets: &[Option<AnnualBudget>],
        currency: Currency,
        known: Option<&KnownAgreement>,
        new: &[i128],
    ) -> Option<Self> {
        let effective = effective(budgets, currency)?;
        let sum =
            |amounts: &mut dyn Iterator<Item = i128>| amounts.fold(0_i128, i128::saturating_add);
        let net = known
            .map_or(0, net_committed)
            .saturating_add(sum(&mut new.iter().copied()));
        let total = sum(&mut effective.iter().map(|budget| budget.minor_units));
        let tolerance = u128::try_from(effective.len()).unwrap_or(u128::MAX);
        if net <= 0 || tolerance < net.abs_diff(total) {
            return None;
        }
        let mut left: Vec<(Period, i128)> = effective
            .iter()
            .map(|budget| (budget.period, budget.minor_units))
            .collect();
        if let Some(known) = known {
            take_booked(&mut left, known)?;
        }
        weights(&left, sum(&mut new.iter().copied()))
    }

    /// Divides one commitment over the periods: largest remainder, ties to the earliest.
    pub(super) fn shares(&self, minor_units: i128) -> Vec<YearShare> {
        let weights: Vec<u64> = self.weights.iter().map(|entry| entry.1).collect();
        let Ok(parts) = allocate_minor(minor_units, &weights) else {
            return Vec::new();
        };
        self.weights
            .iter()
            .zip(parts)
            .filter(|(_, part)| *part != 0)
            .map(|(&(period, _), minor_units)| YearShare {
                period,
                minor_units,
                basis: YearBasis::Budgeted,
                firmness: Firmness::default(),
            })
            .collect()
    }
}

/// The budgets in force, ascending; `None` if there are none in this currency, or if they are no annual budgets:
/// unreadable, above 12 months, overlapping, negative.
fn effective(budgets: &[Option<AnnualBudget>], currency: Currency) -> Option<Vec<AnnualBudget>> {
    let readable: Vec<AnnualBudget> = budgets.iter().copied().collect::<Option<_>>()?;
    let of_currency = readable
        .into_iter()
        .filter(|budget| budget.currency == currency);
    let (revised, original): (Vec<_>, Vec<_>) = of_currency.partition(|budget| budget.revised);
    let replaced = |budget: &AnnualBudget| {
        revised
            .iter()
            .any(|revised| revised.period.intersection(budget.period).is_some())
    };
    let mut effective: Vec<AnnualBudget> = original
        .into_iter()
        .filter(|budget| !replaced(budget))
        .collect();
    effective.extend(revised.iter().copied());
    effective.sort_by_key(|budget| budget.period);
    let annual = effective
        .iter()
        .all(|budget| 0 <= budget.minor_units && !budget.period.exceeds_months(12));
    let apart = effective.windows(2).all(|pair| match pair {
        [earlier, later] => earlier.period.ends_on() < later.period.starts_on(),
        _ => true,
    });
    let countable = (1..=PERIODS_MAX).contains(&effective.len());
    (countable && annual && apart).then_some(effective)
}

/// Takes off what the ledger holds already; `None` if any of it came to its period by another rule.
fn take_booked(left: &mut [(Period, i128)], known: &KnownAgreement) -> Option<()> {
    for (amount, shares) in known
        .entries
        .values()
        .filter_map(|entry| entry.commitment.as_ref())
    {
        for share in shares {
            let slot = left.iter_mut().find(|slot| slot.0 == share.period)?;
            if share.basis != YearBasis::Budgeted {
                return None;
            }
            let signed = if *amount < 0 {
                share.minor_units.saturating_neg()
            } else {
                share.minor_units
            };
            slot.1 = slot.1.saturating_sub(signed);
        }
    }
    Some(())
}

/// What is left as weights, if all of it lies in the direction of the new commitments. One minor unit beyond is
/// the rounding of earlier shares.
fn weights(left: &[(Period, i128)], new_net: i128) -> Option<BudgetedPeriods> {
    let mut weights = Vec::with_capacity(left.len());
    for &(period, minor_units) in left {
        let along = if new_net < 0 {
            minor_units.saturating_neg()
        } else {
            minor_units
        };
        if along < -1 {
            return None;
        }
        weights.push((period, u64::try_from(along.max(0)).ok()?));
    }
    weights
        .iter()
        .any(|entry| 0 < entry.1)
        .then_some(BudgetedPeriods { weights })
}
