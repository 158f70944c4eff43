use std::collections::VecDeque;

use perennial_app::ports::log::{LogOffset, LogTail, ReadError, StoredEntry, TailEntry};
use perennial_wire::pb::logstream::TailResponse;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};

use crate::connect::Backoff;
use crate::log::Source;

/// Messages that may wait for the reader; meanwhile the connection's flow control holds the sender up.
const MESSAGES_MAX: usize = 4;

/// Entries that arrived, or why there are no more.
type Arrived = Result<Vec<TailEntry>, ReadError>;

/// Reads one log over a connection that is made again as often as it is lost.
pub(crate) struct RemoteTail {
    arrived: mpsc::Receiver<Arrived>,
    waiting: VecDeque<TailEntry>,
    next: LogOffset,
    source: Source,
    _ends_with_its_reader: DropGuard,
}

impl RemoteTail {
    pub(crate) fn open(source: Source, from: LogOffset, runtime: &tokio::runtime::Handle) -> Self {
        let (sender, arrived) = mpsc::channel(MESSAGES_MAX);
        let stop = source.stop.child_token();
        let receiving = Receiving {
            source: source.clone(),
            next: from,
            sender,
        };
        runtime.spawn(receiving.run(stop.clone()));
        Self {
            arrived,
            waiting: VecDeque::new(),
            next: from,
            source,
            _ends_with_its_reader: stop.drop_guard(),
        }
    }

    /// Takes the next message; waits for it only if the log is known to go on.
    fn fill(&mut self) -> Result<(), ReadError> {
        let stopped = || ReadError::Unavailable {
            offset: self.next,
            source: "reading was stopped".into(),
        };
        let goes_on = self.next < *self.source.durable_end.borrow();
        let arrived = match self.arrived.try_recv() {
            Ok(arrived) => Some(arrived),
            Err(mpsc::error::TryRecvError::Empty) if goes_on => self.arrived.blocking_recv(),
            Err(mpsc::error::TryRecvError::Empty) => return Ok(()),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        };
        self.waiting.extend(arrived.ok_or_else(stopped)??);
        Ok(())
    }
}

impl LogTail for RemoteTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        if self.waiting.is_empty() {
            self.fill()?;
        }
        let mut bytes = 0_usize;
        let mut read = Vec::new();
        while let Some(entry) = self.waiting.front() {
            bytes = bytes.saturating_add(entry.entry.0.len());
            if !read.is_empty() && bytes_max < bytes {
                break;
            }
            self.next = entry.next_offset;
            read.extend(self.waiting.pop_front());
        }
        Ok(read)
    }
}

/// Receives entries for one reader.
struct Receiving {
    source: Source,
    next: LogOffset,
    sender: mpsc::Sender<Arrived>,
}

/// Why receiving does not go on.
enum Over {
    /// The reader has left.
    Left,
    /// The log cannot be read there.
    Damaged(ReadError),
    /// The connection is lost, or the log cannot be had now.
    Lost(Status),
}

impl Receiving {
    async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::new();
        let mut reachable = true;
        loop {
            let before = self.next;
            let received = tokio::select! {
                received = self.receive() => received,
                () = stop.cancelled() => return,
            };
            match received {
                Over::Left => return,
                Over::Damaged(damage) => return drop(self.sender.send(Err(damage)).await),
                Over::Lost(status) => {
                    if before < self.next {
                        reachable = true;
                        backoff.reset();
                    }
                    if reachable {
                        let ledger = &self.source.ledger_id;
                        tracing::warn!(%ledger, problem = %status.message(), "the log's stream was lost; trying again");
                    }
                    reachable = false;
                }
            }
            tokio::select! {
                () = backoff.pause() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Receives until something ends it.
    async fn receive(&mut self) -> Over {
        let mut stream = match self.source.stream(self.next, true).await {
            Ok(stream) => stream,
            Err(status) => return self.over(status),
        };
        loop {
            let message = match stream.message().await {
                Ok(Some(message)) => message,
                Ok(None) => return Over::Lost(Status::unavailable("the stream ended")),
                Err(status) => return self.over(status),
            };
            if let Err(over) = self.pass(message).await {
                return over;
            }
        }
    }

    async fn pass(&mut self, message: TailResponse) -> Result<(), Over> {
        let durable_end = LogOffset(message.durable_end);
        let entries: Vec<TailEntry> = message
            .entries
            .into_iter()
            .map(|entry| TailEntry {
                offset: LogOffset(entry.offset),
                next_offset: LogOffset(entry.next_offset),
                entry: StoredEntry(entry.entry.into()),
            })
            .collect();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            self.source.reaches(durable_end);
            return Ok(());
        };
        if first.offset < self.next || last.next_offset <= self.next {
            let problem = format!("an entry at offset {} came instead", first.offset.0);
            return Err(Over::Damaged(ReadError::Damaged {
                offset: self.next,
                problem,
            }));
        }
        self.next = last.next_offset;
        let next = self.next;
        self.sender
            .send(Ok(entries))
            .await
            .map_err(|_| Over::Left)?;
        // Whoever waits for the log to grow finds the entries when it looks.
        self.source.reaches(durable_end.max(next));
        Ok(())
    }

    fn over(&self, status: Status) -> Over {
        match status.code() {
            Code::DataLoss | Code::OutOfRange | Code::InvalidArgument => {
                let problem = status.message().to_owned();
                Over::Damaged(ReadError::Damaged {
                    offset: self.next,
                    problem,
                })
            }
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::Unauthenticated => Over::Lost(status),
        }
    }
}
