//! `perennial serve`: all services in one process.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args};
use perennial_export::answers::SettingsDocument;
use perennial_ledgerd::ledgers::StartError;
use perennial_ledgerd::service::RunError;
use perennial_observe::error_chain;
use perennial_transport::listen::{ListenError, Listener};
use perennial_transport::process;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::node::{self, NodeConfig, NodeError};
use crate::session::Session;

/// Runs all services in one process.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial serve --data ./perennial-data
  perennial serve --data ./perennial-data --listen 127.0.0.1:0
  perennial serve --print-config > perennial.toml   what is in force, as a file
  perennial serve --config perennial.toml
  perennial serve --log kafka://127.0.0.1:9092/perennial --kafka-replicas 1   ledgers on Kafka, shared by nodes

Prints `ready grpc=ADDR` on stdout when writes are accepted; with logs on Kafka, when it reaches them. SIGTERM and Ctrl-C let open calls end.
A setting is taken from its flag, else from the environment, else from the file, else it has its default.
")]
pub struct Arguments {
    /// Read settings from this TOML file: a key is the flag's name without its dashes in front.
    #[arg(long, env = "PERENNIAL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every setting in force with where it comes from, as a file for --config, and start nothing.
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Arguments {
    /// Notes which settings were given on the command line or in the environment, from what was parsed.
    pub fn note_origins(&mut self, matches: &ArgMatches) {
        self.settings.note_origins(matches);
    }
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let mut settings = arguments.settings;
    if let Some(path) = &arguments.config {
        settings.read_file(path)?;
    }
    if arguments.print_config {
        return print(session.console, &settings);
    }
    settings
        .log
        .start()
        .map_err(|error| Failure::new(Exit::Usage, "write log lines").because(error.to_string()))?;
    let place = settings.kafka.place(&settings.data);
    let place = place.map_err(|error| {
        Failure::caused(Exit::Usage, "use --log and what goes with it", &error)
            .hint("docs/kafka.md has an example of each set-up")
    })?;
    if let Some(path) = &arguments.config {
        tracing::info!(file = %path.display(), "settings are read from a file");
    }
    let listener = Listener::bind(settings.listen, settings.insecure).await;
    let listener = listener.map_err(|error| refused_address(&error))?;
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    // Beyond a limit on files (`ulimit -f`) a write fails as on a full disk; it does not end the process.
    let _met = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    let address = listener.address();
    let config = NodeConfig {
        place,
        advertise: Some(settings.advertise).filter(|address| !address.is_empty()),
        data: settings.data,
        name: settings.node,
        added_flush_delay: Duration::from_millis(settings.added_flush_ms),
        view_memory_bytes: u64::from(settings.view_memory_mib) << 20,
    };
    let ran = node::run(config, listener, stop, || process::ready(address)).await;
    ran.map_err(|error| ended(&error))
}

fn print(console: Console, settings: &Settings) -> Result<(), Failure> {
    if console.wants_json() {
        let settings = settings.documents();
        return console.json(&SettingsDocument { settings });
    }
    console.raw(&settings.file_text())
}

fn refused_address(error: &ListenError) -> Failure {
    match error {
        ListenError::NotLoopback { .. } => Failure::new(Exit::Usage, error.to_string())
            .hint("listen on 127.0.0.1, or say --insecure where the network itself is trusted"),
        ListenError::Bind { .. } => Failure::new(Exit::Other, error_chain(error).to_string())
            .hint("--listen 127.0.0.1:0 picks a free port"),
    }
}

/// Why all services ended early.
pub(crate) fn ended(error: &NodeError) -> Failure {
    let failure = Failure::new(Exit::Other, error_chain(error).to_string());
    match error {
        NodeError::Ledgerd(RunError::Start(StartError::Lock(_))) => {
            failure.hint("stop the process that has it, or name another directory with --data")
        }
        NodeError::Ledgerd(RunError::Writer { .. }) => failure.hint(
            "see that its disk is well and has room, then start again: what was acknowledged is there",
        ),
        NodeError::Ledgerd(RunError::NotLetIn(_)) | NodeError::NotLetIn(_) => failure
            .hint("correct the user, the password's file or the certificates, then start again"),
        NodeError::Ledgerd(RunError::Start(StartError::NoAddress { .. })) => {
            failure.hint("say where other nodes reach this one: --advertise HOST:PORT")
        }
        NodeError::Ledgerd(
            RunError::Start(StartError::List { .. } | StartError::Engine(_)) | RunError::Serve(_),
        )
        | NodeError::Serve(_) => failure,
    }
}
