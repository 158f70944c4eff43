use std::collections::HashSet;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Conditionality, Description, FurtherTerms, OnwardGrant, ReallocatedFunds,
    ReversalReason, Status, Terms, TermsRevision, Turn,
};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::AgreementId;
use perennial_domain::log::{EventId, Position, Recorded};
use perennial_domain::money::Money;
use perennial_domain::party::ExternalReference;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};

use crate::history::EntityHistory;

/// An agreement's attributes at (P, E).
#[derive(Clone, Debug)]
pub struct AgreementState<'a> {
    /// The terms as first signed: parties, original dates, lines.
    pub terms: &'a Terms,
    /// The event that signed it, or with which a mirror opened it.
    pub signed: &'a Recorded<Event>,
    /// The last day now, after extensions and shortenings.
    pub ends_on: Option<Date>,
    /// The terms beside parties, dates and money now, after revisions.
    pub further: FurtherTerms,
    /// Whether the money is conditional now.
    pub conditionality: Conditionality,
    /// How many revisions of terms are in force.
    pub revisions: u32,
    /// Where it is in its life.
    pub status: Status,
    /// The date of the last fact that turned it.
    pub status_since: Option<Date>,
    /// The words in force; without any, the first that are known.
    pub description: Option<&'a Description>,
    /// Numbers that other systems gave it, ascending.
    pub external_references: Vec<ExternalReference>,
}

/// A pledge's attributes at (P, E).
#[derive(Clone, Debug)]
pub struct PledgeState<'a> {
    /// What was announced.
    pub announced: &'a PledgeAnnouncement,
    /// When.
    pub announced_on: Date,
    /// What was turned into which agreement by which event, in order of recording; reversed ones are left out.
    pub conversions: Vec<(EventId, &'a AgreementId, Money)>,
}

impl EntityHistory {
    /// The facts known at `at` that no reversal took out, in order of recording.
    pub(super) fn standing(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = &Recorded<Event>> {
        let known = self
            .facts
            .partition_point(|recorded| recorded.event_id.position <= at);
        let reversed = self.reversed_at(at, effective);
        self.facts
            .iter()
            .take(known)
            .map(AsRef::as_ref)
            .filter(move |recorded| !reversed.contains(&recorded.event_id))
    }

    /// The entries that reversals known at `at` took out, as true at `effective`.
    pub fn reversed_at(&self, at: Position, effective: Option<Date>) -> HashSet<EventId> {
        let known = self
            .facts
            .partition_point(|recorded| recorded.event_id.position <= at);
        let facts = self.facts.iter().take(known);
        facts
            .filter_map(|recorded| taken_out(recorded, effective))
            .collect()
    }

    /// The agreement's attributes as known at `at` and true at `effective` (without a date: with all that is known);
    /// none before it was signed.
    ///
    /// What an agreement is (its parties, lines and original dates) does not begin with its date: a payment that
    /// is dated before the signature has a provider too.
    pub fn agreement_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> Option<AgreementState<'_>> {
        let mut state: Option<AgreementState<'_>> = None;
        let mut last_move: Option<(Date, EventId)> = None;
        let mut described: Option<(Date, EventId)> = None;
        let mut revisions: Vec<(Date, EventId, &TermsRevision)> = Vec::new();
        for recorded in self.standing(at, effective) {
            let in_force = effective.is_none_or(|cut| recorded.event.effective_on <= cut);
            let dated = (recorded.event.effective_on, recorded.event_id);
            let Fact::Agreement(event) = &recorded.event.fact else {
                continue;
            };
            if let AgreementEvent::AgreementSigned(terms) = event {
                state.get_or_insert(AgreementState {
                    terms,
                    signed: recorded,
                    ends_on: terms.ends_on,
                    further: terms.further.as_deref().cloned().unwrap_or_default(),
                    conditionality: terms.conditionality,
                    revisions: 0,
                    status: Status::Effective,
                    status_since: None,
                    description: None,
                    external_references: recorded
                        .event
                        .external_reference
                        .iter()
                        .cloned()
                        .collect(),
                });
                continue;
            }
            let Some(state) = state.as_mut() else {
                continue;
            };
            if let AgreementEvent::PeriodExtended { new_ends_on, .. }
            | AgreementEvent::PeriodShortened { new_ends_on, .. } = event
                && in_force
                && last_move <= Some(dated)
            {
                last_move = Some(dated);
                state.ends_on = Some(*new_ends_on);
            }
            if let AgreementEvent::AgreementDescribed(description) = event
                && (state.description.is_none() || (in_force && described <= Some(dated)))
            {
                described = in_force.then_some(dated);
                state.describe(recorded, description);
            }
            if let AgreementEvent::TermsRevised(revision) = event
                && in_force
            {
                revisions.push((dated.0, dated.1, revision));
            }
        }
        revisions.sort_by_key(|&(on, event_id, _)| (on, event_id));
        for (_, _, revision) in revisions {
            if let Some(state) = state.as_mut() {
                state.revise(revision);
            }
        }
        if let Some(state) = state.as_mut() {
            state.turn(self.turns(at, effective), effective);
        }
        state
    }

    /// Where an agreement was in its life on `day`, as known at `at` and true at `effective`; whether its term had
    /// begun is not looked at.
    pub fn status_on(&self, day: Date, at: Position, effective: Option<Date>) -> Status {
        let mut turns = self.turns(at, effective);
        turns.retain(|&(on, _, _)| on <= day);
        turns.sort_unstable_by_key(|&(on, event_id, _)| (on, event_id));
        Status::of(turns.iter().map(|&(_, _, turn)| turn), true)
    }

