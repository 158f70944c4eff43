//! `exceptions`: what was flagged then, and whether the same rule is broken now.

use std::collections::BTreeMap;

use perennial_domain::agreement::{AgreementEvent, Perspective};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ledger::{ExceptionId, LedgerEvent};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::rule::{Breach, Rule};

use super::super::deal::{Balance, Deal};
use super::super::item::Item;
use super::super::judge::limit;
use super::super::life::{payments, pays_nothing};
use super::{Read, direction};

pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    if read.question.filter.standing {
        return standing(read);
    }
    let mut rows = Vec::new();
    for (recorded, breach) in flags(read) {
        if !is_asked(read, breach.rule) || !of_asked(read, (recorded, &breach.subject)) {
            continue;
        }
        let standing = stands(read, recorded, breach);
        if read.question.filter.open && is_resolved(read, recorded, breach.rule) {
            continue;
        }
        rows.push(row(
            read,
            (breach.rule, &breach.subject),
            Some(recorded),
            (standing, 1),
        ));
    }
    rows
}

fn row(
    read: &Read<'_>,
    (rule, subject): (Rule, &str),
    event: Option<&Recorded<Event>>,
    (standing, count): (Option<bool>, usize),
) -> String {
    let event_id = event.map(|recorded| recorded.event_id);
    let on = event.map(|recorded| recorded.event.effective_on);
    let disposed = event.map(|recorded| disposed(read, recorded, rule));
    format!(
        "{} {subject} {event_id:?} {on:?} standing {standing:?} count {count} {disposed:?}",
        rule.code()
    )
}

/// What was said last of a flag, of what is known and true.
fn disposed(read: &Read<'_>, recorded: &Recorded<Event>, rule: Rule) -> (&'static str, String) {
    let exception = ExceptionId {
        event_id: recorded.event_id,
        rule,
    };
    let said = read.known.iter().rev();
    let mut said = said.filter(|recorded| read.holds(recorded.event.effective_on));
    let said = said.find_map(|recorded| match &recorded.event.fact {
        Fact::Ledger(LedgerEvent::ExceptionAcknowledged {
            exception: of,
            disposition,
        }) if *of == exception => Some(("acknowledged", disposition.clone())),
        Fact::Ledger(LedgerEvent::ExceptionResolved {
            exception: of,
            disposition,
        }) if *of == exception => Some(("resolved", disposition.clone())),
        _ => None,
    });
    said.unwrap_or_else(|| ("open", String::new()))
}

fn is_resolved(read: &Read<'_>, recorded: &Recorded<Event>, rule: Rule) -> bool {
    disposed(read, recorded, rule).0 == "resolved"
}

fn is_asked(read: &Read<'_>, rule: Rule) -> bool {
    let asked = read.question.filter.rule.as_deref();
    asked.is_none_or(|asked| rule.code() == asked || rule.reason() == asked)
}

