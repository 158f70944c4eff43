//! Commands about two agreements: transfers, their reversals, and links with the agreements that money comes from
//! (ADR-0010).

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Conversion, OnwardGrant, OnwardWish, Rate, ReversalReason,
    Transfer, TransferDirection, TransferWish,
};
use perennial_domain::command::Command;
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::log::EventId;
use perennial_domain::money::{Currency, Money};
use perennial_domain::rule::Rule;

use super::super::carrying;
use super::super::deal::{Balance, Deal};
use super::super::draft::{explicit, implied, line, released, rest_of_term};
use super::super::findings::Findings;
use super::super::item::items_of;
use super::super::life::{NO_MORE, permit, permit_in};
use super::{Desktop, Outcome};

impl Desktop<'_> {
    /// What a command makes that concerns another agreement too; nothing if one is enough for it.
    pub(super) fn of_two(
        &self,
        command: &Command,
        (id, wish): (&AgreementId, &AgreementCommand),
    ) -> Option<Outcome> {
        match wish {
            AgreementCommand::TransferFunds(transfer) => {
                Some(self.transfer(command, (id, wish), transfer))
            }
            AgreementCommand::LinkOnwardGrant(link) => Some(self.link(command, (id, wish), link)),
            AgreementCommand::ReverseEntry { target, reason } => {
                let deal = Deal::find(&self.log, id)?;
                let (other, half) = other_half(&deal, *target)?;
                let both = [(id.clone(), *target), (other, half)];
                Some(self.reverse_both(command, (both, *reason)))
            }
            _ => None,
        }
    }

    fn transfer(
        &self,
        command: &Command,
        (id, asked): (&AgreementId, &AgreementCommand),
        wish: &TransferWish,
    ) -> Outcome {
        let to_id = &wish.to_agreement_id;
        let (from, to) = (Deal::find(&self.log, id), Deal::find(&self.log, to_id));
        let (Some(from), Some(to)) = (from, to) else {
            return Outcome::Refused(BTreeSet::from(["UNKNOWN_AGREEMENT".to_owned()]));
        };
        let on = command.effective_on;
        let mut findings = Findings::default();
        findings.own_date(&format!("agreement/{id}"), on, self.today);
        permit(&mut findings, &from, (on, asked));
        check(&mut findings, (&from, &to), wish);
        let out = self.out_half(&mut findings, &from, (on, wish));
        let first = self.half(command, (findings, &from), (on, out), 0);
        let mut findings = Findings::default();
        permit_in(&mut findings, &to, (on, NO_MORE));
        let into = in_half(&mut findings, (&to, id), (on, wish));
        let second = self.half(command, (findings, &to), (on, into), 1);
        let (mut first, mut second) = (first, second);
        if let (Outcome::Recorded(gives), Outcome::Recorded(gets)) = (&mut first, &mut second) {
            let currencies = (from.currency(), to.currency());
            carrying::handed(self.policy(), currencies, (gives, gets));
        }
        both(first, second)
    }

    fn out_half(
        &self,
        findings: &mut Findings,
        deal: &Deal,
        (on, wish): (Date, &TransferWish),
    ) -> Option<AgreementEvent> {
        let line_id = line(findings, deal, wish.line_id.as_ref())?;
        if !findings.reasons.is_empty() {
            return None;
        }
        let subject = format!("agreement/{}", deal.id);
        let year_shares = if wish.year_shares.is_empty() {
            released(self.desk(&subject), deal, (&line_id, wish.amount), on)
        } else {
            explicit(findings, wish.amount, &wish.year_shares)
        };
        Some(AgreementEvent::FundsTransferred(Box::new(Transfer {
            transfer_id: wish.transfer_id.clone(),
            direction: TransferDirection::Out,
            other_agreement_id: wish.to_agreement_id.clone(),
            line_id,
            amount: wish.amount,
            year_shares,
            conversion: wish.conversion.clone(),
            consent: wish.consent.clone(),
            reason: wish.reason.clone(),
        })))
    }

    /// Holds a half against the rules of its own agreement.
    fn half(
        &self,
        command: &Command,
        (mut findings, deal): (Findings, &Deal),
        (on, event): (Date, Option<AgreementEvent>),
        ahead: usize,
    ) -> Outcome {
        let stream = Stream::Agreement(deal.id.clone());
        let facts = event.map(|event| {
            let fact = Fact::Agreement(event);
            let recorded = self.numbered(ahead, &stream, on, fact.clone());
            let new = items_of(&recorded, &deal.items, Some(deal.currency()));
            self.judge(&mut findings, deal, &new, false);
            let subject = format!("agreement/{}", deal.id);
            self.in_open_books(&mut findings, &subject, (on, &fact));
            (on, fact)
        });
        self.conclude_in(&stream, command, findings, facts.into_iter().collect())
    }

    /// Both halves are reversed, or neither.
    fn reverse_both(
        &self,
        command: &Command,
        (halves, reason): ([(AgreementId, EventId); 2], ReversalReason),
    ) -> Outcome {
        let outcomes = halves.map(|(id, target)| match Deal::find(&self.log, &id) {
            Some(deal) => self.reverse(command, &deal, (target, reason)),
            None => Outcome::Recorded(Vec::new()),
        });
        let [first, second] = outcomes;
        both(first, second)
    }

    fn link(
        &self,
        command: &Command,
        (id, asked): (&AgreementId, &AgreementCommand),
        wish: &OnwardWish,
    ) -> Outcome {
        let source_id = &wish.upstream_agreement_id;
        let (deal, source) = (Deal::find(&self.log, id), Deal::find(&self.log, source_id));
        let (Some(deal), Some(source)) = (deal, source) else {
            return Outcome::Refused(BTreeSet::from(["UNKNOWN_AGREEMENT".to_owned()]));
        };
        let on = command.effective_on;
        let mut findings = Findings::default();
        let subject = format!("agreement/{id}");
        findings.own_date(&subject, on, self.today);
        permit(&mut findings, &deal, (on, asked));
        findings.positive(wish.amount, deal.currency());
        let between = (deal.currency(), source.currency());
        converted(&mut findings, &subject, between, wish.conversion.as_ref());
        if id == source_id || self.sources(source_id).contains(id) {
            findings.reject("ONWARD_CYCLE");
        }
        if wish.level == Some(0) {
            findings.reject("INVALID_FIELD");
        }
        let usable = findings.reasons.is_empty();
        let fact = usable.then(|| {
            let own = links(&source).into_iter().map(|(_, link)| link.level);
            let link = OnwardGrant {
                upstream_agreement_id: source_id.clone(),
                amount: wish.amount,
                level: wish.level.unwrap_or(own.max().unwrap_or(0) + 1),
                conversion: wish.conversion.clone(),
            };
            if self.takes_too_much(&source, (on, &link)) {
                let subject = format!("agreement/{source_id}");
                findings.breaks(Rule::OnwardWithinReceived, subject);
            }
            let event = AgreementEvent::OnwardGrantLinked(Box::new(link));
            let fact = Fact::Agreement(event);
            self.in_open_books(&mut findings, &subject, (on, &fact));
            (on, fact)
        });
        self.conclude(command, findings, fact.into_iter().collect())
    }

    /// R22: on some day from the link's own on, more goes onward than arrived, and more than without it.
    fn takes_too_much(&self, source: &Deal, (on, link): (Date, &OnwardGrant)) -> bool {
        let mut linked: Vec<(Date, i128)> = Vec::new();
        for deal in self.deals() {
            for (day, known) in links(&deal) {
                if known.upstream_agreement_id == source.id {
                    linked.push((day, upstream_amount(&known)));
                }
            }
        }
        let days = source.items.iter().map(|item| item.on);
        let days = days.chain(linked.iter().map(|(day, _)| *day)).chain([on]);
        let days: BTreeSet<Date> = days.filter(|day| on <= *day).collect();
        days.into_iter().any(|day| {
            let items = source.items.iter().filter(|item| item.on <= day);
            let received = Balance::of(items).paid(source.perspective());
            let before = linked.iter().filter(|(since, _)| *since <= day);
            let before: i128 = before.map(|(_, amount)| amount).sum();
            let after = before + upstream_amount(link);
            before < after && received < after
        })
    }

    /// Every agreement there is.
    fn deals(&self) -> Vec<Deal> {
        let streams: BTreeSet<&Stream> = self
            .log
            .iter()
            .map(|recorded| &recorded.event.stream)
            .collect();
        let ids = streams.into_iter().filter_map(|stream| match stream {
            Stream::Agreement(id) => Some(id),
            _ => None,
        });
        ids.filter_map(|id| Deal::find(&self.log, id)).collect()
    }

    /// Every agreement that the money of one comes from, however far up.
    fn sources(&self, id: &AgreementId) -> BTreeSet<AgreementId> {
        let mut found = BTreeSet::new();
        let mut open = vec![id.clone()];
        while let Some(next) = open.pop() {
            let deal = Deal::find(&self.log, &next);
            let above = deal.iter().flat_map(links);
            for (_, link) in above {
                if found.insert(link.upstream_agreement_id.clone()) {
                    open.push(link.upstream_agreement_id);
                }
            }
        }
        found
    }
}

