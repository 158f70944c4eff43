//! The `Log` port on Kafka: one topic with one partition per ledger, read and written by many nodes.
//!
//! A [`KafkaCluster`] is this process's connection; [`KafkaLog`] is one ledger on it. Kafka has no conditional append,
//! so an acknowledgement says only that an entry stands in the topic: which entries count is decided by whoever reads
//! (INV-11). This crate adds that an append is told as durable only if its entries stand side by side where they were
//! expected, and that anything else ends the term and is told as unknown (INV-4).
//!
//! Values are the stored bytes (INV-13); headers are a copy for other programs, checked on reading. It is *not* a
//! message log and judges no record. It never repairs: a truncated or recreated topic, or somebody else's record, is
//! damage. Client settings are those of `settings`, and `rdkafka` is named nowhere else.
//!
//! Reading order: `settings`, `link` (is there a broker?), `topic` and `requirements` (what a topic must be),
//! `headers`, `followed` (what this process has read), `follower`, `tail`, `producer`, `writer`, `ends`, `looks`, then
//! [`KafkaCluster`], [`KafkaLog`] and [`KafkaLogs`], all ledgers for whoever only reads.

mod cluster;
mod ends;
mod error;
mod followed;
mod follower;
mod headers;
mod instant;
mod ledgers;
mod link;
mod log;
mod looks;
mod producer;
mod requirements;
mod settings;
mod tail;
mod topic;
mod writer;

pub use cluster::KafkaCluster;
pub use error::ClusterError;
pub use ledgers::{KafkaLogs, follow_reach};
pub use link::Connection;
pub use log::KafkaLog;
pub use requirements::Finding;
pub use settings::{KafkaSettings, Mechanism, Sasl, Security, SettingsError, Tls};
