//! The shared log of a run: what producers send arrives late, twice, in part or not at all, and what they are told
//! about it need not be true in time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perennial_app::ports::log::{
    AppendOutcome, Log, LogOffset, LogRead, LogTail, ReadError, Sharing, StoredEntry, TailEntry,
    Ticket,
};
use tokio::sync::{oneshot, watch};

use super::executor::{Clockwork, MS, Moment};

/// How long a producer tries before it says that it does not know.
pub(super) const MESSAGE_TIMEOUT: Moment = 1_500 * MS;

/// What becomes of an append that goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Normal,
    Rejected,
    Lost,
    Late,
    AckLost,
    NeverTold,
    Twice,
    OddAck,
}

const TROUBLES: [Fate; 7] = [
    Fate::Rejected,
    Fate::Lost,
    Fate::Late,
    Fate::AckLost,
    Fate::NeverTold,
    Fate::Twice,
    Fate::OddAck,
];

/// How one node reaches the broker.
struct Link {
    /// How far the node has fetched.
    end: watch::Sender<LogOffset>,
    cut_until: Moment,
    unreadable_until: Moment,
}

struct State {
    entries: Vec<StoredEntry>,
    links: Vec<Link>,
    /// When the newest message of each producer arrives, so that none overtakes another.
    producers: Vec<Moment>,
    /// One append in so many goes wrong; 0: none.
    trouble: u64,
    /// Senders whose receivers wait for ever.
    untold: Vec<oneshot::Sender<AppendOutcome>>,
}

/// The broker. Clones are the same.
#[derive(Clone)]
pub(super) struct Broker {
    clockwork: Clockwork,
    state: Arc<Mutex<State>>,
}

fn offset(entries: usize) -> LogOffset {
    LogOffset(u64::try_from(entries).unwrap_or(u64::MAX))
}

