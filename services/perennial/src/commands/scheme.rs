//! `perennial scheme`: the frameworks that money is tagged against, and how one is published into a ledger.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use perennial_client::RetryPolicy;
use perennial_domain::Date;
use perennial_export::cell::Cell;
use perennial_wire::pb::ledger::SubmitRequest;

use super::report::{Question, ReadArguments, ViewName, print_listing};
use super::submit;
use crate::cli::OutputFormat;
use crate::failure::{Exit, Failure};
use crate::framework::{Element, Framework, Origin};
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::{parse_date, today};

/// The frameworks that money is tagged against.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the frameworks that come with this program, or the schemes that a ledger has published.
    List(ListArguments),
    /// Show the elements of one of them, of a file, or of a scheme that a ledger has published.
    Show(ShowArguments),
    /// Publish one of them, or a file, into a ledger, so that money can be tagged with its elements.
    Publish(PublishArguments),
}

/// Which schemes.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial scheme list                                        what comes with this program
  perennial scheme list --published --ledger treasury          what the ledger has published
  perennial scheme list --published --at-position 1200 --output csv
")]
pub struct ListArguments {
    /// What the ledger has published, each version of it.
    #[arg(long)]
    published: bool,
    /// From what it is computed, of what is published.
    #[command(flatten)]
    read: ReadArguments,
}

/// Which scheme.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial scheme show iom-gcrp                               as it comes with this program
  perennial scheme show iom-gcrp --published --ledger treasury the version in force there
  perennial scheme show iom-gcrp@2021 --published --at-position 1200 --output csv
")]
pub struct ShowArguments {
    /// Its name, or a file of the same form as `scheme show NAME --output json` prints; of a published one its name (the
    /// version in force) or `name@version`.
    #[arg(value_name = "NAME|FILE")]
    scheme: String,
    /// As the ledger has published it.
    #[arg(long)]
    published: bool,
    /// From what it is computed, of what is published.
    #[command(flatten)]
    read: ReadArguments,
}

/// What is published, and from when on.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Examples:\n  perennial scheme publish iom-gcrp --ledger treasury\n  perennial scheme \
                        publish collective-outcomes-ssd.json --ledger treasury --effective-on 2026-01-01\n"
)]
pub struct PublishArguments {
    /// Its name, or a file of the same form as `scheme show NAME --output json` prints.
    #[arg(value_name = "NAME|FILE")]
    scheme: String,
    /// From which day on it is in force; by default the first day for which it was made, else today.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    effective_on: Option<Date>,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(arguments) if arguments.published => {
            published(
                session,
                Question::of(ViewName::Schemes).read(arguments.read),
            )
            .await
        }
        Verb::List(arguments) => {
            of_a_ledger_alone(&arguments.read)?;
            list(session)
        }
        Verb::Show(arguments) if arguments.published => {
            let question = Question::of(ViewName::SchemeElements).list(&arguments.scheme);
            published(session, question.read(arguments.read)).await
        }
        Verb::Show(arguments) => {
            of_a_ledger_alone(&arguments.read)?;
            show(session, &find(&arguments.scheme)?)
        }
        Verb::Publish(arguments) => publish(session, &arguments).await,
    }
}

/// What comes with this program has no history to be read at.
fn of_a_ledger_alone(read: &ReadArguments) -> Result<(), Failure> {
    if *read == ReadArguments::default() {
        return Ok(());
    }
    let text = "what comes with this program is the same at every time";
    Err(Failure::new(Exit::Usage, text).hint("--published asks for what the ledger has published"))
}

async fn published(session: &Session, question: Question) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    print_listing(session, &question.ask(session, &ledger_id).await?)
}

/// A framework by its name, else from a file.
fn find(scheme: &str) -> Result<Framework, Failure> {
    let malformed = |error: &serde_json::Error| {
        Failure::caused(Exit::Refused, format!("read the scheme {scheme}"), error)
    };
    if let Some(framework) = Framework::named(scheme).map_err(|error| malformed(&error))? {
        return Ok(framework);
    }
    let file = PathBuf::from(scheme);
    if !file.exists() {
        return Err(Failure::new(
            Exit::NotFound,
            format!("no framework and no file is named \"{scheme}\""),
        )
        .hint("perennial scheme list names the frameworks that come with this program"));
    }
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::caused(Exit::Other, format!("read {scheme}"), &error))?;
    Framework::read(&text).map_err(|error| malformed(&error))
}

