//! The settings by their names, and where each comes from.

use std::fmt;
use std::path::PathBuf;

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Data,
    Listen,
    Insecure,
    Node,
    Advertise,
    AddedFlushMs,
    ViewMemoryMib,
    Log,
    KafkaReplicas,
    KafkaAllowWeakDurability,
    KafkaTls,
    KafkaCaFile,
    KafkaCertificateFile,
    KafkaKeyFile,
    KafkaSasl,
    KafkaUsername,
    KafkaPasswordFile,
    LogFilter,
    LogFormat,
}

impl Key {
    /// All, in the order in which they are printed.
    pub(super) const ALL: [Self; 19] = [
        Self::Data,
        Self::Listen,
        Self::Insecure,
        Self::Node,
        Self::Advertise,
        Self::AddedFlushMs,
        Self::ViewMemoryMib,
        Self::Log,
        Self::KafkaReplicas,
        Self::KafkaAllowWeakDurability,
        Self::KafkaTls,
        Self::KafkaCaFile,
        Self::KafkaCertificateFile,
        Self::KafkaKeyFile,
        Self::KafkaSasl,
        Self::KafkaUsername,
        Self::KafkaPasswordFile,
        Self::LogFilter,
        Self::LogFormat,
    ];

    /// The flag's name without its dashes in front.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Listen => "listen",
            Self::Insecure => "insecure",
            Self::Node => "node",
            Self::Advertise => "advertise",
            Self::AddedFlushMs => "added-flush-ms",
            Self::ViewMemoryMib => "view-memory-mib",
            Self::Log => "log",
            Self::KafkaReplicas => "kafka-replicas",
            Self::KafkaAllowWeakDurability => "kafka-allow-weak-durability",
            Self::KafkaTls => "kafka-tls",
            Self::KafkaCaFile => "kafka-ca-file",
            Self::KafkaCertificateFile => "kafka-certificate-file",
            Self::KafkaKeyFile => "kafka-key-file",
            Self::KafkaSasl => "kafka-sasl",
            Self::KafkaUsername => "kafka-username",
            Self::KafkaPasswordFile => "kafka-password-file",
            Self::LogFilter => "log-filter",
            Self::LogFormat => "log-format",
        }
    }

    /// What the command line's parser calls it.
    pub(super) fn id(self) -> String {
        // `log` alone is how log lines are written.
        if self == Self::Log {
            return "log_url".to_owned();
        }
        self.name().replace('-', "_")
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Data => "PERENNIAL_DATA_DIR",
            Self::Listen => "PERENNIAL_LISTEN",
            Self::Insecure => "PERENNIAL_INSECURE",
            Self::Node => "PERENNIAL_NODE",
            Self::Advertise => "PERENNIAL_ADVERTISE",
            Self::AddedFlushMs => "PERENNIAL_ADDED_FLUSH_MS",
            Self::ViewMemoryMib => "PERENNIAL_VIEW_MEMORY_MIB",
            Self::Log => "PERENNIAL_LOG_URL",
            Self::KafkaReplicas => "PERENNIAL_KAFKA_REPLICAS",
            Self::KafkaAllowWeakDurability => "PERENNIAL_KAFKA_ALLOW_WEAK_DURABILITY",
            Self::KafkaTls => "PERENNIAL_KAFKA_TLS",
            Self::KafkaCaFile => "PERENNIAL_KAFKA_CA_FILE",
            Self::KafkaCertificateFile => "PERENNIAL_KAFKA_CERTIFICATE_FILE",
            Self::KafkaKeyFile => "PERENNIAL_KAFKA_KEY_FILE",
            Self::KafkaSasl => "PERENNIAL_KAFKA_SASL",
            Self::KafkaUsername => "PERENNIAL_KAFKA_USERNAME",
            Self::KafkaPasswordFile => "PERENNIAL_KAFKA_PASSWORD_FILE",
            Self::LogFilter => "PERENNIAL_LOG",
            Self::LogFormat => "PERENNIAL_LOG_FORMAT",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

/// Where a setting comes from, unless it has its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Flag(Key),
    Environment(Key),
    File { path: PathBuf, line: u64 },
}

impl Origin {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Environment(_) => "environment",
            Self::File { .. } => "file",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(key) => write!(f, "--{}", key.name()),
            Self::Environment(key) => f.write_str(key.variable()),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
        }
    }
}
