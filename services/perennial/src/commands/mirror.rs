//! `perennial mirror`: a live copy of ledgers in segment files elsewhere.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use perennial_app::ports::ledgers::{LedgerLogs, ReadableLedger};
use perennial_export::answers::LogCopyDocument;
use perennial_log_engine::{Engine, KafkaAccess, Place};
use perennial_log_file::Options;
use perennial_log_kafka::{KafkaCluster, KafkaLogs};
use perennial_log_remote::RemoteLogs;
use perennial_transport::process;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ledger;
use crate::cli::DEFAULT_SERVER;
use crate::copying::{self, Copying};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// Between two attempts to read a log that cannot be read just now.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Keeps a live copy of ledgers.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial mirror --to /backup/perennial                      of the server at 127.0.0.1:7410, until Ctrl-C
  perennial mirror --to /backup/perennial --once               what is there now, for a nightly job
  perennial mirror --to ./copy --from kafka://127.0.0.1:9092/perennial

The copy holds the same records, byte for byte, in segment files. To restore: stop the mirror, then
`perennial verify --data DIR` and `perennial serve --data DIR`. Nothing may be written to the copy while it is one.
Ledgers made later are copied as they appear. Ctrl-C and SIGTERM close the copy in order; it goes on where it stood.
")]
pub struct Arguments {
    /// The directory of the copy; made where there is none.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Read the logs from Kafka, kafka://BROKER:PORT,BROKER:PORT/PREFIX, instead of from the server.
    #[arg(long, value_name = "URL", conflicts_with = "once")]
    from: Option<String>,
    /// Copy what the server holds now, and end.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    kafka: KafkaAccess,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    if session.shared.dry_run {
        return Err(Failure::new(Exit::Usage, "a mirror cannot be tried")
            .hint("mirror to an empty directory, which can be thrown away"));
    }
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    let awaited = if arguments.once {
        Some(heads(session).await?)
    } else {
        None
    };
    let logs = source(session, &arguments, &stop)?;
    let place = Place::Files(arguments.to);
    let holder = format!("perennial mirror, process {}", std::process::id());
    let into = Engine::open(&place, &holder, Options::default())
        .map_err(|error| copying::not_reached(&place, &error))?;
    let mirror = Mirror {
        session: session.clone(),
        into,
        stop,
    };
    match awaited {
        Some(heads) => mirror.once(&*logs, heads).await,
        None => mirror.follow(&*logs).await,
    }
}

/// The logs that are copied.
fn source(
    session: &Session,
    arguments: &Arguments,
    stop: &CancellationToken,
) -> Result<Arc<dyn LedgerLogs>, Failure> {
    let Some(url) = &arguments.from else {
        let server = session.shared.server.as_deref().unwrap_or(DEFAULT_SERVER);
        let logs = RemoteLogs::start(server, stop.clone())
            .map_err(|error| Failure::caused(Exit::Usage, "use --server", &error))?;
        return Ok(logs);
    };
    let settings = arguments.kafka.settings(url);
    let settings = settings
        .map_err(|error| Failure::caused(Exit::Usage, format!("use --from {url}"), &error))?;
    let cluster = KafkaCluster::connect(settings)
        .map_err(|error| Failure::caused(Exit::Unavailable, format!("use {url}"), &error))?;
    Ok(KafkaLogs::start(cluster, stop.clone()))
}

/// The ledgers of the server with how many records each holds now.
async fn heads(session: &Session) -> Result<Vec<(String, u64)>, Failure> {
    let asked = session.shared.ledger.as_deref();
    let mut heads = Vec::new();
    for ledger in ledger::every(session).await? {
        if asked.is_some_and(|asked| asked != ledger.ledger_id) {
            continue;
        }
        if let Some(problem) = ledger.problem {
            return Err(Failure::new(
                Exit::Unavailable,
                format!("ledger \"{}\" is not served", ledger.ledger_id),
            )
            .because(problem)
            .hint("name the others one by one with --ledger"));
        }
        heads.push((ledger.ledger_id, ledger.head_position.saturating_add(1)));
    }
    match (asked, heads.as_slice()) {
        (Some(asked), []) => Err(Failure::new(
            Exit::NotFound,
            format!("the server has no ledger \"{asked}\""),
        )),
        _ => Ok(heads),
    }
}

/// One run of the command.
#[derive(Clone)]
struct Mirror {
    session: Session,
    into: Engine,
    stop: CancellationToken,
}

impl Mirror {
    fn wants(&self, ledger_id: &str) -> bool {
        let asked = self.session.shared.ledger.as_deref();
        asked.is_none_or(|asked| asked == ledger_id)
    }

