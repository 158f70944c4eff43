//! What goes on from one agreement into others.

use perennial_domain::agreement::{AgreementEvent, OnwardGrant};
use perennial_domain::ids::AgreementId;

use super::Read;

/// An amount in minor units of the upstream agreement's currency.
pub(super) fn upstream_amount(link: &OnwardGrant) -> i128 {
    let conversion = link.conversion.as_ref();
    let amount = conversion.map_or(link.amount, |conversion| conversion.original);
    amount.minor_units()
}

/// What standing links take out of an agreement, as true in the question.
pub(super) fn linked_onward(read: &Read<'_>, id: &AgreementId) -> i128 {
    let mut sum = 0;
    for deal in read.deals.values() {
        for (_, event) in super::until(read, deal).standing() {
            if let AgreementEvent::OnwardGrantLinked(link) = event
                && link.upstream_agreement_id == *id
            {
                sum += upstream_amount(link);
            }
        }
    }
    sum
}
