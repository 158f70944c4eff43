//! How a ledger comes to be open: read back, claimed where this process alone can, and created where there is none.

use perennial_domain::book::Book;
use perennial_domain::event::Event;
use perennial_domain::ids::LedgerId;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_proof::{Claim, Entry, Hash, Term};
use perennial_wire::stored::{Outcome, RecordBody};
use tokio::sync::oneshot;

use crate::ledger::{Claimant, NewLedger, OpenError};
use crate::ports::cache::LogPoint;
use crate::ports::log::{AppendOutcome, LogOffset, LogRead, Sharing, StoredEntry, Ticket};
use crate::ports::request_index::IndexedRequest;
use crate::records::{LedgerReadError, LedgerReader, Passed};
use crate::recovery::{KnownPoint, Recovered, recover};
use crate::submission::Place;
use crate::writer::{WonTerm, WriterOptions, WriterPorts, WriterState};

/// How much of the log the look at a first record reads.
const CREATION_READ_BYTES: usize = 4 * 1024;

pub(crate) async fn recover_off_thread(
    ledger_id: &LedgerId,
    ports: &WriterPorts,
    (known, options): (Option<KnownPoint>, WriterOptions),
) -> Result<Recovered, OpenError> {
    let source = ports.source(ledger_id.as_str());
    let (sender, recovered) = oneshot::channel();
    ports.tasks.run_blocking(Box::new(move || {
        // Whoever opened the ledger may have left.
        drop(sender.send(recover(&source, known, &options)));
    }));
    match recovered.await {
        Ok(Ok(recovered)) => Ok(recovered),
        Ok(Err(source)) => Err(OpenError::Recover {
            ledger_id: ledger_id.clone(),
            source,
        }),
        Err(_) => Err(OpenError::Append {
            ledger_id: ledger_id.clone(),
            reason: "reading the ledger broke off".to_owned(),
        }),
    }
}

/// Says how the ledger was opened: an operator who waits wants to know for what.
pub(crate) fn tell(ledger_id: &LedgerId, recovered: &Recovered) {
    let records = recovered.chain.next_position().0;
    let folded = recovered.folded;
    match recovered.snapshot {
        Some(snapshot) => tracing::info!(
            ledger = %ledger_id, records, snapshot = snapshot.0, folded, "recovered from a snapshot"
        ),
        None => {
            tracing::info!(ledger = %ledger_id, records, folded, "recovered from the log alone");
        }
    }
}

/// Makes the claim of `claimant` for `term`.
///
/// # Errors
/// What is wrong with its name or address.
pub(crate) fn claim_entry(
    claimant: &Claimant,
    term: Term,
    nonce: [u8; 16],
) -> Result<(Claim, StoredEntry), String> {
    let claim = Claim {
        term,
        node: claimant.node.clone(),
        address: claimant.address.clone(),
        nonce,
    };
    let mut entry = Vec::new();
    perennial_proof::entry::encode_claim(&mut entry, &claim).map_err(|error| error.to_string())?;
    Ok((claim, StoredEntry(entry)))
}

/// What opens or creates one ledger.
pub(crate) struct Founding<'a> {
    pub(crate) ledger_id: &'a LedgerId,
    pub(crate) claimant: &'a Claimant,
    pub(crate) ports: &'a WriterPorts,
    pub(crate) options: &'a WriterOptions,
}

