//! Answers of the read API: what a view's row is in its message.

use perennial_domain::agreement::{Conditionality, Status};
use perennial_domain::classification::Pillar;
use perennial_domain::ledger::Disposition;
use perennial_domain::log::{EventId, Position, RecordedAt, Revision};
use perennial_domain::party::ExternalReference;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::reference::LocalActorClass;
use perennial_views::history::{Kind, Note};
use perennial_views::posting::Direction;
use perennial_views::rows::{
    AgreementDetails, AgreementRow, Assessment, Books, ByYearRow, Disposed, ExceptionRow,
    FiscalPeriodRow, Merge, MultiYear, NexusRow, OrganisationRow, Party, Publication, RegisterRow,
    Row, TimelineRow,
};
use perennial_views::view::timeline::Running;
use perennial_wire::pb::google::r#type as google;
use perennial_wire::pb::query as pb;
use perennial_wire::query::AmountOutOfRange;

use crate::{currency, on};

#[expect(clippy::unnecessary_wraps, reason = "as messages hold it")]
fn money(code: &str, units: i64, nanos: i32) -> Option<google::Money> {
    Some(google::Money {
        currency_code: code.to_owned(),
        units,
        nanos,
    })
}

#[test]
fn totals_are_carried_exactly_and_refused_beyond_the_range_of_the_api() {
    let row = |code, amount| RegisterRow {
        iati_type: "11".to_owned(),
        currency: currency(code),
        entries: 575,
        amount,
    };
    let carried =
        |code, amount| pb::RegisterRow::try_from(&row(code, amount)).map(|row| row.amount);
    assert_eq!(
        carried("USD", 241_761_550_712),
        Ok(money("USD", 2_417_615_507, 120_000_000))
    );
    assert_eq!(carried("USD", -1), Ok(money("USD", 0, -10_000_000)));
    assert_eq!(carried("KWD", -1_001), Ok(money("KWD", -1, -1_000_000)));
    assert_eq!(carried("JPY", 5), Ok(money("JPY", 5, 0)));
    let largest = i128::from(i64::MAX) * 100 + 99;
    assert_eq!(
        carried("USD", largest),
        Ok(money("USD", i64::MAX, 990_000_000))
    );
    let beyond = AmountOutOfRange {
        minor_units: largest + 1,
        currency: currency("USD"),
    };
    assert_eq!(carried("USD", largest + 1), Err(beyond));
}

#[test]
fn a_key_that_is_grouped_away_is_absent_in_the_message() {
    let row = |year: Option<&str>| NexusRow {
        direction: Direction::Outgoing,
        donor: Some(Party {
            id: String::new(),
            name: String::new(),
        }),
        recipient: None,
        country: None,
        year: year.map(str::to_owned),
        pillar: year.map(|_| Pillar::Peace),
        currency: currency("USD"),
        year_basis: year.map(|_| "budgeted"),
        prorated: year.is_some(),
        committed: 100,
        disbursed: 200,
        received: 300,
        expended: 400,
    };
    let message = pb::NexusRow::try_from(&row(None)).unwrap();
    assert_eq!(message.donor, Some(pb::Party::default()));
    assert_eq!((message.recipient, message.year), (None, None));
    assert_eq!(message.pillar, 0);
    assert_eq!(message.year_basis, 0);
    assert_eq!(message.committed, money("USD", 1, 0));
    assert_eq!(message.disbursed, money("USD", 2, 0));
    assert_eq!(message.received, money("USD", 3, 0));
    assert_eq!(message.expended, money("USD", 4, 0));
    let message = pb::NexusRow::try_from(&row(Some("2018"))).unwrap();
    assert_eq!(message.year.as_deref(), Some("2018"));
    assert_eq!(message.pillar(), pb::Pillar::Peace);
    assert_eq!(message.year_basis(), pb::YearBasis::Budgeted);
    assert!(message.prorated);
}

