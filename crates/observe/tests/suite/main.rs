//! What an operator reads: error chains and log lines.
#![expect(clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod error_chain;
mod log_lines;
