//! `perennial bench`: measures, with the floors of the same run beside every figure.

mod append;
mod figures;
mod floors;
mod load;
mod pace;
mod project;
mod replay;
mod server;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::session::Session;

/// Measure.
#[derive(Debug, Subcommand)]
pub enum Workload {
    /// Submissions by clients that each wait for their answer, or at a fixed rate; 1 % repetitions, 1 % refusals.
    Append(append::Arguments),
    /// Streaming a history, as stored and decoded; checking it; opening it again.
    Replay(replay::Arguments),
    /// Building the views of a history anew.
    Project(project::Arguments),
}

/// What every workload understands. Without --server it starts a server of its own, in another process, on a
/// directory that is removed afterwards.
#[derive(Clone, Debug, Args)]
pub struct Setting {
    /// Where the own server's data lies while it is measured: the disk that is measured.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Milliseconds added to every flush of the own server, to see how a slow disk would do.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    added_flush_ms: u64,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, workload: Workload) -> Result<(), Failure> {
    match workload {
        Workload::Append(arguments) => append::run(session, arguments).await,
        Workload::Replay(arguments) => replay::run(session, arguments).await,
        Workload::Project(arguments) => project::run(session, arguments).await,
    }
}
