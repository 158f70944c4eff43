//! Reversals and replacements (R5).

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementCommand, AgreementEvent, ReversalReason};
use perennial_domain::command::Command;
use perennial_domain::event::{Fact, Stream};
use perennial_domain::log::EventId;
use perennial_domain::period::Period;
use perennial_domain::rule::Rule;

use super::super::deal::Deal;
use super::super::draft::{Draft, draft};
use super::super::findings::Findings;
use super::super::item::items_of;
use super::{Desktop, Outcome, is_half, is_refund};

impl Desktop<'_> {
    /// R5: a standing entry of a kind that can be cancelled whole. Returns its date.
    fn target(findings: &mut Findings, deal: &Deal, target: EventId) -> Option<Date> {
        let mut known = deal
            .facts()
            .filter(|(recorded, _)| recorded.event_id == target);
        let Some((recorded, event)) = known.next() else {
            findings.reject("UNKNOWN_EVENT");
            return None;
        };
        let possible = can_be_cancelled(event);
        if !possible || deal.cancelled_by(target).is_some() {
            findings.breaks(Rule::ReversalTarget, format!("agreement/{}", deal.id));
            return None;
        }
        if deal.has_dependents(target, event) {
            findings.reject("ENTRY_HAS_DEPENDENTS");
            return None;
        }
        Some(recorded.event.effective_on)
    }

    /// After the closing only its own reversal is taken.
    fn correctable(findings: &mut Findings, deal: &Deal, (target, replaces): (EventId, bool)) {
        let closed_by = super::super::life::closed_by(deal);
        if closed_by.is_some_and(|closing| closing != target || replaces) {
            findings.reject("STATUS_FORBIDS");
        }
    }

    pub(super) fn reverse(
        &self,
        command: &Command,
        deal: &Deal,
        (target, reason): (EventId, ReversalReason),
    ) -> Outcome {
        let subject = format!("agreement/{}", deal.id);
        let mut findings = Findings::default();
        let stream = Stream::Agreement(deal.id.clone());
        let Some(booked_on) = Self::target(&mut findings, deal, target) else {
            return self.conclude_in(&stream, command, findings, Vec::new());
        };
        Self::correctable(&mut findings, deal, (target, false));
        let mut on = booked_on;
        if let Some(period) = self.concerns
            && reason != ReversalReason::Returned
        {
            on = command.effective_on;
            findings.own_date(&subject, on, self.today);
            findings.breaks_if(!holds(period, booked_on), Rule::ReversalTarget, &subject);
        }
        if reason == ReversalReason::Returned {
            on = command.effective_on;
            findings.own_date(&subject, on, self.today);
            let mut payments = deal
                .facts()
                .filter(|(_, event)| super::super::item::cash(event).is_some());
            let is_payment = payments.any(|(recorded, _)| recorded.event_id == target);
            let impossible = !is_payment || on <= booked_on;
            findings.breaks_if(impossible, Rule::ReversalTarget, &subject);
        }
        let fact = Fact::Agreement(AgreementEvent::EntryReversed { target, reason });
        let recorded = self.numbered(0, &stream, on, fact.clone());
        let new = items_of(&recorded, &deal.items, None);
        self.judge(&mut findings, deal, &new, false);
        self.in_open_books(&mut findings, &subject, (on, &fact));
        self.conclude_in(&stream, command, findings, vec![(on, fact)])
    }

    /// What is cancelled and what takes its place are judged together.
    pub(super) fn replace(
        &self,
        command: &Command,
        deal: &Deal,
        (target, wish, on): (EventId, &AgreementCommand, Date),
    ) -> Outcome {
        let subject = format!("agreement/{}", deal.id);
        let stream = Stream::Agreement(deal.id.clone());
        let mut findings = Findings::default();
        // A half of a transfer is reversed with the other one, and never replaced.
        let is_half = is_half(deal, target);
        findings.breaks_if(is_half, Rule::ReversalTarget, &subject);
        let booked_on = Self::target(&mut findings, deal, target).filter(|_| !is_half);
        let Some(booked_on) = booked_on else {
            return self.conclude(command, findings, Vec::new());
        };
        Self::correctable(&mut findings, deal, (target, true));
        let reversal = Fact::Agreement(AgreementEvent::EntryReplaced { target });
        self.in_open_books(&mut findings, &subject, (booked_on, &reversal));
        let reversal = self.numbered(0, &stream, booked_on, reversal);
        let mut log = self.log.clone();
        log.push(reversal.clone());
        let Some(without) = Deal::find(&log, &deal.id) else {
            return Outcome::Trusted;
        };
        findings.own_date(&subject, on, self.today);
        match draft(self.desk(&subject), &mut findings, &without, (on, wish)) {
            Draft::Nothing => self.conclude(command, findings, Vec::new()),
            Draft::Event(event) => {
                let fact = Fact::Agreement(*event);
                let recorded = self.numbered(1, &stream, on, fact.clone());
                let mut new = items_of(&reversal, &deal.items, None);
                new.extend(items_of(&recorded, &without.items, Some(deal.currency())));
                self.judge(&mut findings, deal, &new, is_refund(&fact));
                self.in_open_books(&mut findings, &subject, (on, &fact));
                let events = vec![(booked_on, reversal.event.fact), (on, fact)];
                self.conclude(command, findings, events)
            }
        }
    }
}

fn holds(period: Period, on: Date) -> bool {
    period.starts_on() <= on && on <= period.ends_on()
}

/// Signature, words, lines and term are corrected by later events, a reversal by booking again.
const fn can_be_cancelled(event: &AgreementEvent) -> bool {
    use AgreementEvent as E;
    !matches!(
        event,
        E::AgreementSigned(_)
            | E::AgreementDescribed(_)
            | E::LineOpened { .. }
            | E::PeriodExtended { .. }
            | E::PeriodShortened { .. }
            | E::SplitsReclassified { .. }
            | E::TagSetReplaced(_)
            | E::PriorPeriodAdjusted(_)
            | E::EntryReversed { .. }
            | E::EntryReplaced { .. }
    )
}
