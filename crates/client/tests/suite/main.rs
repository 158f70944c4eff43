//! The client against a scripted service over a real connection.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may panic as tests do"
)]

mod addresses;
mod bulk;
mod errors;
mod leaders;
mod scripted;
mod submit;
