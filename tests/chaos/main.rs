//! Chaos with real processes: `chaos ROUNDS NODES [SEED]`, as `cargo xtask chaos` calls it.
//!
//! Three brokers, some nodes and 32 clients. In each round something is killed, stopped or started again; then all is
//! brought back. At the end what the clients were told is held against what every node tells.
//!
//! The seed decides the faults and what clients ask, not how threads and processes take turns: the deterministic half
//! is `cargo xtask sim`.
//!
//! Reading order: `faults`, `load`, `cluster`, `check`, `report`, then the rounds here.
#![expect(clippy::print_stdout, reason = "a person reads it")]

mod check;
mod cluster;
mod faults;
mod load;
mod report;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use perennial_kafka_rig::{Surroundings, Tools, ToolsError};
use perennial_testkit::random::Random;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::Instant;

use check::{Attempt, Told, check};
use cluster::{Cluster, Leads, hex, leads};
use faults::{Deck, Round};
use load::{Clients, Load};
use report::{Outcome, Table, TermSeen, shown};

const LEDGER: &str = "chaos";
/// So many submissions, begun after everything was brought back, end a round: two for each client.
const PROGRESS: usize = 64;
/// A deposed leader that was cut off needs 35 s for it.
const PROGRESS_WITHIN: Duration = Duration::from_secs(90);
/// How long the last outcomes may take to become known.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);
/// How often nodes are asked whether they lead.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// So many sentences of what is wrong are shown.
const SHOWN: usize = 40;

/// What is to be run.
struct Plan {
    rounds: u64,
    nodes: usize,
    seed: u64,
    binary: PathBuf,
    folder: PathBuf,
}

