//! Further terms and moves of money. All of it is written only where it is said, so that facts without it keep the bytes
//! they had.

use perennial_domain::agreement::{
    FurtherTerms, OnwardGrant, ReallocatedFunds, ReallocationPolicy, TermsRevision,
};
use perennial_domain::classification::Code;

use super::{Canonical, conditionality_code, vocabulary_code};

impl Canonical {
    pub(super) fn code(&mut self, code: &Code) {
        self.byte(vocabulary_code(code.vocabulary));
        self.text(&code.code);
    }

    pub(super) fn further(&mut self, further: &FurtherTerms) {
        self.optional(further.earmarking, |bytes, earmarking| {
            bytes.text(earmarking.name());
        });
        for code in [further.finance_type, further.flow_type] {
            self.optional(code, |bytes, code| bytes.number(u64::from(code)));
        }
        self.list(&further.aid_types, |bytes, aid_type| {
            bytes.byte(aid_type.vocabulary);
            bytes.text(&aid_type.code);
        });
        self.optional(further.reallocation_policy.as_ref(), Self::policy);
        self.optional(further.disbursement_terms.as_deref(), Self::text);
        self.list(&further.flexibility, |bytes, feature| {
            bytes.text(feature.name());
        });
        self.list(&further.upstream, |bytes, link| {
            bytes.text(&link.agreement);
            bytes.optional(link.amount, Self::money);
        });
        self.list(&further.pledges, |bytes, link| {
            bytes.text(link.pledge_id.as_str());
            bytes.optional(link.amount, Self::money);
        });
    }

    fn policy(&mut self, policy: &ReallocationPolicy) {
        self.number(u64::from(policy.limit_ppm));
        self.text(policy.base.name());
        self.byte(u8::from(policy.cumulative));
        self.text(policy.counted.name());
        self.text(policy.scope.name());
        self.list(&policy.forbidden, |bytes, dimension| {
            bytes.text(dimension.name());
        });
        self.text(policy.new_heading.name());
    }

    pub(super) fn revision(&mut self, revision: &TermsRevision) {
        self.optional(revision.conditionality.map(conditionality_code), Self::byte);
        self.further(&revision.further);
        self.list(&revision.cleared, |bytes, term| bytes.text(term.name()));
        self.optional(revision.amendment.as_deref(), Self::text);
        self.text(&revision.reason);
    }

    pub(super) fn link(&mut self, link: &OnwardGrant) {
        self.text(link.upstream_agreement_id.as_str());
        self.money(link.amount);
        self.number(u64::from(link.level));
        let original = link
            .conversion
            .as_ref()
            .map(|conversion| conversion.original);
        self.optional(original, Self::money);
    }

    pub(super) fn reallocated(&mut self, reallocated: &ReallocatedFunds) {
        self.text(&reallocated.legal_basis);
        self.optional(reallocated.amendment.as_deref(), Self::text);
        self.list(&reallocated.counts, |bytes, count| {
            bytes.text(&count.heading);
            for minor_units in [count.moved, count.counted, count.cumulative, count.base] {
                bytes.minor_units(minor_units);
            }
            bytes.optional(count.limit, Self::minor_units);
        });
    }
}
