//! How records are packed into values, and what of them a crash leaves: rows of a prefix with its position (INV-6).

use std::sync::Arc;

use perennial_testkit::view_store::contract::{begun, live, loaded, save_all};
use perennial_testkit::view_store::{sample_deltas, saved_after};
use perennial_views::exception::Finding;

use crate::Data;

/// Sizes of all stored values, read behind the store's back.
fn value_sizes(data: &Data) -> Vec<usize> {
    let copy = data.crashed();
    let db = sled::open(copy.live()).unwrap();
    db.iter().map(|pair| pair.unwrap().1.len()).collect()
}

#[test]
fn records_saved_one_by_one_are_packed_into_few_values() {
    let data = Data::new();
    let (deltas, _) = sample_deltas(1_000);
    let generation = begun(&data.store());
    save_all(&*generation, &deltas, 1);
    generation.flush().unwrap();
    let values = value_sizes(&data);
    // At most 127 small blocks, the joined ones, and the saved position.
    assert!(values.len() <= 140, "{} values", values.len());
    assert!(loaded(&*generation) == deltas);
}

#[test]
fn a_record_with_very_many_rows_is_cut_into_values_below_the_limit() {
    let data = Data::new();
    let (mut deltas, _) = sample_deltas(40);
    let large = Arc::<str>::from("x".repeat(300_000));
    let mut finding = deltas[4].exceptions[0].clone();
    finding.event_id.position = deltas[20].record.position;
    finding.finding = Finding::Remark(large);
    deltas[20].exceptions.push(finding);
    let generation = begun(&data.store());
    save_all(&*generation, &deltas, 40);
    generation.flush().unwrap();
    let values = value_sizes(&data);
    assert!(values.iter().all(|&size| size <= 65_536), "{values:?}");
    assert!(6 < values.len());
    drop(generation);
    assert!(loaded(&*live(&data.store())) == deltas);
}

#[test]
fn a_crash_between_two_flushes_leaves_a_shorter_prefix_or_all() {
    let data = Data::new();
    let (deltas, facts) = sample_deltas(900);
    let generation = begun(&data.store());
    save_all(&*generation, &deltas[..300], 10);
    generation.flush().unwrap();
    for chunk in deltas[300..].chunks(5) {
        generation.save(chunk, saved_after(chunk)).unwrap();
    }
    // Not flushed by us, and not closed.
    let crashed = data.crashed();
    let survived = live(&crashed.store());
    let rows = loaded(&*survived);
    assert!(
        300 <= rows.len(),
        "what was flushed is there: {} records",
        rows.len()
    );
    assert!(rows == deltas[..rows.len()]);
    let saved = survived.saved().unwrap();
    assert_eq!(Some(saved.digest), facts.digest(saved.position));
}
