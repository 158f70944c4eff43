//! Samples of lists, organisations, splits, tags and requirements, with every field set.

use perennial_domain::agreement::{AgreementCommand, AgreementEvent, LineSplits, Perspective};
use perennial_domain::classification::Pillar;
use perennial_domain::command::Action;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::PlanId;
use perennial_domain::log::Revision;
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};
use perennial_domain::reference::{
    CodeOrigin, Codelist, CodelistEntry, ListVersion, LocalActor, LocalActorClass,
    OrganisationMerge, PillarRule, PillarTable, ReferenceCommand, ReferenceEvent, Scheme,
    SchemeElement,
};
use perennial_domain::requirement::{Ask, Requirement, RequirementCommand, RequirementEvent};
use perennial_domain::tag::{Tag, TagBasis, TagSet, TagSubject};
use perennial_views::content;

use crate::values::tranche_id;
use crate::values::{agreement_id, donor, line_id, organisation, places, pledge_id, purposes};
use crate::{money, on, period};

fn list(text: &str) -> ListVersion {
    ListVersion::parse(text).unwrap()
}

fn codelist() -> Codelist {
    let mut codelist = Codelist {
        list: list("budget-headings@2026"),
        title: "Budget headings".to_owned(),
        codes: vec![CodelistEntry {
            code: "STAFF".into(),
            title: "Staff".to_owned(),
        }],
        content_hash: [0; 32],
    };
    codelist.content_hash = content::codelist_hash(&codelist);
    codelist
}

fn pillar_table() -> PillarTable {
    let mut table = PillarTable {
        list: list("horizon@2026"),
        rules: vec![PillarRule {
            prefix: "152".into(),
            pillar: Pillar::Peace,
        }],
        otherwise: Pillar::Development,
        unclassified: Pillar::Unallocable,
        reads_humanitarian_flag: true,
        content_hash: [0; 32],
    };
    table.content_hash = content::pillar_table_hash(&table);
    table
}

pub(crate) fn scheme() -> Scheme {
    let element = |code: &str, parent: Option<&str>| SchemeElement {
        code: code.into(),
        title: format!("Objective {code}"),
        parent: parent.map(Into::into),
        verified: parent.is_none(),
    };
    let mut scheme = Scheme {
        list: list("iom-gcrp@2021"),
        title: "Crisis response plans".to_owned(),
        partition: true,
        code_origin: CodeOrigin::Ours,
        valid_from: Some(on("2021-01-01")),
        valid_to: Some(on("2023-12-31")),
        elements: vec![element("1", None), element("1.1", Some("1"))],
        supersedes: Some(list("iom-gcrp@2019")),
        content_hash: [0; 32],
    };
    scheme.content_hash = content::scheme_hash(&scheme);
    scheme
}

fn merge() -> OrganisationMerge {
    OrganisationMerge {
        merged: donor(),
        surviving: organisation(),
        reason: "merger".to_owned(),
    }
}

fn local_actor() -> LocalActor {
    LocalActor {
        org: organisation(),
        class: LocalActorClass::LocalNonState,
        method: list("iasc-localisation@2018"),
        reason: "registered there".to_owned(),
    }
}

fn tag_set(subject: TagSubject) -> TagSet {
    TagSet {
        subject,
        list: list("iom-gcrp@2021"),
        tags: vec![Tag {
            element: "1.1".into(),
            share_ppm: 999_999,
            basis: TagBasis::Mapped,
        }],
        reason: "results framework".to_owned(),
    }
}

fn splits() -> LineSplits {
    LineSplits {
        purposes: purposes(),
        places: places(),
        pillar: Some(Pillar::Peace),
    }
}

fn requirement() -> Requirement {
    Requirement {
        version: "2".into(),
        title: "Crisis response plan".to_owned(),
        perspective: Perspective::Recipient,
        list: list("iom-gcrp@2021"),
        places: vec!["SS".into(), "UG".into()],
        asks: vec![
            Ask {
                objective: Some("1.1".into()),
                period: period("2021-01-01", "2022-12-31"),
                amount: money("1000.25", "USD"),
            },
            Ask {
                objective: None,
                period: period("2021-01-01", "2021-12-31"),
                amount: money("500", "USD"),
            },
        ],
    }
}

