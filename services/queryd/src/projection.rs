//! The views of one ledger: what readers see, how far they are, and how they are built again.
//!
//! One projector feeds the live facts. A rebuild is a second projector with facts of its own; once it has caught up
//! it takes the live one's place, so readers never see less than before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use perennial_app::ports::ledgers::ReadableLedger;
use perennial_app::ports::log::LogOffset;
use perennial_app::ports::view_store::{Generation, GenerationNo, ViewStore};
use perennial_domain::log::Position;
use perennial_views::{Facts, PageMemory, StateDigest};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::projector;

/// How often it is looked whether a projector that has something to do does it.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);

/// After so many looks without progress the projector is said to be stuck.
const LOOKS_WITHOUT_PROGRESS_MAX: u32 = 3;

/// One generation's facts in memory, which one projector adds to.
pub struct Live {
    number: GenerationNo,
    facts: RwLock<Facts>,
    generation: Arc<dyn Generation>,
    /// Tells its projector to stop, because another generation took over.
    retired: CancellationToken,
    /// Its projector saves nothing any more.
    ended: watch::Sender<bool>,
}

impl Live {
    pub(crate) fn new(
        facts: Facts,
        generation: Box<dyn Generation>,
        retired: CancellationToken,
    ) -> Arc<Self> {
        let (ended, _) = watch::channel(false);
        let number = generation.number();
        Arc::new(Self {
            number,
            facts: RwLock::new(facts),
            generation: Arc::from(generation),
            retired,
            ended,
        })
    }

    /// Which generation it is.
    pub fn number(&self) -> GenerationNo {
        self.number
    }

    /// Where it is stored.
    pub fn generation(&self) -> &Arc<dyn Generation> {
        &self.generation
    }

    /// Reads the facts at one position; the projector waits meanwhile. Blocks: call it off the network's threads.
    pub fn read<T>(&self, read: impl FnOnce(&Facts) -> T) -> T {
        read(&self.facts.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn retired(&self) -> &CancellationToken {
        &self.retired
    }

    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until its projector saves nothing any more.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as this value.
        drop(self.ended.subscribe().wait_for(|&ended| ended).await);
    }

    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Facts) -> T) -> T {
        write(&mut self.facts.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn digest(&self, position: Position) -> Option<StateDigest> {
        self.read(|facts| facts.digest(position))
    }
}

/// History that was lost or is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What was found.
    pub problem: Arc<str>,
    /// The first position that is lost or damaged, where that is known.
    pub first_bad_position: Option<Position>,
}

/// Why views do not follow their ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing is answered until an operator has looked.
    Integrity(Damage),
    /// Something passing: what is there is answered.
    Trouble(Arc<str>),
}

/// How far a ledger's views are.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// The generation that readers see; none while it is being opened.
    pub generation: Option<GenerationNo>,
    /// The last record in it.
    pub position: Option<Position>,
    /// Where reading the log goes on.
    pub next_offset: LogOffset,
    /// Everything that was durable when it was last looked is in it.
    pub caught_up: bool,
    /// It was caught up once: before that it is a prefix that nobody would expect.
    pub complete: bool,
    /// Why it does not follow.
    pub problem: Option<Problem>,
}

/// How views are doing, for operators.
#[derive(Clone, Debug)]
pub struct Status {
    /// How far they are.
    pub reached: Reached,
    /// Records that the log is ahead, about; 0 only if it is not.
    pub lag_records: u64,
    /// How far a rebuild is, in thousandths of the log; 1,000 if none runs.
    pub progress_permille: u32,
    /// Why they do not follow, or that they do not progress; empty while all is well.
    pub last_error: String,
}

/// A rebuild that is under way.
#[derive(Debug)]
struct Rebuild {
    number: GenerationNo,
    next_offset: LogOffset,
}

/// The views of one ledger.
pub struct Projection {
    ledger: ReadableLedger,
    store: Arc<dyn ViewStore>,
    memory: Arc<PageMemory>,
    live: RwLock<Option<Arc<Live>>>,
    reached: watch::Sender<Reached>,
    rebuild: Mutex<Option<Rebuild>>,
    /// How many projectors run: one, or two during a rebuild.
    projectors: watch::Sender<usize>,
    /// Told when a question waits for more of the log.
    hurry: Arc<Notify>,
    stuck: AtomicBool,
    stop: CancellationToken,
    runtime: tokio::runtime::Handle,
}

impl Projection {
    /// Starts projecting `ledger` into `store` until `stop`, its pages in `memory` as far as that has room. Must be
    /// called within a runtime.
    pub fn start(
        ledger: ReadableLedger,
        store: Arc<dyn ViewStore>,
        memory: Arc<PageMemory>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (reached, _) = watch::channel(Reached::default());
        let projection = Arc::new(Self {
            ledger,
            store,
            memory,
            live: RwLock::new(None),
            reached,
            rebuild: Mutex::new(None),
            projectors: watch::channel(0).0,
            hurry: Arc::default(),
            stuck: AtomicBool::new(false),
            stop,
            runtime: tokio::runtime::Handle::current(),
        });
        projector::open_and_follow(&projection);
        projection
            .runtime
            .spawn(Arc::clone(&projection).watch_progress());
        projection
    }

