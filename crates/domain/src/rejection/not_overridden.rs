/// Why an override does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOverridden {
    /// The ledger's policy does not let the rule be overridden.
    #[error("this ledger's policy does not let the rule be overridden")]
    NotAllowed,
    /// The ledger's policy asks for an approver, and none is named.
    #[error("this ledger's policy asks for an approver of the override")]
    ApproverMissing,
}

impl NotOverridden {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAllowed => "not allowed",
            Self::ApproverMissing => "approver missing",
        }
    }
}
