use std::pin::Pin;

use perennial_app::ledger::PendingAnswer;
use perennial_wire::pb;
use perennial_wire::stored::Actor;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::submit::prepare;
use super::{Handlers, actor, encode, error};

/// The answers of one stream, in request order.
pub(super) type Answers = Pin<
    Box<dyn futures_util::Stream<Item = Result<pb::ledger::SubmitStreamResponse, Status>> + Send>,
>;

type Answer = Result<pb::ledger::SubmitStreamResponse, Status>;

/// Many independent submissions, each acknowledged, in request order. At most a window of them wait at a time.
pub(super) fn submit_stream(
    handlers: &Handlers,
    request: Request<Streaming<pb::ledger::SubmitStreamRequest>>,
) -> Response<Answers> {
    let window = handlers.ledgers.config().stream_window_max;
    let (waiting_sender, waiting) = mpsc::channel(window);
    let (answers_sender, answers) = mpsc::channel(window);
    let actor = actor(&request);
    tokio::spawn(read_requests(
        handlers.clone(),
        actor,
        request.into_inner(),
        waiting_sender,
    ));
    tokio::spawn(write_answers(waiting, answers_sender));
    Response::new(Box::pin(ReceiverStream::new(answers)))
}

/// A submission whose answer comes in its turn.
enum Waiting {
    Answered {
        request_id: String,
        answer: Result<PendingAnswer, Status>,
    },
    Ended(Status),
}

async fn read_requests(
    handlers: Handlers,
    actor: Actor,
    mut requests: Streaming<pb::ledger::SubmitStreamRequest>,
    waiting: mpsc::Sender<Waiting>,
) {
    loop {
        let message = tokio::select! {
            message = requests.message() => message,
            () = handlers.stop.cancelled() => Err(error::stopping()),
        };
        let next = match message {
            Ok(Some(message)) => {
                enqueue(&handlers, &actor, message.submission.unwrap_or_default()).await
            }
            Ok(None) => return,
            Err(status) => Waiting::Ended(status),
        };
        let ended = matches!(next, Waiting::Ended(_));
        if waiting.send(next).await.is_err() || ended {
            return;
        }
    }
}

async fn enqueue(
    handlers: &Handlers,
    actor: &Actor,
    request: pb::ledger::SubmitRequest,
) -> Waiting {
    let request_id = request.request_id.clone();
    let answer = async {
        let (ledger, _) = handlers.open_ledger(&request.ledger_id)?;
        if request.validate_only {
            return Err(error::invalid_field(
                "validate_only",
                "a stream records; ask with Submit",
            ));
        }
        let prepared = prepare(handlers, request, actor.clone())?;
        ledger
            .enqueue(prepared)
            .await
            .map_err(|refused| error::submit_error(&refused))
    };
    Waiting::Answered {
        request_id,
        answer: answer.await,
    }
}

async fn write_answers(mut waiting: mpsc::Receiver<Waiting>, answers: mpsc::Sender<Answer>) {
    while let Some(next) = waiting.recv().await {
        let answer = match next {
            Waiting::Answered { request_id, answer } => Ok(answered(request_id, answer).await),
            Waiting::Ended(status) => Err(status),
        };
        if answers.send(answer).await.is_err() {
            return;
        }
    }
}

async fn answered(
    request_id: String,
    answer: Result<PendingAnswer, Status>,
) -> pb::ledger::SubmitStreamResponse {
    use pb::ledger::submit_stream_response::Outcome;
    let accepted = match answer {
        Ok(pending) => pending
            .answer()
            .await
            .map_err(|refused| error::submit_error(&refused)),
        Err(status) => Err(status),
    };
    let outcome = match accepted {
        Ok(accepted) => Outcome::Accepted(encode::accepted(accepted)),
        Err(status) => Outcome::Refused(error::as_message(&status)),
    };
    pb::ledger::SubmitStreamResponse {
        request_id,
        outcome: Some(outcome),
    }
}
