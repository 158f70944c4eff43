//! Rows of the listings of what is published, outwards.

use perennial_domain::reference::{CodeOrigin, ListVersion, LocalActorClass};
use perennial_views::rows::{
    Assessment, CodeRow, CodelistRow, Merge, OrganisationRow, PillarMappingRow, PillarRuleRow,
    PublishedRow, RateRow, RateTableRow, SchemeElementRow, SchemeVersionRow,
};

use super::rows::pillar;
use crate::date::{to_google, to_timestamp};
use crate::pb::query as pb;

impl From<&PublishedRow> for pb::row::Row {
    fn from(row: &PublishedRow) -> Self {
        match row {
            PublishedRow::PillarMapping(row) => Self::PillarMapping(row.into()),
            PublishedRow::PillarRule(row) => Self::PillarRule(row.into()),
            PublishedRow::Scheme(row) => Self::SchemeVersion(row.into()),
            PublishedRow::SchemeElement(row) => Self::SchemeElement(row.into()),
            PublishedRow::Codelist(row) => Self::Codelist(row.into()),
            PublishedRow::Code(row) => Self::Code(row.into()),
            PublishedRow::RateTable(row) => Self::RateTable(row.into()),
            PublishedRow::Rate(row) => Self::Rate(row.into()),
            PublishedRow::Organisation(row) => Self::Organisation(row.into()),
        }
    }
}

fn name(list: &ListVersion) -> String {
    list.name.as_ref().to_owned()
}

fn version(list: &ListVersion) -> String {
    list.version.as_ref().to_owned()
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl From<&PillarMappingRow> for pb::PillarMappingRow {
    fn from(row: &PillarMappingRow) -> Self {
        let publication = row.publication.as_ref();
        Self {
            mapping: row.mapping.clone(),
            name: row.list.as_ref().map_or_else(|| row.mapping.clone(), name),
            version: row.list.as_ref().map(version),
            in_force: row.in_force,
            rules: row.rules,
            otherwise: pillar(row.otherwise),
            unclassified: pillar(row.unclassified),
            reads_humanitarian_flag: row.reads_humanitarian_flag,
            content_hash: row.content_hash.clone(),
            effective_on: publication.map(|publication| to_google(publication.effective_on)),
            event_id: publication.map(|publication| publication.event_id.to_string()),
            recorded_at: publication.map(|publication| to_timestamp(publication.recorded_at)),
        }
    }
}

impl From<&PillarRuleRow> for pb::PillarRuleRow {
    fn from(row: &PillarRuleRow) -> Self {
        Self {
            mapping: row.mapping.clone(),
            prefix: row.prefix.clone(),
            pillar: pillar(row.pillar),
        }
    }
}

impl From<&SchemeVersionRow> for pb::SchemeVersionRow {
    fn from(row: &SchemeVersionRow) -> Self {
        let code_origin = match row.code_origin {
            CodeOrigin::Official => pb::SchemeCodeOrigin::Official,
            CodeOrigin::Ours => pb::SchemeCodeOrigin::Ours,
        };
        Self {
            scheme: row.list.to_string(),
            name: name(&row.list),
            version: version(&row.list),
            title: row.title.clone(),
            in_force: row.in_force,
            elements: row.elements,
            partition: row.partition,
            code_origin: code_origin.into(),
            valid_from: row.valid_from.map(to_google),
            valid_to: row.valid_to.map(to_google),
            supersedes: row.supersedes.as_ref().map(ListVersion::to_string),
            content_hash: row.content_hash.clone(),
            effective_on: Some(to_google(row.publication.effective_on)),
            event_id: row.publication.event_id.to_string(),
            recorded_at: Some(to_timestamp(row.publication.recorded_at)),
        }
    }
}

impl From<&SchemeElementRow> for pb::SchemeElementRow {
    fn from(row: &SchemeElementRow) -> Self {
        Self {
            scheme: row.scheme.clone(),
            code: row.code.clone(),
            title: row.title.clone(),
            parent: row.parent.clone(),
            verified: row.verified,
        }
    }
}

impl From<&CodelistRow> for pb::CodelistRow {
    fn from(row: &CodelistRow) -> Self {
        Self {
            codelist: row.list.to_string(),
            name: name(&row.list),
            version: version(&row.list),
            title: row.title.clone(),
            in_force: row.in_force,
            codes: row.codes,
            content_hash: row.content_hash.clone(),
            effective_on: Some(to_google(row.publication.effective_on)),
            event_id: row.publication.event_id.to_string(),
            recorded_at: Some(to_timestamp(row.publication.recorded_at)),
        }
    }
}

impl From<&CodeRow> for pb::CodeRow {
    fn from(row: &CodeRow) -> Self {
        Self {
            codelist: row.codelist.clone(),
            code: row.code.clone(),
            title: row.title.clone(),
        }
    }
}

impl From<&RateTableRow> for pb::RateTableRow {
    fn from(row: &RateTableRow) -> Self {
        Self {
            table: row.list.to_string(),
            source: name(&row.list),
            table_version: version(&row.list),
            rates: row.rates,
            pairs: row.pairs,
            first_on: row.first_on.map(to_google),
            last_on: row.last_on.map(to_google),
            restated: row.restated,
            content_hash: row.content_hash.clone(),
            effective_on: Some(to_google(row.publication.effective_on)),
            event_id: row.publication.event_id.to_string(),
            recorded_at: Some(to_timestamp(row.publication.recorded_at)),
        }
    }
}

impl From<&RateRow> for pb::RateRow {
    fn from(row: &RateRow) -> Self {
        Self {
            table: row.table.clone(),
            base: row.base.code().to_owned(),
            quote: row.quote.code().to_owned(),
            value: row.value.clone(),
            rate_on: Some(to_google(row.rate_on)),
            restated_by: row.restated_by.clone(),
        }
    }
}

impl From<&OrganisationRow> for pb::OrganisationRow {
    fn from(row: &OrganisationRow) -> Self {
        let merge = row.merge.as_ref();
        let assessment = row.assessment.as_ref();
        let merge_reason = merge.and_then(|Merge { reason, .. }| said(reason));
        let assessment_reason = assessment.and_then(|Assessment { reason, .. }| said(reason));
        Self {
            organisation: Some((&row.organisation).into()),
            type_code: row.type_code.map(u32::from),
            registered_on: row.registered_on.map(to_google),
            merged_into: merge.map(|merge| (&merge.into).into()),
            shown_as: merge.map(|merge| (&merge.shown_as).into()),
            merged_on: merge.map(|merge| to_google(merge.merged_on)),
            merge_reason,
            locality: assessment
                .map_or(pb::OrganisationLocality::Unspecified, |assessment| {
                    locality(assessment.class)
                })
                .into(),
            assessment_method: assessment.map(|assessment| assessment.method.clone()),
            assessed_on: assessment.map(|assessment| to_google(assessment.assessed_on)),
            assessment_reason,
            event_id: row.publication.event_id.to_string(),
            recorded_at: Some(to_timestamp(row.publication.recorded_at)),
        }
    }
}

const fn locality(class: LocalActorClass) -> pb::OrganisationLocality {
    match class {
        LocalActorClass::LocalState => pb::OrganisationLocality::LocalState,
        LocalActorClass::LocalNonState => pb::OrganisationLocality::LocalNonState,
        LocalActorClass::NationalState => pb::OrganisationLocality::NationalState,
        LocalActorClass::NationalNonState => pb::OrganisationLocality::NationalNonState,
        LocalActorClass::NotLocal => pb::OrganisationLocality::NotLocal,
    }
}
