//! What can be wrong with a log on disk.

use std::io;
use std::path::PathBuf;

use perennial_app::ports::log::LogOffset;

use crate::OptionsError;

/// What is wrong with stored bytes. All of these are integrity failures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A name ending in `.seg` that is no base offset of 20 digits.
    #[error("no name of a segment file")]
    SegmentName,
    /// The file does not begin as a segment does.
    #[error("no segment file, or its header is damaged")]
    SegmentHeader,
    /// Written by a newer version.
    #[error("unknown segment format {0}")]
    SegmentFormat(u32),
    /// The segment belongs to another ledger.
    #[error("segment of ledger {0:?}")]
    OtherLedger(String),
    /// The file's name and its header disagree.
    #[error("the header says base offset {0}, the name another")]
    OtherBase(u64),
    /// The segment before does not end where this one begins.
    #[error("the segment before ends at offset {0}")]
    Gap(u64),
    /// No batch begins here, but bytes that are not zero follow.
    #[error("damaged batch header")]
    BatchHeader,
    /// A batch reaches beyond the end of its file.
    #[error("batch of {0} bytes reaches beyond the end of the file")]
    BatchBeyondEnd(u64),
    /// The bytes of a batch are not those that were written.
    #[error("damaged batch (first damaged entry of it: {0:?})")]
    BatchChecksum(Option<u32>),
    /// The entries of a batch do not fill it.
    #[error("malformed batch")]
    BatchLayout,
    /// The mark at the end of a batch.
    #[error("damaged end of batch")]
    BatchEnd,
    /// The head marker.
    #[error("damaged head marker")]
    Marker,
}

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ledger id cannot name a directory.
    #[error("ledger id {0:?} is no name of 1 to 128 letters, digits, '-', '_' or '.'")]
    LedgerId(String),
    /// The options are impossible.
    #[error("options of the log")]
    Options(#[from] OptionsError),
    /// There is no such ledger.
    #[error("no log at {}", directory.display())]
    NotFound {
        /// Where it would be.
        directory: PathBuf,
    },
    /// There is one already.
    #[error("a log exists at {}", directory.display())]
    Exists {
        /// Where it is.
        directory: PathBuf,
    },
    /// The operating system refused; opening again may work.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Stored bytes are damaged: an integrity failure, nothing was changed.
    #[error("damaged file {} at byte {offset}: {problem}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Byte in the file.
        offset: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// The log ends before its head marker: an integrity failure, nothing was changed.
    #[error(
        "the log in {} ends at offset {}, its head marker says {}",
        directory.display(), end.0, marker.0
    )]
    LostHistory {
        /// The log's directory.
        directory: PathBuf,
        /// Where it ends.
        end: LogOffset,
        /// Where it ended at the last clean stop.
        marker: LogOffset,
    },
}

impl OpenError {
    /// Whether history is damaged or lost, as opposed to a condition that may pass.
    pub fn is_integrity_failure(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::LostHistory { .. } => true,
            Self::LedgerId(_)
            | Self::Options(_)
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::Io { .. } => false,
        }
    }

    /// Returns a function for `map_err` that says what was being done to `path`.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Why a log did not stop cleanly. What was answered as durable is durable all the same.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// A write or flush had failed before.
    #[error("the log had failed: {0}")]
    Failed(String),
    /// The head marker could not be written.
    #[error("leave the head marker")]
    Marker(#[source] Box<OpenError>),
}
