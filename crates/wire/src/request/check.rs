//! Collects violations; the checks that every message needs.

use perennial_domain::money::Currency;

use super::limits::Limits;
use super::path::Path;
use super::violation::{Excess, Reason, Violation, Violations};
use crate::enums::{Coded, from_number};

/// The state of checking one request. A check that fails notes why and returns `None`.
pub(crate) struct Check<'l> {
    pub(crate) limits: &'l Limits,
    violations: Vec<Violation>,
    total: usize,
}

impl<'l> Check<'l> {
    pub(crate) const fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            violations: Vec::new(),
            total: 0,
        }
    }

    /// Ends the check. `value` is there unless a violation was noted.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Violations> {
        match value {
            Some(value) if self.total == 0 => Ok(value),
            Some(_) | None => Err(Violations {
                violations: self.violations,
                total: self.total,
            }),
        }
    }

    /// Notes a violation.
    pub(crate) fn refuse<T>(
        &mut self,
        path: Path<'_>,
        reason: Reason,
        description: impl Into<String>,
    ) -> Option<T> {
        self.note(Violation {
            field: path.to_string(),
            reason,
            description: description.into(),
            currency: None,
            excess: None,
        })
    }

    /// Notes that a list has more entries than one record takes.
    pub(crate) fn too_large<T>(
        &mut self,
        path: Path<'_>,
        excess: Excess,
        description: impl Into<String>,
    ) -> Option<T> {
        self.note(Violation {
            field: path.to_string(),
            reason: Reason::RecordTooLarge,
            description: description.into(),
            currency: None,
            excess: Some(excess),
        })
    }

    /// Notes that a field is malformed.
    pub(crate) fn invalid<T>(
        &mut self,
        path: Path<'_>,
        description: impl Into<String>,
    ) -> Option<T> {
        self.refuse(path, Reason::InvalidField, description)
    }

    /// Notes that an amount has more digits than its currency.
    pub(crate) fn too_precise<T>(&mut self, path: Path<'_>, currency: Currency) -> Option<T> {
        self.note(Violation {
            field: path.to_string(),
            reason: Reason::AmountPrecision,
            description: format!(
                "has more than the {} decimals of {currency}",
                currency.minor_digits()
            ),
            currency: Some(currency),
            excess: None,
        })
    }

    fn note<T>(&mut self, violation: Violation) -> Option<T> {
        self.total += 1;
        if self.violations.len() < self.limits.violations_max {
            self.violations.push(violation);
        }
        None
    }

    /// A message that must be there.
    pub(crate) fn required<M, T>(
        &mut self,
        path: Path<'_>,
        message: Option<M>,
        check: impl FnOnce(&mut Self, Path<'_>, M) -> Option<T>,
    ) -> Option<T> {
        match message {
            Some(message) => check(self, path, message),
            None => self.invalid(path, "is required"),
        }
    }

    /// A message that may be absent.
    pub(crate) fn optional<M, T>(
        &mut self,
        path: Path<'_>,
        message: Option<M>,
        check: impl FnOnce(&mut Self, Path<'_>, M) -> Option<T>,
    ) -> Option<Option<T>> {
        match message {
            Some(message) => check(self, path, message).map(Some),
            None => Some(None),
        }
    }

    /// Every item of a repeated field with at most `max` items.
    pub(crate) fn list<M, T>(
        &mut self,
        path: Path<'_>,
        messages: Vec<M>,
        max: usize,
        mut check: impl FnMut(&mut Self, Path<'_>, M) -> Option<T>,
    ) -> Option<Vec<T>> {
        if messages.len() > max {
            return self.invalid(
                path,
                format!("has {} items, more than {max}", messages.len()),
            );
        }
        let count = messages.len();
        let mut items = Vec::with_capacity(count);
        for (index, message) in messages.into_iter().enumerate() {
            items.extend(check(self, path.item(index), message));
        }
        (items.len() == count).then_some(items)
    }

    /// A repeated field that needs at least `min` items.
    pub(crate) fn at_least<T>(
        &mut self,
        path: Path<'_>,
        min: usize,
        items: Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        let items = items?;
        if items.len() < min {
            return self.invalid(path, format!("has {} items, fewer than {min}", items.len()));
        }
        Some(items)
    }

    /// A value of an enumeration; zero is refused.
    pub(crate) fn enumeration<P: Coded>(
        &mut self,
        path: Path<'_>,
        number: i32,
    ) -> Option<P::Domain> {
        match from_number::<P>(number) {
            Some(value) => Some(value),
            None if number == 0 => self.invalid(path, "is required"),
            None => self.invalid(path, format!("has the unknown value {number}")),
        }
    }

    /// A value of an enumeration; zero means `default`.
    pub(crate) fn enumeration_or<P: Coded>(
        &mut self,
        path: Path<'_>,
        number: i32,
        default: P::Domain,
    ) -> Option<P::Domain> {
        if number == 0 {
            return Some(default);
        }
        self.enumeration::<P>(path, number)
    }

    /// A value of an enumeration; zero means absent.
    pub(crate) fn enumeration_opt<P: Coded>(
        &mut self,
        path: Path<'_>,
        number: i32,
    ) -> Option<Option<P::Domain>> {
        if number == 0 {
            return Some(None);
        }
        self.enumeration::<P>(path, number).map(Some)
    }

    /// A number that has a smaller range in the domain.
    pub(crate) fn narrow<T: TryFrom<u32>>(&mut self, path: Path<'_>, number: u32) -> Option<T> {
        match T::try_from(number) {
            Ok(number) => Some(number),
            Err(_) => self.invalid(path, format!("{number} is out of range")),
        }
    }

    /// An id that must be there.
    pub(crate) fn id<T>(
        &mut self,
        path: Path<'_>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, perennial_domain::ids::MalformedId>,
    ) -> Option<T> {
        if text.is_empty() {
            return self.invalid(path, "is required");
        }
        match parse(text) {
            Ok(id) => Some(id),
            Err(malformed) => self.invalid(path, malformed.to_string()),
        }
    }

    /// An id that may be left empty.
    pub(crate) fn id_opt<T>(
        &mut self,
        path: Path<'_>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, perennial_domain::ids::MalformedId>,
    ) -> Option<Option<T>> {
        if text.is_empty() {
            return Some(None);
        }
        self.id(path, text, parse).map(Some)
    }

    /// Bytes of a fixed length.
    pub(crate) fn array<const N: usize>(
        &mut self,
        path: Path<'_>,
        bytes: &[u8],
    ) -> Option<[u8; N]> {
        match bytes.try_into() {
            Ok(array) => Some(array),
            Err(_) => self.invalid(path, format!("has {} bytes instead of {N}", bytes.len())),
        }
    }
}
