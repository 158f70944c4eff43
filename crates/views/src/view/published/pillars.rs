//! `pillar-mappings` and `pillar-rules`: which purpose belongs to which pillar.

use std::sync::Arc;

use perennial_domain::classification::Pillar;
use perennial_domain::reference::{ListVersion, PillarTable, ReferenceEvent, ReferenceKind};

use super::{Publication, Published, asked, count, is_asked, versions};
use crate::lens::Lens;
use crate::mapping::PillarMapping;
use crate::question::QuestionError;
use crate::view::View;

/// A row of `pillar-mappings`: one that is compiled in, or one version of a published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PillarMappingRow {
    /// What questions call it: `dac-core`, or `name@version` of a published one.
    pub mapping: String,
    /// Its name and version, if it is published.
    pub list: Option<ListVersion>,
    /// How many rules it has.
    pub rules: u64,
    /// The pillar of a purpose that no rule fits.
    pub otherwise: Pillar,
    /// The pillar of what has no purpose.
    pub unclassified: Pillar,
    /// Whether a line that is published as humanitarian is humanitarian whole.
    pub reads_humanitarian_flag: bool,
    /// Whether it is what its name stands for at (P, E).
    pub in_force: bool,
    /// SHA-256 of its content, as hexadecimal digits.
    pub content_hash: String,
    /// What published it; none: it is compiled in.
    pub publication: Option<Publication>,
}

/// A row of `pillar-rules`: purposes whose code begins with the prefix belong to the pillar; the longest that fits
/// decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PillarRuleRow {
    /// The mapping, as `dac-core` or `name@version`.
    pub mapping: String,
    /// One to five digits.
    pub prefix: String,
    /// The pillar.
    pub pillar: Pillar,
}

/// Those that are compiled in first, then ascending by name, and of one name in order of publication.
pub(super) fn mappings(lens: &Lens<'_>) -> Vec<PillarMappingRow> {
    let wanted = lens.question.filter.list.as_deref();
    let compiled_in = PillarMapping::ALL
        .into_iter()
        .filter(|mapping| wanted.is_none_or(|wanted| wanted == mapping.name()))
        .map(|mapping| row(&mapping, None, true));
    let published = versions(lens, ReferenceKind::PillarMappings, table_of);
    let published = published
        .into_iter()
        .filter(|version| is_asked(lens, version.list))
        .map(|version| {
            let mapping = PillarMapping::published(Arc::new(version.content.clone()));
            let published = Some((version.list.clone(), version.publication));
            row(&mapping, published, version.in_force)
        });
    compiled_in.chain(published).collect()
}

fn table_of(event: &ReferenceEvent) -> Option<(&ListVersion, &PillarTable)> {
    if let ReferenceEvent::PillarMappingPublished(table) = event {
        return Some((&table.list, table));
    }
    None
}

fn row(
    mapping: &PillarMapping,
    published: Option<(ListVersion, Publication)>,
    in_force: bool,
) -> PillarMappingRow {
    let (list, publication) = published.unzip();
    PillarMappingRow {
        mapping: mapping.name(),
        list,
        rules: count(mapping.rules().len()),
        otherwise: mapping.otherwise(),
        unclassified: mapping.unclassified(),
        reads_humanitarian_flag: mapping.reads_humanitarian_flag(),
        in_force,
        content_hash: mapping.content_hash(),
        publication,
    }
}

/// Ascending by prefix. The mapping is named as in any question: by name, name and version, or content hash.
pub(super) fn rules(lens: &Lens<'_>) -> Result<Vec<PillarRuleRow>, QuestionError> {
    let asked = asked(lens, Published::PillarRules)?;
    let registry = lens.facts.histories().registry();
    let mapping = PillarMapping::find(asked).or_else(|| {
        let table = registry.mapping(asked, lens.at, lens.effective());
        table.map(PillarMapping::published)
    });
    let mapping = mapping.ok_or_else(|| QuestionError::NoSuchList {
        view: View::Published(Published::PillarRules),
        name: asked.to_owned(),
    })?;
    let mut rows: Vec<PillarRuleRow> = mapping
        .rules()
        .into_iter()
        .map(|(prefix, pillar)| PillarRuleRow {
            mapping: mapping.name(),
            prefix: prefix.to_owned(),
            pillar,
        })
        .collect();
    rows.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    Ok(rows)
}
