//! Where the damage of a ledger that does not open begins, for whoever has to look at it.

use std::path::Path;

use perennial_app::ledger::OpenError;
use perennial_app::ports::log::ReadError;
use perennial_app::records::LedgerReadError;
use perennial_app::recovery::RecoverError;
use perennial_app::writer::WriterStopped;
use perennial_domain::log::Position;
use perennial_log_file::Scanner;
use perennial_proof::verify::KnownPoint;
use perennial_proof::{LogKind, Verifier};

use crate::ledgers::LedgerError;

/// Whether records are damaged or lost, as opposed to a condition that may pass.
pub(crate) fn is_damage(error: &LedgerError) -> bool {
    match error {
        LedgerError::Log { source, .. } => source.is_integrity_failure(),
        LedgerError::Open(OpenError::Recover { source, .. }) => damages(source),
        LedgerError::BrokenOff { .. }
        | LedgerError::Open(
            OpenError::Append { .. } | OpenError::Exists { .. } | OpenError::ClockBehind { .. },
        ) => false,
    }
}

/// Whether the log ends before something that was computed from it.
pub(crate) const fn is_short(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Open(OpenError::Recover {
            source: RecoverError::LostHistory { .. },
            ..
        })
    )
}

fn damages(source: &RecoverError) -> bool {
    match source {
        RecoverError::Read(LedgerReadError::Log(ReadError::Unavailable { .. }))
        | RecoverError::RequestIndex(_)
        | RecoverError::RequestsUnindexed => false,
        RecoverError::Read(_)
        | RecoverError::Decode { .. }
        | RecoverError::Fold { .. }
        | RecoverError::LostHistory { .. }
        | RecoverError::NotCreated => true,
    }
}

/// Whether a writer stopped because records are damaged or lost, and where, if it says so.
pub(crate) fn of_writer(stopped: &WriterStopped) -> (bool, Option<Position>) {
    match stopped {
        WriterStopped::Recover(source) => (damages(source), position_of(source)),
        WriterStopped::OutcomeUnknown { .. } | WriterStopped::RequestsUnindexed => (false, None),
    }
}

/// Where `error` itself says that the damage is.
pub(crate) fn stated_position(error: &LedgerError) -> Option<Position> {
    match error {
        LedgerError::Open(OpenError::Recover { source, .. }) => position_of(source),
        LedgerError::Log { .. } | LedgerError::BrokenOff { .. } | LedgerError::Open(_) => None,
    }
}

fn position_of(source: &RecoverError) -> Option<Position> {
    match source {
        RecoverError::Decode { position, .. }
        | RecoverError::Fold { position, .. }
        | RecoverError::LostHistory { position, .. } => Some(*position),
        RecoverError::Read(LedgerReadError::Entry { next_position, .. }) => Some(*next_position),
        RecoverError::Read(LedgerReadError::Damaged(damage)) => Some(Position(damage.position().0)),
        RecoverError::NotCreated => Some(Position(0)),
        RecoverError::Read(LedgerReadError::Log(_))
        | RecoverError::RequestIndex(_)
        | RecoverError::RequestsUnindexed => None,
    }
}

/// Reads the log's files from the first byte on until something does not hold; nothing if all of it does, or if it
/// cannot be read. Blocks on IO.
pub(crate) fn first_bad_position(data: &Path, ledger_id: &str) -> Option<Position> {
    let mut scanner = match Scanner::open(data, ledger_id) {
        Ok(scanner) => scanner,
        Err(error) => return error.is_integrity_failure().then_some(Position(0)),
    };
    let known: Vec<KnownPoint> = scanner
        .marker()
        .map(|marker| KnownPoint {
            position: marker.position,
            record_hash: marker.record_hash,
        })
        .into_iter()
        .collect();
    let mut verifier = Verifier::new(ledger_id, LogKind::SingleWriter, &known);
    loop {
        match scanner.next_entry() {
            Ok(Some(entry)) => {
                if let Err(bad) = verifier.push(entry.bytes) {
                    return Some(Position(bad.position.0));
                }
            }
            Ok(None) => break,
            Err(error) => {
                let position = Position(verifier.chain().next_position().0);
                return error.is_integrity_failure().then_some(position);
            }
        }
    }
    verifier.finish().err().map(|bad| Position(bad.position.0))
}
