use perennial_domain::agreement::{
    AgreementCommand as Command, Description, ForecastEntry, Leg, Line, ParticipatingOrg,
    ShareMove, Terms, Tranche,
};
use perennial_domain::ids::AgreementId;

use super::agreement_owner;
use super::cash::payment;
use super::value::{split, year_shares};
use crate::date::to_google;
use crate::money;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

/// Returns the message of a command to an agreement.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a command, each a plain copy: splitting it would hide a missing one"
)]
pub(super) fn action(id: &AgreementId, command: &Command) -> Message {
    let agreement_id = id.to_string();
    match command {
        Command::Sign(terms) => Message::SignAgreement(sign(agreement_id, terms)),
        Command::Describe(words) => Message::DescribeAgreement(describe(agreement_id, words)),
        Command::OpenLine(line) => Message::OpenLine(pb::OpenLine {
            agreement_id,
            line: Some(line.into()),
        }),
        Command::IncreaseCommitment {
            line_id,
            amount,
            year_shares: shares,
            amendment,
            published,
        } => Message::IncreaseCommitment(pb::IncreaseCommitment {
            agreement_id,
            line_id: optional(line_id.as_ref()),
            amount: Some((*amount).into()),
            year_shares: year_shares(shares, amount.currency()),
            amendment: amendment.clone().unwrap_or_default(),
            published: published.as_ref().map(Into::into),
        }),
        Command::DecreaseCommitment {
            line_id,
            amount,
            year_shares: shares,
            reason,
            published,
        } => Message::DecreaseCommitment(pb::DecreaseCommitment {
            agreement_id,
            line_id: optional(line_id.as_ref()),
            amount: Some((*amount).into()),
            year_shares: year_shares(shares, amount.currency()),
            reason: pb::DecreaseReason::from(*reason).into(),
            published: published.as_ref().map(Into::into),
        }),
        Command::ExtendPeriod {
            new_ends_on,
            kind,
            moves,
            amendment,
        } => Message::ExtendPeriod(pb::ExtendPeriod {
            agreement_id,
            new_ends_on: Some(to_google(*new_ends_on)),
            kind: pb::ExtensionKind::from(*kind).into(),
            moves: moves.iter().map(Into::into).collect(),
            amendment: amendment.clone().unwrap_or_default(),
        }),
        Command::ShortenPeriod {
            new_ends_on,
            reason,
        } => Message::ShortenPeriod(pb::ShortenPeriod {
            agreement_id,
            new_ends_on: Some(to_google(*new_ends_on)),
            reason: reason.clone(),
        }),
        Command::ScheduleTranche(tranche) => {
            Message::ScheduleTranche(schedule(agreement_id, tranche))
        }
        Command::RescheduleTranche {
            tranche_id,
            new_due_on,
            reason,
        } => Message::RescheduleTranche(pb::RescheduleTranche {
            agreement_id,
            tranche_id: tranche_id.to_string(),
            new_due_on: Some(to_google(*new_due_on)),
            reason: reason.clone(),
        }),
        Command::CancelTranche { tranche_id, reason } => {
            Message::CancelTranche(pb::CancelTranche {
                agreement_id,
                tranche_id: tranche_id.to_string(),
                reason: reason.clone(),
            })
        }
        Command::ReplaceForecast(entries) => Message::ReplaceForecast(pb::ReplaceForecast {
            agreement_id,
            entries: entries.iter().map(Into::into).collect(),
        }),
        Command::Disburse { cash, tranche_id } => {
            let tranche_id = optional(tranche_id.as_ref());
            payment!(Disburse, agreement_id, cash, tranche_id: tranche_id)
        }
        Command::Reimburse(cash) => payment!(Reimburse, agreement_id, cash),
        Command::Refund { cash, reason } => {
            payment!(Refund, agreement_id, cash, reason: reason.clone())
        }
        Command::ConfirmReceipt(cash) => payment!(ConfirmReceipt, agreement_id, cash),
        Command::ConfirmRefund { cash, reason } => {
            payment!(ConfirmRefund, agreement_id, cash, reason: reason.clone())
        }
        Command::ReportExpenditure {
            cash,
            period,
            evidence_level,
        } => {
            let level = pb::EvidenceLevel::from(*evidence_level).into();
            let period = period.map(Into::into);
            payment!(ReportExpenditure, agreement_id, cash, evidence_level: level, period: period)
        }
        Command::ReduceExpenditure {
            cash,
            period,
            reason,
        } => {
            let (period, reason) = (period.map(Into::into), reason.clone());
            payment!(ReduceExpenditure, agreement_id, cash, reason: reason, period: period)
        }
        Command::ReallocateFunds(reallocation) => Message::ReallocateFunds(pb::ReallocateFunds {
            agreement_id,
            legs: reallocation.legs.iter().map(Into::into).collect(),
            legal_basis: reallocation.legal_basis.clone(),
        }),
        Command::RecordOtherFlow {
            kind,
            negative,
            cash,
        } => {
            let (kind, negative) = (pb::OtherFlowKind::from(*kind).into(), *negative);
            payment!(RecordOtherFlow, agreement_id, cash, kind: kind, negative: negative)
        }
        Command::ReverseEntry { target, reason } => Message::ReverseEntry(pb::ReverseEntry {
            owner: Some(agreement_owner(id)),
            target: target.to_string(),
            reason: pb::ReversalReason::from(*reason).into(),
        }),
        Command::ReplaceEntry {
            target,
            replacement,
            replacement_effective_on,
        } => Message::ReplaceEntry(Box::new(pb::ReplaceEntry {
            agreement_id,
            target: target.to_string(),
            replacement: Some(Box::new(pb::Command {
                effective_on: Some(to_google(*replacement_effective_on)),
                external_reference: None,
                evidence: Vec::new(),
                action: Some(action(id, replacement)),
            })),
        })),
    }
}

