//! `schemes` and `scheme-elements`: the frameworks that money is tagged against.

use perennial_domain::Date;
use perennial_domain::reference::{CodeOrigin, ListVersion, ReferenceEvent, ReferenceKind, Scheme};

use super::{Publication, Published, Version, count, is_asked, the_version};
use crate::digest::hexadecimal;
use crate::lens::Lens;
use crate::question::QuestionError;

/// A row of `schemes`: one version of a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeVersionRow {
    /// Its name and version.
    pub list: ListVersion,
    /// Its title.
    pub title: String,
    /// How many elements it has.
    pub elements: u64,
    /// Whether they divide money.
    pub partition: bool,
    /// Whose codes they carry.
    pub code_origin: CodeOrigin,
    /// First day for which it was made.
    pub valid_from: Option<Date>,
    /// Last day for which it was made, included.
    pub valid_to: Option<Date>,
    /// The version that it takes the place of.
    pub supersedes: Option<ListVersion>,
    /// Whether it is what its name stands for at (P, E).
    pub in_force: bool,
    /// SHA-256 of its content, as hexadecimal digits.
    pub content_hash: String,
    /// What published it.
    pub publication: Publication,
}

/// A row of `scheme-elements`: what money can be tagged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeElementRow {
    /// The scheme, as `name@version`.
    pub scheme: String,
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// The element that it is a part of.
    pub parent: Option<String>,
    /// Whether its title was checked against the framework's own text.
    pub verified: bool,
}

fn published<'f>(lens: &Lens<'f>) -> Vec<Version<'f, Scheme>> {
    super::versions(lens, ReferenceKind::Schemes, |event| {
        if let ReferenceEvent::SchemePublished(scheme) = event {
            return Some((&scheme.list, scheme));
        }
        None
    })
}

/// Ascending by name, and of one name in order of publication.
pub(super) fn versions(lens: &Lens<'_>) -> Vec<SchemeVersionRow> {
    published(lens)
        .into_iter()
        .filter(|version| is_asked(lens, version.list))
        .map(|version| {
            let scheme = version.content;
            SchemeVersionRow {
                list: scheme.list.clone(),
                title: scheme.title.clone(),
                elements: count(scheme.elements.len()),
                partition: scheme.partition,
                code_origin: scheme.code_origin,
                valid_from: scheme.valid_from,
                valid_to: scheme.valid_to,
                supersedes: scheme.supersedes.clone(),
                in_force: version.in_force,
                content_hash: hexadecimal(scheme.content_hash),
                publication: version.publication,
            }
        })
        .collect()
}

/// In the order of the framework.
pub(super) fn elements(lens: &Lens<'_>) -> Result<Vec<SchemeElementRow>, QuestionError> {
    let version = the_version(lens, published(lens), Published::SchemeElements)?;
    let scheme = version.list.to_string();
    let elements = version.content.elements.iter();
    Ok(elements
        .map(|element| SchemeElementRow {
            scheme: scheme.clone(),
            code: element.code.as_ref().to_owned(),
            title: element.title.clone(),
            parent: element.parent.as_deref().map(str::to_owned),
            verified: element.verified,
        })
        .collect())
}
