//! `perennial import iati FILE|DIR...`: books what others published, as it is, into a mirror ledger.

mod files;
mod plan;
mod rates;
mod run;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Subcommand};
use perennial_domain::Date;
use perennial_export::answers::ImportDocument;
use tokio::signal::unix::{SignalKind, signal};

use super::submit::quoted;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::parse_date;

/// Record what others published.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Example:
  perennial import iati activities.xml --ledger published
")]
pub enum Verb {
    /// IATI activity files, plain (.xml) or compressed (.xml.zst).
    Iati(IatiArguments),
    /// Exchange rates, a row a month or day and a column a currency.
    Rates(rates::RatesArguments),
}

impl Verb {
    /// Whether the command ends in its own way on Ctrl-C.
    pub const fn handles_interrupts(&self) -> bool {
        match self {
            Self::Iati(_) => true,
            Self::Rates(_) => false,
        }
    }
}

/// Which files.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial ledger create iom-mirror --profile mirror
  perennial import iati iom.xml --ledger iom-mirror
  perennial import iati ./corpus --ledger world --output json

Importing the same file again appends nothing. Ctrl-C ends after what is on its way; the same command goes on.
")]
pub struct IatiArguments {
    /// Files, or folders of which every .xml and .xml.zst is read.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// When it was published; by default the day that each file names.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    published_on: Option<Date>,
    /// Exit with 6 if any file is bad, also in a folder.
    #[arg(long)]
    strict: bool,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Iati(arguments) => run_iati(session, arguments).await,
        Verb::Rates(arguments) => rates::run(session, arguments).await,
    }
}

async fn run_iati(session: &Session, arguments: IatiArguments) -> Result<(), Failure> {
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| Failure::caused(Exit::Other, "listen for Ctrl-C", &error))?;
    let ledger_id = tokio::select! {
        ledger_id = session.ledger_id() => ledger_id?,
        _ = interrupts.recv() => return Err(Failure::interrupted()),
    };
    let again = again(session, &ledger_id, &arguments);
    let stop = Arc::new(AtomicBool::new(false));
    let mut importing = std::pin::pin!(import(session, ledger_id, &arguments, Arc::clone(&stop)));
    // The first Ctrl-C ends after what is on its way, the second at once.
    loop {
        let asked_before = stop.load(Ordering::Relaxed);
        tokio::select! {
            result = &mut importing => return ended(session, &arguments, &result?, &again),
            _ = interrupts.recv() => {}
        }
        if asked_before {
            return Err(Failure::interrupted()
                .because("what was sent last may be booked or not; what was answered is booked")
                .hint(again));
        }
        stop.store(true, Ordering::Relaxed);
        session
            .console
            .say("waiting for the answers to what is sent; Ctrl-C again ends at once");
    }
}

async fn import(
    session: &Session,
    ledger_id: String,
    arguments: &IatiArguments,
    stop: Arc<AtomicBool>,
) -> Result<run::Ended, Failure> {
    let files = files::find(&arguments.paths)?;
    let run = run::Import::begin(session, ledger_id, arguments.published_on, stop).await?;
    run.all(files).await
}

fn ended(
    session: &Session,
    arguments: &IatiArguments,
    ended: &run::Ended,
    again: &str,
) -> Result<(), Failure> {
    let document = &ended.document;
    print(session, document)?;
    if ended.interrupted {
        let booked = document.booked.saturating_add(document.flagged);
        let failure = Failure::interrupted().after_result();
        if session.shared.dry_run {
            return Err(failure.because("nothing is recorded (--dry-run)"));
        }
        return Err(failure
            .because(format!(
                "{booked} transactions are booked and stay; what was not sent is not"
            ))
            .hint(format!(
                "{again} goes on: what is booked is not booked twice"
            )));
    }
    let single = matches!(arguments.paths.as_slice(), [only] if only.is_file());
    if !document.bad_files.is_empty() && (single || arguments.strict) {
        return Err(bad_files(document).after_result());
    }
    Ok(())
}

/// The command that goes on where this one ended.
fn again(session: &Session, ledger_id: &str, arguments: &IatiArguments) -> String {
    let paths = arguments
        .paths
        .iter()
        .map(|path| quoted(&path.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ");
    let published_on = arguments
        .published_on
        .map(|date| format!(" --published-on {date}"))
        .unwrap_or_default();
    let strict = if arguments.strict { " --strict" } else { "" };
    let server = session.connection.address();
    format!(
        "perennial import iati {paths} --server {server} --ledger {ledger_id}{published_on}{strict}"
    )
}

fn bad_files(document: &ImportDocument) -> Failure {
    let count = document.bad_files.len();
    let noun = if count == 1 { "file was" } else { "files were" };
    let failure = Failure::new(Exit::Refused, format!("{count} {noun} not read to the end"));
    document.bad_files.iter().fold(failure, |failure, bad| {
        let kept = bad.activities_booked;
        failure.because(format!(
            "{}: {}; {kept} activities before it are booked",
            bad.file, bad.problem
        ))
    })
}

fn print(session: &Session, document: &ImportDocument) -> Result<(), Failure> {
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
        "{} activities, {} transactions: {would}booked {}, flagged {}, refused {}, unchanged {}",
        document.activities,
        document.transactions,
        document.booked,
        document.flagged,
        document.refused,
        document.unchanged,
    ))?;
    for (reason, count) in &document.reasons {
        console.data(&format!("  {count:>8} {reason}"))?;
    }
    for bad in &document.bad_files {
        console.data(&format!("  bad file {}: {}", bad.file, bad.problem))?;
    }
    if let Some(position) = document.position {
        console.data(&format!("the ledger stands at position {position}"))?;
    }
    Ok(())
}
