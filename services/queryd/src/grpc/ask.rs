//! One question on its way: checked, waited for, evaluated off the network's threads, cut into pages.

use std::sync::Arc;
use std::time::Duration;

use perennial_domain::Date;
use perennial_domain::event::Stream;
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_views::rows::Row;
use perennial_views::{Answer, AsOf, Cut, Facts, QuestionError, ReadInfo, View};
use perennial_wire::pb::query as pb;
use perennial_wire::query::{
    AmountOutOfRange, Defaults, Envelope, ReadInput, ReadRequest, read, read_info,
};
use prost::Message as _;
use tonic::{Request, Status};

use super::pages::{Answered, PageKey};
use super::token::{PageStart, Scope};
use super::{Handlers, deadline, error};
use crate::projection::{Live, Projection};
use crate::waiting::{Need, NotReady};

/// The fields that listings have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) ledger_id: String,
    pub(super) options: Option<pb::ReadOptions>,
    pub(super) page: Option<pb::Page>,
    pub(super) group_by: Vec<String>,
    /// The one agreement that is asked for, by id or external reference.
    pub(super) agreement: Option<String>,
    /// The one scheme that is asked for, as `name` or `name@version`.
    pub(super) scheme: String,
    /// The one plan that is asked for.
    pub(super) plan_id: String,
    /// The one fiscal calendar that is asked for.
    pub(super) calendar_id: String,
    /// The one published list that is asked for, by name or `name@version`.
    pub(super) list: String,
    /// The one organisation that is asked for.
    pub(super) organisation_id: String,
    /// What else decides which rows there are: part of what a page token is bound to.
    pub(super) beside: String,
}

/// One page of an answer.
pub(super) struct Listed<R> {
    pub(super) read_info: pb::ReadInfo,
    pub(super) rows: Vec<R>,
    pub(super) next_page_token: String,
}

/// A question, ready to be answered.
pub(super) struct Ask {
    projection: Arc<Projection>,
    view: View,
    today: Date,
    request: ReadRequest,
    input: ReadInput,
    agreement: Option<String>,
    start: Option<PageStart>,
    scope: Scope,
    wait_max: Duration,
}

impl Ask {
    /// Checks a request about `view`.
    pub(super) fn check<T>(
        handlers: &Handlers,
        request: &Request<T>,
        view: View,
        parts: Parts,
    ) -> Result<Self, Status> {
        let projection = handlers.projection(&parts.ledger_id)?;
        let scope = scope(view, &parts);
        let request_parts = ReadRequest {
            options: parts.options,
            page: parts.page,
            group_by: parts.group_by,
            scheme: parts.scheme,
            plan_id: parts.plan_id,
            calendar_id: parts.calendar_id,
            list: parts.list,
            organisation_id: parts.organisation_id,
        };
        let today = handlers.today();
        // Under any policy: what a field may say does not depend on it.
        let policy = LedgerPolicy::default();
        let input = read(
            request_parts.clone(),
            Defaults {
                policy: &policy,
                today,
            },
        )
        .map_err(|violations| error::invalid_request(&violations))?;
        if parts.agreement.as_deref() == Some("") {
            return Err(error::invalid_field(
                "agreement_id",
                "is required: an id or an external reference",
            ));
        }
        let start = match input.page_token.as_str() {
            "" => None,
            token => {
                let foreign = || {
                    error::invalid_field("page.page_token", "is of no listing that asks the same")
                };
                Some(PageStart::parse(token, &scope).ok_or_else(foreign)?)
            }
        };
        Ok(Self {
            projection,
            view,
            today,
            request: request_parts,
            input,
            agreement: parts.agreement,
            start,
            scope,
            wait_max: deadline::wait_max(request.metadata()),
        })
    }

