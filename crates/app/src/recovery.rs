//! Opening a ledger: from its log, and the caches beside it, to the state that decisions need.
//!
//! The log alone gives everything. A snapshot and the request index shorten the way: after the record that each
//! reflects was found in the log, only what follows has to be read. What does not fit is dropped and said; what
//! stands beyond the log's durable end proves lost history, and then nothing is opened.

mod caches;
mod replay;

use std::sync::Arc;

use perennial_domain::book::{Book, CorruptStream};
use perennial_domain::log::Position;
use perennial_proof::Chain;
use perennial_wire::stored::DecodeError;

use crate::ports::cache::{CacheError, LogPoint};
use crate::ports::log::LogRead;
use crate::ports::request_index::RequestIndexStore;
use crate::ports::snapshot_store::SnapshotStore;
use crate::ports::tasks::Tasks;
use crate::records::{LedgerReadError, LedgerReader};
use crate::requests::{RequestLimits, Requests};
use crate::writer::WriterOptions;

pub use crate::ports::cache::KnownPoint;

use caches::{Anchor, Snapshot};
pub(crate) use replay::fold;
use replay::{Plan, replay};

/// What a ledger is recovered from.
#[derive(Clone)]
pub struct LedgerSource {
    /// Its id.
    pub ledger_id: String,
    /// Its log.
    pub log: Arc<dyn LogRead>,
    /// The snapshots of its state.
    pub snapshots: Arc<dyn SnapshotStore>,
    /// The index of its request ids.
    pub requests: Arc<dyn RequestIndexStore>,
    /// Where the index is written.
    pub tasks: Arc<dyn Tasks>,
}

