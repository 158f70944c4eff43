//! Import runs: which published file became events, and what was left out of it and why.

mod event;

pub(crate) mod decide;

use jiff::civil::Date;

pub use event::ImportEvent;

/// The most locators that one reason keeps; its count goes on.
pub const LOCATORS_MAX: usize = 100;

/// The published file that a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSource {
    /// Name of the dataset, as in the file's own name.
    pub dataset: String,
    /// SHA-256 of the file's bytes.
    pub file_sha256: [u8; 32],
    /// When it was published. Never decreases from run to run of one ledger (SEMANTICS.md 3 "Publication date").
    pub published_on: Date,
}

/// Transactions only, disjoint (SEMANTICS.md 3 "Counts").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ImportCounts {
    /// How many activities the file holds.
    pub activities: u64,
    /// How many transactions were read: the sum of the four below.
    pub transactions: u64,
    /// Booked without a flag.
    pub booked: u64,
    /// Booked with at least one flag.
    pub flagged: u64,
    /// Not booked.
    pub refused: u64,
    /// Already in the ledger.
    pub unchanged: u64,
}

/// Why items of a file were not booked, or stand out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedReason {
    /// As in `ZERO_AMOUNT` or `CHANGED_UPSTREAM`.
    pub reason: String,
    /// How many items.
    pub count: u64,
    /// Where: activity identifier and place in the file; the first [`LOCATORS_MAX`].
    pub locators: Vec<String>,
}

/// What is asked of an import run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportCommand {
    /// Begin it.
    Start(ImportSource),
    /// End it.
    Complete {
        /// See [`ImportEvent::ImportCompleted`].
        counts: ImportCounts,
        /// See [`ImportEvent::ImportCompleted`].
        reasons: Vec<RefusedReason>,
    },
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The file.
    pub source: ImportSource,
    /// Whether it has ended.
    pub completed: bool,
    /// How many events it holds.
    pub revision: crate::log::Revision,
}
