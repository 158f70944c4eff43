//! Copying a ledger's log from one engine to another: its records and the claims that began their terms, byte for byte.
//!
//! Both logs are read by the one acceptance function. What is dead in the source stays behind; what the target holds
//! already is compared with the source before anything is added. So a copy that broke off goes on where it stood, and
//! a target with another history is never touched.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use perennial_domain::log::Position;
use perennial_proof::{ChainPoint, Hash};

use crate::ports::log::{AppendOutcome, Log, LogRead, StoredEntry};
use crate::records::{LedgerReadError, LedgerReader, Passed};

/// About how many bytes of a log are read, and appended together.
const PORTION_BYTES: usize = 512 * 1024;

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Records that both logs hold.
    pub records: u64,
    /// Hash of the last of them; the genesis hash of the ledger if there is none.
    pub head_hash: Hash,
    /// Records and claims that this copy appended.
    pub appended: u64,
    /// Records and claims of the source that count for nobody and were left behind.
    pub left_behind: u64,
}

/// Why a copy ended early. What is in the target stays: the same copy again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error("read the log that is copied")]
    Source(#[source] LedgerReadError),
    /// The target cannot be read.
    #[error("read the copy")]
    Target(#[source] LedgerReadError),
    /// The target holds another history.
    #[error("the copy holds another history from position {position} on")]
    Another {
        /// The first position at which, or before whose record, they differ.
        position: Position,
    },
    /// The target holds everything of the source and more.
    #[error(
        "the copy is longer than the log that is copied, which ends before position {position}"
    )]
    Longer {
        /// The position after the source's last record.
        position: Position,
    },
    /// The target takes nothing.
    #[error("the copy takes nothing more: {reason}")]
    Refused {
        /// Why, for the operator.
        reason: String,
    },
    /// Nobody knows whether the target took the last portion.
    #[error("it is not known whether the copy took the last portion: {reason}")]
    Unknown {
        /// What happened, for the operator.
        reason: String,
    },
    /// The target said that it took a portion and does not give it back.
    #[error("the copy does not hold what it took, from position {position} on")]
    Missing {
        /// The position of the first record that is missing, or before which a claim is.
        position: Position,
    },
}

impl CopyError {
    /// Whether stored history is damaged, or lost, or another one.
    pub fn is_integrity_failure(&self) -> bool {
        match self {
            Self::Source(error) | Self::Target(error) => error.is_integrity_failure(),
            Self::Another { .. } | Self::Longer { .. } | Self::Missing { .. } => true,
            Self::Refused { .. } | Self::Unknown { .. } => false,
        }
    }

    /// Whether a log could only not be read just now, so that going on may work.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Source(error) | Self::Target(error) => !error.is_integrity_failure(),
            Self::Another { .. }
            | Self::Longer { .. }
            | Self::Missing { .. }
            | Self::Refused { .. }
            | Self::Unknown { .. } => false,
        }
    }
}

/// Something that counts, and the position at which its log stands with it.
struct Counted {
    entry: StoredEntry,
    position: Position,
}

/// One copy of one ledger's log. Nobody else may append to the target meanwhile: if somebody does, the copy ends.
pub struct LogCopy {
    source: LedgerReader,
    target: LedgerReader,
    to: Arc<dyn Log>,
    /// Of the source, and not found in the target yet; oldest first. About a portion.
    waiting: VecDeque<Counted>,
    appended: u64,
}

impl LogCopy {
    /// Opens both logs at their start.
    ///
    /// # Errors
    /// [`CopyError::Source`], [`CopyError::Target`].
    pub fn begin(ledger_id: &str, from: &dyn LogRead, to: Arc<dyn Log>) -> Result<Self, CopyError> {
        Ok(Self {
            source: LedgerReader::from_start(from, ledger_id).map_err(CopyError::Source)?,
            target: LedgerReader::from_start(&*to, ledger_id).map_err(CopyError::Target)?,
            to,
            waiting: VecDeque::new(),
            appended: 0,
        })
    }

    /// Brings the target to the source's durable end; may be called again when more is durable. `told` hears of the
    /// records that both hold, after each portion, and may break off there. Blocks on IO and must not run on a
    /// runtime's own thread.
    ///
    /// # Errors
    /// [`CopyError`]; after one that [may pass](CopyError::may_pass) it may be called again.
    pub fn catch_up(
        &mut self,
        told: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Copied, CopyError> {
        while self.compare()? {
            if told(self.records()).is_break() {
                return Ok(self.copied());
            }
        }
        while !self.waiting.is_empty() || self.fetch()? {
            self.append()?;
            while let Some(first) = self.waiting.front() {
                let position = first.position;
                if !self.compare()? {
                    return Err(CopyError::Missing { position });
                }
            }
            if told(self.records()).is_break() {
                break;
            }
        }
        Ok(self.copied())
    }

    fn records(&self) -> u64 {
        self.target.chain().next_position().0
    }

    /// How far it is.
    pub fn copied(&self) -> Copied {
        Copied {
            records: self.records(),
            head_hash: self.target.chain().head_hash(),
            appended: self.appended,
            left_behind: self.source.chain().dead(),
        }
    }

    /// The last record that both logs hold; absent for a ledger without one.
    pub fn head(&self) -> Option<ChainPoint> {
        self.target.chain().point()
    }

    /// Takes more of what counts from the source; false at its end.
    fn fetch(&mut self) -> Result<bool, CopyError> {
        while self.waiting.is_empty() {
            let next = self.source.chain().next_position().0;
            let Some(passed) = self.source.pass(PORTION_BYTES).map_err(CopyError::Source)? else {
                return Ok(false);
            };
            self.waiting.extend(counted(passed, next));
        }
        Ok(true)
    }

    fn append(&mut self) -> Result<(), CopyError> {
        let batch: Vec<_> = self.waiting.iter().map(|one| one.entry.clone()).collect();
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match self.to.append_raw(batch).blocking_recv() {
            Ok(AppendOutcome::Durable { .. }) => {
                self.appended = self.appended.saturating_add(count);
                Ok(())
            }
            Ok(AppendOutcome::Rejected { reason }) => Err(CopyError::Refused { reason }),
            Ok(AppendOutcome::Unknown { reason }) => Err(CopyError::Unknown { reason }),
            Err(_) => Err(CopyError::Unknown {
                reason: "the log ended before it answered".to_owned(),
            }),
        }
    }

    /// Compares the next portion of the target with the source; false at the target's end.
    fn compare(&mut self) -> Result<bool, CopyError> {
        let next = self.records();
        let passed = self.target.pass(PORTION_BYTES);
        let Some(passed) = passed.map_err(CopyError::Target)? else {
            return Ok(false);
        };
        for found in counted(passed, next) {
            if !self.fetch()? {
                let position = self.source.chain().next_position();
                return Err(CopyError::Longer {
                    position: Position(position.0),
                });
            }
            let same = self
                .waiting
                .pop_front()
                .is_some_and(|expected| expected.entry == found.entry);
            if !same {
                return Err(CopyError::Another {
                    position: found.position,
                });
            }
        }
        Ok(true)
    }
}

/// What counts of a log, where its next record is that at `next`.
fn counted(passed: Vec<Passed>, mut next: u64) -> Vec<Counted> {
    let count = |one| match one {
        Passed::Record(record) => {
            next = record.position.0.saturating_add(1);
            Counted {
                entry: record.entry,
                position: record.position,
            }
        }
        Passed::Term(_, entry) => Counted {
            entry,
            position: Position(next),
        },
    };
    passed.into_iter().map(count).collect()
}
