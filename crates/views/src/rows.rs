//! Rows as plain data: what becomes JSON, messages and tables elsewhere.
//!
//! Amounts are whole minor units of the row's currency; [`decimal_text`] writes them. A row's key names it among the
//! rows of its view for one grouping, and stays the same while its figures change.

use perennial_domain::money::Currency;

pub use crate::view::agreement::{AgreementDetails, AgreementRow, MultiYear};
pub use crate::view::by_year::ByYearRow;
pub use crate::view::calendars::{Books, FiscalPeriodRow};
pub use crate::view::cash_forecast::CashForecastRow;
pub use crate::view::coverage::CoverageRow;
pub use crate::view::exceptions::{Disposed, ExceptionRow};
pub use crate::view::maturity::MaturityRow;
pub use crate::view::movements::MovementRow;
pub use crate::view::multi_year::MultiYearRow;
pub use crate::view::nexus::NexusRow;
pub use crate::view::overrides::OverrideRow;
pub use crate::view::pledges::PledgeRow;
pub use crate::view::published::{
    Assessment, CodeRow, CodelistRow, Merge, OrganisationRow, PillarMappingRow, PillarRuleRow,
    Publication, PublishedRow, RateRow, RateTableRow, SchemeElementRow, SchemeVersionRow,
};
pub use crate::view::reallocations::ReallocationRow;
pub use crate::view::registers::RegisterRow;
pub use crate::view::scheme::SchemeRow;
pub use crate::view::timeline::TimelineRow;

/// An organisation in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Its id, else its name; the empty text for nobody.
    pub id: String,
    /// Its name as first recorded; may be empty.
    pub name: String,
}

/// Names one row of a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(pub String);

impl RowKey {
    /// Joins the texts of the key's fields; a field that is grouped away is left empty.
    pub fn of(fields: &[&str]) -> Self {
        // Texts may hold anything but control characters, so this separator is never part of one.
        Self(fields.join("\u{1f}"))
    }
}

/// A row of any view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Of `agreement`.
    Agreement(AgreementRow),
    /// Of `timeline`.
    Timeline(TimelineRow),
    /// Of `pledges`.
    Pledge(PledgeRow),
    /// Of `by-year`.
    ByYear(ByYearRow),
    /// Of `nexus`.
    Nexus(NexusRow),
    /// Of `multi-year`.
    MultiYear(MultiYearRow),
    /// Of `registers`.
    Register(RegisterRow),
    /// Of `movements`.
    Movement(MovementRow),
    /// Of `maturity`.
    Maturity(MaturityRow),
    /// Of `exceptions`.
    Exception(ExceptionRow),
    /// Of `overrides`.
    Override(OverrideRow),
    /// Of `reallocations`.
    Reallocation(ReallocationRow),
    /// Of `cash-forecast`.
    CashForecast(CashForecastRow),
    /// Of `scheme`.
    Scheme(SchemeRow),
    /// Of `coverage`.
    Coverage(CoverageRow),
    /// Of `calendars`.
    FiscalPeriod(FiscalPeriodRow),
    /// Of a listing of what is published.
    Published(PublishedRow),
}

impl Row {
    /// What names it among the rows of its view.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Agreement(row) => row.key(),
            Self::Timeline(row) => row.key(),
            Self::Pledge(row) => row.key(),
            Self::ByYear(row) => row.key(),
            Self::Nexus(row) => row.key(),
            Self::MultiYear(row) => row.key(),
            Self::Register(row) => row.key(),
            Self::Movement(row) => row.key(),
            Self::Maturity(row) => row.key(),
            Self::Exception(row) => row.key(),
            Self::Override(row) => row.key(),
            Self::Reallocation(row) => row.key(),
            Self::CashForecast(row) => row.key(),
            Self::Scheme(row) => row.key(),
            Self::Coverage(row) => row.key(),
            Self::FiscalPeriod(row) => row.key(),
            Self::Published(row) => row.key(),
        }
    }
}

/// Writes minor units with all minor digits of the currency: `-1234.50`.
pub fn decimal_text(minor_units: i128, currency: Currency) -> String {
    let digits = usize::from(currency.minor_digits());
    let sign = if minor_units < 0 { "-" } else { "" };
    let number = minor_units.unsigned_abs().to_string();
    if digits == 0 {
        return format!("{sign}{number}");
    }
    let padded = format!("{number:0>width$}", width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_all_minor_digits_and_above_the_limit_of_money() {
        let text = |minor_units, code| decimal_text(minor_units, Currency::parse(code).unwrap());
        assert_eq!(text(0, "USD"), "0.00");
        assert_eq!(text(-5, "USD"), "-0.05");
        assert_eq!(text(123_456, "USD"), "1234.56");
        assert_eq!(text(123_456, "JPY"), "123456");
        assert_eq!(text(-1, "KWD"), "-0.001");
        assert_eq!(
            text(1_000_000_000_000_000_000_000, "USD"),
            "10000000000000000000.00"
        );
    }
}
