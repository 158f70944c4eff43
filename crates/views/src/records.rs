//! What is kept of every record beside its postings: when, its hash, the digest after it, and the words of its events.

use std::sync::Arc;

use perennial_domain::log::{EventId, Position, RecordedAt};
use perennial_domain::party::ExternalReference;

use crate::delta::RecordMeta;
use crate::digest::StateDigest;
use crate::history::Note;
use crate::pages::{Page, PageReader, PageWriter, Paging, Sealed};

/// A page is sealed at the end of the record with which it holds so many.
const PAGE_RECORDS: usize = 1_024;

/// A page is sealed before that at the end of the record with which its words take so many bytes.
const PAGE_NOTE_BYTES: usize = 64 * 1024;

/// The records of a ledger, in pages.
#[derive(Clone, Debug, Default)]
pub struct Records {
    sealed: Vec<SealedRecords>,
    open: RecordPage,
    head: Option<(RecordMeta, StateDigest)>,
    paging: Option<Paging>,
}

/// A sealed page, and what is known of it without reading it.
#[derive(Clone, Debug)]
struct SealedRecords {
    first: Position,
    first_at: RecordedAt,
    page: Arc<Sealed<RecordPage>>,
}

/// Consecutive records, struct of arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RecordPage {
    first: Position,
    times: Vec<RecordedAt>,
    hashes: Vec<[u8; 32]>,
    digests: Vec<StateDigest>,
    /// Ascending by event.
    notes: Vec<(EventId, Note)>,
    note_bytes: usize,
}

impl Records {
    /// Sealed pages go where `paging` says.
    pub(crate) fn paged(paging: Paging) -> Self {
        Self {
            paging: Some(paging),
            ..Self::default()
        }
    }

    /// The position that comes next: the number of records.
    pub fn next(&self) -> Position {
        self.head.map_or(Position(0), |(head, _)| {
            Position(head.position.0.saturating_add(1))
        })
    }

    /// The last record and the digest after it.
    pub const fn head(&self) -> Option<(RecordMeta, StateDigest)> {
        self.head
    }

    /// Adds the next record, with what its events say beside amounts, in order.
    pub fn add<'a>(
        &mut self,
        record: RecordMeta,
        digest: StateDigest,
        notes: impl Iterator<Item = (EventId, &'a Note)>,
    ) {
        let open = &mut self.open;
        if open.times.is_empty() {
            open.first = record.position;
        }
        open.times.push(record.recorded_at);
        open.hashes.push(record.record_hash);
        open.digests.push(digest);
        for (event_id, note) in notes {
            open.note_bytes += bytes_of(note);
            open.notes.push((event_id, note.clone()));
        }
        self.head = Some((record, digest));
        if PAGE_RECORDS <= open.times.len() || PAGE_NOTE_BYTES <= open.note_bytes {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let mut page = std::mem::take(&mut self.open);
        let Some(&first_at) = page.times.first() else {
            return;
        };
        page.times.shrink_to_fit();
        page.hashes.shrink_to_fit();
        page.digests.shrink_to_fit();
        page.notes.shrink_to_fit();
        self.sealed.push(SealedRecords {
            first: page.first,
            first_at,
            page: Sealed::new(page, self.paging.as_ref()),
        });
    }

    /// The record at `position` and the digest after it.
    pub fn get(&self, position: Position) -> Option<(RecordMeta, StateDigest)> {
        self.read(position, |page| page.record(position))
    }

    /// What was said with an event beside its amounts.
    pub fn note(&self, event_id: EventId) -> Option<Note> {
        self.read(event_id.position, |page| page.note(event_id).cloned())
    }

    /// Reads the page that holds `position`.
    fn read<T>(
        &self,
        position: Position,
        read: impl FnOnce(&RecordPage) -> Option<T>,
    ) -> Option<T> {
        if !self.open.times.is_empty() && self.open.first <= position {
            return read(&self.open);
        }
        let after = self
            .sealed
            .partition_point(|sealed| sealed.first <= position);
        let sealed = self.sealed.get(after.checked_sub(1)?)?;
        read(&sealed.page.get())
    }

    /// The last record with `recorded_at` at most `time`.
    pub fn position_at(&self, time: RecordedAt) -> Option<Position> {
        let open = self.open.times.first();
        if open.is_some_and(|first| *first <= time) {
            return self.open.position_at(time);
        }
        let after = self
            .sealed
            .partition_point(|sealed| sealed.first_at <= time);
        let sealed = self.sealed.get(after.checked_sub(1)?)?;
        sealed.page.get().position_at(time)
    }
}

impl RecordPage {
    fn record(&self, position: Position) -> Option<(RecordMeta, StateDigest)> {
        let at = usize::try_from(position.0.checked_sub(self.first.0)?).ok()?;
        let record = RecordMeta {
            position,
            recorded_at: *self.times.get(at)?,
            record_hash: *self.hashes.get(at)?,
        };
        Some((record, *self.digests.get(at)?))
    }

