//! One process per data directory (INV-11).

use perennial_log_file::{DirectoryLock, FileLog, LockError, OpenError};

use crate::{Data, appended, small};

#[test]
fn a_second_holder_is_told_who_the_first_is() {
    // INV-11
    let data = Data::new();
    let Err(error) = DirectoryLock::acquire(data.path(), "pid 2") else {
        panic!("two holders")
    };
    assert!(matches!(error, LockError::Held { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("is in use by pid 1, 127.0.0.1:7400"),
        "{error}"
    );
    assert_eq!(
        DirectoryLock::holder(data.path()).unwrap().as_deref(),
        Some("pid 1, 127.0.0.1:7400")
    );
}

#[test]
fn a_released_directory_can_be_had_again() {
    let Data { directory, lock } = Data::new();
    drop(lock);
    assert_eq!(DirectoryLock::holder(directory.path()).unwrap(), None);
    let lock = DirectoryLock::acquire(directory.path(), "").unwrap();
    assert_eq!(
        DirectoryLock::holder(directory.path()).unwrap().as_deref(),
        Some("another process")
    );
    drop(lock);
}

#[test]
fn a_directory_that_was_never_locked_has_no_holder() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(DirectoryLock::holder(directory.path()).unwrap(), None);
    let new = directory.path().join("a/b");
    let lock = DirectoryLock::acquire(&new, "pid 3").unwrap();
    assert_eq!(lock.directory(), new);
}

#[test]
fn an_open_log_keeps_the_directory() {
    // INV-11
    let data = Data::new();
    let log = data.create();
    let Data { directory, lock } = data;
    drop(lock);
    assert!(DirectoryLock::acquire(directory.path(), "pid 2").is_err());
    appended(&log, &["a"]);
    drop(log);
    assert!(DirectoryLock::acquire(directory.path(), "pid 2").is_ok());
}

#[test]
fn a_very_long_holder_text_is_cut_between_characters() {
    let directory = tempfile::tempdir().unwrap();
    let text = "é".repeat(600);
    let _lock = DirectoryLock::acquire(directory.path(), &format!("x{text}")).unwrap();
    let holder = DirectoryLock::holder(directory.path()).unwrap().unwrap();
    assert_eq!(holder, format!("x{}", "é".repeat(511)));
}

#[test]
fn a_ledger_id_that_could_leave_the_directory_is_refused() {
    let data = Data::new();
    let long = "a".repeat(129);
    for bad in [
        "", ".", "..", ".hidden", "a/b", "a\\b", "a b", "é", "a\0", &long,
    ] {
        let result = FileLog::create(&data.lock, bad, small());
        assert!(matches!(result, Err(OpenError::LedgerId(_))), "{bad:?}");
    }
    for good in ["a", "iom-2024_x.1", &long[1..]] {
        assert!(
            FileLog::create(&data.lock, good, small()).is_ok(),
            "{good:?}"
        );
    }
}
