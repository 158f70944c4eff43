//! `perennial verify --data DIR`: checks every byte of a log without a server; `--online` asks auditd to do it.

use std::path::{Path, PathBuf};

use clap::Args;
use perennial_export::answers::VerificationDocument;
use perennial_log_file::{DirectoryLock, OpenError, Scanner, list_ledgers};
use perennial_observe::error_chain;
use perennial_proof::verify::KnownPoint;
use perennial_proof::{LogKind, Verifier};
use perennial_wire::pb::audit::VerifyLedgerRequest;
use perennial_wire::pb::audit::verify_ledger_response::Message;

use super::hex;
use crate::cli::OutputFormat;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// Between two notes of progress, in entries.
const PROGRESS_ENTRIES: u64 = 10_000;

/// Checks a history.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial verify --data ./perennial-data          from files alone, while nothing is running
  perennial verify --server 127.0.0.1:7410          ask the server to read its log again
")]
pub struct Arguments {
    /// The data directory; nothing in it is changed, locked or repaired.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// How it failed; [`Exit::VerificationFailed`] if anything does not hold.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    match arguments.data {
        Some(data) => offline(session, data).await,
        None => online(session).await,
    }
}

async fn offline(session: &Session, data: PathBuf) -> Result<(), Failure> {
    refuse_if_in_use(&data)?;
    let every = list_ledgers(&data).map_err(|error| {
        Failure::caused(Exit::Other, format!("read {}", data.display()), &error)
    })?;
    let asked = session.shared.ledger.as_deref();
    let ledgers: Vec<String> = every
        .into_iter()
        .filter(|ledger| asked.is_none_or(|asked| asked == ledger))
        .collect();
    if ledgers.is_empty() {
        let what = asked.map_or_else(
            || "ledger".to_owned(),
            |asked| format!("ledger \"{asked}\""),
        );
        return Err(Failure::new(
            Exit::NotFound,
            format!("there is no {what} in {}", data.display()),
        )
        .because("logs lie at DIR/ledgers/<ledger>/log/*.seg"));
    }
    let mut sound = true;
    for ledger in ledgers {
        let (data, console) = (data.clone(), session.console);
        let checked = tokio::task::spawn_blocking(move || {
            let mut progress = Progress::begin(&console, "entries checked", 0);
            let checked = check(&data, &ledger, &mut |entries| progress.set(entries));
            progress.end();
            checked
        })
        .await;
        let checked =
            checked.map_err(|error| Failure::caused(Exit::Other, "check a ledger", &error))??;
        sound &= checked.first_bad_position.is_none();
        print(session, &checked)?;
    }
    if sound {
        Ok(())
    } else {
        Err(Failure::printed(Exit::VerificationFailed))
    }
}

fn refuse_if_in_use(data: &Path) -> Result<(), Failure> {
    if !data.is_dir() {
        return Err(Failure::new(
            Exit::NotFound,
            format!("{} is no directory", data.display()),
        ));
    }
    let holder = DirectoryLock::holder(data).map_err(|error| {
        Failure::caused(Exit::Other, format!("look at {}", data.display()), &error)
    })?;
    match holder {
        None => Ok(()),
        Some(holder) => Err(Failure::new(
            Exit::Unavailable,
            format!("{} is in use by {holder}", data.display()),
        )
        .because("files that another process is writing are not read")
        .hint("`perennial verify --server ADDR` checks the running ledger, or stop that process first")),
    }
}

/// Checks one ledger, from its first byte to its last, and tells nobody how far it is.
///
/// # Errors
/// If it cannot be read; what does not hold is in the document.
pub(crate) fn check_quietly(data: &Path, ledger: &str) -> Result<VerificationDocument, Failure> {
    check(data, ledger, &mut |_| {})
}

