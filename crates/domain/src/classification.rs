//! What money is for and where: purposes, places, pillars, and exact splits over them.

use std::sync::Arc;

/// Shares are parts per million of the whole.
pub const WHOLE_PPM: u32 = 1_000_000;

/// One of the three pillars of the nexus, or none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pillar {
    /// Saving lives.
    Humanitarian,
    /// Lasting improvement.
    Development,
    /// Conflict, peace and security.
    Peace,
    /// Cannot be said: budget support, debt, administration, refugees in donor countries, no DAC code.
    Unallocable,
}

impl Pillar {
    /// All, in the order in which tables show them.
    pub const ALL: [Self; 4] = [
        Self::Humanitarian,
        Self::Development,
        Self::Peace,
        Self::Unallocable,
    ];

    /// The word in rows, filters and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Humanitarian => "humanitarian",
            Self::Development => "development",
            Self::Peace => "peace",
            Self::Unallocable => "unallocable",
        }
    }

    /// Finds a pillar by its word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pillar| pillar.name() == name)
    }
}

/// The code list that a share's code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vocabulary {
    /// DAC purpose code of five digits (IATI sector vocabulary 1).
    DacPurpose,
    /// DAC sector category of three digits (IATI sector vocabulary 2).
    DacCategory,
    /// ISO 3166-1 alpha-2 country.
    Country,
    /// DAC region code.
    Region,
}

/// A code of a code list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// The code list.
    pub vocabulary: Vocabulary,
    /// The code, as in `72010` or `SS`.
    pub code: Arc<str>,
}

/// One code's part of a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    /// The code list.
    pub vocabulary: Vocabulary,
    /// The code, as in `72010` or `SS`.
    pub code: Arc<str>,
    /// Parts per million, above 0.
    pub share_ppm: u32,
}

/// How a whole is divided over codes. Empty means: not classified. Otherwise ascending by vocabulary and
/// code, each once, summing to exactly [`WHOLE_PPM`] (R4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Split {
    shares: Vec<Share>,
    scaled: bool,
}

/// The shares are no exact split (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InexactSplit {
    /// They sum to something else than the whole.
    #[error("the shares sum to {sum_ppm} ppm instead of 1000000")]
    Sum {
        /// Their sum.
        sum_ppm: u64,
    },
    /// A code stands twice, or a share is 0.
    #[error("each code stands once, with a share above 0")]
    Shares,
}

impl Split {
    /// Returns the split of these shares, sorted.
    ///
    /// # Errors
    /// [`InexactSplit`] unless the shares are empty or sum to exactly [`WHOLE_PPM`], each code once.
    pub fn exact(mut shares: Vec<Share>) -> Result<Self, InexactSplit> {
        sort(&mut shares);
        let twice = shares.windows(2).any(|pair| match pair {
            [a, b] => a.vocabulary == b.vocabulary && a.code == b.code,
            _ => false,
        });
        if twice || shares.iter().any(|share| share.share_ppm == 0) {
            return Err(InexactSplit::Shares);
        }
        let sum_ppm: u64 = shares.iter().map(|share| u64::from(share.share_ppm)).sum();
        if !shares.is_empty() && sum_ppm != u64::from(WHOLE_PPM) {
            return Err(InexactSplit::Sum { sum_ppm });
        }
        Ok(Self {
            shares,
            scaled: false,
        })
    }

    /// Scales published weights to a whole: largest remainder, ties to the first in order of code. Codes that
    /// stand twice are added up; codes whose share rounds to 0 are left out. All weights zero: not classified.
    ///
    /// `published_whole` is what the weights should have summed to; if they did not, the split is
    /// marked [`Split::scaled`] (R4: repaired and flagged in a mirror ledger).
    pub fn scaled_to_whole(
        weights: Vec<(Vocabulary, Arc<str>, u64)>,
        published_whole: u64,
    ) -> Self {
        let mut merged: Vec<(Vocabulary, Arc<str>, u64)> = Vec::with_capacity(weights.len());
        let mut sorted = weights;
        sorted.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        for (vocabulary, code, weight) in sorted {
            match merged.last_mut() {
                Some(last) if last.0 == vocabulary && last.1 == code => {
                    last.2 = last.2.saturating_add(weight);
                }
                _ => merged.push((vocabulary, code, weight)),
            }
        }
        let sum: u128 = merged.iter().map(|entry| u128::from(entry.2)).sum();
        let weights: Vec<u64> = merged.iter().map(|entry| entry.2).collect();
        let Ok(parts) = crate::money::allocate_minor(i128::from(WHOLE_PPM), &weights) else {
            return Self::default();
        };
        let shares = merged
            .into_iter()
            .zip(parts)
            .filter_map(|((vocabulary, code, _), part)| {
                let share_ppm = u32::try_from(part).ok().filter(|&ppm| 0 < ppm)?;
                Some(Share {
                    vocabulary,
                    code,
                    share_ppm,
                })
            })
            .collect();
        Self {
            shares,
            scaled: sum != u128::from(published_whole),
        }
    }

    /// Rebuilds a stored split as it was recorded.
    ///
    /// # Errors
    /// As [`Split::exact`].
    pub fn recorded(shares: Vec<Share>, scaled: bool) -> Result<Self, InexactSplit> {
        Ok(Self {
            scaled,
            ..Self::exact(shares)?
        })
    }

    /// The shares, ascending by vocabulary and code.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// Whether the published shares did not sum to the whole and were scaled.
    pub const fn scaled(&self) -> bool {
        self.scaled
    }

    /// Whether nothing is classified.
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }
}

fn sort(shares: &mut [Share]) {
    shares.sort_by(|a, b| (a.vocabulary, &a.code).cmp(&(b.vocabulary, &b.code)));
}

/// How a line's money is classified. It reads the same for every amount of the line, whatever its date.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct LineDims {
    /// Purposes (DAC five-digit, else three-digit codes).
    pub purposes: Split,
    /// Countries, else regions.
    pub places: Split,
    /// The pillar that the agreement itself declares; without one the pillar mapping of the question decides.
    pub pillar: Option<Pillar>,
    /// The published humanitarian flag: a dim of its own, not the pillar.
    pub humanitarian: Option<bool>,
    /// Heading of the agreement's own budget.
    pub budget_heading: Option<Arc<str>>,
    /// Up to 8 of the organisation's own codes.
    pub own_codes: Vec<OwnCode>,
}

/// One of the organisation's own codes on a line: fund, cost centre, project element, grant number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnCode {
    /// The list it is from.
    pub scheme: Arc<str>,
    /// The code.
    pub code: Arc<str>,
}
