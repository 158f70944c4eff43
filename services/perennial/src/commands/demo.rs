//! `perennial demo`: everything on a small sample, on a fresh data directory.
//!
//! The sample is in `demo/` of this package: what is submitted, word for word.

use std::path::{Path, PathBuf};

use clap::Args;
use perennial_client::{ClientError, RetryPolicy};
use perennial_export::cell::Cell;
use perennial_transport::listen::Listener;
use perennial_transport::process;
use perennial_wire::pb::admin::{CreateLedgerRequest, LedgerPolicy, Profile};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::report::{Question, ViewName};
use super::{serve, verify};
use crate::cli::{OutputFormat, Shared};
use crate::failure::{Exit, Failure};
use crate::node::{self, NodeConfig, NodeError};
use crate::session::Session;
use crate::submission::{SubmissionSchema, ledger_request_id};

const LEDGER: &str = "demo";

macro_rules! steps {
    ($($file:literal: $story:literal;)*) => {
        &[$(Step { story: $story, text: include_str!(concat!("../../demo/", $file, ".json")) }),*]
    };
}

/// One submission, with what it is about.
struct Step {
    story: &'static str,
    text: &'static str,
}

/// In order; the ledger records each at the position that is its number here, counted from 1.
const RECORDED: &[Step] = steps! {
    "01-pledges": "Two donors pledge: 12 million USD until 2029, 6 million EUR until 2026";
    "02-northland": "Northland signs 9 of its 12 million: six years, three pillars, three countries";
    "03-westmark": "Westmark signs all that it pledged";
    "04-eastlake": "Eastlake signs one year of water for Sudan";
    "05-tranches": "Northland's first two instalments are scheduled";
    "06-receipts": "Money arrives from all three";
    "07-partner": "The fund signs with Horizon, which does the work";
    "08-first-payment": "Horizon gets its first instalment";
    "09-wrong-payment": "Horizon gets its second one, booked as 450,000";
    "10-reallocation": "Northland moves 300,000 from shelter in 2028 to peace in 2027";
    "11-extension": "Horizon gets half a year more, at no cost";
    "12-expenditure": "Horizon reports what it spent";
    "13-donor-cut": "Westmark cuts 400,000 EUR of 2026";
    "14-correction": "The second instalment was 540,000: the wrong entry is reversed, the right one booked";
};

/// What the ledger refuses.
const TOO_MUCH: Step = Step {
    story: "Somebody tries to pay Horizon 5 million, more than is left",
    text: include_str!("../../demo/15-too-much.json"),
};

/// The position before the correction.
const BEFORE_CORRECTION: u64 = 13;

/// Shows everything on a small sample.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial demo
  perennial demo --keep                       and serve the sample, for questions of your own
  perennial demo --keep --data ./demo-data    and keep its files
")]
pub struct Arguments {
    /// Serve the sample afterwards, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// A directory that does not exist yet, or is empty; by default one that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Arguments {
    /// Whether the sample is served until Ctrl-C.
    pub const fn keeps(&self) -> bool {
        self.keep
    }
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let settings = perennial_observe::LogSettings {
        filter: "warn".to_owned(),
        ..Default::default()
    };
    perennial_observe::install(&settings)
        .map_err(|error| Failure::caused(Exit::Other, "write log lines", &error))?;
    let folder = Folder::make(arguments.data)?;
    let served = Served::start(session, folder.path()).await?;
    let shown = show(&served.session).await;
    served.end().await?;
    shown?;
    verify_offline(session, folder.path())?;
    if arguments.keep {
        return keep(session, folder.path()).await;
    }
    try_next(session, &folder);
    Ok(())
}

/// The demonstration's data directory.
enum Folder {
    /// Removed at the end.
    Fresh(TempDir),
    /// Kept.
    Named(PathBuf),
}

