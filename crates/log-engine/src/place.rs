//! Where logs are kept, as it is said on a command line.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use perennial_log_kafka::{KafkaSettings, Mechanism, Sasl, SettingsError, Tls};

/// Where the logs of ledgers are kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// Segment files below this directory, which one process opens.
    Files(PathBuf),
    /// Topics of a Kafka cluster, which many processes open.
    Kafka(Box<KafkaSettings>),
}

/// Where a service finds its ledgers' logs; flattened into each service's arguments. What is empty is not set.
#[derive(Clone, Debug, Args)]
pub struct KafkaArguments {
    /// Where the ledgers' logs are: kafka://BROKER:PORT,BROKER:PORT/PREFIX. Without it, files of one data directory.
    #[arg(
        long = "log",
        env = "PERENNIAL_LOG_URL",
        default_value = "",
        hide_default_value = true,
        value_name = "URL"
    )]
    pub log_url: String,
    /// How they are reached.
    #[command(flatten)]
    pub access: KafkaAccess,
}

/// How a Kafka cluster is reached, and what is asked of its topics. What is empty is not set.
#[derive(Clone, Debug, Args)]
pub struct KafkaAccess {
    /// How many replicas each topic has at least: 3, or 1 on a single broker, which then flushes every record.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_REPLICAS",
        default_value_t = 3,
        value_name = "N"
    )]
    pub kafka_replicas: u16,
    /// Let topics pass that may lose acknowledged records in an accident, with a warning.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_ALLOW_WEAK_DURABILITY",
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    pub kafka_allow_weak_durability: bool,
    /// Encrypt connections to the brokers; needs a build with the feature `tls`.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_TLS",
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    pub kafka_tls: bool,
    /// PEM file of the authorities that the brokers' certificates come from; by default those of the system.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_CA_FILE",
        default_value = "",
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub kafka_ca_file: String,
    /// PEM file of this node's own certificate, for brokers that ask for one.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_CERTIFICATE_FILE",
        default_value = "",
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub kafka_certificate_file: String,
    /// PEM file of that certificate's key.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_KEY_FILE",
        default_value = "",
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub kafka_key_file: String,
    /// How this node proves its password to the brokers; SCRAM needs a build with the feature `tls`.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_SASL",
        default_value = "none",
        value_name = "MECHANISM"
    )]
    pub kafka_sasl: SaslMechanism,
    /// The user of that password.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_USERNAME",
        default_value = "",
        hide_default_value = true,
        value_name = "NAME"
    )]
    pub kafka_username: String,
    /// File that holds the password; white space at its end is not part of it.
    #[arg(
        long,
        env = "PERENNIAL_KAFKA_PASSWORD_FILE",
        default_value = "",
        hide_default_value = true,
        value_name = "FILE"
    )]
    pub kafka_password_file: String,
}

/// How a password is proved to the brokers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SaslMechanism {
    /// There is none.
    #[default]
    None,
    /// The password itself is sent.
    Plain,
    /// SCRAM with SHA-256.
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

impl SaslMechanism {
    /// Returns its name as it is given on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Plain => "plain",
            Self::ScramSha256 => "scram-sha-256",
            Self::ScramSha512 => "scram-sha-512",
        }
    }

    const fn mechanism(self) -> Option<Mechanism> {
        match self {
            Self::None => None,
            Self::Plain => Some(Mechanism::Plain),
            Self::ScramSha256 => Some(Mechanism::ScramSha256),
            Self::ScramSha512 => Some(Mechanism::ScramSha512),
        }
    }
}

/// Settings that name no place.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The URL, or what goes with it, cannot be followed.
    #[error(transparent)]
    Kafka(#[from] SettingsError),
    /// A setting is of no use without another one.
    #[error("{given} is given without {missing}")]
    Missing {
        /// The setting that is given.
        given: &'static str,
        /// The one that is missing.
        missing: &'static str,
    },
}

impl KafkaArguments {
    /// Returns where logs are kept: in `data` if no URL is given.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn place(&self, data: &Path) -> Result<Place, PlaceError> {
        if self.log_url.is_empty() {
            return Ok(Place::Files(data.to_path_buf()));
        }
        let settings = self.access.settings(&self.log_url)?;
        Ok(Place::Kafka(Box::new(settings)))
    }
}

impl Place {
    /// Reads a place: a Kafka URL, else a directory.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn parse(text: &str, access: &KafkaAccess) -> Result<Self, PlaceError> {
        if text.contains("://") {
            let settings = access.settings(text)?;
            return Ok(Self::Kafka(Box::new(settings)));
        }
        Ok(Self::Files(text.into()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(directory) => write!(formatter, "{}", directory.display()),
            Self::Kafka(settings) => {
                let KafkaSettings {
                    bootstrap, prefix, ..
                } = &**settings;
                write!(formatter, "kafka://{bootstrap}/{prefix}")
            }
        }
    }
}

