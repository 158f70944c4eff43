//! Given/when/then, generators, memory ports, fake clock. A dev-dependency only.

pub mod history;
pub mod log;
pub mod log_contract;
mod must;
pub mod oracle;
pub mod ports;
pub mod random;
pub mod sample_log;
pub mod sim;
pub mod story;
pub mod view_store;

pub mod request_index;
pub mod snapshot_store;