fn list(session: &Session) -> Result<(), Failure> {
    let frameworks = Framework::shipped()
        .map_err(|error| Failure::caused(Exit::Other, "read the frameworks", &error))?;
    let console = &session.console;
    if console.format() == OutputFormat::Json {
        let documents: Vec<_> = frameworks.iter().map(summary).collect();
        return console.json(&documents);
    }
    let rows: Vec<Vec<Cell>> = frameworks
        .iter()
        .map(|framework| {
            vec![
                Cell::text(&framework.scheme),
                Cell::text(&framework.version),
                Cell::Count(u64::try_from(framework.elements.len()).unwrap_or(u64::MAX)),
                Cell::text(if framework.partition { "yes" } else { "no" }),
                Cell::text(&framework.title),
            ]
        })
        .collect();
    console.table(
        &["scheme", "version", "elements", "partition", "title"],
        &rows,
    )
}

fn summary(framework: &Framework) -> serde_json::Value {
    serde_json::json!({
        "scheme": framework.scheme,
        "version": framework.version,
        "title": framework.title,
        "partition": framework.partition,
        "elements": framework.elements.len(),
    })
}

fn show(session: &Session, framework: &Framework) -> Result<(), Failure> {
    let console = &session.console;
    if console.format() == OutputFormat::Json {
        return console.json(&document(framework));
    }
    let rows: Vec<Vec<Cell>> = framework
        .elements
        .iter()
        .map(|element| {
            vec![
                Cell::text(&element.code),
                Cell::text(element.parent.as_deref().unwrap_or_default()),
                Cell::text(&element.title),
                Cell::text(if element.is_verified() {
                    ""
                } else {
                    "not verified"
                }),
            ]
        })
        .collect();
    console.say(&format!(
        "{}@{}: {}",
        framework.scheme, framework.version, framework.title
    ));
    console.table(&["code", "parent", "title", "note"], &rows)
}

/// The framework as a file.
fn document(framework: &Framework) -> serde_json::Value {
    let origin = match framework.code_origin {
        Origin::Official => "official",
        Origin::Ours => "ours",
    };
    let element = |element: &Element| {
        serde_json::json!({
            "code": element.code,
            "title": element.title,
            "parent": element.parent,
            "mark": element.mark,
        })
    };
    serde_json::json!({
        "scheme": framework.scheme,
        "version": framework.version,
        "title": framework.title,
        "partition": framework.partition,
        "source": framework.source,
        "code_origin": origin,
        "valid_from": framework.valid_from.map(|date| date.to_string()),
        "valid_to": framework.valid_to.map(|date| date.to_string()),
        "supersedes": framework.supersedes,
        "elements": framework.elements.iter().map(element).collect::<Vec<_>>(),
    })
}

async fn publish(session: &Session, arguments: &PublishArguments) -> Result<(), Failure> {
    let framework = find(&arguments.scheme)?;
    let ledger_id = session.ledger_id().await?;
    let today = today();
    let effective_on = arguments
        .effective_on
        .or(framework.valid_from)
        .map_or(today, |date| {
            // A framework for years to come is known today.
            if arguments.effective_on.is_some() {
                date
            } else {
                date.min(today)
            }
        });
    let content = document(&framework).to_string();
    let asked = [content.as_str(), &effective_on.to_string()];
    let submission = SubmitRequest {
        request_id: ledger_request_id("scheme publish", &ledger_id, &asked),
        ledger_id,
        commands: vec![framework.publish(effective_on)],
        validate_only: session.shared.dry_run,
        ..SubmitRequest::default()
    };
    let answer = session
        .ledger_client(RetryPolicy::WRITE)
        .submit(&submission)
        .await;
    let answer = answer.map_err(|error| Failure::from_client("publish the scheme", &error))?;
    submit::print(session, &submit::document(&submission.request_id, answer))
}
