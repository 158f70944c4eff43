//! Generated messages, one module per proto package, and the gRPC clients and servers behind feature `grpc`.
//!
//! Documented in the proto files. Qualified at use: `pb::log::StoredEvent`.

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    elided_lifetimes_in_paths,
    reason = "generated"
)]
#[rustfmt::skip]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

pub use generated::google;
pub use generated::perennial::admin::v1 as admin;
pub use generated::perennial::audit::v1 as audit;
pub use generated::perennial::ledger::v1 as ledger;
pub use generated::perennial::log::v1 as log;
pub use generated::perennial::logstream::v1 as logstream;
pub use generated::perennial::query::v1 as query;