fn main() -> Result<ExitCode> {
    let numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let numbers: Vec<u64> = numbers
        .collect::<Result<_, _>>()
        .context("chaos ROUNDS NODES [SEED]")?;
    let &[rounds, nodes, ref seed @ ..] = numbers.as_slice() else {
        bail!("chaos ROUNDS NODES [SEED]");
    };
    if !(2..=5).contains(&nodes) {
        bail!("there are 2 to 5 nodes, not {nodes}");
    }
    let surroundings = Surroundings::read();
    let tools = match Tools::prepare(&surroundings) {
        Ok(tools) => tools,
        Err(error @ ToolsError::Missing { .. }) if !surroundings.ci => {
            println!("SKIPPED: chaos on real Kafka: {error}");
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    };
    let folder = tempfile::Builder::new()
        .prefix("perennial-chaos-")
        .tempdir()
        .context("make a directory for the nodes")?;
    let drawn = || RandomState::new().build_hasher().finish() % 1_000_000;
    let plan = Plan {
        rounds,
        nodes: usize::try_from(nodes)?,
        seed: seed.first().copied().unwrap_or_else(drawn),
        binary: binary()?,
        folder: folder.path().to_owned(),
    };
    println!("seed {}", plan.seed);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start a runtime")?;
    let wrong = runtime.block_on(run(&plan, &tools));
    // Whatever still waits for a process that answers no more is not waited for.
    runtime.shutdown_background();
    let wrong = wrong.unwrap_or_else(|error| vec![format!("{error:#}")]);
    if wrong.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{} things are wrong:", wrong.len());
    for problem in wrong.iter().take(SHOWN) {
        println!("- {problem}");
    }
    println!("seed {}", plan.seed);
    println!("data and logs are kept in {}", folder.keep().display());
    Ok(ExitCode::FAILURE)
}

/// The program under test, which cargo puts beside the folder of examples.
fn binary() -> Result<PathBuf> {
    let this = std::env::current_exe().context("find this program")?;
    let built = this.parent().and_then(|examples| examples.parent());
    let binary = built
        .context("find the build")?
        .join("perennial-under-test");
    if !binary.is_file() {
        let shown = binary.display();
        bail!("{shown} is not built: cargo build -p perennial-tests --bins");
    }
    Ok(binary)
}

/// Returns what is wrong; keeps the cluster's files then.
async fn run(plan: &Plan, tools: &Tools) -> Result<Vec<String>> {
    let cluster =
        block_in_place(|| Cluster::start(tools, plan.binary.clone(), &plan.folder, plan.nodes));
    let mut storm = Storm::begin(cluster?, plan)?;
    let mut wrong = match storm.rounds(plan.rounds).await {
        Ok(()) => Vec::new(),
        Err(error) => vec![format!("{error:#}")],
    };
    if wrong.is_empty() {
        match storm.judge().await {
            Ok(found) => wrong.extend(found),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    let cluster = storm.end();
    if !wrong.is_empty()
        && let Err(error) = block_in_place(|| cluster.keep())
    {
        wrong.push(format!("{error:#}"));
    }
    Ok(wrong)
}

/// A cluster under load and faults.
struct Storm {
    cluster: Cluster,
    load: Arc<Load>,
    clients: Clients,
    watch: JoinHandle<()>,
    terms: Arc<Mutex<Vec<TermSeen>>>,
    deck: Deck,
    random: Random,
    table: Table,
}

impl Storm {
    fn begin(cluster: Cluster, plan: &Plan) -> Result<Self> {
        let mut random = Random::seeded(plan.seed);
        let deck = Deck::new(random.split());
        let (load, clients) = Load::start(&cluster.addresses(), &mut random)?;
        let terms = Arc::default();
        let watching = watch(
            cluster.node_addresses(),
            Arc::clone(&load),
            Arc::clone(&terms),
        );
        Ok(Self {
            watch: tokio::spawn(watching),
            cluster,
            load,
            clients,
            terms,
            deck,
            random,
            table: Table::default(),
        })
    }

    async fn rounds(&mut self, rounds: u64) -> Result<()> {
        self.progress(Duration::ZERO).await.context("at first")?;
        for number in 1..=rounds {
            let round = self.deck.round();
            let happened = self.round(&round).await;
            let outcome = happened.with_context(|| format!("round {number}: {round}"))?;
            println!(
                "round {number}: {round}: {} acknowledged, longest stall {}, take-over {}",
                outcome.acknowledged,
                shown(Some(outcome.stall)),
                shown(outcome.take_over)
            );
            self.table.add(&round, outcome);
        }
        Ok(())
    }

    async fn round(&mut self, round: &Round) -> Result<Outcome> {
        let leader = self.leader().await?;
        let struck_at = self.load.now();
        let random = &mut self.random;
        let mut strike = |fault, leader: &Leads| {
            block_in_place(|| self.cluster.strike(fault, Some(leader), random))
        };
        let mut struck = vec![strike(round.fault, &leader)?];
        if let Some((second, after)) = round.second {
            tokio::time::sleep(after).await;
            // Where the first one struck a broker, the leader may not be one any more: it is struck all the same.
            struck.push(strike(second, &leader)?);
        }
        tokio::time::sleep(round.lasts).await;
        block_in_place(|| self.cluster.heal(&struck))?;
        self.progress(self.load.now()).await?;
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        let window = (struck_at, self.load.now());
        Ok(Outcome::of(window, &self.load.attempts(), &terms))
    }

    async fn leader(&self) -> Result<Leads> {
        let addresses = self.cluster.node_addresses();
        let asking = async {
            loop {
                if let Some(leader) = leads(&addresses).await {
                    return leader;
                }
                tokio::time::sleep(WATCH_EVERY).await;
            }
        };
        let found = tokio::time::timeout(PROGRESS_WITHIN, asking).await;
        found.context("nobody leads the ledger though everything runs")
    }

    /// Waits until submissions that were begun after `moment` are acknowledged.
    async fn progress(&self, moment: Duration) -> Result<()> {
        let deadline = Instant::now() + PROGRESS_WITHIN;
        while self.load.acknowledged_since(moment) < PROGRESS {
            if deadline < Instant::now() {
                let count = self.load.acknowledged_since(moment);
                bail!(
                    "only {count} submissions were acknowledged in {} s though everything runs",
                    PROGRESS_WITHIN.as_secs()
                );
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
        Ok(())
    }

    /// Lets the clients settle what is unknown, starts one more node that knows nothing, and compares.
    async fn judge(&mut self) -> Result<Vec<String>> {
        self.load.end();
        let clients = std::mem::take(&mut self.clients);
        let unsettled = clients.settle(SETTLED_WITHIN).await;
        let mut wrong = Vec::new();
        if 0 < unsettled {
            wrong.push(format!("{unsettled} clients still do not know an outcome"));
        }
        self.watch.abort();
        block_in_place(|| self.cluster.join("node-new"))?;
        let replicas = self.cluster.replicas().await?;
        let attempts = self.load.attempts().clone();
        wrong.extend(check(&attempts, &replicas));
        wrong.extend(block_in_place(|| self.cluster.verify(&replicas))?);
        println!();
        for line in self.table.lines() {
            println!("{line}");
        }
        println!("\n{}", summary(&attempts));
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = terms.iter().map(|seen| seen.term).max().unwrap_or_default();
        if let Some(first) = replicas.first() {
            println!(
                "{} nodes at position {} after {newest} terms: head hash {}, digest {}",
                replicas.len(),
                first.head_position,
                hex(&first.head_hash),
                hex(&first.digest)
            );
        }
        if wrong.is_empty() {
            println!(
                "0 acknowledged submissions lost, 0 answered twice differently, equal digests"
            );
        }
        Ok(wrong)
    }

    fn end(self) -> Cluster {
        self.watch.abort();
        self.load.end();
        self.cluster
    }
}

fn summary(attempts: &[Attempt]) -> String {
    let count = |is: fn(&Told) -> bool| attempts.iter().filter(|one| is(&one.told)).count();
    format!(
        "{} answers: {} acknowledged, {} refused, {} for a request id in use, {} unknown and asked again",
        attempts.len(),
        count(|told| matches!(told, Told::Accepted(_))),
        count(|told| matches!(told, Told::Refused)),
        count(|told| matches!(told, Told::Reused(_))),
        count(|told| matches!(told, Told::Unknown)),
    )
}

/// Notes when each term is first seen to be led.
async fn watch(addresses: Vec<String>, load: Arc<Load>, terms: Arc<Mutex<Vec<TermSeen>>>) {
    let mut newest = 0;
    loop {
        if let Some(leader) = leads(&addresses).await
            && newest < leader.term
        {
            newest = leader.term;
            let seen = TermSeen {
                at: load.now(),
                term: newest,
            };
            let mut terms = terms.lock().unwrap_or_else(PoisonError::into_inner);
            terms.push(seen);
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}
