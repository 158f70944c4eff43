//! How to reach a cluster, and the client settings that the ledger's promises rest on.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

/// How to reach a cluster, and what its topics must be.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// Addresses of some brokers, comma-separated.
    pub bootstrap: String,
    /// What the names of all topics begin with.
    pub prefix: String,
    /// How many replicas each topic has at least: 3, or 1 on a single broker, which then must flush every record.
    pub replicas: u16,
    /// Lets topics pass that may lose acknowledged records (fewer replicas, unclean elections ...), with a warning.
    pub allow_weak_durability: bool,
    /// TLS and passwords.
    pub security: Security,
    /// How many bytes of each ledger's newest entries are kept in memory, at least the newest one.
    pub window_bytes: usize,
    /// How long opening, creating and listing wait for a broker.
    pub reach_within: Duration,
}

/// How a connection is secured.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Encrypted connections; needs a build with the feature `tls`.
    pub tls: Option<Tls>,
    /// A user with a password.
    pub sasl: Option<Sasl>,
}

/// TLS to the brokers.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// PEM file of the authorities to trust; without it those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM files of our certificate and its key, for brokers that ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A user with a password.
#[derive(Clone, Debug)]
pub struct Sasl {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The user.
    pub username: String,
    /// File that holds the password; white space at its end is not part of it.
    pub password_file: PathBuf,
}

/// How a password is proved to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The password itself is sent: for TLS, and for tests.
    Plain,
    /// SCRAM with SHA-256; needs a build with the feature `tls`.
    ScramSha256,
    /// SCRAM with SHA-512; needs a build with the feature `tls`.
    ScramSha512,
}