/// Whether an event's stream passes the filter on agreement, direction and currency.
fn of_asked(read: &Read<'_>, (recorded, subject): (&Recorded<Event>, &str)) -> bool {
    let filter = &read.question.filter;
    let any_party = filter.direction.is_none() && filter.currency.is_none();
    match &recorded.event.stream {
        Stream::Agreement(id) => {
            // By what the flag is about, which of a link is the upstream agreement.
            let about = |id: &perennial_domain::ids::AgreementId| {
                let rest = subject.strip_prefix(&format!("agreement/{id}"));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            (filter.agreements.is_empty() || filter.agreements.iter().any(about))
                && read.deals.get(id).is_some_and(|deal| of_party(read, deal))
        }
        Stream::Pledge(id) => {
            let announced = read
                .pledges
                .get(id)
                .and_then(super::pledges::first_announced);
            let passes = announced.is_some_and(|announced| {
                let own = (
                    direction(announced.perspective),
                    announced.amount.currency(),
                );
                filter.direction.is_none_or(|asked| asked.name() == own.0)
                    && filter.currency.is_none_or(|asked| asked == own.1)
            });
            filter.agreements.is_empty() && (any_party || passes)
        }
        _ => filter.agreements.is_empty() && any_party,
    }
}

fn of_party(read: &Read<'_>, deal: &Deal) -> bool {
    let filter = &read.question.filter;
    filter
        .direction
        .is_none_or(|asked| asked.name() == direction(deal.perspective()))
        && filter.currency.is_none_or(|asked| asked == deal.currency())
}

/// What is broken in the question, flagged or not: a row for each agreement and rule.
fn standing(read: &Read<'_>) -> Vec<String> {
    const CAN_STAND: [Rule; 12] = [
        Rule::WithinCommitment,
        Rule::NotAfterEnd,
        Rule::CommitmentAboveDisbursed,
        Rule::DisbursedNotNegative,
        Rule::AllocationWithinParked,
        Rule::ScheduledWithinUndisbursed,
        Rule::ReallocationWithinPolicy,
        Rule::NotWhileSuspended,
        Rule::ConditionsMet,
        Rule::RefundWithinDisbursed,
        Rule::OnwardWithinReceived,
        Rule::ExpenditureWithinReceived,
    ];
    let mut rows = Vec::new();
    for deal in read.asked().filter(|deal| of_party(read, deal)) {
        let stream = Stream::Agreement(deal.id.clone());
        for rule in CAN_STAND.into_iter().filter(|rule| is_asked(read, *rule)) {
            let of_rule = flags(read)
                .into_iter()
                // A link stands in the downstream agreement; its flag names the upstream one.
                .filter(|(recorded, flag)| {
                    let own = if rule == Rule::OnwardWithinReceived {
                        flag.subject == stream.to_string()
                    } else {
                        recorded.event.stream == stream
                    };
                    own && flag.rule == rule
                });
            let flagged: Vec<_> = of_rule.collect();
            let broken = match rule {
                // These two are about what was flagged: a cut, and a move.
                Rule::CommitmentAboveDisbursed => {
                    !flagged.is_empty() && is_broken(read, deal, (rule, None, None)) == Some(true)
                }
                Rule::ReallocationWithinPolicy => flagged
                    .iter()
                    .any(|(recorded, flag)| stands(read, recorded, flag) == Some(true)),
                _ => is_broken(read, deal, (rule, None, None)) == Some(true),
            };
            if broken {
                // The first that is not resolved.
                let first = flagged.first().map(|(recorded, _)| *recorded);
                let mut open = flagged.iter().map(|(recorded, _)| *recorded);
                let shown = open.find(|recorded| !is_resolved(read, recorded, rule));
                let shown = shown.or(first);
                let resolved = shown.is_some_and(|shown| is_resolved(read, shown, rule));
                if read.question.filter.open && resolved {
                    continue;
                }
                rows.push(row(
                    read,
                    (rule, &stream.to_string()),
                    shown,
                    (Some(true), flagged.len()),
                ));
            }
        }
    }
    rows
}

/// What let a strict ledger record a breach.
pub(super) fn overrides(read: &Read<'_>) -> Vec<String> {
    let asked = &read.question.filter.agreements;
    let mut rows = Vec::new();
    for (recorded, flag) in flags(read) {
        let of_asked = match &recorded.event.stream {
            Stream::Agreement(id) => asked.is_empty() || asked.contains(id),
            _ => asked.is_empty(),
        };
        let rule = read.question.filter.rule.as_deref();
        let resolved = read.question.filter.open && is_resolved(read, recorded, flag.rule);
        if resolved || !of_asked || rule.is_some_and(|rule| rule != flag.rule.code()) {
            continue;
        }
        let given = recorded
            .event
            .overrides
            .iter()
            .find(|given| given.rule == flag.rule);
        rows.extend(given.map(|given| {
            format!(
                "{} {} {} on {} {:?} {:?}",
                recorded.event_id,
                flag.rule.code(),
                flag.subject,
                recorded.event.effective_on,
                given.reason,
                given.approver
            )
        }));
    }
    rows
}

/// Every flag that is known and true, with the event that carries it.
pub(super) fn flags<'b>(read: &'b Read<'_>) -> Vec<(&'b Recorded<Event>, &'b Breach)> {
    let known = read.known.iter();
    let known = known.filter(|recorded| read.holds(recorded.event.effective_on));
    known
        .flat_map(|recorded| {
            recorded
                .event
                .flags
                .iter()
                .map(move |flag| (recorded, flag))
        })
        .collect()
}

/// Whether what was flagged is broken in the question, for rules that can be judged then.
pub(super) fn stands(read: &Read<'_>, recorded: &Recorded<Event>, breach: &Breach) -> Option<bool> {
    let Stream::Agreement(id) = &recorded.event.stream else {
        return None;
    };
    if breach.rule == Rule::OnwardWithinReceived {
        let mut deals = read.deals.values();
        let upstream = deals.find(|deal| breach.subject == format!("agreement/{}", deal.id))?;
        return is_broken(read, upstream, (breach.rule, None, None));
    }
    let deal = read.deals.get(id)?;
    if breach.rule == Rule::ReallocationWithinPolicy {
        return reallocation(read, deal, recorded.event_id, breach);
    }
    let line = breach.subject.strip_prefix(&format!("agreement/{id}/"));
    is_broken(read, deal, (breach.rule, line, Some(recorded.event_id)))
}

