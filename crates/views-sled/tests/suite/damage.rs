use std::fs;
use std::path::PathBuf;

use perennial_app::ports::view_store::{Opened, ViewStore as _};
use perennial_testkit::view_store::contract::{begun, live, loaded, save_all};
use perennial_testkit::view_store::sample_deltas;

use crate::{Data, unusable};

fn filled(records: u64) -> Data {
    let data = Data::new();
    let (deltas, _) = sample_deltas(records);
    save_all(&*begun(&data.store()), &deltas, 20);
    data
}

/// Files of the live generation with bytes in them, largest first.
fn files(data: &Data) -> Vec<PathBuf> {
    let listed = fs::read_dir(data.live())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = listed.filter(|path| path.is_file()).collect();
    files.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().len()));
    files
}

/// Whether the live generation is whole, not whole, or only seems to be: the last must never happen.
fn is_found_out(data: &Data, records: usize) -> bool {
    let store = data.store();
    match store.open().unwrap() {
        Opened::Unusable { .. } => true,
        Opened::Nothing => panic!("CURRENT was not touched"),
        Opened::Live(generation) => {
            let mut count = 0;
            let loaded = generation.load(&mut |_| count += 1);
            if loaded.is_ok() {
                // sled dropped what it could not read: an older, whole prefix, which the log goes on from.
                let saved = generation.saved().map_or(0, |saved| saved.position.0 + 1);
                assert_eq!(u64::try_from(count).unwrap(), saved);
                assert!(count <= records);
            }
            loaded.is_err() || count < records
        }
    }
}

#[test]
fn a_deleted_directory_is_said_to_be_gone_and_another_generation_can_be_begun() {
    let data = filled(100);
    fs::remove_dir_all(data.live()).unwrap();
    assert!(unusable(&data.store()).unwrap().contains("is gone"));
    let (deltas, _) = sample_deltas(100);
    save_all(&*begun(&data.store()), &deltas, 100);
    assert!(loaded(&*live(&data.store())) == deltas);
}

#[test]
fn a_deleted_cache_is_an_untouched_one() {
    let data = filled(10);
    fs::remove_dir_all(data.cache()).unwrap();
    assert!(matches!(data.store().open().unwrap(), Opened::Nothing));
}

#[test]
fn overwritten_bytes_anywhere_in_the_files_are_found() {
    let whole = filled(2_000);
    let database = files(&whole).remove(0);
    let length = usize::try_from(fs::metadata(&database).unwrap().len()).unwrap();
    for eighth in 0..8 {
        let data = whole.crashed();
        let file = files(&data).remove(0);
        let mut bytes = fs::read(&file).unwrap();
        let from = length * eighth / 8;
        let to = (from + 20_000).min(length);
        let before = bytes[from..to].to_vec();
        bytes[from..to].fill(0xA5);
        let touched = before.iter().any(|&byte| byte != 0);
        fs::write(&file, &bytes).unwrap();
        // Room that was never written may hold anything.
        assert!(
            !touched || is_found_out(&data, 2_000) || still_whole(&data),
            "from byte {from}"
        );
    }
}

/// Overwritten bytes may be of pages that newer ones replaced: then every row is still there.
fn still_whole(data: &Data) -> bool {
    let (deltas, _) = sample_deltas(2_000);
    loaded(&*live(&data.store())) == deltas
}

#[test]
fn a_file_cut_in_half_is_found() {
    let data = filled(2_000);
    let file = files(&data).remove(0);
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(length / 2)
        .unwrap();
    assert!(is_found_out(&data, 2_000));
}

#[test]
fn rows_of_another_schema_are_not_used() {
    let data = filled(10);
    let reason = unusable(&data.store_of("test-views/2")).unwrap();
    assert!(reason.contains("test-views_1-1"), "{reason}");
    assert!(unusable(&data.store()).is_none());
}

#[test]
fn a_generation_under_another_name_is_found_out() {
    let data = filled(10);
    let renamed = data.cache().join("test-views_2-1");
    fs::rename(data.live(), renamed).unwrap();
    fs::write(data.cache().join("CURRENT"), "test-views_2-1\n").unwrap();
    let reason = unusable(&data.store_of("test-views/2")).unwrap();
    assert!(
        reason.contains("it has schema \"test-views/1\""),
        "{reason}"
    );
}

#[test]
fn a_current_file_of_noise_is_not_followed() {
    let data = filled(10);
    for noise in [
        &b"\xff\xfe\x00"[..],
        b"../../elsewhere-1",
        b"",
        b"test-views_1-01",
        b"test-views_1-",
    ] {
        fs::write(data.cache().join("CURRENT"), noise).unwrap();
        assert!(unusable(&data.store()).is_some(), "{noise:?}");
    }
}

#[test]
fn a_generation_that_another_process_holds_is_no_damage() {
    let data = filled(10);
    let store = data.store();
    let held = live(&store);
    assert!(data.store().open().is_err());
    drop(held);
    assert!(matches!(store.open().unwrap(), Opened::Live(_)));
}
