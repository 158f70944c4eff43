//! `terms.proto`: what an agreement says beside parties, dates and money.

use std::sync::Arc;

use perennial_domain::agreement::{
    AgreementCommand, AidType, CountedSide, Firmness, FurtherTerms, LimitBase, NewHeading,
    PledgeLink, ReallocationPolicy, ReallocationScope, TermsRevision, UpstreamLink,
};
use perennial_domain::classification::{Code, WHOLE_PPM};
use perennial_domain::ids::PledgeId;

use super::cash::Asked;
use super::check::Check;
use super::path::Path;
use super::value::SplitOf;
use crate::pb::ledger as pb;

/// The largest code of a finance or flow type.
const TYPE_CODE_MAX: u16 = 9_999;

/// The fields of further terms, which a signature and a revision share; named as in the proto file.
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

/// Takes the shared fields out of a message.
macro_rules! further_fields {
    ($message:ident) => {
        $crate::request::terms::Fields {
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

pub(super) use further_fields;

impl Check<'_> {
    pub(super) fn revise_terms(
        &mut self,
        path: Path<'_>,
        message: pb::ReviseTerms,
    ) -> Option<Asked> {
        let agreement_id = self.agreement_id(path, &message.agreement_id);
        let at = path.field("conditionality");
        let conditionality = self.enumeration_opt::<pb::Conditionality>(at, message.conditionality);
        let (at, max) = (path.field("cleared"), self.limits.described_max);
        let cleared = self.list(
            at,
            message.cleared,
            max,
            Self::enumeration::<pb::RevisableTerm>,
        );
        let cleared = self.each_once(at, cleared);
        let amendment = self.amendment(path, message.amendment);
        let reason = self.reason(path, message.reason);
        let further = self.further_terms(path, further_fields!(message));
        let revision = TermsRevision {
            conditionality: conditionality?,
            further: further?,
            cleared: cleared?,
            amendment: amendment?,
            reason: reason?,
        };
        if revision.is_empty() {
            return self.invalid(path, "changes no term");
        }
        let command = AgreementCommand::ReviseTerms(Box::new(revision));
        Some((agreement_id?, command))
    }

    pub(super) fn further_terms(&mut self, path: Path<'_>, fields: Fields) -> Option<FurtherTerms> {
        let at = path.field("earmarking_modality");
        let earmarking =
            self.enumeration_opt::<pb::EarmarkingModality>(at, fields.earmarking_modality);
        let at = path.field("finance_type");
        let finance_type = self.optional(at, fields.finance_type, Self::type_code);
        let flow_type = self.optional(path.field("flow_type"), fields.flow_type, Self::type_code);
        let (at, max) = (path.field("aid_types"), self.limits.aid_types_max);
        let aid_types = self.list(at, fields.aid_types, max, Self::aid_type);
        let aid_types = self.each_once(at, aid_types);
        let at = path.field("reallocation_policy");
        let policy = self.optional(at, fields.reallocation_policy, Self::reallocation_policy);
        let (at, max) = (
            path.field("disbursement_terms"),
            self.limits.reason_chars_max,
        );
        let disbursement_terms = self.text_opt(at, fields.disbursement_terms, max);
        let (at, max) = (
            path.field("flexibility_features"),
            self.limits.described_max,
        );
        let features = self.list(
            at,
            fields.flexibility_features,
            max,
            Self::enumeration::<pb::FlexibilityFeature>,
        );
        let flexibility = self.each_once(at, features);
        let (at, max) = (path.field("upstream_links"), self.limits.identifiers_max);
        let upstream = self.list(at, fields.upstream_links, max, Self::upstream_link);
        let (at, max) = (path.field("pledge_links"), self.limits.identifiers_max);
        let pledges = self.list(at, fields.pledge_links, max, Self::pledge_link);
        Some(FurtherTerms {
            earmarking: earmarking?,
            finance_type: finance_type?,
            flow_type: flow_type?,
            aid_types: aid_types?,
            reallocation_policy: policy?,
            disbursement_terms: disbursement_terms?,
            flexibility: flexibility?,
            upstream: upstream?,
            pledges: pledges?,
        })
    }

    /// Sorts items of which each may stand once.
    fn each_once<T: Ord>(&mut self, path: Path<'_>, items: Option<Vec<T>>) -> Option<Vec<T>> {
        let mut items = items?;
        items.sort_unstable();
        if items
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == b))
        {
            return self.invalid(path, "names something twice");
        }
        Some(items)
    }

    fn type_code(&mut self, path: Path<'_>, number: u32) -> Option<u16> {
        let code: u16 = self.narrow(path, number)?;
        if TYPE_CODE_MAX < code {
            return self.invalid(path, format!("is above {TYPE_CODE_MAX}"));
        }
        Some(code)
    }

    fn aid_type(&mut self, path: Path<'_>, message: pb::AidType) -> Option<AidType> {
        let vocabulary = self.narrow(path.field("vocabulary"), message.vocabulary);
        let max = self.limits.code_chars_max;
        let code = self.text(path.field("code"), message.code, max);
        Some(AidType {
            vocabulary: vocabulary?,
            code: code.map(Arc::from)?,
        })
    }

    fn reallocation_policy(
        &mut self,
        path: Path<'_>,
        message: pb::ReallocationPolicy,
    ) -> Option<ReallocationPolicy> {
        let base = self.enumeration_or::<pb::LimitBase>(
            path.field("base"),
            message.base,
            LimitBase::Original,
        );
        let counted = self.enumeration_or::<pb::CountedSide>(
            path.field("counted"),
            message.counted,
            CountedSide::Giving,
        );
        let scope = self.enumeration_or::<pb::ReallocationScope>(
            path.field("scope"),
            message.scope,
            ReallocationScope::Heading,
        );
        let new_heading = self.enumeration_or::<pb::NewHeading>(
            path.field("new_heading"),
            message.new_heading,
            NewHeading::Free,
        );
        let (at, max) = (path.field("forbidden"), self.limits.described_max);
        let forbidden = self.list(
            at,
            message.forbidden,
            max,
            Self::enumeration::<pb::MoveDimension>,
        );
        let forbidden = self.each_once(at, forbidden);
        if WHOLE_PPM < message.limit_ppm {
            return self.invalid(path.field("limit_ppm"), format!("is above {WHOLE_PPM}"));
        }
        Some(ReallocationPolicy {
            limit_ppm: message.limit_ppm,
            base: base?,
            cumulative: message.cumulative,
            counted: counted?,
            scope: scope?,
            forbidden: forbidden?,
            new_heading: new_heading?,
        })
    }

    fn upstream_link(&mut self, path: Path<'_>, message: pb::UpstreamLink) -> Option<UpstreamLink> {
        let max = self.limits.name_chars_max;
        let agreement = self.text(path.field("agreement"), message.agreement, max);
        let amount = self.optional(path.field("amount"), message.amount, Self::positive);
        Some(UpstreamLink {
            agreement: agreement.map(Arc::from)?,
            amount: amount?,
        })
    }

    fn pledge_link(&mut self, path: Path<'_>, message: pb::PledgeLink) -> Option<PledgeLink> {
        let pledge_id = self.id(path.field("pledge_id"), &message.pledge_id, PledgeId::parse);
        let amount = self.optional(path.field("amount"), message.amount, Self::positive);
        Some(PledgeLink {
            pledge_id: pledge_id?,
            amount: amount?,
        })
    }

    pub(super) fn firmness(&mut self, path: Path<'_>, number: i32) -> Option<Firmness> {
        self.enumeration_or::<pb::Firmness>(path.field("firmness"), number, Firmness::Firm)
    }

    /// A code of a purpose.
    pub(super) fn purpose(&mut self, path: Path<'_>, message: pb::Code) -> Option<Code> {
        self.code(path, message, SplitOf::Purposes)
    }

    /// A code of a place.
    pub(super) fn place(&mut self, path: Path<'_>, message: pb::Code) -> Option<Code> {
        self.code(path, message, SplitOf::Places)
    }
}
