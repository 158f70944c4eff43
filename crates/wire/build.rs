//! Compiles the proto files without `protoc`, and keeps their descriptor set for reflection.

use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    // Asked for when it runs: the folder in which this program was built may be another checkout, and gone.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is set by cargo")?;
    let root = Path::new(&manifest).join("../../proto");
    let includes = [root.clone(), root.join("third_party")];
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    find_protos(&root.join("perennial"), &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, &includes)?;

    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is set by cargo")?);
    fs::write(out_dir.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let grpc = env::var_os("CARGO_FEATURE_GRPC").is_some();
    let mut prost = tonic_prost_build::Config::new();
    // Their comments hold indented text that rustdoc would take for examples.
    prost.disable_comments([".google"]);
    tonic_prost_build::configure()
        .build_client(grpc)
        .build_server(grpc)
        .build_transport(false)
        .bytes(".perennial.logstream")
        .bytes(".perennial.audit")
        .include_file("packages.rs")
        .compile_fds_with_config(descriptors, prost)?;
    Ok(())
}

fn find_protos(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(path);
        }
    }
    Ok(())
}
