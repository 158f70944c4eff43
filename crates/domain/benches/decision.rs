//! What a decision costs: `decide` and the fold of one disbursement, in date order and back-dated, on agreements of
//! 10, 1,000 and 10,000 entries; and what an agreement of 20 entries weighs in memory.
//!
//! `cargo bench -p perennial-domain --bench decision`. Prints one JSON object a line.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark prints times"
)]

use std::hint::black_box;
use std::time::Instant;

use perennial_domain::Date;
use perennial_domain::agreement::AgreementCommand;
use perennial_domain::command::Submission;
use perennial_domain::event::Stream;
use perennial_domain::log::Position;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::{agreement, asked, date, disburse, disbursed, eur, signed};
use perennial_testkit::history::{Given, given};

/// Decisions of one measurement.
const ROUNDS: u32 = 20_000;
/// Agreements that are weighed together.
const AGREEMENTS: u32 = 20_000;

fn main() {
    for entries in [10, 1_000, 10_000] {
        for (order, on) in [("in order", "2025-12-31"), ("back-dated", "2024-06-01")] {
            println!(
                "{{\"entries\": {entries}, \"payment\": \"{order}\", \"decide_and_evolve_ns\": {}}}",
                decision(entries, on)
            );
        }
    }
    println!("{{\"entries\": 20, \"bytes_per_agreement\": {}}}", weight());
}

/// An agreement of so many payments, each on the day after the one before, over two years and again.
fn paid(entries: i64) -> Given {
    let mut history = vec![signed(eur(1_000_000_000))];
    history.extend((1..entries).map(|number| disbursed(&day(number % 700), eur(1))));
    given(Profile::Strict, history)
}

fn day(number: i64) -> String {
    let first = date("2024-01-01");
    let day = first.checked_add(jiff_span(number)).expect("in the term");
    day.to_string()
}

fn jiff_span(days: i64) -> jiff::Span {
    jiff::Span::new().days(days)
}

fn submission((on, command): (Date, AgreementCommand)) -> Submission {
    Submission {
        commands: vec![asked(on, command)],
        expected: Vec::new(),
    }
}

/// Nanoseconds of one decision and its fold; the median of five measurements. The history grows by the rounds of one.
fn decision(entries: i64, on: &str) -> u128 {
    let wish = submission(disburse(on, eur(1)));
    let start = paid(entries);
    let mut times: Vec<u128> = (0..5)
        .map(|_| {
            let mut given = start.clone();
            let rounds = ROUNDS.min(u32::try_from(entries).expect("few").max(100) / 10);
            let begun = Instant::now();
            for _ in 0..rounds {
                let decision = given
                    .book
                    .decide(black_box(&wish), given.next, given.today)
                    .expect("it is within the commitment");
                given.book.apply(&decision);
                given.next = Position(given.next.0 + 1);
            }
            begun.elapsed().as_nanos() / u128::from(rounds)
        })
        .collect();
    times.sort_unstable();
    times.get(2).copied().unwrap_or_default()
}

/// Bytes of one agreement of 20 entries: what this process grows by for many of them.
fn weight() -> u64 {
    let before = resident();
    let mut book = given(Profile::Strict, []);
    for number in 0..AGREEMENTS {
        let id = agreement(&format!("agreement-{number}"));
        let mut history = vec![signed(eur(1_000))];
        history.extend((1..20).map(|payment| disbursed(&day(payment * 30), eur(1))));
        for mut happened in history {
            happened.stream = Stream::Agreement(id.clone());
            book.record(happened);
        }
    }
    let after = resident();
    black_box(&book);
    after.saturating_sub(before) / u64::from(AGREEMENTS)
}

/// Resident bytes of this process (Linux).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1_024
}
