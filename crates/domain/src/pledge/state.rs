//! What is known of one pledge, and the fold of its events.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::book::Impossible;
use crate::ids::AgreementId;
use crate::log::{EventId, Revision};
use crate::money::Currency;
use crate::pledge::{PledgeAnnouncement, PledgeEvent};
use crate::series::{Amounts, Series};

/// The amounts of a pledge in minor units of its currency. All are net of reversals (DOMAIN.md 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PledgeBalance {
    /// P: announced, as last revised.
    pub pledged: i128,
    /// Turned into agreements.
    pub converted: i128,
    /// Taken back, or lapsed.
    pub withdrawn: i128,
}

impl PledgeBalance {
    /// Pledged minus converted minus withdrawn; negative where more was used.
    pub const fn outstanding(&self) -> i128 {
        let used = self.converted.saturating_add(self.withdrawn);
        self.pledged.saturating_sub(used)
    }
}

impl Amounts for PledgeBalance {
    type Kept = Self;

    fn keep(self) -> Self {
        self
    }

    fn of_kept(kept: &Self) -> Self {
        *kept
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pledged: self.pledged.saturating_add(other.pledged),
            converted: self.converted.saturating_add(other.converted),
            withdrawn: self.withdrawn.saturating_add(other.withdrawn),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            pledged: self.pledged.saturating_sub(other.pledged),
            converted: self.converted.saturating_sub(other.converted),
            withdrawn: self.withdrawn.saturating_sub(other.withdrawn),
        }
    }

    fn amounts(self) -> [i128; 5] {
        [self.pledged, self.converted, self.withdrawn, 0, 0]
    }

    fn of_amounts([pledged, converted, withdrawn, ..]: [i128; 5]) -> Self {
        Self {
            pledged,
            converted,
            withdrawn,
        }
    }
}

/// What is remembered of one recorded event of a pledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PledgeEntry {
    /// When it is true in the world.
    pub effective_on: Date,
    /// The reversal that cancelled it.
    pub reversed_by: Option<EventId>,
    pub(crate) kind: PledgeEntryKind,
    pub(crate) effect: PledgeBalance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PledgeEntryKind {
    Announcement,
    Revision,
    Use,
    Reversal,
    /// Tags, and which period is adjusted: a later set corrects the ones, the adjusting entry is the other, so they
    /// cannot be reversed.
    Fixed,
}

/// One pledge: the fold of its events so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    pub(crate) announcement: PledgeAnnouncement,
    pub(crate) revision: Revision,
    pub(crate) balances: Series<PledgeBalance>,
    /// Standing announcement and revisions, oldest first.
    pub(crate) whole_set_by: Vec<EventId>,
    pub(crate) agreements: BTreeSet<AgreementId>,
    /// Every event, ascending.
    pub(crate) entries: Vec<(EventId, PledgeEntry)>,
}

impl Pledge {
    /// What was announced, as it was first said.
    pub fn announcement(&self) -> &PledgeAnnouncement {
        &self.announcement
    }

    /// The currency of all its amounts.
    pub fn currency(&self) -> Currency {
        self.announcement.amount.currency()
    }

    /// How many events it holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Everything recorded so far, whatever its date.
    pub fn balance(&self) -> PledgeBalance {
        self.balances.total()
    }

    /// What was true at the end of a day, as far as it is recorded.
    pub fn balance_as_of(&self, effective_as_of: Date) -> PledgeBalance {
        self.balances.as_of(effective_as_of)
    }

    /// The agreements that parts of it became, reversed conversions included; ascending.
    pub fn agreements(&self) -> impl Iterator<Item = &AgreementId> {
        self.agreements.iter()
    }

    /// What is remembered of one of its events.
    pub fn entry(&self, event_id: EventId) -> Option<&PledgeEntry> {
        let at = self.entry_place(event_id)?;
        self.entries.get(at).map(|(_, entry)| entry)
    }

    /// Whether its announcement stands.
    pub fn is_announced(&self) -> bool {
        !self.whole_set_by.is_empty()
    }

    fn entry_place(&self, event_id: EventId) -> Option<usize> {
        self.entries
            .binary_search_by_key(&event_id, |&(event_id, _)| event_id)
            .ok()
    }

