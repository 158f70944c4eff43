use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand as Command, Cash, DecreaseReason, Description, EvidenceLevel, ExtensionKind,
    ForecastEntry, FurtherTerms, Leg, Line, LineSplits, OtherFlowKind, ParticipatingOrg, Published,
    Reallocation, ReversalReason, ShareMove, Terms, Tranche, YearShare,
};
use perennial_domain::ids::{AgreementId, LineId, PaymentId, TrancheId};
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::period::Period;

use super::agreement_owner;
use super::cash::payment;
use super::further::{Fields, carry_over, revise_terms};
use super::reference::replace_tag_set;
use super::value::{firmness, split, year_shares};
use super::{handing, life};
use crate::date::to_google;
use crate::money;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;

/// One arm a kind, each on a line of its own, so that the whole fits into a head.
macro_rules! arms {
    ($subject:expr, { $($pattern:pat => $message:expr,)+ }) => {
        match $subject { $($pattern => $message,)+ }
    };
}

/// Returns the message of a command to an agreement: one arm a command, so that none is missing.
pub(super) fn action(id: &AgreementId, command: &Command) -> Message {
    let of = id.to_string();
    arms!(command, {
        Command::Sign(terms) => Message::SignAgreement(sign(of, terms)),
        Command::Describe(words) => Message::DescribeAgreement(describe(of, words)),
        Command::OpenLine(line) => open_line(of, line),
        Command::IncreaseCommitment { line_id, amount, year_shares, amendment, published, functional } =>
            Message::IncreaseCommitment(pb::IncreaseCommitment {
                functional: functional.as_deref().map(Into::into),
                ..increase(of, line_id, (*amount, year_shares), amendment, published)
            }),
        Command::DecreaseCommitment { line_id, amount, year_shares, reason, published, functional } =>
            Message::DecreaseCommitment(pb::DecreaseCommitment {
                functional: functional.as_deref().map(Into::into),
                ..decrease(of, line_id, (*amount, year_shares), *reason, published)
            }),
        Command::ExtendPeriod { new_ends_on, kind, moves, amendment } =>
            extend(of, *new_ends_on, *kind, moves, amendment),
        Command::ShortenPeriod { new_ends_on, reason } => shorten(of, *new_ends_on, reason),
        Command::ScheduleTranche(tranche) => Message::ScheduleTranche(schedule(of, tranche)),
        Command::RescheduleTranche { tranche_id, new_due_on, reason } =>
            reschedule(of, tranche_id, *new_due_on, reason),
        Command::CancelTranche { tranche_id, reason } => cancel(of, tranche_id, reason),
        Command::ReplaceForecast(entries) => replace_forecast(of, entries),
        Command::Disburse { cash, tranche_id } => disburse(of, cash, tranche_id.as_ref()),
        Command::Reimburse(cash) => payment!(Reimburse, of, cash),
        Command::Refund { cash, reason } => payment!(Refund, of, cash, reason: reason.clone()),
        Command::ConfirmReceipt { cash, tranche_id, disbursement_id } =>
            confirm_receipt(of, cash, (tranche_id.as_ref(), disbursement_id.as_ref())),
        Command::ConfirmRefund { cash, reason } => confirm_refund(of, cash, reason),
        Command::ReportExpenditure { cash, period, evidence_level } =>
            report_expenditure(of, cash, *period, *evidence_level),
        Command::ReduceExpenditure { cash, period, reason } => reduce_expenditure(of, cash, *period, reason),
        Command::ReallocateFunds(reallocation) => reallocate(of, reallocation),
        Command::ReviseTerms(revision) => Message::ReviseTerms(revise_terms(of, revision)),
        Command::Allocate(wish) => handing::allocate(of, wish),
        Command::ReleaseAllocation { allocation_id, amount, reason } =>
            handing::release(of, allocation_id, *amount, reason),
        Command::TransferFunds(wish) => handing::transfer(of, wish),
        Command::LinkOnwardGrant(wish) => handing::link(of, wish),
        Command::CarryOverFunds(wish) => Message::CarryOverFunds(carry_over(of, wish)),
        Command::RecordOtherFlow { kind, negative, cash } => record_other_flow(of, *kind, *negative, cash),
        Command::Suspend { reason } => life::suspend(of, reason),
        Command::Resume { reason } => life::resume(of, reason),
        Command::Terminate(end) => life::terminate(of, end),
        Command::Cancel { reason } => life::cancel(of, reason),
        Command::End { reason } => life::end(of, reason),
        Command::Close { reason } => life::close(of, reason),
        Command::MeetCondition(entry) => life::meet_condition(of, entry),
        Command::WaiveCondition(entry) => life::waive_condition(of, entry),
        Command::WriteOffReceivable(receivable) => life::write_off(of, receivable),
        Command::RecoverReceivable(receivable) => life::recover(of, receivable),
        Command::ReclassifySplits { line_id, splits, reason } =>
            reclassify(of, (line_id.as_ref(), splits), reason),
        Command::ReplaceTagSet(set) => replace_tag_set(pb::replace_tag_set::Owner::AgreementId(of), set),
        Command::ReverseEntry { target, reason } => reverse(id, *target, *reason),
        Command::ReplaceEntry { target, replacement, replacement_effective_on } =>
            replace(id, *target, replacement, *replacement_effective_on),
    })
}

