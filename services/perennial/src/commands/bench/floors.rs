//! What no ledger on this machine can beat: the disk's own flushes, and empty calls.

use std::fs::OpenOptions;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use perennial_client::Connection;
use tokio::task::JoinSet;
use tonic_health::pb::HealthCheckRequest;

use super::figures::Latencies;
use crate::failure::{Exit, Failure};

/// Bytes of one flushed write.
const WRITE_BYTES: usize = 512;
/// Bytes of the file, zeroed before the measurement as the log does it.
const FILE_BYTES: usize = 8 * 1024 * 1024;
/// How long each floor is measured.
pub(super) const FLOOR_TIME: Duration = Duration::from_millis(1_500);

/// Flushes of `WRITE_BYTES` bytes, one after the other, into a zeroed file below `folder`.
///
/// # Errors
/// That of the file system.
pub(super) async fn raw_flushes(folder: &Path) -> Result<(Latencies, Duration), Failure> {
    let folder = folder.to_owned();
    let measured = tokio::task::spawn_blocking(move || flush(&folder)).await;
    measured
        .map_err(|error| Failure::caused(Exit::Other, "measure the disk", &error))?
        .map_err(|error| Failure::caused(Exit::Other, "measure the disk", &error))
}

#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn flush(folder: &Path) -> io::Result<(Latencies, Duration)> {
    let path = folder.join("raw-flush");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)?;
    file.write_all(&vec![0; FILE_BYTES])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut latencies = Latencies::new();
    let mut written = 0_usize;
    let begun = Instant::now();
    while begun.elapsed() < FLOOR_TIME {
        if FILE_BYTES <= written {
            file.seek(SeekFrom::Start(0))?;
            written = 0;
        }
        let one = Instant::now();
        file.write_all(&[0x5a; WRITE_BYTES])?;
        file.sync_data()?;
        latencies.note(one.elapsed());
        written = written.saturating_add(WRITE_BYTES);
    }
    let took = begun.elapsed();
    std::fs::remove_file(&path)?;
    Ok((latencies, took))
}

/// Empty calls by `clients` clients that each wait for their answer.
///
/// # Errors
/// As the service answers.
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
pub(super) async fn null_rpcs(
    connection: &Connection,
    clients: u64,
) -> Result<(Latencies, Duration), Failure> {
    let begun = Instant::now();
    let mut calling = JoinSet::new();
    for _ in 0..clients {
        let mut client = connection.health();
        calling.spawn(async move {
            let mut latencies = Latencies::new();
            while begun.elapsed() < FLOOR_TIME {
                let one = Instant::now();
                client.check(HealthCheckRequest::default()).await?;
                latencies.note(one.elapsed());
            }
            Ok::<_, tonic::Status>(latencies)
        });
    }
    let mut all = Latencies::new();
    while let Some(ended) = calling.join_next().await {
        let ended =
            ended.map_err(|error| Failure::caused(Exit::Other, "make empty calls", &error))?;
        all.merge(
            &ended.map_err(|status| {
                Failure::caused(Exit::Unavailable, "make empty calls", &status)
            })?,
        );
    }
    Ok((all, begun.elapsed()))
}
