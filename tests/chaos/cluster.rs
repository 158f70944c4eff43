//! The brokers and the nodes, and what is done to them.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use perennial_client::{Connection, History, HistoryItem, RetryPolicy};
use perennial_kafka_rig::{NodeState, Nodes, TestRig, Tools, free_ports};
use perennial_testkit::random::Random;
use perennial_tests::cli::Cli;
use perennial_tests::server::{Server, Starting};
use perennial_wire::pb::audit::{ReadEventsRequest, Record};
use perennial_wire::pb::ledger::{GetHeadRequest, GetHeadResponse};
use perennial_wire::pb::query::GetDigestRequest;
use tonic::Request;

use crate::LEDGER;
use crate::check::{Place, Recorded, Replica};
use crate::faults::{Fault, How, Whom};

const PREFIX: &str = "chaos";
const BROKERS: [u16; 3] = [1, 2, 3];
/// On a machine that is busy with six processes.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// A node that does not answer a question about the head by then is as good as away.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// Three brokers and some nodes.
pub(crate) struct Cluster {
    rig: TestRig,
    folder: PathBuf,
    binary: PathBuf,
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    /// The same through every start: clients know it.
    address: String,
    server: Option<Server>,
    is_held: bool,
}

/// What was done, to be made good.
#[derive(Debug)]
pub(crate) enum Struck {
    Nodes(Vec<usize>),
    Brokers(Vec<u16>),
}

/// Who leads the ledger, as it says itself.
#[derive(Clone, Debug)]
pub(crate) struct Leads {
    pub(crate) node: usize,
    pub(crate) term: u64,
}

impl Cluster {
    /// Starts the brokers and `count` nodes, whose files are in `folder`, and makes the ledger.
    pub(crate) fn start(
        tools: &Tools,
        binary: PathBuf,
        folder: &Path,
        count: usize,
    ) -> Result<Self> {
        let rig = TestRig::start(Nodes::Three, tools).context("start the brokers")?;
        let mut cluster = Self {
            rig,
            folder: folder.to_owned(),
            binary,
            nodes: Vec::new(),
        };
        for number in 1..=count {
            cluster.join(&format!("node-{number}"))?;
        }
        let first = cluster.nodes.first().context("a cluster has a node")?;
        Cli::new(&cluster.binary)
            .at(&first.address)
            .json(&["ledger", "create", LEDGER, "--profile", "strict"])
            .context("make the ledger")?;
        Ok(cluster)
    }

    /// Starts one more node that knows nothing yet.
    pub(crate) fn join(&mut self, name: &str) -> Result<()> {
        let ports = free_ports(1).context("find a port for a node")?;
        let port = ports.first().context("there is a free port")?;
        self.nodes.push(Node {
            name: name.to_owned(),
            address: format!("127.0.0.1:{port}"),
            server: None,
            is_held: false,
        });
        self.start_nodes()
    }

