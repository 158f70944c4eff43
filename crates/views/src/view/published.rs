//! What a ledger has published and registered: lists with their versions, what is in each, and organisations.
//!
//! It is read from the facts themselves, in the streams that hold them: nothing is kept for it beside them. A listing of
//! lists has a row for every version that is known at P and says which one is in force at E; what is in a list is asked
//! for of one version, so no answer is larger than the largest list.

pub mod codelists;
pub mod organisations;
pub mod pillars;
pub mod rates;
pub mod schemes;

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::event::{Fact, Stream};
use perennial_domain::log::{EventId, RecordedAt};
use perennial_domain::reference::{ListVersion, ReferenceEvent, ReferenceKind};

use crate::history::HistoryFact;
use crate::lens::Lens;
use crate::question::QuestionError;
use crate::rows::RowKey;
use crate::view::View;

pub use codelists::{CodeRow, CodelistRow};
pub use organisations::{Assessment, Merge, OrganisationRow};
pub use pillars::{PillarMappingRow, PillarRuleRow};
pub use rates::{RateRow, RateTableRow};
pub use schemes::{SchemeElementRow, SchemeVersionRow};

/// A listing of what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Published {
    /// Pillar mappings, those that are compiled in first.
    PillarMappings,
    /// The rules of one of them.
    PillarRules,
    /// Schemes.
    Schemes,
    /// The elements of one of them.
    SchemeElements,
    /// Code lists.
    Codelists,
    /// The codes of one of them.
    Codes,
    /// Tables of exchange rates.
    RateTables,
    /// The rates of one of them.
    Rates,
    /// Organisations that were registered, merged or assessed.
    Organisations,
}

/// A row of one of the listings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishedRow {
    /// Of `pillar-mappings`.
    PillarMapping(PillarMappingRow),
    /// Of `pillar-rules`.
    PillarRule(PillarRuleRow),
    /// Of `schemes`.
    Scheme(SchemeVersionRow),
    /// Of `scheme-elements`.
    SchemeElement(SchemeElementRow),
    /// Of `codelists`.
    Codelist(CodelistRow),
    /// Of `codes`.
    Code(CodeRow),
    /// Of `rate-tables`.
    RateTable(RateTableRow),
    /// Of `rates`.
    Rate(RateRow),
    /// Of `organisations`.
    Organisation(OrganisationRow),
}

/// The event that published something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// From which day on it is in force.
    pub effective_on: Date,
    /// The event.
    pub event_id: EventId,
    /// When that was recorded.
    pub recorded_at: RecordedAt,
}

impl Publication {
    fn of(fact: &HistoryFact) -> Self {
        Self {
            effective_on: fact.event.effective_on,
            event_id: fact.event_id,
            recorded_at: fact.recorded_at,
        }
    }
}

impl Published {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::PillarMappings,
        Self::PillarRules,
        Self::Schemes,
        Self::SchemeElements,
        Self::Codelists,
        Self::Codes,
        Self::RateTables,
        Self::Rates,
        Self::Organisations,
    ];

    /// The name in commands and paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PillarMappings => "pillar-mappings",
            Self::PillarRules => "pillar-rules",
            Self::Schemes => "schemes",
            Self::SchemeElements => "scheme-elements",
            Self::Codelists => "codelists",
            Self::Codes => "codes",
            Self::RateTables => "rate-tables",
            Self::Rates => "rates",
            Self::Organisations => "organisations",
        }
    }

    /// The filters that it understands, by name.
    pub const fn filters(self) -> &'static [&'static str] {
        match self {
            Self::PillarMappings
            | Self::PillarRules
            | Self::Schemes
            | Self::SchemeElements
            | Self::Codelists
            | Self::Codes
            | Self::RateTables => &["list"],
            Self::Rates => &["list", "currency"],
            Self::Organisations => &["organisation_id"],
        }
    }
}

impl PublishedRow {
    /// What names it among the rows of its listing.
    pub fn key(&self) -> RowKey {
        match self {
            Self::PillarMapping(row) => RowKey::of(&[&row.mapping]),
            Self::PillarRule(row) => RowKey::of(&[&row.mapping, &row.prefix]),
            Self::Scheme(row) => RowKey::of(&[&row.list.to_string()]),
            Self::SchemeElement(row) => RowKey::of(&[&row.scheme, &row.code]),
            Self::Codelist(row) => RowKey::of(&[&row.list.to_string()]),
            Self::Code(row) => RowKey::of(&[&row.codelist, &row.code]),
            Self::RateTable(row) => RowKey::of(&[&row.list.to_string()]),
            Self::Rate(row) => row.key(),
            Self::Organisation(row) => RowKey::of(&[&row.organisation.id]),
        }
    }
}

