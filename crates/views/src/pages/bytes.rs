use std::hash::Hasher as _;

use crate::numbers::NumberHasher;

/// The checksum of a page: against damage, not against forgery.
pub(super) fn checksum(page: &[u8]) -> u64 {
    let mut hasher = NumberHasher::default();
    hasher.write(page);
    hasher.write_usize(page.len());
    hasher.finish()
}

/// Writes a page: numbers of fixed width, little-endian, column by column.
#[derive(Debug, Default)]
pub(crate) struct PageWriter(Vec<u8>);

impl PageWriter {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&bytes);
    }

    pub(crate) fn length(&mut self, length: usize) {
        // No page has 2^64 of anything.
        self.array(u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
    }

    pub(crate) fn column<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) {
        self.length(values.len());
        self.0.reserve(values.len().saturating_mul(N));
        for &value in values {
            self.array(bytes(value));
        }
    }

    pub(crate) fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.array([0]),
            Some(text) => {
                self.array([1]);
                self.length(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// Reads what [`PageWriter`] wrote; `None` for anything else.
#[derive(Debug)]
pub(crate) struct PageReader<'a>(&'a [u8]);

impl<'a> PageReader<'a> {
    pub(crate) fn of(page: &'a [u8]) -> Self {
        Self(page)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).ok()
    }

    pub(crate) fn column<T, const N: usize>(
        &mut self,
        value: impl Fn([u8; N]) -> T,
    ) -> Option<Vec<T>> {
        let length = self.length()?;
        let bytes = self.take(length.checked_mul(N)?)?;
        let (chunks, _) = bytes.as_chunks::<N>();
        Some(chunks.iter().map(|&chunk| value(chunk)).collect())
    }

    #[expect(
        clippy::option_option,
        reason = "outside: not what was written; inside: no text"
    )]
    pub(crate) fn text(&mut self) -> Option<Option<&'a str>> {
        let [there] = self.array()?;
        if there == 0 {
            return Some(None);
        }
        let length = self.length()?;
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        Some(Some(text))
    }
}
