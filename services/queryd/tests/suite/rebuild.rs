//! Views rebuilt from zero beside the live ones have the digest of the incremental ones (INV-6).

use perennial_domain::log::Position;
use perennial_queryd::waiting::Need;
use perennial_wire::pb::admin::projection_admin_service_server::ProjectionAdminService as _;
use perennial_wire::pb::admin::{ListProjectionsRequest, Projection, RebuildProjectionRequest};
use perennial_wire::pb::query::GetDigestRequest;
use perennial_wire::pb::query::query_service_server::QueryService as _;
use tonic::Request;

use crate::{Data, LEDGER, PATIENCE, Reader, folded, grown};

async fn status(reader: &Reader) -> Projection {
    let request = ListProjectionsRequest {
        ledger_id: LEDGER.to_owned(),
    };
    let mut answer = reader
        .handlers
        .list_projections(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.projections.len(), 1);
    answer.projections.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_generation_takes_over_while_the_live_one_is_read() {
    let (data, mut log) = (Data::new(), grown(400));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    assert_eq!(status(&reader).await.generation, 1);

    let request = RebuildProjectionRequest {
        ledger_id: LEDGER.to_owned(),
    };
    let answer = reader
        .handlers
        .rebuild_projection(Request::new(request))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().generation, 2);
    let mut reached = reader.projection().reached();
    let mut seen = Position(399);
    while reached.borrow_and_update().generation.unwrap().0 != 2 {
        let position = reached.borrow().position.unwrap();
        assert!(seen <= position, "readers never see less than before");
        seen = position;
        reached.changed().await.unwrap();
    }
    log.grow_to(500);
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    let status = status(&reader).await;
    assert_eq!((status.generation, status.progress_permille), (2, 1_000));
    reader.stop().await;

    let left: Vec<_> = std::fs::read_dir(data.cache())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "CURRENT and one generation: {left:?}");
    assert!(data.live().to_string_lossy().ends_with("-2"));
    let reader = Reader::start(&data, &log);
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_ledger_has_no_lag_and_no_error() {
    let (data, log) = (Data::new(), grown(50));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let expected = Projection {
        ledger_id: LEDGER.to_owned(),
        schema: 3,
        generation: 1,
        position: Some(49),
        progress_permille: 1_000,
        lag_records: 0,
        last_error: String::new(),
    };
    assert_eq!(status(&reader).await, expected);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_history_is_the_last_error() {
    let (data, log) = (Data::new(), grown(50));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    reader.stop().await;
    let reader = Reader::start(&data, &grown(40));
    reader.refused().await;
    assert!(
        status(&reader)
            .await
            .last_error
            .contains("history was lost")
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_is_known_at_every_position_and_at_the_head_of_the_stored_rows_too() {
    let (data, log) = (Data::new(), grown(60));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let ask = |at_position| {
        let request = GetDigestRequest {
            ledger_id: LEDGER.to_owned(),
            at_position,
        };
        reader.handlers.get_digest(Request::new(request))
    };
    let head = ask(None).await.unwrap().into_inner();
    assert_eq!(head.position, 59);
    assert_eq!(head.digest, folded(&log).0);
    assert_eq!(head.stored_digest, head.digest);
    let then = ask(Some(29)).await.unwrap().into_inner();
    assert_eq!(
        (then.position, then.digest.as_slice()),
        (29, folded(&grown(30)).0.as_slice())
    );
    assert!(then.stored_digest.is_empty());
    let beyond = ask(Some(60)).await.unwrap_err();
    assert_eq!(
        (beyond.code(), crate::reason(&beyond).as_str()),
        (tonic::Code::OutOfRange, "POSITION_NOT_YET")
    );
    let waited = reader
        .projection()
        .ready(Need::Position(Position(60)), PATIENCE)
        .await;
    assert!(
        waited.is_ok(),
        "a position that the log has not is not waited for"
    );
    reader.stop().await;
}
