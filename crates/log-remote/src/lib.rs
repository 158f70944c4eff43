//! Reads the logs of a ledgerd in another process, through its `LogStreamService`: the `LogRead` and `LedgerLogs`
//! ports over gRPC.
//!
//! It is not a log: nothing is appended and nothing is kept, and every entry is judged by its reader as if it were
//! read from a file (INV-11). An embedded log is opened by ledgerd alone; queryd and auditd alone read it this way.
//! A lost connection is made again, and reading goes on at the entry where it stood: readers see neither a gap nor an
//! entry twice. What arrives and is not read yet is bounded (INV-12).
//!
//! Read in order: [`RemoteLogs`] (which ledgers there are), then the modules `log` and `tail`.

mod connect;
mod ledgers;
mod log;
mod tail;

pub use ledgers::RemoteLogs;
pub use perennial_client::AddressError;
