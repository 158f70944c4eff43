//! The loop of a writer that leads: take, decide, append, answer, until its term ends.

use tokio::sync::mpsc;

use super::reading::Wake;
use super::{Job, Writer, WriterStopped};

/// Why a term ended.
pub(crate) enum TermEnd {
    /// The queue is closed and everything in it is answered.
    Closed,
    /// Nobody knows what became of an append, or it stands where it should not: a new claim settles it.
    Doubt(String),
    /// The claim of another node was read.
    Deposed,
}

impl Writer {
    /// Serves the queue until it is closed and everything in it is answered, or until the term ends.
    ///
    /// # Errors
    /// [`WriterStopped`]; every waiting caller has been answered with what is known.
    pub(crate) async fn lead(
        &mut self,
        queue: &mut mpsc::Receiver<Job>,
    ) -> Result<TermEnd, WriterStopped> {
        let mut jobs = Vec::with_capacity(self.options.batch_records_max);
        let mut open = true;
        #[cfg(feature = "planted-bugs")]
        self.resend();
        while open || !self.is_idle() {
            self.start_flush(queue.is_empty());
            self.ask_end();
            self.snapshots.begin_if_due(self.newest);
            let is_full = self.requests.is_full();
            let room = if is_full { 0 } else { self.room() };
            let end = tokio::select! {
                biased;
                outcome = self.flights.outcome() => self.settle(outcome)?,
                wake = Wake::of(&mut self.shared) => self.woken(wake)?,
                end = self.held.end() => {
                    self.ends_at(end);
                    None
                }
                received = queue.recv_many(&mut jobs, room.max(1)), if open && 0 < room => {
                    open = 0 < received;
                    for job in jobs.drain(..) {
                        self.take(job);
                    }
                    // However busy the queue is, the snapshot goes on.
                    if let Some(room) = self.snapshots.room_now() {
                        self.snapshots.step(Some(room), &self.book, &self.chain);
                    }
                    None
                }
                room = self.snapshots.room() => {
                    self.snapshots.step(room, &self.book, &self.chain);
                    self.snapshots.finish_if_durable(self.newest);
                    None
                }
                more = self.requests.more_indexed(), if is_full => {
                    if !more {
                        return Err(WriterStopped::RequestsUnindexed);
                    }
                    None
                }
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
        Ok(TermEnd::Closed)
    }

    /// Whether nobody waits for anything.
    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.pending.is_empty() && self.held.is_empty()
    }

    fn woken(&mut self, wake: Wake) -> Result<Option<TermEnd>, WriterStopped> {
        match wake {
            Wake::More => self.read_on()?,
            Wake::Stalled => {
                let reason = "nothing became of an append in time".to_owned();
                return Ok(Some(TermEnd::Doubt(reason)));
            }
        }
        let Some(shared) = &mut self.shared else {
            return Ok(None);
        };
        Ok(if shared.leads.is_none() {
            Some(TermEnd::Deposed)
        } else {
            shared.oddity.take().map(TermEnd::Doubt)
        })
    }

    fn room(&self) -> usize {
        if self.shared.as_ref().is_some_and(|shared| shared.polluted) {
            // Nothing is decided on a state that has to be read back first.
            return 0;
        }
        if self.options.batch_bytes_max <= self.pending.bytes() {
            return 0;
        }
        self.options
            .batch_records_max
            .saturating_sub(self.pending.len())
    }

    /// With little to flush and an empty queue there is nothing to decide meanwhile, and handing the batch to
    /// another thread would cost more than it gains.
    fn start_flush(&mut self, nothing_waits: bool) {
        if self.flights.is_open() || self.pending.is_empty() {
            return;
        }
        if self.shared.is_some() && self.options.unaccepted_records_max <= self.flights.len() {
            return;
        }
        let mut batch = std::mem::take(&mut self.pending);
        let in_place = nothing_waits && batch.len() <= self.options.in_place_records_max;
        let entries = batch.take_entries();
        let ticket = if in_place {
            self.ports.log.append_in_place(entries)
        } else {
            self.ports.log.append(entries)
        };
        self.flights.send(ticket, batch.into_waiting());
        self.watch_flights(false);
    }
}