/// A failing half refuses the whole.
fn both(first: Outcome, second: Outcome) -> Outcome {
    match (first, second) {
        (Outcome::Recorded(mut events), Outcome::Recorded(more)) => {
            events.extend(more);
            Outcome::Recorded(events)
        }
        (Outcome::Refused(mut reasons), Outcome::Refused(more)) => {
            reasons.extend(more);
            Outcome::Refused(reasons)
        }
        (Outcome::Refused(reasons), _) | (_, Outcome::Refused(reasons)) => {
            Outcome::Refused(reasons)
        }
        (Outcome::Trusted, _) | (_, Outcome::Trusted) => Outcome::Trusted,
    }
}

/// The links of an agreement that stand.
fn links(deal: &Deal) -> Vec<(Date, OnwardGrant)> {
    let standing = deal.standing().into_iter();
    let links = standing.filter_map(|(recorded, event)| match event {
        AgreementEvent::OnwardGrantLinked(link) => {
            Some((recorded.event.effective_on, link.as_ref().clone()))
        }
        _ => None,
    });
    links.collect()
}

fn upstream_amount(link: &OnwardGrant) -> i128 {
    let conversion = link.conversion.as_ref();
    conversion
        .map_or(link.amount, |conversion| conversion.original)
        .minor_units()
}

