//! The published files of the shared data: figures of SEMANTICS.md and DOMAIN.md 4.

use std::collections::BTreeMap;

use perennial_domain::agreement::{AgreementCommand, Perspective, YearBasis};
use perennial_domain::command::Action;
use perennial_domain::event::Fact;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::{Date, agreement::AgreementEvent};
use perennial_iati::plan::{PlanLimits, Reason};
use perennial_iati::{Activities, Activity, ActivityPlan, Known, Planner, ReadLimits};

use crate::ledger::{Ledger, commands, source, sums};
use crate::shared;

fn activities(bytes: &[u8]) -> Vec<Activity> {
    Activities::open_any(bytes, ReadLimits::default())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// Plans of a whole file into an empty ledger.
fn plans(bytes: &[u8]) -> Vec<ActivityPlan> {
    let known = Known::default();
    let mut planner = Planner::new(source("any"), &known, PlanLimits::default());
    activities(bytes)
        .iter()
        .map(|activity| planner.plan(&known, activity))
        .collect()
}

#[test]
fn iom_commits_2417615507_12_dollars_in_575_agreements_and_two_zeros_are_refused() {
    let Some(bytes) = shared::read("iati/iom-577-activities.xml") else {
        return;
    };
    let (mut total, mut agreements, mut refused) = (0, 0, 0);
    for plan in plans(&bytes) {
        for (perspective, sums) in sums(&plan).into_values() {
            assert_eq!(perspective, Perspective::Recipient);
            total += sums.committed;
            agreements += 1;
        }
        for item in &plan.refused {
            assert_eq!(item.reason, Reason::ZeroAmount);
            refused += 1;
        }
        assert!(plan.submissions.len() <= 1);
    }
    assert_eq!((total, agreements, refused), (241_761_550_712, 575, 2));
}

/// Cuts shares into calendar years, exactly: sums of amount x days / days of the period, over one common
/// denominator per period length, rounded once at the end.
#[test]
fn iom_by_year_is_275_budgeted_and_300_prorated_agreements_rounded_once_over_the_total() {
    let Some(bytes) = shared::read("iati/iom-577-activities.xml") else {
        return;
    };
    let (mut budgeted, mut prorated) = (0, 0);
    // Per year: numerators by denominator (days of the period).
    let mut years: BTreeMap<i16, BTreeMap<u64, i128>> = BTreeMap::new();
    for plan in plans(&bytes) {
        let mut term = None;
        for command in commands(&plan) {
            match command.action {
                Action::Agreement(_, AgreementCommand::Sign(terms)) => {
                    term = Some(
                        Period::new(terms.starts_on.unwrap(), terms.ends_on.unwrap()).unwrap(),
                    );
                }
                Action::Agreement(
                    _,
                    AgreementCommand::IncreaseCommitment {
                        amount,
                        year_shares,
                        ..
                    },
                ) => {
                    if year_shares.is_empty() {
                        prorated += 1;
                        spread(&mut years, term.unwrap(), amount.minor_units());
                        continue;
                    }
                    budgeted += 1;
                    let shared: i128 = year_shares.iter().map(|share| share.minor_units).sum();
                    assert_eq!(shared, amount.minor_units());
                    for share in year_shares {
                        assert_eq!(share.basis, YearBasis::Budgeted);
                        spread(&mut years, share.period, share.minor_units);
                    }
                }
                _ => {}
            }
        }
    }
    assert_eq!((budgeted, prorated), (275, 300));
    let rounded: BTreeMap<i16, i128> = years
        .into_iter()
        .map(|(year, parts)| (year, round_once(&parts)))
        .collect();
    assert_eq!(rounded[&2017], 43_337_099_270);
    assert_eq!(rounded[&2019], 50_114_094_789);
}

fn spread(years: &mut BTreeMap<i16, BTreeMap<u64, i128>>, period: Period, minor_units: i128) {
    let mut year = FiscalCalendar::January.year_of(period.starts_on());
    while let Some(part) = period.intersection(year.period()) {
        let numerator = minor_units * i128::from(part.days());
        *years
            .entry(year.period().starts_on().year())
            .or_default()
            .entry(period.days())
            .or_default() += numerator;
        year = year.next();
    }
}

/// Sums the fractions at a resolution of 10^-15 minor units and rounds half away from zero; no figure of the
/// file lies that near to a half.
fn round_once(parts: &BTreeMap<u64, i128>) -> i128 {
    const FINE: i128 = 1_000_000_000_000_000;
    let fine: i128 = parts
        .iter()
        .map(|(days, numerator)| numerator * FINE / i128::from(*days))
        .sum();
    (fine + FINE / 2).div_euclid(FINE)
}

#[test]
fn iom_runs_24_months_or_longer_in_175_agreements_and_1181344849_96_is_humanitarian() {
    let Some(bytes) = shared::read("iati/iom-577-activities.xml") else {
        return;
    };
    let (mut long, mut long_total, mut humanitarian) = (0, 0, 0);
    for plan in plans(&bytes) {
        let (mut is_long, mut is_humanitarian) = (false, false);
        for command in commands(&plan) {
            match command.action {
                Action::Agreement(_, AgreementCommand::Sign(terms)) => {
                    let period =
                        Period::new(terms.starts_on.unwrap(), terms.ends_on.unwrap()).unwrap();
                    is_long = period.reaches_months(24);
                    is_humanitarian = terms.lines[0].dims.humanitarian == Some(true);
                }
                Action::Agreement(_, AgreementCommand::IncreaseCommitment { amount, .. }) => {
                    long += u32::from(is_long);
                    long_total += if is_long { amount.minor_units() } else { 0 };
                    humanitarian += if is_humanitarian {
                        amount.minor_units()
                    } else {
                        0
                    };
                }
                _ => {}
            }
        }
    }
    assert_eq!(
        (long, long_total, humanitarian),
        (175, 153_433_432_165, 118_134_484_996)
    );
}

/// The pillar mapping `dac-core` on what the plan classifies (SEMANTICS.md 1 "Pillar mappings").
fn pillar(code: &str) -> &'static str {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if starts(&["72", "73", "74"]) {
        "humanitarian"
    } else if starts(&["152"]) {
        "peace"
    } else if starts(&["51010", "600", "910", "930", "998"]) {
        "unallocable"
    } else {
        "development"
    }
}

