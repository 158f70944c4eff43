//! What is rounded once, and where the unit goes.

use perennial_domain::agreement::{Perspective, YearBasis};
use perennial_domain::period::FiscalCalendar;
use perennial_views::rows::{ByYearRow, NexusRow, Row};
use perennial_views::{Dimension, Filter, PillarMapping, Question, View};

use crate::given::{Log, agreement, dims, line, share, signed, terms, usd};

fn log_of(amount: i128, year_shares: Vec<perennial_domain::agreement::YearShare>) -> Log {
    let mut log = Log::new();
    let line = perennial_domain::agreement::Line {
        dims: dims(
            &[("15220", 333_333), ("31120", 333_333), ("72010", 333_334)],
            &[("SS", 500_000), ("UG", 500_000)],
        ),
        ..line("line-1", usd(amount), year_shares)
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Recipient, vec![line])),
    )]);
    log
}

fn nexus(log: &Log, question: &Question) -> Vec<NexusRow> {
    let rows = View::Nexus.evaluate(&log.facts(), question).unwrap().rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Nexus(row) => Some(row),
            _ => None,
        })
        .collect()
}

fn by_year(log: &Log, question: &Question) -> Vec<ByYearRow> {
    let rows = View::ByYear.evaluate(&log.facts(), question).unwrap().rows;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::ByYear(row) => Some(row),
            _ => None,
        })
        .collect()
}

#[test]
fn one_cent_over_three_pillars_stays_one_cent_with_the_largest_share() {
    let log = log_of(
        1,
        vec![share("2020-01-01", "2020-12-31", 1, YearBasis::Scheduled)],
    );
    let question = Question {
        group_by: Some(vec![Dimension::Pillar]),
        ..Question::default()
    };
    let rows = nexus(&log, &question);
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.pillar.unwrap().name(), row.committed))
        .collect();
    assert_eq!(found, [("humanitarian", 1)]);
}

#[test]
fn countries_and_pillars_are_a_product_that_sums_to_the_amount() {
    let log = log_of(
        101,
        vec![share("2020-01-01", "2020-12-31", 101, YearBasis::Scheduled)],
    );
    let rows = nexus(&log, &Question::default());
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.country.as_deref().unwrap(),
                row.pillar.unwrap().name(),
                row.committed,
            )
        })
        .collect();
    // 101 / 2 / 3 is 16.83 for each: five of six get the next unit, ties by country and then by pillar's word.
    // Humanitarian has the one ppm more, so its remainders come first.
    assert_eq!(
        found,
        [
            ("SS", "humanitarian", 17),
            ("SS", "development", 17),
            ("SS", "peace", 17),
            ("UG", "humanitarian", 17),
            ("UG", "development", 17),
            ("UG", "peace", 16),
        ]
    );
}

#[test]
fn a_period_is_cut_by_days_keeps_its_basis_and_is_marked_prorated() {
    // 2019-12-30 to 2020-01-02: two days in each year.
    let log = log_of(
        101,
        vec![share("2019-12-30", "2020-01-02", 101, YearBasis::Budgeted)],
    );
    let rows = by_year(&log, &Question::default());
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.year.as_deref().unwrap(),
                row.year_basis.unwrap(),
                row.prorated,
                row.committed,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("2019", "budgeted", true, 51),
            ("2020", "budgeted", true, 50)
        ],
        "the tie goes to the earlier year"
    );
}

#[test]
fn a_period_inside_a_fiscal_year_keeps_its_basis_and_its_label() {
    let log = log_of(
        101,
        vec![share("2019-12-30", "2020-01-02", 101, YearBasis::Budgeted)],
    );
    let question = Question {
        calendar: FiscalCalendar::April.into(),
        ..Question::default()
    };
    let rows = by_year(&log, &question);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].year.as_deref(), Some("2019/20"));
    assert_eq!(rows[0].year_basis, Some("budgeted"));
    assert!(!rows[0].prorated);
    assert_eq!(rows[0].committed, 101);
}

#[test]
fn years_are_rounded_once_over_all_agreements_where_agreements_are_summed_away() {
    // Three agreements of 1 cent over two years of equal days: each alone gives its cent to the first year.
    let mut log = Log::new();
    for number in 1..=3 {
        let shares = vec![share("2021-01-01", "2022-12-31", 1, YearBasis::Prorated)];
        log.record(&[(
            agreement(&format!("agreement-{number}")),
            "2020-01-15",
            signed(terms(
                Perspective::Recipient,
                vec![line("line-1", usd(1), shares)],
            )),
        )]);
    }
    let years = |question: &Question| -> Vec<(String, i128)> {
        by_year(&log, question)
            .into_iter()
            .map(|row| (row.year.unwrap(), row.committed))
            .collect()
    };
    let year = |label: &str, amount| (label.to_owned(), amount);
    assert_eq!(
        years(&Question::default()),
        [year("2021", 1), year("2021", 1), year("2021", 1)]
    );
    let summed = Question {
        group_by: Some(vec![Dimension::Year]),
        ..Question::default()
    };
    assert_eq!(years(&summed), [year("2021", 2), year("2022", 1)]);
}

