//! Runs the simulation of several nodes on a shared log: `simulate RUNS [SEED]`, as `cargo xtask sim` calls it.
//!
//! Runs have the seeds SEED, SEED + 1 and so on, on one thread for each processor. The violation with the lowest seed is
//! told, and how to repeat it.
#![expect(clippy::print_stdout, reason = "a person reads it")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use perennial_testkit::sim::{Report, Violation, run};

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().ok());
    let (Some(Some(runs)), seed) = (arguments.next(), arguments.next()) else {
        println!("simulate RUNS [SEED]");
        return ExitCode::from(2);
    };
    let first = seed.flatten().unwrap_or(1);
    #[expect(
        clippy::disallowed_methods,
        reason = "a person is told how long it took; no run sees this clock"
    )]
    let begun = Instant::now();
    let (total, violation) = simulate(first, first.saturating_add(runs));
    if let Some(violation) = violation {
        println!("{violation}");
        println!(
            "again: cargo xtask sim --runs 1 --seed {seed}",
            seed = violation.seed
        );
        return ExitCode::FAILURE;
    }
    let Report {
        steps,
        records,
        terms,
        dead,
        attempts,
        trace,
    } = total;
    println!("{runs} runs from seed {first} in {:.1?}:", begun.elapsed());
    println!(
        "{attempts} attempts, {records} records, {terms} terms, {dead} dead entries, {steps} steps"
    );
    println!("trace {trace:016x}");
    ExitCode::SUCCESS
}

/// Runs the seeds from `first` to before `end`, until a violation is found.
fn simulate(first: u64, end: u64) -> (Report, Option<Violation>) {
    let (next, stop) = (AtomicU64::new(first), AtomicU64::new(end));
    let work = || {
        let (mut total, mut violation) = (Report::default(), None);
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if stop.load(Ordering::SeqCst) <= seed {
                return (total, violation);
            }
            match run(seed) {
                Ok(report) => add(&mut total, report),
                Err(found) => {
                    stop.fetch_min(seed, Ordering::SeqCst);
                    violation = Some(found);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let (mut total, mut violation) = (Report::default(), None::<Violation>);
        for thread in threads {
            let (report, found) = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            add(&mut total, report);
            violation = violation
                .into_iter()
                .chain(found)
                .min_by_key(|one| one.seed);
        }
        (total, violation)
    })
}

fn add(total: &mut Report, report: Report) {
    total.steps += report.steps;
    total.records += report.records;
    total.terms += report.terms;
    total.dead += report.dead;
    total.attempts += report.attempts;
    total.trace ^= report.trace;
}
