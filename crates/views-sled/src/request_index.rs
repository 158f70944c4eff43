//! The `RequestIndex` port on sled: ids and places in one tree, behind a filter in memory.
//!
//! `requests/` is the database: each id with its place, and the *mark*, the last record whose id is in it; ids and
//! mark are one batch. `requests.filter` is the filter with a mark of its own. sled may lose its newest batches in
//! a power failure without a word, and the filter is written rarely; so what counts is the earlier of both marks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::cache::{CacheError, Hash, LogPoint};
use perennial_app::ports::log::LogOffset;
use perennial_app::ports::request_index::{
    IndexedRequest, OpenedIndex, RequestIndex, RequestIndexStore,
};
use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;

use crate::files::{NextFile, failed, point_bytes, take_number, take_point};
use crate::filter::Filter;
use crate::tree::{Batch, OpenFailure, Tree};

/// How much of its files sled keeps in memory, in bytes on disk. Few ids are ever looked up.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// Ids in one batch: a batch holds a lock of the whole process (TECHNOLOGY.md 4.2).
const BATCH_IDS: usize = 128;

/// After how many ids sled is made to write what it holds in memory.
const FLUSH_IDS: usize = 2_048;

/// The key of the mark, before all ids.
const MARK: [u8; 1] = [0x00];

/// The family of ids.
const ID: u8 = 0x01;

/// First byte of the mark; a new layout of the database gets another one.
const LAYOUT: u8 = 1;

/// First bytes of the filter's file; a new layout gets new ones.
const MAGIC: [u8; 8] = *b"PERREQF1";

/// The request index of one ledger in the directory of the writer's caches. One process at a time.
#[derive(Clone, Debug)]
pub struct SledRequestIndexStore {
    database: PathBuf,
    filter: PathBuf,
}

impl SledRequestIndexStore {
    /// Keeps the index in `directory` (see [`crate::writer_cache_directory`]); touches no file yet.
    pub fn new(directory: &Path) -> Self {
        Self {
            database: directory.join("requests"),
            filter: directory.join("requests.filter"),
        }
    }

    fn empty(&self) -> Result<Arc<dyn RequestIndex>, CacheError> {
        fs::create_dir_all(&self.database).map_err(failed("create", &self.database))?;
        match Tree::open(&self.database, CACHE_BYTES) {
            Ok(tree) => Ok(Arc::new(SledRequestIndex::new(
                tree,
                (Filter::new(), self.filter.clone()),
                (None, None),
            ))),
            Err(OpenFailure::Locked(problem) | OpenFailure::Unusable(problem)) => {
                Err(CacheError::Engine {
                    doing: "begin a request index",
                    problem,
                })
            }
        }
    }
}

impl RequestIndexStore for SledRequestIndexStore {
    fn open(&self) -> Result<OpenedIndex, CacheError> {
        let bytes = match fs::read(&self.filter) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &self.filter)(error)),
        };
        if !self.database.is_dir() && bytes.is_none() {
            return self.empty().map(OpenedIndex::Ready);
        }
        let unusable = |reason: &str| {
            let reason = format!("{}: {reason}", self.database.display());
            Ok(OpenedIndex::Unusable { reason })
        };
        if !self.database.is_dir() {
            return unusable("it is gone");
        }
        let tree = match Tree::open(&self.database, CACHE_BYTES) {
            Ok(tree) => tree,
            Err(OpenFailure::Unusable(problem)) => return unusable(&problem),
            Err(OpenFailure::Locked(problem)) => {
                return Err(CacheError::Engine {
                    doing: "open the request index",
                    problem,
                });
            }
        };
        let mark = match tree.get(&MARK) {
            Ok(None) => None,
            Ok(Some(bytes)) => match read_mark(&bytes) {
                Some(mark) => Some(mark),
                None => return unusable("it is of another layout"),
            },
            Err(problem) => return unusable(&problem),
        };
        let Some(bytes) = bytes else {
            // Without a filter nothing was ever certain, unless somebody removed it.
            return match mark {
                None => Ok(OpenedIndex::Ready(Arc::new(SledRequestIndex::new(
                    tree,
                    (Filter::new(), self.filter.clone()),
                    (None, None),
                )))),
                Some(_) => unusable("its filter is gone"),
            };
        };
        match (mark, read_filter(&bytes)) {
            (Some(mark), Some((of_filter, filter))) => {
                let (first, last) = if mark.position < of_filter.position {
                    (mark, of_filter)
                } else {
                    (of_filter, mark)
                };
                Ok(OpenedIndex::Ready(Arc::new(SledRequestIndex::new(
                    tree,
                    (filter, self.filter.clone()),
                    (Some(first), Some(last)),
                ))))
            }
            (_, None) => unusable("its filter is damaged"),
            (None, Some(_)) => unusable("its ids are gone"),
        }
    }

    fn begin(&self) -> Result<Arc<dyn RequestIndex>, CacheError> {
        let gone = |removed: io::Result<()>, path: &Path| match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        };
        gone(fs::remove_file(&self.filter), &self.filter)?;
        gone(fs::remove_dir_all(&self.database), &self.database)?;
        self.empty()
    }
}

/// An open index.
struct SledRequestIndex {
    tree: Tree,
    filter: Filter,
    filter_file: PathBuf,
    marks: Mutex<Marks>,
}

struct Marks {
    saved: Option<LogPoint>,
    reach: Option<LogPoint>,
    /// The last one saved since it was opened: behind the reach while lost ids are added again.
    added: Option<LogPoint>,
    unflushed: usize,
}

