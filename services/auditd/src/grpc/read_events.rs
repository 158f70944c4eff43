use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::log::LogOffset;
use perennial_app::records::{LedgerReader, LedgerRecord};
use perennial_domain::log::{Position, RecordedAt};
use perennial_transport::node::OpenStream;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;
use perennial_wire::pb::audit::read_events_response::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

use super::encode::{self, Wanted};
use super::resume::Scope;
use super::{Handlers, error};
use crate::follower::Follower;

/// Records in order, with the marks around them.
pub(super) type Messages = Pin<Box<dyn futures_util::Stream<Item = Answer> + Send>>;

type Answer = Result<pb::audit::ReadEventsResponse, Status>;

/// How much of the log one message covers, about.
const MESSAGE_BYTES: usize = 256 * 1024;
/// Messages that may wait for a slow reader; the log is read no further meanwhile.
const MESSAGES_MAX: usize = 8;
/// How often a quiet stream says that it lives, unless it is told.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The shortest interval that is served.
const HEARTBEAT_MIN: Duration = Duration::from_secs(1);

/// Streams a ledger's records forwards, filtered, and follows its head if asked to.
pub(super) fn read_events(
    handlers: &Handlers,
    request: &pb::audit::ReadEventsRequest,
) -> Result<Response<Messages>, Status> {
    let follower = handlers.follower(&request.ledger_id)?;
    let filter = request.filter.clone().unwrap_or_default();
    let scope = Scope::of(&request.ledger_id, &filter);
    let from = if request.resume_token.is_empty() {
        Position(request.from_position.unwrap_or_default())
    } else {
        scope.resume(&request.resume_token)?
    };
    let heartbeat = heartbeat_interval(request.heartbeat_interval.as_ref())?;
    let reader = follower
        .reader_before(from)
        .map_err(|failed| error::read_error(&failed, None))?;
    let reading = Reading {
        scope,
        filter,
        from,
        to: request.to_position.map(Position),
        follow: request.follow,
        wanted: Wanted {
            events: !request.omit_events,
            stored_bytes: request.include_stored_bytes,
        },
        heartbeat,
        _open: handlers.streams.open(),
    };
    let (sender, messages) = mpsc::channel(MESSAGES_MAX);
    tokio::spawn(pump(
        follower,
        reader,
        reading,
        sender,
        handlers.stop.clone(),
    ));
    Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
}

fn heartbeat_interval(asked: Option<&prost_types::Duration>) -> Result<Duration, Status> {
    let Some(asked) = asked else {
        return Ok(HEARTBEAT);
    };
    match Duration::try_from(*asked) {
        Ok(interval) if HEARTBEAT_MIN <= interval => Ok(interval),
        Ok(_) | Err(_) => Err(error::invalid_field(
            "heartbeat_interval",
            "must be 1 s or longer",
        )),
    }
}

struct Reading {
    scope: Scope,
    filter: pb::audit::EventFilter,
    from: Position,
    to: Option<Position>,
    follow: bool,
    wanted: Wanted,
    heartbeat: Duration,
    /// Counts the stream.
    _open: OpenStream,
}

impl Reading {
    fn confirmation(&self) -> Message {
        Message::Confirmation(pb::audit::ReadConfirmation {
            filter: Some(self.filter.clone()),
            from_position: self.from.0,
            to_position: self.to.map(|to| to.0),
            heartbeat_interval: prost_types::Duration::try_from(self.heartbeat).ok(),
        })
    }

    fn is_filtered(&self) -> bool {
        !(self.filter.streams.is_empty() && self.filter.kinds.is_empty())
    }

    fn wants(&self, event: &pb::audit::RecordedEvent) -> bool {
        let stream = event
            .event
            .as_ref()
            .map(|event| event.stream.as_str())
            .unwrap_or_default();
        (self.filter.streams.is_empty()
            || self.filter.streams.iter().any(|wanted| wanted == stream))
            && (self.filter.kinds.is_empty() || self.filter.kinds.contains(&event.kind))
    }

    /// Encodes what is wanted of `records`; an all-filtered stretch becomes a progress mark.
    fn encode(&self, records: &[LedgerRecord]) -> Result<Option<Message>, Status> {
        let Some(last) = records.last() else {
            return Ok(None);
        };
        let next = Position(last.position.0.saturating_add(1));
        let resume_token = self.scope.token(next);
        let mut wanted = Vec::with_capacity(records.len());
        for record in records
            .iter()
            .filter(|record| self.from <= record.position && self.within(record.position))
        {
            let events = self.wanted.events || self.is_filtered();
            let mut message = encode::record(
                record,
                Wanted {
                    events,
                    ..self.wanted
                },
            )?;
            if self.is_filtered() {
                message.events.retain(|event| self.wants(event));
                if message.events.is_empty() {
                    continue;
                }
            }
            if !self.wanted.events {
                message.events.clear();
            }
            wanted.push(message);
        }
        Ok(Some(if wanted.is_empty() {
            Message::Progress(pb::audit::ReadProgress {
                position: last.position.0,
                resume_token,
            })
        } else {
            Message::Records(pb::audit::RecordBatch {
                records: wanted,
                resume_token,
            })
        }))
    }

