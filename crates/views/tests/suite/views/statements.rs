//! `agreement` and `timeline`.

use perennial_domain::agreement::{
    AgreementEvent, Description, ExtensionKind, Line, Perspective, ReversalReason, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::ids::AgreementId;
use perennial_domain::log::{Position, Revision};
use perennial_domain::party::ExternalReference;
use perennial_views::history::Kind;
use perennial_views::rows::{AgreementRow, MultiYear, Row, TimelineRow};
use perennial_views::view::timeline::Running;
use perennial_views::{AsOf, Cut, Filter, Question, View};

use crate::given::{
    Log, agreement, cash, date, dims, disbursed, event_id, increased, line, line_id, org, received,
    share, signed, terms, text, usd,
};

fn statements(log: &Log, question: &Question) -> Vec<AgreementRow> {
    let rows = View::Agreement
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Agreement(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn timeline(log: &Log, question: &Question) -> Vec<TimelineRow> {
    let rows = View::Timeline
        .evaluate(&log.facts(), question)
        .unwrap()
        .rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Timeline(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn on(day: &str) -> Question {
    Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    }
}

fn at(position: u64) -> Question {
    Question {
        at: AsOf::Position(Position(position)),
        ..Question::default()
    }
}

/// Signed for 1,000.00 on 2020-01-15, 300.00 paid on 2020-03-01, 50.00 back on 2020-04-01, extended on 2020-06-01.
fn outgoing() -> Log {
    let mut log = Log::new();
    let stream = agreement("agreement-1");
    let shares = vec![
        share("2020-01-01", "2020-12-31", 60_000, YearBasis::Scheduled),
        share("2021-01-01", "2021-12-31", 40_000, YearBasis::Scheduled),
    ];
    let first = Line {
        dims: dims(&[("15220", 250_000), ("72010", 750_000)], &[]),
        ..line("line-1", usd(100_000), shares)
    };
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![first])),
    )]);
    log.record(&[(stream.clone(), "2020-03-01", disbursed(30_000))]);
    log.record(&[(
        stream.clone(),
        "2020-04-01",
        Fact::Agreement(AgreementEvent::RefundMade {
            cash: cash(usd(5_000), &[("line-1", 5_000)]),
            reason: "unused".to_owned(),
        }),
    )]);
    log.record(&[(
        stream,
        "2020-06-01",
        Fact::Agreement(AgreementEvent::PeriodExtended {
            previous_ends_on: Some(date("2021-12-31")),
            new_ends_on: date("2022-06-30"),
            kind: ExtensionKind::NoCost,
            moves: Vec::new(),
            amendment: Some("amendment 1".to_owned()),
        }),
    )]);
    log
}

#[test]
fn a_statement_says_what_is_committed_paid_given_back_and_left() {
    let rows = statements(&outgoing(), &Question::default());
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row.agreement_id, "agreement-1");
    assert_eq!(row.provider.id, "D-1");
    assert_eq!(row.recipient.name, "Recipient One");
    assert_eq!(row.signed, Some(100_000));
    assert_eq!(row.committed, 100_000);
    assert_eq!(row.disbursed, 25_000);
    assert_eq!(row.refunded, 5_000);
    assert_eq!(row.undisbursed, 75_000);
    assert_eq!(row.overdrawn, 0);
    assert_eq!(row.original_ends_on, Some(date("2021-12-31")));
    assert_eq!(row.ends_on, Some(date("2022-06-30")));
    assert_eq!(row.original_months, Some(24));
    assert_eq!(row.multi_year, MultiYear::Yes);
    assert_eq!(row.revision, Revision(4));
    assert_eq!(row.last_event, Some((event_id(4, 0), Kind::PeriodExtended)));
    let pillars: Vec<_> = row
        .pillars
        .iter()
        .map(|(pillar, amount)| (pillar.name(), *amount))
        .collect();
    assert_eq!(pillars, [("humanitarian", 75_000), ("peace", 25_000)]);
    assert!(row.nexus_aligned);
}

#[test]
fn a_date_cuts_amounts_and_attributes_alike() {
    let log = outgoing();
    let before_the_refund = &statements(&log, &on("2020-03-31"))[0];
    assert_eq!(before_the_refund.disbursed, 30_000);
    let on_its_day = &statements(&log, &on("2020-04-01"))[0];
    assert_eq!(on_its_day.disbursed, 25_000);
    assert_eq!(
        statements(&log, &on("2020-05-31"))[0].ends_on,
        Some(date("2021-12-31"))
    );
    assert_eq!(
        statements(&log, &on("2020-06-01"))[0].ends_on,
        Some(date("2022-06-30"))
    );
}

