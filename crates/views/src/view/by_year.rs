//! `by-year`: each agreement's commitment by fiscal year, and what is left of it.

use std::collections::BTreeMap;

use perennial_domain::event::Stream;
use perennial_domain::money::Currency;

use crate::dictionary::EntityNo;
use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::question::Dimension;
use crate::rows::RowKey;
use crate::view::additive::{
    Basis, CellKey, Contribution, Declaration, Figure, Firm, Fold, FoldRow,
};
use crate::years::YearNo;

const fn cash(name: &'static str, measures: &'static [Measure]) -> Figure {
    Figure {
        name,
        measures,
        committed: false,
        has_donor: true,
    }
}

/// What it sums.
pub const DECLARATION: Declaration = Declaration {
    figures: &[
        Figure {
            name: "committed",
            measures: &Measure::COMMITTED,
            committed: true,
            has_donor: true,
        },
        Figure {
            name: "moved",
            measures: &[Measure::Moved],
            committed: true,
            has_donor: true,
        },
        cash("disbursed", &Measure::DISBURSED),
        cash("received", &Measure::RECEIVED),
        cash("scheduled", &Measure::SCHEDULED),
        cash("forecast", &[Measure::Forecast]),
        cash("paid_for", &[Measure::PaidFor]),
        Figure {
            name: "carried_in",
            measures: &[Measure::CarriedIn],
            committed: true,
            has_donor: true,
        },
        Figure {
            name: "carried_out",
            measures: &[Measure::CarriedOut],
            committed: true,
            has_donor: true,
        },
    ],
    keys: &[
        Dimension::Agreement,
        Dimension::Direction,
        Dimension::Year,
        Dimension::Currency,
        Dimension::YearBasis,
        Dimension::Firmness,
    ],
};

/// A row of `by-year`. A key that is grouped away is `None`. Amounts are minor units of `currency`.
///
/// Where an agreement's year has commitments of several bases or firmness, cash, schedules, `remaining` and `overdrawn`
/// stand in the row of the best basis, the firmest first, and are of the whole year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByYearRow {
    /// The agreement.
    pub agreement_id: Option<String>,
    /// Incoming or outgoing.
    pub direction: Direction,
    /// The fiscal year's label.
    pub year: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// How the commitment came to this year; `actual` where nothing is committed for it.
    pub year_basis: Option<&'static str>,
    /// How far the commitment can be relied on; `None` where nothing is committed for it.
    pub firmness: Option<&'static str>,
    /// Whether the period of an amount in this row crosses a year boundary and was cut by days.
    pub prorated: bool,
    /// Committed for this year, moves included.
    pub committed: i128,
    /// Of it: what was moved here (above 0) or away by reallocations and extensions.
    pub moved: i128,
    /// Of it: what was carried over from earlier periods.
    pub carried_in: i128,
    /// What was carried over to later periods, and so is not in it; above 0.
    pub carried_out: i128,
    /// Net payments dated in this year.
    pub disbursed: i128,
    /// Net receipts dated in this year.
    pub received: i128,
    /// Open portions due in this year.
    pub scheduled: i128,
    /// Published plans due in this year.
    pub forecast: i128,
    /// Net payments (incoming: receipts) that count for this year: by the portion that they paid, else by date.
    pub paid_for: i128,
    /// What is left of `committed`; never below 0.
    pub remaining: i128,
    /// By how much `paid_for` exceeds `committed`; never below 0.
    pub overdrawn: i128,
}

impl ByYearRow {
    /// Its key: agreement, direction, year, currency, basis, firmness; grouped ones empty.
    pub fn key(&self) -> RowKey {
        RowKey::of(&[
            self.agreement_id.as_deref().unwrap_or_default(),
            self.direction.name(),
            self.year.as_deref().unwrap_or_default(),
            self.currency.code(),
            self.year_basis.unwrap_or_default(),
            self.firmness.unwrap_or_default(),
        ])
    }
}

