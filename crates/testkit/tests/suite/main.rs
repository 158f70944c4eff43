//! The simulation of several nodes on a shared log: it finds nothing in the code, and each bug that is planted there.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails where it stands"
)]

mod fence;
mod planted;

use std::sync::RwLock;

/// Held for writing while a bug is planted, which concerns the whole process.
static SOUND: RwLock<()> = RwLock::new(());
