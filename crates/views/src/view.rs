//! The views: what can be asked for, and one evaluation for all of them.
//!
//! A view is a declaration over the engine: which measures it sums, by which keys, with which attributes. Nothing
//! here keeps state between questions.

pub mod additive;
pub mod agreement;
pub mod balances;
pub mod by_year;
pub mod calendars;
pub mod cash_forecast;
pub mod coverage;
pub mod exceptions;
pub mod maturity;
pub mod movements;
pub mod multi_year;
pub mod nexus;
pub mod overrides;
pub mod pledges;
pub mod published;
pub mod reallocations;
pub mod registers;
pub mod scheme;
pub mod standing;
mod tagged;
mod tags;
pub mod timeline;

pub use published::Published;

use crate::answer::{Answer, ReadInfo};
use crate::facts::Facts;
use crate::lens::Lens;
use crate::question::{CurrencyBasis, Dimension, Question, QuestionError};
use crate::rows::Row;

/// A view's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// Where each agreement stands.
    Agreement,
    /// Every event of one agreement or more, with running balances.
    Timeline,
    /// Pledges beside what became of them.
    Pledges,
    /// Agreements by fiscal year.
    ByYear,
    /// Pillars by direction, donor, recipient, country and year.
    Nexus,
    /// The multi-year share.
    MultiYear,
    /// Published registers.
    Registers,
    /// What moved the undisbursed balance, year by year.
    Movements,
    /// What is undisbursed, by how soon it falls due.
    Maturity,
    /// What stands out.
    Exceptions,
    /// What let a strict ledger record a breach.
    Overrides,
    /// What was moved by heading, against the limits of policies.
    Reallocations,
    /// What is still to be paid or to come of scheduled portions.
    CashForecast,
    /// Money by the elements of a scheme.
    Scheme,
    /// What plans ask for beside what is committed for it.
    Coverage,
    /// The periods of the published fiscal calendars.
    Calendars,
    /// What else is published and registered.
    Published(Published),
}

impl View {
    /// All.
    pub const ALL: [Self; 25] = [
        Self::Agreement,
        Self::Timeline,
        Self::Pledges,
        Self::ByYear,
        Self::Nexus,
        Self::MultiYear,
        Self::Registers,
        Self::Movements,
        Self::Maturity,
        Self::Exceptions,
        Self::Overrides,
        Self::Reallocations,
        Self::CashForecast,
        Self::Scheme,
        Self::Coverage,
        Self::Calendars,
        Self::Published(Published::PillarMappings),
        Self::Published(Published::PillarRules),
        Self::Published(Published::Schemes),
        Self::Published(Published::SchemeElements),
        Self::Published(Published::Codelists),
        Self::Published(Published::Codes),
        Self::Published(Published::RateTables),
        Self::Published(Published::Rates),
        Self::Published(Published::Organisations),
    ];

