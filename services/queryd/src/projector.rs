//! The projector: takes decoded records, applies them to the facts, and saves what they added.
//!
//! It has a thread of its own. Readers see records as soon as they are applied; saving follows, in large portions
//! while it catches up and in small ones at the live edge.

use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::log::LogOffset;
use perennial_app::ports::view_store::{Generation, Hash, SavedPosition};
use perennial_domain::log::Position;
use perennial_views::delta::Delta;
use perennial_views::{Applied, ApplyError, Facts};

use crate::opening::{self, OpenFailure, Ready};
use crate::projection::{Damage, Live, Problem, Projection};
use crate::reading::{self, DecodedRecord, Portion};

/// So many events are applied while readers wait; then they may read.
const EVENTS_AT_ONCE: usize = 1_000;

/// Rows of so many records are saved at once while catching up.
const SAVE_RECORDS_MAX: usize = 4_000;

/// How long to wait before views that could not be opened are opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(2);

/// Opens the stored views of a ledger, shows them, and follows its log, on a thread of its own.
pub(crate) fn open_and_follow(projection: &Arc<Projection>) {
    spawn(projection, |projection| {
        // A broker that has just begun to lead may not know yet how far its log reaches: history is lost if it is found
        // to be twice.
        let mut was_short = false;
        let ready = loop {
            let opened = opening::open(
                projection.ledger(),
                &**projection.store(),
                projection.memory(),
            );
            let (problem, is_short) = match opened {
                Ok(ready) => break ready,
                Err(OpenFailure::LostHistory(problem)) if was_short => {
                    return give_up(projection, None, problem, None);
                }
                Err(OpenFailure::LostHistory(problem)) => (problem, true),
                Err(OpenFailure::Unavailable(problem)) => (problem, false),
            };
            was_short |= is_short;
            tracing::warn!(ledger = %projection.ledger().ledger_id, problem, "views cannot be opened now");
            projection.failed(None, Problem::Trouble(problem.into()));
            if stopped_within(projection, REOPEN_AFTER) {
                return;
            }
        };
        let projector = Projector::new(Arc::clone(projection), ready, false);
        projection.show(&projector.live, projector.next_offset);
        projector.run();
    });
}

/// Builds `generation` from the first record on, on a thread of its own; it takes over once it has caught up.
pub(crate) fn build_beside(projection: &Arc<Projection>, generation: Box<dyn Generation>) {
    let number = generation.number();
    spawn(projection, move |projection| {
        let ready = opening::empty(generation, projection.memory(), true, None);
        Projector::new(Arc::clone(projection), ready, true).run();
        projection.rebuild_ended(number);
    });
}

fn spawn(projection: &Arc<Projection>, run: impl FnOnce(&Arc<Projection>) + Send + 'static) {
    let running = Running::new(Arc::clone(projection));
    let name = format!("projector-{}", projection.ledger().ledger_id);
    let spawned = std::thread::Builder::new()
        .name(name)
        .spawn(move || run(&running.0));
    if let Err(error) = spawned {
        projection.failed(
            None,
            Problem::Trouble(format!("start the projector's thread: {error}").into()),
        );
    }
}

/// Counts a projector until its thread is gone, however it ends.
struct Running(Arc<Projection>);

impl Running {
    fn new(projection: Arc<Projection>) -> Self {
        projection
            .projectors()
            .send_modify(|running| *running = running.saturating_add(1));
        Self(projection)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0
            .projectors()
            .send_modify(|running| *running = running.saturating_sub(1));
    }
}

fn give_up(
    projection: &Projection,
    from: Option<&Arc<Live>>,
    problem: String,
    first_bad_position: Option<Position>,
) {
    tracing::error!(ledger = %projection.ledger().ledger_id, problem, "the ledger's views are not served");
    let damage = Damage {
        problem: problem.into(),
        first_bad_position,
    };
    projection.failed(from, Problem::Integrity(damage));
}

fn stopped_within(projection: &Projection, wait: Duration) -> bool {
    let stopped = projection.stop().cancelled();
    projection
        .runtime()
        .block_on(async { tokio::time::timeout(wait, stopped).await.is_ok() })
}