    /// The pledge as its announcement, the first event of its stream, makes it.
    pub(crate) fn announced(
        event_id: EventId,
        effective_on: Date,
        announcement: &PledgeAnnouncement,
    ) -> Self {
        let mut pledge = Self {
            announcement: announcement.clone(),
            revision: Revision(0),
            balances: Series::default(),
            whole_set_by: Vec::new(),
            agreements: BTreeSet::new(),
            entries: Vec::new(),
        };
        pledge.announce(event_id, effective_on, announcement);
        pledge
    }

    fn announce(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        announcement: &PledgeAnnouncement,
    ) {
        self.announcement = announcement.clone();
        let kind = PledgeEntryKind::Announcement;
        let effect = announcement.effect();
        self.post(event_id, effective_on, kind, effect);
        self.whole_set_by.push(event_id);
    }

    /// Folds one later event.
    pub(crate) fn evolve(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        event: &PledgeEvent,
    ) -> Result<(), Impossible> {
        match event {
            PledgeEvent::PledgeAnnounced(announcement) => {
                if self.is_announced() {
                    return Err(Impossible::AnnouncedTwice);
                }
                self.announce(event_id, effective_on, announcement);
            }
            PledgeEvent::PledgeRevised { .. } => {
                let effect = self.effect(event)?;
                self.post(event_id, effective_on, PledgeEntryKind::Revision, effect);
                self.whole_set_by.push(event_id);
            }
            PledgeEvent::PledgeConverted { agreement_id, .. } => {
                let effect = self.effect(event)?;
                self.post(event_id, effective_on, PledgeEntryKind::Use, effect);
                self.agreements.insert(agreement_id.clone());
            }
            PledgeEvent::PledgeWithdrawn { .. } | PledgeEvent::PledgeLapsed { .. } => {
                let effect = self.effect(event)?;
                self.post(event_id, effective_on, PledgeEntryKind::Use, effect);
            }
            PledgeEvent::PriorPeriodAdjusted(_) | PledgeEvent::TagSetReplaced(_) => {
                let effect = self.effect(event)?;
                self.post(event_id, effective_on, PledgeEntryKind::Fixed, effect);
            }
            PledgeEvent::EntryReversed { target, .. } => {
                let effect = self.effect(event)?;
                let at = self.entry_place(*target).ok_or(Impossible::UnknownTarget)?;
                let (_, entry) = self.entries.get_mut(at).ok_or(Impossible::UnknownTarget)?;
                if entry.reversed_by.is_some() {
                    return Err(Impossible::ReversedTwice);
                }
                entry.reversed_by = Some(event_id);
                self.whole_set_by.retain(|event_id| event_id != target);
                self.post(event_id, effective_on, PledgeEntryKind::Reversal, effect);
            }
        }
        Ok(())
    }

    /// What an event changes in the amounts.
    pub(crate) fn effect(&self, event: &PledgeEvent) -> Result<PledgeBalance, Impossible> {
        let nothing = PledgeBalance::default();
        Ok(match event {
            PledgeEvent::PledgeAnnounced(announcement) => announcement.effect(),
            PledgeEvent::PledgeRevised {
                new_amount,
                previous_amount,
                ..
            } => PledgeBalance {
                pledged: new_amount
                    .minor_units()
                    .saturating_sub(previous_amount.minor_units()),
                ..nothing
            },
            PledgeEvent::PledgeConverted { amount, .. } => PledgeBalance {
                converted: amount.minor_units(),
                ..nothing
            },
            PledgeEvent::PledgeWithdrawn { amount, .. }
            | PledgeEvent::PledgeLapsed { amount, .. } => PledgeBalance {
                withdrawn: amount.minor_units(),
                ..nothing
            },
            PledgeEvent::PriorPeriodAdjusted(_) | PledgeEvent::TagSetReplaced(_) => nothing,
            PledgeEvent::EntryReversed { target, .. } => {
                let entry = self.entry(*target).ok_or(Impossible::UnknownTarget)?;
                nothing.minus(entry.effect)
            }
        })
    }

    fn post(
        &mut self,
        event_id: EventId,
        effective_on: Date,
        kind: PledgeEntryKind,
        effect: PledgeBalance,
    ) {
        self.balances.add(effective_on, effect);
        let entry = PledgeEntry {
            effective_on,
            reversed_by: None,
            kind,
            effect,
        };
        self.entries.push((event_id, entry));
        self.revision = Revision(self.revision.0.saturating_add(1));
    }
}

impl PledgeAnnouncement {
    const fn effect(&self) -> PledgeBalance {
        PledgeBalance {
            pledged: self.amount.minor_units(),
            converted: 0,
            withdrawn: 0,
        }
    }
}