fn plan() -> PlanId {
    PlanId::parse("south-sudan-2021").unwrap()
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let mut events = split_and_tag_events();
    events.extend(reference_events());
    events
}

fn event(stream: Stream, fact: Fact) -> Event {
    Event {
        stream,
        revision: Revision(3),
        effective_on: on("2026-03-01"),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact,
    }
}

fn split_and_tag_events() -> Vec<(&'static str, Event)> {
    let agreement = |fact| event(Stream::Agreement(agreement_id()), Fact::Agreement(fact));
    let tagged = |subject| AgreementEvent::TagSetReplaced(tag_set(subject));
    vec![
        (
            "splits_reclassified",
            agreement(AgreementEvent::SplitsReclassified {
                line_id: line_id(),
                splits: splits(),
                reason: "amendment 2".to_owned(),
            }),
        ),
        (
            "splits_reclassified.bare",
            agreement(AgreementEvent::SplitsReclassified {
                line_id: line_id(),
                splits: LineSplits::default(),
                reason: String::new(),
            }),
        ),
        (
            "tag_set_replaced",
            agreement(tagged(TagSubject::Line(line_id()))),
        ),
        (
            "tag_set_replaced.tranche",
            agreement(tagged(TagSubject::Tranche(tranche_id()))),
        ),
        (
            "tag_set_replaced.pledge",
            event(
                Stream::Pledge(pledge_id()),
                Fact::Pledge(PledgeEvent::TagSetReplaced(tag_set(TagSubject::Whole))),
            ),
        ),
    ]
}

/// What is published for all agreements.
fn reference_events() -> Vec<(&'static str, Event)> {
    let reference =
        |fact: ReferenceEvent| event(Stream::Reference(fact.of()), Fact::Reference(fact));
    vec![
        (
            "codelist_published",
            reference(ReferenceEvent::CodelistPublished(codelist())),
        ),
        (
            "pillar_mapping_published",
            reference(ReferenceEvent::PillarMappingPublished(pillar_table())),
        ),
        (
            "scheme_published",
            reference(ReferenceEvent::SchemePublished(scheme())),
        ),
        (
            "organisation_registered",
            reference(ReferenceEvent::OrganisationRegistered(organisation())),
        ),
        (
            "organisation_merged",
            reference(ReferenceEvent::OrganisationMerged(merge())),
        ),
        (
            "local_actor_assessed",
            reference(ReferenceEvent::LocalActorAssessed(local_actor())),
        ),
        (
            "requirement_published",
            event(
                Stream::Requirement(plan()),
                Fact::Requirement(RequirementEvent::RequirementPublished(requirement())),
            ),
        ),
    ]
}

pub(crate) fn actions() -> Vec<(&'static str, Action)> {
    let agreement = |command| Action::Agreement(agreement_id(), command);
    let tag = |subject| agreement(AgreementCommand::ReplaceTagSet(tag_set(subject)));
    vec![
        (
            "reclassify_splits",
            agreement(AgreementCommand::ReclassifySplits {
                line_id: Some(line_id()),
                splits: splits(),
                reason: "amendment 2".to_owned(),
            }),
        ),
        ("replace_tag_set", tag(TagSubject::Line(line_id()))),
        (
            "replace_tag_set.tranche",
            tag(TagSubject::Tranche(tranche_id())),
        ),
        (
            "replace_tag_set.pledge",
            Action::Pledge(
                pledge_id(),
                PledgeCommand::ReplaceTagSet(tag_set(TagSubject::Whole)),
            ),
        ),
        (
            "publish_codelist",
            Action::Reference(ReferenceCommand::PublishCodelist(codelist())),
        ),
        (
            "publish_pillar_mapping",
            Action::Reference(ReferenceCommand::PublishPillarMapping(pillar_table())),
        ),
        (
            "publish_scheme",
            Action::Reference(ReferenceCommand::PublishScheme(scheme())),
        ),
        (
            "register_organisation",
            Action::Reference(ReferenceCommand::RegisterOrganisation(organisation())),
        ),
        (
            "merge_organisation",
            Action::Reference(ReferenceCommand::MergeOrganisation(merge())),
        ),
        (
            "assess_local_actor",
            Action::Reference(ReferenceCommand::AssessLocalActor(local_actor())),
        ),
        (
            "publish_requirement",
            Action::Requirement(plan(), RequirementCommand::Publish(requirement())),
        ),
    ]
}
