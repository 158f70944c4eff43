//! Answers a question from a history that was folded here, with the very engine that the read side has.

use perennial_domain::event::Stream;
use perennial_domain::ledger::LedgerPolicy;
use perennial_export::cell::Cell;
use perennial_views::{AsOf, Facts, View};
use perennial_wire::pb::query::row::Row as Message;
use perennial_wire::pb::query::{Page, ReadOptions, Row};
use perennial_wire::query::{Defaults, Envelope, ReadRequest, read, read_info};

use super::Arguments;
use crate::commands::report::{Listing, ViewName};
use crate::failure::{Exit, Failure};
use crate::row_document::RowDocument;
use crate::time::today;

/// Answers what the arguments ask for about `view`.
///
/// # Errors
/// What is wrong with the question.
pub(super) fn listing(
    facts: &Facts,
    view: ViewName,
    arguments: &Arguments,
    options: ReadOptions,
) -> Result<Listing, Failure> {
    let policy = facts
        .ledger()
        .map_or_else(LedgerPolicy::default, |(_, policy)| policy.clone());
    let request = ReadRequest {
        options: Some(options),
        page: Some(Page {
            filter: arguments.filter.clone(),
            ..Page::default()
        }),
        group_by: arguments.group_by.clone(),
        ..ReadRequest::default()
    };
    let defaults = Defaults {
        policy: &policy,
        today: today(),
    };
    let input = read(request, defaults).map_err(|violations| {
        let failure = Failure::new(Exit::Refused, "the question is not valid");
        violations
            .violations
            .iter()
            .fold(failure, |failure, violation| {
                failure.because(format!("{}: {}", violation.field, violation.description))
            })
    })?;
    let mut question = input.question;
    if let Some(text) = &arguments.agreement {
        question.filter.agreements = vec![named(facts, text, question.at)?];
    }
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::caused(Exit::Refused, "answer the question", error)
    };
    let answer = View::from(view)
        .evaluate(facts, &question)
        .map_err(|error| failed(&error))?;
    let rows = answer.rows.iter().map(|row| {
        let message = Row::try_from(row).map_err(|error| failed(&error))?;
        object(message)
    });
    let rows = rows.collect::<Result<Vec<Cell>, Failure>>()?;
    let info = read_info(&answer.info, Envelope::default());
    let read_info = RowDocument::of("perennial.query.v1.ReadInfo")?.object(&info)?;
    Ok(Listing {
        view,
        read_info,
        rows,
        one: false,
        cut: false,
    })
}

fn named(
    facts: &Facts,
    text: &str,
    at: AsOf,
) -> Result<perennial_domain::ids::AgreementId, Failure> {
    let at = facts
        .resolve(at)
        .map_err(|error| Failure::caused(Exit::Refused, "find the agreement", &error))?;
    let found = facts.agreements_named(text, at);
    let streams = found
        .iter()
        .filter_map(|entity| facts.dictionary().entities.get(entity.index()));
    let ids: Vec<_> = streams
        .filter_map(|stream| match stream {
            Stream::Agreement(id) => Some(id.clone()),
            Stream::Ledger
            | Stream::Pledge(_)
            | Stream::Import(_)
            | Stream::Reference(_)
            | Stream::Requirement(_)
            | Stream::Calendar(_) => None,
        })
        .collect();
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::new(
            Exit::NotFound,
            format!("no agreement is named \"{text}\""),
        )),
        several => {
            let ids: Vec<&str> = several
                .iter()
                .map(perennial_domain::ids::AgreementId::as_str)
                .collect();
            Err(Failure::new(
                Exit::Refused,
                format!("\"{text}\" names several agreements"),
            )
            .because(ids.join(", ")))
        }
    }
}

fn object(row: Row) -> Result<Cell, Failure> {
    let document = |name: &str| RowDocument::of(&format!("perennial.query.v1.{name}"));
    match row.row {
        Some(Message::Agreement(row)) => document("AgreementRow")?.object(&row),
        Some(Message::Timeline(row)) => document("TimelineRow")?.object(&row),
        Some(Message::Pledge(row)) => document("PledgeRow")?.object(&row),
        Some(Message::ByYear(row)) => document("ByYearRow")?.object(&row),
        Some(Message::Nexus(row)) => document("NexusRow")?.object(&row),
        Some(Message::MultiYear(row)) => document("MultiYearRow")?.object(&row),
        Some(Message::Register(row)) => document("RegisterRow")?.object(&row),
        Some(Message::Maturity(row)) => document("MaturityRow")?.object(&row),
        Some(Message::Movement(row)) => document("MovementRow")?.object(&row),
        Some(Message::Exception(row)) => document("ExceptionRow")?.object(&row),
        Some(Message::Override(row)) => document("OverrideRow")?.object(&row),
        Some(Message::Reallocation(row)) => document("ReallocationRow")?.object(&row),
        Some(Message::CashForecast(row)) => document("CashForecastRow")?.object(&row),
        Some(Message::Scheme(row)) => document("SchemeRow")?.object(&row),
        Some(Message::Coverage(row)) => document("CoverageRow")?.object(&row),
        Some(Message::FiscalPeriod(row)) => document("FiscalPeriodRow")?.object(&row),
        Some(Message::PillarMapping(row)) => document("PillarMappingRow")?.object(&row),
        Some(Message::PillarRule(row)) => document("PillarRuleRow")?.object(&row),
        Some(Message::SchemeVersion(row)) => document("SchemeVersionRow")?.object(&row),
        Some(Message::SchemeElement(row)) => document("SchemeElementRow")?.object(&row),
        Some(Message::Codelist(row)) => document("CodelistRow")?.object(&row),
        Some(Message::Code(row)) => document("CodeRow")?.object(&row),
        Some(Message::RateTable(row)) => document("RateTableRow")?.object(&row),
        Some(Message::Rate(row)) => document("RateRow")?.object(&row),
        Some(Message::Organisation(row)) => document("OrganisationRow")?.object(&row),
        None => Err(Failure::new(Exit::Other, "a row without content")),
    }
}
