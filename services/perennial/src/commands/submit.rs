//! `perennial submit FILE`: records commands, once, however often the same file is submitted.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use perennial_client::{ClientError, RetryPolicy};
use perennial_export::answers::{
    EventDocument, FlagDocument, OverrideDocument, SubmissionDocument,
};
use perennial_wire::pb::ledger::SubmitResponse;
use tokio::signal::unix::{SignalKind, signal};

use super::hex;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::{Decoded, SubmissionSchema, example, example_kinds};
use crate::time::instant_text;

/// The most bytes of input; a service takes 1 MiB per submission.
const INPUT_BYTES_MAX: u64 = 256 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  perennial submit --example disburse > payment.json      what a submission looks like
  perennial submit payment.json --ledger treasury --dry-run
  perennial submit payment.json --ledger treasury
  cat payments.ndjson | perennial submit - --ledger treasury --yes

A file holds one submission, or several one after the other. Amounts are written as \"1000.00 USD\", dates as
\"2027-01-31\". A submission without a request_id gets one from its own text, so the same file books once.
";

/// Records commands from a file.
#[derive(Debug, Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Arguments {
    /// The file, or - for stdin.
    #[arg(required_unless_present = "example")]
    file: Option<PathBuf>,
    /// Print a submission of this kind instead, as in `disburse`.
    #[arg(long, value_name = "KIND", conflicts_with = "file", value_parser = kind)]
    example: Option<String>,
    /// The submission's id, a UUID; by default it is derived from the submission's text.
    #[arg(long, value_name = "UUID", conflicts_with = "example")]
    request_id: Option<String>,
}

/// Knows a kind of command by its name in any usual spelling.
fn kind(text: &str) -> Result<String, String> {
    example_kinds()
        .find(|kind| kind.replace('-', "") == text.to_lowercase().replace(['-', '_'], ""))
        .map(str::to_owned)
        .ok_or_else(|| {
            format!(
                "there are {}",
                example_kinds().collect::<Vec<_>>().join(", ")
            )
        })
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    if let Some(text) = arguments.example.as_deref().and_then(example) {
        return session.console.data(text.trim_end());
    }
    let file = arguments.file.unwrap_or_else(|| PathBuf::from("-"));
    let name = file.display().to_string();
    let text = read_input(&file)?;
    let ledger_id = session.ledger_id().await?;
    let schema = SubmissionSchema::built_in()
        .map_err(|error| Failure::caused(Exit::Other, "read the input", &error))?;
    let mut decoded = schema
        .decode(&text, &ledger_id)
        .map_err(|violations| Failure::from_violations(&name, &violations))?;
    if let Some(request_id) = arguments.request_id {
        let [only] = decoded.as_mut_slice() else {
            return Err(
                Failure::new(Exit::Usage, "--request-id names one submission")
                    .because(format!("{name} holds {}", decoded.len())),
            );
        };
        only.submission.request_id = request_id;
    }
    Submitting {
        session,
        name,
        decoded,
    }
    .run()
    .await
}

fn read_input(file: &Path) -> Result<String, Failure> {
    let failed = |error: &std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound {
            Exit::NotFound
        } else if error.kind() == std::io::ErrorKind::InvalidData {
            Exit::Refused
        } else {
            Exit::Other
        };
        Failure::caused(exit, format!("read {}", file.display()), error)
    };
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin()
            .take(INPUT_BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        let opened = std::fs::File::open(file).map_err(|error| failed(&error))?;
        opened.take(INPUT_BYTES_MAX).read_to_string(&mut text)
    };
    let bytes = read.map_err(|error| failed(&error))?;
    if u64::try_from(bytes).is_ok_and(|bytes| INPUT_BYTES_MAX <= bytes) {
        return Err(Failure::new(
            Exit::Refused,
            format!("{} has 256 MiB or more", file.display()),
        )
        .hint("split it: submissions are independent of each other"));
    }
    Ok(text)
}

/// The submissions of one input on their way.
struct Submitting<'s> {
    session: &'s Session,
    /// How the input is named.
    name: String,
    decoded: Vec<Decoded>,
}

