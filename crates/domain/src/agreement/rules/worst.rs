//! The day on which a rule about amounts is broken worst.

use std::cell::Cell;

use jiff::civil::Date;

use crate::agreement::Balance;
use crate::series::{Series, most};

/// The day on which something is most exceeded, and what stands there with the change.
pub(super) struct Worst {
    pub(super) on: Date,
    pub(super) after: Balance,
}

/// Finds the worst day of a change: `excess` is above 0 where a rule is broken. Days on which the change makes
/// nothing larger, or which `touched` leaves out, do not count. While one amount grows, `excess` only grows or only
/// falls: so days that lie together are passed over where no amounts within theirs are worse.
pub(super) fn worst(
    series: &Series<Balance>,
    changes: &[(Date, Balance)],
    touched: impl Fn(Balance, Balance) -> bool,
    excess: impl Fn(Balance) -> i128,
) -> Option<Worst> {
    let mut worst: Option<Worst> = None;
    let so_far = Cell::new(0);
    let pass = |low, high| most(low, high, &excess) <= so_far.get();
    series.walk_past(changes, pass, |on, before, after| {
        let now = excess(after);
        if now <= so_far.get() || !touched(before, after) || now <= excess(before) {
            return;
        }
        so_far.set(now);
        worst = Some(Worst { on, after });
    });
    worst
}
