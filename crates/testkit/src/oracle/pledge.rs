//! Pledges: what a command makes of one, and R15.

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::ReversalReason;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, PledgeId};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::{Currency, Money};
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand, PledgeEvent};
use perennial_domain::rule::Rule;
use perennial_domain::tag::{TagSet, TagSubject};

use super::draft::Desk;
use super::findings::Findings;
use super::item::{Item, What, cancels, items, items_of};
use super::predict::registry::tag_set;
use super::value::worth;

/// One pledge, read from the start.
#[derive(Clone, Debug)]
pub(super) struct Pledge {
    pub(super) events: Vec<Recorded<Event>>,
    pub(super) items: Vec<Item>,
}

impl Pledge {
    pub(super) fn find(log: &[Recorded<Event>], id: &PledgeId) -> Option<Self> {
        let stream = Stream::Pledge(id.clone());
        let own = log
            .iter()
            .filter(|recorded| recorded.event.stream == stream);
        let events: Vec<Recorded<Event>> = own.cloned().collect();
        let items = items(&events);
        (!events.is_empty()).then_some(Self { events, items })
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = (&Recorded<Event>, &PledgeEvent)> {
        self.events
            .iter()
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Pledge(event) => Some((recorded, event)),
                _ => None,
            })
    }

    pub(super) fn standing(&self) -> Vec<(&Recorded<Event>, &PledgeEvent)> {
        let cancelled: BTreeSet<EventId> = self
            .events
            .iter()
            .filter_map(|recorded| Some(cancels(&recorded.event.fact)?.0))
            .collect();
        let facts = self.facts();
        facts
            .filter(|(recorded, _)| !cancelled.contains(&recorded.event_id))
            .collect()
    }

    /// The standing events that say how large it is, oldest first.
    fn whole_set_by(&self) -> Vec<EventId> {
        let sets = |event: &PledgeEvent| {
            matches!(
                event,
                PledgeEvent::PledgeAnnounced(_) | PledgeEvent::PledgeRevised { .. }
            )
        };
        let standing = self.standing().into_iter().filter(|(_, event)| sets(event));
        standing.map(|(recorded, _)| recorded.event_id).collect()
    }

    fn is_announced(&self) -> bool {
        !self.whole_set_by().is_empty()
    }

    fn currency(&self) -> Option<Currency> {
        self.facts().find_map(|(_, event)| match event {
            PledgeEvent::PledgeAnnounced(announced) => Some(announced.amount.currency()),
            _ => None,
        })
    }

    fn pledged(&self) -> i128 {
        let pledged = self.items.iter().filter(|item| item.what == What::Pledged);
        pledged.map(|item| item.amount).sum()
    }

    /// Pledged less converted less withdrawn, of these items up to a day.
    fn outstanding<'a>(items: impl Iterator<Item = &'a Item>, until: Date) -> i128 {
        let until = items.filter(|item| item.on <= until);
        until
            .map(|item| {
                if item.what == What::Converted {
                    -item.amount
                } else {
                    item.amount
                }
            })
            .sum()
    }
}

/// What is decided of a pledge's command: the event and its date, unless something makes it impossible.
pub(super) fn decide(
    desk: Desk<'_>,
    findings: &mut Findings,
    pledge: Option<&Pledge>,
    (on, command): (Date, &PledgeCommand),
    has_agreement: &dyn Fn(&AgreementId) -> bool,
) -> Option<(Date, PledgeEvent)> {
    if let PledgeCommand::Announce(announced) = command {
        return announce(desk, findings, pledge, (on, announced));
    }
    let Some(pledge) = pledge else {
        findings.reject("UNKNOWN_PLEDGE");
        return None;
    };
    if let PledgeCommand::ReverseEntry { target, reason } = command {
        let mut booked_on = reverse(desk, findings, pledge, (*target, *reason))?;
        if let Some(period) = desk.concerns {
            findings.own_date(desk.subject, on, desk.today);
            let within = period.starts_on() <= booked_on && booked_on <= period.ends_on();
            findings.breaks_if(!within, Rule::ReversalTarget, desk.subject);
            booked_on = on;
        }
        let event = PledgeEvent::EntryReversed {
            target: *target,
            reason: *reason,
        };
        return Some((booked_on, event));
    }
    findings.own_date(desk.subject, on, desk.today);
    let event = changed(desk, findings, pledge, (command, has_agreement))?;
    Some((on, event))
}

