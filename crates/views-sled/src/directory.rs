//! Where generations lie, and which one is live: `<cache>/<schema>-<n>/` and the file `CURRENT`, which names one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use perennial_app::ports::view_store::{GenerationNo, StoreError};
use perennial_domain::ids::LedgerId;

const CURRENT: &str = "CURRENT";
const CURRENT_NEXT: &str = "CURRENT.next";

/// The directory of everything about a ledger that can be built again: `DATA/ledgers/<ledger_id>/cache`.
pub fn cache_directory(data: &Path, ledger_id: &LedgerId) -> PathBuf {
    data.join("ledgers").join(ledger_id.as_str()).join("cache")
}

/// What `CURRENT` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Current {
    /// There is none.
    Absent,
    /// This generation, of the schema that is asked for.
    Generation(GenerationNo),
    /// Something else, word for word.
    Other(String),
}

/// The view directory of one ledger.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    schema: String,
}

impl Directory {
    pub(crate) fn new(path: PathBuf, schema: &str) -> Self {
        let schema = schema.replace(
            |character: char| !character.is_ascii_alphanumeric() && !".-".contains(character),
            "_",
        );
        Self { path, schema }
    }

    pub(crate) fn generation(&self, number: GenerationNo) -> PathBuf {
        self.path.join(self.name(number))
    }

    fn name(&self, number: GenerationNo) -> String {
        format!("{}-{number}", self.schema)
    }

    pub(crate) fn current(&self) -> Result<Current, StoreError> {
        let file = self.path.join(CURRENT);
        let name = match fs::read_to_string(&file) {
            Ok(text) => text.trim_end().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Current::Absent);
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Ok(Current::Other("bytes that are no text".to_owned()));
            }
            Err(source) => return Err(failed("read", &file, source)),
        };
        let number = name
            .strip_prefix(&self.schema)
            .and_then(|rest| rest.strip_prefix('-'));
        match number
            .and_then(|number| number.parse().ok())
            .map(GenerationNo)
        {
            Some(number) if self.name(number) == name => Ok(Current::Generation(number)),
            Some(_) | None => Ok(Current::Other(name)),
        }
    }

    /// Makes the directory of a generation whose number no other one has.
    pub(crate) fn create_next(&self) -> Result<(GenerationNo, PathBuf), StoreError> {
        fs::create_dir_all(&self.path).map_err(|source| failed("create", &self.path, source))?;
        let highest = self
            .generations()?
            .into_iter()
            .map(|(number, _)| number)
            .max();
        let number = GenerationNo(highest.map_or(1, |highest| highest.0.saturating_add(1)));
        let path = self.generation(number);
        fs::create_dir(&path).map_err(|source| failed("create", &path, source))?;
        Ok((number, path))
    }

    /// Every generation of any schema.
    fn generations(&self) -> Result<Vec<(GenerationNo, PathBuf)>, StoreError> {
        let listed = match fs::read_dir(&self.path) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("list", &self.path, source)),
        };
        let mut generations = Vec::new();
        for entry in listed {
            let entry = entry.map_err(|source| failed("list", &self.path, source))?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.rsplit_once('-'))
                .and_then(|(_, number)| number.parse().ok());
            if let Some(number) = number
                && entry.path().is_dir()
            {
                generations.push((GenerationNo(number), entry.path()));
            }
        }
        Ok(generations)
    }

    /// Makes `CURRENT` name a generation: a crash leaves the old name or the new one, never a part.
    pub(crate) fn make_current(&self, number: GenerationNo) -> Result<(), StoreError> {
        let next = self.path.join(CURRENT_NEXT);
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&next)?;
            file.write_all(format!("{}\n", self.name(number)).as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| failed("write", &next, source))?;
        let current = self.path.join(CURRENT);
        fs::rename(&next, &current).map_err(|source| failed("replace", &current, source))?;
        let directory = fs::File::open(&self.path).and_then(|directory| directory.sync_all());
        directory.map_err(|source| failed("flush", &self.path, source))
    }

    /// Removes every generation but one. What cannot be removed takes room and does no other harm.
    pub(crate) fn remove_others(&self, kept: GenerationNo) {
        let kept = self.generation(kept);
        let generations = self.generations().unwrap_or_default();
        for (_, path) in generations.into_iter().filter(|(_, path)| *path != kept) {
            match fs::remove_dir_all(&path) {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "removed an old generation of views");
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "remove an old generation of views");
                }
            }
        }
    }
}

pub(crate) fn failed(doing: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Files {
        doing,
        path: path.to_owned(),
        source,
    }
}
