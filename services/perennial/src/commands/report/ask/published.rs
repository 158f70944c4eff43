//! Asks for what a ledger has published and registered.

use perennial_views::Published;
use perennial_wire::pb::query::{
    ListCodelistsRequest, ListCodesRequest, ListOrganisationsRequest, ListPillarMappingsRequest,
    ListPillarRulesRequest, ListRateTablesRequest, ListRatesRequest, ListSchemeElementsRequest,
    ListSchemesRequest, Page,
};

use super::{Arguments, Asked, Pages};
use crate::failure::Failure;

/// Asks for every page of a listing. `--list` narrows listings of lists by their filter, and is what listings of what is
/// in a list are asked with.
///
/// # Errors
/// As the service answers.
pub(super) async fn pages<'s>(
    asked: &Asked<'s>,
    of: Published,
    arguments: &Arguments,
) -> Result<Pages<'s>, Failure> {
    let list = &arguments.list;
    let asked = &asked.narrowed(of, list);
    Ok(match of {
        Published::PillarMappings => list!(
            asked,
            PillarMappingRow,
            list_pillar_mappings,
            ListPillarMappingsRequest
        ),
        Published::PillarRules => list!(
            asked, PillarRuleRow, list_pillar_rules, ListPillarRulesRequest,
            mapping: list.clone()
        ),
        Published::Schemes => list!(asked, SchemeVersionRow, list_schemes, ListSchemesRequest),
        Published::SchemeElements => list!(
            asked, SchemeElementRow, list_scheme_elements, ListSchemeElementsRequest,
            scheme: list.clone()
        ),
        Published::Codelists => list!(asked, CodelistRow, list_codelists, ListCodelistsRequest),
        Published::Codes => list!(
            asked, CodeRow, list_codes, ListCodesRequest,
            codelist: list.clone()
        ),
        Published::RateTables => {
            list!(asked, RateTableRow, list_rate_tables, ListRateTablesRequest)
        }
        Published::Rates => list!(
            asked, RateRow, list_rates, ListRatesRequest,
            table: list.clone()
        ),
        Published::Organisations => list!(
            asked, OrganisationRow, list_organisations, ListOrganisationsRequest,
            organisation_id: arguments.organisation.clone()
        ),
    })
}

impl Asked<'_> {
    /// With the condition that rows are of versions of this list; empty: of any.
    fn narrowed(&self, of: Published, list: &str) -> Self {
        let condition = match of {
            Published::PillarMappings
            | Published::Schemes
            | Published::Codelists
            | Published::RateTables
                if !list.is_empty() =>
            {
                format!(
                    "list = \"{}\"",
                    list.replace('\\', "\\\\").replace('"', "\\\"")
                )
            }
            Published::PillarMappings
            | Published::PillarRules
            | Published::Schemes
            | Published::SchemeElements
            | Published::Codelists
            | Published::Codes
            | Published::RateTables
            | Published::Rates
            | Published::Organisations => String::new(),
        };
        let conditions = [self.page.filter.as_str(), &condition];
        let conditions: Vec<&str> = conditions.into_iter().filter(|it| !it.is_empty()).collect();
        Self {
            session: self.session,
            ledger_id: self.ledger_id.clone(),
            options: self.options.clone(),
            page: Page {
                filter: conditions.join(" AND "),
                ..self.page.clone()
            },
            limit: self.limit,
        }
    }
}
