use crate::import::{ImportCounts, ImportSource, RefusedReason};

/// A fact about an import run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportEvent {
    /// A run began; it travels in one submission with its first change.
    ImportStarted(ImportSource),
    /// A run ended.
    ImportCompleted {
        /// Transactions read = booked + flagged + refused + unchanged.
        counts: ImportCounts,
        /// Why items were refused or set aside, ascending by reason.
        reasons: Vec<RefusedReason>,
    },
}

impl ImportEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ImportStarted(_) => "ImportStarted",
            Self::ImportCompleted { .. } => "ImportCompleted",
        }
    }
}
