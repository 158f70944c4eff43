//! The command line without a server: help, usage, exit codes, reading submissions, checking logs.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod command_line;
mod configuration;
mod error_details;
mod examples;
mod frameworks;
mod health;
mod row_document;
mod serve;
mod submissions;
mod unknown_outcome;
mod verify;
