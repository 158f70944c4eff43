//! `registers`, `multi-year`, `nexus`, `movements`, and what an answer says of itself.

use perennial_domain::agreement::{
    AgreementEvent, DecreaseReason, Description, Perspective, ReallocatedFunds, ReversalReason,
    Terms, YearBasis,
};
use perennial_domain::event::Fact;
use perennial_domain::log::{Position, RecordedAt};
use perennial_views::rows::{MovementRow, MultiYearRow, NexusRow, RegisterRow, Row};
use perennial_views::{
    AsOf, CurrencyBasis, Cut, Dimension, Filter, PillarMapping, Question, QuestionError, SCHEMA,
    View,
};

use crate::given::{
    DAY_MICROS, Log, agreement, cash, date, disbursed, event_id, increased, line, line_id, org,
    received, share, signed, terms, usd,
};

macro_rules! rows_of {
    ($name:ident, $view:ident, $row:ident, $type:ty) => {
        fn $name(log: &Log, question: &Question) -> Vec<$type> {
            let rows = View::$view.evaluate(&log.facts(), question).unwrap().rows;
            rows.into_iter()
                .filter_map(|row| match row {
                    Row::$row(row) => Some(row),
                    _ => None,
                })
                .collect()
        }
    };
}

rows_of!(registers, Registers, Register, RegisterRow);
rows_of!(multi_year, MultiYear, MultiYear, MultiYearRow);
rows_of!(nexus, Nexus, Nexus, NexusRow);
rows_of!(movements, Movements, Movement, MovementRow);

fn year_2020(amount: i128) -> Vec<perennial_domain::agreement::YearShare> {
    vec![share(
        "2020-01-01",
        "2020-12-31",
        amount,
        YearBasis::Scheduled,
    )]
}

fn sign(log: &mut Log, id: &str, perspective: Perspective, amount: i128) {
    let lines = vec![line("line-1", usd(amount), year_2020(amount))];
    log.record(&[(
        agreement(id),
        "2020-01-15",
        signed(terms(perspective, lines)),
    )]);
}

fn decreased(amount: i128) -> Fact {
    Fact::Agreement(AgreementEvent::CommitmentDecreased {
        line_id: line_id("line-1"),
        amount: usd(amount),
        year_shares: year_2020(amount),
        reason: DecreaseReason::Unknown,
        published: None,
        functional: None,
    })
}

fn reversed(position: u64, reason: ReversalReason) -> Fact {
    Fact::Agreement(AgreementEvent::EntryReversed {
        target: event_id(position, 0),
        reason,
    })
}

