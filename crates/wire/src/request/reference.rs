//! `reference.proto`: commands to reference streams.

use perennial_domain::classification::Pillar;
use perennial_domain::command::Action;
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::reference::{
    CodeOrigin, Codelist, CodelistEntry, ListVersion, LocalActor, OrganisationMerge, PillarRule,
    PillarTable, ReferenceCommand, Scheme, SchemeElement,
};
use perennial_views::content;

use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;

impl Check<'_> {
    pub(super) fn list_version(
        &mut self,
        path: Path<'_>,
        message: pb::ListVersion,
    ) -> Option<ListVersion> {
        self.version(path, message.name, message.version)
    }

    fn version(&mut self, path: Path<'_>, name: String, version: String) -> Option<ListVersion> {
        if name.is_empty() {
            return self.invalid(path.field("name"), "is required");
        }
        if version.is_empty() {
            return self.invalid(path.field("version"), "is required");
        }
        let list = ListVersion {
            name: name.into(),
            version: version.into(),
        };
        if list.is_well_formed() {
            return Some(list);
        }
        self.invalid(
            path,
            "needs a name of 2 to 63 characters of a-z, 0-9 and - and a version of 1 to 64 printable characters \
             without @",
        )
    }

    /// Proves a content hash that is given; an empty one is left to be computed.
    fn content_hash(&mut self, path: Path<'_>, given: &[u8], computed: [u8; 32]) -> Option<()> {
        if given.is_empty() || given == computed {
            return Some(());
        }
        let computed = computed
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        self.invalid(
            path.field("content_hash"),
            format!("is not the hash of the content, {computed}"),
        )
    }

    pub(super) fn publish_rate_table(
        &mut self,
        path: Path<'_>,
        message: pb::PublishRateTable,
    ) -> Option<Action> {
        let source = self.enumeration::<pb::RateSource>(path.field("source"), message.source);
        let at = path.field("table_version");
        let max = self.limits.code_chars_max;
        let table_version = self.text(at, message.table_version, max);
        let (at, max) = (path.field("rates"), self.limits.table_rates_max);
        let rates = self.list(at, message.rates, max, Self::table_rate);
        let rates = self.at_least(at, 1, rates);
        let mut table = RateTable {
            source: source?,
            table_version: table_version?.into(),
            rates: rates?,
            content_hash: [0; 32],
        };
        if !table.list().is_well_formed() {
            let at = path.field("table_version");
            return self.invalid(
                at,
                "is not 1 to 64 printable characters without blank and @",
            );
        }
        table.sort();
        table.content_hash = content::rate_table_hash(&table);
        self.content_hash(path, &message.content_hash, table.content_hash)?;
        let command = ReferenceCommand::PublishRateTable(table);
        Some(Action::Reference(command))
    }

    fn table_rate(&mut self, path: Path<'_>, message: pb::TableRate) -> Option<TableRate> {
        let base = self.currency(path.field("base"), &message.base);
        let quote = self.currency(path.field("quote"), &message.quote);
        let value = self.required(path.field("value"), message.value, Self::rate_value);
        let rate_on = self.required(path.field("rate_on"), message.rate_on, Self::date);
        Some(TableRate {
            base: base?,
            quote: quote?,
            value: value?,
            rate_on: rate_on?,
        })
    }

    pub(super) fn publish_codelist(
        &mut self,
        path: Path<'_>,
        message: pb::PublishCodelist,
    ) -> Option<Action> {
        let list = self.version(path, message.name, message.version);
        let max = self.limits.name_chars_max;
        let title = self.text(path.field("title"), message.title, max);
        let (at, max) = (path.field("codes"), self.limits.list_entries_max);
        let codes = self.list(at, message.codes, max, Self::codelist_entry);
        let codes = self.at_least(at, 1, codes);
        let mut codelist = Codelist {
            list: list?,
            title: title?,
            codes: codes?,
            content_hash: [0; 32],
        };
        codelist.content_hash = content::codelist_hash(&codelist);
        self.content_hash(path, &message.content_hash, codelist.content_hash)?;
        let command = ReferenceCommand::PublishCodelist(codelist);
        Some(Action::Reference(command))
    }

    fn codelist_entry(
        &mut self,
        path: Path<'_>,
        message: pb::CodelistEntry,
    ) -> Option<CodelistEntry> {
        let (code_max, name_max) = (self.limits.code_chars_max, self.limits.name_chars_max);
        let code = self.text(path.field("code"), message.code, code_max);
        let title = self.text(path.field("title"), message.title, name_max);
        Some(CodelistEntry {
            code: code?.into(),
            title: title?,
        })
    }

    pub(super) fn publish_pillar_mapping(
        &mut self,
        path: Path<'_>,
        message: pb::PublishPillarMapping,
    ) -> Option<Action> {
        let list = self.version(path, message.name, message.version);
        let (at, max) = (path.field("rules"), self.limits.list_entries_max);
        let rules = self.list(at, message.rules, max, Self::pillar_rule);
        let at = path.field("otherwise");
        let otherwise =
            self.enumeration_or::<pb::Pillar>(at, message.otherwise, Pillar::Development);
        let at = path.field("unclassified");
        let unclassified =
            self.enumeration_or::<pb::Pillar>(at, message.unclassified, Pillar::Unallocable);
        let mut table = PillarTable {
            list: list?,
            rules: rules?,
            otherwise: otherwise?,
            unclassified: unclassified?,
            reads_humanitarian_flag: message.reads_humanitarian_flag,
            content_hash: [0; 32],
        };
        table.rules.sort();
        table.content_hash = content::pillar_table_hash(&table);
        self.content_hash(path, &message.content_hash, table.content_hash)?;
        let command = ReferenceCommand::PublishPillarMapping(table);
        Some(Action::Reference(command))
    }

    fn pillar_rule(&mut self, path: Path<'_>, message: pb::PillarRule) -> Option<PillarRule> {
        let pillar = self.enumeration::<pb::Pillar>(path.field("pillar"), message.pillar);
        let digits = (1..=5).contains(&message.prefix.len())
            && message.prefix.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return self.invalid(path.field("prefix"), "is not one to five digits");
        }
        Some(PillarRule {
            prefix: message.prefix.into(),
            pillar: pillar?,
        })
    }

    pub(super) fn publish_scheme(
        &mut self,
        path: Path<'_>,
        message: pb::PublishScheme,
    ) -> Option<Action> {
        let list = self.version(path, message.name, message.version);
        let max = self.limits.name_chars_max;
        let title = self.text(path.field("title"), message.title, max);
        let code_origin = self.enumeration_or::<pb::CodeOrigin>(
            path.field("code_origin"),
            message.code_origin,
            CodeOrigin::Official,
        );
        let valid_from = self.optional(path.field("valid_from"), message.valid_from, Self::date);
        let valid_to = self.optional(path.field("valid_to"), message.valid_to, Self::date);
        let (at, max) = (path.field("elements"), self.limits.list_entries_max);
        let elements = self.list(at, message.elements, max, Self::scheme_element);
        let elements = self.at_least(at, 1, elements);
        let at = path.field("supersedes");
        let supersedes = self.optional(at, message.supersedes, Self::list_version);
        let mut scheme = Scheme {
            list: list?,
            title: title?,
            partition: message.partition,
            code_origin: code_origin?,
            valid_from: valid_from?,
            valid_to: valid_to?,
            elements: elements?,
            supersedes: supersedes?,
            content_hash: [0; 32],
        };
        scheme.content_hash = content::scheme_hash(&scheme);
        self.content_hash(path, &message.content_hash, scheme.content_hash)?;
        let command = ReferenceCommand::PublishScheme(scheme);
        Some(Action::Reference(command))
    }

    fn scheme_element(
        &mut self,
        path: Path<'_>,
        message: pb::SchemeElement,
    ) -> Option<SchemeElement> {
        let (code_max, name_max) = (self.limits.code_chars_max, self.limits.name_chars_max);
        let code = self.text(path.field("code"), message.code, code_max);
        let title = self.text(path.field("title"), message.title, name_max);
        let parent = self.text_opt(path.field("parent"), message.parent, code_max);
        Some(SchemeElement {
            code: code?.into(),
            title: title?,
            parent: parent?.map(Into::into),
            verified: message.verified,
        })
    }

    pub(super) fn register_organisation(
        &mut self,
        path: Path<'_>,
        message: pb::RegisterOrganisation,
    ) -> Option<Action> {
        let at = path.field("organisation");
        let org = self.required(at, message.organisation, Self::organisation)?;
        let command = ReferenceCommand::RegisterOrganisation(org);
        Some(Action::Reference(command))
    }

    pub(super) fn merge_organisation(
        &mut self,
        path: Path<'_>,
        message: pb::MergeOrganisation,
    ) -> Option<Action> {
        let merged = self.required(path.field("merged"), message.merged, Self::organisation);
        let at = path.field("surviving");
        let surviving = self.required(at, message.surviving, Self::organisation);
        let reason = self.reason(path, message.reason);
        let command = ReferenceCommand::MergeOrganisation(OrganisationMerge {
            merged: merged?,
            surviving: surviving?,
            reason: reason?,
        });
        Some(Action::Reference(command))
    }

    pub(super) fn assess_local_actor(
        &mut self,
        path: Path<'_>,
        message: pb::AssessLocalActor,
    ) -> Option<Action> {
        let at = path.field("organisation");
        let org = self.required(at, message.organisation, Self::organisation);
        let class = self.enumeration::<pb::LocalActorClass>(path.field("class"), message.class);
        let method = self.required(path.field("method"), message.method, Self::list_version);
        let reason = self.reason(path, message.reason);
        let command = ReferenceCommand::AssessLocalActor(LocalActor {
            org: org?,
            class: class?,
            method: method?,
            reason: reason?,
        });
        Some(Action::Reference(command))
    }
}
