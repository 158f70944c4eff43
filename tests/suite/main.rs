//! Scenarios end to end: the real binary, real files, what users see.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a scenario that meets the unexpected fails where it stands"
)]

mod apart;
mod bad_input;
mod calendars;
mod copies;
mod crash;
mod full_disk;
mod integrity;
mod interrupt;
mod iom;
mod kafka;
mod life_cycle;
mod limits;
mod netherlands;
mod python;
mod rates;
mod readme;
mod registry;
mod view_trouble;

use std::path::Path;

use perennial_tests::cli::Cli;

/// The binary under test.
fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_perennial-under-test"))
}

fn cli() -> Cli {
    Cli::new(binary())
}
