//! Published schemes, the tags that name their elements, and what plans ask for (ADR-0011).

use std::collections::BTreeSet;

use perennial_domain::command::Command;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::PlanId;
use perennial_domain::log::Recorded;
use perennial_domain::reference::{
    ListVersion, ReferenceCommand, ReferenceEvent, ReferenceKind, Scheme,
};
use perennial_domain::requirement::{RequirementCommand, RequirementEvent};
use perennial_domain::tag::TagSet;

use super::super::findings::Findings;
use super::{Desktop, Outcome};

/// A version of a scheme that was published.
pub(in super::super) fn scheme<'a>(
    log: &'a [Recorded<Event>],
    list: &ListVersion,
) -> Option<&'a Scheme> {
    log.iter().find_map(|recorded| match &recorded.event.fact {
        Fact::Reference(ReferenceEvent::SchemePublished(scheme)) if scheme.list == *list => {
            Some(scheme)
        }
        _ => None,
    })
}

fn has(scheme: &Scheme, code: &str) -> bool {
    scheme.elements.iter().any(|element| *element.code == *code)
}

/// The elements above one.
pub(in super::super) fn above(scheme: &Scheme, code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut next = Some(code.to_owned());
    while let Some(code) = next {
        let mut elements = scheme.elements.iter();
        let element = elements.find(|element| *element.code == *code);
        next = element
            .and_then(|element| element.parent.as_ref())
            .map(ToString::to_string);
        found.extend(next.clone());
    }
    found
}

/// Holds a set of tags against its scheme; the set in order of elements.
pub(in super::super) fn tag_set(
    findings: &mut Findings,
    log: &[Recorded<Event>],
    set: &TagSet,
) -> TagSet {
    let mut set = set.clone();
    set.tags.sort_by(|a, b| a.element.cmp(&b.element));
    let named: BTreeSet<&str> = set.tags.iter().map(|tag| &*tag.element).collect();
    let parts = set.tags.iter().map(|tag| tag.share_ppm);
    if named.len() != set.tags.len() || parts.clone().any(|it| it == 0 || 1_000_000 < it) {
        findings.reject("INVALID_FIELD");
    }
    let Some(scheme) = scheme(log, &set.list) else {
        findings.reject("UNKNOWN_SCHEME");
        return set;
    };
    for tag in &set.tags {
        if !has(scheme, &tag.element) {
            findings.reject("UNKNOWN_ELEMENT");
        }
        let above = above(scheme, &tag.element);
        if above.iter().any(|code| named.contains(code.as_str())) {
            findings.reject("ANCESTOR_TAGGED");
        }
    }
    let whole: u64 = parts.map(u64::from).sum();
    if scheme.partition && 1_000_000 < whole {
        findings.reject("TAGS_EXCEED_WHOLE");
    }
    set
}

impl Desktop<'_> {
    pub(super) fn reference(&self, command: &Command, wish: &ReferenceCommand) -> Outcome {
        let ReferenceCommand::PublishScheme(new) = wish else {
            return Outcome::Trusted;
        };
        let mut findings = Findings::default();
        let on = command.effective_on;
        let stream = Stream::Reference(ReferenceKind::Schemes).to_string();
        findings.own_date(&stream, on, self.today);
        if let Some(known) = scheme(&self.log, &new.list) {
            findings.reject(if known.content_hash == new.content_hash {
                "ALREADY_PUBLISHED"
            } else {
                "PUBLISHED_DIFFERENTLY"
            });
        }
        let event = ReferenceEvent::SchemePublished(new.clone());
        self.conclude(command, findings, vec![(on, Fact::Reference(event))])
    }

    pub(super) fn requirement(
        &self,
        command: &Command,
        (id, wish): (&PlanId, &RequirementCommand),
    ) -> Outcome {
        let RequirementCommand::Publish(new) = wish;
        let mut findings = Findings::default();
        let on = command.effective_on;
        let stream = Stream::Requirement(id.clone());
        findings.own_date(&stream.to_string(), on, self.today);
        let versions = self.log.iter().filter_map(|recorded| {
            match (&recorded.event.stream, &recorded.event.fact) {
                (
                    Stream::Requirement(of),
                    Fact::Requirement(RequirementEvent::RequirementPublished(known)),
                ) if of == id => Some(known),
                _ => None,
            }
        });
        let mut same = versions.filter(|known| known.version == new.version);
        if let Some(known) = same.next() {
            findings.reject(if known == new {
                "ALREADY_PUBLISHED"
            } else {
                "PUBLISHED_DIFFERENTLY"
            });
        }
        match scheme(&self.log, &new.list) {
            None => findings.reject("UNKNOWN_SCHEME"),
            Some(scheme) => {
                let objectives = new.asks.iter().filter_map(|ask| ask.objective.as_deref());
                for objective in objectives {
                    if !has(scheme, objective) {
                        findings.reject("UNKNOWN_ELEMENT");
                    }
                }
            }
        }
        if let Some(first) = new.asks.first() {
            for ask in &new.asks {
                findings.positive(ask.amount, first.amount.currency());
            }
        } else {
            findings.reject("INVALID_FIELD");
        }
        let whole: i128 = new.asks.iter().map(|ask| ask.amount.minor_units()).sum();
        if 1_000_000_000_000_000_000 <= whole {
            findings.reject("TOTAL_OUT_OF_RANGE");
        }
        let event = RequirementEvent::RequirementPublished(new.clone());
        self.conclude(command, findings, vec![(on, Fact::Requirement(event))])
    }
}
