//! Where the logs of ledgers are kept: segment files of one data directory, or topics of a Kafka cluster.
//!
//! A [`Place`] is read from a URL and settings, an [`Engine`] is that place opened, and an [`EngineLog`] is one
//! ledger's log in it, behind the `Log` port. Who uses a ledger need not know which it is.
//!
//! It is *not* a third engine, and knows nothing of records. Reading order: [`place`], [`engine`].

pub mod engine;
pub mod place;

pub use engine::{Engine, EngineError, EngineLog};
pub use place::{KafkaAccess, KafkaArguments, Place, PlaceError, SaslMechanism};
