//! Identifiers. Mixing two of them does not compile.

use std::sync::Arc;

/// A text that cannot be this identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 4 to 63 characters of a-z, 0-9 and -, got \"{text}\"")]
pub struct MalformedId {
    /// What it should have identified, as users call it.
    pub kind: &'static str,
    /// The text, cut to 80 characters.
    pub text: String,
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => { $(
        $(#[$doc])*
        ///
        /// 4 to 63 characters of `a-z`, `0-9` and `-`, chosen by the client (AIP-122).
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) Arc<str>);

        impl $name {
            /// Checks and wraps `text`.
            ///
            /// # Errors
            /// [`MalformedId`] unless it is 4 to 63 characters of `a-z`, `0-9` and `-`.
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                if well_formed(text) {
                    return Ok(Self(text.into()));
                }
                Err(MalformedId { kind: $kind, text: text.chars().take(80).collect() })
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

text_ids! {
    /// Identifies a ledger.
    LedgerId = "ledger_id";
    /// Identifies an agreement within its ledger.
    AgreementId = "agreement_id";
    /// Identifies a pledge within its ledger.
    PledgeId = "pledge_id";
    /// Identifies a commitment line within its agreement.
    LineId = "line_id";
    /// Identifies a tranche within its agreement.
    TrancheId = "tranche_id";
    /// Identifies a condition within its tranche.
    ConditionId = "condition_id";
    /// Identifies a disbursement, receipt, refund or reimbursement within its agreement.
    PaymentId = "payment_id";
    /// Identifies an allocation of parked money within its agreement.
    AllocationId = "allocation_id";
    /// Identifies a transfer within each of its two agreements.
    TransferId = "transfer_id";
    /// Identifies an import run within its ledger.
    ImportId = "import_id";
    /// Identifies a plan whose requirements are published.
    PlanId = "plan_id";
    /// Identifies a fiscal calendar within its ledger.
    CalendarId = "calendar_id";
}

/// Whether `text` can be an identifier.
pub(crate) fn well_formed(text: &str) -> bool {
    (4..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// A client's key for one submission: a UUID of any version, remembered for ever (R1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; 16]);

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for RequestId {
    /// Writes the UUID's usual form: `8-4-4-4-12` lower-case hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
