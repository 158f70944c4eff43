use perennial_domain::classification::InexactSplit;
use perennial_domain::ids::MalformedId;
use perennial_domain::period::EndsBeforeStart;

use crate::enums::{Coded, from_number};

/// Stored bytes that are no record body or event of a known version. The ledger's reader stops at that record.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("decode \"{path}\"")]
pub struct DecodeError {
    /// Where it is, as in `events[2].disbursement_made.cash.parts[0].line_id`; empty: the bytes as a whole.
    pub path: String,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a stored field.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The bytes are no message of the protocol.
    #[error("not a protocol buffer message: {0}")]
    Bytes(prost::DecodeError),
    /// It must be there.
    #[error("absent")]
    Absent,
    /// It must not be there beside another field.
    #[error("present beside its alternative")]
    Both,
    /// A version that this software does not know: written by a newer one, or damaged.
    #[error("unknown version {0}")]
    Version(u32),
    /// A kind of event that this software does not know: written by a newer one, or damaged.
    #[error("unknown kind of event")]
    Kind,
    /// The kind of event does not belong to its stream.
    #[error("the event does not belong to a stream of this kind")]
    KindOfStream,
    /// Zero, or a number that this software does not know.
    #[error("unknown value {0} of an enumeration")]
    Enumeration(i32),
    /// No date in the form YYYYMMDD.
    #[error("{0} is no date in the form YYYYMMDD")]
    Date(u32),
    /// The period ends before it starts.
    #[error(transparent)]
    Period(#[from] EndsBeforeStart),
    /// No currency of this software's table.
    #[error("unknown currency")]
    Currency,
    /// More digits than its currency has, or not below 10^18 minor units.
    #[error("the amount does not fit its currency and range")]
    Amount,
    /// No id.
    #[error(transparent)]
    Id(#[from] MalformedId),
    /// Not as many bytes as it must have.
    #[error("{actual} bytes instead of {expected}")]
    Length {
        /// How many it must have.
        expected: usize,
        /// How many it has.
        actual: usize,
    },
    /// A number outside its range.
    #[error("{0} is out of range")]
    Range(u64),
    /// No stream.
    #[error("no stream")]
    Stream,
    /// No rule of this software's version.
    #[error("unknown rule")]
    Rule,
    /// No name and version of a list.
    #[error("no name and version of a list")]
    ListVersion,
    /// No decimal number.
    #[error("no decimal number")]
    Decimal,
    /// No exact split.
    #[error(transparent)]
    Split(#[from] InexactSplit),
}

impl From<Problem> for DecodeError {
    fn from(problem: Problem) -> Self {
        Self {
            path: String::new(),
            problem,
        }
    }
}

/// Names the field that a failed decode is about, from the inside outwards.
pub(super) trait At<T> {
    /// The failure is in `field`.
    fn at(self, field: &str) -> Result<T, DecodeError>;
    /// The failure is in item `index` of `field`.
    fn at_index(self, field: &str, index: usize) -> Result<T, DecodeError>;
}

impl<T, E: Into<DecodeError>> At<T> for Result<T, E> {
    fn at(self, field: &str) -> Result<T, DecodeError> {
        self.map_err(|error| within(error.into(), field.to_owned()))
    }

    fn at_index(self, field: &str, index: usize) -> Result<T, DecodeError> {
        self.map_err(|error| within(error.into(), format!("{field}[{index}]")))
    }
}

fn within(error: DecodeError, outer: String) -> DecodeError {
    let path = if error.path.is_empty() {
        outer
    } else {
        format!("{outer}.{}", error.path)
    };
    DecodeError { path, ..error }
}

/// Decodes a field that must be there.
pub(super) fn required<M, T, E: Into<DecodeError>>(
    field: &str,
    message: Option<M>,
    decode: impl FnOnce(M) -> Result<T, E>,
) -> Result<T, DecodeError> {
    decode(message.ok_or(Problem::Absent).at(field)?).at(field)
}

/// Decodes a field that may be absent.
pub(super) fn optional<M, T, E: Into<DecodeError>>(
    field: &str,
    message: Option<M>,
    decode: impl FnOnce(M) -> Result<T, E>,
) -> Result<Option<T>, DecodeError> {
    message.map(decode).transpose().at(field)
}

/// Decodes every item of a repeated field.
pub(super) fn list<M, T, E: Into<DecodeError>>(
    field: &str,
    messages: Vec<M>,
    mut decode: impl FnMut(M) -> Result<T, E>,
) -> Result<Vec<T>, DecodeError> {
    let mut items = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        items.push(decode(message).at_index(field, index)?);
    }
    Ok(items)
}

/// Decodes the number of an enumeration's value.
pub(super) fn enumeration<P: Coded>(number: i32) -> Result<P::Domain, Problem> {
    from_number::<P>(number).ok_or(Problem::Enumeration(number))
}

/// Decodes bytes of a fixed length.
pub(super) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Problem> {
    bytes.try_into().map_err(|_| Problem::Length {
        expected: N,
        actual: bytes.len(),
    })
}

/// Decodes a number that has a smaller range in the domain.
pub(super) fn narrow<T: TryFrom<u32>>(number: u32) -> Result<T, Problem> {
    T::try_from(number).map_err(|_| Problem::Range(number.into()))
}
