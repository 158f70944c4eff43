//! What is remembered of each recorded event of an agreement, packed into about fifteen bytes: hardly any entry is
//! ever looked at again, and all of them are kept. [`Entry`] is what one says when it is unpacked.

mod payment_ids;

use jiff::civil::Date;

use crate::agreement::state::{Effect, Entry, EntryKind, Measure};
use crate::book::{Impossible, MalformedSnapshot};
use crate::ids::PaymentId;
use crate::log::{EventId, Position};
use crate::packed::{Day, Decoder, Encoder, Names, Sorted, Stored, grow, put_amount, put_number};
use payment_ids::{Known, PaymentIds};

impl Entry {
    /// One that stands and is no payment.
    pub(crate) fn new(effective_on: Date, kind: EntryKind, effects: Vec<Effect>) -> Self {
        Self {
            effective_on,
            kind,
            reversed_by: None,
            payment_id: None,
            effects,
        }
    }

    /// Whether it is a disbursement or reimbursement that stands.
    pub(crate) fn is_standing_payment(&self) -> bool {
        let pays = |effect: &Effect| {
            matches!(
                effect,
                Effect::Amount { measure: Measure::Disbursed, minor_units, .. } if 0 < *minor_units
            )
        };
        self.kind == EntryKind::Cash && self.reversed_by.is_none() && self.effects.iter().any(pays)
    }

    /// What it adds to W, in minor units.
    pub(crate) fn written_off(&self) -> i128 {
        self.effects.iter().fold(0, |sum, effect| match effect {
            Effect::WrittenOff { minor_units } => sum.saturating_add(*minor_units),
            Effect::Amount { .. }
            | Effect::Share { .. }
            | Effect::Worth { .. }
            | Effect::Tranche { .. }
            | Effect::Allocated { .. }
            | Effect::Counted { .. } => sum,
        })
    }

    /// What it paid, received or reported, in minor units.
    pub(crate) fn cash_amount(&self) -> i128 {
        self.effects.iter().fold(0, |sum, effect| match effect {
            Effect::Amount { minor_units, .. } => sum.saturating_add(*minor_units),
            Effect::Share { .. }
            | Effect::Worth { .. }
            | Effect::Tranche { .. }
            | Effect::Allocated { .. }
            | Effect::Counted { .. }
            | Effect::WrittenOff { .. } => sum,
        })
    }
}

/// From so many entries to the next a reader goes one by one: a run.
const RUN: u32 = 32;

/// Entries, ascending by event. Parties, tranches and headings are numbers of the agreement's names.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Entries {
    /// For each entry the distances of its event and day from the one before, the length of its body, and that.
    bytes: Vec<u8>,
    count: u32,
    newest: Base,
    /// Absent while there is only one run.
    later_runs: Option<Box<Runs>>,
    /// Entries that do not stand, with what cancelled them.
    cancelled: Sorted<EventId, EventId>,
    ids: PaymentIds,
}

/// The first entry of every run but the first, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Runs(Vec<(EventId, u32)>);

/// What an entry's distances are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Base {
    position: u64,
    day: Day,
    /// Where the first id of a payment is that the run has; 0 before it has one.
    id_at: u32,
}

impl Default for Base {
    /// For the first entry of a run.
    fn default() -> Self {
        Self {
            position: 0,
            day: Day::ZERO,
            id_at: 0,
        }
    }
}

/// An entry whose effects are still packed.
struct Slot<'a> {
    event_id: EventId,
    day: Day,
    kind: EntryKind,
    payment_id: Option<PartialId<'a>>,
    effects: &'a [u8],
}

/// The id of a payment: the beginning of the first one of its run, and what follows.
#[derive(Clone, Copy)]
struct PartialId<'a> {
    beginning: &'a [u8],
    rest: &'a [u8],
}

impl PartialId<'_> {
    fn is(&self, id: &[u8]) -> bool {
        id.strip_prefix(self.beginning) == Some(self.rest)
    }

    fn whole(&self) -> Vec<u8> {
        [self.beginning, self.rest].concat()
    }
}

