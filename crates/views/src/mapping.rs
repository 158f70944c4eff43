//! Pillar mappings: which purpose belongs to which pillar, as data with a content hash.
//!
//! The pillar is a split, never a flag, and computed when the question is asked: a line that declares its own pillar
//! keeps it, every other line reads under the mapping that the question names (SEMANTICS.md 1).

use perennial_domain::classification::{LineDims, Pillar, Vocabulary, WHOLE_PPM};
use sha2::{Digest as _, Sha256};

use crate::digest::hexadecimal;

/// A mapping from purpose codes to pillars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PillarMapping {
    name: &'static str,
    rules: &'static [(&'static str, Pillar)],
    reads_humanitarian_flag: bool,
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
    pub const DAC_CORE: Self = Self {
        name: "dac-core",
        rules: CORE,
        reads_humanitarian_flag: false,
    };

    /// Governance purposes that analysts often count as peace are peace too.
    pub const DAC_WIDE: Self = Self {
        name: "dac-wide",
        rules: WIDE,
        reads_humanitarian_flag: false,
    };

    /// Every mapping that is compiled in.
    pub const ALL: [Self; 2] = [Self::DAC_CORE, Self::DAC_WIDE];

    /// Finds a mapping by its name or by its content hash in hexadecimal digits.
    pub fn find(name_or_hash: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mapping| mapping.name == name_or_hash || mapping.content_hash() == name_or_hash)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether the published humanitarian flag decides anything.
    pub const fn reads_humanitarian_flag(self) -> bool {
        self.reads_humanitarian_flag
    }

    /// SHA-256 of what the mapping says, in 64 lower-case hexadecimal digits. The name is no part of it.
    ///
    /// Hashed is one line for each rule, `code<TAB>pillar<LF>`, ascending by code; then `*<TAB>development`,
    /// `-<TAB>unallocable` and `humanitarian_flag<TAB>false`, each with a line feed.
    pub fn content_hash(self) -> String {
        let mut text = String::new();
        for (code, pillar) in self.rules {
            text.extend([*code, "\t", pillar.name(), "\n"]);
        }
        text.push_str("*\tdevelopment\n-\tunallocable\n");
        let flag = if self.reads_humanitarian_flag {
            "true"
        } else {
            "false"
        };
        text.extend(["humanitarian_flag\t", flag, "\n"]);
        hexadecimal(Sha256::digest(text.as_bytes()).into())
    }

    /// The pillar of a DAC purpose or category code.
    pub fn pillar_of(self, code: &str) -> Pillar {
        self.rules
            .iter()
            .filter(|(prefix, _)| code.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(Pillar::Development, |&(_, pillar)| pillar)
    }

    /// Returns the pillars of a line with their shares in parts per million, in the order of [`Pillar::ALL`]; they
    /// sum to the whole.
    pub fn pillars_of(self, dims: &LineDims) -> Vec<(Pillar, u32)> {
        if let Some(declared) = dims.pillar {
            return vec![(declared, WHOLE_PPM)];
        }
        let mut pillars = [
            (Pillar::Humanitarian, 0),
            (Pillar::Development, 0),
            (Pillar::Peace, 0),
            (Pillar::Unallocable, 0),
        ];
        let mut left = WHOLE_PPM;
        for share in dims.purposes.shares() {
            let of_code = match share.vocabulary {
                Vocabulary::DacPurpose | Vocabulary::DacCategory => self.pillar_of(&share.code),
                Vocabulary::Country | Vocabulary::Region => Pillar::Unallocable,
            };
            left = left.saturating_sub(share.share_ppm);
            for (pillar, ppm) in &mut pillars {
                if *pillar == of_code {
                    *ppm += share.share_ppm;
                }
            }
        }
        // What has no DAC code: all of it or, in an exact split, nothing.
        if let Some((_, ppm)) = pillars.last_mut() {
            *ppm += left;
        }
        pillars.into_iter().filter(|&(_, ppm)| 0 < ppm).collect()
    }
}
