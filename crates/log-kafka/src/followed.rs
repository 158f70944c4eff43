//! What this process has read of one ledger's topic: its end, its newest entries, and what is wrong with it.
//!
//! The follower is the only one that adds to it. An append that was acknowledged waits here until it was read: who is
//! told that it is durable finds it in the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use perennial_app::ports::log::{AppendOutcome, LogOffset, ReadError, StoredEntry, TailEntry};
use perennial_proof::Hash;
use tokio::sync::{oneshot, watch};

/// After this long without reading an acknowledged append nobody waits for it any more.
const READ_BACK_WITHIN: Duration = Duration::from_mins(1);

/// One ledger's topic as this process knows it.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) ledger_id: String,
    pub(crate) topic: String,
    window_bytes: usize,
    durable: watch::Sender<LogOffset>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Offset of the window's first entry.
    start: u64,
    /// The newest entries, without a gap up to the end.
    window: VecDeque<Arc<[u8]>>,
    /// Bytes in the window.
    bytes: usize,
    /// An entry that was read early on, and must be there for ever.
    first_read: Option<Anchor>,
    damage: Option<Damage>,
    acknowledged: Vec<Acknowledged>,
}

/// An entry that was read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) offset: u64,
    pub(crate) digest: Hash,
}

impl Anchor {
    pub(crate) fn new(offset: u64, entry: &[u8]) -> Self {
        let digest = Hash::of(entry);
        Self { offset, digest }
    }
}

/// From where on the log cannot be read any more, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) offset: u64,
    pub(crate) problem: String,
}

/// An append whose acknowledgements have all come.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) answer: oneshot::Sender<AppendOutcome>,
    pub(crate) since: Instant,
}

impl Acknowledged {
    fn durable(self) {
        let outcome = AppendOutcome::Durable {
            first: LogOffset(self.first),
            next: LogOffset(self.next),
        };
        // Who does not wait any more need not know.
        drop(self.answer.send(outcome));
    }

    fn unknown(self, reason: String) {
        drop(self.answer.send(AppendOutcome::Unknown { reason }));
    }
}

/// What a reader finds at an offset.
#[derive(Debug)]
pub(crate) enum Found {
    /// Entries; none at the end.
    Entries(Vec<TailEntry>),
    /// The window begins only here; what lies before is in the topic.
    Before(u64),
    /// Damage.
    Damaged(ReadError),
}

/// What must hold of the topic, from what was read of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) end: u64,
    pub(crate) anchors: Vec<Anchor>,
}

