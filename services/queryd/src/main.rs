//! The read side alone: follows the logs of a ledgerd, or those on Kafka, and keeps views in a directory of its own.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use perennial_app::ports::ledgers::LedgerLogs;
use perennial_log_engine::{KafkaArguments, Place};
use perennial_log_file::DirectoryLock;
use perennial_log_kafka::{KafkaCluster, KafkaLogs};
use perennial_log_remote::RemoteLogs;
use perennial_queryd::Config;
use perennial_transport::listen::Listener;
use perennial_transport::process;
use tokio_util::sync::CancellationToken;

/// Serves views of the ledgers of a ledgerd, or of those on Kafka.
///
/// Example: queryd --ledgerd 127.0.0.1:7410 --data ./views --listen 127.0.0.1:7411
/// Example: `queryd --log kafka://127.0.0.1:9092/perennial --data ./views --listen 127.0.0.1:7411`
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The ledgerd whose logs are followed, unless they are on Kafka (--log).
    #[arg(long, env = "PERENNIAL_LEDGERD", default_value = "127.0.0.1:7410")]
    ledgerd: String,
    /// The directory for views; made where there is none. Everything in it can be built again.
    #[arg(long, env = "PERENNIAL_VIEWS_DIR", default_value = "perennial-views")]
    data: PathBuf,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, env = "PERENNIAL_LISTEN", default_value = "127.0.0.1:7411")]
    listen: SocketAddr,
    /// How many MiB of postings and records of all ledgers stay in memory; the rest is read back when it is needed.
    /// What is known of agreements and organisations comes on top.
    #[arg(long, env = "PERENNIAL_VIEW_MEMORY_MIB", default_value_t = 256)]
    view_memory_mib: u32,
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
    // Two processes on one directory would remove each other's views.
    let holder = format!("queryd, process {}, {address}", std::process::id());
    let _lock = DirectoryLock::acquire(&arguments.data, &holder)?;
    let stop = CancellationToken::new();
    process::stop_on_signals(&stop)?;
    let (logs, data): (Arc<dyn LedgerLogs>, _) = match arguments.kafka.place(&arguments.data)? {
        Place::Files(data) => (RemoteLogs::start(&arguments.ledgerd, stop.clone())?, data),
        Place::Kafka(settings) => {
            let data =
                perennial_log_engine::engine::kafka_caches(&arguments.data, &settings.prefix);
            let cluster = KafkaCluster::connect(*settings)?;
            (KafkaLogs::start(cluster, stop.clone()), data)
        }
    };
    let config = Config {
        view_memory_bytes: u64::from(arguments.view_memory_mib) * 1024 * 1024,
        ..Config::new(data)
    };
    perennial_queryd::service::run(config, logs, listener, stop, || process::ready(address))
        .await?;
    Ok(())
}
