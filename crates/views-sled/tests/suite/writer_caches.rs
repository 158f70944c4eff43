//! The writer's caches on files: the contracts, and damage of every kind.

use std::fs;
use std::path::PathBuf;

use perennial_app::ports::cache::KnownPoint;
use perennial_app::ports::request_index::{OpenedIndex, RequestIndexStore};
use perennial_app::ports::snapshot_store::{LoadedSnapshot, SnapshotStore as _};
use perennial_domain::ids::LedgerId;
use perennial_domain::log::Position;
use perennial_testkit::random::Random;
use perennial_testkit::request_index::contract as of_index;
use perennial_testkit::snapshot_store::contract as of_snapshot;
use perennial_views_sled::{FileSnapshotStore, SledRequestIndexStore, writer_cache_directory};

use crate::{Data, copy_directory};

fn directory(data: &Data) -> PathBuf {
    let ledger_id = LedgerId::parse("ledger-1").unwrap();
    writer_cache_directory(data.0.path(), &ledger_id)
}

fn snapshots(data: &Data) -> FileSnapshotStore {
    FileSnapshotStore::new(&directory(data))
}

fn requests(data: &Data) -> SledRequestIndexStore {
    SledRequestIndexStore::new(&directory(data))
}

fn check_snapshots(contract: fn(of_snapshot::Open<'_>)) {
    let data = Data::new();
    contract(&|| Box::new(snapshots(&data)));
}

fn check_index(contract: fn(of_index::Open<'_>)) {
    let data = Data::new();
    contract(&|| Box::new(requests(&data)));
}

#[test]
fn the_caches_lie_under_the_ledgers_cache_directory() {
    let ledger_id = LedgerId::parse("ledger-1").unwrap();
    assert_eq!(
        writer_cache_directory(std::path::Path::new("data"), &ledger_id),
        PathBuf::from("data/ledgers/ledger-1/cache/writer")
    );
}

#[test]
fn an_untouched_directory_has_no_snapshot() {
    check_snapshots(of_snapshot::an_untouched_storage_has_no_snapshot);
}

#[test]
fn a_finished_snapshot_is_there_after_a_restart() {
    check_snapshots(of_snapshot::a_finished_snapshot_is_there_after_a_restart);
}

#[test]
fn a_newer_snapshot_replaces_the_one_before() {
    check_snapshots(of_snapshot::a_newer_snapshot_replaces_the_one_before);
}

#[test]
fn an_unfinished_snapshot_changes_nothing() {
    check_snapshots(of_snapshot::an_unfinished_snapshot_changes_nothing);
}

#[test]
fn loading_a_snapshot_stops_when_asked() {
    check_snapshots(of_snapshot::loading_stops_when_asked);
}

#[test]
fn an_untouched_directory_is_an_empty_index() {
    check_index(of_index::an_untouched_storage_is_an_empty_index);
}

#[test]
fn ids_are_found_at_once_and_after_a_restart() {
    check_index(of_index::what_was_saved_is_found_at_once_and_after_a_restart);
}

#[test]
fn a_restart_never_promises_ids_that_are_not_there() {
    check_index(of_index::a_restart_never_promises_what_is_not_there);
}

#[test]
fn ids_may_be_added_again() {
    check_index(of_index::ids_may_be_added_again);
}

#[test]
fn an_index_that_is_begun_anew_is_empty() {
    check_index(of_index::a_new_beginning_is_empty);
}

#[test]
fn unknown_ids_are_hardly_ever_looked_up() {
    check_index(of_index::unknown_ids_are_hardly_ever_looked_up);
}

#[test]
fn a_snapshot_with_any_byte_changed_is_unusable() {
    let data = Data::new();
    let store = snapshots(&data);
    of_snapshot::store(
        &store,
        of_snapshot::mark(41, 2),
        &[b"one".to_vec(), vec![7; 300]],
    );
    let file = directory(&data).join("state");
    let whole = fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&file, &changed).unwrap();
        let (loaded, _) = of_snapshot::loaded(&store);
        assert!(
            matches!(loaded, LoadedSnapshot::Unusable { .. }),
            "byte {at}: {loaded:?}"
        );
    }
    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        let (loaded, _) = of_snapshot::loaded(&store);
        assert!(
            matches!(loaded, LoadedSnapshot::Unusable { .. }),
            "{length} bytes: {loaded:?}"
        );
    }
    fs::write(&file, [whole.as_slice(), &[0]].concat()).unwrap();
    let (loaded, _) = of_snapshot::loaded(&store);
    assert!(
        matches!(loaded, LoadedSnapshot::Unusable { .. }),
        "a byte more: {loaded:?}"
    );
    fs::write(&file, &whole).unwrap();
    let (loaded, _) = of_snapshot::loaded(&store);
    assert_eq!(loaded, LoadedSnapshot::Whole(of_snapshot::mark(41, 2)));
}

#[test]
fn what_a_crash_leaves_of_a_snapshot_is_not_taken_for_one() {
    let data = Data::new();
    let store = snapshots(&data);
    of_snapshot::store(&store, of_snapshot::mark(41, 0), &[b"one".to_vec()]);
    let mut writer = store.begin(of_snapshot::point(90)).unwrap();
    writer.part(&vec![1; 600_000]).unwrap();
    let crashed = Data::new();
    copy_directory(&directory(&data), &directory(&crashed));
    drop(writer);
    let store = snapshots(&crashed);
    let (loaded, parts) = of_snapshot::loaded(&store);
    assert_eq!(loaded, LoadedSnapshot::Whole(of_snapshot::mark(41, 0)));
    assert_eq!(parts, [b"one".to_vec()]);
    of_snapshot::store(&store, of_snapshot::mark(95, 0), &[]);
    let mut left: Vec<_> = fs::read_dir(directory(&crashed))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["state"], "the unfinished one is gone");
}