struct Projector {
    projection: Arc<Projection>,
    live: Arc<Live>,
    start: reading::Start,
    /// It builds beside the live one and is to take its place.
    beside: bool,
    /// Its generation is not the live one on disk yet.
    promote: bool,
    must_reach: Option<Position>,
    position: Option<Position>,
    next_offset: LogOffset,
    unsaved: Vec<Delta>,
    newest: Option<SavedPosition>,
    /// Saving did not work: only what is in memory goes on.
    unsaveable: bool,
    pages: Pages,
}

/// How the pages of its facts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pages {
    /// As they should be.
    Whole,
    /// It was said that they stay in memory beyond the limit.
    Unkept,
    /// One cannot be read back: nothing goes on.
    Lost,
}

impl Projector {
    fn new(projection: Arc<Projection>, ready: Ready, beside: bool) -> Self {
        let Ready {
            facts,
            generation,
            start,
            promote,
            must_reach,
        } = ready;
        let position = facts.head().map(|head| head.position);
        let next_offset = match start {
            reading::Start::Beginning => LogOffset(0),
            reading::Start::After(_, offset) => offset,
        };
        let live = Live::new(facts, generation, projection.stop().child_token());
        let (unsaved, newest, unsaveable) = (Vec::new(), None, false);
        Self {
            projection,
            live,
            start,
            beside,
            promote,
            must_reach,
            position,
            next_offset,
            unsaved,
            newest,
            unsaveable,
            pages: Pages::Whole,
        }
    }

    /// Follows the log until its facts are retired, then saves the rest.
    fn run(mut self) {
        let ledger = self.projection.ledger().clone();
        let stop = self.live.retired().clone();
        let mut portions = reading::start(
            ledger,
            self.start,
            self.projection.hurry(),
            stop,
            self.projection.runtime(),
        );
        while let Some(portion) = portions.blocking_recv() {
            match portion {
                Portion::Records(records) => self.apply(records),
                Portion::CaughtUp(_) if self.pages == Pages::Lost => {}
                Portion::CaughtUp(end) => {
                    self.next_offset = end;
                    self.caught_up();
                }
                Portion::Interrupted(problem) => {
                    let ledger = &self.projection.ledger().ledger_id;
                    tracing::warn!(%ledger, problem, "the log cannot be read now");
                    self.projection
                        .failed(Some(&self.live), Problem::Trouble(problem.into()));
                }
                Portion::Broken {
                    problem,
                    first_bad_position,
                } => give_up(
                    &self.projection,
                    Some(&self.live),
                    problem,
                    first_bad_position,
                ),
            }
            if portions.is_empty() {
                self.save();
            }
        }
        self.save();
        if !self.unsaveable
            && let Err(error) = self.live.generation().flush()
        {
            let ledger = &self.projection.ledger().ledger_id;
            tracing::warn!(%ledger, error = %perennial_observe::error_chain(&error), "views were not flushed");
        }
        self.live.end();
    }

    /// A page of what it holds cannot be read back: it goes no further, and another generation takes its place.
    fn page_lost(&mut self, problem: &str) {
        self.pages = Pages::Lost;
        let trouble = Problem::Trouble(problem.into());
        self.projection.failed(Some(&self.live), trouble);
        if self.beside {
            // Whoever asks next begins another one.
            self.live.retired().cancel();
        } else {
            self.projection.page_lost(problem);
        }
    }

    /// The position after the last one that was applied.
    fn next_position(&self) -> Position {
        self.position
            .map_or(Position(0), |last| Position(last.0.saturating_add(1)))
    }

