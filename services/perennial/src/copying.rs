//! What `log copy` and `mirror` share: the log that a copy is written into, and what is said of it.

use std::ops::ControlFlow;

use perennial_app::copying::{Copied, CopyError, LogCopy};
use perennial_app::ports::log::LogRead;
use perennial_export::answers::LogCopyDocument;
use perennial_log_engine::{Engine, EngineError, EngineLog};

use crate::console::Console;
use crate::failure::{Exit, Failure};

/// One ledger's copy, and the log it is written into. Calls block on IO: run them on the blocking pool.
pub struct Copying {
    ledger_id: String,
    copy: LogCopy,
    into: EngineLog,
}

impl Copying {
    /// Opens the log of `ledger_id` in `into`, made where there is none.
    ///
    /// # Errors
    /// If either log cannot be opened.
    pub fn begin(ledger_id: &str, from: &dyn LogRead, into: &Engine) -> Result<Self, Failure> {
        let opened = match into.create_log(ledger_id) {
            Err(error) if error.is_existing() => into.open_log(ledger_id),
            made => made,
        };
        let into = opened.map_err(|error| not_opened("the copy", ledger_id, &error))?;
        let copy = LogCopy::begin(ledger_id, from, into.log());
        Ok(Self {
            ledger_id: ledger_id.to_owned(),
            copy: copy.map_err(|error| broke_off(ledger_id, &error))?,
            into,
        })
    }

    /// Copies what is durable by now; see [`LogCopy::catch_up`].
    ///
    /// # Errors
    /// [`CopyError`].
    pub fn catch_up(
        &mut self,
        told: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Copied, CopyError> {
        self.copy.catch_up(told)
    }

    /// Closes the copy in order, so that whoever opens it next knows where it ends.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn close(self) -> Result<LogCopyDocument, Failure> {
        if let Some(head) = self.copy.head() {
            self.into.set_head(head.position, head.record_hash);
        }
        let closed = self.into.close();
        closed.map_err(|error| {
            Failure::caused(
                Exit::Other,
                format!("close the copy of ledger \"{}\"", self.ledger_id),
                &error,
            )
        })?;
        let copied = self.copy.copied();
        Ok(LogCopyDocument {
            ledger: self.ledger_id,
            records: copied.records,
            appended: copied.appended,
            left_behind: copied.left_behind,
            head_hash: copied.head_hash.to_string(),
        })
    }
}

/// A log that cannot be opened; `which` of the two.
pub fn not_opened(which: &str, ledger_id: &str, error: &EngineError) -> Failure {
    let exit = if error.is_integrity_failure() {
        Exit::VerificationFailed
    } else {
        Exit::Other
    };
    Failure::caused(
        exit,
        format!("open {which} of ledger \"{ledger_id}\""),
        error,
    )
}

/// A place that cannot be used at all.
pub fn not_reached(place: &impl std::fmt::Display, error: &EngineError) -> Failure {
    Failure::caused(Exit::Unavailable, format!("use {place}"), error)
        .hint("a directory is used by one process at a time; `perennial mirror` copies from a running server")
}

/// A copy that ended early.
pub fn broke_off(ledger_id: &str, error: &CopyError) -> Failure {
    let exit = if error.is_integrity_failure() {
        Exit::VerificationFailed
    } else {
        Exit::Unavailable
    };
    let failure = Failure::caused(exit, format!("copy ledger \"{ledger_id}\""), error);
    match error {
        CopyError::Another { .. } | CopyError::Longer { .. } => {
            failure.hint("somebody wrote to the copy: keep it aside, and copy to an empty place")
        }
        CopyError::Source(_) if error.is_integrity_failure() => {
            failure.hint("copy from another place that holds this ledger")
        }
        CopyError::Target(_) | CopyError::Missing { .. } if error.is_integrity_failure() => {
            failure.hint("the copy is damaged: keep it aside, and copy to an empty place")
        }
        CopyError::Source(_)
        | CopyError::Target(_)
        | CopyError::Missing { .. }
        | CopyError::Refused { .. }
        | CopyError::Unknown { .. } => failure.hint("the same command again goes on from there"),
    }
}

/// Prints what was copied.
///
/// # Errors
/// If nobody reads it any more.
pub fn print(console: &Console, document: &LogCopyDocument) -> Result<(), Failure> {
    if console.wants_json() {
        return console.json(document);
    }
    let LogCopyDocument {
        ledger,
        records,
        appended,
        left_behind,
        head_hash,
    } = document;
    let left = match left_behind {
        0 => String::new(),
        left => format!("; {left} entries that count for nobody were left behind"),
    };
    console.data(&format!(
        "{ledger}: {records} records in both, {appended} entries added, head hash {head_hash}{left}"
    ))
}
