//! The compact binary encoding of rows. It is of this crate alone and disposable: another [`LAYOUT`] means that
//! generations of an older one are built again, never migrated.
//!
//! Numbers are LEB128, signed ones zigzag; texts and lists have their length in front; an option is a byte 0 or 1.

mod delta;

pub(crate) use delta::{decode_delta, encode_delta};

use std::sync::Arc;

/// The version of everything that this crate writes.
pub(crate) const LAYOUT: u8 = 3;

/// Bytes that this crate did not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

impl Malformed {
    pub(crate) fn new(problem: &str) -> Self {
        Self(problem.to_owned())
    }
}

/// Writes values one after the other.
#[derive(Debug)]
pub(crate) struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn number(&mut self, number: impl Into<u128>) {
        let mut rest: u128 = number.into();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    pub(crate) fn signed(&mut self, number: impl Into<i128>) {
        let number: i128 = number.into();
        self.number((number.cast_unsigned() << 1) ^ (number >> 127).cast_unsigned());
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    pub(crate) fn list<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.length(values.len());
        for value in values {
            write(self, value);
        }
    }
}

/// Reads values one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self
            .0
            .split_first()
            .ok_or_else(|| Malformed::new("it is cut off"))?;
        self.0 = rest;
        Ok(byte)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| Malformed::new("it is cut off"))?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| Malformed::new("it is cut off"))?;
        self.0 = rest;
        Ok(*array)
    }

    /// Most numbers are short, so they are read in 64 bits as far as they fit.
    pub(crate) fn number<T: TryFrom<u128>>(&mut self) -> Result<T, Malformed> {
        let mut low: u64 = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            low |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return T::try_from(u128::from(low))
                    .map_err(|_| Malformed::new("a number is too large"));
            }
        }
        let mut number = u128::from(low);
        for shift in (63..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return T::try_from(number).map_err(|_| Malformed::new("a number is too large"));
            }
        }
        Err(Malformed::new("a number does not end"))
    }

    pub(crate) fn signed<T: TryFrom<i128>>(&mut self) -> Result<T, Malformed> {
        let number: u128 = self.number()?;
        let signed = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        T::try_from(signed).map_err(|_| Malformed::new("a number is out of range"))
    }

    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        self.number()
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.raw(length)
    }

    pub(crate) fn str(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed::new("a text is not UTF-8"))
    }

    pub(crate) fn shared_text(&mut self) -> Result<Arc<str>, Malformed> {
        self.str().map(Arc::from)
    }

    pub(crate) fn owned_text(&mut self) -> Result<String, Malformed> {
        self.str().map(str::to_owned)
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Malformed::new("an option is neither there nor absent")),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let length = self.length()?;
        // Each value has at least one byte: a damaged length cannot ask for more memory than there are bytes.
        let mut values = Vec::with_capacity(length.min(self.0.len()));
        for _ in 0..length {
            values.push(read(self)?);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut Writer(&mut bytes));
        bytes
    }

    #[test]
    fn numbers_come_back_around_each_limit() {
        for number in [
            0,
            1,
            127,
            128,
            u128::from(u64::MAX >> 1),
            u128::from(u64::MAX),
            u128::from(u64::MAX) + 1,
            u128::MAX,
        ] {
            let bytes = written(|writer| writer.number(number));
            let mut reader = Reader(&bytes);
            assert_eq!(reader.number::<u128>(), Ok(number));
            assert!(reader.is_empty());
        }
        assert_eq!(written(|writer| writer.number(127_u8)).len(), 1);
        assert_eq!(written(|writer| writer.number(128_u8)).len(), 2);
    }

    #[test]
    fn signed_numbers_come_back_around_each_limit() {
        for number in [
            0,
            -1,
            1,
            -64,
            63,
            -65,
            64,
            i128::from(i64::MIN),
            i128::MIN,
            i128::MAX,
        ] {
            let bytes = written(|writer| writer.signed(number));
            assert_eq!(Reader(&bytes).signed::<i128>(), Ok(number));
        }
        assert_eq!(written(|writer| writer.signed(-64_i8)).len(), 1);
        assert_eq!(written(|writer| writer.signed(-65_i8)).len(), 2);
    }

    #[test]
    fn a_number_beyond_its_type_is_malformed() {
        let bytes = written(|writer| writer.number(u64::from(u32::MAX) + 1));
        assert!(Reader(&bytes).number::<u32>().is_err());
        assert_eq!(Reader(&bytes).number::<u64>(), Ok(4_294_967_296));
    }

    #[test]
    fn a_length_beyond_the_bytes_is_malformed_and_asks_for_no_memory() {
        let bytes = written(|writer| writer.number(u64::MAX));
        assert!(Reader(&bytes).list(Reader::byte).is_err());
        assert!(Reader(&bytes).bytes().is_err());
    }

    #[test]
    fn a_number_that_does_not_end_is_malformed() {
        assert!(Reader(&[0x80; 40]).number::<u128>().is_err());
        assert!(Reader(&[0x80; 3]).number::<u128>().is_err());
    }
}
