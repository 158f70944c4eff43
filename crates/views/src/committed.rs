//! What is committed by whom, kept current at the head: what a question about single agreements need not sum again.
//!
//! For each facet the sum of its commitments is kept with the latest of their dates. A question at the head whose
//! cut-off is at or after that date reads the sum; where it is before, the rows of that agreement are read.

use std::collections::HashMap;

use perennial_domain::money::Currency;

use crate::columns::Row;
use crate::day::Day;
use crate::dictionary::{Dictionary, EntityNo, FacetNo};
use crate::history::Histories;
use crate::lens::{Lens, Posted};
use crate::numbers::NumberHash;
use crate::posting::{Measure, Measures, Register, Valued};
use crate::question::CurrencyBasis;

/// What is committed, net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Minor units.
    pub minor_units: i128,
    /// Parts of commitment entries less those of their reversals: above 0 as long as one of the entries stands.
    pub parts: i64,
}

impl Committed {
    fn add(&mut self, other: Self) {
        self.minor_units += other.minor_units;
        self.parts += other.parts;
    }

    /// What a row in this register commits, if it is of an entry (1) or of a reversal (-1).
    fn of(register: Register, minor_units: i128, sign: i64) -> Self {
        Self {
            minor_units,
            parts: if register == Register::Commitment {
                sign
            } else {
                0
            },
        }
    }
}

/// Whether rows are of an entry or of a reversal. The first row of each says so, for those that follow it.
#[derive(Clone, Copy, Debug, Default)]
struct EntrySign(i64);

impl EntrySign {
    fn of(&mut self, entries: i64) -> i64 {
        if entries != 0 {
            self.0 = entries.signum();
        }
        self.0
    }
}

/// The commitments of one facet in one currency.
#[derive(Clone, Copy, Debug)]
struct Own {
    currency: Currency,
    /// The latest effective date of any of them.
    last: Day,
    committed: Committed,
}

/// The commitments of all facets.
#[derive(Clone, Debug, Default)]
pub struct Commitments {
    by_facet: Vec<Option<Own>>,
    /// What facets committed in a second currency. An agreement has one, so there is hardly ever any.
    beside: HashMap<(FacetNo, Currency), Own>,
    sign: EntrySign,
}

impl Commitments {
    /// Takes a row into account, and in the histories when its stream committed first.
    pub fn add(&mut self, dictionary: &Dictionary, histories: &mut Histories, row: &Row) {
        let Some(kind) = dictionary.kinds.get(row.kind.index()) else {
            return;
        };
        // Functional amounts are summed from rows when they are asked for.
        if kind.valued == Valued::Functional {
            return;
        }
        if kind.register == Register::Commitment
            && let Some(facet) = dictionary.facets.get(row.facet.index())
        {
            histories.note_commitment(facet.entity, row.day, row.entries);
        }
        if !Measures::of(&Measure::COMMITTED).has(kind.measure) {
            return;
        }
        let sign = self.sign.of(i64::from(row.entries));
        let own = Own {
            currency: kind.currency,
            last: row.day,
            committed: Committed::of(kind.register, row.minor_units, sign),
        };
        let index = row.facet.index();
        if self.by_facet.len() <= index {
            self.by_facet.resize(index + 1, None);
        }
        let Some(first) = self.by_facet.get_mut(index) else {
            return;
        };
        let known = match first {
            None => {
                *first = Some(own);
                return;
            }
            Some(first) if first.currency == own.currency => first,
            Some(_) => self.beside.entry((row.facet, own.currency)).or_insert(Own {
                committed: Committed::default(),
                ..own
            }),
        };
        known.last = known.last.max(own.last);
        known.committed.add(own.committed);
    }

    fn iter(&self) -> impl Iterator<Item = (FacetNo, &Own)> {
        let first = (0_u32..).map(FacetNo).zip(&self.by_facet);
        let first = first.filter_map(|(facet, own)| Some((facet, own.as_ref()?)));
        let beside = self.beside.iter().map(|((facet, _), own)| (*facet, own));
        first.chain(beside)
    }
}

