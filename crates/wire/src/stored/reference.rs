//! `reference.proto`: events of reference streams.

use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::reference::{
    Codelist, CodelistEntry, ListVersion, LocalActor, OrganisationMerge, PillarRule, PillarTable,
    ReferenceEvent, Scheme, SchemeElement,
};

use super::error::{At, DecodeError, Problem, array, enumeration, list, optional, required};
use super::exchange::decimal;
use super::value::{currency, day, organisation};
use crate::date;
use crate::pb::log as pb;
use crate::pb::log::stored_event::Kind;

pub(super) fn to_kind(event: &ReferenceEvent) -> Kind {
    match event {
        ReferenceEvent::RateTablePublished(table) => Kind::RateTablePublished(table.into()),
        ReferenceEvent::CodelistPublished(codelist) => Kind::CodelistPublished(codelist.into()),
        ReferenceEvent::PillarMappingPublished(table) => Kind::PillarMappingPublished(table.into()),
        ReferenceEvent::SchemePublished(scheme) => Kind::SchemePublished(scheme.into()),
        ReferenceEvent::OrganisationRegistered(org) => {
            Kind::OrganisationRegistered(pb::OrganisationRegistered {
                organisation: Some(org.into()),
            })
        }
        ReferenceEvent::OrganisationMerged(merge) => {
            Kind::OrganisationMerged(pb::OrganisationMerged {
                merged: Some((&merge.merged).into()),
                surviving: Some((&merge.surviving).into()),
                reason: merge.reason.clone(),
            })
        }
        ReferenceEvent::LocalActorAssessed(actor) => {
            Kind::LocalActorAssessed(pb::LocalActorAssessed {
                organisation: Some((&actor.org).into()),
                class: pb::LocalActorClass::from(actor.class).into(),
                method: Some((&actor.method).into()),
                reason: actor.reason.clone(),
            })
        }
    }
}

impl From<&ListVersion> for pb::ListVersion {
    fn from(list: &ListVersion) -> Self {
        Self {
            name: list.name.as_ref().to_owned(),
            version: list.version.as_ref().to_owned(),
        }
    }
}

pub(super) fn list_version(message: pb::ListVersion) -> Result<ListVersion, Problem> {
    let list = ListVersion {
        name: message.name.into(),
        version: message.version.into(),
    };
    if list.is_well_formed() {
        return Ok(list);
    }
    Err(Problem::ListVersion)
}

impl From<&RateTable> for pb::RateTablePublished {
    fn from(table: &RateTable) -> Self {
        let rate = |rate: &TableRate| pb::TableRate {
            base: rate.base.to_string(),
            quote: rate.quote.to_string(),
            value: rate.value.to_string(),
            rate_on: date::number(rate.rate_on),
        };
        Self {
            source: pb::RateSource::from(table.source).into(),
            table_version: table.table_version.as_ref().to_owned(),
            rates: table.rates.iter().map(rate).collect(),
            content_hash: table.content_hash.to_vec(),
        }
    }
}

pub(super) fn rate_table(message: pb::RateTablePublished) -> Result<ReferenceEvent, DecodeError> {
    let rate = |rate: pb::TableRate| -> Result<TableRate, DecodeError> {
        Ok(TableRate {
            base: currency(&rate.base).at("base")?,
            quote: currency(&rate.quote).at("quote")?,
            value: decimal(&rate.value).at("value")?,
            rate_on: day(rate.rate_on).at("rate_on")?,
        })
    };
    Ok(ReferenceEvent::RateTablePublished(RateTable {
        source: enumeration::<pb::RateSource>(message.source).at("source")?,
        table_version: message.table_version.into(),
        rates: list("rates", message.rates, rate)?,
        content_hash: array(&message.content_hash).at("content_hash")?,
    }))
}

impl From<&Codelist> for pb::CodelistPublished {
    fn from(codelist: &Codelist) -> Self {
        let entry = |entry: &CodelistEntry| pb::CodelistEntry {
            code: entry.code.as_ref().to_owned(),
            title: entry.title.clone(),
        };
        Self {
            list: Some((&codelist.list).into()),
            title: codelist.title.clone(),
            codes: codelist.codes.iter().map(entry).collect(),
            content_hash: codelist.content_hash.to_vec(),
        }
    }
}

pub(super) fn codelist(message: pb::CodelistPublished) -> Result<ReferenceEvent, DecodeError> {
    let entry = |entry: pb::CodelistEntry| -> Result<CodelistEntry, Problem> {
        Ok(CodelistEntry {
            code: entry.code.into(),
            title: entry.title,
        })
    };
    Ok(ReferenceEvent::CodelistPublished(Codelist {
        list: required("list", message.list, list_version)?,
        title: message.title,
        codes: list("codes", message.codes, entry)?,
        content_hash: array(&message.content_hash).at("content_hash")?,
    }))
}

