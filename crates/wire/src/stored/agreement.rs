//! `agreement.proto`: events of agreements. Terms and lines first, then commitment, schedule and corrections;
//! payments are in `cash`.

mod from_message;
mod to_message;

pub(super) use from_message::*;
pub(super) use to_message::to_kind;