/// What every agreement has committed at (P, E).
#[derive(Clone, Debug, Default)]
pub struct ByAgreement {
    /// What the filter lets pass, by stream and currency.
    pub passing: HashMap<(EntityNo, Currency), Committed, NumberHash>,
    /// Parts of commitment entries by stream, whatever the filter says of currency and parties, as in [`Committed`].
    pub parts: HashMap<EntityNo, i64, NumberHash>,
}

impl ByAgreement {
    fn add(
        &mut self,
        (entity, currency): (EntityNo, Currency),
        committed: Committed,
        passes: bool,
    ) {
        *self.parts.entry(entity).or_default() += committed.parts;
        if passes {
            self.passing
                .entry((entity, currency))
                .or_default()
                .add(committed);
        }
    }
}

/// What every agreement has committed at (P, E).
pub fn by_agreement(lens: &Lens<'_>) -> ByAgreement {
    let transaction = lens.question.basis == CurrencyBasis::Transaction;
    if transaction && lens.is_at_head() && !lens.asks_for_agreements() {
        from_sums(lens).unwrap_or_else(|| from_rows(lens))
    } else {
        from_rows(lens)
    }
}

fn from_rows(lens: &Lens<'_>) -> ByAgreement {
    let mut all = ByAgreement::default();
    let mut sign = EntrySign::default();
    lens.each_read(Measures::of(&Measure::COMMITTED), |posted| {
        add(&mut all, lens, &mut sign, &posted);
    });
    all
}

fn add(all: &mut ByAgreement, lens: &Lens<'_>, sign: &mut EntrySign, posted: &Posted<'_>) {
    let (kind, total) = (&posted.series.kind, &posted.total);
    let sign = sign.of(i64::from(total.plus) - i64::from(total.minus));
    let committed = Committed::of(kind.register, total.minor_units, sign);
    let key = (posted.facet.entity, kind.currency);
    all.add(key, committed, lens.lets_pass(posted));
}

/// From what is kept current; `None` if so much is later than the cut-off that reading all rows is less work.
fn from_sums(lens: &Lens<'_>) -> Option<ByAgreement> {
    let later = committed_after(lens)?;
    let facets = &lens.facts.dictionary().facets;
    // An agreement has a facet at least, and mostly one.
    let mut all = ByAgreement {
        passing: HashMap::with_capacity_and_hasher(facets.len(), NumberHash),
        parts: HashMap::with_capacity_and_hasher(facets.len(), NumberHash),
    };
    for (facet, own) in lens.facts.commitments().iter() {
        if let Some(entity) = facets.get(facet.index()).map(|facet| facet.entity)
            && later.binary_search(&entity).is_err()
        {
            let passes = lens.lets_facet_pass(facet, own.currency);
            all.add((entity, own.currency), own.committed, passes);
        }
    }
    let mut sign = EntrySign::default();
    for entity in later {
        lens.each_posted_of(entity, |posted| {
            if Measure::COMMITTED.contains(&posted.series.kind.measure) {
                add(&mut all, lens, &mut sign, &posted);
            }
        });
    }
    Some(all)
}

/// The streams that committed anything after the cut-off, ascending; `None` if they have an eighth of all rows or more:
/// a single row costs several times what rows in their order cost.
fn committed_after(lens: &Lens<'_>) -> Option<Vec<EntityNo>> {
    let Some(cut) = lens.effective().map(Day::of) else {
        return Some(Vec::new());
    };
    let facets = &lens.facts.dictionary().facets;
    let own = lens.facts.commitments().iter();
    let mut later: Vec<EntityNo> = own
        .filter(|(_, own)| cut < own.last)
        .filter_map(|(facet, _)| Some(facets.get(facet.index())?.entity))
        .collect();
    later.sort_unstable();
    later.dedup();
    let events = later.iter().map(|entity| {
        let history = lens.facts.histories().entity(*entity);
        history.map_or(0, |history| history.entries.len())
    });
    let few = events.sum::<usize>() < lens.facts.columns().len() / 8;
    (few || later.is_empty()).then_some(later)
}
