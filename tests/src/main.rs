//! The `perennial` binary, built with the tests that run it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    perennial_cli::main().await
}