/// The rows, ordered by agreement, direction, year, currency, basis and firmness.
pub fn evaluate(lens: &Lens<'_>) -> Vec<ByYearRow> {
    let fold = Fold::new(lens, DECLARATION);
    let mut rows: Vec<(Option<YearNo>, ByYearRow)> = Vec::new();
    for (key, bases) in by_group(fold.rows()) {
        let mut of_group = Vec::new();
        group(lens, &key, bases, &mut of_group);
        rows.extend(of_group.into_iter().map(|row| (key.year, row)));
    }
    rows.sort_by(|(a_year, a), (b_year, b)| {
        let left = (&a.agreement_id, a.direction, a_year, a.currency);
        left.cmp(&(&b.agreement_id, b.direction, b_year, b.currency))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The entries behind one figure of the row with this key: a part of the commitment, or one of the others, which stand in
/// one row of their year whatever its basis. `paid_for`, `remaining` and `overdrawn` follow from the others.
pub fn contributions(lens: &Lens<'_>, row_key: &RowKey, figure: &str) -> Vec<Contribution> {
    let fold = Fold::new(lens, DECLARATION);
    let committed = matches!(figure, "committed" | "moved" | "carried_in" | "carried_out");
    for (key, bases) in by_group(fold.rows()) {
        let names: Vec<Grade> = bases.keys().copied().collect();
        let mut rows = Vec::new();
        group(lens, &key, bases, &mut rows);
        let Some(at) = rows.iter().position(|row| row.key() == *row_key) else {
            continue;
        };
        let (basis, firmness) = names.get(at).copied().unwrap_or_default();
        return match (committed, at) {
            (true, _) => fold.contributions(figure, |cell| {
                *cell
                    == CellKey {
                        basis,
                        firmness,
                        ..key
                    }
            }),
            (false, 0) => fold.contributions(figure, |cell| {
                CellKey {
                    basis: None,
                    firmness: None,
                    ..*cell
                } == key
            }),
            // Cash stands in the first row of its year.
            (false, _) => Vec::new(),
        };
    }
    Vec::new()
}

/// What the cells of one year differ in.
type Grade = (Option<Basis>, Option<Firm>);

type Bases = BTreeMap<Grade, FoldRow>;

/// The cells that differ in nothing but their basis and firmness, best basis first, then the firmest.
fn by_group(cells: BTreeMap<CellKey, FoldRow>) -> BTreeMap<CellKey, Bases> {
    let mut groups: BTreeMap<CellKey, Bases> = BTreeMap::new();
    for (key, row) in cells {
        let group = CellKey {
            basis: None,
            firmness: None,
            ..key
        };
        let grade = (key.basis, key.firmness);
        groups.entry(group).or_default().insert(grade, row);
    }
    groups
}

fn group(lens: &Lens<'_>, key: &CellKey, mut bases: Bases, rows: &mut Vec<ByYearRow>) {
    // Cash joins the best basis that something is committed under.
    let is_cash = |(basis, firmness): &Grade| {
        *basis == Some(Basis::Actual) || *firmness == Some(Firm::Actual)
    };
    let cash = bases.keys().copied().find(is_cash);
    if 1 < bases.len()
        && let Some(actual) = cash.and_then(|cash| bases.remove(&cash))
        && let Some(best) = bases.values_mut().next()
    {
        for (figure, cash) in best.figures.iter_mut().zip(&actual.figures) {
            *figure += cash;
        }
        best.prorated |= actual.prorated;
    }
    let sum = |at: usize| -> i128 { bases.values().filter_map(|row| row.figures.get(at)).sum() };
    let committed = sum(0);
    let paid = match key.direction {
        Direction::Outgoing => sum(2),
        Direction::Incoming => sum(3),
    };
    let paid_for = paid + sum(6);
    for (at, ((basis, firmness), row)) in bases.iter().enumerate() {
        let figure = |at: usize| row.figures.get(at).copied().unwrap_or_default();
        let of_year = |amount: i128| if at == 0 { amount } else { 0 };
        rows.push(ByYearRow {
            agreement_id: key.agreement.map(|entity| agreement_id(lens, entity)),
            direction: key.direction,
            year: key.year.map(|year| lens.label(year).to_owned()),
            currency: key.currency,
            year_basis: basis.map(Basis::name),
            firmness: firmness.and_then(Firm::name),
            prorated: row.prorated,
            committed: figure(0),
            moved: figure(1),
            carried_in: figure(7),
            carried_out: -figure(8),
            disbursed: figure(2),
            received: figure(3),
            scheduled: figure(4),
            forecast: figure(5),
            paid_for: of_year(paid_for),
            remaining: of_year((committed - paid_for).max(0)),
            overdrawn: of_year((paid_for - committed).max(0)),
        });
    }
}

/// An agreement's or pledge's own id.
pub fn agreement_id(lens: &Lens<'_>, entity: EntityNo) -> String {
    match lens.facts.dictionary().entities.get(entity.index()) {
        Some(Stream::Agreement(id)) => id.as_str().to_owned(),
        Some(Stream::Pledge(id)) => id.as_str().to_owned(),
        Some(Stream::Import(id)) => id.as_str().to_owned(),
        Some(Stream::Requirement(id)) => id.as_str().to_owned(),
        Some(Stream::Reference(kind)) => kind.name().to_owned(),
        Some(Stream::Calendar(id)) => id.as_str().to_owned(),
        Some(Stream::Ledger) => "ledger".to_owned(),
        None => String::new(),
    }
}
