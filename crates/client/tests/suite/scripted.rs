//! A write side that answers as a test tells it to.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use perennial_client::{Connection, RetryPolicy};
use perennial_wire::pb::google::rpc;
use perennial_wire::pb::ledger::ledger_service_server::{LedgerService, LedgerServiceServer};
use perennial_wire::pb::ledger::submit_stream_response::Outcome;
use perennial_wire::pb::ledger::{
    GetHeadRequest, GetHeadResponse, SubmitRequest, SubmitResponse, SubmitStreamRequest,
    SubmitStreamResponse,
};
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// Repeats quickly enough for a test.
pub(crate) const QUICK: RetryPolicy = RetryPolicy {
    retries_max: 3,
    delay_min: Duration::from_millis(1),
    delay_max: Duration::from_millis(5),
    deadline: Duration::from_mins(1),
};

/// What the service does with the next submission.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// Answers that it stands at this position.
    Record(u64),
    /// Answers with an error.
    Refuse(Box<Status>),
    /// Ends the stream without an answer.
    Break,
}

#[derive(Clone, Default)]
pub(crate) struct Scripted {
    turns: Arc<Mutex<VecDeque<Turn>>>,
    received: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Serves `turns` on a port of its own and returns a connection to it.
    pub(crate) async fn serve(turns: impl IntoIterator<Item = Turn>) -> (Self, Connection) {
        let scripted = Self::default();
        scripted.turns().extend(turns);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tonic::transport::Server::builder()
            .add_service(LedgerServiceServer::new(scripted.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        (scripted, Connection::open(&address).unwrap())
    }

    /// Adds what it does after everything that it was told before.
    pub(crate) fn then(&self, turn: Turn) {
        self.turns().push_back(turn);
    }

    /// The request ids received so far, repetitions included.
    pub(crate) fn received(&self) -> Vec<String> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, VecDeque<Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_turn(&self, request_id: &str) -> Turn {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(request_id.to_owned());
        self.turns()
            .pop_front()
            .expect("a turn for every submission")
    }
}

fn recorded(position: u64) -> SubmitResponse {
    SubmitResponse {
        position: Some(position),
        ..SubmitResponse::default()
    }
}

#[tonic::async_trait]
impl LedgerService for Scripted {
    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        match self.next_turn(&request.into_inner().request_id) {
            Turn::Record(position) => Ok(Response::new(recorded(position))),
            Turn::Refuse(status) => Err(*status),
            Turn::Break => Err(Status::unavailable("broken")),
        }
    }

    type SubmitStreamStream =
        Pin<Box<dyn Stream<Item = Result<SubmitStreamResponse, Status>> + Send>>;

    async fn submit_stream(
        &self,
        request: Request<Streaming<SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        let scripted = self.clone();
        let answers = request.into_inner().map(move |message| {
            let request_id = message?.submission.unwrap().request_id;
            let outcome = match scripted.next_turn(&request_id) {
                Turn::Record(position) => Outcome::Accepted(recorded(position)),
                Turn::Refuse(status) => Outcome::Refused(rpc::Status {
                    code: status.code().into(),
                    message: status.message().to_owned(),
                    details: rpc_details(&status),
                }),
                Turn::Break => return Err(Status::unavailable("broken")),
            };
            Ok(SubmitStreamResponse {
                request_id,
                outcome: Some(outcome),
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_head(
        &self,
        _: Request<GetHeadRequest>,
    ) -> Result<Response<GetHeadResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}

/// The details inside a status's trailer, which is an encoded `google.rpc.Status`.
fn rpc_details(status: &Status) -> Vec<prost_types::Any> {
    use prost::Message as _;
    rpc::Status::decode(status.details()).unwrap().details
}

/// A submission that only has an id.
pub(crate) fn submission(request_id: &str) -> SubmitRequest {
    SubmitRequest {
        request_id: request_id.to_owned(),
        ..SubmitRequest::default()
    }
}
