use perennial_domain::agreement::{AgreementEvent, Line};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_views::rows::{AgreementRow, Row};
use perennial_views::{Facts, ReadInfo, View};
use perennial_wire::pb::query::{FindAgreementsRequest, FindAgreementsResponse};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Parts};
use super::get_agreement_statement::row_of;
use super::{Handlers, error};

/// The most characters of each text of a search.
const CHARACTERS_MAX: usize = 200;

/// The words for IATI's `ActivityStatus` codes, from 1 on (DOMAIN.md 0).
const STATUSES: [&str; 6] = [
    "pipeline",
    "implementation",
    "finalisation",
    "closed",
    "cancelled",
    "suspended",
];

/// Answers with the agreements that everything asked for holds of.
pub(super) async fn find_agreements(
    handlers: &Handlers,
    request: &Request<FindAgreementsRequest>,
) -> Result<Response<FindAgreementsResponse>, Status> {
    let asked = request.get_ref();
    let wanted = Wanted::read(asked)?;
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        beside: format!("find {wanted:?}"),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Agreement, parts)?;
    let arrange = move |facts: &Facts, info: &ReadInfo, rows: &mut Vec<Row>| {
        if wanted.is_nothing() {
            return;
        }
        rows.retain(|row| {
            if let Row::Agreement(row) = row {
                let known = Known::of(facts, info, row);
                known.is_some_and(|known| wanted.holds(row, &known))
            } else {
                false
            }
        });
    };
    let listed = ask.page_read(handlers, arrange, row_of).await?;
    Ok(Response::new(FindAgreementsResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

/// What is looked for; texts in lower case. What is not asked for holds of every agreement.
#[derive(Clone, Debug)]
struct Wanted {
    /// Each is part of an id, a reference, the title or a party.
    words: Vec<String>,
    title: Option<String>,
    party: Option<String>,
    reference: Option<String>,
    /// A code, in upper case.
    country: Option<String>,
    /// IATI `ActivityStatus`.
    status: Option<u8>,
}

impl Wanted {
    fn read(asked: &FindAgreementsRequest) -> Result<Self, Status> {
        let texts = [
            ("text", &asked.text),
            ("title", &asked.title),
            ("party", &asked.party),
            ("external_reference", &asked.external_reference),
            ("country", &asked.country),
            ("status", &asked.status),
        ];
        for (path, text) in texts {
            if CHARACTERS_MAX < text.chars().count() {
                let problem = format!("has more than {CHARACTERS_MAX} characters");
                return Err(error::invalid_field(path, problem));
            }
        }
        let lower = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
        Ok(Self {
            words: asked
                .text
                .split_whitespace()
                .map(str::to_lowercase)
                .collect(),
            title: lower(&asked.title),
            party: lower(&asked.party),
            reference: lower(&asked.external_reference),
            country: country(asked.country.trim())?,
            status: status(asked.status.trim())?,
        })
    }

    /// Whether nothing is asked for: then every agreement is found.
    fn is_nothing(&self) -> bool {
        self.words.is_empty()
            && [&self.title, &self.party, &self.reference, &self.country]
                .into_iter()
                .all(Option::is_none)
            && self.status.is_none()
    }

    /// Whether an agreement is as asked for.
    fn holds(&self, row: &AgreementRow, known: &Known<'_>) -> bool {
        let in_any = |asked: &Option<String>, texts: &[String]| {
            let asked = asked.as_ref();
            asked.is_none_or(|asked| texts.iter().any(|text| text.contains(asked)))
        };
        let title: Vec<String> = row.title.iter().map(|title| title.to_lowercase()).collect();
        let references = row.external_references.iter();
        let references: Vec<String> = references
            .map(|external| external.reference.to_lowercase())
            .collect();
        let parties = parties(row, &known.lines);
        let id = [row.agreement_id.to_lowercase()];
        let texts = [&id, title.as_slice(), &references, &parties].concat();
        in_any(&self.title, &title)
            && in_any(&self.reference, &references)
            && in_any(&self.party, &parties)
            && self
                .words
                .iter()
                .all(|word| texts.iter().any(|text| text.contains(word)))
            && (self.status.is_none() || self.status == known.status)
            && self
                .country
                .as_deref()
                .is_none_or(|country| known.lines.iter().any(|line| is_for(line, country)))
    }
}

/// What rows do not show of an agreement, as known and true at one time.
#[derive(Debug)]
struct Known<'a> {
    lines: Vec<&'a Line>,
    /// IATI `ActivityStatus` as published.
    status: Option<u8>,
}

impl<'a> Known<'a> {
    fn of(facts: &'a Facts, info: &ReadInfo, row: &AgreementRow) -> Option<Self> {
        let id = AgreementId::parse(&row.agreement_id).ok()?;
        let entity = facts.dictionary().find_entity(&Stream::Agreement(id))?;
        let history = facts.histories().entity(entity)?;
        let state = history.agreement_at(info.position, info.effective_as_of)?;
        let known = history
            .facts
            .iter()
            .filter(|recorded| recorded.event_id.position <= info.position);
        let opened = known.filter_map(|recorded| match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::LineOpened { line }) => Some(line),
            Fact::Agreement(_)
            | Fact::Pledge(_)
            | Fact::Ledger(_)
            | Fact::Import(_)
            | Fact::Reference(_)
            | Fact::Requirement(_)
            | Fact::Calendar(_) => None,
        });
        Some(Self {
            lines: state.terms.lines.iter().chain(opened).collect(),
            status: state
                .description
                .and_then(|description| description.published_status),
        })
    }
}

/// Ids and names of the agreement's own parties and of its lines' parties, in lower case.
fn parties(row: &AgreementRow, lines: &[&Line]) -> Vec<String> {
    let own = [&row.provider, &row.recipient].into_iter();
    let own = own.flat_map(|party| [party.id.to_lowercase(), party.name.to_lowercase()]);
    let others = lines.iter().filter_map(|line| line.counterparty.as_ref());
    let others = others.flat_map(|party| [&party.id, &party.name]).flatten();
    own.chain(others.map(|text| text.to_lowercase())).collect()
}

fn is_for(line: &Line, country: &str) -> bool {
    let mut shares = line.dims.places.shares().iter();
    shares.any(|share| *share.code == *country)
}

/// A place's code as lines carry it; nothing if none is asked for.
fn country(text: &str) -> Result<Option<String>, Status> {
    let is_country = text.len() == 2 && text.chars().all(|c| c.is_ascii_alphabetic());
    let is_region = (2..=4).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    match text {
        "" => Ok(None),
        code if is_country || is_region => Ok(Some(code.to_ascii_uppercase())),
        other => Err(error::invalid_field(
            "country",
            format!(
                "is a country's code of two letters, as in SO, or a region's DAC code, as in 298; not \"{other}\""
            ),
        )),
    }
}

/// A published status by its word or its code; nothing if none is asked for.
fn status(text: &str) -> Result<Option<u8>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = (1_u8..)
        .zip(STATUSES)
        .find(|(code, word)| word.eq_ignore_ascii_case(text) || code.to_string() == text);
    let unknown = || {
        let words = STATUSES.join(", ");
        error::invalid_field("status", format!("is one of {words}; not \"{text}\""))
    };
    found.map(|(code, _)| Some(code)).ok_or_else(unknown)
}
