//! The numbered rules of agreements, each written once: it looks at a change and returns the breach, if any.
//! Whether the breach refuses or is flagged is the profile's business ([`Rule::conduct`]).
//!
//! Rules about amounts compare what stands without the change with what stands with it, on the change's day
//! and every later one, and count only what the change makes new or larger (SEMANTICS.md 2 "Back-dated
//! entries").

mod day;
mod worst;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::parties::Paid;
use crate::agreement::state::{Effect, Measure};
use crate::agreement::{Agreement, Balance, Perspective};
use crate::ids::LineId;
use crate::ledger::Tolerance;
use crate::money::{MINOR_UNITS_LIMIT, sum_text};
use crate::rule::{Breach, Rule};
use crate::series::{Amounts, Series};

pub(crate) use day::{
    conditions_met, not_after_end, not_before_signature, not_while_suspended, paid_after,
    paid_while_suspended, receipt_matches_sent,
};
use worst::worst;

/// What one entry, or a reversal and what takes its place, would change in an agreement.
pub(crate) struct Change<'a> {
    /// The state it is judged against.
    agreement: &'a Agreement,
    /// As breaches name it: `agreement/<id>`.
    subject: &'a str,
    /// The effects by day, ascending.
    effects: &'a [(Date, Vec<Effect>)],
    /// What they add up to for the whole agreement, by day.
    whole: Vec<(Date, Balance)>,
    /// What stood changed on any day: more or less committed, paid or scheduled than without the change.
    on_some_day: Directions,
}

/// Whether an amount is larger or smaller on some day; most rules need to look no further.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one question that a rule asks before it looks further"
)]
struct Directions {
    commits_less: bool,
    pays_more: bool,
    pays_less: bool,
    receives_less: bool,
    spends_more: bool,
}

impl<'a> Change<'a> {
    pub(crate) fn new(
        agreement: &'a Agreement,
        subject: &'a str,
        effects: &'a [(Date, Vec<Effect>)],
    ) -> Self {
        let whole = balances(effects, None);
        let perspective = agreement.perspective();
        let mut on_some_day = Directions::default();
        let mut sum = Balance::default();
        for (_, change) in &whole {
            sum = sum.plus(*change);
            let paid = sum.paid(perspective);
            on_some_day.commits_less |= sum.committed < 0;
            on_some_day.pays_more |= 0 < paid;
            on_some_day.pays_less |= paid < 0;
            on_some_day.receives_less |= sum.received < 0;
            on_some_day.spends_more |= 0 < sum.expended;
        }
        Self {
            agreement,
            subject,
            effects,
            whole,
            on_some_day,
        }
    }

    fn perspective(&self) -> Perspective {
        self.agreement.perspective()
    }

    fn text(&self, minor_units: i128) -> String {
        sum_text(minor_units, self.agreement.currency())
    }

    /// As breaches name the line at a place.
    fn subject_of(&self, at: usize) -> String {
        let line_id = self.agreement.line_id_at(at);
        let line_id = line_id.as_ref().map_or("", LineId::as_str);
        format!("{}/{line_id}", self.subject)
    }

