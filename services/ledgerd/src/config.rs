//! Settings of the write side.

use std::path::PathBuf;
use std::time::Duration;

use perennial_app::writer::WriterOptions;
use perennial_log_engine::Place;
use perennial_log_file::Options as LogOptions;
use perennial_wire::request::Limits;

/// What ledgerd is told at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory. Logs in files lie at `DIR/ledgers/<ledger>/log/*.seg`; with logs on Kafka it holds what can
    /// be built again, and belongs to this node alone all the same.
    pub data: PathBuf,
    /// Where the ledgers' logs are.
    pub place: Place,
    /// The node's name, as its claims carry it.
    pub node: String,
    /// Where clients and other nodes reach this node, HOST:PORT; by default where it listens.
    pub advertise: Option<String>,
    /// Limits of each ledger's writer.
    pub writer: WriterOptions,
    /// Sizes and limits of each log.
    pub log: LogOptions,
    /// Limits of what one request may hold.
    pub limits: Limits,
    /// Submissions of one `SubmitStream` that may wait for their answers.
    pub stream_window_max: usize,
}

impl Config {
    /// Returns the default settings for a data directory, which holds the logs too.
    pub fn new(data: PathBuf) -> Self {
        Self {
            place: Place::Files(data.clone()),
            data,
            node: "ledgerd".to_owned(),
            advertise: None,
            writer: WriterOptions::default(),
            log: LogOptions::default(),
            limits: Limits::default(),
            stream_window_max: 512,
        }
    }

    /// Adds `delay` to every flush, to see how a slow disk would do.
    #[must_use]
    pub fn with_added_flush_delay(mut self, delay: Duration) -> Self {
        self.log.added_flush_delay = delay;
        self
    }
}
