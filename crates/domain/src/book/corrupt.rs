use crate::event::{Event, Stream};
use crate::log::{EventId, Revision};

/// A recorded event that cannot follow what came before it. Stored bytes are input: this stops the ledger's
/// reader at its position, visibly, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event_id} ({kind}) cannot stand in \"{stream}\" at revision {}: {problem}", revision.0)]
pub struct CorruptStream {
    /// The event.
    pub event_id: EventId,
    /// Its stream.
    pub stream: Stream,
    /// Its revision.
    pub revision: Revision,
    /// Its kind.
    pub kind: &'static str,
    /// What is impossible about it.
    pub problem: Impossible,
}

impl CorruptStream {
    pub(super) fn new(event_id: EventId, event: &Event, problem: Impossible) -> Self {
        Self {
            event_id,
            stream: event.stream.clone(),
            revision: event.revision,
            kind: event.fact.kind(),
            problem,
        }
    }
}

/// What is impossible about a recorded event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// A ledger or stream begins with another event than its first.
    #[error("nothing begins with it")]
    NotTheBeginning,
    /// Revisions of a stream are 1, 2, 3 … without a gap (INV-9).
    #[error("its stream holds {} events before it", before.0)]
    RevisionGap {
        /// How many.
        before: Revision,
    },
    /// The fact belongs to another kind of stream.
    #[error("the fact belongs to another kind of stream")]
    WrongStream,
    /// The ledger is created a second time.
    #[error("the ledger is already created")]
    CreatedTwice,
    /// The agreement is signed a second time.
    #[error("the agreement is already signed")]
    SignedTwice,
    /// The pledge is announced a second time.
    #[error("the pledge is already announced")]
    AnnouncedTwice,
    /// The import run starts or ends a second time.
    #[error("the import has already done so")]
    ImportedTwice,
    /// A version of a list is published a second time.
    #[error("the version is already published")]
    PublishedTwice,
    /// A line is added that is already there.
    #[error("the line is already there")]
    LineTwice,
    /// It names a line that the agreement does not have.
    #[error("it names an unknown line")]
    UnknownLine,
    /// It names an amount of its own that it does not have.
    #[error("it names an amount that it does not have")]
    UnknownPart,
    /// It names a tranche that the agreement does not have.
    #[error("it names an unknown tranche")]
    UnknownTranche,
    /// It names a condition that the tranche does not have.
    #[error("it names an unknown condition")]
    UnknownCondition,
    /// It settles a condition that is already met or waived.
    #[error("it settles a condition that is already settled")]
    SettledTwice,
    /// It names an allocation that the agreement does not have.
    #[error("it names an unknown allocation")]
    UnknownAllocation,
    /// It is about a period that the calendar does not have.
    #[error("it is about an unknown period")]
    UnknownPeriod,
    /// It cancels an event that the stream does not have.
    #[error("it cancels an unknown event")]
    UnknownTarget,
    /// It is about an exception that no event carries.
    #[error("it is about an unknown exception")]
    UnknownException,
    /// It cancels an event that is already cancelled.
    #[error("it cancels an event that is already cancelled")]
    ReversedTwice,
}