#[test]
fn a_filter_on_a_key_that_is_summed_away_leaves_the_rest_out_before_rounding() {
    let log = log_of(
        101,
        vec![share("2020-01-01", "2020-12-31", 101, YearBasis::Scheduled)],
    );
    let question = Question {
        group_by: Some(vec![]),
        filter: Filter {
            country: Some("SS".to_owned()),
            ..Filter::default()
        },
        ..Question::default()
    };
    let rows = nexus(&log, &question);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].committed, 50, "50.5, half to even");
}

#[test]
fn the_mapping_that_is_asked_for_decides_the_pillar() {
    let mut log = Log::new();
    let line = perennial_domain::agreement::Line {
        dims: dims(&[("15190", 1_000_000)], &[]),
        ..line(
            "line-1",
            usd(7),
            vec![share("2020-01-01", "2020-12-31", 7, YearBasis::Scheduled)],
        )
    };
    log.record(&[(
        agreement("agreement-1"),
        "2020-01-15",
        signed(terms(Perspective::Provider, vec![line])),
    )]);
    let pillar = |mapping: PillarMapping| {
        let question = Question {
            mapping: mapping.into(),
            ..Question::default()
        };
        nexus(&log, &question)[0].pillar.unwrap().name()
    };
    assert_eq!(pillar(PillarMapping::DAC_CORE), "development");
    assert_eq!(pillar(PillarMapping::DAC_WIDE), "peace");
}

#[test]
fn the_mappings_are_named_by_their_content() {
    let core = PillarMapping::DAC_CORE;
    let wide = PillarMapping::DAC_WIDE;
    assert_eq!(PillarMapping::find("dac-core"), Some(core.clone()));
    assert_eq!(
        PillarMapping::find(&wide.content_hash()),
        Some(wide.clone())
    );
    assert_eq!(PillarMapping::find("dac"), None);
    assert_eq!(
        core.content_hash(),
        "61e0bbec4931497d00f1412dfa3b6d529cbcef64bb76a0c1e358e2c70f0f5769"
    );
    assert!(!core.reads_humanitarian_flag());
    for (code, in_core, in_wide) in [
        ("72010", "humanitarian", "humanitarian"),
        ("73010", "humanitarian", "humanitarian"),
        ("74020", "humanitarian", "humanitarian"),
        ("720", "humanitarian", "humanitarian"),
        ("15220", "peace", "peace"),
        ("152", "peace", "peace"),
        ("15130", "development", "peace"),
        ("15153", "development", "peace"),
        ("15160", "development", "peace"),
        ("15110", "development", "development"),
        ("15196", "development", "development"),
        ("51010", "unallocable", "unallocable"),
        ("510", "development", "development"),
        ("60020", "unallocable", "unallocable"),
        ("91010", "unallocable", "unallocable"),
        ("93010", "unallocable", "unallocable"),
        ("99810", "unallocable", "unallocable"),
        ("31120", "development", "development"),
    ] {
        assert_eq!(core.pillar_of(code).name(), in_core, "{code}");
        assert_eq!(wide.pillar_of(code).name(), in_wide, "{code}");
    }
}

#[test]
fn a_year_that_nothing_is_cut_into_keeps_its_own_sum() {
    // 2020: 1 cent over two countries of a half each. 2022 and 2023: 1 cent by days. 2020 must not lend its cent.
    let log = log_of(
        2,
        vec![
            share("2020-01-01", "2020-12-31", 1, YearBasis::Scheduled),
            share("2022-07-02", "2023-07-01", 1, YearBasis::Scheduled),
        ],
    );
    let question = Question {
        group_by: Some(vec![Dimension::Country, Dimension::Year]),
        ..Question::default()
    };
    let rows = nexus(&log, &question);
    let of = |year: &str| -> i128 {
        let rows = rows.iter().filter(|row| row.year.as_deref() == Some(year));
        rows.map(|row| row.committed).sum()
    };
    assert_eq!(of("2020"), 1);
    assert_eq!(of("2022") + of("2023"), 1);
}
