use crate::agreement::{Published, ReversalReason};
use crate::ids::AgreementId;
use crate::log::EventId;
use crate::money::Money;
use crate::pledge::PledgeAnnouncement;
use crate::tag::TagSet;

/// What is asked of a pledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PledgeCommand {
    /// Announce it.
    Announce(PledgeAnnouncement),
    /// Make its whole amount another.
    Revise {
        /// The new whole.
        new_amount: Money,
        /// Why.
        reason: String,
    },
    /// Turn part of it into an agreement that exists in this ledger or is signed earlier in the same submission.
    Convert {
        /// The agreement.
        agreement_id: AgreementId,
        /// How much.
        amount: Money,
    },
    /// Take part of it back.
    Withdraw {
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
        /// The published entry behind it, for imports.
        published: Option<Published>,
    },
    /// Book that part of it was not honoured in time.
    Lapse {
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    },
    /// Tag it, replacing all its tags in the scheme.
    ReplaceTagSet(TagSet),
    /// Cancel an entry of this pledge.
    ReverseEntry {
        /// The entry.
        target: EventId,
        /// Why.
        reason: ReversalReason,
    },
}

impl PledgeCommand {
    /// The kind of the event it makes, as in `PledgeConverted`.
    pub const fn makes(&self) -> &'static str {
        match self {
            Self::Announce(_) => "PledgeAnnounced",
            Self::Revise { .. } => "PledgeRevised",
            Self::Convert { .. } => "PledgeConverted",
            Self::Withdraw { .. } => "PledgeWithdrawn",
            Self::Lapse { .. } => "PledgeLapsed",
            Self::ReplaceTagSet(_) => "TagSetReplaced",
            Self::ReverseEntry { .. } => "EntryReversed",
        }
    }

    /// What it is called where commands are written, as in `convert_pledge`: the start of its field paths.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Announce(_) => "announce_pledge",
            Self::Revise { .. } => "revise_pledge",
            Self::Convert { .. } => "convert_pledge",
            Self::Withdraw { .. } => "withdraw_pledge",
            Self::Lapse { .. } => "lapse_pledge",
            Self::ReplaceTagSet(_) => "replace_tag_set",
            Self::ReverseEntry { .. } => "reverse_entry",
        }
    }
}
