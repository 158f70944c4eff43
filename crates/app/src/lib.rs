//! Use cases of the write side: open a ledger, decide, append, answer; and the ports that adapters implement.
//!
//! It is not a service: it knows no gRPC and no storage engine. The life of a submission is
//! prepare (validate, digest) -> queue -> [`writer`] (look up, decide, seal) -> [`ports::log`] -> answer.
//!
//! Upholds INV-4 (an answer follows durability), INV-5 (a request id is answered once and for ever),
//! INV-9 and INV-12 (every queue and batch has a named limit). Read in order: [`ports`], [`submission`],
//! [`recovery`], [`writer`], [`ledger`].

pub mod ports;

pub mod submission;

pub mod records;

mod requests;

pub mod recovery;

pub mod copying;
mod founding;
pub mod ledger;
pub mod seat;
pub mod threads;
pub mod writer;
