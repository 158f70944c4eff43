//! A part of a file in memory, read by position and ahead.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The part of one file that was read last. Serves bytes that never change: durable ones, or those of
/// a file that nobody writes.
#[derive(Debug)]
pub(crate) struct Window {
    /// Where the part begins in the file.
    start: u64,
    /// How many bytes of the buffer are of the file.
    filled: usize,
    buffer: Vec<u8>,
    read_ahead: usize,
}

impl Window {
    pub(crate) fn new(read_ahead: usize) -> Self {
        Self {
            start: 0,
            filled: 0,
            buffer: Vec::new(),
            read_ahead,
        }
    }

    /// Forgets what it holds, for another file.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// Returns the `length` bytes at `place`, or as many as there are before `end` (and the file's).
    pub(crate) fn get(
        &mut self,
        file: &File,
        place: u64,
        length: usize,
        end: u64,
    ) -> io::Result<&[u8]> {
        let left = usize::try_from(end.saturating_sub(place)).unwrap_or(usize::MAX);
        let length = length.min(left);
        if self.held(place, length).is_none() {
            self.load(file, place, length, left)?;
        }
        let available = length.min(self.filled);
        Ok(self
            .held(place, length)
            .or_else(|| self.held(place, available))
            .unwrap_or_default())
    }

    fn held(&self, place: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(place.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(length)?;
        self.buffer.get(..self.filled)?.get(from..to)
    }

    fn load(&mut self, file: &File, place: u64, length: usize, left: usize) -> io::Result<()> {
        let wanted = length.max(self.read_ahead).min(left);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        (self.start, self.filled) = (place, 0);
        while self.filled < wanted {
            let offset = place.saturating_add(crate::options::to_u64(self.filled));
            let Some(rest) = self.buffer.get_mut(self.filled..wanted) else {
                break;
            };
            match file.read_at(rest, offset) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.filled = 0;
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
