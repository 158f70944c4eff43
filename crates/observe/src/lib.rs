//! What an operator sees: log lines on stderr, and error chains in one line.
//!
//! It is not a home for business figures (those are views) and it never writes to stdout, which carries data.
//! It reads no environment variable: each service parses its settings in its own `config.rs` and passes them in.
//!
//! Read in order: [`log_lines`] (the tracing set-up), [`error_chain`](mod@error_chain) (how an error is printed).

pub mod error_chain;
pub mod log_lines;

pub use error_chain::error_chain;
pub use log_lines::{LogFormat, LogSettings, install};
