//! The server that is measured: a process of its own, unless one is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use perennial_wire::pb::admin::{CreateLedgerRequest, GetStatusRequest, LedgerStatus, Profile};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Setting;
use crate::cli::Shared;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::ledger_request_id;

/// Ticks of `/proc/PID/stat` per second, on every Linux that matters.
const TICKS_PER_SECOND: u64 = 100;
/// The ledger of the own server.
const LEDGER: &str = "bench";

/// A server to be measured.
pub(super) struct Server {
    /// A session with it.
    pub(super) session: Session,
    /// The ledger that is measured.
    pub(super) ledger_id: String,
    own: Option<Own>,
}

/// A server of our own.
struct Own {
    child: Child,
    folder: TempDir,
    added_flush_ms: u64,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Processor time.
    pub(super) cpu: Duration,
    /// Resident memory in bytes.
    pub(super) rss: u64,
}

impl Server {
    /// Starts a server with an empty strict ledger, or takes the one that is named with --server and --ledger.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) async fn start(session: &Session, setting: &Setting) -> Result<Self, Failure> {
        if session.shared.server.is_some() {
            let ledger_id = session.ledger_id().await?;
            return Ok(Self {
                session: session.clone(),
                ledger_id,
                own: None,
            });
        }
        let folder = match &setting.data {
            Some(data) => {
                fs::create_dir_all(data).map_err(|error| failed("make --data", &error))?;
                TempDir::with_prefix_in("perennial-bench-", data)
            }
            None => TempDir::with_prefix("perennial-bench-"),
        };
        let folder = folder.map_err(|error| failed("make a data directory", &error))?;
        let (child, address) = spawn(folder.path(), setting.added_flush_ms).await?;
        let shared = Shared {
            server: Some(address),
            ..session.shared.clone()
        };
        let session = Session::open(shared, &session.console)?;
        let own = Own {
            child,
            folder,
            added_flush_ms: setting.added_flush_ms,
        };
        let server = Self {
            session,
            ledger_id: LEDGER.to_owned(),
            own: Some(own),
        };
        server.create_ledger().await?;
        Ok(server)
    }

    async fn create_ledger(&self) -> Result<(), Failure> {
        let request = CreateLedgerRequest {
            request_id: ledger_request_id("create", LEDGER, &["bench"]),
            ledger_id: LEDGER.to_owned(),
            profile: Profile::Strict.into(),
            policy: None,
        };
        let answer = self
            .session
            .connection
            .ledger_admin()
            .create_ledger(request)
            .await;
        self.session.answered("make the ledger", answer).map(drop)
    }

    /// The own server's data directory; nothing if the server is not ours.
    pub(super) fn data(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.folder.path())
    }

    /// What the own server has used; nothing if the server is not ours.
    pub(super) fn usage(&self) -> Option<Usage> {
        usage(self.own.as_ref()?.child.id()?)
    }

    /// What the write side says of the ledger.
    ///
    /// # Errors
    /// As it answers.
    pub(super) async fn status(&self) -> Result<LedgerStatus, Failure> {
        let answer = self
            .session
            .connection
            .node()
            .get_status(GetStatusRequest {})
            .await;
        let ledgers = self.session.answered("ask for the status", answer)?.ledgers;
        let mut ledgers = ledgers.into_iter();
        ledgers
            .find(|ledger| ledger.ledger_id == self.ledger_id)
            .ok_or_else(|| Failure::new(Exit::Other, "the server's status lacks the ledger"))
    }

    /// Stops the own server in order and starts it again. Returns how long it took to accept writes; nothing if the
    /// server is not ours. `between` is given the data directory while nothing runs.
    ///
    /// # Errors
    /// If it does not start again.
    #[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
    pub(super) async fn restart(
        &mut self,
        between: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<Option<Duration>, Failure> {
        let Some(own) = &mut self.own else {
            return Ok(None);
        };
        stop(&mut own.child).await?;
        between(own.folder.path())?;
        let begun = Instant::now();
        let (child, address) = spawn(own.folder.path(), own.added_flush_ms).await?;
        let took = begun.elapsed();
        own.child = child;
        let shared = Shared {
            server: Some(address),
            ..self.session.shared.clone()
        };
        self.session = Session::open(shared, &self.session.console)?;
        Ok(Some(took))
    }

    /// Stops the own server in order.
    ///
    /// # Errors
    /// If it does not end.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        match &mut self.own {
            Some(own) => stop(&mut own.child).await,
            None => Ok(()),
        }
    }
}

fn failed(doing: &str, error: &std::io::Error) -> Failure {
    Failure::caused(Exit::Other, doing, error)
}

/// Starts this very program as a server and waits until it accepts writes.
async fn spawn(data: &Path, added_flush_ms: u64) -> Result<(Child, String), Failure> {
    let program: PathBuf =
        std::env::current_exe().map_err(|error| failed("find this program", &error))?;
    let mut child = Command::new(program)
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--listen", "127.0.0.1:0", "--log-filter", "warn"])
        .args(["--added-flush-ms", &added_flush_ms.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed("start a server", &error))?;
    let stdout = child.stdout.take();
    let mut lines = stdout.map(|stdout| BufReader::new(stdout).lines());
    while let Some(lines) = &mut lines {
        let line = lines
            .next_line()
            .await
            .map_err(|error| failed("read from the server", &error))?;
        let Some(line) = line else { break };
        if let Some(address) = line.strip_prefix("ready grpc=") {
            return Ok((child, address.to_owned()));
        }
    }
    Err(Failure::new(
        Exit::Other,
        "the server ended before it was ready",
    ))
}

async fn stop(child: &mut Child) -> Result<(), Failure> {
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        kill_process(pid, Signal::TERM)
            .map_err(|error| failed("stop the server", &error.into()))?;
    }
    child
        .wait()
        .await
        .map(drop)
        .map_err(|error| failed("wait for the server", &error))
}

fn usage(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold blanks.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = kib.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(Usage {
        cpu: Duration::from_millis(ticks.saturating_mul(1_000 / TICKS_PER_SECOND)),
        rss: kib.saturating_mul(1024),
    })
}
