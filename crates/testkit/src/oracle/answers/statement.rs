//! `agreement` and `timeline`.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::AgreementEvent;
use perennial_domain::classification::Pillar;
use perennial_domain::event::Stream;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;
use perennial_views::{CurrencyBasis, Question};

use super::super::calendar;
use super::super::deal::{Balance, Deal, key};
use super::super::fraction::{Sum, round_together};
use super::super::item::{Item, What, items};
use super::super::life::stage;
use super::exceptions::{flags, stands};
use super::totals::is_multi_year;
use super::{Read, WHOLE, direction, side};

/// The agreements that are asked for by their own parties.
pub(super) fn asked<'b>(read: &'b Read<'_>) -> impl Iterator<Item = &'b Deal> {
    let filter = &read.question.filter;
    let is = |asked: &Option<String>, own: String| asked.as_ref().is_none_or(|asked| *asked == own);
    read.asked().filter(move |deal| {
        filter
            .direction
            .is_none_or(|asked| asked.name() == direction(deal.perspective()))
            && (read.question.basis == CurrencyBasis::Functional
                || filter.currency.is_none_or(|asked| asked == deal.currency()))
            && is(&filter.donor, key(&deal.terms.provider))
            && is(&filter.recipient, key(&deal.terms.recipient))
    })
}

pub(super) fn rows(read: &Read<'_>) -> Vec<String> {
    // Rules look at what was booked, whatever currency is asked for.
    let question = Question {
        basis: CurrencyBasis::Transaction,
        ..read.question.clone()
    };
    let Some(booked) = Read::new(read.oracle, &question) else {
        return Vec::new();
    };
    let wanted = read.question.filter.currency;
    let mut rows = Vec::new();
    for deal in asked(read) {
        let Some(of_rules) = booked.deals.get(&deal.id) else {
            continue;
        };
        let shown = deal.items.iter().filter(|item| item.what != What::Forecast);
        let holding = shown.filter(|item| read.holds(item.on));
        let mut pages: BTreeMap<Currency, Vec<&Item>> = BTreeMap::new();
        for item in holding {
            pages.entry(item.currency).or_default().push(item);
        }
        if pages.is_empty() {
            pages.insert(deal.currency(), Vec::new());
        }
        pages.retain(|currency, _| wanted.is_none_or(|wanted| wanted == *currency));
        let of_deal = pages.into_iter();
        rows.extend(of_deal.map(|page| row(&booked, of_rules, page)));
    }
    rows
}

/// The statement of an agreement in one currency: what it holds in it, everything else as booked.
fn row(read: &Read<'_>, deal: &Deal, (currency, own): (Currency, Vec<&Item>)) -> String {
    let balance = Balance::of(own.iter().copied());
    let sum = |what: What| -> i128 {
        own.iter()
            .filter(|item| item.what == what)
            .map(|item| item.amount)
            .sum()
    };
    let published = deal.terms.lines.iter().any(|line| !line.amount.is_zero());
    let undisbursed = balance.undisbursed(deal.perspective());
    let pillars = pillars(read, deal, &own);
    let reached = pillars
        .iter()
        .filter(|(pillar, amount)| *pillar != Pillar::Unallocable && *amount != 0);
    let months = months(deal);
    let stream = Stream::Agreement(deal.id.clone());
    let of_it = flags(read)
        .into_iter()
        .filter(|(recorded, _)| recorded.event.stream == stream);
    let of_it: Vec<_> = of_it.collect();
    let standing = of_it
        .iter()
        .filter(|(recorded, flag)| stands(read, recorded, flag) == Some(true));
    let true_now = super::until(read, deal);
    let (stage, since) = stage(&true_now, read.effective());
    let handed_on = handed_on(read, &true_now, (&balance, sum(What::LinkedOnward)));
    format!(
        "{} {} {:?} {:?} {} signed on {:?} from {:?} to {:?} now {:?} months {months:?} multi-year {} {} since {since:?}: \
         signed {:?} + {} - {} = {} disbursed {} refunded {} received {} undisbursed {undisbursed} \
         overdrawn {} scheduled {} unscheduled {} expended {} unspent {} written off {} recovered {} {pillars:?} aligned {} \
         revision {} last {:?} exceptions {} standing {} {handed_on}",
        deal.id,
        direction(deal.perspective()),
        key(&deal.terms.provider),
        key(&deal.terms.recipient),
        currency,
        deal.terms.signed_on,
        deal.terms.starts_on,
        deal.terms.ends_on,
        ends_on(read, deal),
        is_multi_year(read, deal),
        stage.name(),
        published.then(|| sum(What::Signed)),
        sum(What::Increased),
        -sum(What::Decreased),
        balance.committed,
        balance.disbursed,
        -sum(What::Refunded),
        balance.received,
        (-undisbursed).max(0),
        balance.scheduled,
        undisbursed - balance.scheduled,
        balance.expended,
        balance.paid(deal.perspective()) - balance.expended,
        sum(What::WrittenOff) + sum(What::Recovered),
        -sum(What::Recovered),
        1 < reached.count(),
        deal.events.len(),
        deal.events.last().map(|recorded| recorded.event_id),
        of_it.len(),
        standing.count(),
    )
}

fn months(deal: &Deal) -> Option<u32> {
    match (deal.terms.starts_on, deal.terms.ends_on) {
        (Some(starts_on), Some(ends_on)) if starts_on <= ends_on => {
            Some(calendar::whole_months(starts_on, ends_on))
        }
        _ => None,
    }
}