impl Entries {
    /// Adds the newest entry.
    pub(crate) fn push(&mut self, names: &mut Names, event_id: EventId, entry: &Entry) {
        let begins = place(self.bytes.len());
        let begins_run = self.count.is_multiple_of(RUN);
        if begins_run && 0 < self.count {
            let Runs(runs) = &mut **self.later_runs.get_or_insert_default();
            grow(runs, 1);
            runs.push((event_id, begins));
        }
        let base = if begins_run {
            Base::default()
        } else {
            self.newest
        };
        let day = Day::of(entry.effective_on);
        let (body, id_within) = self.body(names, base.id_at, entry);
        let mut head = Vec::with_capacity(16);
        let distance = event_id.position.0.wrapping_sub(base.position);
        put_number(&mut head, distance);
        put_amount(&mut head, day.since(base.day).into());
        let length = u64::from(place(body.len()));
        put_number(&mut head, length << 1 | u64::from(event_id.index != 0));
        if event_id.index != 0 {
            put_number(&mut head, event_id.index.into());
        }
        grow(&mut self.bytes, head.len().saturating_add(body.len()));
        self.bytes.extend_from_slice(&head);
        let body_at = place(self.bytes.len());
        self.bytes.extend_from_slice(&body);
        if let Some(payment_id) = &entry.payment_id {
            self.ids.insert(payment_id.as_str().as_bytes());
        }
        self.count = self.count.saturating_add(1);
        let first_id = id_within.map_or(0, |within| body_at.saturating_add(within));
        self.newest = Base {
            position: event_id.position.0,
            day,
            id_at: if base.id_at == 0 {
                first_id
            } else {
                base.id_at
            },
        };
    }

    /// The kind, the payment's id, and the effects; with the place of the id in it, where it is whole.
    fn body(&self, names: &mut Names, id_at: u32, entry: &Entry) -> (Vec<u8>, Option<u32>) {
        let mut out = Encoder::beside(Vec::with_capacity(48), std::mem::take(names));
        entry.kind.put(&mut out);
        let mut whole_at = None;
        match &entry.payment_id {
            None => out.number(0),
            Some(payment_id) => {
                let id = payment_id.as_str().as_bytes();
                let first = if id_at == 0 { &[] } else { self.id(id_at) };
                let pairs = first.iter().zip(id);
                let same = pairs.take_while(|(a, b)| a == b).count();
                // 0 is none.
                out.number(u64::from(place(same)).saturating_add(1));
                whole_at = (same == 0).then(|| place(out.len()));
                out.packed(id.get(same..).unwrap_or_default());
            }
        }
        entry.effects.put(&mut out);
        let (body, known) = out.into_parts();
        *names = known;
        (body, whole_at)
    }

    /// An id that is whole.
    fn id(&self, at: u32) -> &[u8] {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Decoder::new(bytes).packed().unwrap_or_default()
    }

    /// One entry.
    pub(crate) fn get(&self, names: &Names, event_id: EventId) -> Option<Entry> {
        let later = self.later_runs.as_ref().map_or(&[][..], |runs| &runs.0);
        let run = later.partition_point(|&(at, _)| at <= event_id);
        let run = run.checked_sub(1).and_then(|run| later.get(run));
        let begins = run.map_or(0, |&(_, begins)| begins);
        let run = usize::try_from(RUN).unwrap_or(usize::MAX);
        let mut slots = self.slots(begins).take(run);
        let slot = slots.find(|slot| slot.event_id == event_id)?;
        self.unpacked(names, &slot)
    }

    /// All of them, ascending.
    pub(crate) fn iter<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = (EventId, Entry)> {
        self.of_kinds(names, |_| true)
    }

    /// Those of some kinds, ascending; the others are not unpacked.
    pub(crate) fn of_kinds<'a>(
        &'a self,
        names: &'a Names,
        wanted: impl Fn(EntryKind) -> bool,
    ) -> impl Iterator<Item = (EventId, Entry)> {
        let slots = self.slots(0).filter(move |slot| wanted(slot.kind));
        slots.filter_map(|slot| Some((slot.event_id, self.unpacked(names, &slot)?)))
    }

    /// Notes that `by` cancels an entry, whose payment's id is free from now on.
    pub(crate) fn cancel(
        &mut self,
        names: &Names,
        target: EventId,
        by: EventId,
    ) -> Result<Entry, Impossible> {
        let entry = self.get(names, target).ok_or(Impossible::UnknownTarget)?;
        if entry.reversed_by.is_some() {
            return Err(Impossible::ReversedTwice);
        }
        self.cancelled.insert(target, by);
        Ok(entry)
    }

    /// Whether a standing payment has this id.
    pub(crate) fn has_payment(&self, payment_id: &PaymentId) -> bool {
        let id = payment_id.as_str().as_bytes();
        // One that may be known is looked for: it may have been cancelled.
        self.ids.get(id) == Known::Perhaps
            && self.slots(0).any(|slot| {
                slot.payment_id.is_some_and(|known| known.is(id))
                    && !self.cancelled.contains_key(&slot.event_id)
            })
    }

    /// The entries from the beginning of a run on.
    fn slots(&self, begins: u32) -> Slots<'_> {
        let at = usize::try_from(begins).unwrap_or(usize::MAX);
        Slots {
            from: Decoder::new(self.bytes.get(at..).unwrap_or_default()),
            base: Base::default(),
            first_id: &[],
            since: 0,
        }
    }

    fn unpacked(&self, names: &Names, slot: &Slot<'_>) -> Option<Entry> {
        let reversed_by = self.cancelled.get(&slot.event_id).copied();
        let payment_id = slot.payment_id.filter(|_| reversed_by.is_none());
        let payment_id = payment_id.and_then(|id| {
            let id = String::from_utf8(id.whole()).ok()?;
            PaymentId::parse(&id).ok()
        });
        let mut from = Decoder::beside(slot.effects, names);
        Some(Entry {
            effective_on: slot.day.date(),
            kind: slot.kind,
            reversed_by,
            payment_id,
            effects: Vec::<Effect>::take(&mut from).ok()?,
        })
    }
}

