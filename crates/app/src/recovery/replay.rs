//! Reading records and folding them, on two threads: one reads, judges and decodes while the other folds.

use std::sync::mpsc;

use perennial_domain::book::Book;
use perennial_domain::event::Event;
use perennial_domain::log::{EventId, Position, Recorded};
use perennial_wire::stored::{Outcome, RecordBody};

use super::caches::{Anchor, Snapshot};
use super::{KnownPoint, LedgerSource, RecoverError, State, join};
use crate::ports::cache::LogPoint;
use crate::ports::request_index::IndexedRequest;
use crate::records::{LedgerReader, LedgerRecord};
use crate::requests::Requests;

/// How much of the log is read and decoded at a time.
const READ_BYTES: usize = 512 * 1024;

/// How many such portions wait to be folded.
const PORTIONS_MAX: usize = 4;

/// A record that somebody knows is not there any more.
pub(super) const GONE: &str = "known and not there";
/// Another record stands where somebody knows one.
pub(super) const ANOTHER: &str = "another record than the known one";

/// How to come to the state.
pub(super) struct Plan {
    /// After which record to begin; without one, at the first.
    pub(super) from: Option<Anchor>,
    /// What is folded already.
    pub(super) snapshot: Option<Snapshot>,
    /// Records that must be in the log.
    pub(super) known: [Option<KnownPoint>; 3],
    /// A position that must be in the log, whatever stands there.
    pub(super) reach: Option<Position>,
}

/// Reads to the durable end.
pub(super) fn replay(
    source: &LedgerSource,
    plan: Plan,
    requests: &mut Requests,
) -> Result<State, RecoverError> {
    check_begin(&plan)?;
    let reader = match plan.from {
        Some(anchor) => LedgerReader::from_point(&*source.log, anchor.point, anchor.next_offset),
        None => LedgerReader::from_start(&*source.log, &source.ledger_id),
    };
    let reader = reader.map_err(RecoverError::Read)?;
    let known = plan.known.into_iter().flatten();
    let known = known.map(|known| known.position).chain(plan.reach).max();
    let mut fold = Fold::new(plan);
    let (sender, portions) = mpsc::sync_channel(PORTIONS_MAX);
    let read = std::thread::scope(|scope| {
        let thread = scope.spawn(move || read(reader, &sender));
        let folded = fold.all(portions, requests);
        // Records before the damage were folded first, so the first error in the log's order is told.
        let read = join(thread);
        folded.and(read)
    });
    let reader = read?;
    if let Some(position) = known
        && reader.chain().next_position().0 <= position.0
    {
        return Err(RecoverError::LostHistory {
            position,
            problem: GONE,
        });
    }
    Ok(State {
        book: fold.book,
        reader,
        newest: fold.newest,
        snapshot: fold.snapshot,
        folded: fold.folded,
    })
}

/// The record after which reading begins is not read again: what is known of it is compared here.
fn check_begin(plan: &Plan) -> Result<(), RecoverError> {
    let Some(anchor) = plan.from else {
        return Ok(());
    };
    for known in plan.known.into_iter().flatten() {
        let same_place = known.position.0 == anchor.point.position.0;
        if same_place && known.record_hash != anchor.point.record_hash {
            return Err(RecoverError::LostHistory {
                position: known.position,
                problem: ANOTHER,
            });
        }
    }
    Ok(())
}

type Portion = Vec<(LedgerRecord, RecordBody)>;

/// Reads and decodes to the end, or until nobody folds any more.
fn read(
    mut reader: LedgerReader,
    portions: &mpsc::SyncSender<Portion>,
) -> Result<LedgerReader, RecoverError> {
    loop {
        let records = reader.read(READ_BYTES).map_err(RecoverError::Read)?;
        if records.is_empty() {
            return Ok(reader);
        }
        let mut portion = Vec::with_capacity(records.len());
        let mut undecoded = None;
        for record in records {
            let position = record.position;
            match record.body() {
                Ok(body) => portion.push((record, body)),
                Err(source) => {
                    undecoded = Some(RecoverError::Decode { position, source });
                    break;
                }
            }
        }
        let stopped = portions.send(portion).is_err();
        if let Some(error) = undecoded {
            return Err(error);
        }
        if stopped {
            // The folding thread has an error of its own to tell.
            return Ok(reader);
        }
    }
}

