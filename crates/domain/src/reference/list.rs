use std::sync::Arc;

use jiff::civil::Date;

use crate::classification::Pillar;
use crate::party::OrgRef;

/// One version of a published list, written `iom-gcrp@2021`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListVersion {
    /// The list's name: 2 to 63 characters of `a-z`, `0-9` and `-`.
    pub name: Arc<str>,
    /// The version, as its publisher writes it; without `@`.
    pub version: Arc<str>,
}

impl std::fmt::Display for ListVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl ListVersion {
    /// Reads what [`std::fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.split_once('@')?;
        let list = Self {
            name: name.into(),
            version: version.into(),
        };
        list.is_well_formed().then_some(list)
    }

    /// Whether name and version can be ones.
    pub fn is_well_formed(&self) -> bool {
        let named = (2..=63).contains(&self.name.len())
            && self
                .name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let version = (1..=64).contains(&self.version.len())
            && self
                .version
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'@');
        named && version
    }
}

/// A version of a code list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codelist {
    /// Its name and version.
    pub list: ListVersion,
    /// Its title.
    pub title: String,
    /// Its codes, each once.
    pub codes: Vec<CodelistEntry>,
    /// SHA-256 of its content; the publisher's side computes and the request's check proves it.
    pub content_hash: [u8; 32],
}

/// One code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodelistEntry {
    /// The code.
    pub code: Arc<str>,
    /// What it means.
    pub title: String,
}

/// A version of a pillar mapping: which purpose belongs to which pillar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PillarTable {
    /// Its name and version.
    pub list: ListVersion,
    /// Its rules, ascending by prefix, each prefix once; the longest that fits decides.
    pub rules: Vec<PillarRule>,
    /// The pillar of a purpose that no rule fits.
    pub otherwise: Pillar,
    /// The pillar of what has no purpose.
    pub unclassified: Pillar,
    /// Whether a line that is published as humanitarian is humanitarian whole, whatever its purposes.
    pub reads_humanitarian_flag: bool,
    /// SHA-256 of its content, its name and version left out.
    pub content_hash: [u8; 32],
}

/// Purposes whose code begins with the prefix belong to the pillar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PillarRule {
    /// One to five digits.
    pub prefix: Arc<str>,
    /// The pillar.
    pub pillar: Pillar,
}

/// Whose codes a scheme's elements carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeOrigin {
    /// The framework's own.
    Official,
    /// The framework has none, so that they were made up here.
    Ours,
}

/// A version of a scheme: a framework that money is tagged against (FRAMEWORKS.md 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name and version.
    pub list: ListVersion,
    /// Its title.
    pub title: String,
    /// Whether its elements divide money, so that the tags of one subject sum to at most the whole.
    pub partition: bool,
    /// Whose codes they are.
    pub code_origin: CodeOrigin,
    /// First day for which it was made.
    pub valid_from: Option<Date>,
    /// Last day for which it was made, included.
    pub valid_to: Option<Date>,
    /// Its elements, each code once, in the order of the framework.
    pub elements: Vec<SchemeElement>,
    /// The version that it takes the place of.
    pub supersedes: Option<ListVersion>,
    /// SHA-256 of its content.
    pub content_hash: [u8; 32],
}

/// What money can be tagged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeElement {
    /// Its code.
    pub code: Arc<str>,
    /// Its title.
    pub title: String,
    /// The element that it is a part of.
    pub parent: Option<Arc<str>>,
    /// Whether its title was checked against the framework's own text.
    pub verified: bool,
}

/// What an organisation is in the country where it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocalActorClass {
    /// A local or sub-national authority.
    LocalState,
    /// A local organisation that is no authority.
    LocalNonState,
    /// A national authority.
    NationalState,
    /// A national organisation that is no authority.
    NationalNonState,
    /// None of them.
    NotLocal,
}

/// How an organisation was assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalActor {
    /// The organisation; it has an id.
    pub org: OrgRef,
    /// What it is.
    pub class: LocalActorClass,
    /// The version of the definition that was applied.
    pub method: ListVersion,
    /// Why.
    pub reason: String,
}
