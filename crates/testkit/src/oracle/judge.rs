//! Which rules about amounts a change breaks: everything before it and with it is summed anew for every day.

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::Perspective;
use perennial_domain::ids::LineId;
use perennial_domain::ledger::Tolerance;
use perennial_domain::rule::Rule;

use super::deal::{Balance, Deal};
use super::findings::Findings;
use super::item::Item;

/// Totals stay below this many minor units.
const LIMIT: i128 = 1_000_000_000_000_000_000;

/// What may be paid against a commitment.
pub(super) fn limit(committed: i128, tolerance: Tolerance) -> i128 {
    let relative = committed.max(0) * i128::from(tolerance.relative_ppm) / 1_000_000;
    committed + relative.max(i128::from(tolerance.absolute_minor))
}

/// How what stands at the end of each day changes: from the first day that changes on.
fn days(before: &[&Item], new: &[&Item]) -> Vec<(Balance, Balance)> {
    let Some(first) = new.iter().map(|item| item.on).min() else {
        return Vec::new();
    };
    let all = before.iter().chain(new).map(|item| item.on);
    let days: BTreeSet<Date> = all.filter(|on| first <= *on).collect();
    let until = |items: &[&Item], day: Date| -> Vec<Item> {
        let until = items.iter().filter(|item| item.on <= day);
        until.map(|item| (*item).clone()).collect()
    };
    days.into_iter()
        .map(|day| {
            let standing = until(before, day);
            let added = until(new, day);
            let with = standing.iter().chain(&added);
            (Balance::of(&standing), Balance::of(with))
        })
        .collect()
}

/// Whether something is made new or larger on any day: only days that `touched` names count.
fn grows(
    days: &[(Balance, Balance)],
    touched: impl Fn(Balance, Balance) -> bool,
    excess: impl Fn(Balance) -> i128,
) -> bool {
    days.iter()
        .any(|&(before, after)| touched(before, after) && excess(before).max(0) < excess(after))
}

/// Holds new items against every rule about amounts.
pub(super) fn judge(
    findings: &mut Findings,
    (deal, subject): (&Deal, &str),
    new: &[Item],
    (tolerance, is_refund): (Tolerance, bool),
) {
    let before: Vec<&Item> = deal.items.iter().collect();
    let new: Vec<&Item> = new.iter().collect();
    in_range(findings, Balance::of(before.iter().chain(&new).copied()));
    let perspective = deal.perspective();
    let paid = |balance: Balance| balance.paid(perspective);
    let undisbursed = |balance: Balance| balance.undisbursed(perspective);
    let over = |balance: Balance| paid(balance) - limit(balance.committed, tolerance);
    let by_day = days(&before, &new);
    let pays_more = |before: Balance, after: Balance| paid(before) < paid(after);
    findings.breaks_if(
        grows(&by_day, pays_more, over),
        Rule::WithinCommitment,
        subject,
    );
    if let Some(line) = line_over(deal, (&before, &new), over) {
        findings
            .shown
            .push((Rule::WithinCommitment, format!("{subject}/{line}")));
    }
    findings.breaks_if(
        grows(
            &by_day,
            |before, after| after.committed < before.committed,
            |balance| -undisbursed(balance),
        ),
        Rule::CommitmentAboveDisbursed,
        subject,
    );
    findings.breaks_if(
        grows(
            &by_day,
            |before, after| paid(after) < paid(before),
            |balance| -paid(balance),
        ),
        Rule::DisbursedNotNegative,
        subject,
    );
    if let Some(line) = line_overallocated(deal, (&before, &new)) {
        let subject = format!("{subject}/{line}");
        findings.breaks(Rule::AllocationWithinParked, subject);
    }
    findings.breaks_if(
        grows(
            &by_day,
            |_, after| 0 < after.scheduled,
            |balance| balance.scheduled - undisbursed(balance),
        ),
        Rule::ScheduledWithinUndisbursed,
        subject,
    );
    // Receipts are booked where the ledger keeps the recipient's view.
    let incoming = perspective == Perspective::Recipient;
    let unreceived = |balance: Balance| balance.expended - balance.received;
    findings.breaks_if(
        incoming && grows(&by_day, |_, after| 0 < after.expended, unreceived),
        Rule::ExpenditureWithinReceived,
        subject,
    );
    let too_much = is_refund && refunds_too_much(deal, &before, &new);
    findings.breaks_if(too_much, Rule::RefundWithinDisbursed, subject);
}

