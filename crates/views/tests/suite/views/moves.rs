//! Moves between years, purposes and headings, and what they show.

use perennial_domain::agreement::{
    AgreementEvent, CarriedFunds, Conditionality, EarmarkingModality, Firmness, FurtherTerms,
    HeadingCount, Leg, LegDirection, LegPlace, Perspective, ReallocatedFunds, ReversalReason,
    ShareMove, Terms, TermsRevision, YearBasis, YearShare,
};
use perennial_domain::classification::{Code, Vocabulary};
use perennial_domain::event::Fact;
use perennial_domain::log::EventId;
use perennial_domain::rule::{Breach, Rule};
use perennial_views::rows::{AgreementRow, ByYearRow, NexusRow, ReallocationRow, Row};
use perennial_views::{Cut, Dimension, Question, View};

use crate::given::{
    Log, Wish, agreement, date, event_id, line, line_id, period, share, signed, terms, usd,
};

fn rows<R>(log: &Log, view: View, question: &Question, of: impl Fn(Row) -> Option<R>) -> Vec<R> {
    let answer = view.evaluate(&log.facts(), question).unwrap();
    answer.rows.into_iter().filter_map(of).collect()
}

fn by_year(log: &Log, question: &Question) -> Vec<ByYearRow> {
    rows(log, View::ByYear, question, |row| match row {
        Row::ByYear(row) => Some(row),
        _ => None,
    })
}

fn until(day: &str) -> Question {
    Question {
        effective: Cut::On(date(day)),
        ..Question::default()
    }
}

fn of(day: &'static str, event: AgreementEvent) -> Wish<'static> {
    (agreement("agreement-1"), day, Fact::Agreement(event))
}

fn firm(year: &str, minor_units: i128) -> YearShare {
    let (first, last) = (format!("{year}-01-01"), format!("{year}-12-31"));
    share(&first, &last, minor_units, YearBasis::Scheduled)
}

fn two_years(second: Firmness) -> Log {
    let mut log = Log::new();
    let later = YearShare {
        firmness: second,
        ..firm("2021", 40)
    };
    let lines = vec![line("line-1", usd(100), vec![firm("2020", 60), later])];
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, lines)),
    )]);
    log
}

fn carried() -> AgreementEvent {
    let moved = |share| ShareMove {
        line_id: line_id("line-1"),
        share,
    };
    AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: period("2020-01-01", "2020-12-31"),
        to_period: period("2021-01-01", "2021-12-31"),
        amount: usd(25),
        moves: vec![moved(firm("2020", -25)), moved(firm("2021", 25))],
        reason: "late start".to_owned(),
    }))
}

fn carry_words(row: &ByYearRow) -> String {
    format!(
        "{} {} {} in {} out {} left {}",
        row.year.as_deref().unwrap_or_default(),
        row.committed,
        row.moved,
        row.carried_in,
        row.carried_out,
        row.remaining
    )
}

#[test]
fn what_is_carried_over_shows_in_both_years_from_its_own_day_on() {
    let mut log = two_years(Firmness::Firm);
    log.record(&[of("2021-01-15", carried())]);
    let words = |question: &Question| -> Vec<String> {
        by_year(&log, question).iter().map(carry_words).collect()
    };
    assert_eq!(
        words(&until("2021-01-14")),
        [
            "2020 60 0 in 0 out 0 left 60",
            "2021 40 0 in 0 out 0 left 40"
        ]
    );
    assert_eq!(
        words(&until("2021-01-15")),
        [
            "2020 35 0 in 0 out 25 left 35",
            "2021 65 0 in 25 out 0 left 65"
        ]
    );
}

#[test]
fn a_reversed_carry_over_leaves_nothing() {
    let mut log = two_years(Firmness::Firm);
    let position = log.record(&[of("2021-01-15", carried())]);
    log.record(&[of(
        "2021-01-15",
        AgreementEvent::EntryReversed {
            target: event_id(position, 0),
            reason: ReversalReason::Error,
        },
    )]);
    let words: Vec<String> = by_year(&log, &Question::default())
        .iter()
        .map(carry_words)
        .collect();
    assert_eq!(
        words,
        [
            "2020 60 0 in 0 out 0 left 60",
            "2021 40 0 in 0 out 0 left 40"
        ]
    );
}

