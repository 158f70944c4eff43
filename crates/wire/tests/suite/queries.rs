//! Questions of the read API.

use std::time::Duration;

use perennial_domain::ids::CalendarId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{Position, RecordedAt};
use perennial_domain::period::FiscalCalendar;
use perennial_views::posting::Direction;
use perennial_views::{
    AsOf, CalendarChoice, CurrencyBasis, Cut, Dimension, MappingChoice, PillarMapping, View,
};
use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::query as pb;
use perennial_wire::pb::query::read_options::Known;
use perennial_wire::pb::query::subscribe_request::Effective;
use perennial_wire::query::{Defaults, ReadInput, ReadRequest, read, subscribe};
use perennial_wire::request::Violations;

use crate::{currency, on};

fn policy() -> LedgerPolicy {
    LedgerPolicy {
        fiscal_calendar: FiscalCalendar::April,
        pillar_mapping: "dac-wide".to_owned(),
        ..LedgerPolicy::default()
    }
}

fn ask(request: ReadRequest) -> Result<ReadInput, Violations> {
    let policy = policy();
    read(
        request,
        Defaults {
            policy: &policy,
            today: on("2026-03-31"),
        },
    )
}

fn with_options(options: pb::ReadOptions) -> ReadRequest {
    ReadRequest {
        options: Some(options),
        ..ReadRequest::default()
    }
}

fn with_filter(filter: &str) -> ReadRequest {
    let page = pb::Page {
        filter: filter.to_owned(),
        ..pb::Page::default()
    };
    ReadRequest {
        page: Some(page),
        ..ReadRequest::default()
    }
}

#[track_caller]
fn refused(request: ReadRequest, expected: &[&str]) {
    let violations = ask(request).unwrap_err();
    let paths: Vec<&str> = violations
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(paths, expected);
}

#[test]
fn a_question_without_options_is_about_everything_recorded_as_true_today_by_the_ledgers_policy() {
    let input = ask(ReadRequest::default()).unwrap();
    assert_eq!(input.min_position, None);
    assert_eq!((input.page_rows, input.page_token.as_str()), (100, ""));
    assert_eq!(input.question.at, AsOf::Head);
    assert_eq!(input.question.effective, Cut::On(on("2026-03-31")));
    assert_eq!(input.question.calendar, FiscalCalendar::April.into());
    assert!(!input.question.restated);
    assert_eq!(
        input.question.mapping,
        MappingChoice::Is(PillarMapping::DAC_WIDE)
    );
    assert_eq!(input.question.group_by, None);
}

#[test]
fn a_calendar_is_a_compiled_in_one_or_the_id_of_one_that_may_be_published() {
    let calendar = |name: &str| {
        let options = pb::ReadOptions {
            fiscal_calendar: name.to_owned(),
            restated: true,
            ..pb::ReadOptions::default()
        };
        let question = ask(with_options(options)).unwrap().question;
        assert!(question.restated);
        question.calendar
    };
    assert_eq!(calendar("july"), FiscalCalendar::July.into());
    let published = CalendarId::parse("ethiopia").unwrap();
    assert_eq!(calendar("ethiopia"), CalendarChoice::Published(published));
    let calendar = with_filter("calendar_id = ethiopia");
    let filter = ask(calendar).unwrap().question.filter;
    assert_eq!(filter.calendar.as_deref(), Some("ethiopia"));
}

#[test]
fn both_time_axes_can_be_asked() {
    let known = |known| {
        let options = pb::ReadOptions {
            known: Some(known),
            ..pb::ReadOptions::default()
        };
        ask(with_options(options)).unwrap().question.at
    };
    assert_eq!(known(Known::AtPosition(7)), AsOf::Position(Position(7)));
    let instant = prost_types::Timestamp {
        seconds: -1,
        nanos: 999_999_999,
    };
    assert_eq!(
        known(Known::RecordedAsOf(instant)),
        AsOf::RecordedAt(RecordedAt(-1))
    );
    let date = google::Date {
        year: 2021,
        month: 5,
        day: 26,
    };
    assert_eq!(
        known(Known::PublishedAsOf(date)),
        AsOf::PublishedOn(on("2021-05-26"))
    );
    let options = pb::ReadOptions {
        min_position: Some(9),
        effective_as_of: Some(date),
        ..pb::ReadOptions::default()
    };
    let input = ask(with_options(options)).unwrap();
    assert_eq!(input.min_position, Some(Position(9)));
    assert_eq!(input.question.effective, Cut::On(on("2021-05-26")));
}

