//! The gRPC services of queryd: one file per RPC.

mod ask;
mod deadline;
pub(crate) mod error;
mod find_agreements;
mod get_agreement_statement;
mod get_digest;
mod list_agreement_statements;
mod list_agreement_timeline;
mod list_cash_forecast;
mod list_codelists;
mod list_codes;
mod list_commitment_by_year;
mod list_coverage;
mod list_exceptions;
mod list_fiscal_periods;
mod list_maturity;
mod list_movements;
mod list_multi_year;
mod list_nexus_pillar_matrix;
mod list_organisations;
mod list_overrides;
mod list_pillar_mappings;
mod list_pillar_rules;
mod list_pledge_conversion;
mod list_projections;
mod list_rate_tables;
mod list_rates;
mod list_reallocation_trail;
mod list_registers;
mod list_scheme_elements;
mod list_scheme_funding;
mod list_schemes;
mod list_views;
mod pages;
mod rebuild_projection;
mod status;
mod subscribe;
mod token;

use std::sync::Arc;

use perennial_app::ports::clock::Clock;
use perennial_domain::Date;
use perennial_domain::ids::LedgerId;
use perennial_wire::pb;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::projection::Projection;
use crate::projections::Projections;
use crate::system::SystemClock;
use pages::Pages;
pub(crate) use token::{Resume, Scope};

/// The most subscriptions of one process.
const SUBSCRIPTIONS_MAX: usize = 1_000;

/// What every handler works with.
#[derive(Clone)]
pub struct Handlers {
    projections: Arc<Projections>,
    clock: Arc<dyn Clock>,
    pages: Arc<Pages>,
    subscriptions: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Handlers {
    /// Answers from `projections` until `stop`, which ends open streams.
    pub fn new(projections: Arc<Projections>, stop: CancellationToken) -> Self {
        Self::with_clock(projections, stop, Arc::new(SystemClock))
    }

    /// As [`Handlers::new`], with a clock that says what "today" is.
    pub fn with_clock(
        projections: Arc<Projections>,
        stop: CancellationToken,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let subscriptions = Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX));
        Self {
            projections,
            clock,
            pages: Arc::default(),
            subscriptions,
            stop,
        }
    }

    /// Adds the services of queryd to a port.
    pub fn add_to(self, routes: Routes) -> Routes {
        let admin = pb::admin::projection_admin_service_server::ProjectionAdminServiceServer::new(
            self.clone(),
        );
        let query = pb::query::query_service_server::QueryServiceServer::new(self);
        routes.add_service(query).add_service(admin)
    }

    fn projections(&self) -> &Projections {
        &self.projections
    }

    fn projection(&self, ledger_id: &str) -> Result<Arc<Projection>, Status> {
        let parsed = LedgerId::parse(ledger_id)
            .map_err(|malformed| error::invalid_field("ledger_id", malformed))?;
        self.projections.find(&parsed).ok_or_else(|| {
            let reach = self.projections.reach();
            error::missing_ledger(ledger_id, &reach, self.stop.is_cancelled())
        })
    }

    fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The UTC date now.
    fn today(&self) -> Date {
        self.clock.now().date()
    }
}

#[tonic::async_trait]
impl pb::query::query_service_server::QueryService for Handlers {
    type SubscribeStream = subscribe::Messages;

    async fn get_agreement_statement(
        &self,
        request: Request<pb::query::GetAgreementStatementRequest>,
    ) -> Result<Response<pb::query::GetAgreementStatementResponse>, Status> {
        get_agreement_statement::get_agreement_statement(self, &request).await
    }

    async fn find_agreements(
        &self,
        request: Request<pb::query::FindAgreementsRequest>,
    ) -> Result<Response<pb::query::FindAgreementsResponse>, Status> {
        find_agreements::find_agreements(self, &request).await
    }

    async fn list_agreement_statements(
        &self,
        request: Request<pb::query::ListAgreementStatementsRequest>,
    ) -> Result<Response<pb::query::ListAgreementStatementsResponse>, Status> {
        list_agreement_statements::list_agreement_statements(self, &request).await
    }

    async fn list_agreement_timeline(
        &self,
        request: Request<pb::query::ListAgreementTimelineRequest>,
    ) -> Result<Response<pb::query::ListAgreementTimelineResponse>, Status> {
        list_agreement_timeline::list_agreement_timeline(self, &request).await
    }

    async fn list_pledge_conversion(
        &self,
        request: Request<pb::query::ListPledgeConversionRequest>,
    ) -> Result<Response<pb::query::ListPledgeConversionResponse>, Status> {
        list_pledge_conversion::list_pledge_conversion(self, &request).await
    }

    async fn list_commitment_by_year(
        &self,
        request: Request<pb::query::ListCommitmentByYearRequest>,
    ) -> Result<Response<pb::query::ListCommitmentByYearResponse>, Status> {
        list_commitment_by_year::list_commitment_by_year(self, &request).await
    }

    async fn list_nexus_pillar_matrix(
        &self,
        request: Request<pb::query::ListNexusPillarMatrixRequest>,
    ) -> Result<Response<pb::query::ListNexusPillarMatrixResponse>, Status> {
        list_nexus_pillar_matrix::list_nexus_pillar_matrix(self, &request).await
    }

    async fn list_multi_year(
        &self,
        request: Request<pb::query::ListMultiYearRequest>,
    ) -> Result<Response<pb::query::ListMultiYearResponse>, Status> {
        list_multi_year::list_multi_year(self, &request).await
    }

    async fn list_registers(
        &self,
        request: Request<pb::query::ListRegistersRequest>,
    ) -> Result<Response<pb::query::ListRegistersResponse>, Status> {
        list_registers::list_registers(self, &request).await
    }

