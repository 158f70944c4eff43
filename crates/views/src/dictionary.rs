//! Everything of a posting that repeats, held once under a dense number.
//!
//! A posting is then a series, a day and an amount. Numbers follow the order of first appearance in the log, so
//! they are a function of its prefix, but they mean nothing outside this ledger and schema: digests use the texts.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use perennial_domain::agreement::{Firmness, YearBasis};
use perennial_domain::classification::{Code, Pillar};
use perennial_domain::event::Stream;
use perennial_domain::ids::LineId;
use perennial_domain::log::Position;
use perennial_domain::money::Currency;
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;

use crate::day::{Month, widened_to_month};
use crate::numbers::NumberHash;
use crate::posting::{Measure, Posting, Register, Valued};

macro_rules! dense_numbers {
    ($($(#[$doc:meta])* $name:ident;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// Its place in a dense table.
            pub fn index(self) -> usize {
                // A `usize` has at least 32 bits on every supported target.
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }
    )+ };
}

dense_numbers! {
    /// A stream: an agreement, a pledge, an import run, or the ledger.
    EntityNo;
    /// A line of an agreement.
    LineNo;
    /// An organisation as some fact named it; see [`Dictionary::identity`].
    OrgNo;
    /// A period.
    PeriodNo;
    /// A purpose or place that an event itself names.
    CodeNo;
    /// A facet.
    FacetNo;
    /// A kind.
    KindNo;
}

/// Whose money an amount is: what its parties and classification are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facet {
    /// The agreement or pledge.
    pub entity: EntityNo,
    /// Its line.
    pub line: Option<LineNo>,
    /// Who gives, where the event itself said so.
    pub provider: Option<OrgNo>,
    /// Who receives, where the event itself said so.
    pub receiver: Option<OrgNo>,
    /// The pillar, where the event itself said so.
    pub pillar: Option<Pillar>,
    /// The purpose, where the event itself said so.
    pub purpose: Option<CodeNo>,
    /// The country or region, where the event itself said so.
    pub place: Option<CodeNo>,
}

/// What an amount counts, whoever's it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeriesKind {
    /// What it counts.
    pub measure: Measure,
    /// Its currency.
    pub currency: Currency,
    /// The month of the effective dates in it.
    pub month: Month,
    /// The period it is for, where that is not decided by the effective date; widened to the month that it lies inside
    /// ([`widened_to_month`]).
    pub period: Option<PeriodNo>,
    /// How a committed amount came to its period.
    pub basis: Option<YearBasis>,
    /// How far a committed amount can be relied on.
    pub firmness: Firmness,
    /// The closed period that it adjusts.
    pub concerns: Option<PeriodNo>,
    /// The register it counts in.
    pub register: Register,
    /// Which of its posting's amounts it is.
    pub valued: Valued,
}

/// Everything of a posting but its event, day and amount.
///
/// It has no number of its own: most ledgers have almost as many series as postings, but few kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// Whose money it is.
    pub facet: FacetNo,
    /// The rest.
    pub kind: SeriesKind,
}

/// The numbers of one posting.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Whose money it is.
    pub facet: FacetNo,
    /// What it counts.
    pub kind: KindNo,
    /// The same of its functional amount, if it has one.
    pub functional: Option<KindNo>,
    /// Its period, where that is shorter than the month that the kind says.
    pub period: Option<PeriodNo>,
}

/// Values with dense numbers, in order of first appearance. Each is held once.
#[derive(Clone, Debug)]
pub struct Table<T, S = std::hash::RandomState> {
    items: Vec<T>,
    /// Places by hash, the next one if a place is taken: a number plus 1, or 0. A power of 2, or none.
    places: Vec<u32>,
    hash: S,
}

impl<T, S: Default> Default for Table<T, S> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            places: Vec::new(),
            hash: S::default(),
        }
    }
}