impl Broker {
    pub(super) fn new(clockwork: Clockwork, nodes: usize) -> Self {
        let link = |_| Link {
            end: watch::channel(LogOffset(0)).0,
            cut_until: 0,
            unreadable_until: 0,
        };
        let state = State {
            entries: Vec::new(),
            links: (0..nodes).map(link).collect(),
            producers: Vec::new(),
            trouble: 0,
            untold: Vec::new(),
        };
        Self {
            clockwork,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything stored, in order.
    pub(super) fn entries(&self) -> Vec<StoredEntry> {
        self.state().entries.clone()
    }

    /// How many entries are stored.
    pub(super) fn end(&self) -> usize {
        self.state().entries.len()
    }

    /// Lets one append in `times` go wrong; none for 0.
    pub(super) fn trouble(&self, times: u64) {
        self.state().trouble = times;
    }

    pub(super) fn cut(&self, node: usize, until: Moment) {
        if let Some(link) = self.state().links.get_mut(node) {
            link.cut_until = until;
        }
    }

    pub(super) fn unreadable(&self, node: usize, until: Moment) {
        if let Some(link) = self.state().links.get_mut(node) {
            link.unreadable_until = until;
        }
    }

    pub(super) fn heal(&self) {
        let mut state = self.state();
        state.trouble = 0;
        for link in &mut state.links {
            (link.cut_until, link.unreadable_until) = (0, 0);
        }
    }

    /// Puts an entry into the log at once, whoever it is from.
    pub(super) fn put(&self, entry: StoredEntry) {
        self.store(vec![entry]);
    }

    fn store(&self, entries: Vec<StoredEntry>) -> (LogOffset, LogOffset) {
        let mut state = self.state();
        let first = offset(state.entries.len());
        state.entries.extend(entries);
        let next = offset(state.entries.len());
        let nodes = state.links.len();
        drop(state);
        for node in 0..nodes {
            self.fetch(node, next);
        }
        (first, next)
    }

    /// Lets a node see the log up to `next` some time later.
    fn fetch(&self, node: usize, next: LogOffset) {
        let delay = self.clockwork.between(100, 3 * MS);
        let broker = self.clone();
        let at = self.clockwork.now().saturating_add(delay);
        self.clockwork.at(at, move || {
            let now = broker.clockwork.now();
            let state = broker.state();
            let Some(link) = state.links.get(node) else {
                return;
            };
            if now < link.cut_until {
                let until = link.cut_until;
                drop(state);
                let again = broker.clone();
                let retry = move || again.fetch(node, next);
                return broker.clockwork.at(until, retry);
            }
            let end = link.end.clone();
            drop(state);
            end.send_if_modified(|end| {
                let further = *end < next;
                *end = next.max(*end);
                further
            });
        });
    }

    fn fate(&self) -> Fate {
        let trouble = self.state().trouble;
        if trouble == 0 || !self.clockwork.one_in(trouble) {
            return Fate::Normal;
        }
        let last = u64::try_from(TROUBLES.len() - 1).unwrap_or_default();
        let choice = usize::try_from(self.clockwork.between(0, last)).unwrap_or_default();
        TROUBLES.get(choice).copied().unwrap_or(Fate::Lost)
    }

    fn producer(&self) -> usize {
        let mut state = self.state();
        state.producers.push(0);
        state.producers.len() - 1
    }

    fn send(&self, node: usize, producer: usize, batch: Vec<StoredEntry>) -> Ticket {
        let (answer, ticket) = oneshot::channel();
        let mut fate = self.fate();
        let now = self.clockwork.now();
        let mut at = now.saturating_add(self.clockwork.between(100, 3 * MS));
        let cut_until = self
            .state()
            .links
            .get(node)
            .map_or(0, |link| link.cut_until);
        let gives_up = now.saturating_add(MESSAGE_TIMEOUT);
        if at < cut_until {
            let in_time = cut_until < gives_up;
            at = cut_until.saturating_add(MS);
            if !in_time {
                fate = if self.clockwork.one_in(2) {
                    Fate::Lost
                } else {
                    Fate::Late
                };
            }
        }
        // An engine may take longer to give up than it was told to.
        let gives_up = gives_up.saturating_add(self.clockwork.between(0, 200 * MS));
        let at = self.in_order(producer, at);
        let unknown = Telling::Unknown(gives_up);
        match fate {
            Fate::Normal => self.deliver(at, batch, Telling::Truth, answer),
            Fate::OddAck => self.deliver(at, batch, Telling::Odd, answer),
            Fate::AckLost => self.deliver(at, batch, unknown, answer),
            Fate::Late => {
                let most = if self.clockwork.one_in(2) { 1_500 } else { 5 };
                let late = gives_up.saturating_add(self.clockwork.between(0, most * MS));
                self.deliver(late, batch, unknown, answer);
            }
            Fate::Twice => {
                let again = at.saturating_add(self.clockwork.between(0, 50 * MS));
                let (second, _) = oneshot::channel();
                self.deliver(again, batch.clone(), Telling::Truth, second);
                self.deliver(at, batch, Telling::Truth, answer);
            }
            Fate::Lost => {
                let kept = usize::try_from(self.clockwork.between(0, 2)).unwrap_or_default();
                let mut part = batch;
                part.truncate(usize::from(kept == 2));
                self.deliver(at, part, unknown, answer);
            }
            Fate::NeverTold => {
                if self.clockwork.one_in(2) {
                    let (nobody, _) = oneshot::channel();
                    self.deliver(at, batch, Telling::Truth, nobody);
                }
                self.state().untold.push(answer);
            }
            Fate::Rejected => {
                let reason = "the broker refuses it".to_owned();
                answer.send(AppendOutcome::Rejected { reason }).ok();
            }
        }
        ticket
    }

    fn in_order(&self, producer: usize, at: Moment) -> Moment {
        let mut state = self.state();
        let Some(newest) = state.producers.get_mut(producer) else {
            return at;
        };
        *newest = at.max(newest.saturating_add(1));
        *newest
    }

    /// Stores a batch in up to two parts, then tells the producer.
    fn deliver(
        &self,
        at: Moment,
        batch: Vec<StoredEntry>,
        telling: Telling,
        answer: oneshot::Sender<AppendOutcome>,
    ) {
        let broker = self.clone();
        self.clockwork.at(at, move || {
            let mut first_part = batch;
            let parts = 1 < first_part.len() && broker.clockwork.one_in(3);
            let second_part = if parts {
                first_part.split_off(1)
            } else {
                Vec::new()
            };
            let first = broker.store(first_part);
            if second_part.is_empty() {
                return broker.tell(first, telling, answer);
            }
            let again = broker.clone();
            let at = broker.clockwork.now().saturating_add(1);
            broker.clockwork.at(at, move || {
                let second = again.store(second_part);
                let telling = if first.1 == second.0 {
                    telling
                } else {
                    // Somebody else's entry stands between them, and an engine says so.
                    Telling::Unknown(again.clockwork.now())
                };
                again.tell((first.0, second.1), telling, answer);
            });
        });
    }

    fn tell(
        &self,
        (first, next): (LogOffset, LogOffset),
        telling: Telling,
        answer: oneshot::Sender<AppendOutcome>,
    ) {
        let soon = self
            .clockwork
            .now()
            .saturating_add(self.clockwork.between(50, 5 * MS));
        let unknown = || AppendOutcome::Unknown {
            reason: "the message timed out".to_owned(),
        };
        let (at, outcome) = match telling {
            Telling::Truth => (soon, AppendOutcome::Durable { first, next }),
            Telling::Odd => {
                let first = LogOffset(first.0.saturating_add(1));
                (soon, AppendOutcome::Durable { first, next })
            }
            Telling::Unknown(at) => (at, unknown()),
        };
        self.clockwork.at(at, move || {
            // Whoever waited may have been killed.
            answer.send(outcome).ok();
        });
    }
}

/// What a producer is told of its batch.
#[derive(Clone, Copy)]
enum Telling {
    Truth,
    Odd,
    Unknown(Moment),
}

/// The log port of one run of a node.
pub(super) struct SimLog {
    pub(super) broker: Broker,
    pub(super) node: usize,
    producer: Mutex<usize>,
}

impl SimLog {
    pub(super) fn new(broker: Broker, node: usize) -> Self {
        let producer = Mutex::new(broker.producer());
        Self {
            broker,
            node,
            producer,
        }
    }

    fn current(&self) -> MutexGuard<'_, usize> {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogRead for SimLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        Ok(Box::new(SimTail {
            broker: self.broker.clone(),
            node: self.node,
            next: from,
        }))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        let state = self.broker.state();
        match state.links.get(self.node) {
            Some(link) => link.end.subscribe(),
            None => watch::channel(LogOffset(0)).1,
        }
    }

    fn end_now(&self) -> oneshot::Receiver<LogOffset> {
        let (sender, receiver) = oneshot::channel();
        let clockwork = self.broker.clockwork.clone();
        let (broker, node) = (self.broker.clone(), self.node);
        let asked = clockwork
            .now()
            .saturating_add(clockwork.between(100, 3 * MS));
        clockwork.at(asked, move || {
            let now = broker.clockwork.now();
            let state = broker.state();
            if state
                .links
                .get(node)
                .is_none_or(|link| now < link.cut_until)
            {
                // The question is lost, and with it the sender.
                return;
            }
            let end = offset(state.entries.len());
            drop(state);
            let told = now.saturating_add(broker.clockwork.between(100, 3 * MS));
            broker.clockwork.at(told, move || {
                sender.send(end).ok();
            });
        });
        receiver
    }
}

