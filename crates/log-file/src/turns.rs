//! Whose turn it is to write: the log's own thread, which serves the queue, or a caller who waits anyhow.
//!
//! Appends become durable in call order. So a caller writes itself only while nothing that was queued before
//! it is unanswered; otherwise its append queues like any other.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::writer::{Request, Writer};

/// The writer, and how much waits for it. Who sends or asks to write holds the lock of the queue's sender.
pub(crate) struct Turns {
    /// None once it has stopped, or if a thread panicked with it in hand.
    writer: Mutex<Option<Writer>>,
    /// Appends that were sent to the queue and are not answered.
    queued: AtomicUsize,
}

impl fmt::Debug for Turns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Turns")
            .field("queued", &self.queued)
            .finish_non_exhaustive()
    }
}

impl Turns {
    pub(crate) fn new(writer: Writer) -> Self {
        Self {
            writer: Mutex::new(Some(writer)),
            queued: AtomicUsize::new(0),
        }
    }

    /// Leaves an append to the log's thread.
    pub(crate) fn queue(
        &self,
        sender: &SyncSender<Request>,
        request: Request,
    ) -> Result<(), TrySendError<Request>> {
        self.queued.fetch_add(1, Ordering::AcqRel);
        let sent = sender.try_send(request);
        if sent.is_err() {
            self.queued.fetch_sub(1, Ordering::AcqRel);
        }
        sent
    }

    /// Writes an append on this thread, or leaves it to the log's if something is queued.
    pub(crate) fn write_or_queue(
        &self,
        sender: &SyncSender<Request>,
        request: Request,
    ) -> Result<(), TrySendError<Request>> {
        if self.queued.load(Ordering::Acquire) > 0 {
            return self.queue(sender, request);
        }
        let alone = || None;
        self.write(request, alone)
            .map(drop)
            .map_err(TrySendError::Disconnected)
    }

    /// Serves the queue until no sender is left and everything sent is answered. Returns whether the writer
    /// stopped in order: false if a caller panicked with it in hand.
    pub(crate) fn serve(&self, receiver: &Receiver<Request>) -> bool {
        let mut carried = None;
        while let Some(first) = carried.take().or_else(|| receiver.recv().ok()) {
            let mut taken = 1_usize;
            let more = || receiver.try_recv().ok().inspect(|_| taken += 1);
            match self.write(first, more) {
                Ok(too_much) => carried = too_much,
                // Dropped without an answer, as all that follows: nobody knows.
                Err(_) => return false,
            }
            taken -= usize::from(carried.is_some());
            self.queued.fetch_sub(taken, Ordering::AcqRel);
        }
        match self.take().take() {
            Some(writer) => {
                writer.give_back();
                true
            }
            None => false,
        }
    }

    /// Lets the writer write `first` and what else `more` has; returns what it took but could not write with
    /// it. Without a writer `first` comes back.
    fn write(
        &self,
        first: Request,
        more: impl FnMut() -> Option<Request>,
    ) -> Result<Option<Request>, Request> {
        let mut turn = self.take();
        // Put back only if nothing panics: half a write is not gone on with.
        let Some(mut writer) = turn.take() else {
            return Err(first);
        };
        let too_much = writer.append(first, more);
        *turn = Some(writer);
        Ok(too_much)
    }

    fn take(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