impl Submitting<'_> {
    async fn run(&self) -> Result<(), Failure> {
        let console = &self.session.console;
        let asks = console.is_interactive() && !self.session.shared.yes;
        if self.session.shared.dry_run || asks {
            self.preview().await?;
        }
        if self.session.shared.dry_run {
            console.say("nothing is recorded (--dry-run)");
            return Ok(());
        }
        if asks && !console.confirm("record this?") {
            return Err(Failure::new(Exit::Interrupted, "nothing is recorded"));
        }
        let client = self.session.ledger_client(RetryPolicy::WRITE);
        let mut interrupts = signal(SignalKind::interrupt())
            .map_err(|error| Failure::caused(Exit::Other, "listen for Ctrl-C", &error))?;
        let mut recorded: usize = 0;
        for decoded in &self.decoded {
            // Ctrl-C ends between two submissions: the one on its way is answered first.
            let mut submitting = std::pin::pin!(client.submit(&decoded.submission));
            let (answer, stop) = tokio::select! {
                answer = &mut submitting => (answer, false),
                _ = interrupts.recv() => (submitting.await, true),
            };
            let answer = answer.map_err(|error| self.failure(decoded, &error, recorded))?;
            recorded = recorded.saturating_add(1);
            print(
                self.session,
                &document(&decoded.submission.request_id, answer),
            )?;
            if stop && recorded < self.decoded.len() {
                let rest = self.decoded.len().saturating_sub(recorded);
                return Err(Failure::interrupted()
                    .because(format!(
                        "{recorded} submissions are recorded, {rest} are not"
                    ))
                    .hint(format!(
                        "{} goes on: what is recorded is not recorded twice",
                        self.retry(None)
                    )));
            }
        }
        Ok(())
    }

    /// Shows what would be recorded. Later submissions of one input may build on earlier ones, which are not
    /// recorded yet, so only a single one can be judged beforehand.
    async fn preview(&self) -> Result<(), Failure> {
        let console = &self.session.console;
        let [only] = self.decoded.as_slice() else {
            let commands: usize = self
                .decoded
                .iter()
                .map(|decoded| decoded.submission.commands.len())
                .sum();
            let submissions = self.decoded.len();
            console.say(&format!(
                "{} holds {submissions} submissions with {commands} commands; each is judged after the one before it",
                self.name
            ));
            return Ok(());
        };
        let mut submission = only.submission.clone();
        submission.validate_only = true;
        let client = self.session.ledger_client(RetryPolicy::READ);
        let answer = client.submit(&submission).await.map_err(|error| {
            let doing = "judge the submission (nothing is recorded)";
            Failure::from_client_at(doing, &error, &only.places)
        })?;
        let document = document(&only.submission.request_id, answer);
        if self.session.shared.dry_run {
            return print(self.session, &document);
        }
        console.say(&format!(
            "would record in ledger \"{}\":",
            submission.ledger_id
        ));
        for line in lines(&document) {
            console.say(&line);
        }
        Ok(())
    }

    fn failure(&self, decoded: &Decoded, error: &ClientError, recorded: usize) -> Failure {
        let ledger_id = &decoded.submission.ledger_id;
        let doing = match self.decoded.len() {
            1 => format!("submit to ledger \"{ledger_id}\""),
            count => format!(
                "submission {} of {count} to ledger \"{ledger_id}\" (the {recorded} before it are recorded)",
                recorded.saturating_add(1)
            ),
        };
        let failure = Failure::from_client_at(&doing, error, &decoded.places);
        if error.is_retryable() {
            let id = (self.decoded.len() == 1).then_some(decoded.submission.request_id.as_str());
            return failure.hint(self.retry(id));
        }
        failure
    }

    /// The command that sends the same again.
    fn retry(&self, request_id: Option<&str>) -> String {
        let ledger_id = self
            .decoded
            .first()
            .map_or("", |decoded| decoded.submission.ledger_id.as_str());
        let server = self.session.connection.address();
        let id = request_id
            .map(|id| format!(" --request-id {id}"))
            .unwrap_or_default();
        format!(
            "perennial submit {} --server {server} --ledger {ledger_id}{id} --yes",
            quoted(&self.name)
        )
    }
}

