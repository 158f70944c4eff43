use perennial_domain::agreement::RateSource;
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::log::{RecordedAt, Revision};
use perennial_domain::money::Currency;
use perennial_domain::reference::ReferenceEvent;
use perennial_domain::{Date, Decimal};
use perennial_testkit::sample_log::SampleLog;
use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::query::query_service_server::QueryService as _;
use perennial_wire::pb::query::{
    ListPillarMappingsRequest, ListRateTablesRequest, ListRatesRequest, ListRatesResponse,
    ListSchemeElementsRequest, Page, RateRow, ReadOptions, read_options,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{Data, LEDGER, Reader, grown, reason};

/// A table of the ECB: the dollar on the first days of January 2024, dearer by a cent each day.
fn table(version: &str, days: i8, revision: u64) -> Event {
    let currency = |code: &str| Currency::parse(code).unwrap();
    let rate = |day: i8| TableRate {
        base: currency("EUR"),
        quote: currency("USD"),
        value: Decimal::from(day),
        rate_on: Date::constant(2024, 1, day),
    };
    Event {
        stream: Stream::Reference(perennial_domain::reference::ReferenceKind::Rates),
        revision: Revision(revision),
        effective_on: Date::constant(2024, 2, 1),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact: Fact::Reference(ReferenceEvent::RateTablePublished(RateTable {
            source: RateSource::Ecb,
            table_version: version.into(),
            rates: (1..=days).map(rate).collect(),
            content_hash: [1; 32],
        })),
    }
}

/// Two tables at positions 1 and 2; the second states the first two days anew.
fn with_tables() -> SampleLog {
    let mut log = grown(1);
    let at = RecordedAt(1_800_000_000_000_000);
    log.append_record(at, vec![table("2024-01", 5, 1)]);
    log.append_record(at, vec![table("2024-01-restated", 2, 2)]);
    log
}

async fn rates(
    reader: &Reader,
    table: &str,
    (at_position, page): (Option<u64>, Page),
) -> Result<ListRatesResponse, Status> {
    let request = ListRatesRequest {
        ledger_id: LEDGER.to_owned(),
        options: Some(ReadOptions {
            known: at_position.map(read_options::Known::AtPosition),
            ..ReadOptions::default()
        }),
        page: Some(page),
        table: table.to_owned(),
    };
    let answer = reader.handlers.list_rates(Request::new(request)).await?;
    Ok(answer.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rates_of_a_table_come_in_pages_at_one_position() {
    let (data, log) = (Data::new(), with_tables());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let mut rows: Vec<RateRow> = Vec::new();
    let mut sizes = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = Page {
            page_size: 2,
            page_token,
            ..Page::default()
        };
        let answer = rates(&reader, "ecb@2024-01", (None, page)).await.unwrap();
        let info = answer.read_info.unwrap();
        assert_eq!((info.view.as_str(), info.position), ("rates", 2));
        assert_eq!(info.head_position, 2);
        sizes.push(answer.rows.len());
        rows.extend(answer.rows);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let row = |day: i32, restated_by: Option<&str>| RateRow {
        table: "ecb@2024-01".to_owned(),
        base: "EUR".to_owned(),
        quote: "USD".to_owned(),
        value: day.to_string(),
        rate_on: Some(google::Date {
            year: 2024,
            month: 1,
            day,
        }),
        restated_by: restated_by.map(str::to_owned),
    };
    let anew = Some("ecb@2024-01-restated");
    assert_eq!(
        rows,
        [
            row(1, anew),
            row(2, anew),
            row(3, None),
            row(4, None),
            row(5, None)
        ]
    );
    // As known before the second table, nothing was restated.
    let before = rates(&reader, "ecb@2024-01", (Some(1), Page::default())).await;
    assert_eq!(before.unwrap().rows[0], row(1, None));
    // A token of one table opens no page of another.
    let first = Page {
        page_size: 1,
        ..Page::default()
    };
    let token = rates(&reader, "ecb@2024-01", (None, first)).await.unwrap();
    let next = Page {
        page_size: 1,
        page_token: token.next_page_token,
        ..Page::default()
    };
    let other = rates(&reader, "ecb@2024-01-restated", (None, next)).await;
    assert_eq!(reason(&other.unwrap_err()), "INVALID_FIELD");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_not_published_yet_is_unknown() {
    let (data, log) = (Data::new(), with_tables());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let restated = "ecb@2024-01-restated";
    assert!(
        rates(&reader, restated, (Some(2), Page::default()))
            .await
            .is_ok()
    );
    let status = rates(&reader, restated, (Some(1), Page::default()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "UNKNOWN_LIST")
    );
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["list"], restated);
    let elements = ListSchemeElementsRequest {
        ledger_id: LEDGER.to_owned(),
        ..ListSchemeElementsRequest::default()
    };
    let answer = reader.handlers.list_scheme_elements(Request::new(elements));
    let status = answer.await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_FIELD")
    );
    assert!(status.message().contains("list"), "{}", status.message());
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_of_lists_are_filtered_by_name_and_version() {
    let (data, log) = (Data::new(), with_tables());
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let tables = async |filter: &str| -> Vec<(String, u64, u64)> {
        let request = ListRateTablesRequest {
            ledger_id: LEDGER.to_owned(),
            options: None,
            page: Some(Page {
                filter: filter.to_owned(),
                ..Page::default()
            }),
        };
        let answer = reader.handlers.list_rate_tables(Request::new(request));
        let rows = answer.await.unwrap().into_inner().rows.into_iter();
        rows.map(|row| (row.table, row.rates, row.restated))
            .collect()
    };
    let first = ("ecb@2024-01".to_owned(), 5, 2);
    let second = ("ecb@2024-01-restated".to_owned(), 2, 0);
    assert_eq!(tables("").await, [first.clone(), second.clone()]);
    assert_eq!(tables("list = ecb").await, [first.clone(), second]);
    assert_eq!(tables("list = ecb@2024-01").await, [first]);
    assert_eq!(tables("list = imf").await, []);
    // What is compiled in is there without being published.
    let request = ListPillarMappingsRequest {
        ledger_id: LEDGER.to_owned(),
        ..ListPillarMappingsRequest::default()
    };
    let answer = reader.handlers.list_pillar_mappings(Request::new(request));
    let rows = answer.await.unwrap().into_inner().rows;
    let names: Vec<&str> = rows.iter().map(|row| row.mapping.as_str()).collect();
    assert_eq!(names, ["dac-core", "dac-wide"]);
    assert_eq!(
        (rows[0].version.as_ref(), rows[0].event_id.as_ref()),
        (None, None)
    );
    reader.stop().await;
}