    /// Starts every node that does not run, all at once, and waits until they are ready.
    fn start_nodes(&mut self) -> Result<()> {
        let url = format!("kafka://{}/{PREFIX}", self.rig.bootstrap());
        let mut starting = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if node.server.is_none() {
                let data = self.folder.join(&node.name);
                let arguments = ["--log", &url, "--node", &node.name];
                let started = Starting::spawn_at(&node.address, &self.binary, &data, &arguments);
                starting.push((index, started?));
            }
        }
        for (index, started) in starting {
            let node = self.node_mut(index)?;
            let ready = started.ready_within(READY_WITHIN);
            node.server = Some(ready.with_context(|| format!("start {}", node.name))?);
        }
        Ok(())
    }

    fn node_mut(&mut self, index: usize) -> Result<&mut Node> {
        self.nodes.get_mut(index).context("there is such a node")
    }

    /// All addresses, as clients take them.
    pub(crate) fn addresses(&self) -> String {
        let addresses: Vec<&str> = self.nodes.iter().map(|node| &*node.address).collect();
        addresses.join(",")
    }

    pub(crate) fn node_addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.address.clone()).collect()
    }

    /// Does it, to whom it concerns now.
    pub(crate) fn strike(
        &mut self,
        fault: Fault,
        leader: Option<&Leads>,
        random: &mut Random,
    ) -> Result<Struck> {
        if fault.whom.is_broker() {
            return self.strike_brokers(fault);
        }
        let leader = leader
            .context("nobody leads, so nobody can be struck")?
            .node;
        let standbys: Vec<usize> = (0..self.nodes.len())
            .filter(|index| *index != leader)
            .collect();
        let struck = match fault.whom {
            Whom::Standby => vec![*random.pick(&standbys)],
            Whom::Standbys => standbys,
            Whom::Leader | Whom::PartitionLeader | Whom::Followers => vec![leader],
        };
        for index in &struck {
            let log = self.folder.clone();
            let node = self.node_mut(*index)?;
            node.keep_log(&log)?;
            match fault.how {
                How::Kill => node.server.take().map_or(Ok(()), Server::kill)?,
                How::Hold => {
                    node.server.as_ref().map_or(Ok(()), Server::hold)?;
                    node.is_held = true;
                }
                How::Restart => {
                    let code = node.server.take().map_or(Ok(0), Server::terminate)?;
                    if code != 0 {
                        bail!("{} ended with code {code} when it was asked to", node.name);
                    }
                }
            }
        }
        Ok(Struck::Nodes(struck))
    }

    fn strike_brokers(&self, fault: Fault) -> Result<Struck> {
        let topic = format!("{PREFIX}.{LEDGER}.log.v1");
        let leader = self.rig.partition_leader(&topic);
        let leader = leader.context("no broker says who leads the partition")?;
        let struck: Vec<u16> = match fault.whom {
            Whom::Followers => BROKERS.into_iter().filter(|id| *id != leader).collect(),
            Whom::PartitionLeader | Whom::Leader | Whom::Standby | Whom::Standbys => vec![leader],
        };
        for broker in &struck {
            match fault.how {
                How::Kill => self.rig.kill(*broker)?,
                How::Hold => self.rig.pause(*broker)?,
                How::Restart => self.rig.terminate(*broker)?,
            }
        }
        Ok(Struck::Brokers(struck))
    }

    /// Makes everything good: brokers first, because nodes need them to become ready.
    pub(crate) fn heal(&mut self, struck: &[Struck]) -> Result<()> {
        for one in struck {
            let Struck::Brokers(brokers) = one else {
                continue;
            };
            for broker in brokers {
                if self.rig.state(*broker)? == NodeState::Stopped {
                    self.rig.resume(*broker)?;
                }
            }
        }
        self.rig.start_all().context("bring the brokers back")?;
        for one in struck {
            let Struck::Nodes(nodes) = one else { continue };
            for index in nodes {
                let node = self.node_mut(*index)?;
                if std::mem::take(&mut node.is_held) {
                    node.server.as_ref().map_or(Ok(()), Server::resume)?;
                }
            }
        }
        self.start_nodes()
    }

    /// What every node tells of the ledger up to its head, which it asks the brokers for.
    pub(crate) async fn replicas(&self) -> Result<Vec<Replica>> {
        let mut replicas = Vec::new();
        for node in &self.nodes {
            replicas.push(replica(node).await.context(node.name.clone())?);
        }
        Ok(replicas)
    }

    /// The chain as each node verifies it. Returns what is wrong.
    pub(crate) fn verify(&self, replicas: &[Replica]) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for (node, replica) in self.nodes.iter().zip(replicas) {
            let cli = Cli::new(&self.binary).at(&node.address).on(LEDGER);
            let all = ["verify", "--server", &node.address, "--output", "json"];
            let printed = cli.run(&all)?;
            if printed.code != 0 {
                wrong.push(format!(
                    "{}: the chain does not verify: {printed:?}",
                    node.name
                ));
                continue;
            }
            let document = printed.json()?;
            let hash = hex(&replica.head_hash);
            if document.get("head_hash").and_then(|head| head.as_str()) != Some(hash.as_str()) {
                wrong.push(format!(
                    "{}: the chain ends with another hash than {hash}: {document}",
                    node.name
                ));
            }
        }
        Ok(wrong)
    }

    /// Stops the brokers and keeps their files, and the nodes' logs, beside the nodes' data.
    pub(crate) fn keep(mut self) -> Result<()> {
        for node in &mut self.nodes {
            node.keep_log(&self.folder)?;
            drop(node.server.take());
        }
        // In order they would wait for each other.
        for broker in BROKERS {
            self.rig.kill(broker)?;
        }
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.rig.directory())
            .arg(self.folder.join("kafka"))
            .status()
            .context("keep the brokers' files")?;
        if !copied.success() {
            bail!("the brokers' files were not kept: cp ended with {copied}");
        }
        Ok(())
    }
}

