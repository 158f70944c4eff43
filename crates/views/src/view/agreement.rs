//! `agreement`: where each agreement stands.

use std::collections::{BTreeMap, HashMap};

use perennial_domain::Date;
use perennial_domain::agreement::{Conditionality, FurtherTerms, OnwardGrant, Status, Terms};
use perennial_domain::classification::{Pillar, WHOLE_PPM};
use perennial_domain::event::Stream;
use perennial_domain::log::{EventId, Revision};
use perennial_domain::money::Currency;
use perennial_domain::party::ExternalReference;
use perennial_domain::reference::ListVersion;

use crate::dictionary::EntityNo;
use crate::exact::{Exact, Weight, round_partition};
use crate::history::{AgreementState, Kind};
use crate::lens::{Lens, Posted};
use crate::posting::{Direction, Measure, Measures};
use crate::question::CurrencyBasis;
use crate::rows::{Party, RowKey};
use crate::view::additive::party;
use crate::view::balances::Balances;
use crate::view::by_year::agreement_id;
use crate::view::exceptions::open_exceptions;
use crate::view::multi_year::original_term;
use crate::view::tags;

/// Whether an agreement runs for the multi-year threshold or longer, by its original dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MultiYear {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// An original date is not known.
    Unknown,
}

impl MultiYear {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// What few agreements have: allocated and handed-on money, and terms beside parties, dates and money. Amounts are minor
/// units of the row's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementDetails {
    /// A: what is allocated out of parked money.
    pub allocated: i128,
    /// C - A: what is for nothing more than its line says. Below 0 more is allocated than committed.
    pub parked: i128,
    /// Of C: what comes out of other agreements of this ledger.
    pub from_upstream: i128,
    /// What goes onward into other agreements of this ledger.
    pub onward: i128,
    /// Its terms beside parties, dates and money, after revisions.
    pub further: FurtherTerms,
    /// Whether the money is conditional.
    pub conditionality: Conditionality,
    /// How many revisions of its terms are in force.
    pub terms_revisions: u32,
}

/// A row of `agreement`. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRow {
    /// The agreement.
    pub agreement_id: String,
    /// Numbers that other systems gave it, ascending.
    pub external_references: Vec<ExternalReference>,
    /// Its title.
    pub title: Option<String>,
    /// Incoming or outgoing.
    pub direction: Direction,
    /// Who gives.
    pub provider: Party,
    /// Who receives.
    pub recipient: Party,
    /// The currency of the amounts.
    pub currency: Currency,
    /// The currency that it is signed in.
    pub own_currency: Currency,
    /// When it was signed; absent where the source does not publish it.
    pub signed_on: Option<Date>,
    /// First day of the original term.
    pub starts_on: Option<Date>,
    /// Last day of the original term, included.
    pub original_ends_on: Option<Date>,
    /// Last day now, included.
    pub ends_on: Option<Date>,
    /// Whole calendar months of the original term, the last day included.
    pub original_months: Option<u32>,
    /// Whether the original term is multi-year.
    pub multi_year: MultiYear,
    /// Where it is in its life.
    pub status: Status,
    /// Since when, where a fact made the status.
    pub status_since: Option<Date>,
    /// The amount of the signature; `None`: not published.
    pub signed: Option<i128>,
    /// Later increases.
    pub increases: i128,
    /// Later decreases; above 0.
    pub decreases: i128,
    /// C: net commitment.
    pub committed: i128,
    /// D: net payments by the provider.
    pub disbursed: i128,
    /// Of the payments: what was given back to the provider; above 0.
    pub refunded: i128,
    /// Net receipts.
    pub received: i128,
    /// U: C - D, or for incoming money C - received. Below 0 it is overdrawn.
    pub undisbursed: i128,
    /// By how much U is below 0.
    pub overdrawn: i128,
    /// W: given up, less what is expected again.
    pub written_off: i128,
    /// Of what was given up: expected again; above 0.
    pub recovered: i128,
    /// S: open portions.
    pub scheduled: i128,
    /// U - S.
    pub unscheduled: i128,
    /// X: net spending.
    pub expended: i128,
    /// What the recipient has and did not spend: D (incoming: received) - X.
    pub unspent: i128,
    /// The commitment by pillar, in the pillars' order, rounded as one partition.
    pub pillars: Vec<(Pillar, i128)>,
    /// Whether its lines reach two or more of the three pillars, or it carries an active nexus tag.
    pub nexus_aligned: bool,
    /// By which of the two: `pillars`, and the schemes of its nexus tags as `name@version`; empty if it is not.
    pub nexus_by: Vec<String>,
    /// IATI hierarchy level, where published.
    pub hierarchy: Option<u8>,
    /// Identifier of the published parent.
    pub parent: Option<String>,
    /// How many events it has.
    pub revision: Revision,
    /// The last of them.
    pub last_event: Option<(EventId, Kind)>,
    /// How many exceptions its events carry.
    pub exceptions: u64,
    /// How many of them still stand, where that can be computed.
    pub standing_exceptions: u64,
    /// What few agreements have.
    pub details: Box<AgreementDetails>,
}

