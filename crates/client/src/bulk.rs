//! Submitting many, pipelined over one stream.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use perennial_wire::pb::ledger::submit_stream_response::Outcome;
use perennial_wire::pb::ledger::{
    SubmitRequest, SubmitResponse, SubmitStreamRequest, SubmitStreamResponse,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::retry::Attempts;
use crate::{ClientError, Connection, ErrorAnswer, RetryPolicy};

/// Many independent submissions, sent without waiting for each answer, answered in order.
///
/// Where the stream breaks, everything unanswered is sent again under its own `request_id`: what had been recorded
/// is answered as replayed, so nothing is recorded twice and nothing is lost.
pub struct BulkSubmission {
    connection: Connection,
    policy: RetryPolicy,
    window: NonZeroUsize,
    /// Sent and not answered, in order.
    waiting: VecDeque<SubmitRequest>,
    stream: Option<OpenStream>,
    /// The present series of failures.
    attempts: Option<Attempts>,
}

struct OpenStream {
    send: mpsc::Sender<SubmitStreamRequest>,
    answers: Streaming<SubmitStreamResponse>,
}

/// What became of one submission.
#[derive(Debug)]
pub struct Answered {
    /// As it was sent.
    pub submission: SubmitRequest,
    /// Recorded, or refused for good.
    pub outcome: Result<SubmitResponse, ErrorAnswer>,
}

impl BulkSubmission {
    /// Returns a stream over `connection` with at most `window` submissions unanswered. Sends nothing yet.
    pub fn new(connection: Connection, policy: RetryPolicy, window: NonZeroUsize) -> Self {
        Self {
            connection,
            policy,
            window,
            waiting: VecDeque::new(),
            stream: None,
            attempts: None,
        }
    }

    /// Sends a submission. Returns the answer to an earlier one if the window was full.
    ///
    /// # Errors
    /// [`ClientError`]: the stream could not be kept up; what is unanswered has an unknown outcome.
    ///
    /// # Cancel safety
    /// Not cancel safe: a dropped call may have sent the submission.
    pub async fn push(
        &mut self,
        submission: SubmitRequest,
    ) -> Result<Option<Answered>, ClientError> {
        let answered = if self.waiting.len() < self.window.get() {
            None
        } else {
            self.next().await?
        };
        self.waiting.push_back(submission.clone());
        let message = SubmitStreamRequest {
            submission: Some(submission),
        };
        // The channel holds a whole window, so it is full or closed only if the stream is lost; then the next
        // wait opens another one and sends everything unanswered.
        if let Some(stream) = &self.stream
            && stream.send.try_send(message).is_err()
        {
            self.stream = None;
        }
        if self.stream.is_none() && self.waiting.len() == 1 {
            // The first submission goes out at once.
            self.stream = self.open().await.ok();
        }
        Ok(answered)
    }

    /// Waits for the next answer; nothing if nothing is unanswered.
    ///
    /// # Errors
    /// As [`Self::push`].
    ///
    /// # Cancel safety
    /// Cancel safe: an answer that is not returned stays to be asked for again.
    pub async fn next(&mut self) -> Result<Option<Answered>, ClientError> {
        loop {
            if self.waiting.is_empty() {
                return Ok(None);
            }
            let known = self.connection.lesson();
            let error = match self.receive().await {
                Ok(outcome) => {
                    self.attempts = None;
                    let submission = self.waiting.pop_front();
                    return Ok(submission.map(|submission| Answered {
                        submission,
                        outcome,
                    }));
                }
                Err(error) => error,
            };
            self.stream = None;
            let policy = self.policy;
            let attempts = self.attempts.get_or_insert_with(|| Attempts::new(policy));
            attempts.pause_after(&self.connection, known, error).await?;
        }
    }

    /// How many submissions are sent and not answered.
    pub fn unanswered(&self) -> usize {
        self.waiting.len()
    }

    /// The answer to the oldest unanswered submission.
    async fn receive(&mut self) -> Result<Result<SubmitResponse, ErrorAnswer>, ClientError> {
        let lost = |status| ClientError::from_status(self.connection.address(), status);
        if self.stream.is_none() {
            self.stream = Some(self.open().await?);
        }
        let ended = || lost(Status::unavailable("the stream of answers ended"));
        let stream = self.stream.as_mut().ok_or_else(ended)?;
        let answer = stream
            .answers
            .message()
            .await
            .map_err(lost)?
            .ok_or_else(ended)?;
        let expected = self
            .waiting
            .front()
            .map(|submission| submission.request_id.as_str());
        if expected != Some(answer.request_id.as_str()) {
            let problem = format!(
                "request_id \"{}\" is answered out of order",
                answer.request_id
            );
            return Err(ClientError::Protocol(problem));
        }
        match answer.outcome {
            Some(Outcome::Accepted(accepted)) => Ok(Ok(accepted)),
            Some(Outcome::Refused(status)) => {
                let refused = ErrorAnswer::from_message(&status);
                if refused.is_retryable() {
                    return Err(ClientError::Answered(Box::new(refused)));
                }
                Ok(Err(refused))
            }
            None => Err(ClientError::Protocol(
                "an answer without an outcome".to_owned(),
            )),
        }
    }

    /// Opens a stream and sends everything unanswered.
    async fn open(&self) -> Result<OpenStream, ClientError> {
        let (send, receive) = mpsc::channel(self.window.get());
        for submission in &self.waiting {
            let message = SubmitStreamRequest {
                submission: Some(submission.clone()),
            };
            if send.try_send(message).is_err() {
                break; // Cannot happen: the channel holds a window.
            }
        }
        let answers = self
            .connection
            .ledger()
            .submit_stream(ReceiverStream::new(receive))
            .await;
        let lost = |status| ClientError::from_status(self.connection.address(), status);
        Ok(OpenStream {
            send,
            answers: answers.map_err(lost)?.into_inner(),
        })
    }
}