impl<T: Clone + Eq + Hash, S: BuildHasher> Table<T, S> {
    /// Returns the number of `item`, a new one if it is new.
    pub fn intern(&mut self, item: &T) -> u32 {
        if let Some(number) = self.find(item) {
            return number;
        }
        // Saturates only after 2^32 entries, which no memory holds.
        let number = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item.clone());
        // Three quarters full at most, so that a place is found after a few looks.
        if self.places.len() / 4 * 3 < self.items.len() {
            self.place_all();
        } else {
            let place = self.places_of(item).find(|(_, taken)| *taken == 0);
            self.settle(place, number);
        }
        number
    }

    /// Returns the number of `item`, if it has one.
    pub fn find<Q: Eq + Hash + ?Sized>(&self, item: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        self.places_of(item)
            .map_while(|(_, taken)| taken.checked_sub(1))
            .find(|&number| {
                let index = usize::try_from(number).unwrap_or(usize::MAX);
                let known = self.items.get(index);
                known.is_some_and(|known| known.borrow() == item)
            })
    }

    /// The places of a value, beginning with its own, and what is in them.
    fn places_of<Q: Hash + ?Sized>(&self, item: &Q) -> impl Iterator<Item = (usize, u32)> {
        let last = self.places.len().wrapping_sub(1);
        // Only the low bits count.
        let low = self.hash.hash_one(item) & u64::from(u32::MAX);
        let from = usize::try_from(low).unwrap_or_default();
        (0..self.places.len()).filter_map(move |step| {
            let place = from.wrapping_add(step) & last;
            Some((place, *self.places.get(place)?))
        })
    }

    fn settle(&mut self, place: Option<(usize, u32)>, number: u32) {
        let place = place.and_then(|(place, _)| self.places.get_mut(place));
        if let Some(place) = place {
            *place = number.saturating_add(1);
        }
    }

    fn place_all(&mut self) {
        let places = self.places.len().saturating_mul(2).max(4);
        self.places = vec![0; places];
        for number in 0..u32::try_from(self.items.len()).unwrap_or(u32::MAX) {
            let index = usize::try_from(number).unwrap_or(usize::MAX);
            let place = self
                .items
                .get(index)
                .and_then(|item| self.places_of(item).find(|(_, taken)| *taken == 0));
            self.settle(place, number);
        }
    }

    /// The value of a number.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    /// All values, by number.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn since(&self, len: usize) -> Vec<T> {
        self.items.get(len..).unwrap_or_default().to_vec()
    }

    fn extend(&mut self, items: &[T]) {
        for item in items {
            self.intern(item);
        }
    }
}

/// The entries that some records added to the dictionary, in order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Streams.
    pub entities: Vec<Stream>,
    /// Lines.
    pub lines: Vec<(EntityNo, LineId)>,
    /// Organisations as named.
    pub orgs: Vec<OrgRef>,
    /// Periods.
    pub periods: Vec<Period>,
    /// Purposes and places that events name.
    pub codes: Vec<Code>,
    /// Facets.
    pub facets: Vec<Facet>,
    /// Kinds.
    pub kinds: Vec<SeriesKind>,
}

/// How long each table was at some moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lengths {
    entities: usize,
    lines: usize,
    orgs: usize,
    periods: usize,
    codes: usize,
    facets: usize,
    kinds: usize,
}

/// All dense numbers of one ledger.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// Streams.
    pub entities: Table<Stream>,
    /// Lines.
    pub lines: Table<(EntityNo, LineId)>,
    orgs: Table<OrgRef>,
    first_named: HashMap<Arc<str>, OrgNo>,
    identities: Vec<OrgNo>,
    /// By identity: the record in which a name was first given, and under which number.
    names: HashMap<OrgNo, (Position, OrgNo)>,
    record: Position,
    /// Periods.
    pub periods: Table<Period, NumberHash>,
    /// Purposes and places that events name.
    pub codes: Table<Code>,
    /// Facets.
    pub facets: Table<Facet, NumberHash>,
    /// Kinds.
    pub kinds: Table<SeriesKind, NumberHash>,
}

impl Dictionary {
    /// Says which record what follows is from.
    pub fn begin(&mut self, record: Position) {
        self.record = record;
    }

    /// Returns the number of an organisation as named.
    pub fn org(&mut self, org: &OrgRef) -> OrgNo {
        let number = OrgNo(self.orgs.intern(org));
        if self.identities.len() < self.orgs.len() {
            let first = *self.first_named.entry(org.key().into()).or_insert(number);
            self.identities.push(first);
            if org.name.is_some() {
                self.names.entry(first).or_insert((self.record, number));
            }
        }
        number
    }

    /// The organisations as named, by number.
    pub fn orgs(&self) -> &[OrgRef] {
        self.orgs.items()
    }

    /// What rows are grouped by for an identity: its id, else its name; and the first name known at `at`, else the
    /// empty text.
    pub fn org_words(&self, identity: OrgNo, at: Position) -> (&str, &str) {
        let key = self.orgs.get(identity.index()).map_or("", OrgRef::key);
        let name = self
            .names
            .get(&identity)
            .filter(|(record, _)| *record <= at)
            .and_then(|(_, number)| self.orgs.get(number.index())?.name.as_deref());
        (key, name.unwrap_or(""))
    }

    /// The first number under which the same organisation was named: equal id or, without ids, equal name.
    pub fn identity(&self, org: OrgNo) -> OrgNo {
        self.identities.get(org.index()).copied().unwrap_or(org)
    }

    /// Returns the identity of the organisation with this key (its id, else its name).
    pub fn find_org(&self, key: &str) -> Option<OrgNo> {
        self.first_named.get(key).copied()
    }

    /// Returns the number of a stream, if it has one.
    pub fn find_entity(&self, stream: &Stream) -> Option<EntityNo> {
        self.entities.find(stream).map(EntityNo)
    }

    /// Returns the number of a line, a new one if it is new.
    pub fn line(&mut self, entity: EntityNo, line_id: &LineId) -> LineNo {
        LineNo(self.lines.intern(&(entity, line_id.clone())))
    }

