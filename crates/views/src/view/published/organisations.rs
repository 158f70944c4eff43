//! `organisations`: who was registered, merged and assessed, as known at P and in force at E.
//!
//! Organisations that agreements merely name are none of its rows.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::party::OrgRef;
use perennial_domain::reference::{
    LocalActor, LocalActorClass, OrganisationMerge, ReferenceEvent, ReferenceKind,
};

use super::{Publication, known};
use crate::lens::Lens;
use crate::rows::Party;

/// A row of `organisations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Its id, and its name as it was registered last; without that, as it was first recorded.
    pub organisation: Party,
    /// IATI `OrganisationType` code, as registered last.
    pub type_code: Option<u16>,
    /// From which day on its registration is in force; `None`: it was not registered.
    pub registered_on: Option<Date>,
    /// The merge that is in force.
    pub merge: Option<Merge>,
    /// The last assessment in force.
    pub assessment: Option<Assessment>,
    /// The last event about it that is in force.
    pub publication: Publication,
}

/// An organisation is shown as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The one that it was merged into.
    pub into: Party,
    /// The one that every view shows it as: `into`, or what became of that.
    pub shown_as: Party,
    /// From which day on.
    pub merged_on: Date,
    /// Why; may be empty.
    pub reason: String,
}

/// An organisation was assessed as a local actor or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// What it is.
    pub class: LocalActorClass,
    /// The version of the definition that was applied.
    pub method: String,
    /// From which day on.
    pub assessed_on: Date,
    /// Why; may be empty.
    pub reason: String,
}

/// The newest facts about one organisation.
#[derive(Default)]
struct Newest<'f> {
    registered: Option<(Date, &'f OrgRef)>,
    merged: Option<(Date, &'f OrganisationMerge)>,
    assessed: Option<(Date, &'f LocalActor)>,
    last: Option<Publication>,
}

/// Keeps the newest by date; of one day, the one that was recorded last.
fn keep<'f, T>(newest: &mut Option<(Date, &'f T)>, on: Date, fact: &'f T) {
    if newest.is_none_or(|(earlier, _)| earlier <= on) {
        *newest = Some((on, fact));
    }
}

/// Ascending by id.
pub(super) fn rows(lens: &Lens<'_>) -> Vec<OrganisationRow> {
    let mut found: BTreeMap<&str, Newest<'_>> = BTreeMap::new();
    for (fact, event) in known(lens, ReferenceKind::Organisations) {
        let publication = Publication::of(fact);
        let on = publication.effective_on;
        if lens.effective().is_some_and(|cut| cut < on) {
            continue;
        }
        match event {
            ReferenceEvent::OrganisationRegistered(org) => {
                let registered = newest_of(&mut found, org, publication);
                keep(&mut registered.registered, on, org);
            }
            ReferenceEvent::OrganisationMerged(merge) => {
                newest_of(&mut found, &merge.surviving, publication);
                let merged = newest_of(&mut found, &merge.merged, publication);
                keep(&mut merged.merged, on, merge);
            }
            ReferenceEvent::LocalActorAssessed(actor) => {
                let assessed = newest_of(&mut found, &actor.org, publication);
                keep(&mut assessed.assessed, on, actor);
            }
            ReferenceEvent::RateTablePublished(_)
            | ReferenceEvent::CodelistPublished(_)
            | ReferenceEvent::PillarMappingPublished(_)
            | ReferenceEvent::SchemePublished(_) => {}
        }
    }
    let asked = lens.question.filter.organisation.as_deref();
    let is_asked = |row: &OrganisationRow| {
        let shown = row.merge.as_ref().map(|merge| merge.shown_as.id.as_str());
        asked.is_none_or(|asked| row.organisation.id == asked || shown == Some(asked))
    };
    found
        .into_iter()
        .filter_map(|(id, newest)| row(lens, id, &newest))
        .filter(is_asked)
        .collect()
}

fn newest_of<'f, 'm>(
    found: &'m mut BTreeMap<&'f str, Newest<'f>>,
    org: &'f OrgRef,
    publication: Publication,
) -> &'m mut Newest<'f> {
    let newest = found.entry(org.key()).or_default();
    newest.last = Some(publication);
    newest
}

fn row(lens: &Lens<'_>, id: &str, newest: &Newest<'_>) -> Option<OrganisationRow> {
    let registered = newest.registered;
    Some(OrganisationRow {
        organisation: Party {
            id: id.to_owned(),
            name: lens.name_of(id).to_owned(),
        },
        type_code: registered.and_then(|(_, org)| org.type_code),
        registered_on: registered.map(|(on, _)| on),
        merge: newest.merged.and_then(|merged| merge(lens, id, merged)),
        assessment: newest.assessed.map(|(assessed_on, actor)| Assessment {
            class: actor.class,
            method: actor.method.to_string(),
            assessed_on,
            reason: actor.reason.clone(),
        }),
        publication: newest.last?,
    })
}

/// One that was merged into itself stands for itself.
fn merge(
    lens: &Lens<'_>,
    id: &str,
    (merged_on, merged): (Date, &OrganisationMerge),
) -> Option<Merge> {
    let into = merged.surviving.key();
    if into == id {
        return None;
    }
    let dictionary = lens.facts.dictionary();
    let (shown, shown_name) = lens.org_words(dictionary.find_org(id)?);
    Some(Merge {
        into: Party {
            id: into.to_owned(),
            name: lens.name_of(into).to_owned(),
        },
        shown_as: Party {
            id: shown.to_owned(),
            name: shown_name.to_owned(),
        },
        merged_on,
        reason: merged.reason.clone(),
    })
}
