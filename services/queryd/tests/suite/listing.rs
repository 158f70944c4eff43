use perennial_wire::pb::google::r#type::Money;
use perennial_wire::pb::query::query_service_server::QueryService as _;
use perennial_wire::pb::query::{
    AgreementRow, FindAgreementsRequest, GetAgreementStatementRequest,
    ListAgreementStatementsRequest, ListAgreementStatementsResponse, ListAgreementTimelineRequest,
    ListExceptionsRequest, ListMultiYearRequest, ListNexusPillarMatrixRequest,
    ListRegistersRequest, Page, ReadOptions, TimeAxis, read_options,
};
use tonic::{Request, Status};

use crate::{Data, LEDGER, Reader, grown, reason};

fn page(size: i32, token: &str) -> Page {
    Page {
        page_size: size,
        page_token: token.to_owned(),
        ..Page::default()
    }
}

async fn statements(
    reader: &Reader,
    page: impl Into<Option<Page>>,
) -> Result<ListAgreementStatementsResponse, Status> {
    let request = ListAgreementStatementsRequest {
        ledger_id: LEDGER.to_owned(),
        options: None,
        page: page.into(),
    };
    Ok(reader
        .handlers
        .list_agreement_statements(Request::new(request))
        .await?
        .into_inner())
}

