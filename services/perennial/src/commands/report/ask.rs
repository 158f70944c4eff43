//! Asks for all rows of a view, page after page: pages of one listing are one consistent snapshot.

use std::future::Future;

use perennial_export::cell::Cell;
use perennial_views::View;
use perennial_wire::pb::query::query_service_client::QueryServiceClient;
use perennial_wire::pb::query::{
    FindAgreementsRequest, GetAgreementStatementRequest, ListAgreementStatementsRequest,
    ListAgreementTimelineRequest, ListCashForecastRequest, ListCommitmentByYearRequest,
    ListCoverageRequest, ListExceptionsRequest, ListFiscalPeriodsRequest, ListMaturityRequest,
    ListMovementsRequest, ListMultiYearRequest, ListNexusPillarMatrixRequest, ListOverridesRequest,
    ListPledgeConversionRequest, ListReallocationTrailRequest, ListRegistersRequest,
    ListSchemeFundingRequest, Page, ReadInfo, ReadOptions, TimeAxis,
};
use tonic::transport::Channel;
use tonic::{Response, Status};

use super::{Arguments, ViewName};
use crate::failure::{Exit, Failure};
use crate::row_document::RowDocument;
use crate::session::Session;
use crate::time::api_date;

/// Rows asked for at once.
const PAGE_ROWS: i32 = 1_000;

/// An answer, ready to be printed.
pub(crate) struct Listing {
    /// The view.
    pub(crate) view: ViewName,
    /// From what it was computed, as an object.
    pub(crate) read_info: Cell,
    /// Rows as objects, in the view's order.
    pub(crate) rows: Vec<Cell>,
    /// Whether there is exactly one row, which was asked for by name.
    pub(crate) one: bool,
    /// How many rows the answer has beyond the limit that was asked for.
    pub(crate) cut: bool,
}

/// Collects pages into rows.
struct Pages<'s> {
    session: &'s Session,
    row: RowDocument,
    limit: usize,
    read_info: Option<ReadInfo>,
    rows: Vec<Cell>,
}

impl<'s> Pages<'s> {
    fn new(session: &'s Session, message: &str, limit: usize) -> Result<Self, Failure> {
        let row = RowDocument::of(&format!("perennial.query.v1.{message}"))?;
        Ok(Self {
            session,
            row,
            limit,
            read_info: None,
            rows: Vec::new(),
        })
    }

    /// Asks for page after page with `call`, which answers with what an answer says of itself, its rows and the
    /// token of the next page.
    async fn collect<R, Call, Answer>(mut self, mut call: Call) -> Result<Self, Failure>
    where
        R: prost::Message,
        Call: FnMut(QueryServiceClient<Channel>, String) -> Answer,
        Answer: Future<Output = Result<Response<(Option<ReadInfo>, Vec<R>, String)>, Status>>,
    {
        let mut page_token = String::new();
        loop {
            let (read_info, rows, next) = self
                .session
                .read("ask the read side", || {
                    call(self.session.connection.query(), page_token.clone())
                })
                .await?;
            self.read_info = self.read_info.or(read_info);
            for row in rows {
                self.rows.push(self.row.object(&row)?);
            }
            if next.is_empty() || self.limit < self.rows.len() {
                return Ok(self);
            }
            page_token = next;
        }
    }

    fn listing(mut self, view: ViewName) -> Result<Listing, Failure> {
        let missing = || {
            Failure::new(
                Exit::Other,
                "the answer does not say from what it was computed",
            )
        };
        let read_info = self.read_info.ok_or_else(missing)?;
        let read_info = RowDocument::of("perennial.query.v1.ReadInfo")?.object(&read_info)?;
        let cut = self.limit < self.rows.len();
        self.rows.truncate(self.limit);
        Ok(Listing {
            view,
            read_info,
            rows: self.rows,
            one: false,
            cut,
        })
    }
}