    /// The ledger.
    pub fn ledger(&self) -> &ReadableLedger {
        &self.ledger
    }

    /// How far the views are; changes as they grow.
    pub fn reached(&self) -> watch::Receiver<Reached> {
        self.reached.subscribe()
    }

    /// The facts that readers see; none while they are being opened.
    pub fn live(&self) -> Option<Arc<Live>> {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How the views are doing.
    pub fn status(&self) -> Status {
        let reached = self.reached.borrow().clone();
        let end = *self.ledger.log.durable_end().borrow();
        let lag_records = lag(&reached, end);
        let progress_permille = match &*self.rebuild() {
            None => 1_000,
            Some(rebuild) => permille(rebuild.next_offset, end),
        };
        let last_error = match &reached.problem {
            Some(Problem::Integrity(Damage { problem, .. }) | Problem::Trouble(problem)) => {
                problem.to_string()
            }
            None if self.stuck.load(Ordering::Relaxed) => {
                "the projector makes no progress".to_owned()
            }
            None => String::new(),
        };
        Status {
            reached,
            lag_records,
            progress_permille,
            last_error,
        }
    }

    /// Begins a new generation beside the live one and returns its number; if one is being built, that one's.
    ///
    /// # Errors
    /// A text for the operator if the storage cannot be used.
    pub fn rebuild_beside(self: &Arc<Self>) -> Result<GenerationNo, String> {
        let mut rebuild = self.rebuild();
        if let Some(running) = &*rebuild {
            return Ok(running.number);
        }
        let generation = self
            .store
            .begin()
            .map_err(|error| perennial_observe::error_chain(&error).to_string())?;
        let number = generation.number();
        *rebuild = Some(Rebuild {
            number,
            next_offset: LogOffset(0),
        });
        drop(rebuild);
        tracing::info!(ledger = %self.ledger.ledger_id, generation = number.0, "views are built again");
        projector::build_beside(self, generation);
        Ok(number)
    }

    /// Replaces facts of which a page cannot be read back: they answer nothing any more.
    pub(crate) fn page_lost(self: &Arc<Self>, problem: &str) {
        if self.rebuild().is_some() {
            return;
        }
        let ledger = &self.ledger.ledger_id;
        tracing::warn!(%ledger, problem, "a page of the views is lost; they are built again from the log");
        if let Err(problem) = self.rebuild_beside() {
            tracing::warn!(%ledger, problem, "views cannot be built again");
        }
    }

    /// Waits until no projector runs any more: all is saved and flushed then. Call it after the stop.
    pub async fn ended(&self) {
        // The sender lives as long as this value.
        drop(
            self.projectors
                .subscribe()
                .wait_for(|&running| running == 0)
                .await,
        );
    }

    pub(crate) fn projectors(&self) -> &watch::Sender<usize> {
        &self.projectors
    }

    pub(crate) fn store(&self) -> &Arc<dyn ViewStore> {
        &self.store
    }

    pub(crate) fn memory(&self) -> &Arc<PageMemory> {
        &self.memory
    }

    pub(crate) fn hurry(&self) -> Arc<Notify> {
        Arc::clone(&self.hurry)
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        &self.runtime
    }

    /// Shows `live` to readers for the first time.
    pub(crate) fn show(&self, live: &Arc<Live>, next_offset: LogOffset) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(live));
        let position = live.read(|facts| facts.head().map(|head| head.position));
        self.reached.send_modify(|reached| {
            reached.generation = Some(live.number());
            reached.position = position;
            reached.next_offset = next_offset;
        });
    }

    /// Says how far `from` is. What a projector says whose facts are not the live ones is about a rebuild.
    pub(crate) fn progressed(
        &self,
        from: &Arc<Live>,
        position: Option<Position>,
        next_offset: LogOffset,
        end: bool,
    ) {
        if self.is_live(from) {
            self.reached.send_modify(|reached| {
                reached.position = position;
                reached.next_offset = next_offset;
                reached.caught_up = end;
                reached.complete |= end;
                if !matches!(reached.problem, Some(Problem::Integrity(_))) {
                    reached.problem = None;
                }
            });
        } else if let Some(rebuild) = &mut *self.rebuild() {
            rebuild.next_offset = next_offset;
        }
    }

    /// Says why `from` does not go on; without facts, why there are none.
    pub(crate) fn failed(&self, from: Option<&Arc<Live>>, problem: Problem) {
        if from.is_none_or(|from| self.is_live(from)) {
            self.reached
                .send_modify(|reached| reached.problem = Some(problem));
        }
    }

    fn is_live(&self, live: &Arc<Live>) -> bool {
        self.live()
            .is_some_and(|current| Arc::ptr_eq(&current, live))
    }

    /// Puts a rebuilt generation in the live one's place, unless it is behind. Returns whether it did, and the old
    /// one, whose projector is told to stop.
    pub(crate) fn take_over(
        &self,
        rebuilt: &Arc<Live>,
        next_offset: LogOffset,
    ) -> (bool, Option<Arc<Live>>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let position = rebuilt.read(|facts| facts.head().map(|head| head.position));
        if let Some(old) = &*live {
            let reached = old.read(|facts| facts.head().map(|head| head.position));
            if position < reached {
                return (false, None);
            }
            if let Some(at) = reached
                && old.digest(at) != rebuilt.digest(at)
            {
                let ledger = &self.ledger.ledger_id;
                tracing::error!(%ledger, position = at.0, "the views had another digest than those rebuilt from the log");
            }
        }
        let old = live.replace(Arc::clone(rebuilt));
        let generation = Some(rebuilt.number());
        self.reached.send_modify(|reached| {
            *reached = Reached {
                generation,
                position,
                next_offset,
                caught_up: true,
                complete: true,
                problem: None,
            };
        });
        drop(live);
        *self.rebuild() = None;
        if let Some(old) = &old {
            old.retired().cancel();
        }
        (true, old)
    }

    /// Forgets a rebuild that did not come to its end.
    pub(crate) fn rebuild_ended(&self, number: GenerationNo) {
        let mut rebuild = self.rebuild();
        if rebuild
            .as_ref()
            .is_some_and(|rebuild| rebuild.number == number)
        {
            *rebuild = None;
        }
    }

    fn rebuild(&self) -> MutexGuard<'_, Option<Rebuild>> {
        self.rebuild.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the facts that readers see if a question lost a page of them.
    fn watch_pages(self: &Arc<Self>) {
        let lost = self
            .live()
            .and_then(|live| live.read(|facts| facts.lost_page().map(ToString::to_string)));
        if let Some(problem) = lost {
            self.page_lost(&problem);
        }
    }

    /// Says so when the log has something to project and nothing is projected for a while.
    async fn watch_progress(self: Arc<Self>) {
        let mut before = LogOffset(0);
        let mut looks = 0_u32;
        loop {
            tokio::select! {
                () = tokio::time::sleep(WATCH_INTERVAL) => {}
                () = self.stop.cancelled() => return,
            }
            let of = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || of.watch_pages());
            if looked.await.is_err() {
                return;
            }
            let (next, healthy) = {
                let reached = self.reached.borrow();
                (reached.next_offset, reached.problem.is_none())
            };
            let behind = next < *self.ledger.log.durable_end().borrow();
            looks = if behind && next == before && healthy {
                looks.saturating_add(1)
            } else {
                0
            };
            before = next;
            let stuck = LOOKS_WITHOUT_PROGRESS_MAX <= looks;
            if stuck && !self.stuck.load(Ordering::Relaxed) {
                tracing::error!(ledger = %self.ledger.ledger_id, offset = next.0, "the projector makes no progress");
            }
            self.stuck.store(stuck, Ordering::Relaxed);
        }
    }
}

