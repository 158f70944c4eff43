use perennial_domain::agreement::{
    AgreementEvent as Event, Description, ForecastEntry, Leg, Line, ParticipatingOrg, ShareMove,
    Terms, YearShare,
};
use perennial_domain::classification::OwnCode;

use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;
use crate::stored::value::split_message;
use crate::{date, money};

/// Returns the stored form of an agreement's event.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a kind, each a plain copy: splitting it would hide a missing one"
)]
pub(in crate::stored) fn to_kind(event: &Event) -> Kind {
    match event {
        Event::AgreementSigned(terms) => Kind::AgreementSigned(terms.into()),
        Event::AgreementDescribed(words) => Kind::AgreementDescribed(words.into()),
        Event::LineOpened { line } => Kind::LineOpened(pb::LineOpened {
            line: Some(line.into()),
        }),
        Event::CommitmentIncreased {
            line_id,
            amount,
            year_shares,
            amendment,
            published,
        } => Kind::CommitmentIncreased(pb::CommitmentIncreased {
            line_id: line_id.to_string(),
            amount: Some((*amount).into()),
            year_shares: year_shares.iter().map(Into::into).collect(),
            amendment: amendment.clone(),
            published: published.as_ref().map(Into::into),
        }),
        Event::CommitmentDecreased {
            line_id,
            amount,
            year_shares,
            reason,
            published,
        } => Kind::CommitmentDecreased(pb::CommitmentDecreased {
            line_id: line_id.to_string(),
            amount: Some((*amount).into()),
            year_shares: year_shares.iter().map(Into::into).collect(),
            reason: pb::DecreaseReason::from(*reason).into(),
            published: published.as_ref().map(Into::into),
        }),
        Event::PeriodExtended {
            previous_ends_on,
            new_ends_on,
            kind,
            moves,
            amendment,
        } => Kind::PeriodExtended(pb::PeriodExtended {
            previous_ends_on: previous_ends_on.map(date::number),
            new_ends_on: date::number(*new_ends_on),
            kind: pb::ExtensionKind::from(*kind).into(),
            moves: moves.iter().map(Into::into).collect(),
            amendment: amendment.clone(),
        }),
        Event::PeriodShortened {
            previous_ends_on,
            new_ends_on,
            reason,
        } => Kind::PeriodShortened(pb::PeriodShortened {
            previous_ends_on: previous_ends_on.map(date::number),
            new_ends_on: date::number(*new_ends_on),
            reason: reason.clone(),
        }),
        Event::TrancheScheduled {
            tranche_id,
            amount,
            due_on,
            period,
        } => Kind::TrancheScheduled(pb::TrancheScheduled {
            tranche_id: tranche_id.to_string(),
            amount: Some((*amount).into()),
            due_on: date::number(*due_on),
            period: Some((*period).into()),
        }),
        Event::TrancheRescheduled {
            tranche_id,
            open,
            previous_due_on,
            new_due_on,
            period,
            reason,
        } => Kind::TrancheRescheduled(pb::TrancheRescheduled {
            tranche_id: tranche_id.to_string(),
            open: Some((*open).into()),
            previous_due_on: date::number(*previous_due_on),
            new_due_on: date::number(*new_due_on),
            period: Some((*period).into()),
            reason: reason.clone(),
        }),
        Event::TrancheCancelled {
            tranche_id,
            open,
            due_on,
            reason,
        } => Kind::TrancheCancelled(pb::TrancheCancelled {
            tranche_id: tranche_id.to_string(),
            open: Some((*open).into()),
            due_on: date::number(*due_on),
            reason: reason.clone(),
        }),
        Event::ForecastReplaced { previous, entries } => {
            Kind::ForecastReplaced(pb::ForecastReplaced {
                previous: previous.iter().map(Into::into).collect(),
                entries: entries.iter().map(Into::into).collect(),
            })
        }
        Event::DisbursementMade { cash, draws } => Kind::DisbursementMade(pb::DisbursementMade {
            cash: Some(cash.into()),
            draws: draws.iter().map(Into::into).collect(),
        }),
        Event::ReimbursementMade { cash } => Kind::ReimbursementMade(pb::ReimbursementMade {
            cash: Some(cash.into()),
        }),
        Event::RefundMade { cash, reason } => Kind::RefundMade(pb::RefundMade {
            cash: Some(cash.into()),
            reason: reason.clone(),
        }),
        Event::ReceiptConfirmed { cash } => Kind::ReceiptConfirmed(pb::ReceiptConfirmed {
            cash: Some(cash.into()),
        }),
        Event::RefundReceived { cash, reason } => Kind::RefundReceived(pb::RefundReceived {
            cash: Some(cash.into()),
            reason: reason.clone(),
        }),
        Event::ExpenditureReported {
            cash,
            period,
            evidence_level,
        } => Kind::ExpenditureReported(pb::ExpenditureReported {
            cash: Some(cash.into()),
            period: Some((*period).into()),
            evidence_level: pb::EvidenceLevel::from(*evidence_level).into(),
        }),
        Event::ExpenditureReduced {
            cash,
            period,
            reason,
        } => Kind::ExpenditureReduced(pb::ExpenditureReduced {
            cash: Some(cash.into()),
            period: Some((*period).into()),
            reason: reason.clone(),
        }),
        Event::FundsReallocated { legs, legal_basis } => {
            Kind::FundsReallocated(pb::FundsReallocated {
                legs: legs.iter().map(Into::into).collect(),
                legal_basis: legal_basis.clone(),
            })
        }
        Event::OtherFlowRecorded(flow) => Kind::OtherFlowRecorded(pb::OtherFlowRecorded {
            kind: pb::OtherFlowKind::from(flow.kind).into(),
            negative: flow.negative,
            cash: Some((&flow.cash).into()),
        }),
        Event::EntryReversed { target, reason } => Kind::EntryReversed(pb::EntryReversed {
            target: Some((*target).into()),
            reason: pb::ReversalReason::from(*reason).into(),
        }),
        Event::EntryReplaced { target } => Kind::EntryReplaced(pb::EntryReplaced {
            target: Some((*target).into()),
        }),
    }
}

