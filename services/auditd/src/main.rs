//! The audit side alone: follows the logs of a ledgerd, or those on Kafka, checks every link, and serves records from them.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use perennial_app::ports::ledgers::LedgerLogs;
use perennial_log_engine::{KafkaArguments, Place};
use perennial_log_kafka::{KafkaCluster, KafkaLogs};
use perennial_log_remote::RemoteLogs;
use perennial_transport::listen::Listener;
use perennial_transport::process;
use tokio_util::sync::CancellationToken;

/// Serves records and verifications of the ledgers of a ledgerd, or of those on Kafka.
///
/// Example: auditd --ledgerd 127.0.0.1:7410 --listen 127.0.0.1:7412
/// Example: `auditd --log kafka://127.0.0.1:9092/perennial --listen 127.0.0.1:7412`
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The ledgerd whose logs are followed, unless they are on Kafka (--log).
    #[arg(long, env = "PERENNIAL_LEDGERD", default_value = "127.0.0.1:7410")]
    ledgerd: String,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, env = "PERENNIAL_LISTEN", default_value = "127.0.0.1:7412")]
    listen: SocketAddr,
    /// Listen beyond this machine although nothing is encrypted or authenticated yet.
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    kafka: KafkaArguments,
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
    // Nothing is kept on disk.
    let logs: Arc<dyn LedgerLogs> = match arguments.kafka.place(Path::new(""))? {
        Place::Files(_) => RemoteLogs::start(&arguments.ledgerd, stop.clone())?,
        Place::Kafka(settings) => KafkaLogs::start(KafkaCluster::connect(*settings)?, stop.clone()),
    };
    perennial_auditd::service::run(&*logs, listener, stop, || process::ready(address)).await?;
    Ok(())
}
