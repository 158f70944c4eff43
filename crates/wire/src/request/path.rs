//! Where in a request a field is: built on the stack, written only for a violation.

/// A dotted path such as `commands[2].disburse.amount`.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    outer: Option<&'a Path<'a>>,
    field: &'static str,
    index: Option<usize>,
}

impl<'a> Path<'a> {
    /// A field of the request itself.
    pub(crate) const fn top(field: &'static str) -> Path<'static> {
        Path {
            outer: None,
            field,
            index: None,
        }
    }

    /// A field of the message at this path.
    pub(crate) const fn field(&'a self, field: &'static str) -> Path<'a> {
        Path {
            outer: Some(self),
            field,
            index: None,
        }
    }

    /// Item `index` of the repeated field at this path.
    pub(crate) const fn item(self, index: usize) -> Path<'a> {
        Path {
            index: Some(index),
            ..self
        }
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(outer) = self.outer {
            write!(f, "{outer}.")?;
        }
        f.write_str(self.field)?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}