struct Fold {
    book: Option<Book>,
    /// Every record up to it is in the book.
    snapshot: Option<Position>,
    /// The last record of which anything may be in the book already.
    high: Option<Position>,
    known: [Option<KnownPoint>; 3],
    newest: Option<LogPoint>,
    folded: u64,
}

impl Fold {
    fn new(plan: Plan) -> Self {
        let mut fold = Self {
            book: None,
            snapshot: None,
            high: None,
            known: plan.known,
            newest: None,
            folded: 0,
        };
        if let Some(snapshot) = plan.snapshot {
            fold.book = Some(snapshot.book);
            fold.snapshot = Some(snapshot.mark.low.position);
            fold.high = Some(snapshot.mark.high.position);
            fold.newest = Some(snapshot.mark.low);
        }
        fold
    }

    fn all(
        &mut self,
        portions: mpsc::Receiver<Portion>,
        requests: &mut Requests,
    ) -> Result<(), RecoverError> {
        for portion in portions {
            let mut ids = Vec::with_capacity(portion.len());
            let mut last = None;
            for (record, body) in portion {
                self.check(&record)?;
                ids.push(IndexedRequest {
                    request_id: body.request_id,
                    position: record.position,
                    offset: record.offset,
                });
                last = Some(LogPoint {
                    position: record.position,
                    record_hash: record.record_hash,
                    term: record.term,
                    offset: record.offset,
                });
                if self.snapshot < Some(record.position) {
                    self.fold(&record, body)?;
                }
            }
            let Some(last) = last else { continue };
            if self
                .newest
                .is_none_or(|newest| newest.position < last.position)
            {
                self.newest = Some(last);
            }
            requests.settle(ids, last);
            if !requests.wait_for_room() {
                return Err(RecoverError::RequestsUnindexed);
            }
        }
        Ok(())
    }

    fn check(&self, record: &LedgerRecord) -> Result<(), RecoverError> {
        let position = record.position;
        for known in self.known.into_iter().flatten() {
            if known.position == position && known.record_hash != record.record_hash {
                return Err(RecoverError::LostHistory {
                    position,
                    problem: ANOTHER,
                });
            }
        }
        Ok(())
    }

    fn fold(&mut self, record: &LedgerRecord, body: RecordBody) -> Result<(), RecoverError> {
        self.folded = self.folded.saturating_add(1);
        let position = record.position;
        let held = Some(position) <= self.high;
        for recorded in events_of(record, body) {
            let folded = match &mut self.book {
                Some(book) if held => book.catch_up(&recorded),
                Some(book) => book.evolve(&recorded),
                book @ None => {
                    let created = Book::created(&recorded);
                    *book = Some(created.map_err(|_| RecoverError::NotCreated)?);
                    Ok(())
                }
            };
            folded.map_err(|source| RecoverError::Fold { position, source })?;
        }
        Ok(())
    }
}

/// The events of a record, with their ids; none of a kept refusal.
fn events_of(record: &LedgerRecord, body: RecordBody) -> impl Iterator<Item = Recorded<Event>> {
    let events = match body.outcome {
        Outcome::Events(events) => events,
        Outcome::Refusal(_) => Vec::new(),
    };
    let (position, recorded_at) = (record.position, record.recorded_at);
    (0_u32..).zip(events).map(move |(index, event)| Recorded {
        event_id: EventId { position, index },
        recorded_at,
        event,
    })
}

/// Folds one more record into a state that holds everything before it.
pub(crate) fn fold(
    book: &mut Book,
    record: &LedgerRecord,
    body: RecordBody,
) -> Result<(), RecoverError> {
    let position = record.position;
    for recorded in events_of(record, body) {
        let folded = book.evolve(&recorded);
        folded.map_err(|source| RecoverError::Fold { position, source })?;
    }
    Ok(())
}
