use perennial_domain::exchange::TableRate;
use perennial_domain::reference::{ListVersion, ReferenceCommand, Scheme};
use perennial_domain::requirement::Requirement;
use perennial_domain::tag::{TagSet, TagSubject};

use crate::date::to_google;
use crate::pb::google::r#type as google;
use crate::pb::ledger as pb;
use crate::pb::ledger::command::Action as Message;
use crate::pb::ledger::replace_tag_set::{Owner, Part};

impl From<&ListVersion> for pb::ListVersion {
    fn from(list: &ListVersion) -> Self {
        Self {
            name: list.name.as_ref().to_owned(),
            version: list.version.as_ref().to_owned(),
        }
    }
}

impl From<&TableRate> for pb::TableRate {
    fn from(rate: &TableRate) -> Self {
        Self {
            base: rate.base.to_string(),
            quote: rate.quote.to_string(),
            // Equal rates have one text, whatever zeros they were written with.
            value: Some(google::Decimal {
                value: rate.value.normalize().to_string(),
            }),
            rate_on: Some(to_google(rate.rate_on)),
        }
    }
}

/// Returns the message of a command to a reference stream.
pub(super) fn action(command: &ReferenceCommand) -> Message {
    match command {
        ReferenceCommand::PublishRateTable(table) => {
            Message::PublishRateTable(pb::PublishRateTable {
                source: pb::RateSource::from(table.source).into(),
                table_version: table.table_version.as_ref().to_owned(),
                rates: table.rates.iter().map(Into::into).collect(),
                content_hash: table.content_hash.to_vec(),
            })
        }
        ReferenceCommand::PublishCodelist(codelist) => {
            Message::PublishCodelist(pb::PublishCodelist {
                name: codelist.list.name.as_ref().to_owned(),
                version: codelist.list.version.as_ref().to_owned(),
                title: codelist.title.clone(),
                codes: codelist
                    .codes
                    .iter()
                    .map(|entry| pb::CodelistEntry {
                        code: entry.code.as_ref().to_owned(),
                        title: entry.title.clone(),
                    })
                    .collect(),
                content_hash: codelist.content_hash.to_vec(),
            })
        }
        ReferenceCommand::PublishPillarMapping(table) => {
            Message::PublishPillarMapping(pb::PublishPillarMapping {
                name: table.list.name.as_ref().to_owned(),
                version: table.list.version.as_ref().to_owned(),
                rules: table
                    .rules
                    .iter()
                    .map(|rule| pb::PillarRule {
                        prefix: rule.prefix.as_ref().to_owned(),
                        pillar: pb::Pillar::from(rule.pillar).into(),
                    })
                    .collect(),
                otherwise: pb::Pillar::from(table.otherwise).into(),
                unclassified: pb::Pillar::from(table.unclassified).into(),
                reads_humanitarian_flag: table.reads_humanitarian_flag,
                content_hash: table.content_hash.to_vec(),
            })
        }
        ReferenceCommand::PublishScheme(scheme) => Message::PublishScheme(publish_scheme(scheme)),
        ReferenceCommand::RegisterOrganisation(org) => {
            Message::RegisterOrganisation(pb::RegisterOrganisation {
                organisation: Some(org.into()),
            })
        }
        ReferenceCommand::MergeOrganisation(merge) => {
            Message::MergeOrganisation(pb::MergeOrganisation {
                merged: Some((&merge.merged).into()),
                surviving: Some((&merge.surviving).into()),
                reason: merge.reason.clone(),
            })
        }
        ReferenceCommand::AssessLocalActor(actor) => {
            Message::AssessLocalActor(pb::AssessLocalActor {
                organisation: Some((&actor.org).into()),
                class: pb::LocalActorClass::from(actor.class).into(),
                method: Some((&actor.method).into()),
                reason: actor.reason.clone(),
            })
        }
    }
}

fn publish_scheme(scheme: &Scheme) -> pb::PublishScheme {
    let elements = scheme.elements.iter().map(|element| pb::SchemeElement {
        code: element.code.as_ref().to_owned(),
        title: element.title.clone(),
        parent: element.parent.as_deref().unwrap_or_default().to_owned(),
        verified: element.verified,
    });
    pb::PublishScheme {
        name: scheme.list.name.as_ref().to_owned(),
        version: scheme.list.version.as_ref().to_owned(),
        title: scheme.title.clone(),
        partition: scheme.partition,
        code_origin: pb::CodeOrigin::from(scheme.code_origin).into(),
        valid_from: scheme.valid_from.map(to_google),
        valid_to: scheme.valid_to.map(to_google),
        elements: elements.collect(),
        supersedes: scheme.supersedes.as_ref().map(Into::into),
        content_hash: scheme.content_hash.to_vec(),
    }
}

/// Returns the message of a set of tags of `owner`.
pub(super) fn replace_tag_set(owner: Owner, set: &TagSet) -> Message {
    Message::ReplaceTagSet(pb::ReplaceTagSet {
        owner: Some(owner),
        part: match &set.subject {
            TagSubject::Whole => None,
            TagSubject::Line(id) => Some(Part::LineId(id.to_string())),
            TagSubject::Tranche(id) => Some(Part::TrancheId(id.to_string())),
        },
        scheme: Some((&set.list).into()),
        tags: set
            .tags
            .iter()
            .map(|tag| pb::Tag {
                element: tag.element.as_ref().to_owned(),
                share_ppm: tag.share_ppm,
                basis: pb::TagBasis::from(tag.basis).into(),
            })
            .collect(),
        reason: set.reason.clone(),
    })
}

/// Returns the message of what a plan asks for.
pub(super) fn publish_requirement(plan_id: String, requirement: &Requirement) -> Message {
    let asks = requirement.asks.iter().map(|ask| pb::Ask {
        objective: ask.objective.as_deref().unwrap_or_default().to_owned(),
        period: Some(ask.period.into()),
        amount: Some(ask.amount.into()),
    });
    Message::PublishRequirement(pb::PublishRequirement {
        plan_id,
        version: requirement.version.as_ref().to_owned(),
        title: requirement.title.clone(),
        perspective: pb::Perspective::from(requirement.perspective).into(),
        scheme: Some((&requirement.list).into()),
        places: requirement
            .places
            .iter()
            .map(|place| place.as_ref().to_owned())
            .collect(),
        asks: asks.collect(),
    })
}
