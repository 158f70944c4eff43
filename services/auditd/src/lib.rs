//! The audit side as a service: it reads the log alone, checks every link of the chain, and serves records,
//! events and verifications from it.
//!
//! It trusts nobody: what ledgerd acknowledged and what queryd shows are not asked. Read in order:
//! [`follower`], [`ledgers`], [`grpc`], [`service`].

pub mod follower;
pub mod grpc;
pub mod ledgers;
pub mod service;
