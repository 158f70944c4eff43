//! A book as bytes: taken in steps while decisions go on, and read back.
//!
//! It is a cache of a fold, not a stored format: whoever cannot read it folds the log again, so a change of the
//! state is a new [`SNAPSHOT_FORMAT`] and needs no converter. A snapshot is *fuzzy*: each stream is encoded whole,
//! but one after the other, so later streams reflect more records than earlier ones. What is common to all is the
//! record before the first step: nothing up to it is missing. Folding the records after it with
//! [`Book::catch_up`], up to the last one that any step could see, gives the exact state (INV-6).
//!
//! Read in order: [`Sweep`] (write), [`SnapshotLoader`] (read), `values`.

mod values;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::{Book, CorruptStream, ReferenceKey};
use crate::event::{Event, Stream};
use crate::ids::{AgreementId, CalendarId, ImportId, LedgerId, PlanId, PledgeId};
use crate::ledger::ExceptionId;
use crate::ledger::state::{Exceptions, LedgerState};
use crate::log::{EventId, Recorded};
use crate::packed::{Decoder, Encoder, Stored};
use crate::reference::ReferenceKind;
use crate::rule::Profile;

/// The version of the encoding, in the first bytes of every part.
pub const SNAPSHOT_FORMAT: u64 = 5;

/// Bytes that are no snapshot of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no snapshot of format {SNAPSHOT_FORMAT}")]
pub struct MalformedSnapshot;

/// What a part holds.
mod part {
    /// The ledger's id, profile and policy: the first part.
    pub(super) const LEDGER: u8 = 1;
    /// Streams.
    pub(super) const STREAMS: u8 = 2;
    /// Submitters' numbers of standing events.
    pub(super) const REFERENCES: u8 = 3;
    /// Flags of recorded events, and how far people are with them.
    pub(super) const EXCEPTIONS: u8 = 4;
    /// What stands in the way of closings.
    pub(super) const BLOCKING: u8 = 5;
}

/// What a stream is.
mod stream {
    pub(super) const AGREEMENT: u8 = 1;
    pub(super) const PLEDGE: u8 = 2;
    pub(super) const IMPORT: u8 = 3;
    pub(super) const REFERENCE: u8 = 4;
    pub(super) const REQUIREMENT: u8 = 5;
    pub(super) const CALENDAR: u8 = 6;
}

/// The kinds of events that a submitter's number can belong to.
const KINDS: &[&str] = &[
    "LedgerCreated",
    "LedgerPolicyChanged",
    "ExceptionAcknowledged",
    "ExceptionResolved",
    "PledgeAnnounced",
    "PledgeRevised",
    "PledgeConverted",
    "PledgeWithdrawn",
    "PledgeLapsed",
    "AgreementSigned",
    "AgreementDescribed",
    "LineOpened",
    "CommitmentIncreased",
    "CommitmentDecreased",
    "PeriodExtended",
    "PeriodShortened",
    "TrancheScheduled",
    "TrancheRescheduled",
    "TrancheCancelled",
    "ForecastReplaced",
    "DisbursementMade",
    "ReimbursementMade",
    "RefundMade",
    "ReceiptConfirmed",
    "RefundReceived",
    "ExpenditureReported",
    "ExpenditureReduced",
    "FundsReallocated",
    "OtherFlowRecorded",
    "TermsRevised",
    "AllocationMade",
    "AllocationReleased",
    "FundsCarriedOver",
    "AgreementSuspended",
    "AgreementResumed",
    "AgreementTerminated",
    "AgreementCancelled",
    "AgreementOperationallyEnded",
    "AgreementFinanciallyClosed",
    "TrancheConditionMet",
    "TrancheConditionWaived",
    "ReceivableWrittenOff",
    "ReceivableRecovered",
    "FundsTransferred",
    "OnwardGrantLinked",
    "PriorPeriodAdjusted",
    "EntryReversed",
    "EntryReplaced",
    "ImportStarted",
    "ImportCompleted",
    "SplitsReclassified",
    "TagSetReplaced",
    "RateTablePublished",
    "CodelistPublished",
    "PillarMappingPublished",
    "SchemePublished",
    "OrganisationRegistered",
    "OrganisationMerged",
    "LocalActorAssessed",
    "RequirementPublished",
    "FiscalPeriodOpened",
    "FiscalPeriodClosed",
    "FiscalPeriodReopened",
];

