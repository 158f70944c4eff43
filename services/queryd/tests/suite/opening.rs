use std::fs;

use perennial_queryd::projection::Problem;
use perennial_queryd::waiting::{Need, NotReady};

use crate::{Data, LEDGER, Logs, PATIENCE, Reader, folded, grown};
use perennial_testkit::sample_log::SampleLog;

#[tokio::test(flavor = "multi_thread")]
async fn views_are_the_fold_of_the_log_and_a_restart_goes_on_from_what_is_stored() {
    let (data, mut log) = (Data::new(), grown(300));
    let reader = Reader::start(&data, &log);
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    reader.stop().await;

    log.claim();
    log.grow_to(700);
    let reader = Reader::start(&data, &log);
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    let live = reader.projection().live().unwrap();
    assert_eq!(live.number().0, 1);
    drop(live);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_cache_is_built_again_with_the_same_digest() {
    let (data, log) = (Data::new(), grown(500));
    let reader = Reader::start(&data, &log);
    let digest = reader.caught_up(&log).await;
    reader.stop().await;

    for deleted in [data.cache(), data.live()] {
        fs::remove_dir_all(deleted).unwrap();
        let reader = Reader::start(&data, &log);
        assert_eq!(reader.caught_up(&log).await, digest);
        reader.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_built_again_with_the_same_digest() {
    let (data, log) = (Data::new(), grown(2_000));
    let reader = Reader::start(&data, &log);
    let digest = reader.caught_up(&log).await;
    reader.stop().await;

    for _ in 0..3 {
        for entry in fs::read_dir(data.live()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let mut bytes = fs::read(&path).unwrap();
                let (from, to) = (bytes.len() / 3, bytes.len() / 2);
                bytes[from..to].fill(0xA5);
                fs::write(&path, bytes).unwrap();
            }
        }
        let reader = Reader::start(&data, &log);
        assert_eq!(reader.caught_up(&log).await, digest);
        reader.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_another_history_are_built_again() {
    let (data, log) = (Data::new(), grown(100));
    let reader = Reader::start(&data, &log);
    let digest = reader.caught_up(&log).await;
    reader.stop().await;

    // As long, but every record has another hash.
    let mut other = SampleLog::new(LEDGER);
    other.claim();
    other.grow_to(120);
    let reader = Reader::start(&data, &other);
    assert_eq!(reader.caught_up(&other).await, folded(&other));
    let live = reader.projection().live().unwrap();
    let at_99 = live.read(|facts| facts.digest(perennial_domain::log::Position(99)));
    assert_eq!(at_99, Some(digest), "the same events, so the same state");
    assert_eq!(live.number().0, 2);
    drop(live);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_shorter_than_its_views_is_lost_history_and_nothing_is_rebuilt() {
    let (data, log) = (Data::new(), grown(100));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    reader.stop().await;

    let shorter = grown(99);
    for _ in 0..2 {
        let reader = Reader::start(&data, &shorter);
        let problem = reader.refused().await;
        assert!(
            problem.contains("position 99") && problem.contains("history was lost"),
            "{problem}"
        );
        reader.stop().await;
    }
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    assert_eq!(
        reader.projection().live().unwrap().number().0,
        1,
        "nothing was rebuilt"
    );
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_the_log_that_is_known_late_is_no_lost_history() {
    let (data, log) = (Data::new(), grown(100));
    let reader = Reader::start(&data, &log);
    let digest = reader.caught_up(&log).await;
    reader.stop().await;

    let mut late = grown(99);
    let reader = Reader::start(&data, &late);
    let mut reached = reader.projection().reached();
    let short = reached.wait_for(|reached| matches!(reached.problem, Some(Problem::Trouble(_))));
    drop(
        tokio::time::timeout(PATIENCE, short)
            .await
            .unwrap()
            .unwrap(),
    );
    late.grow_to(100);
    assert_eq!(reader.caught_up(&late).await, digest);
    let live = reader.projection().live().unwrap();
    assert_eq!(live.number().0, 1, "nothing was rebuilt");
    drop(live);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_log_with_fewer_records_is_lost_history_too() {
    let (data, log) = (Data::new(), grown(100));
    let reader = Reader::start(&data, &log);
    reader.caught_up(&log).await;
    reader.stop().await;

    let mut fewer = grown(99);
    for _ in 0..50 {
        fewer.dead_claim();
    }
    for _ in 0..2 {
        let reader = Reader::start(&data, &fewer);
        let problem = reader.refused().await;
        assert!(problem.contains("history was lost"), "{problem}");
        reader.stop().await;
    }
    // With the one record more that the views had seen, another one, it is another history.
    fewer.grow_to(100);
    let reader = Reader::start(&data, &fewer);
    assert_eq!(reader.caught_up(&fewer).await, folded(&fewer));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_appear_while_others_are_served() {
    let (data, log) = (Data::new(), grown(10));
    let reader = Reader::start_with(
        &data,
        Logs::of(&[("other-ledger", &SampleLog::new("other-ledger"))]),
    );
    assert!(
        reader
            .projections
            .find(&perennial_domain::ids::LedgerId::parse(LEDGER).unwrap())
            .is_none()
    );
    let other = SampleLog::new("other-ledger");
    reader.logs.set(&[("other-ledger", &other), (LEDGER, &log)]);
    while reader
        .projections
        .find(&perennial_domain::ids::LedgerId::parse(LEDGER).unwrap())
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_stops_its_own_ledger_only() {
    let (data, log) = (Data::new(), grown(10));
    let mut bad = SampleLog::new("bad-ledger");
    bad.grow_to(10);
    let mut entries = bad.log().entries();
    let last = entries.last_mut().unwrap();
    *last.0.last_mut().unwrap() ^= 1;
    let damaged = SampleLog::holding("bad-ledger", entries);
    let reader = Reader::start_with(&data, Logs::of(&[("bad-ledger", &damaged), (LEDGER, &log)]));
    assert_eq!(reader.caught_up(&log).await, folded(&log));
    let bad = reader
        .projections
        .find(&perennial_domain::ids::LedgerId::parse("bad-ledger").unwrap())
        .unwrap();
    let refused = bad.ready(Need::Complete, PATIENCE).await.err().unwrap();
    assert!(
        matches!(
            &refused,
            NotReady::Integrity(damage)
                if damage.problem.contains("damaged record")
                    && damage.first_bad_position == Some(perennial_domain::log::Position(9))
        ),
        "{refused:?}"
    );
    reader.stop().await;
}
