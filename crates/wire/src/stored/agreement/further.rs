//! `terms.proto`: what an agreement says beside parties, dates and money, both ways.

use perennial_domain::agreement::{
    AgreementEvent, AidType, Firmness, FurtherTerms, PledgeLink, ReallocationPolicy, TermsRevision,
    UpstreamLink,
};
use perennial_domain::classification::Code;
use perennial_domain::ids::PledgeId;

use crate::pb::log as pb;
use crate::stored::error::{At, DecodeError, enumeration, list, narrow, optional};
use crate::stored::value::amount;

/// The fields of further terms, which a signature and a revision share.
pub(super) struct Fields {
    pub(super) earmarking_modality: Option<i32>,
    pub(super) finance_type: Option<u32>,
    pub(super) flow_type: Option<u32>,
    pub(super) aid_types: Vec<pb::AidType>,
    pub(super) reallocation_policy: Option<pb::ReallocationPolicy>,
    pub(super) disbursement_terms: Option<String>,
    pub(super) flexibility_features: Vec<i32>,
    pub(super) upstream_links: Vec<pb::UpstreamLink>,
    pub(super) pledge_links: Vec<pb::PledgeLink>,
}

/// Takes the shared fields out of a message.
macro_rules! fields {
    ($message:ident) => {
        $crate::stored::agreement::further::Fields {
            earmarking_modality: $message.earmarking_modality,
            finance_type: $message.finance_type,
            flow_type: $message.flow_type,
            aid_types: $message.aid_types,
            reallocation_policy: $message.reallocation_policy,
            disbursement_terms: $message.disbursement_terms,
            flexibility_features: $message.flexibility_features,
            upstream_links: $message.upstream_links,
            pledge_links: $message.pledge_links,
        }
    };
}

pub(super) use fields;

impl Fields {
    pub(super) fn of(further: &FurtherTerms) -> Self {
        Self {
            earmarking_modality: further
                .earmarking
                .map(|earmarking| pb::EarmarkingModality::from(earmarking).into()),
            finance_type: further.finance_type.map(u32::from),
            flow_type: further.flow_type.map(u32::from),
            aid_types: further.aid_types.iter().map(Into::into).collect(),
            reallocation_policy: further.reallocation_policy.as_ref().map(Into::into),
            disbursement_terms: further.disbursement_terms.clone(),
            flexibility_features: further
                .flexibility
                .iter()
                .map(|&feature| pb::FlexibilityFeature::from(feature).into())
                .collect(),
            upstream_links: further.upstream.iter().map(Into::into).collect(),
            pledge_links: further.pledges.iter().map(Into::into).collect(),
        }
    }

    pub(super) fn terms(self) -> Result<FurtherTerms, DecodeError> {
        Ok(FurtherTerms {
            earmarking: optional(
                "earmarking_modality",
                self.earmarking_modality,
                enumeration::<pb::EarmarkingModality>,
            )?,
            finance_type: optional("finance_type", self.finance_type, narrow)?,
            flow_type: optional("flow_type", self.flow_type, narrow)?,
            aid_types: list("aid_types", self.aid_types, aid_type)?,
            reallocation_policy: optional("reallocation_policy", self.reallocation_policy, policy)?,
            disbursement_terms: self.disbursement_terms,
            flexibility: list(
                "flexibility_features",
                self.flexibility_features,
                enumeration::<pb::FlexibilityFeature>,
            )?,
            upstream: list("upstream_links", self.upstream_links, upstream)?,
            pledges: list("pledge_links", self.pledge_links, pledge)?,
        })
    }

    /// As a signature holds them: absent if nothing is said.
    pub(super) fn signed(self) -> Result<Option<Box<FurtherTerms>>, DecodeError> {
        let further = self.terms()?;
        Ok((further != FurtherTerms::default()).then(|| Box::new(further)))
    }
}

/// The stored form of a share's firmness; none for what is firm.
pub(super) fn firmness_number(firmness: Firmness) -> Option<i32> {
    (firmness != Firmness::Firm).then(|| pb::Firmness::from(firmness).into())
}

pub(super) fn firmness(number: Option<i32>) -> Result<Firmness, DecodeError> {
    let firmness = optional("firmness", number, enumeration::<pb::Firmness>)?;
    Ok(firmness.unwrap_or_default())
}

