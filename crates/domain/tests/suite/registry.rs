//! Lists, organisations, splits, tags and requirements: what is published once, and what money may be tagged with.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Leg, LegDirection, LegPlace, LineSplits, Perspective,
    Reallocation, ReversalReason,
};
use perennial_domain::classification::Pillar;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::PlanId;
use perennial_domain::party::OrgRef;
use perennial_domain::reference::{
    Codelist, CodelistEntry, LocalActor, LocalActorClass, OrganisationMerge, PillarRule,
    PillarTable, ReferenceCommand, ReferenceEvent, ReferenceKind, Scheme,
};
use perennial_domain::rejection::Rejection;
use perennial_domain::requirement::{Ask, Requirement, RequirementCommand, RequirementEvent};
use perennial_domain::rule::{Profile, Rule};
use perennial_domain::tag::{TagBasis, TagSet, TagSubject};
use perennial_testkit::history::registry_words::*;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn strict(history: impl IntoIterator<Item = Happened>) -> Given {
    given(Profile::Strict, history)
}

fn publish(scheme: Scheme) -> Command {
    ask_reference(ReferenceCommand::PublishScheme(scheme))
}

fn schemes() -> Stream {
    Stream::Reference(ReferenceKind::Schemes)
}

fn malformed(field: &str, problem: &str) -> Rejection {
    Rejection::Malformed {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

// Lists.

#[test]
fn a_version_is_published_once() {
    strict([])
        .when_asked(publish(objectives()))
        .then([scheme_published(objectives())])
        .when_asked(publish(objectives()))
        .then_rejected(Rejection::AlreadyPublished {
            stream: schemes(),
            what: "objectives@2024".to_owned(),
        });
}

#[test]
fn a_published_version_never_changes_and_the_correction_is_a_new_version() {
    let other = scheme("objectives@2024", true, &[("1", ""), ("2", "")]);
    let next = scheme("objectives@2025", true, &[("1", ""), ("2", "")]);
    let given = strict([scheme_published(objectives())]);
    let refused =
        given
            .when_asked(publish(other.clone()))
            .then_rejected(Rejection::PublishedDifferently {
                stream: schemes(),
                what: "objectives@2024".to_owned(),
                hashes: Some([objectives().content_hash, other.content_hash]),
            });
    refused
        .when_asked(publish(next.clone()))
        .then([scheme_published(next)]);
}

#[test]
fn a_parent_must_be_an_element_and_no_chain_of_parents_comes_back() {
    let orphan = scheme("objectives@2024", true, &[("1", "0")]);
    strict([])
        .when_asked(publish(orphan))
        .then_rejected(malformed("elements[0].parent", "\"0\" is no element"));
    let circle = scheme("objectives@2024", true, &[("1", "2"), ("2", "1")]);
    strict([]).when_asked(publish(circle)).then_refused([
        (
            Some(0),
            malformed("elements[0].parent", "leads from \"1\" back to it"),
        ),
        (
            Some(0),
            malformed("elements[1].parent", "leads from \"2\" back to it"),
        ),
    ]);
}

#[test]
fn a_code_stands_once_in_a_list() {
    let twice = scheme("objectives@2024", true, &[("1", ""), ("1", "")]);
    strict([])
        .when_asked(publish(twice))
        .then_rejected(malformed("elements", "must name \"1\" once"));
    let entry = CodelistEntry {
        code: "STAFF".into(),
        title: "Staff".to_owned(),
    };
    let codelist = Codelist {
        list: list("headings@2026"),
        title: "Headings".to_owned(),
        codes: vec![entry.clone(), entry],
        content_hash: [1; 32],
    };
    strict([])
        .when_asked(ask_reference(ReferenceCommand::PublishCodelist(codelist)))
        .then_rejected(malformed("codes", "must name \"STAFF\" once"));
}

fn table(name: &str) -> PillarTable {
    let rule = |prefix: &str, pillar| PillarRule {
        prefix: prefix.into(),
        pillar,
    };
    PillarTable {
        list: list(name),
        rules: vec![rule("72", Pillar::Humanitarian), rule("15", Pillar::Peace)],
        otherwise: Pillar::Development,
        unclassified: Pillar::Unallocable,
        reads_humanitarian_flag: false,
        content_hash: [7; 32],
    }
}

#[test]
fn a_pillar_mapping_is_published_with_its_rules_in_order_under_a_name_of_its_own() {
    let mut sorted = table("mine@2026");
    sorted.rules.sort();
    assert_eq!(&*sorted.rules[0].prefix, "15");
    let ask = |table| ask_reference(ReferenceCommand::PublishPillarMapping(table));
    strict([])
        .when_asked(ask(table("mine@2026")))
        .then([reference(ReferenceEvent::PillarMappingPublished(sorted))]);
    strict([])
        .when_asked(ask(table("dac-core@2026")))
        .then_rejected(malformed(
            "name",
            "\"dac-core\" is a mapping that is compiled in",
        ));
}

// Organisations.

fn named(id: &str, name: &str) -> OrgRef {
    OrgRef {
        name: Some(name.into()),
        ..org(id)
    }
}

fn merge(merged: &str, surviving: &str) -> Command {
    ask_reference(ReferenceCommand::MergeOrganisation(OrganisationMerge {
        merged: org(merged),
        surviving: org(surviving),
        reason: "merger".to_owned(),
    }))
}

#[test]
fn an_organisation_is_registered_again_only_with_something_new() {
    let register = |org| ask_reference(ReferenceCommand::RegisterOrganisation(org));
    let first = strict([])
        .when_asked(register(named("XX-1", "One")))
        .accepted();
    first
        .clone()
        .when_asked(register(named("XX-1", "One")))
        .then_rejected(Rejection::AlreadyPublished {
            stream: Stream::Reference(ReferenceKind::Organisations),
            what: "XX-1".to_owned(),
        });
    first
        .when_asked(register(named("XX-1", "One and All")))
        .accepted();
}

#[test]
fn organisations_are_merged_in_one_direction_and_can_stand_for_themselves_again() {
    let merged = strict([]).when_asked(merge("XX-1", "XX-2")).accepted();
    merged
        .clone()
        .when_asked(merge("XX-2", "XX-1"))
        .then_rejected(Rejection::MergeCycle {
            merged: "XX-2".to_owned(),
            surviving: "XX-1".to_owned(),
        });
    let chained = merged.clone().when_asked(merge("XX-2", "XX-3")).accepted();
    chained
        .when_asked(merge("XX-3", "XX-1"))
        .then_rejected(Rejection::MergeCycle {
            merged: "XX-3".to_owned(),
            surviving: "XX-1".to_owned(),
        });
    let apart = merged.when_asked(merge("XX-1", "XX-1")).accepted();
    apart.when_asked(merge("XX-2", "XX-1")).accepted();
}

#[test]
fn an_assessment_is_recorded_until_it_says_nothing_new() {
    let assess = |class| {
        ask_reference(ReferenceCommand::AssessLocalActor(LocalActor {
            org: org("SS-1"),
            class,
            method: list("iasc-localisation@2018"),
            reason: String::new(),
        }))
    };
    let assessed = strict([])
        .when_asked(assess(LocalActorClass::LocalNonState))
        .accepted();
    assessed
        .clone()
        .when_asked(assess(LocalActorClass::LocalNonState))
        .then_rejected(Rejection::AlreadyPublished {
            stream: Stream::Reference(ReferenceKind::Organisations),
            what: "SS-1".to_owned(),
        });
    assessed
        .when_asked(assess(LocalActorClass::NotLocal))
        .accepted();
}

// Tags.

fn tagged(shares: &[(&str, u32)]) -> TagSet {
    tags(TagSubject::Whole, "objectives@2024", shares)
}

fn with_objectives() -> Given {
    strict([signed(eur(100)), scheme_published(objectives())])
}

#[test]
fn a_set_that_divides_money_may_leave_some_untagged_and_may_take_all() {
    for share in [999_999, 1_000_000] {
        let set = tagged(&[("2", share)]);
        with_objectives()
            .when(tag("2024-02-01", set.clone()))
            .then([happened("2024-02-01", AgreementEvent::TagSetReplaced(set))]);
    }
}

#[test]
fn a_set_that_divides_money_takes_no_more_than_all() {
    with_objectives()
        .when(tag("2024-02-01", tagged(&[("1", 600_000), ("2", 400_001)])))
        .then_rejected(Rejection::TagsExceedWhole {
            list: list("objectives@2024"),
            sum_ppm: 1_000_001,
        });
}

#[test]
fn a_set_holds_at_most_five_hundred_tags() {
    let codes: Vec<String> = (1..=501).map(|number| format!("{number:03}")).collect();
    let elements: Vec<(&str, &str)> = codes.iter().map(|code| (code.as_str(), "")).collect();
    let wide = strict([
        signed(eur(100)),
        scheme_published(scheme("wide@2026", true, &elements)),
    ]);
    let of = |count| {
        let shares: Vec<(&str, u32)> = codes.iter().map(|code| (code.as_str(), 1)).collect();
        let set = tags(TagSubject::Whole, "wide@2026", &shares[..count]);
        wide.clone().when(tag("2024-02-01", set))
    };
    of(500).accepted();
    of(501).then_rejected(malformed("tags", "must hold at most 500 tags"));
}

#[test]
fn who_says_a_tag_has_a_word_the_surest_first() {
    let words = TagBasis::ALL.map(TagBasis::name);
    assert_eq!(words, ["declared", "mapped", "inferred"]);
}

#[test]
fn markers_may_overlap() {
    let set = tags(
        TagSubject::Line(the_line()),
        "markers@2016",
        &[("A1", 1_000_000), ("B", 1_000_000)],
    );
    strict([signed(eur(100)), scheme_published(markers())])
        .when(tag("2024-02-01", set.clone()))
        .then([happened("2024-02-01", AgreementEvent::TagSetReplaced(set))]);
}

#[test]
fn an_element_and_what_it_is_a_part_of_are_not_both_tagged() {
    with_objectives()
        .when(tag("2024-02-01", tagged(&[("1", 1), ("1.1", 1)])))
        .then_rejected(Rejection::AncestorTagged {
            list: list("objectives@2024"),
            element: "1.1".to_owned(),
            ancestor: "1".to_owned(),
        });
    with_objectives()
        .when(tag(
            "2024-02-01",
            tagged(&[("1.1", 1), ("1.2", 1), ("2", 1)]),
        ))
        .accepted();
}

#[test]
fn a_tag_names_an_element_of_a_published_scheme() {
    strict([signed(eur(100))])
        .when(tag("2024-02-01", tagged(&[("1", 1)])))
        .then_rejected(Rejection::UnknownScheme(list("objectives@2024")));
    with_objectives()
        .when(tag("2024-02-01", tagged(&[("3", 1)])))
        .then_rejected(Rejection::UnknownElement {
            list: list("objectives@2024"),
            element: "3".to_owned(),
        });
}

#[test]
fn a_scheme_can_be_published_and_used_in_one_submission() {
    let submission = Submission {
        commands: vec![
            publish(objectives()),
            asked(
                date("2024-02-01"),
                AgreementCommand::ReplaceTagSet(tagged(&[("1", 1)])),
            ),
        ],
        expected: Vec::new(),
    };
    strict([signed(eur(100))])
        .when_submitted(&submission)
        .accepted();
}

#[test]
fn a_tranche_is_tagged_only_if_there_is_one() {
    let set = tags(
        TagSubject::Tranche(tranche("tranche-1")),
        "objectives@2024",
        &[("1", 1)],
    );
    with_objectives()
        .when(tag("2024-02-01", set.clone()))
        .then_rejected(Rejection::UnknownTranche {
            agreement_id: the_agreement(),
            tranche_id: tranche("tranche-1"),
        });
    strict([
        signed(eur(100)),
        scheme_published(objectives()),
        scheduled("2024-01-02", "tranche-1", eur(50), "2024-06-30"),
    ])
    .when(tag("2024-02-01", set))
    .accepted();
}

#[test]
fn tags_are_corrected_by_a_later_set_and_not_reversed() {
    let tagged = with_objectives()
        .when(tag("2024-02-01", tagged(&[("1", 1)])))
        .accepted();
    let reverse = AgreementCommand::ReverseEntry {
        target: event_of(3),
        reason: ReversalReason::Error,
    };
    let reasons = tagged.when((date("2024-02-02"), reverse)).reasons();
    assert_eq!(
        reasons[0].rejection.breach().map(|breach| breach.rule),
        Some(Rule::ReversalTarget)
    );
}

// Splits.

#[test]
fn reclassifying_moves_no_money_and_names_the_only_line() {
    let before = strict([signed(eur(100)), disbursed("2024-03-01", eur(30))]);
    let balance = before.agreement().balance();
    let after = before
        .when((
            date("2024-06-01"),
            AgreementCommand::ReclassifySplits {
                line_id: None,
                splits: splits("15220", "SS"),
                reason: "amendment".to_owned(),
            },
        ))
        .then([happened(
            "2024-06-01",
            AgreementEvent::SplitsReclassified {
                line_id: the_line(),
                splits: splits("15220", "SS"),
                reason: "amendment".to_owned(),
            },
        )]);
    assert_eq!(after.agreement().balance(), balance);
}

#[test]
fn a_pillar_that_a_reclassification_declares_can_be_moved_from_its_day_on() {
    let declared = LineSplits {
        pillar: Some(Pillar::Peace),
        ..splits("15220", "SS")
    };
    let leg = |direction, pillar| Leg {
        direction,
        place: LegPlace {
            line_id: the_line(),
            period: Some(period(SIGNED_ON, ENDS_ON)),
            basis: None,
            firmness: None,
            pillar,
            purpose: None,
            country: None,
        },
        amount: eur(10),
    };
    let reallocate = |pillar| {
        AgreementCommand::ReallocateFunds(Reallocation {
            legs: vec![leg(LegDirection::From, pillar), leg(LegDirection::To, None)],
            legal_basis: "clause 7".to_owned(),
            amendment: None,
        })
    };
    let reclassified = || {
        strict([
            signed(eur(100)),
            happened(
                "2024-06-01",
                AgreementEvent::SplitsReclassified {
                    line_id: the_line(),
                    splits: declared.clone(),
                    reason: "amendment".to_owned(),
                },
            ),
        ])
    };
    let peace = Some(Pillar::Peace);
    reclassified()
        .when((date("2024-06-01"), reallocate(peace)))
        .accepted();
    reclassified()
        .when((date("2024-05-31"), reallocate(peace)))
        .then_rejected(Rejection::PillarNotDeclared {
            line_id: the_line(),
            pillar: Pillar::Peace,
            declared: None,
        });
}

// Requirements.

fn plan() -> PlanId {
    PlanId::parse("south-sudan-2024").unwrap()
}

fn requirement(version: &str, amount: i128) -> Requirement {
    Requirement {
        version: version.into(),
        title: "Crisis response plan".to_owned(),
        perspective: Perspective::Provider,
        list: list("objectives@2024"),
        places: Vec::new(),
        asks: vec![Ask {
            objective: Some("1.1".into()),
            period: period("2024-01-01", "2024-12-31"),
            amount: eur(amount),
        }],
    }
}

fn ask_plan(requirement: Requirement) -> Command {
    Command {
        effective_on: date("2024-01-15"),
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Requirement(plan(), RequirementCommand::Publish(requirement)),
        functional_from_table: false,
    }
}

#[test]
fn a_requirement_is_published_in_versions_that_never_change() {
    let stream = || Stream::Requirement(plan());
    let first = strict([scheme_published(objectives())])
        .when_asked(ask_plan(requirement("1", 50)))
        .then([Happened {
            stream: stream(),
            effective_on: date("2024-01-15"),
            fact: Fact::Requirement(RequirementEvent::RequirementPublished(requirement("1", 50))),
        }]);
    let again = first
        .when_asked(ask_plan(requirement("1", 50)))
        .then_rejected(Rejection::AlreadyPublished {
            stream: stream(),
            what: "1".to_owned(),
        });
    let changed = again
        .when_asked(ask_plan(requirement("1", 51)))
        .then_rejected(Rejection::PublishedDifferently {
            stream: stream(),
            what: "1".to_owned(),
            hashes: None,
        });
    changed
        .when_asked(ask_plan(requirement("2", 51)))
        .accepted();
}

#[test]
fn a_requirement_names_objectives_of_a_published_scheme_and_asks_in_one_currency() {
    strict([])
        .when_asked(ask_plan(requirement("1", 50)))
        .then_rejected(Rejection::UnknownScheme(list("objectives@2024")));
    let mut unknown = requirement("1", 50);
    unknown.asks[0].objective = Some("9".into());
    strict([scheme_published(objectives())])
        .when_asked(ask_plan(unknown))
        .then_rejected(Rejection::UnknownElement {
            list: list("objectives@2024"),
            element: "9".to_owned(),
        });
    let mut mixed = requirement("1", 50);
    mixed.asks.push(Ask {
        amount: minor(100, "USD"),
        ..mixed.asks[0].clone()
    });
    strict([scheme_published(objectives())])
        .when_asked(ask_plan(mixed))
        .then_rejected(Rejection::CurrencyMismatch {
            field: "asks[1].amount".to_owned(),
            expected: currency("EUR"),
            actual: currency("USD"),
        });
}