/// One way through a book, in steps between which the book may change.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each part of a book ends by itself"
)]
pub struct Sweep {
    begun: bool,
    streams: usize,
    /// The last one taken.
    blocking: Option<EventId>,
    blocking_ended: bool,
    /// The last one taken.
    references: Option<EventId>,
    references_ended: bool,
    /// The last one taken.
    exceptions: Option<ExceptionId>,
    ended: bool,
}

impl Sweep {
    /// At the beginning.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the next part, of `bytes_about` or a little more: a stream is never divided, so a part with one
    /// very long stream is as large as that. `None` after the last.
    ///
    /// `streams` names the book's streams, in an order that does not change while the sweep goes on: at first
    /// [`Book::streams`], then those that began since.
    pub fn next_part(
        &mut self,
        book: &Book,
        streams: &[Stream],
        bytes_about: usize,
    ) -> Option<Vec<u8>> {
        let mut out = Encoder::default();
        out.number(SNAPSHOT_FORMAT);
        if !self.begun {
            self.begun = true;
            out.byte(part::LEDGER);
            book.ledger_id.put(&mut out);
            book.profile.put(&mut out);
            book.ledger.put(&mut out);
            return Some(out.into_bytes());
        }
        if let Some(left) = streams.get(self.streams..)
            && !left.is_empty()
        {
            out.byte(part::STREAMS);
            for stream in left {
                put_stream(&mut out, book, stream);
                self.streams = self.streams.saturating_add(1);
                if bytes_about <= out.len() {
                    break;
                }
            }
            return Some(out.into_bytes());
        }
        if !self.blocking_ended {
            self.blocking_ended = !self.put_blocking(&mut out, book, bytes_about);
            if !self.blocking_ended {
                return Some(out.into_bytes());
            }
        }
        if !self.references_ended {
            self.put_references(&mut out, book, bytes_about);
            return Some(out.into_bytes());
        }
        if self.ended {
            return None;
        }
        self.put_exceptions(&mut out, book, bytes_about);
        Some(out.into_bytes())
    }

    fn put_references(&mut self, out: &mut Encoder, book: &Book, bytes_about: usize) {
        out.byte(part::REFERENCES);
        self.references_ended = true;
        let after = self.references.map_or(Bound::Unbounded, Bound::Excluded);
        let left = book.referenced.range((after, Bound::Unbounded));
        for (event_id, (system, kind, reference)) in left {
            event_id.put(out);
            system.put(out);
            out.text(kind);
            reference.put(out);
            self.references = Some(*event_id);
            if bytes_about <= out.len() {
                self.references_ended = false;
                break;
            }
        }
    }

    fn put_exceptions(&mut self, out: &mut Encoder, book: &Book, bytes_about: usize) {
        out.byte(part::EXCEPTIONS);
        self.ended = true;
        let after = self.exceptions.map_or(Bound::Unbounded, Bound::Excluded);
        let left = book.exceptions.0.range((after, Bound::Unbounded));
        for (exception, disposition) in left {
            exception.put(out);
            disposition.put(out);
            self.exceptions = Some(*exception);
            if bytes_about <= out.len() {
                self.ended = false;
                break;
            }
        }
    }

    /// Puts the next of what blocks closings; `false` if nothing is left.
    fn put_blocking(&mut self, out: &mut Encoder, book: &Book, bytes_about: usize) -> bool {
        let after = self.blocking.map_or(Bound::Unbounded, Bound::Excluded);
        let mut left = book.blocking.0.range((after, Bound::Unbounded)).peekable();
        if left.peek().is_none() {
            return false;
        }
        out.byte(part::BLOCKING);
        for (event_id, flagged) in left {
            event_id.put(out);
            flagged.put(out);
            self.blocking = Some(*event_id);
            if bytes_about <= out.len() {
                break;
            }
        }
        true
    }
}

