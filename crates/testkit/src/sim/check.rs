//! What must hold when a run is over. The history is judged here once more, by a rule of this module's own: it shares
//! the decoder with the code under test, and nothing of its judgement.

use std::collections::BTreeMap;

use perennial_app::ports::log::StoredEntry;
use perennial_app::submission::Place;
use perennial_domain::agreement::Agreement;
use perennial_domain::book::Book;
use perennial_domain::ids::RequestId;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_proof::{Entry, Hash, genesis_hash, record_hash};
use perennial_wire::stored::{Outcome, RecordBody, decode_body};

use super::client::{Attempt, Told};
use super::node::Cluster;
use crate::history::words::agreement;

/// An accepted record.
pub(super) struct Accepted {
    place: Place,
    body: RecordBody,
}

/// A claim in the log.
pub(super) struct Claimed {
    /// Which entry of the log it is, from 0.
    pub(super) entry: usize,
    /// The name of the node that it is for.
    pub(super) node: String,
    /// Whether it began a term.
    pub(super) won: bool,
}

/// What the log says.
pub(super) struct History {
    pub(super) records: Vec<Accepted>,
    pub(super) claims: Vec<Claimed>,
    pub(super) term: u64,
    pub(super) leader: String,
    pub(super) dead: u64,
}

impl History {
    /// Judges the log.
    pub(super) fn of(ledger_id: &str, entries: &[StoredEntry]) -> Result<Self, String> {
        let mut history = Self {
            records: Vec::new(),
            claims: Vec::new(),
            term: 0,
            leader: String::new(),
            dead: 0,
        };
        let mut head = genesis_hash(ledger_id);
        for (entry, stored) in entries.iter().enumerate() {
            let decoded = Entry::decode(&stored.0).map_err(|error| error.to_string())?;
            match decoded {
                Entry::Claim(claim) => {
                    let won = claim.term.0 == history.term.saturating_add(1);
                    if won {
                        history.term = claim.term.0;
                        history.leader.clone_from(&claim.node);
                    } else {
                        history.dead += 1;
                    }
                    let node = claim.node;
                    history.claims.push(Claimed { entry, node, won });
                }
                Entry::Record {
                    header_bytes,
                    header,
                    body,
                } => {
                    let next = u64::try_from(history.records.len()).unwrap_or(u64::MAX);
                    let counts = 0 < history.term
                        && header.term.0 == history.term
                        && header.position.0 == next
                        && header.prev_hash == head;
                    if !counts {
                        history.dead += 1;
                        continue;
                    }
                    head = record_hash(header_bytes);
                    let record = history.accepted((next, header.recorded_at, head), body)?;
                    history.records.push(record);
                }
            }
        }
        Ok(history)
    }

    fn accepted(
        &self,
        (position, recorded_at, record_hash): (u64, i64, Hash),
        body: &[u8],
    ) -> Result<Accepted, String> {
        let last = self.records.last();
        if last.is_some_and(|last| recorded_at < last.place.recorded_at.0) {
            return Err(format!("position {position} goes back in time (INV-9)"));
        }
        Ok(Accepted {
            place: Place {
                position: Position(position),
                recorded_at: RecordedAt(recorded_at),
                record_hash,
            },
            body: decode_body(body).map_err(|error| error.to_string())?,
        })
    }

    fn at(&self, position: Position) -> Option<&Accepted> {
        self.records.get(usize::try_from(position.0).ok()?)
    }

    /// Where each request id stands.
    fn request_ids(&self) -> Result<BTreeMap<RequestId, &Accepted>, String> {
        let mut ids = BTreeMap::new();
        for record in &self.records {
            if let Some(first) = ids.insert(record.body.request_id, record) {
                let (first, second) = (first.place.position, record.place.position);
                return Err(format!(
                    "one request id stands at positions {first} and {second} (INV-5)"
                ));
            }
        }
        Ok(ids)
    }

    /// Folds it from its first record on: revisions are gapless, and nobody paid more than was promised.
    pub(super) fn fold(&self) -> Result<Book, String> {
        let mut book: Option<Book> = None;
        for record in &self.records {
            let Outcome::Events(events) = &record.body.outcome else {
                continue;
            };
            for (index, event) in (0_u32..).zip(events) {
                let position = record.place.position;
                let recorded = Recorded {
                    event_id: EventId { position, index },
                    recorded_at: record.place.recorded_at,
                    event: event.clone(),
                };
                let folded = match &mut book {
                    Some(book) => book.evolve(&recorded),
                    book @ None => Book::created(&recorded).map(|created| *book = Some(created)),
                };
                folded.map_err(|error| format!("position {position} does not fold: {error}"))?;
            }
        }
        let book = book.ok_or("the log holds no ledger")?;
        for number in 1..=4 {
            let id = agreement(&format!("agreement-{number}"));
            let undisbursed = book.agreement(&id).map(Agreement::undisbursed);
            if undisbursed.is_some_and(|left| left < 0) {
                return Err(format!("agreement {number} is overpaid (INV-2)"));
            }
        }
        Ok(book)
    }
}