fn optional(id: Option<&impl ToString>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

fn sign(agreement_id: String, terms: &Terms) -> pb::SignAgreement {
    pb::SignAgreement {
        agreement_id,
        perspective: pb::Perspective::from(terms.perspective).into(),
        provider: Some((&terms.provider).into()),
        recipient: Some((&terms.recipient).into()),
        signed_on: terms.signed_on.map(to_google),
        starts_on: terms.starts_on.map(to_google),
        ends_on: terms.ends_on.map(to_google),
        currency_code: terms.currency.to_string(),
        conditionality: pb::Conditionality::from(terms.conditionality).into(),
        lines: terms.lines.iter().map(Into::into).collect(),
    }
}

impl From<&Line> for pb::Line {
    fn from(line: &Line) -> Self {
        let dims = &line.dims;
        let pillar = dims.pillar.map(|pillar| pb::Pillar::from(pillar).into());
        Self {
            line_id: line.line_id.to_string(),
            amount: Some(line.amount.into()),
            counterparty: line.counterparty.as_ref().map(Into::into),
            purposes: split(&dims.purposes),
            places: split(&dims.places),
            pillar: pillar.unwrap_or_default(),
            humanitarian: dims.humanitarian,
            budget_heading: dims
                .budget_heading
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            own_codes: dims.own_codes.iter().map(Into::into).collect(),
            year_shares: year_shares(&line.year_shares, line.amount.currency()),
        }
    }
}

fn describe(agreement_id: String, words: &Description) -> pb::DescribeAgreement {
    pb::DescribeAgreement {
        agreement_id,
        title: words.title.clone().unwrap_or_default(),
        description: words.description.clone().unwrap_or_default(),
        identifiers: words.identifiers.iter().map(Into::into).collect(),
        participating: words.participating.iter().map(Into::into).collect(),
        reporting_org: words.reporting_org.as_ref().map(Into::into),
        published_status: words.published_status.map(u32::from),
        hierarchy: words.hierarchy.map(u32::from),
        parent: words.parent.clone().unwrap_or_default(),
        documents: words.documents.iter().map(Into::into).collect(),
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

impl From<&ShareMove> for pb::ShareMove {
    fn from(share_move: &ShareMove) -> Self {
        let share = &share_move.share;
        Self {
            line_id: share_move.line_id.to_string(),
            starts_on: Some(to_google(share.period.starts_on())),
            ends_on: Some(to_google(share.period.ends_on())),
            minor_units: money::minor(share.minor_units),
            basis: pb::YearBasis::from(share.basis).into(),
        }
    }
}

fn schedule(agreement_id: String, tranche: &Tranche) -> pb::ScheduleTranche {
    pb::ScheduleTranche {
        agreement_id,
        tranche_id: tranche.tranche_id.to_string(),
        amount: Some(tranche.amount.into()),
        due_on: tranche.due_on.map(to_google),
        period: tranche.period.map(Into::into),
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
        let pillar = place.pillar.map(|pillar| pb::Pillar::from(pillar).into());
        Self {
            direction: pb::LegDirection::from(leg.direction).into(),
            line_id: place.line_id.to_string(),
            period: place.period.map(Into::into),
            pillar: pillar.unwrap_or_default(),
            amount: Some(leg.amount.into()),
            basis: place.basis.map(|basis| pb::YearBasis::from(basis).into()),
        }
    }
}
