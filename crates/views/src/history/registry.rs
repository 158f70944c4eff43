//! What ledgers publish and register: mappings, schemes, organisations, tags, requirements and fiscal calendars, and
//! which lines were reclassified. Everything is kept as recorded, in order, and read as known at P and in force at E.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use perennial_domain::Date;
use perennial_domain::agreement::AgreementEvent;
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::CalendarId;
use perennial_domain::log::Position;
use perennial_domain::party::OrgRef;
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::reference::{ListVersion, PillarTable, ReferenceEvent, Scheme};
use perennial_domain::requirement::{Requirement, RequirementEvent};
use perennial_domain::tag::{TagSet, TagSubject};

use crate::dictionary::{Dictionary, EntityNo, OrgNo};
use crate::history::{CalendarAt, HistoryFact};

/// Everything of that kind in one ledger.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    mappings: Vec<HistoryFact>,
    schemes: Vec<HistoryFact>,
    organisations: Vec<HistoryFact>,
    /// By scheme, then stream.
    tags: BTreeMap<ListVersion, BTreeMap<EntityNo, Vec<HistoryFact>>>,
    requirements: BTreeMap<EntityNo, Vec<HistoryFact>>,
    reclassified: Vec<EntityNo>,
    calendars: BTreeMap<CalendarId, Vec<HistoryFact>>,
}

/// The newest of the facts that are known at `at` and in force at `effective`; a later one of the same day wins.
fn in_force<'f>(
    facts: impl Iterator<Item = &'f HistoryFact>,
    at: Position,
    effective: Option<Date>,
) -> Option<&'f HistoryFact> {
    known(facts, at)
        .filter(|fact| effective.is_none_or(|cut| fact.event.effective_on <= cut))
        .max_by_key(|fact| (fact.event.effective_on, fact.event_id))
}

/// Facts are in order of recording.
fn known<'f>(
    facts: impl Iterator<Item = &'f HistoryFact>,
    at: Position,
) -> impl Iterator<Item = &'f HistoryFact> {
    facts.take_while(move |fact| fact.event_id.position <= at)
}

impl Registry {
    /// Takes up a fact, if it is one of this kind.
    pub fn add(&mut self, dictionary: &mut Dictionary, entity: EntityNo, recorded: &HistoryFact) {
        let fact = Arc::clone(recorded);
        match &recorded.event.fact {
            Fact::Reference(event) => self.add_reference(dictionary, event, fact),
            Fact::Requirement(RequirementEvent::RequirementPublished(_)) => {
                self.requirements.entry(entity).or_default().push(fact);
            }
            Fact::Calendar(_) => {
                if let Stream::Calendar(id) = &recorded.event.stream {
                    self.calendars.entry(id.clone()).or_default().push(fact);
                }
            }
            Fact::Agreement(AgreementEvent::TagSetReplaced(set))
            | Fact::Pledge(PledgeEvent::TagSetReplaced(set)) => {
                let of_scheme = self.tags.entry(set.list.clone()).or_default();
                of_scheme.entry(entity).or_default().push(fact);
            }
            Fact::Agreement(AgreementEvent::SplitsReclassified { .. }) => {
                if !self.reclassified.contains(&entity) {
                    self.reclassified.push(entity);
                }
            }
            Fact::Agreement(_) | Fact::Pledge(_) | Fact::Import(_) | Fact::Ledger(_) => {}
        }
    }

    fn add_reference(
        &mut self,
        dictionary: &mut Dictionary,
        event: &ReferenceEvent,
        fact: HistoryFact,
    ) {
        match event {
            ReferenceEvent::PillarMappingPublished(_) => self.mappings.push(fact),
            ReferenceEvent::SchemePublished(_) => self.schemes.push(fact),
            ReferenceEvent::OrganisationRegistered(org) => {
                dictionary.org(org);
                self.organisations.push(fact);
            }
            ReferenceEvent::OrganisationMerged(merge) => {
                dictionary.org(&merge.merged);
                dictionary.org(&merge.surviving);
                self.organisations.push(fact);
            }
            ReferenceEvent::LocalActorAssessed(actor) => {
                dictionary.org(&actor.org);
                self.organisations.push(fact);
            }
            // Nothing is computed by it.
            ReferenceEvent::CodelistPublished(_) | ReferenceEvent::RateTablePublished(_) => {}
        }
    }

