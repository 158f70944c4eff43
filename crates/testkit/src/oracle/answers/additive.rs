//! `by-year` and `nexus`: sums by key, divided exactly and rounded once for what is shown together.

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::agreement::{Firmness, YearBasis};
use perennial_domain::classification::Pillar;
use perennial_domain::period::Period;
use perennial_views::Dimension;

use super::super::calendar::{self, by_year as years_of};
use super::super::fraction::{Sum, round_together};
use super::super::item::{Item, What};
use super::{Read, Side, WHOLE};

/// What amounts are summed under; what is grouped away is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    direction: &'static str,
    currency: String,
    agreement: Option<String>,
    donor: Option<String>,
    recipient: Option<String>,
    /// `None` inside: cash has none.
    basis: Option<Rank<YearBasis>>,
    firmness: Option<Rank<Firmness>>,
    country: Option<String>,
    year: Option<i16>,
    pillar: Option<Pillar>,
}

/// Commitments by their grade, then everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank<T> {
    Committed(T),
    Actual,
}

struct Figure {
    counts: fn(What) -> bool,
    committed: bool,
    has_donor: bool,
}

const fn figure(counts: fn(What) -> bool, committed: bool) -> Figure {
    Figure {
        counts,
        committed,
        has_donor: true,
    }
}

/// Rounded figures, and whether a period was cut by days for any of them.
type Row = (Vec<i128>, bool);

/// Which keys rows keep, and what is asked of those that they do not.
struct Keys<'a, 'b> {
    read: &'b Read<'a>,
    kept: BTreeSet<Dimension>,
}

impl Keys<'_, '_> {
    fn keeps(&self, dimension: Dimension) -> bool {
        self.kept.contains(&dimension)
    }

    /// Whether amounts are divided by a key: to show it, or to leave out what is not asked for.
    fn divides(&self, dimension: Dimension) -> bool {
        let filter = &self.read.question.filter;
        let asked = match dimension {
            Dimension::Country => filter.country.is_some(),
            Dimension::Year => filter.year.is_some(),
            Dimension::Pillar => filter.pillar.is_some(),
            _ => false,
        };
        self.keeps(dimension) || asked
    }

    /// Whether a cell has the country, year and pillar that are asked for, of the keys that are kept or not.
    fn asked(&self, cell: &Cell, kept: bool) -> bool {
        let filter = &self.read.question.filter;
        let calendar = self.read.calendar;
        let year = cell.year.map(|year| calendar::label(calendar, year));
        let pillar = cell.pillar.map(|pillar| pillar.name().to_owned());
        let parts = [
            (Dimension::Country, &filter.country, &cell.country),
            (Dimension::Year, &filter.year, &year),
            (Dimension::Pillar, &filter.pillar, &pillar),
        ];
        parts.into_iter().all(|(dimension, asked, own)| {
            asked.is_none() || self.keeps(dimension) != kept || asked == own
        })
    }

    fn years(&self, item: &Item) -> Vec<(Option<i16>, (i128, i128))> {
        if !self.divides(Dimension::Year) {
            return vec![(None, (1, 1))];
        }
        let years = years_of_item(self.read, item).into_iter();
        years.map(|(year, part)| (Some(year), part)).collect()
    }

    fn places(&self, side: &Side) -> Vec<(Option<String>, u32)> {
        if !self.divides(Dimension::Country) {
            return vec![(None, WHOLE)];
        }
        let shares = side
            .dims
            .as_ref()
            .map(|dims| dims.places.shares())
            .unwrap_or_default();
        if shares.is_empty() {
            return vec![(Some("unspecified".to_owned()), WHOLE)];
        }
        let shares = shares.iter();
        shares
            .map(|share| (Some(share.code.to_string()), share.share_ppm))
            .collect()
    }

    fn pillars(&self, side: &Side) -> Vec<(Option<Pillar>, u32)> {
        if !self.divides(Dimension::Pillar) {
            return vec![(None, WHOLE)];
        }
        let pillars = self.read.pillars(side.dims.as_ref()).into_iter();
        pillars.map(|(pillar, ppm)| (Some(pillar), ppm)).collect()
    }