/// An index with ids 0 to `last` flushed, and `more` after them saved only.
fn filled(data: &Data, last: u64, more: u64) {
    let index = of_index::ready(&requests(data));
    index
        .save(&of_index::requests(0, last), of_snapshot::point(last))
        .unwrap();
    index.flush().unwrap();
    if 0 < more {
        let end = last + more;
        index
            .save(&of_index::requests(last + 1, end), of_snapshot::point(end))
            .unwrap();
    }
}

/// Why the index cannot be used.
#[track_caller]
fn unusable(store: &SledRequestIndexStore) -> String {
    match store.open().unwrap() {
        OpenedIndex::Ready(_) => panic!("the index seems usable"),
        OpenedIndex::Unusable { reason } => reason,
    }
}

#[track_caller]
fn can_be_begun_anew(data: &Data) {
    let index = requests(data).begin().unwrap();
    index
        .save(&of_index::requests(0, 9), of_snapshot::point(9))
        .unwrap();
    index.flush().unwrap();
    drop(index);
    let index = of_index::ready(&requests(data));
    assert_eq!(index.saved(), Some(of_snapshot::point(9)));
}

#[test]
fn an_index_without_its_database_or_its_filter_is_unusable() {
    let data = Data::new();
    filled(&data, 300, 0);
    fs::remove_dir_all(directory(&data).join("requests")).unwrap();
    assert!(unusable(&requests(&data)).contains("it is gone"));
    can_be_begun_anew(&data);

    let data = Data::new();
    filled(&data, 300, 0);
    fs::remove_file(directory(&data).join("requests.filter")).unwrap();
    assert!(unusable(&requests(&data)).contains("its filter is gone"));
    can_be_begun_anew(&data);

    let data = Data::new();
    filled(&data, 300, 0);
    fs::remove_dir_all(directory(&data)).unwrap();
    let index = of_index::ready(&requests(&data));
    assert_eq!(index.saved(), None, "nothing at all is an empty index");
}

#[test]
fn a_filter_with_any_byte_changed_is_unusable() {
    let mut random = Random::for_test("a_filter_with_any_byte_changed_is_unusable");
    let data = Data::new();
    filled(&data, 300, 0);
    let file = directory(&data).join("requests.filter");
    let whole = fs::read(&file).unwrap();
    let length = u64::try_from(whole.len()).unwrap();
    let places = (0..72).chain((0..20).map(|_| random.below(length)));
    for at in places.chain(length - 40..length) {
        let mut changed = whole.clone();
        changed[usize::try_from(at).unwrap()] ^= 1;
        fs::write(&file, &changed).unwrap();
        assert!(unusable(&requests(&data)).contains("filter"), "byte {at}");
    }
    for length in [0, 7, 8, 63, 64, 100, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        assert!(
            unusable(&requests(&data)).contains("filter"),
            "{length} bytes"
        );
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(
        of_index::ready(&requests(&data)).saved(),
        Some(of_snapshot::point(300))
    );
}

#[test]
fn ids_that_sled_lost_are_not_promised() {
    // The filter of a later time over the database of an earlier one: what a power failure may leave.
    let data = Data::new();
    filled(&data, 300, 0);
    let earlier = Data::new();
    copy_directory(&directory(&data), &directory(&earlier));
    let index = of_index::ready(&requests(&data));
    index
        .save(&of_index::requests(301, 700), of_snapshot::point(700))
        .unwrap();
    index.flush().unwrap();
    drop(index);
    fs::copy(
        directory(&data).join("requests.filter"),
        directory(&earlier).join("requests.filter"),
    )
    .unwrap();
    let index = of_index::ready(&requests(&earlier));
    assert_eq!(index.saved(), Some(of_snapshot::point(300)));
    assert_eq!(index.reach(), Some(of_snapshot::point(700)));
    assert_eq!(
        KnownPoint::from(of_snapshot::point(700)).position,
        Position(700)
    );
    // They are added again, in portions.
    for (first, last) in [(301, 500), (501, 700)] {
        index
            .save(&of_index::requests(first, last), of_snapshot::point(last))
            .unwrap();
        index.flush().unwrap();
        assert_eq!(index.saved(), Some(of_snapshot::point(last)));
        assert_eq!(index.reach(), Some(of_snapshot::point(700)));
    }
}

#[test]
fn a_damaged_database_promises_nothing_that_is_not_there() {
    let whole = Data::new();
    filled(&whole, 5_000, 100);
    let database = directory(&whole).join("requests").join("db");
    let length = usize::try_from(fs::metadata(&database).unwrap().len()).unwrap();
    for eighth in 0..8 {
        let data = Data::new();
        copy_directory(&directory(&whole), &directory(&data));
        let file = directory(&data).join("requests").join("db");
        let mut bytes = fs::read(&file).unwrap();
        let from = length * eighth / 8;
        let to = (from + 20_000).min(length);
        bytes[from..to].fill(0xA5);
        fs::write(&file, &bytes).unwrap();
        match requests(&data).open().unwrap() {
            OpenedIndex::Unusable { .. } => {}
            OpenedIndex::Ready(index) => {
                let last = index.saved().map_or(0, |saved| saved.position.0);
                for request in of_index::requests(0, last) {
                    // An error is an answer too: then nobody takes the id for a new one.
                    if let Ok(found) = index.find(request.request_id) {
                        assert_eq!(found, Some(request), "from byte {from}");
                    }
                }
            }
        }
        can_be_begun_anew(&data);
    }
}
