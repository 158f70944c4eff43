//! `agreement.proto`: events of agreements. Terms and lines first, then commitment, schedule and corrections;
//! payments are in `payment`, and what they are made of in `cash`.

mod from_message;
mod further;
mod handing;
mod moves;
mod payment;
mod to_message;

pub(super) use from_message::*;
pub(super) use further::revised;
pub(super) use handing::*;
pub(super) use moves::*;
pub(super) use to_message::to_kind;
