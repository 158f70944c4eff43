use perennial_domain::Date;
use perennial_domain::log::{EventId, Position};
use perennial_domain::money::Currency;

use crate::day::Day;
use crate::dictionary::OrgNo;
use crate::posting::Direction;

/// A classification's dense number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DimsNo(pub u32);

/// A place's dense number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceNo(pub u32);

impl DimsNo {
    /// Its place in a dense table.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl PlaceNo {
    /// Its place in a dense table.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What every posting of an agreement or pledge needs of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The event that said so.
    pub event_id: EventId,
    /// Whether the money comes or leaves.
    pub direction: Direction,
    /// Who gives.
    pub provider: Option<OrgNo>,
    /// Who receives.
    pub recipient: Option<OrgNo>,
    /// Its one currency.
    pub currency: Currency,
    /// First day of its original term; none for a pledge.
    pub starts_on: Option<Date>,
    /// Last day of its original term, included; none for a pledge.
    pub ends_on: Option<Date>,
}

/// A line's classification as some event set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DimsVersion {
    /// The event that set it.
    pub event_id: EventId,
    /// From when on.
    pub effective: Day,
    /// The classification.
    pub dims: DimsNo,
}

/// What every posting of a line needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineHead {
    /// The other party of this line, where it is not the agreement's.
    pub counterparty: Option<OrgNo>,
    /// Its classifications in order of recording: at least the one it was opened with.
    pub versions: Vec<DimsVersion>,
}

impl LineHead {
    /// The classification that every question reads; `None` once it was changed, for then it depends on (P, E).
    pub fn dims(&self) -> Option<DimsNo> {
        match self.versions.as_slice() {
            [only] => Some(only.dims),
            _none_or_several => None,
        }
    }

    /// The classification in force at `effective` (without a date: the newest) and known at `at`. Before the
    /// first comes into force the first holds, because every amount of a line reads under one (SEMANTICS.md 1).
    pub fn dims_at(&self, at: Position, effective: Option<Day>) -> Option<DimsNo> {
        let known = || {
            self.versions
                .iter()
                .filter(|version| version.event_id.position <= at)
        };
        let in_force = known()
            .filter(|version| effective.is_none_or(|cut| version.effective <= cut))
            .max_by_key(|version| (version.effective, version.event_id));
        in_force
            .or_else(|| known().min_by_key(|version| (version.effective, version.event_id)))
            .map(|version| version.dims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(position: u64, effective: i32, dims: u32) -> DimsVersion {
        DimsVersion {
            event_id: EventId {
                position: Position(position),
                index: 0,
            },
            effective: Day(effective),
            dims: DimsNo(dims),
        }
    }

    #[test]
    fn a_line_reads_under_the_split_in_force_at_e_and_known_at_p() {
        let line = LineHead {
            counterparty: None,
            versions: vec![version(1, 100, 0), version(5, 200, 1), version(9, 150, 2)],
        };
        let at = |position, effective| {
            line.dims_at(Position(position), effective)
                .map(|dims| dims.0)
        };
        assert_eq!(at(0, None), None);
        assert_eq!(at(4, Some(Day(300))), Some(0));
        assert_eq!(at(5, Some(Day(199))), Some(0));
        assert_eq!(at(5, Some(Day(200))), Some(1));
        assert_eq!(at(9, Some(Day(199))), Some(2));
        assert_eq!(at(9, Some(Day(200))), Some(1));
        assert_eq!(
            at(9, Some(Day(99))),
            Some(0),
            "the first holds before its own date"
        );
    }
}
