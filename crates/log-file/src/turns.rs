//! Whose turn it is to write: the log's own thread, which serves the queue, or a caller who waits anyhow.
//!
//! Appends become durable in call order. So a caller writes itself only while nothing that was queued before
//! it is unanswered; otherwise its append queues like any other.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::writer::{Request, Writer};

/// The writer, and how much waits for it. Who sends or asks to write holds the lock of the queue's sender.
pub(crate) struct Turns {
    /// None once it has stopped, or if a thread panicked with it in hand.
    writer: Mutex<Option<Writer>>,
    /// Appends that were sent to the queue and are not answered.
    queued: Arc<AtomicUsize>,
}

/// One append in the queue. It leaves the count just before it is answered, when it is written: who learns the outcome
/// and calls again finds it gone.
#[derive(Debug)]
pub(crate) struct Queued(Arc<AtomicUsize>);

impl Queued {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
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
            queued: Arc::default(),
        }
    }

    /// Leaves an append to the log's thread.
    pub(crate) fn queue(
        &self,
        sender: &SyncSender<Request>,
        mut request: Request,
    ) -> Result<(), TrySendError<Request>> {
        request.answer.queued = Some(Queued::new(&self.queued));
        sender.try_send(request)
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
            match self.write(first, || receiver.try_recv().ok()) {
                Ok(too_much) => carried = too_much,
                // Dropped without an answer, as all that follows: nobody knows.
                Err(_) => return false,
            }
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
