//! temp
use crate::failure::Failure;
use clap::Args;
/// t
#[derive(Debug, Args)]
pub struct Arguments {}
/// t
pub async fn run(_: Arguments) -> Result<(), Failure> {
    Ok(())
}
