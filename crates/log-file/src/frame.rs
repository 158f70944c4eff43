//! The bytes of a segment file. All numbers are little-endian; `crc` is CRC-32 (IEEE).
//!
//! ```text
//! segment = header (512 bytes) batch* zeros
//! header  = magic[8] format:u32 base:u64 id_length:u32 ledger_id[id_length] zeros crc:u32
//! batch   = magic[4] offset:u64 length:u32 count:u32 records_crc:u32 header_crc:u32 record* end[4]
//! record  = length:u32 crc:u32 bytes[length]           length of the batch = all its records
//! ```
//!
//! `offset` is the batch's own place in the whole log, so that no stored body can pass for a batch.
//! `end` is never zero, so that a batch that was written whole can be told from a beginning of one.

use crate::Problem;

/// Length of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 512;
/// Length of a batch's header.
pub(crate) const BATCH_HEADER_BYTES: usize = 28;
/// What a batch takes besides its records.
pub(crate) const BATCH_OVERHEAD_BYTES: usize = BATCH_HEADER_BYTES + BATCH_END.len();
/// What an entry takes besides its bytes.
pub(crate) const RECORD_HEADER_BYTES: usize = 8;
/// The most bytes of a ledger id.
pub(crate) const LEDGER_ID_BYTES_MAX: usize = 128;

const SEGMENT_MAGIC: [u8; 8] = *b"PERENSEG";
const SEGMENT_FORMAT: u32 = 1;
pub(crate) const BATCH_MAGIC: [u8; 4] = *b"PBAT";
pub(crate) const BATCH_END: [u8; 4] = *b"\xb5END";

/// The beginning of a segment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) ledger_id: String,
    /// Offset in the whole log of the file's first byte.
    pub(crate) base: u64,
}

impl SegmentHeader {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let id = self.ledger_id.as_bytes();
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        bytes.extend_from_slice(&SEGMENT_MAGIC);
        bytes.extend_from_slice(&SEGMENT_FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.base.to_le_bytes());
        bytes.extend_from_slice(&to_u32(id.len()).to_le_bytes());
        bytes.extend_from_slice(id);
        bytes.resize(SEGMENT_HEADER_BYTES - 4, 0);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields(bytes);
        if fields.array() != Some(SEGMENT_MAGIC) {
            return Err(Problem::SegmentHeader);
        }
        let (content, crc) = bytes.split_last_chunk().ok_or(Problem::SegmentHeader)?;
        let right_length = bytes.len() == SEGMENT_HEADER_BYTES;
        if !right_length || u32::from_le_bytes(*crc) != crc32fast::hash(content) {
            return Err(Problem::SegmentHeader);
        }
        let format = fields.u32().ok_or(Problem::SegmentHeader)?;
        if format != SEGMENT_FORMAT {
            return Err(Problem::SegmentFormat(format));
        }
        let base = fields.u64().ok_or(Problem::SegmentHeader)?;
        let id = fields.u32().and_then(|length| fields.take(length));
        let id = id
            .and_then(|id| str::from_utf8(id).ok())
            .ok_or(Problem::SegmentHeader)?;
        Ok(Self {
            ledger_id: id.to_owned(),
            base,
        })
    }
}

/// Puts one batch together in a buffer that is used again.
#[derive(Debug)]
pub(crate) struct BatchBuilder {
    bytes: Vec<u8>,
    count: u32,
}

impl BatchBuilder {
    pub(crate) fn new() -> Self {
        Self {
            bytes: vec![0; BATCH_HEADER_BYTES],
            count: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.truncate(BATCH_HEADER_BYTES);
        self.count = 0;
    }

    /// Length so far without the end: equally, where the next record begins inside the batch.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn push(&mut self, entry: &[u8]) {
        let length = to_u32(entry.len()).to_le_bytes();
        self.bytes.extend_from_slice(&length);
        self.bytes
            .extend_from_slice(&record_crc(length, entry).to_le_bytes());
        self.bytes.extend_from_slice(entry);
        self.count = self.count.saturating_add(1);
    }

    /// Returns the whole batch as it is stored at `offset` of the log.
    pub(crate) fn finish(&mut self, offset: u64) -> &[u8] {
        if let Some((header, records)) = self.bytes.split_at_mut_checked(BATCH_HEADER_BYTES) {
            let written = BatchHeader {
                length: to_u32(records.len()),
                count: self.count,
                records_crc: crc32fast::hash(records),
            };
            header.copy_from_slice(&written.to_bytes(offset));
        }
        self.bytes.extend_from_slice(&BATCH_END);
        &self.bytes
    }
}

