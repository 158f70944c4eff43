//! One subscription: what its reader was shown, and what has changed since.
//!
//! It keeps one hash for each row that was sent. When the views have moved on it computes its view anew, and sends
//! the rows that differ: so a slow reader gets the latest row only, memory is bounded by the view, and what a reader
//! holds is exactly the view at the position it was told. A token of a position is enough to go on: the view at that
//! position is computed again, on any replica.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use perennial_domain::log::{Position, RecordedAt};
use perennial_proof::Hash;
use perennial_views::rows::RowKey;
use perennial_views::{Answer, AsOf, SCHEMA};
use perennial_wire::date::to_timestamp;
use perennial_wire::pb::query as pb;
use perennial_wire::pb::query::subscribe_response::Message;
use perennial_wire::query::{AmountOutOfRange, Envelope, SubscribeInput, read_info};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::grpc::{Resume, Scope, error};
use crate::projection::{Live, Problem, Projection};

/// The most rows that one subscription may have.
const ROWS_MAX: usize = 1_000_000;

/// Looked at so many records without a change, a reader is told that it may resume from here.
const PROGRESS_RECORDS: u64 = 1_000;

/// A reader that is so many records behind is told so.
const BEHIND_RECORDS: u64 = 10_000;

/// At least this long between two evaluations; and as long as the last one took.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With all rows.
    Snapshot,
    /// With what changed after this position.
    After(Position),
    /// With all rows, because those that the reader has are of another schema.
    Reset,
}

/// What is subscribed to.
pub(crate) struct Subscription {
    pub(crate) projection: Arc<Projection>,
    pub(crate) input: SubscribeInput,
    /// The filter as it was asked.
    pub(crate) filter: String,
    pub(crate) scope: Scope,
    pub(crate) stop: CancellationToken,
}

/// The hash of a row as it was sent.
type RowHash = [u8; Hash::LENGTH];

/// A view at one position, ready to be sent.
struct Evaluated {
    position: Position,
    recorded_at: RecordedAt,
    read_info: pb::ReadInfo,
    rows: Vec<(RowKey, pb::Row)>,
}

/// A subscription whose first answer is there.
pub(crate) struct Begun {
    subscription: Subscription,
    start: Start,
    first: Evaluated,
    shown: HashMap<RowKey, RowHash>,
    /// The last position of which the reader was told everything.
    told: Position,
}

/// The reader has left, or was told why the stream ends.
struct Over;

type Sender = mpsc::Sender<Result<pb::SubscribeResponse, Status>>;

impl Subscription {
    /// Computes what is sent first.
    ///
    /// # Errors
    /// The status of a question without an answer.
    pub(crate) async fn begin(self, start: Start) -> Result<Begun, Status> {
        let (first, shown, told) = match start {
            Start::Snapshot | Start::Reset => {
                let first = self.evaluate(AsOf::Head).await?;
                let told = first.position;
                (first, HashMap::new(), told)
            }
            Start::After(position) => {
                let then = self.evaluate(AsOf::Position(position)).await?;
                let shown = then
                    .rows
                    .iter()
                    .map(|(key, row)| (key.clone(), row_hash(row)))
                    .collect();
                (self.evaluate(AsOf::Head).await?, shown, position)
            }
        };
        Ok(Begun {
            subscription: self,
            start,
            first,
            shown,
            told,
        })
    }

    async fn evaluate(&self, at: AsOf) -> Result<Evaluated, Status> {
        let live = self
            .projection
            .live()
            .ok_or_else(|| error::lagging(None, None))?;
        let (view, mut question) = (self.input.view, self.input.question.clone());
        question.at = at;
        let evaluated = tokio::task::spawn_blocking(move || {
            let answer = live.read(|facts| view.evaluate(facts, &question));
            encode(&answer.map_err(|problem| error::question(&problem))?, &live)
        });
        evaluated.await.map_err(error::unavailable)?
    }

    fn token(&self, position: Position) -> String {
        Resume::token(position, self.input.question.effective, &self.scope)
    }

