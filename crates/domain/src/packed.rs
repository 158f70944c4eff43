//! Values as few bytes: numbers of variable length, texts that stand once, and the shapes that values are put
//! together from. Snapshots are made of it, and so is what the state of an agreement seldom needs to look at
//! ([`crate::agreement::entries`], [`crate::series`]). What is read back is input: it may be anything, and nothing
//! here panics.

mod day;
mod names;
mod shared;
mod sorted;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::book::MalformedSnapshot;

pub(crate) use day::Day;
pub(crate) use names::Names;
pub(crate) use shared::Shared;
pub(crate) use sorted::{Sorted, grow};

/// A value with a packed form. Fields are written in order and without names: a change of any is a new
/// [`crate::book::SNAPSHOT_FORMAT`].
pub(crate) trait Stored: Sized {
    fn put(&self, out: &mut Encoder);

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot>;
}

/// Writes the bytes of one part.
#[derive(Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    texts: Texts,
}

/// Where the texts of a part stand.
enum Texts {
    /// In the part itself, the first time: those that it holds already, with their numbers from 1.
    Within {
        known: HashMap<Arc<str>, u64>,
        last: Option<(Arc<str>, u64)>,
    },
    /// Beside it.
    Beside(Names),
}

impl Default for Texts {
    fn default() -> Self {
        Self::Within {
            known: HashMap::new(),
            last: None,
        }
    }
}

impl Encoder {
    /// Goes on after `bytes`; the texts are kept beside them in `names`.
    pub(crate) fn beside(bytes: Vec<u8>, names: Names) -> Self {
        Self {
            bytes,
            texts: Texts::Beside(names),
        }
    }

    /// Gives back what [`Encoder::beside`] took, with what was written since.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Names) {
        let names = match self.texts {
            Texts::Within { .. } => Names::default(),
            Texts::Beside(names) => names,
        };
        (self.bytes, names)
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        put_number(&mut self.bytes, number);
    }

    /// Bytes that are packed already, with their length before them.
    pub(crate) fn packed(&mut self, bytes: &[u8]) {
        self.number(count(bytes.len()));
        self.raw(bytes);
    }

    /// A text's number in this part; the text itself where it stands for the first time.
    pub(crate) fn text(&mut self, text: &str) {
        let number = match &mut self.texts {
            Texts::Beside(names) => Some(names.number(text).into()),
            Texts::Within { known, last } => number_within(known, last, text),
        };
        match number {
            Some(number) => self.number(number),
            None => self.new_text(text.into()),
        }
    }

    fn new_text(&mut self, text: Arc<str>) {
        self.byte(0);
        self.packed(text.as_bytes());
        if let Texts::Within { known, last } = &mut self.texts {
            let number = count(known.len()).saturating_add(1);
            known.insert(Arc::clone(&text), number);
            *last = Some((text, number));
        }
    }
}