/// How many records are missing: as many per stretch of the log as there were so far.
fn lag(reached: &Reached, end: LogOffset) -> u64 {
    let missing = end.0.saturating_sub(reached.next_offset.0);
    if missing == 0 {
        return 0;
    }
    let records = reached
        .position
        .map_or(0, |position| position.0.saturating_add(1));
    let estimate =
        u128::from(missing) * u128::from(records) / u128::from(reached.next_offset.0.max(1));
    u64::try_from(estimate).unwrap_or(u64::MAX).max(1)
}

fn permille(next: LogOffset, end: LogOffset) -> u32 {
    let part = u128::from(next.0) * 1_000 / u128::from(end.0.max(1));
    u32::try_from(part).unwrap_or(1_000).min(999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(position: Option<u64>, next_offset: u64) -> Reached {
        Reached {
            position: position.map(Position),
            next_offset: LogOffset(next_offset),
            ..Reached::default()
        }
    }

    #[test]
    fn lag_is_0_only_at_the_end_of_the_log() {
        assert_eq!(lag(&reached(Some(9), 1_000), LogOffset(1_000)), 0);
        assert_eq!(lag(&reached(Some(9), 1_000), LogOffset(1_001)), 1);
        assert_eq!(lag(&reached(Some(9), 1_000), LogOffset(3_000)), 20);
        assert_eq!(lag(&reached(None, 0), LogOffset(1)), 1);
        assert_eq!(lag(&reached(None, 0), LogOffset(0)), 0);
    }

    #[test]
    fn a_rebuild_is_never_said_to_be_done_before_it_takes_over() {
        assert_eq!(permille(LogOffset(0), LogOffset(0)), 0);
        assert_eq!(permille(LogOffset(500), LogOffset(1_000)), 500);
        assert_eq!(permille(LogOffset(1_000), LogOffset(1_000)), 999);
    }
}