impl SledRequestIndex {
    fn new(
        tree: Tree,
        (filter, filter_file): (Filter, PathBuf),
        (saved, reach): (Option<LogPoint>, Option<LogPoint>),
    ) -> Self {
        Self {
            tree,
            filter,
            filter_file,
            marks: Mutex::new(Marks {
                saved,
                reach,
                added: saved,
                unflushed: 0,
            }),
        }
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save_batch(
        &self,
        requests: &[IndexedRequest],
        mark: Option<LogPoint>,
    ) -> Result<(), String> {
        let mut batch = Batch::default();
        for request in requests {
            self.filter.add(request.request_id);
            let position = request.position.0.to_le_bytes();
            let offset = request.offset.0.to_le_bytes();
            batch.insert(&key(request.request_id), &[position, offset].concat())?;
        }
        if let Some(mark) = mark {
            batch.insert(&MARK, &[&[LAYOUT], point_bytes(mark).as_slice()].concat())?;
        }
        self.tree.apply(batch)
    }
}

impl RequestIndex for SledRequestIndex {
    fn saved(&self) -> Option<LogPoint> {
        self.marks().saved
    }

    fn reach(&self) -> Option<LogPoint> {
        self.marks().reach
    }

    fn may_hold(&self, request_id: RequestId) -> bool {
        self.filter.may_hold(request_id)
    }

    fn find(&self, request_id: RequestId) -> Result<Option<IndexedRequest>, CacheError> {
        let engine = |problem| CacheError::Engine {
            doing: "find a request id",
            problem,
        };
        let Some(value) = self.tree.get(&key(request_id)).map_err(engine)? else {
            return Ok(None);
        };
        let place = take_number(&value)
            .and_then(|(position, rest)| Some((position, take_number(rest)?)))
            .filter(|(_, (_, rest))| rest.is_empty());
        let Some((position, (offset, _))) = place else {
            return Err(engine(format!("a place of {} bytes", value.len())));
        };
        Ok(Some(IndexedRequest {
            request_id,
            position: Position(position),
            offset: LogOffset(offset),
        }))
    }

    fn save(&self, requests: &[IndexedRequest], point: LogPoint) -> Result<(), CacheError> {
        let engine = |problem| CacheError::Engine {
            doing: "save request ids",
            problem,
        };
        // Neighbours share pages: sorted ids cost sled much less.
        let mut sorted = requests.to_vec();
        sorted.sort_unstable_by_key(|request| request.request_id);
        let mut batches = sorted.chunks(BATCH_IDS).peekable();
        while let Some(batch) = batches.next() {
            let mark = batches.peek().is_none().then_some(point);
            self.save_batch(batch, mark).map_err(engine)?;
        }
        let mut marks = self.marks();
        marks.added = Some(point);
        if marks
            .reach
            .is_none_or(|reach| reach.position < point.position)
        {
            marks.reach = Some(point);
        }
        marks.unflushed = marks.unflushed.saturating_add(requests.len());
        let is_due = FLUSH_IDS <= marks.unflushed;
        if is_due {
            marks.unflushed = 0;
        }
        drop(marks);
        if is_due {
            self.tree.flush().map_err(engine)?;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), CacheError> {
        let (saved, added) = {
            let marks = self.marks();
            (marks.saved, marks.added)
        };
        let Some(added) = added.filter(|_| saved != added) else {
            return Ok(());
        };
        self.tree.flush().map_err(|problem| CacheError::Engine {
            doing: "flush request ids",
            problem,
        })?;
        let mut file = NextFile::create(&self.filter_file)?;
        let mut digest = Hash::of(&[]);
        let mut put = |bytes: &[u8]| {
            digest = Hash::of_parts(&[digest.as_bytes(), bytes]);
            file.write(bytes)
        };
        put(&[MAGIC.as_slice(), &point_bytes(added)].concat())?;
        let mut filter = Vec::new();
        self.filter.write(|bytes| {
            filter.extend_from_slice(bytes);
            Ok::<(), CacheError>(())
        })?;
        put(&filter)?;
        file.write(digest.as_bytes())?;
        file.finish()?;
        self.marks().saved = Some(added);
        Ok(())
    }
}

fn key(request_id: RequestId) -> [u8; 17] {
    let mut key = [ID; 17];
    for (byte, of_id) in key.iter_mut().skip(1).zip(request_id.0) {
        *byte = of_id;
    }
    key
}

fn read_mark(bytes: &[u8]) -> Option<LogPoint> {
    let (&layout, rest) = bytes.split_first()?;
    let (point, rest) = take_point(rest)?;
    (layout == LAYOUT && rest.is_empty()).then_some(point)
}

fn read_filter(bytes: &[u8]) -> Option<(LogPoint, Filter)> {
    let (content, digest) = bytes.split_last_chunk::<{ Hash::LENGTH }>()?;
    let head_length = MAGIC.len().saturating_add(crate::files::POINT_BYTES);
    let (head, filter) = content.split_at_checked(head_length)?;
    let (point, _) = take_point(head.strip_prefix(&MAGIC)?)?;
    let expected = Hash::of_parts(&[Hash::of(&[]).as_bytes(), head]);
    let expected = Hash::of_parts(&[expected.as_bytes(), filter]);
    if expected != Hash::from_bytes(*digest) {
        return None;
    }
    Some((point, Filter::read(filter)?))
}
