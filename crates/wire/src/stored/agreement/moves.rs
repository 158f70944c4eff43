//! Moves of committed money between places, periods and agreements, both ways.

use perennial_domain::agreement::{
    AgreementEvent, CarriedFunds, HeadingCount, Leg, LegPlace, ReallocatedFunds,
};

use super::from_message::share_move;
use super::further::{code, firmness_number};
use crate::money;
use crate::pb::log as pb;
use crate::stored::cash::line_id;
use crate::stored::error::{At, DecodeError, enumeration, list, optional, required};
use crate::stored::value::{amount, minor_units, period};

impl From<&ReallocatedFunds> for pb::FundsReallocated {
    fn from(reallocated: &ReallocatedFunds) -> Self {
        Self {
            legs: reallocated.legs.iter().map(Into::into).collect(),
            legal_basis: reallocated.legal_basis.clone(),
            amendment: reallocated.amendment.clone(),
            counts: reallocated.counts.iter().map(Into::into).collect(),
        }
    }
}

pub(in crate::stored) fn reallocated(
    message: pb::FundsReallocated,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::FundsReallocated(Box::new(
        ReallocatedFunds {
            legs: list("legs", message.legs, leg)?,
            legal_basis: message.legal_basis,
            amendment: message.amendment,
            counts: list("counts", message.counts, heading_count)?,
        },
    )))
}

impl From<&HeadingCount> for pb::HeadingCount {
    fn from(count: &HeadingCount) -> Self {
        Self {
            heading: count.heading.clone(),
            moved: money::minor(count.moved),
            counted: money::minor(count.counted),
            cumulative: money::minor(count.cumulative),
            base: money::minor(count.base),
            limit: count.limit.map(money::minor),
        }
    }
}

fn heading_count(message: pb::HeadingCount) -> Result<HeadingCount, DecodeError> {
    Ok(HeadingCount {
        heading: message.heading,
        moved: minor_units(message.moved).at("moved")?,
        counted: minor_units(message.counted).at("counted")?,
        cumulative: minor_units(message.cumulative).at("cumulative")?,
        base: minor_units(message.base).at("base")?,
        limit: optional("limit", message.limit, minor_units)?,
    })
}

impl From<&Leg> for pb::Leg {
    fn from(leg: &Leg) -> Self {
        let place = &leg.place;
        Self {
            direction: pb::LegDirection::from(leg.direction).into(),
            line_id: place.line_id.to_string(),
            period: place.period.map(Into::into),
            basis: place.basis.map(|basis| pb::YearBasis::from(basis).into()),
            pillar: place.pillar.map(|pillar| pb::Pillar::from(pillar).into()),
            amount: Some(leg.amount.into()),
            firmness: place.firmness.and_then(firmness_number),
            purpose: place.purpose.as_ref().map(Into::into),
            country: place.country.as_ref().map(Into::into),
        }
    }
}

fn leg(message: pb::Leg) -> Result<Leg, DecodeError> {
    Ok(Leg {
        direction: enumeration::<pb::LegDirection>(message.direction).at("direction")?,
        place: LegPlace {
            line_id: line_id(&message.line_id)?,
            period: optional("period", message.period, period)?,
            basis: optional("basis", message.basis, enumeration::<pb::YearBasis>)?,
            firmness: optional("firmness", message.firmness, enumeration::<pb::Firmness>)?,
            pillar: optional("pillar", message.pillar, enumeration::<pb::Pillar>)?,
            purpose: optional("purpose", message.purpose, code)?,
            country: optional("country", message.country, code)?,
        },
        amount: required("amount", message.amount, amount)?,
    })
}

impl From<&CarriedFunds> for pb::FundsCarriedOver {
    fn from(carried: &CarriedFunds) -> Self {
        Self {
            from_period: Some(carried.from_period.into()),
            to_period: Some(carried.to_period.into()),
            amount: Some(carried.amount.into()),
            moves: carried.moves.iter().map(Into::into).collect(),
            reason: carried.reason.clone(),
        }
    }
}

pub(in crate::stored) fn carried_over(
    message: pb::FundsCarriedOver,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: required("from_period", message.from_period, period)?,
        to_period: required("to_period", message.to_period, period)?,
        amount: required("amount", message.amount, amount)?,
        moves: list("moves", message.moves, share_move)?,
        reason: message.reason,
    })))
}
