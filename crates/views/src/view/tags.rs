//! Which set of tags money reads under: the nearest one (FRAMEWORKS.md 1). What was paid of a tranche reads under the
//! tranche's, other money under that of its line, else of its agreement, else of the pledge that became it.

use std::collections::HashMap;

use perennial_domain::event::Stream;
use perennial_domain::ids::TrancheId;
use perennial_domain::log::EventId;
use perennial_domain::reference::ListVersion;
use perennial_domain::tag::{TagSet, TagSubject};

use crate::dictionary::{EntityNo, LineNo};
use crate::lens::Lens;

/// The sets of an agreement's tranches.
pub(super) type Tranches<'a> = HashMap<&'a TrancheId, &'a TagSet>;

#[derive(Debug, Default)]
struct Sets<'a> {
    tranches: Tranches<'a>,
    lines: HashMap<LineNo, &'a TagSet>,
    whole: Option<&'a TagSet>,
    /// Of the pledge that was turned into the agreement first.
    pledge: Option<(EventId, &'a TagSet)>,
}

/// The sets of one scheme at (P, E).
#[derive(Debug, Default)]
pub(super) struct Tagged<'a>(HashMap<EntityNo, Sets<'a>>);

impl<'a> Tagged<'a> {
    /// Looks up every set of a scheme.
    pub(super) fn of(lens: &Lens<'a>, list: &ListVersion) -> Self {
        let mut tagged = Self::default();
        let then = (lens.at, lens.effective());
        let registry = lens.facts.histories().registry();
        let dictionary = lens.facts.dictionary();
        for entity in registry.tagged(list) {
            let is_pledge = matches!(
                dictionary.entities.get(entity.index()),
                Some(Stream::Pledge(_))
            );
            for set in registry.tag_sets(entity, list, then) {
                match &set.subject {
                    TagSubject::Whole if is_pledge => tagged.inherit(lens, entity, set),
                    TagSubject::Whole => tagged.0.entry(entity).or_default().whole = Some(set),
                    TagSubject::Line(line_id) => {
                        let line = dictionary.lines.find(&(entity, line_id.clone()));
                        if let Some(line) = line.map(LineNo) {
                            let sets = tagged.0.entry(entity).or_default();
                            sets.lines.insert(line, set);
                        }
                    }
                    TagSubject::Tranche(tranche_id) => {
                        let sets = tagged.0.entry(entity).or_default();
                        sets.tranches.insert(tranche_id, set);
                    }
                }
            }
        }
        tagged
    }

    fn inherit(&mut self, lens: &Lens<'a>, pledge: EntityNo, set: &'a TagSet) {
        for (event_id, agreement) in conversions(lens, pledge) {
            let sets = self.0.entry(agreement).or_default();
            if sets.pledge.is_none_or(|(earlier, _)| event_id < earlier) {
                sets.pledge = Some((event_id, set));
            }
        }
    }

    /// The agreements of which a tranche has a set, ascending.
    pub(super) fn by_tranche(&self) -> Vec<(EntityNo, &Tranches<'a>)> {
        let sets = self
            .0
            .iter()
            .map(|(entity, sets)| (*entity, &sets.tranches));
        let mut tagged: Vec<_> = sets.filter(|(_, tranches)| !tranches.is_empty()).collect();
        tagged.sort_unstable_by_key(|(entity, _)| *entity);
        tagged
    }

    /// The set that money of an agreement and line reads under.
    pub(super) fn set(&self, entity: EntityNo, line: Option<LineNo>) -> Option<&'a TagSet> {
        let sets = self.0.get(&entity)?;
        let of_line = line.and_then(|line| sets.lines.get(&line).copied());
        let of_pledge = sets.pledge.map(|(_, set)| set);
        of_line.or(sets.whole).or(of_pledge)
    }
}

/// The agreements that a pledge became, with the event that said so.
fn conversions(lens: &Lens<'_>, pledge: EntityNo) -> Vec<(EventId, EntityNo)> {
    let history = lens.facts.histories().entity(pledge);
    let state = history.and_then(|history| history.pledge_at(lens.at, lens.effective()));
    let conversions = state.map(|state| state.conversions).unwrap_or_default();
    conversions
        .into_iter()
        .filter_map(|(event_id, agreement, _)| {
            let stream = Stream::Agreement(agreement.clone());
            Some((event_id, lens.facts.dictionary().find_entity(&stream)?))
        })
        .collect()
}

/// The schemes that an agreement, a part of it, or a pledge that became it is tagged in, ascending.
pub(super) fn schemes_of<'a>(lens: &Lens<'a>, entity: EntityNo) -> Vec<&'a ListVersion> {
    let then = (lens.at, lens.effective());
    let registry = lens.facts.histories().registry();
    let mut schemes: Vec<&ListVersion> = registry.schemes_of(entity, then).collect();
    for pledge in registry.tagged_pledges(lens.facts.dictionary()) {
        if conversions(lens, pledge)
            .iter()
            .any(|(_, of)| *of == entity)
        {
            schemes.extend(registry.schemes_of(pledge, then));
        }
    }
    schemes.sort_unstable();
    schemes.dedup();
    schemes
}
