//! Whole runs of several nodes on one shared log, simulated: the real writer, seat, recovery, acceptance and domain,
//! over a broker, clocks and a network that do their worst. One seed decides everything; the same seed gives the same
//! run.
//!
//! Messages are lost, late, doubled, refused, acknowledged wrongly or never; nodes are killed, stopped, paused at any
//! step and cut off; clocks go wrong; strangers write into the log. Then everything heals. `check` compares what every
//! client and every node was told with what the log holds, which shows INV-4, INV-5, INV-9 and INV-11; `progress` says
//! whether one node came to lead, nobody claimed any more, and clients were answered in time.
//!
//! Read in order: `executor`, `broker`, `node`, `client`, `check`, `progress`, then [`run`].

mod broker;
mod check;
mod client;
mod executor;
mod node;
mod progress;

use std::sync::Arc;

use perennial_app::ledger::NewLedger;
use perennial_app::ports::log::StoredEntry;
use perennial_app::seat::status::{Role, SeatStatus};
use perennial_domain::ids::{LedgerId, RequestId};
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::rule::Profile;
use perennial_proof::{Claim, Term};
use perennial_wire::stored::Actor;

use crate::must::must;
use crate::random::Random;
use check::History;
use client::{Client, SharedDiary};
use executor::{Executor, MS};
use node::Cluster;
use progress::{Calm, Mark};

/// The name of the client that begins when nothing goes wrong any more.
const LATE_CLIENT: u64 = 99;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps of tasks and events.
    pub steps: u64,
    /// Records in the ledger.
    pub records: u64,
    /// Terms that began.
    pub terms: u64,
    /// Entries that count for nobody.
    pub dead: u64,
    /// Attempts of clients.
    pub attempts: u64,
    /// Changes with every choice that was made: equal for equal runs.
    pub trace: u64,
}

/// Something that must never happen, happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}: {problem}")]
pub struct Violation {
    /// The run's seed, which repeats it.
    pub seed: u64,
    /// What happened.
    pub problem: String,
}

/// Simulates one run.
///
/// # Errors
/// [`Violation`].
pub fn run(seed: u64) -> Result<Report, Violation> {
    let violation = |problem| Violation { seed, problem };
    let mut run = Run::new(seed);
    run.found().map_err(violation)?;
    run.storm();
    let calm = run.heal().map_err(violation)?;
    run.report(calm).map_err(violation)
}

