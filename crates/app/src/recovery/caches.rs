//! The two caches, opened and checked against the log.

use std::sync::Arc;

use perennial_domain::book::{Book, SnapshotLoader};
use perennial_domain::log::Position;
use perennial_proof::ChainPoint;

use super::{KnownPoint, LedgerSource, RecoverError};
use crate::ports::cache::{CacheError, LogPoint};
use crate::ports::log::LogOffset;
use crate::ports::request_index::{OpenedIndex, RequestIndex};
use crate::ports::snapshot_store::{LoadedSnapshot, SnapshotMark};
use crate::records::{LedgerReadError, Lookup, look_up};

/// A record that was found in the log, after which reading goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) point: ChainPoint,
    pub(super) next_offset: LogOffset,
}

impl Anchor {
    /// The one that stands first.
    pub(super) fn first(self, other: Self) -> Self {
        if other.point.position < self.point.position {
            other
        } else {
            self
        }
    }
}

/// What the log says of a point that a cache reflects.
enum Anchored {
    Here(Anchor),
    /// Another record stands there.
    Other,
    /// The log ends before it.
    Beyond,
}

fn anchor(source: &LedgerSource, point: LogPoint) -> Result<Anchored, RecoverError> {
    let place = (point.position, point.offset);
    let found = look_up(&*source.log, place, |header, record_hash| {
        record_hash == point.record_hash && header.term == point.term
    });
    let found = found.map_err(|error| RecoverError::Read(LedgerReadError::Log(error)))?;
    Ok(match found {
        Lookup::Found(record) => Anchored::Here(Anchor {
            point: ChainPoint {
                position: perennial_proof::Position(record.position.0),
                record_hash: record.record_hash,
                term: record.term,
                recorded_at: record.recorded_at.0,
            },
            next_offset: record.next_offset,
        }),
        Lookup::Other => Anchored::Other,
        Lookup::Beyond => Anchored::Beyond,
    })
}

/// A snapshot that stands in the log.
pub(super) struct Snapshot {
    pub(super) book: Book,
    pub(super) mark: SnapshotMark,
    pub(super) anchor: Anchor,
}

/// Loads the newest snapshot. One that cannot be used is dropped, and said. Returns, too, which position must be in
/// the log because a snapshot that was whole says so, even if it is dropped.
pub(super) fn load_snapshot(
    source: &LedgerSource,
) -> Result<(Option<Snapshot>, Option<Position>), RecoverError> {
    let mut loader = SnapshotLoader::default();
    let mut malformed = None;
    let given = source.snapshots.load(&mut |part| {
        malformed = malformed.or(loader.part(part).err());
        malformed.is_none()
    });
    let dropped = |reason: &dyn std::fmt::Display| {
        tracing::warn!(
            ledger = source.ledger_id,
            %reason,
            "the state snapshot cannot be used: the log is folded from its start"
        );
        None
    };
    let mark = match (given, malformed) {
        (Ok(LoadedSnapshot::Nothing), _) => return Ok((None, None)),
        (Ok(LoadedSnapshot::Unusable { reason }), None) => return Ok((dropped(&reason), None)),
        (Err(error), None) => return Ok((dropped(&described(&error)), None)),
        (_, Some(malformed)) => return Ok((dropped(&malformed), None)),
        (Ok(LoadedSnapshot::Whole(mark)), None) => mark,
    };
    let anchor = match anchor(source, mark.low)? {
        Anchored::Here(anchor) => anchor,
        Anchored::Beyond => return Err(lost(mark.low)),
        Anchored::Other => {
            let reason = "another record stands where it was taken";
            return Ok((dropped(&reason), Some(mark.high.position)));
        }
    };
    let snapshot = match loader.finish() {
        Ok(book) if book.ledger_id().as_str() == source.ledger_id => {
            Some(Snapshot { book, mark, anchor })
        }
        Ok(book) => dropped(&format_args!("it is of ledger \"{}\"", book.ledger_id())),
        Err(malformed) => dropped(&malformed),
    };
    Ok((snapshot, Some(mark.high.position)))
}

/// A request index, and what it knows for certain.
pub(super) struct CheckedIndex {
    pub(super) index: Arc<dyn RequestIndex>,
    pub(super) saved: Option<Anchor>,
    pub(super) reach: Option<KnownPoint>,
}

/// Opens the request index, or begins another one if it cannot be used, and says so.
pub(super) fn open_index(source: &LedgerSource) -> Result<CheckedIndex, RecoverError> {
    let reason = match source.requests.open().map_err(RecoverError::RequestIndex)? {
        OpenedIndex::Unusable { reason } => reason,
        OpenedIndex::Ready(index) => match checked(source, index)? {
            Some(index) => return Ok(index),
            None => "another record stands where it was saved".to_owned(),
        },
    };
    tracing::warn!(
        ledger = source.ledger_id,
        reason,
        "the request index cannot be used: it is built again from the log"
    );
    let index = source
        .requests
        .begin()
        .map_err(RecoverError::RequestIndex)?;
    Ok(CheckedIndex {
        index,
        saved: None,
        reach: None,
    })
}

/// Returns the index if the records it reflects stand in the log.
fn checked(
    source: &LedgerSource,
    index: Arc<dyn RequestIndex>,
) -> Result<Option<CheckedIndex>, RecoverError> {
    let mut saved = None;
    if let Some(point) = index.saved() {
        match anchor(source, point)? {
            Anchored::Here(anchor) => saved = Some(anchor),
            Anchored::Other => return Ok(None),
            Anchored::Beyond => return Err(lost(point)),
        }
    }
    let reach = index.reach();
    if let Some(point) = reach
        && Some(point) != index.saved()
    {
        match anchor(source, point)? {
            Anchored::Here(_) => {}
            Anchored::Other => return Ok(None),
            Anchored::Beyond => return Err(lost(point)),
        }
    }
    Ok(Some(CheckedIndex {
        index,
        saved,
        reach: reach.map(KnownPoint::from),
    }))
}

fn lost(point: LogPoint) -> RecoverError {
    RecoverError::LostHistory {
        position: point.position,
        problem: super::replay::GONE,
    }
}

/// An error with its causes.
fn described(error: &CacheError) -> String {
    match error {
        CacheError::Files { source, .. } => format!("{error}: {source}"),
        CacheError::Engine { .. } => error.to_string(),
    }
}
