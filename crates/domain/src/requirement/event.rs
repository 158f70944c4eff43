use std::sync::Arc;

use crate::agreement::Perspective;
use crate::money::Money;
use crate::period::Period;
use crate::reference::ListVersion;

/// How much is asked for one objective and period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The objective or cluster: an element of the plan's scheme; absent: the plan as a whole.
    pub objective: Option<Arc<str>>,
    /// For which time.
    pub period: Period,
    /// How much: above 0.
    pub amount: Money,
}

/// One version of what a plan asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The version, as the plan's publisher writes it.
    pub version: Arc<str>,
    /// The plan's title.
    pub title: String,
    /// Whose money covers it: what who keeps the ledger receives, or what it gives.
    pub perspective: Perspective,
    /// The scheme of the objectives: money counts for them by its tags in it.
    pub list: ListVersion,
    /// Countries or regions, ascending: only money for them counts; none: all of it.
    pub places: Vec<Arc<str>>,
    /// What is asked for, in one currency: at least one.
    pub asks: Vec<Ask>,
}

/// A fact about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementEvent {
    /// A version is published and takes the place of the one before.
    RequirementPublished(Requirement),
}

impl RequirementEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RequirementPublished(_) => "RequirementPublished",
        }
    }
}

/// What is asked of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementCommand {
    /// Publish a version.
    Publish(Requirement),
}
