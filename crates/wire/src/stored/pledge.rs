//! `pledge.proto`: events of pledges.

use perennial_domain::ids::AgreementId;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};

use super::calendar;
use super::classification::tag_set_replaced;
use super::error::{At, DecodeError, Problem, enumeration, optional, required};
use super::exchange::functional;
use super::value::{amount, event_id, organisation, period, published, split, split_message};
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &PledgeEvent) -> Kind {
    match event {
        PledgeEvent::PledgeAnnounced(announcement) => Kind::PledgeAnnounced(announcement.into()),
        PledgeEvent::PledgeRevised {
            new_amount,
            previous_amount,
            reason,
        } => Kind::PledgeRevised(pb::PledgeRevised {
            new_amount: Some((*new_amount).into()),
            previous_amount: Some((*previous_amount).into()),
            reason: reason.clone(),
        }),
        PledgeEvent::PledgeConverted {
            agreement_id,
            amount,
        } => Kind::PledgeConverted(pb::PledgeConverted {
            agreement_id: agreement_id.to_string(),
            amount: Some((*amount).into()),
        }),
        PledgeEvent::PledgeWithdrawn {
            amount,
            reason,
            published,
        } => Kind::PledgeWithdrawn(pb::PledgeWithdrawn {
            amount: Some((*amount).into()),
            reason: reason.clone(),
            published: published.as_ref().map(Into::into),
        }),
        PledgeEvent::PledgeLapsed { amount, reason } => Kind::PledgeLapsed(pb::PledgeLapsed {
            amount: Some((*amount).into()),
            reason: reason.clone(),
        }),
        PledgeEvent::TagSetReplaced(set) => tag_set_replaced(set),
        PledgeEvent::PriorPeriodAdjusted(adjusted) => calendar::adjusted_message(adjusted),
        PledgeEvent::EntryReversed { target, reason } => Kind::EntryReversed(pb::EntryReversed {
            target: Some((*target).into()),
            reason: pb::ReversalReason::from(*reason).into(),
        }),
    }
}

impl From<&PledgeAnnouncement> for pb::PledgeAnnounced {
    fn from(announcement: &PledgeAnnouncement) -> Self {
        Self {
            perspective: pb::Perspective::from(announcement.perspective).into(),
            donor: Some((&announcement.donor).into()),
            recipient: announcement.recipient.as_ref().map(Into::into),
            amount: Some(announcement.amount.into()),
            forum: announcement.forum.clone(),
            intended_period: announcement.intended_period.map(Into::into),
            purposes: split_message(&announcement.purposes),
            places: split_message(&announcement.places),
            published: announcement.published.as_ref().map(Into::into),
            functional: announcement.functional.as_deref().map(Into::into),
        }
    }
}

pub(super) fn announced(message: pb::PledgeAnnounced) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
        perspective: enumeration::<pb::Perspective>(message.perspective).at("perspective")?,
        donor: required("donor", message.donor, organisation)?,
        recipient: optional("recipient", message.recipient, organisation)?,
        amount: required("amount", message.amount, amount)?,
        forum: message.forum,
        intended_period: optional("intended_period", message.intended_period, period)?,
        purposes: split("purposes", message.purposes)?,
        places: split("places", message.places)?,
        published: optional("published", message.published, published)?,
        functional: optional("functional", message.functional, functional)?,
    }))
}

pub(super) fn revised(message: pb::PledgeRevised) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::PledgeRevised {
        new_amount: required("new_amount", message.new_amount, amount)?,
        previous_amount: required("previous_amount", message.previous_amount, amount)?,
        reason: message.reason,
    })
}

pub(super) fn converted(message: pb::PledgeConverted) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::PledgeConverted {
        agreement_id: AgreementId::parse(&message.agreement_id)
            .map_err(Problem::from)
            .at("agreement_id")?,
        amount: required("amount", message.amount, amount)?,
    })
}

pub(super) fn withdrawn(message: pb::PledgeWithdrawn) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::PledgeWithdrawn {
        amount: required("amount", message.amount, amount)?,
        reason: message.reason,
        published: optional("published", message.published, published)?,
    })
}

pub(super) fn lapsed(message: pb::PledgeLapsed) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::PledgeLapsed {
        amount: required("amount", message.amount, amount)?,
        reason: message.reason,
    })
}

pub(super) fn adjusted(message: pb::PriorPeriodAdjusted) -> Result<PledgeEvent, DecodeError> {
    calendar::adjusted(message).map(PledgeEvent::PriorPeriodAdjusted)
}

pub(super) fn reversed(message: pb::EntryReversed) -> Result<PledgeEvent, DecodeError> {
    Ok(PledgeEvent::EntryReversed {
        target: required("target", message.target, event_id)?,
        reason: enumeration::<pb::ReversalReason>(message.reason).at("reason")?,
    })
}
