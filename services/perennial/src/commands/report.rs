//! `perennial report VIEW`: a view, as known and as true at any time.

mod ask;
mod print;

use clap::{Args, ValueEnum};
use perennial_domain::Date;
use perennial_views::{Published, View};
use perennial_wire::pb::query::{CurrencyBasis, ReadOptions, TimeAxis, read_options};
use prost_types::Timestamp;

pub(crate) use ask::{Listing, Wanted, find};
pub(crate) use print::print_listing;

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::time::{api_date, parse_date, parse_instant};

const EXAMPLES: &str = "\
Examples:
  perennial report nexus --ledger treasury --group-by pillar
  perennial report nexus --group-by pillar --currency-basis functional
  perennial report multi-year --output json
  perennial report agreement XM-DAC-47066-CD1COL.XXXX --output json
  perennial report by-year --recorded-as-of 2027-03-31    as it was known then
  perennial report by-year --effective-as-of 2026-12-31   as it was true then
  perennial report cash-forecast --overdue
  perennial report registers --at-position 1200 --output csv
  perennial report exceptions --standing --rule R10       what is overpaid, flagged or not
  perennial report scheme --scheme iom-gcrp --group-by element,year
  perennial report coverage --plan ukraine-2026
  perennial report by-year --fiscal-calendar ethiopia     years as the ledger publishes them
  perennial report movements --restated                   adjustments where they belong
";

/// Prints a view.
#[derive(Debug, Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Arguments {
    /// Which view.
    #[arg(value_enum)]
    pub view: ViewName,
    /// For `agreement` and `timeline`: the agreement's id, or an external reference of it.
    #[arg(value_name = "AGREEMENT", required_if_eq("view", "timeline"))]
    pub agreement: Option<String>,
    /// From what it is computed.
    #[command(flatten)]
    pub read: ReadArguments,
    /// The keys to keep, separated by commas; the rest is summed away. Direction and currency always stay.
    /// For `nexus`: donor, recipient, country, year, pillar, `year_basis`; for `by-year`: `agreement_id`, year,
    /// `year_basis`.
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub group_by: Vec<String>,
    /// Conditions on rows, as in `direction = outgoing AND year = "2026"`.
    #[arg(long, value_name = "CONDITIONS", default_value = "")]
    pub filter: String,
    /// For `scheme`: which one, as `iom-gcrp` (the version in force) or `iom-gcrp@2021`; by default all that are tagged.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub scheme: String,
    /// For `coverage`: which plan; by default all.
    #[arg(long, value_name = "PLAN", default_value = "")]
    pub plan: String,
    /// For `calendars`: which one; by default all.
    #[arg(long, value_name = "CALENDAR", default_value = "")]
    pub calendar: String,
    /// For what is published: which list, as `mine` or `mine@2026`; `pillar-rules`, `scheme-elements`, `codes` and `rates`
    /// need one.
    #[arg(long, value_name = "LIST", default_value = "")]
    pub list: String,
    /// For `organisations`: this one and those that are shown as it; by default all.
    #[arg(long, value_name = "ID", default_value = "")]
    pub organisation: String,
    /// For `exceptions`: only what breaks its rule then, one row an agreement and rule, flagged or not.
    #[arg(long)]
    pub standing: bool,
    /// For `exceptions` and `overrides`: only what nobody has resolved.
    #[arg(long)]
    pub open_only: bool,
    /// For `exceptions` and `overrides`: only this rule, as in `R10`.
    #[arg(long, value_name = "RULE", default_value = "")]
    pub rule: String,
    /// For `cash-forecast`: only what was due before the day that is asked for.
    #[arg(long)]
    pub overdue: bool,
    /// For `cash-forecast`: only what is due on this day or later.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub due_from: Option<Date>,
    /// For `cash-forecast`: only what is due until this day, included.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub due_to: Option<Date>,
    /// For `timeline`: the order of events.
    #[arg(long, value_enum, default_value_t = Axis::Effective)]
    pub axis: Axis,
    /// Print at most this many rows.
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<usize>,
}