#[test]
fn every_basis_that_a_view_prints_has_its_number() {
    for (word, number) in [
        ("scheduled", pb::YearBasis::Scheduled),
        ("budgeted", pb::YearBasis::Budgeted),
        ("prorated", pb::YearBasis::Prorated),
        ("signing_year", pb::YearBasis::SigningYear),
        ("actual", pb::YearBasis::Actual),
    ] {
        let row = ByYearRow {
            agreement_id: Some("swe-iom-2026".to_owned()),
            direction: Direction::Incoming,
            year: Some("2026/27".to_owned()),
            currency: currency("USD"),
            year_basis: Some(word),
            prorated: true,
            committed: 1,
            moved: 2,
            disbursed: 3,
            received: 4,
            scheduled: 5,
            forecast: 6,
            paid_for: 7,
            remaining: 8,
            overdrawn: 9,
            firmness: Some("indicative"),
            carried_in: 10,
            carried_out: 11,
        };
        let message = pb::ByYearRow::try_from(&row).unwrap();
        assert_eq!(message.year_basis(), number, "{word}");
        assert_eq!(message.overdrawn, money("USD", 0, 90_000_000));
        assert!(message.prorated);
        assert_eq!(message.firmness(), pb::Firmness::Indicative);
        assert_eq!(message.carried_out, money("USD", 0, 110_000_000));
    }
}

fn agreement_row() -> AgreementRow {
    AgreementRow {
        agreement_id: "swe-iom-2026".to_owned(),
        external_references: vec![ExternalReference {
            system: "iati".into(),
            reference: "XM-DAC-47066-1".into(),
        }],
        title: None,
        direction: Direction::Incoming,
        provider: Party {
            id: "SE-0".to_owned(),
            name: "Sverige".to_owned(),
        },
        recipient: Party::default(),
        currency: currency("USD"),
        signed_on: None,
        starts_on: Some(on("2026-01-01")),
        original_ends_on: Some(on("2027-12-31")),
        ends_on: Some(on("2028-06-30")),
        original_months: Some(24),
        multi_year: MultiYear::Yes,
        status: Status::Suspended,
        status_since: Some(on("2027-02-01")),
        signed: None,
        increases: 100,
        decreases: 0,
        committed: 100,
        disbursed: 0,
        refunded: 0,
        received: 0,
        undisbursed: 100,
        overdrawn: 0,
        written_off: 30,
        recovered: 5,
        scheduled: 0,
        unscheduled: 100,
        expended: 0,
        unspent: 0,
        pillars: vec![(Pillar::Humanitarian, 60), (Pillar::Unallocable, 40)],
        nexus_aligned: false,
        nexus_by: Vec::new(),
        hierarchy: Some(1),
        parent: None,
        revision: Revision(7),
        last_event: Some((
            EventId {
                position: Position(9),
                index: 1,
            },
            Kind::CommitmentIncreased,
        )),
        exceptions: 2,
        standing_exceptions: 1,
        details: Box::new(AgreementDetails {
            further: crate::values::further(),
            conditionality: Conditionality::Restriction,
            terms_revisions: 2,
            allocated: 30,
            parked: 70,
            from_upstream: 20,
            onward: 10,
        }),
        own_currency: currency("USD"),
    }
}

#[test]
fn the_terms_of_a_statement_are_in_words() {
    let message = pb::AgreementRow::try_from(&agreement_row()).unwrap();
    let terms = message.terms.unwrap();
    assert_eq!(terms.conditionality, "restriction");
    assert_eq!(terms.earmarking_modality.as_deref(), Some("G"));
    assert_eq!(terms.earmarking_category, Some(3));
    assert_eq!(terms.aid_types, ["1:C01"]);
    assert_eq!(
        terms.flexibility_features,
        ["locations", "fast_disbursement"]
    );
    assert_eq!(terms.revisions, 2);
    let policy = terms.reallocation_policy.unwrap();
    assert_eq!(policy.limit_ppm, 250_000);
    assert_eq!(policy.base, "current");
    assert_eq!(policy.counted, "receiving");
    assert_eq!(policy.scope, "counterparty");
    assert_eq!(policy.forbidden, ["period", "country"]);
    assert_eq!(policy.new_heading, "by_amendment");
}

