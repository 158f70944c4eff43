//! Damage anywhere refuses to open, names the file and the byte, and changes nothing.

use std::fs;
use std::path::PathBuf;

use perennial_log_file::{FileLog, OpenError, Problem, Scanner};

use crate::{Data, appended, small, texts};

/// A log of three segments, each with some batches; returns the files and their bytes.
fn three_segments(data: &Data) -> Vec<(PathBuf, Vec<u8>)> {
    let log = data.create();
    for number in 0..5 {
        appended(
            &log,
            &[&format!("{number}").repeat(300), "short", &"x".repeat(200)],
        );
    }
    drop(log);
    let files: Vec<_> = data.segments();
    assert_eq!(files.len(), 3);
    files
        .into_iter()
        .map(|file| (file.clone(), fs::read(file).unwrap()))
        .collect()
}

#[track_caller]
fn damaged(result: Result<FileLog, OpenError>) -> (PathBuf, u64, Problem) {
    match result {
        Err(OpenError::Damaged {
            file,
            offset,
            problem,
        }) => (file, offset, problem),
        other => panic!("{other:?}"),
    }
}

fn scan(data: &Data) -> Result<u32, OpenError> {
    let mut scanner = Scanner::open(data.path(), crate::LEDGER)?;
    let mut count = 0;
    while scanner.next_entry()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_flipped_byte_anywhere_in_any_segment_refuses_to_open() {
    let data = Data::new();
    let files = three_segments(&data);
    for (file, bytes) in &files {
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= if index % 2 == 0 { 0x01 } else { 0xff };
            fs::write(file, &flipped).unwrap();
            let (said, offset, _) = damaged(data.open());
            assert_eq!(&said, file, "byte {index}");
            assert!(
                offset <= u64::try_from(index).unwrap(),
                "byte {index}, said {offset}"
            );
            assert!(scan(&data).is_err(), "byte {index} of {}", file.display());
            assert_eq!(fs::read(file).unwrap(), flipped, "nothing is changed");
        }
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(texts(&data.open().unwrap()).len(), 15);
}

#[test]
fn the_problem_names_the_region() {
    let data = Data::new();
    let files = three_segments(&data);
    let (file, bytes) = &files[1];
    // The first batch stands at 512: header of 28 bytes, then records of 308, 13 and 208 bytes.
    let end = 512 + 28 + 308 + 13 + 208 + 4;
    let length = u64::try_from(bytes.len()).unwrap();
    assert_eq!(&bytes[end - 3..end], b"END");
    for (index, place, problem) in [
        (0, 0, Problem::SegmentHeader),
        (511, 0, Problem::SegmentHeader),
        (512, 512, Problem::BatchHeader),
        (539, 512, Problem::BatchHeader),
        (540, 512, Problem::BatchChecksum(Some(0))),
        (540 + 308 + 10, 512, Problem::BatchChecksum(Some(1))),
        (540 + 308 + 13 + 207, 512, Problem::BatchChecksum(Some(2))),
        (end - 1, 512, Problem::BatchEnd),
        (end, u64::try_from(end).unwrap(), Problem::BatchHeader),
    ] {
        let mut flipped = bytes.clone();
        flipped[index] ^= 0x10;
        fs::write(file, &flipped).unwrap();
        assert_eq!(
            damaged(data.open()),
            (file.clone(), place, problem),
            "byte {index}"
        );
    }
    assert!(length > u64::try_from(end).unwrap());
}

#[test]
fn a_segment_that_is_missing_or_too_short_is_damage() {
    let data = Data::new();
    let files = three_segments(&data);
    let (first, second) = (&files[0], &files[1]);
    let ends = u64::try_from(first.1.len()).unwrap();
    fs::remove_file(&second.0).unwrap();
    let (file, _, problem) = damaged(data.open());
    assert_eq!((file, problem), (files[2].0.clone(), Problem::Gap(ends)));
    fs::write(&second.0, &second.1).unwrap();
    fs::write(&first.0, &first.1[..first.1.len() - 1]).unwrap();
    let (file, _, _) = damaged(data.open());
    assert_eq!(file, first.0);
    fs::remove_file(&first.0).unwrap();
    let (file, _, problem) = damaged(data.open());
    assert_eq!((file, problem), (second.0.clone(), Problem::Gap(0)));
}

#[test]
fn zeros_instead_of_an_earlier_batch_are_damage() {
    let data = Data::new();
    let files = three_segments(&data);
    for (file, bytes) in [&files[0], &files[1]] {
        let mut erased = bytes.clone();
        erased[512..1000].fill(0);
        fs::write(file, &erased).unwrap();
        assert_eq!(damaged(data.open()).0, *file);
        fs::write(file, bytes).unwrap();
    }
}

#[test]
fn a_batch_that_is_not_the_last_is_never_cut() {
    let data = Data::new();
    let log = data.create();
    for text in ["a", "b", "c"] {
        appended(&log, &[text]);
    }
    drop(log);
    let file = data.last_segment();
    let bytes = fs::read(&file).unwrap();
    // A batch of one byte takes 41; the second one loses all its sector's bytes, or its end.
    for erased in [512 + 41..512 + 82, 512 + 60..512 + 82] {
        let mut damaged_bytes = bytes.clone();
        damaged_bytes[erased].fill(0);
        fs::write(&file, &damaged_bytes).unwrap();
        assert_eq!(damaged(data.open()).1, 512 + 41);
    }
}

#[test]
fn a_stored_body_that_looks_like_a_batch_does_not_pass_for_one() {
    let data = Data::new();
    let log = data.create();
    let (_, begin) = appended(&log, &["a"]);
    drop(log);
    let begin = usize::try_from(begin.0).unwrap();
    let batch = fs::read(data.last_segment()).unwrap()[512..begin].to_vec();
    let log = data.open().unwrap();
    let outcome = perennial_app::ports::log::Log::append(
        &log,
        vec![perennial_app::ports::log::StoredEntry(
            [batch, vec![7; 300]].concat(),
        )],
    );
    outcome.blocking_recv().unwrap();
    drop(log);
    let mut torn = fs::read(data.last_segment()).unwrap();
    let length = torn.len();
    torn.truncate(length - 10);
    fs::write(data.last_segment(), &torn).unwrap();
    assert_eq!(texts(&data.open().unwrap()), ["a"]);
}

#[test]
fn a_segment_of_another_ledger_or_with_another_name_is_refused() {
    let data = Data::new();
    drop(FileLog::create(&data.lock, "other", small()).map(|log| appended(&log, &["x"])));
    let log = data.create();
    appended(&log, &["a"]);
    drop(log);
    let file = data.last_segment();
    let other =
        perennial_log_file::log_directory(data.path(), "other").join(file.file_name().unwrap());
    let own = fs::read(&file).unwrap();
    fs::copy(other, &file).unwrap();
    assert_eq!(
        damaged(data.open()).2,
        Problem::OtherLedger("other".to_owned())
    );
    let renamed = file.with_file_name("00000000000000000001.seg");
    fs::remove_file(&file).unwrap();
    fs::write(&renamed, &own).unwrap();
    assert_eq!(damaged(data.open()).2, Problem::OtherBase(0));
    fs::rename(&renamed, file.with_file_name("1.seg")).unwrap();
    assert_eq!(damaged(data.open()).2, Problem::SegmentName);
}

#[test]
fn damage_after_opening_stops_a_tail_at_its_offset() {
    let data = Data::new();
    let log = data.create();
    appended(&log, &["a"]);
    let (damaged_at, _) = appended(&log, &["b"]);
    let file = data.last_segment();
    let mut bytes = fs::read(&file).unwrap();
    let index = usize::try_from(damaged_at.0).unwrap() + 36;
    assert_eq!(bytes[index], b'b');
    bytes[index] = b'B';
    fs::write(&file, &bytes).unwrap();
    let mut tail =
        perennial_app::ports::log::LogRead::tail(&log, perennial_app::ports::log::LogOffset(0));
    let error = tail.as_mut().unwrap().read(1000).unwrap_err();
    assert!(
        matches!(error, perennial_app::ports::log::ReadError::Damaged { offset, .. } if offset == damaged_at),
        "{error:?}"
    );
}
