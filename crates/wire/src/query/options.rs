//! Questions inwards.

use std::time::Duration;

use perennial_domain::Date;
use perennial_domain::classification::Pillar;
use perennial_domain::ids::{CalendarId, LedgerId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_domain::period::FiscalCalendar;
use perennial_views::{
    AsOf, CalendarChoice, CurrencyBasis, Cut, Dimension, Filter, MappingChoice, PillarMapping,
    Question, View,
};

use super::filter::filter;
use crate::date::from_timestamp;
use crate::pb::query as pb;
use crate::pb::query::read_options::Known;
use crate::pb::query::subscribe_request::Effective;
use crate::request::check::Check;
use crate::request::path::Path;
use crate::request::{Limits, Violations};

const PAGE_ROWS_DEFAULT: usize = 100;
const PAGE_ROWS_MAX: usize = 1_000;
const GROUP_BY_MAX: usize = 16;
/// Characters of a mapping's name with its version: 63, a sign between, and 64.
const MAPPING_CHARS_MAX: usize = 128;
const HEARTBEAT_DEFAULT: Duration = Duration::from_secs(15);
const HEARTBEAT_MIN: Duration = Duration::from_secs(1);

/// What a question falls back to.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// The ledger's policy: calendar, mapping, multi-year threshold.
    pub policy: &'a LedgerPolicy,
    /// The UTC date now: `effective_as_of` where none is asked for.
    pub today: Date,
}

/// The parts that all listings have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadRequest {
    /// From what to compute.
    pub options: Option<pb::ReadOptions>,
    /// Which part, in what portions.
    pub page: Option<pb::Page>,
    /// The keys to keep; empty: the view's own.
    pub group_by: Vec<String>,
    /// The one scheme that is asked for, as `name` or `name@version`; empty: as the filter says.
    pub scheme: String,
    /// The one plan that is asked for; empty: as the filter says.
    pub plan_id: String,
    /// The one fiscal calendar that is asked for; empty: as the filter says.
    pub calendar_id: String,
    /// The one published list that is asked for, by name or `name@version`; empty: as the filter says.
    pub list: String,
    /// The one organisation that is asked for; empty: as the filter says.
    pub organisation_id: String,
}

/// A question with what its reader has to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadInput {
    /// The position to wait for.
    pub min_position: Option<Position>,
    /// The question.
    pub question: Question,
    /// How many rows at most: 1 to 1,000.
    pub page_rows: usize,
    /// The token of the page before; empty on the first.
    pub page_token: String,
}