impl KafkaAccess {
    /// Returns how the cluster of `url` is reached.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn settings(&self, url: &str) -> Result<KafkaSettings, PlaceError> {
        let mut settings = KafkaSettings::from_url(url)?;
        settings.replicas = self.kafka_replicas;
        settings.allow_weak_durability = self.kafka_allow_weak_durability;
        settings.security.tls = self.tls()?;
        settings.security.sasl = self.sasl()?;
        settings.check()?;
        Ok(settings)
    }

    fn tls(&self) -> Result<Option<Tls>, PlaceError> {
        let (certificate, key) = (
            given(&self.kafka_certificate_file),
            given(&self.kafka_key_file),
        );
        let missing = |given, missing| Err(PlaceError::Missing { given, missing });
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return missing("kafka-certificate-file", "kafka-key-file"),
            (None, Some(_)) => return missing("kafka-key-file", "kafka-certificate-file"),
        };
        let ca_file = given(&self.kafka_ca_file);
        if self.kafka_tls {
            return Ok(Some(Tls { ca_file, identity }));
        }
        match (ca_file, identity) {
            (None, None) => Ok(None),
            (Some(_), _) => missing("kafka-ca-file", "kafka-tls"),
            (None, Some(_)) => missing("kafka-certificate-file", "kafka-tls"),
        }
    }

    fn sasl(&self) -> Result<Option<Sasl>, PlaceError> {
        let missing = |given, missing| Err(PlaceError::Missing { given, missing });
        let password_file = given(&self.kafka_password_file);
        let username = &self.kafka_username;
        let Some(mechanism) = self.kafka_sasl.mechanism() else {
            return match (username.is_empty(), password_file) {
                (true, None) => Ok(None),
                (false, _) => missing("kafka-username", "kafka-sasl"),
                (true, Some(_)) => missing("kafka-password-file", "kafka-sasl"),
            };
        };
        if username.is_empty() {
            return missing("kafka-sasl", "kafka-username");
        }
        let Some(password_file) = password_file else {
            return missing("kafka-sasl", "kafka-password-file");
        };
        Ok(Some(Sasl {
            mechanism,
            username: username.clone(),
            password_file,
        }))
    }
}

fn given(file: &str) -> Option<PathBuf> {
    (!file.is_empty()).then(|| file.into())
}

#[cfg(test)]
mod tests {
    use clap::builder::{OsStr, Resettable};
    use clap::{Command, FromArgMatches as _};

    use super::*;

    fn arguments(flags: &[&str]) -> KafkaArguments {
        let command = KafkaArguments::augment_args(Command::new("serve"));
        let command = command.mut_args(|arg| arg.env(Resettable::<OsStr>::Reset));
        let line = std::iter::once("serve").chain(flags.iter().copied());
        let matches = command.try_get_matches_from(line).unwrap();
        KafkaArguments::from_arg_matches(&matches).unwrap()
    }

    fn kafka(flags: &[&str]) -> Result<KafkaSettings, String> {
        let mut all = vec!["--log", "kafka://a:9092,b:9092/money"];
        all.extend(flags);
        match arguments(&all).place(Path::new("data")) {
            Ok(Place::Kafka(settings)) => Ok(*settings),
            Ok(Place::Files(_)) => Err("files".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn without_a_url_logs_are_files_of_the_data_directory() {
        let place = arguments(&[]).place(Path::new("data")).unwrap();
        assert!(matches!(place, Place::Files(path) if path == Path::new("data")));
    }

    #[test]
    fn a_place_is_a_directory_unless_it_is_a_url() {
        let access = arguments(&["--kafka-replicas", "1"]).access;
        let place = |text: &str| Place::parse(text, &access).map(|place| place.to_string());
        assert_eq!(place("./data").unwrap(), "./data");
        let url = "kafka://a:9092,b:9092/money";
        assert_eq!(place(url).unwrap(), url);
        assert!(place("http://a:9092/money").is_err());
        let Place::Kafka(settings) = Place::parse(url, &access).unwrap() else {
            panic!("a URL is no directory")
        };
        assert_eq!(settings.replicas, 1);
    }

    #[test]
    fn a_url_names_brokers_and_prefix_and_flags_say_the_rest() {
        let settings = kafka(&["--kafka-replicas", "1", "--kafka-allow-weak-durability"]).unwrap();
        assert_eq!(settings.bootstrap, "a:9092,b:9092");
        assert_eq!(settings.prefix, "money");
        assert_eq!(
            (settings.replicas, settings.allow_weak_durability),
            (1, true)
        );
        assert!(settings.security.tls.is_none() && settings.security.sasl.is_none());
        assert!(kafka(&["--kafka-replicas", "0"]).is_err());
    }

    #[test]
    fn a_user_needs_a_password_and_a_way_to_prove_it() {
        let sasl = kafka(&[
            "--kafka-sasl",
            "plain",
            "--kafka-username",
            "u",
            "--kafka-password-file",
            "p",
        ]);
        let sasl = sasl.unwrap().security.sasl.unwrap();
        assert_eq!(
            (sasl.mechanism, sasl.username.as_str()),
            (Mechanism::Plain, "u")
        );
        for (flags, said) in [
            (
                ["--kafka-username", "u"],
                "kafka-username is given without kafka-sasl",
            ),
            (
                ["--kafka-password-file", "p"],
                "kafka-password-file is given without kafka-sasl",
            ),
            (
                ["--kafka-sasl", "plain"],
                "kafka-sasl is given without kafka-username",
            ),
            (
                ["--kafka-ca-file", "ca"],
                "kafka-ca-file is given without kafka-tls",
            ),
            (
                ["--kafka-key-file", "k"],
                "kafka-key-file is given without kafka-certificate-file",
            ),
        ] {
            assert_eq!(kafka(&flags).unwrap_err(), said);
        }
    }

    #[test]
    fn every_mechanism_is_read_by_the_name_that_is_printed() {
        for mechanism in SaslMechanism::value_variants() {
            let read = SaslMechanism::from_str(mechanism.name(), false);
            assert_eq!(read, Ok(*mechanism));
        }
    }
}
