//! The one binary that people install.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    perennial_cli::main().await
}
