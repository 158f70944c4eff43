//! Starts and stops the real binary for scenarios, and reads what it prints.
//!
//! It is not a second client: everything goes through the command line or the generated gRPC clients, as users do.

pub mod cli;
pub mod data;
pub mod server;
pub mod signing;
