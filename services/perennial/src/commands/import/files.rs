//! Which files an import reads, and in which order.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use perennial_domain::Date;
use perennial_iati::read::{Activities, ReadError, ReadLimits};
use sha2::{Digest as _, Sha256};

use crate::failure::{Exit, Failure};

/// How deep folders are searched.
const DEPTH_MAX: usize = 16;

/// One file to read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Name of the dataset: the file's name without its endings.
    pub(super) dataset: String,
    /// The day that it says it was made on.
    pub(super) generated_on: Option<Date>,
}

/// A file's name for people.
pub(super) fn name(path: &Path) -> String {
    path.display().to_string()
}

/// Finds every file, oldest publication first, because publication dates of one ledger never decrease; files that
/// name no day, and those that cannot be read, keep the order of their names at the end.
///
/// # Errors
/// A path that does not exist, a folder without a file to read.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let failed = |error: &io::Error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            let exit = if missing { Exit::NotFound } else { Exit::Other };
            Failure::caused(exit, format!("read {}", name(path)), error)
        };
        let metadata = fs::metadata(path).map_err(|error| failed(&error))?;
        if metadata.is_dir() {
            let before = found.len();
            search(path, 0, &mut found).map_err(|error| failed(&error))?;
            if found.len() == before {
                let text = format!("{} holds no .xml and no .xml.zst file", name(path));
                return Err(Failure::new(Exit::NotFound, text));
            }
        } else {
            found.push(path.clone());
        }
    }
    let mut sources: Vec<Source> = found.into_iter().map(source).collect();
    sources.sort_by(|left, right| {
        let undated = |source: &Source| source.generated_on.is_none();
        (undated(left), left.generated_on, &left.path).cmp(&(
            undated(right),
            right.generated_on,
            &right.path,
        ))
    });
    sources.dedup_by(|left, right| left.path == right.path);
    Ok(sources)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth < DEPTH_MAX {
                search(&path, depth.saturating_add(1), found)?;
            }
        } else if is_iati(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_iati(path: &Path) -> bool {
    let has = |path: &Path, extension: &str| {
        path.extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
    };
    has(path, "xml")
        || (has(path, "zst") && has(Path::new(path.file_stem().unwrap_or_default()), "xml"))
}

fn source(path: PathBuf) -> Source {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let dataset = file.strip_suffix(".zst").unwrap_or(&file);
    let dataset = dataset.strip_suffix(".xml").unwrap_or(dataset).to_owned();
    // What is wrong with a file is told when it is read, not here.
    let generated_on = open(&path)
        .ok()
        .and_then(|activities| activities.header().generated_on());
    Source {
        path,
        dataset,
        generated_on,
    }
}

/// The activities of a file, plain or compressed.
pub(super) type FileActivities = Activities<Box<dyn io::BufRead + Send>>;

/// Opens a file up to its first activity.
///
/// # Errors
/// What is wrong with it.
pub(super) fn open(path: &Path) -> Result<FileActivities, ReadError> {
    let file = File::open(path).map_err(|source| ReadError::Io {
        line: 0,
        source: source.into(),
    })?;
    Activities::open_any(
        BufReader::with_capacity(1 << 16, file),
        ReadLimits::default(),
    )
}

/// SHA-256 of a file's bytes.
///
/// # Errors
/// That of the file system.
pub(super) fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(hash.finalize().into()),
            Some(bytes) => hash.update(bytes),
        }
    }
}
