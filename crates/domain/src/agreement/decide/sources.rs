//! What lines can give: their undisbursed portions, with what was already taken of them.

use jiff::civil::Date;

use crate::agreement::decide::Case;
use crate::agreement::shares::{Portion, portions, take_from_last};
use crate::agreement::{Firmness, LegPlace, YearBasis, YearShare};
use crate::period::Period;

/// The lines that give, with what earlier parts of the same wish already took.
pub(super) struct Sources<'a> {
    case: &'a Case<'a>,
    effective_on: Date,
    lines: Vec<Source>,
}

/// One such line.
pub(super) struct Source {
    at: usize,
    portions: Vec<Portion>,
    undisbursed: i128,
    taken: i128,
}

/// Which portions of a line are meant.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub(super) period: Option<Period>,
    pub(super) basis: Option<YearBasis>,
    pub(super) firmness: Option<Firmness>,
}

impl Reach {
    pub(super) const fn of(place: &LegPlace) -> Self {
        Self {
            period: place.period,
            basis: place.basis,
            firmness: place.firmness,
        }
    }

    pub(super) const fn period(period: Period) -> Self {
        Self {
            period: Some(period),
            basis: None,
            firmness: None,
        }
    }
}

impl<'a> Sources<'a> {
    pub(super) const fn new(case: &'a Case<'a>, effective_on: Date) -> Self {
        Self {
            case,
            effective_on,
            lines: Vec::new(),
        }
    }

    pub(super) fn source(&mut self, at: usize) -> Option<&mut Source> {
        if let Some(known) = self.lines.iter().position(|source| source.at == at) {
            return self.lines.get_mut(known);
        }
        let agreement = self.case.agreement;
        let perspective = agreement.perspective();
        let calendar = self.case.context.policy.fiscal_calendar;
        let balances = &agreement.lines.get(at)?.balances;
        // What stays undisbursed from the day of the move on, whatever is dated later.
        let undisbursed = balances.lowest_from(self.effective_on, |balance| {
            balance.undisbursed(perspective)
        });
        self.lines.push(Source {
            at,
            portions: portions(agreement, at, calendar),
            undisbursed: undisbursed.max(0),
            taken: 0,
        });
        self.lines.last_mut()
    }
}

impl Source {
    /// What can be taken of the portions that are meant; by days where one lies only partly in the period.
    pub(super) fn available(&self, reach: Reach) -> i128 {
        let in_place: i128 = self
            .portions
            .iter()
            .map(|portion| part_in(portion, reach))
            .sum();
        let left = self.undisbursed.saturating_sub(self.taken);
        in_place.min(left).max(0)
    }

    /// Takes from the portions that are meant, the last first, and remembers it.
    pub(super) fn take(&mut self, reach: Reach, wanted: i128) -> Vec<YearShare> {
        self.taken = self.taken.saturating_add(wanted);
        let reachable: Vec<Portion> = self
            .portions
            .iter()
            .map(|portion| Portion {
                committed: part_in(portion, reach),
                paid: 0,
                ..*portion
            })
            .collect();
        let shares = take_from_last(&reachable, wanted);
        for share in &shares {
            let same = |portion: &&mut Portion| {
                (portion.period, portion.basis, portion.firmness)
                    == (share.period, share.basis, share.firmness)
            };
            if let Some(portion) = self.portions.iter_mut().find(same) {
                portion.committed = portion.committed.saturating_sub(share.minor_units);
            }
        }
        shares
            .into_iter()
            .map(|share| YearShare {
                period: reach
                    .period
                    .and_then(|period| period.intersection(share.period))
                    .unwrap_or(share.period),
                ..share
            })
            .collect()
    }
}

fn part_in(portion: &Portion, reach: Reach) -> i128 {
    let meant = reach.basis.is_none_or(|basis| basis == portion.basis)
        && reach
            .firmness
            .is_none_or(|firmness| firmness == portion.firmness);
    if !meant {
        return 0;
    }
    let Some(period) = reach.period else {
        return portion.undisbursed();
    };
    let Some(shared) = portion.period.intersection(period) else {
        return 0;
    };
    portion
        .undisbursed()
        .saturating_mul(i128::from(shared.days()))
        .checked_div(i128::from(portion.period.days()))
        .unwrap_or_default()
}
