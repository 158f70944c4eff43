use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent as Event, Condition, DecreaseReason, Description, ExtensionKind, ForecastEntry,
    FurtherTerms, Line, ParticipatingOrg, Published, Rescheduling, ReversalReason, ShareMove,
    Terms, YearShare,
};
use perennial_domain::classification::OwnCode;
use perennial_domain::ids::{LineId, TrancheId};
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::period::Period;

use super::further::{Fields, firmness_number};
use super::payment::{
    disbursed, expended, expenditure_reduced, receipt_confirmed, refund_received, refunded,
    reimbursed,
};
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;
use crate::stored::calendar;
use crate::stored::classification::{splits_reclassified, tag_set_replaced};
use crate::stored::life;
use crate::stored::value::split_message;
use crate::{date, money};

/// One arm a kind, each on a line of its own, so that the whole fits into a head.
macro_rules! arms {
    ($subject:expr, { $($pattern:pat => $message:expr,)+ }) => {
        match $subject { $($pattern => $message,)+ }
    };
}

/// Returns the stored form of an agreement's event: one arm a kind, so that none is missing.
pub(in crate::stored) fn to_kind(event: &Event) -> Kind {
    arms!(event, {
        Event::AgreementSigned(terms) => Kind::AgreementSigned(terms.into()),
        Event::AgreementDescribed(words) => Kind::AgreementDescribed(words.into()),
        Event::LineOpened { line } => line_opened(line),
        Event::CommitmentIncreased { line_id, amount, year_shares, amendment, published, functional } =>
            Kind::CommitmentIncreased(pb::CommitmentIncreased {
                functional: functional.as_deref().map(Into::into),
                ..increased(line_id, *amount, year_shares, amendment, published)
            }),
        Event::CommitmentDecreased { line_id, amount, year_shares, reason, published, functional } =>
            Kind::CommitmentDecreased(pb::CommitmentDecreased {
                functional: functional.as_deref().map(Into::into),
                ..decreased(line_id, *amount, year_shares, *reason, published)
            }),
        Event::PeriodExtended { previous_ends_on, new_ends_on, kind, moves, amendment } =>
            extended(*previous_ends_on, *new_ends_on, *kind, moves, amendment),
        Event::PeriodShortened { previous_ends_on, new_ends_on, reason } =>
            shortened(*previous_ends_on, *new_ends_on, reason),
        Event::TrancheScheduled { tranche_id, amount, due_on, period, conditions } =>
            scheduled(tranche_id, *amount, (*due_on, *period), conditions),
        Event::TrancheRescheduled(moved) => Kind::TrancheRescheduled(moved.into()),
        Event::TrancheCancelled { tranche_id, open, due_on, reason } => cancelled(tranche_id, *open, *due_on, reason),
        Event::ForecastReplaced { previous, entries } => forecast(previous, entries),
        Event::DisbursementMade { cash, draws } => disbursed(cash, draws),
        Event::ReimbursementMade { cash } => reimbursed(cash),
        Event::RefundMade { cash, reason } => refunded(cash, reason),
        Event::ReceiptConfirmed { cash, draws, disbursement_id } =>
            receipt_confirmed(cash, draws, disbursement_id.as_ref()),
        Event::RefundReceived { cash, reason } => refund_received(cash, reason),
        Event::FundsReallocated(reallocated) => Kind::FundsReallocated(reallocated.as_ref().into()),
        Event::TermsRevised(revision) => Kind::TermsRevised(revision.as_ref().into()),
        Event::AllocationMade(allocation) => Kind::AllocationMade(allocation.as_ref().into()),
        Event::AllocationReleased(release) => Kind::AllocationReleased(release.as_ref().into()),
        Event::FundsTransferred(transfer) => Kind::FundsTransferred(transfer.as_ref().into()),
        Event::OnwardGrantLinked(link) => Kind::OnwardGrantLinked(link.as_ref().into()),
        Event::FundsCarriedOver(carried) => Kind::FundsCarriedOver(carried.as_ref().into()),
        Event::ExpenditureReported { cash, period, evidence_level } => expended(cash, *period, *evidence_level),
        Event::ExpenditureReduced { cash, period, reason } => expenditure_reduced(cash, *period, reason),
        Event::OtherFlowRecorded(flow) => Kind::OtherFlowRecorded(flow.into()),
        Event::AgreementSuspended { reason } => life::suspended(reason),
        Event::AgreementResumed { reason } => life::resumed(reason),
        Event::AgreementTerminated(end) => Kind::AgreementTerminated(end.into()),
        Event::AgreementCancelled { reason, decommitments } => life::cancelled(reason, decommitments),
        Event::AgreementOperationallyEnded { reason } => life::ended(reason),
        Event::AgreementFinanciallyClosed { reason } => life::closed(reason),
        Event::TrancheConditionMet(entry) => Kind::TrancheConditionMet(entry.into()),
        Event::TrancheConditionWaived(entry) => Kind::TrancheConditionWaived(entry.into()),
        Event::ReceivableWrittenOff(entry) => Kind::ReceivableWrittenOff(entry.into()),
        Event::ReceivableRecovered(entry) => Kind::ReceivableRecovered(entry.into()),
        Event::SplitsReclassified {
            line_id,
            splits,
            reason,
        } => splits_reclassified(line_id, splits, reason),
        Event::TagSetReplaced(set) => tag_set_replaced(set),
        Event::PriorPeriodAdjusted(adjusted) => calendar::adjusted_message(adjusted),
        Event::EntryReversed { target, reason } => reversed(*target, *reason),
        Event::EntryReplaced { target } => replaced(*target),
    })
}

