//! Money handed on: parked money allocated, money transferred between agreements, grants made out of other grants.

use crate::agreement::{Conversion, YearShare};
use crate::classification::{Code, Pillar};
use crate::ids::{AgreementId, AllocationId, LineId, TransferId};
use crate::money::Money;
use crate::party::OrgRef;

/// What allocated money is for, beyond what its line says. At least one is said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct AllocationDims {
    /// The pillar.
    pub pillar: Option<Pillar>,
    /// The purpose.
    pub purpose: Option<Code>,
    /// The country or region.
    pub country: Option<Code>,
    /// Who receives it.
    pub receiver: Option<OrgRef>,
}

/// Parked money of a line that is for something now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// Unique in its agreement.
    pub allocation_id: AllocationId,
    /// The line on which the money is parked.
    pub line_id: LineId,
    /// How much: above 0.
    pub amount: Money,
    /// What it is for.
    pub dims: AllocationDims,
    /// The periods of the line's money that it takes; they sum to `amount`.
    pub shares: Vec<YearShare>,
}

/// Allocated money that is parked again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocationRelease {
    /// What goes back: the allocation's id, line and dims, with the amount and shares that go back.
    pub allocation: Allocation,
    /// Why; may be empty.
    pub reason: String,
}

/// Whether a transfer's half gives or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferDirection {
    /// Less is committed here.
    Out,
    /// More is committed here.
    In,
}

/// One half of a transfer between agreements. The other half stands in the other agreement's stream, in the same
/// record: the giving one first, the receiving one right after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Unique in both agreements.
    pub transfer_id: TransferId,
    /// Gives or receives.
    pub direction: TransferDirection,
    /// The other agreement.
    pub other_agreement_id: AgreementId,
    /// The line.
    pub line_id: LineId,
    /// How much, in this agreement's currency: above 0.
    pub amount: Money,
    /// From or for which periods; they sum to `amount`.
    pub year_shares: Vec<YearShare>,
    /// The other half's amount and the rate between the two, where they are in two currencies.
    pub conversion: Option<Conversion>,
    /// Who consented, and where that is written.
    pub consent: String,
    /// Why; may be empty.
    pub reason: String,
}

/// A grant that is made out of another one; it stands in the downstream agreement's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnwardGrant {
    /// The agreement that the money comes from.
    pub upstream_agreement_id: AgreementId,
    /// How much of the downstream agreement, in its own currency: above 0.
    pub amount: Money,
    /// How many agreements the money went through before: 1 for a grant out of one that is out of none.
    pub level: u32,
    /// The same amount in the upstream agreement's currency and the rate, where that is another one.
    pub conversion: Option<Conversion>,
}

impl OnwardGrant {
    /// The amount in minor units of the upstream agreement's currency.
    pub fn upstream_minor_units(&self) -> i128 {
        let amount = self
            .conversion
            .as_ref()
            .map(|conversion| conversion.original);
        amount.unwrap_or(self.amount).minor_units()
    }
}

/// A wish to allocate parked money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationWish {
    /// Unique in its agreement.
    pub allocation_id: AllocationId,
    /// The line on which the money is parked; may be left out where the agreement has one.
    pub line_id: Option<LineId>,
    /// Above 0.
    pub amount: Money,
    /// What it is for.
    pub dims: AllocationDims,
}

/// A wish to transfer committed money to another agreement. It is asked of the one that gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferWish {
    /// Unique in both agreements.
    pub transfer_id: TransferId,
    /// The agreement that receives.
    pub to_agreement_id: AgreementId,
    /// The line that gives; may be left out where the agreement has one.
    pub line_id: Option<LineId>,
    /// The line that receives; may be left out where the agreement has one.
    pub to_line_id: Option<LineId>,
    /// In the giving agreement's currency: above 0.
    pub amount: Money,
    /// What arrives in the receiving agreement's currency and the rate, where that is another one.
    pub conversion: Option<Conversion>,
    /// From which periods, summing to `amount`; empty: undisbursed portions, the last first.
    pub year_shares: Vec<YearShare>,
    /// For which periods of the receiving agreement, summing to what arrives; empty: by day over what is left of its
    /// term.
    pub to_year_shares: Vec<YearShare>,
    /// Who consented, and where that is written.
    pub consent: String,
    /// Why; may be empty.
    pub reason: String,
}

/// A wish to link a grant with the one that its money comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnwardWish {
    /// The agreement that the money comes from.
    pub upstream_agreement_id: AgreementId,
    /// Above 0, in the downstream agreement's currency.
    pub amount: Money,
    /// As [`OnwardGrant::level`]; one more than the upstream agreement's where it is left out.
    pub level: Option<u32>,
    /// The same amount in the upstream agreement's currency and the rate, where that is another one.
    pub conversion: Option<Conversion>,
}
