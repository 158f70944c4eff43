//! The writer against a log in memory: what is answered, when, and what stands in the log then.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails where it stands"
)]

mod answers;
mod copying;
mod faults;
mod in_place;
mod recovery;
mod request_ids;
mod shared;
mod snapshots;
mod twice;
mod world;
