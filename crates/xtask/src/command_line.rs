//! The command line of `cargo xtask`.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::ci::Step;
use crate::kafka::KafkaTask;

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
        #[arg(long, default_value_t = 20_000)]
        runs: u64,
        /// The first run's seed; the others follow one by one
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run `perennial demo`, built with optimisation
    Demo {
        /// Passed to `perennial demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}
