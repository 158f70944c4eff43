//! The settings of `perennial serve`: from the flag, else the environment, else the file, else the default.
//!
//! The command line parses flags, environment and defaults; this module puts the file in between, with every problem
//! of the file at its line and column, and says of each setting where it comes from.

mod key;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, ValueEnum as _};
use key::{Key, Origin};
use perennial_export::answers::SettingDocument;
use perennial_log_engine::{KafkaArguments, SaslMechanism};
use perennial_observe::LogFormat;
use perennial_transport::process::LogArguments;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::failure::{Exit, Failure};
use crate::submission::Place;

/// What a server is told at start.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The data directory; made where there is none. Logs in files lie at DIR/ledgers/LEDGER/log/*.seg; with logs on
    /// Kafka it holds what this node can build again.
    #[arg(
        long,
        env = "PERENNIAL_DATA_DIR",
        default_value = "perennial-data",
        value_name = "DIR"
    )]
    pub data: PathBuf,
    /// Where to listen; port 0 picks a free one.
    #[arg(
        long,
        env = "PERENNIAL_LISTEN",
        default_value = "127.0.0.1:7410",
        value_name = "ADDR",
        value_parser = address
    )]
    pub listen: SocketAddr,
    /// Listen beyond this machine although nothing is encrypted or authenticated yet.
    #[arg(
        long,
        env = "PERENNIAL_INSECURE",
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    pub insecure: bool,
    /// Name of this node, as its claims carry it.
    #[arg(
        long,
        env = "PERENNIAL_NODE",
        default_value = "perennial",
        value_name = "NAME"
    )]
    pub node: String,
    /// Where clients and other nodes reach this node; by default where it listens. Claims name it.
    #[arg(
        long,
        env = "PERENNIAL_ADVERTISE",
        default_value = "",
        hide_default_value = true,
        value_name = "HOST:PORT"
    )]
    pub advertise: String,
    /// Milliseconds added to every flush, to see how a slow disk would do.
    #[arg(
        long,
        env = "PERENNIAL_ADDED_FLUSH_MS",
        default_value_t = 0,
        value_name = "MS"
    )]
    pub added_flush_ms: u64,
    /// How many MiB of postings and records of all ledgers stay in memory; the rest is read back when a question needs
    /// it. What is known of agreements and organisations comes on top.
    #[arg(
        long,
        env = "PERENNIAL_VIEW_MEMORY_MIB",
        default_value_t = 256,
        value_name = "MIB"
    )]
    pub view_memory_mib: u32,
    /// Where the ledgers' logs are, if not in files.
    #[command(flatten)]
    pub kafka: KafkaArguments,
    /// How log lines are written.
    #[command(flatten)]
    pub log: LogArguments,
    /// Where settings come from that do not have their default.
    #[arg(skip)]
    origins: BTreeMap<Key, Origin>,
}

/// Something that is wrong with a file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    place: Place,
    problem: String,
}

impl Settings {
    /// Notes which settings were given on the command line or in the environment, from what was parsed.
    pub fn note_origins(&mut self, matches: &ArgMatches) {
        for key in Key::ALL {
            let origin = match matches.value_source(&key.id()) {
                Some(ValueSource::CommandLine) => Origin::Flag(key),
                Some(ValueSource::EnvVariable) => Origin::Environment(key),
                // A default; the command line knows no further sources today.
                _ => continue,
            };
            self.origins.insert(key, origin);
        }
    }