impl AgreementRow {
    /// Its key: the agreement, and the currency where that is not its own.
    pub fn key(&self) -> RowKey {
        if self.currency == self.own_currency {
            return RowKey::of(&[&self.agreement_id]);
        }
        RowKey::of(&[&self.agreement_id, self.currency.code()])
    }
}

/// The rows of all agreements that were signed, or opened by a mirror, at P; by agreement id and currency.
///
/// In the functional basis an agreement has a row for each currency that it has amounts in: the functional one, and its
/// own for what has no functional amount.
pub fn evaluate(lens: &Lens<'_>) -> Vec<AgreementRow> {
    let asked = &lens.question.filter.agreements;
    let dictionary = lens.facts.dictionary();
    let mut entities: Vec<EntityNo> = if asked.is_empty() {
        (0_u32..)
            .map(EntityNo)
            .zip(dictionary.entities.items())
            .filter(|(_, stream)| matches!(stream, Stream::Agreement(_)))
            .map(|(entity, _)| entity)
            .collect()
    } else {
        asked
            .iter()
            .filter_map(|id| dictionary.find_entity(&Stream::Agreement(id.clone())))
            .collect()
    };
    entities.sort_unstable();
    entities.dedup();
    let mut books = if lens.question.filter.given().is_empty() {
        Books::of_all(lens)
    } else {
        Books::default()
    };
    let mut rows: Vec<AgreementRow> = entities
        .into_iter()
        .filter(|entity| passes(lens, *entity))
        .flat_map(|entity| {
            let book = books.take(entity).unwrap_or_else(|| Book::of(lens, entity));
            statements(lens, entity, &book)
        })
        .collect();
    rows.sort_by(|a, b| (&a.agreement_id, a.currency).cmp(&(&b.agreement_id, b.currency)));
    rows
}

/// Whether an agreement passes the filter, by its own parties. Its statement is then always whole.
pub(crate) fn passes(lens: &Lens<'_>, entity: EntityNo) -> bool {
    let history = lens.facts.histories().entity(entity);
    let Some(head) = history.and_then(|history| history.head) else {
        return false;
    };
    let filter = &lens.question.filter;
    let named = |asked: &Option<String>, org| {
        let asked = asked.as_ref();
        asked.is_none_or(|asked| lens.is_party(asked, org))
    };
    filter.direction.is_none_or(|asked| asked == head.direction)
        && (lens.question.basis != CurrencyBasis::Transaction
            || filter.currency.is_none_or(|asked| asked == head.currency))
        && named(&filter.donor, head.provider)
        && named(&filter.recipient, head.recipient)
}

/// What the statements of one agreement sum, by currency: in the transaction basis only its own.
#[derive(Clone, Debug, Default)]
pub struct Book(BTreeMap<Currency, Page>);

/// What a statement sums: balances and the commitment by pillar.
#[derive(Clone, Debug, Default)]
struct Page {
    balances: Balances,
    pillars: [Exact; 4],
    reached: [bool; 4],
}

/// The books of all agreements, from one pass over the sums.
#[derive(Debug, Default)]
struct Books(HashMap<EntityNo, Book>);

impl Books {
    fn of_all(lens: &Lens<'_>) -> Self {
        let mut books: HashMap<EntityNo, Book> = HashMap::new();
        lens.each_posted(Measures::ALL, |posted| {
            let book = books.entry(posted.facet.entity).or_default();
            book.add(lens, &posted);
        });
        Self(books)
    }

    /// All agreements without postings have no book here; theirs is empty, and costs nothing to make.
    fn take(&mut self, entity: EntityNo) -> Option<Book> {
        self.0.remove(&entity)
    }
}

impl Book {
    /// The book of one agreement, read from its own postings alone.
    pub fn of(lens: &Lens<'_>, entity: EntityNo) -> Self {
        let mut book = Self::default();
        lens.each_posted_of(entity, |posted| book.add(lens, &posted));
        book
    }

