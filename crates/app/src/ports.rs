//! What the application needs from the outside world. Ports stand at real IO only; each has a memory twin in
//! `testkit` and one contract suite.

pub mod clock;
pub mod ids;
pub mod ledgers;
pub mod liveness;
pub mod log;
pub mod tasks;

pub mod cache;
pub mod request_index;
pub mod snapshot_store;
pub mod view_store;