    /// Takes from a file what neither the command line nor the environment gives.
    ///
    /// # Errors
    /// A file that cannot be read, or everything that is wrong with it.
    pub fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            let exit = if error.kind() == ErrorKind::NotFound {
                Exit::NotFound
            } else if error.kind() == ErrorKind::InvalidData {
                Exit::Refused
            } else {
                Exit::Other
            };
            Failure::caused(
                exit,
                format!("read settings from {}", path.display()),
                &error,
            )
        })?;
        let problems = self.read(path, &text);
        if problems.is_empty() {
            return Ok(());
        }
        let count = problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        let error = format!("{} has {count} {noun}; nothing was started", path.display());
        let failure = problems.iter().fold(
            Failure::new(Exit::Refused, error),
            |failure, Problem { place, problem }| failure.because(format!("{place}: {problem}")),
        );
        Err(failure.hint("`perennial serve --print-config` prints a file with every key"))
    }

    /// As [`Self::read_file`]; returns what is wrong, in the order of the text.
    fn read(&mut self, path: &Path, text: &str) -> Vec<Problem> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|error| Problem {
                place: Place::of(text, error.span().map_or(0, |span| span.start)),
                problem: error.message().to_owned(),
            })
            .collect();
        for (name, value) in table.get_ref() {
            let at = Place::of(text, name.span().start);
            let name = name.get_ref().as_ref();
            let Some(key) = Key::parse(name) else {
                problems.push(Problem {
                    place: at,
                    problem: unknown(name),
                });
                continue;
            };
            // What is overridden is still checked: it would be in force tomorrow.
            let mut overridden = self.clone();
            let target = match self.origins.get(&key) {
                Some(Origin::Flag(_) | Origin::Environment(_)) => &mut overridden,
                Some(Origin::File { .. }) | None => &mut *self,
            };
            match target.set(key, value.get_ref()) {
                Ok(()) => {
                    let (path, line) = (path.to_owned(), at.line);
                    target.origins.insert(key, Origin::File { path, line });
                }
                Err(problem) => problems.push(Problem {
                    place: Place::of(text, value.span().start),
                    problem: format!("{name} {problem}"),
                }),
            }
        }
        problems.sort_by_key(|problem| problem.place);
        problems
    }

    /// Sets one setting; what is wrong follows its name.
    fn set(&mut self, key: Key, value: &DeValue<'_>) -> Result<(), String> {
        match key {
            Key::Data => self.data = text(value)?.into(),
            Key::Listen => {
                self.listen = address(text(value)?).map_err(|problem| format!("is {problem}"))?;
            }
            Key::Insecure => self.insecure = truth(value)?,
            Key::Node => text(value)?.clone_into(&mut self.node),
            Key::Advertise => text_or_none(value)?.clone_into(&mut self.advertise),
            Key::AddedFlushMs => {
                self.added_flush_ms = whole(value).ok_or("is no whole number of milliseconds")?;
            }
            Key::ViewMemoryMib => {
                self.view_memory_mib = whole(value).ok_or("is no whole number of MiB")?;
            }
            Key::Log => text_or_none(value)?.clone_into(&mut self.kafka.log_url),
            Key::KafkaReplicas => {
                self.kafka.access.kafka_replicas =
                    whole(value).ok_or("is no whole number of replicas")?;
            }
            Key::KafkaAllowWeakDurability => {
                self.kafka.access.kafka_allow_weak_durability = truth(value)?;
            }
            Key::KafkaTls => self.kafka.access.kafka_tls = truth(value)?,
            Key::KafkaCaFile => {
                text_or_none(value)?.clone_into(&mut self.kafka.access.kafka_ca_file);
            }
            Key::KafkaCertificateFile => {
                text_or_none(value)?.clone_into(&mut self.kafka.access.kafka_certificate_file);
            }
            Key::KafkaKeyFile => {
                text_or_none(value)?.clone_into(&mut self.kafka.access.kafka_key_file);
            }
            Key::KafkaSasl => {
                let parsed = SaslMechanism::from_str(text(value)?, false);
                self.kafka.access.kafka_sasl = parsed
                    .map_err(|_| "is none of none, plain, scram-sha-256 and scram-sha-512")?;
            }
            Key::KafkaUsername => {
                text_or_none(value)?.clone_into(&mut self.kafka.access.kafka_username);
            }
            Key::KafkaPasswordFile => {
                text_or_none(value)?.clone_into(&mut self.kafka.access.kafka_password_file);
            }
            Key::LogFilter => text(value)?.clone_into(&mut self.log.log_filter),
            Key::LogFormat => {
                let parsed = text(value)?.parse();
                self.log.log_format = parsed.map_err(|_| "is neither \"human\" nor \"json\"")?;
            }
        }
        Ok(())
    }

    fn value(&self, key: Key) -> Value {
        let kafka = &self.kafka;
        match key {
            Key::Data => Value::from(self.data.display().to_string()),
            Key::Listen => Value::from(self.listen.to_string()),
            Key::Insecure => Value::from(self.insecure),
            Key::Node => Value::from(self.node.as_str()),
            Key::Advertise => Value::from(self.advertise.as_str()),
            Key::AddedFlushMs => Value::from(self.added_flush_ms),
            Key::ViewMemoryMib => Value::from(self.view_memory_mib),
            Key::Log => Value::from(kafka.log_url.as_str()),
            Key::KafkaReplicas => Value::from(kafka.access.kafka_replicas),
            Key::KafkaAllowWeakDurability => Value::from(kafka.access.kafka_allow_weak_durability),
            Key::KafkaTls => Value::from(kafka.access.kafka_tls),
            Key::KafkaCaFile => Value::from(kafka.access.kafka_ca_file.as_str()),
            Key::KafkaCertificateFile => Value::from(kafka.access.kafka_certificate_file.as_str()),
            Key::KafkaKeyFile => Value::from(kafka.access.kafka_key_file.as_str()),
            Key::KafkaSasl => Value::from(kafka.access.kafka_sasl.name()),
            Key::KafkaUsername => Value::from(kafka.access.kafka_username.as_str()),
            Key::KafkaPasswordFile => Value::from(kafka.access.kafka_password_file.as_str()),
            Key::LogFilter => Value::from(self.log.log_filter.as_str()),
            Key::LogFormat => Value::from(match self.log.log_format {
                LogFormat::Human => "human",
                LogFormat::Json => "json",
            }),
        }
    }

    /// Every setting in force, as a file that says the same, with where each comes from.
    pub fn file_text(&self) -> String {
        let line = |key: Key| {
            let value = self.value(key);
            let value = match value.as_str() {
                Some(value) => toml::Value::from(value).to_string(),
                None => value.to_string(),
            };
            let origin = match self.origins.get(&key) {
                Some(origin) => format!("{}: {origin}", origin.word()),
                None => "default".to_owned(),
            };
            let setting = format!("{} = {value}", key.name());
            format!("{setting:<40} # {origin}\n")
        };
        Key::ALL.into_iter().map(line).collect()
    }

    /// Every setting in force with where it comes from.
    pub fn documents(&self) -> Vec<SettingDocument> {
        let document = |key: Key| {
            let origin = self.origins.get(&key);
            SettingDocument {
                key: key.name().to_owned(),
                value: self.value(key),
                origin: origin.map_or("default", Origin::word).to_owned(),
                source: origin.map(Origin::to_string),
            }
        };
        Key::ALL.into_iter().map(document).collect()
    }
}

