//! The head marker: what a clean stop leaves, so that a log that became shorter is noticed.

use std::fs;
use std::io;
use std::path::Path;

use perennial_app::ports::log::LogOffset;
use perennial_proof::{Hash, Position};

use crate::frame::Fields;
use crate::segment::replace_file;
use crate::{OpenError, Problem};

const FILE_NAME: &str = "head";
const MAGIC: [u8; 8] = *b"PERENHD1";

/// Where a log stood when it was last stopped cleanly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadMarker {
    /// The log is at least this long.
    pub offset: LogOffset,
    /// Position of the last accepted record.
    pub position: Position,
    /// Its record hash: a known point of the chain.
    pub record_hash: Hash,
}

impl HeadMarker {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.offset.0.to_le_bytes());
        bytes.extend_from_slice(&self.position.0.to_le_bytes());
        bytes.extend_from_slice(self.record_hash.as_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk()?;
        let mut fields = Fields(content);
        let is_ours = fields.array() == Some(MAGIC);
        let marker = Self {
            offset: LogOffset(fields.u64()?),
            position: Position(fields.u64()?),
            record_hash: Hash::from_bytes(fields.array()?),
        };
        let is_whole = fields.0.is_empty() && u32::from_le_bytes(*crc) == crc32fast::hash(content);
        (is_ours && is_whole).then_some(marker)
    }

    /// Reads the marker of the log in `directory`; nothing if it never stopped cleanly.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, OpenError> {
        let file = directory.join(FILE_NAME);
        match fs::read(&file) {
            Ok(bytes) => match Self::parse(&bytes) {
                Some(marker) => Ok(Some(marker)),
                None => Err(OpenError::Damaged {
                    file,
                    offset: 0,
                    problem: Problem::Marker,
                }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::io("read", file)(error)),
        }
    }

    pub(crate) fn write(self, directory: &Path) -> Result<(), OpenError> {
        replace_file(&directory.join(FILE_NAME), &self.to_bytes())
    }
}
