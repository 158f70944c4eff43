//! Published files, where they are found: `PERENNIAL_DATA`, else `../shared/data` beside the workspace.

use std::io::Read;
use std::path::PathBuf;

/// The file, or `None` after saying loudly that the test is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find the shared data through this variable"
)]
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let root = std::env::var("PERENNIAL_DATA").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there; set PERENNIAL_DATA to test on real data",
        path.display()
    );
    None
}

/// The file's bytes, if it is there.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(find(name)?).expect("the file can be read"))
}

/// The files of a tar archive compressed with zstd, in its order, as (name, bytes).
pub(crate) fn untar(name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let compressed = read(name)?;
    let mut archive = Vec::new();
    zstd::stream::read::Decoder::new(compressed.as_slice())
        .and_then(|mut decoder| decoder.read_to_end(&mut archive))
        .expect("the archive decompresses");
    let mut files = Vec::new();
    let mut rest = archive.as_slice();
    while let Some((header, after)) = rest.split_at_checked(512) {
        if header[0] == 0 {
            break;
        }
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range])
                .trim_end_matches(['\0', ' '])
                .to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).expect("a size in octal");
        let (body, padded) = (&after[..size], size.div_ceil(512) * 512);
        if header[156] == b'0' {
            files.push((text(0..100), body.to_vec()));
        }
        rest = &after[padded..];
    }
    Some(files)
}