    /// The published pillar mapping that a text names: `name` (the version in force), `name@version` or content hash.
    pub fn mapping(
        &self,
        text: &str,
        at: Position,
        effective: Option<Date>,
    ) -> Option<Arc<PillarTable>> {
        let named =
            |fact: &&HistoryFact| table_of(fact).is_some_and(|table| *table.list.name == *text);
        let exactly = |table: &PillarTable| {
            table.list.to_string() == text || crate::digest::hexadecimal(table.content_hash) == text
        };
        in_force(self.mappings.iter().filter(named), at, effective)
            .and_then(table_of)
            .or_else(|| {
                known(self.mappings.iter(), at)
                    .filter_map(table_of)
                    .find(|table| exactly(table))
            })
            .cloned()
            .map(Arc::new)
    }

    /// The published scheme that a text names: `name` (the version in force) or `name@version`.
    pub fn scheme(&self, text: &str, at: Position, effective: Option<Date>) -> Option<&Scheme> {
        let named = |fact: &&HistoryFact| scheme_of(fact).is_some_and(|it| *it.list.name == *text);
        in_force(self.schemes.iter().filter(named), at, effective)
            .and_then(scheme_of)
            .or_else(|| {
                known(self.schemes.iter(), at)
                    .filter_map(scheme_of)
                    .find(|scheme| scheme.list.to_string() == text)
            })
    }

    /// The schemes in which anything was ever tagged by `at`, ascending.
    pub fn tagged_schemes(&self, at: Position) -> impl Iterator<Item = &Scheme> {
        self.tags
            .iter()
            .filter(move |(_, streams)| {
                let mut facts = streams.values().filter_map(|facts| facts.first());
                facts.any(|fact| fact.event_id.position <= at)
            })
            .filter_map(move |(list, _)| self.scheme(&list.to_string(), at, None))
    }

    /// The streams that were ever tagged in a scheme.
    pub fn tagged(&self, list: &ListVersion) -> impl Iterator<Item = EntityNo> {
        self.tags
            .get(list)
            .into_iter()
            .flat_map(|streams| streams.keys().copied())
    }

    /// The sets of tags of a stream in a scheme, one for each subject, that are in force and not empty.
    pub fn tag_sets(
        &self,
        entity: EntityNo,
        list: &ListVersion,
        (at, effective): (Position, Option<Date>),
    ) -> Vec<&TagSet> {
        let facts = self.tags.get(list).and_then(|streams| streams.get(&entity));
        let facts = facts.map(Vec::as_slice).unwrap_or_default();
        let mut subjects: Vec<&TagSubject> = facts
            .iter()
            .filter_map(|fact| Some(&set_of(fact)?.subject))
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects
            .into_iter()
            .filter_map(|subject| {
                let own = facts
                    .iter()
                    .filter(|fact| set_of(fact).is_some_and(|set| set.subject == *subject));
                in_force(own, at, effective).and_then(set_of)
            })
            .filter(|set| !set.tags.is_empty())
            .collect()
    }

    /// Every scheme in which a stream is tagged, as known and in force.
    pub fn schemes_of(
        &self,
        entity: EntityNo,
        (at, effective): (Position, Option<Date>),
    ) -> impl Iterator<Item = &ListVersion> {
        self.tags
            .keys()
            .filter(move |list| !self.tag_sets(entity, list, (at, effective)).is_empty())
    }

    /// The pledges that were ever tagged, ascending.
    pub fn tagged_pledges(&self, dictionary: &Dictionary) -> Vec<EntityNo> {
        let is_pledge = |entity: &EntityNo| {
            let stream = dictionary.entities.get(entity.index());
            matches!(stream, Some(Stream::Pledge(_)))
        };
        let streams = self.tags.values().flat_map(|streams| streams.keys());
        let mut pledges: Vec<EntityNo> = streams.copied().filter(is_pledge).collect();
        pledges.sort_unstable();
        pledges.dedup();
        pledges
    }

    /// The plans with what they ask for, as known and in force.
    pub fn requirements(
        &self,
        at: Position,
        effective: Option<Date>,
    ) -> impl Iterator<Item = (EntityNo, &Requirement)> {
        self.requirements.iter().filter_map(move |(plan, facts)| {
            let fact = in_force(facts.iter(), at, effective)?;
            let Fact::Requirement(event) = &fact.event.fact else {
                return None;
            };
            let RequirementEvent::RequirementPublished(asked) = event;
            Some((*plan, asked))
        })
    }

