//! Resume tokens: a position and the hash of the filter, so that a token works on any replica.

use perennial_domain::log::Position;
use perennial_proof::Hash;
use perennial_wire::pb;
use tonic::Status;

use super::error;

/// Version of the token's layout.
const VERSION: &str = "1";

/// Identifies what is read: the ledger and the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(String);

impl Scope {
    pub(super) fn of(ledger_id: &str, filter: &pb::audit::EventFilter) -> Self {
        let mut parts: Vec<&[u8]> = vec![ledger_id.as_bytes()];
        for stream in &filter.streams {
            parts.extend([b"\nstream ".as_slice(), stream.as_bytes()]);
        }
        for kind in &filter.kinds {
            parts.extend([b"\nkind ".as_slice(), kind.as_bytes()]);
        }
        Self(
            Hash::of_parts(&parts)
                .to_string()
                .chars()
                .take(16)
                .collect(),
        )
    }

    /// The token with which reading goes on at `next`.
    pub(super) fn token(&self, next: Position) -> String {
        format!("{VERSION}.{}.{}", next, self.0)
    }

    /// Where reading goes on.
    pub(super) fn resume(&self, token: &str) -> Result<Position, Status> {
        let mut parts = token.split('.');
        match (
            parts.next(),
            parts.next().map(str::parse),
            parts.next(),
            parts.next(),
        ) {
            (Some(VERSION), Some(Ok(next)), Some(scope), None) if scope == self.0 => {
                Ok(Position(next))
            }
            _ => Err(error::resume_token_mismatch()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kind: &str) -> Scope {
        let filter = pb::audit::EventFilter {
            streams: Vec::new(),
            kinds: vec![kind.to_owned()],
        };
        Scope::of("demo", &filter)
    }

    #[test]
    fn a_token_resumes_where_it_was_given() {
        let token = scope("DisbursementMade").token(Position(42));
        assert_eq!(
            scope("DisbursementMade").resume(&token).unwrap(),
            Position(42)
        );
    }

    #[test]
    fn a_token_of_another_filter_is_refused() {
        let token = scope("DisbursementMade").token(Position(42));
        assert_eq!(
            scope("RefundMade").resume(&token).unwrap_err().code(),
            tonic::Code::InvalidArgument
        );
    }
}
