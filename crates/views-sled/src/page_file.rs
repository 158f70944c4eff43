//! The `PageStore` port on one file: pages one after the other, for this process alone.
//!
//! What is in it follows from the stored rows and is written again whenever a generation opens. So nothing is flushed,
//! and what a crash leaves of it is never read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use perennial_views::pages::{PageError, PagePlace, PageStore};

/// Its name in the generation's directory; sled has no file of such a name.
const NAME: &str = "pages";

/// The pages of one generation.
#[derive(Debug)]
pub(crate) struct PageFile {
    path: PathBuf,
    file: File,
    /// Where the next page goes. Held while it is written: pages do not overlap.
    end: Mutex<u64>,
}

impl PageFile {
    /// Makes an empty one in the directory of a generation.
    pub(crate) fn create(generation: &Path) -> io::Result<Self> {
        let path = generation.join(NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(Self {
            path,
            file,
            end: Mutex::new(0),
        })
    }

    fn failed(&self, doing: &'static str, error: &io::Error) -> PageError {
        let problem = format!("{}: {error}", self.path.display());
        PageError {
            doing,
            problem: problem.into(),
        }
    }
}

impl PageStore for PageFile {
    fn keep(&self, page: &[u8]) -> Result<PagePlace, PageError> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = *end;
        let written = self.file.write_all_at(page, offset);
        written.map_err(|error| self.failed("keep", &error))?;
        *end = offset.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        drop(end);
        Ok(PagePlace {
            offset,
            length: page.len(),
        })
    }

    fn read_back(&self, place: PagePlace) -> Result<Vec<u8>, PageError> {
        let mut page = vec![0; place.length];
        let read = self.file.read_exact_at(&mut page, place.offset);
        read.map_err(|error| self.failed("read back", &error))?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_and_nothing_of_them_outlives_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = PageFile::create(directory.path()).unwrap();
        let places: Vec<PagePlace> = [b"one".as_slice(), b"", b"three"]
            .map(|page| file.keep(page).unwrap())
            .into();
        assert_eq!(places[2].offset, 3);
        assert_eq!(file.read_back(places[2]).unwrap(), b"three");
        assert_eq!(file.read_back(places[1]).unwrap(), b"");
        assert_eq!(file.read_back(places[0]).unwrap(), b"one");
        drop(file);
        let again = PageFile::create(directory.path()).unwrap();
        let lost = again.read_back(places[0]).unwrap_err();
        assert_eq!(lost.doing, "read back");
    }
}