impl Node {
    /// Puts what it said so far into a file in `folder`.
    fn keep_log(&self, folder: &Path) -> Result<()> {
        let said = self.server.as_ref().map(Server::said).unwrap_or_default();
        let path = folder.join(format!("{}.log", self.name));
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .context("open a node's log")?;
        for line in said {
            writeln!(file, "{line}").context("keep a node's log")?;
        }
        Ok(())
    }
}

/// Asks every node whether it leads. Returns the one that does, in the highest term.
pub(crate) async fn leads(addresses: &[String]) -> Option<Leads> {
    let mut asked = tokio::task::JoinSet::new();
    for (node, address) in addresses.iter().cloned().enumerate() {
        asked.spawn(async move { (node, head(&address).await) });
    }
    let mut newest: Option<Leads> = None;
    while let Some(answer) = asked.join_next().await {
        let Ok((node, Some(head))) = answer else {
            continue;
        };
        let is_newer = newest.as_ref().is_none_or(|other| other.term < head.term);
        if head.leads && is_newer {
            newest = Some(Leads {
                node,
                term: head.term,
            });
        }
    }
    newest
}

async fn head(address: &str) -> Option<GetHeadResponse> {
    let mut request = Request::new(GetHeadRequest {
        ledger_id: LEDGER.to_owned(),
    });
    request.set_timeout(ANSWERS_WITHIN);
    let connection = Connection::open(address).ok()?;
    let mut ledger = connection.ledger();
    let asking = tokio::time::timeout(ANSWERS_WITHIN, ledger.get_head(request));
    Some(asking.await.ok()?.ok()?.into_inner())
}

async fn replica(node: &Node) -> Result<Replica> {
    let connection = Connection::open(&node.address)?;
    let ledger_id = LEDGER.to_owned();
    let request = GetHeadRequest {
        ledger_id: ledger_id.clone(),
    };
    let head = connection.ledger().get_head(request).await;
    let head = head.context("ask for the head")?.into_inner();
    let digest = eventually(async || {
        let request = GetDigestRequest {
            ledger_id: ledger_id.clone(),
            at_position: None,
        };
        let answer = connection.query().get_digest(request).await.ok()?;
        let answer = answer.into_inner();
        (head.head_position <= answer.position).then_some(answer)
    });
    let digest = digest.await.context("the views reach the head")?;
    if digest.digest != digest.stored_digest {
        bail!("the rows of the views do not have the digest that was chained (INV-6)");
    }
    let history = eventually(async || {
        let history = history(&connection).await.ok()?;
        let last = history.last()?.place.position;
        (head.head_position <= last).then_some(history)
    });
    Ok(Replica {
        node: node.name.clone(),
        history: history.await.context("auditd reaches the head")?,
        head_position: head.head_position,
        head_hash: head.record_hash,
        digest: digest.digest,
    })
}

async fn history(connection: &Connection) -> Result<Vec<Recorded>> {
    let request = ReadEventsRequest {
        ledger_id: LEDGER.to_owned(),
        ..Default::default()
    };
    let mut history = History::new(connection.clone(), RetryPolicy::READ, request);
    let mut all = Vec::new();
    while let Some(item) = history.next().await? {
        match item {
            HistoryItem::Records(records) => all.extend(records.into_iter().map(recorded)),
            HistoryItem::Progress(_) => {}
            HistoryItem::CaughtUp(_) => break,
        }
    }
    Ok(all)
}

fn recorded(record: Record) -> Recorded {
    let events = record.events.into_iter();
    Recorded {
        request_id: record.request_id,
        place: Place {
            position: record.position,
            record_hash: record.record_hash.to_vec(),
            events: events.map(|event| event.event_id).collect(),
        },
    }
}

/// Asks again and again until there is an answer, for a minute at most.
async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let asking = async {
        let mut turn = tokio::time::interval(Duration::from_millis(100));
        loop {
            turn.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let answered = tokio::time::timeout(Duration::from_mins(1), asking).await;
    answered.context("it did not come within a minute")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