    /// Answers one page. `arrange` may change the rows of the whole answer before it is cut.
    pub(super) async fn page<R>(
        self,
        handlers: &Handlers,
        arrange: impl FnOnce(&mut Vec<Row>) + Send + 'static,
        of: impl Fn(pb::row::Row) -> Option<R>,
    ) -> Result<Listed<R>, Status> {
        self.page_read(handlers, |_, _, rows| arrange(rows), of)
            .await
    }

    /// As [`Self::page`], for an arrangement that reads more than the rows show.
    pub(super) async fn page_read<R>(
        self,
        handlers: &Handlers,
        arrange: impl FnOnce(&Facts, &ReadInfo, &mut Vec<Row>) + Send + 'static,
        of: impl Fn(pb::row::Row) -> Option<R>,
    ) -> Result<Listed<R>, Status> {
        let live = self.live().await?;
        let kept = self
            .start
            .and_then(|start| handlers.pages().find(&self.key(&live, start.position)));
        let answered = match kept {
            Some(answered) => answered,
            None => Arc::new(self.answer(&live, arrange).await?),
        };
        let from = self.start.map_or(0, |start| start.rows);
        let page = answered.rows.iter().skip(from).take(self.input.page_rows);
        let rows: Vec<R> = page
            .map(|row| Ok(pb::Row::try_from(row)?.row.and_then(&of)))
            .filter_map(Result::transpose)
            .collect::<Result<_, AmountOutOfRange>>()
            .map_err(|problem| error::amount_out_of_range(&problem))?;
        let next = from.saturating_add(rows.len());
        let key = self.key(&live, answered.position);
        let next_page_token = if next < answered.rows.len() {
            handlers.pages().keep(key, &answered);
            let (position, effective) = (answered.position, answered.effective);
            PageStart {
                position,
                effective,
                rows: next,
            }
            .token(&self.scope)
        } else {
            handlers.pages().forget(&key);
            String::new()
        };
        Ok(Listed {
            read_info: answered.read_info.clone(),
            rows,
            next_page_token,
        })
    }

    async fn live(&self) -> Result<Arc<Live>, Status> {
        if let Some(min_position) = self.input.min_position {
            ready(&self.projection, Need::AtLeast(min_position), self.wait_max).await?;
        }
        let need = match (self.start, self.input.question.at) {
            (Some(start), _) => Need::Position(start.position),
            (None, AsOf::Position(position)) => Need::Position(position),
            (None, AsOf::Head | AsOf::RecordedAt(_) | AsOf::PublishedOn(_)) => Need::Complete,
        };
        ready(&self.projection, need, self.wait_max).await
    }

    fn key(&self, live: &Live, position: Position) -> PageKey {
        let ledger_id = self.projection.ledger().ledger_id.clone();
        PageKey {
            ledger_id,
            generation: live.number(),
            position,
            scope: self.scope.clone(),
        }
    }

    async fn answer(
        &self,
        live: &Arc<Live>,
        arrange: impl FnOnce(&Facts, &ReadInfo, &mut Vec<Row>) + Send + 'static,
    ) -> Result<Answered, Status> {
        let asked = Asked {
            view: self.view,
            request: self.request.clone(),
            today: self.today,
            start: self.start,
            agreement: self.agreement.clone(),
            at: (self.input.question.at, self.input.question.effective),
        };
        let live = Arc::clone(live);
        let published_as_of = match self.input.question.at {
            AsOf::PublishedOn(date) => Some(date),
            AsOf::Head | AsOf::Position(_) | AsOf::RecordedAt(_) => None,
        };
        let answered = tokio::task::spawn_blocking(move || {
            let answer = live.read(|facts| {
                let mut answer = asked.answer(facts)?;
                arrange(facts, &answer.info, &mut answer.rows);
                Ok::<_, Status>(answer)
            })?;
            let envelope = Envelope {
                generation: live.number().0,
                published_as_of,
                partial: false,
            };
            let effective = answer
                .info
                .effective_as_of
                .map_or(perennial_views::Cut::Open, perennial_views::Cut::On);
            let position = answer.info.position;
            Ok(Answered {
                position,
                effective,
                read_info: read_info(&answer.info, envelope),
                rows: answer.rows,
            })
        });
        answered.await.map_err(error::unavailable)?
    }
}