#[test]
fn everything_wrong_with_a_question_is_told_at_once() {
    let options = pb::ReadOptions {
        known: Some(Known::RecordedAsOf(prost_types::Timestamp {
            seconds: 0,
            nanos: -1,
        })),
        effective_as_of: Some(google::Date {
            year: 2026,
            month: 13,
            day: 1,
        }),
        currency_basis: 9,
        fiscal_calendar: "may".to_owned(),
        pillar_mapping: "d\tac".to_owned(),
        ..pb::ReadOptions::default()
    };
    let page = pb::Page {
        filter: "planet = mars".to_owned(),
        page_size: -1,
        ..pb::Page::default()
    };
    let request = ReadRequest {
        options: Some(options),
        page: Some(page),
        group_by: vec!["year".to_owned(), "planet".to_owned()],
        ..ReadRequest::default()
    };
    refused(
        request,
        &[
            "options.recorded_as_of",
            "options.effective_as_of",
            "options.currency_basis",
            "options.fiscal_calendar",
            "options.pillar_mapping",
            "page.filter",
            "page.page_size",
            "group_by[1]",
        ],
    );
}

#[test]
fn a_mapping_that_is_not_compiled_in_is_looked_for_among_the_published_ones() {
    let options = pb::ReadOptions {
        pillar_mapping: "horizon@2026".to_owned(),
        ..pb::ReadOptions::default()
    };
    let input = ask(ReadRequest {
        options: Some(options),
        ..ReadRequest::default()
    });
    assert_eq!(
        input.unwrap().question.mapping,
        MappingChoice::Published("horizon@2026".to_owned())
    );
}

#[test]
fn a_scheme_and_a_plan_can_be_named_beside_the_filter_or_in_it() {
    let input = ask(ReadRequest {
        page: Some(pb::Page {
            filter: "plan_id = south-sudan AND element = 1 AND scheme = other".to_owned(),
            ..pb::Page::default()
        }),
        scheme: "iom-gcrp@2021".to_owned(),
        ..ReadRequest::default()
    });
    let filter = input.unwrap().question.filter;
    assert_eq!(filter.scheme.as_deref(), Some("iom-gcrp@2021"));
    assert_eq!(filter.plan.as_deref(), Some("south-sudan"));
    assert_eq!(filter.element.as_deref(), Some("1"));
    assert_eq!(filter.given(), ["scheme", "element", "plan_id"]);
}

#[test]
fn a_list_and_an_organisation_can_be_named_beside_the_filter_or_in_it() {
    let filter = |list: &str, organisation_id: &str| {
        let input = ask(ReadRequest {
            page: Some(pb::Page {
                filter: "list = ecb@2026-07 AND organisation_id = \"XX ORG 1\"".to_owned(),
                ..pb::Page::default()
            }),
            list: list.to_owned(),
            organisation_id: organisation_id.to_owned(),
            ..ReadRequest::default()
        });
        let filter = input.unwrap().question.filter;
        assert_eq!(filter.given(), ["list", "organisation_id"]);
        (filter.list.unwrap(), filter.organisation.unwrap())
    };
    let pair = |list: &str, organisation: &str| (list.to_owned(), organisation.to_owned());
    assert_eq!(filter("", ""), pair("ecb@2026-07", "XX ORG 1"));
    assert_eq!(filter("mine", "XX-2"), pair("mine", "XX-2"));
}

#[test]
fn pages_have_one_to_a_thousand_rows() {
    let rows = |page_size| {
        let page = pb::Page {
            page_size,
            ..pb::Page::default()
        };
        ask(ReadRequest {
            page: Some(page),
            ..ReadRequest::default()
        })
        .map(|input| input.page_rows)
    };
    let sizes = [0, 1, 1_000, 1_001, i32::MAX].map(|size| rows(size).unwrap());
    assert_eq!(sizes, [100, 1, 1_000, 1_000, 1_000]);
    assert!(rows(-1).is_err());
}

