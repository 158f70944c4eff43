//! The stored format: record bodies and events to bytes and back. Upholds INV-8: what was stored decodes for ever.
//!
//! Outwards total, inwards fallible with the path of the field. One module per stored proto file. Decoding checks
//! form (ids, dates, currencies, ranges), no business rule: what happened, happened. A kind that is superseded is
//! upcast here and never seen outside.
#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "decoders have one shape: a message by value, of which most move texts out, and a result"
)]

mod agreement;
mod body;
mod calendar;
mod cash;
mod classification;
mod error;
mod event;
mod exchange;
mod import;
mod kind;
mod ledger;
mod life;
mod pledge;
mod reference;
mod refusal;
mod requirement;
mod value;

pub use body::{Actor, Outcome, RecordBody, decode_body, encode_body};
pub use error::{DecodeError, Problem};
pub use event::{SCHEMA_VERSION, decode_event, encode_event, event_from_message, event_to_message};
pub use kind::kind;
pub use refusal::{RefusalClass, StoredRefusal, StoredViolation};
