//! What a decision costs: `decide` and the fold of one disbursement, in date order and back-dated, on agreements of 10
//! to 100,000 entries over 65 years; and what an agreement of 20 entries weighs in memory.
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
use perennial_testkit::history::words::{
    agreement, asked, date, disburse, disbursed, eur, signed, signed_as, terms,
};
use perennial_testkit::history::{Given, given};

/// Agreements that are weighed together.
const AGREEMENTS: u32 = 20_000;
/// Days of a term, from the first of 1960 to the last of 2025.
const DAYS: i64 = 24_107;

fn main() {
    for entries in [10, 1_000, 10_000, 100_000] {
        let start = paid(entries);
        for order in [Order::ByDate, Order::BackDated] {
            println!(
                "{{\"entries\": {entries}, \"payment\": \"{}\", \"decide_and_evolve_ns\": {}}}",
                order.name(),
                decision(&start, entries, order)
            );
        }
    }
    println!("{{\"entries\": 20, \"bytes_per_agreement\": {}}}", weight());
}

#[derive(Clone, Copy)]
enum Order {
    /// On the last day of the term.
    ByDate,
    /// On days all over it.
    BackDated,
}

impl Order {
    const fn name(self) -> &'static str {
        match self {
            Self::ByDate => "in order",
            Self::BackDated => "back-dated",
        }
    }

    /// The payments of one measurement, in order.
    fn wishes(self, rounds: u32) -> Vec<Submission> {
        let on = |number: u32| match self {
            Self::ByDate => day(DAYS - 1),
            Self::BackDated => day(i64::from(number) * 7_919 % DAYS),
        };
        let wishes = (0..rounds).map(|number| submission(disburse(&on(number), eur(1))));
        wishes.collect()
    }
}

/// An agreement of so many payments in date order, spread over its term.
fn paid(entries: i64) -> Given {
    let mut long = terms(eur(1_000_000_000));
    let first = date(&day(0));
    (long.signed_on, long.starts_on) = (Some(first), Some(first));
    let mut signature = signed_as(long);
    signature.effective_on = first;
    let mut history = vec![signature];
    history
        .extend((1..entries).map(|number| disbursed(&day(number * (DAYS - 1) / entries), eur(1))));
    given(Profile::Strict, history)
}

fn day(number: i64) -> String {
    let first = date("1960-01-01");
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

/// How often each is measured: the least counts, as other work on the machine only adds to it.
const MEASUREMENTS: u32 = 25;

/// Nanoseconds of one decision and its fold. The history grows by a tenth in each measurement, by twenty at least and by
/// five hundred at most.
fn decision(start: &Given, entries: i64, order: Order) -> u128 {
    let rounds = u32::try_from(entries).expect("few").clamp(200, 5_000) / 10;
    let wishes = order.wishes(rounds);
    let times = (0..MEASUREMENTS).map(|_| {
        let mut given = start.clone();
        let begun = Instant::now();
        for wish in &wishes {
            let decision = given
                .book
                .decide(black_box(wish), given.next, given.today)
                .expect("it is within the commitment");
            given.book.apply(&decision);
            given.next = Position(given.next.0 + 1);
        }
        begun.elapsed().as_nanos() / u128::from(rounds)
    });
    times.min().unwrap_or_default()
}

/// Bytes of one agreement of 20 entries: what this process grows by for many of them.
fn weight() -> u64 {
    let before = resident();
    let mut book = given(Profile::Strict, []);
    for number in 0..AGREEMENTS {
        let id = agreement(&format!("agreement-{number}"));
        let mut history = vec![signed(eur(1_000))];
        history.extend((1..20).map(|payment| disbursed(&day(DAYS - 1_000 + payment * 30), eur(1))));
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
