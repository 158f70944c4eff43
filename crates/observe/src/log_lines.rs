//! Sets up tracing: which lines are written, in which form, and where to.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text for a person, coloured when stderr is a terminal and `NO_COLOR` is unset.
    #[default]
    Human,
    /// One JSON object per line, fields at the top level.
    Json,
}

/// The text names no log format.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("log format \"{text}\" is neither \"human\" nor \"json\"")]
pub struct UnknownLogFormat {
    text: String,
}

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat {
                text: text.to_owned(),
            }),
        }
    }
}

/// What to write to the log. Parsed once, in the `config.rs` of each service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The form of each line.
    pub format: LogFormat,
    /// Directives such as `info` or `warn,perennial_ledgerd=debug`, first match by longest target.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            filter: "info".to_owned(),
        }
    }
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The filter does not parse: correct the setting.
    #[error("read log filter \"{filter}\"")]
    Filter {
        /// The text as given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// This process already has a subscriber: call [`install`] once, from `main`.
    #[error("install the log for this process")]
    AlreadyInstalled {
        /// The reason given by `tracing`.
        source: tracing::subscriber::SetGlobalDefaultError,
    },
}

/// Sends the log lines of the whole process to stderr, as `settings` say. Call it once, from `main`.
///
/// # Errors
/// [`InstallError::Filter`] for a filter that does not parse; [`InstallError::AlreadyInstalled`] on a second call.
pub fn install(settings: &LogSettings) -> Result<(), InstallError> {
    let colour = if std::io::stderr().is_terminal() {
        Colour::UnlessRefused
    } else {
        Colour::Never
    };
    let subscriber = subscriber_with(settings, std::io::stderr, colour)?;
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|source| InstallError::AlreadyInstalled { source })
}

/// Returns a subscriber that writes to `writer` without colour, for tests and for files.
///
/// # Errors
/// [`InstallError::Filter`] for a filter that does not parse.
pub fn subscriber<W>(
    settings: &LogSettings,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, InstallError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    subscriber_with(settings, writer, Colour::Never)
}

/// Whether human lines may carry ANSI colour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    /// As `tracing-subscriber` decides: yes, unless `NO_COLOR` is set.
    UnlessRefused,
    Never,
}

fn subscriber_with<W>(
    settings: &LogSettings,
    writer: W,
    colour: Colour,
) -> Result<Box<dyn Subscriber + Send + Sync>, InstallError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&settings.filter).map_err(|source| InstallError::Filter {
        filter: settings.filter.clone(),
        source,
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    Ok(match (settings.format, colour) {
        (LogFormat::Json, _) => Box::new(lines.json().flatten_event(true).finish()),
        (LogFormat::Human, Colour::Never) => Box::new(lines.with_ansi(false).finish()),
        (LogFormat::Human, Colour::UnlessRefused) => Box::new(lines.finish()),
    })
}
