//! Which facts a command adds to a reference stream, or every reason against it. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::event::Stream;
use crate::exchange::{RateTable, TABLE_RATES_MAX, is_rate};
use crate::finding::{Context, Findings};
use crate::party::OrgRef;
use crate::reference::{
    COMPILED_IN_MAPPINGS, Codelist, ListVersion, LocalActor, OrganisationMerge, Outline,
    PillarTable, Reference, ReferenceCommand, ReferenceEvent, ReferenceKind, Scheme,
};
use crate::rejection::Rejection;
use crate::rules;

/// What a command is asked of, and what was found against it so far.
struct Case<'a> {
    kind: ReferenceKind,
    /// Absent before the stream's first event.
    reference: Option<&'a Reference>,
    findings: Findings,
}

/// Decides a command on a reference stream, which is absent before its first event.
pub(crate) fn decide(
    context: Context<'_>,
    reference: Option<&Reference>,
    (effective_on, command): (Date, &ReferenceCommand),
) -> Drafts<ReferenceEvent> {
    let kind = command.of();
    let mut case = Case {
        kind,
        reference,
        findings: Findings::new(context.profile),
    };
    let subject = format!("reference/{}", kind.name());
    case.findings.date("effective_on", effective_on);
    case.findings.breach(rules::date_not_future(
        &subject,
        "effective_on",
        effective_on,
        context.today,
    ));
    let fact = match command {
        ReferenceCommand::PublishRateTable(table) => {
            ReferenceEvent::RateTablePublished(case.rate_table(table))
        }
        ReferenceCommand::PublishCodelist(codelist) => {
            case.codelist(codelist);
            ReferenceEvent::CodelistPublished(codelist.clone())
        }
        ReferenceCommand::PublishPillarMapping(table) => {
            ReferenceEvent::PillarMappingPublished(case.pillar_mapping(table))
        }
        ReferenceCommand::PublishScheme(scheme) => {
            case.scheme(scheme);
            ReferenceEvent::SchemePublished(scheme.clone())
        }
        ReferenceCommand::RegisterOrganisation(org) => {
            case.organisation(org);
            ReferenceEvent::OrganisationRegistered(org.clone())
        }
        ReferenceCommand::MergeOrganisation(merge) => {
            case.merge(merge);
            ReferenceEvent::OrganisationMerged(merge.clone())
        }
        ReferenceCommand::AssessLocalActor(actor) => {
            case.local_actor(actor);
            ReferenceEvent::LocalActorAssessed(actor.clone())
        }
    };
    let verdict = case.findings.finish(&context)?;
    Ok(vec![Draft {
        effective_on,
        fact,
        verdict,
    }])
}

