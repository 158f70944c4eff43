//! `codelists` and `codes`: the lists of codes that a ledger has published, those of its own budgets among them.

use perennial_domain::reference::{Codelist, ListVersion, ReferenceEvent, ReferenceKind};

use super::{Publication, Published, Version, count, is_asked, the_version};
use crate::digest::hexadecimal;
use crate::lens::Lens;
use crate::question::QuestionError;

/// A row of `codelists`: one version of a code list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodelistRow {
    /// Its name and version.
    pub list: ListVersion,
    /// Its title.
    pub title: String,
    /// How many codes it has.
    pub codes: u64,
    /// Whether it is what its name stands for at (P, E).
    pub in_force: bool,
    /// SHA-256 of its content, as hexadecimal digits.
    pub content_hash: String,
    /// What published it.
    pub publication: Publication,
}

/// A row of `codes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The code list, as `name@version`.
    pub codelist: String,
    /// The code.
    pub code: String,
    /// What it means.
    pub title: String,
}

fn published<'f>(lens: &Lens<'f>) -> Vec<Version<'f, Codelist>> {
    super::versions(lens, ReferenceKind::Codelists, |event| {
        if let ReferenceEvent::CodelistPublished(codelist) = event {
            return Some((&codelist.list, codelist));
        }
        None
    })
}

/// Ascending by name, and of one name in order of publication.
pub(super) fn versions(lens: &Lens<'_>) -> Vec<CodelistRow> {
    published(lens)
        .into_iter()
        .filter(|version| is_asked(lens, version.list))
        .map(|version| CodelistRow {
            list: version.list.clone(),
            title: version.content.title.clone(),
            codes: count(version.content.codes.len()),
            in_force: version.in_force,
            content_hash: hexadecimal(version.content.content_hash),
            publication: version.publication,
        })
        .collect()
}

/// As they were published.
pub(super) fn codes(lens: &Lens<'_>) -> Result<Vec<CodeRow>, QuestionError> {
    let version = the_version(lens, published(lens), Published::Codes)?;
    let codelist = version.list.to_string();
    let codes = version.content.codes.iter();
    Ok(codes
        .map(|entry| CodeRow {
            codelist: codelist.clone(),
            code: entry.code.as_ref().to_owned(),
            title: entry.title.clone(),
        })
        .collect())
}