impl From<&Terms> for pb::AgreementSigned {
    fn from(terms: &Terms) -> Self {
        Self {
            perspective: pb::Perspective::from(terms.perspective).into(),
            provider: Some((&terms.provider).into()),
            recipient: Some((&terms.recipient).into()),
            signed_on: terms.signed_on.map(date::number),
            starts_on: terms.starts_on.map(date::number),
            ends_on: terms.ends_on.map(date::number),
            currency_code: terms.currency.to_string(),
            conditionality: pb::Conditionality::from(terms.conditionality).into(),
            lines: terms.lines.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Line> for pb::Line {
    fn from(line: &Line) -> Self {
        let dims = &line.dims;
        Self {
            line_id: line.line_id.to_string(),
            amount: Some(line.amount.into()),
            counterparty: line.counterparty.as_ref().map(Into::into),
            purposes: split_message(&dims.purposes),
            places: split_message(&dims.places),
            pillar: dims.pillar.map(|pillar| pb::Pillar::from(pillar).into()),
            humanitarian: dims.humanitarian,
            budget_heading: dims.budget_heading.as_deref().map(str::to_owned),
            own_codes: dims.own_codes.iter().map(Into::into).collect(),
            year_shares: line.year_shares.iter().map(Into::into).collect(),
        }
    }
}

impl From<&OwnCode> for pb::OwnCode {
    fn from(own_code: &OwnCode) -> Self {
        Self {
            scheme: own_code.scheme.as_ref().to_owned(),
            code: own_code.code.as_ref().to_owned(),
        }
    }
}

impl From<&YearShare> for pb::YearShare {
    fn from(share: &YearShare) -> Self {
        Self {
            starts_on: date::number(share.period.starts_on()),
            ends_on: date::number(share.period.ends_on()),
            minor_units: money::minor(share.minor_units),
            basis: pb::YearBasis::from(share.basis).into(),
        }
    }
}

impl From<&ShareMove> for pb::ShareMove {
    fn from(share_move: &ShareMove) -> Self {
        Self {
            line_id: share_move.line_id.to_string(),
            share: Some((&share_move.share).into()),
        }
    }
}

impl From<&Description> for pb::AgreementDescribed {
    fn from(description: &Description) -> Self {
        let participating = description.participating.iter();
        Self {
            title: description.title.clone(),
            description: description.description.clone(),
            identifiers: description.identifiers.iter().map(Into::into).collect(),
            participating: participating.map(Into::into).collect(),
            reporting_org: description.reporting_org.as_ref().map(Into::into),
            published_status: description.published_status.map(u32::from),
            hierarchy: description.hierarchy.map(u32::from),
            parent: description.parent.clone(),
            documents: description.documents.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ParticipatingOrg> for pb::ParticipatingOrganisation {
    fn from(participating: &ParticipatingOrg) -> Self {
        Self {
            organisation: Some((&participating.org).into()),
            role_code: participating.role_code.into(),
        }
    }
}

impl From<&ForecastEntry> for pb::ForecastEntry {
    fn from(entry: &ForecastEntry) -> Self {
        Self {
            period: Some(entry.period.into()),
            amount: Some(entry.amount.into()),
            receiver: entry.receiver.as_ref().map(Into::into),
        }
    }
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
        }
    }
}
