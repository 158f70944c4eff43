//! What is known of one plan, and the fold of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::book::Impossible;
use crate::log::Revision;
use crate::requirement::{Requirement, RequirementEvent};

/// One plan: the fold of its events so far.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Plan {
    pub(crate) revision: Revision,
    /// Everything that was published, by version.
    pub(crate) versions: BTreeMap<Arc<str>, Requirement>,
}

impl Plan {
    /// How many events it holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What a version asks for.
    pub fn version(&self, version: &str) -> Option<&Requirement> {
        self.versions.get(version)
    }

    /// Folds one event.
    pub(crate) fn evolve(&mut self, event: &RequirementEvent) -> Result<(), Impossible> {
        let RequirementEvent::RequirementPublished(requirement) = event;
        let version = Arc::clone(&requirement.version);
        if self.versions.insert(version, requirement.clone()).is_some() {
            return Err(Impossible::PublishedTwice);
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }
}