#[test]
fn a_position_knows_nothing_of_later_records() {
    let log = outgoing();
    assert_eq!(statements(&log, &at(0)).len(), 0);
    let signed = &statements(&log, &at(1))[0];
    assert_eq!((signed.committed, signed.disbursed), (100_000, 0));
    let paid = &statements(&log, &at(2))[0];
    assert_eq!((paid.committed, paid.disbursed), (100_000, 30_000));
    assert_eq!(paid.revision, Revision(2));
}

#[test]
fn one_euro_too_much_is_shown_and_not_clipped() {
    let mut log = Log::new();
    let stream = agreement("agreement-1");
    log.record(&[(
        stream.clone(),
        "2020-01-15",
        signed(terms(
            Perspective::Recipient,
            vec![line("line-1", usd(0), Vec::new())],
        )),
    )]);
    log.record(&[(
        stream.clone(),
        "2020-02-01",
        increased(
            1_298_748,
            vec![share(
                "2020-02-01",
                "2020-02-01",
                1_298_748,
                YearBasis::SigningYear,
            )],
        ),
    )]);
    log.record(&[(stream, "2020-02-02", received(1_298_749))]);
    let row = &statements(&log, &Question::default())[0];
    assert_eq!(row.signed, None, "not published");
    assert_eq!(row.increases, 1_298_748);
    assert_eq!(row.received, 1_298_749);
    assert_eq!(row.undisbursed, -1);
    assert_eq!(row.overdrawn, 1);
    assert!(!row.nexus_aligned);
}

#[test]
fn an_agreement_is_found_by_its_id_and_by_what_others_call_it() {
    let mut log = outgoing();
    let reference = |reference: &str| ExternalReference {
        system: text("iati"),
        reference: text(reference),
    };
    for (stream, reference) in [
        ("agreement-1", reference("XM-1-ABC")),
        ("agreement-2", reference("XM-1-SHARED")),
        ("agreement-3", reference("XM-1-SHARED")),
    ] {
        if stream != "agreement-1" {
            log.record(&[(
                agreement(stream),
                "2020-01-15",
                signed(terms(
                    Perspective::Provider,
                    vec![line("line-1", usd(0), Vec::new())],
                )),
            )]);
        }
        log.record(&[(
            agreement(stream),
            "2020-01-15",
            Fact::Agreement(AgreementEvent::AgreementDescribed(Description {
                title: Some("A title".to_owned()),
                identifiers: vec![reference],
                ..Description::default()
            })),
        )]);
    }
    let facts = log.facts();
    let names = |text: &str, at: u64| -> Vec<String> {
        facts
            .agreements_named(text, Position(at))
            .into_iter()
            .map(|entity| facts.dictionary().entities.items()[entity.index()].to_string())
            .collect()
    };
    assert_eq!(names("agreement-1", 9), ["agreement/agreement-1"]);
    assert_eq!(names("XM-1-ABC", 9), ["agreement/agreement-1"]);
    assert_eq!(
        names("XM-1-SHARED", 9),
        ["agreement/agreement-2", "agreement/agreement-3"]
    );
    assert_eq!(names("XM-1-SHARED", 7), ["agreement/agreement-2"]);
    assert_eq!(names("XM-1-NONE", 9), [""; 0]);
    let asked = Question {
        filter: Filter {
            agreements: vec![AgreementId::parse("agreement-1").unwrap()],
            ..Filter::default()
        },
        ..Question::default()
    };
    let rows = statements(&log, &asked);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].external_references, [reference("XM-1-ABC")]);
    assert_eq!(rows[0].title.as_deref(), Some("A title"));
    assert_eq!(rows[0].committed, 100_000);
}

#[test]
fn a_statement_is_whole_though_the_filter_names_a_party() {
    let mut log = Log::new();
    let shares = |amount| {
        vec![share(
            "2020-01-01",
            "2020-12-31",
            amount,
            YearBasis::Scheduled,
        )]
    };
    let other = Line {
        counterparty: Some(org("R-2", "Second")),
        ..line("line-2", usd(30), shares(30))
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(
            Perspective::Provider,
            vec![line("line-1", usd(70), shares(70)), other],
        )),
    )]);
    let of = |recipient: &str| {
        let question = Question {
            filter: Filter {
                recipient: Some(recipient.to_owned()),
                ..Filter::default()
            },
            ..Question::default()
        };
        let rows = statements(&log, &question);
        rows.iter().map(|row| row.committed).collect::<Vec<_>>()
    };
    assert_eq!(of("R-1"), [100]);
    assert_eq!(of("R-2"), [0_i128; 0]);
    assert_eq!(of("R-3"), [0_i128; 0]);
}

