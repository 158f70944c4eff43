//! Organisations, documents and references that facts name.

use std::sync::Arc;

/// An organisation as a fact names it. Two references are the same organisation if their ids are equal or,
/// without ids, their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OrgRef {
    /// Organisation identifier with its scheme inside, as in `XM-DAC-47066`.
    pub id: Option<Arc<str>>,
    /// Name, as published.
    pub name: Option<Arc<str>>,
    /// IATI `OrganisationType` code.
    pub type_code: Option<u16>,
    /// True if no source named it and an importer derived it (SEMANTICS.md 3 "Counterparty").
    pub derived: bool,
}

impl OrgRef {
    /// The organisation that nobody named.
    pub fn unspecified() -> Self {
        Self {
            id: None,
            name: Some("unspecified".into()),
            type_code: None,
            derived: true,
        }
    }

    /// What rows are grouped by: the id, else the name, else the empty text.
    pub fn key(&self) -> &str {
        self.id.as_deref().or(self.name.as_deref()).unwrap_or("")
    }
}

/// The number that another system gave to a thing: for search, never the idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalReference {
    /// Which system, as in `iati` or `treasury`.
    pub system: Arc<str>,
    /// Its number.
    pub reference: Arc<str>,
}

/// A document that supports a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocRef {
    /// Where it can be fetched.
    pub uri: Option<String>,
    /// SHA-256 of its bytes.
    pub sha256: Option<[u8; 32]>,
    /// Its title.
    pub title: String,
}
