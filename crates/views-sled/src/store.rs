use std::path::PathBuf;

use perennial_app::ports::view_store::{Generation, GenerationNo, Opened, StoreError, ViewStore};

use crate::directory::{Current, Directory};
use crate::generation::{GenerationFailure, SledGeneration};

/// The limits of one ledger's store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much of its files sled keeps in memory, in bytes on disk. Rows are read once, at start; so little does.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
        }
    }
}

/// The views of one ledger in a directory of its own. One process at a time.
#[derive(Debug)]
pub struct SledViewStore {
    directory: Directory,
    schema: String,
    options: Options,
}

impl SledViewStore {
    /// Keeps views of `schema` under `directory` (see [`crate::cache_directory`]); touches no file yet.
    pub fn new(directory: PathBuf, schema: &str, options: Options) -> Self {
        Self {
            directory: Directory::new(directory, schema),
            schema: schema.to_owned(),
            options,
        }
    }
}

impl ViewStore for SledViewStore {
    fn open(&self) -> Result<Opened, StoreError> {
        let number = match self.directory.current()? {
            Current::Absent => return Ok(Opened::Nothing),
            Current::Other(name) => {
                return Ok(Opened::Unusable {
                    reason: format!("the live generation is \"{name}\", of another schema"),
                });
            }
            Current::Generation(number) => number,
        };
        let path = self.directory.generation(number);
        if !path.is_dir() {
            return Ok(Opened::Unusable {
                reason: format!("{} is gone", path.display()),
            });
        }
        self.directory.remove_others(number);
        match SledGeneration::open(number, &path, &self.schema, self.options) {
            Ok(generation) => Ok(Opened::Live(Box::new(generation))),
            Err(GenerationFailure::Unusable(reason)) => Ok(Opened::Unusable { reason }),
            Err(GenerationFailure::Store(error)) => Err(error),
        }
    }

    fn begin(&self) -> Result<Box<dyn Generation>, StoreError> {
        let (number, path) = self.directory.create_next()?;
        match SledGeneration::open(number, &path, &self.schema, self.options) {
            Ok(generation) => Ok(Box::new(generation)),
            Err(GenerationFailure::Unusable(problem)) => Err(StoreError::Engine {
                doing: "begin a generation of views",
                problem,
            }),
            Err(GenerationFailure::Store(error)) => Err(error),
        }
    }

    fn promote(&self, generation: GenerationNo) -> Result<(), StoreError> {
        self.directory.make_current(generation)?;
        self.directory.remove_others(generation);
        Ok(())
    }
}