#[test]
fn a_statement_without_a_published_signature_has_no_signed_amount() {
    let message = pb::AgreementRow::try_from(&agreement_row()).unwrap();
    assert_eq!(message.signed, None);
    assert_eq!(message.committed, money("USD", 1, 0));
    assert_eq!(message.multi_year(), pb::MultiYear::Yes);
    assert_eq!(message.status(), pb::AgreementStatus::Suspended);
    assert_eq!(message.written_off, money("USD", 0, 300_000_000));
    assert_eq!(message.recovered, money("USD", 0, 50_000_000));
    assert_eq!(message.last_event_id, "9-1");
    assert_eq!(message.last_event_kind, "CommitmentIncreased");
    let pillars: Vec<i32> = message.pillars.iter().map(|part| part.pillar).collect();
    assert_eq!(pillars, [1, 4]);
    let signed = AgreementRow {
        signed: Some(0),
        ..agreement_row()
    };
    let message = pb::Row::try_from(&Row::Agreement(signed)).unwrap();
    assert!(matches!(
        message.row,
        Some(pb::row::Row::Agreement(row)) if row.signed == money("USD", 0, 0)
    ));
}

#[test]
fn a_timeline_tells_instants_dates_and_event_ids() {
    let running = |committed| Running {
        committed,
        disbursed: 1,
        received: 2,
        undisbursed: 3,
    };
    let event_id = EventId {
        position: Position(1042),
        index: 0,
    };
    let recorded_at = RecordedAt(1_767_225_600_000_001);
    let timeline = TimelineRow {
        agreement_id: "swe-iom-2026".to_owned(),
        event_id,
        revision: Revision(3),
        kind: Kind::EntryReversed,
        effective_on: on("2026-03-01"),
        counts_on: on("2026-02-01"),
        recorded_at,
        currency: currency("USD"),
        change: running(-100),
        effective_order: 2,
        effective_running: running(500),
        recorded_order: 3,
        recorded_running: running(400),
        note: Note {
            target: Some(event_id),
            reason: Some("error".to_owned()),
            ..Note::default()
        },
    };
    let message = pb::TimelineRow::try_from(&timeline).unwrap();
    let instant = prost_types::Timestamp {
        seconds: 1_767_225_600,
        nanos: 1_000,
    };
    assert_eq!(message.recorded_at, Some(instant));
    assert_eq!(
        message.counts_on,
        Some(google::Date {
            year: 2026,
            month: 2,
            day: 1
        })
    );
    assert_eq!(message.target.as_deref(), Some("1042-0"));
    assert_eq!(message.change.unwrap().committed, money("USD", -1, 0));
    assert_eq!(
        message.effective_running.unwrap().committed,
        money("USD", 5, 0)
    );
    assert_eq!(
        message.recorded_running.unwrap().committed,
        money("USD", 4, 0)
    );
}

#[test]
fn an_exception_tells_when_it_was_first_seen_and_whether_it_stands() {
    let exception = ExceptionRow {
        rule: Some("R10"),
        reason: "DISBURSEMENT_EXCEEDS_COMMITMENT".to_owned(),
        subject: "agreement/swe-iom-2026".to_owned(),
        event_id: Some(EventId {
            position: Position(1042),
            index: 0,
        }),
        effective_on: Some(on("2026-03-01")),
        first_seen: Some(RecordedAt(-1)),
        values: vec![("limit".to_owned(), "5.00 USD".to_owned())],
        count: 1,
        locators: Vec::new(),
        standing: Some(false),
        disposed: Some(Disposed {
            disposition: Disposition::Acknowledged,
            text: "the amendment is on its way".to_owned(),
            by: "clerk".to_owned(),
            recorded_at: Some(RecordedAt(-1)),
        }),
    };
    let message = pb::ExceptionRow::from(&exception);
    let instant = prost_types::Timestamp {
        seconds: -1,
        nanos: 999_999_000,
    };
    assert_eq!(message.first_seen, Some(instant));
    assert_eq!(message.event_id, "1042-0");
    assert_eq!(message.values[0].value, "5.00 USD");
    assert_eq!(message.standing, Some(false));
    let disposition = message.disposition.unwrap();
    assert_eq!(disposition.state(), pb::DispositionState::Acknowledged);
    assert_eq!(disposition.by, "clerk");
    let unflagged = ExceptionRow {
        event_id: None,
        effective_on: None,
        first_seen: None,
        disposed: None,
        ..exception
    };
    let message = pb::ExceptionRow::from(&unflagged);
    assert_eq!(message.event_id, "");
    assert_eq!((message.first_seen, message.disposition), (None, None));
}

