//! Tags: which part of money is for which element of a scheme (FRAMEWORKS.md 1).
//!
//! The tags of one subject and scheme are a set that is replaced whole, because the rules hold for the set, not for
//! one tag. A set with a later date is a reclassification, one with the same date a correction; both stay readable.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::classification::WHOLE_PPM;
use crate::finding::{Context, Findings};
use crate::ids::{LineId, TrancheId};
use crate::reference::ListVersion;
use crate::rejection::Rejection;

/// The most tags of one set.
pub const TAGS_MAX: usize = 500;

/// What of an agreement or pledge is tagged. The nearest subject wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagSubject {
    /// All of it.
    Whole,
    /// A line of an agreement.
    Line(LineId),
    /// A tranche of an agreement.
    Tranche(TrancheId),
}

/// Who says that money is for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagBasis {
    /// The agreement or its parties.
    Declared,
    /// A table, from another classification.
    Mapped,
    /// An estimate.
    Inferred,
}

impl TagBasis {
    /// All, the surest first.
    pub const ALL: [Self; 3] = [Self::Declared, Self::Mapped, Self::Inferred];

    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Mapped => "mapped",
            Self::Inferred => "inferred",
        }
    }
}

/// One element's part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The element's code.
    pub element: Arc<str>,
    /// Parts per million of the subject's money: 1 to 1,000,000.
    pub share_ppm: u32,
    /// Who says so.
    pub basis: TagBasis,
}

/// All tags of one subject in one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TagSet {
    /// What is tagged.
    pub subject: TagSubject,
    /// The scheme.
    pub list: ListVersion,
    /// The tags, ascending by element, each element once; none: the subject is not tagged any more.
    pub tags: Vec<Tag>,
    /// Why.
    pub reason: String,
}

/// Holds a set against its scheme, and returns it in order.
pub(crate) fn check(findings: &mut Findings, context: Context<'_>, set: &TagSet) -> TagSet {
    let mut set = set.clone();
    set.tags.sort_by(|a, b| a.element.cmp(&b.element));
    if TAGS_MAX < set.tags.len() {
        findings.malformed("tags", format!("must hold at most {TAGS_MAX} tags"));
    }
    let mut seen = BTreeSet::new();
    for tag in &set.tags {
        if !seen.insert(&tag.element) {
            findings.malformed("tags", format!("must name \"{}\" once", tag.element));
        }
        if !(1..=WHOLE_PPM).contains(&tag.share_ppm) {
            let problem = format!("must be 1 to {WHOLE_PPM}, is {}", tag.share_ppm);
            findings.malformed("tags.share_ppm", problem);
        }
    }
    let scheme = context
        .schemes
        .and_then(|schemes| schemes.scheme(&set.list));
    let Some(scheme) = scheme else {
        findings.reject(Rejection::UnknownScheme(set.list.clone()));
        return set;
    };
    for tag in &set.tags {
        if !scheme.has(&tag.element) {
            findings.reject(Rejection::UnknownElement {
                list: set.list.clone(),
                element: tag.element.to_string(),
            });
        }
        let ancestors = scheme.ancestors(&tag.element);
        if let Some(ancestor) = ancestors.iter().find(|ancestor| seen.contains(ancestor)) {
            findings.reject(Rejection::AncestorTagged {
                list: set.list.clone(),
                element: tag.element.to_string(),
                ancestor: ancestor.to_string(),
            });
        }
    }
    let sum_ppm: u64 = set.tags.iter().map(|tag| u64::from(tag.share_ppm)).sum();
    if scheme.partition && u64::from(WHOLE_PPM) < sum_ppm {
        findings.reject(Rejection::TagsExceedWhole {
            list: set.list.clone(),
            sum_ppm,
        });
    }
    set
}