/// The two time axes, and how money is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ReadArguments {
    /// As known up to this record, included.
    #[arg(long, value_name = "POSITION", group = "known")]
    pub at_position: Option<u64>,
    /// As known at this time: 2027-03-31 (the end of that day, UTC) or 2027-03-31T12:00:00Z.
    #[arg(long, value_name = "TIME", group = "known", value_parser = parse_instant)]
    pub recorded_as_of: Option<Timestamp>,
    /// As published until this day.
    #[arg(long, value_name = "DATE", group = "known", value_parser = parse_date)]
    pub published_as_of: Option<Date>,
    /// As true on this day; by default today.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub effective_as_of: Option<Date>,
    /// Wait until the views hold this position; by default the ledger's head.
    #[arg(long, value_name = "POSITION")]
    pub min_position: Option<u64>,
    /// How purposes become pillars, as in `dac-wide`, or a mapping that the ledger publishes, by name, `name@version` or
    /// content hash; by default as the ledger says.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub mapping: String,
    /// What currency amounts are in: each in its own (the default), or in the ledger's functional currency as at booking.
    #[arg(long, value_enum, value_name = "BASIS")]
    pub currency_basis: Option<Basis>,
    /// The calendar that cuts and labels years: january, april, july, october, or one that the ledger publishes, by its id
    /// (`perennial calendar list`); by default as the ledger says.
    #[arg(long, value_name = "CALENDAR", default_value = "")]
    pub fiscal_calendar: String,
    /// Show adjustments of closed periods in the years that they concern, instead of those in which they were booked.
    /// For views with years: `by-year`, `nexus`, `movements`, `scheme`, `coverage`.
    #[arg(long)]
    pub restated: bool,
}

/// What currency amounts are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Basis {
    /// Each in its own currency.
    Transaction,
    /// In the functional currency, as at booking.
    Functional,
}

impl From<Basis> for CurrencyBasis {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Transaction => Self::Transaction,
            Basis::Functional => Self::Functional,
        }
    }
}

/// The views of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ViewName {
    /// Where agreements stand.
    Agreement,
    /// Every event of one agreement, with running balances.
    Timeline,
    /// Pledges beside what became of them.
    Pledges,
    /// Commitments, schedules and payments by agreement and fiscal year.
    ByYear,
    /// Money by pillar, direction, donor, recipient, country and year.
    Nexus,
    /// The multi-year share by direction and currency.
    MultiYear,
    /// The published registers by IATI type and currency.
    Registers,
    /// What moved the undisbursed balance, year by year.
    Movements,
    /// What is undisbursed, by how soon it falls due and how far it can be relied on.
    Maturity,
    /// Broken rules, remarks of importers, refused items.
    Exceptions,
    /// What let a strict ledger record breaches: rule, reason, maker, approver.
    Overrides,
    /// What was moved by heading, and how much of each limit it used.
    Reallocations,
    /// What is still to be paid or to come of scheduled portions, the first due first.
    CashForecast,
    /// Money by the elements of a scheme and year.
    Scheme,
    /// What plans ask for, by objective and year, beside what is committed and paid for it.
    Coverage,
    /// The periods of the fiscal calendars that the ledger publishes, and whether their books are closed.
    Calendars,
    /// The pillar mappings that are compiled in and published.
    PillarMappings,
    /// The rules of one pillar mapping.
    PillarRules,
    /// The published schemes.
    Schemes,
    /// The elements of one scheme.
    SchemeElements,
    /// The published code lists.
    Codelists,
    /// The codes of one code list.
    Codes,
    /// The published tables of exchange rates.
    RateTables,
    /// The rates of one table.
    Rates,
    /// The organisations that were registered, merged or assessed.
    Organisations,
}