    fn cell(&self, agreement: &str, item: &Item, side: &Side, figure: &Figure) -> Cell {
        let kept = |dimension, text: &str| self.keeps(dimension).then(|| text.to_owned());
        let donor = if figure.has_donor {
            side.donor.as_str()
        } else {
            ""
        };
        let basis = item.basis.filter(|_| figure.committed);
        let firmness = figure.committed.then_some(item.firmness);
        Cell {
            direction: side.direction,
            currency: item.currency.code().to_owned(),
            agreement: kept(Dimension::Agreement, agreement),
            donor: kept(Dimension::Donor, donor),
            recipient: kept(Dimension::Recipient, &side.recipient),
            basis: self
                .keeps(Dimension::YearBasis)
                .then_some(basis.map_or(Rank::Actual, Rank::Committed)),
            firmness: self
                .keeps(Dimension::Firmness)
                .then_some(firmness.map_or(Rank::Actual, Rank::Committed)),
            ..Cell::default()
        }
    }
}

/// Sums every figure by cell, rounds, and drops rows of nothing.
fn fold(keys: &Keys<'_, '_>, figures: &[Figure]) -> BTreeMap<Cell, Row> {
    let mut cells: Vec<BTreeMap<Cell, Sum>> = figures.iter().map(|_| BTreeMap::new()).collect();
    for (deal, item, side) in keys.read.amounts() {
        for (figure, cells) in figures.iter().zip(&mut cells) {
            let unasked = !figure.has_donor && keys.read.question.filter.donor.is_some();
            if !(figure.counts)(item.what) || unasked {
                continue;
            }
            let cell = keys.cell(deal.id.as_str(), item, &side, figure);
            for (year, days) in keys.years(item) {
                for (country, place_ppm) in keys.places(&side) {
                    for (pillar, pillar_ppm) in keys.pillars(&side) {
                        let whole = Cell {
                            year,
                            country: country.clone(),
                            pillar,
                            ..cell.clone()
                        };
                        if !keys.asked(&whole, false) {
                            continue;
                        }
                        let kept = Cell {
                            year: year.filter(|_| keys.keeps(Dimension::Year)),
                            country: country.clone().filter(|_| keys.keeps(Dimension::Country)),
                            pillar: pillar.filter(|_| keys.keeps(Dimension::Pillar)),
                            ..whole
                        };
                        let trillionths = i128::from(place_ppm) * i128::from(pillar_ppm);
                        cells
                            .entry(kept)
                            .or_default()
                            .add(item.amount, trillionths, days);
                    }
                }
            }
        }
    }
    let mut rows: BTreeMap<Cell, Row> = BTreeMap::new();
    for (at, cells) in cells.iter().enumerate() {
        for (cell, rounded) in rounded(cells) {
            let row = rows
                .entry(cell)
                .or_insert_with(|| (vec![0; figures.len()], false));
            if let Some(figure) = row.0.get_mut(at) {
                *figure = rounded;
            }
        }
        for (cell, sum) in cells {
            if let Some(row) = rows.get_mut(cell) {
                row.1 |= sum.is_cut();
            }
        }
    }
    rows.retain(|cell, (figures, _)| {
        keys.asked(cell, true) && figures.iter().any(|figure| *figure != 0)
    });
    rows
}

