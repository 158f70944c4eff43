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
    /// The classification that the line was opened with. Its class keeps it for ever; questions put a later one in
    /// its place ([`crate::lens::Lens::each_reclassified`]).
    pub fn dims(&self) -> Option<DimsNo> {
        self.versions.first().map(|version| version.dims)
    }

    /// The classification in force at `effective` (without a date: the newest) and known at `at`. The one that the
    /// line was opened with holds before any other comes into force, because every amount of a line reads under one
    /// (SEMANTICS.md 1).
    pub fn dims_at(&self, at: Position, effective: Option<Day>) -> Option<DimsNo> {
        let opened = self
            .versions
            .first()
            .filter(|version| version.event_id.position <= at);
        let opened = opened.map(|version| version.dims);
        self.reclassified_at(at, effective).or(opened)
    }

    /// The same, if it is not the one that the line was opened with.
    pub fn reclassified_at(&self, at: Position, effective: Option<Day>) -> Option<DimsNo> {
        self.versions
            .iter()
            .skip(1)
            .take_while(|version| version.event_id.position <= at)
            .filter(|version| effective.is_none_or(|cut| version.effective <= cut))
            .max_by_key(|version| (version.effective, version.event_id))
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
        let back_dated = LineHead {
            counterparty: None,
            versions: vec![version(1, 100, 0), version(5, 50, 1)],
        };
        let at = |effective| {
            back_dated
                .dims_at(Position(9), Some(Day(effective)))
                .map(|dims| dims.0)
        };
        assert_eq!([at(49), at(50), at(120)], [Some(0), Some(1), Some(1)]);
    }
}
