//! Random terms, and commands that move money or hand it on.

use perennial_domain::agreement::{
    AgreementCommand, AllocationDims, AllocationWish, CarryOver, CountedSide, EarmarkingModality,
    FurtherTerms, LimitBase, MoveDimension, NewHeading, OnwardWish, ReallocationPolicy,
    ReallocationScope, RevisableTerm, TermsRevision, TransferWish,
};
use perennial_testkit::history::words::*;

use super::{AGREEMENTS, Story};

impl Story {
    /// A policy of every kind; never nothing, for terms that say nothing are absent.
    pub(super) fn further(&mut self) -> FurtherTerms {
        let policy = ReallocationPolicy {
            limit_ppm: u32::try_from(self.random.below(1_000_001)).unwrap(),
            base: *self.random.pick(LimitBase::ALL),
            cumulative: self.random.one_in(2),
            counted: *self.random.pick(CountedSide::ALL),
            scope: *self.random.pick(ReallocationScope::ALL),
            forbidden: MoveDimension::ALL
                .iter()
                .copied()
                .filter(|_| self.random.one_in(4))
                .collect(),
            new_heading: *self.random.pick(NewHeading::ALL),
        };
        FurtherTerms {
            earmarking: Some(*self.random.pick(EarmarkingModality::ALL)),
            reallocation_policy: self.random.one_in(2).then_some(policy),
            ..FurtherTerms::default()
        }
    }

    pub(super) fn revision(&mut self) -> AgreementCommand {
        let cleared = if self.random.one_in(3) {
            vec![RevisableTerm::FlowType]
        } else {
            Vec::new()
        };
        AgreementCommand::ReviseTerms(Box::new(TermsRevision {
            further: self.further(),
            cleared,
            ..TermsRevision::default()
        }))
    }

    pub(super) fn carry_over(&mut self) -> AgreementCommand {
        let year = |year| period(&format!("{year}-01-01"), &format!("{year}-12-31"));
        let from = self.random.between(2024, 2026);
        AgreementCommand::CarryOverFunds(CarryOver {
            line_id: self.random.one_in(2).then(|| self.line_id()),
            from_period: year(from),
            to_period: year(from + self.random.below(3)),
            amount: self.money(),
            reason: String::new(),
        })
    }

    pub(super) fn allocation_command(&mut self) -> AgreementCommand {
        let number = self.random.below(4);
        let allocation_id = allocation(&format!("allocation-{number}"));
        if self.random.one_in(3) {
            return AgreementCommand::ReleaseAllocation {
                allocation_id,
                amount: self.money(),
                reason: String::new(),
            };
        }
        AgreementCommand::Allocate(Box::new(AllocationWish {
            allocation_id,
            line_id: Some(self.line_id()),
            amount: self.money(),
            dims: AllocationDims {
                receiver: Some(org("XM-OTHER")),
                ..AllocationDims::default()
            },
        }))
    }

    /// Hands money on: a transfer to another agreement, or a link with one; often with itself or what is not there.
    pub(super) fn handing(&mut self) -> AgreementCommand {
        let named = *self.random.pick(&AGREEMENTS);
        let other = agreement(named);
        if self.random.one_in(2) {
            return AgreementCommand::LinkOnwardGrant(Box::new(OnwardWish {
                upstream_agreement_id: other,
                amount: self.money(),
                level: None,
                conversion: None,
            }));
        }
        let number = self.random.below(6);
        AgreementCommand::TransferFunds(Box::new(TransferWish {
            transfer_id: transfer(&format!("transfer-{number}")),
            to_agreement_id: other,
            line_id: Some(self.line_id()),
            to_line_id: Some(self.line_id()),
            amount: self.money(),
            conversion: None,
            year_shares: Vec::new(),
            to_year_shares: Vec::new(),
            consent: "letter".to_owned(),
            reason: String::new(),
        }))
    }
}