impl From<&Code> for pb::Code {
    fn from(code: &Code) -> Self {
        Self {
            vocabulary: pb::Vocabulary::from(code.vocabulary).into(),
            code: code.code.as_ref().to_owned(),
        }
    }
}

pub(super) fn code(message: pb::Code) -> Result<Code, DecodeError> {
    Ok(Code {
        vocabulary: enumeration::<pb::Vocabulary>(message.vocabulary).at("vocabulary")?,
        code: message.code.into(),
    })
}

impl From<&AidType> for pb::AidType {
    fn from(aid_type: &AidType) -> Self {
        Self {
            vocabulary: aid_type.vocabulary.into(),
            code: aid_type.code.as_ref().to_owned(),
        }
    }
}

fn aid_type(message: pb::AidType) -> Result<AidType, DecodeError> {
    Ok(AidType {
        vocabulary: narrow(message.vocabulary).at("vocabulary")?,
        code: message.code.into(),
    })
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

fn policy(message: pb::ReallocationPolicy) -> Result<ReallocationPolicy, DecodeError> {
    Ok(ReallocationPolicy {
        limit_ppm: message.limit_ppm,
        base: enumeration::<pb::LimitBase>(message.base).at("base")?,
        cumulative: message.cumulative,
        counted: enumeration::<pb::CountedSide>(message.counted).at("counted")?,
        scope: enumeration::<pb::ReallocationScope>(message.scope).at("scope")?,
        forbidden: list(
            "forbidden",
            message.forbidden,
            enumeration::<pb::MoveDimension>,
        )?,
        new_heading: enumeration::<pb::NewHeading>(message.new_heading).at("new_heading")?,
    })
}

impl From<&UpstreamLink> for pb::UpstreamLink {
    fn from(link: &UpstreamLink) -> Self {
        Self {
            agreement: link.agreement.as_ref().to_owned(),
            amount: link.amount.map(Into::into),
        }
    }
}

fn upstream(message: pb::UpstreamLink) -> Result<UpstreamLink, DecodeError> {
    Ok(UpstreamLink {
        agreement: message.agreement.into(),
        amount: optional("amount", message.amount, amount)?,
    })
}

impl From<&PledgeLink> for pb::PledgeLink {
    fn from(link: &PledgeLink) -> Self {
        Self {
            pledge_id: link.pledge_id.to_string(),
            amount: link.amount.map(Into::into),
        }
    }
}

fn pledge(message: pb::PledgeLink) -> Result<PledgeLink, DecodeError> {
    Ok(PledgeLink {
        pledge_id: PledgeId::parse(&message.pledge_id)
            .map_err(crate::stored::error::Problem::from)
            .at("pledge_id")?,
        amount: optional("amount", message.amount, amount)?,
    })
}

impl From<&TermsRevision> for pb::TermsRevised {
    fn from(revision: &TermsRevision) -> Self {
        let further = Fields::of(&revision.further);
        Self {
            conditionality: revision
                .conditionality
                .map(|conditionality| pb::Conditionality::from(conditionality).into()),
            earmarking_modality: further.earmarking_modality,
            finance_type: further.finance_type,
            flow_type: further.flow_type,
            aid_types: further.aid_types,
            reallocation_policy: further.reallocation_policy,
            disbursement_terms: further.disbursement_terms,
            flexibility_features: further.flexibility_features,
            upstream_links: further.upstream_links,
            pledge_links: further.pledge_links,
            cleared: revision
                .cleared
                .iter()
                .map(|&term| pb::RevisableTerm::from(term).into())
                .collect(),
            amendment: revision.amendment.clone(),
            reason: revision.reason.clone(),
        }
    }
}

pub(in crate::stored) fn revised(message: pb::TermsRevised) -> Result<AgreementEvent, DecodeError> {
    let conditionality = optional(
        "conditionality",
        message.conditionality,
        enumeration::<pb::Conditionality>,
    )?;
    let cleared = list("cleared", message.cleared, enumeration::<pb::RevisableTerm>)?;
    let further = fields!(message).terms()?;
    Ok(AgreementEvent::TermsRevised(Box::new(TermsRevision {
        conditionality,
        further,
        cleared,
        amendment: message.amendment,
        reason: message.reason,
    })))
}
