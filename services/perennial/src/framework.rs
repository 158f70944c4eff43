//! The frameworks that come with this program, as data: one file for each scheme, and how such a file is read.

use perennial_domain::Date;
use perennial_wire::pb::ledger as pb;
use serde::Deserialize;

use crate::time::api_date;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../frameworks/", $name, ".json")))),+]
    };
}

/// Ascending by name.
const SHIPPED: &[(&str, &str)] = shipped![
    "agenda-for-humanity",
    "cash-modality",
    "dac-hdp-nexus",
    "gb-earmarking",
    "gb-local-channel",
    "gcm-objectives",
    "gcm-principles",
    "grand-bargain",
    "grand-bargain-2",
    "grand-bargain-3",
    "iasc-clusters",
    "iati-vocabularies",
    "iom-gcrp",
    "iom-strategic-plan",
    "iom-strategic-vision",
    "mcof-phases",
    "mcof-sectors",
    "migof",
    "nwow",
    "sdg-migration",
    "un-pillars",
    "un-system-function",
    "whs-initiative-type",
];

/// A scheme as a file has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Framework {
    /// Its name.
    pub scheme: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
    /// Whether its elements divide money.
    #[serde(default)]
    pub partition: bool,
    /// Where it was read.
    #[serde(default)]
    pub source: Option<String>,
    /// Whose codes they are: `official` or `ours`.
    #[serde(default)]
    pub code_origin: Origin,
    /// First day for which it was made.
    #[serde(default, deserialize_with = "date")]
    pub valid_from: Option<Date>,
    /// Last day for which it was made, included.
    #[serde(default, deserialize_with = "date")]
    pub valid_to: Option<Date>,
    /// The version that it takes the place of, as `name@version`.
    #[serde(default)]
    pub supersedes: Option<String>,
    /// Its elements, in the order of the framework.
    pub elements: Vec<Element>,
}

/// Whose codes a scheme's elements carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The framework's own.
    #[default]
    Official,
    /// The framework has none.
    Ours,
}

/// What money can be tagged with.
#[derive(Clone, Debug, Deserialize)]
pub struct Element {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Code of the element that it is a part of.
    #[serde(default)]
    pub parent: Option<String>,
    /// `S`: its title was read in the source; anything else: not verified.
    #[serde(default)]
    pub mark: Option<String>,
}

fn date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| crate::time::parse_date(&text).map_err(serde::de::Error::custom))
        .transpose()
}

impl Framework {
    /// The frameworks that come with this program, ascending by name.
    ///
    /// # Errors
    /// If one of them is malformed: a mistake in the build.
    pub fn shipped() -> Result<Vec<Self>, serde_json::Error> {
        SHIPPED.iter().map(|(_, text)| Self::read(text)).collect()
    }

    /// The framework of this name that comes with this program.
    ///
    /// # Errors
    /// If it is malformed: a mistake in the build.
    pub fn named(name: &str) -> Result<Option<Self>, serde_json::Error> {
        let text = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
        text.map(|(_, text)| Self::read(text)).transpose()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The command that publishes it, true from `effective_on`.
    pub fn publish(&self, effective_on: Date) -> pb::Command {
        let elements = self.elements.iter().map(|element| pb::SchemeElement {
            code: element.code.clone(),
            title: element.title.clone(),
            parent: element.parent.clone().unwrap_or_default(),
            verified: element.is_verified(),
        });
        let supersedes = self.supersedes.as_deref().map(|text| {
            let (name, version) = text.split_once('@').unwrap_or((text, ""));
            pb::ListVersion {
                name: name.to_owned(),
                version: version.to_owned(),
            }
        });
        let source = self.source.iter().map(|source| pb::DocumentReference {
            title: source.chars().take(SOURCE_CHARACTERS).collect(),
            ..pb::DocumentReference::default()
        });
        let origin = match self.code_origin {
            Origin::Official => pb::CodeOrigin::Official,
            Origin::Ours => pb::CodeOrigin::Ours,
        };
        pb::Command {
            effective_on: Some(api_date(effective_on)),
            evidence: source.collect(),
            action: Some(pb::command::Action::PublishScheme(pb::PublishScheme {
                name: self.scheme.clone(),
                version: self.version.clone(),
                title: self.title.clone(),
                partition: self.partition,
                code_origin: origin.into(),
                valid_from: self.valid_from.map(api_date),
                valid_to: self.valid_to.map(api_date),
                elements: elements.collect(),
                supersedes,
                content_hash: Vec::new(),
            })),
            ..pb::Command::default()
        }
    }
}

/// How much of a source a document's title takes.
const SOURCE_CHARACTERS: usize = 1_000;

impl Element {
    /// Whether its title was checked against the framework's own text.
    pub fn is_verified(&self) -> bool {
        self.mark.as_deref() == Some("S")
    }
}
