//! The read side as a service: it follows every ledger's log, keeps its views, answers questions about them and
//! streams their changes.
//!
//! It decides nothing and writes no record; deleting what it stores loses nothing. Upholds INV-6: every answer is
//! computed at one position and says which. Read in order: [`projections`], [`projection`], then the modules
//! `opening`, `reading`, `projector`; then [`grpc`] and [`service`].

pub mod config;
pub mod projection;
pub mod projections;

mod opening;
mod projector;
mod reading;

mod subscription;
pub mod waiting;

pub mod grpc;
pub mod service;
pub mod system;

pub use config::Config;
pub use projections::Projections;
pub use service::SERVICES;
