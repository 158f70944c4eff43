//! Tests of reading a log over the network, against a server in this process.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod reading;
mod server;
