//! Payments, reports of spending and other flows: which lines and tranches they fall on.

use jiff::civil::Date;

use crate::agreement::decide::{Case, schedule};
use crate::agreement::state::Measure;
use crate::agreement::{
    AgreementCommand, AgreementEvent, Balance, Cash, CashEntry, LineAmount, LinePart, OtherFlow,
    Perspective, TrancheDraw, TrancheState, rules,
};
use crate::finding::Findings;
use crate::ids::{PaymentId, TrancheId};
use crate::money::{Money, allocate_minor};
use crate::period::Period;
use crate::rejection::{LifeRejection, Rejection};

/// How a payment is split that names no lines.
#[derive(Clone, Copy)]
pub(super) enum Weights {
    /// By what is left of the commitment beside the measure.
    LeftOf(Measure),
    /// By what the measure holds, because it is taken back.
    HeldBy(Measure),
    /// By the commitment.
    Committed,
    /// By what is undisbursed.
    Undisbursed,
}

impl Weights {
    fn of(self, balance: Balance, perspective: Perspective) -> i128 {
        match self {
            Self::Undisbursed => balance.undisbursed(perspective),
            Self::LeftOf(measure) => balance.committed.saturating_sub(balance.measure(measure)),
            Self::HeldBy(measure) => balance.measure(measure),
            Self::Committed => balance.committed,
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`Case::draft` names every command and sends only this family here"
)]
pub(super) fn draft(
    asked: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    let booked = |findings: &mut Findings, cash, weights| {
        entry(asked, findings, (effective_on, cash), weights)
    };
    match command {
        AgreementCommand::Disburse { cash, tranche_id } => {
            disburse(asked, findings, effective_on, (cash, tranche_id.as_ref()))
        }
        AgreementCommand::Reimburse(cash) => {
            payment_dates(asked, findings, effective_on);
            let cash = booked(findings, cash, Weights::LeftOf(Measure::Disbursed))?;
            Some(AgreementEvent::ReimbursementMade { cash })
        }
        AgreementCommand::Refund { cash, reason } => Some(AgreementEvent::RefundMade {
            cash: booked(findings, cash, Weights::HeldBy(Measure::Disbursed))?,
            reason: reason.clone(),
        }),
        AgreementCommand::ConfirmReceipt {
            cash,
            tranche_id,
            disbursement_id,
        } => {
            let ids = (tranche_id.as_ref(), disbursement_id.as_ref());
            confirm_receipt(asked, findings, (effective_on, cash), ids)
        }
        AgreementCommand::ConfirmRefund { cash, reason } => Some(AgreementEvent::RefundReceived {
            cash: booked(findings, cash, Weights::HeldBy(Measure::Received))?,
            reason: reason.clone(),
        }),
        AgreementCommand::ReportExpenditure {
            cash,
            period,
            evidence_level,
        } => Some(AgreementEvent::ExpenditureReported {
            cash: booked(findings, cash, Weights::LeftOf(Measure::Expended))?,
            period: period.unwrap_or(Period::day(effective_on)),
            evidence_level: *evidence_level,
        }),
        AgreementCommand::ReduceExpenditure {
            cash,
            period,
            reason,
        } => Some(AgreementEvent::ExpenditureReduced {
            cash: booked(findings, cash, Weights::HeldBy(Measure::Expended))?,
            period: period.unwrap_or(Period::day(effective_on)),
            reason: reason.clone(),
        }),
        AgreementCommand::RecordOtherFlow {
            kind,
            negative,
            cash,
        } => Some(AgreementEvent::OtherFlowRecorded(OtherFlow {
            kind: *kind,
            negative: *negative,
            cash: booked(findings, cash, Weights::Committed)?,
        })),
        _ => None,
    }
}

fn disburse(
    asked: &Case<'_>,
    findings: &mut Findings,
    effective_on: Date,
    (cash, tranche_id): (&Cash, Option<&TrancheId>),
) -> Option<AgreementEvent> {
    payment_dates(asked, findings, effective_on);
    let draws = draws(asked, findings, tranche_id, cash);
    findings.breach(rules::conditions_met(
        asked.agreement,
        asked.subject,
        effective_on,
        &draws,
    ));
    let cash = entry(
        asked,
        findings,
        (effective_on, cash),
        Weights::LeftOf(Measure::Disbursed),
    )?;
    Some(AgreementEvent::DisbursementMade { cash, draws })
}

fn confirm_receipt(
    asked: &Case<'_>,
    findings: &mut Findings,
    (effective_on, cash): (Date, &Cash),
    (tranche_id, disbursement_id): (Option<&TrancheId>, Option<&PaymentId>),
) -> Option<AgreementEvent> {
    let draws = received_draws(asked, findings, tranche_id, cash);
    if let Some(disbursement_id) = disbursement_id {
        confirmed(asked, findings, disbursement_id, cash);
    }
    Some(AgreementEvent::ReceiptConfirmed {
        cash: entry(
            asked,
            findings,
            (effective_on, cash),
            Weights::LeftOf(Measure::Received),
        )?,
        draws,
        disbursement_id: disbursement_id.cloned(),
    })
}

/// R11, R12 and R19, which compare a provider's payment with the term and the life of its agreement.
fn payment_dates(asked: &Case<'_>, findings: &mut Findings, effective_on: Date) {
    let (agreement, subject) = (asked.agreement, asked.subject);
    findings.breach(rules::not_before_signature(
        agreement,
        subject,
        effective_on,
    ));
    findings.breach(rules::not_after_end(agreement, subject, effective_on));
    findings.breach(rules::not_while_suspended(agreement, subject, effective_on));
}

fn entry(
    asked: &Case<'_>,
    findings: &mut Findings,
    (effective_on, cash): (Date, &Cash),
    weights: Weights,
) -> Option<CashEntry> {
    let currency = asked.currency();
    let known = findings.count();
    findings.positive("amount", cash.amount, currency);
    let parts = parts(asked, findings, cash.amount, &cash.lines, weights);
    // Without a good amount on known lines nothing further can be worked out; with them, every rule is judged.
    let usable = findings.count() == known;
    if let Some(conversion) = &cash.conversion {
        let original = conversion.original;
        findings.positive("conversion.original", original, original.currency());
    }
    if let Some(payment_id) = &cash.payment_id
        && asked.agreement.entries.has_payment(payment_id)
    {
        findings.reject(Rejection::PaymentExists {
            agreement_id: asked.id.clone(),
            payment_id: payment_id.clone(),
        });
    }
    evidence(asked, findings, cash);
    if !usable {
        return None;
    }
    let functional = asked.functional(
        findings,
        ("functional", cash.amount),
        cash.functional.as_deref(),
        cash.value_on.unwrap_or(effective_on),
    );
    Some(CashEntry {
        amount: cash.amount,
        parts,
        payment_id: cash.payment_id.clone(),
        provider: cash.provider.clone(),
        receiver: cash.receiver.clone(),
        value_on: cash.value_on,
        conversion: cash.conversion.clone(),
        reference: cash.reference.clone(),
        published: cash.published.clone(),
        functional,
        modality: cash.modality,
    })
}

/// The division of an amount over lines: as named, or worked out.
pub(super) fn parts(
    asked: &Case<'_>,
    findings: &mut Findings,
    amount: Money,
    lines: &[LineAmount],
    weights: Weights,
) -> Vec<LinePart> {
    if lines.is_empty() {
        split(asked, amount, weights)
    } else {
        named(asked, findings, amount, lines)
    }
}

/// R8 and R25: what was published is what was really paid.
fn evidence(asked: &Case<'_>, findings: &mut Findings, cash: &Cash) {
    let conversion = cash.conversion.as_ref();
    findings.breach(crate::rules::rate_evidence(
        asked.subject,
        asked.currency(),
        conversion,
    ));
    let paid = conversion.map_or(cash.amount, |conversion| conversion.original);
    findings.breach(crate::rules::minor_digits(
        asked.subject,
        paid,
        cash.published.as_ref(),
    ));
}

/// The parts that a command names: of known lines, each once, above 0, summing to the amount.
fn named(
    asked: &Case<'_>,
    findings: &mut Findings,
    amount: Money,
    lines: &[LineAmount],
) -> Vec<LinePart> {
    let mut sum: i128 = 0;
    let mut parts: Vec<LinePart> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let field = format!("lines[{index}]");
        findings.positive(&format!("{field}.amount"), line.amount, asked.currency());
        asked.line(findings, Some(&line.line_id));
        if parts.iter().any(|part| part.line_id == line.line_id) {
            findings.malformed(format!("{field}.line_id"), "must be named once");
        }
        sum = sum.saturating_add(line.amount.minor_units());
        parts.push(LinePart {
            line_id: line.line_id.clone(),
            minor_units: line.amount.minor_units(),
        });
    }
    if sum != amount.minor_units() {
        findings.malformed("lines", format!("must sum to exactly {amount}"));
    }
    parts
}

