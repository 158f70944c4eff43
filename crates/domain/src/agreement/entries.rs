//! What is remembered of each recorded event of an agreement, packed into about fifteen bytes: hardly any entry is
//! ever looked at again, and all of them are kept. [`Entry`] is what one says when it is unpacked.

use jiff::civil::Date;

use crate::agreement::state::{Effect, Entry, EntryKind, Measure};
use crate::book::{Impossible, MalformedSnapshot};
use crate::ids::PaymentId;
use crate::log::{EventId, Position};
use crate::packed::{Day, Decoder, Encoder, Names, Sorted, Stored, grow, put_amount, put_number};

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
            | Effect::Tranche { .. }
            | Effect::Allocated { .. }
            | Effect::Counted { .. }
            | Effect::WrittenOff { .. } => sum,
        })
    }
}

/// From so many entries to the next a reader goes one by one.
const ENTRIES_BETWEEN_MARKS: usize = 16;

/// Entries, ascending by event.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Entries {
    /// Parties, tranches and headings.
    names: Names,
    /// For each entry the distances of its event and day from the one before, the length of its body, and that.
    bytes: Vec<u8>,
    count: usize,
    newest: Base,
    /// Where each first of [`ENTRIES_BETWEEN_MARKS`] entries begins.
    marks: Vec<(EventId, usize)>,
    /// Entries that do not stand, with what cancelled them.
    cancelled: Sorted<EventId, EventId>,
    /// Where in `bytes` the ids of standing payments are, ascending by id.
    payments: Vec<usize>,
}

/// What an entry's distances are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Base {
    position: u64,
    day: Day,
}

impl Default for Base {
    /// For the entries at marks.
    fn default() -> Self {
        Self {
            position: 0,
            day: Day::ZERO,
        }
    }
}

/// An entry whose body is still packed.
struct Slot<'a> {
    event_id: EventId,
    day: Day,
    body: &'a [u8],
}

impl Entries {
    /// Adds the newest entry.
    pub(crate) fn push(&mut self, event_id: EventId, entry: &Entry) {
        let base = if self.count.is_multiple_of(ENTRIES_BETWEEN_MARKS) {
            grow(&mut self.marks, 1);
            self.marks.push((event_id, self.bytes.len()));
            Base::default()
        } else {
            self.newest
        };
        let day = Day::of(entry.effective_on);
        let mut head = Vec::with_capacity(16);
        let distance = event_id.position.0.wrapping_sub(base.position);
        put_number(&mut head, distance);
        put_number(&mut head, event_id.index.into());
        put_amount(&mut head, day.since(base.day).into());
        let body = self.body(entry);
        grow(
            &mut self.bytes,
            head.len().saturating_add(body.len()).saturating_add(4),
        );
        self.bytes.extend_from_slice(&head);
        put_number(
            &mut self.bytes,
            u64::try_from(body.len()).unwrap_or(u64::MAX),
        );
        let body_at = self.bytes.len();
        self.bytes.extend_from_slice(&body);
        if let Some(payment_id) = &entry.payment_id
            && let Err(at) = self.payment_place(payment_id)
        {
            grow(&mut self.payments, 1);
            self.payments.insert(at, payment_at(body_at));
        }
        self.count = self.count.saturating_add(1);
        self.newest = Base {
            position: event_id.position.0,
            day,
        };
    }

    /// The kind, the payment's id, and the effects.
    fn body(&mut self, entry: &Entry) -> Vec<u8> {
        let names = std::mem::take(&mut self.names);
        let mut out = Encoder::beside(Vec::with_capacity(32), names);
        entry.kind.put(&mut out);
        let payment_id = entry.payment_id.as_ref();
        out.packed(payment_id.map_or(&[], |id| id.as_str().as_bytes()));
        entry.effects.put(&mut out);
        let (body, names) = out.into_parts();
        self.names = names;
        body
    }

    /// One entry.
    pub(crate) fn get(&self, event_id: EventId) -> Option<Entry> {
        let marks = self.marks.partition_point(|&(at, _)| at <= event_id);
        let (_, begins) = *self.marks.get(marks.checked_sub(1)?)?;
        let slot = self
            .slots(begins)
            .take(ENTRIES_BETWEEN_MARKS)
            .find(|slot| slot.event_id == event_id)?;
        self.unpacked(&slot)
    }

