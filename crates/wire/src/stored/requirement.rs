//! `requirement.proto`: what plans ask for.

use std::sync::Arc;

use perennial_domain::requirement::{Ask, Requirement, RequirementEvent};

use super::error::{At, DecodeError, enumeration, list, required};
use super::reference::list_version;
use super::value::{amount, period};
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &RequirementEvent) -> Kind {
    let RequirementEvent::RequirementPublished(requirement) = event;
    let ask = |ask: &Ask| pb::Ask {
        objective: ask.objective.as_deref().map(str::to_owned),
        period: Some(ask.period.into()),
        amount: Some(ask.amount.into()),
    };
    Kind::RequirementPublished(pb::RequirementPublished {
        version: requirement.version.as_ref().to_owned(),
        title: requirement.title.clone(),
        perspective: pb::Perspective::from(requirement.perspective).into(),
        list: Some((&requirement.list).into()),
        places: requirement
            .places
            .iter()
            .map(|place| place.as_ref().to_owned())
            .collect(),
        asks: requirement.asks.iter().map(ask).collect(),
    })
}

pub(super) fn published(
    message: pb::RequirementPublished,
) -> Result<RequirementEvent, DecodeError> {
    Ok(RequirementEvent::RequirementPublished(Requirement {
        version: message.version.into(),
        title: message.title,
        perspective: enumeration::<pb::Perspective>(message.perspective).at("perspective")?,
        list: required("list", message.list, list_version)?,
        places: message.places.into_iter().map(Arc::from).collect(),
        asks: list("asks", message.asks, ask)?,
    }))
}

fn ask(message: pb::Ask) -> Result<Ask, DecodeError> {
    Ok(Ask {
        objective: message.objective.map(Into::into),
        period: required("period", message.period, period)?,
        amount: required("amount", message.amount, amount)?,
    })
}