    fn confirmation(&self, first: &Evaluated, from: Position) -> Message {
        Message::Confirmation(pb::SubscribeConfirmation {
            read_info: Some(first.read_info.clone()),
            filter: self.filter.clone(),
            from_position: from.0,
            heartbeat_interval: prost_types::Duration::try_from(self.input.heartbeat_interval).ok(),
        })
    }

    fn progress(&self, position: Position) -> Message {
        Message::Progress(pb::SubscribeProgress {
            position: position.0,
            resume_token: self.token(position),
        })
    }
}

impl Begun {
    /// Streams until the reader leaves or the node stops.
    pub(crate) async fn run(mut self, sender: Sender) {
        // Whichever way it is over: the reader knows.
        drop(self.stream(&sender).await);
    }

    async fn stream(&mut self, sender: &Sender) -> Result<(), Over> {
        let mut reached = self.subscription.projection.reached();
        reached.borrow_and_update();
        self.send_first(sender).await?;
        let mut behind = false;
        loop {
            let started = Instant::now();
            let current = self.subscription.projection.reached().borrow().position;
            if Some(self.told) < current {
                let evaluated = match self.subscription.evaluate(AsOf::Head).await {
                    Ok(evaluated) => evaluated,
                    Err(status) => return farewell(sender, status).await,
                };
                let far = BEHIND_RECORDS <= evaluated.position.0.saturating_sub(self.told.0);
                let edge = live_edge(&evaluated);
                if far && !behind {
                    send(sender, Message::FellBehind(edge)).await?;
                }
                self.send_changes(sender, evaluated).await?;
                if behind && !far {
                    send(sender, Message::CaughtUp(edge)).await?;
                }
                behind = far;
            }
            let pause = started.elapsed().max(PAUSE_MIN);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.subscription.stop.cancelled() => return self.stopped(sender).await,
                () = sender.closed() => return Err(Over),
            }
            self.wait(sender, &mut reached).await?;
        }
    }

    async fn send_first(&mut self, sender: &Sender) -> Result<(), Over> {
        let position = self.first.position;
        let from = self.told;
        send(sender, self.subscription.confirmation(&self.first, from)).await?;
        let first = Evaluated {
            position,
            recorded_at: self.first.recorded_at,
            read_info: self.first.read_info.clone(),
            rows: std::mem::take(&mut self.first.rows),
        };
        let edge = live_edge(&first);
        if self.start == Start::Reset {
            send(
                sender,
                Message::Reset(pb::SubscribeReset {
                    view_schema: SCHEMA.to_owned(),
                }),
            )
            .await?;
        }
        match self.start {
            Start::After(_) => self.send_changes(sender, first).await?,
            Start::Snapshot | Start::Reset => {
                send(
                    sender,
                    Message::SnapshotBegin(pb::SnapshotBegin {
                        position: position.0,
                    }),
                )
                .await?;
                for (key, row) in first.rows {
                    self.shown.insert(key.clone(), row_hash(&row));
                    send(sender, upsert(position, &key, row, String::new())).await?;
                }
                let resume_token = self.subscription.token(position);
                send(
                    sender,
                    Message::SnapshotEnd(pb::SnapshotEnd {
                        position: position.0,
                        resume_token,
                    }),
                )
                .await?;
                self.told = position;
            }
        }
        send(sender, Message::CaughtUp(edge)).await
    }

    /// Sends the rows that differ from what was shown. Only the last message carries the token of the new position:
    /// a reader that leaves before it gets all of them again.
    async fn send_changes(&mut self, sender: &Sender, evaluated: Evaluated) -> Result<(), Over> {
        let position = evaluated.position;
        let mut changed = Vec::new();
        let mut gone: HashMap<RowKey, RowHash> = self.shown.clone();
        for (key, row) in evaluated.rows {
            gone.remove(&key);
            let hash = row_hash(&row);
            match self.shown.entry(key.clone()) {
                Entry::Occupied(shown) if *shown.get() == hash => {}
                Entry::Occupied(mut shown) => {
                    shown.insert(hash);
                    changed.push((key, row));
                }
                Entry::Vacant(new) => {
                    new.insert(hash);
                    changed.push((key, row));
                }
            }
        }
        let mut left = changed.len().saturating_add(gone.len());
        if left == 0 {
            if PROGRESS_RECORDS <= position.0.saturating_sub(self.told.0) {
                send(sender, self.subscription.progress(position)).await?;
                self.told = position;
            } else {
                self.told = self.told.max(position);
            }
            return Ok(());
        }
        let (before, after) = (
            self.subscription.token(self.told),
            self.subscription.token(position),
        );
        let mut token = || {
            left = left.saturating_sub(1);
            if left == 0 {
                after.clone()
            } else {
                before.clone()
            }
        };
        for (key, row) in changed {
            send(sender, upsert(position, &key, row, token())).await?;
        }
        for key in gone.into_keys() {
            let delete = pb::RowDelete {
                position: position.0,
                row_key: key.0.clone(),
                resume_token: token(),
            };
            self.shown.remove(&key);
            send(sender, Message::RowDelete(delete)).await?;
        }
        self.told = position;
        Ok(())
    }

    /// Waits until the views have moved on, with signs of life.
    async fn wait(
        &self,
        sender: &Sender,
        reached: &mut tokio::sync::watch::Receiver<crate::projection::Reached>,
    ) -> Result<(), Over> {
        let heartbeat = self.subscription.input.heartbeat_interval;
        loop {
            let (position, problem) = {
                let reached = reached.borrow_and_update();
                (reached.position, reached.problem.clone())
            };
            if let Some(Problem::Integrity(damage)) = problem {
                return farewell(sender, error::damaged(&damage)).await;
            }
            if Some(self.told) < position {
                return Ok(());
            }
            tokio::select! {
                changed = reached.changed() => if changed.is_err() { return self.stopped(sender).await },
                () = sender.closed() => return Err(Over),
                () = self.subscription.stop.cancelled() => return self.stopped(sender).await,
                () = tokio::time::sleep(heartbeat) => {
                    let position = Some(self.told.0);
                    send(sender, Message::Heartbeat(pb::SubscribeHeartbeat { position })).await?;
                }
            }
        }
    }

    async fn stopped(&self, sender: &Sender) -> Result<(), Over> {
        send(sender, self.subscription.progress(self.told)).await?;
        farewell(sender, error::stopping()).await
    }
}

