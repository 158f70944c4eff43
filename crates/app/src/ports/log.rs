//! The log port: an ordered, append-only sequence of stored entries for one ledger.
//!
//! It moves bytes and knows no message: what an entry means (header, body, claim) and whether it
//! counts is decided by [`perennial_proof`], by every reader alike (INV-11). There is no update and no
//! delete (INV-1). Revisions and positions are inside the bytes; offsets are opaque and only ordered.

use tokio::sync::{oneshot, watch};

/// One entry as it is stored: the encoded `LogEntry`, never re-encoded on its way (INV-13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry(pub Vec<u8>);

/// A place in one engine's log: opaque, ordered, not contiguous, and meaningless in another engine.
///
/// `LogOffset(0)` is the start of every log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogOffset(pub u64);

/// An entry read back, with the offset it stands at and the offset that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailEntry {
    /// Where the entry stands.
    pub offset: LogOffset,
    /// Where to resume reading after it.
    pub next_offset: LogOffset,
    /// The stored bytes.
    pub entry: StoredEntry,
}

/// What became of one group append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Every entry of the batch is durable, in order. Durable is not yet accepted: on a shared log the
    /// caller still reads its own records back.
    Durable {
        /// Offset of the first entry.
        first: LogOffset,
        /// Offset after the last entry.
        next: LogOffset,
    },
    /// Nothing was written and nothing ever will be (for example: the disk was full before the write).
    Rejected {
        /// What stood in the way, for the operator.
        reason: String,
    },
    /// It may or may not be there, now or later. The term is over: settle it with a new claim.
    Unknown {
        /// What happened, for the operator.
        reason: String,
    },
}

/// Answers once the outcome of an append is known. A dropped sender means [`AppendOutcome::Unknown`].
pub type Ticket = oneshot::Receiver<AppendOutcome>;

/// Reading stopped short of the log's end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The log cannot be read now; reading again may work.
    #[error("read the log at offset {}", offset.0)]
    Unavailable {
        /// Where reading stood.
        offset: LogOffset,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Stored bytes are damaged: an integrity failure, never repaired by reading on.
    #[error("damaged log at offset {}: {problem}", offset.0)]
    Damaged {
        /// Where the damage begins.
        offset: LogOffset,
        /// What is wrong, and in which file where there is one.
        problem: String,
    },
}

/// Reads a log forwards. Calls block on IO: run them on the blocking pool or on a thread of their own.
pub trait LogTail: Send {
    /// Returns the next durable entries in order, as many as fit into `bytes_max` (at least one if
    /// there is one); empty at the durable end, without waiting.
    ///
    /// # Errors
    /// [`ReadError`]; the tail may be read again only after [`ReadError::Unavailable`].
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError>;
}

/// Reading one ledger's log: all that a projector or an auditor needs.
pub trait LogRead: Send + Sync {
    /// Opens a reader that starts at `from`.
    ///
    /// # Errors
    /// [`ReadError`] if `from` is no offset of this log or the log cannot be opened for reading.
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError>;

    /// The offset after the last durable entry; changes when more becomes durable.
    fn durable_end(&self) -> watch::Receiver<LogOffset>;
}

/// One ledger's log. Implementations: segment files (`log-file`), Kafka (`log-kafka`), memory (`testkit`).
pub trait Log: LogRead {
    /// Appends one encoded claim. On a shared log this starts a fresh producer that stays for the whole
    /// leadership, so that nothing of an earlier term can follow it.
    fn claim(&self, claim: StoredEntry) -> Ticket;

    /// Appends `batch` in order with one flush; all of it is durable or the outcome is not
    /// [`AppendOutcome::Durable`]. At most one batch is in flight: batches queue in call order.
    fn append(&self, batch: Vec<StoredEntry>) -> Ticket;

    /// Appends like [`Log::append`], for a caller that has nothing else to do until the outcome is known: an engine
    /// may write and flush on the caller's thread, which then blocks on IO and gets a ticket that is answered. That
    /// spares the changes of threads that a single waiting client would feel.
    fn append_in_place(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.append(batch)
    }
}