/// A file's name as a shell takes it.
pub(crate) fn quoted(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    if name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

/// An answer as a document.
pub(crate) fn document(request_id: &str, answer: SubmitResponse) -> SubmissionDocument {
    let flags = answer.flags.into_iter().map(|flag| FlagDocument {
        event_index: flag.event_index,
        rule: flag.rule,
        subject: flag.subject,
        figures: flag
            .figures
            .into_iter()
            .map(|figure| (figure.name, figure.value))
            .collect::<BTreeMap<_, _>>(),
        overridden_by: flag.overridden_by.map(|given| OverrideDocument {
            reason: given.reason,
            approver: Some(given.approver).filter(|approver| !approver.is_empty()),
        }),
    });
    let events = answer.events.into_iter().map(|event| EventDocument {
        event_id: event.event_id,
        kind: event.kind,
        stream: event.stream,
        revision: event.revision,
    });
    SubmissionDocument {
        request_id: request_id.to_owned(),
        position: answer.position,
        recorded_at: instant_text(answer.recorded_at.as_ref()),
        record_hash: answer.position.map(|_| hex(&answer.record_hash)),
        events: events.collect(),
        flags: flags.collect(),
        replayed: answer.replayed,
    }
}

/// Prints what a submission recorded.
pub(crate) fn print(session: &Session, document: &SubmissionDocument) -> Result<(), Failure> {
    if session.console.wants_json() {
        return session.console.json(document);
    }
    let head = match (document.position, document.replayed) {
        (None, _) => "would be recorded".to_owned(),
        (Some(position), false) => format!("recorded at position {position}"),
        (Some(position), true) => format!("was recorded before, at position {position}"),
    };
    session
        .console
        .data(&format!("{head}  request_id {}", document.request_id))?;
    lines(document)
        .iter()
        .try_for_each(|line| session.console.data(line))
}

fn lines(document: &SubmissionDocument) -> Vec<String> {
    let events = document.events.iter().map(|event| {
        let id = if event.event_id.is_empty() {
            "-"
        } else {
            event.event_id.as_str()
        };
        format!(
            "  {id:<8} {:<22} {} revision {}",
            event.kind, event.stream, event.revision
        )
    });
    let flags = document.flags.iter().map(|flag| {
        let figures: Vec<String> = flag
            .figures
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let figures = figures.join(", ");
        match &flag.overridden_by {
            None => format!("  flagged  {} {}: {figures}", flag.rule, flag.subject),
            Some(given) => format!(
                "  overridden  {} {}: {figures} ({}; {})",
                flag.rule,
                flag.subject,
                given.reason,
                given.approver.as_deref().map_or_else(
                    || "needs no approver".to_owned(),
                    |approver| format!("approved by {approver}")
                )
            ),
        }
    });
    events.chain(flags).collect()
}

#[cfg(test)]
mod tests {
    use perennial_wire::pb::ledger::{Figure, Flag, Override, SubmitResponse};

    use super::{document, lines, quoted};

    fn flag(rule: &str, overridden_by: Option<Override>) -> Flag {
        Flag {
            event_index: 0,
            rule: rule.to_owned(),
            subject: "agreement/water-2026".to_owned(),
            figures: vec![Figure {
                name: "limit".to_owned(),
                value: "100.00 EUR".to_owned(),
            }],
            overridden_by,
        }
    }

    #[test]
    fn a_flag_that_was_overridden_is_told_from_one_that_the_ledger_only_flags() {
        let permitted = |approver: &str| {
            Some(Override {
                rule: "R10".to_owned(),
                reason: "agreed by letter".to_owned(),
                approver: approver.to_owned(),
            })
        };
        let answer = SubmitResponse {
            flags: vec![
                flag("R10", permitted("A. Keita")),
                flag("R11", permitted("")),
                flag("R12", None),
            ],
            ..SubmitResponse::default()
        };
        let document = document("id", answer);
        assert_eq!(
            lines(&document),
            [
                "  overridden  R10 agreement/water-2026: limit 100.00 EUR (agreed by letter; approved by A. Keita)",
                "  overridden  R11 agreement/water-2026: limit 100.00 EUR (agreed by letter; needs no approver)",
                "  flagged  R12 agreement/water-2026: limit 100.00 EUR",
            ]
        );
        let of = |at: usize| {
            document
                .flags
                .get(at)
                .and_then(|flag| flag.overridden_by.clone())
        };
        let approver = |at: usize| of(at).and_then(|given| given.approver);
        assert_eq!(approver(0).as_deref(), Some("A. Keita"));
        assert_eq!((of(1).is_some(), approver(1)), (true, None));
        assert_eq!(of(2), None);
    }

    #[test]
    fn a_name_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("data/payment-1.json"), "data/payment-1.json");
        assert_eq!(quoted("my file.json"), "'my file.json'");
        assert_eq!(quoted("it's.json"), "'it'\\''s.json'");
    }
}