    /// The published fiscal calendars, ascending by id.
    pub fn calendars(&self, at: Position) -> impl Iterator<Item = &CalendarId> {
        let calendars = self.calendars.iter();
        calendars
            .filter(move |(_, facts)| known(facts.iter(), at).next().is_some())
            .map(|(id, _)| id)
    }

    /// A published fiscal calendar with the periods that are known at `at`, and their books as of then.
    pub fn calendar(&self, id: &CalendarId, at: Position) -> Option<CalendarAt<'_>> {
        CalendarAt::of(known(self.calendars.get(id)?.iter(), at))
    }

    /// The agreements of which a line was ever reclassified, in order of the first time.
    pub fn reclassified(&self) -> &[EntityNo] {
        &self.reclassified
    }

    /// By organisation: the one that it is shown as, as known and in force.
    pub fn survivors(
        &self,
        dictionary: &Dictionary,
        at: Position,
        effective: Option<Date>,
    ) -> HashMap<OrgNo, OrgNo> {
        let mut next: HashMap<OrgNo, (Date, OrgNo)> = HashMap::new();
        for fact in known(self.organisations.iter(), at) {
            let Fact::Reference(ReferenceEvent::OrganisationMerged(merge)) = &fact.event.fact
            else {
                continue;
            };
            let on = fact.event.effective_on;
            if effective.is_some_and(|cut| cut < on) {
                continue;
            }
            let find = |org: &OrgRef| dictionary.find_org(org.key());
            let (Some(merged), Some(surviving)) = (find(&merge.merged), find(&merge.surviving))
            else {
                continue;
            };
            let newest = next.entry(merged).or_insert((on, surviving));
            if newest.0 <= on {
                *newest = (on, surviving);
            }
        }
        let mut survivors = HashMap::new();
        for &merged in next.keys() {
            let mut chain = vec![merged];
            let mut at = merged;
            while let Some(&(_, to)) = next.get(&at) {
                at = to;
                if let Some(again) = chain.iter().position(|&org| org == to) {
                    // Merges of different dates may lead back to where they were: the first named stands for all.
                    let circle = chain.iter().skip(again).copied();
                    at = circle.min().unwrap_or(to);
                    break;
                }
                chain.push(to);
            }
            if at != merged {
                survivors.insert(merged, at);
            }
        }
        survivors
    }

    /// By organisation: its name as registered last, as known and in force.
    pub fn names(
        &self,
        dictionary: &Dictionary,
        at: Position,
        effective: Option<Date>,
    ) -> HashMap<OrgNo, Arc<str>> {
        let mut names: HashMap<OrgNo, (Date, Arc<str>)> = HashMap::new();
        for fact in known(self.organisations.iter(), at) {
            let Fact::Reference(ReferenceEvent::OrganisationRegistered(org)) = &fact.event.fact
            else {
                continue;
            };
            let on = fact.event.effective_on;
            let (Some(number), Some(name)) = (dictionary.find_org(org.key()), &org.name) else {
                continue;
            };
            if effective.is_some_and(|cut| cut < on) {
                continue;
            }
            let newest = names.entry(number).or_insert((on, Arc::clone(name)));
            if newest.0 <= on {
                *newest = (on, Arc::clone(name));
            }
        }
        let names = names.into_iter();
        names.map(|(number, (_, name))| (number, name)).collect()
    }
}

fn table_of(fact: &HistoryFact) -> Option<&PillarTable> {
    if let Fact::Reference(ReferenceEvent::PillarMappingPublished(table)) = &fact.event.fact {
        return Some(table);
    }
    None
}

fn scheme_of(fact: &HistoryFact) -> Option<&Scheme> {
    if let Fact::Reference(ReferenceEvent::SchemePublished(scheme)) = &fact.event.fact {
        return Some(scheme);
    }
    None
}

fn set_of(fact: &HistoryFact) -> Option<&TagSet> {
    if let Fact::Agreement(AgreementEvent::TagSetReplaced(set))
    | Fact::Pledge(PledgeEvent::TagSetReplaced(set)) = &fact.event.fact
    {
        return Some(set);
    }
    None
}
