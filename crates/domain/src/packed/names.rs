//! Texts that packed values refer to by number.

use std::sync::Arc;

/// Texts, each once, numbered from 1 in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    /// Places in `texts`, ascending by text.
    order: Vec<u32>,
}

impl Names {
    /// Texts in the order of their numbers.
    pub(crate) fn of(texts: Vec<Arc<str>>) -> Self {
        let mut names = Self::default();
        for text in texts {
            names.number(&text, || Arc::clone(&text));
        }
        names
    }

    pub(crate) fn all(&self) -> &[Arc<str>] {
        &self.texts
    }

    /// The number of a text; one that is new is kept as `shared` gives it.
    pub(crate) fn number(&mut self, text: &str, shared: impl FnOnce() -> Arc<str>) -> u64 {
        // Most texts are the newest or the first again.
        if let [first, ..] = self.texts.as_slice()
            && &**first == text
        {
            return 1;
        }
        let found = self
            .order
            .binary_search_by(|&place| self.text_at(place).cmp(text));
        match found {
            Ok(at) => self.order.get(at).map_or(0, |&place| number(place)),
            Err(at) => {
                let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                super::grow(&mut self.texts, 1);
                self.texts.push(shared());
                super::grow(&mut self.order, 1);
                self.order.insert(at, place);
                number(place)
            }
        }
    }

    fn text_at(&self, place: u32) -> &str {
        let at = usize::try_from(place).unwrap_or(usize::MAX);
        self.texts.get(at).map_or("", |text| text)
    }
}

fn number(place: u32) -> u64 {
    u64::from(place).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_whenever_it_comes_again() {
        let mut names = Names::default();
        let mut number = |text: &str| names.number(text, || text.into());
        let first: Vec<u64> = ["m", "z", "a", "k"].map(&mut number).into();
        assert_eq!(first, [1, 2, 3, 4]);
        let again: Vec<u64> = ["k", "a", "z", "m"].map(&mut number).into();
        assert_eq!(again, [4, 3, 2, 1]);
        assert_eq!(names.all().len(), 4);
    }
}
