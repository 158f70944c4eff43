//! The command line of `cargo xtask`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use clap::{Args, Parser, Subcommand};

use crate::ci::Step;
use crate::kafka::KafkaTask;
use crate::simulation;

const EXAMPLES: &str = "Examples:
  cargo xtask test                     every test; needs Rust, C and C++ compilers
  cargo xtask test -- one_euro_more    the tests whose name has this in it
  cargo xtask ci                       everything that CI checks
  cargo xtask ci --only fmt,clippy     some steps of it
  cargo xtask tidy                     the rules of the house alone, in seconds
  cargo xtask mutants --shard 0/8      an eighth of the changes to money, rules and splits
  cargo xtask kafka up --nodes 3       a real Kafka on free ports, until `kafka down`
  cargo xtask sim --runs 20000         several nodes on a shared log, simulated
  cargo xtask sim --runs 1 --seed 7    one run once more
  cargo xtask chaos --rounds 10        real nodes and brokers, killed and stopped under load
  cargo xtask demo                     build with optimisation, then the tour";

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", before_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    /// What to do.
    pub task: Task,
}

/// The tasks.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run every test with plain cargo, documentation tests included, and say what was skipped
    Test {
        /// Passed to each test runner: a part of a name, `--test-threads 1`, ...
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Check everything that CI checks; the first failure stops
    Ci {
        /// Run these steps only
        #[arg(long, value_delimiter = ',', conflicts_with = "skip")]
        only: Vec<Step>,
        /// Leave these steps out, and say so
        #[arg(long, value_delimiter = ',')]
        skip: Vec<Step>,
    },
    /// Check the rules of the house that no compiler knows
    Tidy,
    /// Change money, rules and splits in a copy, bit by bit, and say what no test notices; takes hours
    Mutants {
        /// Passed to cargo-mutants: `--shard 0/8`, `--in-diff FILE`, `--file FILE`, `--re NAME`, ...
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Start, show or stop a real Kafka for development (needs Java and Maven)
    Kafka {
        #[command(subcommand)]
        /// What to do with it.
        task: KafkaTask,
    },
    /// Simulate several nodes on a shared log, built with optimisation; the first violation stops and names its seed
    Sim {
        /// How many runs: 20,000 take a few minutes, a nightly profile has a million
        #[arg(long, default_value_t = simulation::CHECKED_RUNS)]
        runs: u64,
        /// The first run's seed; the others follow one by one
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Kill, stop and restart real nodes and brokers under load, then hold what clients were told against what all nodes
    /// say (needs Java and Maven)
    Chaos(Chaos),
    /// Run `perennial demo`, built with optimisation
    Demo {
        /// Passed to `perennial demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// How much chaos.
#[derive(Clone, Debug, Args)]
pub struct Chaos {
    /// How many rounds, each with a fault: about 20 seconds each
    #[arg(long, default_value_t = 15)]
    pub rounds: u64,
    /// Decides the faults and what clients ask; drawn and printed where none is given
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many nodes; the brokers are always three
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..=5))]
    pub nodes: u64,
    /// Build with optimisation
    #[arg(long)]
    pub release: bool,
}

impl Chaos {
    /// Returns what builds the nodes' program and the runner, and then what runs it.
    pub fn commands(&self, cargo: &OsStr, root: &Path) -> [Command; 2] {
        let begin = |task| {
            let mut command = Command::new(cargo);
            command
                .current_dir(root)
                .args([task, "--locked", "--quiet"]);
            if self.release {
                command.arg("--release");
            }
            command.args(["--package", "perennial-tests", "--example", "chaos"]);
            command
        };
        let mut build = begin("build");
        build.args(["--bin", "perennial-under-test"]);
        let mut run = begin("run");
        run.args(["--", &self.rounds.to_string(), &self.nodes.to_string()]);
        run.args(self.seed.map(|seed| seed.to_string()));
        [build, run]
    }
}