    /// The lines whose payments change, each once.
    fn paid_lines(&self) -> Vec<usize> {
        let effects = self.effects.iter().flat_map(|(_, effects)| effects);
        let mut lines: Vec<usize> = effects
            .filter_map(|effect| match effect {
                Effect::Amount {
                    line,
                    measure: Measure::Disbursed | Measure::Received,
                    ..
                } => Some(*line),
                Effect::Amount { .. }
                | Effect::Share { .. }
                | Effect::Worth { .. }
                | Effect::Tranche { .. }
                | Effect::Allocated { .. }
                | Effect::Counted { .. }
                | Effect::WrittenOff { .. } => None,
            })
            .collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// How the balances of the agreement, or of one line, change by day.
fn balances(effects: &[(Date, Vec<Effect>)], only: Option<usize>) -> Vec<(Date, Balance)> {
    let sum = |sum: Balance, effect: &Effect| match effect {
        Effect::Amount {
            line,
            measure,
            minor_units,
            ..
        } if only.is_none_or(|only| only == *line) => sum.plus(Balance::of(*measure, *minor_units)),
        Effect::Tranche { minor_units, .. } if only.is_none() => sum.plus(Balance {
            scheduled: *minor_units,
            ..Balance::default()
        }),
        Effect::Amount { .. }
        | Effect::Tranche { .. }
        | Effect::Share { .. }
        | Effect::Worth { .. }
        | Effect::Allocated { .. }
        | Effect::Counted { .. }
        | Effect::WrittenOff { .. } => sum,
    };
    effects
        .iter()
        .map(|(on, effects)| (*on, effects.iter().fold(Balance::default(), sum)))
        .collect()
}

/// R10 for the whole agreement.
pub(crate) fn within_commitment(change: &Change<'_>, tolerance: Tolerance) -> Option<Breach> {
    if !change.on_some_day.pays_more {
        return None;
    }
    let series = &change.agreement.balances;
    let subject = || change.subject.to_owned();
    exceeds_commitment(change, series, &change.whole, tolerance, subject)
}

/// R10 for each line that is paid; the first breach. An only line stands and falls with its agreement.
pub(crate) fn line_within_commitment(change: &Change<'_>, tolerance: Tolerance) -> Option<Breach> {
    if change.agreement.lines.len() == 1 {
        return None;
    }
    change.paid_lines().into_iter().find_map(|at| {
        let series = &change.agreement.lines.get(at)?.balances;
        let changes = balances(change.effects, Some(at));
        let subject = || change.subject_of(at);
        exceeds_commitment(change, series, &changes, tolerance, subject)
    })
}

fn exceeds_commitment(
    change: &Change<'_>,
    series: &Series<Balance>,
    changes: &[(Date, Balance)],
    tolerance: Tolerance,
    subject: impl FnOnce() -> String,
) -> Option<Breach> {
    let perspective = change.perspective();
    let paid = |balance: Balance| balance.paid(perspective);
    let worst = worst(
        series,
        changes,
        |before, after| paid(before) < paid(after),
        |balance| paid(balance).saturating_sub(tolerance.limit(balance.committed)),
    )?;
    Some(Breach::new(
        Rule::WithinCommitment,
        subject(),
        &[
            (
                "limit",
                &change.text(tolerance.limit(worst.after.committed)),
            ),
            ("attempted", &change.text(paid(worst.after))),
            ("committed", &change.text(worst.after.committed)),
            ("on", &worst.on),
        ],
    ))
}

/// R13: a decrease, or the reversal of an increase, leaves less than was paid.
pub(crate) fn commitment_above_disbursed(change: &Change<'_>) -> Option<Breach> {
    if !change.on_some_day.commits_less {
        return None;
    }
    let perspective = change.perspective();
    let worst = worst(
        &change.agreement.balances,
        &change.whole,
        |before, after| after.committed < before.committed,
        |balance| balance.undisbursed(perspective).saturating_neg(),
    )?;
    Some(Breach::new(
        Rule::CommitmentAboveDisbursed,
        change.subject,
        &[
            (
                paid_name(perspective),
                &change.text(worst.after.paid(perspective)),
            ),
            ("attempted", &change.text(worst.after.committed)),
            ("on", &worst.on),
        ],
    ))
}

/// R14: a refund, or the reversal of a payment, leaves less than nothing.
pub(crate) fn disbursed_not_negative(change: &Change<'_>) -> Option<Breach> {
    if !change.on_some_day.pays_less {
        return None;
    }
    let perspective = change.perspective();
    let paid = |balance: Balance| balance.paid(perspective);
    let worst = worst(
        &change.agreement.balances,
        &change.whole,
        // Less paid is all that makes it larger.
        |_, _| true,
        |balance| paid(balance).saturating_neg(),
    )?;
    Some(Breach::new(
        Rule::DisbursedNotNegative,
        change.subject,
        &[
            (paid_name(perspective), &change.text(paid(worst.after))),
            ("on", &worst.on),
        ],
    ))
}

/// R16: more of a line is allocated than is committed on it. Judged by what allocates more; the first line.
pub(crate) fn allocation_within_parked(change: &Change<'_>) -> Option<Breach> {
    let mut lines: BTreeMap<usize, Vec<(Date, i128)>> = BTreeMap::new();
    for (on, effects) in change.effects {
        for effect in effects {
            if let Effect::Allocated {
                line, minor_units, ..
            } = effect
            {
                lines.entry(*line).or_default().push((*on, *minor_units));
            }
        }
    }
    lines
        .into_iter()
        .find_map(|(at, changes)| allocates_too_much(change, at, &changes))
}

fn allocates_too_much(change: &Change<'_>, at: usize, changes: &[(Date, i128)]) -> Option<Breach> {
    let agreement = change.agreement;
    let committed = &agreement.lines.get(at)?.balances;
    let nothing = Series::default();
    let allocated: &Series<i128> = agreement.allocated(at).unwrap_or(&nothing);
    // What is committed changes on days of its own, on which nothing is allocated.
    let first = changes.first().map(|&(on, _)| on)?;
    let mut days: Vec<(Date, i128)> = changes.to_vec();
    let later = committed.changes().map(|(on, _)| (on, 0));
    days.extend(later.filter(|&(on, _)| first <= on));
    // A replacement may commit more or less too.
    let own = balances(change.effects, Some(at));
    days.extend(
        own.iter()
            .map(|&(on, _)| (on, 0))
            .filter(|&(on, _)| first <= on),
    );
    days.sort_by_key(|&(on, _)| on);
    let mut worst: Option<(i128, i128, Date)> = None;
    allocated.walk(&days, |on, before, after| {
        let committed_before = committed.as_of(on).committed;
        let until = own.iter().filter(|&&(since, _)| since <= on);
        let committed = until.fold(committed_before, |sum, (_, change)| {
            sum.saturating_add(change.committed)
        });
        let excess = after.saturating_sub(committed);
        let excess_before = before.saturating_sub(committed_before).max(0);
        let larger = allocates_more(before, after) && excess_before < excess;
        let above = |worst: (i128, i128, Date)| worst.0.saturating_sub(worst.1) < excess;
        if larger && worst.is_none_or(above) {
            worst = Some((after, committed, on));
        }
    });
    let (after, committed, on) = worst?;
    let asked: i128 = changes
        .iter()
        .map(|&(_, sum)| sum)
        .fold(0, i128::saturating_add);
    let parked = committed.saturating_sub(after.saturating_sub(asked));
    Some(Breach::new(
        Rule::AllocationWithinParked,
        change.subject_of(at),
        &[
            ("parked", &change.text(parked)),
            ("asked", &change.text(asked)),
            ("committed", &change.text(committed)),
            ("on", &on),
        ],
    ))
}

/// Whether a change allocates more on a day; where it only commits less, the rule is not about it.
const fn allocates_more(before: i128, after: i128) -> bool {
    before < after
}

/// R22: more goes onward out of an agreement than it received for that. `linked` and `new` are in minor units of the
/// upstream agreement's currency.
pub(crate) fn onward_within_received(
    upstream: &Agreement,
    subject: &str,
    linked: &[(Date, i128)],
    new: (Date, i128),
) -> Option<Breach> {
    let perspective = upstream.perspective();
    let (first, asked) = new;
    let mut onward: Series<i128> = Series::default();
    for &(on, minor_units) in linked {
        onward.add(on, minor_units);
    }
    let mut days = vec![new];
    let receipts = upstream.balances.changes().map(|(on, _)| (on, 0));
    days.extend(receipts.filter(|&(on, _)| first <= on));
    days.sort_by_key(|&(on, _)| on);
    let mut worst: Option<(i128, i128, Date)> = None;
    onward.walk(&days, |on, before, after| {
        let received = upstream.balances.as_of(on).paid(perspective);
        let excess = |linked: i128| linked.saturating_sub(received);
        let larger = excess(before).max(0) < excess(after);
        let above = |worst: (i128, i128, Date)| worst.0.saturating_sub(worst.1) < excess(after);
        if larger && worst.is_none_or(above) {
            worst = Some((after, received, on));
        }
    });
    let (after, received, on) = worst?;
    let text = |minor_units: i128| sum_text(minor_units, upstream.currency());
    Some(Breach::new(
        Rule::OnwardWithinReceived,
        subject,
        &[
            (paid_name(perspective), &text(received)),
            ("linked", &text(after.saturating_sub(asked))),
            ("asked", &text(asked)),
            ("on", &on),
        ],
    ))
}

/// R17: more is scheduled than is left to pay.
pub(crate) fn scheduled_within_undisbursed(change: &Change<'_>) -> Option<Breach> {
    let schedules = |(_, change): &(Date, Balance)| change.scheduled != 0;
    if !change.agreement.was_scheduled() && !change.whole.iter().any(schedules) {
        return None;
    }
    let perspective = change.perspective();
    let worst = worst(
        &change.agreement.balances,
        &change.whole,
        |_, after| 0 < after.scheduled,
        |balance| {
            balance
                .scheduled
                .saturating_sub(balance.undisbursed(perspective))
        },
    )?;
    Some(Breach::new(
        Rule::ScheduledWithinUndisbursed,
        change.subject,
        &[
            ("scheduled", &change.text(worst.after.scheduled)),
            (
                "undisbursed",
                &change.text(worst.after.undisbursed(perspective)),
            ),
            ("on", &worst.on),
        ],
    ))
}

/// R21: a refund is more than was paid to (incoming: came from) that party. Only for refunds; the first party.
pub(crate) fn refund_within_disbursed(change: &Change<'_>) -> Option<Breach> {
    let mut parties: Vec<(Measure, &str, Date, i128)> = Vec::new();
    for (on, effects) in change.effects {
        for effect in effects {
            let Effect::Amount {
                measure,
                party: Some(party),
                minor_units,
                ..
            } = effect
            else {
                continue;
            };
            parties.push((*measure, party, *on, *minor_units));
        }
    }
    parties.sort_by_key(|&(measure, party, on, _)| (measure, party, on));
    parties
        .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .find_map(|chunk| refunds_too_much(change, chunk))
}

fn refunds_too_much(change: &Change<'_>, chunk: &[(Measure, &str, Date, i128)]) -> Option<Breach> {
    let &(measure, party, _, _) = chunk.first()?;
    let changes = chunk.iter().map(|&(_, _, on, sum)| (on, sum));
    let changes: Vec<(Date, i128)> = changes.collect();
    let mut worst: Option<(i128, i128, Date)> = None;
    let mut see = |on, before: i128, after: i128| {
        let grows = after < before.min(0);
        if grows && worst.is_none_or(|(_, lowest, _)| after < lowest) {
            worst = Some((before, after, on));
        }
    };
    match change.agreement.paid_to(measure, party) {
        Paid::Nothing => Series::default().walk(&changes, &mut see),
        Paid::Own(series) => series.walk(&changes, &mut see),
        Paid::All(series) => {
            let of = |&(on, sum): &(Date, i128)| (on, Balance::of(measure, sum));
            let changes: Vec<(Date, Balance)> = changes.iter().map(of).collect();
            series.walk(&changes, |on, before, after| {
                see(on, before.measure(measure), after.measure(measure));
            });
        }
    }
    let (before, after, on) = worst?;
    Some(Breach::new(
        Rule::RefundWithinDisbursed,
        change.subject,
        &[
            ("party", &party),
            (measure_name(measure), &change.text(before)),
            ("refund", &change.text(before.saturating_sub(after))),
            ("on", &on),
        ],
    ))
}

/// R23: more is spent than was received. Judged where the ledger books the recipient's view: elsewhere the
/// receipts are another's and not in its books (ADR-0009).
pub(crate) fn expenditure_within_received(change: &Change<'_>) -> Option<Breach> {
    let some_day = change.on_some_day;
    let judged = change.perspective() == Perspective::Recipient;
    if !judged || !(some_day.spends_more || some_day.receives_less) {
        return None;
    }
    let worst = worst(
        &change.agreement.balances,
        &change.whole,
        |_, after| 0 < after.expended,
        |balance| balance.expended.saturating_sub(balance.received),
    )?;
    Some(Breach::new(
        Rule::ExpenditureWithinReceived,
        change.subject,
        &[
            ("received", &change.text(worst.after.received)),
            ("expended", &change.text(worst.after.expended)),
            ("on", &worst.on),
        ],
    ))
}

/// Whether any total would leave the range that amounts have.
pub(crate) fn out_of_range(change: &Change<'_>) -> bool {
    let sum = change
        .whole
        .iter()
        .fold(change.agreement.balance(), |sum, (_, change)| {
            sum.plus(*change)
        });
    [
        sum.committed,
        sum.disbursed,
        sum.received,
        sum.expended,
        sum.scheduled,
    ]
    .iter()
    .any(|&total| MINOR_UNITS_LIMIT <= total.saturating_abs())
}

const fn paid_name(perspective: Perspective) -> &'static str {
    match perspective {
        Perspective::Provider => "disbursed",
        Perspective::Recipient => "received",
    }
}

const fn measure_name(measure: Measure) -> &'static str {
    match measure {
        Measure::Committed => "committed",
        Measure::Disbursed => "disbursed",
        Measure::Received => "received",
        Measure::Expended => "expended",
    }
}