/// What identifies a listing: everything that is asked but how long to wait and which page.
fn scope(view: View, parts: &Parts) -> Scope {
    let options = parts.options.clone().unwrap_or_default();
    let options = pb::ReadOptions {
        min_position: None,
        ..options
    };
    let filter = parts
        .page
        .as_ref()
        .map(|page| page.filter.as_str())
        .unwrap_or_default();
    let agreement = parts.agreement.as_deref().unwrap_or_default();
    let keys = parts.group_by.join("\u{1f}");
    let texts = [filter, agreement, &keys, &parts.beside].join("\u{1e}");
    let request = [texts.as_bytes(), &options.encode_to_vec()].concat();
    Scope::of(view.name(), &parts.ledger_id, &request)
}

/// What is evaluated, with the ledger's own policy where nothing is asked.
struct Asked {
    view: View,
    request: ReadRequest,
    today: Date,
    start: Option<PageStart>,
    agreement: Option<String>,
    /// As known and as true when, whatever the policy.
    at: (AsOf, Cut),
}

impl Asked {
    fn answer(self, facts: &Facts) -> Result<Answer, Status> {
        let policy = self.policy(facts).unwrap_or_default();
        let defaults = Defaults {
            policy: &policy,
            today: self.today,
        };
        let mut question = read(self.request, defaults)
            .map_err(|violations| error::invalid_request(&violations))?
            .question;
        if let Some(start) = self.start {
            question.at = AsOf::Position(start.position);
            question.effective = start.effective;
        }
        let evaluated = |question| {
            self.view
                .evaluate(facts, question)
                .map_err(|problem| error::question(&problem))
        };
        let Some(name) = self.agreement else {
            return evaluated(&question);
        };
        let at = facts
            .resolve(question.at)
            .map_err(|problem: QuestionError| error::question(&problem))?;
        question.filter.agreements = vec![the_agreement(facts, &name, at)?];
        evaluated(&question)
    }
}

impl Asked {
    /// The policy as known and in force at what is asked; whether a question can be answered there is said later.
    fn policy(&self, facts: &Facts) -> Option<LedgerPolicy> {
        let (at, effective) = match &self.start {
            Some(start) => (start.position, start.effective),
            None => (facts.resolve(self.at.0).ok()?, self.at.1),
        };
        facts.policy_at(at, effective.date()).cloned()
    }
}

/// The one agreement that a name stands for: an id, or an external reference.
fn the_agreement(facts: &Facts, name: &str, at: Position) -> Result<AgreementId, Status> {
    let streams = facts.dictionary().entities.items();
    let named = facts.agreements_named(name, at);
    let mut ids: Vec<AgreementId> = named
        .iter()
        .filter_map(|entity| match streams.get(entity.index())? {
            Stream::Agreement(id) => Some(id.clone()),
            Stream::Pledge(_)
            | Stream::Import(_)
            | Stream::Ledger
            | Stream::Reference(_)
            | Stream::Requirement(_)
            | Stream::Calendar(_) => None,
        })
        .collect();
    ids.sort_unstable();
    match ids.as_slice() {
        [] => Err(error::unknown_agreement(name)),
        [only] => Ok(only.clone()),
        _ => Err(error::ambiguous_reference(name, &ids)),
    }
}

/// Waits until the views are what a question needs.
pub(super) async fn ready(
    projection: &Projection,
    need: Need,
    wait_max: Duration,
) -> Result<Arc<Live>, Status> {
    projection
        .ready(need, wait_max)
        .await
        .map_err(|not_ready| match not_ready {
            NotReady::Lagging { required, current } => error::lagging(required, current),
            NotReady::Integrity(damage) => error::damaged(&damage),
        })
}
