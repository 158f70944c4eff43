//! Pillar mappings: which purpose belongs to which pillar, as data with a content hash.
//!
//! The pillar is a split, never a flag, and computed when the question is asked: a line that declares its own pillar
//! keeps it, every other line reads under the mapping that the question names (SEMANTICS.md 1). Two mappings are
//! compiled in; a ledger can publish others, which are chosen by name, by name and version, or by content hash.

use std::sync::Arc;

use perennial_domain::classification::{LineDims, Pillar, Vocabulary, WHOLE_PPM};
use perennial_domain::reference::PillarTable;
use sha2::{Digest as _, Sha256};

use crate::digest::hexadecimal;

/// A mapping from purpose codes to pillars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PillarMapping(Table);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Table {
    CompiledIn {
        name: &'static str,
        rules: &'static [(&'static str, Pillar)],
    },
    Published(Arc<PillarTable>),
}

/// Codes that begin with the left text; the longest that fits decides, without one the purpose is development.
const CORE: &[(&str, Pillar)] = &[
    ("152", Pillar::Peace),
    ("51010", Pillar::Unallocable),
    ("600", Pillar::Unallocable),
    ("72", Pillar::Humanitarian),
    ("73", Pillar::Humanitarian),
    ("74", Pillar::Humanitarian),
    ("910", Pillar::Unallocable),
    ("930", Pillar::Unallocable),
    ("998", Pillar::Unallocable),
];

const WIDE: &[(&str, Pillar)] = &[
    ("15130", Pillar::Peace),
    ("15150", Pillar::Peace),
    ("15151", Pillar::Peace),
    ("15152", Pillar::Peace),
    ("15153", Pillar::Peace),
    ("15160", Pillar::Peace),
    ("15170", Pillar::Peace),
    ("15180", Pillar::Peace),
    ("15190", Pillar::Peace),
    ("152", Pillar::Peace),
    ("51010", Pillar::Unallocable),
    ("600", Pillar::Unallocable),
    ("72", Pillar::Humanitarian),
    ("73", Pillar::Humanitarian),
    ("74", Pillar::Humanitarian),
    ("910", Pillar::Unallocable),
    ("930", Pillar::Unallocable),
    ("998", Pillar::Unallocable),
];

impl PillarMapping {
    /// The default: peace is group 152 only.
    pub const DAC_CORE: Self = Self(Table::CompiledIn {
        name: "dac-core",
        rules: CORE,
    });

    /// Governance purposes that analysts often count as peace are peace too.
    pub const DAC_WIDE: Self = Self(Table::CompiledIn {
        name: "dac-wide",
        rules: WIDE,
    });

    /// Every mapping that is compiled in.
    pub const ALL: [Self; 2] = [Self::DAC_CORE, Self::DAC_WIDE];

    /// A mapping that a ledger publishes.
    pub const fn published(table: Arc<PillarTable>) -> Self {
        Self(Table::Published(table))
    }