impl Followed {
    /// A topic that ends at `end`, with the entry before that.
    pub(crate) fn new(
        (ledger_id, topic): (&str, String),
        window_bytes: usize,
        end: u64,
        last: Option<Anchor>,
    ) -> Self {
        Self {
            ledger_id: ledger_id.to_owned(),
            topic,
            window_bytes,
            durable: watch::Sender::new(LogOffset(end)),
            state: Mutex::new(State {
                start: end,
                window: VecDeque::new(),
                bytes: 0,
                first_read: last,
                damage: None,
                acknowledged: Vec::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking thread leaves the state whole: every change is made in one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn end(&self) -> u64 {
        self.durable.borrow().0
    }

    pub(crate) fn watch_end(&self) -> watch::Receiver<LogOffset> {
        self.durable.subscribe()
    }

    pub(crate) fn damage(&self) -> Option<Damage> {
        self.state().damage.clone()
    }

    pub(crate) fn known(&self) -> Known {
        let state = self.state();
        let newest = state.window.back().map(|entry| {
            let offset = state.end().saturating_sub(1);
            Anchor::new(offset, entry)
        });
        Known {
            end: state.end(),
            anchors: state.first_read.into_iter().chain(newest).collect(),
        }
    }

    /// Takes what the follower read at `offset`: the stored bytes, or what is wrong there.
    pub(crate) fn read(&self, offset: u64, entry: Result<Vec<u8>, String>) {
        let mut state = self.state();
        let next = state.end();
        if state.damage.is_some() || offset < next {
            // The latter was read before the follower began again.
            return;
        }
        if next < offset {
            let problem = format!(
                "the topic goes on at offset {offset}: what was between is gone, or was never written by Perennial"
            );
            return self.damage_at(
                state,
                Damage {
                    offset: next,
                    problem,
                },
            );
        }
        match entry {
            Err(problem) => self.damage_at(state, Damage { offset, problem }),
            Ok(entry) => {
                state.push(entry.into(), self.window_bytes);
                let end = state.end();
                self.durable.send_replace(LogOffset(end));
                let ready = state.take_acknowledged(|append| append.next <= end);
                drop(state);
                ready.into_iter().for_each(Acknowledged::durable);
            }
        }
    }

    /// Answers an append as soon as it was read.
    pub(crate) fn acknowledge(&self, append: Acknowledged) {
        let mut state = self.state();
        if append.next <= state.end() {
            drop(state);
            append.durable();
        } else if let Some(damage) = &state.damage {
            let reason = damage.problem.clone();
            drop(state);
            append.unknown(reason);
        } else {
            state.acknowledged.push(append);
        }
    }

    /// Gives up acknowledged appends that were not read for too long.
    pub(crate) fn expire(&self, now: Instant) {
        let is_late = |append: &Acknowledged| READ_BACK_WITHIN < now.duration_since(append.since);
        let late = self.state().take_acknowledged(is_late);
        for append in late {
            append.unknown("it was acknowledged, but could not be read back".to_owned());
        }
    }

    /// The log cannot be read any more from `damage` on. The first damage that is found stays.
    pub(crate) fn damaged(&self, damage: Damage) {
        let state = self.state();
        if state.damage.is_none() {
            self.damage_at(state, damage);
        }
    }

    fn damage_at(&self, mut state: MutexGuard<'_, State>, damage: Damage) {
        let Damage { offset, problem } = &damage;
        tracing::error!(topic = self.topic, offset, problem, "the log is damaged");
        let reason = problem.clone();
        state.damage = Some(damage);
        let waiting = state.take_acknowledged(|_| true);
        drop(state);
        for append in waiting {
            append.unknown(reason.clone());
        }
        // The end is where it was, but who waits for it has to look.
        self.durable.send_modify(|_| ());
    }

    /// Returns what stands at `from`, as many entries as fit into `bytes_max`, at least one if there is one.
    pub(crate) fn entries(&self, from: LogOffset, bytes_max: usize) -> Found {
        let state = self.state();
        if let Some(damage) = &state.damage
            && damage.offset <= from.0
        {
            return Found::Damaged(ReadError::Damaged {
                offset: LogOffset(damage.offset),
                problem: damage.problem.clone(),
            });
        }
        let Some(skipped) = from.0.checked_sub(state.start) else {
            return Found::Before(state.start);
        };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let mut bytes_left = bytes_max;
        let mut entries = Vec::new();
        for (entry, offset) in state.window.iter().skip(skipped).zip(from.0..) {
            if !entries.is_empty() && bytes_left < entry.len() {
                break;
            }
            bytes_left = bytes_left.saturating_sub(entry.len());
            entries.push(tail_entry(offset, entry.to_vec()));
        }
        Found::Entries(entries)
    }
}

pub(crate) fn tail_entry(offset: u64, entry: Vec<u8>) -> TailEntry {
    TailEntry {
        offset: LogOffset(offset),
        next_offset: LogOffset(offset.saturating_add(1)),
        entry: StoredEntry(entry),
    }
}

impl State {
    fn end(&self) -> u64 {
        let entries = u64::try_from(self.window.len()).unwrap_or(u64::MAX);
        self.start.saturating_add(entries)
    }

    fn push(&mut self, entry: Arc<[u8]>, bytes_max: usize) {
        if self.first_read.is_none() {
            self.first_read = Some(Anchor::new(self.end(), &entry));
        }
        self.bytes = self.bytes.saturating_add(entry.len());
        self.window.push_back(entry);
        while bytes_max < self.bytes && self.window.len() > 1 {
            if let Some(oldest) = self.window.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.len());
                self.start = self.start.saturating_add(1);
            }
        }
    }

    fn take_acknowledged(&mut self, take: impl Fn(&Acknowledged) -> bool) -> Vec<Acknowledged> {
        let all = std::mem::take(&mut self.acknowledged);
        let (taken, left) = all.into_iter().partition(take);
        self.acknowledged = left;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::now;

    fn followed(window_bytes: usize, end: u64) -> Followed {
        Followed::new(("acme", "topic".to_owned()), window_bytes, end, None)
    }

    fn offsets(found: Found) -> Vec<u64> {
        match found {
            Found::Entries(entries) => entries.iter().map(|entry| entry.offset.0).collect(),
            Found::Before(start) => panic!("the window begins at {start}"),
            Found::Damaged(error) => panic!("{error}"),
        }
    }

    fn append(followed: &Followed, first: u64, next: u64) -> oneshot::Receiver<AppendOutcome> {
        let (answer, ticket) = oneshot::channel();
        followed.acknowledge(Acknowledged {
            first,
            next,
            answer,
            since: now(),
        });
        ticket
    }

    #[test]
    fn the_window_keeps_the_newest_entries_within_its_bytes_and_at_least_one() {
        let followed = followed(8, 10);
        for offset in 10..13 {
            followed.read(offset, Ok(vec![0; 4]));
        }
        assert!(matches!(
            followed.entries(LogOffset(10), 99),
            Found::Before(11)
        ));
        assert_eq!(offsets(followed.entries(LogOffset(11), 99)), [11, 12]);
        assert_eq!(offsets(followed.entries(LogOffset(11), 7)), [11]);
        assert_eq!(offsets(followed.entries(LogOffset(13), 99)), [0; 0]);
        followed.read(13, Ok(vec![0; 9]));
        assert!(matches!(
            followed.entries(LogOffset(12), 99),
            Found::Before(13)
        ));
        assert_eq!(offsets(followed.entries(LogOffset(13), 1)), [13]);
        assert_eq!(followed.end(), 14);
    }

    #[test]
    fn an_append_is_durable_once_it_was_read_back() {
        let followed = followed(99, 5);
        let mut late = append(&followed, 5, 7);
        followed.read(5, Ok(vec![1]));
        assert!(late.try_recv().is_err());
        followed.read(6, Ok(vec![2]));
        let durable = |first, next| AppendOutcome::Durable {
            first: LogOffset(first),
            next: LogOffset(next),
        };
        assert_eq!(late.try_recv(), Ok(durable(5, 7)));
        // The acknowledgement may come after the entries were read.
        assert_eq!(append(&followed, 6, 7).try_recv(), Ok(durable(6, 7)));
    }

    #[test]
    fn an_append_that_is_never_read_back_is_unknown_in_the_end() {
        let followed = followed(99, 0);
        let mut ticket = append(&followed, 0, 1);
        followed.expire(now());
        assert!(ticket.try_recv().is_err());
        followed.expire(now() + Duration::from_secs(61));
        assert!(matches!(
            ticket.try_recv(),
            Ok(AppendOutcome::Unknown { .. })
        ));
    }

    #[test]
    fn a_gap_ends_the_log_where_it_begins_and_wakes_who_waits() {
        let followed = followed(99, 0);
        followed.read(0, Ok(vec![1]));
        let mut ticket = append(&followed, 1, 2);
        let mut end = followed.watch_end();
        end.mark_unchanged();
        followed.read(2, Ok(vec![2]));
        assert!(end.has_changed().unwrap());
        assert_eq!(*end.borrow(), LogOffset(1));
        assert!(matches!(
            ticket.try_recv(),
            Ok(AppendOutcome::Unknown { .. })
        ));
        assert_eq!(offsets(followed.entries(LogOffset(0), 9)), [0]);
        let Found::Damaged(error) = followed.entries(LogOffset(1), 9) else {
            panic!("not damaged")
        };
        assert!(
            error
                .to_string()
                .starts_with("damaged log at offset 1: the topic goes on at offset 2")
        );
        // Nothing is read past damage.
        followed.read(1, Ok(vec![1]));
        assert_eq!(followed.end(), 1);
    }

    #[test]
    fn what_was_read_again_is_passed_over() {
        let followed = followed(99, 3);
        followed.read(3, Ok(vec![1]));
        followed.read(3, Ok(vec![1]));
        followed.read(0, Err("not ours".to_owned()));
        assert_eq!(followed.end(), 4);
        assert_eq!(followed.damage(), None);
    }
}