/// Totals stay below the limit of amounts.
fn in_range(findings: &mut Findings, total: Balance) {
    let totals = [
        total.committed,
        total.disbursed,
        total.received,
        total.expended,
        total.scheduled,
    ];
    if totals.iter().any(|total| LIMIT <= total.abs()) {
        findings.reject("TOTAL_OUT_OF_RANGE");
    }
}

/// R10 by line: the first line that is paid and goes over. An only line stands and falls with its agreement.
fn line_over(
    deal: &Deal,
    (before, new): (&[&Item], &[&Item]),
    over: impl Fn(Balance) -> i128,
) -> Option<LineId> {
    let lines = deal.lines();
    if lines.len() == 1 {
        return None;
    }
    let perspective = deal.perspective();
    lines
        .into_iter()
        .map(|line| line.line_id.clone())
        .find(|line| {
            let of_line = |items: &[&'_ Item]| -> Vec<Item> {
                let own = items.iter().filter(|item| item.line.as_ref() == Some(line));
                own.map(|item| (*item).clone()).collect()
            };
            let (before, new) = (of_line(before), of_line(new));
            let by_day = days(
                &before.iter().collect::<Vec<_>>(),
                &new.iter().collect::<Vec<_>>(),
            );
            let pays_more = |before: Balance, after: Balance| {
                before.paid(perspective) < after.paid(perspective)
            };
            grows(&by_day, pays_more, &over)
        })
}

/// R16: the first line of which more is allocated than is committed on it, by what allocates more.
fn line_overallocated(deal: &Deal, (before, new): (&[&Item], &[&Item])) -> Option<LineId> {
    let lines = deal.lines().into_iter().map(|line| line.line_id.clone());
    lines.into_iter().find(|line| {
        let own = |items: &[&Item]| -> Vec<Item> {
            let own = items.iter().filter(|item| item.line.as_ref() == Some(line));
            own.map(|item| (*item).clone()).collect()
        };
        let (before, new) = (own(before), own(new));
        let by_day = days(
            &before.iter().collect::<Vec<_>>(),
            &new.iter().collect::<Vec<_>>(),
        );
        grows(
            &by_day,
            |before, after| before.allocated < after.allocated,
            |balance| balance.allocated - balance.committed,
        )
    })
}

/// R21: more comes back from a party than it has.
fn refunds_too_much(deal: &Deal, before: &[&Item], new: &[&Item]) -> bool {
    let moved = |item: &&&Item| item.what.is_disbursed() || item.what.is_received();
    let parties: BTreeSet<(bool, String)> = new
        .iter()
        .filter(moved)
        .map(|item| (item.what.is_received(), deal.party(item)))
        .collect();
    parties.into_iter().any(|(received, party)| {
        let of_party = |items: &[&Item]| -> Vec<Item> {
            let own = items
                .iter()
                .filter(moved)
                .filter(|item| item.what.is_received() == received && deal.party(item) == party);
            own.map(|item| (*item).clone()).collect()
        };
        let (before, new) = (of_party(before), of_party(new));
        let by_day = days(
            &before.iter().collect::<Vec<_>>(),
            &new.iter().collect::<Vec<_>>(),
        );
        let net = |balance: Balance| balance.disbursed + balance.received;
        grows(
            &by_day,
            |before, after| net(after) < net(before),
            |balance| -net(balance),
        )
    })
}
