//! The memory twin of the log port, with outcomes that a test chooses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::log::{
    AppendOutcome, Log, LogOffset, LogRead, LogTail, ReadError, Sharing, StoredEntry, TailEntry,
    Ticket,
};
use tokio::sync::{oneshot, watch};

/// What becomes of a coming append, instead of being durable at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written, and the caller is told so.
    Reject,
    /// The batch is there, but the caller is told that nobody knows.
    UnknownButWritten,
    /// The batch is not there, and the caller is told that nobody knows.
    UnknownAndLost,
}

/// A log in memory. Clones share it, so a second node is a clone.
#[derive(Clone)]
pub struct MemoryLog {
    inner: Arc<Inner>,
}

struct Inner {
    sharing: Sharing,
    state: Mutex<State>,
    end: watch::Sender<LogOffset>,
}

#[derive(Default)]
struct State {
    entries: Vec<StoredEntry>,
    faults: VecDeque<Fault>,
    /// Batches whose answer waits for [`MemoryLog::release`].
    held: Option<Vec<(Vec<StoredEntry>, oneshot::Sender<AppendOutcome>)>>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new(Sharing::Exclusive)
    }
}

impl MemoryLog {
    /// An empty log that several nodes may append to: each is a clone.
    pub fn shared() -> Self {
        Self::new(Sharing::Shared)
    }

    fn new(sharing: Sharing) -> Self {
        let (end, _) = watch::channel(LogOffset(0));
        Self {
            inner: Arc::new(Inner {
                sharing,
                state: Mutex::default(),
                end,
            }),
        }
    }
}

impl MemoryLog {
    /// Returns a log that begins with `entries`.
    pub fn holding(entries: Vec<StoredEntry>) -> Self {
        let log = Self::default();
        log.write(entries);
        log
    }

    /// Everything stored, in order.
    pub fn entries(&self) -> Vec<StoredEntry> {
        self.state().entries.clone()
    }

    /// Puts an entry at the end at once, whatever waits, as another node does.
    pub fn push(&self, entry: StoredEntry) {
        self.write(vec![entry]);
    }

    /// Makes the next append that has no fault yet end with `fault`.
    pub fn fail_next(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// Lets appends wait, as a slow disk does, until [`MemoryLog::release`].
    pub fn hold(&self) {
        self.state().held.get_or_insert_default();
    }

    /// Flushes what waits, in order, and appends without waiting from here on.
    pub fn release(&self) {
        let held = self.state().held.take().unwrap_or_default();
        for (batch, answer) in held {
            self.finish(batch, answer);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, batch: Vec<StoredEntry>) -> AppendOutcome {
        let mut state = self.state();
        let first = offset(state.entries.len());
        state.entries.extend(batch);
        let next = offset(state.entries.len());
        drop(state);
        self.inner.end.send_replace(next);
        AppendOutcome::Durable { first, next }
    }

    fn finish(&self, batch: Vec<StoredEntry>, answer: oneshot::Sender<AppendOutcome>) {
        let fault = self.state().faults.pop_front();
        let reason = "a fault of the test".to_owned();
        let outcome = match fault {
            None => self.write(batch),
            Some(Fault::Reject) => AppendOutcome::Rejected { reason },
            Some(Fault::UnknownAndLost) => AppendOutcome::Unknown { reason },
            Some(Fault::UnknownButWritten) => {
                self.write(batch);
                AppendOutcome::Unknown { reason }
            }
        };
        // A caller that has left is no error: the entries stand all the same.
        drop(answer.send(outcome));
    }

    fn put(&self, batch: Vec<StoredEntry>) -> Ticket {
        let (answer, ticket) = oneshot::channel();
        let mut state = self.state();
        if let Some(held) = &mut state.held {
            held.push((batch, answer));
            return ticket;
        }
        drop(state);
        self.finish(batch, answer);
        ticket
    }
}

fn offset(entries: usize) -> LogOffset {
    LogOffset(u64::try_from(entries).unwrap_or(u64::MAX))
}

impl LogRead for MemoryLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        let end = offset(self.state().entries.len());
        if end < from {
            return Err(ReadError::Damaged {
                offset: from,
                problem: format!("beyond the end at {}", end.0),
            });
        }
        Ok(Box::new(MemoryTail {
            log: self.clone(),
            next: from,
        }))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.inner.end.subscribe()
    }
}

impl Log for MemoryLog {
    fn sharing(&self) -> Sharing {
        self.inner.sharing
    }

    fn claim(&self, claim: StoredEntry) -> Ticket {
        self.put(vec![claim])
    }

    fn append(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.put(batch)
    }
}

struct MemoryTail {
    log: MemoryLog,
    next: LogOffset,
}

impl LogTail for MemoryTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        let state = self.log.state();
        let from = usize::try_from(self.next.0).unwrap_or(usize::MAX);
        let mut bytes = 0_usize;
        let mut read = Vec::new();
        for entry in state.entries.iter().skip(from) {
            bytes = bytes.saturating_add(entry.0.len());
            if !read.is_empty() && bytes_max < bytes {
                break;
            }
            let next_offset = LogOffset(self.next.0.saturating_add(1));
            read.push(TailEntry {
                offset: self.next,
                next_offset,
                entry: entry.clone(),
            });
            self.next = next_offset;
        }
        Ok(read)
    }
}
