//! Questions inwards, answers outwards: the read API and `perennial-views`.
//!
//! Read in order: [`read`] (what is asked), [`read_info`] (from what it was answered), then the rows, which are
//! `TryFrom` the rows of `perennial_views::rows`.
#![expect(
    clippy::option_option,
    reason = "outside: whether the check passed; inside: whether the field is there"
)]

mod calendars;
mod exceptions;
mod filter;
mod options;
mod published;
mod rows;
mod tagged;

pub use options::{Defaults, ReadInput, ReadRequest, SubscribeInput, read, subscribe};
pub use rows::{AmountOutOfRange, Envelope, read_info};
