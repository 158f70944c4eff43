//! What follows from the entries and is worked out when it is asked for: what a line's commitment is for, and which of
//! its payments count in the period of a tranche. Payments do not need it; what changes a commitment does.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::state::{Effect, Measure};
use crate::agreement::{Agreement, EntryKind, Firmness, YearBasis};
use crate::period::Period;

/// The net commitment by period, basis and firmness; none is 0.
pub(crate) type Shares = BTreeMap<(Period, YearBasis, Firmness), i128>;

impl Agreement {
    /// What the commitment of a line is for.
    pub(crate) fn shares_of(&self, line: usize) -> Shares {
        let mut shares = Shares::new();
        let mut add = |key, minor_units: i128| {
            let sum: &mut i128 = shares.entry(key).or_default();
            *sum = sum.saturating_add(minor_units);
        };
        let signed = self.packed_lines().nth(line);
        for share in signed.into_iter().flat_map(|line| line.year_shares) {
            let key = (share.period, share.basis, share.firmness);
            add(key, share.minor_units);
        }
        let changing = |kind| kind != EntryKind::Cash;
        for (_, entry) in self.entries.of_kinds(&self.names, changing) {
            for effect in &entry.effects {
                if let Effect::Share { line: at, share } = effect
                    && *at == line
                {
                    let key = (share.period, share.basis, share.firmness);
                    add(key, share.minor_units);
                }
            }
        }
        shares.retain(|_, sum| *sum != 0);
        shares
    }

    /// Payments of a line that count in the period of a tranche instead of on their day: taken out there, put in here.
    pub(crate) fn drawn_of(&self, line: usize) -> BTreeMap<Date, i128> {
        let paid = self.paid_measure();
        let mut drawn: BTreeMap<Date, i128> = BTreeMap::new();
        let paying = |kind| matches!(kind, EntryKind::Cash | EntryKind::Reversal);
        for (_, entry) in self.entries.of_kinds(&self.names, paying) {
            for (at, starts_on, part) in draws(&entry.effects, paid) {
                if at == line {
                    for (on, part) in [
                        (starts_on, part),
                        (entry.effective_on, part.saturating_neg()),
                    ] {
                        let sum = drawn.entry(on).or_default();
                        *sum = sum.saturating_add(part);
                    }
                }
            }
        }
        drawn
    }
}

/// A draw pays its tranche's period with the lines' parts of the payment, the first line first, as far as it goes:
/// line, first day of the period, minor units.
fn draws(effects: &[Effect], paid: Measure) -> Vec<(usize, Date, i128)> {
    let open = effects.iter().filter_map(|effect| match effect {
        Effect::Tranche {
            period,
            minor_units,
            ..
        } => Some((period.starts_on(), minor_units.saturating_neg())),
        Effect::Amount { .. }
        | Effect::Share { .. }
        | Effect::Worth { .. }
        | Effect::Allocated { .. }
        | Effect::Counted { .. }
        | Effect::WrittenOff { .. } => None,
    });
    let mut open: Vec<(Date, i128)> = open.collect();
    let mut draws = Vec::new();
    for effect in effects {
        let Effect::Amount {
            line,
            measure,
            minor_units,
            ..
        } = effect
        else {
            continue;
        };
        if *measure != paid {
            continue;
        }
        let mut left = *minor_units;
        for (starts_on, drawn) in &mut open {
            let part = if 0 <= left {
                left.min(*drawn)
            } else {
                left.max(*drawn)
            };
            draws.push((*line, *starts_on, part));
            *drawn = drawn.saturating_sub(part);
            left = left.saturating_sub(part);
        }
    }
    draws
}
