//! temp
use crate::{failure::Failure, session::Session};
use clap::Subcommand;
/// t
#[derive(Debug, Subcommand)]
pub enum Workload {
    /// t
    Append,
}
/// t
pub async fn run(_: &Session, _: Workload) -> Result<(), Failure> {
    Ok(())
}