impl Folder {
    fn make(named: Option<PathBuf>) -> Result<Self, Failure> {
        let failed =
            |error: &std::io::Error| Failure::caused(Exit::Other, "make a data directory", error);
        let Some(path) = named else {
            let made = TempDir::with_prefix("perennial-demo-");
            return made.map(Self::Fresh).map_err(|error| failed(&error));
        };
        std::fs::create_dir_all(&path).map_err(|error| failed(&error))?;
        let mut entries = std::fs::read_dir(&path).map_err(|error| failed(&error))?;
        if entries.next().is_some() {
            return Err(
                Failure::new(Exit::Usage, format!("{} is not empty", path.display()))
                    .because("the demonstration begins with a fresh ledger"),
            );
        }
        Ok(Self::Named(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Fresh(folder) => folder.path(),
            Self::Named(path) => path,
        }
    }
}

/// All services, running within this process.
struct Served {
    session: Session,
    stop: CancellationToken,
    running: JoinHandle<Result<(), NodeError>>,
}

impl Served {
    async fn start(session: &Session, data: &Path) -> Result<Self, Failure> {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), false).await;
        let listener = listener.map_err(|error| Failure::caused(Exit::Other, "listen", &error))?;
        let address = listener.address().to_string();
        let stop = CancellationToken::new();
        let config = NodeConfig::new(data.to_owned());
        let (ready, waiting) = oneshot::channel();
        let stopping = stop.clone();
        let running = tokio::spawn(async move {
            // Where nobody waits any more, nobody needs to be told.
            node::run(config, listener, stopping, || {
                ready.send(()).unwrap_or_default();
            })
            .await
        });
        if waiting.await.is_err() {
            let ended = running
                .await
                .map_err(|error| Failure::caused(Exit::Other, "serve", &error))?;
            return Err(ended.map_or_else(
                |error| serve::ended(&error),
                |()| Failure::new(Exit::Other, "the services ended before they were ready"),
            ));
        }
        let shared = Shared {
            server: Some(address),
            ledger: Some(LEDGER.to_owned()),
            ..session.shared.clone()
        };
        let session = Session::open(shared, &session.console)?;
        Ok(Self {
            session,
            stop,
            running,
        })
    }

    async fn end(self) -> Result<(), Failure> {
        // Connections are closed first, so that nothing keeps the services from ending.
        drop(self.session);
        self.stop.cancel();
        let ended = self.running.await;
        let ended =
            ended.map_err(|error| Failure::caused(Exit::Other, "stop the services", &error))?;
        ended.map_err(|error| serve::ended(&error))
    }
}

fn title(session: &Session, text: &str) -> Result<(), Failure> {
    session.console.data("")?;
    session.console.data(&format!("\u{1b}[1m{text}\u{1b}[0m"))
}

async fn show(session: &Session) -> Result<(), Failure> {
    title(session, "A strict ledger, and what happened in it")?;
    create_ledger(session).await?;
    let schema = SubmissionSchema::built_in()
        .map_err(|error| Failure::caused(Exit::Other, "read the sample", &error))?;
    for step in RECORDED {
        let position = submit(session, &schema, step).await?;
        session
            .console
            .data(&format!("{position:>4}  {}", step.story))?;
    }
    refused(session, &schema).await?;
    tables(session).await?;
    as_of(session).await
}

async fn create_ledger(session: &Session) -> Result<(), Failure> {
    let request = CreateLedgerRequest {
        request_id: ledger_request_id("create", LEDGER, &["demo"]),
        ledger_id: LEDGER.to_owned(),
        profile: Profile::Strict.into(),
        policy: Some(LedgerPolicy {
            functional_currency: "USD".to_owned(),
            ..LedgerPolicy::default()
        }),
    };
    let answer = session
        .connection
        .ledger_admin()
        .create_ledger(request)
        .await;
    session.answered("make the ledger", answer)?;
    session
        .console
        .data("   0  The ledger \"demo\" is made: it refuses what breaks a rule")
}

async fn submit(session: &Session, schema: &SubmissionSchema, step: &Step) -> Result<u64, Failure> {
    match try_submit(session, schema, step).await? {
        Ok(position) => Ok(position),
        Err(error) => Err(Failure::from_client(step.story, &error)),
    }
}