    fn apply(&mut self, records: Vec<DecodedRecord>) {
        if self.pages == Pages::Lost {
            return;
        }
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let live = Arc::clone(&self.live);
            // Readers wait only for this stretch.
            let applied = live.write(|facts| {
                let mut events = 0;
                while events < EVENTS_AT_ONCE
                    && let Some(record) = records.next()
                {
                    events += record.events.len().max(1);
                    self.apply_one(facts, &record)?;
                }
                Ok(())
            });
            match applied {
                Ok(()) => {}
                Err(ApplyError::Gap(gap)) => {
                    let next = Some(self.next_position());
                    return give_up(&self.projection, Some(&self.live), gap.to_string(), next);
                }
                Err(ApplyError::Page(lost)) => return self.page_lost(&lost.to_string()),
            }
            self.projection
                .progressed(&self.live, self.position, self.next_offset, false);
            if SAVE_RECORDS_MAX <= self.unsaved.len() {
                self.save();
            }
        }
    }

    fn apply_one(&mut self, facts: &mut Facts, record: &DecodedRecord) -> Result<(), ApplyError> {
        let position = record.meta.position;
        if let Applied::Now(delta) = facts.apply_by(record.meta, &record.maker, &record.events)? {
            self.newest = Some(SavedPosition {
                position,
                record_hash: Hash::from_bytes(record.meta.record_hash),
                term: record.term,
                offset: record.offset,
                next_offset: record.next_offset,
                digest: delta.digest,
            });
            if !self.unsaveable {
                self.unsaved.push(*delta);
            }
        }
        self.position = Some(position);
        self.next_offset = record.next_offset;
        Ok(())
    }

    /// Everything durable is applied.
    fn caught_up(&mut self) {
        if let Some(must_reach) = self.must_reach.take()
            && self.position < Some(must_reach)
        {
            let problem = format!(
                "views were computed up to position {must_reach}, but the log ends before it: history was lost"
            );
            self.live.retired().cancel();
            let next = Some(self.next_position());
            return give_up(&self.projection, Some(&self.live), problem, next);
        }
        self.save();
        if self.beside {
            let (taken_over, old) = self.projection.take_over(&self.live, self.next_offset);
            if !taken_over {
                // The live one is ahead: more is on its way to this one too.
                return;
            }
            self.beside = false;
            if let Some(old) = old {
                // Its directory is removed next, so it must not be saved any more.
                self.projection.runtime().block_on(old.ended());
            }
        }
        if self.promote && !self.unsaveable {
            self.promote = false;
            let (ledger, generation) = (&self.projection.ledger().ledger_id, self.live.number());
            match self.projection.store().promote(generation) {
                Ok(()) => {
                    tracing::info!(%ledger, generation = generation.0, "the rebuilt views are the live ones");
                }
                Err(error) => {
                    let problem = perennial_observe::error_chain(&error).to_string();
                    tracing::warn!(%ledger, problem, "the rebuilt views will be built again after a restart");
                }
            }
        }
        self.projection
            .progressed(&self.live, self.position, self.next_offset, true);
    }

    /// Says once that the limit of memory cannot be kept.
    fn watch_pages(&mut self) {
        let unkept = self.live.read(|facts| facts.unkept_page().cloned());
        if let Some(error) = unkept.filter(|_| self.pages == Pages::Whole) {
            self.pages = Pages::Unkept;
            let ledger = &self.projection.ledger().ledger_id;
            tracing::warn!(%ledger, %error, "pages of views stay in memory beyond the limit");
        }
    }

    fn save(&mut self) {
        self.watch_pages();
        let Some(newest) = self.newest.filter(|_| !self.unsaved.is_empty()) else {
            return;
        };
        let saved = self.live.generation().save(&self.unsaved, newest);
        self.unsaved.clear();
        if let Err(error) = saved {
            let problem = perennial_observe::error_chain(&error).to_string();
            let ledger = self.projection.ledger().ledger_id.clone();
            tracing::warn!(%ledger, problem, "views cannot be saved; they are served from memory");
            self.unsaveable = true;
            self.projection
                .failed(Some(&self.live), Problem::Trouble(problem.into()));
            // Once: a rebuild whose rows cannot be saved either is not tried again by itself.
            if !self.beside
                && !self.promote
                && let Err(problem) = self.projection.rebuild_beside()
            {
                tracing::warn!(%ledger, problem, "views cannot be built again");
            }
        }
    }
}