fn line_opened(line: &Line) -> Kind {
    Kind::LineOpened(pb::LineOpened {
        line: Some(line.into()),
    })
}

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn increased(
    line_id: &LineId,
    amount: Money,
    year_shares: &[YearShare],
    amendment: &Option<String>,
    published: &Option<Published>,
) -> pb::CommitmentIncreased {
    pb::CommitmentIncreased {
        line_id: line_id.to_string(),
        amount: Some(amount.into()),
        year_shares: year_shares.iter().map(Into::into).collect(),
        amendment: amendment.clone(),
        published: published.as_ref().map(Into::into),
        functional: None,
    }
}

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn decreased(
    line_id: &LineId,
    amount: Money,
    year_shares: &[YearShare],
    reason: DecreaseReason,
    published: &Option<Published>,
) -> pb::CommitmentDecreased {
    pb::CommitmentDecreased {
        line_id: line_id.to_string(),
        amount: Some(amount.into()),
        year_shares: year_shares.iter().map(Into::into).collect(),
        reason: pb::DecreaseReason::from(reason).into(),
        published: published.as_ref().map(Into::into),
        functional: None,
    }
}

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn extended(
    previous_ends_on: Option<Date>,
    new_ends_on: Date,
    kind: ExtensionKind,
    moves: &[ShareMove],
    amendment: &Option<String>,
) -> Kind {
    Kind::PeriodExtended(pb::PeriodExtended {
        previous_ends_on: previous_ends_on.map(date::number),
        new_ends_on: date::number(new_ends_on),
        kind: pb::ExtensionKind::from(kind).into(),
        moves: moves.iter().map(Into::into).collect(),
        amendment: amendment.clone(),
    })
}

fn shortened(previous_ends_on: Option<Date>, new_ends_on: Date, reason: &str) -> Kind {
    Kind::PeriodShortened(pb::PeriodShortened {
        previous_ends_on: previous_ends_on.map(date::number),
        new_ends_on: date::number(new_ends_on),
        reason: reason.to_owned(),
    })
}

fn scheduled(
    tranche_id: &TrancheId,
    amount: Money,
    (due_on, period): (Date, Period),
    conditions: &[Condition],
) -> Kind {
    Kind::TrancheScheduled(pb::TrancheScheduled {
        tranche_id: tranche_id.to_string(),
        amount: Some(amount.into()),
        due_on: date::number(due_on),
        period: Some(period.into()),
        conditions: conditions.iter().map(Into::into).collect(),
    })
}

fn cancelled(tranche_id: &TrancheId, open: Money, due_on: Date, reason: &str) -> Kind {
    Kind::TrancheCancelled(pb::TrancheCancelled {
        tranche_id: tranche_id.to_string(),
        open: Some(open.into()),
        due_on: date::number(due_on),
        reason: reason.to_owned(),
    })
}

fn forecast(previous: &[ForecastEntry], entries: &[ForecastEntry]) -> Kind {
    Kind::ForecastReplaced(pb::ForecastReplaced {
        previous: previous.iter().map(Into::into).collect(),
        entries: entries.iter().map(Into::into).collect(),
    })
}

fn reversed(target: EventId, reason: ReversalReason) -> Kind {
    Kind::EntryReversed(pb::EntryReversed {
        target: Some(target.into()),
        reason: pb::ReversalReason::from(reason).into(),
    })
}

fn replaced(target: EventId) -> Kind {
    Kind::EntryReplaced(pb::EntryReplaced {
        target: Some(target.into()),
    })
}

impl From<&Terms> for pb::AgreementSigned {
    fn from(terms: &Terms) -> Self {
        let unsaid = FurtherTerms::default();
        let further = Fields::of(terms.further.as_deref().unwrap_or(&unsaid));
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
            earmarking_modality: further.earmarking_modality,
            finance_type: further.finance_type,
            flow_type: further.flow_type,
            aid_types: further.aid_types,
            reallocation_policy: further.reallocation_policy,
            disbursement_terms: further.disbursement_terms,
            flexibility_features: further.flexibility_features,
            upstream_links: further.upstream_links,
            pledge_links: further.pledge_links,
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
            functional: line.functional.as_deref().map(Into::into),
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
            firmness: firmness_number(share.firmness),
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

impl From<&Rescheduling> for pb::TrancheRescheduled {
    fn from(moved: &Rescheduling) -> Self {
        Self {
            tranche_id: moved.tranche_id.to_string(),
            open: Some(moved.open.into()),
            previous_due_on: date::number(moved.previous_due_on),
            new_due_on: date::number(moved.new_due_on),
            period: Some(moved.period.into()),
            reason: moved.reason.clone(),
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
