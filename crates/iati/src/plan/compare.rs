//! What of a file is new, what is booked already, and what changed since: a comparison by occurrence key.
//!
//! Entries that look the same are counted, not told apart: three published, two booked means one is new. A booked
//! entry that is published no longer stands all the same. A new entry that looks like another version of one
//! (same type, and two of date, value and currency) is not booked beside it, which would count the money twice.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use perennial_domain::Date;
use perennial_domain::log::EventId;
use perennial_domain::money::Currency;

use super::entry::Entry;
use super::reason::{Item, Reason};
use crate::known::{Known, KnownEntry};
use crate::vocabulary::TransactionType;

#[derive(Default)]
pub(super) struct Compared {
    /// To be booked, in published order, with their occurrence numbers.
    pub(super) new: Vec<Entry>,
    pub(super) unchanged: u64,
    /// New versions of booked entries.
    pub(super) refused: Vec<Item>,
    /// Booked entries that are published no longer.
    pub(super) vanished: Vec<Item>,
    pub(super) remarks: Vec<Item>,
}

/// Compares an activity's entries, in published order, with what is booked of it.
pub(super) fn compare(identifier: &str, entries: Vec<Entry>, known: &Known) -> Compared {
    let mut compared = Compared::default();
    let mut booked = Booked::of(identifier, known);
    for mut entry in entries {
        let key = entry.published.occurrence_key;
        if let Some((_, standing)) = booked.take(&key) {
            compared.unchanged = compared.unchanged.saturating_add(1);
            let line = &entry.line_id;
            if standing
                .line_id
                .as_ref()
                .is_some_and(|booked| booked != line)
            {
                let reason = Reason::ReclassifiedUpstream;
                compared.remarks.push(Item {
                    reason,
                    locator: entry.locator,
                });
            }
        } else {
            entry.published.occurrence = booked.next_occurrence(key);
            compared.new.push(entry);
        }
    }
    let mut vanished: Vec<Option<(EventId, &KnownEntry)>> = booked.rest();
    refuse_other_versions(&mut compared, &mut vanished);
    for (event_id, entry) in vanished.into_iter().flatten() {
        let published = &entry.published;
        let locator = format!(
            "{} booked as {event_id}: type {}, {}, {} {}",
            super::cut(identifier, super::LOCATOR_CHARS_MAX),
            published.type_code,
            entry.on,
            published.value_text,
            entry.currency
        );
        let reason = Reason::ChangedUpstream;
        compared.vanished.push(Item { reason, locator });
    }
    compared
}

/// Booked entries by key, the lowest occurrence first.
struct Booked<'a> {
    standing: HashMap<[u8; 16], VecDeque<(EventId, &'a KnownEntry)>>,
    highest: HashMap<[u8; 16], u32>,
}

impl<'a> Booked<'a> {
    fn of(identifier: &str, known: &'a Known) -> Self {
        let mut booked = Self {
            standing: HashMap::new(),
            highest: HashMap::new(),
        };
        let Some(streams) = known.streams(identifier) else {
            return booked;
        };
        let agreements = streams
            .agreements
            .iter()
            .filter_map(|id| known.agreement(id));
        let pledges = streams.pledges.iter().filter_map(|id| known.pledge(id));
        let entries = agreements
            .flat_map(|agreement| &agreement.entries)
            .chain(pledges.flat_map(|pledge| &pledge.entries));
        for (event_id, entry) in entries {
            let (key, occurrence) = (entry.published.occurrence_key, entry.published.occurrence);
            booked
                .standing
                .entry(key)
                .or_default()
                .push_back((*event_id, entry));
            let highest = booked.highest.entry(key).or_default();
            *highest = occurrence.max(*highest);
        }
        for entries in booked.standing.values_mut() {
            entries
                .make_contiguous()
                .sort_by_key(|(_, entry)| entry.published.occurrence);
        }
        booked
    }

    fn take(&mut self, key: &[u8; 16]) -> Option<(EventId, &'a KnownEntry)> {
        self.standing.get_mut(key)?.pop_front()
    }

    fn next_occurrence(&mut self, key: [u8; 16]) -> u32 {
        let highest = self.highest.entry(key).or_default();
        *highest = highest.saturating_add(1);
        *highest
    }

    /// What was not taken, in the order of booking.
    fn rest(self) -> Vec<Option<(EventId, &'a KnownEntry)>> {
        let mut rest: Vec<_> = self.standing.into_values().flatten().collect();
        rest.sort_by_key(|(event_id, _)| *event_id);
        rest.into_iter().map(Some).collect()
    }
}

/// What makes two entries versions of one, loosely.
struct Likeness<'a> {
    kind: Option<TransactionType>,
    on: Date,
    value: &'a str,
    currency: Currency,
}

impl<'a> Likeness<'a> {
    fn of_new(entry: &'a Entry) -> Self {
        Self {
            kind: Some(entry.kind),
            on: entry.on,
            value: &entry.published.value_text,
            currency: entry.amount.currency(),
        }
    }

    fn of_known(entry: &'a KnownEntry) -> Self {
        Self {
            kind: entry.transaction_type(),
            on: entry.on,
            value: &entry.published.value_text,
            currency: entry.currency,
        }
    }
}

/// Pairs vanished entries with new ones, the likest first, and refuses those new ones.
fn refuse_other_versions(compared: &mut Compared, vanished: &mut [Option<(EventId, &KnownEntry)>]) {
    if vanished.is_empty() {
        return;
    }
    let mut new: Vec<Option<Entry>> = std::mem::take(&mut compared.new)
        .into_iter()
        .map(Some)
        .collect();
    let mut refused = Vec::new();
    let same_three =
        |like: &Likeness<'_>| (like.kind, like.on, like.value.to_owned(), like.currency);
    let same_day = |like: &Likeness<'_>| (like.kind, like.on, like.currency);
    let same_value = |like: &Likeness<'_>| (like.kind, like.value.to_owned(), like.currency);
    let other_currency = |like: &Likeness<'_>| (like.kind, like.on, like.value.to_owned());
    pair(&mut new, vanished, same_three, &mut refused);
    pair(&mut new, vanished, same_day, &mut refused);
    pair(&mut new, vanished, same_value, &mut refused);
    pair(&mut new, vanished, other_currency, &mut refused);
    compared.new = new.into_iter().flatten().collect();
    compared.refused = refused
        .into_iter()
        .map(|entry| Item {
            reason: Reason::ChangedUpstream,
            locator: entry.locator,
        })
        .collect();
}

fn pair<K: Hash + Eq>(
    new: &mut [Option<Entry>],
    vanished: &mut [Option<(EventId, &KnownEntry)>],
    key: impl Fn(&Likeness<'_>) -> K,
    refused: &mut Vec<Entry>,
) {
    let mut by_key: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, entry) in new.iter().enumerate() {
        if let Some(entry) = entry {
            by_key
                .entry(key(&Likeness::of_new(entry)))
                .or_default()
                .push_back(index);
        }
    }
    for slot in vanished {
        let Some((_, entry)) = slot else { continue };
        let candidates = by_key.get_mut(&key(&Likeness::of_known(entry)));
        let Some(index) = candidates.and_then(VecDeque::pop_front) else {
            continue;
        };
        refused.extend(new.get_mut(index).and_then(Option::take));
        *slot = None;
    }
}
