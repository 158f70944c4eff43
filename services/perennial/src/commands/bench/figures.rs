//! Measurements as numbers for people and programs. Nothing here is money.
#![expect(clippy::float_arithmetic, reason = "measurements are not money")]
#![expect(
    clippy::cast_precision_loss,
    reason = "a measurement has no 53 significant bits"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use perennial_export::answers::BenchDocument;
use perennial_export::cell::Cell;

use crate::failure::Failure;
use crate::session::Session;

/// The longest answer that is told apart: a minute, in microseconds.
const MICROS_MAX: u64 = 60_000_000;

/// How long answers took.
#[derive(Clone, Debug)]
pub(super) struct Latencies {
    micros: Histogram<u64>,
}

impl Latencies {
    pub(super) fn new() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "both bounds are constants that the histogram takes"
        )]
        let micros = Histogram::new_with_max(MICROS_MAX, 3).expect("the bounds are right");
        Self { micros }
    }

    pub(super) fn note(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(MICROS_MAX);
        self.micros.saturating_record(micros.clamp(1, MICROS_MAX));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so nothing is out of range.
        self.micros.add(&other.micros).unwrap_or_default();
    }

    pub(super) fn count(&self) -> u64 {
        self.micros.len()
    }

    /// Milliseconds within which this part of the answers came; nothing without answers.
    pub(super) fn ms(&self, part: f64) -> Option<f64> {
        let micros = self.micros.value_at_quantile(part);
        (0 < self.count()).then(|| rounded(micros as f64 / 1_000.0))
    }
}

/// A number with three digits after the dot.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// How many a second.
pub(super) fn rate(count: u64, took: Duration) -> f64 {
    rounded(count as f64 / took.as_secs_f64().max(1e-9))
}

/// How many of `count` there are for each of `of`; nothing without `of`.
pub(super) fn ratio(count: u64, of: u64) -> Option<f64> {
    (0 < of).then(|| rounded(count as f64 / of as f64))
}

/// Seconds of processor time for 1,000 things.
pub(super) fn per_thousand(cpu: Duration, count: u64) -> Option<f64> {
    (0 < count).then(|| rounded(cpu.as_secs_f64() * 1_000.0 / count as f64))
}

/// A number of bytes in MiB.
pub(super) fn mib(bytes: u64) -> f64 {
    rounded(bytes as f64 / (1024.0 * 1024.0))
}

/// A duration in seconds.
pub(super) fn seconds(took: Duration) -> f64 {
    rounded(took.as_secs_f64())
}

/// A measurement without figures yet.
pub(super) fn document(workload: &str, clients: u64, rps: f64) -> BenchDocument {
    BenchDocument {
        workload: workload.to_owned(),
        clients,
        rps,
        p50_ms: None,
        p99_ms: None,
        records_per_flush: None,
        raw_flush_per_s: None,
        null_rpc_per_s: None,
        cpu_s_per_1000: None,
        rss_mb: None,
        more: BTreeMap::new(),
    }
}

/// Prints a measurement: one object per line, or one line for people.
///
/// # Errors
/// If nobody reads it any more.
pub(super) fn print(session: &Session, document: &BenchDocument) -> Result<(), Failure> {
    if session.console.wants_json() {
        return session.console.json(document);
    }
    let figures = [
        ("p50 ms", document.p50_ms),
        ("p99 ms", document.p99_ms),
        ("records/flush", document.records_per_flush),
        ("raw flushes/s", document.raw_flush_per_s),
        ("null RPCs/s", document.null_rpc_per_s),
        ("CPU s/1000", document.cpu_s_per_1000),
        ("MiB", document.rss_mb),
    ];
    let mut row = vec![
        ("workload".to_owned(), Cell::text(&document.workload)),
        ("clients".to_owned(), Cell::Count(document.clients)),
        ("per second".to_owned(), Cell::text(document.rps)),
    ];
    let present = figures
        .into_iter()
        .filter_map(|(name, figure)| Some((name, figure?)));
    row.extend(present.map(|(name, figure)| (name.to_owned(), Cell::text(figure))));
    row.extend(
        document
            .more
            .iter()
            .map(|(name, value)| (name.replace('_', " "), Cell::text(value))),
    );
    let texts: Vec<String> = row
        .iter()
        .map(|(name, cell)| format!("{name} {}", cell.plain()))
        .collect();
    session.console.data(&texts.join("  "))
}