    /// Copies each ledger up to the records that are awaited of it.
    async fn once(self, logs: &dyn LedgerLogs, heads: Vec<(String, u64)>) -> Result<(), Failure> {
        let mut ledgers = logs.ledgers();
        for (ledger_id, records) in heads {
            let is_there = ledgers.wait_for(|all| {
                let mut all = all.iter();
                all.any(|ledger| ledger.ledger_id.as_str() == ledger_id)
            });
            let found = tokio::select! {
                found = is_there => found.ok().and_then(|all| {
                    let mut all = all.iter();
                    all.find(|ledger| ledger.ledger_id.as_str() == ledger_id).cloned()
                }),
                () = self.stop.cancelled() => None,
            };
            let Some(ledger) = found else {
                return Err(Failure::interrupted());
            };
            let document = self.clone().copy(ledger, Some(records)).await?;
            copying::print(&self.session.console, &document)?;
            if document.records < records {
                return Err(
                    Failure::interrupted().hint("the same command again goes on from there")
                );
            }
        }
        Ok(())
    }

    /// Copies ledgers as they appear, until a stop or the first copy that cannot go on.
    async fn follow(self, logs: &dyn LedgerLogs) -> Result<(), Failure> {
        let mut ledgers = logs.ledgers();
        let (mut begun, mut copies) = (BTreeSet::new(), JoinSet::new());
        let mut ended = Ok(());
        while ended.is_ok() && !self.stop.is_cancelled() {
            for ledger in ledgers.borrow_and_update().iter() {
                let ledger_id = ledger.ledger_id.as_str();
                if self.wants(ledger_id) && begun.insert(ledger_id.to_owned()) {
                    copies.spawn(self.clone().copy(ledger.clone(), None));
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                changed = ledgers.changed() => if changed.is_err() { self.stop.cancel(); },
                Some(copy) = copies.join_next() => ended = self.ended(copy),
            }
        }
        self.stop.cancel();
        while let Some(copy) = copies.join_next().await {
            ended = ended.and(self.ended(copy));
        }
        ended
    }

    fn ended(
        &self,
        copy: Result<Result<LogCopyDocument, Failure>, tokio::task::JoinError>,
    ) -> Result<(), Failure> {
        let copy = copy.map_err(|error| Failure::caused(Exit::Other, "copy a ledger", &error))?;
        copying::print(&self.session.console, &copy?)
    }

    /// Copies one ledger until a stop, or until the copy has as many records as are awaited.
    async fn copy(
        self,
        ledger: ReadableLedger,
        awaited: Option<u64>,
    ) -> Result<LogCopyDocument, Failure> {
        let mut end = ledger.log.durable_end();
        let name = ledger.ledger_id.to_string();
        let (from, into, id) = (Arc::clone(&ledger.log), self.into.clone(), name.clone());
        let mut copy = blocking(move || Copying::begin(&id, &*from, &into)).await??;
        let mut first = true;
        loop {
            end.mark_unchanged();
            let (mirror, is_long) = (self.clone(), first);
            let (returned, copied) = blocking(move || {
                let copied = mirror.catch_up(&mut copy, is_long);
                (copy, copied)
            })
            .await?;
            copy = returned;
            match copied {
                Ok(copied) if awaited.is_some_and(|awaited| awaited <= copied.records) => break,
                Ok(copied) => {
                    if first && awaited.is_none() && !self.stop.is_cancelled() {
                        let records = copied.records;
                        let said = format!("{name}: {records} records are copied; following");
                        self.session.console.say(&said);
                        first = false;
                    }
                    tokio::select! {
                        () = self.stop.cancelled() => break,
                        changed = end.changed() => if changed.is_err() { break },
                    }
                }
                Err(_) if self.stop.is_cancelled() => break,
                Err(error) if error.may_pass() => tokio::select! {
                    () = self.stop.cancelled() => break,
                    () = tokio::time::sleep(AGAIN_AFTER) => {}
                },
                Err(error) => {
                    // What the copy holds is whole: it is closed in order all the same.
                    drop(blocking(move || copy.close()).await);
                    return Err(copying::broke_off(&name, &error));
                }
            }
        }
        blocking(move || copy.close()).await?
    }

    fn catch_up(
        &self,
        copy: &mut Copying,
        is_long: bool,
    ) -> Result<perennial_app::copying::Copied, perennial_app::copying::CopyError> {
        let mut progress =
            is_long.then(|| Progress::begin(&self.session.console, "records copied", 0));
        let copied = copy.catch_up(&mut |records| {
            if let Some(progress) = &mut progress {
                progress.set(records);
            }
            if self.stop.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if let Some(progress) = progress {
            progress.end();
        }
        copied
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::caused(Exit::Other, "copy a ledger", &error))
}
