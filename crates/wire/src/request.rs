//! Requests: API messages to validated, normalised domain values and back.
//!
//! Inwards everything is checked that can be said without the ledger's state: form, ranges, limits, known currencies
//! and enumerations, exact amounts. All violations are collected, each with the dotted path of its field. Texts are
//! brought to Unicode NFC. Business rules are the domain's.
//!
//! Read in order: [`Limits`], [`Violation`], [`submit`], then [`canonical_submission`].
#![expect(
    clippy::option_option,
    reason = "outside: whether the check passed; inside: whether the field is there"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "every check takes its message by value: most move texts out of it"
)]

mod admin;
mod agreement;
mod calendar;
mod cash;
pub(crate) mod check;
mod classification;
mod command;
mod handing;
mod import;
mod ledger;
mod life;
mod limits;
pub(crate) mod path;
mod pledge;
mod reference;
mod requirement;
mod schedule;
mod submission;
mod terms;
mod text;
mod to_message;
mod value;
mod violation;

pub use admin::{ChangePolicyInput, CreateLedgerInput, change_policy, create_ledger};
pub use limits::Limits;
pub use submission::{SubmitInput, canonical_submission, parse_request_id, submit};
pub use violation::{Excess, Reason, Violation, Violations};
