use perennial_views::View;
use perennial_views::rows::Row;
use perennial_wire::pb::query::{
    ListAgreementTimelineRequest, ListAgreementTimelineResponse, TimeAxis, TimelineRow, row,
};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Parts};
use super::{Handlers, error};

/// Answers with every event of one agreement, in effective or recorded order.
pub(super) async fn list_agreement_timeline(
    handlers: &Handlers,
    request: &Request<ListAgreementTimelineRequest>,
) -> Result<Response<ListAgreementTimelineResponse>, Status> {
    let asked = request.get_ref();
    let axis = TimeAxis::try_from(asked.axis).map_err(|_| {
        error::invalid_field("axis", format!("has the unknown value {}", asked.axis))
    })?;
    let parts = Parts {
        ledger_id: asked.ledger_id.clone(),
        options: asked.options.clone(),
        page: asked.page.clone(),
        agreement: Some(asked.agreement_id.clone()),
        beside: axis.as_str_name().to_owned(),
        ..Parts::default()
    };
    let ask = Ask::check(handlers, request, View::Timeline, parts)?;
    let listed = ask
        .page(handlers, move |rows| order(rows, axis), row_of)
        .await?;
    Ok(Response::new(ListAgreementTimelineResponse {
        read_info: Some(listed.read_info),
        rows: listed.rows,
        next_page_token: listed.next_page_token,
    }))
}

fn order(rows: &mut [Row], axis: TimeAxis) {
    rows.sort_by_key(|row| {
        let Row::Timeline(row) = row else { return 0 };
        match axis {
            TimeAxis::Unspecified | TimeAxis::Effective => row.effective_order,
            TimeAxis::Recorded => row.recorded_order,
        }
    });
}

fn row_of(row: row::Row) -> Option<TimelineRow> {
    if let row::Row::Timeline(row) = row {
        Some(row)
    } else {
        None
    }
}
