use perennial_domain::agreement::{
    AgreementEvent, Description, ForecastEntry, Line, ParticipatingOrg, Rescheduling, ShareMove,
    Terms, YearShare,
};
use perennial_domain::classification::{LineDims, OwnCode};

use super::further::{fields, firmness};
use crate::pb::log as pb;
use crate::stored::calendar;
use crate::stored::cash::{line_id, tranche_id};
use crate::stored::error::{
    At, DecodeError, Problem, enumeration, list, narrow, optional, required,
};
use crate::stored::exchange::functional;
use crate::stored::life::condition;
use crate::stored::value::{
    amount, currency, day, days, document, event_id, external_reference, minor_units, organisation,
    period, published, split,
};

pub(in crate::stored) fn signed(
    message: pb::AgreementSigned,
) -> Result<AgreementEvent, DecodeError> {
    let conditionality = enumeration::<pb::Conditionality>(message.conditionality);
    let further = fields!(message).signed()?;
    Ok(AgreementEvent::AgreementSigned(Terms {
        perspective: enumeration::<pb::Perspective>(message.perspective).at("perspective")?,
        provider: required("provider", message.provider, organisation)?,
        recipient: required("recipient", message.recipient, organisation)?,
        signed_on: optional("signed_on", message.signed_on, day)?,
        starts_on: optional("starts_on", message.starts_on, day)?,
        ends_on: optional("ends_on", message.ends_on, day)?,
        currency: currency(&message.currency_code).at("currency_code")?,
        conditionality: conditionality.at("conditionality")?,
        lines: list("lines", message.lines, line)?,
        further,
    }))
}

fn line(message: pb::Line) -> Result<Line, DecodeError> {
    Ok(Line {
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        counterparty: optional("counterparty", message.counterparty, organisation)?,
        dims: LineDims {
            purposes: split("purposes", message.purposes)?,
            places: split("places", message.places)?,
            pillar: optional("pillar", message.pillar, enumeration::<pb::Pillar>)?,
            humanitarian: message.humanitarian,
            budget_heading: message.budget_heading.map(Into::into),
            own_codes: list("own_codes", message.own_codes, own_code)?,
        },
        year_shares: list("year_shares", message.year_shares, year_share)?,
        functional: optional("functional", message.functional, functional)?,
    })
}

fn own_code(message: pb::OwnCode) -> Result<OwnCode, Problem> {
    Ok(OwnCode {
        scheme: message.scheme.into(),
        code: message.code.into(),
    })
}

pub(in crate::stored) fn year_share(message: pb::YearShare) -> Result<YearShare, DecodeError> {
    Ok(YearShare {
        period: days(message.starts_on, message.ends_on)?,
        minor_units: minor_units(message.minor_units).at("minor_units")?,
        basis: enumeration::<pb::YearBasis>(message.basis).at("basis")?,
        firmness: firmness(message.firmness)?,
    })
}

pub(in crate::stored) fn described(
    message: pb::AgreementDescribed,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::AgreementDescribed(Description {
        title: message.title,
        description: message.description,
        identifiers: list("identifiers", message.identifiers, external_reference)?,
        participating: list("participating", message.participating, participating)?,
        reporting_org: optional("reporting_org", message.reporting_org, organisation)?,
        published_status: optional("published_status", message.published_status, narrow)?,
        hierarchy: optional("hierarchy", message.hierarchy, narrow)?,
        parent: message.parent,
        documents: list("documents", message.documents, document)?,
    }))
}

fn participating(message: pb::ParticipatingOrganisation) -> Result<ParticipatingOrg, DecodeError> {
    Ok(ParticipatingOrg {
        org: required("organisation", message.organisation, organisation)?,
        role_code: narrow(message.role_code).at("role_code")?,
    })
}

pub(in crate::stored) fn line_opened(
    message: pb::LineOpened,
) -> Result<AgreementEvent, DecodeError> {
    let line = required("line", message.line, line)?;
    Ok(AgreementEvent::LineOpened { line })
}

pub(in crate::stored) fn increased(
    message: pb::CommitmentIncreased,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::CommitmentIncreased {
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        year_shares: list("year_shares", message.year_shares, year_share)?,
        amendment: message.amendment,
        published: optional("published", message.published, published)?,
        functional: optional("functional", message.functional, functional)?,
    })
}