fn put_stream(out: &mut Encoder, book: &Book, stream: &Stream) {
    match stream {
        // It is the part before.
        Stream::Ledger => {}
        Stream::Agreement(id) => {
            if let Some(agreement) = book.agreements.get(id) {
                out.byte(stream::AGREEMENT);
                id.put(out);
                agreement.put(out);
            }
        }
        Stream::Pledge(id) => {
            if let Some(pledge) = book.pledges.get(id) {
                out.byte(stream::PLEDGE);
                id.put(out);
                pledge.put(out);
            }
        }
        Stream::Import(id) => {
            if let Some(import) = book.imports.get(id) {
                out.byte(stream::IMPORT);
                id.put(out);
                import.put(out);
            }
        }
        Stream::Reference(kind) => {
            if let Some(reference) = book.registry.get(kind) {
                out.byte(stream::REFERENCE);
                kind.put(out);
                reference.put(out);
            }
        }
        Stream::Requirement(id) => {
            if let Some(plan) = book.plans.get(id) {
                out.byte(stream::REQUIREMENT);
                id.put(out);
                plan.put(out);
            }
        }
        Stream::Calendar(id) => {
            if let Some(calendar) = book.calendars.get(id) {
                out.byte(stream::CALENDAR);
                id.put(out);
                calendar.put(out);
            }
        }
    }
}

/// Puts the parts of a snapshot together again, in the order in which a [`Sweep`] gave them.
#[derive(Debug, Default)]
pub struct SnapshotLoader(Option<Book>);

impl SnapshotLoader {
    /// Takes up the next part.
    ///
    /// # Errors
    /// [`MalformedSnapshot`]; the snapshot is of no use then.
    pub fn part(&mut self, bytes: &[u8]) -> Result<(), MalformedSnapshot> {
        let mut from = Decoder::new(bytes);
        if from.number()? != SNAPSHOT_FORMAT {
            return Err(MalformedSnapshot);
        }
        match (from.byte()?, &mut self.0) {
            (part::LEDGER, book @ None) => *book = Some(take_ledger(&mut from)?),
            (part::STREAMS, Some(book)) => take_streams(&mut from, book)?,
            (part::BLOCKING, Some(book)) => take_blocking(&mut from, book)?,
            (part::REFERENCES, Some(book)) => take_references(&mut from, book)?,
            (part::EXCEPTIONS, Some(book)) => take_exceptions(&mut from, book)?,
            _ => return Err(MalformedSnapshot),
        }
        if from.is_empty() {
            return Ok(());
        }
        Err(MalformedSnapshot)
    }

    /// Returns the book. Whether all parts came, the caller knows.
    ///
    /// # Errors
    /// [`MalformedSnapshot`] if there was no part.
    pub fn finish(self) -> Result<Book, MalformedSnapshot> {
        self.0.ok_or(MalformedSnapshot)
    }
}

fn take_ledger(from: &mut Decoder<'_>) -> Result<Book, MalformedSnapshot> {
    Ok(Book {
        ledger_id: LedgerId::take(from)?,
        profile: Profile::take(from)?,
        ledger: LedgerState::take(from)?,
        exceptions: Exceptions::default(),
        agreements: HashMap::new(),
        pledges: HashMap::new(),
        imports: HashMap::new(),
        registry: BTreeMap::new(),
        plans: HashMap::new(),
        calendars: BTreeMap::new(),
        blocking: super::Blocking::default(),
        references: HashMap::new(),
        referenced: BTreeMap::new(),
        newest_published_on: None,
        onward: BTreeMap::new(),
    })
}

