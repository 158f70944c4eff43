//! The memory twin of the view store port, records to fill a store with, and the contract that every store keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::log::LogOffset;
use perennial_app::ports::view_store::{
    Generation, GenerationNo, Hash, LoadError, Opened, RowsDigest, SavedPosition, StoreError, Term,
    ViewStore,
};
use perennial_domain::agreement::AgreementEvent;
use perennial_domain::book::Book;
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::LedgerId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::party::ExternalReference;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_views::delta::{Delta, RecordMeta};
use perennial_views::facts::{Applied, Facts};

use crate::history::Happened;
use crate::history::words::{
    agreement, date, disbursed, eur, event_of, increased, reversed, signed,
};

/// A view store in memory. Clones share it, so a restart is a clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryViewStore(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
struct Stored {
    live: Option<GenerationNo>,
    generations: BTreeMap<GenerationNo, Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    saved: Option<SavedPosition>,
    digest: RowsDigest,
    deltas: Vec<Delta>,
}

impl MemoryViewStore {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn generation(&self, number: GenerationNo) -> Box<dyn Generation> {
        Box::new(MemoryGeneration {
            store: self.clone(),
            number,
        })
    }
}

impl ViewStore for MemoryViewStore {
    fn open(&self) -> Result<Opened, StoreError> {
        let mut stored = self.stored();
        let Some(live) = stored.live else {
            return Ok(Opened::Nothing);
        };
        stored.generations.retain(|&number, _| number == live);
        drop(stored);
        Ok(Opened::Live(self.generation(live)))
    }

    fn begin(&self) -> Result<Box<dyn Generation>, StoreError> {
        let mut stored = self.stored();
        let last = stored
            .generations
            .keys()
            .next_back()
            .map_or(0, |number| number.0);
        let number = GenerationNo(last.saturating_add(1));
        stored.generations.insert(number, Rows::default());
        drop(stored);
        Ok(self.generation(number))
    }

    fn promote(&self, generation: GenerationNo) -> Result<(), StoreError> {
        let mut stored = self.stored();
        stored.live = Some(generation);
        stored.generations.retain(|&number, _| number == generation);
        Ok(())
    }
}

struct MemoryGeneration {
    store: MemoryViewStore,
    number: GenerationNo,
}

impl MemoryGeneration {
    fn with<T>(&self, read: impl FnOnce(&mut Rows) -> T) -> T {
        let mut stored = self.store.stored();
        // Rows of a generation that another one replaced go nowhere, as files of a removed directory do.
        read(
            stored
                .generations
                .get_mut(&self.number)
                .unwrap_or(&mut Rows::default()),
        )
    }
}

impl Generation for MemoryGeneration {
    fn number(&self) -> GenerationNo {
        self.number
    }

    fn saved(&self) -> Option<SavedPosition> {
        self.with(|rows| rows.saved)
    }

    fn rows_digest(&self) -> RowsDigest {
        self.with(|rows| rows.digest)
    }

    fn load(&self, each: &mut dyn FnMut(Delta)) -> Result<(), LoadError> {
        let deltas = self.with(|rows| rows.deltas.clone());
        deltas.into_iter().for_each(each);
        Ok(())
    }