/// What uses a pledge up or makes it larger or smaller.
fn changed(
    desk: Desk<'_>,
    findings: &mut Findings,
    pledge: &Pledge,
    (command, has_agreement): (&PledgeCommand, &dyn Fn(&AgreementId) -> bool),
) -> Option<PledgeEvent> {
    let currency = pledge.currency()?;
    let amount = |findings: &mut Findings, amount: Money| {
        findings.positive(amount, currency);
        if !pledge.is_announced() {
            findings.reject("UNKNOWN_PLEDGE");
        }
    };
    let event = match command {
        PledgeCommand::Revise { new_amount, reason } => {
            amount(findings, *new_amount);
            PledgeEvent::PledgeRevised {
                new_amount: *new_amount,
                previous_amount: Money::from_minor(pledge.pledged(), currency).ok()?,
                reason: reason.clone(),
            }
        }
        PledgeCommand::Convert {
            agreement_id,
            amount: part,
        } => {
            amount(findings, *part);
            if !has_agreement(agreement_id) {
                findings.reject("UNKNOWN_AGREEMENT");
            }
            PledgeEvent::PledgeConverted {
                agreement_id: agreement_id.clone(),
                amount: *part,
            }
        }
        PledgeCommand::Withdraw {
            amount: part,
            reason,
            published,
        } => {
            amount(findings, *part);
            findings.digits(desk.subject, *part, published.as_ref());
            PledgeEvent::PledgeWithdrawn {
                amount: *part,
                reason: reason.clone(),
                published: published.clone(),
            }
        }
        PledgeCommand::Lapse {
            amount: part,
            reason,
        } => {
            amount(findings, *part);
            PledgeEvent::PledgeLapsed {
                amount: *part,
                reason: reason.clone(),
            }
        }
        PledgeCommand::ReplaceTagSet(set) => tagged(desk, findings, pledge, set),
        _ => return None,
    };
    Some(event)
}

/// A pledge is tagged as a whole.
fn tagged(desk: Desk<'_>, findings: &mut Findings, pledge: &Pledge, set: &TagSet) -> PledgeEvent {
    if !pledge.is_announced() {
        findings.reject("UNKNOWN_PLEDGE");
    }
    if set.subject != TagSubject::Whole {
        findings.reject("INVALID_FIELD");
    }
    PledgeEvent::TagSetReplaced(tag_set(findings, desk.log, set))
}

fn announce(
    desk: Desk<'_>,
    findings: &mut Findings,
    pledge: Option<&Pledge>,
    (on, announced): (Date, &PledgeAnnouncement),
) -> Option<(Date, PledgeEvent)> {
    if let Some(pledge) = pledge {
        if pledge.is_announced() {
            findings.reject("PLEDGE_EXISTS");
            return None;
        }
        if pledge.currency() != Some(announced.amount.currency()) {
            findings.reject("CURRENCY_MISMATCH");
            return None;
        }
    }
    findings.own_date(desk.subject, on, desk.today);
    findings.positive(announced.amount, announced.amount.currency());
    findings.splits(desk.subject, [&announced.purposes, &announced.places]);
    findings.digits(desk.subject, announced.amount, announced.published.as_ref());
    let mut announced = announced.clone();
    let day = Desk { on, ..desk };
    announced.functional = worth(
        day,
        findings,
        announced.amount,
        announced.functional.as_deref(),
    );
    Some((on, PledgeEvent::PledgeAnnounced(announced)))
}

/// R5. The day at which the target is negated.
fn reverse(
    desk: Desk<'_>,
    findings: &mut Findings,
    pledge: &Pledge,
    (target, reason): (EventId, ReversalReason),
) -> Option<Date> {
    let mut known = pledge
        .facts()
        .filter(|(recorded, _)| recorded.event_id == target);
    let Some((recorded, event)) = known.next() else {
        findings.reject("UNKNOWN_EVENT");
        return None;
    };
    let mut standing = pledge.standing().into_iter();
    let stands = standing.any(|(recorded, _)| recorded.event_id == target);
    let whole = pledge.whole_set_by();
    let stood_on = whole.contains(&target) && whole.last() != Some(&target);
    // A reversal is booked again, tags are replaced.
    let is_fixed = matches!(
        event,
        PledgeEvent::EntryReversed { .. }
            | PledgeEvent::TagSetReplaced(_)
            | PledgeEvent::PriorPeriodAdjusted(_)
    );
    if !stands || is_fixed || reason == ReversalReason::Returned {
        findings.breaks(Rule::ReversalTarget, desk.subject);
        return None;
    }
    if stood_on {
        findings.reject("ENTRY_HAS_DEPENDENTS");
        return None;
    }
    Some(recorded.event.effective_on)
}

/// R15: after the event less than nothing is left on some day, and less than without it.
pub(super) fn judge(
    findings: &mut Findings,
    subject: &str,
    pledge: &Pledge,
    event: &Recorded<Event>,
) {
    if !findings.reasons.is_empty() {
        return;
    }
    let new = items_of(event, &pledge.items, None);
    let all = || pledge.items.iter().chain(&new);
    for sums in [
        |item: &&Item| item.what == What::Pledged,
        |item: &&Item| item.what == What::Converted,
        |item: &&Item| item.what == What::Withdrawn,
    ] {
        let total: i128 = all().filter(sums).map(|item| item.amount).sum();
        if 1_000_000_000_000_000_000 <= total.abs() {
            findings.reject("TOTAL_OUT_OF_RANGE");
        }
    }
    let first = new.iter().map(|item| item.on).min();
    let days: BTreeSet<Date> = all()
        .map(|item| item.on)
        .filter(|on| first <= Some(*on))
        .collect();
    let broken = days.into_iter().any(|day| {
        let before = Pledge::outstanding(pledge.items.iter(), day);
        let after = Pledge::outstanding(all(), day);
        first.is_some() && after < before.min(0)
    });
    findings.breaks_if(broken, Rule::ConversionWithinPledge, subject);
}
