//! `cargo xtask kafka`: a real Kafka for development, on free ports of this machine.
//!
//! Addresses go to stdout, progress to stderr.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use perennial_kafka_rig::{NodeState, Nodes, Rig, Surroundings, Tools};

use crate::step::{StepFailed, timed};

const STEP: &str = "kafka";

/// What to do with the development Kafka.
#[derive(Clone, Debug, Subcommand)]
pub enum KafkaTask {
    /// Start it, or those of its nodes that do not run, and print its address
    Up {
        /// How many nodes
        #[arg(long, value_enum, default_value_t = NodeCount::One)]
        nodes: NodeCount,
        #[command(flatten)]
        /// Where it is.
        place: Place,
    },
    /// Stop it, whatever its nodes do, and remove its data
    Down {
        #[command(flatten)]
        /// Where it is.
        place: Place,
    },
    /// Print each node with its address and what it does
    Status {
        #[command(flatten)]
        /// Where it is.
        place: Place,
    },
}

/// The directory of the development Kafka.
#[derive(Clone, Debug, Default, Args)]
pub struct Place {
    /// Where its files are; by default target/kafka of the workspace
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl Place {
    fn directory(&self, root: &Path) -> PathBuf {
        let default = || root.join("target").join("kafka");
        self.dir.clone().unwrap_or_else(default)
    }
}

/// How many nodes a development Kafka has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NodeCount {
    /// One node; every topic has one replica
    #[value(name = "1")]
    One,
    /// Three nodes; replication factor 3, two in sync
    #[value(name = "3")]
    Three,
}

impl NodeCount {
    fn nodes(self) -> Nodes {
        match self {
            Self::One => Nodes::One,
            Self::Three => Nodes::Three,
        }
    }
}

/// Does what was asked; `out` gets what other programs read.
///
/// # Errors
/// [`StepFailed`], which says what to install or look at.
pub fn run(task: &KafkaTask, root: &Path, out: &mut impl Write) -> Result<(), StepFailed> {
    match task {
        KafkaTask::Up { nodes, place } => up(nodes.nodes(), &place.directory(root), out),
        KafkaTask::Down { place } => down(&place.directory(root)),
        KafkaTask::Status { place } => status(&place.directory(root), out),
    }
}

fn up(nodes: Nodes, directory: &Path, out: &mut impl Write) -> Result<(), StepFailed> {
    let tools = timed(STEP, "find Java and Kafka's jars", || {
        let install = "see deploy/kafka/README.md for what it needs";
        Tools::prepare(&Surroundings::read()).map_err(|error| failed(error, install))
    })?;
    let rig = timed(STEP, "start the nodes", || {
        let remedy = "cargo xtask kafka down, then up again";
        match Rig::open(directory, &tools) {
            Some(rig) => rig.start_all().map(|()| rig),
            None => Rig::create(directory, nodes, &tools),
        }
        .map_err(|error| failed(error, remedy))
    })?;
    write(out, &rig.bootstrap())
}

fn down(directory: &Path) -> Result<(), StepFailed> {
    let removed = Rig::remove(directory)
        .map_err(|error| failed(error, "end the java processes by hand, then down again"))?;
    let shown = directory.display();
    if removed {
        eprintln!("stopped and removed the Kafka in {shown}");
    } else {
        eprintln!("there is no Kafka in {shown}");
    }
    Ok(())
}

fn status(directory: &Path, out: &mut impl Write) -> Result<(), StepFailed> {
    let nodes = Rig::status(directory);
    if nodes.is_empty() {
        eprintln!("there is no Kafka in {}", directory.display());
    }
    for (node, address, state) in nodes {
        let state = match state {
            NodeState::Down => "down",
            NodeState::Up => "up",
            NodeState::Stopped => "held up by a signal",
        };
        write(out, &format!("node {node} {address} {state}"))?;
    }
    Ok(())
}

fn write(out: &mut impl Write, line: &str) -> Result<(), StepFailed> {
    writeln!(out, "{line}").map_err(|error| failed(error, "keep stdout open"))
}

/// Says every cause of an error in one line.
fn failed(error: impl std::error::Error, remedy: &str) -> StepFailed {
    let mut problem = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        problem = format!("{problem}: {error}");
        cause = error.source();
    }
    StepFailed {
        step: STEP,
        problem,
        remedy: remedy.to_owned(),
    }
}
