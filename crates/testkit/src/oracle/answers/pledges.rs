//! `pledges`: intentions beside what became of them.

use std::collections::BTreeMap;

use perennial_domain::ids::AgreementId;
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};

use super::super::deal::{Balance, key};
use super::super::item::{Item, What};
use super::super::pledge::Pledge;
use super::{Read, Side, direction};

/// The announcement that stands, else the first there was.
fn announced(pledge: &Pledge) -> Option<&PledgeAnnouncement> {
    let standing = pledge.standing().into_iter();
    let first = || pledge.facts().find_map(|(_, event)| announcement(event));
    let mut standing = standing.filter_map(|(_, event)| announcement(event));
    standing.next().or_else(first)
}

/// The first announcement there was.
pub(super) fn first_announced(pledge: &Pledge) -> Option<&PledgeAnnouncement> {
    pledge.facts().find_map(|(_, event)| announcement(event))
}

const fn announcement(event: &PledgeEvent) -> Option<&PledgeAnnouncement> {
    match event {
        PledgeEvent::PledgeAnnounced(announced) => Some(announced),
        _ => None,
    }
}

fn side(announced: &PledgeAnnouncement) -> Side {
    Side {
        direction: direction(announced.perspective),
        donor: key(&announced.donor),
        recipient: announced.recipient.as_ref().map(key).unwrap_or_default(),
        dims: None,
    }
}

/// The true amounts of all pledges, as far as parties and currency let them pass. They read under the parties of the first
/// announcement, whatever is announced after it was withdrawn as an error.
pub(super) fn amounts<'b>(read: &'b Read<'_>) -> Vec<(&'b Item, Side)> {
    let mut amounts = Vec::new();
    for pledge in read.pledges.values() {
        for item in pledge.items.iter().filter(|item| read.holds(item.on)) {
            let first = pledge.facts().find_map(|(_, event)| announcement(event));
            let side = first.map(side).filter(|side| read.passes(side, item));
            amounts.extend(side.map(|side| (item, side)));
        }
    }
    amounts
}

/// The conversions that stand and are true, in order.
fn conversions<'b>(
    read: &'b Read<'_>,
    pledge: &'b Pledge,
) -> Vec<(EventId, &'b AgreementId, Money)> {
    let standing = pledge.standing().into_iter();
    let in_force = standing.filter(|(recorded, _)| read.holds(recorded.event.effective_on));
    in_force
        .filter_map(|(recorded, event)| match event {
            PledgeEvent::PledgeConverted {
                agreement_id,
                amount,
            } => Some((recorded.event_id, agreement_id, *amount)),
            _ => None,
        })
        .collect()
}

/// By conversion: what its agreement paid, up to what was converted, for the conversions in order of recording.
fn paid(read: &Read<'_>) -> BTreeMap<EventId, i128> {
    let pledges = read.pledges.values();
    let mut all: Vec<(EventId, &AgreementId, Money)> = pledges
        .flat_map(|pledge| conversions(read, pledge))
        .collect();
    all.sort_by_key(|(event_id, ..)| *event_id);
    let mut left: BTreeMap<&AgreementId, i128> = BTreeMap::new();
    let mut paid = BTreeMap::new();
    for (event_id, agreement, amount) in all {
        let Some(deal) = read.deals.get(agreement) else {
            continue;
        };
        if deal.currency() != amount.currency() {
            continue;
        }
        let left = left.entry(agreement).or_insert_with(|| {
            let true_now = deal.items.iter().filter(|item| read.holds(item.on));
            Balance::of(true_now).paid(deal.perspective()).max(0)
        });
        let part = amount.minor_units().min(*left);
        *left -= part;
        paid.insert(event_id, part);
    }
    paid
}

pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    let paid = paid(read);
    let mut rows = Vec::new();
    for (id, pledge) in &read.pledges {
        let known = pledge.items.iter().filter(|item| read.holds(item.on));
        let known: Vec<&Item> = known.collect();
        let mut standing = pledge.standing().into_iter();
        let announced_on = standing
            .find(|(_, event)| matches!(event, PledgeEvent::PledgeAnnounced(_)))
            .map(|(recorded, _)| recorded.event.effective_on);
        let (Some(side), Some(announced_on), Some(first)) =
            (announced(pledge).map(side), announced_on, known.first())
        else {
            continue;
        };
        if !read.passes(&side, first) {
            continue;
        }
        let sum = |what: What| -> i128 {
            known
                .iter()
                .filter(|item| item.what == what)
                .map(|item| item.amount)
                .sum()
        };
        let pledged = sum(What::Pledged);
        let (converted, withdrawn) = (sum(What::Converted), -sum(What::Withdrawn));
        let mut agreements: Vec<&str> = Vec::new();
        let mut disbursed = 0;
        for (event_id, agreement, _) in conversions(read, pledge) {
            disbursed += paid.get(&event_id).copied().unwrap_or_default();
            if !agreements.contains(&agreement.as_str()) {
                agreements.push(agreement.as_str());
            }
        }
        let age = read
            .effective()
            .map(|cut| i64::from((cut - announced_on).get_days()));
        rows.push(format!(
            "{id} {} {:?} {:?} {} announced {announced_on}: pledged {pledged} converted {converted} \
             withdrawn {withdrawn} outstanding {} disbursed {disbursed} {agreements:?} age {age:?}",
            side.direction,
            side.donor,
            side.recipient,
            first.currency,
            pledged - converted - withdrawn,
        ));
    }
    rows
}
