//! Requirements: what is asked for against what is there.

use perennial_domain::log::Position;
use perennial_domain::tag::TagSubject;
use perennial_views::view::coverage::CoverageRow;
use perennial_views::{AsOf, Question};

use super::{coverage, on, with_schemes};
use crate::given::{agreement, plan, requirement, tag_set, tagged};

/// A row's objective and year, what is required, committed and disbursed, missing and over, covered.
type Said<'a> = (
    &'a str,
    &'a str,
    Option<i128>,
    (i128, i128),
    (Option<i128>, Option<i128>),
    Option<i64>,
);

fn said(row: &CoverageRow) -> Said<'_> {
    (
        row.objective.as_deref().unwrap_or("plan"),
        row.year.as_str(),
        row.required,
        (row.committed, row.disbursed),
        (row.gap, row.over),
        row.covered_ppm,
    )
}

#[test]
fn coverage_says_what_is_asked_for_committed_paid_and_missing_by_objective_and_year() {
    let mut log = with_schemes(100);
    let set = tag_set(
        TagSubject::Whole,
        "objectives@2024",
        &[("1.1", 600_000), ("2", 400_000)],
    );
    log.record(&[(agreement("agreement-1"), "2020-01-15", tagged(set))]);
    let asks = [
        (Some("1"), "2020-01-01", "2021-12-31", 50),
        (Some("2"), "2020-01-01", "2020-12-31", 80),
        (None, "2020-01-01", "2020-12-31", 200),
    ];
    let first = log.record(&[(plan(), "2020-02-01", requirement("1", &asks))]);
    let facts = log.facts();
    let rows = coverage(&facts, &on("2020-12-31"));
    let said: Vec<Said<'_>> = rows.iter().map(said).collect();
    // 50 over 731 days: 25.03 and 24.97, one partition.
    assert_eq!(
        said,
        [
            (
                "1",
                "2020",
                Some(25),
                (30, 24),
                (Some(0), Some(5)),
                Some(1_200_000)
            ),
            (
                "1",
                "2021",
                Some(25),
                (30, 0),
                (Some(0), Some(5)),
                Some(1_200_000)
            ),
            ("1.1", "2020", None, (30, 24), (None, None), None),
            ("1.1", "2021", None, (30, 0), (None, None), None),
            (
                "2",
                "2020",
                Some(80),
                (20, 16),
                (Some(60), Some(0)),
                Some(250_000)
            ),
            ("2", "2021", None, (20, 0), (None, None), None),
            (
                "plan",
                "2020",
                Some(200),
                (50, 40),
                (Some(150), Some(0)),
                Some(250_000)
            ),
            ("plan", "2021", None, (50, 0), (None, None), None),
        ]
    );
    // Nothing was asked for before the plan was published.
    assert_eq!(coverage(&facts, &on("2020-01-31")), []);
    let before = Question {
        at: AsOf::Position(Position(first - 1)),
        ..Question::default()
    };
    assert_eq!(coverage(&facts, &before), []);
}

#[test]
fn the_newest_version_of_a_requirement_counts_and_the_one_before_stays_readable() {
    let mut log = with_schemes(100);
    let asks = |cents| [(Some("2"), "2020-01-01", "2020-12-31", cents)];
    log.record(&[(plan(), "2020-02-01", requirement("1", &asks(80)))]);
    let second = log.record(&[(plan(), "2020-06-01", requirement("2", &asks(90)))]);
    let facts = log.facts();
    let required = |question: &Question| -> Vec<(String, Option<i128>)> {
        coverage(&facts, question)
            .into_iter()
            .map(|row| (row.version, row.required))
            .collect()
    };
    let version = |version: &str, required| vec![(version.to_owned(), Some(required))];
    assert_eq!(required(&on("2020-05-31")), version("1", 80));
    assert_eq!(required(&on("2020-06-01")), version("2", 90));
    let before = Question {
        at: AsOf::Position(Position(second - 1)),
        ..on("2020-06-01")
    };
    assert_eq!(required(&before), version("1", 80));
}