impl From<ViewName> for View {
    fn from(view: ViewName) -> Self {
        match view {
            ViewName::Agreement => Self::Agreement,
            ViewName::Timeline => Self::Timeline,
            ViewName::Pledges => Self::Pledges,
            ViewName::ByYear => Self::ByYear,
            ViewName::Nexus => Self::Nexus,
            ViewName::MultiYear => Self::MultiYear,
            ViewName::Registers => Self::Registers,
            ViewName::Scheme => Self::Scheme,
            ViewName::Coverage => Self::Coverage,
            ViewName::Calendars => Self::Calendars,
            ViewName::PillarMappings => Self::Published(Published::PillarMappings),
            ViewName::PillarRules => Self::Published(Published::PillarRules),
            ViewName::Schemes => Self::Published(Published::Schemes),
            ViewName::SchemeElements => Self::Published(Published::SchemeElements),
            ViewName::Codelists => Self::Published(Published::Codelists),
            ViewName::Codes => Self::Published(Published::Codes),
            ViewName::RateTables => Self::Published(Published::RateTables),
            ViewName::Rates => Self::Published(Published::Rates),
            ViewName::Organisations => Self::Published(Published::Organisations),
            ViewName::Movements => Self::Movements,
            ViewName::Maturity => Self::Maturity,
            ViewName::Exceptions => Self::Exceptions,
            ViewName::Overrides => Self::Overrides,
            ViewName::Reallocations => Self::Reallocations,
            ViewName::CashForecast => Self::CashForecast,
        }
    }
}

/// An order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Axis {
    /// By effective date.
    Effective,
    /// By position.
    Recorded,
}

impl From<Axis> for TimeAxis {
    fn from(axis: Axis) -> Self {
        match axis {
            Axis::Effective => Self::Effective,
            Axis::Recorded => Self::Recorded,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, arguments: Arguments) -> Result<(), Failure> {
    let takes_agreement = match View::from(arguments.view) {
        View::Agreement | View::Timeline => true,
        View::Pledges
        | View::ByYear
        | View::Nexus
        | View::MultiYear
        | View::Registers
        | View::Movements
        | View::Maturity
        | View::Exceptions
        | View::Overrides
        | View::Reallocations
        | View::CashForecast
        | View::Scheme
        | View::Coverage
        | View::Calendars
        | View::Published(_) => false,
    };
    if arguments.agreement.is_some() && !takes_agreement {
        return Err(Failure::new(Exit::Usage, "this view takes no agreement")
            .hint("use --filter 'agreement_id = \"ID\"' where the view knows that field"));
    }
    check_keys(&arguments)?;
    if arguments.standing && arguments.view != ViewName::Exceptions {
        return Err(Failure::new(Exit::Usage, "--standing is for `exceptions`"));
    }
    let ledger_id = session.ledger_id().await?;
    let listing = ask::ask(session, &ledger_id, &arguments).await?;
    print_listing(session, &listing)
}

/// Keys that the view does not have are a slip, and told before anything is asked.
fn check_keys(arguments: &Arguments) -> Result<(), Failure> {
    let view = View::from(arguments.view);
    let known: Vec<&str> = view.keys().iter().map(|key| key.name()).collect();
    let unknown = arguments
        .group_by
        .iter()
        .find(|key| !known.contains(&key.as_str()));
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let name = view.name();
    if known.is_empty() {
        let error = format!("the rows of {name} are not grouped: leave --group-by out");
        return Err(Failure::new(Exit::Usage, error));
    }
    let error = format!("{name} has no key \"{unknown}\" to group by");
    Err(Failure::new(Exit::Usage, error).because(format!("its keys are {}", known.join(", "))))
}

impl ReadArguments {
    /// As the API has it; every read asks for at least the head that the write side tells.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn options(
        &self,
        session: &Session,
        ledger_id: &str,
    ) -> Result<ReadOptions, Failure> {
        let min_position = match self.min_position {
            Some(position) => Some(position),
            None => session.head_position_if_served(ledger_id).await?,
        };
        let known = match (self.at_position, self.recorded_as_of, self.published_as_of) {
            (Some(position), _, _) => Some(read_options::Known::AtPosition(position)),
            (None, Some(time), _) => Some(read_options::Known::RecordedAsOf(time)),
            (None, None, Some(date)) => Some(read_options::Known::PublishedAsOf(api_date(date))),
            (None, None, None) => None,
        };
        Ok(ReadOptions {
            min_position,
            known,
            effective_as_of: self.effective_as_of.map(api_date),
            fiscal_calendar: self.fiscal_calendar.clone(),
            restated: self.restated,
            pillar_mapping: self.mapping.clone(),
            currency_basis: self
                .currency_basis
                .map_or(CurrencyBasis::Unspecified, CurrencyBasis::from)
                .into(),
        })
    }
}

/// A question that this program asks by itself.
pub(crate) struct Question(Arguments);

impl Question {
    /// Asks for a whole view, now.
    pub(crate) fn of(view: ViewName) -> Self {
        Self(Arguments {
            view,
            agreement: None,
            read: ReadArguments::default(),
            group_by: Vec::new(),
            filter: String::new(),
            scheme: String::new(),
            plan: String::new(),
            calendar: String::new(),
            list: String::new(),
            organisation: String::new(),
            standing: false,
            open_only: false,
            rule: String::new(),
            overdue: false,
            due_from: None,
            due_to: None,
            axis: Axis::Effective,
            limit: None,
        })
    }