/// Settings that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not `kafka://BROKERS/PREFIX`.
    #[error("{0:?} is not of the form kafka://BROKER:PORT,BROKER:PORT/PREFIX")]
    Url(String),
    /// A prefix that cannot begin the name of a topic.
    #[error("prefix {0:?} is not 1 to 64 letters, digits, '-', '_' or '.'")]
    Prefix(String),
    /// No replica at all.
    #[error("replicas is 0; it is 3, or 1 on a single broker")]
    Replicas,
    /// This build has no TLS.
    #[error("this build has no {0}: build with the feature `tls`")]
    NoTls(&'static str),
    /// A secret cannot be read.
    #[error("read the password from {}", file.display())]
    Secret {
        /// Its file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

const PREFIX_BYTES_MAX: usize = 64;
const REPLICAS: u16 = 3;
const WINDOW_BYTES: usize = 2 * 1024 * 1024;
const REACH_WITHIN: Duration = Duration::from_secs(15);

impl KafkaSettings {
    /// Returns the settings for brokers at `bootstrap`: prefix `perennial`, three replicas, nothing secured.
    pub fn new(bootstrap: &str) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
            prefix: "perennial".to_owned(),
            replicas: REPLICAS,
            allow_weak_durability: false,
            security: Security::default(),
            window_bytes: WINDOW_BYTES,
            reach_within: REACH_WITHIN,
        }
    }

    /// Reads `kafka://BROKERS` or `kafka://BROKERS/PREFIX`.
    ///
    /// # Errors
    /// [`SettingsError::Url`], [`SettingsError::Prefix`].
    pub fn from_url(url: &str) -> Result<Self, SettingsError> {
        let wrong = || SettingsError::Url(url.to_owned());
        let rest = url.strip_prefix("kafka://").ok_or_else(wrong)?;
        let (brokers, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let has_port = |broker: &str| {
            let (host, port) = broker.rsplit_once(':').unwrap_or_default();
            !host.is_empty() && port.parse::<u16>().is_ok()
        };
        if !brokers.split(',').all(has_port) {
            return Err(wrong());
        }
        let mut settings = Self::new(brokers);
        if !prefix.is_empty() {
            prefix.clone_into(&mut settings.prefix);
        }
        settings.check()?;
        Ok(settings)
    }

    /// Checks that the settings can be followed by this build.
    ///
    /// # Errors
    /// [`SettingsError`], but for secrets: those are read when they are needed.
    pub fn check(&self) -> Result<(), SettingsError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let prefix = &self.prefix;
        if !(1..=PREFIX_BYTES_MAX).contains(&prefix.len()) || !prefix.bytes().all(is_allowed) {
            return Err(SettingsError::Prefix(prefix.clone()));
        }
        if self.replicas == 0 {
            return Err(SettingsError::Replicas);
        }
        if cfg!(feature = "tls") {
            return Ok(());
        }
        let sasl = self.security.sasl.as_ref();
        match sasl.map(|sasl| sasl.mechanism) {
            _ if self.security.tls.is_some() => Err(SettingsError::NoTls("TLS")),
            Some(Mechanism::ScramSha256 | Mechanism::ScramSha512) => {
                Err(SettingsError::NoTls("SCRAM"))
            }
            Some(Mechanism::Plain) | None => Ok(()),
        }
    }

    /// What every client has.
    fn client(&self) -> Result<ClientConfig, SettingsError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", "perennial")
            // A hung broker is given up after 3 s, and one that came back is found within half a second.
            .set("socket.timeout.ms", "3000")
            .set("socket.connection.setup.timeout.ms", "3000")
            .set("reconnect.backoff.max.ms", "500")
            .set("socket.nagle.disable", "true");
        config.set_log_level(RDKafkaLogLevel::Warning);
        let (tls, sasl) = (&self.security.tls, &self.security.sasl);
        let protocol = match (tls, sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = tls {
            if let Some(file) = &tls.ca_file {
                config.set("ssl.ca.location", file.to_string_lossy());
            }
            if let Some((certificate, key)) = &tls.identity {
                config.set("ssl.certificate.location", certificate.to_string_lossy());
                config.set("ssl.key.location", key.to_string_lossy());
            }
        }
        if let Some(sasl) = sasl {
            let file = &sasl.password_file;
            let secret = fs::read_to_string(file).map_err(|source| SettingsError::Secret {
                file: file.clone(),
                source,
            })?;
            let mechanism = match sasl.mechanism {
                Mechanism::Plain => "PLAIN",
                Mechanism::ScramSha256 => "SCRAM-SHA-256",
                Mechanism::ScramSha512 => "SCRAM-SHA-512",
            };
            config
                .set("sasl.mechanism", mechanism)
                .set("sasl.username", &sasl.username)
                .set("sasl.password", secret.trim_end());
        }
        Ok(config)
    }

    /// A producer for one leadership: nothing acknowledged is lost or reordered, and nothing waits for company, because
    /// batches are made by the writer.
    pub(crate) fn producer(&self) -> Result<ClientConfig, SettingsError> {
        let mut config = self.client()?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set("max.in.flight.requests.per.connection", "5")
            .set("compression.type", "none")
            .set("queue.buffering.max.messages", "100000")
            // Above any fail-over seen; callers have shorter limits of their own.
            .set("message.timeout.ms", "30000");
        Ok(config)
    }

    /// A reader of partitions that it names itself. The group is a name that librdkafka asks for: nothing is ever
    /// stored under it.
    pub(crate) fn consumer(&self) -> Result<ClientConfig, SettingsError> {
        let mut config = self.questions()?;
        config
            .set("group.id", format!("{}-readers", self.prefix))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_uncommitted")
            .set("check.crcs", "true")
            .set("fetch.wait.max.ms", "500")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", "16384");
        Ok(config)
    }

    /// A client that asks for metadata and ends only.
    pub(crate) fn questions(&self) -> Result<ClientConfig, SettingsError> {
        let mut config = self.client()?;
        config.set("allow.auto.create.topics", "false");
        Ok(config)
    }

    /// A client that creates topics and reads their settings.
    pub(crate) fn admin(&self) -> Result<ClientConfig, SettingsError> {
        self.client()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_brokers_and_perhaps_a_prefix() {
        let settings = KafkaSettings::from_url("kafka://a:9092,b:9093/ledgers").unwrap();
        assert_eq!(settings.bootstrap, "a:9092,b:9093");
        assert_eq!(settings.prefix, "ledgers");
        let settings = KafkaSettings::from_url("kafka://127.0.0.1:9092").unwrap();
        assert_eq!(settings.prefix, "perennial");
        assert_eq!(settings.replicas, 3);
        for wrong in [
            "a:9092",
            "kafka://",
            "kafka://a",
            "kafka://a:b",
            "kafka://a:1,/p",
        ] {
            let error = KafkaSettings::from_url(wrong).unwrap_err();
            assert!(matches!(error, SettingsError::Url(_)), "{wrong}");
        }
    }

    #[test]
    fn a_prefix_can_begin_the_name_of_a_topic() {
        let with = |prefix: &str| KafkaSettings::from_url(&format!("kafka://a:1/{prefix}"));
        assert!(with(&"p".repeat(64)).is_ok());
        assert!(with(&"p".repeat(65)).is_err());
        assert!(with("a/b").is_err());
        assert!(with("é").is_err());
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn a_build_without_tls_says_so() {
        let mut settings = KafkaSettings::new("a:1");
        settings.security.tls = Some(Tls::default());
        assert!(matches!(settings.check(), Err(SettingsError::NoTls("TLS"))));
        settings.security.tls = None;
        for (mechanism, passes) in [(Mechanism::Plain, true), (Mechanism::ScramSha512, false)] {
            settings.security.sasl = Some(Sasl {
                mechanism,
                username: "u".to_owned(),
                password_file: "p".into(),
            });
            assert_eq!(settings.check().is_ok(), passes);
        }
    }

    #[test]
    fn a_secret_is_read_from_its_file_without_the_end_of_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        fs::write(&file, "pass word\n").unwrap();
        let mut settings = KafkaSettings::new("a:1");
        settings.security.sasl = Some(Sasl {
            mechanism: Mechanism::Plain,
            username: "u".to_owned(),
            password_file: file.clone(),
        });
        let config = settings.admin().unwrap();
        assert_eq!(config.get("sasl.password"), Some("pass word"));
        fs::remove_file(&file).unwrap();
        let error = settings.admin().unwrap_err().to_string();
        assert_eq!(error, format!("read the password from {}", file.display()));
    }
}
