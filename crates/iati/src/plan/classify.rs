//! What a published transaction is for and where: sectors, countries and regions become exact splits.

use std::str::FromStr;
use std::sync::Arc;

use perennial_domain::Decimal;
use perennial_domain::classification::{Split, Vocabulary};

use crate::activity::Coded;

/// The weight of 100 %: percentages are read at a fixed scale of 10^10 per percent point, so that the 16
/// decimals of real files are rounded once and far below a part per million.
const WHOLE: u64 = 1_000_000_000_000;

/// Percentages within one part per million of 100 are 100: floating-point dust is no scaling.
const DUST: u64 = 1_000_000;

/// Countries within a tenth of a percent point of 100 (three times 33.33) win over regions.
const COUNTRIES_WIN_WITHIN: u64 = 1_000_000_000;

/// A ledger keeps splits of at most this many shares; nothing real comes near, and more are not classified.
const SHARES_MAX: usize = 500;

/// A code with its vocabulary and, if it was published and can be read, its weight.
struct Weighted {
    vocabulary: Vocabulary,
    code: Arc<str>,
    weight: Option<u64>,
}

/// The purposes of these sectors: DAC five-digit codes, else three-digit categories; `None` if there are none
/// of either. `unusable` is set where a DAC code or percentage could not be used.
pub(super) fn purposes(sectors: &[Coded], unusable: &mut bool) -> Option<Split> {
    let mut purposes = Vec::new();
    let mut categories = Vec::new();
    for sector in sectors {
        let list = match sector.vocabulary.as_deref() {
            None | Some("1" | "DAC") => 5,
            Some("2" | "DAC-3") => 3,
            Some(_) => continue,
        };
        let code = sector.code.as_deref().unwrap_or("");
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        match code.len() {
            5 if is_number => {
                purposes.push(weighted(Vocabulary::DacPurpose, code, sector, unusable));
            }
            // A category under the purposes' vocabulary is a category all the same.
            3 if is_number => {
                *unusable |= list == 5;
                categories.push(weighted(Vocabulary::DacCategory, code, sector, unusable));
            }
            _ => *unusable = true,
        }
    }
    let chosen = if purposes.is_empty() {
        categories
    } else {
        purposes
    };
    split(chosen)
}

/// The places of these countries and regions; `None` if no code can be used. Countries that sum to 100 win over
/// regions; else both together are the whole.
pub(super) fn places(countries: &[Coded], regions: &[Coded], unusable: &mut bool) -> Option<Split> {
    let mut nations = Vec::new();
    let mut areas = Vec::new();
    for country in countries {
        let code = country.code.as_deref().unwrap_or("").to_ascii_uppercase();
        if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            nations.push(weighted(Vocabulary::Country, &code, country, unusable));
        } else if is_region(&code) {
            areas.push(weighted(Vocabulary::Region, &code, country, unusable));
        } else {
            *unusable = true;
        }
    }
    for region in regions {
        if !matches!(region.vocabulary.as_deref(), None | Some("1")) {
            continue;
        }
        let code = region.code.as_deref().unwrap_or("");
        if is_region(code) {
            areas.push(weighted(Vocabulary::Region, code, region, unusable));
        } else {
            *unusable = true;
        }
    }
    if !nations.is_empty() && (areas.is_empty() || are_whole(&nations)) {
        return split(nations);
    }
    nations.append(&mut areas);
    split(nations)
}

/// DAC regions have two to four digits (`89`, `298`, `1027`).
fn is_region(code: &str) -> bool {
    (2..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn weighted(vocabulary: Vocabulary, code: &str, coded: &Coded, unusable: &mut bool) -> Weighted {
    let weight = coded.percentage.as_deref().map(weight);
    *unusable |= weight == Some(None);
    Weighted {
        vocabulary,
        code: code.into(),
        weight: weight.flatten(),
    }
}

/// Reads a percentage, with or without a percent sign; at most a million percent.
fn weight(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = Decimal::from_str(number)
        .or_else(|_| Decimal::from_scientific(number))
        .ok()
        .filter(|percent| !percent.is_sign_negative() || percent.is_zero())?;
    if Decimal::from(1_000_000_u32) < percent {
        return None;
    }
    let scaled = percent.checked_mul(Decimal::from(10_000_000_000_u64))?;
    u64::try_from(scaled.round()).ok()
}

/// Whether these shares are the whole by themselves: they sum to 100, or none of them says a percentage.
fn are_whole(shares: &[Weighted]) -> bool {
    if shares.iter().all(|share| share.weight.is_none()) {
        return true;
    }
    shares.iter().all(|share| share.weight.is_some())
        && sum(shares).abs_diff(WHOLE) <= COUNTRIES_WIN_WITHIN
}

fn sum(shares: &[Weighted]) -> u64 {
    shares
        .iter()
        .filter_map(|share| share.weight)
        .fold(0, u64::saturating_add)
}

/// Scales the shares to the whole. Without any percentage they are equal, and marked as scaled if there are
/// several; a share without one beside others gets what they leave of 100.
fn split(shares: Vec<Weighted>) -> Option<Split> {
    if shares.is_empty() || SHARES_MAX < shares.len() {
        return None;
    }
    let silent = shares.iter().filter(|share| share.weight.is_none()).count();
    let silent_weight = if silent == shares.len() && silent != 1 {
        1
    } else {
        let left = WHOLE.saturating_sub(sum(&shares));
        let silent = u64::try_from(silent).unwrap_or(u64::MAX);
        left.checked_div(silent).unwrap_or(0)
    };
    let weights: Vec<(Vocabulary, Arc<str>, u64)> = shares
        .into_iter()
        .map(|share| {
            (
                share.vocabulary,
                share.code,
                share.weight.unwrap_or(silent_weight),
            )
        })
        .collect();
    let total = weights
        .iter()
        .fold(0_u64, |total, weight| total.saturating_add(weight.2));
    let published_whole = if total.abs_diff(WHOLE) <= DUST {
        total
    } else {
        WHOLE
    };
    let split = Split::scaled_to_whole(weights, published_whole);
    (!split.is_empty()).then_some(split)
}
