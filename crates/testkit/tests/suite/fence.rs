//! Nothing that nodes, brokers, networks and clocks do makes the ledger tell what is not so (INV-4), answer one request
//! twice differently (INV-5), leave a gap (INV-9) or have two histories (INV-11); and once all is well again, one node
//! leads and every client is answered.

use perennial_testkit::random::Random;
use perennial_testkit::sim::run;

use crate::SOUND;

/// Enough to find each planted bug, in a few seconds without optimisation. `cargo xtask sim` runs more.
const RUNS: u64 = 400;

#[test]
fn inv_4_inv_5_inv_9_inv_11_hold_whatever_nodes_and_brokers_do() {
    let _sound = SOUND.read().unwrap();
    let mut random =
        Random::for_test("inv_4_inv_5_inv_9_inv_11_hold_whatever_nodes_and_brokers_do");
    let first = random.next_u64();
    let (mut terms, mut dead) = (0, 0);
    for seed in first..first + RUNS {
        let report = run(seed).unwrap();
        terms += report.terms;
        dead += report.dead;
    }
    println!("{RUNS} runs from seed {first}: {terms} terms, {dead} dead entries");
    assert!(RUNS < terms && RUNS / 10 < dead, "the storms were too mild");
}

#[test]
fn a_run_is_decided_by_its_seed_alone() {
    let _sound = SOUND.read().unwrap();
    for seed in 1..20 {
        assert_eq!(run(seed).unwrap(), run(seed).unwrap());
    }
}