    fn add(&mut self, lens: &Lens<'_>, posted: &Posted<'_>) {
        let kind = &posted.series.kind;
        // A statement shows no forecast, so one alone makes no statement in its currency.
        if kind.measure == Measure::Forecast {
            return;
        }
        let head = lens
            .facts
            .histories()
            .entity(posted.facet.entity)
            .and_then(|history| history.head);
        let transaction = lens.question.basis == CurrencyBasis::Transaction;
        if head.is_none_or(|head| transaction && head.currency != kind.currency) {
            return;
        }
        self.0.entry(kind.currency).or_default().add(lens, posted);
    }
}

impl Page {
    fn add(&mut self, lens: &Lens<'_>, posted: &Posted<'_>) {
        let kind = &posted.series.kind;
        self.balances
            .add(kind.measure, kind.register, &posted.total);
        if !Measure::COMMITTED.contains(&kind.measure) {
            return;
        }
        let shares = match posted.class.pillar {
            Some(pillar) => vec![(pillar, WHOLE_PPM)],
            None => lens.pillars(posted.class.dims),
        };
        let places = self.pillars.iter_mut().zip(&mut self.reached);
        for ((sum, reached), pillar) in places.zip(Pillar::ALL) {
            for (_, ppm) in shares.iter().filter(|(of, _)| *of == pillar) {
                sum.add(posted.total.minor_units, Weight::ALL.split(*ppm, WHOLE_PPM));
                *reached = true;
            }
        }
    }

    /// The commitment by pillar, rounded as one partition.
    fn rounded_pillars(&self) -> Vec<(Pillar, i128)> {
        let reached = Pillar::ALL.into_iter().zip(&self.pillars).zip(self.reached);
        let mut cells: Vec<(Pillar, &Exact)> = reached
            .filter(|(_, reached)| *reached)
            .map(|(cell, _)| cell)
            .collect();
        // Ties go by code, which is the pillar's word: development before humanitarian.
        cells.sort_by_key(|(pillar, _)| pillar.name());
        let exact: Vec<&Exact> = cells.iter().map(|(_, sum)| *sum).collect();
        let pillars = cells.iter().map(|(pillar, _)| *pillar);
        let mut rounded: Vec<(Pillar, i128)> = pillars.zip(round_partition(&exact)).collect();
        rounded.sort_by_key(|(pillar, _)| *pillar);
        rounded
    }
}

/// The statements of one agreement from its book: one in each currency that the question asks for; none if it was not
/// there at P.
pub fn statements(lens: &Lens<'_>, entity: EntityNo, book: &Book) -> Vec<AgreementRow> {
    let head = lens.facts.histories().entity(entity);
    let Some(head) = head.and_then(|history| history.head) else {
        return Vec::new();
    };
    let empty = Page::default();
    let pages = if book.0.is_empty() {
        vec![(head.currency, &empty)]
    } else {
        let pages = book.0.iter();
        pages.map(|(currency, page)| (*currency, page)).collect()
    };
    let asked = lens.question.filter.currency;
    pages
        .into_iter()
        .filter(|(currency, _)| asked.is_none_or(|asked| asked == *currency))
        .filter_map(|page| statement(lens, entity, page))
        .collect()
}

