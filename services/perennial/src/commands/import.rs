//! `perennial import iati FILE|DIR...`: books what others published, as it is, into a mirror ledger.

mod files;
mod plan;
mod run;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use perennial_domain::Date;
use perennial_export::answers::ImportDocument;

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::parse_date;

/// Record what others published.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// IATI activity files, plain (.xml) or compressed (.xml.zst).
    Iati(IatiArguments),
}

/// Which files.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial ledger create iom-mirror --profile mirror
  perennial import iati iom.xml --ledger iom-mirror
  perennial import iati ./corpus --ledger world --output json

Importing the same file again appends nothing.
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
    let Verb::Iati(arguments) = verb;
    let ledger_id = session.ledger_id().await?;
    let single = matches!(arguments.paths.as_slice(), [only] if only.is_file());
    let files = files::find(&arguments.paths)?;
    let run = run::Import::begin(session, ledger_id, arguments.published_on).await?;
    let ended = run.all(files).await?;
    print(session, &ended.document)?;
    if ended.interrupted {
        return Err(Failure::interrupted()
            .because("what was answered is recorded")
            .hint("the same command again goes on where this one stopped")
            .after_result());
    }
    if !ended.document.bad_files.is_empty() && (single || arguments.strict) {
        return Err(bad_files(&ended.document).after_result());
    }
    Ok(())
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
