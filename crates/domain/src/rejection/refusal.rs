//! All reasons against one submission, in a stable order.

use super::{Class, Rejection};

/// One rejection and the command that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The command's place in the submission, from 0; absent if the submission itself is at fault.
    pub command_index: Option<usize>,
    /// Why.
    pub rejection: Rejection,
}

/// Why a submission is not recorded: every reason, never none.
///
/// In a stable order: the submission's own faults, then command by command. After a failing command, later
/// commands on the same stream are not judged (DESIGN.md 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    first: Box<Refused>,
    rest: Vec<Refused>,
}

impl Refusal {
    /// Returns the refusal of these reasons, or nothing if there is none.
    pub fn of(reasons: Vec<Refused>) -> Option<Self> {
        let mut reasons = reasons.into_iter();
        let first = Box::new(reasons.next()?);
        Some(Self {
            first,
            rest: reasons.collect(),
        })
    }

    /// The same refusal with more reasons before it.
    #[must_use]
    pub fn with(self, before: Vec<Refused>) -> Self {
        let mut reasons = before;
        reasons.push(*self.first);
        reasons.extend(self.rest);
        let mut reasons = reasons.into_iter();
        match reasons.next() {
            Some(first) => Self {
                first: Box::new(first),
                rest: reasons.collect(),
            },
            None => unreachable!("the refusal's own reasons are among them"),
        }
    }

    /// Every reason, in order; at least one.
    pub fn reasons(&self) -> impl Iterator<Item = &Refused> {
        std::iter::once(&*self.first).chain(&self.rest)
    }

    /// The reason that decides the answer's code: the first of the class that comes first in
    /// [`Class`]'s order.
    pub fn leading(&self) -> &Refused {
        self.rest.iter().fold(&*self.first, |leading, reason| {
            if reason.rejection.class() < leading.rejection.class() {
                reason
            } else {
                leading
            }
        })
    }

    /// The class that decides the answer's code.
    pub fn class(&self) -> Class {
        self.leading().rejection.class()
    }
}

impl std::fmt::Display for Refusal {
    /// Writes the leading reason, and how many more there are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.leading().rejection)?;
        match self.rest.len() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for Refusal {}