#[test]
fn registers_take_their_type_from_the_perspective_and_count_reversals_as_entries() {
    let mut log = Log::new();
    sign(&mut log, "outgoing-1", Perspective::Provider, 1_000);
    sign(&mut log, "incoming-1", Perspective::Recipient, 500);
    log.record(&[(agreement("outgoing-1"), "2020-02-01", decreased(100))]);
    log.record(&[(agreement("outgoing-1"), "2020-02-02", disbursed(70))]);
    log.record(&[(agreement("incoming-1"), "2021-02-02", received(30))]);
    let wrong = log.record(&[(agreement("outgoing-1"), "2020-02-03", disbursed(9))]);
    log.record(&[(
        agreement("outgoing-1"),
        "2020-02-04",
        reversed(wrong, ReversalReason::Error),
    )]);
    let found = |question: &Question| -> Vec<(String, u64, i128)> {
        registers(&log, question)
            .into_iter()
            .map(|row| (row.iati_type, row.entries, row.amount))
            .collect()
    };
    let row = |iati_type: &str, entries, amount| (iati_type.to_owned(), entries, amount);
    assert_eq!(
        found(&Question::default()),
        [
            row("1", 1, 30),
            row("2", 2, 900),
            row("3", 3, 70),
            row("11", 1, 500)
        ]
    );
    let of_2021 = Question {
        filter: Filter {
            year: Some("2021".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    assert_eq!(found(&of_2021), [row("1", 1, 30)]);
}

#[test]
fn multi_year_is_a_property_of_the_original_dates_and_unknown_ones_are_counted_apart() {
    let mut log = Log::new();
    let ends = |ends_on: Option<&str>| Terms {
        ends_on: ends_on.map(date),
        ..terms(
            Perspective::Recipient,
            vec![line("line-1", usd(100), year_2020(100))],
        )
    };
    // From 2020-01-01: the day before two years later is the first that is long enough.
    for (id, ends_on) in [
        ("exactly-24", Some("2021-12-31")),
        ("a-day-less", Some("2021-12-30")),
        ("not-known", None),
        ("before-its-start", Some("2019-12-31")),
    ] {
        log.record(&[(agreement(id), "2020-01-15", signed(ends(ends_on)))]);
    }
    // Extended to three years: still not multi-year.
    log.record(&[(
        agreement("a-day-less"),
        "2020-05-01",
        Fact::Agreement(AgreementEvent::PeriodExtended {
            previous_ends_on: Some(date("2021-12-30")),
            new_ends_on: date("2022-12-31"),
            kind: perennial_domain::agreement::ExtensionKind::NoCost,
            moves: Vec::new(),
            amendment: None,
        }),
    )]);
    // Withdrawn whole: nothing is committed any more, so it is not counted.
    let taken_back = log.record(&[(agreement("taken-back"), "2020-01-15", signed(ends(None)))]);
    log.record(&[(
        agreement("taken-back"),
        "2020-01-16",
        reversed(taken_back, ReversalReason::Withdrawn),
    )]);
    // Opened without an amount: not counted.
    log.record(&[(
        agreement("only-opened"),
        "2020-01-15",
        signed(terms(
            Perspective::Recipient,
            vec![line("line-1", usd(0), Vec::new())],
        )),
    )]);
    let rows = multi_year(&log, &Question::default());
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.agreements, row.amount), (4, 400));
    assert_eq!((row.multi_year_agreements, row.multi_year_amount), (1, 100));
    assert_eq!(row.unknown_agreements, 2);
    let longer = Question {
        multi_year_months: 25,
        ..Question::default()
    };
    assert_eq!(multi_year(&log, &longer)[0].multi_year_agreements, 0);
    let shorter = Question {
        multi_year_months: 23,
        ..Question::default()
    };
    assert_eq!(multi_year(&log, &shorter)[0].multi_year_agreements, 2);
}

#[test]
fn an_agreement_without_a_start_begins_with_its_first_commitment() {
    let mut log = Log::new();
    let opened = Terms {
        starts_on: None,
        ends_on: Some(date("2022-02-09")),
        ..terms(
            Perspective::Recipient,
            vec![line("line-1", usd(0), Vec::new())],
        )
    };
    log.record(&[(agreement("agreement-1"), "2020-01-01", signed(opened))]);
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-11",
        increased(5, year_2020(5)),
    )]);
    assert_eq!(
        multi_year(&log, &Question::default())[0].multi_year_agreements,
        0
    );
    log.record(&[(
        agreement("agreement-1"),
        "2020-02-10",
        increased(5, year_2020(5)),
    )]);
    assert_eq!(
        multi_year(&log, &Question::default())[0].multi_year_agreements,
        1
    );
}

#[test]
fn nexus_keeps_directions_apart_and_gives_expenditure_no_donor() {
    let mut log = Log::new();
    sign(&mut log, "outgoing-1", Perspective::Provider, 1_000);
    sign(&mut log, "incoming-1", Perspective::Recipient, 500);
    log.record(&[(agreement("incoming-1"), "2021-02-02", received(30))]);
    log.record(&[(
        agreement("incoming-1"),
        "2021-02-02",
        Fact::Agreement(AgreementEvent::ExpenditureReported {
            cash: cash(usd(20), &[("line-1", 20)]),
            period: crate::given::period("2020-12-01", "2020-12-31"),
            evidence_level: perennial_domain::agreement::EvidenceLevel::Claimed,
        }),
    )]);
    let rows = nexus(&log, &Question::default());
    let words: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.direction.name(),
                row.donor.as_ref().unwrap().id.clone(),
                row.year.clone().unwrap(),
                row.year_basis.unwrap(),
                [row.committed, row.disbursed, row.received, row.expended],
            )
        })
        .collect();
    let row = |direction, donor: &str, year: &str, basis, figures| {
        (direction, donor.to_owned(), year.to_owned(), basis, figures)
    };
    assert_eq!(
        words,
        [
            row("incoming", "", "2020", "actual", [0, 0, 0, 20]),
            row("incoming", "D-1", "2020", "scheduled", [500, 0, 0, 0]),
            row("incoming", "D-1", "2021", "actual", [0, 0, 30, 0]),
            row("outgoing", "D-1", "2020", "scheduled", [1_000, 0, 0, 0]),
        ]
    );
    let of_donor = Question {
        filter: Filter {
            donor: Some("D-1".to_owned()),
            ..Filter::default()
        },
        group_by: Some(vec![Dimension::Pillar]),
        ..Question::default()
    };
    let rows = nexus(&log, &of_donor);
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row.expended == 0 && row.donor.is_none())
    );
    let nobody = Question {
        filter: Filter {
            donor: Some("D-7".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    assert_eq!(nexus(&log, &nobody), []);
}

#[test]
fn a_move_between_declared_pillars_changes_the_pillar_and_not_the_total() {
    use perennial_domain::agreement::{Leg, LegDirection, LegPlace};
    use perennial_domain::classification::Pillar;
    let mut log = Log::new();
    let declared = perennial_domain::agreement::Line {
        dims: perennial_domain::classification::LineDims {
            pillar: Some(Pillar::Humanitarian),
            ..perennial_domain::classification::LineDims::default()
        },
        ..line("line-1", usd(100), year_2020(100))
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![declared])),
    )]);
    let leg = |direction, pillar| Leg {
        direction,
        place: LegPlace {
            line_id: line_id("line-1"),
            period: Some(crate::given::period("2020-01-01", "2020-12-31")),
            basis: Some(YearBasis::Scheduled),
            pillar: Some(pillar),
            firmness: None,
            purpose: None,
            country: None,
        },
        amount: usd(30),
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-06-01",
        Fact::Agreement(AgreementEvent::FundsReallocated(Box::new(
            ReallocatedFunds {
                legs: vec![
                    leg(LegDirection::From, Pillar::Humanitarian),
                    leg(LegDirection::To, Pillar::Peace),
                ],
                legal_basis: "clause 4".to_owned(),
                amendment: None,
                counts: Vec::new(),
            },
        ))),
    )]);
    let pillars = |effective| {
        let question = Question {
            effective,
            group_by: Some(vec![Dimension::Pillar]),
            ..Question::default()
        };
        nexus(&log, &question)
            .into_iter()
            .map(|row| (row.pillar.unwrap().name(), row.committed))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        pillars(Cut::On(date("2020-05-31"))),
        [("humanitarian", 100)]
    );
    assert_eq!(pillars(Cut::Open), [("humanitarian", 70), ("peace", 30)]);
}

