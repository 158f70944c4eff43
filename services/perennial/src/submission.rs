//! Submissions as people write them: JSON of the API, with amounts as `"1000.00 USD"` and dates as `"2027-01-31"`.
//!
//! A file holds one submission, or several one after the other (one per line, for instance).

mod decode;
mod example;
mod request_id;
mod source;
mod text_values;
mod walk;

pub use decode::{Decoded, SchemaError, SubmissionSchema};
pub use example::{example, example_kinds};
pub use request_id::{derived_request_id, ledger_request_id};
pub use source::{Place, Violation};
pub(crate) use text_values::parse_date;