impl From<&PillarTable> for pb::PillarMappingPublished {
    fn from(table: &PillarTable) -> Self {
        let rule = |rule: &PillarRule| pb::PillarRule {
            prefix: rule.prefix.as_ref().to_owned(),
            pillar: pb::Pillar::from(rule.pillar).into(),
        };
        Self {
            list: Some((&table.list).into()),
            rules: table.rules.iter().map(rule).collect(),
            otherwise: pb::Pillar::from(table.otherwise).into(),
            unclassified: pb::Pillar::from(table.unclassified).into(),
            reads_humanitarian_flag: table.reads_humanitarian_flag,
            content_hash: table.content_hash.to_vec(),
        }
    }
}

pub(super) fn pillar_mapping(
    message: pb::PillarMappingPublished,
) -> Result<ReferenceEvent, DecodeError> {
    let rule = |rule: pb::PillarRule| -> Result<PillarRule, DecodeError> {
        Ok(PillarRule {
            prefix: rule.prefix.into(),
            pillar: enumeration::<pb::Pillar>(rule.pillar).at("pillar")?,
        })
    };
    Ok(ReferenceEvent::PillarMappingPublished(PillarTable {
        list: required("list", message.list, list_version)?,
        rules: list("rules", message.rules, rule)?,
        otherwise: enumeration::<pb::Pillar>(message.otherwise).at("otherwise")?,
        unclassified: enumeration::<pb::Pillar>(message.unclassified).at("unclassified")?,
        reads_humanitarian_flag: message.reads_humanitarian_flag,
        content_hash: array(&message.content_hash).at("content_hash")?,
    }))
}

impl From<&Scheme> for pb::SchemePublished {
    fn from(scheme: &Scheme) -> Self {
        let element = |element: &SchemeElement| pb::SchemeElement {
            code: element.code.as_ref().to_owned(),
            title: element.title.clone(),
            parent: element.parent.as_deref().map(str::to_owned),
            verified: element.verified,
        };
        Self {
            list: Some((&scheme.list).into()),
            title: scheme.title.clone(),
            partition: scheme.partition,
            code_origin: pb::CodeOrigin::from(scheme.code_origin).into(),
            valid_from: scheme.valid_from.map(date::number),
            valid_to: scheme.valid_to.map(date::number),
            elements: scheme.elements.iter().map(element).collect(),
            supersedes: scheme.supersedes.as_ref().map(Into::into),
            content_hash: scheme.content_hash.to_vec(),
        }
    }
}

pub(super) fn scheme(message: pb::SchemePublished) -> Result<ReferenceEvent, DecodeError> {
    let element = |element: pb::SchemeElement| -> Result<SchemeElement, Problem> {
        Ok(SchemeElement {
            code: element.code.into(),
            title: element.title,
            parent: element.parent.map(Into::into),
            verified: element.verified,
        })
    };
    Ok(ReferenceEvent::SchemePublished(Scheme {
        list: required("list", message.list, list_version)?,
        title: message.title,
        partition: message.partition,
        code_origin: enumeration::<pb::CodeOrigin>(message.code_origin).at("code_origin")?,
        valid_from: optional("valid_from", message.valid_from, day)?,
        valid_to: optional("valid_to", message.valid_to, day)?,
        elements: list("elements", message.elements, element)?,
        supersedes: optional("supersedes", message.supersedes, list_version)?,
        content_hash: array(&message.content_hash).at("content_hash")?,
    }))
}

pub(super) fn registered(
    message: pb::OrganisationRegistered,
) -> Result<ReferenceEvent, DecodeError> {
    let org = required("organisation", message.organisation, organisation)?;
    Ok(ReferenceEvent::OrganisationRegistered(org))
}

pub(super) fn merged(message: pb::OrganisationMerged) -> Result<ReferenceEvent, DecodeError> {
    Ok(ReferenceEvent::OrganisationMerged(OrganisationMerge {
        merged: required("merged", message.merged, organisation)?,
        surviving: required("surviving", message.surviving, organisation)?,
        reason: message.reason,
    }))
}

pub(super) fn assessed(message: pb::LocalActorAssessed) -> Result<ReferenceEvent, DecodeError> {
    Ok(ReferenceEvent::LocalActorAssessed(LocalActor {
        org: required("organisation", message.organisation, organisation)?,
        class: enumeration::<pb::LocalActorClass>(message.class).at("class")?,
        method: required("method", message.method, list_version)?,
        reason: message.reason,
    }))
}