fn encode(answer: &Answer, live: &Live) -> Result<Evaluated, Status> {
    if ROWS_MAX < answer.rows.len() {
        let message = format!(
            "the view has {} rows; subscribe with a filter or fewer keys",
            answer.rows.len()
        );
        return Err(error::too_many(
            message,
            "rows of a subscribed view",
            ROWS_MAX,
        ));
    }
    let rows = answer
        .rows
        .iter()
        .map(|row| Ok((row.key(), pb::Row::try_from(row)?)));
    let rows: Result<Vec<_>, AmountOutOfRange> = rows.collect();
    let envelope = Envelope {
        generation: live.number().0,
        published_as_of: None,
        partial: false,
    };
    Ok(Evaluated {
        position: answer.info.position,
        recorded_at: answer.info.recorded_at,
        read_info: read_info(&answer.info, envelope),
        rows: rows.map_err(|problem| error::amount_out_of_range(&problem))?,
    })
}

fn row_hash(row: &pb::Row) -> RowHash {
    *Hash::of(&row.encode_to_vec()).as_bytes()
}

fn upsert(position: Position, key: &RowKey, row: pb::Row, resume_token: String) -> Message {
    let row_key = key.0.clone();
    Message::RowUpsert(pb::RowUpsert {
        position: position.0,
        row_key,
        row: Some(row),
        resume_token,
    })
}

fn live_edge(evaluated: &Evaluated) -> pb::SubscribeLiveEdge {
    pb::SubscribeLiveEdge {
        position: evaluated.position.0,
        at: Some(to_timestamp(evaluated.recorded_at)),
    }
}

async fn send(sender: &Sender, message: Message) -> Result<(), Over> {
    sender
        .send(Ok(pb::SubscribeResponse {
            message: Some(message),
        }))
        .await
        .map_err(|_| Over)
}

async fn farewell(sender: &Sender, status: Status) -> Result<(), Over> {
    // A reader that has left needs none.
    drop(sender.send(Err(status)).await);
    Err(Over)
}