async fn try_submit(
    session: &Session,
    schema: &SubmissionSchema,
    step: &Step,
) -> Result<Result<u64, ClientError>, Failure> {
    let decoded = schema
        .decode(step.text, LEDGER)
        .map_err(|violations| Failure::from_violations(step.story, &violations))?;
    let client = session.ledger_client(RetryPolicy::WRITE);
    let mut position = 0;
    for one in decoded {
        match client.submit(&one.submission).await {
            Ok(answer) => position = answer.position.unwrap_or_default(),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(position))
}

/// Shows the refusal with its figures.
async fn refused(session: &Session, schema: &SubmissionSchema) -> Result<(), Failure> {
    session
        .console
        .data(&format!("      {}:", TOO_MUCH.story))?;
    match try_submit(session, schema, &TOO_MUCH).await? {
        Ok(_) => Err(Failure::new(
            Exit::Other,
            "the ledger recorded a payment above its commitment",
        )),
        Err(error) => {
            let Some(answer) = error.answer().filter(|answer| !answer.rules.is_empty()) else {
                return Err(Failure::from_client(TOO_MUCH.story, &error));
            };
            for rule in &answer.rules {
                session.console.data(&format!(
                    "      refused, {}: {}",
                    rule.reason, rule.description
                ))?;
            }
            Ok(())
        }
    }
}

async fn tables(session: &Session) -> Result<(), Failure> {
    title(session, "Multi-year funding (perennial report multi-year)")?;
    Question::of(ViewName::MultiYear)
        .print_rows(session, LEDGER)
        .await?;
    title(
        session,
        "By year and pillar (perennial report nexus --group-by year,pillar)",
    )?;
    Question::of(ViewName::Nexus)
        .group_by(&["year", "pillar"])
        .print_rows(session, LEDGER)
        .await?;
    title(
        session,
        "Pledges beside what became of them (perennial report pledges)",
    )?;
    Question::of(ViewName::Pledges)
        .print_rows(session, LEDGER)
        .await
}

/// One question, whose answer depends on when it is asked.
async fn as_of(session: &Session) -> Result<(), Failure> {
    title(
        session,
        "What have donors committed for 2027? It depends on the day that is asked about:",
    )?;
    for on in ["2024-12-31", "2025-06-30"] {
        session
            .console
            .data(&format!("as true on {on} (--effective-as-of {on})"))?;
        let question = Question::of(ViewName::Nexus).group_by(&["year", "pillar"]);
        question
            .filter("year = \"2027\" AND direction = incoming")
            .effective_as_of(on)?
            .print_rows(session, LEDGER)
            .await?;
    }
    title(
        session,
        "What had Horizon been paid by the end of 2024? It depends on what was known:",
    )?;
    for position in [BEFORE_CORRECTION, BEFORE_CORRECTION.saturating_add(1)] {
        let question = Question::of(ViewName::Agreement).agreement("horizon-2024");
        let question = question
            .effective_as_of("2024-12-31")?
            .at_position(position);
        let listing = question.ask(session, LEDGER).await?;
        let paid = listing
            .rows
            .first()
            .map_or(Cell::Nothing, |row| row.at("disbursed").clone());
        session.console.data(&format!(
            "as known at position {position} (--at-position {position}): {} USD",
            paid.plain()
        ))?;
    }
    Ok(())
}

fn verify_offline(session: &Session, data: &Path) -> Result<(), Failure> {
    title(
        session,
        "The services are stopped. The log alone, checked byte by byte (perennial verify --data):",
    )?;
    let checked = verify::check_quietly(data, LEDGER)?;
    verify::print_as(session, &checked, OutputFormat::Table)?;
    match checked.first_bad_position {
        None => Ok(()),
        Some(_) => Err(Failure::printed(Exit::VerificationFailed)),
    }
}

fn try_next(session: &Session, folder: &Folder) {
    let say = |text: &str| session.console.say(text);
    say("");
    say("try next:");
    say(
        "  perennial demo --keep                                  serve this sample and ask your own questions",
    );
    say("  perennial submit --example sign-agreement              what a submission looks like");
    let data = match folder {
        Folder::Fresh(_) => "./perennial-data".to_owned(),
        Folder::Named(path) => path.display().to_string(),
    };
    say(&format!("  perennial serve --data {data}"));
}

/// Serves the sample until Ctrl-C or SIGTERM.
async fn keep(session: &Session, data: &Path) -> Result<(), Failure> {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), false).await;
    let listener = listener.map_err(|error| Failure::caused(Exit::Other, "listen", &error))?;
    let address = listener.address();
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    let config = NodeConfig::new(data.to_owned());
    session.console.say("");
    session.console.say(&format!(
        "try next, while this runs (data in {}):",
        data.display()
    ));
    for text in [
        "report nexus --group-by pillar",
        "report timeline horizon-2024",
        "events tail --from 0",
        "replay",
    ] {
        session
            .console
            .say(&format!("  perennial {text} --server {address}"));
    }
    let ran = node::run(config, listener, stop, || process::ready(address)).await;
    ran.map_err(|error| serve::ended(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_well_formed_and_each_step_is_one_submission() {
        let schema = SubmissionSchema::built_in().unwrap();
        let limits = perennial_wire::request::Limits::default();
        for step in RECORDED.iter().chain([&TOO_MUCH]) {
            let decoded = schema.decode(step.text, LEDGER).unwrap();
            assert_eq!(decoded.len(), 1, "{}", step.story);
            let checked = perennial_wire::request::submit(decoded[0].submission.clone(), &limits);
            assert!(checked.is_ok(), "{}: {:?}", step.story, checked.err());
        }
    }
}
