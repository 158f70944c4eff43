use crate::agreement::{Perspective, Published};
use crate::calendar::AdjustedPeriod;
use crate::classification::Split;
use crate::exchange::Functional;
use crate::ids::AgreementId;
use crate::log::EventId;
use crate::money::Money;
use crate::party::OrgRef;
use crate::period::Period;
use crate::tag::TagSet;

/// What was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PledgeAnnouncement {
    /// Whose view the ledger books: it decides incoming or outgoing.
    pub perspective: Perspective,
    /// Who intends to give.
    pub donor: OrgRef,
    /// To whom, if it was said.
    pub recipient: Option<OrgRef>,
    /// How much: above 0.
    pub amount: Money,
    /// Where it was said: a conference, a letter.
    pub forum: Option<String>,
    /// For which time.
    pub intended_period: Option<Period>,
    /// For what.
    pub purposes: Split,
    /// For where.
    pub places: Split,
    /// The published entry behind it, for imports.
    pub published: Option<Published>,
    /// What `amount` is in the functional currency.
    pub functional: Option<Box<Functional>>,
}

/// A fact about a pledge. Amounts are above 0; the kind gives the direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PledgeEvent {
    /// It was announced.
    PledgeAnnounced(PledgeAnnouncement),
    /// Its whole amount is now another.
    PledgeRevised {
        /// The new whole, at least what is converted and withdrawn.
        new_amount: Money,
        /// The whole before, so that the event expands alone.
        previous_amount: Money,
        /// Why.
        reason: String,
    },
    /// Part of it became a signed agreement: not new money.
    PledgeConverted {
        /// The agreement.
        agreement_id: AgreementId,
        /// How much of the pledge.
        amount: Money,
    },
    /// Part of it was taken back.
    PledgeWithdrawn {
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
        /// The published entry behind it, for imports.
        published: Option<Published>,
    },
    /// Part of it was not honoured in time.
    PledgeLapsed {
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    },
    /// It is tagged, replacing all its tags in the scheme; the subject is the whole pledge.
    TagSetReplaced(TagSet),
    /// See [`crate::agreement::AgreementEvent::PriorPeriodAdjusted`].
    PriorPeriodAdjusted(Box<AdjustedPeriod>),
    /// An entry of this pledge is cancelled. See [`crate::agreement::AgreementEvent::EntryReversed`].
    EntryReversed {
        /// The entry.
        target: EventId,
        /// Why.
        reason: crate::agreement::ReversalReason,
    },
}

impl PledgeEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PledgeAnnounced(_) => "PledgeAnnounced",
            Self::PledgeRevised { .. } => "PledgeRevised",
            Self::PledgeConverted { .. } => "PledgeConverted",
            Self::PledgeWithdrawn { .. } => "PledgeWithdrawn",
            Self::PledgeLapsed { .. } => "PledgeLapsed",
            Self::TagSetReplaced(_) => "TagSetReplaced",
            Self::PriorPeriodAdjusted(_) => "PriorPeriodAdjusted",
            Self::EntryReversed { .. } => "EntryReversed",
        }
    }
}