    /// All of them, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (EventId, Entry)> {
        self.slots(0)
            .filter_map(|slot| Some((slot.event_id, self.unpacked(&slot)?)))
    }

    /// Notes that `by` cancels an entry, whose payment's id is free from now on.
    pub(crate) fn cancel(&mut self, target: EventId, by: EventId) -> Result<Entry, Impossible> {
        let entry = self.get(target).ok_or(Impossible::UnknownTarget)?;
        if entry.reversed_by.is_some() {
            return Err(Impossible::ReversedTwice);
        }
        if let Some(payment_id) = &entry.payment_id
            && let Ok(at) = self.payment_place(payment_id)
        {
            self.payments.remove(at);
        }
        self.cancelled.insert(target, by);
        Ok(entry)
    }

    /// Whether a standing payment has this id.
    pub(crate) fn has_payment(&self, payment_id: &PaymentId) -> bool {
        self.payment_place(payment_id).is_ok()
    }

    fn payment_place(&self, payment_id: &PaymentId) -> Result<usize, usize> {
        let id = payment_id.as_str().as_bytes();
        self.payments
            .binary_search_by(|&at| self.payment_id(at).cmp(id))
    }

    fn payment_id(&self, at: usize) -> &[u8] {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Decoder::new(bytes).packed().unwrap_or_default()
    }

    /// The entries from a mark on.
    fn slots(&self, begins: usize) -> Slots<'_> {
        Slots {
            from: Decoder::new(self.bytes.get(begins..).unwrap_or_default()),
            base: Base::default(),
            since_mark: 0,
        }
    }

    fn unpacked(&self, slot: &Slot<'_>) -> Option<Entry> {
        let reversed_by = self.cancelled.get(&slot.event_id).copied();
        let mut from = Decoder::beside(slot.body, &self.names);
        let kind = EntryKind::take(&mut from).ok()?;
        let payment_id = std::str::from_utf8(from.packed().ok()?).ok()?;
        let payment_id = PaymentId::parse(payment_id).ok();
        Some(Entry {
            effective_on: slot.day.date(),
            kind,
            reversed_by,
            payment_id: payment_id.filter(|_| reversed_by.is_none()),
            effects: Vec::<Effect>::take(&mut from).ok()?,
        })
    }
}

/// Where the payment's id is in an entry whose body begins at `body_at`: after the kind, which takes a byte.
fn payment_at(body_at: usize) -> usize {
    body_at.saturating_add(1)
}

/// Reads entries one after the other, from a mark on.
struct Slots<'a> {
    from: Decoder<'a>,
    base: Base,
    since_mark: usize,
}

impl<'a> Slots<'a> {
    fn take_slot(&mut self) -> Result<Slot<'a>, MalformedSnapshot> {
        if self.since_mark.is_multiple_of(ENTRIES_BETWEEN_MARKS) {
            self.base = Base::default();
        }
        self.since_mark = self.since_mark.saturating_add(1);
        let position = self.base.position.wrapping_add(self.from.number()?);
        let index = u32::take(&mut self.from)?;
        let day = self.base.day.plus(i128::take(&mut self.from)?);
        let day = day.ok_or(MalformedSnapshot)?;
        self.base = Base { position, day };
        let position = Position(position);
        Ok(Slot {
            event_id: EventId { position, index },
            day,
            body: self.from.packed()?,
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
        self.names.all().len().put(out);
        for name in self.names.all() {
            out.shared(name);
        }
        out.packed(&self.bytes);
        self.cancelled.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let mut entries = Self {
            names: Names::of(Stored::take(from)?),
            bytes: from.packed()?.to_vec(),
            cancelled: Stored::take(from)?,
            ..Self::default()
        };
        entries.find_places()?;
        Ok(entries)
    }
}

impl Entries {
    /// Finds again what bytes that were stored do not say: how many entries they are, their marks and payments.
    fn find_places(&mut self) -> Result<(), MalformedSnapshot> {
        let mut slots = self.slots(0);
        let (mut marks, mut payments, mut last) = (Vec::new(), Vec::new(), None);
        while !slots.from.is_empty() {
            let begins = self.bytes.len().saturating_sub(slots.from.rest().len());
            let slot = slots.take_slot()?;
            if slot.day.checked_date().is_none() || Some(slot.event_id) <= last {
                return Err(MalformedSnapshot);
            }
            last = Some(slot.event_id);
            if slots.since_mark % ENTRIES_BETWEEN_MARKS == 1 {
                marks.push((slot.event_id, begins));
            }
            let ends = self.bytes.len().saturating_sub(slots.from.rest().len());
            let at = payment_at(ends.saturating_sub(slot.body.len()));
            let stands = !self.cancelled.contains_key(&slot.event_id);
            if stands && !self.payment_id(at).is_empty() {
                payments.push(at);
            }
        }
        payments.sort_by(|&a, &b| self.payment_id(a).cmp(self.payment_id(b)));
        payments.shrink_to_fit();
        marks.shrink_to_fit();
        (self.count, self.newest) = (slots.since_mark, slots.base);
        (self.marks, self.payments) = (marks, payments);
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests;
