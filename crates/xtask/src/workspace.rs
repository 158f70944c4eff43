//! What the checks look at: the text files of the tree, and `cargo metadata`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, bail};
use serde::Deserialize;

/// Folders that hold no source: build output, version control, packages of other tools.
const NOT_SOURCE: &[&str] = &[
    "target",
    ".git",
    "node_modules",
    "__pycache__",
    "perennial-data",
];

/// A text file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path from the root of the workspace, with `/` between its parts.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// Returns the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns what follows the last dot of the name; empty for `LICENSE` and for `.gitignore`.
    pub fn extension(&self) -> &str {
        match self.name().rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension,
            _ => "",
        }
    }
}

/// The text files of the workspace, ascending by path. Files that are not UTF-8 (golden bytes) are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Every file once.
    pub files: Vec<SourceFile>,
}

impl Tree {
    /// Reads every text file under `root`.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("read folder \"{}\"", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.file_name().is_some_and(is_not_source) {
                    // `.git` is a file in a second worktree.
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(text) = read_text(&path)? {
                    files.push(SourceFile {
                        path: relative(root, &path),
                        text,
                    });
                }
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { files })
    }

    /// Returns the text of the file at `path`, if there is one.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// Returns whether `path` is a file of the tree, or a folder with at least one.
    pub fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// Returns the Rust files that people write: generated ones say so (`@generated`) in their first lines.
    pub fn rust_files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| {
            file.extension() == "rs"
                && !file
                    .text
                    .lines()
                    .take(5)
                    .any(|line| line.contains("@generated"))
        })
    }
}

fn is_not_source(name: &OsStr) -> bool {
    NOT_SOURCE.iter().any(|folder| name == *folder)
}

/// Returns the text of a file, or `None` if it is no UTF-8 or has just been removed.
fn read_text(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read file \"{}\"", path.display())),
    }
}

/// Returns `path` as seen from `root`, with `/` between its parts.
pub fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The part of `cargo metadata --no-deps` that the checks read.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// The workspace's own packages.
    pub packages: Vec<Package>,
    /// The folder of the root manifest.
    pub workspace_root: PathBuf,
}

/// A package of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// The name, with prefix: `perennial-domain`.
    pub name: String,
    /// The path of its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// What it depends on, of every kind.
    pub dependencies: Vec<Dependency>,
    /// Its libraries, programs, tests, benches and build script.
    pub targets: Vec<Target>,
    /// Its features and what each turns on.
    pub features: BTreeMap<String, Vec<String>>,
}

impl Package {
    /// Returns the folder of this package from the root of the workspace: `crates/domain`.
    pub fn folder(&self, root: &Path) -> String {
        relative(
            root,
            self.manifest_path.parent().unwrap_or(&self.manifest_path),
        )
    }

    /// Returns the name as the dependency table has it: `domain`.
    pub fn short_name(&self) -> &str {
        short_name(&self.name)
    }
}

/// Returns a package's name without the project's prefix.
pub fn short_name(name: &str) -> &str {
    name.strip_prefix("perennial-").unwrap_or(name)
}

/// One line of a manifest's dependency sections.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The package depended on.
    pub name: String,
    /// Absent for an ordinary dependency.
    pub kind: Option<DependencyKind>,
    /// Present for a package of this workspace.
    pub path: Option<PathBuf>,
    /// Whether it is there only when a feature asks for it.
    pub optional: bool,
    /// Whether the default features are on.
    pub uses_default_features: bool,
    /// Features named beside the default ones.
    pub features: Vec<String>,
}

/// The sections other than `[dependencies]`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
}

/// Something that cargo builds from one root file.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// `lib`, `bin`, `test`, `bench`, `custom-build`, `example`.
    pub kind: Vec<String>,
    /// The root file.
    pub src_path: PathBuf,
}

/// Asks cargo for the workspace that holds the current folder. Needs neither network nor lock file.
///
/// # Errors
/// cargo cannot be run, refuses a manifest, or answers something else than metadata.
pub fn metadata(cargo: &OsStr) -> anyhow::Result<Metadata> {
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .output()
        .context("run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("read the answer of cargo metadata")
}
