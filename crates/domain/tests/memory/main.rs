//! What the writer's state of an agreement takes in memory, counted by the allocator. Prints the figures
//! (`--nocapture`).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails, in its helpers too"
)]

mod copies;
mod life;

use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::Position;
use perennial_domain::rule::Profile;
use perennial_testkit::history::new_book;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Enough agreements that what the book's own tables take is shared as in a large ledger.
const AGREEMENTS: u64 = 1_000;
/// The same, to divide by.
const EACH: i64 = 1_000;

/// Bytes that an agreement of 20 entries stays below.
const OF_20_ENTRIES: i64 = 2_048;
/// Bytes that one more payment stays below.
const OF_A_PAYMENT: i64 = 30;

fn told() -> life::Told {
    life::Told {
        book: new_book(Profile::Strict, LedgerPolicy::default()),
        next: Position(1),
    }
}

/// Bytes held now, since `region` began.
fn held(region: &Region<'_, System>) -> i64 {
    let change = region.change();
    let signed = |bytes: usize| i64::try_from(bytes).unwrap();
    signed(change.bytes_allocated) - signed(change.bytes_deallocated)
}

/// One test at a time: the allocator counts for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn an_agreement_takes_no_more_memory_than_it_is_allowed() {
    let _alone = alone();
    let ids: Vec<String> = (0..AGREEMENTS)
        .map(|number| format!("agreement-{number}"))
        .collect();
    let mut told = told();
    let region = Region::new(COUNTED);
    let mut before = 0;
    // Round after round over all agreements, as a ledger grows.
    for stage in 0..4 {
        let commands: Vec<_> = (0..AGREEMENTS)
            .zip(&ids)
            .map(|(number, id)| {
                let stages = life::typical(id, 1 + number, AGREEMENTS);
                let [sign, middle, payments, rest] = stages;
                [sign, middle, payments, rest]
                    .into_iter()
                    .nth(stage)
                    .unwrap()
            })
            .collect();
        let entries = commands[0].len();
        let base = held(&region);
        for at in 0..entries {
            for of_agreement in &commands {
                told.tell(of_agreement[at].clone());
            }
        }
        let grown = held(&region) - base;
        println!(
            "{} of {entries} entries: {} bytes",
            [
                "signature",
                "increase and tranches",
                "payments",
                "refund and reversal"
            ][stage],
            grown / EACH
        );
        before += grown;
    }
    let each = before / EACH;
    println!("an agreement of 20 entries: {each} bytes");
    drop(told);
    let (small, large) = (payments(&region, 10), payments(&region, 110));
    let entry = (large - small) / 100;
    println!("each of 100 payments on an agreement: {entry} bytes");
    assert!(each < OF_20_ENTRIES, "{each} bytes");
    assert!(entry < OF_A_PAYMENT, "{entry} bytes");
}

#[test]
fn a_submission_on_a_list_of_the_registry_copies_what_it_changes_and_not_the_list() {
    let _alone = alone();
    let allocated = |work: &mut dyn FnMut()| {
        let region = Region::new(COUNTED);
        work();
        region.change().bytes_allocated
    };
    let short = copies::of_two_commands(told(), (100, 2), allocated);
    let long = copies::of_two_commands(told(), (10_000, 200), allocated);
    println!("two commands on short lists: {short:?} bytes, on long lists: {long:?} bytes");
    for (short, long) in short.into_iter().zip(long) {
        // The lists are a hundred times as long; what grows is the list of their pieces.
        assert!(long < short + 8_192, "{long} bytes after {short}");
    }
}

/// Bytes of an agreement of one line with so many payments.
fn payments(region: &Region<'_, System>, payments: u64) -> i64 {
    let mut told = told();
    let begun = held(region);
    for number in 0..AGREEMENTS {
        told.tell(life::signed_for_much(&format!("agreement-{number}")));
    }
    for payment in 0..payments {
        for number in 0..AGREEMENTS {
            told.tell(life::paid_on_day(
                &format!("agreement-{number}"),
                payment * 3,
            ));
        }
    }
    (held(region) - begun) / EACH
}
