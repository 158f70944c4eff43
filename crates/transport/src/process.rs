//! What the main function of every service does: log lines, signals, the ready line, the exit code.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use perennial_observe::{LogFormat, LogSettings};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What one thread decodes another folds and frees, which makes threads wait for each other in the system's
/// allocator: opening a ledger by replay took 1.6 times as long with it (ADR-0020).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How a service writes its log lines; flattened into each service's arguments.
#[derive(Clone, Debug, clap::Args)]
pub struct LogArguments {
    /// Which log lines are written to stderr: a level, or targets with levels.
    #[arg(
        long,
        env = "PERENNIAL_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log_filter: String,
    /// `human` or `json`.
    #[arg(
        long,
        env = "PERENNIAL_LOG_FORMAT",
        default_value = "human",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

impl LogArguments {
    /// Starts writing log lines for the whole process.
    ///
    /// # Errors
    /// If the filter is none, or log lines are written already.
    pub fn start(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let settings = LogSettings {
            format: self.log_format,
            filter: self.log_filter.clone(),
        };
        Ok(perennial_observe::install(&settings)?)
    }
}

/// Cancels `stop` on SIGTERM or Ctrl-C.
///
/// # Errors
/// If the signals cannot be listened for.
pub fn stop_on_signals(stop: &CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open calls may end, nothing new is accepted");
        stop.cancel();
    });
    Ok(())
}

/// Prints `ready grpc=ADDR`, the one line that a starter waits for.
pub fn ready(address: SocketAddr) {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "ready grpc={address}").and_then(|()| stdout.flush());
    if let Err(error) = written {
        tracing::warn!(%error, "nobody reads the ready line");
    }
}

/// Prints an error with its causes on stderr and returns the process's exit code.
pub fn exit_code(result: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let chain = perennial_observe::error_chain(&*error).to_string();
            if writeln!(std::io::stderr().lock(), "error: {chain}").is_err() {
                tracing::error!(error = chain, "the service ended with an error");
            }
            ExitCode::FAILURE
        }
    }
}