/// The number of a text that a part holds already.
fn number_within(
    known: &HashMap<Arc<str>, u64>,
    last: &mut Option<(Arc<str>, u64)>,
    text: &str,
) -> Option<u64> {
    if let Some((last, number)) = last
        && &**last == text
    {
        return Some(*number);
    }
    let (known, &number) = known.get_key_value(text)?;
    *last = Some((Arc::clone(known), number));
    Some(number)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
pub(crate) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while let [low, ..] = number.to_le_bytes()
        && 0x80 <= number
    {
        bytes.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    bytes.push(low);
}

/// The number doubled, its sign in the lowest bit; numbers beyond 62 bits follow a marker of their own.
pub(crate) fn put_amount(bytes: &mut Vec<u8>, amount: i128) {
    match u64::try_from(amount.unsigned_abs()) {
        Ok(small) if small < 1 << 62 => {
            put_number(bytes, small << 1 | u64::from(amount.is_negative()));
        }
        Ok(_) | Err(_) => {
            put_number(bytes, u64::MAX);
            bytes.extend_from_slice(&amount.to_le_bytes());
        }
    }
}

/// Reads the bytes of one part.
pub(crate) struct Decoder<'a> {
    rest: &'a [u8],
    /// Texts beside the bytes.
    beside: Option<&'a Names>,
    /// Texts within them, so far.
    texts: Vec<Arc<str>>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            beside: None,
            texts: Vec::new(),
        }
    }

    /// Reads what [`Encoder::beside`] wrote.
    pub(crate) fn beside(bytes: &'a [u8], names: &'a Names) -> Self {
        Self {
            rest: bytes,
            beside: Some(names),
            texts: Vec::new(),
        }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Bytes with their length before them.
    pub(crate) fn packed(&mut self) -> Result<&'a [u8], MalformedSnapshot> {
        let length = self.items()?;
        self.raw(length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, MalformedSnapshot> {
        let (&byte, rest) = self.rest.split_first().ok_or(MalformedSnapshot)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], MalformedSnapshot> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(MalformedSnapshot)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, MalformedSnapshot> {
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, MalformedSnapshot> {
        let mut number = 0_u64;
        let mut rest = self.rest;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, after) = rest.split_first().ok_or(MalformedSnapshot)?;
            rest = after;
            let bits = u64::from(byte & 0x7f);
            let moved = bits << shift;
            if moved >> shift != bits {
                return Err(MalformedSnapshot);
            }
            number |= moved;
            if byte < 0x80 {
                self.rest = rest;
                return Ok(number);
            }
        }
        Err(MalformedSnapshot)
    }

    /// How many items follow. Each takes at least a byte, so no count can ask for more room than there is input.
    fn items(&mut self) -> Result<usize, MalformedSnapshot> {
        let count = usize::try_from(self.number()?).map_err(|_| MalformedSnapshot)?;
        if self.rest.len() < count {
            return Err(MalformedSnapshot);
        }
        Ok(count)
    }

    pub(crate) fn text(&mut self) -> Result<Arc<str>, MalformedSnapshot> {
        let number = self.number()?;
        if let Some(at) = number.checked_sub(1) {
            if let Some(names) = self.beside {
                let number = u32::try_from(number).map_err(|_| MalformedSnapshot)?;
                return names.text(number).map(Arc::from).ok_or(MalformedSnapshot);
            }
            let at = usize::try_from(at).map_err(|_| MalformedSnapshot)?;
            return self.texts.get(at).cloned().ok_or(MalformedSnapshot);
        }
        let text = std::str::from_utf8(self.packed()?).map_err(|_| MalformedSnapshot)?;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        Ok(text)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Stored for bool {
    fn put(&self, out: &mut Encoder) {
        out.byte(u8::from(*self));
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(MalformedSnapshot),
        }
    }
}

impl Stored for u64 {
    fn put(&self, out: &mut Encoder) {
        out.number(*self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        from.number()
    }
}

macro_rules! smaller_numbers {
    ($($number:ty),+) => { $(
        impl Stored for $number {
            fn put(&self, out: &mut Encoder) {
                // No platform has numbers of more than 64 bits here.
                out.number(u64::try_from(*self).unwrap_or(u64::MAX));
            }

            fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
                Self::try_from(from.number()?).map_err(|_| MalformedSnapshot)
            }
        }
    )+ };
}

smaller_numbers!(u8, u16, u32, usize);

impl Stored for i128 {
    fn put(&self, out: &mut Encoder) {
        put_amount(&mut out.bytes, *self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let number = from.number()?;
        if number == u64::MAX {
            return Ok(Self::from_le_bytes(array(from)?));
        }
        let magnitude = Self::from(number >> 1);
        Ok(if number & 1 == 1 {
            magnitude.saturating_neg()
        } else {
            magnitude
        })
    }
}

fn array<const N: usize>(from: &mut Decoder<'_>) -> Result<[u8; N], MalformedSnapshot> {
    from.raw(N)?.try_into().map_err(|_| MalformedSnapshot)
}

impl<const N: usize> Stored for [u8; N] {
    fn put(&self, out: &mut Encoder) {
        out.raw(self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        array(from)
    }
}

impl Stored for Arc<str> {
    fn put(&self, out: &mut Encoder) {
        out.text(self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        from.text()
    }
}

impl Stored for String {
    fn put(&self, out: &mut Encoder) {
        out.text(self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(from.text()?.as_ref().to_owned())
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self, out: &mut Encoder) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn put(&self, out: &mut Encoder) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let items = from.items()?;
        // A value may be much larger than its bytes: what the count promises is reserved in portions only.
        let mut values = Self::with_capacity(items.min(1_024));
        for _ in 0..items {
            values.push(T::take(from)?);
        }
        values.shrink_to_fit();
        Ok(values)
    }
}

impl<T: Stored + Ord> Stored for BTreeSet<T> {
    fn put(&self, out: &mut Encoder) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(Vec::take(from)?.into_iter().collect())
    }
}

impl<K: Stored + Ord, V: Stored> Stored for BTreeMap<K, V> {
    fn put(&self, out: &mut Encoder) {
        self.len().put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let pairs: Vec<(K, V)> = Vec::take(from)?;
        Ok(pairs.into_iter().collect())
    }
}

impl<K: Stored + Ord, V: Stored> Stored for Sorted<K, V> {
    fn put(&self, out: &mut Encoder) {
        self.len().put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(Self::of(Vec::take(from)?))
    }
}

impl<K: Stored + Ord + Clone, V: Stored + Clone> Stored for Shared<K, V> {
    fn put(&self, out: &mut Encoder) {
        self.len().put(out);
        for (key, value) in self.iter() {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let pairs: Vec<(K, V)> = Vec::take(from)?;
        Ok(Self::of(pairs))
    }
}

impl<T: Stored> Stored for Arc<T> {
    fn put(&self, out: &mut Encoder) {
        self.as_ref().put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        T::take(from).map(Self::new)
    }
}

impl Stored for Box<[u8]> {
    fn put(&self, out: &mut Encoder) {
        out.packed(self);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(from.packed()?.into())
    }
}

impl Stored for Names {
    fn put(&self, out: &mut Encoder) {
        out.packed(self.bytes());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Self::of(from.packed()?).ok_or(MalformedSnapshot)
    }
}

impl Stored for () {
    fn put(&self, _: &mut Encoder) {}

    fn take(_: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(())
    }
}

impl<T: Stored> Stored for Box<T> {
    fn put(&self, out: &mut Encoder) {
        self.as_ref().put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        T::take(from).map(Self::new)
    }
}

impl<A: Stored, B: Stored> Stored for (A, B) {
    fn put(&self, out: &mut Encoder) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<A: Stored, B: Stored, C: Stored> Stored for (A, B, C) {
    fn put(&self, out: &mut Encoder) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}

#[cfg(test)]
mod tests;
