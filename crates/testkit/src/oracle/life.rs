//! Where an agreement is in its life, what that forbids, and what is claimed back: ADR-0009, and the table that
//! `docs/errors/STATUS_FORBIDS.md` prints.

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementCommand, AgreementEvent};
use perennial_domain::log::EventId;

use super::deal::{Balance, Deal};
use super::findings::Findings;
use super::item::What;

/// Where an agreement is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Signed,
    Effective,
    Suspended,
    OperationallyEnded,
    Terminated,
    Cancelled,
    FinanciallyClosed,
}

impl Stage {
    /// As statements write it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Effective => "effective",
            Self::Suspended => "suspended",
            Self::OperationallyEnded => "operationally_ended",
            Self::Terminated => "terminated",
            Self::Cancelled => "cancelled",
            Self::FinanciallyClosed => "financially_closed",
        }
    }
}

/// A standing fact that turns an agreement: its day, the event, and the stage that it brings; a resumption only lifts a
/// suspension.
pub(super) type Turn = (Date, EventId, Option<Stage>);

/// What turned an agreement, by day and then as recorded.
pub(super) fn turns(deal: &Deal) -> Vec<Turn> {
    let standing = deal.standing().into_iter();
    let mut turns: Vec<Turn> = standing
        .filter_map(|(recorded, event)| {
            let to = match event {
                AgreementEvent::AgreementSuspended { .. } => Some(Stage::Suspended),
                AgreementEvent::AgreementResumed { .. } => None,
                AgreementEvent::AgreementOperationallyEnded { .. } => {
                    Some(Stage::OperationallyEnded)
                }
                AgreementEvent::AgreementTerminated(_) => Some(Stage::Terminated),
                AgreementEvent::AgreementCancelled { .. } => Some(Stage::Cancelled),
                AgreementEvent::AgreementFinanciallyClosed { .. } => Some(Stage::FinanciallyClosed),
                _ => return None,
            };
            Some((recorded.event.effective_on, recorded.event_id, to))
        })
        .collect();
    turns.sort_by_key(|&(on, event_id, _)| (on, event_id));
    turns
}

/// The stage that facts make: the furthest end there is, else whether the last of the others suspends.
fn told(turns: &[Turn], begun: bool) -> Stage {
    let stages = turns.iter().filter_map(|(_, _, to)| *to);
    let furthest = stages.filter(|to| *to != Stage::Suspended).max();
    match (furthest, turns.last()) {
        (Some(end), _) => end,
        (None, Some((_, _, Some(_)))) => Stage::Suspended,
        (None, _) if begun => Stage::Effective,
        (None, _) => Stage::Signed,
    }
}

/// Where an agreement is at the end of a day, or after everything; and since which day, where a fact made it so.
pub(super) fn stage(deal: &Deal, on: Option<Date>) -> (Stage, Option<Date>) {
    let mut turns = turns(deal);
    turns.retain(|(day, _, _)| on.is_none_or(|on| *day <= on));
    let starts_on = deal.terms.starts_on;
    let begun = starts_on.is_none_or(|starts_on| on.is_none_or(|on| starts_on <= on));
    let mut since = None;
    let mut until: Vec<Turn> = Vec::new();
    for turn in turns {
        let before = told(&until, begun);
        until.push(turn);
        if told(&until, begun) != before {
            since = Some(turn.0);
        }
    }
    (told(&until, begun), since)
}

/// Whether an agreement is suspended at the end of a day.
pub(super) fn is_suspended(deal: &Deal, on: Date) -> bool {
    stage(deal, Some(on)).0 == Stage::Suspended
}

/// Whether nothing may be paid on a day (R19): it is suspended, or it ended for good on an earlier day.
pub(super) fn pays_nothing(deal: &Deal, on: Date) -> bool {
    let ends = |to: Option<Stage>| to.is_some_and(|to| Stage::Terminated <= to);
    let mut turns = turns(deal).into_iter();
    is_suspended(deal, on) || turns.any(|(day, _, to)| day < on && ends(to))
}

/// The closing of its books, if that stands.
pub(super) fn closed_by(deal: &Deal) -> Option<EventId> {
    let turns = turns(deal).into_iter();
    let mut closings = turns.filter(|(_, _, to)| *to == Some(Stage::FinanciallyClosed));
    closings.next().map(|(_, event_id, _)| event_id)
}

