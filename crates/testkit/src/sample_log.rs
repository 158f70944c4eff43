//! A ledger's log in memory that grows record by record, with the records of
//! [`crate::view_store::sample_records`]: what readers of logs are tested with.

use perennial_app::ports::log::{Log as _, StoredEntry};
use perennial_domain::event::Event;
use perennial_domain::ids::RequestId;
use perennial_domain::log::RecordedAt;
use perennial_domain::rule::Profile;
use perennial_proof::{Chain, Claim, Entry, Term};
use perennial_wire::stored::{
    Actor, Outcome, RecordBody, RefusalClass, StoredRefusal, StoredViolation, encode_body,
};

use crate::log::MemoryLog;
use crate::view_store::sample_records;

/// A growing log. Its readers take [`SampleLog::log`].
pub struct SampleLog {
    log: MemoryLog,
    chain: Chain,
}

impl SampleLog {
    /// Returns a log that holds one claim and no record.
    ///
    /// # Panics
    /// Never.
    pub fn new(ledger_id: &str) -> Self {
        let mut sample = Self {
            log: MemoryLog::default(),
            chain: Chain::new(ledger_id),
        };
        sample.claim();
        sample
    }

    /// Returns a log with these entries, to which nothing can be added.
    pub fn holding(ledger_id: &str, entries: Vec<StoredEntry>) -> Self {
        Self {
            log: MemoryLog::holding(entries),
            chain: Chain::new(ledger_id),
        }
    }

    /// The log, for readers.
    pub fn log(&self) -> MemoryLog {
        self.log.clone()
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.chain.next_position().0
    }

    /// Appends a claim that wins.
    ///
    /// # Panics
    /// If no term is left.
    pub fn claim(&mut self) {
        let Some(term) = self.chain.next_term() else {
            panic!("no term is left")
        };
        let claim = claim(term);
        self.append(encoded_claim(&claim));
        if let Err(damage) = self.chain.judge(&Entry::Claim(claim)) {
            panic!("{damage}");
        }
    }

    /// Appends a claim that comes too late: a dead entry.
    ///
    /// # Panics
    /// Never.
    pub fn dead_claim(&mut self) {
        self.append(encoded_claim(&claim(Term(1))));
    }

    /// Appends sample records until there are `records`.
    ///
    /// # Panics
    /// If a record cannot be sealed.
    pub fn grow_to(&mut self, records: u64) {
        let from = usize::try_from(self.records()).unwrap_or(usize::MAX);
        for (meta, recorded) in sample_records(records).into_iter().skip(from) {
            let events = recorded
                .into_iter()
                .map(|recorded| recorded.event)
                .collect();
            self.append_record(meta.recorded_at, events);
        }
    }

    /// Appends one record of these events, or of a refusal if there are none.
    ///
    /// # Panics
    /// If it cannot be sealed.
    pub fn append_record(&mut self, at: RecordedAt, events: Vec<Event>) {
        let outcome = if events.is_empty() {
            Outcome::Refusal(refusal())
        } else {
            Outcome::Events(events)
        };
        let mut request_id = [0; 16];
        for (byte, part) in request_id.iter_mut().zip(self.records().to_be_bytes()) {
            *byte = part;
        }
        let body = RecordBody {
            request_id: RequestId(request_id),
            command_digest: [0; 32],
            actor: Actor {
                subject: "anonymous".to_owned(),
                peer: String::new(),
            },
            profile: Profile::Strict,
            salt: [7; 16],
            outcome,
        };
        let mut entry = Vec::new();
        match self.chain.seal(at.0, &encode_body(&body), &mut entry) {
            Ok(_) => self.append(entry),
            Err(error) => panic!("{error}"),
        }
    }

    fn append(&self, entry: Vec<u8>) {
        // A log in memory without faults answers at once.
        drop(self.log.append(vec![StoredEntry(entry)]));
    }
}

fn claim(term: Term) -> Claim {
    Claim {
        term,
        node: "test".to_owned(),
        address: "127.0.0.1:0".to_owned(),
        nonce: [1; 16],
    }
}

fn encoded_claim(claim: &Claim) -> Vec<u8> {
    let mut entry = Vec::new();
    if let Err(error) = perennial_proof::entry::encode_claim(&mut entry, claim) {
        panic!("{error}");
    }
    entry
}

fn refusal() -> StoredRefusal {
    let violation = StoredViolation {
        class: RefusalClass::Invalid,
        reason: "ZERO_AMOUNT".to_owned(),
        command_index: Some(0),
        field: Some("amount".to_owned()),
        rule: None,
        subject: String::new(),
        figures: Vec::new(),
        description: "must not be 0".to_owned(),
    };
    StoredRefusal {
        violations: vec![violation],
    }
}