/// What is asked, page after page.
struct Asked<'s> {
    session: &'s Session,
    ledger_id: String,
    options: ReadOptions,
    page: Page,
    limit: usize,
}

/// Asks with one RPC for every page of rows of one kind; fields beside ledger, options and page are written out.
macro_rules! list {
    ($asked:ident, $row:ident, $rpc:ident, $request:ident $(, $field:ident: $value:expr)*) => {
        Pages::new($asked.session, stringify!($row), $asked.limit)?.collect(|mut client, page_token| {
            let request = $request {
                ledger_id: $asked.ledger_id.clone(),
                options: Some($asked.options.clone()),
                page: Some(Page { page_token, ..$asked.page.clone() }),
                $($field: $value),*
            };
            async move {
                let answer = client.$rpc(request).await?;
                Ok(answer.map(|answer| (answer.read_info, answer.rows, answer.next_page_token)))
            }
        }).await?
    };
}

mod published;

/// Asks for what the arguments say.
///
/// # Errors
/// As the service answers.
pub(crate) async fn ask(
    session: &Session,
    ledger_id: &str,
    arguments: &Arguments,
) -> Result<Listing, Failure> {
    let options = arguments.read.options(session, ledger_id).await?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let asked = Asked::new(session, ledger_id, options, limit);
    let asked = Asked {
        page: Page {
            filter: arguments.filter.clone(),
            ..asked.page
        },
        ..asked
    };
    let pages = match View::from(arguments.view) {
        View::Agreement => match arguments.agreement.clone() {
            Some(agreement_id) => return one_agreement(asked, agreement_id).await,
            None => list!(
                asked,
                AgreementRow,
                list_agreement_statements,
                ListAgreementStatementsRequest
            ),
        },
        View::Timeline => list!(
            asked, TimelineRow, list_agreement_timeline, ListAgreementTimelineRequest,
            agreement_id: arguments.agreement.clone().unwrap_or_default(),
            axis: TimeAxis::from(arguments.axis).into()
        ),
        View::Pledges => {
            list!(
                asked,
                PledgeRow,
                list_pledge_conversion,
                ListPledgeConversionRequest
            )
        }
        View::ByYear => list!(
            asked, ByYearRow, list_commitment_by_year, ListCommitmentByYearRequest,
            group_by: arguments.group_by.clone()
        ),
        View::Nexus => list!(
            asked, NexusRow, list_nexus_pillar_matrix, ListNexusPillarMatrixRequest,
            group_by: arguments.group_by.clone()
        ),
        View::MultiYear => list!(asked, MultiYearRow, list_multi_year, ListMultiYearRequest),
        View::Registers => list!(asked, RegisterRow, list_registers, ListRegistersRequest),
        View::Movements => list!(asked, MovementRow, list_movements, ListMovementsRequest),
        View::Maturity => list!(asked, MaturityRow, list_maturity, ListMaturityRequest),
        View::Exceptions => exceptions(&asked, arguments).await?,
        View::Overrides => overrides(&asked, arguments).await?,
        View::CashForecast => cash_forecast(&asked, arguments).await?,
        View::Scheme => scheme(&asked, arguments).await?,
        View::Coverage => coverage(&asked, arguments).await?,
        View::Calendars => calendars(&asked, arguments).await?,
        View::Published(of) => published::pages(&asked, of, arguments).await?,
        View::Reallocations => list!(
            asked,
            ReallocationRow,
            list_reallocation_trail,
            ListReallocationTrailRequest
        ),
    };
    pages.listing(arguments.view)
}

async fn exceptions<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    Ok(list!(
        asked, ExceptionRow, list_exceptions, ListExceptionsRequest,
        standing_only: arguments.standing,
        open_only: arguments.open_only,
        rule: arguments.rule.clone()
    ))
}

async fn overrides<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    Ok(list!(
        asked, OverrideRow, list_overrides, ListOverridesRequest,
        open_only: arguments.open_only,
        rule: arguments.rule.clone()
    ))
}