#[test]
fn iom_by_pillar_comes_out_to_the_cent() {
    let Some(bytes) = shared::read("iati/iom-577-activities.xml") else {
        return;
    };
    // Minor units times parts per million.
    let mut pillars: BTreeMap<&str, i128> = BTreeMap::new();
    for plan in plans(&bytes) {
        let mut shares = Vec::new();
        for command in commands(&plan) {
            match command.action {
                Action::Agreement(_, AgreementCommand::Sign(mut terms)) => {
                    assert_eq!(terms.lines.len(), 1);
                    shares = terms.lines.remove(0).dims.purposes.shares().to_vec();
                }
                Action::Agreement(_, AgreementCommand::IncreaseCommitment { amount, .. }) => {
                    for share in &shares {
                        *pillars.entry(pillar(&share.code)).or_default() +=
                            amount.minor_units() * i128::from(share.share_ppm);
                    }
                    if shares.is_empty() {
                        *pillars.entry("unallocable").or_default() +=
                            amount.minor_units() * 1_000_000;
                    }
                }
                _ => {}
            }
        }
    }
    let rounded: BTreeMap<&str, i128> = pillars
        .into_iter()
        .map(|(pillar, exact)| (pillar, (exact + 500_000).div_euclid(1_000_000)))
        .collect();
    let expected = [
        ("development", 115_170_003_514),
        ("humanitarian", 109_108_730_485),
        ("peace", 8_457_062_202),
        ("unallocable", 9_025_754_511),
    ];
    assert_eq!(rounded, BTreeMap::from(expected));
}

#[test]
fn six_of_the_thirteen_netherlands_agreements_are_multi_year() {
    let Some(bytes) = shared::read("iati/nl-mfa-13-activities.xml") else {
        return;
    };
    let (mut long, mut total) = (0, 0);
    for plan in plans(&bytes) {
        let Action::Agreement(_, AgreementCommand::Sign(terms)) = commands(&plan).remove(0).action
        else {
            panic!("signed first")
        };
        let term = terms.starts_on.zip(terms.ends_on);
        if term.is_some_and(|(from, to)| Period::new(from, to).unwrap().reaches_months(24)) {
            long += 1;
            total += sums(&plan)
                .values()
                .map(|(_, sums)| sums.committed)
                .sum::<i128>();
        }
    }
    assert_eq!((long, total), (6, 1_212_538_000));
}

