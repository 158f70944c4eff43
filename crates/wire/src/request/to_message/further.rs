//! Further terms and moves of money, outwards.

use perennial_domain::agreement::{
    AidType, CarryOver, FurtherTerms, PledgeLink, ReallocationPolicy, TermsRevision, UpstreamLink,
};

use crate::pb::ledger as pb;

/// The fields of further terms, which a signature and a revision share.
pub(super) struct Fields {
    pub(super) earmarking_modality: i32,
    pub(super) finance_type: Option<u32>,
    pub(super) flow_type: Option<u32>,
    pub(super) aid_types: Vec<pb::AidType>,
    pub(super) reallocation_policy: Option<pb::ReallocationPolicy>,
    pub(super) disbursement_terms: String,
    pub(super) flexibility_features: Vec<i32>,
    pub(super) upstream_links: Vec<pb::UpstreamLink>,
    pub(super) pledge_links: Vec<pb::PledgeLink>,
}

impl Fields {
    pub(super) fn of(further: &FurtherTerms) -> Self {
        let earmarking = further.earmarking;
        let features = further.flexibility.iter();
        Self {
            earmarking_modality: earmarking
                .map(|earmarking| pb::EarmarkingModality::from(earmarking).into())
                .unwrap_or_default(),
            finance_type: further.finance_type.map(u32::from),
            flow_type: further.flow_type.map(u32::from),
            aid_types: further.aid_types.iter().map(Into::into).collect(),
            reallocation_policy: further.reallocation_policy.as_ref().map(Into::into),
            disbursement_terms: further.disbursement_terms.clone().unwrap_or_default(),
            flexibility_features: features
                .map(|&feature| pb::FlexibilityFeature::from(feature).into())
                .collect(),
            upstream_links: further.upstream.iter().map(Into::into).collect(),
            pledge_links: further.pledges.iter().map(Into::into).collect(),
        }
    }
}

pub(super) fn revise_terms(agreement_id: String, revision: &TermsRevision) -> pb::ReviseTerms {
    let further = Fields::of(&revision.further);
    let conditionality = revision.conditionality;
    let cleared = revision.cleared.iter();
    pb::ReviseTerms {
        agreement_id,
        conditionality: conditionality
            .map(|conditionality| pb::Conditionality::from(conditionality).into())
            .unwrap_or_default(),
        earmarking_modality: further.earmarking_modality,
        finance_type: further.finance_type,
        flow_type: further.flow_type,
        aid_types: further.aid_types,
        reallocation_policy: further.reallocation_policy,
        disbursement_terms: further.disbursement_terms,
        flexibility_features: further.flexibility_features,
        upstream_links: further.upstream_links,
        pledge_links: further.pledge_links,
        cleared: cleared
            .map(|&term| pb::RevisableTerm::from(term).into())
            .collect(),
        amendment: revision.amendment.clone().unwrap_or_default(),
        reason: revision.reason.clone(),
    }
}

impl From<&AidType> for pb::AidType {
    fn from(aid_type: &AidType) -> Self {
        Self {
            vocabulary: aid_type.vocabulary.into(),
            code: aid_type.code.as_ref().to_owned(),
        }
    }
}

impl From<&ReallocationPolicy> for pb::ReallocationPolicy {
    fn from(policy: &ReallocationPolicy) -> Self {
        let forbidden = policy.forbidden.iter();
        Self {
            limit_ppm: policy.limit_ppm,
            base: pb::LimitBase::from(policy.base).into(),
            cumulative: policy.cumulative,
            counted: pb::CountedSide::from(policy.counted).into(),
            scope: pb::ReallocationScope::from(policy.scope).into(),
            forbidden: forbidden
                .map(|&dimension| pb::MoveDimension::from(dimension).into())
                .collect(),
            new_heading: pb::NewHeading::from(policy.new_heading).into(),
        }
    }
}

impl From<&UpstreamLink> for pb::UpstreamLink {
    fn from(link: &UpstreamLink) -> Self {
        Self {
            agreement: link.agreement.as_ref().to_owned(),
            amount: link.amount.map(Into::into),
        }
    }
}

impl From<&PledgeLink> for pb::PledgeLink {
    fn from(link: &PledgeLink) -> Self {
        Self {
            pledge_id: link.pledge_id.to_string(),
            amount: link.amount.map(Into::into),
        }
    }
}

pub(super) fn carry_over(agreement_id: String, wish: &CarryOver) -> pb::CarryOverFunds {
    pb::CarryOverFunds {
        agreement_id,
        line_id: wish
            .line_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        from_period: Some(wish.from_period.into()),
        to_period: Some(wish.to_period.into()),
        amount: Some(wish.amount.into()),
        reason: wish.reason.clone(),
    }
}