    fn save(&self, deltas: &[Delta], saved: SavedPosition) -> Result<(), StoreError> {
        self.with(|rows| {
            let mut expected = rows
                .saved
                .map_or(Position(0), |saved| after(saved.position));
            for found in deltas.iter().map(|delta| delta.record.position) {
                if found != expected {
                    return Err(StoreError::OutOfOrder { expected, found });
                }
                expected = after(expected);
            }
            if after(saved.position) != expected {
                return Err(StoreError::OutOfOrder {
                    expected,
                    found: saved.position,
                });
            }
            for delta in deltas {
                rows.digest = rows.digest.after(format!("{delta:?}").as_bytes());
            }
            rows.deltas.extend_from_slice(deltas);
            rows.saved = Some(saved);
            Ok(())
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn after(position: Position) -> Position {
    Position(position.0.saturating_add(1))
}

/// A record as a projector sees it.
pub type SampleRecord = (RecordMeta, Vec<Recorded<Event>>);

/// The first `count` records of a ledger in which agreements are signed, described, raised, paid, paid too much
/// and corrected, with everything that a store has to keep.
///
/// # Panics
/// Never, as long as the words of [`crate::history::words`] can be said.
pub fn sample_records(count: u64) -> Vec<SampleRecord> {
    let mut revisions: BTreeMap<Stream, u64> = BTreeMap::new();
    (0..count)
        .map(|position| sample_record(position, &mut revisions))
        .collect()
}

/// The deltas of [`sample_records`], and the facts they add up to.
///
/// # Panics
/// If the facts do not take the records.
pub fn sample_deltas(count: u64) -> (Vec<Delta>, Facts) {
    let mut facts = Facts::default();
    let deltas = sample_records(count).into_iter().map(|(record, events)| {
        match facts.apply_by(record, "clerk", &events) {
            Ok(Applied::Now(delta)) => *delta,
            other => panic!("record {}: {other:?}", record.position),
        }
    });
    let deltas = deltas.collect();
    (deltas, facts)
}

fn sample_record(position: u64, revisions: &mut BTreeMap<Stream, u64>) -> SampleRecord {
    let micros = i64::try_from(position)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000);
    let recorded_at = RecordedAt(micros.saturating_add(1_700_000_000_000_000));
    let record_hash = *Hash::of(&position.to_be_bytes()).as_bytes();
    let record = RecordMeta {
        position: Position(position),
        recorded_at,
        record_hash,
    };
    let events = sample_events(position).into_iter();
    let recorded = (0..).zip(events).map(|(index, mut event)| {
        let revision = revisions.entry(event.stream.clone()).or_default();
        *revision = revision.saturating_add(1);
        event.revision = Revision(*revision);
        Recorded {
            event_id: EventId {
                position: record.position,
                index,
            },
            recorded_at,
            event,
        }
    });
    (record, recorded.collect())
}

/// Six records an agreement: signed and described, raised, paid, paid beyond the commitment, reversed, a refusal.
fn sample_events(position: u64) -> Vec<Event> {
    let Some(step) = position.checked_sub(1) else {
        let Ok(ledger_id) = LedgerId::parse("test-ledger") else {
            return Vec::new();
        };
        return vec![Book::ledger_created(
            ledger_id,
            Profile::Strict,
            LedgerPolicy::default(),
            date("2020-01-01"),
        )];
    };
    let number = step / 6;
    let amount = eur(i128::from(number % 97).saturating_add(1_000));
    let of = |happened: Happened| Event {
        stream: Stream::Agreement(agreement(&format!("agreement-{number}"))),
        revision: Revision(0),
        effective_on: happened.effective_on,
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact: happened.fact,
    };
    match step % 6 {
        0 => vec![
            Event {
                external_reference: Some(reference(number)),
                ..of(signed(amount))
            },
            of(described(number)),
        ],
        1 => vec![of(increased("2024-02-01", eur(100)))],
        2 => vec![of(disbursed("2024-03-01", amount))],
        3 => {
            let limit: [(&str, &dyn std::fmt::Display); 1] = [("limit", &amount)];
            let breach = Breach::new(
                Rule::WithinCommitment,
                format_args!("agreement/agreement-{number}"),
                &limit,
            );
            vec![Event {
                flags: vec![breach],
                overrides: vec![super::history::words::permitted(
                    Rule::WithinCommitment,
                    Some("head-of-finance"),
                )],
                ..of(disbursed("2024-04-01", eur(500)))
            }]
        }
        4 => {
            let error = perennial_domain::agreement::ReversalReason::Error;
            vec![of(reversed(
                "2024-05-01",
                event_of(position.saturating_sub(1)),
                error,
            ))]
        }
        _ => Vec::new(),
    }
}

fn reference(number: u64) -> ExternalReference {
    ExternalReference {
        system: "iati".into(),
        reference: format!("XM-TEST-{number}").into(),
    }
}

fn described(number: u64) -> Happened {
    let description = perennial_domain::agreement::Description {
        title: Some(format!(
            "Agreement number {number}: water, seeds and schools"
        )),
        identifiers: vec![reference(number)],
        ..Default::default()
    };
    crate::history::words::happened(
        "2024-01-01",
        AgreementEvent::AgreementDescribed(description),
    )
}

/// The saved position that fits the last of `deltas`, with offsets of 10 bytes a record.
///
/// # Panics
/// If there are none.
pub fn saved_after(deltas: &[Delta]) -> SavedPosition {
    let Some(last) = deltas.last() else {
        panic!("no position is saved without rows")
    };
    let offset = last.record.position.0.saturating_mul(10);
    SavedPosition {
        position: last.record.position,
        record_hash: Hash::from_bytes(last.record.record_hash),
        term: Term(1),
        offset: LogOffset(offset),
        next_offset: LogOffset(offset.saturating_add(10)),
        digest: last.digest,
    }
}

/// What every view store does. Each function takes `open`, which gives a handle on the same storage as after a
/// restart; nothing else holds the storage then.
#[expect(
    clippy::indexing_slicing,
    reason = "a contract panics as the tests that check it do"
)]
pub mod contract {
    use super::{
        Delta, Facts, Generation, GenerationNo, Opened, Position, RowsDigest, StoreError,
        ViewStore, sample_deltas, saved_after,
    };
    use crate::must::must;

