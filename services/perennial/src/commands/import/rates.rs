//! `perennial import rates FILE`: publishes the exchange rates of a file, a table a row.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use perennial_client::{Answered, BulkSubmission, ClientError, RetryPolicy};
use perennial_domain::agreement::RateSource;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::exchange::RateTable;
use perennial_domain::money::Currency;
use perennial_domain::reference::ReferenceCommand;
use perennial_export::answers::{RateTroubleDocument, RatesImportDocument};
use perennial_wire::pb::ledger::SubmitRequest;

use crate::commands::hex;
use crate::commands::rates::parse_source;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::rate_file::{RateFile, Reading, read};
use crate::session::Session;
use crate::submission::ledger_request_id;

/// Submissions on their way at once.
const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(127);

/// Which file, and how it is read.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial import rates usd_to_xxx_by_month.csv --ledger treasury
  perennial import rates ecb.csv --base EUR --source ecb --ledger treasury

One row a month (2026-07) or day, one column a currency: how much of it one unit of the base is.
Each row becomes a table of its own, versioned by its date. Importing the same file again adds nothing.
")]
pub struct RatesArguments {
    /// A file with a column DATE and one a currency, separated by commas.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The currency of which one unit is priced.
    #[arg(long, value_name = "CODE", default_value = "USD", value_parser = parse_currency)]
    base: Currency,
    /// Who states the rates: unore, imf, ecb, agreed, bank or published.
    #[arg(long, value_name = "SOURCE", default_value = "published", value_parser = parse_source)]
    source: RateSource,
    /// What distinguishes this publication of the file from an earlier one with other figures: versions become
    /// `TEXT:2026-07`.
    #[arg(long, value_name = "TEXT")]
    table_version: Option<String>,
}

fn parse_currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).map_err(|error| error.to_string())
}

/// Publishes the tables of a file.
///
/// # Errors
/// How it failed; with [`Exit::Refused`] after the rest was published if a part of the file cannot be read.
pub(super) async fn run(session: &Session, arguments: RatesArguments) -> Result<(), Failure> {
    let name = arguments.path.display().to_string();
    let text =
        std::fs::read_to_string(&arguments.path).map_err(|error| unreadable(&name, &error))?;
    let reading = Reading {
        base: arguments.base,
        source: arguments.source,
        version: arguments.table_version,
    };
    let file = read(&text, &reading).map_err(|error| {
        Failure::caused(Exit::Refused, format!("read rates from {name}"), &error)
            .hint("the first line heads a column DATE and one for each currency")
    })?;
    let ledger_id = session.ledger_id().await?;
    let mut publishing = Publishing::begin(session, ledger_id, &file);
    publishing.all(file).await?;
    let document = publishing.document;
    print(session, &document)?;
    if document.troubles.is_empty() {
        return Ok(());
    }
    let count = document.troubles.len();
    let failure = Failure::new(
        Exit::Refused,
        format!("{count} places of {name} could not be taken over; the rest is imported"),
    );
    Err(failure.after_result())
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    let exit = if error.kind() == std::io::ErrorKind::NotFound {
        Exit::NotFound
    } else if error.kind() == std::io::ErrorKind::InvalidData {
        Exit::Refused
    } else {
        Exit::Other
    };
    Failure::caused(exit, format!("read {name}"), error)
}

struct Publishing<'s> {
    session: &'s Session,
    ledger_id: String,
    bulk: BulkSubmission,
    /// Rows and versions of what is sent and not answered, in order.
    sent: VecDeque<(usize, String)>,
    document: RatesImportDocument,
}

impl<'s> Publishing<'s> {
    fn begin(session: &'s Session, ledger_id: String, file: &RateFile) -> Self {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let rates = file.tables.iter().map(|(_, table)| table.rates.len()).sum();
        let troubles = file.troubles.iter().map(|trouble| RateTroubleDocument {
            row: count(trouble.row),
            column: trouble.column.clone(),
            problem: trouble.problem.clone(),
        });
        Self {
            session,
            ledger_id,
            bulk: BulkSubmission::new(session.connection.clone(), RetryPolicy::WRITE, WINDOW),
            sent: VecDeque::new(),
            document: RatesImportDocument {
                rows: count(file.rows),
                cells: count(file.cells),
                rates: count(rates),
                cells_left_out: count(file.left_out),
                cells_unread: count(file.unread),
                tables: count(file.tables.len()),
                published: 0,
                unchanged: 0,
                refused: 0,
                position: None,
                columns_left_out: file.unknown.clone(),
                troubles: troubles.collect(),
            },
        }
    }