    fn note(&self, event_id: EventId) -> Option<&Note> {
        let found = self.notes.binary_search_by_key(&event_id, |(id, _)| *id);
        self.notes.get(found.ok()?).map(|(_, note)| note)
    }

    fn position_at(&self, time: RecordedAt) -> Option<Position> {
        let records = self.times.partition_point(|&at| at <= time);
        let last = u64::try_from(records.checked_sub(1)?).ok()?;
        Some(Position(self.first.0.saturating_add(last)))
    }
}

impl Page for RecordPage {
    fn encode(&self, out: &mut PageWriter) {
        out.array(self.first.0.to_le_bytes());
        out.column(&self.times, |time| time.0.to_le_bytes());
        out.column(&self.hashes, |hash| hash);
        out.column(&self.digests, |digest| digest.0);
        out.length(self.notes.len());
        for (event_id, note) in &self.notes {
            put_event(out, *event_id);
            put_note(out, note);
        }
    }

    fn decode(bytes: &mut PageReader<'_>) -> Option<Self> {
        let mut page = Self {
            first: Position(u64::from_le_bytes(bytes.array()?)),
            times: bytes.column(|time| RecordedAt(i64::from_le_bytes(time)))?,
            hashes: bytes.column(|hash| hash)?,
            digests: bytes.column(StateDigest)?,
            notes: Vec::new(),
            note_bytes: 0,
        };
        for _ in 0..bytes.length()? {
            let event_id = take_event(bytes)?;
            let note = take_note(bytes)?;
            page.note_bytes += bytes_of(&note);
            page.notes.push((event_id, note));
        }
        page.notes.shrink_to_fit();
        let records = page.times.len();
        (page.hashes.len() == records && page.digests.len() == records).then_some(page)
    }