    /// The facts that turned an agreement, as known at `at` and true at `effective`.
    fn turns(&self, at: Position, effective: Option<Date>) -> Vec<(Date, EventId, Turn)> {
        self.standing(at, effective)
            .filter(|recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Agreement(event) => {
                    let dated = (recorded.event.effective_on, recorded.event_id);
                    Turn::of(event).map(|turn| (dated.0, dated.1, turn))
                }
                Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Ledger(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_) => None,
            })
            .collect()
    }

    /// The reallocations known at `at` and true at `effective` that count something or were by amendment, in order of
    /// recording, each with whether it stands.
    pub fn reallocations_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> Vec<(&Recorded<Event>, &ReallocatedFunds, bool)> {
        let standing: HashSet<EventId> = self
            .standing(at, effective)
            .map(|recorded| recorded.event_id)
            .collect();
        self.facts
            .iter()
            .take_while(|recorded| recorded.event_id.position <= at)
            .filter(|recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Agreement(AgreementEvent::FundsReallocated(reallocated)) => {
                    let stands = standing.contains(&recorded.event_id);
                    Some((recorded.as_ref(), reallocated.as_ref(), stands))
                }
                Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Ledger(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_) => None,
            })
            .collect()
    }

    /// The links known at `at` and true at `effective` with the agreements that its money comes from, in order of
    /// recording; reversed ones are left out.
    pub fn links_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = &OnwardGrant> {
        self.standing(at, effective)
            .filter(move |recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| match &recorded.event.fact {
                Fact::Agreement(AgreementEvent::OnwardGrantLinked(link)) => Some(link.as_ref()),
                Fact::Agreement(_)
                | Fact::Pledge(_)
                | Fact::Import(_)
                | Fact::Ledger(_)
                | Fact::Reference(_)
                | Fact::Requirement(_)
                | Fact::Calendar(_) => None,
            })
    }

    /// The pledge's attributes as known at `at` and true at `effective`; none before it was announced.
    pub fn pledge_at(&self, at: Position, effective: Option<Date>) -> Option<PledgeState<'_>> {
        self.standing(at, effective).find_map(|recorded| {
            let Fact::Pledge(PledgeEvent::PledgeAnnounced(announced)) = &recorded.event.fact else {
                return None;
            };
            Some(PledgeState {
                announced,
                announced_on: recorded.event.effective_on,
                conversions: self.conversions_at(at, effective),
            })
        })
    }

    /// What a pledge was turned into, in order of recording. It stays if the announcement is cancelled, or cancelled and
    /// made again.
    pub fn conversions_at(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> Vec<(EventId, &AgreementId, Money)> {
        self.standing(at, effective)
            .filter(|recorded| effective.is_none_or(|cut| recorded.event.effective_on <= cut))
            .filter_map(|recorded| {
                let Fact::Pledge(PledgeEvent::PledgeConverted {
                    agreement_id,
                    amount,
                }) = &recorded.event.fact
                else {
                    return None;
                };
                Some((recorded.event_id, agreement_id, *amount))
            })
            .collect()
    }
}

impl<'a> AgreementState<'a> {
    fn turn(&mut self, mut turns: Vec<(Date, EventId, Turn)>, effective: Option<Date>) {
        turns.sort_unstable_by_key(|&(on, event_id, _)| (on, event_id));
        let day = effective.unwrap_or(Date::MAX);
        let begun = self
            .terms
            .starts_on
            .is_none_or(|starts_on| starts_on <= day);
        let after = |count: usize| {
            let told = turns.iter().take(count);
            Status::of(told.map(|&(_, _, turn)| turn), begun)
        };
        self.status = after(turns.len());
        // A suspension after an end turns nothing: the last fact that did says since when.
        self.status_since = (1..=turns.len())
            .rev()
            .find(|&count| after(count) != after(count - 1))
            .and_then(|count| turns.get(count - 1))
            .map(|&(on, _, _)| on);
    }

    fn describe(&mut self, recorded: &'a Recorded<Event>, description: &'a Description) {
        self.description = Some(description);
        self.external_references = self
            .signed
            .event
            .external_reference
            .iter()
            .chain(&recorded.event.external_reference)
            .chain(&description.identifiers)
            .cloned()
            .collect();
        self.external_references.sort_unstable();
        self.external_references.dedup();
    }

    fn revise(&mut self, revision: &TermsRevision) {
        self.further.revise(revision);
        self.conditionality = revision.conditionality.unwrap_or(self.conditionality);
        self.revisions = self.revisions.saturating_add(1);
    }

    /// Title, if one was given.
    pub fn title(&self) -> Option<&'a str> {
        self.description
            .and_then(|description| description.title.as_deref())
    }
}

/// The fact that a reversal takes out: a returned payment was true until then, and so is what an adjustment corrects;
/// everything else never was.
fn taken_out(recorded: &Recorded<Event>, effective: Option<Date>) -> Option<EventId> {
    let (target, reason) = match &recorded.event.fact {
        Fact::Agreement(AgreementEvent::EntryReversed { target, reason })
        | Fact::Pledge(PledgeEvent::EntryReversed { target, reason }) => (*target, *reason),
        Fact::Agreement(AgreementEvent::EntryReplaced { target }) => {
            (*target, ReversalReason::Replaced)
        }
        Fact::Agreement(_)
        | Fact::Pledge(_)
        | Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => return None,
    };
    let has_own_date = reason == ReversalReason::Returned || recorded.event.concerns.is_some();
    let returned_later =
        has_own_date && effective.is_some_and(|cut| cut < recorded.event.effective_on);
    (!returned_later).then_some(target)
}