    async fn all(&mut self, file: RateFile) -> Result<(), Failure> {
        let total = u64::try_from(file.tables.len()).unwrap_or_default();
        let mut progress = Progress::begin(&self.session.console, "tables", total);
        let result = self.send_all(file, &mut progress).await;
        progress.end();
        self.document.troubles.sort_by_key(|trouble| trouble.row);
        result
    }

    async fn send_all(&mut self, file: RateFile, progress: &mut Progress) -> Result<(), Failure> {
        for (row, table) in file.tables {
            let request = self.request(&table);
            self.sent.push_back((row, table.list().to_string()));
            let answered = self.bulk.push(request).await;
            if let Some(answered) = answered.map_err(|error| self.broken(&error))? {
                self.take(answered);
                progress.add(1);
            }
        }
        while let Some(answered) = self
            .bulk
            .next()
            .await
            .map_err(|error| self.broken(&error))?
        {
            self.take(answered);
            progress.add(1);
        }
        Ok(())
    }

    /// The request id depends on what is published alone: publishing it again is harmless.
    fn request(&self, table: &RateTable) -> SubmitRequest {
        let asked = [table.list().to_string(), hex(&table.content_hash)];
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let request_id = ledger_request_id("import rates", &self.ledger_id, &asked);
        let effective_on = table.rates.iter().map(|rate| rate.rate_on).max();
        let submission = Submission {
            commands: vec![Command {
                effective_on: effective_on.unwrap_or_default(),
                external_reference: None,
                evidence: Vec::new(),
                overrides: Vec::new(),
                functional_from_table: false,
                action: Action::Reference(ReferenceCommand::PublishRateTable(table.clone())),
            }],
            expected: Vec::new(),
        };
        SubmitRequest {
            ledger_id: self.ledger_id.clone(),
            request_id,
            validate_only: self.session.shared.dry_run,
            ..SubmitRequest::from(&submission)
        }
    }

    fn take(&mut self, answered: Answered) {
        let Some((row, version)) = self.sent.pop_front() else {
            return;
        };
        let document = &mut self.document;
        let add = |sum: &mut u64| *sum = sum.saturating_add(1);
        match answered.outcome {
            Ok(response) if response.replayed => add(&mut document.unchanged),
            Ok(response) => {
                add(&mut document.published);
                document.position = document.position.max(response.position);
            }
            Err(refused) if refused.reason == "ALREADY_PUBLISHED" => add(&mut document.unchanged),
            Err(refused) => {
                add(&mut document.refused);
                let problem = if refused.reason == "PUBLISHED_DIFFERENTLY" {
                    format!(
                        "{version} is already published with other figures: name this publication with --table-version"
                    )
                } else {
                    format!("{version} is refused: {refused}")
                };
                document.troubles.push(RateTroubleDocument {
                    row: u64::try_from(row).unwrap_or_default(),
                    column: "DATE".to_owned(),
                    problem,
                });
            }
        }
    }

    fn broken(&self, error: &ClientError) -> Failure {
        let published = self.document.published;
        Failure::from_client("publish the rates", error)
            .because(format!("{published} tables are published and stay"))
            .hint("the same command again goes on: nothing is published twice")
    }
}

fn print(session: &Session, document: &RatesImportDocument) -> Result<(), Failure> {
    let console = &session.console;
    if console.wants_json() {
        return console.json(document);
    }
    let would = if session.shared.dry_run {
        "would be "
    } else {
        ""
    };
    console.data(&format!(
        "{} rows, {} cells: {} rates in {} tables, {} left out, {} unread; {would}published {}, unchanged {}, refused {}",
        document.rows,
        document.cells,
        document.rates,
        document.tables,
        document.cells_left_out,
        document.cells_unread,
        document.published,
        document.unchanged,
        document.refused,
    ))?;
    if !document.columns_left_out.is_empty() {
        console.data(&format!(
            "  left out, no currency that can be booked: {}",
            document.columns_left_out.join(", ")
        ))?;
    }
    for trouble in &document.troubles {
        console.data(&format!(
            "  row {}, column {}: {}",
            trouble.row, trouble.column, trouble.problem
        ))?;
    }
    if let Some(position) = document.position {
        console.data(&format!("the ledger stands at position {position}"))?;
    }
    Ok(())
}