pub(in crate::stored) fn decreased(
    message: pb::CommitmentDecreased,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::CommitmentDecreased {
        line_id: line_id(&message.line_id)?,
        amount: required("amount", message.amount, amount)?,
        year_shares: list("year_shares", message.year_shares, year_share)?,
        reason: enumeration::<pb::DecreaseReason>(message.reason).at("reason")?,
        published: optional("published", message.published, published)?,
        functional: optional("functional", message.functional, functional)?,
    })
}

pub(in crate::stored) fn extended(
    message: pb::PeriodExtended,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::PeriodExtended {
        previous_ends_on: optional("previous_ends_on", message.previous_ends_on, day)?,
        new_ends_on: day(message.new_ends_on).at("new_ends_on")?,
        kind: enumeration::<pb::ExtensionKind>(message.kind).at("kind")?,
        moves: list("moves", message.moves, share_move)?,
        amendment: message.amendment,
    })
}

pub(super) fn share_move(message: pb::ShareMove) -> Result<ShareMove, DecodeError> {
    Ok(ShareMove {
        line_id: line_id(&message.line_id)?,
        share: required("share", message.share, year_share)?,
    })
}

pub(in crate::stored) fn shortened(
    message: pb::PeriodShortened,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::PeriodShortened {
        previous_ends_on: optional("previous_ends_on", message.previous_ends_on, day)?,
        new_ends_on: day(message.new_ends_on).at("new_ends_on")?,
        reason: message.reason,
    })
}

pub(in crate::stored) fn scheduled(
    message: pb::TrancheScheduled,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::TrancheScheduled {
        tranche_id: tranche_id(&message.tranche_id)?,
        amount: required("amount", message.amount, amount)?,
        due_on: day(message.due_on).at("due_on")?,
        period: required("period", message.period, period)?,
        conditions: list("conditions", message.conditions, condition)?,
    })
}

pub(in crate::stored) fn rescheduled(
    message: pb::TrancheRescheduled,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::TrancheRescheduled(Rescheduling {
        tranche_id: tranche_id(&message.tranche_id)?,
        open: required("open", message.open, amount)?,
        previous_due_on: day(message.previous_due_on).at("previous_due_on")?,
        new_due_on: day(message.new_due_on).at("new_due_on")?,
        period: required("period", message.period, period)?,
        reason: message.reason,
    }))
}

pub(in crate::stored) fn cancelled(
    message: pb::TrancheCancelled,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::TrancheCancelled {
        tranche_id: tranche_id(&message.tranche_id)?,
        open: required("open", message.open, amount)?,
        due_on: day(message.due_on).at("due_on")?,
        reason: message.reason,
    })
}

pub(in crate::stored) fn forecast(
    message: pb::ForecastReplaced,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::ForecastReplaced {
        previous: list("previous", message.previous, forecast_entry)?,
        entries: list("entries", message.entries, forecast_entry)?,
    })
}

fn forecast_entry(message: pb::ForecastEntry) -> Result<ForecastEntry, DecodeError> {
    Ok(ForecastEntry {
        period: required("period", message.period, period)?,
        amount: required("amount", message.amount, amount)?,
        receiver: optional("receiver", message.receiver, organisation)?,
    })
}

pub(in crate::stored) fn reversed(
    message: pb::EntryReversed,
) -> Result<AgreementEvent, DecodeError> {
    Ok(AgreementEvent::EntryReversed {
        target: required("target", message.target, event_id)?,
        reason: enumeration::<pb::ReversalReason>(message.reason).at("reason")?,
    })
}

pub(in crate::stored) fn adjusted(
    message: pb::PriorPeriodAdjusted,
) -> Result<AgreementEvent, DecodeError> {
    calendar::adjusted(message).map(AgreementEvent::PriorPeriodAdjusted)
}

pub(in crate::stored) fn replaced(
    message: pb::EntryReplaced,
) -> Result<AgreementEvent, DecodeError> {
    let target = required("target", message.target, event_id)?;
    Ok(AgreementEvent::EntryReplaced { target })
}