#[test]
fn firmness_is_a_key_of_its_own_and_can_be_summed_away() {
    let mut log = two_years(Firmness::SubjectToAppropriation);
    log.record(&[of("2021-01-15", carried())]);
    log.record(&[(
        agreement("agreement-1"),
        "2021-03-01",
        crate::given::disbursed(10),
    )]);
    let words = |question: &Question| -> Vec<String> {
        let rows = by_year(&log, question);
        rows.iter()
            .map(|row| {
                format!(
                    "{} {} {} paid {} left {}",
                    row.year.as_deref().unwrap_or_default(),
                    row.firmness.unwrap_or("-"),
                    row.committed,
                    row.disbursed,
                    row.remaining
                )
            })
            .collect()
    };
    assert_eq!(
        words(&Question::default()),
        [
            "2020 firm 35 paid 0 left 35",
            "2021 firm 25 paid 10 left 55",
            "2021 subject_to_appropriation 40 paid 0 left 0",
        ]
    );
    let years = Question {
        group_by: Some(vec![Dimension::Year]),
        ..Question::default()
    };
    assert_eq!(
        words(&years),
        ["2020 - 35 paid 0 left 35", "2021 - 65 paid 10 left 55"]
    );
    let firmness = Question {
        group_by: Some(vec![Dimension::Firmness]),
        ..Question::default()
    };
    assert_eq!(
        words(&firmness),
        [
            " firm 60 paid 10 left 90",
            " subject_to_appropriation 40 paid 0 left 0",
        ]
    );
}

fn leg(direction: LegDirection, purpose: &str, country: &str) -> Leg {
    let code = |vocabulary, code: &str| {
        Some(Code {
            vocabulary,
            code: code.into(),
        })
    };
    Leg {
        direction,
        place: LegPlace {
            line_id: line_id("line-1"),
            period: Some(period("2020-01-01", "2020-12-31")),
            basis: Some(YearBasis::Scheduled),
            firmness: None,
            pillar: None,
            purpose: code(Vocabulary::DacPurpose, purpose),
            country: code(Vocabulary::Country, country),
        },
        amount: usd(30),
    }
}

#[test]
fn a_move_between_purposes_and_countries_moves_pillars_and_places() {
    let mut log = two_years(Firmness::Firm);
    log.record(&[of(
        "2020-06-01",
        AgreementEvent::FundsReallocated(Box::new(ReallocatedFunds {
            legs: vec![
                leg(LegDirection::From, "72010", "SS"),
                leg(LegDirection::To, "15220", "UG"),
            ],
            legal_basis: String::new(),
            amendment: None,
            counts: Vec::new(),
        })),
    )]);
    let words = |dimension| -> Vec<(String, i128)> {
        let question = Question {
            group_by: Some(vec![dimension]),
            ..Question::default()
        };
        let rows = rows(&log, View::Nexus, &question, |row| match row {
            Row::Nexus(row) => Some(row),
            _ => None,
        });
        rows.into_iter()
            .map(|row: NexusRow| {
                let pillar = row.pillar.map(|pillar| pillar.name().to_owned());
                (row.country.or(pillar).unwrap_or_default(), row.committed)
            })
            .collect()
    };
    assert_eq!(
        words(Dimension::Pillar),
        [("humanitarian".to_owned(), 70), ("peace".to_owned(), 30)]
    );
    assert_eq!(
        words(Dimension::Country),
        [("SS".to_owned(), 70), ("UG".to_owned(), 30)]
    );
}

fn counted(counted: i128, cumulative: i128) -> AgreementEvent {
    AgreementEvent::FundsReallocated(Box::new(ReallocatedFunds {
        legs: vec![
            leg(LegDirection::From, "72010", "SS"),
            leg(LegDirection::To, "15220", "UG"),
        ],
        legal_basis: "clause 7".to_owned(),
        amendment: None,
        counts: vec![HeadingCount {
            heading: "Staff".to_owned(),
            moved: -counted,
            counted,
            cumulative,
            base: 100,
            limit: Some(25),
        }],
    }))
}

fn trail(log: &Log) -> Vec<ReallocationRow> {
    rows(
        log,
        View::Reallocations,
        &Question::default(),
        |row| match row {
            Row::Reallocation(row) => Some(row),
            _ => None,
        },
    )
}