    /// Finds a mapping that is compiled in, by its name or by its content hash in hexadecimal digits.
    pub fn find(name_or_hash: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mapping| {
            mapping.name() == name_or_hash || mapping.content_hash() == name_or_hash
        })
    }

    /// The name; of a published one with its version, as in `mine@2026`.
    pub fn name(&self) -> String {
        match &self.0 {
            Table::CompiledIn { name, .. } => (*name).to_owned(),
            Table::Published(table) => table.list.to_string(),
        }
    }

    /// Whether the published humanitarian flag decides anything.
    pub fn reads_humanitarian_flag(&self) -> bool {
        match &self.0 {
            Table::CompiledIn { .. } => false,
            Table::Published(table) => table.reads_humanitarian_flag,
        }
    }

    /// SHA-256 of what the mapping says, in 64 lower-case hexadecimal digits. The name is no part of it.
    ///
    /// Hashed is one line for each rule, `code<TAB>pillar<LF>`, ascending by code; then `*` with the pillar of what no
    /// rule fits, `-` with that of what has no purpose, and `humanitarian_flag` with `true` or `false`, each with a tab
    /// between and a line feed.
    pub fn content_hash(&self) -> String {
        let hash = match &self.0 {
            Table::CompiledIn { rules, .. } => {
                let ends = (Pillar::Development, Pillar::Unallocable);
                let text = table_text(rules.iter().copied(), ends, false);
                Sha256::digest(text.as_bytes()).into()
            }
            Table::Published(table) => table.content_hash,
        };
        hexadecimal(hash)
    }

    /// The pillar of a DAC purpose or category code.
    pub fn pillar_of(&self, code: &str) -> Pillar {
        let longest = |rules: &mut dyn Iterator<Item = (&str, Pillar)>| {
            rules
                .filter(|(prefix, _)| code.starts_with(prefix))
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, pillar)| pillar)
        };
        match &self.0 {
            Table::CompiledIn { rules, .. } => {
                longest(&mut rules.iter().copied()).unwrap_or(Pillar::Development)
            }
            Table::Published(table) => {
                let mut rules = table.rules.iter().map(|rule| (&*rule.prefix, rule.pillar));
                longest(&mut rules).unwrap_or(table.otherwise)
            }
        }
    }

    /// Returns the pillars of a line with their shares in parts per million, in the order of [`Pillar::ALL`]; they
    /// sum to the whole.
    pub fn pillars_of(&self, dims: &LineDims) -> Vec<(Pillar, u32)> {
        if let Some(declared) = dims.pillar {
            return vec![(declared, WHOLE_PPM)];
        }
        if self.reads_humanitarian_flag() && dims.humanitarian == Some(true) {
            return vec![(Pillar::Humanitarian, WHOLE_PPM)];
        }
        let unclassified = self.unclassified();
        let mut pillars = Pillar::ALL.map(|pillar| (pillar, 0));
        let mut add = |to: Pillar, share_ppm: u32| {
            for (pillar, ppm) in &mut pillars {
                if *pillar == to {
                    *ppm += share_ppm;
                }
            }
        };
        let mut left = WHOLE_PPM;
        for share in dims.purposes.shares() {
            let of_code = match share.vocabulary {
                Vocabulary::DacPurpose | Vocabulary::DacCategory => self.pillar_of(&share.code),
                Vocabulary::Country | Vocabulary::Region => unclassified,
            };
            left = left.saturating_sub(share.share_ppm);
            add(of_code, share.share_ppm);
        }
        // What has no DAC code: all of it or, in an exact split, nothing.
        add(unclassified, left);
        pillars.into_iter().filter(|&(_, ppm)| 0 < ppm).collect()
    }

    /// The rules, each prefix with its pillar, as they are held: the longest that fits decides.
    pub fn rules(&self) -> Vec<(&str, Pillar)> {
        match &self.0 {
            Table::CompiledIn { rules, .. } => rules.to_vec(),
            Table::Published(table) => {
                let rules = table.rules.iter();
                rules.map(|rule| (&*rule.prefix, rule.pillar)).collect()
            }
        }
    }

    /// The pillar of a purpose that no rule fits.
    pub fn otherwise(&self) -> Pillar {
        match &self.0 {
            Table::CompiledIn { .. } => Pillar::Development,
            Table::Published(table) => table.otherwise,
        }
    }

    /// The pillars of money of which nothing is known.
    pub fn unclassified(&self) -> Pillar {
        match &self.0 {
            Table::CompiledIn { .. } => Pillar::Unallocable,
            Table::Published(table) => table.unclassified,
        }
    }
}

/// What is hashed of a mapping; `rules` ascend by code.
pub(crate) fn table_text<'r>(
    rules: impl Iterator<Item = (&'r str, Pillar)>,
    (otherwise, unclassified): (Pillar, Pillar),
    reads_humanitarian_flag: bool,
) -> String {
    let mut text = String::new();
    for (code, pillar) in rules {
        text.extend([code, "\t", pillar.name(), "\n"]);
    }
    text.extend(["*\t", otherwise.name(), "\n"]);
    text.extend(["-\t", unclassified.name(), "\n"]);
    let flag = if reads_humanitarian_flag {
        "true"
    } else {
        "false"
    };
    text.extend(["humanitarian_flag\t", flag, "\n"]);
    text
}