/// The other half of a transfer that stands: the giving one is recorded right before the receiving one.
fn other_half(deal: &Deal, target: EventId) -> Option<(AgreementId, EventId)> {
    let standing = deal.standing().into_iter();
    let mut own = standing.filter(|(recorded, _)| recorded.event_id == target);
    let (_, event) = own.next()?;
    let AgreementEvent::FundsTransferred(half) = event else {
        return None;
    };
    let index = match half.direction {
        TransferDirection::Out => target.index + 1,
        TransferDirection::In => target.index - 1,
    };
    Some((half.other_agreement_id.clone(), EventId { index, ..target }))
}

fn has_transfer(deal: &Deal, wish: &TransferWish) -> bool {
    deal.standing().into_iter().any(|(_, event)| match event {
        AgreementEvent::FundsTransferred(half) => half.transfer_id == wish.transfer_id,
        _ => false,
    })
}

/// What arrives is said where currencies differ, and only there.
fn converted(
    findings: &mut Findings,
    subject: &str,
    (own, theirs): (Currency, Currency),
    conversion: Option<&Conversion>,
) {
    if conversion.is_some() == (own == theirs) {
        findings.reject("INVALID_FIELD");
        return;
    }
    if let Some(conversion) = conversion {
        findings.positive(conversion.original, theirs);
        findings.conversion(subject, own, Some(conversion));
    }
}

fn check(findings: &mut Findings, (from, to): (&Deal, &Deal), wish: &TransferWish) {
    findings.positive(wish.amount, from.currency());
    let same_way = from.perspective() == to.perspective();
    if from.id == to.id || !same_way || wish.consent.trim().is_empty() {
        findings.reject("INVALID_FIELD");
    }
    if has_transfer(from, wish) || has_transfer(to, wish) {
        findings.reject("TRANSFER_EXISTS");
    }
    let subject = format!("agreement/{}", from.id);
    let between = (from.currency(), to.currency());
    converted(findings, &subject, between, wish.conversion.as_ref());
    if let Some(conversion) = &wish.conversion
        && between.0 != between.1
        && let Some(rate) = &conversion.rate
        && !agrees(wish.amount, conversion.original, rate)
    {
        findings.reject("INVALID_FIELD");
    }
}

/// Whether an amount at a rate is another one, give or take a minor unit. What is no rate between the two says nothing.
fn agrees(amount: Money, other: Money, rate: &Rate) -> bool {
    let digits = |money: Money| u32::from(money.currency().minor_digits());
    let value = (rate.value.mantissa(), 10_i128.pow(rate.value.scale()));
    let (of, to) = (amount.currency(), other.currency());
    let (times, over) = if (of, to) == (rate.base, rate.quote) {
        value
    } else if (of, to) == (rate.quote, rate.base) {
        (value.1, value.0)
    } else {
        return true;
    };
    if over == 0 {
        return true;
    }
    // |amount * rate - other| <= 1.5 minor units of the other currency, twice.
    let own = amount.minor_units() * times * 10_i128.pow(digits(other));
    let whole = over * 10_i128.pow(digits(amount));
    let (own, whole) = if whole < 0 {
        (-own, -whole)
    } else {
        (own, whole)
    };
    let rounded = round_half_even(own, whole);
    (rounded - other.minor_units()).abs() <= 1
}

/// A quotient to the nearest integer; a half goes to the even one. The divisor is above 0.
pub(in super::super) fn round_half_even(numerator: i128, divisor: i128) -> i128 {
    let (floor, rest) = (numerator.div_euclid(divisor), numerator.rem_euclid(divisor));
    match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

fn in_half(
    findings: &mut Findings,
    (deal, giver): (&Deal, &AgreementId),
    (on, wish): (Date, &TransferWish),
) -> Option<AgreementEvent> {
    let conversion = wish.conversion.as_ref();
    let arrives = conversion.map_or(wish.amount, |conversion| conversion.original);
    let line_id = line(findings, deal, wish.to_line_id.as_ref())?;
    let year_shares = if wish.to_year_shares.is_empty() {
        implied(arrives, rest_of_term(deal, on), on)
    } else {
        explicit(findings, arrives, &wish.to_year_shares)
    };
    Some(AgreementEvent::FundsTransferred(Box::new(Transfer {
        transfer_id: wish.transfer_id.clone(),
        direction: TransferDirection::In,
        other_agreement_id: giver.clone(),
        line_id,
        amount: arrives,
        year_shares,
        conversion: conversion.map(|conversion| Conversion {
            original: wish.amount,
            rate: conversion.rate.clone(),
        }),
        consent: wish.consent.clone(),
        reason: wish.reason.clone(),
    })))
}