/// Checks one ledger, from its first byte to its last.
fn check(
    data: &Path,
    ledger: &str,
    progress: &mut dyn FnMut(u64),
) -> Result<VerificationDocument, Failure> {
    let failed = |error: &OpenError| {
        Failure::caused(
            Exit::Other,
            format!("read the log of ledger \"{ledger}\""),
            error,
        )
    };
    let mut document = VerificationDocument {
        ledger: ledger.to_owned(),
        records: 0,
        head_hash: String::new(),
        first_bad_position: None,
        problem: None,
        file: None,
        interrupted_bytes: None,
    };
    let mut scanner = match Scanner::open(data, ledger) {
        Ok(scanner) => scanner,
        Err(error) if error.is_integrity_failure() => {
            return Ok(damaged(document, 0, &error, file_of(&error)));
        }
        Err(error) => return Err(failed(&error)),
    };
    let known: Vec<KnownPoint> = scanner
        .marker()
        .map(|marker| KnownPoint {
            position: marker.position,
            record_hash: marker.record_hash,
        })
        .into_iter()
        .collect();
    let mut verifier = Verifier::new(ledger, LogKind::SingleWriter, &known);
    let mut entries: u64 = 0;
    loop {
        let next = match scanner.next_entry() {
            Ok(next) => next,
            Err(error) if error.is_integrity_failure() => {
                so_far(&mut document, &verifier);
                let position = verifier.chain().next_position().0;
                return Ok(damaged(document, position, &error, file_of(&error)));
            }
            Err(error) => return Err(failed(&error)),
        };
        let Some(entry) = next else { break };
        if let Err(bad) = verifier.push(entry.bytes) {
            let place = format!("{} at byte {}", entry.file.display(), entry.byte);
            so_far(&mut document, &verifier);
            return Ok(damaged(document, bad.position.0, &bad, Some(place)));
        }
        entries = entries.saturating_add(1);
        if entries.is_multiple_of(PROGRESS_ENTRIES) {
            progress(entries);
        }
    }
    so_far(&mut document, &verifier);
    let torn = scanner.end().and_then(|end| end.torn.as_ref());
    document.interrupted_bytes = torn.map(|(_, bytes)| *bytes);
    match verifier.finish() {
        Ok(_) => Ok(document),
        Err(bad) => Ok(damaged(document, bad.position.0, &bad, None)),
    }
}

/// Notes what is sound.
fn so_far(document: &mut VerificationDocument, verifier: &Verifier) {
    document.records = verifier.chain().next_position().0;
    document.head_hash = verifier.chain().head_hash().to_string();
}

fn damaged(
    mut document: VerificationDocument,
    position: u64,
    error: &(dyn std::error::Error + 'static),
    file: Option<String>,
) -> VerificationDocument {
    document.first_bad_position = Some(position);
    document.problem = Some(error_chain(error).to_string());
    document.file = file;
    document
}

fn file_of(error: &OpenError) -> Option<String> {
    match error {
        OpenError::Damaged { file, .. } => Some(file.display().to_string()),
        OpenError::LostHistory { directory, .. } => Some(directory.display().to_string()),
        OpenError::LedgerId(_)
        | OpenError::Options(_)
        | OpenError::NotFound { .. }
        | OpenError::Exists { .. }
        | OpenError::Io { .. } => None,
    }
}

async fn online(session: &Session) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let request = VerifyLedgerRequest {
        ledger_id: ledger_id.clone(),
        to_position: None,
    };
    let answer = session.connection.audit().verify_ledger(request).await;
    let mut stream = session.answered("verify the ledger", answer)?;
    let mut progress: Option<Progress> = None;
    loop {
        let message = stream.message().await.map_err(|status| {
            let address = session.connection.address();
            let error = perennial_client::ClientError::from_status(address, status);
            Failure::from_client("verify the ledger", &error)
        })?;
        match message.map(|message| message.message) {
            Some(Some(Message::Progress(so_far))) => progress
                .get_or_insert_with(|| {
                    Progress::begin(&session.console, "records checked", so_far.total_records)
                })
                .set(so_far.checked_records),
            Some(Some(Message::Result(result))) => {
                if let Some(progress) = progress.take() {
                    progress.end();
                }
                let given = |text: String| (!text.is_empty()).then_some(text);
                let document = VerificationDocument {
                    ledger: ledger_id,
                    records: result.checked_records,
                    head_hash: hex(&result.head_hash),
                    first_bad_position: result.first_bad_position,
                    problem: given(result.problem),
                    file: given(result.file),
                    interrupted_bytes: None,
                };
                print(session, &document)?;
                return match document.first_bad_position {
                    None => Ok(()),
                    Some(_) => Err(Failure::printed(Exit::VerificationFailed)),
                };
            }
            Some(None) => {}
            None => {
                return Err(Failure::new(
                    Exit::Unavailable,
                    "the verification ended without a result",
                ));
            }
        }
    }
}

fn print(session: &Session, document: &VerificationDocument) -> Result<(), Failure> {
    print_as(
        session,
        document,
        session.console.format_or(OutputFormat::Json),
    )
}

/// Prints what was found in one ledger.
///
/// # Errors
/// If nobody reads it any more.
pub(crate) fn print_as(
    session: &Session,
    document: &VerificationDocument,
    format: OutputFormat,
) -> Result<(), Failure> {
    match format {
        OutputFormat::Json | OutputFormat::Ndjson => session.console.json(document),
        OutputFormat::Table | OutputFormat::Csv => {
            let (ledger, records) = (&document.ledger, document.records);
            let text = match (document.first_bad_position, &document.problem) {
                (None, _) => format!(
                    "{ledger}: {records} records hold, head hash {}",
                    document.head_hash
                ),
                (Some(position), problem) => {
                    let problem = problem.as_deref().unwrap_or_default();
                    format!("{ledger}: FAILED at position {position}: {problem}")
                }
            };
            session.console.data(&text)
        }
    }
}
