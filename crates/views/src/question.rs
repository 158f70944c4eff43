//! What can be asked: as known when, as true when, under which calendar and mapping, of what part.

use perennial_domain::Date;
use perennial_domain::ids::{AgreementId, CalendarId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::money::Currency;
use perennial_domain::period::FiscalCalendar;

use crate::mapping::PillarMapping;
use crate::posting::{Direction, Valued};
use crate::view::View;

/// As known when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// With everything that is recorded.
    #[default]
    Head,
    /// Up to this record, included.
    Position(Position),
    /// Up to the last record with at most this time.
    RecordedAt(RecordedAt),
    /// Up to the last position before anything published later was imported.
    PublishedOn(Date),
}

/// As true when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// With effective dates up to this day, included.
    On(Date),
    /// Without a cut-off.
    Open,
}

impl Cut {
    /// The last day; `None` without a cut-off.
    pub const fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Open => None,
        }
    }
}

/// Which calendar cuts and labels years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarChoice {
    /// One that is compiled in.
    Pattern(FiscalCalendar),
    /// One that the ledger published, with the periods that are known at the question's position.
    Published(CalendarId),
}

impl CalendarChoice {
    /// The word in questions and answers.
    pub fn name(&self) -> &str {
        match self {
            Self::Pattern(calendar) => calendar.name(),
            Self::Published(id) => id.as_str(),
        }
    }

    /// The compiled-in one.
    pub const fn pattern(&self) -> Option<FiscalCalendar> {
        match self {
            Self::Pattern(calendar) => Some(*calendar),
            Self::Published(_) => None,
        }
    }
}

impl From<FiscalCalendar> for CalendarChoice {
    fn from(calendar: FiscalCalendar) -> Self {
        Self::Pattern(calendar)
    }
}

/// Which pillar mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingChoice {
    /// This one.
    Is(PillarMapping),
    /// The one that the ledger publishes under this name (the version in force), name and version, or content hash.
    Published(String),
    /// The same, of the ledger's policy: as long as it is not published, [`PillarMapping::DAC_CORE`].
    Policy(String),
}

impl From<PillarMapping> for MappingChoice {
    fn from(mapping: PillarMapping) -> Self {
        Self::Is(mapping)
    }
}

/// What currency amounts are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CurrencyBasis {
    /// Each in its own.
    #[default]
    Transaction,
    /// In the functional currency, as at booking; what has no functional amount stays in its own currency.
    Functional,
}

impl CurrencyBasis {
    /// All.
    pub const ALL: [Self; 2] = [Self::Transaction, Self::Functional];

    /// The word in questions and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Functional => "functional",
        }
    }

    /// Finds one by its word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }

    /// Whether it counts a row that holds this one of its posting's amounts.
    pub const fn counts(self, valued: Valued) -> bool {
        match (self, valued) {
            (Self::Transaction, Valued::Functional) | (Self::Functional, Valued::Own) => false,
            (Self::Transaction, Valued::Alone | Valued::Own)
            | (Self::Functional, Valued::Alone | Valued::Functional) => true,
        }
    }
}

/// A key that rows can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Incoming or outgoing. Always kept: the two are never added.
    Direction,
    /// The agreement.
    Agreement,
    /// Who gives.
    Donor,
    /// Who receives.
    Recipient,
    /// The country, else the region.
    Country,
    /// The fiscal year.
    Year,
    /// The pillar.
    Pillar,
    /// The currency. Always kept: amounts in two currencies are never added.
    Currency,
    /// How amounts came to their year.
    YearBasis,
    /// How far committed amounts can be relied on.
    Firmness,
    /// The element of a scheme.
    Element,
}

impl Dimension {
    /// All.
    pub const ALL: [Self; 11] = [
        Self::Direction,
        Self::Agreement,
        Self::Donor,
        Self::Recipient,
        Self::Country,
        Self::Year,
        Self::Pillar,
        Self::Currency,
        Self::YearBasis,
        Self::Firmness,
        Self::Element,
    ];

    /// The name in rows and in `--group-by`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direction => "direction",
            Self::Agreement => "agreement_id",
            Self::Donor => "donor",
            Self::Recipient => "recipient",
            Self::Country => "country",
            Self::Year => "year",
            Self::Pillar => "pillar",
            Self::Currency => "currency",
            Self::YearBasis => "year_basis",
            Self::Firmness => "firmness",
            Self::Element => "element",
        }
    }

    /// Finds a key by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.name() == name)
    }
}

/// Of what part. Everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these agreements; empty: any.
    pub agreements: Vec<AgreementId>,
    /// This direction.
    pub direction: Option<Direction>,
    /// This currency.
    pub currency: Option<Currency>,
    /// This donor: its id, else its name.
    pub donor: Option<String>,
    /// This recipient: its id, else its name.
    pub recipient: Option<String>,
    /// This country or region.
    pub country: Option<String>,
    /// This pillar, by its word.
    pub pillar: Option<String>,
    /// This fiscal year, by its label in the question's calendar.
    pub year: Option<String>,
    /// This rule or remark, as in `R10` (views `exceptions` and `overrides`).
    pub rule: Option<String>,
    /// What breaks its rule at (P, E), whether or not an event was flagged (view `exceptions`).
    pub standing: bool,
    /// What nobody has resolved (views `exceptions` and `overrides`).
    pub open: bool,
    /// This scheme, by name or `name@version` (view `scheme`).
    pub scheme: Option<String>,
    /// This element of a scheme, by its code.
    pub element: Option<String>,
    /// This plan (view `coverage`).
    pub plan: Option<String>,
    /// This fiscal calendar (view `calendars`).
    pub calendar: Option<String>,
    /// This published list, by name or `name@version` (views of what is published).
    pub list: Option<String>,
    /// This organisation and those that are shown as it, by id (view `organisations`).
    pub organisation: Option<String>,
}