    fn within(&self, position: Position) -> bool {
        self.to.is_none_or(|to| position <= to)
    }

    fn is_over(&self, last: Position) -> bool {
        self.to.is_some_and(|to| to <= last)
    }
}

async fn pump(
    follower: Arc<Follower>,
    mut reader: LedgerReader,
    reading: Reading,
    sender: mpsc::Sender<Answer>,
    stop: CancellationToken,
) {
    let mut end = follower.ledger().log.durable_end();
    drop(follower);
    if send(&sender, Ok(reading.confirmation())).await.is_err() {
        return;
    }
    let reading = Arc::new(reading);
    let mut live = false;
    loop {
        end.borrow_and_update();
        let (next, read) = match read_on(reader, Arc::clone(&reading)).await {
            Ok(read) => read,
            Err(status) => {
                let _farewell = send(&sender, Err(status)).await;
                return;
            }
        };
        reader = next;
        match read {
            Ok(Some((message, last))) => {
                if send(&sender, Ok(message)).await.is_err() || reading.is_over(last) {
                    return;
                }
            }
            Ok(None) if !reading.follow => return,
            Ok(None) => {
                let edge = Edge::of(&reader);
                if !live && send(&sender, Ok(edge.caught_up())).await.is_err() {
                    return;
                }
                live = true;
                if wait(&mut end, &reading, edge, &sender, &stop)
                    .await
                    .is_err()
                {
                    return;
                }
            }
            Err(status) => {
                let _farewell = send(&sender, Err(status)).await;
                return;
            }
        }
    }
}

type Read = Result<Option<(Message, Position)>, Status>;

/// Reads and encodes one message's worth, off the network's threads.
async fn read_on(
    mut reader: LedgerReader,
    reading: Arc<Reading>,
) -> Result<(LedgerReader, Read), Status> {
    let read = tokio::task::spawn_blocking(move || {
        let read = reader.read(MESSAGE_BYTES);
        let next = Position(reader.chain().next_position().0);
        let read = read
            .map_err(|failed| error::read_error(&failed, Some(next)))
            .and_then(|records| {
                let last = records.last().map(|record| record.position);
                Ok(reading.encode(&records)?.zip(last))
            });
        (reader, read)
    });
    read.await.map_err(error::unavailable)
}

/// The live edge of a ledger as one reader sees it.
#[derive(Clone, Copy)]
struct Edge {
    next: Position,
    recorded_at: Option<RecordedAt>,
}

impl Edge {
    fn of(reader: &LedgerReader) -> Self {
        let chain = reader.chain();
        Self {
            next: Position(chain.next_position().0),
            recorded_at: chain.last_recorded_at().map(RecordedAt),
        }
    }

    fn caught_up(self) -> Message {
        let (position, at) = (
            self.next.0.saturating_sub(1),
            self.recorded_at.map(to_timestamp),
        );
        Message::CaughtUp(pb::audit::ReadLiveEdge { position, at })
    }
}

async fn send(sender: &mpsc::Sender<Answer>, message: Result<Message, Status>) -> Result<(), ()> {
    let answer = message.map(|message| pb::audit::ReadEventsResponse {
        message: Some(message),
    });
    sender.send(answer).await.map_err(drop)
}

/// Waits at the live edge, with heartbeats.
async fn wait(
    end: &mut watch::Receiver<LogOffset>,
    reading: &Reading,
    edge: Edge,
    sender: &mpsc::Sender<Answer>,
    stop: &CancellationToken,
) -> Result<(), ()> {
    loop {
        tokio::select! {
            changed = end.changed() => return changed.map_err(drop),
            () = sender.closed() => return Err(()),
            () = stop.cancelled() => {
                let resume_token = reading.scope.token(edge.next);
                let progress = pb::audit::ReadProgress { position: edge.next.0.saturating_sub(1), resume_token };
                send(sender, Ok(Message::Progress(progress))).await?;
                send(sender, Err(error::stopping())).await?;
                return Err(());
            }
            () = tokio::time::sleep(reading.heartbeat) => {
                let position = edge.next.0.checked_sub(1);
                send(sender, Ok(Message::Heartbeat(pb::audit::ReadHeartbeat { position }))).await?;
            }
        }
    }
}