/// Allocated and handed-on money, and the further terms that are in force.
fn handed_on(
    read: &Read<'_>,
    true_now: &Deal,
    (balance, from_upstream): (&Balance, i128),
) -> String {
    let further = true_now.further_on(None);
    format!(
        "allocated {} parked {} from upstream {from_upstream} onward {} {:?} {:?} {:?} {:?} revised {}",
        balance.allocated,
        balance.committed - balance.allocated,
        super::handing::linked_onward(read, &true_now.id),
        true_now.conditionality_on(None),
        further.reallocation_policy,
        further.earmarking,
        further.flexibility,
        true_now.revisions_on(None).len(),
    )
}

/// The last day that the newest extension or shortening in force says: the one of the latest date.
pub(super) fn ends_on(read: &Read<'_>, deal: &Deal) -> Option<Date> {
    let moved = deal
        .facts()
        .filter(|(recorded, _)| read.holds(recorded.event.effective_on));
    let moved = moved.filter_map(|(recorded, event)| match event {
        AgreementEvent::PeriodExtended { new_ends_on, .. }
        | AgreementEvent::PeriodShortened { new_ends_on, .. } => {
            Some((recorded.event.effective_on, recorded.event_id, *new_ends_on))
        }
        _ => None,
    });
    moved
        .max()
        .map(|(_, _, ends_on)| ends_on)
        .or(deal.terms.ends_on)
}

/// The commitment by pillar, rounded to one sum, ties by the pillar's word.
fn pillars(read: &Read<'_>, deal: &Deal, own: &[&Item]) -> Vec<(Pillar, i128)> {
    let mut sums: BTreeMap<&'static str, (Pillar, Sum)> = BTreeMap::new();
    for item in own.iter().filter(|item| item.what.is_committed()) {
        let dims = side(deal, item, read.effective()).dims;
        for (pillar, ppm) in read.pillars(dims.as_ref()) {
            let (_, sum) = sums
                .entry(pillar.name())
                .or_insert((pillar, Sum::default()));
            sum.add(item.amount, i128::from(ppm) * i128::from(WHOLE), (1, 1));
        }
    }
    let together: Vec<&Sum> = sums.values().map(|(_, sum)| sum).collect();
    let rounded = round_together(&together);
    let pillars = sums.values().map(|(pillar, _)| *pillar);
    let mut rows: Vec<(Pillar, i128)> = pillars.zip(rounded).collect();
    rows.sort_by_key(|(pillar, _)| *pillar);
    rows
}

/// Tranches of which something is open.
pub(super) fn cash_forecast(read: &Read<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    for deal in asked(read) {
        let until = super::until(read, deal);
        let open = until.tranches().into_iter();
        for tranche in open.filter(|tranche| 0 < tranche.open) {
            let late = read
                .effective()
                .map(|day| i64::from((day - tranche.due_on).get_days()).max(0));
            let outstanding: Vec<(String, String)> = until
                .unmet(&tranche.id, None)
                .into_iter()
                .map(|condition| (condition.condition_id.to_string(), condition.text))
                .collect();
            rows.push(format!(
                "{} {} {:?} {:?} {} due {} for {} to {}: {} of {} late {late:?} outstanding {outstanding:?}",
                deal.id,
                direction(deal.perspective()),
                key(&deal.terms.provider),
                key(&deal.terms.recipient),
                tranche.id,
                tranche.due_on,
                tranche.period.starts_on(),
                tranche.period.ends_on(),
                tranche.open,
                tranche.scheduled,
            ));
        }
    }
    rows
}

/// C, D, received and U.
fn running(deal: &Deal, items: &[&Item]) -> [i128; 4] {
    let balance = Balance::of(items.iter().copied());
    [
        balance.committed,
        balance.disbursed,
        balance.received,
        balance.undisbursed(deal.perspective()),
    ]
}

pub(super) fn timeline(read: &Read<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    for deal in read.asked() {
        let all = items(&deal.events);
        let mut shown: Vec<(Date, EventId, String, Vec<&Item>)> = Vec::new();
        for (revision, recorded) in (1_u64..).zip(&deal.events) {
            let own = all
                .iter()
                .filter(|item| item.event_id == recorded.event_id && read.holds(item.on));
            let own: Vec<&Item> = own.collect();
            let on = recorded.event.effective_on;
            if own.is_empty() && !read.holds(on) {
                continue;
            }
            let counts_on = own.last().map_or(on, |item| item.on);
            let text = format!("{} {revision} {} on {on}", deal.id, recorded.event_id);
            shown.push((counts_on, recorded.event_id, text, own));
        }
        let mut in_effect: Vec<(Date, EventId)> = shown.iter().map(|row| (row.0, row.1)).collect();
        in_effect.sort_unstable();
        for (index, (counts_on, event_id, text, own)) in shown.iter().enumerate() {
            let place = in_effect
                .iter()
                .position(|entry| *entry == (*counts_on, *event_id));
            let until = |row: &&(Date, EventId, String, Vec<&Item>)| {
                (row.0, row.1) <= (*counts_on, *event_id)
            };
            let in_effect = shown
                .iter()
                .filter(until)
                .flat_map(|row| row.3.iter().copied());
            let in_effect: Vec<&Item> = in_effect.collect();
            let recorded = shown
                .iter()
                .take(index + 1)
                .flat_map(|row| row.3.iter().copied());
            let recorded: Vec<&Item> = recorded.collect();
            rows.push(format!(
                "{text} counts on {counts_on}: {:?}, {} in effect {:?}, {} recorded {:?}",
                running(deal, own),
                place.map_or(0, |place| place + 1),
                running(deal, &in_effect),
                index + 1,
                running(deal, &recorded),
            ));
        }
    }
    rows
}
