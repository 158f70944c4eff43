//! `perennial log copy`: a ledger's log from one engine to another.

use std::ops::ControlFlow;

use clap::{Args, Subcommand};
use perennial_export::answers::LogCopyDocument;
use perennial_log_engine::{Engine, KafkaAccess, Place};
use perennial_log_file::Options;
use perennial_transport::process;
use tokio_util::sync::CancellationToken;

use crate::copying::{self, Copying};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// The logs that ledgers are kept in.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial log copy --from ./perennial-data --to kafka://127.0.0.1:9092/perennial --kafka-replicas 1
")]
pub enum Verb {
    /// Copy ledgers from one place to another: files to Kafka, back, or from one cluster to another.
    Copy(CopyArguments),
}

/// What is copied where.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial log copy --from ./perennial-data --to kafka://127.0.0.1:9092/perennial --kafka-replicas 1
  perennial log copy --from kafka://127.0.0.1:9092/perennial --to ./back --ledger treasury

Records are copied byte for byte, with the claims that began their terms, and read back: both logs have the same head
hash in the end. No server may run on a directory meanwhile, and none may lead the copy. A copy that broke off goes on
where it stood; the same copy again adds nothing; a place with another history is refused and left as it is.
To move a ledger, stop its servers, copy, and start them on the new place.
")]
pub struct CopyArguments {
    /// Where the ledgers are: a data directory, or kafka://BROKER:PORT,BROKER:PORT/PREFIX.
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// Where they are copied to, likewise. A directory or a topic is made where there is none.
    #[arg(long, value_name = "PLACE")]
    to: String,
    #[command(flatten)]
    kafka: KafkaAccess,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Copy(arguments) => copy(session, arguments).await,
    }
}

async fn copy(session: &Session, arguments: CopyArguments) -> Result<(), Failure> {
    if session.shared.dry_run {
        return Err(Failure::new(Exit::Usage, "a copy cannot be tried")
            .because("it compares what is there, and then adds what is missing")
            .hint("copy to an empty directory, which can be thrown away"));
    }
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    let from = place("--from", &arguments.from, &arguments.kafka)?;
    let to = place("--to", &arguments.to, &arguments.kafka)?;
    let working = session.clone();
    let copying = tokio::task::spawn_blocking(move || copy_all(&working, (&from, &to), &stop));
    copying
        .await
        .map_err(|error| Failure::caused(Exit::Other, "copy", &error))?
}

fn place(flag: &str, text: &str, access: &KafkaAccess) -> Result<Place, Failure> {
    Place::parse(text, access)
        .map_err(|error| Failure::caused(Exit::Usage, format!("use {flag} {text}"), &error))
}

fn copy_all(
    session: &Session,
    (from, to): (&Place, &Place),
    stop: &CancellationToken,
) -> Result<(), Failure> {
    if let Place::Files(directory) = from
        && !directory.is_dir()
    {
        return Err(Failure::new(
            Exit::NotFound,
            format!("{} is no directory", directory.display()),
        ));
    }
    let holder = format!("perennial log copy, process {}", std::process::id());
    let open = |place: &Place| {
        Engine::open(place, &holder, Options::default())
            .map_err(|error| copying::not_reached(place, &error))
    };
    let source = open(from)?;
    let every = source.ledgers();
    let every = every.map_err(|error| copying::not_reached(from, &error))?;
    let asked = session.shared.ledger.as_deref();
    let ledgers: Vec<_> = every
        .into_iter()
        .filter(|ledger| asked.is_none_or(|asked| asked == ledger))
        .collect();
    if ledgers.is_empty() {
        let what = asked.map_or("ledger".to_owned(), |asked| format!("ledger \"{asked}\""));
        return Err(Failure::new(
            Exit::NotFound,
            format!("there is no {what} in {from}"),
        ));
    }
    let target = open(to)?;
    for ledger in &ledgers {
        let document = copy_one(session, ledger, (&source, &target), stop)?;
        copying::print(&session.console, &document)?;
    }
    Ok(())
}

fn copy_one(
    session: &Session,
    ledger: &str,
    (source, target): (&Engine, &Engine),
    stop: &CancellationToken,
) -> Result<LogCopyDocument, Failure> {
    let opened = source.open_log(ledger);
    let opened = opened.map_err(|error| copying::not_opened("the log", ledger, &error))?;
    let mut copy = Copying::begin(ledger, &*opened.log(), target)?;
    let mut progress = Progress::begin(&session.console, "records copied", 0);
    let copied = copy.catch_up(&mut |records| {
        progress.set(records);
        if stop.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    progress.end();
    // A copy that broke off is closed too: what it holds is whole.
    let document = copy.close();
    copied.map_err(|error| copying::broke_off(ledger, &error))?;
    if stop.is_cancelled() {
        return Err(Failure::interrupted().hint("the same command again goes on from there"));
    }
    document
}
