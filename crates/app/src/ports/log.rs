//! The log port: an ordered, append-only sequence of stored entries for one ledger.
//!
//! It moves bytes and knows no message: what an entry means (header, body, claim) and whether it
//! counts is decided by [`perennial_proof`], by every reader alike (INV-11). There is no update and no
//! delete (INV-1). Revisions and positions are inside the bytes; offsets are opaque and only ordered.
//!
//! An *exclusive* log has one writer by a lock; on a *shared* one several nodes may append at any time, and only
//! reading back says whose records count (DESIGN.md 4 "The fence").

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

/// Who can append to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// This process alone, for as long as it holds the log open: what is durable is accepted.
    Exclusive,
    /// Others too, at any moment and without a word: an entry counts for its writer, too, only once it was read back
    /// and accepted.
    Shared,
}

/// What became of one group append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Every entry of the batch is durable, in order. Durable is not yet accepted: on a shared log the
    /// caller still reads its own records back, and an engine says this only if the entries stand side by side, with
    /// nothing of anybody else between them. Acknowledged at offsets with a gap, or at none, is
    /// [`AppendOutcome::Unknown`].
    Durable {
        /// Offset of the first entry. On a shared log the caller compares it with `next` of its append before:
        /// anything else means that somebody else appends too.
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

/// Answers once the outcome of an append is known. A dropped sender means [`AppendOutcome::Unknown`]. An engine answers
/// in the end, even if its peers never do; the caller of a shared log has a limit of its own beside that.
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

    /// The offset after the last durable entry; changes when more becomes durable, and never moves back.
    ///
    /// On a shared log it is moved by what this process has read of the log, whoever appended it. A leader waits for
    /// it after every append, so a tail that stands at the end before it moved reads what is new from memory, or as
    /// good as that.
    fn durable_end(&self) -> watch::Receiver<LogOffset>;

    /// Asks for the log's end as it is now: not before anything that was durable, for whomever, when this was called.
    /// On a shared log that is a question to the broker, because [`LogRead::durable_end`] may lag behind. A dropped
    /// sender means that nobody knows.
    fn end_now(&self) -> oneshot::Receiver<LogOffset> {
        let (sender, receiver) = oneshot::channel();
        // The receiver is right here.
        sender.send(*self.durable_end().borrow()).ok();
        receiver
    }
}

/// One ledger's log. Implementations: segment files (`log-file`), Kafka (`log-kafka`), memory (`testkit`).
///
/// What an engine of a shared log must hold: all readers see the same entries in the same order; a tail never returns
/// an entry that another tail might not get later; entries of one producer stand in the order of the calls, those of
/// one batch too. It need not hold that an entry appears once, or before its outcome is told, or at all: the chain in
/// the entries decides.
pub trait Log: LogRead {
    /// Who can append. The same for as long as the log is open.
    fn sharing(&self) -> Sharing {
        Sharing::Exclusive
    }

    /// Appends one encoded claim. On a shared log this starts a fresh producer that stays for the whole
    /// leadership, so that nothing of an earlier term can follow it. The producer before it is given up: nothing is
    /// resent through the new one, and tickets that are still open are answered as unknown, sooner or later.
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

    /// Appends accepted records and claims of another log as they are, for a copy: without a claim of its own, and in
    /// call order like [`Log::append`]. The copy may be of use only if nobody else appends meanwhile; whoever copies
    /// reads back and compares. On a shared log all raw appends since the last claim go through one producer.
    fn append_raw(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.append(batch)
    }
}
