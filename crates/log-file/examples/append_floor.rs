//! Measures the log against the floor of the same disk in the same run: appends in groups against a raw
//! write and flush of as many bytes, opening, and offline verification.
//!
//! `cargo run --release -p perennial-log-file --example append_floor -- [DIRECTORY] [RECORDS]`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use perennial_app::ports::log::{AppendOutcome, Log, LogOffset, LogRead, StoredEntry};
use perennial_log_file::{Device, DirectoryLock, Disk, FileLog, Options, Scanner};
use perennial_proof::{Chain, Claim, Entry, LogKind, Term, Verifier, entry};

type Outcome = Result<(), Box<dyn Error>>;

/// Body of a small record; with header and frames it takes about 300 bytes.
const BODY: [u8; 180] = [7; 180];
const ROUNDS: usize = 2000;
const LEDGER: &str = "floor";

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let records = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let directory = directory.join(format!("append-floor-{}", std::process::id()));
    let lock = DirectoryLock::acquire(&directory, "append_floor")?;
    for group in [1, 16, 64] {
        for preparation in [Preparation::None, Preparation::Zeroed] {
            raw(&directory.join("raw"), group, preparation)?;
        }
        grouped(&lock, group)?;
    }
    fill(&lock, records)?;
    open_and_read(&lock)?;
    verify(&directory)?;
    drop(lock);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Preparation {
    /// The file grows with every write.
    None,
    /// The writes overwrite zeros.
    Zeroed,
}

/// One write and one flush per group, without anything else.
fn raw(path: &Path, group: usize, preparation: Preparation) -> Outcome {
    let bytes = vec![7; group * 300];
    let length = u64::try_from(bytes.len() * ROUNDS)?;
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    match preparation {
        Preparation::None => {}
        Preparation::Zeroed => Disk.preallocate(&file, 0, length)?,
    }
    file.sync_all()?;
    let mut times = Vec::with_capacity(ROUNDS);
    let mut offset = 0;
    for _ in 0..ROUNDS {
        times.push(timed(|| write_and_flush(&file, &bytes, offset))?);
        offset += u64::try_from(bytes.len())?;
    }
    report(
        &format!("raw write + fdatasync, {preparation:?}"),
        group,
        times,
    );
    Ok(())
}

fn write_and_flush(file: &File, bytes: &[u8], offset: u64) -> Outcome {
    Disk.write(file, bytes, offset)?;
    Disk.flush(file)?;
    Ok(())
}

/// Appends of `group` entries, one after the other.
fn grouped(lock: &DirectoryLock, group: usize) -> Outcome {
    let log = FileLog::create(lock, &format!("group-{group}"), Options::default())?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let batch = vec![StoredEntry(vec![7; 292]); group];
        times.push(timed(|| durable(log.append(batch).blocking_recv()?))?);
    }
    report("log append", group, times);
    Ok(log.close()?)
}

fn durable(outcome: AppendOutcome) -> Outcome {
    match outcome {
        AppendOutcome::Durable { .. } => Ok(()),
        AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason } => {
            Err(reason.into())
        }
    }
}

fn timed(work: impl FnOnce() -> Outcome) -> Result<Duration, Box<dyn Error>> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}

fn report(what: &str, group: usize, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    let rate = per_second(group * times.len(), times.iter().sum());
    println!(
        "group {group:2}: {rate:>8}/s, p50 {:?}, p99 {:?}, {what}",
        at(50),
        at(99)
    );
}

fn per_second(count: usize, time: Duration) -> u128 {
    let count = u128::try_from(count).unwrap_or(0);
    count * 1_000_000_000 / time.as_nanos().max(1)
}

/// A ledger with a claim and that many chained records.
fn fill(lock: &DirectoryLock, records: usize) -> Outcome {
    let log = FileLog::create(lock, LEDGER, Options::default())?;
    let mut chain = Chain::new(LEDGER);
    let (node, address) = ("node".to_owned(), "127.0.0.1:7400".to_owned());
    let claim = Claim {
        term: Term(1),
        node,
        address,
        nonce: [7; 16],
    };
    let mut stored = Vec::new();
    entry::encode_claim(&mut stored, &claim)?;
    chain.judge(&Entry::decode(&stored)?)?;
    durable(log.claim(StoredEntry(stored)).blocking_recv()?)?;
    let mut sealing = Duration::ZERO;
    let begin = Instant::now();
    let mut left = records;
    while left > 0 {
        let batch = left.min(1000);
        let sealed = Instant::now();
        let mut entries = Vec::with_capacity(batch);
        for _ in 0..batch {
            let mut stored = Vec::new();
            chain.seal(1_767_225_600_000_000, &BODY, &mut stored)?;
            entries.push(StoredEntry(stored));
        }
        sealing += sealed.elapsed();
        durable(log.append(entries).blocking_recv()?)?;
        left -= batch;
    }
    let all = begin.elapsed();
    println!(
        "filled with {records} records in {all:?}: {}/s, sealing alone {}/s; {:?}",
        per_second(records, all),
        per_second(records, sealing),
        log.stats()
    );
    if let Some(point) = chain.point() {
        log.set_head(point.position, point.record_hash);
    }
    Ok(log.close()?)
}

fn open_and_read(lock: &DirectoryLock) -> Outcome {
    for open_threads in [1, 2] {
        let begin = Instant::now();
        let log = FileLog::open(
            lock,
            LEDGER,
            Options {
                open_threads,
                ..Options::default()
            },
        )?;
        let took = begin.elapsed();
        let entries = log.entries_found();
        println!("opened with {open_threads} threads, {entries} entries checked in {took:?}");
    }
    let log = FileLog::open(lock, LEDGER, Options::default())?;
    let begin = Instant::now();
    let mut tail = log.tail(LogOffset(0))?;
    let mut entries = 0;
    loop {
        let read = tail.read(256 * 1024)?.len();
        if read == 0 {
            break;
        }
        entries += read;
    }
    println!(
        "tailed {entries} entries: {}/s",
        per_second(entries, begin.elapsed())
    );
    Ok(log.close()?)
}

fn verify(directory: &Path) -> Outcome {
    let begin = Instant::now();
    let mut scanner = Scanner::open(directory, LEDGER)?;
    let mut verifier = Verifier::new(LEDGER, LogKind::SingleWriter, &[]);
    while let Some(scanned) = scanner.next_entry()? {
        verifier.push(scanned.bytes)?;
    }
    let outcome = verifier.finish()?;
    let records = usize::try_from(outcome.records)?;
    println!(
        "verified {records} records from files: {}/s",
        per_second(records, begin.elapsed())
    );
    Ok(())
}
