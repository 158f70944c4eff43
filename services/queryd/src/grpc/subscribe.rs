use std::pin::Pin;
use std::sync::Arc;

use perennial_domain::ledger::LedgerPolicy;
use perennial_wire::pb::query as pb;
use perennial_wire::query::{Defaults, SubscribeInput, subscribe as check};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::ask::ready;
use super::token::{Resume, Scope};
use super::{Handlers, SUBSCRIPTIONS_MAX, deadline, error};
use crate::projection::Projection;
use crate::subscription::{Start, Subscription};
use crate::waiting::Need;

/// A view's rows and changes.
pub(super) type Messages = Pin<Box<dyn futures_util::Stream<Item = Answer> + Send>>;

type Answer = Result<pb::SubscribeResponse, Status>;

/// Messages that may wait for a slow reader; meanwhile nothing is computed, and changes run together.
const MESSAGES_MAX: usize = 64;

/// Streams a view's rows and then every change to them.
pub(super) async fn subscribe(
    handlers: &Handlers,
    request: Request<pb::SubscribeRequest>,
) -> Result<Response<Messages>, Status> {
    let wait_max = deadline::wait_max(request.metadata());
    let asked = request.into_inner();
    let today = handlers.today();
    let input = |policy: &LedgerPolicy| {
        check(asked.clone(), Defaults { policy, today })
            .map_err(|violations| error::invalid_request(&violations))
    };
    let checked = input(&LedgerPolicy::default())?;
    let projection = handlers.projection(checked.ledger_id.as_str())?;
    let scope = scope(&asked);
    let resume = resume(&asked, &scope)?;
    let live = ready(&projection, Need::Complete, wait_max).await?;
    if let Some(resume) = &resume {
        ready(&projection, Need::AtLeast(resume.position), wait_max).await?;
    }
    let policy = tokio::task::spawn_blocking(move || {
        live.read(|facts| {
            facts
                .ledger()
                .map(|(_, policy)| policy.clone())
                .unwrap_or_default()
        })
    });
    let policy = policy.await.map_err(error::unavailable)?;
    start(
        handlers,
        projection,
        input(&policy)?,
        (asked.filter, scope, resume),
    )
    .await
}

async fn start(
    handlers: &Handlers,
    projection: Arc<Projection>,
    mut input: SubscribeInput,
    (filter, scope, resume): (String, Scope, Option<Resume>),
) -> Result<Response<Messages>, Status> {
    let too_many = || {
        error::too_many(
            "too many subscriptions are open",
            "open subscriptions",
            SUBSCRIPTIONS_MAX,
        )
    };
    let permit = Arc::clone(&handlers.subscriptions)
        .try_acquire_owned()
        .map_err(|_| too_many())?;
    if let Some(resume) = &resume {
        input.question.effective = resume.effective;
    }
    let start = match resume {
        None => Start::Snapshot,
        Some(resume) if resume.same_schema => Start::After(resume.position),
        Some(_) => Start::Reset,
    };
    let subscription = Subscription {
        projection,
        input,
        filter,
        scope,
        stop: handlers.stop.clone(),
    };
    // A question that has no answer is refused at once, not inside the stream.
    let begun = subscription.begin(start).await?;
    let (sender, messages) = mpsc::channel(MESSAGES_MAX);
    tokio::spawn(async move {
        let _permit = permit;
        begun.run(sender).await;
    });
    Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
}

/// What identifies a subscription: everything that decides its rows. The cut-off of the day it began on is in the
/// token.
fn scope(asked: &pb::SubscribeRequest) -> Scope {
    let deciding = pb::SubscribeRequest {
        resume_token: String::new(),
        heartbeat_interval: None,
        ..asked.clone()
    };
    Scope::of(&asked.view, &asked.ledger_id, &deciding.encode_to_vec())
}

fn resume(asked: &pb::SubscribeRequest, scope: &Scope) -> Result<Option<Resume>, Status> {
    if asked.resume_token.is_empty() {
        return Ok(None);
    }
    Resume::parse(&asked.resume_token, scope)
        .map(Some)
        .ok_or_else(error::resume_token_mismatch)
}

#[cfg(test)]
mod tests {
    use perennial_views::Cut;

    use super::*;

    #[test]
    fn a_token_is_bound_to_all_that_decides_the_rows_and_to_nothing_else() {
        let asked = pb::SubscribeRequest {
            ledger_id: "demo".to_owned(),
            view: "nexus".to_owned(),
            ..Default::default()
        };
        let token = Resume::token(
            perennial_domain::log::Position(7),
            Cut::Open,
            &scope(&asked),
        );
        let again = pb::SubscribeRequest {
            resume_token: token.clone(),
            heartbeat_interval: Some(prost_types::Duration {
                seconds: 3,
                nanos: 0,
            }),
            ..asked.clone()
        };
        assert!(resume(&again, &scope(&again)).is_ok_and(|resume| resume.is_some()));
        let others = [
            pb::SubscribeRequest {
                view: "by-year".to_owned(),
                ..again.clone()
            },
            pb::SubscribeRequest {
                filter: "year = 2026".to_owned(),
                ..again.clone()
            },
            pb::SubscribeRequest {
                ledger_id: "other".to_owned(),
                ..again.clone()
            },
            pb::SubscribeRequest {
                group_by: vec!["pillar".to_owned(), "currency".to_owned()],
                ..again.clone()
            },
            pb::SubscribeRequest {
                pillar_mapping: "dac-wide".to_owned(),
                ..again
            },
        ];
        for other in others {
            assert!(resume(&other, &scope(&other)).is_err(), "{other:?}");
        }
    }
}
