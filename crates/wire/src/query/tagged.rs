//! Rows of `scheme` and `coverage`.

use perennial_domain::money::Currency;
use perennial_views::rows::{CoverageRow, SchemeRow};
use perennial_views::view::scheme::SchemePart;

use super::rows::{AmountOutOfRange, amount, direction, year_basis};
use crate::pb::query as pb;

fn mix(
    [declared, mapped, inferred]: [i128; 3],
    currency: Currency,
) -> Result<pb::BasisMix, AmountOutOfRange> {
    Ok(pb::BasisMix {
        declared: Some(amount(declared, currency)?),
        mapped: Some(amount(mapped, currency)?),
        inferred: Some(amount(inferred, currency)?),
    })
}

impl TryFrom<&SchemeRow> for pb::SchemeRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &SchemeRow) -> Result<Self, AmountOutOfRange> {
        let part = match row.part {
            SchemePart::Element => pb::SchemePart::Element,
            SchemePart::AnyTag => pb::SchemePart::AnyTag,
            SchemePart::Untagged => pb::SchemePart::Untagged,
        };
        let money = |minor_units| amount(minor_units, row.currency).map(Some);
        let basis = |parts| match row.part {
            SchemePart::Untagged => Ok(None),
            SchemePart::Element | SchemePart::AnyTag => mix(parts, row.currency).map(Some),
        };
        Ok(Self {
            scheme: row.scheme.clone(),
            partition: row.partition,
            direction: direction(row.direction),
            agreement_id: row.agreement_id.clone(),
            donor: row.donor.as_ref().map(Into::into),
            recipient: row.recipient.as_ref().map(Into::into),
            part: part.into(),
            element: row.element.clone(),
            title: row.title.clone(),
            parent: row.parent.clone(),
            verified: row.verified,
            year: row.year.clone(),
            currency_code: row.currency.code().to_owned(),
            year_basis: year_basis(row.year_basis),
            prorated: row.prorated,
            committed: money(row.committed)?,
            committed_multi_year: money(row.committed_multi_year)?,
            committed_basis: basis(row.committed_by_basis)?,
            disbursed: money(row.disbursed)?,
            disbursed_multi_year: money(row.disbursed_multi_year)?,
            disbursed_basis: basis(row.disbursed_by_basis)?,
        })
    }
}

impl TryFrom<&CoverageRow> for pb::CoverageRow {
    type Error = AmountOutOfRange;

    fn try_from(row: &CoverageRow) -> Result<Self, AmountOutOfRange> {
        let money = |minor_units: Option<i128>| {
            let money = minor_units.map(|minor_units| amount(minor_units, row.currency));
            money.transpose()
        };
        Ok(Self {
            plan_id: row.plan_id.clone(),
            title: row.title.clone(),
            version: row.version.clone(),
            scheme: row.scheme.clone(),
            objective: row.objective.clone(),
            objective_title: row.objective_title.clone(),
            year: row.year.clone(),
            direction: direction(row.direction),
            currency_code: row.currency.code().to_owned(),
            prorated: row.prorated,
            required: money(row.required)?,
            committed: money(Some(row.committed))?,
            disbursed: money(Some(row.disbursed))?,
            gap: money(row.gap)?,
            over: money(row.over)?,
            covered_ppm: row.covered_ppm,
        })
    }
}