/// What is shown together and rounded to one sum: the countries and pillars of one amount, and the years among which
/// some period was cut.
fn rounded(cells: &BTreeMap<Cell, Sum>) -> Vec<(Cell, i128)> {
    let whole = |cell: &Cell| Cell {
        country: None,
        pillar: None,
        ..cell.clone()
    };
    let cut: BTreeSet<Cell> = cells
        .iter()
        .filter(|(_, sum)| sum.is_cut())
        .map(|(cell, _)| whole(cell))
        .collect();
    let mut rows: Vec<(Cell, i128)> = Vec::new();
    let mut partitions: BTreeMap<Cell, Vec<(&Cell, &Sum)>> = BTreeMap::new();
    for (cell, sum) in cells {
        if let Some(only) = sum.only_whole() {
            rows.push((cell.clone(), only));
            continue;
        }
        let year = whole(cell);
        let partition = if cut.contains(&year) {
            Cell { year: None, ..year }
        } else {
            year
        };
        partitions.entry(partition).or_default().push((cell, sum));
    }
    for mut partition in partitions.into_values() {
        // Ties by code.
        partition.sort_by_key(|(cell, _)| {
            (
                cell.country.clone(),
                cell.year,
                cell.pillar.map_or("", Pillar::name),
            )
        });
        let sums: Vec<&Sum> = partition.iter().map(|(_, sum)| *sum).collect();
        let rounded = round_together(&sums);
        rows.extend(
            partition
                .into_iter()
                .zip(rounded)
                .map(|((cell, _), sum)| (cell.clone(), sum)),
        );
    }
    rows
}

fn keys<'a, 'b>(read: &'b Read<'a>, own: &[Dimension]) -> Keys<'a, 'b> {
    let asked = read.question.group_by.as_deref();
    let kept = own.iter().copied();
    let kept = kept
        .filter(|key| asked.is_none_or(|asked| asked.contains(key)))
        .collect();
    Keys { read, kept }
}

pub(super) fn nexus(read: &Read<'_>) -> Vec<String> {
    let keys = keys(
        read,
        &[
            Dimension::Direction,
            Dimension::Donor,
            Dimension::Recipient,
            Dimension::Country,
            Dimension::Year,
            Dimension::Pillar,
            Dimension::Currency,
            Dimension::YearBasis,
        ],
    );
    let mut expended = figure(|what| what == What::Expended, false);
    expended.has_donor = false;
    let figures = [
        figure(What::is_committed, true),
        figure(What::is_disbursed, false),
        figure(What::is_received, false),
        expended,
    ];
    let calendar = read.calendar;
    let rows = fold(&keys, &figures).into_iter();
    rows.map(|(cell, (figures, prorated))| {
        let [committed, disbursed, received, expended] = at(&figures);
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {} {:?} prorated {prorated}: committed {committed} \
             disbursed {disbursed} received {received} expended {expended}",
            cell.direction,
            cell.donor,
            cell.recipient,
            cell.country,
            cell.year.map(|year| calendar::label(calendar, year)),
            cell.pillar.map(Pillar::name),
            cell.currency,
            cell.basis.map(basis_name),
        )
    })
    .collect()
}

pub(super) fn by_year(read: &Read<'_>) -> Vec<String> {
    let keys = keys(
        read,
        &[
            Dimension::Agreement,
            Dimension::Direction,
            Dimension::Year,
            Dimension::Currency,
            Dimension::YearBasis,
            Dimension::Firmness,
        ],
    );
    let figures = [
        figure(What::is_committed, true),
        figure(|what| what == What::Moved, true),
        figure(What::is_disbursed, false),
        figure(What::is_received, false),
        figure(|what| what == What::Scheduled, false),
        figure(|what| what == What::Forecast, false),
        figure(|what| what == What::PaidFor, false),
        figure(|what| what == What::CarriedIn, true),
        figure(|what| what == What::CarriedOut, true),
    ];
    let mut years: BTreeMap<Cell, Vec<(Cell, Row)>> = BTreeMap::new();
    for (cell, row) in fold(&keys, &figures) {
        let year = Cell {
            basis: None,
            firmness: None,
            ..cell.clone()
        };
        years.entry(year).or_default().push((cell, row));
    }
    years
        .into_values()
        .flat_map(|grades| year_rows(read, grades))
        .collect()
}

