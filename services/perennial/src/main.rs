//! The one binary that people install.
fn main() {}