    /// Opens the live generation.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn live(store: &dyn ViewStore) -> Box<dyn Generation> {
        match store.open() {
            Ok(Opened::Live(generation)) => generation,
            Ok(Opened::Nothing) => panic!("the store has no live generation"),
            Ok(Opened::Unusable { reason }) => {
                panic!("the live generation cannot be used: {reason}")
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins a generation and makes it live.
    ///
    /// # Panics
    /// If it cannot be begun.
    #[track_caller]
    pub fn begun(store: &dyn ViewStore) -> Box<dyn Generation> {
        let generation = must(store.begin());
        must(store.promote(generation.number()));
        generation
    }

    /// Saves `deltas` in portions of `portion` records.
    ///
    /// # Panics
    /// If a portion is refused.
    #[track_caller]
    pub fn save_all(generation: &dyn Generation, deltas: &[Delta], portion: usize) {
        for deltas in deltas.chunks(portion) {
            must(generation.save(deltas, saved_after(deltas)));
        }
    }

    /// Everything stored.
    ///
    /// # Panics
    /// If it cannot be loaded.
    #[track_caller]
    pub fn loaded(generation: &dyn Generation) -> Vec<Delta> {
        let mut deltas = Vec::new();
        must(generation.load(&mut |delta| deltas.push(delta)));
        deltas
    }

    /// An untouched storage has nothing in it.
    ///
    /// # Panics
    /// If the store breaks the contract; so do all functions here.
    #[track_caller]
    pub fn nothing_is_live_in_an_untouched_storage(open: &dyn Fn() -> Box<dyn ViewStore>) {
        assert!(matches!(open().open(), Ok(Opened::Nothing)));
    }

    /// What was saved and flushed is there after a restart, in order, and restores to the same facts.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn what_was_saved_is_restored_after_a_restart(open: &dyn Fn() -> Box<dyn ViewStore>) {
        let (deltas, facts) = sample_deltas(400);
        let store = open();
        let generation = begun(&*store);
        save_all(&*generation, &deltas, 7);
        must(generation.flush());
        let (number, digest) = (generation.number(), generation.rows_digest());
        drop(generation);
        drop(store);

        let generation = live(&*open());
        assert_eq!(generation.number(), number);
        assert_eq!(generation.saved(), Some(saved_after(&deltas)));
        assert_eq!(generation.rows_digest(), digest);
        assert!(
            loaded(&*generation) == deltas,
            "the rows come back in order"
        );
        let mut restored = Facts::default();
        must(generation.load(&mut |delta| assert_eq!(restored.restore(&delta), Ok(true))));
        assert_eq!(restored.digest(Position(399)), facts.digest(Position(399)));
        assert_eq!(restored.exceptions(), facts.exceptions());
    }

    /// Saving goes on after a restart where it ended before.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn saving_goes_on_after_a_restart(open: &dyn Fn() -> Box<dyn ViewStore>) {
        let (deltas, _) = sample_deltas(300);
        let (before, after) = deltas.split_at(100);
        let store = open();
        save_all(&*begun(&*store), before, 1);
        drop(store);
        let store = open();
        let generation = live(&*store);
        assert_eq!(loaded(&*generation).len(), 100);
        save_all(&*generation, after, 1);
        drop(generation);
        drop(store);
        assert!(loaded(&*live(&*open())) == deltas);
    }