    async fn list_movements(
        &self,
        request: Request<pb::query::ListMovementsRequest>,
    ) -> Result<Response<pb::query::ListMovementsResponse>, Status> {
        list_movements::list_movements(self, &request).await
    }

    async fn list_maturity(
        &self,
        request: Request<pb::query::ListMaturityRequest>,
    ) -> Result<Response<pb::query::ListMaturityResponse>, Status> {
        list_maturity::list_maturity(self, &request).await
    }

    async fn list_overrides(
        &self,
        request: Request<pb::query::ListOverridesRequest>,
    ) -> Result<Response<pb::query::ListOverridesResponse>, Status> {
        list_overrides::list_overrides(self, &request).await
    }

    async fn list_exceptions(
        &self,
        request: Request<pb::query::ListExceptionsRequest>,
    ) -> Result<Response<pb::query::ListExceptionsResponse>, Status> {
        list_exceptions::list_exceptions(self, &request).await
    }

    async fn list_cash_forecast(
        &self,
        request: Request<pb::query::ListCashForecastRequest>,
    ) -> Result<Response<pb::query::ListCashForecastResponse>, Status> {
        list_cash_forecast::list_cash_forecast(self, &request).await
    }

    async fn list_reallocation_trail(
        &self,
        request: Request<pb::query::ListReallocationTrailRequest>,
    ) -> Result<Response<pb::query::ListReallocationTrailResponse>, Status> {
        list_reallocation_trail::list_reallocation_trail(self, &request).await
    }

    async fn list_scheme_funding(
        &self,
        request: Request<pb::query::ListSchemeFundingRequest>,
    ) -> Result<Response<pb::query::ListSchemeFundingResponse>, Status> {
        list_scheme_funding::list_scheme_funding(self, &request).await
    }

    async fn list_coverage(
        &self,
        request: Request<pb::query::ListCoverageRequest>,
    ) -> Result<Response<pb::query::ListCoverageResponse>, Status> {
        list_coverage::list_coverage(self, &request).await
    }

    async fn list_fiscal_periods(
        &self,
        request: Request<pb::query::ListFiscalPeriodsRequest>,
    ) -> Result<Response<pb::query::ListFiscalPeriodsResponse>, Status> {
        list_fiscal_periods::list_fiscal_periods(self, &request).await
    }

    async fn list_pillar_mappings(
        &self,
        request: Request<pb::query::ListPillarMappingsRequest>,
    ) -> Result<Response<pb::query::ListPillarMappingsResponse>, Status> {
        list_pillar_mappings::list_pillar_mappings(self, &request).await
    }

    async fn list_pillar_rules(
        &self,
        request: Request<pb::query::ListPillarRulesRequest>,
    ) -> Result<Response<pb::query::ListPillarRulesResponse>, Status> {
        list_pillar_rules::list_pillar_rules(self, &request).await
    }

    async fn list_schemes(
        &self,
        request: Request<pb::query::ListSchemesRequest>,
    ) -> Result<Response<pb::query::ListSchemesResponse>, Status> {
        list_schemes::list_schemes(self, &request).await
    }

    async fn list_scheme_elements(
        &self,
        request: Request<pb::query::ListSchemeElementsRequest>,
    ) -> Result<Response<pb::query::ListSchemeElementsResponse>, Status> {
        list_scheme_elements::list_scheme_elements(self, &request).await
    }

    async fn list_codelists(
        &self,
        request: Request<pb::query::ListCodelistsRequest>,
    ) -> Result<Response<pb::query::ListCodelistsResponse>, Status> {
        list_codelists::list_codelists(self, &request).await
    }

    async fn list_codes(
        &self,
        request: Request<pb::query::ListCodesRequest>,
    ) -> Result<Response<pb::query::ListCodesResponse>, Status> {
        list_codes::list_codes(self, &request).await
    }

    async fn list_rate_tables(
        &self,
        request: Request<pb::query::ListRateTablesRequest>,
    ) -> Result<Response<pb::query::ListRateTablesResponse>, Status> {
        list_rate_tables::list_rate_tables(self, &request).await
    }

    async fn list_rates(
        &self,
        request: Request<pb::query::ListRatesRequest>,
    ) -> Result<Response<pb::query::ListRatesResponse>, Status> {
        list_rates::list_rates(self, &request).await
    }

    async fn list_organisations(
        &self,
        request: Request<pb::query::ListOrganisationsRequest>,
    ) -> Result<Response<pb::query::ListOrganisationsResponse>, Status> {
        list_organisations::list_organisations(self, &request).await
    }

    async fn get_digest(
        &self,
        request: Request<pb::query::GetDigestRequest>,
    ) -> Result<Response<pb::query::GetDigestResponse>, Status> {
        get_digest::get_digest(self, &request).await
    }

    async fn list_views(
        &self,
        request: Request<pb::query::ListViewsRequest>,
    ) -> Result<Response<pb::query::ListViewsResponse>, Status> {
        list_views::list_views(self, request.get_ref())
    }

    async fn subscribe(
        &self,
        request: Request<pb::query::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        subscribe::subscribe(self, request).await
    }
}

#[tonic::async_trait]
impl pb::admin::projection_admin_service_server::ProjectionAdminService for Handlers {
    async fn list_projections(
        &self,
        request: Request<pb::admin::ListProjectionsRequest>,
    ) -> Result<Response<pb::admin::ListProjectionsResponse>, Status> {
        list_projections::list_projections(self, request.get_ref())
    }

    async fn rebuild_projection(
        &self,
        request: Request<pb::admin::RebuildProjectionRequest>,
    ) -> Result<Response<pb::admin::RebuildProjectionResponse>, Status> {
        rebuild_projection::rebuild_projection(self, request.get_ref()).await
    }
}