async fn cash_forecast<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    Ok(list!(
        asked, CashForecastRow, list_cash_forecast, ListCashForecastRequest,
        overdue_only: arguments.overdue,
        due_from_on: arguments.due_from.map(api_date),
        due_to_on: arguments.due_to.map(api_date)
    ))
}

async fn scheme<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    let (name, version) = arguments
        .scheme
        .split_once('@')
        .unwrap_or((&arguments.scheme, ""));
    Ok(list!(
        asked, SchemeRow, list_scheme_funding, ListSchemeFundingRequest,
        scheme: name.to_owned(),
        scheme_version: version.to_owned(),
        group_by: arguments.group_by.clone()
    ))
}

async fn coverage<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    Ok(list!(
        asked, CoverageRow, list_coverage, ListCoverageRequest,
        plan_id: arguments.plan.clone()
    ))
}

async fn calendars<'s>(asked: &Asked<'s>, arguments: &Arguments) -> Result<Pages<'s>, Failure> {
    Ok(list!(
        asked, FiscalPeriodRow, list_fiscal_periods, ListFiscalPeriodsRequest,
        calendar_id: arguments.calendar.clone()
    ))
}

async fn one_agreement(asked: Asked<'_>, agreement_id: String) -> Result<Listing, Failure> {
    let request = GetAgreementStatementRequest {
        ledger_id: asked.ledger_id,
        agreement_id,
        options: Some(asked.options),
    };
    let connection = &asked.session.connection;
    let answer = asked
        .session
        .read("ask for the agreement", || {
            let (mut client, request) = (connection.query(), request.clone());
            async move { client.get_agreement_statement(request).await }
        })
        .await?;
    let missing = || Failure::new(Exit::Other, "the answer holds no agreement");
    let row = answer.row.ok_or_else(missing)?;
    let mut pages = Pages::new(asked.session, "AgreementRow", usize::MAX)?;
    pages.read_info = answer.read_info;
    pages.rows = vec![pages.row.object(&row)?];
    Ok(Listing {
        one: true,
        ..pages.listing(ViewName::Agreement)?
    })
}

/// Finds agreements; `wanted` says by what.
///
/// # Errors
/// As the service answers.
pub(crate) async fn find(
    session: &Session,
    ledger_id: &str,
    wanted: Wanted,
    (options, limit): (ReadOptions, usize),
) -> Result<Listing, Failure> {
    let asked = Asked::new(session, ledger_id, options, limit);
    let asked = Asked {
        page: Page {
            filter: wanted.filter,
            ..asked.page
        },
        ..asked
    };
    let pages = list!(
        asked, AgreementRow, find_agreements, FindAgreementsRequest,
        text: wanted.text.clone(),
        title: wanted.title.clone(),
        party: wanted.party.clone(),
        external_reference: wanted.reference.clone(),
        country: wanted.country.clone(),
        status: wanted.status.clone()
    );
    pages.listing(ViewName::Agreement)
}

/// By what agreements are found; empty: any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Words, each part of an id, reference, title or party.
    pub(crate) text: String,
    /// Part of the title.
    pub(crate) title: String,
    /// Part of a party's id or name.
    pub(crate) party: String,
    /// Part of an external reference.
    pub(crate) reference: String,
    /// Code of a country or region.
    pub(crate) country: String,
    /// Published status.
    pub(crate) status: String,
    /// Conditions as in reports.
    pub(crate) filter: String,
}

impl<'s> Asked<'s> {
    fn new(session: &'s Session, ledger_id: &str, options: ReadOptions, limit: usize) -> Self {
        let page = Page {
            page_size: PAGE_ROWS,
            ..Page::default()
        };
        Self {
            session,
            ledger_id: ledger_id.to_owned(),
            options,
            page,
            limit,
        }
    }
}
