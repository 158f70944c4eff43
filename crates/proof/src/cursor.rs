//! Reads the few protobuf shapes that the frozen layouts use, accepting one encoding of each.

/// The bytes not read yet. Every method returns nothing when they do not suffice.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// Reads a varint of at most [`VARINT_BYTES_MAX`] bytes in its shortest form.
    pub(crate) fn length(&mut self) -> Result<usize, LengthError> {
        let mut value = 0_usize;
        for index in 0..VARINT_BYTES_MAX {
            let byte = self.byte().ok_or(LengthError::Truncated)?;
            value |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let padded = byte == 0 && index > 0;
                return if padded {
                    Err(LengthError::Form)
                } else {
                    Ok(value)
                };
            }
        }
        Err(LengthError::Form)
    }
}

/// Three bytes count to 2,097,151: more than any part of an entry may have.
pub(crate) const VARINT_BYTES_MAX: usize = 3;

/// Why a length could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LengthError {
    /// The bytes end within it.
    Truncated,
    /// Not the shortest form, or longer than any length here.
    Form,
}

/// Appends `length` as a varint. Lengths are checked against their limits before.
pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    loop {
        // The mask makes the conversion exact; `unwrap_or` is never reached.
        let low = u8::try_from(rest & 0x7f).unwrap_or(0x7f);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Returns how many bytes [`put_length`] appends.
pub(crate) fn length_bytes(length: usize) -> usize {
    let mut rest = length >> 7;
    let mut bytes = 1;
    while rest > 0 {
        bytes += 1;
        rest >>= 7;
    }
    bytes
}