impl Log for SimLog {
    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn claim(&self, claim: StoredEntry) -> Ticket {
        let producer = self.broker.producer();
        *self.current() = producer;
        self.broker.send(self.node, producer, vec![claim])
    }

    fn append(&self, batch: Vec<StoredEntry>) -> Ticket {
        let producer = *self.current();
        self.broker.send(self.node, producer, batch)
    }
}

struct SimTail {
    broker: Broker,
    node: usize,
    next: LogOffset,
}

impl LogTail for SimTail {
    fn read(&mut self, bytes_max: usize) -> Result<Vec<TailEntry>, ReadError> {
        let now = self.broker.clockwork.now();
        let state = self.broker.state();
        let Some(link) = state.links.get(self.node) else {
            return Ok(Vec::new());
        };
        if now < link.unreadable_until {
            return Err(ReadError::Unavailable {
                offset: self.next,
                source: "the broker does not answer".into(),
            });
        }
        let end = usize::try_from(link.end.borrow().0).unwrap_or_default();
        let from = usize::try_from(self.next.0).unwrap_or(usize::MAX);
        let mut bytes = 0_usize;
        let mut read = Vec::new();
        for entry in state.entries.iter().take(end).skip(from) {
            bytes = bytes.saturating_add(entry.0.len());
            if !read.is_empty() && bytes_max < bytes {
                break;
            }
            let next_offset = LogOffset(self.next.0.saturating_add(1));
            read.push(TailEntry {
                offset: self.next,
                next_offset,
                entry: entry.clone(),
            });
            self.next = next_offset;
        }
        Ok(read)
    }
}