fn reclassify(
    agreement_id: String,
    (line_id, splits): (Option<&LineId>, &LineSplits),
    reason: &str,
) -> Message {
    Message::ReclassifySplits(pb::ReclassifySplits {
        agreement_id,
        line_id: optional(line_id),
        purposes: split(&splits.purposes),
        places: split(&splits.places),
        pillar: splits
            .pillar
            .map_or(0, |pillar| pb::Pillar::from(pillar).into()),
        reason: reason.to_owned(),
    })
}

fn open_line(agreement_id: String, line: &Line) -> Message {
    Message::OpenLine(pb::OpenLine {
        agreement_id,
        line: Some(line.into()),
    })
}

/// An amount, and the shares of it that fall into periods.
type Spread<'a> = (Money, &'a [YearShare]);

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn increase(
    agreement_id: String,
    line_id: &Option<LineId>,
    (amount, shares): Spread<'_>,
    amendment: &Option<String>,
    published: &Option<Published>,
) -> pb::IncreaseCommitment {
    pb::IncreaseCommitment {
        agreement_id,
        line_id: optional(line_id.as_ref()),
        amount: Some(amount.into()),
        year_shares: year_shares(shares, amount.currency()),
        amendment: amendment.clone().unwrap_or_default(),
        published: published.as_ref().map(Into::into),
        functional: None,
    }
}

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn decrease(
    agreement_id: String,
    line_id: &Option<LineId>,
    (amount, shares): Spread<'_>,
    reason: DecreaseReason,
    published: &Option<Published>,
) -> pb::DecreaseCommitment {
    pb::DecreaseCommitment {
        agreement_id,
        line_id: optional(line_id.as_ref()),
        amount: Some(amount.into()),
        year_shares: year_shares(shares, amount.currency()),
        reason: pb::DecreaseReason::from(reason).into(),
        published: published.as_ref().map(Into::into),
        functional: None,
    }
}

#[expect(
    clippy::ref_option,
    reason = "the fields are taken as the event holds them"
)]
fn extend(
    agreement_id: String,
    new_ends_on: Date,
    kind: ExtensionKind,
    moves: &[ShareMove],
    amendment: &Option<String>,
) -> Message {
    Message::ExtendPeriod(pb::ExtendPeriod {
        agreement_id,
        new_ends_on: Some(to_google(new_ends_on)),
        kind: pb::ExtensionKind::from(kind).into(),
        moves: moves.iter().map(Into::into).collect(),
        amendment: amendment.clone().unwrap_or_default(),
    })
}

fn shorten(agreement_id: String, new_ends_on: Date, reason: &str) -> Message {
    Message::ShortenPeriod(pb::ShortenPeriod {
        agreement_id,
        new_ends_on: Some(to_google(new_ends_on)),
        reason: reason.to_owned(),
    })
}

fn reschedule(
    agreement_id: String,
    tranche_id: &TrancheId,
    new_due_on: Date,
    reason: &str,
) -> Message {
    Message::RescheduleTranche(pb::RescheduleTranche {
        agreement_id,
        tranche_id: tranche_id.to_string(),
        new_due_on: Some(to_google(new_due_on)),
        reason: reason.to_owned(),
    })
}

