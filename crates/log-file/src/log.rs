//! An open log: the port's implementation, its start and its stop.

use std::path::PathBuf;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use perennial_app::ports::log::{
    AppendOutcome, Log, LogOffset, LogRead, LogTail, ReadError, StoredEntry, Ticket,
};
use perennial_proof::{Hash, Position};
use tokio::sync::{oneshot, watch};

use crate::recovery::recover;
use crate::shared::Shared;
use crate::tail::FileTail;
use crate::turns::Turns;
use crate::writer::{Request, Writer, records_bytes};
use crate::{
    CloseError, Device, DirectoryLock, Disk, HeadMarker, OpenError, Options, Stats, log_directory,
    segment,
};

/// One ledger's log on segment files, open in this process.
///
/// Dropping it without [`FileLog::close`] answers what is queued and leaves no head marker.
#[derive(Debug)]
pub struct FileLog {
    shared: Arc<Shared>,
    turns: Arc<Turns>,
    /// Held by whoever sends an append or writes one in place, so that they keep the order of the calls.
    sender: Mutex<Option<SyncSender<Request>>>,
    /// Returns whether the writer stopped in order.
    thread: Mutex<Option<JoinHandle<bool>>>,
    head: Mutex<Option<(Position, Hash)>>,
    found: Found,
}

/// What opening found.
#[derive(Clone, Copy, Debug)]
struct Found {
    marker: Option<HeadMarker>,
    entries: u64,
}

impl FileLog {
    /// Makes an empty log for a new ledger and opens it.
    ///
    /// # Errors
    /// [`OpenError::Exists`], [`OpenError::LedgerId`], [`OpenError::Options`], [`OpenError::Io`].
    pub fn create(
        lock: &DirectoryLock,
        ledger_id: &str,
        options: Options,
    ) -> Result<Self, OpenError> {
        options.check()?;
        let directory = directory_of(lock, ledger_id)?;
        if directory.exists() {
            return Err(OpenError::Exists { directory });
        }
        segment::create_directories(&directory).map_err(OpenError::io("create", directory))?;
        Self::open(lock, ledger_id, options)
    }

    /// Opens a ledger's log, after checking every byte of it. An interrupted last write is cut, nothing
    /// else is changed. Blocks on IO.
    ///
    /// # Errors
    /// [`OpenError::NotFound`]; [`OpenError::Damaged`] and [`OpenError::LostHistory`] are integrity
    /// failures: the ledger must not be served; the others are of the call or may pass.
    pub fn open(
        lock: &DirectoryLock,
        ledger_id: &str,
        options: Options,
    ) -> Result<Self, OpenError> {
        Self::open_on(lock, ledger_id, options, Box::new(Disk))
    }

