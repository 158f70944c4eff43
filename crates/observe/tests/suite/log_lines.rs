//! A log line has the form and the level that the settings ask for.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use perennial_observe::log_lines::{InstallError, subscriber};
use perennial_observe::{LogFormat, LogSettings, error_chain};

/// Keeps what is written, for the test to read.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panicked").clone()).expect("UTF-8")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panicked")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes one line per level under `settings` and returns what was written.
fn lines(format: LogFormat, filter: &str) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let settings = LogSettings {
        format,
        filter: filter.to_owned(),
    };
    let subscriber = subscriber(&settings, move || writer.clone()).expect("the filter parses");
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(ledger = "oda", position = 7_u64, "record appended");
        tracing::debug!("batch drained");
    });
    kept.text()
}

#[test]
fn a_json_line_has_its_fields_at_the_top_level() {
    let text = lines(LogFormat::Json, "info");
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).expect("one JSON object");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "record appended");
    assert_eq!(line["ledger"], "oda");
    assert_eq!(line["position"], 7);
}

#[test]
fn a_human_line_names_level_message_and_fields_without_colour() {
    let text = lines(LogFormat::Human, "info");
    assert!(text.contains(" INFO "), "{text}");
    assert!(
        text.contains("record appended ledger=\"oda\" position=7"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn the_filter_decides_which_levels_are_written() {
    assert_eq!(lines(LogFormat::Human, "debug").lines().count(), 2);
    assert_eq!(lines(LogFormat::Human, "info").lines().count(), 1);
    assert_eq!(lines(LogFormat::Human, "warn").lines().count(), 0);
}

#[test]
fn a_filter_that_does_not_parse_is_quoted_in_the_error() {
    let settings = LogSettings {
        format: LogFormat::Human,
        filter: "info,suite=loud".to_owned(),
    };
    let error = subscriber(&settings, io::sink)
        .err()
        .expect("no such level");
    assert!(matches!(error, InstallError::Filter { .. }), "{error:?}");
    let text = error_chain(&error).to_string();
    assert!(
        text.starts_with("read log filter \"info,suite=loud\": "),
        "{text}"
    );
}

#[test]
fn only_the_two_formats_have_names() {
    assert_eq!("human".parse(), Ok(LogFormat::Human));
    assert_eq!("json".parse(), Ok(LogFormat::Json));
    let error = "JSON"
        .parse::<LogFormat>()
        .expect_err("names are lower case");
    assert_eq!(
        error.to_string(),
        "log format \"JSON\" is neither \"human\" nor \"json\""
    );
}

#[test]
fn a_second_log_for_one_process_is_refused() {
    let settings = LogSettings {
        format: LogFormat::Human,
        filter: "off".to_owned(),
    };
    perennial_observe::install(&settings).expect("the first one");
    let error = perennial_observe::install(&settings).expect_err("the second one");
    assert!(
        matches!(error, InstallError::AlreadyInstalled { .. }),
        "{error:?}"
    );
}