#[test]
fn filters_are_conditions_joined_by_and() {
    let input = ask(with_filter(
        r#"direction = outgoing AND currency=USD AND donor = "A \"B\" \\ C" AND year = "2026/27""#,
    ));
    let filter = input.unwrap().question.filter;
    assert_eq!(filter.direction, Some(Direction::Outgoing));
    assert_eq!(filter.currency, Some(currency("USD")));
    assert_eq!(filter.donor.as_deref(), Some(r#"A "B" \ C"#));
    assert_eq!(filter.year.as_deref(), Some("2026/27"));
    assert_eq!(
        ask(with_filter("  ")).unwrap().question.filter.given(),
        Vec::<&str>::new()
    );
}

#[test]
fn filters_that_cannot_be_understood_are_refused_with_the_reason() {
    for (text, problem) in [
        ("direction", "needs \"=\" after \"direction\""),
        ("direction =", "ends where a value is expected"),
        ("direction = sideways", "names no direction: \"sideways\""),
        ("currency = ZZZ", "\"ZZZ\" is no ISO 4217 currency code"),
        ("pillar = war", "names no pillar: \"war\""),
        (
            "year = 2026 OR year = 2027",
            "joins conditions with AND only",
        ),
        ("year = 2026 AND", "joins conditions with AND only"),
        ("year = 2026 AND year = 2027", "names \"year\" twice"),
        ("donor = \"open", "has an open quote"),
        ("donor = \"\\x\"", "has a backslash before no quote"),
        ("donor = a:b", "needs quotes around a:b"),
    ] {
        let violations = ask(with_filter(text)).unwrap_err();
        assert_eq!(violations.violations[0].description, problem, "{text}");
    }
    assert!(ask(with_filter(&format!("donor = {}", "x".repeat(3_992)))).is_ok());
    refused(
        with_filter(&format!("donor = {}", "x".repeat(3_993))),
        &["page.filter"],
    );
}

#[test]
fn the_basis_is_the_transaction_unless_another_is_named() {
    let policy = policy();
    let defaults = Defaults {
        policy: &policy,
        today: on("2026-03-31"),
    };
    let asked = |basis: pb::CurrencyBasis, keys: &[&str]| {
        let request = ReadRequest {
            options: Some(pb::ReadOptions {
                currency_basis: basis.into(),
                ..pb::ReadOptions::default()
            }),
            group_by: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..ReadRequest::default()
        };
        read(request, defaults).map(|input| input.question.basis)
    };
    for (basis, keys, expected) in [
        (
            pb::CurrencyBasis::Unspecified,
            vec![],
            CurrencyBasis::Transaction,
        ),
        (
            pb::CurrencyBasis::Unspecified,
            vec!["year"],
            CurrencyBasis::Transaction,
        ),
        (
            pb::CurrencyBasis::Transaction,
            vec!["year"],
            CurrencyBasis::Transaction,
        ),
        (
            pb::CurrencyBasis::Functional,
            vec!["year"],
            CurrencyBasis::Functional,
        ),
        (
            pb::CurrencyBasis::Functional,
            vec![],
            CurrencyBasis::Functional,
        ),
    ] {
        assert_eq!(asked(basis, &keys), Ok(expected), "{keys:?}");
    }
}

#[test]
fn a_subscription_fixes_its_date_or_is_open() {
    let policy = policy();
    let defaults = Defaults {
        policy: &policy,
        today: on("2026-03-31"),
    };
    let request = |effective, seconds| pb::SubscribeRequest {
        ledger_id: "acme-books".to_owned(),
        view: "nexus".to_owned(),
        group_by: vec!["pillar".to_owned()],
        currency_basis: pb::CurrencyBasis::Functional.into(),
        heartbeat_interval: Some(prost_types::Duration { seconds, nanos: 0 }),
        effective,
        ..pb::SubscribeRequest::default()
    };
    let input = subscribe(request(None, 1), defaults).unwrap();
    assert_eq!(input.view, View::Nexus);
    assert_eq!(input.question.effective, Cut::On(on("2026-03-31")));
    assert_eq!(input.question.group_by, Some(vec![Dimension::Pillar]));
    assert_eq!(input.question.basis, CurrencyBasis::Functional);
    assert_eq!(input.heartbeat_interval, Duration::from_secs(1));
    let open = subscribe(request(Some(Effective::EffectiveOpen(true)), 1), defaults).unwrap();
    assert_eq!(open.question.effective, Cut::Open);
    let wrong = pb::SubscribeRequest {
        view: "nothing".to_owned(),
        ..request(Some(Effective::EffectiveOpen(false)), 0)
    };
    let violations = subscribe(wrong, defaults).unwrap_err();
    let paths: Vec<&str> = violations
        .violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(paths, ["view", "heartbeat_interval", "effective_open"]);
}
