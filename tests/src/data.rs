//! The folder of real published data, where there is one.

use std::path::PathBuf;

/// Finds a file or folder of the real data; without it, says loudly what is skipped.
#[expect(
    clippy::print_stdout,
    reason = "what a test run leaves out is counted from its output"
)]
pub fn real(name: &str) -> Option<PathBuf> {
    let root = option_env!("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let default = root.join("../../shared/data");
    let folder = std::env::var_os("PERENNIAL_DATA").map_or(default, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    println!(
        "SKIPPED: {name} is not in {}; set PERENNIAL_DATA to the folder of real data",
        folder.display()
    );
    None
}