    fn bytes(&self) -> usize {
        let record = size_of::<RecordedAt>() + size_of::<[u8; 32]>() + size_of::<StateDigest>();
        self.times.len() * record + self.note_bytes
    }
}

/// How many bytes a note takes in memory, about.
fn bytes_of(note: &Note) -> usize {
    let external = note.external_reference.as_ref();
    let external = external.map_or(0, |external| {
        external.system.len() + external.reference.len()
    });
    let texts = [&note.reference, &note.reason];
    let texts = texts.into_iter().flatten().map(String::len);
    size_of::<(EventId, Note)>() + external + texts.sum::<usize>()
}

fn put_event(out: &mut PageWriter, event_id: EventId) {
    out.array(event_id.position.0.to_le_bytes());
    out.array(event_id.index.to_le_bytes());
}

fn take_event(bytes: &mut PageReader<'_>) -> Option<EventId> {
    Some(EventId {
        position: Position(u64::from_le_bytes(bytes.array()?)),
        index: u32::from_le_bytes(bytes.array()?),
    })
}

fn put_note(out: &mut PageWriter, note: &Note) {
    let external = note.external_reference.as_ref();
    out.text(external.map(|external| external.system.as_ref()));
    out.text(external.map(|external| external.reference.as_ref()));
    out.text(note.reference.as_deref());
    out.text(note.reason.as_deref());
    let target: Vec<EventId> = note.target.into_iter().collect();
    out.length(target.len());
    for event_id in target {
        put_event(out, event_id);
    }
    out.array(note.documents.to_le_bytes());
}

fn take_note(bytes: &mut PageReader<'_>) -> Option<Note> {
    let (system, reference) = (bytes.text()?, bytes.text()?);
    let external_reference = system
        .zip(reference)
        .map(|(system, reference)| ExternalReference {
            system: system.into(),
            reference: reference.into(),
        });
    Some(Note {
        external_reference,
        reference: bytes.text()?.map(str::to_owned),
        reason: bytes.text()?.map(str::to_owned),
        target: match bytes.length()? {
            0 => None,
            1 => Some(take_event(bytes)?),
            _ => return None,
        },
        documents: u32::from_le_bytes(bytes.array()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(position: u64) -> RecordMeta {
        RecordMeta {
            position: Position(position),
            // Two records share each time.
            recorded_at: RecordedAt(i64::try_from(position / 2 * 10).unwrap()),
            record_hash: [u8::try_from(position % 251).unwrap(); 32],
        }
    }

    fn event(position: u64, index: u32) -> EventId {
        EventId {
            position: Position(position),
            index,
        }
    }

    fn said(words: &str) -> Note {
        Note {
            external_reference: Some(ExternalReference {
                system: "iati".into(),
                reference: words.into(),
            }),
            reference: None,
            reason: Some(words.to_owned()),
            target: Some(event(3, 4)),
            documents: 2,
        }
    }

    fn records(count: u64) -> Records {
        let mut records = Records::default();
        for position in 0..count {
            let note = said(&format!("words {position}"));
            let notes = (position % 3 == 0).then_some((event(position, 1), &note));
            records.add(meta(position), StateDigest([7; 32]), notes.into_iter());
        }
        records
    }

    #[test]
    fn every_record_and_note_is_found_across_pages() {
        let sealed_at = u64::try_from(PAGE_RECORDS).unwrap();
        for count in [
            1,
            sealed_at - 1,
            sealed_at,
            sealed_at + 1,
            3 * sealed_at + 5,
        ] {
            let records = records(count);
            assert_eq!(records.next(), Position(count));
            for position in 0..count {
                let found = records.get(Position(position));
                assert_eq!(found, Some((meta(position), StateDigest([7; 32]))));
                let note = (position % 3 == 0).then(|| said(&format!("words {position}")));
                assert_eq!(records.note(event(position, 1)), note);
                assert_eq!(records.note(event(position, 0)), None);
            }
            assert_eq!(records.get(Position(count)), None);
        }
    }

    #[test]
    fn a_time_finds_the_last_record_until_then() {
        let records = records(2_500);
        let at = |time| records.position_at(RecordedAt(time)).map(|at| at.0);
        assert_eq!(at(-1), None);
        assert_eq!(at(0), Some(1));
        assert_eq!(at(9), Some(1));
        assert_eq!(at(10), Some(3));
        // Records 1,022 and 1,023 end the first page.
        assert_eq!(at(5_119), Some(1_023));
        assert_eq!(at(5_120), Some(1_025));
        assert_eq!(at(i64::MAX), Some(2_499));
    }

    #[test]
    fn long_words_seal_a_page_before_it_has_all_its_records() {
        let mut records = Records::default();
        let long = said(&"x".repeat(PAGE_NOTE_BYTES / 4));
        for position in 0..10 {
            let notes = [(event(position, 0), &long)];
            records.add(meta(position), StateDigest::default(), notes.into_iter());
        }
        // The words are there twice, so two records fill a page.
        assert_eq!(records.sealed.len(), 5);
        assert_eq!(records.note(event(9, 0)), Some(long));
    }

    #[test]
    fn a_page_comes_back_from_its_bytes_and_a_part_of_them_is_none() {
        let page = records(10).open;
        let mut out = PageWriter::default();
        page.encode(&mut out);
        let bytes = out.into_bytes();
        assert_eq!(RecordPage::decode(&mut PageReader::of(&bytes)), Some(page));
        for length in [0, 8, 100, bytes.len() - 1] {
            let part = RecordPage::decode(&mut PageReader::of(&bytes[..length]));
            assert_eq!(part, None);
        }
    }
}