/// As [`outgoing`], with a late record and a reversal.
fn corrected() -> Log {
    let mut log = outgoing();
    // Recorded last, dated first: a payment of 2020-02-01; then the payment of position 2 turns out wrong.
    log.record(&[(agreement("agreement-1"), "2020-02-01", disbursed(1_000))]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-07-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(2, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    log
}

#[test]
fn a_timeline_runs_in_effective_and_in_recorded_order() {
    let rows = timeline(&corrected(), &Question::default());
    let words: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.kind.name(),
                row.counts_on.to_string(),
                row.effective_order,
                row.effective_running.disbursed,
                row.recorded_order,
                row.recorded_running.disbursed,
            )
        })
        .collect();
    let row = |kind, counts_on: &str, effective_order, effective, recorded_order, recorded| {
        let day = counts_on.to_owned();
        (
            kind,
            day,
            effective_order,
            effective,
            recorded_order,
            recorded,
        )
    };
    assert_eq!(
        words,
        [
            row("AgreementSigned", "2020-01-15", 1, 0, 1, 0),
            row("DisbursementMade", "2020-03-01", 3, 31_000, 2, 30_000),
            row("RefundMade", "2020-04-01", 5, -4_000, 3, 25_000),
            row("PeriodExtended", "2020-06-01", 6, -4_000, 4, 25_000),
            row("DisbursementMade", "2020-02-01", 2, 1_000, 5, 26_000),
            row("EntryReversed", "2020-03-01", 4, 1_000, 6, -4_000),
        ]
    );
    let last = &rows[5];
    assert_eq!(last.effective_on, date("2020-07-01"));
    assert_eq!(last.note.target, Some(event_id(2, 0)));
    assert_eq!(last.note.reason.as_deref(), Some("error"));
    assert_eq!(
        last.change,
        Running {
            committed: 0,
            disbursed: -30_000,
            received: 0,
            undisbursed: 30_000
        }
    );
    assert_eq!(rows[2].note.reason.as_deref(), Some("unused"));
    assert_eq!(rows[3].note.reference.as_deref(), Some("amendment 1"));
}

#[test]
fn a_cut_between_an_entry_and_its_reversal_knows_of_both() {
    let log = corrected();
    let cut = timeline(&log, &on("2020-03-31"));
    let kinds: Vec<_> = cut.iter().map(|row| row.kind.name()).collect();
    assert_eq!(
        kinds,
        [
            "AgreementSigned",
            "DisbursementMade",
            "DisbursementMade",
            "EntryReversed"
        ]
    );
    assert_eq!(
        statements(&log, &on("2020-03-31"))[0].disbursed,
        1_000,
        "the statement agrees"
    );
}

#[test]
fn a_line_opened_later_reads_by_its_own_counterparty_and_purpose() {
    let mut log = outgoing();
    let stream = agreement("agreement-1");
    let opened = Line {
        counterparty: Some(org("R-9", "Ninth")),
        dims: dims(&[("31120", 1_000_000)], &[("KE", 1_000_000)]),
        ..line("line-2", usd(0), Vec::new())
    };
    log.record(&[(
        stream.clone(),
        "2020-08-01",
        Fact::Agreement(AgreementEvent::LineOpened { line: opened }),
    )]);
    log.record(&[(
        stream,
        "2020-08-01",
        Fact::Agreement(AgreementEvent::CommitmentIncreased {
            line_id: line_id("line-2"),
            amount: usd(700),
            year_shares: vec![share(
                "2020-08-01",
                "2020-08-01",
                700,
                YearBasis::SigningYear,
            )],
            amendment: None,
            published: None,
            functional: None,
        }),
    )]);
    let rows = View::Nexus
        .evaluate(&log.facts(), &Question::default())
        .unwrap()
        .rows;
    let found = rows.iter().find_map(|row| match row {
        Row::Nexus(row) if row.country.as_deref() == Some("KE") => Some(row),
        _ => None,
    });
    let found = found.unwrap();
    assert_eq!(found.recipient.as_ref().unwrap().id, "R-9");
    assert_eq!(found.pillar.unwrap().name(), "development");
    assert_eq!(found.year_basis, Some("signing_year"));
    assert_eq!(found.committed, 700);
}
