//! Allocating parked money, and releasing it again.

use crate::agreement::decide::Case;
use crate::agreement::{
    AgreementEvent, Allocation, AllocationDims, AllocationRelease, AllocationWish, YearShare,
};
use crate::finding::Findings;
use crate::ids::AllocationId;
use crate::money::{Money, allocate_minor};
use crate::rejection::Rejection;

pub(super) fn allocate(
    case: &Case<'_>,
    findings: &mut Findings,
    wish: &AllocationWish,
) -> Option<AgreementEvent> {
    findings.positive("amount", wish.amount, case.currency());
    if wish.dims == AllocationDims::default() {
        findings.malformed("to", "must say what the money is for");
    }
    if case.agreement.allocation(&wish.allocation_id).is_some() {
        findings.reject(Rejection::AllocationExists {
            agreement_id: case.id.clone(),
            allocation_id: wish.allocation_id.clone(),
        });
    }
    let at = case.line(findings, wish.line_id.as_ref())?;
    if findings.unusable() {
        return None;
    }
    let line_id = case.line_id(at)?;
    let shares = spread(wish.amount, &case.agreement.year_shares(&line_id));
    Some(AgreementEvent::AllocationMade(Box::new(Allocation {
        allocation_id: wish.allocation_id.clone(),
        line_id,
        amount: wish.amount,
        dims: wish.dims.clone(),
        shares,
    })))
}

pub(super) fn release(
    case: &Case<'_>,
    findings: &mut Findings,
    (allocation_id, amount, reason): (&AllocationId, Money, &str),
) -> Option<AgreementEvent> {
    findings.positive("amount", amount, case.currency());
    let Some(state) = case.agreement.allocation(allocation_id) else {
        findings.reject(Rejection::UnknownAllocation {
            agreement_id: case.id.clone(),
            allocation_id: allocation_id.clone(),
        });
        return None;
    };
    let allocated = state.open();
    if !findings.unusable() && allocated < amount.minor_units() {
        findings.reject(Rejection::ReleaseExceedsAllocated {
            allocation_id: allocation_id.clone(),
            allocated,
            requested: amount.minor_units(),
            currency: case.currency(),
        });
    }
    if findings.unusable() {
        return None;
    }
    let made = state.made();
    Some(AgreementEvent::AllocationReleased(Box::new(
        AllocationRelease {
            allocation: Allocation {
                amount,
                shares: spread(amount, &made.shares),
                ..made.clone()
            },
            reason: reason.to_owned(),
        },
    )))
}

/// An amount over shares, in proportion to them; none where nothing is above 0.
fn spread(amount: Money, shares: &[YearShare]) -> Vec<YearShare> {
    let weights: Vec<u64> = shares
        .iter()
        .map(|share| u64::try_from(share.minor_units).unwrap_or_default())
        .collect();
    let parts = allocate_minor(amount.minor_units(), &weights).unwrap_or_default();
    shares
        .iter()
        .zip(parts)
        .filter(|&(_, part)| part != 0)
        .map(|(share, minor_units)| YearShare {
            minor_units,
            ..*share
        })
        .collect()
}