/// The parts of a payment that names no lines (SEMANTICS.md 1 "Draw"): in proportion to the weights; where no
/// line has any, to the commitments; where there are none, on the first line.
fn split(asked: &Case<'_>, amount: Money, weights: Weights) -> Vec<LinePart> {
    let lines = &asked.agreement.lines;
    let perspective = asked.agreement.perspective();
    let amount = amount.minor_units();
    let weigh = |weights: Weights| -> Vec<u64> {
        let balances = lines.iter().map(|line| line.balances.total());
        balances
            // Totals are kept below 10^18, so the conversion only drops what is negative.
            .map(|balance| u64::try_from(weights.of(balance, perspective)).unwrap_or_default())
            .collect()
    };
    let parts = if lines.len() == 1 {
        vec![amount]
    } else {
        allocate_minor(amount, &weigh(weights))
            .or_else(|_| allocate_minor(amount, &weigh(Weights::Committed)))
            .unwrap_or_else(|_| vec![amount])
    };
    let parts = parts.into_iter().enumerate();
    parts
        .filter(|&(_, minor_units)| minor_units != 0)
        .filter_map(|(at, minor_units)| {
            let line_id = asked.agreement.line_id_at(at)?;
            Some(LinePart {
                line_id,
                minor_units,
            })
        })
        .collect()
}

