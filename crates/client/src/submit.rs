//! Submitting one by one.

use std::time::Duration;

use perennial_wire::pb::ledger::{GetHeadRequest, GetHeadResponse, SubmitRequest, SubmitResponse};
use tonic::Request;

use crate::{ClientError, Connection, RetryPolicy};

/// How long one attempt may take before its outcome counts as unknown: a little longer than a node takes to say so
/// itself. One that hangs is given up for another after that.
pub const ATTEMPT_MAX: Duration = Duration::from_secs(12);

/// The write side of the ledgers at one server, or of those that several share.
#[derive(Clone, Debug)]
pub struct LedgerClient {
    connection: Connection,
    policy: RetryPolicy,
}

impl LedgerClient {
    /// Returns a client over `connection` that repeats calls as `policy` says.
    pub const fn new(connection: Connection, policy: RetryPolicy) -> Self {
        Self { connection, policy }
    }

    /// Submits one atomic list of commands, and submits it again under the same `request_id` while its outcome is
    /// unknown or the service is not ready, to the node that leads where another one names it.
    ///
    /// # Errors
    /// [`ClientError`]: if it [is retryable](ClientError::is_retryable), the outcome may be unknown and the same
    /// request must be sent again later.
    ///
    /// # Cancel safety
    /// Dropping it leaves the outcome unknown.
    pub async fn submit(&self, submission: &SubmitRequest) -> Result<SubmitResponse, ClientError> {
        self.policy
            .call(&self.connection, || async {
                let address = self.connection.write_address();
                let mut request = Request::new(submission.clone());
                request.set_timeout(ATTEMPT_MAX);
                let answer = self.connection.ledger().submit(request).await;
                answer
                    .map(tonic::Response::into_inner)
                    .map_err(|status| ClientError::from_status(&address, status))
            })
            .await
    }

    /// Returns where a ledger stands.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn head(&self, ledger_id: &str) -> Result<GetHeadResponse, ClientError> {
        self.policy
            .call(&self.connection, || async {
                let address = self.connection.write_address();
                let mut request = Request::new(GetHeadRequest {
                    ledger_id: ledger_id.to_owned(),
                });
                request.set_timeout(ATTEMPT_MAX);
                let answer = self.connection.ledger().get_head(request).await;
                answer
                    .map(tonic::Response::into_inner)
                    .map_err(|status| ClientError::from_status(&address, status))
            })
            .await
    }
}