    /// For one fiscal calendar; empty: for all of them.
    pub(crate) fn calendar(mut self, id: &str) -> Self {
        id.clone_into(&mut self.0.calendar);
        self
    }

    /// For one published list; empty: for all of them.
    pub(crate) fn list(mut self, name: &str) -> Self {
        name.clone_into(&mut self.0.list);
        self
    }

    /// For one organisation; empty: for all of them.
    pub(crate) fn organisation(mut self, id: &str) -> Self {
        id.clone_into(&mut self.0.organisation);
        self
    }

    /// From what it is computed.
    pub(crate) fn read(mut self, read: ReadArguments) -> Self {
        self.0.read = read;
        self
    }

    /// For one agreement.
    pub(crate) fn agreement(mut self, id: &str) -> Self {
        self.0.agreement = Some(id.to_owned());
        self
    }

    /// With these keys kept.
    pub(crate) fn group_by(mut self, keys: &[&str]) -> Self {
        self.0.group_by = keys.iter().map(|key| (*key).to_owned()).collect();
        self
    }

    /// For rows that fulfil these conditions.
    pub(crate) fn filter(mut self, conditions: &str) -> Self {
        conditions.clone_into(&mut self.0.filter);
        self
    }

    /// As known up to this record.
    pub(crate) fn at_position(mut self, position: u64) -> Self {
        self.0.read.at_position = Some(position);
        self
    }

    /// As true on this day.
    ///
    /// # Errors
    /// If it is no date.
    pub(crate) fn effective_as_of(mut self, date: &str) -> Result<Self, Failure> {
        let date = parse_date(date).map_err(|problem| Failure::new(Exit::Usage, problem))?;
        self.0.read.effective_as_of = Some(date);
        Ok(self)
    }

    /// Asks.
    ///
    /// # Errors
    /// As the service answers.
    pub(crate) async fn ask(&self, session: &Session, ledger_id: &str) -> Result<Listing, Failure> {
        ask::ask(session, ledger_id, &self.0).await
    }

    /// Asks and prints the rows alone.
    ///
    /// # Errors
    /// As the service answers.
    pub(crate) async fn print_rows(
        &self,
        session: &Session,
        ledger_id: &str,
    ) -> Result<(), Failure> {
        print::print_rows(session, &self.ask(session, ledger_id).await?)
    }
}
