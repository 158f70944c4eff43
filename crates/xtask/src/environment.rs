//! The few settings that reach these tasks through the environment, read once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `CI=true`: a check whose tool is missing fails instead of being skipped.
    pub ci: bool,
    /// `PERENNIAL_UPDATE_GOLDEN` is set: tests would rewrite golden files, so checks must not run.
    pub update_golden: bool,
    /// The cargo that runs this task (`CARGO`), else the one on the path.
    pub cargo: OsString,
    /// Where programs are looked for (`PATH`).
    pub path: OsString,
    /// The folder of real data that some tests read (`PERENNIAL_DATA`), if one is named.
    pub data: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        Self {
            ci: std::env::var_os("CI").is_some_and(|value| value == "true"),
            update_golden: std::env::var_os("PERENNIAL_UPDATE_GOLDEN").is_some(),
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")),
            path: std::env::var_os("PATH").unwrap_or_default(),
            data: std::env::var_os("PERENNIAL_DATA").map(PathBuf::from),
        }
    }

    /// Returns whether a program of this name lies on the path.
    pub fn has_program(&self, name: &str) -> bool {
        std::env::split_paths(&self.path).any(|folder| folder.join(name).is_file())
    }

    /// Returns the folder of real data: the one named, else `../shared/data` beside the workspace.
    pub fn data_folder(&self, root: &Path) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| root.join("../shared/data"))
    }
}