/// Where to listen, as people write it.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "no IP address with a port, as in 127.0.0.1:7410 or [::1]:7410".to_owned())
}

fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, String> {
    let text = value.as_str().ok_or("is no text in quotes")?;
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text)
}

/// As [`text`]; empty stands for none.
fn text_or_none<'v>(value: &'v DeValue<'_>) -> Result<&'v str, String> {
    Ok(value.as_str().ok_or("is no text in quotes")?)
}

fn truth(value: &DeValue<'_>) -> Result<bool, String> {
    Ok(value.as_bool().ok_or("is neither true nor false")?)
}

fn whole<T: FromStr>(value: &DeValue<'_>) -> Option<T> {
    let whole = value.as_integer().filter(|whole| whole.radix() == 10)?;
    whole.as_str().replace('_', "").parse().ok()
}

/// A key that is none, with the one that may be meant.
fn unknown(name: &str) -> String {
    let meant = Key::ALL
        .into_iter()
        .map(|key| (distance(name, key.name()), key.name()))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    if let Some((_, meant)) = meant {
        return format!("there is no setting \"{name}\"; did you mean \"{meant}\"?");
    }
    let known: Vec<&str> = Key::ALL.into_iter().map(Key::name).collect();
    format!(
        "there is no setting \"{name}\": there are {}",
        known.join(", ")
    )
}