fn take_streams(from: &mut Decoder<'_>, book: &mut Book) -> Result<(), MalformedSnapshot> {
    while !from.is_empty() {
        let taken_twice = match from.byte()? {
            stream::AGREEMENT => {
                let id = AgreementId::take(from)?;
                let agreement = crate::agreement::Agreement::take(from)?;
                if !agreement.is_sound() {
                    return Err(MalformedSnapshot);
                }
                for (_, _, link) in agreement.onward_links() {
                    book.note_link(&link.upstream_agreement_id, &id);
                }
                book.agreements.insert(id, Box::new(agreement)).is_some()
            }
            stream::PLEDGE => {
                let id = PledgeId::take(from)?;
                book.pledges.insert(id, Stored::take(from)?).is_some()
            }
            stream::IMPORT => {
                let id = ImportId::take(from)?;
                let import = crate::import::Import::take(from)?;
                let published_on = Some(import.source.published_on);
                book.newest_published_on = book.newest_published_on.max(published_on);
                book.imports.insert(id, import).is_some()
            }
            stream::REFERENCE => {
                let kind = ReferenceKind::take(from)?;
                book.registry.insert(kind, Stored::take(from)?).is_some()
            }
            stream::REQUIREMENT => {
                let id = PlanId::take(from)?;
                book.plans.insert(id, Stored::take(from)?).is_some()
            }
            stream::CALENDAR => {
                let id = CalendarId::take(from)?;
                book.calendars.insert(id, Stored::take(from)?).is_some()
            }
            _ => return Err(MalformedSnapshot),
        };
        if taken_twice {
            return Err(MalformedSnapshot);
        }
    }
    Ok(())
}

fn take_blocking(from: &mut Decoder<'_>, book: &mut Book) -> Result<(), MalformedSnapshot> {
    while !from.is_empty() {
        let event_id = EventId::take(from)?;
        book.blocking.0.insert(event_id, Stored::take(from)?);
    }
    Ok(())
}

fn take_references(from: &mut Decoder<'_>, book: &mut Book) -> Result<(), MalformedSnapshot> {
    while !from.is_empty() {
        let event_id = EventId::take(from)?;
        let system = Arc::take(from)?;
        let text = from.text()?;
        let kind = KINDS.iter().find(|kind| **kind == &*text);
        let key: ReferenceKey = (
            system,
            kind.copied().ok_or(MalformedSnapshot)?,
            Arc::take(from)?,
        );
        // Ascending: of two that had a number after each other, the later one has it.
        book.references.insert(key.clone(), event_id);
        book.referenced.insert(event_id, key);
    }
    Ok(())
}

fn take_exceptions(from: &mut Decoder<'_>, book: &mut Book) -> Result<(), MalformedSnapshot> {
    while !from.is_empty() {
        let exception = ExceptionId::take(from)?;
        book.exceptions.0.insert(exception, Stored::take(from)?);
    }
    Ok(())
}

impl Book {
    /// All streams but the ledger's own, ascending.
    pub fn streams(&self) -> Vec<Stream> {
        let agreements = self.agreements.keys().cloned().map(Stream::Agreement);
        let pledges = self.pledges.keys().cloned().map(Stream::Pledge);
        let imports = self.imports.keys().cloned().map(Stream::Import);
        let references = self.registry.keys().copied().map(Stream::Reference);
        let plans = self.plans.keys().cloned().map(Stream::Requirement);
        let calendars = self.calendars.keys().cloned().map(Stream::Calendar);
        let streams = agreements.chain(pledges).chain(imports);
        let streams = streams.chain(references).chain(plans).chain(calendars);
        let mut streams: Vec<Stream> = streams.collect();
        streams.sort_unstable();
        streams
    }

    /// Folds one recorded event into a book that was read from a snapshot and may hold it already: for the
    /// records after the first step of its [`Sweep`], in order, up to the last that a step could see. A stream's
    /// revision says what it holds (INV-9); the submitters' numbers, the exceptions and what blocks closings are taken
    /// up again, which changes nothing in the end.
    ///
    /// # Errors
    /// As [`Book::evolve`].
    pub fn catch_up(&mut self, recorded: &Recorded<Event>) -> Result<(), CorruptStream> {
        let Recorded {
            event_id, event, ..
        } = recorded;
        let held = self.revision(&event.stream).unwrap_or_default();
        if held < event.revision {
            return self.evolve(recorded);
        }
        self.note_reference(*event_id, event);
        self.exceptions.note(*event_id, event);
        self.blocking.note(*event_id, event);
        Ok(())
    }
}