fn cancel(agreement_id: String, tranche_id: &TrancheId, reason: &str) -> Message {
    Message::CancelTranche(pb::CancelTranche {
        agreement_id,
        tranche_id: tranche_id.to_string(),
        reason: reason.to_owned(),
    })
}

fn replace_forecast(agreement_id: String, entries: &[ForecastEntry]) -> Message {
    Message::ReplaceForecast(pb::ReplaceForecast {
        agreement_id,
        entries: entries.iter().map(Into::into).collect(),
    })
}

fn confirm_receipt(
    agreement_id: String,
    cash: &Cash,
    (tranche_id, disbursement_id): (Option<&TrancheId>, Option<&PaymentId>),
) -> Message {
    payment!(ConfirmReceipt, agreement_id, cash,
        tranche_id: optional(tranche_id), disbursement_id: optional(disbursement_id))
}

fn disburse(agreement_id: String, cash: &Cash, tranche_id: Option<&TrancheId>) -> Message {
    payment!(Disburse, agreement_id, cash, tranche_id: optional(tranche_id))
}

fn confirm_refund(agreement_id: String, cash: &Cash, reason: &str) -> Message {
    payment!(ConfirmRefund, agreement_id, cash, reason: reason.to_owned())
}

fn report_expenditure(
    agreement_id: String,
    cash: &Cash,
    period: Option<Period>,
    evidence_level: EvidenceLevel,
) -> Message {
    let level = pb::EvidenceLevel::from(evidence_level).into();
    let period = period.map(Into::into);
    payment!(ReportExpenditure, agreement_id, cash, evidence_level: level, period: period)
}

fn reduce_expenditure(
    agreement_id: String,
    cash: &Cash,
    period: Option<Period>,
    reason: &str,
) -> Message {
    let (period, reason) = (period.map(Into::into), reason.to_owned());
    payment!(ReduceExpenditure, agreement_id, cash, reason: reason, period: period)
}

fn reallocate(agreement_id: String, reallocation: &Reallocation) -> Message {
    Message::ReallocateFunds(pb::ReallocateFunds {
        agreement_id,
        legs: reallocation.legs.iter().map(Into::into).collect(),
        legal_basis: reallocation.legal_basis.clone(),
        amendment: reallocation.amendment.clone().unwrap_or_default(),
    })
}

fn record_other_flow(
    agreement_id: String,
    kind: OtherFlowKind,
    negative: bool,
    cash: &Cash,
) -> Message {
    let kind = pb::OtherFlowKind::from(kind).into();
    payment!(RecordOtherFlow, agreement_id, cash, kind: kind, negative: negative)
}

fn reverse(id: &AgreementId, target: EventId, reason: ReversalReason) -> Message {
    Message::ReverseEntry(pb::ReverseEntry {
        owner: Some(agreement_owner(id)),
        target: target.to_string(),
        reason: pb::ReversalReason::from(reason).into(),
    })
}

fn replace(
    id: &AgreementId,
    target: EventId,
    replacement: &Command,
    effective_on: Date,
) -> Message {
    let command = pb::Command {
        effective_on: Some(to_google(effective_on)),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        functional_from_table: false,
        action: Some(action(id, replacement)),
    };
    Message::ReplaceEntry(Box::new(pb::ReplaceEntry {
        agreement_id: id.to_string(),
        target: target.to_string(),
        replacement: Some(Box::new(command)),
    }))
}

fn optional(id: Option<&impl ToString>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

fn sign(agreement_id: String, terms: &Terms) -> pb::SignAgreement {
    let unsaid = FurtherTerms::default();
    let further = Fields::of(terms.further.as_deref().unwrap_or(&unsaid));
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
            functional: line.functional.as_deref().map(Into::into),
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
            firmness: firmness(share.firmness),
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
        conditions: tranche.conditions.iter().map(Into::into).collect(),
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
            firmness: place
                .firmness
                .map(|firmness| pb::Firmness::from(firmness).into())
                .unwrap_or_default(),
            purpose: place.purpose.as_ref().map(Into::into),
            country: place.country.as_ref().map(Into::into),
        }
    }
}