#[test]
fn the_trail_shows_each_move_with_what_it_used_of_the_limit() {
    let mut log = two_years(Firmness::Firm);
    let first = log.record(&[of("2020-06-01", counted(10, 10))]);
    log.record(&[of("2020-07-01", counted(12, 22))]);
    log.record(&[of(
        "2020-06-01",
        AgreementEvent::EntryReversed {
            target: event_id(first, 0),
            reason: ReversalReason::Error,
        },
    )]);
    let words: Vec<String> = trail(&log)
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {} of {:?}: {:?} {:?} {}",
                row.agreement_id,
                row.heading,
                row.moved,
                row.cumulative,
                row.limit,
                row.used_ppm,
                row.legal_basis.as_deref(),
                row.reversed
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            "agreement-1 Staff -10 10 of Some(25): Some(400000) Some(\"clause 7\") true",
            "agreement-1 Staff -12 22 of Some(25): Some(880000) Some(\"clause 7\") false",
        ]
    );
}

#[test]
fn a_breach_of_the_policy_stands_until_enough_is_taken_back() {
    let mut log = two_years(Firmness::Firm);
    let first = log.record(&[of("2020-06-01", counted(20, 20))]);
    let breach = Breach::new(
        Rule::ReallocationWithinPolicy,
        "agreement/agreement-1",
        &[("heading", &"Staff"), ("limit", &"0.25 USD")],
    );
    log.record_flagged(&[of("2020-07-01", counted(10, 30))], &[breach]);
    let standing = |log: &Log| {
        let of = |row| match row {
            Row::Exception(row) => Some(row.standing),
            _ => None,
        };
        rows(log, View::Exceptions, &Question::default(), of)
    };
    assert_eq!(standing(&log), [Some(true)]);
    let target: EventId = event_id(first, 0);
    let reason = ReversalReason::Error;
    log.record(&[of(
        "2020-06-01",
        AgreementEvent::EntryReversed { target, reason },
    )]);
    assert_eq!(standing(&log), [Some(false)]);
}

#[test]
fn a_forbidden_move_inside_one_heading_stands_as_long_as_the_move_does() {
    let mut log = two_years(Firmness::Firm);
    let breach = Breach::new(
        Rule::ReallocationWithinPolicy,
        "agreement/agreement-1",
        &[("forbidden", &"between lines")],
    );
    let inside = AgreementEvent::FundsReallocated(Box::new(ReallocatedFunds {
        legs: Vec::new(),
        legal_basis: String::new(),
        amendment: None,
        counts: Vec::new(),
    }));
    let moved = log.record_flagged(&[of("2020-07-01", inside)], &[breach]);
    let standing = |log: &Log| {
        let of = |row| match row {
            Row::Exception(row) => Some(row.standing),
            _ => None,
        };
        rows(log, View::Exceptions, &Question::default(), of)
    };
    assert_eq!(standing(&log), [Some(true)]);
    let (target, reason) = (event_id(moved, 0), ReversalReason::Error);
    log.record(&[of(
        "2020-07-01",
        AgreementEvent::EntryReversed { target, reason },
    )]);
    assert_eq!(standing(&log), [Some(false)]);
}

#[test]
fn the_statement_shows_the_terms_in_force() {
    let mut log = Log::new();
    let lines = vec![line("line-1", usd(100), vec![firm("2020", 100)])];
    let earmarked = |modality| FurtherTerms {
        earmarking: Some(modality),
        ..FurtherTerms::default()
    };
    let terms = Terms {
        further: Some(Box::new(FurtherTerms {
            finance_type: Some(110),
            ..earmarked(EarmarkingModality::Project)
        })),
        ..terms(Perspective::Provider, lines)
    };
    log.record(&[(agreement("agreement-1"), "2020-01-15", signed(terms))]);
    log.record(&[of(
        "2020-06-01",
        AgreementEvent::TermsRevised(Box::new(TermsRevision {
            conditionality: Some(Conditionality::Condition),
            further: earmarked(EarmarkingModality::CountryOperations),
            ..TermsRevision::default()
        })),
    )]);
    let statement = |question: &Question| -> AgreementRow {
        let of = |row| match row {
            Row::Agreement(row) => Some(row),
            _ => None,
        };
        rows(&log, View::Agreement, question, of).remove(0)
    };
    let before = statement(&until("2020-05-31"));
    assert_eq!(
        before.details.further.earmarking,
        Some(EarmarkingModality::Project)
    );
    assert_eq!(before.details.conditionality, Conditionality::None);
    assert_eq!(before.details.terms_revisions, 0);
    let after = statement(&until("2020-06-01"));
    assert_eq!(
        after.details.further,
        FurtherTerms {
            finance_type: Some(110),
            ..earmarked(EarmarkingModality::CountryOperations)
        }
    );
    assert_eq!(after.details.conditionality, Conditionality::Condition);
    assert_eq!(after.details.terms_revisions, 1);
}