/// A place among an agreement's bytes: far fewer than this can count.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Reads entries one after the other, from the beginning of a run on.
struct Slots<'a> {
    from: Decoder<'a>,
    base: Base,
    first_id: &'a [u8],
    since: u32,
}

impl<'a> Slots<'a> {
    fn take_slot(&mut self) -> Result<Slot<'a>, MalformedSnapshot> {
        if self.since.is_multiple_of(RUN) {
            (self.base, self.first_id) = (Base::default(), &[]);
        }
        self.since = self.since.saturating_add(1);
        let position = self.base.position.wrapping_add(self.from.number()?);
        let day = self.base.day.plus(i128::take(&mut self.from)?);
        let day = day.ok_or(MalformedSnapshot)?;
        (self.base.position, self.base.day) = (position, day);
        let length = self.from.number()?;
        let index = if length & 1 == 1 {
            u32::take(&mut self.from)?
        } else {
            0
        };
        let length = usize::try_from(length >> 1).map_err(|_| MalformedSnapshot)?;
        let mut body = Decoder::new(self.from.raw(length)?);
        let kind = EntryKind::take(&mut body)?;
        let payment_id = match usize::take(&mut body)?.checked_sub(1) {
            None => None,
            Some(same) => {
                let rest = body.packed()?;
                let beginning = self.first_id.get(..same).ok_or(MalformedSnapshot)?;
                if self.first_id.is_empty() {
                    self.first_id = rest;
                }
                Some(PartialId { beginning, rest })
            }
        };
        let position = Position(position);
        Ok(Slot {
            event_id: EventId { position, index },
            day,
            kind,
            payment_id,
            effects: body.rest(),
        })
    }
}

impl<'a> Iterator for Slots<'a> {
    type Item = Slot<'a>;

    fn next(&mut self) -> Option<Slot<'a>> {
        if self.from.is_empty() {
            return None;
        }
        self.take_slot().ok()
    }
}

impl Stored for Entries {
    fn put(&self, out: &mut Encoder) {
        out.packed(&self.bytes);
        self.cancelled.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let mut entries = Self {
            bytes: from.packed()?.to_vec(),
            cancelled: Stored::take(from)?,
            ..Self::default()
        };
        entries.find_places()?;
        Ok(entries)
    }
}

impl Entries {
    /// Finds again what bytes that were stored do not say: how many entries they are, their runs and payments.
    fn find_places(&mut self) -> Result<(), MalformedSnapshot> {
        let all = self.bytes.len();
        let mut slots = self.slots(0);
        let (mut runs, mut ids, mut last) = (Vec::new(), PaymentIds::default(), None);
        let mut id_at = 0;
        while !slots.from.is_empty() {
            let begins = place(all.saturating_sub(slots.from.rest().len()));
            let begins_run = slots.since.is_multiple_of(RUN);
            let slot = slots.take_slot()?;
            if slot.day.checked_date().is_none() || Some(slot.event_id) <= last {
                return Err(MalformedSnapshot);
            }
            if begins_run {
                id_at = 0;
                if last.is_some() {
                    runs.push((slot.event_id, begins));
                }
            }
            last = Some(slot.event_id);
            if let Some(id) = slot.payment_id {
                ids.insert(&id.whole());
                if id_at == 0 {
                    // Its length, of a byte, stands before it; its effects after it.
                    let after = all.saturating_sub(slots.from.rest().len());
                    let before = slot.effects.len().saturating_add(id.rest.len());
                    id_at = place(after.saturating_sub(before.saturating_add(1)));
                }
            }
        }
        runs.shrink_to_fit();
        (self.count, self.newest) = (slots.since, slots.base);
        self.newest.id_at = id_at;
        self.later_runs = (!runs.is_empty()).then(|| Box::new(Runs(runs)));
        self.ids = ids;
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests;