/// The rows of a listing.
///
/// # Errors
/// [`QuestionError::ListRequired`], or that there was no such list until then.
pub fn evaluate(lens: &Lens<'_>, of: Published) -> Result<Vec<PublishedRow>, QuestionError> {
    fn rows<T>(rows: Vec<T>, wrap: impl Fn(T) -> PublishedRow) -> Vec<PublishedRow> {
        rows.into_iter().map(wrap).collect()
    }
    Ok(match of {
        Published::PillarMappings => rows(pillars::mappings(lens), PublishedRow::PillarMapping),
        Published::PillarRules => rows(pillars::rules(lens)?, PublishedRow::PillarRule),
        Published::Schemes => rows(schemes::versions(lens), PublishedRow::Scheme),
        Published::SchemeElements => rows(schemes::elements(lens)?, PublishedRow::SchemeElement),
        Published::Codelists => rows(codelists::versions(lens), PublishedRow::Codelist),
        Published::Codes => rows(codelists::codes(lens)?, PublishedRow::Code),
        Published::RateTables => rows(rates::tables(lens), PublishedRow::RateTable),
        Published::Rates => rows(rates::rates(lens)?, PublishedRow::Rate),
        Published::Organisations => rows(organisations::rows(lens), PublishedRow::Organisation),
    })
}

/// The facts of one kind that are known at P, in order of recording.
fn known<'f>(
    lens: &Lens<'f>,
    kind: ReferenceKind,
) -> impl DoubleEndedIterator<Item = (&'f HistoryFact, &'f ReferenceEvent)> {
    let stream = Stream::Reference(kind);
    let entity = lens.facts.dictionary().find_entity(&stream);
    let history = entity.and_then(|entity| lens.facts.histories().entity(entity));
    let facts = history.map_or(&[][..], |history| history.facts.as_slice());
    let end = facts.partition_point(|fact| fact.event_id.position <= lens.at);
    let facts = facts.get(..end).unwrap_or_default().iter();
    facts.filter_map(|fact| match &fact.event.fact {
        Fact::Reference(event) => Some((fact, event)),
        Fact::Agreement(_)
        | Fact::Pledge(_)
        | Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => None,
    })
}

/// A version of a list.
struct Version<'f, T> {
    list: &'f ListVersion,
    content: &'f T,
    publication: Publication,
    /// Whether it is what its name stands for.
    in_force: bool,
}

/// The versions of all lists of one kind: ascending by name, and of one name in order of publication.
fn versions<'f, T>(
    lens: &Lens<'f>,
    kind: ReferenceKind,
    of: impl Fn(&'f ReferenceEvent) -> Option<(&'f ListVersion, &'f T)>,
) -> Vec<Version<'f, T>> {
    let mut versions: Vec<Version<'f, T>> = known(lens, kind)
        .filter_map(|(fact, event)| {
            let (list, content) = of(event)?;
            Some(Version {
                list,
                content,
                publication: Publication::of(fact),
                in_force: false,
            })
        })
        .collect();
    versions.sort_by(|a, b| a.list.name.cmp(&b.list.name));
    let mut newest: BTreeMap<&str, (Date, EventId)> = BTreeMap::new();
    for version in &versions {
        let Publication {
            effective_on,
            event_id,
            ..
        } = version.publication;
        if lens.effective().is_none_or(|cut| effective_on <= cut) {
            let said = (effective_on, event_id);
            let newest = newest.entry(&version.list.name).or_insert(said);
            *newest = (*newest).max(said);
        }
    }
    for version in &mut versions {
        let said = (
            version.publication.effective_on,
            version.publication.event_id,
        );
        version.in_force = newest.get(&*version.list.name) == Some(&said);
    }
    versions
}

/// Whether the filter lets a version of a list pass: it names the list or this version of it.
fn is_asked(lens: &Lens<'_>, list: &ListVersion) -> bool {
    let asked = lens.question.filter.list.as_ref();
    asked.is_none_or(|asked| **asked == *list.name || *asked == list.to_string())
}

/// The list whose content is asked for.
fn asked<'q>(lens: &Lens<'q>, of: Published) -> Result<&'q str, QuestionError> {
    let asked = lens.question.filter.list.as_deref();
    asked.ok_or(QuestionError::ListRequired {
        view: View::Published(of),
    })
}

/// The version whose content is asked for: the one in force of a name, or exactly this one.
fn the_version<'f, T>(
    lens: &Lens<'f>,
    versions: Vec<Version<'f, T>>,
    of: Published,
) -> Result<Version<'f, T>, QuestionError> {
    let asked = asked(lens, of)?;
    let named = |version: &Version<'f, T>| {
        (version.in_force && *version.list.name == *asked) || version.list.to_string() == asked
    };
    let found = versions.into_iter().find(named);
    found.ok_or_else(|| QuestionError::NoSuchList {
        view: View::Published(of),
        name: asked.to_owned(),
    })
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
