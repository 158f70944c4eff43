use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Home, Page, PageWriter, Paging};

/// The memory that the pages of all ledgers of a process share.
///
/// A page that is read stays until the room is needed; then those go first that nobody has read since the hand of
/// the clock passed them last.
#[derive(Debug)]
pub struct PageMemory {
    limit: usize,
    clock: Mutex<Clock>,
}

#[derive(Debug, Default)]
struct Clock {
    bytes: usize,
    pages: VecDeque<(Weak<dyn Held>, usize)>,
}

/// A page that may be let go.
trait Held: Send + Sync + std::fmt::Debug {
    /// Lets it go, unless it was read since this was last asked.
    fn let_go(&self) -> bool;
}

impl PageMemory {
    /// At most `limit` bytes of pages stay in memory, beside those that are being read just now.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            clock: Mutex::default(),
        })
    }

    /// How many bytes of pages are in memory, about.
    pub fn bytes(&self) -> usize {
        self.clock().bytes
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, page: Weak<dyn Held>, bytes: usize) {
        let mut clock = self.clock();
        clock.bytes = clock.bytes.saturating_add(bytes);
        clock.pages.push_back((page, bytes));
        // Twice around: the first time every page may have been read since.
        let mut looks = clock.pages.len().saturating_mul(2);
        while self.limit < clock.bytes
            && 0 < looks
            && let Some((page, bytes)) = clock.pages.pop_front()
        {
            looks -= 1;
            match page.upgrade() {
                Some(held) if !held.let_go() => clock.pages.push_back((page, bytes)),
                Some(_) | None => clock.bytes = clock.bytes.saturating_sub(bytes),
            }
        }
    }
}

/// A page that does not change any more: in memory, or where a store keeps it.
#[derive(Debug)]
pub(crate) struct Sealed<T> {
    page: Mutex<Option<Arc<T>>>,
    used: AtomicBool,
    bytes: usize,
    /// `None`: it stays in memory.
    home: Option<Home>,
}

impl<T: Page> Sealed<T> {
    pub(crate) fn new(page: T, paging: Option<&Paging>) -> Arc<Self> {
        let home = paging.and_then(|paging| {
            let mut out = PageWriter::default();
            page.encode(&mut out);
            paging.keep(&out.into_bytes())
        });
        let sealed = Arc::new(Self {
            bytes: page.bytes(),
            page: Mutex::new(Some(Arc::new(page))),
            used: AtomicBool::new(false),
            home,
        });
        sealed.admit();
        sealed
    }

    /// The page; read back if it was let go.
    pub(crate) fn get(self: &Arc<Self>) -> Arc<T> {
        self.used.store(true, Ordering::Relaxed);
        if let Some(page) = &*self.slot() {
            return Arc::clone(page);
        }
        let Some(home) = &self.home else {
            return Arc::new(T::default());
        };
        // Not under the lock: who makes room meanwhile must not wait for this reading.
        let read = Arc::new(home.read_back());
        let mut slot = self.slot();
        if let Some(page) = &*slot {
            return Arc::clone(page);
        }
        *slot = Some(Arc::clone(&read));
        drop(slot);
        self.admit();
        read
    }

    /// How many bytes it takes while it is in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>) {
        if let Some(home) = &self.home {
            let page: Weak<Self> = Arc::downgrade(self);
            home.memory().admit(page, self.bytes);
        }
    }
}

impl<T: Page> Held for Sealed<T> {
    fn let_go(&self) -> bool {
        if self.used.swap(false, Ordering::Relaxed) {
            return false;
        }
        *self.slot() = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{PageError, PagePlace, PageReader, PageStore};
    use super::*;

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Numbers(Vec<u64>);

    impl Page for Numbers {
        fn encode(&self, out: &mut PageWriter) {
            out.column(&self.0, u64::to_le_bytes);
        }

        fn decode(bytes: &mut PageReader<'_>) -> Option<Self> {
            bytes.column(u64::from_le_bytes).map(Self)
        }

        fn bytes(&self) -> usize {
            self.0.len() * 8
        }
    }

    #[derive(Debug, Default)]
    struct Kept {
        bytes: Mutex<Vec<u8>>,
        reads: Mutex<usize>,
        full: bool,
    }

    impl PageStore for Kept {
        fn keep(&self, page: &[u8]) -> Result<PagePlace, PageError> {
            if self.full {
                return Err(PageError {
                    doing: "keep",
                    problem: "no space".into(),
                });
            }
            let mut bytes = self.bytes.lock().unwrap();
            let offset = u64::try_from(bytes.len()).unwrap();
            bytes.extend_from_slice(page);
            Ok(PagePlace {
                offset,
                length: page.len(),
            })
        }

        fn read_back(&self, place: PagePlace) -> Result<Vec<u8>, PageError> {
            *self.reads.lock().unwrap() += 1;
            let from = usize::try_from(place.offset).unwrap();
            Ok(self.bytes.lock().unwrap()[from..from + place.length].to_vec())
        }
    }

    fn pages(paging: &Paging, count: u64) -> Vec<Arc<Sealed<Numbers>>> {
        (0..count)
            .map(|number| Sealed::new(Numbers(vec![number; 10]), Some(paging)))
            .collect()
    }

    #[test]
    fn at_the_limit_every_page_stays_and_beyond_it_the_one_that_nobody_read_goes() {
        let (memory, store) = (PageMemory::new(240), Arc::new(Kept::default()));
        let paging = Paging::new(Arc::clone(&memory), Arc::<Kept>::clone(&store));
        let three = pages(&paging, 3);
        for page in &three {
            page.get();
        }
        assert_eq!((memory.bytes(), *store.reads.lock().unwrap()), (240, 0));
        // Asked once more, the clock has seen all three as read; then only the second one is.
        let fourth = pages(&paging, 1);
        assert_eq!(memory.bytes(), 240);
        assert_eq!(*three[1].get(), Numbers(vec![1; 10]));
        assert_eq!(*fourth[0].get(), Numbers(vec![0; 10]));
        for (number, page) in (0..).zip(&three) {
            assert_eq!(*page.get(), Numbers(vec![number; 10]));
        }
        assert!(0 < *store.reads.lock().unwrap());
        assert!(memory.bytes() <= 240, "{} bytes", memory.bytes());
        drop((three, fourth));
        let _others = pages(&paging, 4);
        assert!(memory.bytes() <= 240, "what is gone counts no more");
    }

    #[test]
    fn a_page_that_cannot_be_kept_stays_whatever_the_limit() {
        let full = Kept {
            full: true,
            ..Kept::default()
        };
        let paging = Paging::new(PageMemory::new(0), Arc::new(full));
        for (number, page) in (0..).zip(pages(&paging, 3)) {
            assert_eq!(*page.get(), Numbers(vec![number; 10]));
        }
        let unkept = paging.unkept().map(ToString::to_string);
        assert_eq!(unkept.as_deref(), Some("keep a page of views: no space"));
        assert_eq!(paging.lost(), None);
    }

    #[test]
    fn bytes_that_are_not_those_that_were_kept_are_lost_and_never_read() {
        let store = Arc::new(Kept::default());
        let paging = Paging::new(PageMemory::new(0), Arc::<Kept>::clone(&store));
        let page = pages(&paging, 1);
        assert_eq!(*page[0].get(), Numbers(vec![0; 10]));
        assert_eq!(paging.lost(), None);
        store.bytes.lock().unwrap()[12] = 1;
        // Let go by the next one that comes.
        let _next = pages(&paging, 2);
        assert_eq!(*page[0].get(), Numbers::default());
        assert!(paging.lost().is_some());
    }
}