    /// The name in commands and paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Timeline => "timeline",
            Self::Pledges => "pledges",
            Self::ByYear => "by-year",
            Self::Nexus => "nexus",
            Self::MultiYear => "multi-year",
            Self::Registers => "registers",
            Self::Movements => "movements",
            Self::Maturity => "maturity",
            Self::Exceptions => "exceptions",
            Self::Overrides => "overrides",
            Self::Reallocations => "reallocations",
            Self::CashForecast => "cash-forecast",
            Self::Scheme => "scheme",
            Self::Coverage => "coverage",
            Self::Calendars => "calendars",
            Self::Published(of) => of.name(),
        }
    }

    /// Finds a view by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// The keys that its rows can be grouped by; empty: its rows are as they are.
    pub const fn keys(self) -> &'static [Dimension] {
        match self {
            Self::ByYear => by_year::DECLARATION.keys,
            Self::Nexus => nexus::DECLARATION.keys,
            Self::Scheme => scheme::KEYS,
            Self::Agreement
            | Self::Timeline
            | Self::Pledges
            | Self::MultiYear
            | Self::Registers
            | Self::Movements
            | Self::Maturity
            | Self::Exceptions
            | Self::Overrides
            | Self::Reallocations
            | Self::CashForecast
            | Self::Coverage
            | Self::Calendars
            | Self::Published(_) => &[],
        }
    }

    /// The filters that it understands, by name.
    pub const fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Agreement
            | Self::MultiYear
            | Self::Maturity
            | Self::Reallocations
            | Self::CashForecast => &[
                "agreement_id",
                "direction",
                "currency",
                "donor",
                "recipient",
            ],
            Self::Timeline => &["agreement_id"],
            Self::Pledges => &["direction", "currency", "donor", "recipient"],
            Self::ByYear | Self::Nexus => &[
                "agreement_id",
                "direction",
                "currency",
                "donor",
                "recipient",
                "country",
                "pillar",
                "year",
            ],
            Self::Registers | Self::Movements => &[
                "agreement_id",
                "direction",
                "currency",
                "donor",
                "recipient",
                "year",
            ],
            Self::Exceptions => &[
                "agreement_id",
                "direction",
                "currency",
                "rule",
                "standing",
                "open",
            ],
            Self::Overrides => &["agreement_id", "rule", "open"],
            Self::Scheme => &[
                "agreement_id",
                "direction",
                "currency",
                "donor",
                "recipient",
                "year",
                "scheme",
                "element",
            ],
            Self::Coverage => &["plan_id", "direction", "currency", "year"],
            Self::Calendars => &["calendar_id"],
            Self::Published(of) => of.filters(),
        }
    }

    /// The currency bases that it can be summed in.
    pub const fn bases(self) -> &'static [CurrencyBasis] {
        match self {
            Self::Agreement
            | Self::ByYear
            | Self::Nexus
            | Self::MultiYear
            | Self::Registers
            | Self::Movements
            | Self::Scheme => &CurrencyBasis::ALL,
            Self::Timeline
            | Self::Pledges
            | Self::Exceptions
            | Self::Reallocations
            | Self::Overrides
            | Self::CashForecast
            | Self::Maturity
            | Self::Coverage
            | Self::Calendars
            | Self::Published(_) => &[CurrencyBasis::Transaction],
        }
    }

    /// Whether it can show adjustments in the years that they concern: its rows have years, and are no register of what
    /// was published by date.
    pub const fn restates(self) -> bool {
        match self {
            Self::ByYear | Self::Nexus | Self::Movements | Self::Scheme | Self::Coverage => true,
            Self::Agreement
            | Self::Timeline
            | Self::Pledges
            | Self::MultiYear
            | Self::Registers
            | Self::Maturity
            | Self::Exceptions
            | Self::Overrides
            | Self::Reallocations
            | Self::CashForecast
            | Self::Calendars
            | Self::Published(_) => false,
        }
    }

    /// Answers `question` from `facts`.
    ///
    /// # Errors
    /// [`QuestionError`] if the position cannot be resolved, or the view does not understand a filter or key.
    pub fn evaluate(self, facts: &Facts, question: &Question) -> Result<Answer, QuestionError> {
        self.check(question)?;
        let lens = Lens::new(facts, question)?;
        let rows = match self {
            Self::Agreement => rows(agreement::evaluate(&lens), Row::Agreement),
            Self::Timeline => rows(timeline::evaluate(&lens), Row::Timeline),
            Self::Pledges => rows(pledges::evaluate(&lens), Row::Pledge),
            Self::ByYear => rows(by_year::evaluate(&lens), Row::ByYear),
            Self::Nexus => rows(nexus::evaluate(&lens), Row::Nexus),
            Self::MultiYear => rows(multi_year::evaluate(&lens), Row::MultiYear),
            Self::Registers => rows(registers::evaluate(&lens), Row::Register),
            Self::Movements => rows(movements::evaluate(&lens), Row::Movement),
            Self::Maturity => rows(maturity::evaluate(&lens), Row::Maturity),
            Self::Exceptions => rows(exceptions::evaluate(&lens), Row::Exception),
            Self::Overrides => rows(overrides::evaluate(&lens), Row::Override),
            Self::Reallocations => rows(reallocations::evaluate(&lens), Row::Reallocation),
            Self::CashForecast => rows(cash_forecast::evaluate(&lens), Row::CashForecast),
            Self::Scheme => rows(scheme::evaluate(&lens)?, Row::Scheme),
            Self::Coverage => rows(coverage::evaluate(&lens), Row::Coverage),
            Self::Calendars => rows(calendars::evaluate(&lens)?, Row::FiscalPeriod),
            Self::Published(of) => rows(published::evaluate(&lens, of)?, Row::Published),
        };
        let info = ReadInfo::of(self, &lens, &rows);
        match facts.lost_page() {
            Some(lost) => Err(lost.clone().into()),
            None => Ok(Answer { info, rows }),
        }
    }

    fn check(self, question: &Question) -> Result<(), QuestionError> {
        if !self.bases().contains(&question.basis) {
            return Err(QuestionError::NoSuchBasis {
                view: self,
                basis: question.basis,
            });
        }
        if question.restated && !self.restates() {
            return Err(QuestionError::NotRestated { view: self });
        }
        for name in question.filter.given() {
            if !self.filters().contains(&name) {
                return Err(QuestionError::NoSuchFilter { view: self, name });
            }
        }
        for &dimension in question.group_by.iter().flatten() {
            if !self.keys().contains(&dimension) {
                return Err(QuestionError::NoSuchGrouping {
                    view: self,
                    dimension,
                });
            }
        }
        Ok(())
    }
}

fn rows<T>(rows: Vec<T>, wrap: impl Fn(T) -> Row) -> Vec<Row> {
    rows.into_iter().map(wrap).collect()
}
