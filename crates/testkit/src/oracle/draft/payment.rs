//! Payments, reports of spending and other flows: which lines and tranches they fall on.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, CashEntry, LineAmount, LinePart, OtherFlow,
    Perspective, TrancheDraw,
};
use perennial_domain::ids::{PaymentId, TrancheId};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rule::Rule;

use super::super::deal::{Balance, Deal};
use super::super::findings::Findings;
use super::super::fraction::split;
use super::super::judge::limit;
use super::super::life::is_suspended;
use super::super::value::worth;
use super::schedule::open_tranche;
use super::{Desk, line};

/// How a payment that names no lines is divided.
#[derive(Clone, Copy)]
pub(super) enum By {
    Undisbursed,
    Disbursed,
    NotReceived,
    Received,
    Unspent,
    Spent,
    Committed,
}

impl By {
    /// By what is undisbursed.
    pub(super) const fn undisbursed(perspective: Perspective) -> Self {
        match perspective {
            Perspective::Provider => Self::Undisbursed,
            Perspective::Recipient => Self::NotReceived,
        }
    }

    const fn weight(self, balance: Balance) -> i128 {
        match self {
            Self::Undisbursed => balance.committed - balance.disbursed,
            Self::Disbursed => balance.disbursed,
            Self::NotReceived => balance.committed - balance.received,
            Self::Received => balance.received,
            Self::Unspent => balance.committed - balance.expended,
            Self::Spent => balance.expended,
            Self::Committed => balance.committed,
        }
    }
}

pub(super) fn payment(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    let entry =
        |findings: &mut Findings, asked: &Cash, by: By| cash(desk, findings, deal, (asked, by));
    match command {
        C::Disburse { cash, tranche_id } => {
            disburse(desk, findings, deal, (on, cash, tranche_id.as_ref()))
        }
        C::Reimburse(cash) => {
            dates(desk, findings, deal, on);
            let cash = entry(findings, cash, By::Undisbursed)?;
            Some(AgreementEvent::ReimbursementMade { cash })
        }
        C::Refund { cash, reason } => {
            let (cash, reason) = (entry(findings, cash, By::Disbursed)?, reason.clone());
            Some(AgreementEvent::RefundMade { cash, reason })
        }
        C::ConfirmReceipt {
            cash,
            tranche_id,
            disbursement_id,
        } => {
            let ids = (tranche_id.as_ref(), disbursement_id.as_ref());
            arrived(desk, findings, deal, (cash, ids))
        }
        C::ConfirmRefund { cash, reason } => {
            let (cash, reason) = (entry(findings, cash, By::Received)?, reason.clone());
            Some(AgreementEvent::RefundReceived { cash, reason })
        }
        C::ReportExpenditure {
            cash,
            period,
            evidence_level,
        } => Some(AgreementEvent::ExpenditureReported {
            cash: entry(findings, cash, By::Unspent)?,
            period: period.unwrap_or(Period::day(on)),
            evidence_level: *evidence_level,
        }),
        C::ReduceExpenditure {
            cash,
            period,
            reason,
        } => Some(AgreementEvent::ExpenditureReduced {
            cash: entry(findings, cash, By::Spent)?,
            period: period.unwrap_or(Period::day(on)),
            reason: reason.clone(),
        }),
        C::RecordOtherFlow {
            kind,
            negative,
            cash,
        } => Some(AgreementEvent::OtherFlowRecorded(OtherFlow {
            kind: *kind,
            negative: *negative,
            cash: entry(findings, cash, By::Committed)?,
        })),
        _ => None,
    }
}

fn disburse(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, wish, tranche_id): (Date, &Cash, Option<&TrancheId>),
) -> Option<AgreementEvent> {
    dates(desk, findings, deal, on);
    let draws = draws(findings, deal, wish, tranche_id);
    // R20: the first tranche of which a condition is open.
    let mut unmet = draws
        .iter()
        .filter(|draw| !deal.unmet(&draw.tranche_id, Some(on)).is_empty());
    if let Some(draw) = unmet.next() {
        let subject = format!("{}/{}", desk.subject, draw.tranche_id);
        findings.breaks(Rule::ConditionsMet, subject);
    }
    let cash = cash(desk, findings, deal, (wish, By::Undisbursed))?;
    Some(AgreementEvent::DisbursementMade { cash, draws })
}

fn arrived(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (wish, (tranche_id, sent)): (&Cash, (Option<&TrancheId>, Option<&PaymentId>)),
) -> Option<AgreementEvent> {
    let draws = received_draws(findings, deal, wish, tranche_id);
    if let Some(sent) = sent {
        confirmed(desk, findings, deal, (sent, wish));
    }
    Some(AgreementEvent::ReceiptConfirmed {
        cash: cash(desk, findings, deal, (wish, By::NotReceived))?,
        draws,
        disbursement_id: sent.cloned(),
    })
}

/// A receipt draws where it counts against the commitment.
fn received_draws(
    findings: &mut Findings,
    deal: &Deal,
    cash: &Cash,
    tranche_id: Option<&TrancheId>,
) -> Vec<TrancheDraw> {
    if deal.perspective() == Perspective::Recipient {
        return draws(findings, deal, cash, tranche_id);
    }
    if tranche_id.is_some() {
        findings.reject("INVALID_FIELD");
    }
    Vec::new()
}