impl Founding<'_> {
    fn fail(&self, reason: String) -> OpenError {
        OpenError::Append {
            ledger_id: self.ledger_id.clone(),
            reason,
        }
    }

    /// Appends a claim for the next term. Where this process alone can append, the claim that is durable has won; a
    /// shared log is read up to a claim that wins.
    pub(crate) async fn claim(&self, recovered: &mut Recovered) -> Result<WonTerm, OpenError> {
        let term = recovered
            .chain
            .next_term()
            .ok_or_else(|| self.fail("no term is left".to_owned()))?;
        let nonce = self.ports.ids.random();
        let made = claim_entry(self.claimant, term, nonce);
        let (claim, entry) = made.map_err(|reason| self.fail(reason))?;
        let ticket = self.ports.log.claim(entry);
        let next_offset = if self.ports.log.sharing() == Sharing::Shared {
            let reader = &mut recovered.reader;
            let won = self.read_until(reader, ticket, |reader| {
                let is_over = term <= reader.chain().term();
                is_over.then(|| reader.claim().is_some_and(|claim| claim.nonce == nonce))
            });
            let (won, _) = won.await?;
            if !won {
                return Err(self.fail("another node leads the ledger".to_owned()));
            }
            recovered.chain = recovered.reader.chain().clone();
            recovered.reader.next_offset()
        } else {
            let (_, next) = durable(ticket.await).map_err(|reason| self.fail(reason))?;
            let judged = recovered.chain.judge(&Entry::Claim(claim));
            judged.map_err(|error| self.fail(error.to_string()))?;
            next
        };
        Ok(WonTerm {
            term,
            nonce,
            next_offset,
        })
    }

    /// Reads a shared log until `is_done` says something, while the append of `ticket` is on its way. Returns what it
    /// said, and the last record read.
    async fn read_until(
        &self,
        reader: &mut LedgerReader,
        ticket: Ticket,
        is_done: impl Fn(&LedgerReader) -> Option<bool>,
    ) -> Result<(bool, Option<LogOffset>), OpenError> {
        let mut end = self.ports.log.durable_end();
        let mut ticket = Some(ticket);
        let mut limit = self.ports.tasks.sleep(self.options.append_wait_max);
        let mut newest = None;
        loop {
            end.mark_unchanged();
            while is_done(reader).is_none()
                && let Some(passed) = reader
                    .pass(CREATION_READ_BYTES)
                    .map_err(|error| self.fail(error.to_string()))?
            {
                for one in passed {
                    if let Passed::Record(record) = one {
                        newest = Some(record.offset);
                    }
                }
            }
            if let Some(done) = is_done(reader) {
                return Ok((done, newest));
            }
            let outcome = async {
                match &mut ticket {
                    Some(ticket) => ticket.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                changed = end.changed() => if changed.is_err() {
                    return Err(self.fail("the log was closed".to_owned()));
                },
                outcome = outcome => {
                    durable(outcome).map_err(|reason| self.fail(reason))?;
                    ticket = None;
                }
                () = limit.as_mut() => {
                    return Err(self.fail("nothing became of an append in time".to_owned()));
                }
            }
        }
    }

    /// Appends the first record of a ledger that this node leads.
    pub(crate) async fn append_first(
        &self,
        new: NewLedger,
        mut recovered: Recovered,
        leads: WonTerm,
    ) -> Result<(WriterState, Place), OpenError> {
        let now = self.ports.clock.now();
        let (event, book) = first_event(&new, now).map_err(|problem| self.fail(problem))?;
        let body = RecordBody {
            request_id: new.request_id,
            command_digest: creation_digest(&event),
            actor: new.actor,
            profile: new.profile,
            salt: self.ports.ids.random(),
            outcome: Outcome::Events(vec![event]),
        };
        let body = perennial_wire::stored::encode_body(&body);
        let mut entry = Vec::new();
        let sealed = recovered.chain.seal(now.0, &body, &mut entry);
        let sealed = sealed.map_err(|error| self.fail(error.to_string()))?;
        let ticket = self.ports.log.append(vec![StoredEntry(entry)]);
        let (offset, next_offset) = if self.ports.log.sharing() == Sharing::Shared {
            let term = leads.term;
            let read = self.read_until(&mut recovered.reader, ticket, |reader| {
                let is_it = reader.chain().head_hash() == sealed.record_hash;
                (is_it || term < reader.chain().term()).then_some(is_it)
            });
            match read.await? {
                (true, Some(offset)) => (offset, recovered.reader.next_offset()),
                (_, _) => return Err(self.fail("another node leads the ledger".to_owned())),
            }
        } else {
            durable(ticket.await).map_err(|reason| self.fail(reason))?
        };
        let position = Position(0);
        let request = IndexedRequest {
            request_id: new.request_id,
            position,
            offset,
        };
        let point = LogPoint {
            position,
            record_hash: sealed.record_hash,
            term: recovered.chain.term(),
            offset,
        };
        let place = Place {
            position,
            recorded_at: RecordedAt(sealed.recorded_at),
            record_hash: sealed.record_hash,
        };
        recovered.requests.settle(vec![request], point);
        let state = WriterState {
            book,
            requests: recovered.requests,
            newest: Some(point),
            snapshot: None,
            reader: recovered.reader,
            chain: recovered.chain,
            leads: Some(WonTerm {
                next_offset,
                ..leads
            }),
        };
        Ok((state, place))
    }
}

fn first_event(new: &NewLedger, now: RecordedAt) -> Result<(Event, Book), String> {
    let (id, policy) = (new.ledger_id.clone(), new.policy.clone());
    let event = Book::ledger_created(id, new.profile, policy, now.date());
    let event_id = EventId {
        position: Position(0),
        index: 0,
    };
    let book = Book::created(&Recorded {
        event_id,
        recorded_at: now,
        event: event.clone(),
    });
    Ok((event, book.map_err(|error| error.to_string())?))
}

fn creation_digest(event: &Event) -> [u8; 32] {
    let stored = perennial_wire::stored::encode_event(event);
    *Hash::of_parts(&[b"perennial.ledger-creation.v1\n", &stored]).as_bytes()
}

fn durable<E>(outcome: Result<AppendOutcome, E>) -> Result<(LogOffset, LogOffset), String> {
    match outcome {
        Ok(AppendOutcome::Durable { first, next }) => Ok((first, next)),
        Ok(AppendOutcome::Rejected { reason } | AppendOutcome::Unknown { reason }) => Err(reason),
        Err(_) => Err("the log stopped without an answer".to_owned()),
    }
}

/// Returns where a ledger begins, if `new` is the very request that created it.
///
/// # Errors
/// [`LedgerReadError`] if its first record cannot be read.
pub fn creation(log: &dyn LogRead, new: &NewLedger) -> Result<Option<Place>, LedgerReadError> {
    let mut reader = LedgerReader::from_start(log, new.ledger_id.as_str())?;
    let records = reader.read(CREATION_READ_BYTES)?;
    let Some(first) = records.first() else {
        return Ok(None);
    };
    let Ok(body) = first.body() else {
        return Ok(None);
    };
    let effective_on = first.recorded_at.date();
    let event = Book::ledger_created(
        new.ledger_id.clone(),
        new.profile,
        new.policy.clone(),
        effective_on,
    );
    let same = body.request_id == new.request_id && body.command_digest == creation_digest(&event);
    let place = Place {
        position: first.position,
        recorded_at: first.recorded_at,
        record_hash: first.record_hash,
    };
    Ok(same.then_some(place))
}