#[test]
fn the_netherlands_table_comes_out_to_the_euro() {
    let Some(bytes) = shared::read("iati/nl-mfa-13-activities.xml") else {
        return;
    };
    let mut found: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    let (mut commitments, mut disbursements, mut planned) = (0, 0, 0);
    for plan in plans(&bytes) {
        for command in commands(&plan) {
            if let Action::Agreement(_, AgreementCommand::ReplaceForecast(entries)) = command.action
            {
                planned += entries.len();
            }
        }
        let sums = sums(&plan);
        assert!(sums.len() <= 1);
        for (_, sums) in sums.into_values() {
            found.insert(
                plan.identifier.clone(),
                (sums.committed / 100, sums.disbursed / 100),
            );
            commitments += sums.commitments;
            disbursements += sums.disbursements;
        }
    }
    let expected = [
        ("NL-1-PPR-24706", 2_000_000, 2_000_000),
        ("NL-1-PPR-25275", 1_298_748, 1_298_749),
        ("NL-1-PPR-27787", 125_592, 125_591),
        ("NL-1-PPR-28385", 5_553_265, 4_753_363),
        ("NL-1-PPR-28393", 1_606, 1_606),
        ("XM-DAC-7-PPR-28250", 3_061_800, 3_061_800),
    ];
    for (identifier, committed, disbursed) in expected {
        assert_eq!(found[identifier], (committed, disbursed), "{identifier}");
    }
    assert_eq!(found.len(), 13);
    assert_eq!(found.values().map(|sums| sums.0).sum::<i128>(), 13_389_863);
    // 34 planned disbursements are published, six of them zero.
    assert_eq!((commitments, disbursements, planned), (33, 39, 28));
}

#[test]
fn the_covid_files_are_read_whole() {
    let sizes = |name: &str| {
        shared::read(name).map(|bytes| {
            let activities = activities(&bytes);
            let transactions = activities
                .iter()
                .map(|activity| activity.transactions.len())
                .sum::<usize>();
            (activities.len(), transactions)
        })
    };
    if let Some(found) = sizes("iati/covid-400-activities.xml") {
        assert_eq!(found, (401, 1_033));
    }
    if let Some(found) = sizes("iati/covid-dportal-1.xml") {
        assert_eq!(found, (45, 352));
    }
}

#[test]
fn six_publications_in_order_end_at_the_totals_of_the_last() {
    let days = [
        "08-c2ddf2a2",
        "09-5ddea1b3",
        "10-8319b765",
        "11-b80056a2",
        "12-11dadcc8",
        "13-70170ee0",
    ];
    let mut ledger = Ledger::default();
    let mut last = String::new();
    for day in days {
        let name = format!("iati/restatement/prefiltered-2022-05-{day}.xml.zst");
        let Some(bytes) = shared::read(&name) else {
            return;
        };
        last = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
        let import = ledger.import(&last);
        println!(
            "{day}: {:?} {:?}",
            import.tally.counts(),
            import
                .tally
                .reasons()
                .iter()
                .map(|r| (r.reason.clone(), r.count))
                .collect::<Vec<_>>()
        );
    }
    let mut fresh = Ledger::default();
    fresh.import(&last);
    assert_eq!(totals(&ledger), totals(&fresh));
}

/// How many entries there are by kind, and their total per currency.
fn totals(ledger: &Ledger) -> BTreeMap<(&'static str, String), (u32, i128)> {
    let mut totals: BTreeMap<(&'static str, String), (u32, i128)> = BTreeMap::new();
    for recorded in &ledger.events {
        let Fact::Agreement(fact) = &recorded.event.fact else {
            continue;
        };
        let amount = match fact {
            AgreementEvent::CommitmentIncreased { amount, .. }
            | AgreementEvent::CommitmentDecreased { amount, .. } => *amount,
            AgreementEvent::DisbursementMade { cash, .. }
            | AgreementEvent::ReceiptConfirmed { cash, .. }
            | AgreementEvent::RefundMade { cash, .. }
            | AgreementEvent::ExpenditureReported { cash, .. }
            | AgreementEvent::ExpenditureReduced { cash, .. } => cash.amount,
            _ => continue,
        };
        let slot = totals
            .entry((fact.kind(), amount.currency().to_string()))
            .or_default();
        slot.0 += 1;
        slot.1 += amount.minor_units();
    }
    totals
}

#[test]
fn the_date_bounds_are_those_of_the_domain() {
    assert_eq!(
        Date::constant(2100, 12, 31),
        perennial_iati::vocabulary::date("2100-12-31").unwrap()
    );
    assert_eq!(perennial_iati::vocabulary::date("2101-01-01"), None);
    assert_eq!(
        Date::constant(1960, 1, 1),
        perennial_iati::vocabulary::date("1960-01-01").unwrap()
    );
    assert_eq!(perennial_iati::vocabulary::date("1959-12-31"), None);
}
