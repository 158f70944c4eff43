//! `nexus`: what each pillar is committed, paid and spent, by direction, donor, recipient, country and year.

use crate::lens::Lens;
use crate::posting::{Direction, Measure};
use crate::question::Dimension;
use crate::rows::{Party, RowKey};
use crate::view::additive::{Basis, CellKey, Contribution, Declaration, Figure, Fold, FoldRow};
use crate::years::YearNo;
use perennial_domain::classification::Pillar;
use perennial_domain::money::Currency;

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
            name: "disbursed",
            measures: &Measure::DISBURSED,
            committed: false,
            has_donor: true,
        },
        Figure {
            name: "received",
            measures: &Measure::RECEIVED,
            committed: false,
            has_donor: true,
        },
        Figure {
            name: "expended",
            measures: &[Measure::Expended],
            committed: false,
            has_donor: false,
        },
    ],
    keys: &[
        Dimension::Direction,
        Dimension::Donor,
        Dimension::Recipient,
        Dimension::Country,
        Dimension::Year,
        Dimension::Pillar,
        Dimension::Currency,
        Dimension::YearBasis,
    ],
};

/// A row of `nexus`. A key that is grouped away is `None`. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NexusRow {
    /// Incoming or outgoing; the two are never added.
    pub direction: Direction,
    /// Who gives; nobody (empty id) for expenditure.
    pub donor: Option<Party>,
    /// Who receives.
    pub recipient: Option<Party>,
    /// Country, else region; `unspecified` where nothing is said.
    pub country: Option<String>,
    /// The fiscal year's label.
    pub year: Option<String>,
    /// The pillar.
    pub pillar: Option<Pillar>,
    /// The currency.
    pub currency: Currency,
    /// `scheduled`, `budgeted`, `prorated`, `signing_year`; `actual` for cash.
    pub year_basis: Option<&'static str>,
    /// Whether the period of an amount in this row crosses a year boundary and was cut by days.
    pub prorated: bool,
    /// Net commitments.
    pub committed: i128,
    /// Net payments by the provider.
    pub disbursed: i128,
    /// Net receipts.
    pub received: i128,
    /// Net spending.
    pub expended: i128,
}

impl NexusRow {
    /// Its key: all keys in the order of the row, grouped ones empty.
    pub fn key(&self) -> RowKey {
        let party = |party: &Option<Party>| {
            party
                .as_ref()
                .map_or("", |party| party.id.as_str())
                .to_owned()
        };
        RowKey::of(&[
            self.direction.name(),
            &party(&self.donor),
            &party(&self.recipient),
            self.country.as_deref().unwrap_or_default(),
            self.year.as_deref().unwrap_or_default(),
            self.pillar.map_or("", Pillar::name),
            self.currency.code(),
            self.year_basis.unwrap_or_default(),
        ])
    }
}

/// The rows, ordered by their keys from left to right, years and pillars in their own order.
pub fn evaluate(lens: &Lens<'_>) -> Vec<NexusRow> {
    let fold = Fold::new(lens, DECLARATION);
    let mut rows: Vec<(Option<YearNo>, NexusRow)> = fold
        .rows()
        .iter()
        .map(|(key, found)| (key.year, row(lens, key, found)))
        .collect();
    rows.sort_by(|(a_year, a), (b_year, b)| {
        let left = (a.direction, &a.donor, &a.recipient, &a.country, a_year);
        let right = (b.direction, &b.donor, &b.recipient, &b.country, b_year);
        left.cmp(&right).then_with(|| {
            (a.pillar, a.currency, a.year_basis).cmp(&(b.pillar, b.currency, b.year_basis))
        })
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The entries behind one figure (`committed`, `disbursed`, `received`, `expended`) of the row with this key.
pub fn contributions(lens: &Lens<'_>, row_key: &RowKey, figure: &str) -> Vec<Contribution> {
    let fold = Fold::new(lens, DECLARATION);
    let cell = fold
        .rows()
        .into_iter()
        .find(|(key, found)| row(lens, key, found).key() == *row_key);
    match cell {
        None => Vec::new(),
        Some((cell, _)) => fold.contributions(figure, |key| *key == cell),
    }
}

fn row(lens: &Lens<'_>, key: &CellKey, found: &FoldRow) -> NexusRow {
    let figure = |at: usize| found.figures.get(at).copied().unwrap_or_default();
    NexusRow {
        direction: key.direction,
        donor: key.donor.words(lens),
        recipient: key.recipient.words(lens),
        country: key
            .country
            .map(|place| lens.place(place.number()).to_owned()),
        year: key.year.map(|year| lens.label(year).to_owned()),
        pillar: key.pillar,
        currency: key.currency,
        year_basis: key.basis.map(Basis::name),
        prorated: found.prorated,
        committed: figure(0),
        disbursed: figure(1),
        received: figure(2),
        expended: figure(3),
    }
}