    /// Returns the numbers of a posting's parts, new ones for all that is new in it.
    pub fn numbers_of(&mut self, posting: &Posting) -> Numbers {
        let entity = EntityNo(self.entities.intern(&posting.entity));
        let facet = Facet {
            entity,
            line: posting.line_id.as_ref().map(|id| self.line(entity, id)),
            provider: posting.provider.as_ref().map(|org| self.org(org)),
            receiver: posting.receiver.as_ref().map(|org| self.org(org)),
            pillar: posting.pillar,
            purpose: self.code(posting.purpose.as_ref()),
            place: self.code(posting.place.as_ref()),
        };
        let facet = FacetNo(self.facets.intern(&facet));
        let kind = SeriesKind {
            measure: posting.measure,
            currency: posting.currency,
            month: Month::of(posting.effective_on),
            period: posting.period.map(|period| {
                let whole = widened_to_month(period);
                PeriodNo(self.periods.intern(&whole))
            }),
            basis: posting.basis,
            firmness: posting.firmness,
            concerns: posting
                .concerns
                .map(|period| PeriodNo(self.periods.intern(&period))),
            register: posting.register,
            valued: match posting.functional {
                None => Valued::Alone,
                Some(_) => Valued::Own,
            },
        };
        let number = KindNo(self.kinds.intern(&kind));
        let functional = posting.functional.map(|functional| {
            KindNo(self.kinds.intern(&SeriesKind {
                currency: functional.currency(),
                valued: Valued::Functional,
                ..kind
            }))
        });
        let shorter = posting
            .period
            .filter(|period| widened_to_month(*period) != *period);
        Numbers {
            facet,
            kind: number,
            functional,
            period: shorter.map(|period| PeriodNo(self.periods.intern(&period))),
        }
    }

    /// The series of a row's numbers; `None` only for numbers of another dictionary.
    pub fn series(&self, facet: FacetNo, kind: KindNo) -> Option<Series> {
        let kind = *self.kinds.get(kind.index())?;
        Some(Series { facet, kind })
    }

    fn code(&mut self, code: Option<&Code>) -> Option<CodeNo> {
        code.map(|code| CodeNo(self.codes.intern(code)))
    }

    /// How long the tables are now; for [`Dictionary::since`].
    pub fn lengths(&self) -> Lengths {
        Lengths {
            entities: self.entities.len(),
            lines: self.lines.len(),
            orgs: self.orgs.len(),
            periods: self.periods.len(),
            codes: self.codes.len(),
            facets: self.facets.len(),
            kinds: self.kinds.len(),
        }
    }

    /// Returns what was added since.
    pub fn since(&self, then: Lengths) -> Names {
        Names {
            entities: self.entities.since(then.entities),
            lines: self.lines.since(then.lines),
            orgs: self.orgs.since(then.orgs),
            periods: self.periods.since(then.periods),
            codes: self.codes.since(then.codes),
            facets: self.facets.since(then.facets),
            kinds: self.kinds.since(then.kinds),
        }
    }

    /// Adds stored entries again, in their order.
    pub fn extend(&mut self, names: &Names) {
        self.entities.extend(&names.entities);
        self.lines.extend(&names.lines);
        for org in &names.orgs {
            self.org(org);
        }
        self.periods.extend(&names.periods);
        self.codes.extend(&names.codes);
        self.facets.extend(&names.facets);
        self.kinds.extend(&names.kinds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything in one place, the worst that can happen.
    #[derive(Clone, Copy, Debug, Default)]
    struct OnePlace;

    impl BuildHasher for OnePlace {
        type Hasher = Same;

        fn build_hasher(&self) -> Same {
            Same
        }
    }

    struct Same;

    impl std::hash::Hasher for Same {
        fn finish(&self) -> u64 {
            u64::MAX
        }

        fn write(&mut self, _: &[u8]) {}
    }

    fn numbered<S: BuildHasher + Default>(count: u32) -> Table<u64, S> {
        let mut table: Table<u64, S> = Table::default();
        assert_eq!(table.find(&0), None);
        for number in 0..count {
            assert_eq!(table.intern(&(u64::from(number) << 20)), number);
            assert_eq!(table.intern(&0), 0);
        }
        table
    }

    #[test]
    fn every_value_keeps_its_number_while_the_table_grows() {
        let table = numbered::<NumberHash>(5_000);
        for number in 0..5_000_u32 {
            assert_eq!(table.find(&(u64::from(number) << 20)), Some(number));
        }
        assert_eq!(table.find(&1), None);
        assert_eq!(table.len(), 5_000);
    }

    #[test]
    fn values_that_share_a_place_are_told_apart() {
        let table = numbered::<OnePlace>(100);
        for number in 0..100_u32 {
            assert_eq!(table.find(&(u64::from(number) << 20)), Some(number));
        }
        assert_eq!(table.find(&1), None);
    }
}
