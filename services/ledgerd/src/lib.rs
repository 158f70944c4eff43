//! The write side as a service: decode, authorise, decide, append, answer.
//!
//! It holds the only process lock on a data directory and is the only one that opens embedded logs; readers
//! elsewhere follow through `LogStreamService.Tail`. On Kafka several nodes have a seat in each ledger, and one leads.
//! Business rules live in `perennial-domain`, the writer in `perennial-app`. Read in order: [`config`], [`ledgers`],
//! the modules `underway`, `looking` and `peers`, [`grpc`], [`service`].

pub mod config;
mod damage;
pub mod grpc;
pub mod ledgers;
mod looking;
mod peers;
pub mod service;
mod system;
mod underway;