/// Checks what a listing is asked with.
///
/// # Errors
/// [`Violations`]: every field that is not as the contract says. Fix the request.
pub fn read(request: ReadRequest, defaults: Defaults<'_>) -> Result<ReadInput, Violations> {
    let limits = Limits::default();
    let mut check = Check::new(&limits);
    let (options, page) = (
        request.options.unwrap_or_default(),
        request.page.unwrap_or_default(),
    );
    let (in_options, in_page) = (Path::top("options"), Path::top("page"));
    let known = check.known(in_options, options.known);
    let at = in_options.field("effective_as_of");
    let effective = check.optional(at, options.effective_as_of, Check::date);
    let at = in_options.field("currency_basis");
    let basis = check.currency_basis(at, options.currency_basis);
    let policy = defaults.policy;
    let at = in_options.field("fiscal_calendar");
    let calendar = check.calendar(at, &options.fiscal_calendar, policy);
    let at = in_options.field("pillar_mapping");
    let mapping = check.mapping(at, &options.pillar_mapping, policy);
    let filter = check.filter(in_page.field("filter"), &page.filter);
    let filter = filter.map(|filter| Filter {
        scheme: non_empty(request.scheme).or(filter.scheme),
        plan: non_empty(request.plan_id).or(filter.plan),
        calendar: non_empty(request.calendar_id).or(filter.calendar),
        list: non_empty(request.list).or(filter.list),
        organisation: non_empty(request.organisation_id).or(filter.organisation),
        ..filter
    });
    let page_rows = check.page_rows(in_page.field("page_size"), page.page_size);
    let group_by = check.group_by(Path::top("group_by"), request.group_by);
    let input = (|| {
        Some(ReadInput {
            min_position: options.min_position.map(Position),
            question: Question {
                at: known?,
                effective: Cut::On(effective?.unwrap_or(defaults.today)),
                basis: basis?,
                calendar: calendar?,
                restated: options.restated,
                mapping: mapping?,
                multi_year_months: policy.multi_year_months,
                filter: filter?,
                group_by: group_by?,
            },
            page_rows: page_rows?,
            page_token: page.page_token,
        })
    })();
    check.finish(input)
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A subscription, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeInput {
    /// The ledger.
    pub ledger_id: LedgerId,
    /// The view.
    pub view: View,
    /// The question: its `effective` is fixed here, its `at` is the head.
    pub question: Question,
    /// Goes on after this token; empty: a snapshot first.
    pub resume_token: String,
    /// How often a silent stream gives a sign of life: at least 1 s.
    pub heartbeat_interval: Duration,
}

/// Checks what a subscription is asked with.
///
/// # Errors
/// [`Violations`]: every field that is not as the contract says. Fix the request.
pub fn subscribe(
    request: pb::SubscribeRequest,
    defaults: Defaults<'_>,
) -> Result<SubscribeInput, Violations> {
    let limits = Limits::default();
    let mut check = Check::new(&limits);
    let ledger_id = check.id(Path::top("ledger_id"), &request.ledger_id, LedgerId::parse);
    let view = match View::parse(&request.view) {
        Some(view) => Some(view),
        None => check.invalid(Path::top("view"), "is no view: ListViews names them"),
    };
    let at = Path::top("heartbeat_interval");
    let heartbeat = check.heartbeat(at, request.heartbeat_interval);
    let effective = match request.effective {
        None => Some(Cut::On(defaults.today)),
        Some(Effective::EffectiveOpen(true)) => Some(Cut::Open),
        Some(Effective::EffectiveOpen(false)) => {
            check.invalid(Path::top("effective_open"), "means nothing if it is false")
        }
        Some(Effective::EffectiveAsOf(date)) => {
            check.date(Path::top("effective_as_of"), date).map(Cut::On)
        }
    };
    let policy = defaults.policy;
    let at = Path::top("fiscal_calendar");
    let calendar = check.calendar(at, &request.fiscal_calendar, policy);
    let at = Path::top("pillar_mapping");
    let mapping = check.mapping(at, &request.pillar_mapping, policy);
    let filter = check.filter(Path::top("filter"), &request.filter);
    let group_by = check.group_by(Path::top("group_by"), request.group_by);
    let at = Path::top("currency_basis");
    let basis = check.currency_basis(at, request.currency_basis);
    let input = (|| {
        Some(SubscribeInput {
            ledger_id: ledger_id?,
            view: view?,
            question: Question {
                at: AsOf::Head,
                effective: effective?,
                basis: basis?,
                calendar: calendar?,
                restated: request.restated,
                mapping: mapping?,
                multi_year_months: policy.multi_year_months,
                filter: filter?,
                group_by: group_by?,
            },
            resume_token: request.resume_token,
            heartbeat_interval: heartbeat?,
        })
    })();
    check.finish(input)
}

impl Check<'_> {
    fn known(&mut self, path: Path<'_>, message: Option<Known>) -> Option<AsOf> {
        match message {
            None => Some(AsOf::Head),
            Some(Known::AtPosition(position)) => Some(AsOf::Position(Position(position))),
            Some(Known::RecordedAsOf(instant)) => match from_timestamp(instant) {
                Some(instant) => Some(AsOf::RecordedAt(instant)),
                None => self.invalid(path.field("recorded_as_of"), "is no instant"),
            },
            Some(Known::PublishedAsOf(date)) => {
                let date = self.date(path.field("published_as_of"), date)?;
                Some(AsOf::PublishedOn(date))
            }
        }
    }

    /// The basis that is asked for; each amount in its own currency where none is named.
    fn currency_basis(&mut self, path: Path<'_>, number: i32) -> Option<CurrencyBasis> {
        match pb::CurrencyBasis::try_from(number) {
            Ok(pb::CurrencyBasis::Unspecified | pb::CurrencyBasis::Transaction) => {
                Some(CurrencyBasis::Transaction)
            }
            Ok(pb::CurrencyBasis::Functional) => Some(CurrencyBasis::Functional),
            Err(_) => self.invalid(path, format!("has the unknown value {number}")),
        }
    }

    fn calendar(
        &mut self,
        path: Path<'_>,
        name: &str,
        policy: &LedgerPolicy,
    ) -> Option<CalendarChoice> {
        if name.is_empty() {
            return Some(policy.fiscal_calendar.into());
        }
        if let Some(calendar) = FiscalCalendar::parse(name) {
            return Some(calendar.into());
        }
        // Whether it is published, only the views know; whether it can be an id is said here.
        match CalendarId::parse(name) {
            Ok(id) => Some(CalendarChoice::Published(id)),
            Err(_) => self.invalid(
                path,
                "is not january, april, july or october, and cannot be the id of a published calendar",
            ),
        }
    }

    fn mapping(
        &mut self,
        path: Path<'_>,
        name: &str,
        policy: &LedgerPolicy,
    ) -> Option<MappingChoice> {
        if name.is_empty() {
            return Some(Question::under(policy).mapping);
        }
        if let Some(mapping) = PillarMapping::find(name) {
            return Some(MappingChoice::Is(mapping));
        }
        // Whether it is published, only the views know; whether it can be a name is said here.
        let name = self.text(path, name.to_owned(), MAPPING_CHARS_MAX)?;
        Some(MappingChoice::Published(name))
    }

    fn filter(&mut self, path: Path<'_>, text: &str) -> Option<Filter> {
        let filter = filter(text).and_then(|filter| match filter.pillar.as_deref() {
            Some(pillar) if Pillar::parse(pillar).is_none() => {
                Err(format!("names no pillar: \"{pillar}\""))
            }
            Some(_) | None => Ok(filter),
        });
        match filter {
            Ok(filter) => Some(filter),
            Err(problem) => self.invalid(path, problem),
        }
    }

    fn group_by(&mut self, path: Path<'_>, names: Vec<String>) -> Option<Option<Vec<Dimension>>> {
        if names.is_empty() {
            return Some(None);
        }
        let dimensions =
            self.list(
                path,
                names,
                GROUP_BY_MAX,
                |check, path, name| match Dimension::parse(&name) {
                    Some(dimension) => Some(dimension),
                    None => check.invalid(path, format!("is no key: \"{name}\"")),
                },
            )?;
        Some(Some(dimensions))
    }

    fn page_rows(&mut self, path: Path<'_>, size: i32) -> Option<usize> {
        match usize::try_from(size) {
            Ok(0) => Some(PAGE_ROWS_DEFAULT),
            Ok(size) => Some(size.min(PAGE_ROWS_MAX)),
            Err(_) => self.invalid(path, format!("{size} is below 0")),
        }
    }

    fn heartbeat(
        &mut self,
        path: Path<'_>,
        message: Option<prost_types::Duration>,
    ) -> Option<Duration> {
        let Some(message) = message else {
            return Some(HEARTBEAT_DEFAULT);
        };
        match Duration::try_from(message) {
            Ok(interval) if HEARTBEAT_MIN <= interval => Some(interval),
            Ok(_) | Err(_) => self.invalid(path, "is shorter than 1 s"),
        }
    }
}