    /// Opens like [`Self::open`], writing through `device`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(
        lock: &DirectoryLock,
        ledger_id: &str,
        options: Options,
        device: Box<dyn Device>,
    ) -> Result<Self, OpenError> {
        options.check()?;
        let directory = directory_of(lock, ledger_id)?;
        if !directory.is_dir() {
            return Err(OpenError::NotFound { directory });
        }
        let recovered = recover(&directory, ledger_id, &options)?;
        let found = Found {
            marker: recovered.marker,
            entries: recovered.entries,
        };
        let (sender, receiver) = mpsc::sync_channel(options.queue_appends_max);
        let shared = Shared::new(directory.clone(), ledger_id.to_owned(), options, &recovered);
        let shared = Arc::new(shared);
        let last = recovered
            .segments
            .last()
            .map(|last| (Arc::clone(last), recovered.place));
        let writer = Writer::new(Arc::clone(&shared), device, last, lock.clone())?;
        let turns = Arc::new(Turns::new(writer));
        let served = Arc::clone(&turns);
        let thread = std::thread::Builder::new().name(format!("log {ledger_id}"));
        let thread = thread
            .spawn(move || served.serve(&receiver))
            .map_err(OpenError::io("start the writer of", directory))?;
        Ok(Self {
            shared,
            turns,
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            head: Mutex::new(None),
            found,
        })
    }

    /// Returns the head marker that the last clean stop left, as found when opening. The record at its
    /// position must have its hash: the caller, who reads the chain, checks that.
    pub fn marker(&self) -> Option<HeadMarker> {
        self.found.marker
    }

    /// Returns how many entries there were when the log was opened.
    pub fn entries_found(&self) -> u64 {
        self.found.entries
    }

    /// Returns why the log failed, as soon as it did: a write or flush went wrong. Nothing is appended
    /// any more; the process has to exit, and opening again finds what is durable.
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.shared.failure.subscribe()
    }

    /// Returns counts since the log was opened.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Says which record is the last accepted one, for the head marker that [`Self::close`] leaves.
    pub fn set_head(&self, position: Position, record_hash: Hash) {
        *lock(&self.head) = Some((position, record_hash));
    }

    /// Stops: answers everything queued, then leaves the head marker (if [`Self::set_head`] was called).
    /// Later appends are rejected; tails go on reading. Blocks on IO; closing again does nothing.
    ///
    /// # Errors
    /// [`CloseError`]: there is no new head marker. What was answered as durable is durable.
    pub fn close(&self) -> Result<(), CloseError> {
        if !self.stop_writer() {
            return Ok(());
        }
        if let Some(reason) = self.shared.failure.borrow().clone() {
            return Err(CloseError::Failed(reason));
        }
        let Some((position, record_hash)) = *lock(&self.head) else {
            return Ok(());
        };
        let marker = HeadMarker {
            offset: self.shared.durable_end(),
            position,
            record_hash,
        };
        marker
            .write(&self.shared.directory)
            .map_err(|error| CloseError::Marker(Box::new(error)))
    }

    /// Lets the writer finish; false if it had finished before.
    fn stop_writer(&self) -> bool {
        drop(lock(&self.sender).take());
        let Some(thread) = lock(&self.thread).take() else {
            return false;
        };
        if !thread.join().unwrap_or_default() {
            let reason = "the log's writer panicked".to_owned();
            self.shared.failure.send_replace(Some(reason));
        }
        true
    }

    /// Passes an append on to the writer; one for which it is not needed comes back as its outcome.
    fn pass_on(&self, entries: Vec<StoredEntry>, pass: Pass) -> Result<Ticket, AppendOutcome> {
        let rejected = |reason: &str| AppendOutcome::Rejected {
            reason: reason.to_owned(),
        };
        let bytes_max = self.shared.options.records_bytes_max();
        if records_bytes(&entries) > bytes_max {
            let reason =
                format!("the batch has more than {bytes_max} bytes, which a segment holds");
            return Err(AppendOutcome::Rejected { reason });
        }
        if entries.is_empty() {
            let end = self.shared.durable_end();
            return Err(AppendOutcome::Durable {
                first: end,
                next: end,
            });
        }
        let (answer, ticket) = oneshot::channel();
        match &*lock(&self.sender) {
            None => Err(rejected("the log is closed")),
            Some(sender) => match pass(&self.turns, sender, Request::new(entries, answer)) {
                Ok(()) => Ok(ticket),
                Err(TrySendError::Full(_)) => Err(rejected("too many appends are waiting")),
                Err(TrySendError::Disconnected(_)) => {
                    let reason = "the log's writer is gone".to_owned();
                    Err(AppendOutcome::Unknown { reason })
                }
            },
        }
    }
}

/// How an append reaches the writer.
type Pass = fn(&Turns, &SyncSender<Request>, Request) -> Result<(), TrySendError<Request>>;

impl Log for FileLog {
    fn claim(&self, claim: StoredEntry) -> Ticket {
        // One process writes, in order: what an earlier term appended cannot follow.
        self.append(vec![claim])
    }

    fn append(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.pass_on(batch, Turns::queue).unwrap_or_else(answered)
    }

    fn append_in_place(&self, batch: Vec<StoredEntry>) -> Ticket {
        self.pass_on(batch, Turns::write_or_queue)
            .unwrap_or_else(answered)
    }
}

impl LogRead for FileLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        Ok(Box::new(FileTail::open(Arc::clone(&self.shared), from)?))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.shared.durable.subscribe()
    }
}

impl Drop for FileLog {
    fn drop(&mut self) {
        self.stop_writer();
    }
}

fn answered(outcome: AppendOutcome) -> Ticket {
    let (answer, ticket) = oneshot::channel();
    // The receiver is right here.
    drop(answer.send(outcome));
    ticket
}

fn directory_of(lock: &DirectoryLock, ledger_id: &str) -> Result<PathBuf, OpenError> {
    if crate::lock::is_ledger_id(ledger_id) {
        Ok(log_directory(lock.directory(), ledger_id))
    } else {
        Err(OpenError::LedgerId(ledger_id.to_owned()))
    }
}

/// A panicking thread leaves these values whole: each is replaced in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