impl Case<'_> {
    /// A version is published once; what it says never changes.
    fn version(&mut self, list: &ListVersion, content_hash: [u8; 32]) {
        if !list.is_well_formed() {
            self.findings.malformed(
                "version",
                "and the name must be of a-z, 0-9 and -, and of printable characters without @",
            );
        }
        let published = self
            .reference
            .and_then(|reference| reference.content_hash(list));
        match published {
            None => {}
            Some(published) if *published == content_hash => {
                self.already(list.to_string());
            }
            Some(published) => self.findings.reject(Rejection::PublishedDifferently {
                stream: Stream::Reference(self.kind),
                what: list.to_string(),
                hashes: Some([*published, content_hash]),
            }),
        }
    }

    fn already(&mut self, what: String) {
        self.findings.reject(Rejection::AlreadyPublished {
            stream: Stream::Reference(self.kind),
            what,
        });
    }

    /// The table with its rates in order.
    fn rate_table(&mut self, table: &RateTable) -> RateTable {
        self.version(&table.list(), table.content_hash);
        let rates = table.rates.len();
        if !(1..=TABLE_RATES_MAX).contains(&rates) {
            let problem = format!("must hold 1 to {TABLE_RATES_MAX} rates, holds {rates}");
            self.findings.malformed("rates", problem);
        }
        for (index, rate) in table.rates.iter().enumerate() {
            let field = format!("rates[{index}]");
            if rate.base == rate.quote {
                let problem = format!("must be between two currencies, is of {} alone", rate.base);
                self.findings.malformed(&field, problem);
            }
            if !is_rate(rate.value) {
                let problem = "must be above 0 and below 10^9 with at most 9 decimals";
                self.findings.malformed(format!("{field}.value"), problem);
            }
            self.findings
                .date(&format!("{field}.rate_on"), rate.rate_on);
        }
        if let Some(rate) = table.repeated() {
            let (base, quote, on) = (rate.base, rate.quote, rate.rate_on);
            let problem = format!("must state {base} in {quote} of {on} once");
            self.findings.malformed("rates", problem);
        }
        let mut table = table.clone();
        table.sort();
        table
    }

    fn codelist(&mut self, codelist: &Codelist) {
        self.version(&codelist.list, codelist.content_hash);
        if codelist.codes.is_empty() {
            self.findings
                .malformed("codes", "must hold at least one code");
        }
        let codes = codelist.codes.iter().map(|entry| &*entry.code);
        self.once("codes", codes);
    }

    /// The table with its rules in order.
    fn pillar_mapping(&mut self, table: &PillarTable) -> PillarTable {
        self.version(&table.list, table.content_hash);
        if COMPILED_IN_MAPPINGS.contains(&&*table.list.name) {
            let problem = format!("\"{}\" is a mapping that is compiled in", table.list.name);
            self.findings.malformed("name", problem);
        }
        let fits = |prefix: &str| {
            (1..=5).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit())
        };
        if !table.rules.iter().all(|rule| fits(&rule.prefix)) {
            self.findings
                .malformed("rules", "must have prefixes of one to five digits");
        }
        self.once("rules", table.rules.iter().map(|rule| &*rule.prefix));
        let mut table = table.clone();
        table.rules.sort();
        table
    }

    fn scheme(&mut self, scheme: &Scheme) {
        self.version(&scheme.list, scheme.content_hash);
        if scheme.elements.is_empty() {
            self.findings
                .malformed("elements", "must hold at least one element");
        }
        let codes = scheme.elements.iter().map(|element| &*element.code);
        self.once("elements", codes);
        for (field, date) in [
            ("valid_from", scheme.valid_from),
            ("valid_to", scheme.valid_to),
        ] {
            if let Some(date) = date {
                self.findings.date(field, date);
            }
        }
        if let (Some(from), Some(to)) = (scheme.valid_from, scheme.valid_to)
            && to < from
        {
            let problem = format!("{to} lies before valid_from, {from}");
            self.findings.malformed("valid_to", problem);
        }
        if scheme.supersedes.as_ref() == Some(&scheme.list) {
            self.findings
                .malformed("supersedes", "must be another version");
        }
        let outline = Outline::of(scheme);
        for (index, element) in scheme.elements.iter().enumerate() {
            let Some(parent) = &element.parent else {
                continue;
            };
            let field = format!("elements[{index}].parent");
            if !outline.has(parent) {
                self.findings
                    .malformed(field, format!("\"{parent}\" is no element"));
            } else if leads_back(&outline, &element.code) {
                self.findings
                    .malformed(field, format!("leads from \"{}\" back to it", element.code));
            }
        }
    }

    fn once<'t>(&mut self, field: &str, codes: impl Iterator<Item = &'t str>) {
        let mut seen = BTreeSet::new();
        for code in codes {
            if !seen.insert(code) {
                self.findings
                    .malformed(field, format!("must name \"{code}\" once"));
            }
        }
    }

    fn with_id(&mut self, field: &str, org: &OrgRef) {
        if org.id.is_none() {
            self.findings
                .malformed(format!("{field}.id"), "is required");
        }
    }

    fn organisation(&mut self, org: &OrgRef) {
        self.with_id("organisation", org);
        if org.name.is_none() {
            self.findings.malformed("organisation.name", "is required");
        }
        let known = |reference: &Reference| reference.organisation(org.key()) == Some(org);
        if self.reference.is_some_and(known) {
            self.already(org.key().to_owned());
        }
    }

    fn merge(&mut self, merge: &OrganisationMerge) {
        let (merged, surviving) = (merge.merged.key(), merge.surviving.key());
        let now = self
            .reference
            .and_then(|reference| reference.merged.get(merged));
        let shown_as = now.map_or(merged, |key| &**key);
        if shown_as == surviving {
            let what = format!("\"{merged}\" shown as \"{surviving}\"");
            self.already(what);
            return;
        }
        let chain = self
            .reference
            .map(|reference| reference.survivors(surviving))
            .unwrap_or_default();
        if merged != surviving && chain.iter().any(|key| &**key == merged) {
            self.findings.reject(Rejection::MergeCycle {
                merged: merged.to_owned(),
                surviving: surviving.to_owned(),
            });
        }
    }

    fn local_actor(&mut self, actor: &LocalActor) {
        self.with_id("organisation", &actor.org);
        let assessed = self
            .reference
            .and_then(|reference| reference.assessed.get(actor.org.key()));
        if assessed.is_some_and(|(class, method)| *class == actor.class && *method == actor.method)
        {
            self.already(actor.org.key().to_owned());
        }
    }
}

/// Whether the parents of an element lead back to it.
fn leads_back(outline: &Outline, code: &str) -> bool {
    let mut at = outline.parents.get(code).cloned().flatten();
    for _ in 0..outline.parents.len() {
        let Some(parent) = at else { return false };
        if &*parent == code {
            return true;
        }
        at = outline.parents.get(&parent).cloned().flatten();
    }
    // Longer than there are elements: it turns in a circle further up, which that element says of itself.
    false
}
