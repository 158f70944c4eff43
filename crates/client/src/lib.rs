//! The Rust client of the gRPC services: connections, errors with their details, safe retries.
//!
//! It is *not* a second model of the ledger: requests and answers are the generated messages of
//! `perennial_wire::pb`. It invents no `request_id`; whoever submits makes it, and keeps it, before sending.
//!
//! Upholds INV-4 and INV-5 from the client's side: a submission is sent again only under its own
//! `request_id` and only where the answer's type says so, to the node that leads where one names it, and INV-12: attempts, delays and windows are bounded.
//!
//! Reading order: [`connection`], [`error`], [`retry`], [`submit`], [`bulk`], [`history`].

pub mod bulk;
pub mod connection;
pub mod error;
pub mod history;
pub mod retry;
pub mod submit;

pub use bulk::{Answered, BulkSubmission};
pub use connection::{AddressError, Connection};
pub use error::{BrokenRule, ClientError, ErrorAnswer, FieldProblem};
pub use history::{History, HistoryItem};
pub use retry::RetryPolicy;
pub use submit::LedgerClient;