fn ids(rows: &[AgreementRow]) -> Vec<String> {
    rows.iter().map(|row| row.agreement_id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_listing_are_one_snapshot_while_the_ledger_grows() {
    let (data, mut log) = (Data::new(), grown(1 + 6 * 25));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let whole = statements(&reader, page(1_000, "")).await.unwrap();
    assert_eq!((whole.rows.len(), whole.next_page_token.as_str()), (25, ""));

    let mut rows = Vec::new();
    let mut token = String::new();
    loop {
        let answer = statements(&reader, page(10, &token)).await.unwrap();
        assert_eq!(answer.read_info.as_ref().unwrap().position, 150);
        rows.extend(answer.rows);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        let more = log.records() + 60;
        log.grow_to(more);
        reader.caught_up(&log).await;
    }
    assert_eq!(rows, whole.rows);
    assert_eq!(
        statements(&reader, page(1_000, ""))
            .await
            .unwrap()
            .rows
            .len(),
        45
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_page_has_a_default_and_a_limit() {
    let (data, log) = (Data::new(), grown(1 + 6 * 1_001));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    assert_eq!(statements(&reader, None).await.unwrap().rows.len(), 100);
    assert_eq!(
        statements(&reader, page(1_000, ""))
            .await
            .unwrap()
            .rows
            .len(),
        1_000
    );
    let coerced = statements(&reader, page(1_001, "")).await.unwrap();
    assert_eq!(coerced.rows.len(), 1_000);
    let last = statements(&reader, page(5, &coerced.next_page_token))
        .await
        .unwrap();
    assert_eq!((last.rows.len(), last.next_page_token.as_str()), (1, ""));
    let negative = statements(&reader, page(-1, "")).await.unwrap_err();
    assert_eq!(reason(&negative), "INVALID_FIELD");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_of_another_question_is_refused() {
    let (data, log) = (Data::new(), grown(100));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let token = statements(&reader, page(2, ""))
        .await
        .unwrap()
        .next_page_token;
    let request = ListAgreementStatementsRequest {
        ledger_id: LEDGER.to_owned(),
        options: None,
        page: Some(Page {
            filter: "direction = outgoing".to_owned(),
            page_size: 2,
            page_token: token.clone(),
        }),
    };
    let refused = reader
        .handlers
        .list_agreement_statements(Request::new(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "INVALID_FIELD");
    assert_eq!(
        statements(&reader, page(3, &token))
            .await
            .unwrap()
            .rows
            .len(),
        3,
        "another page size is no matter"
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_found_by_id_by_reference_and_by_words() {
    let (data, log) = (Data::new(), grown(1 + 6 * 3));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    for name in ["agreement-1", "XM-TEST-1"] {
        let request = GetAgreementStatementRequest {
            ledger_id: LEDGER.to_owned(),
            agreement_id: name.to_owned(),
            options: None,
        };
        let answer = reader
            .handlers
            .get_agreement_statement(Request::new(request))
            .await
            .unwrap()
            .into_inner();
        let row = answer.row.unwrap();
        assert_eq!(row.agreement_id, "agreement-1");
        // Signed for 1,001, raised by 100; paid 1,001 and 500, and the 500 were reversed.
        let euros = |units| {
            Some(Money {
                currency_code: "EUR".to_owned(),
                units,
                nanos: 0,
            })
        };
        assert_eq!(
            (row.committed, row.disbursed, row.undisbursed),
            (euros(1_101), euros(1_001), euros(100))
        );
        assert_eq!(row.revision, 6);
    }
    let found = |text: &str| {
        let request = FindAgreementsRequest {
            ledger_id: LEDGER.to_owned(),
            text: text.to_owned(),
            ..Default::default()
        };
        reader.handlers.find_agreements(Request::new(request))
    };
    assert_eq!(
        ids(&found("NUMBER 2").await.unwrap().into_inner().rows),
        ["agreement-2"]
    );
    assert_eq!(found("xm-donor").await.unwrap().into_inner().rows.len(), 3);
    assert_eq!(found("nobody").await.unwrap().into_inner().rows.len(), 0);
    assert_eq!(
        reason(&found(&"x".repeat(201)).await.unwrap_err()),
        "INVALID_FIELD"
    );
    assert!(found(&"x".repeat(200)).await.is_ok());
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_has_two_orders() {
    let (data, log) = (Data::new(), grown(7));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut kinds = Vec::new();
    for axis in [
        TimeAxis::Recorded,
        TimeAxis::Effective,
        TimeAxis::Unspecified,
    ] {
        let request = ListAgreementTimelineRequest {
            ledger_id: LEDGER.to_owned(),
            agreement_id: "agreement-0".to_owned(),
            axis: axis.into(),
            ..Default::default()
        };
        let rows = reader
            .handlers
            .list_agreement_timeline(Request::new(request))
            .await
            .unwrap()
            .into_inner()
            .rows;
        kinds.push(rows.into_iter().map(|row| row.event_id).collect::<Vec<_>>());
    }
    assert_eq!(kinds[0], ["1-0", "1-1", "2-0", "3-0", "4-0", "5-0"]);
    assert_eq!(kinds[1].len(), 6);
    assert_eq!(kinds[1], kinds[2], "effective is the default");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_are_answered_as_known_then() {
    let (data, log) = (Data::new(), grown(1 + 6 * 4));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let at = |position| {
        Some(ReadOptions {
            known: Some(read_options::Known::AtPosition(position)),
            ..ReadOptions::default()
        })
    };
    let registers = |options| {
        let request = ListRegistersRequest {
            ledger_id: LEDGER.to_owned(),
            options,
            page: None,
        };
        reader.handlers.list_registers(Request::new(request))
    };
    let entries = |rows: Vec<perennial_wire::pb::query::RegisterRow>| -> Vec<(String, u64)> {
        rows.into_iter()
            .map(|row| (row.iati_type, row.entries))
            .collect()
    };
    let head = registers(None).await.unwrap().into_inner();
    assert_eq!(head.read_info.as_ref().unwrap().position, 24);
    // Per agreement two commitments; two payments and the reversal of one.
    assert_eq!(
        entries(head.rows),
        [("2".to_owned(), 8), ("3".to_owned(), 12)]
    );
    let then = registers(at(3)).await.unwrap().into_inner();
    assert_eq!(then.read_info.as_ref().unwrap().head_position, 24);
    assert_eq!(
        entries(then.rows),
        [("2".to_owned(), 2), ("3".to_owned(), 1)]
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_over_agreements_are_grouped_as_asked() {
    let (data, log) = (Data::new(), grown(1 + 6 * 4));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let request = ListMultiYearRequest {
        ledger_id: LEDGER.to_owned(),
        options: None,
        page: None,
    };
    let row = reader
        .handlers
        .list_multi_year(Request::new(request))
        .await
        .unwrap()
        .into_inner()
        .rows
        .remove(0);
    assert_eq!(
        (
            row.agreements,
            row.multi_year_agreements,
            row.unknown_agreements
        ),
        (4, 4, 0)
    );

    let request = ListNexusPillarMatrixRequest {
        ledger_id: LEDGER.to_owned(),
        options: None,
        page: None,
        group_by: vec!["pillar".to_owned(), "currency".to_owned()],
    };
    let rows = reader
        .handlers
        .list_nexus_pillar_matrix(Request::new(request))
        .await
        .unwrap()
        .into_inner()
        .rows;
    assert_eq!(rows.len(), 1, "nothing is classified");
    assert_eq!(
        rows[0].committed.as_ref().unwrap().units,
        1_000 + 1_001 + 1_002 + 1_003 + 4 * 100
    );
    assert_eq!(rows[0].year, None);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exceptions_can_be_only_those_that_stand() {
    let (data, log) = (Data::new(), grown(1 + 6 * 4));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let exceptions = |standing_only| {
        let request = ListExceptionsRequest {
            ledger_id: LEDGER.to_owned(),
            options: None,
            page: None,
            standing_only,
            ..ListExceptionsRequest::default()
        };
        reader.handlers.list_exceptions(Request::new(request))
    };
    assert_eq!(exceptions(false).await.unwrap().into_inner().rows.len(), 4);
    assert_eq!(
        exceptions(true).await.unwrap().into_inner().rows.len(),
        0,
        "every overpayment was reversed"
    );
    reader.stop().await;
}