    /// The digest of rows does not depend on the portions they were saved in.
    ///
    /// # Panics
    /// If it does.
    #[track_caller]
    pub fn portions_do_not_change_the_digest(open: &dyn Fn() -> Box<dyn ViewStore>) {
        let (deltas, _) = sample_deltas(500);
        let store = open();
        let digests = [1, 3, 500].map(|portion| {
            let generation = begun(&*store);
            save_all(&*generation, &deltas, portion);
            assert!(loaded(&*generation) == deltas);
            generation.rows_digest()
        });
        assert_eq!(digests[0], digests[1]);
        assert_eq!(digests[0], digests[2]);
        assert_ne!(digests[0], RowsDigest::default());
    }

    /// Rows that do not follow the saved position are refused, and change nothing.
    ///
    /// # Panics
    /// If they are taken.
    #[track_caller]
    pub fn rows_out_of_order_are_refused(open: &dyn Fn() -> Box<dyn ViewStore>) {
        let (deltas, _) = sample_deltas(20);
        let store = open();
        let generation = begun(&*store);
        save_all(&*generation, &deltas[..10], 10);
        let digest = generation.rows_digest();
        for wrong in [&deltas[9..12], &deltas[11..12]] {
            let refused = generation.save(wrong, saved_after(wrong));
            assert!(
                matches!(
                    refused,
                    Err(StoreError::OutOfOrder {
                        expected: Position(10),
                        ..
                    })
                ),
                "{refused:?}"
            );
        }
        let ahead = generation.save(&deltas[10..12], saved_after(&deltas[..13]));
        assert!(
            matches!(
                ahead,
                Err(StoreError::OutOfOrder {
                    found: Position(12),
                    ..
                })
            ),
            "{ahead:?}"
        );
        assert_eq!(generation.saved(), Some(saved_after(&deltas[..10])));
        assert_eq!(generation.rows_digest(), digest);
        save_all(&*generation, &deltas[10..], 10);
        assert!(loaded(&*generation) == deltas);
    }

    /// A generation that is being built is not live, and a restart forgets it.
    ///
    /// # Panics
    /// If it is live, or was kept.
    #[track_caller]
    pub fn a_generation_is_live_only_once_promoted(open: &dyn Fn() -> Box<dyn ViewStore>) {
        let (deltas, _) = sample_deltas(10);
        let store = open();
        let first = begun(&*store);
        save_all(&*first, &deltas[..4], 4);
        let second = must(store.begin());
        assert_eq!(second.number(), GenerationNo(first.number().0 + 1));
        save_all(&*second, &deltas, 10);
        let (first_no, second_no) = (first.number(), second.number());
        drop((first, second, store));

        let store = open();
        assert_eq!(live(&*store).number(), first_no);
        let second = must(store.begin());
        assert_eq!(second.number(), second_no, "the interrupted one is gone");
        assert_eq!(second.saved(), None);
        save_all(&*second, &deltas, 10);
        must(store.promote(second_no));
        drop((second, store));

        let store = open();
        let generation = live(&*store);
        assert_eq!(generation.number(), second_no);
        assert!(loaded(&*generation) == deltas);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryViewStore, contract};
    use perennial_app::ports::view_store::ViewStore;

    fn check(contract: fn(&dyn Fn() -> Box<dyn ViewStore>)) {
        let store = MemoryViewStore::default();
        contract(&|| Box::new(store.clone()));
    }

    #[test]
    fn the_memory_twin_keeps_the_contract() {
        check(contract::nothing_is_live_in_an_untouched_storage);
        check(contract::what_was_saved_is_restored_after_a_restart);
        check(contract::saving_goes_on_after_a_restart);
        check(contract::portions_do_not_change_the_digest);
        check(contract::rows_out_of_order_are_refused);
        check(contract::a_generation_is_live_only_once_promoted);
    }
}