/// The stages in which the table says no to a command.
fn forbidden_in(command: &AgreementCommand) -> &'static [Stage] {
    use AgreementCommand as C;
    use Stage::{
        Cancelled, Effective, FinanciallyClosed, OperationallyEnded, Signed, Suspended, Terminated,
    };
    match command {
        C::ExtendPeriod { .. }
        | C::ShortenPeriod { .. }
        | C::ReviseTerms(_)
        | C::OpenLine(_)
        | C::IncreaseCommitment { .. }
        | C::ScheduleTranche(_)
        | C::RescheduleTranche { .. }
        | C::ReplaceForecast(_)
        | C::End { .. }
        | C::Cancel { .. } => &[OperationallyEnded, Terminated, Cancelled, FinanciallyClosed],
        C::DecreaseCommitment { .. }
        | C::ReleaseAllocation { .. }
        | C::MeetCondition(_)
        | C::WaiveCondition(_)
        | C::Refund { .. }
        | C::ConfirmReceipt { .. }
        | C::ConfirmRefund { .. }
        | C::ReportExpenditure { .. }
        | C::ReduceExpenditure { .. }
        | C::RecordOtherFlow { .. }
        | C::LinkOnwardGrant(_)
        | C::WriteOffReceivable(_)
        | C::RecoverReceivable(_) => &[Cancelled, FinanciallyClosed],
        C::ReallocateFunds(_)
        | C::CarryOverFunds(_)
        | C::Allocate(_)
        | C::TransferFunds(_)
        | C::Disburse { .. }
        | C::Reimburse(_)
        | C::Terminate(_) => &[Terminated, Cancelled, FinanciallyClosed],
        C::CancelTranche { .. } | C::Close { .. } => &[FinanciallyClosed],
        C::Suspend { .. } => &[
            Suspended,
            OperationallyEnded,
            Terminated,
            Cancelled,
            FinanciallyClosed,
        ],
        C::Resume { .. } => &[
            Signed,
            Effective,
            OperationallyEnded,
            Terminated,
            Cancelled,
            FinanciallyClosed,
        ],
        C::Sign(_)
        | C::Describe(_)
        | C::ReclassifySplits { .. }
        | C::ReplaceTagSet(_)
        | C::ReverseEntry { .. }
        | C::ReplaceEntry { .. } => &[],
    }
}

/// Holds a command against the table. Cancelling and closing forbid whatever the day.
pub(super) fn permit(
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) {
    permit_in(findings, deal, (on, forbidden_in(command)));
}

/// The same for stages that are named.
pub(super) fn permit_in(findings: &mut Findings, deal: &Deal, (on, forbidden): (Date, &[Stage])) {
    let for_ever = turns(deal).into_iter().filter_map(|(_, _, to)| to);
    let for_ever = for_ever.filter(|to| Stage::Cancelled <= *to).max();
    let now = stage(deal, Some(on)).0;
    let now = for_ever.map_or(now, |settled| settled.max(now));
    if forbidden.contains(&now) {
        findings.reject("STATUS_FORBIDS");
    }
}

/// The stages in which nothing more is committed: also what a transfer brings.
pub(super) const NO_MORE: &[Stage] = &[
    Stage::OperationallyEnded,
    Stage::Terminated,
    Stage::Cancelled,
    Stage::FinanciallyClosed,
];

/// Suspensions and resumptions alternate: none comes right before its like.
pub(super) fn alternates(findings: &mut Findings, deal: &Deal, (on, to): (Date, Option<Stage>)) {
    let others = turns(deal).into_iter();
    let mut others = others.filter(|(_, _, to)| matches!(to, None | Some(Stage::Suspended)));
    let next = others.find(|(day, _, _)| on < *day);
    if next.is_some_and(|(_, _, after)| after == to) {
        findings.reject("STATUS_FORBIDS");
    }
}

/// Whether something was paid in the time that a suspension on a day begins.
pub(super) fn is_paid_from(deal: &Deal, on: Date) -> bool {
    let mut resumed = turns(deal).into_iter();
    let resumed = resumed.find(|(day, _, to)| on < *day && to.is_none());
    let until = resumed.map(|(day, _, _)| day);
    payments(deal).any(|(day, _)| on <= day && until.is_none_or(|until| day < until))
}

/// The provider's payments that stand: the day and the event of each.
pub(super) fn payments(deal: &Deal) -> impl Iterator<Item = (Date, EventId)> {
    let standing = deal.standing().into_iter();
    standing.filter_map(|(recorded, event)| {
        let pays = matches!(
            event,
            AgreementEvent::DisbursementMade { .. } | AgreementEvent::ReimbursementMade { .. }
        );
        pays.then_some((recorded.event.effective_on, recorded.event_id))
    })
}

/// What terminations still claim back: what payments fell by since is taken off.
pub(super) fn claimed_back(deal: &Deal) -> i128 {
    let paid = |until: Option<EventId>| {
        let counts = |event_id: EventId| until.is_none_or(|until| event_id < until);
        let items = deal.items.iter().filter(|item| counts(item.event_id));
        Balance::of(items).paid(deal.perspective())
    };
    let standing = deal.standing().into_iter();
    standing
        .filter_map(|(recorded, event)| match event {
            AgreementEvent::AgreementTerminated(end) => Some((recorded.event_id, end.recovery?)),
            _ => None,
        })
        .map(|(event_id, claim)| {
            let came_back = (paid(Some(event_id)) - paid(None)).max(0);
            (claim.minor_units() - came_back).max(0)
        })
        .sum()
}

/// W.
pub(super) fn written_off(deal: &Deal) -> i128 {
    let items = deal.items.iter();
    let counts = |what| matches!(what, What::WrittenOff | What::Recovered);
    let items = items.filter(|item| counts(item.what));
    // One amount of W is written by line; they are of the whole agreement here.
    items.map(|item| item.amount).sum()
}