fn statement(
    lens: &Lens<'_>,
    entity: EntityNo,
    (currency, page): (Currency, &Page),
) -> Option<AgreementRow> {
    let balances = &page.balances;
    let history = lens.facts.histories().entity(entity)?;
    let head = history.head?;
    let state = history.agreement_at(lens.at, lens.effective())?;
    let (_, multi_year) = original_term(lens, entity);
    let pillars = page.rounded_pillars();
    let nexus_by = nexus_by(lens, entity, &pillars);
    let (known, last_event) = history.entries.until(lens.at);
    let (exceptions, standing_exceptions) = open_exceptions(lens, entity);
    let undisbursed = balances.undisbursed(head.direction);
    let scheduled = balances.scheduled();
    let expended = balances.of(Measure::Expended);
    Some(AgreementRow {
        agreement_id: agreement_id(lens, entity),
        title: state.title().map(str::to_owned),
        direction: head.direction,
        provider: party(lens, head.provider),
        recipient: party(lens, head.recipient),
        currency,
        own_currency: head.currency,
        signed_on: state.terms.signed_on,
        starts_on: state.terms.starts_on,
        original_ends_on: state.terms.ends_on,
        ends_on: state.ends_on,
        original_months: months(state.terms),
        multi_year,
        status: state.status,
        status_since: state.status_since,
        signed: is_published(state.terms).then(|| balances.of(Measure::Signed)),
        increases: balances.of(Measure::Increased),
        decreases: -balances.of(Measure::Decreased),
        committed: balances.committed(),
        disbursed: balances.disbursed(),
        refunded: -balances.of(Measure::Refunded),
        received: balances.received(),
        undisbursed,
        overdrawn: (-undisbursed).max(0),
        written_off: balances.sum(&Measure::WRITTEN_OFF),
        recovered: -balances.of(Measure::Recovered),
        scheduled,
        unscheduled: undisbursed - scheduled,
        expended,
        unspent: balances.paid(head.direction) - expended,
        nexus_aligned: !nexus_by.is_empty(),
        nexus_by,
        pillars,
        hierarchy: described(&state, |description| description.hierarchy),
        parent: described(&state, |description| description.parent.clone()),
        revision: Revision(u64::try_from(known).unwrap_or(u64::MAX)),
        last_event: last_event.map(|entry| (entry.event_id, entry.kind)),
        exceptions,
        standing_exceptions,
        details: Box::new(AgreementDetails {
            allocated: balances.of(Measure::Allocated),
            parked: balances.committed() - balances.of(Measure::Allocated),
            from_upstream: balances.of(Measure::LinkedOnward),
            onward: linked_onward(lens, entity),
            conditionality: state.conditionality,
            terms_revisions: state.revisions,
            further: state.further,
        }),
        external_references: state.external_references,
    })
}

fn described<T>(
    state: &AgreementState<'_>,
    read: impl Fn(&perennial_domain::agreement::Description) -> Option<T>,
) -> Option<T> {
    state.description.and_then(read)
}

/// What standing links take out of an agreement into others, in minor units of its currency.
pub(crate) fn linked_onward(lens: &Lens<'_>, entity: EntityNo) -> i128 {
    let stream = lens.facts.dictionary().entities.get(entity.index());
    let Some(Stream::Agreement(id)) = stream else {
        return 0;
    };
    let histories = lens.facts.histories();
    let linked = histories.ever_linked(id).iter();
    linked
        .filter_map(|downstream| histories.entity(*downstream))
        .flat_map(|history| history.links_at(lens.at, lens.effective()))
        .filter(|link| link.upstream_agreement_id == *id)
        .map(OnwardGrant::upstream_minor_units)
        .sum()
}

/// A signature of nothing is a mirror's opening: its source publishes no signed amount (SEMANTICS.md 3).
fn is_published(terms: &Terms) -> bool {
    terms.lines.iter().any(|line| !line.amount.is_zero())
}

/// Whole months of the original term: the largest number that it reaches.
fn months(terms: &Terms) -> Option<u32> {
    let term = perennial_domain::period::Period::new(terms.starts_on?, terms.ends_on?).ok()?;
    // No term that can be booked is longer than from the first year of dates to the last.
    let (mut low, mut high) = (0_u32, 12 * 141);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if term.reaches_months(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Some(low)
}

/// By what an agreement is aligned with the nexus (DOMAIN.md 0 item 7).
fn nexus_by(lens: &Lens<'_>, entity: EntityNo, pillars: &[(Pillar, i128)]) -> Vec<String> {
    let by_pillars = is_aligned(pillars).then(|| "pillars".to_owned());
    let tags = tags::schemes_of(lens, entity).into_iter();
    let nexus = tags.filter(|list| is_nexus_scheme(&list.name));
    by_pillars
        .into_iter()
        .chain(nexus.map(ListVersion::to_string))
        .collect()
}

/// Whether a scheme's tags say that money serves the nexus: collective outcomes, joint programmes, crisis modifiers,
/// and the two frameworks that define it. Lists that are made by country or case carry the name in front.
fn is_nexus_scheme(name: &str) -> bool {
    const NEXUS: [&str; 5] = [
        "collective-outcome",
        "crisis-modifier",
        "dac-hdp-nexus",
        "joint-programme",
        "nwow",
    ];
    NEXUS.iter().any(|nexus| name.starts_with(nexus))
}

/// Whether two or more of the three pillars hold any of the commitment.
fn is_aligned(pillars: &[(Pillar, i128)]) -> bool {
    let reached = pillars
        .iter()
        .filter(|(pillar, amount)| *pillar != Pillar::Unallocable && *amount != 0);
    1 < reached.count()
}