/// The beginning of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// Bytes of all records with their headers.
    length: u32,
    count: u32,
    records_crc: u32,
}

impl BatchHeader {
    fn to_bytes(self, offset: u64) -> [u8; BATCH_HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(BATCH_HEADER_BYTES);
        bytes.extend_from_slice(&BATCH_MAGIC);
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&self.records_crc.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes.try_into().unwrap_or([0; BATCH_HEADER_BYTES])
    }

    /// Reads the header of the batch that stands at `offset` of the log.
    pub(crate) fn parse(bytes: &[u8], offset: u64) -> Result<Self, Problem> {
        let mut fields = Fields(bytes);
        let problem = Problem::BatchHeader;
        let (content, crc) = bytes.split_last_chunk().ok_or(problem.clone())?;
        let is_ours = bytes.len() == BATCH_HEADER_BYTES
            && fields.array() == Some(BATCH_MAGIC)
            && fields.u64() == Some(offset)
            && u32::from_le_bytes(*crc) == crc32fast::hash(content);
        match (is_ours, fields.u32(), fields.u32(), fields.u32()) {
            (true, Some(length), Some(count), Some(records_crc)) if count > 0 => Ok(Self {
                length,
                count,
                records_crc,
            }),
            _ => Err(problem),
        }
    }

    /// Length of the whole batch in the file.
    pub(crate) fn total(&self) -> u64 {
        u64::from(self.length) + crate::options::to_u64(BATCH_OVERHEAD_BYTES)
    }

    /// Number of entries.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Checks everything behind the header; `batch` is the whole batch.
    pub(crate) fn check(&self, batch: &[u8]) -> Result<(), Problem> {
        let rest = batch
            .get(BATCH_HEADER_BYTES..)
            .ok_or(Problem::BatchLayout)?;
        let (records, end) = rest.split_last_chunk().ok_or(Problem::BatchLayout)?;
        if crc32fast::hash(records) != self.records_crc {
            return Err(Problem::BatchChecksum(first_damaged(records)));
        }
        if *end != BATCH_END {
            return Err(Problem::BatchEnd);
        }
        let mut left = Records::new(batch);
        let count = left.by_ref().count();
        if left.rest.is_empty() && u32::try_from(count) == Ok(self.count) {
            Ok(())
        } else {
            Err(Problem::BatchLayout)
        }
    }
}

/// The entries of a checked batch with their places inside it.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    rest: &'a [u8],
    place: usize,
}

/// One entry of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Where its frame begins, counted from the batch's beginning.
    pub(crate) place: usize,
    /// Where its frame ends.
    pub(crate) end: usize,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// `batch` is a whole batch, header and end included.
    pub(crate) fn new(batch: &'a [u8]) -> Self {
        Self::from_place(batch, BATCH_HEADER_BYTES)
    }

    /// Goes on at `place`, which is where a frame begins or the records end.
    pub(crate) fn from_place(batch: &'a [u8], place: usize) -> Self {
        let end = batch.len().saturating_sub(BATCH_END.len());
        Self {
            rest: batch.get(place..end).unwrap_or_default(),
            place,
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let mut fields = Fields(self.rest);
        let length = fields.u32()?;
        fields.u32()?;
        let bytes = fields.take(length)?;
        let place = self.place;
        self.place += RECORD_HEADER_BYTES + bytes.len();
        self.rest = fields.0;
        Some(Record {
            place,
            end: self.place,
            bytes,
        })
    }
}

/// Returns which record, counted from 0, is the first whose own checksum does not hold.
fn first_damaged(records: &[u8]) -> Option<u32> {
    let mut fields = Fields(records);
    for index in 0.. {
        if fields.0.is_empty() {
            return None;
        }
        let length = fields.array();
        let crc = fields.u32();
        let bytes = length.and_then(|length| fields.take(u32::from_le_bytes(length)));
        match (length, crc, bytes) {
            (Some(length), Some(crc), Some(bytes)) if crc == record_crc(length, bytes) => {}
            _ => return Some(index),
        }
    }
    None
}

fn record_crc(length: [u8; 4], entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(entry);
    hasher.finalize()
}

/// Reads fields from the front of bytes; nothing when they do not suffice.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Lengths inside a segment: at most 1 GiB, which the options and the writer's limits make sure of.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
