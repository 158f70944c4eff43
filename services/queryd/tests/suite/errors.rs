use std::time::Duration;

use perennial_app::ports::ledgers::Reach;
use perennial_domain::log::RecordedAt;
use perennial_testkit::history::words::{agreement, terms};
use perennial_wire::pb::query::query_service_server::QueryService as _;
use perennial_wire::pb::query::{
    GetAgreementStatementRequest, ListFiscalPeriodsRequest, ListRegistersRequest,
    ListRegistersResponse, ListSchemeFundingRequest, ListViewsRequest, Page, ReadOptions,
    read_options,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::{Data, LEDGER, Reader, grown, reason};

async fn registers(
    reader: &Reader,
    options: ReadOptions,
    timeout: Option<Duration>,
) -> Result<ListRegistersResponse, Status> {
    let request = ListRegistersRequest {
        ledger_id: LEDGER.to_owned(),
        options: Some(options),
        page: None,
    };
    let mut request = Request::new(request);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    Ok(reader.handlers.list_registers(request).await?.into_inner())
}

fn at_least(position: u64) -> ReadOptions {
    ReadOptions {
        min_position: Some(position),
        ..ReadOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_for_the_position_that_its_caller_wrote() {
    let (data, mut log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let answer = registers(&reader, at_least(30), None);
    let written = async { log.grow_to(31) };
    let (answer, ()) = tokio::join!(answer, written);
    assert!(30 <= answer.unwrap().read_info.unwrap().position);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_does_not_wait_beyond_its_deadline() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let status = registers(&reader, at_least(10), Some(Duration::from_millis(110)))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "PROJECTION_LAGGING")
    );
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(
        (metadata["required"].as_str(), metadata["current"].as_str()),
        ("10", "9")
    );
    assert!(details.retry_info().is_some());
    assert!(
        registers(&reader, at_least(9), Some(Duration::from_millis(110)))
            .await
            .is_ok()
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_beyond_the_head_is_not_yet() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let at = |position| ReadOptions {
        known: Some(read_options::Known::AtPosition(position)),
        ..ReadOptions::default()
    };
    assert!(registers(&reader, at(9), None).await.is_ok());
    let status = registers(&reader, at(10), None).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::OutOfRange, "POSITION_NOT_YET")
    );
    assert_eq!(
        status.get_error_details().error_info().unwrap().metadata["head"],
        "9"
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_before_the_first_record() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let long_ago = prost_types::Timestamp {
        seconds: 0,
        nanos: 0,
    };
    let options = ReadOptions {
        known: Some(read_options::Known::RecordedAsOf(long_ago)),
        ..ReadOptions::default()
    };
    assert_eq!(
        reason(&registers(&reader, options, None).await.unwrap_err()),
        "POSITION_NOT_YET"
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_names_several_agreements_lists_them() {
    let (data, mut log) = (Data::new(), grown(7));
    let shared = perennial_domain::party::ExternalReference {
        system: "iati".into(),
        reference: "XM-SHARED".into(),
    };
    let signed = |id: &str| perennial_domain::event::Event {
        stream: perennial_domain::event::Stream::Agreement(agreement(id)),
        revision: perennial_domain::log::Revision(1),
        effective_on: perennial_domain::Date::constant(2024, 1, 1),
        external_reference: Some(shared.clone()),
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact: perennial_domain::event::Fact::Agreement(
            perennial_domain::agreement::AgreementEvent::AgreementSigned(terms(
                perennial_testkit::history::words::eur(10),
            )),
        ),
    };
    let at = RecordedAt(1_800_000_000_000_000);
    log.append_record(at, vec![signed("second-one"), signed("first-one")]);
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let ask = |name: &str| {
        let agreement_id = name.to_owned();
        let request = GetAgreementStatementRequest {
            ledger_id: LEDGER.to_owned(),
            agreement_id,
            options: None,
        };
        reader
            .handlers
            .get_agreement_statement(Request::new(request))
    };
    let status = ask("XM-SHARED").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "AMBIGUOUS_REFERENCE")
    );
    let details = status.get_error_details();
    assert_eq!(
        details.error_info().unwrap().metadata["agreement_ids"],
        "first-one second-one"
    );
    assert!(ask("first-one").await.is_ok());
    let status = ask("XM-NOBODY").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "UNKNOWN_AGREEMENT")
    );
    assert_eq!(reason(&ask("").await.unwrap_err()), "INVALID_FIELD");
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_reach_the_logs_or_stops_does_not_say_that_there_is_no_such_ledger() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    let ask = || {
        reader.handlers.list_views(Request::new(ListViewsRequest {
            ledger_id: "no-such-ledger".to_owned(),
        }))
    };
    reader.logs.set_reach(Reach::Away);
    let away = ask().await.unwrap_err();
    assert_eq!(
        (away.code(), reason(&away).as_str()),
        (Code::Unavailable, "LOG_UNAVAILABLE")
    );
    reader.logs.set_reach(Reach::Reached);
    assert_eq!(reason(&ask().await.unwrap_err()), "UNKNOWN_LEDGER");
    reader.stop.cancel();
    assert_eq!(reason(&ask().await.unwrap_err()), "LOG_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_ledger_and_one_that_is_none() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    let ask = |ledger_id: &str| {
        reader.handlers.list_views(Request::new(ListViewsRequest {
            ledger_id: ledger_id.to_owned(),
        }))
    };
    assert_eq!(
        reason(&ask("no-such-ledger").await.unwrap_err()),
        "UNKNOWN_LEDGER"
    );
    assert_eq!(
        reason(&ask("No Ledger").await.unwrap_err()),
        "INVALID_FIELD"
    );
    let views = ask(LEDGER).await.unwrap().into_inner().views;
    assert_eq!(
        views
            .iter()
            .map(|view| view.name.as_str())
            .collect::<Vec<_>>(),
        [
            "agreement",
            "timeline",
            "pledges",
            "by-year",
            "nexus",
            "multi-year",
            "registers",
            "movements",
            "maturity",
            "exceptions",
            "overrides",
            "reallocations",
            "cash-forecast",
            "scheme",
            "coverage",
            "calendars",
            "pillar-mappings",
            "pillar-rules",
            "schemes",
            "scheme-elements",
            "codelists",
            "codes",
            "rate-tables",
            "rates",
            "organisations",
        ]
    );
    let restated = views.iter().filter(|view| view.accepts_restated);
    let restated: Vec<&str> = restated.map(|view| view.name.as_str()).collect();
    assert_eq!(
        restated,
        ["by-year", "nexus", "movements", "scheme", "coverage"]
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_published_is_no_mapping_and_no_scheme() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let request = ListRegistersRequest {
        ledger_id: LEDGER.to_owned(),
        options: Some(ReadOptions {
            pillar_mapping: "mine".to_owned(),
            ..ReadOptions::default()
        }),
        page: None,
    };
    let answer = reader.handlers.list_registers(Request::new(request)).await;
    let status = answer.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_FIELD")
    );
    assert!(status.message().contains("options.pillar_mapping"));
    let ask = |scheme: &str, version: &str| {
        Request::new(ListSchemeFundingRequest {
            ledger_id: LEDGER.to_owned(),
            scheme: scheme.to_owned(),
            scheme_version: version.to_owned(),
            ..ListSchemeFundingRequest::default()
        })
    };
    let answer = reader.handlers.list_scheme_funding(ask("iom-gcrp", "2021"));
    let status = answer.await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "UNKNOWN_SCHEME")
    );
    let answer = reader.handlers.list_scheme_funding(ask("", "2021")).await;
    assert_eq!(reason(&answer.unwrap_err()), "INVALID_FIELD");
    let answer = reader.handlers.list_scheme_funding(ask("", "")).await;
    assert_eq!(answer.unwrap().into_inner().rows, []);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_that_was_not_published_is_answered_with_those_that_there_are() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let options = ReadOptions {
        fiscal_calendar: "lunar".to_owned(),
        ..ReadOptions::default()
    };
    let status = registers(&reader, options, None).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "UNKNOWN_CALENDAR")
    );
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(metadata["calendar"], "lunar");
    assert_eq!(metadata["known"], "january april july october");
    let ask = |calendar_id: &str| {
        Request::new(ListFiscalPeriodsRequest {
            ledger_id: LEDGER.to_owned(),
            calendar_id: calendar_id.to_owned(),
            ..ListFiscalPeriodsRequest::default()
        })
    };
    let answer = reader.handlers.list_fiscal_periods(ask("lunar")).await;
    let status = answer.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "UNKNOWN_CALENDAR")
    );
    let answer = reader.handlers.list_fiscal_periods(ask("")).await.unwrap();
    assert_eq!(answer.into_inner().rows, []);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_years_refuses_to_be_restated() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    let options = ReadOptions {
        restated: true,
        ..ReadOptions::default()
    };
    let status = registers(&reader, options, None).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_FIELD")
    );
    assert!(status.message().contains("options.restated"));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_is_wrong_is_told_at_once() {
    let (data, log) = (Data::new(), grown(1));
    let reader = Reader::start(&data, &log);
    let request = ListRegistersRequest {
        ledger_id: LEDGER.to_owned(),
        options: Some(ReadOptions {
            fiscal_calendar: "Lunar years".to_owned(),
            pillar_mapping: "my\tmapping".to_owned(),
            ..ReadOptions::default()
        }),
        page: Some(Page {
            filter: "year 2026".to_owned(),
            page_size: -1,
            ..Page::default()
        }),
    };
    let status = reader
        .handlers
        .list_registers(Request::new(request))
        .await
        .unwrap_err();
    let details = status.get_error_details();
    let mut fields: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "options.fiscal_calendar",
            "options.pillar_mapping",
            "page.filter",
            "page.page_size"
        ]
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_lost_history_are_not_answered_from() {
    let (data, log) = (Data::new(), grown(20));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    reader.stop().await;
    let reader = Reader::start(&data, &grown(10));
    reader.refused().await;
    let status = registers(&reader, ReadOptions::default(), None)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::DataLoss, "INTEGRITY_FAILURE")
    );
    reader.stop().await;
}
