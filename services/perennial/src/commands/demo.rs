//! temp
use crate::{failure::Failure, session::Session};
use clap::Args;
/// t
#[derive(Debug, Args)]
pub struct Arguments {}
/// t
pub async fn run(_: &Session, _: Arguments) -> Result<(), Failure> {
    Ok(())
}