/// Compares what clients and nodes were told with the log.
pub(super) fn check(
    history: &History,
    attempts: &[Attempt],
    cluster: &Cluster,
) -> Result<(), String> {
    let seen = cluster.seen();
    if let Some(violation) = seen.violations.first() {
        return Err(violation.clone());
    }
    for (node, place) in &seen.heads {
        let same = history.at(place.position).map(|record| record.place) == Some(*place);
        if !same {
            let position = place.position;
            return Err(format!(
                "node {node} took another record for position {position} (INV-11)"
            ));
        }
    }
    drop(seen);
    let ids = history.request_ids()?;
    for attempt in attempts {
        check_answer(attempt, &ids)?;
    }
    check_order(attempts)?;
    check_certain(attempts, &ids)
}

/// What was told stands in the log.
fn check_answer(attempt: &Attempt, ids: &BTreeMap<RequestId, &Accepted>) -> Result<(), String> {
    let id = attempt.request_id;
    let record = ids.get(&id);
    let stands = |place: &Place, refused: bool| {
        record.is_some_and(|record| {
            record.place == *place
                && record.body.command_digest == attempt.command_digest
                && matches!(record.body.outcome, Outcome::Refusal(_)) == refused
        })
    };
    let is_true = match &attempt.told {
        Told::Accepted(place) => stands(place, false),
        Told::RefusalKept(place) => stands(place, true),
        Told::Reused(position) => record.is_some_and(|record| {
            record.place.position == *position
                && record.body.command_digest != attempt.command_digest
        }),
        Told::Refused | Told::NotRecorded | Told::Unknown => true,
    };
    if is_true {
        return Ok(());
    }
    let told = &attempt.told;
    Err(format!(
        "request {id} was told {told:?}, which is not what the log holds (INV-4)"
    ))
}

/// Once an answer was final it stays: an attempt that began later is told the same, or nothing final.
fn check_order(attempts: &[Attempt]) -> Result<(), String> {
    for first in attempts {
        if !matches!(first.told, Told::Accepted(_) | Told::RefusalKept(_)) {
            continue;
        }
        for later in attempts {
            let same = later.request_id == first.request_id
                && later.command_digest == first.command_digest
                && first.ended <= later.begun;
            let stays = match later.told {
                Told::Accepted(_) | Told::RefusalKept(_) => later.told == first.told,
                Told::Refused | Told::Reused(_) => false,
                Told::NotRecorded | Told::Unknown => true,
            };
            if same && !stays {
                return Err(format!(
                    "request {} was told {:?}, and later {:?} (INV-5)",
                    first.request_id, first.told, later.told
                ));
            }
        }
    }
    Ok(())
}

/// If every attempt was told that nothing is recorded, nothing is.
fn check_certain(attempts: &[Attempt], ids: &BTreeMap<RequestId, &Accepted>) -> Result<(), String> {
    let mut certain: BTreeMap<RequestId, bool> = BTreeMap::new();
    for attempt in attempts {
        let not_recorded = matches!(attempt.told, Told::Refused | Told::NotRecorded);
        let all = certain.entry(attempt.request_id).or_insert(true);
        *all = *all && not_recorded;
    }
    for (id, not_recorded) in certain {
        if not_recorded && ids.contains_key(&id) {
            return Err(format!(
                "request {id} was told as not recorded, and is (INV-4)"
            ));
        }
    }
    Ok(())
}

/// After the storm every node stands where the log does, and knows who leads.
pub(super) fn check_nodes(history: &History, cluster: &Cluster) -> Result<(), String> {
    let newest = history.records.last().map(|record| record.place);
    for (node, status, head) in cluster.statuses() {
        if head != newest {
            return Err(format!(
                "node {node} stands at {head:?}, the log at {newest:?} (INV-11)"
            ));
        }
        let leader = status.leader.as_ref().map(|leader| leader.node.as_str());
        if status.term.0 != history.term || leader != Some(history.leader.as_str()) {
            return Err(format!(
                "node {node} says {status:?}, the log that {} leads term {} (INV-11)",
                history.leader, history.term
            ));
        }
    }
    Ok(())
}