/// How many characters must be added, taken away or changed to make one text the other.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (above, from) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(right.chars()) {
            let changed = diagonal.saturating_add(usize::from(from != to));
            diagonal = *cell;
            before = changed.min(diagonal.min(before).saturating_add(1));
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::builder::{OsStr, Resettable};
    use clap::{Command, FromArgMatches as _};

    use super::*;

    /// The settings of a command line, without an environment.
    fn given(flags: &[&str]) -> Settings {
        let command = Settings::augment_args(Command::new("serve"));
        let command = command.mut_args(|arg| arg.env(Resettable::<OsStr>::Reset));
        let line = std::iter::once("serve").chain(flags.iter().copied());
        let matches = command.try_get_matches_from(line).unwrap();
        let mut settings = Settings::from_arg_matches(&matches).unwrap();
        settings.note_origins(&matches);
        settings
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = given(&[]).read(Path::new("perennial.toml"), text);
        let said = |problem: &Problem| format!("{}: {}", problem.place, problem.problem);
        problems.iter().map(said).collect()
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let mut settings = given(&["--node", "flagged", "--kafka-replicas", "1"]);
        let text = "# ours\nlisten = \"127.0.0.1:9\"\nnode = \"filed\"\nadded-flush-ms = 1_000\nview-memory-mib = 8\n\
                    log = \"kafka://a:1/p\"\nkafka-sasl = \"plain\"\n";
        assert_eq!(settings.read(Path::new("a.toml"), text), []);
        assert_eq!(settings.node, "flagged");
        assert_eq!(settings.listen.port(), 9);
        assert_eq!(settings.added_flush_ms, 1_000);
        assert_eq!(settings.data, Path::new("perennial-data"));
        let printed = settings.file_text();
        let lines: Vec<(&str, &str)> = printed
            .lines()
            .map(|line| line.split_once('#').unwrap())
            .map(|(setting, origin)| (setting.trim(), origin.trim()))
            .collect();
        assert_eq!(
            lines,
            [
                ("data = \"perennial-data\"", "default"),
                ("listen = \"127.0.0.1:9\"", "file: a.toml, line 2"),
                ("insecure = false", "default"),
                ("node = \"flagged\"", "flag: --node"),
                ("advertise = \"\"", "default"),
                ("added-flush-ms = 1000", "file: a.toml, line 4"),
                ("view-memory-mib = 8", "file: a.toml, line 5"),
                ("log = \"kafka://a:1/p\"", "file: a.toml, line 6"),
                ("kafka-replicas = 1", "flag: --kafka-replicas"),
                ("kafka-allow-weak-durability = false", "default"),
                ("kafka-tls = false", "default"),
                ("kafka-ca-file = \"\"", "default"),
                ("kafka-certificate-file = \"\"", "default"),
                ("kafka-key-file = \"\"", "default"),
                ("kafka-sasl = \"plain\"", "file: a.toml, line 7"),
                ("kafka-username = \"\"", "default"),
                ("kafka-password-file = \"\"", "default"),
                ("log-filter = \"info\"", "default"),
                ("log-format = \"human\"", "default"),
            ]
        );
    }

    #[test]
    fn what_is_printed_is_a_file_that_says_the_same() {
        let mut settings = given(&[
            "--data",
            "a \"b\" \\ c",
            "--insecure",
            "--log-format",
            "json",
        ]);
        let printed = settings.file_text();
        let mut again = given(&[]);
        assert_eq!(again.read(Path::new("b.toml"), &printed), []);
        for key in Key::ALL {
            assert_eq!(again.value(key), settings.value(key), "{}", key.name());
        }
        settings.origins.clear();
        again.origins.clear();
        assert_eq!(again.file_text(), settings.file_text());
    }

    #[test]
    fn everything_wrong_with_a_file_is_told_at_once_with_its_place() {
        let text = "listen = 7410\nlog_filter = \"info\"\ninsecure = \"yes\"\nadded-flush-ms = -1\n\
                    nodename = \"x\"\nlog-format = \"xml\"\n[queue]\nlength = 3\n";
        assert_eq!(
            problems(text),
            [
                "line 1, column 10: listen is no text in quotes",
                "line 2, column 1: there is no setting \"log_filter\"; did you mean \"log-filter\"?",
                "line 3, column 12: insecure is neither true nor false",
                "line 4, column 18: added-flush-ms is no whole number of milliseconds",
                "line 5, column 1: there is no setting \"nodename\": there are data, listen, insecure, node, \
                 advertise, added-flush-ms, view-memory-mib, log, kafka-replicas, kafka-allow-weak-durability, \
                 kafka-tls, kafka-ca-file, kafka-certificate-file, kafka-key-file, kafka-sasl, kafka-username, \
                 kafka-password-file, log-filter, log-format",
                "line 6, column 14: log-format is neither \"human\" nor \"json\"",
                "line 7, column 2: there is no setting \"queue\": there are data, listen, insecure, node, \
                 advertise, added-flush-ms, view-memory-mib, log, kafka-replicas, kafka-allow-weak-durability, \
                 kafka-tls, kafka-ca-file, kafka-certificate-file, kafka-key-file, kafka-sasl, kafka-username, \
                 kafka-password-file, log-filter, log-format",
            ]
        );
    }

    #[test]
    fn what_a_flag_overrides_is_checked_all_the_same() {
        let mut settings = given(&["--listen", "127.0.0.1:7"]);
        let problems = settings.read(Path::new("a.toml"), "listen = \"nowhere\"");
        assert_eq!(problems.len(), 1);
        assert_eq!(settings.listen.port(), 7);
    }

    #[test]
    fn a_file_that_is_no_toml_is_refused_where_it_ends_to_be_one() {
        let said = problems("listen = \"127.0.0.1:1\"\nnode perennial\n");
        assert!(
            said.iter().any(|said| said.starts_with("line 2, column ")),
            "{said:?}"
        );
        assert!(problems("node = \"a\"\nnode = \"b\"\n")[0].starts_with("line 2, column "));
    }

    #[test]
    fn the_distance_of_two_texts_is_the_number_of_changes() {
        for (left, right, expected) in [
            ("", "", 0),
            ("", "data", 4),
            ("data", "", 4),
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("log_filter", "log-filter", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