/// A ledger's state at the durable end of its log.
pub struct Recovered {
    /// The state; absent for a log without its first record.
    pub book: Option<Book>,
    /// Where the chain stands.
    pub chain: Chain,
    /// The newest record.
    pub newest: Option<LogPoint>,
    /// Up to where the state came from a snapshot; absent if the log was folded from its start.
    pub snapshot: Option<Position>,
    /// How many records were folded.
    pub folded: u64,
    pub(crate) requests: Requests,
    /// Stands behind the last record.
    pub(crate) reader: LedgerReader,
}

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Its records cannot be read.
    #[error("read the ledger's records")]
    Read(#[source] LedgerReadError),
    /// A record's body cannot be understood.
    #[error("decode the record at position {position}")]
    Decode {
        /// Which.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The events contradict each other.
    #[error("fold the record at position {position}")]
    Fold {
        /// Which.
        position: Position,
        /// Why.
        #[source]
        source: CorruptStream,
    },
    /// A record that was there is gone or is another one: history was lost, nothing is rebuilt in silence.
    #[error("position {position} is {problem}")]
    LostHistory {
        /// Which.
        position: Position,
        /// What became of it.
        problem: &'static str,
    },
    /// The first record is not the creation of the ledger.
    #[error("position 0 does not create a ledger")]
    NotCreated,
    /// The request index can neither be used nor begun anew.
    #[error("open the request index")]
    RequestIndex(#[source] CacheError),
    /// The request index does not take what it has to, and there is no room to do without it.
    #[error("the request index does not take the ids of the ledger's records")]
    RequestsUnindexed,
}

/// Reads what the caches do not know yet and folds it; `known` must be in the log. Blocks on IO.
///
/// # Errors
/// [`RecoverError`]: the ledger must not be served.
pub fn recover(
    source: &LedgerSource,
    known: Option<KnownPoint>,
    options: &WriterOptions,
) -> Result<Recovered, RecoverError> {
    // Opening the index and reading the snapshot keep two processors busy.
    let (index, snapshot) = std::thread::scope(|scope| {
        let index = scope.spawn(|| caches::open_index(source));
        let snapshot = caches::load_snapshot(source);
        (join(index), snapshot)
    });
    let (index, snapshot) = (index?, snapshot?);
    let limits = RequestLimits {
        recent_max: options.recent_requests_max,
        unindexed_max: options.unindexed_requests_max,
    };
    let mut requests = Requests::start(index.index, limits, &source.ledger_id, &source.tasks);
    let indexed = index.saved.map_or(IdsFrom::Start, IdsFrom::Anchor);
    let needs = Needs {
        snapshot,
        indexed,
        known: [known, index.reach],
    };
    let state = read_on(source, needs, &mut requests)?;
    requests.release();
    Ok(Recovered {
        book: state.book,
        chain: state.reader.chain().clone(),
        newest: state.newest,
        snapshot: state.snapshot,
        folded: state.folded,
        requests,
        reader: state.reader,
    })
}

/// The state without its request ids.
pub(crate) struct State {
    pub(crate) book: Option<Book>,
    /// Stands behind the last record.
    pub(crate) reader: LedgerReader,
    pub(crate) newest: Option<LogPoint>,
    pub(crate) snapshot: Option<Position>,
    pub(crate) folded: u64,
}

/// Reads the state back into a writer that knows the ids of all durable records.
///
/// # Errors
/// [`RecoverError`].
pub(crate) fn recover_state(
    source: &LedgerSource,
    requests: &mut Requests,
) -> Result<State, RecoverError> {
    let snapshot = caches::load_snapshot(source)?;
    let needs = Needs {
        snapshot,
        indexed: IdsFrom::Anywhere,
        known: [None, None],
    };
    read_on(source, needs, requests)
}

/// From where on request ids have to be read.
#[derive(Clone, Copy)]
enum IdsFrom {
    /// From the first record on.
    Start,
    /// After this one.
    Anchor(Anchor),
    /// They are known.
    Anywhere,
}

/// What has to be read, and what has to be there.
struct Needs {
    /// A snapshot, and the position that must be in the log because of it or of one that was dropped.
    snapshot: (Option<Snapshot>, Option<Position>),
    indexed: IdsFrom,
    known: [Option<KnownPoint>; 2],
}

fn read_on(
    source: &LedgerSource,
    needs: Needs,
    requests: &mut Requests,
) -> Result<State, RecoverError> {
    let Needs {
        snapshot: (snapshot, reach),
        indexed,
        known: [known, of_index],
    } = needs;
    let plan = |snapshot: Option<Snapshot>| {
        let folded = snapshot.as_ref().map(|snapshot| snapshot.anchor);
        let from = match (folded, indexed) {
            (Some(folded), IdsFrom::Anchor(indexed)) => Some(folded.first(indexed)),
            (folded, IdsFrom::Anywhere) => folded,
            (None, _) | (_, IdsFrom::Start) => None,
        };
        let high = snapshot.as_ref().map(|snapshot| snapshot.mark.high);
        Plan {
            from,
            snapshot,
            known: [known, of_index, high],
            reach,
        }
    };
    let high = snapshot.as_ref().map(|snapshot| snapshot.mark.high);
    let taken = snapshot.is_some();
    match replay(source, plan(snapshot), requests) {
        Err(problem) if taken && problem.may_be_the_snapshots(high) => {
            let error: &dyn std::error::Error = &problem;
            tracing::warn!(
                ledger = source.ledger_id,
                error,
                "the state snapshot does not fit the log: it is dropped and the log folded from its start"
            );
            replay(source, plan(None), requests)
        }
        other => other,
    }
}

impl RecoverError {
    /// Whether folding without the snapshot may go better.
    fn may_be_the_snapshots(&self, high: Option<KnownPoint>) -> bool {
        match self {
            Self::Fold { .. } | Self::NotCreated => true,
            Self::LostHistory { position, problem } => {
                *problem == replay::ANOTHER && high.is_some_and(|high| high.position == *position)
            }
            Self::Read(_)
            | Self::Decode { .. }
            | Self::RequestIndex(_)
            | Self::RequestsUnindexed => false,
        }
    }
}

/// A panic of a helping thread goes on in the one that waits for it.
fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
