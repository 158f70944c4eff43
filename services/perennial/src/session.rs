//! One command's connection, ledger and console.

use std::future::Future;

use perennial_client::{ClientError, Connection, LedgerClient, RetryPolicy};
use perennial_wire::pb::admin::ListLedgersRequest;
use tonic::{Code, Response, Status};

use crate::cli::{DEFAULT_SERVER, Shared};
use crate::console::Console;
use crate::failure::{Exit, Failure};

/// What every command that asks a service has.
#[derive(Clone)]
pub struct Session {
    /// To the services.
    pub connection: Connection,
    /// Where output goes.
    pub console: Console,
    /// What every command understands.
    pub shared: Shared,
}

impl Session {
    /// Prepares the connection; asks nothing yet.
    ///
    /// # Errors
    /// A usage error for an address that is none.
    pub fn open(shared: Shared, console: &Console) -> Result<Self, Failure> {
        let connection = Connection::open(shared.server.as_deref().unwrap_or(DEFAULT_SERVER))
            .map_err(|error| Failure::caused(Exit::Usage, "use --server", &error))?;
        Ok(Self {
            connection,
            console: *console,
            shared,
        })
    }

    /// A client of the write side.
    pub fn ledger_client(&self, policy: RetryPolicy) -> LedgerClient {
        LedgerClient::new(self.connection.clone(), policy)
    }

    /// The ledger that is meant: as named, else the only one of the server.
    ///
    /// # Errors
    /// A usage error if several ledgers could be meant.
    pub async fn ledger_id(&self) -> Result<String, Failure> {
        if let Some(ledger_id) = &self.shared.ledger {
            return Ok(ledger_id.clone());
        }
        let mut client = self.connection.ledger_admin();
        let request = ListLedgersRequest::default();
        let answer = client.list_ledgers(request).await;
        let ledgers = self.answered("list the ledgers", answer)?.ledgers;
        match ledgers.as_slice() {
            [only] => Ok(only.ledger_id.clone()),
            [] => Err(Failure::new(Exit::Usage, "the server has no ledger yet")
                .hint("`perennial ledger create ID --profile strict` makes one")),
            several => {
                let ids: Vec<&str> = several
                    .iter()
                    .map(|ledger| ledger.ledger_id.as_str())
                    .collect();
                Err(Failure::new(
                    Exit::Usage,
                    "the server has several ledgers; which is meant?",
                )
                .because(format!("there are {}", ids.join(", ")))
                .hint("name one with --ledger ID or PERENNIAL_LEDGER"))
            }
        }
    }

    /// Where the ledger stands: every read asks for at least that.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn head_position(&self, ledger_id: &str) -> Result<u64, Failure> {
        let client = self.ledger_client(RetryPolicy::READ);
        let head = client.head(ledger_id).await;
        head.map(|head| head.head_position)
            .map_err(|error| Failure::from_client("ask where the ledger stands", &error))
    }

    /// As [`Self::head_position`], or nothing where the write side is served elsewhere.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn head_position_if_served(&self, ledger_id: &str) -> Result<Option<u64>, Failure> {
        let head = self.ledger_client(RetryPolicy::READ).head(ledger_id).await;
        match head {
            Ok(head) => Ok(Some(head.head_position)),
            Err(error)
                if error
                    .answer()
                    .is_some_and(|answer| answer.code == Code::Unimplemented) =>
            {
                Ok(None)
            }
            Err(error) => Err(Failure::from_client("ask where the ledger stands", &error)),
        }
    }

    /// Makes a call that only reads, again if that may help.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn read<T, Call, Answer>(&self, doing: &str, call: Call) -> Result<T, Failure>
    where
        Call: FnMut() -> Answer,
        Answer: Future<Output = Result<Response<T>, Status>>,
    {
        self.call(RetryPolicy::READ, doing, call).await
    }

    /// As [`Self::read`], also for a write that carries its own `request_id`, as patiently as `policy` says.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn call<T, Call, Answer>(
        &self,
        policy: RetryPolicy,
        doing: &str,
        mut call: Call,
    ) -> Result<T, Failure>
    where
        Call: FnMut() -> Answer,
        Answer: Future<Output = Result<Response<T>, Status>>,
    {
        let address = self.connection.address();
        policy
            .call(&self.connection, || {
                let answer = call();
                async move {
                    let answer = answer.await.map(Response::into_inner);
                    answer.map_err(|status| ClientError::from_status(address, status))
                }
            })
            .await
            .map_err(|error| Failure::from_client(doing, &error))
    }

    /// Takes an answer out of its envelope.
    ///
    /// # Errors
    /// As the service answered.
    pub fn answered<T>(
        &self,
        doing: &str,
        answer: Result<Response<T>, Status>,
    ) -> Result<T, Failure> {
        answer.map(Response::into_inner).map_err(|status| {
            let error = ClientError::from_status(self.connection.address(), status);
            Failure::from_client(doing, &error)
        })
    }
}