#[test]
fn a_fiscal_period_tells_its_days_and_what_became_of_its_books() {
    let row = FiscalPeriodRow {
        calendar_id: "own-years".to_owned(),
        pattern: Some(FiscalCalendar::July),
        label: "2024/25".to_owned(),
        period: Period::new(on("2024-07-01"), on("2025-06-30")).unwrap(),
        gap_reason: Some("founded late".to_owned()),
        books: Books::Grace,
        closed_on: Some(on("2025-07-10")),
        grace_days: Some(5),
        closed_from: Some(on("2025-07-15")),
        reopened_on: None,
        reopen_reason: None,
        reopen_approver: None,
    };
    let day = |year, month, day| Some(google::Date { year, month, day });
    let expected = pb::FiscalPeriodRow {
        calendar_id: "own-years".to_owned(),
        label: "2024/25".to_owned(),
        starts_on: day(2024, 7, 1),
        ends_on: day(2025, 6, 30),
        state: pb::FiscalPeriodState::Grace.into(),
        closed_on: day(2025, 7, 10),
        grace_days: Some(5),
        closed_from: day(2025, 7, 15),
        reopened_on: None,
        reopen_reason: None,
        reopen_approver: None,
        gap_reason: Some("founded late".to_owned()),
        pattern: Some("july".to_owned()),
    };
    assert_eq!(pb::FiscalPeriodRow::from(&row), expected);
    let state = |books| {
        let row = FiscalPeriodRow {
            books,
            ..row.clone()
        };
        pb::FiscalPeriodRow::from(&row).state()
    };
    assert_eq!(state(Books::Open), pb::FiscalPeriodState::Open);
    assert_eq!(state(Books::Closed), pb::FiscalPeriodState::Closed);
}

fn merged_and_assessed() -> OrganisationRow {
    let party = |id: &str| Party {
        id: id.to_owned(),
        name: String::new(),
    };
    OrganisationRow {
        organisation: party("XX-1"),
        type_code: Some(22),
        registered_on: None,
        merge: Some(Merge {
            into: party("XX-2"),
            shown_as: party("XX-3"),
            merged_on: on("2026-03-01"),
            reason: String::new(),
        }),
        assessment: Some(Assessment {
            class: LocalActorClass::LocalNonState,
            method: "localisation@2024".to_owned(),
            assessed_on: on("2026-03-02"),
            reason: "charter".to_owned(),
        }),
        publication: Publication {
            effective_on: on("2026-03-02"),
            event_id: EventId {
                position: Position(7),
                index: 1,
            },
            recorded_at: RecordedAt(1_000_000),
        },
    }
}

#[test]
fn an_organisation_tells_what_it_became_and_what_was_not_said_is_absent() {
    let row = merged_and_assessed();
    let day = |day| {
        Some(google::Date {
            year: 2026,
            month: 3,
            day,
        })
    };
    let message = pb::OrganisationRow::from(&row);
    assert_eq!(message.locality(), pb::OrganisationLocality::LocalNonState);
    assert_eq!(
        (
            message.merged_on,
            message.assessed_on,
            message.registered_on
        ),
        (day(1), day(2), None)
    );
    assert_eq!(message.shown_as.as_ref().unwrap().id, "XX-3");
    assert_eq!(message.merged_into.as_ref().unwrap().id, "XX-2");
    assert_eq!(
        (
            message.merge_reason.as_deref(),
            message.assessment_reason.as_deref()
        ),
        (None, Some("charter"))
    );
    assert_eq!(
        (message.event_id.as_str(), message.type_code),
        ("7-1", Some(22))
    );
    let alone = OrganisationRow {
        merge: None,
        assessment: None,
        ..row
    };
    let message = pb::OrganisationRow::from(&alone);
    assert_eq!(
        (
            message.merged_into.as_ref(),
            message.shown_as.as_ref(),
            message.merged_on
        ),
        (None, None, None)
    );
    assert_eq!(message.locality(), pb::OrganisationLocality::Unspecified);
    assert_eq!(message.assessment_method, None);
}