struct Run {
    executor: Executor,
    cluster: Cluster,
    diary: SharedDiary,
    random: Random,
    /// Whether strangers write into the log.
    strangers: bool,
    keep_refusals: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let hiccup = *random.pick(&[8, 30, 200]);
        let executor = Executor::new(random.split(), hiccup);
        let ledger_id = must(LedgerId::parse("simulated"));
        let cluster = Cluster::new(executor.clockwork.clone(), ledger_id, &mut random);
        Self {
            executor,
            cluster,
            diary: SharedDiary::default(),
            strangers: random.one_in(3),
            keep_refusals: random.one_in(3),
            random,
        }
    }

    /// Creates the ledger, then starts the other nodes and the clients.
    fn found(&mut self) -> Result<(), String> {
        let new = NewLedger {
            request_id: RequestId([0xff; 16]),
            actor: Actor {
                subject: "anonymous".to_owned(),
                peer: String::new(),
            },
            ledger_id: self.cluster.ledger_id.clone(),
            profile: Profile::Strict,
            policy: LedgerPolicy {
                keep_refusals: self.keep_refusals,
                ..LedgerPolicy::default()
            },
        };
        self.cluster.start(0, Some(new));
        let cluster = self.cluster.clone();
        let created = || cluster.ledger(0).is_some();
        if !self.executor.run(10_000 * MS, created) {
            return Err("the ledger was not created".to_owned());
        }
        for node in 1..self.cluster.count() {
            self.cluster.start(node, None);
        }
        let clients = self.random.between(2, 8);
        for name in 0..clients {
            let submissions = self.random.between(3, 12);
            let random = self.random.split();
            Client::begin(&self.cluster, &self.diary, (name, submissions), random);
        }
        self.cluster
            .broker
            .trouble(*self.random.pick(&[0, 5, 12, 40]));
        Ok(())
    }

    /// Lets everything go wrong for a while.
    fn storm(&mut self) {
        let ends = self.executor.clockwork.now() + self.random.between(2_000, 8_000) * MS;
        while self.executor.clockwork.now() < ends {
            let pause = self.random.between(20, 900) * MS;
            let until = self.executor.clockwork.now() + pause;
            self.executor.run(until, || false);
            self.strike();
        }
    }

    fn strike(&mut self) {
        let now = self.executor.clockwork.now();
        let nodes = u64::try_from(self.cluster.count()).unwrap_or(1);
        let leading = |(node, status, _): (usize, SeatStatus, _)| {
            (status.role == Role::Leading).then_some(node)
        };
        let leader = self.cluster.statuses().into_iter().find_map(leading);
        let any = usize::try_from(self.random.below(nodes)).unwrap_or_default();
        let node = leader.filter(|_| self.random.one_in(2)).unwrap_or(any);
        let until = now + self.random.between(10, 2_500) * MS;
        match self.random.below(13) {
            10..=12 => {
                // Only clients reach it: it does not learn that it leads no more.
                let node = leader.unwrap_or(any);
                let until = until.saturating_add(1_000 * MS);
                self.cluster.unreachable(node, until);
                self.cluster.broker.cut(node, until);
            }
            0 | 1 => {
                self.cluster.kill(&mut self.executor, node);
                self.start_later(node);
            }
            2 => {
                self.cluster.stop(node);
                self.start_later(node);
            }
            3 | 4 => {
                self.executor.pause(node, until);
                self.cluster.unreachable(node, until);
            }
            5 => self.cluster.broker.cut(node, until),
            6 => self.cluster.unreachable(node, until),
            7 => self.cluster.broker.unreadable(node, until),
            8 => {
                let seconds = i64::try_from(self.random.between(0, 30)).unwrap_or_default();
                self.cluster.skew(node, (seconds - 15) * 1_000_000);
            }
            9 if self.strangers => self.intrude(),
            _ => {}
        }
    }

    fn start_later(&mut self, node: usize) {
        let cluster = self.cluster.clone();
        let at = self.executor.clockwork.now() + self.random.between(10, 1_500) * MS;
        self.executor
            .clockwork
            .at(at, move || cluster.start(node, None));
    }

    /// Somebody repeats an entry, or claims what nobody may claim.
    fn intrude(&mut self) {
        let entries = self.cluster.broker.entries();
        let entry = if self.random.one_in(3) && !entries.is_empty() {
            self.random.pick(&entries).clone()
        } else {
            let history = History::of(self.cluster.ledger_id.as_str(), &entries);
            let term = history.map_or(0, |history| history.term);
            stray_claim(term + 2 * self.random.below(2), &mut self.random)
        };
        self.cluster.broker.put(entry);
    }

    /// Lets everything work again, until every client knows and every node stands at the end.
    fn heal(&mut self) -> Result<Calm, String> {
        self.cluster.heal();
        self.executor.resume_all();
        self.executor.calm();
        let heals = Mark::now(&self.cluster);
        for seconds in [2, 5] {
            // One that was asked to stop may still have had to answer at the first time.
            self.executor.run(heals.at + seconds * 1_000 * MS, || false);
            for node in 0..self.cluster.count() {
                self.cluster.start(node, None);
            }
        }
        self.executor.run(heals.at + progress::SETTLES, || false);
        let quiet = Mark::now(&self.cluster);
        // The others may have nothing left to do.
        Client::begin(
            &self.cluster,
            &self.diary,
            (LATE_CLIENT, 3),
            self.random.split(),
        );
        let diary = Arc::clone(&self.diary);
        let all_know = || client::open(&diary).busy == 0;
        let limit = quiet.at + 60_000 * MS;
        if !self.executor.run(limit, all_know) {
            let busy = client::open(&diary).busy;
            let states = self.cluster.statuses();
            return Err(format!("{busy} clients never come to know: {states:?}"));
        }
        self.executor.run(quiet.at + progress::QUIET, || false);
        // Every node has read by then what came last.
        let rest = self.executor.clockwork.now() + 100 * MS;
        self.executor.run(rest, || false);
        Ok(Calm { heals, quiet })
    }

    fn report(&self, calm: Calm) -> Result<Report, String> {
        let entries = self.cluster.broker.entries();
        let history = History::of(self.cluster.ledger_id.as_str(), &entries)?;
        let diary = client::open(&self.diary);
        check::check(&history, &diary.attempts, &self.cluster)?;
        check::check_nodes(&history, &self.cluster)?;
        progress::check(&history, &diary, (calm, &self.cluster))?;
        history.fold()?;
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Report {
            steps: self.executor.steps,
            records: count(history.records.len()),
            terms: history.term,
            dead: history.dead,
            attempts: count(diary.attempts.len()),
            trace: self.executor.trace,
        })
    }
}

/// A claim that cannot win, of a node that exists.
fn stray_claim(term: u64, random: &mut Random) -> StoredEntry {
    let claim = Claim {
        term: Term(term),
        node: node::name(1),
        address: String::new(),
        nonce: u128::from(random.next_u64()).to_le_bytes(),
    };
    let mut bytes = Vec::new();
    must(perennial_proof::entry::encode_claim(&mut bytes, &claim));
    StoredEntry(bytes)
}
