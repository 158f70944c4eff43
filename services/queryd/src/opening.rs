//! Opening a ledger's views: what is stored is used only if it is whole and the log still says the same.
//!
//! Stored rows that are damaged, of another schema, or of another history are dropped, said so, and built again from
//! the log. Rows that reach beyond the log are no cache to rebuild: they prove that history was lost.

use std::sync::Arc;

use perennial_app::ports::ledgers::ReadableLedger;
use perennial_app::ports::log::{LogRead, ReadError};
use perennial_app::ports::view_store::{Generation, Opened, SavedPosition, ViewStore};
use perennial_domain::log::Position;
use perennial_proof::{ChainPoint, Entry, record_hash};
use perennial_views::{Facts, PageMemory};

use crate::reading::Start;

/// Views ready to be followed.
pub(crate) struct Ready {
    /// What is known.
    pub(crate) facts: Facts,
    /// Where it is stored.
    pub(crate) generation: Box<dyn Generation>,
    /// Where reading goes on.
    pub(crate) start: Start,
    /// The generation has to be made the live one once it has caught up.
    pub(crate) promote: bool,
    /// A position that the log must reach, because rows of it were stored.
    pub(crate) must_reach: Option<Position>,
}

/// Why views do not open.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    /// The log is shorter than what was computed from it.
    LostHistory(String),
    /// The storage or the log cannot be used now.
    Unavailable(String),
}

/// How stored rows stand to the log.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// The saved record is there.
    Same,
    /// Another one is there, or none begins there.
    Other(String),
    /// The log ends before it.
    Beyond(String),
}

/// Opens the stored views of `ledger`, or begins new ones. Blocks on IO.
pub(crate) fn open(
    ledger: &ReadableLedger,
    store: &dyn ViewStore,
    memory: &Arc<PageMemory>,
) -> Result<Ready, OpenFailure> {
    let unavailable =
        |error: &(dyn std::error::Error + 'static)| OpenFailure::Unavailable(chain(error));
    let generation = match store.open().map_err(|error| unavailable(&error))? {
        Opened::Live(generation) => generation,
        Opened::Nothing => {
            let generation = store.begin().map_err(|error| unavailable(&error))?;
            store
                .promote(generation.number())
                .map_err(|error| unavailable(&error))?;
            return Ok(empty(generation, memory, false, None));
        }
        Opened::Unusable { reason } => return again((ledger, store, memory), &reason, None),
    };
    let Some(saved) = generation.saved() else {
        return Ok(empty(generation, memory, false, None));
    };
    let standing = standing(&*ledger.log, &saved).map_err(|error| unavailable(&error))?;
    match standing {
        Standing::Beyond(problem) => return Err(OpenFailure::LostHistory(problem)),
        Standing::Other(reason) => {
            drop(generation);
            return again((ledger, store, memory), &reason, Some(saved.position));
        }
        Standing::Same => {}
    }
    match restore(&*generation, memory, &saved) {
        Ok((facts, start)) => Ok(Ready {
            facts,
            generation,
            start,
            promote: false,
            must_reach: None,
        }),
        Err(reason) => {
            drop(generation);
            again((ledger, store, memory), &reason, Some(saved.position))
        }
    }
}

fn again(
    (ledger, store, memory): (&ReadableLedger, &dyn ViewStore, &Arc<PageMemory>),
    reason: &str,
    must_reach: Option<Position>,
) -> Result<Ready, OpenFailure> {
    tracing::warn!(ledger = %ledger.ledger_id, reason, "stored views are dropped and built again from the log");
    let generation = store
        .begin()
        .map_err(|error| OpenFailure::Unavailable(chain(&error)))?;
    Ok(empty(generation, memory, true, must_reach))
}

/// A generation of which nothing is known yet.
pub(crate) fn empty(
    generation: Box<dyn Generation>,
    memory: &Arc<PageMemory>,
    promote: bool,
    must_reach: Option<Position>,
) -> Ready {
    Ready {
        facts: facts_of(&*generation, memory),
        generation,
        start: Start::Beginning,
        promote,
        must_reach,
    }
}

/// No facts yet, with pages where the generation keeps them.
fn facts_of(generation: &dyn Generation, memory: &Arc<PageMemory>) -> Facts {
    match generation.pages() {
        Some(pages) => Facts::paged(Arc::clone(memory), pages),
        None => Facts::default(),
    }
}

fn restore(
    generation: &dyn Generation,
    memory: &Arc<PageMemory>,
    saved: &SavedPosition,
) -> Result<(Facts, Start), String> {
    let mut facts = facts_of(generation, memory);
    let mut gap = None;
    let loaded = generation.load(&mut |delta| {
        if let Err(error) = facts.restore(&delta) {
            gap.get_or_insert(error);
        }
    });
    loaded.map_err(|error| chain(&error))?;
    if let Some(gap) = gap {
        return Err(gap.to_string());
    }
    match facts.head() {
        Some(head)
            if head.position == saved.position
                && head.record_hash == *saved.record_hash.as_bytes() =>
        {
            let point = ChainPoint {
                position: perennial_proof::Position(saved.position.0),
                record_hash: saved.record_hash,
                term: saved.term,
                recorded_at: head.recorded_at.0,
            };
            Ok((facts, Start::After(point, saved.next_offset)))
        }
        Some(_) | None => Err("the last stored record is not the saved one".to_owned()),
    }
}

fn standing(log: &dyn LogRead, saved: &SavedPosition) -> Result<Standing, ReadError> {
    let end = *log.durable_end().borrow();
    if end < saved.next_offset {
        return Ok(Standing::Beyond(format!(
            "views were computed up to position {}, which ends at offset {}, but the log ends at offset {}: history was \
             lost",
            saved.position, saved.next_offset.0, end.0
        )));
    }
    let read = log.tail(saved.offset).and_then(|mut tail| tail.read(1));
    let entries = match read {
        Ok(entries) => entries,
        Err(error @ ReadError::Unavailable { .. }) => return Err(error),
        // The log may be damaged there, or the rows are of another log: reading it from the start tells.
        Err(error @ ReadError::Damaged { .. }) => return Ok(Standing::Other(chain(&error))),
    };
    let found = entries.first().filter(|found| {
        let same_place = found.offset == saved.offset && found.next_offset == saved.next_offset;
        same_place && is_saved_record(&found.entry.0, saved)
    });
    Ok(match found {
        Some(_) => Standing::Same,
        None => Standing::Other(format!(
            "the log holds another record at position {}",
            saved.position
        )),
    })
}

fn is_saved_record(entry: &[u8], saved: &SavedPosition) -> bool {
    match Entry::decode(entry) {
        Ok(Entry::Record {
            header_bytes,
            header,
            ..
        }) => {
            header.position.0 == saved.position.0
                && header.term == saved.term
                && record_hash(header_bytes) == saved.record_hash
        }
        Ok(Entry::Claim(_)) | Err(_) => false,
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    perennial_observe::error_chain(error).to_string()
}
