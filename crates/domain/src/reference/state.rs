//! What is known of one reference stream, and the fold of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::book::Impossible;
use crate::exchange::Rates;
use crate::log::Revision;
use crate::packed::Shared;
use crate::party::OrgRef;
use crate::reference::{ListVersion, LocalActorClass, ReferenceEvent, Scheme};

/// What tags are held against: a scheme without its titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Whether its elements divide money.
    pub partition: bool,
    /// Its elements by code, each with its parent.
    pub(crate) parents: Arc<BTreeMap<Arc<str>, Option<Arc<str>>>>,
}

impl Outline {
    /// The outline of a scheme.
    pub fn of(scheme: &Scheme) -> Self {
        let elements = scheme.elements.iter();
        let parents: BTreeMap<_, _> = elements
            .map(|element| (Arc::clone(&element.code), element.parent.clone()))
            .collect();
        Self {
            partition: scheme.partition,
            parents: Arc::new(parents),
        }
    }

    /// Whether the scheme has this element.
    pub fn has(&self, code: &str) -> bool {
        self.parents.contains_key(code)
    }

    /// The elements above one, the nearest first. A chain that leads back to where it was ends there.
    pub fn ancestors(&self, code: &str) -> Vec<Arc<str>> {
        let mut ancestors: Vec<Arc<str>> = Vec::new();
        let mut at = self.parents.get(code).cloned().flatten();
        while let Some(parent) = at {
            if &*parent == code || ancestors.contains(&parent) {
                break;
            }
            at = self.parents.get(&parent).cloned().flatten();
            ancestors.push(parent);
        }
        ancestors
    }
}

/// One reference stream: the fold of its events so far. Which of the parts are used depends on what it is about. A
/// submission of several commands changes a copy, so copies share what both have.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reference {
    pub(crate) revision: Revision,
    /// Content hashes of what is published, by version.
    pub(crate) published: Shared<ListVersion, [u8; 32]>,
    pub(crate) schemes: Shared<ListVersion, Outline>,
    /// As registered last, by key.
    pub(crate) organisations: Shared<Arc<str>, OrgRef>,
    /// By key: the key of the organisation that it is shown as.
    pub(crate) merged: Shared<Arc<str>, Arc<str>>,
    /// As assessed last, by key.
    pub(crate) assessed: Shared<Arc<str>, (LocalActorClass, ListVersion)>,
    pub(crate) rates: Rates,
}

impl Reference {
    /// How many events it holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The content hash of a published version.
    pub fn content_hash(&self, list: &ListVersion) -> Option<&[u8; 32]> {
        self.published.get(list)
    }

    /// The published rates.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// A published scheme.
    pub fn scheme(&self, list: &ListVersion) -> Option<&Outline> {
        self.schemes.get(list)
    }

    /// An organisation as it was registered last, by its id.
    pub fn organisation(&self, id: &str) -> Option<&OrgRef> {
        self.organisations.get(id)
    }

    /// The organisations that one is shown as, the nearest first, by all that is recorded.
    pub(crate) fn survivors(&self, key: &str) -> Vec<Arc<str>> {
        let mut survivors: Vec<Arc<str>> = Vec::new();
        let mut at = self.merged.get(key);
        while let Some(next) = at {
            if &**next == key || survivors.contains(next) {
                break;
            }
            survivors.push(Arc::clone(next));
            at = self.merged.get(next);
        }
        survivors
    }

    /// Folds one event.
    pub(crate) fn evolve(&mut self, event: &ReferenceEvent) -> Result<(), Impossible> {
        match event {
            ReferenceEvent::RateTablePublished(table) => {
                self.publish(&table.list(), table.content_hash)?;
                self.rates.publish(table);
            }
            ReferenceEvent::CodelistPublished(codelist) => {
                self.publish(&codelist.list, codelist.content_hash)?;
            }
            ReferenceEvent::PillarMappingPublished(table) => {
                self.publish(&table.list, table.content_hash)?;
            }
            ReferenceEvent::SchemePublished(scheme) => {
                self.publish(&scheme.list, scheme.content_hash)?;
                self.schemes
                    .insert(scheme.list.clone(), Outline::of(scheme));
            }
            ReferenceEvent::OrganisationRegistered(org) => {
                self.organisations.insert(org.key().into(), org.clone());
            }
            ReferenceEvent::OrganisationMerged(merge) => {
                let (merged, surviving) = (merge.merged.key(), merge.surviving.key());
                if merged == surviving {
                    self.merged.remove(merged);
                } else {
                    self.merged.insert(merged.into(), surviving.into());
                }
            }
            ReferenceEvent::LocalActorAssessed(actor) => {
                let assessed = (actor.class, actor.method.clone());
                self.assessed.insert(actor.org.key().into(), assessed);
            }
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }

    fn publish(&mut self, list: &ListVersion, content_hash: [u8; 32]) -> Result<(), Impossible> {
        match self.published.insert(list.clone(), content_hash) {
            None => Ok(()),
            Some(_) => Err(Impossible::PublishedTwice),
        }
    }
}
