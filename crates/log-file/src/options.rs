//! The limits and sizes of a log, each with its unit (INV-12).

use std::time::Duration;

use crate::frame::{BATCH_OVERHEAD_BYTES, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES};

/// Sizes and limits of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length of a segment file in bytes; a batch never spans two. 64 MiB unless told.
    pub segment_bytes: u64,
    /// How far the file is allocated and zeroed ahead of writing, in bytes. 1 MiB unless told: the flush
    /// after it takes a little longer. A full disk is met here, before anything is written.
    pub preallocate_bytes: u64,
    /// How many appends may wait for the writer; more are rejected. 16 unless told.
    pub queue_appends_max: usize,
    /// Waiting appends are merged into one write up to this many bytes. 8 MiB unless told.
    pub write_bytes_max: u64,
    /// One index entry is kept in memory per this many bytes of a segment. 256 KiB unless told.
    pub index_every_bytes: u64,
    /// How much readers read at a time, in bytes. 256 KiB unless told.
    pub read_ahead_bytes: usize,
    /// Threads that check segments while opening. 2 unless told.
    pub open_threads: usize,
    /// Added to every flush, to see how a slow disk would do. None unless told.
    pub added_flush_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * MIB,
            preallocate_bytes: MIB,
            queue_appends_max: 16,
            write_bytes_max: 8 * MIB,
            index_every_bytes: 256 * 1024,
            read_ahead_bytes: 256 * 1024,
            open_threads: 2,
            added_flush_delay: Duration::ZERO,
        }
    }
}

const MIB: u64 = 1024 * 1024;
/// The shortest segment: its header and some room.
const SEGMENT_BYTES_MIN: u64 = 1024;
/// The longest segment: lengths inside are 32 bits wide.
const SEGMENT_BYTES_MAX: u64 = 1024 * MIB;

/// Options that no log can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Segments too short or too long.
    #[error("segment_bytes is {0}, outside {SEGMENT_BYTES_MIN}..={SEGMENT_BYTES_MAX}")]
    SegmentBytes(u64),
    /// A limit of nothing.
    #[error("{0} is 0")]
    Zero(&'static str),
}

impl Options {
    /// # Errors
    /// [`OptionsError`]: the first option that no log can have.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if !(SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&self.segment_bytes) {
            return Err(OptionsError::SegmentBytes(self.segment_bytes));
        }
        let zero = [
            ("preallocate_bytes", self.preallocate_bytes == 0),
            ("queue_appends_max", self.queue_appends_max == 0),
            ("write_bytes_max", self.write_bytes_max == 0),
            ("index_every_bytes", self.index_every_bytes == 0),
            ("read_ahead_bytes", self.read_ahead_bytes == 0),
            ("open_threads", self.open_threads == 0),
        ];
        match zero.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((name, _)) => Err(OptionsError::Zero(name)),
            None => Ok(()),
        }
    }

    /// The most bytes that one append may take in a segment, its entries with their frames.
    pub(crate) fn records_bytes_max(&self) -> u64 {
        self.segment_bytes - to_u64(SEGMENT_HEADER_BYTES) - to_u64(BATCH_OVERHEAD_BYTES)
    }

    /// Returns the longest entry that fits into a segment, in bytes. A longer one is rejected.
    pub fn entry_bytes_max(&self) -> u64 {
        self.records_bytes_max()
            .saturating_sub(to_u64(RECORD_HEADER_BYTES))
    }
}

/// Lengths in memory always fit into 64 bits.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
