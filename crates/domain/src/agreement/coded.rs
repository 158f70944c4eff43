//! What reallocations moved between purposes and places, and what of a line is left for each of them.
//!
//! A line's undisbursed money is for its purposes and places in proportion to its splits. A leg that names one moves
//! money of that one alone, so from then on the proportion does not hold: what earlier legs named is put right, until
//! the line is reclassified, for then all its money reads under the new splits (ADR-0011).

use jiff::civil::Date;

use crate::agreement::{Agreement, Leg, LegDirection, LegPlace, LineSplits, ReallocatedFunds};
use crate::book::Impossible;
use crate::classification::{Code, Split, WHOLE_PPM};
use crate::log::EventId;
use crate::period::Period;

/// A leg that names a purpose or place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodedLeg {
    /// The line's place.
    pub(crate) line: usize,
    /// For which period the money is.
    pub(crate) period: Option<Period>,
    /// The purpose that it names.
    pub(crate) purpose: Option<Code>,
    /// The country or region that it names.
    pub(crate) country: Option<Code>,
    /// Minor units: above 0 where money came, below 0 where it left.
    pub(crate) minor_units: i128,
}

impl CodedLeg {
    /// The leg on its line, if it names a purpose or place.
    pub(crate) fn of(line: usize, leg: &Leg) -> Option<Self> {
        let LegPlace {
            period,
            purpose,
            country,
            ..
        } = &leg.place;
        let minor_units = leg.amount.minor_units();
        (purpose.is_some() || country.is_some()).then(|| Self {
            line,
            period: *period,
            purpose: purpose.clone(),
            country: country.clone(),
            minor_units: match leg.direction {
                LegDirection::From => minor_units.saturating_neg(),
                LegDirection::To => minor_units,
            },
        })
    }

    /// How many parts of [`WHOLE`] of the leg are for what a place names.
    fn part_for(&self, place: &LegPlace, splits: &LineSplits) -> i128 {
        let purpose = part(
            place.purpose.as_ref(),
            self.purpose.as_ref(),
            &splits.purposes,
        );
        let country = part(
            place.country.as_ref(),
            self.country.as_ref(),
            &splits.places,
        );
        purpose.saturating_mul(country)
    }
}

/// The parts that the whole has: ppm of a purpose times ppm of a place.
const WHOLE: i128 = WHOLE_PPM as i128 * WHOLE_PPM as i128;

/// Parts per million of what is named `named` (else divided by the split) that are for `asked`; all, if nothing is asked.
fn part(asked: Option<&Code>, named: Option<&Code>, split: &Split) -> i128 {
    match (asked, named) {
        (None, _) => i128::from(WHOLE_PPM),
        (Some(asked), Some(named)) if asked == named => i128::from(WHOLE_PPM),
        (Some(_), Some(_)) => 0,
        (Some(asked), None) => {
            let mut shares = split.shares().iter();
            let own = |share: &&crate::classification::Share| {
                share.vocabulary == asked.vocabulary && share.code == asked.code
            };
            shares
                .find(own)
                .map_or(0, |share| i128::from(share.share_ppm))
        }
    }
}

impl Agreement {
    /// Takes up what a reallocation moved between purposes and places.
    pub(crate) fn note_coded(
        &mut self,
        (event_id, on): (EventId, Date),
        moved: &ReallocatedFunds,
    ) -> Result<(), Impossible> {
        let mut legs = Vec::new();
        for leg in &moved.legs {
            let line = self.place_of(&leg.place.line_id);
            legs.extend(CodedLeg::of(line.ok_or(Impossible::UnknownLine)?, leg));
        }
        if !legs.is_empty() {
            self.moves_mut().coded.push((event_id, on, legs));
        }
        Ok(())
    }

    /// Of `undisbursed` of a line, what a giving leg of a day can take of what it names: at most its part by the splits in
    /// force, put right by the legs of `earlier` reallocations of the same wish and of recorded ones since then, and on
    /// no later day less. `undisbursed` if it names nothing.
    pub(crate) fn left_for(
        &self,
        (line, on): (usize, Date),
        place: &LegPlace,
        undisbursed: i128,
        earlier: &[CodedLeg],
    ) -> i128 {
        if place.purpose.is_none() && place.country.is_none() {
            return undisbursed;
        }
        let splits = self.splits_on(line, on);
        let since = self.split_since(line, on);
        let asked = part(place.purpose.as_ref(), None, &splits.purposes).saturating_mul(part(
            place.country.as_ref(),
            None,
            &splits.places,
        ));
        let meant = |leg: &&CodedLeg| {
            let apart = |(period, asked): (Period, Period)| period.intersection(asked).is_none();
            leg.line == line && !leg.period.zip(place.period).is_some_and(apart)
        };
        let corrected = |leg: &CodedLeg| {
            let beyond = leg.part_for(place, &splits).saturating_sub(asked);
            leg.minor_units.saturating_mul(beyond)
        };
        let recorded = self
            .moves
            .as_deref()
            .into_iter()
            .flat_map(|moves| &moves.coded);
        let mut by_day: Vec<(Date, i128)> = recorded
            .filter(|(_, day, _)| since.is_none_or(|since| since < *day))
            .flat_map(|(_, day, legs)| legs.iter().filter(meant).map(|leg| (*day, corrected(leg))))
            .collect();
        by_day.sort_by_key(|&(day, _)| day);
        let own = earlier.iter().filter(meant).map(corrected);
        let mut parts = own.fold(undisbursed.saturating_mul(asked), i128::saturating_add);
        let mut lowest = i128::MAX;
        for (day, correction) in by_day {
            if on < day {
                lowest = lowest.min(parts);
            }
            parts = parts.saturating_add(correction);
        }
        let left = lowest.min(parts).max(0).checked_div(WHOLE);
        left.unwrap_or_default().min(undisbursed)
    }
}
