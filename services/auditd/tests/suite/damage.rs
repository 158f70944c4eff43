use perennial_wire::pb::audit::audit_service_server::AuditService as _;
use perennial_wire::pb::audit::{GetEventRequest, GetRecordRequest};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{Audit, LEDGER, damaged, grown};

fn metadata(status: &Status, key: &str) -> Option<String> {
    let details = status.get_error_details();
    details.error_info()?.metadata.get(key).cloned()
}

async fn record(audit: &Audit, position: u64) -> Result<usize, Status> {
    let request = GetRecordRequest {
        ledger_id: LEDGER.to_owned(),
        position,
    };
    let answer = audit.handlers.get_record(Request::new(request)).await?;
    Ok(answer.into_inner().record_hash.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_refused_with_its_position() {
    // The first entry is the claim, so the entry at index 8 holds position 7.
    let audit = Audit::of(damaged(10, 8).log());
    audit.until(|checked| checked.problem.is_some()).await;
    let refused = record(&audit, 7).await.unwrap_err();
    assert_eq!(refused.code(), Code::DataLoss);
    assert_eq!(
        metadata(&refused, "first_bad_position").as_deref(),
        Some("7")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_beyond_the_head_is_not_yet_and_the_head_is() {
    let audit = Audit::of(grown(10).log());
    assert_eq!(record(&audit, 9).await.unwrap(), 32);
    let beyond = record(&audit, 10).await.unwrap_err();
    assert_eq!(beyond.code(), Code::OutOfRange);
    assert_eq!(metadata(&beyond, "head").as_deref(), Some("9"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_there_is_named() {
    let audit = Audit::of(grown(10).log());
    let request = GetEventRequest {
        ledger_id: LEDGER.to_owned(),
        event_id: "3-99".to_owned(),
    };
    let unknown = audit.handlers.get_event(Request::new(request)).await;
    let unknown = unknown.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(metadata(&unknown, "event_id").as_deref(), Some("3-99"));
}
