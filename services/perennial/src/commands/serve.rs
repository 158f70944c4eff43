//! `perennial serve`: all services in one process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use perennial_observe::error_chain;
use perennial_transport::listen::{ListenError, Listener};
use perennial_transport::process::{self, LogArguments};
use tokio_util::sync::CancellationToken;

use crate::failure::{Exit, Failure};
use crate::node::{self, NodeConfig, NodeError};

/// Runs all services in one process.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial serve --data ./perennial-data
  perennial serve --data ./perennial-data --listen 127.0.0.1:0

Prints `ready grpc=ADDR` on stdout when writes are accepted. SIGTERM and Ctrl-C let open calls end.
")]
pub struct Arguments {
    /// The data directory; made where there is none. Logs lie at DIR/ledgers/LEDGER/log/*.seg.
    #[arg(
        long,
        env = "PERENNIAL_DATA_DIR",
        default_value = "perennial-data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// Where to listen; port 0 picks a free one.
    #[arg(
        long,
        env = "PERENNIAL_LISTEN",
        default_value = "127.0.0.1:7410",
        value_name = "ADDR"
    )]
    listen: SocketAddr,
    /// Listen beyond this machine although nothing is encrypted or authenticated yet.
    #[arg(long)]
    insecure: bool,
    /// Name of this node, as its claims carry it.
    #[arg(
        long,
        env = "PERENNIAL_NODE",
        default_value = "perennial",
        value_name = "NAME"
    )]
    node: String,
    /// Milliseconds added to every flush, to see how a slow disk would do.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    added_flush_ms: u64,
    #[command(flatten)]
    log: LogArguments,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    arguments
        .log
        .start()
        .map_err(|error| Failure::new(Exit::Usage, "write log lines").because(error.to_string()))?;
    let listener = Listener::bind(arguments.listen, arguments.insecure).await;
    let listener = listener.map_err(|error| refused_address(&error))?;
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)
        .map_err(|error| Failure::caused(Exit::Other, "listen for signals", &error))?;
    let address = listener.address();
    let config = NodeConfig {
        data: arguments.data,
        name: arguments.node,
        added_flush_delay: Duration::from_millis(arguments.added_flush_ms),
    };
    let ran = node::run(config, listener, stop, || process::ready(address)).await;
    ran.map_err(|error| ended(&error))
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
    Failure::new(Exit::Other, error_chain(error).to_string())
}
