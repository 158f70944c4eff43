//! The write side alone: opens a data directory and serves submissions and the log's tail.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use perennial_ledgerd::config::Config;
use perennial_log_engine::KafkaArguments;
use perennial_transport::listen::Listener;
use tokio_util::sync::CancellationToken;

/// Serves the write side of the ledgers in a data directory, or on Kafka together with other nodes.
///
/// Example: ledgerd --data ./perennial-data --listen 127.0.0.1:7410
/// Example: `ledgerd --log kafka://127.0.0.1:9092/perennial --node node-1 --data ./node-1 --listen 127.0.0.1:7410`
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The data directory; made where there is none.
    #[arg(long, env = "PERENNIAL_DATA_DIR", default_value = "perennial-data")]
    data: PathBuf,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, env = "PERENNIAL_LISTEN", default_value = "127.0.0.1:7410")]
    listen: SocketAddr,
    /// Listen beyond this machine although nothing is encrypted or authenticated yet.
    #[arg(long)]
    insecure: bool,
    /// Name of this node, as its claims carry it.
    #[arg(long, env = "PERENNIAL_NODE", default_value = "ledgerd")]
    node: String,
    /// Where clients and other nodes reach this node, HOST:PORT; by default where it listens. Claims name it.
    #[arg(long, env = "PERENNIAL_ADVERTISE", value_name = "HOST:PORT")]
    advertise: Option<String>,
    #[command(flatten)]
    kafka: KafkaArguments,
    /// Milliseconds added to every flush, to see how a slow disk would do.
    #[arg(long, default_value_t = 0, hide = true)]
    added_flush_ms: u64,
    #[command(flatten)]
    log: perennial_transport::process::LogArguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    perennial_transport::process::exit_code(serve(Arguments::parse()).await)
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    arguments.log.start()?;
    let listener = Listener::bind(arguments.listen, arguments.insecure).await?;
    let delay = Duration::from_millis(arguments.added_flush_ms);
    let mut config = Config::new(arguments.data).with_added_flush_delay(delay);
    config.place = arguments.kafka.place(&config.data)?;
    config.node = arguments.node;
    config.advertise = arguments.advertise;
    let stop = CancellationToken::new();
    perennial_transport::process::stop_on_signals(&stop)?;
    let address = listener.address();
    perennial_ledgerd::service::run(config, listener, stop, || {
        perennial_transport::process::ready(address);
    })
    .await?;
    Ok(())
}
