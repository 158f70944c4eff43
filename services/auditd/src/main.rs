//! The audit side alone: follows the logs of a ledgerd, checks every link, and serves records from them.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use perennial_log_remote::RemoteLogs;
use perennial_transport::listen::Listener;
use perennial_transport::process;
use tokio_util::sync::CancellationToken;

/// Serves records and verifications of the ledgers of a ledgerd.
///
/// Example: auditd --ledgerd 127.0.0.1:7410 --listen 127.0.0.1:7412
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The ledgerd whose logs are followed.
    #[arg(long, env = "PERENNIAL_LEDGERD", default_value = "127.0.0.1:7410")]
    ledgerd: String,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, env = "PERENNIAL_LISTEN", default_value = "127.0.0.1:7412")]
    listen: SocketAddr,
    /// Listen beyond this machine although nothing is encrypted or authenticated yet.
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    log: process::LogArguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    process::exit_code(serve(Arguments::parse()).await)
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    arguments.log.start()?;
    let listener = Listener::bind(arguments.listen, arguments.insecure).await?;
    let address = listener.address();
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)?;
    let logs = RemoteLogs::start(&arguments.ledgerd, stop.clone())?;
    perennial_auditd::service::run(&*logs, listener, stop, || process::ready(address)).await?;
    Ok(())
}
