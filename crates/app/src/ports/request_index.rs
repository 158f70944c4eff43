//! The request index port: finds the record of any request id that was ever accepted (INV-5), without holding all
//! of them in memory.
//!
//! Most look-ups are for ids that nobody used before; [`RequestIndex::may_hold`] answers them from memory. Where an
//! index says that an id is taken, the record itself has the last word.

use std::sync::Arc;

use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;

use super::cache::{CacheError, LogPoint};
use super::log::LogOffset;

/// A request id with its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedRequest {
    /// The id.
    pub request_id: RequestId,
    /// Its record's position.
    pub position: Position,
    /// Where that record stands, or where its batch begins.
    pub offset: LogOffset,
}

/// What stands in the index's directory.
pub enum OpenedIndex {
    /// An index, empty if there was none.
    Ready(Arc<dyn RequestIndex>),
    /// One that cannot be used: damaged, or of another layout. Begin another one.
    Unusable {
        /// Why, for the operator.
        reason: String,
    },
}

/// The request index of one ledger on stable storage. Calls block on IO.
pub trait RequestIndexStore: Send + Sync {
    /// Opens the index.
    ///
    /// # Errors
    /// [`CacheError`] if the storage itself cannot be used; a damaged index is [`OpenedIndex::Unusable`].
    fn open(&self) -> Result<OpenedIndex, CacheError>;

    /// Drops what there is and begins an empty index.
    ///
    /// # Errors
    /// [`CacheError`] if it cannot be begun.
    fn begin(&self) -> Result<Arc<dyn RequestIndex>, CacheError>;
}

/// An open request index. One thread saves; any may look up.
pub trait RequestIndex: Send + Sync {
    /// The last record up to which every id is certainly in it, after a restart too; none while it is empty.
    fn saved(&self) -> Option<LogPoint>;

    /// The last record of which anything is in it; at least the saved one.
    fn reach(&self) -> Option<LogPoint>;

    /// Whether `request_id` may be in it: false is certain, true is so by mistake for fewer than one id in a
    /// hundred. Never blocks.
    fn may_hold(&self, request_id: RequestId) -> bool;

    /// Finds the record of `request_id`. Blocks on IO.
    ///
    /// # Errors
    /// [`CacheError`]: then nobody knows.
    fn find(&self, request_id: RequestId) -> Result<Option<IndexedRequest>, CacheError>;

    /// Adds the ids of all records after those added before, up to `point`. Look-ups find them as soon as it
    /// returns; adding an id again changes nothing. Blocks on IO.
    ///
    /// # Errors
    /// [`CacheError`]; nothing may be added any more.
    fn save(&self, requests: &[IndexedRequest], point: LogPoint) -> Result<(), CacheError>;

    /// Makes everything added so far [`RequestIndex::saved`]. Blocks on IO.
    ///
    /// # Errors
    /// [`CacheError`]; nothing may be added any more.
    fn flush(&self) -> Result<(), CacheError>;
}