/// R26, where the ledger books the provider's view: all that arrived of a payment is what was sent.
fn confirmed(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (payment_id, cash): (&PaymentId, &Cash),
) {
    if deal.perspective() == Perspective::Recipient {
        return;
    }
    let (mut sent, mut arrived) = (None, cash.amount.minor_units());
    for (_, event) in deal.standing() {
        match event {
            AgreementEvent::DisbursementMade { cash, .. }
            | AgreementEvent::ReimbursementMade { cash }
                if cash.payment_id.as_ref() == Some(payment_id) =>
            {
                sent = Some(cash.amount.minor_units());
            }
            AgreementEvent::ReceiptConfirmed {
                cash,
                disbursement_id: Some(of),
                ..
            } if of == payment_id => arrived += cash.amount.minor_units(),
            _ => {}
        }
    }
    let Some(sent) = sent else {
        findings.reject("UNKNOWN_PAYMENT");
        return;
    };
    let allowed = limit(sent, desk.tolerance) - sent;
    let differs = allowed < (arrived - sent).abs();
    findings.breaks_if(differs, Rule::ReceiptMatchesSent, desk.subject);
}

/// R11, R12 and R19.
fn dates(desk: Desk<'_>, findings: &mut Findings, deal: &Deal, on: Date) {
    let promised_on = deal.terms.signed_on.or_else(|| deal.first_commitment_on());
    let promised = promised_on.is_some_and(|promised_on| promised_on <= on);
    findings.breaks_if(!promised, Rule::NotBeforeSignature, desk.subject);
    let ended = deal.ends_on().is_some_and(|ends_on| ends_on < on);
    findings.breaks_if(ended, Rule::NotAfterEnd, desk.subject);
    let suspended = is_suspended(deal, on);
    findings.breaks_if(suspended, Rule::NotWhileSuspended, desk.subject);
}

/// The tranches that a disbursement pays: the named one, else the open ones, the first due first.
fn draws(
    findings: &mut Findings,
    deal: &Deal,
    cash: &Cash,
    tranche_id: Option<&TrancheId>,
) -> Vec<TrancheDraw> {
    let tranches = match tranche_id {
        Some(tranche_id) => open_tranche(findings, deal, tranche_id)
            .into_iter()
            .collect(),
        None => deal.tranches(),
    };
    let mut left = cash.amount.minor_units();
    let mut draws = Vec::new();
    for tranche in tranches {
        let minor_units = left.min(tranche.open);
        if minor_units <= 0 && tranche_id.is_none() {
            continue;
        }
        left -= minor_units;
        draws.push(TrancheDraw {
            tranche_id: tranche.id,
            period: tranche.period,
            minor_units,
            due_on: Some(tranche.due_on),
        });
    }
    draws
}

fn cash(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (cash, by): (&Cash, By),
) -> Option<CashEntry> {
    let known = findings.reasons.len();
    findings.positive(cash.amount, deal.currency());
    let parts = parts(findings, deal, (cash.amount, &cash.lines), by);
    let usable = findings.reasons.len() == known;
    if let Some(conversion) = &cash.conversion {
        findings.positive(conversion.original, conversion.original.currency());
    }
    let mut paid = deal.payments().into_iter();
    if cash
        .payment_id
        .as_ref()
        .is_some_and(|id| paid.any(|known| known == *id))
    {
        findings.reject("PAYMENT_EXISTS");
    }
    findings.conversion(desk.subject, deal.currency(), cash.conversion.as_ref());
    let really = cash
        .conversion
        .as_ref()
        .map_or(cash.amount, |conversion| conversion.original);
    findings.digits(desk.subject, really, cash.published.as_ref());
    let day = Desk {
        on: cash.value_on.unwrap_or(desk.on),
        ..desk
    };
    usable.then(|| CashEntry {
        amount: cash.amount,
        parts,
        payment_id: cash.payment_id.clone(),
        provider: cash.provider.clone(),
        receiver: cash.receiver.clone(),
        value_on: cash.value_on,
        conversion: cash.conversion.clone(),
        reference: cash.reference.clone(),
        published: cash.published.clone(),
        modality: cash.modality,
        functional: worth(day, findings, cash.amount, cash.functional.as_deref()),
    })
}

/// An amount by line: as it is named, else worked out.
pub(super) fn parts(
    findings: &mut Findings,
    deal: &Deal,
    (amount, lines): (Money, &[LineAmount]),
    by: By,
) -> Vec<LinePart> {
    if lines.is_empty() {
        divided(deal, amount.minor_units(), by)
    } else {
        named(findings, deal, (amount, lines))
    }
}

/// Over lines by weight; where no line has any by the commitments, else on the first line.
fn divided(deal: &Deal, amount: i128, by: By) -> Vec<LinePart> {
    let lines = deal.lines();
    let parts = if lines.len() == 1 {
        vec![amount]
    } else {
        let weigh = |by: By| -> Vec<i128> {
            let balances = lines.iter().map(|line| deal.balance(Some(&line.line_id)));
            balances.map(|balance| by.weight(balance).max(0)).collect()
        };
        split(amount, &weigh(by))
            .or_else(|| split(amount, &weigh(By::Committed)))
            .unwrap_or_else(|| vec![amount])
    };
    let parts = lines.into_iter().zip(parts).filter(|(_, part)| *part != 0);
    parts
        .map(|(line, minor_units)| LinePart {
            line_id: line.line_id.clone(),
            minor_units,
        })
        .collect()
}

fn named(
    findings: &mut Findings,
    deal: &Deal,
    (amount, lines): (Money, &[LineAmount]),
) -> Vec<LinePart> {
    let mut parts: Vec<LinePart> = Vec::new();
    for part in lines {
        findings.positive(part.amount, deal.currency());
        line(findings, deal, Some(&part.line_id));
        if parts.iter().any(|known| known.line_id == part.line_id) {
            findings.reject("INVALID_FIELD");
        }
        parts.push(LinePart {
            line_id: part.line_id.clone(),
            minor_units: part.amount.minor_units(),
        });
    }
    if parts.iter().map(|part| part.minor_units).sum::<i128>() != amount.minor_units() {
        findings.reject("INVALID_FIELD");
    }
    parts
}