/// Which tranches a receipt pays: as a disbursement, where receipts count against the commitment. Elsewhere the
/// disbursement before it drew on them.
fn received_draws(
    asked: &Case<'_>,
    findings: &mut Findings,
    tranche_id: Option<&TrancheId>,
    cash: &Cash,
) -> Vec<TrancheDraw> {
    if asked.agreement.perspective() == Perspective::Recipient {
        return draws(asked, findings, tranche_id, cash);
    }
    if tranche_id.is_some() {
        let problem = "is for agreements whose receipts count against the commitment";
        findings.malformed("tranche_id", problem);
    }
    Vec::new()
}

/// R26, for a receipt that names the disbursement whose arrival it confirms. Where the ledger books the
/// provider's view the disbursement is in it; elsewhere the id is the other side's and is only kept.
fn confirmed(asked: &Case<'_>, findings: &mut Findings, disbursement_id: &PaymentId, cash: &Cash) {
    let agreement = asked.agreement;
    if agreement.perspective() == Perspective::Recipient {
        return;
    }
    let sent = agreement.entries().find(|(_, entry)| {
        entry.payment_id.as_ref() == Some(disbursement_id) && entry.is_standing_payment()
    });
    let Some((_, sent)) = sent else {
        findings.life(LifeRejection::UnknownPayment {
            agreement_id: asked.id.clone(),
            payment_id: disbursement_id.clone(),
        });
        return;
    };
    let before = agreement.life.iter().flat_map(|life| &life.confirmed);
    let received = before
        .filter(|(_, confirmed, _)| confirmed == disbursement_id)
        .map(|&(_, _, minor_units)| minor_units)
        .fold(cash.amount.minor_units(), i128::saturating_add);
    findings.breach(rules::receipt_matches_sent(
        agreement,
        asked.subject,
        (sent.cash_amount(), received),
        asked.context.policy.tolerance,
    ));
}

/// Which tranches a payment draws on: the named one, else the open ones, the first due first; each up to what
/// is open of it.
fn draws(
    asked: &Case<'_>,
    findings: &mut Findings,
    tranche_id: Option<&TrancheId>,
    cash: &Cash,
) -> Vec<TrancheDraw> {
    if let Some(tranche_id) = tranche_id {
        let named = schedule::open(asked, findings, tranche_id);
        let draw = |tranche: TrancheState| TrancheDraw {
            tranche_id: tranche_id.clone(),
            period: tranche.period(),
            minor_units: cash.amount.minor_units().min(tranche.open),
            due_on: Some(tranche.due_on()),
        };
        return named.map(draw).into_iter().collect();
    }
    let mut left = cash.amount.minor_units();
    let mut draws = Vec::new();
    for (tranche_id, tranche) in asked.agreement.open_tranches() {
        if left <= 0 {
            break;
        }
        let minor_units = left.min(tranche.open);
        left = left.saturating_sub(minor_units);
        draws.push(TrancheDraw {
            tranche_id,
            period: tranche.period(),
            minor_units,
            due_on: Some(tranche.due_on()),
        });
    }
    draws
}
