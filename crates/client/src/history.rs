//! Reading a ledger's history, going on where a broken stream stopped.

use perennial_wire::pb::audit::read_events_response::Message;
use perennial_wire::pb::audit::{ReadEventsRequest, ReadEventsResponse, Record};
use tonic::Streaming;

use crate::retry::Attempts;
use crate::{ClientError, Connection, RetryPolicy};

/// Records of one ledger in order of position, each once.
pub struct History {
    connection: Connection,
    policy: RetryPolicy,
    request: ReadEventsRequest,
    stream: Option<Streaming<ReadEventsResponse>>,
    /// The next position that has not been delivered.
    next_position: u64,
    /// The present series of failures.
    attempts: Option<Attempts>,
}

/// One piece of a history.
#[derive(Debug)]
pub enum HistoryItem {
    /// Records in order of position; at least one.
    Records(Vec<Record>),
    /// Everything up to this position was looked at.
    Progress(u64),
    /// The stream is at the ledger's head, this position.
    CaughtUp(u64),
}

impl History {
    /// Returns the history that `request` asks for. Sends nothing yet.
    pub fn new(connection: Connection, policy: RetryPolicy, request: ReadEventsRequest) -> Self {
        let next_position = request.from_position.unwrap_or(0);
        Self {
            connection,
            policy,
            request,
            stream: None,
            next_position,
            attempts: None,
        }
    }

    /// Waits for the next piece; nothing at the end.
    ///
    /// # Errors
    /// [`ClientError`] if the stream cannot be kept up.
    ///
    /// # Cancel safety
    /// Cancel safe: a piece that is not returned is read again.
    pub async fn next(&mut self) -> Result<Option<HistoryItem>, ClientError> {
        loop {
            let known = self.connection.lesson();
            match self.receive().await {
                Ok(None) => return Ok(None),
                Ok(Some(message)) => {
                    self.attempts = None;
                    if let Some(item) = self.item(message) {
                        return Ok(Some(item));
                    }
                }
                Err(error) => {
                    self.stream = None;
                    let policy = self.policy;
                    let attempts = self.attempts.get_or_insert_with(|| Attempts::new(policy));
                    attempts.pause_after(&self.connection, known, error).await?;
                }
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<ReadEventsResponse>, ClientError> {
        let lost = |status| ClientError::from_status(self.connection.address(), status);
        if self.stream.is_none() {
            if self
                .request
                .to_position
                .is_some_and(|last| last < self.next_position)
            {
                return Ok(None);
            }
            let mut request = self.request.clone();
            if request.resume_token.is_empty() {
                request.from_position = Some(self.next_position);
            } else {
                request.from_position = None;
            }
            let opened = self.connection.audit().read_events(request).await;
            self.stream = Some(opened.map_err(lost)?.into_inner());
        }
        match &mut self.stream {
            Some(stream) => stream.message().await.map_err(lost),
            None => Ok(None),
        }
    }

    /// Notes how far the stream is, and sorts what it says.
    fn item(&mut self, message: ReadEventsResponse) -> Option<HistoryItem> {
        match message.message? {
            Message::Confirmation(confirmation) => {
                self.next_position = self.next_position.max(confirmation.from_position);
                if self.request.to_position.is_none() {
                    self.request.to_position = confirmation.to_position;
                }
                None
            }
            Message::Records(batch) => {
                let due = self.next_position;
                let records: Vec<Record> = batch
                    .records
                    .into_iter()
                    .filter(|record| due <= record.position)
                    .collect();
                let last = records.last()?.position;
                self.next_position = last.saturating_add(1);
                if !batch.resume_token.is_empty() {
                    self.request.resume_token = batch.resume_token;
                }
                Some(HistoryItem::Records(records))
            }
            Message::Progress(progress) => {
                self.next_position = self.next_position.max(progress.position.saturating_add(1));
                if !progress.resume_token.is_empty() {
                    self.request.resume_token = progress.resume_token;
                }
                Some(HistoryItem::Progress(progress.position))
            }
            Message::CaughtUp(edge) => Some(HistoryItem::CaughtUp(edge.position)),
            Message::FellBehind(_) | Message::Heartbeat(_) => None,
        }
    }
}
