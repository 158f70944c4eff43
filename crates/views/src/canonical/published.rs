//! Canonical bytes of lists, tags and requirements.

use perennial_domain::reference::{LocalActorClass, ReferenceEvent};
use perennial_domain::requirement::Requirement;
use perennial_domain::tag::{TagBasis, TagSet, TagSubject};

use super::Canonical;
use crate::posting::Direction;

impl Canonical {
    /// Of a list, name, version and content hash say all.
    pub(super) fn reference(&mut self, event: &ReferenceEvent) {
        match event {
            ReferenceEvent::RateTablePublished(table) => {
                self.text(&table.list().to_string());
                self.raw(&table.content_hash);
            }
            ReferenceEvent::CodelistPublished(codelist) => {
                self.text(&codelist.list.to_string());
                self.raw(&codelist.content_hash);
            }
            ReferenceEvent::PillarMappingPublished(table) => {
                self.text(&table.list.to_string());
                self.raw(&table.content_hash);
            }
            ReferenceEvent::SchemePublished(scheme) => {
                self.text(&scheme.list.to_string());
                self.raw(&scheme.content_hash);
            }
            ReferenceEvent::OrganisationRegistered(org) => self.org(org),
            ReferenceEvent::OrganisationMerged(merge) => {
                self.org(&merge.merged);
                self.org(&merge.surviving);
            }
            ReferenceEvent::LocalActorAssessed(actor) => {
                self.org(&actor.org);
                self.byte(match actor.class {
                    LocalActorClass::LocalState => 1,
                    LocalActorClass::LocalNonState => 2,
                    LocalActorClass::NationalState => 3,
                    LocalActorClass::NationalNonState => 4,
                    LocalActorClass::NotLocal => 5,
                });
                self.text(&actor.method.to_string());
            }
        }
    }

    pub(super) fn tag_set(&mut self, set: &TagSet) {
        match &set.subject {
            TagSubject::Whole => self.byte(0),
            TagSubject::Line(line_id) => {
                self.byte(1);
                self.text(line_id.as_str());
            }
            TagSubject::Tranche(tranche_id) => {
                self.byte(2);
                self.text(tranche_id.as_str());
            }
        }
        self.text(&set.list.to_string());
        self.list(&set.tags, |bytes, tag| {
            bytes.text(&tag.element);
            bytes.number(u64::from(tag.share_ppm));
            bytes.byte(match tag.basis {
                TagBasis::Declared => 1,
                TagBasis::Mapped => 2,
                TagBasis::Inferred => 3,
            });
        });
    }

    pub(super) fn requirement(&mut self, asked: &Requirement) {
        self.text(&asked.version);
        self.text(&asked.title);
        self.byte(Direction::of(asked.perspective).code());
        self.text(&asked.list.to_string());
        self.list(&asked.places, |bytes, place| bytes.text(place));
        self.list(&asked.asks, |bytes, ask| {
            bytes.optional(ask.objective.as_deref(), Self::text);
            bytes.period(ask.period);
            bytes.money(ask.amount);
        });
    }
}
