//! Pages: sealed stretches of what is kept by position, in memory as long as there is room.
//!
//! What grows with every record (postings, record marks, notes) is sealed in pages that never change. A [`PageStore`]
//! keeps their bytes; a [`PageMemory`] decides which of them stay in memory. A page that was let go is read back when
//! a question needs it, and its checksum is compared: bytes that are not those that were kept are never read as
//! postings. Without a store everything stays in memory.
//!
//! The bytes of a store are of one process and one run: they follow from the log and are kept again at every start.

mod bytes;
mod memory;

pub use memory::PageMemory;

pub(crate) use bytes::{PageReader, PageWriter};
pub(crate) use memory::Sealed;

use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

/// Where a store keeps a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagePlace {
    /// Its first byte.
    pub offset: u64,
    /// How many bytes it has.
    pub length: usize,
}

/// A page cannot be kept, or cannot be read back as it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing} a page of views: {problem}")]
pub struct PageError {
    /// `keep` or `read back`.
    pub doing: &'static str,
    /// Why not.
    pub problem: Arc<str>,
}

/// Keeps the pages of one [`crate::Facts`], and gives them back. Calls block on IO.
pub trait PageStore: Send + Sync + Debug {
    /// Keeps a page; it need not survive the process.
    ///
    /// # Errors
    /// [`PageError`]; the page then stays in memory.
    fn keep(&self, page: &[u8]) -> Result<PagePlace, PageError>;

    /// Reads the bytes at `place` back.
    ///
    /// # Errors
    /// [`PageError`] if they cannot be read.
    fn read_back(&self, place: PagePlace) -> Result<Vec<u8>, PageError>;
}

/// The store and the memory of one ledger's pages, and what went wrong with them.
#[derive(Clone, Debug)]
pub(crate) struct Paging(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    memory: Arc<PageMemory>,
    store: Arc<dyn PageStore>,
    unkept: OnceLock<PageError>,
    lost: OnceLock<PageError>,
}

impl Paging {
    pub(crate) fn new(memory: Arc<PageMemory>, store: Arc<dyn PageStore>) -> Self {
        Self(Arc::new(Parts {
            memory,
            store,
            unkept: OnceLock::new(),
            lost: OnceLock::new(),
        }))
    }

    /// Why pages stay in memory beyond the limit, if one could not be kept.
    pub(crate) fn unkept(&self) -> Option<&PageError> {
        self.0.unkept.get()
    }

    /// Why nothing can be answered any more, if a page could not be read back.
    pub(crate) fn lost(&self) -> Option<&PageError> {
        self.0.lost.get()
    }

    /// Keeps a page's bytes; `None` if that does not work any more.
    fn keep(&self, page: &[u8]) -> Option<Home> {
        if self.unkept().is_some() {
            return None;
        }
        match self.0.store.keep(page) {
            Ok(place) => Some(Home {
                paging: self.clone(),
                place,
                checksum: bytes::checksum(page),
            }),
            Err(error) => {
                // Only the first reason is told.
                self.0.unkept.get_or_init(|| error);
                None
            }
        }
    }
}

/// Where one page lies while it is not in memory.
#[derive(Debug)]
struct Home {
    paging: Paging,
    place: PagePlace,
    checksum: u64,
}

impl Home {
    fn memory(&self) -> &PageMemory {
        &self.paging.0.memory
    }

    /// Reads the page back; what is not as it was kept is said once and for all.
    fn read_back<T: Page>(&self) -> T {
        let read = self.paging.0.store.read_back(self.place);
        let page = read.and_then(|page| {
            let whole = bytes::checksum(&page) == self.checksum;
            let decoded = whole
                .then(|| T::decode(&mut PageReader::of(&page)))
                .flatten();
            decoded.ok_or_else(|| PageError {
                doing: "read back",
                problem: format!("other bytes lie at {}", self.place.offset).into(),
            })
        });
        page.unwrap_or_else(|error| {
            self.paging.0.lost.get_or_init(|| error);
            T::default()
        })
    }
}

/// What can be sealed in a page.
pub(crate) trait Page: Default + Debug + Send + Sync + 'static {
    /// Appends all of it.
    fn encode(&self, out: &mut PageWriter);
    /// Reads what [`Page::encode`] wrote.
    fn decode(bytes: &mut PageReader<'_>) -> Option<Self>;
    /// How many bytes it takes in memory, about.
    fn bytes(&self) -> usize;
}