/// The rows of one year: what is no commitment stands with the best grade, and what is left is of the whole year.
fn year_rows(read: &Read<'_>, mut grades: Vec<(Cell, Row)>) -> Vec<String> {
    let is_actual =
        |cell: &Cell| cell.basis == Some(Rank::Actual) || cell.firmness == Some(Rank::Actual);
    if let [first, .., last] = grades.as_mut_slice()
        && is_actual(&last.0)
    {
        for (sum, figure) in first.1.0.iter_mut().zip(&last.1.0) {
            *sum += figure;
        }
        first.1.1 |= last.1.1;
        grades.pop();
    }
    let total =
        |place: usize| -> i128 { grades.iter().filter_map(|(_, row)| row.0.get(place)).sum() };
    let committed = total(0);
    let calendar = read.calendar;
    let mut rows = Vec::new();
    for (index, (cell, (figures, prorated))) in grades.iter().enumerate() {
        let paid = if cell.direction == "incoming" {
            total(3)
        } else {
            total(2)
        };
        let paid_for = paid + total(6);
        let left = committed - paid_for;
        let of_year = |amount: i128| if index == 0 { amount } else { 0 };
        let [
            own,
            moved,
            disbursed,
            received,
            scheduled,
            forecast,
            _,
            carried_in,
            carried_out,
        ] = at(figures);
        rows.push(format!(
            "{:?} {} {:?} {} {:?} {:?} prorated {prorated}: committed {own} moved {moved} \
             carried in {carried_in} out {} disbursed {disbursed} received {received} \
             scheduled {scheduled} forecast {forecast} paid for {} remaining {} overdrawn {}",
            cell.agreement,
            cell.direction,
            cell.year.map(|year| calendar::label(calendar, year)),
            cell.currency,
            cell.basis.map(basis_name),
            cell.firmness.and_then(firmness_name),
            -carried_out,
            of_year(paid_for),
            of_year(left.max(0)),
            of_year((-left).max(0)),
        ));
    }
    rows
}

fn at<const N: usize>(figures: &[i128]) -> [i128; N] {
    let mut own = [0; N];
    for (own, figure) in own.iter_mut().zip(figures) {
        *own = *figure;
    }
    own
}

const fn basis_name(basis: Rank<YearBasis>) -> &'static str {
    match basis {
        Rank::Committed(YearBasis::Scheduled) => "scheduled",
        Rank::Committed(YearBasis::Budgeted) => "budgeted",
        Rank::Committed(YearBasis::Prorated) => "prorated",
        Rank::Committed(YearBasis::SigningYear) => "signing_year",
        Rank::Actual => "actual",
    }
}

const fn firmness_name(firmness: Rank<Firmness>) -> Option<&'static str> {
    match firmness {
        Rank::Committed(Firmness::Firm) => Some("firm"),
        Rank::Committed(Firmness::SubjectToAppropriation) => Some("subject_to_appropriation"),
        Rank::Committed(Firmness::Indicative) => Some("indicative"),
        Rank::Actual => None,
    }
}

/// The years in which an amount counts with their parts of its days, ascending. Days of the closed period that is
/// adjusted count in the year of the adjustment.
pub(super) fn years_of_item(read: &Read<'_>, item: &Item) -> Vec<(i16, (i128, i128))> {
    let calendar = read.calendar;
    let booked = calendar::year_of(calendar, item.on);
    let Some(period) = item.period else {
        return vec![(booked, (1, 1))];
    };
    let days = |part: Period| calendar::days(part.starts_on(), part.ends_on());
    let planned = matches!(item.what, What::Scheduled | What::Forecast);
    let closed = item.concerns.filter(|_| !planned);
    let mut by_year: BTreeMap<i16, i128> = BTreeMap::new();
    for (year, part) in years_of(calendar, period) {
        let adjusted = closed.and_then(|closed| part.intersection(closed));
        let adjusted = adjusted.map_or(0, days);
        *by_year.entry(year).or_default() += days(part) - adjusted;
        *by_year.entry(booked).or_default() += adjusted;
    }
    by_year.retain(|_, days| *days != 0);
    let by_year = by_year.into_iter();
    by_year
        .map(|(year, part)| (year, (part, days(period))))
        .collect()
}