/// Whether a rule is broken by an agreement, or one line or entry of it.
fn is_broken(
    read: &Read<'_>,
    deal: &Deal,
    (rule, line, entry): (Rule, Option<&str>, Option<EventId>),
) -> Option<bool> {
    let of_it = |item: &&Item| {
        let own = item
            .line
            .as_ref()
            .map(perennial_domain::ids::LineId::as_str);
        read.holds(item.on) && (line.is_none() || own == line)
    };
    let balance = Balance::of(deal.items.iter().filter(of_it));
    let paid = balance.paid(deal.perspective());
    let undisbursed = balance.undisbursed(deal.perspective());
    Some(match rule {
        Rule::WithinCommitment => {
            paid != 0 && limit(balance.committed, read.policy().tolerance) < paid
        }
        Rule::NotAfterEnd => paid_after_end(read, deal, entry),
        Rule::NotWhileSuspended => paid_while_suspended(read, deal, entry),
        Rule::ConditionsMet => drawn_on_unmet(read, deal, (line, entry)),
        Rule::CommitmentAboveDisbursed => undisbursed < 0,
        Rule::DisbursedNotNegative => paid < 0,
        Rule::AllocationWithinParked => {
            0 < balance.allocated && balance.committed < balance.allocated
        }
        Rule::OnwardWithinReceived => {
            let onward = super::handing::linked_onward(read, &deal.id);
            0 < onward && paid < onward
        }
        Rule::ScheduledWithinUndisbursed => {
            0 < balance.scheduled && undisbursed < balance.scheduled
        }
        Rule::RefundWithinDisbursed => a_party_is_below_nothing(read, deal),
        Rule::ExpenditureWithinReceived => {
            0 < balance.expended && balance.received < balance.expended
        }
        _ => return None,
    })
}

/// R12: a payment that stands lies after the last day as it is then.
fn paid_after_end(read: &Read<'_>, deal: &Deal, entry: Option<EventId>) -> bool {
    let Some(ends_on) = super::statement::ends_on(read, deal) else {
        return false;
    };
    let until = super::until(read, deal);
    until.standing().into_iter().any(|(recorded, event)| {
        let pays = matches!(
            event,
            AgreementEvent::DisbursementMade { .. } | AgreementEvent::ReimbursementMade { .. }
        );
        let asked = entry.is_none_or(|entry| entry == recorded.event_id);
        pays && asked && ends_on < recorded.event.effective_on
    })
}

/// R19: a payment that stands lies in a suspension or after an end, as they are told then; what a flagged suspension or
/// end says stands with any.
fn paid_while_suspended(read: &Read<'_>, deal: &Deal, entry: Option<EventId>) -> bool {
    let until = super::until(read, deal);
    let pays = |entry: EventId| {
        deal.facts().any(|(recorded, event)| {
            let pays = matches!(
                event,
                AgreementEvent::DisbursementMade { .. } | AgreementEvent::ReimbursementMade { .. }
            );
            pays && recorded.event_id == entry
        })
    };
    let asked = entry.filter(|entry| pays(*entry));
    payments(&until)
        .filter(|(_, event_id)| asked.is_none_or(|asked| asked == *event_id))
        .any(|(on, _)| pays_nothing(&until, on))
}

/// R20: something stands drawn on a tranche of which a condition is open.
fn drawn_on_unmet(
    read: &Read<'_>,
    deal: &Deal,
    (tranche, entry): (Option<&str>, Option<EventId>),
) -> bool {
    let until = super::until(read, deal);
    until.standing().into_iter().any(|(recorded, event)| {
        let AgreementEvent::DisbursementMade { draws, .. } = event else {
            return false;
        };
        let asked = entry.is_none_or(|entry| entry == recorded.event_id);
        asked
            && draws.iter().any(|draw| {
                tranche.is_none_or(|tranche| tranche == draw.tranche_id.as_str())
                    && !until.unmet(&draw.tranche_id, None).is_empty()
            })
    })
}

/// R21: some party gave more back than it got.
fn a_party_is_below_nothing(read: &Read<'_>, deal: &Deal) -> bool {
    let incoming = deal.perspective() == Perspective::Recipient;
    let counts = |item: &&Item| {
        let of_side = if incoming {
            item.what.is_received()
        } else {
            item.what.is_disbursed()
        };
        of_side && read.holds(item.on)
    };
    let mut parties: BTreeMap<String, i128> = BTreeMap::new();
    for item in deal.items.iter().filter(counts) {
        *parties.entry(deal.party(item)).or_default() += item.amount;
    }
    parties.values().any(|net| *net < 0)
}

/// R18: the move stands, and what counts for its heading is above its limit; a move that is forbidden as such is broken as
/// long as it stands.
fn reallocation(read: &Read<'_>, deal: &Deal, entry: EventId, breach: &Breach) -> Option<bool> {
    let figure = |name: &str| breach.figures.iter().find(|figure| figure.name == name);
    let moves: Vec<_> = deal
        .standing()
        .into_iter()
        .filter(|(recorded, _)| read.holds(recorded.event.effective_on))
        .filter_map(|(recorded, event)| match event {
            AgreementEvent::FundsReallocated(moved) => Some((recorded.event_id, moved)),
            _ => None,
        })
        .collect();
    let Some((_, own)) = moves.iter().find(|(event_id, _)| *event_id == entry) else {
        return Some(false);
    };
    let (Some(heading), Some(_)) = (figure("heading"), figure("limit")) else {
        return Some(true);
    };
    let of_heading =
        |count: &&perennial_domain::agreement::HeadingCount| count.heading == heading.value;
    let limit = own.counts.iter().find(of_heading)?.limit?;
    let counts = moves.iter().flat_map(|(_, moved)| &moved.counts);
    let used: i128 = counts.filter(of_heading).map(|count| count.counted).sum();
    Some(limit < used)
}