impl Filter {
    /// The names of what is given, as users write them.
    pub fn given(&self) -> Vec<&'static str> {
        let given = [
            ("agreement_id", !self.agreements.is_empty()),
            ("direction", self.direction.is_some()),
            ("currency", self.currency.is_some()),
            ("donor", self.donor.is_some()),
            ("recipient", self.recipient.is_some()),
            ("country", self.country.is_some()),
            ("pillar", self.pillar.is_some()),
            ("year", self.year.is_some()),
            ("rule", self.rule.is_some()),
            ("standing", self.standing),
            ("open", self.open),
            ("scheme", self.scheme.is_some()),
            ("element", self.element.is_some()),
            ("plan_id", self.plan.is_some()),
            ("calendar_id", self.calendar.is_some()),
            ("list", self.list.is_some()),
            ("organisation_id", self.organisation.is_some()),
        ];
        given
            .into_iter()
            .filter(|&(_, given)| given)
            .map(|(name, _)| name)
            .collect()
    }
}

/// One question. Two equal questions of one ledger at one position have one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// As known when.
    pub at: AsOf,
    /// As true when.
    pub effective: Cut,
    /// What currency amounts are in.
    pub basis: CurrencyBasis,
    /// The calendar that cuts and labels years.
    pub calendar: CalendarChoice,
    /// Whether adjustments of closed periods count in the years that they concern, instead of those in which they were
    /// booked.
    pub restated: bool,
    /// The mapping that pillars are computed by.
    pub mapping: MappingChoice,
    /// From how many calendar months on an agreement is multi-year.
    pub multi_year_months: u32,
    /// Of what part.
    pub filter: Filter,
    /// The keys to keep; `None`: the view's own. Direction and currency stay in any case.
    pub group_by: Option<Vec<Dimension>>,
}

impl Question {
    /// Asks for everything that is recorded, under a ledger's policy.
    pub fn under(policy: &LedgerPolicy) -> Self {
        Self {
            at: AsOf::Head,
            effective: Cut::Open,
            basis: CurrencyBasis::Transaction,
            calendar: policy.fiscal_calendar.into(),
            restated: false,
            mapping: match PillarMapping::find(&policy.pillar_mapping) {
                Some(mapping) => MappingChoice::Is(mapping),
                None => MappingChoice::Policy(policy.pillar_mapping.clone()),
            },
            multi_year_months: policy.multi_year_months,
            filter: Filter::default(),
            group_by: None,
        }
    }
}

impl Default for Question {
    fn default() -> Self {
        Self::under(&LedgerPolicy::default())
    }
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Postings that are not in memory cannot be read back: the views have to be built again.
    #[error(transparent)]
    LostPage(#[from] crate::pages::PageError),
    /// Nothing was recorded until then.
    #[error("nothing was recorded until then")]
    NothingRecorded,
    /// The position is not recorded yet.
    #[error("position {position} is beyond the head, {head}")]
    BeyondHead {
        /// What was asked.
        position: Position,
        /// The last position.
        head: Position,
    },
    /// The view cannot be filtered by this.
    #[error("the view {} cannot be filtered by {name}", view.name())]
    NoSuchFilter {
        /// The view.
        view: View,
        /// The filter's name.
        name: &'static str,
    },
    /// No such calendar is compiled in or was published until then.
    #[error(
        "no fiscal calendar \"{name}\" was published until then: {}",
        there_is(known)
    )]
    NoSuchCalendar {
        /// As asked.
        name: String,
        /// What could have been asked.
        known: Vec<String>,
    },
    /// No such pillar mapping was published until then.
    #[error("no pillar mapping \"{name}\" was published until then")]
    NoSuchMapping {
        /// As asked.
        name: String,
    },
    /// No such scheme was published until then.
    #[error("no scheme \"{name}\" was published until then")]
    NoSuchScheme {
        /// As asked.
        name: String,
    },
    /// The view shows what is in one list, and none is named.
    #[error("the view {} shows what is in one list: name it", view.name())]
    ListRequired {
        /// The view.
        view: View,
    },
    /// No such list was published until then.
    #[error("there is no list \"{name}\" for the view {} until then", view.name())]
    NoSuchList {
        /// The view.
        view: View,
        /// As asked.
        name: String,
    },
    /// The view has no years that adjustments could be shown in.
    #[error("the view {} shows no adjustments by the year that they concern", view.name())]
    NotRestated {
        /// The view.
        view: View,
    },
    /// The view is not summed in this basis.
    #[error("the view {} has no amounts in the currency basis {}", view.name(), basis.name())]
    NoSuchBasis {
        /// The view.
        view: View,
        /// The basis.
        basis: CurrencyBasis,
    },
    /// The view has no such key.
    #[error("the view {} has no key {}", view.name(), dimension.name())]
    NoSuchGrouping {
        /// The view.
        view: View,
        /// The key.
        dimension: Dimension,
    },
}

fn there_is(known: &[String]) -> String {
    if known.is_empty() {
        return "there is none".to_owned();
    }
    format!("there is {}", known.join(", "))
}
