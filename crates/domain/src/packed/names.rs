//! Texts that packed values refer to by number.

use super::{Decoder, put_number};

/// Up to so many texts are looked for one after the other.
const FEW: u32 = 24;

/// Texts, each once, numbered from 1 in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Names {
    /// Each after its length.
    bytes: Vec<u8>,
    count: u32,
    /// Absent while there are few.
    index: Option<Box<Index>>,
}

/// Where the texts are.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Index {
    /// Where each begins, by number.
    begins: Vec<u32>,
    /// Numbers from 0, ascending by text.
    order: Vec<u32>,
}

impl Names {
    /// The number of a text; one that is new is kept.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        match self.place(text) {
            Ok(number) => number,
            Err(at) => self.push(text, at),
        }
    }

    /// The number of a text that is kept.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.place(text).ok()
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> Option<&str> {
        let before = number.checked_sub(1)?;
        let bytes = match &self.index {
            Some(index) => self.text_at(*index.begins.get(size(before))?),
            None => self.texts().nth(size(before))?,
        };
        std::str::from_utf8(bytes).ok()
    }

    /// All of them in the order of their numbers, as [`Names::of`] takes them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names that these bytes are; absent if they are none.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut names = Self::default();
        let mut from = Decoder::new(bytes);
        while !from.is_empty() {
            let text = std::str::from_utf8(from.packed().ok()?).ok()?;
            let at = names.place(text).err()?;
            names.push(text, at);
        }
        names.bytes.shrink_to_fit();
        Some(names)
    }

    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = Decoder::new(&self.bytes);
        std::iter::from_fn(move || {
            if from.is_empty() {
                return None;
            }
            from.packed().ok()
        })
    }

    fn text_at(&self, begins: u32) -> &[u8] {
        let bytes = self.bytes.get(size(begins)..).unwrap_or_default();
        Decoder::new(bytes).packed().unwrap_or_default()
    }

    /// The number of a text, or its place in the order of the index.
    fn place(&self, text: &str) -> Result<u32, usize> {
        let text = text.as_bytes();
        let Some(index) = &self.index else {
            let mut numbers = (1..).zip(self.texts());
            let found = numbers.find(|(_, known)| *known == text);
            return found.map(|(number, _)| number).ok_or(0);
        };
        let begins = |number: u32| index.begins.get(size(number)).copied();
        let found = index
            .order
            .binary_search_by(|&number| self.text_at(begins(number).unwrap_or(0)).cmp(text))?;
        let number = index.order.get(found).copied();
        Ok(number.unwrap_or(0).saturating_add(1))
    }

    fn push(&mut self, text: &str, at: usize) -> u32 {
        let begins = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        super::grow(&mut self.bytes, text.len().saturating_add(1));
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        put_number(&mut self.bytes, length);
        self.bytes.extend_from_slice(text.as_bytes());
        if let Some(index) = &mut self.index {
            super::grow(&mut index.begins, 1);
            index.begins.push(begins);
            super::grow(&mut index.order, 1);
            index.order.insert(at, self.count);
        }
        self.count = self.count.saturating_add(1);
        if self.index.is_none() && FEW < self.count {
            self.index = Some(Box::new(self.indexed()));
        }
        self.count
    }

    fn indexed(&self) -> Index {
        let mut from = Decoder::new(&self.bytes);
        let mut texts = Vec::new();
        while !from.is_empty() {
            let begins = self.bytes.len().saturating_sub(from.rest().len());
            let text = from.packed().unwrap_or_default();
            texts.push((text, u32::try_from(begins).unwrap_or(u32::MAX)));
        }
        let begins = texts.iter().map(|&(_, begins)| begins).collect();
        let mut order: Vec<(&[u8], u32)> = texts.iter().map(|&(text, _)| text).zip(0..).collect();
        order.sort_unstable();
        let order = order.into_iter().map(|(_, number)| number).collect();
        Index { begins, order }
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_whenever_it_comes_again_among_few_and_many() {
        for count in [4, FEW, FEW + 1, 1_000] {
            let mut names = Names::default();
            let texts: Vec<String> = (0..count)
                .map(|number| format!("name-{}", number * 7_919 % 10_007))
                .collect();
            for _ in 0..2 {
                for (number, text) in (1..).zip(&texts) {
                    assert_eq!(names.number(text), number);
                    assert_eq!(names.find(text), Some(number));
                    assert_eq!(names.text(number), Some(text.as_str()));
                }
            }
            assert_eq!(names.find("another"), None);
            assert_eq!(names.text(0), None);
            assert_eq!(names.text(count + 1), None);
            assert_eq!(Names::of(names.bytes()).as_ref(), Some(&names));
        }
    }

    #[test]
    fn bytes_that_are_no_names_are_refused() {
        assert_eq!(Names::of(&[1, b'a']).map(|names| names.count), Some(1));
        assert!(Names::of(&[2, b'a']).is_none(), "cut short");
        assert!(Names::of(&[1, b'a', 1, b'a']).is_none(), "one text twice");
        assert!(Names::of(&[1, 0xff]).is_none(), "no UTF-8");
    }
}
