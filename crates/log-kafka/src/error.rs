//! Why a cluster or a ledger's topic cannot be used.

use perennial_app::ports::log::LogOffset;

use crate::requirements::Finding;
use crate::settings::SettingsError;

/// Why a cluster or a ledger's topic cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The settings are impossible.
    #[error("settings of the Kafka log")]
    Settings(#[from] SettingsError),
    /// The ledger id cannot be part of a topic's name.
    #[error("ledger id {0:?} is no name of 1 to 128 letters, digits, '-' or '_'")]
    LedgerId(String),
    /// No broker answers now; trying again may work.
    #[error("{action}: no answer from Kafka at {bootstrap}: {reason}")]
    Unreachable {
        /// What was being done.
        action: &'static str,
        /// Where brokers were looked for.
        bootstrap: String,
        /// What the client said last.
        reason: String,
    },
    /// The brokers do not let us in: user, password, certificate or authority are wrong.
    #[error("Kafka at {bootstrap} does not let us in: {reason}")]
    Refused {
        /// Where brokers were looked for.
        bootstrap: String,
        /// What the client said.
        reason: String,
    },
    /// There is no such ledger.
    #[error("there is no topic {topic}")]
    NotFound {
        /// Its name.
        topic: String,
    },
    /// There is one already.
    #[error("there is a topic {topic} already")]
    Exists {
        /// Its name.
        topic: String,
    },
    /// The topic could lose records, or would refuse them.
    #[error("topic {topic} is not safe for a ledger: {}", list(findings))]
    Unsafe {
        /// Its name.
        topic: String,
        /// Every setting that is not as it must be.
        findings: Vec<Finding>,
    },
    /// What the topic holds cannot be this ledger's log: an integrity failure.
    #[error("damaged topic {topic} at offset {}: {problem}", offset.0)]
    Damaged {
        /// Its name.
        topic: String,
        /// Where the damage begins.
        offset: LogOffset,
        /// What is wrong.
        problem: String,
    },
    /// The brokers, or the client library, refuse what we ask for.
    #[error("{action}: {reason}")]
    Denied {
        /// What was being done.
        action: String,
        /// What they say.
        reason: String,
    },
}

impl ClusterError {
    /// Whether history is damaged or lost, as opposed to a condition that may pass.
    pub fn is_integrity_failure(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Settings(_)
            | Self::LedgerId(_)
            | Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::Unsafe { .. }
            | Self::Denied { .. } => false,
        }
    }
}

fn list(findings: &[Finding]) -> String {
    let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
    findings.join("; ")
}