#[test]
fn movements_go_from_opening_to_closing_without_a_gap() {
    let mut log = Log::new();
    sign(&mut log, "outgoing-1", Perspective::Provider, 1_000);
    log.record(&[(agreement("outgoing-1"), "2020-02-01", decreased(100))]);
    log.record(&[(agreement("outgoing-1"), "2020-02-02", disbursed(70))]);
    log.record(&[(
        agreement("outgoing-1"),
        "2022-05-05",
        Fact::Agreement(AgreementEvent::RefundMade {
            cash: cash(usd(20), &[("line-1", 20)]),
            reason: "unused".to_owned(),
        }),
    )]);
    log.record(&[(
        agreement("outgoing-1"),
        "2022-06-01",
        increased(5, year_2020(5)),
    )]);
    let words: Vec<_> = movements(&log, &Question::default())
        .into_iter()
        .map(|row| {
            (
                row.year,
                row.opening,
                [
                    row.signed,
                    row.increases,
                    row.decreases,
                    row.paid,
                    row.refunds,
                    row.write_offs,
                ],
                row.closing,
            )
        })
        .collect();
    let row = |year: &str, opening, moved, closing| (year.to_owned(), opening, moved, closing);
    assert_eq!(
        words,
        [
            row("2020", 0, [1_000, 0, 100, 70, 0, 0], 830),
            row("2021", 830, [0; 6], 830),
            row("2022", 830, [0, 5, 0, 0, 20, 0], 855),
        ]
    );
    let of_2022 = Question {
        filter: Filter {
            year: Some("2022".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    assert_eq!(movements(&log, &of_2022).len(), 1);
}

#[test]
fn movements_end_in_the_year_that_is_still_open_with_what_is_undisbursed_so_far() {
    let mut log = Log::new();
    sign(&mut log, "outgoing-1", Perspective::Provider, 1_000);
    log.record(&[(agreement("outgoing-1"), "2020-02-02", disbursed(70))]);
    log.record(&[(agreement("outgoing-1"), "2021-03-01", disbursed(30))]);
    log.record(&[(agreement("outgoing-1"), "2021-09-01", disbursed(5))]);
    let mistake = log.record(&[(agreement("outgoing-1"), "2022-02-01", disbursed(9))]);
    log.record(&[(
        agreement("outgoing-1"),
        "2022-02-01",
        Fact::Agreement(AgreementEvent::EntryReversed {
            target: event_id(mistake, 0),
            reason: ReversalReason::Error,
        }),
    )]);
    let facts = |at: u64, on: &str| Question {
        at: AsOf::Position(Position(at)),
        effective: Cut::On(date(on)),
        ..Question::default()
    };
    let words = |at: u64, on: &str| -> Vec<(String, i128, i128, i128)> {
        let rows = movements(&log, &facts(at, on)).into_iter();
        rows.map(|row| (row.year, row.opening, row.paid, row.closing))
            .collect()
    };
    let row = |year: &str, opening, paid, closing| (year.to_owned(), opening, paid, closing);
    let first = row("2020", 0, 70, 930);
    let one_year = [first.clone()];
    // Nothing moved yet in the second year: it has no row.
    assert_eq!(words(mistake, "2021-02-28"), one_year);
    assert_eq!(
        words(mistake, "2021-03-01"),
        [first.clone(), row("2021", 930, 30, 900)]
    );
    assert_eq!(
        words(mistake, "2021-12-31"),
        [first.clone(), row("2021", 930, 35, 895)]
    );
    assert_eq!(words(mistake, "2022-02-01")[2], row("2022", 895, 9, 886));
    // What cancels out begins no year.
    assert_eq!(
        words(mistake + 1, "2022-02-01"),
        [first, row("2021", 930, 35, 895)]
    );
}

#[test]
fn an_answer_says_from_what_it_was_computed() {
    let mut log = Log::new();
    sign(&mut log, "incoming-1", Perspective::Recipient, 500);
    log.record(&[(
        agreement("incoming-1"),
        "2020-01-15",
        Fact::Agreement(AgreementEvent::AgreementDescribed(Description {
            parent: Some("XM-1-PARENT".to_owned()),
            ..Description::default()
        })),
    )]);
    let question = Question {
        at: perennial_views::AsOf::RecordedAt(RecordedAt(2 * DAY_MICROS + 5)),
        effective: Cut::On(date("2020-12-31")),
        mapping: PillarMapping::DAC_WIDE.into(),
        ..Question::default()
    };
    log.record(&[(agreement("incoming-1"), "2021-02-02", received(30))]);
    let facts = log.facts();
    let info = View::Nexus.evaluate(&facts, &question).unwrap().info;
    assert_eq!(info.position, Position(2));
    assert_eq!(info.head_position, Position(3));
    assert_eq!(info.recorded_at, RecordedAt(2 * DAY_MICROS));
    assert_eq!(info.record_hash, log.records[2].0.record_hash);
    assert_eq!(info.view_schema, SCHEMA);
    assert_eq!(Some(info.digest), facts.digest(Position(2)));
    assert_eq!(info.effective_as_of, Some(date("2020-12-31")));
    assert_eq!(info.mapping_name, "dac-wide");
    assert_eq!(info.currency_basis, CurrencyBasis::Transaction);
    let says = |words: &str| info.notes.iter().any(|note| note.contains(words));
    assert!(says("never added"));
    assert!(says("also reported by a child: 1 agreements"));
}

#[test]
fn a_filter_or_key_that_a_view_does_not_have_is_refused() {
    let facts = Log::new().facts();
    let filtered = Question {
        filter: Filter {
            pillar: Some("peace".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    assert_eq!(
        View::Registers.evaluate(&facts, &filtered).unwrap_err(),
        QuestionError::NoSuchFilter {
            view: View::Registers,
            name: "pillar"
        }
    );
    let grouped = Question {
        group_by: Some(vec![Dimension::Pillar]),
        ..Question::default()
    };
    assert_eq!(
        View::ByYear
            .evaluate(&facts, &grouped)
            .unwrap_err()
            .to_string(),
        "the view by-year has no key pillar"
    );
    assert!(View::Nexus.evaluate(&facts, &grouped).is_ok());
}

#[test]
fn an_organisation_shows_the_first_name_that_was_known_then() {
    let mut log = Log::new();
    let named = |name: Option<&str>| Terms {
        provider: perennial_domain::party::OrgRef {
            name: name.map(Into::into),
            ..org("D-1", "")
        },
        ..terms(
            Perspective::Recipient,
            vec![line("line-1", usd(10), year_2020(10))],
        )
    };
    log.record(&[(agreement("agreement-1"), "2020-01-15", signed(named(None)))]);
    log.record(&[(
        agreement("agreement-2"),
        "2020-01-15",
        signed(named(Some("Donor One"))),
    )]);
    log.record(&[(
        agreement("agreement-3"),
        "2020-01-15",
        signed(named(Some("DONOR ONE LTD"))),
    )]);
    let name = |position| {
        let question = Question {
            at: perennial_views::AsOf::Position(Position(position)),
            ..Question::default()
        };
        let rows = nexus(&log, &question);
        assert_eq!(rows.len(), 1, "one organisation, one row");
        rows[0].donor.clone().unwrap().name
    };
    assert_eq!(name(1), "");
    assert_eq!(name(2), "Donor One");
    assert_eq!(name(3), "Donor One");
}
