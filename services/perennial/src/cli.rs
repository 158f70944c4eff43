//! What can be asked of the command line: noun, then verb.

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    agreement, bench, calendar, codelist, demo, events, exceptions, health, import, ledger, log,
    mapping, mirror, organisation, rates, replay, report, reverse, scheme, serve, submit, verify,
};

const EXAMPLES: &str = "\
Examples:
  perennial demo                                          everything on a small sample, in a few seconds
  perennial serve --data ./perennial-data                 all services in one process
  perennial ledger create treasury --profile strict       a ledger that refuses what breaks a rule
  perennial submit --example sign-agreement > sign.json   what a submission looks like
  perennial submit sign.json --ledger treasury            record it
  perennial import iati published.xml --ledger mirror     published data, as it is
  perennial report nexus --ledger treasury --group-by pillar
  perennial verify --data ./perennial-data                check every byte, without a server
";

/// A ledger for multi-year financing commitments.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, before_long_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub shared: Shared,
    /// What is asked.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Shared options")]
pub struct Shared {
    /// Where the services are; several that share their ledgers, separated by commas, stand in for each other. By
    /// default 127.0.0.1:7410.
    #[arg(long, global = true, env = "PERENNIAL_SERVER", value_name = "ADDR")]
    pub server: Option<String>,
    /// Which ledger; may be left out where the server has one.
    #[arg(long, global = true, env = "PERENNIAL_LEDGER", value_name = "ID")]
    pub ledger: Option<String>,
    /// How results are printed. JSON documents are stable, tables are for people.
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
    /// When colours are used.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Ask no questions.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Say what would be recorded, and record nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
}

/// Where the services are unless a command says otherwise.
pub const DEFAULT_SERVER: &str = "127.0.0.1:7410";

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    Table,
    /// One document.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated, for spreadsheets.
    Csv,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run all services in one process.
    Serve(serve::Arguments),
    /// Show everything on a small sample, on a fresh data directory.
    Demo(demo::Arguments),
    /// Make and list ledgers, show and change their policies.
    #[command(subcommand)]
    Ledger(ledger::Verb),
    /// List and find agreements.
    #[command(subcommand)]
    Agreement(agreement::Verb),
    /// Record commands from a file.
    Submit(submit::Arguments),
    /// Cancel a recorded entry by a linked reversal.
    Reverse(reverse::Arguments),
    /// Open, close, reopen and list the periods of fiscal calendars.
    #[command(subcommand)]
    Calendar(calendar::Verb),
    /// The frameworks that money is tagged against: list, show, publish.
    #[command(subcommand)]
    Scheme(scheme::Verb),
    /// The pillar mappings that are compiled in and published.
    #[command(subcommand)]
    Mapping(mapping::Verb),
    /// The published code lists.
    #[command(subcommand)]
    Codelist(codelist::Verb),
    /// The organisations that were registered, merged or assessed.
    #[command(subcommand)]
    Organisation(organisation::Verb),
    /// Record what others published.
    #[command(subcommand)]
    Import(import::Verb),
    /// The published tables of exchange rates.
    #[command(subcommand)]
    Rates(rates::Verb),
    /// Print a view, as known and as true at any time.
    Report(report::Arguments),
    /// Say what is known of a broken rule that is recorded.
    #[command(subcommand)]
    Exceptions(exceptions::Verb),
    /// Follow or fetch recorded events.
    #[command(subcommand)]
    Events(events::Verb),
    /// Fold the whole history here and compare with the live views.
    Replay(replay::Arguments),
    /// Check every byte of a history. Exit code 8 if anything is wrong.
    Verify(verify::Arguments),
    /// Copy the logs that ledgers are kept in, from one engine to another.
    #[command(subcommand)]
    Log(log::Verb),
    /// Keep a live copy of ledgers in segment files elsewhere.
    Mirror(mirror::Arguments),
    /// Exit with 0 if the services are ready.
    Health(health::Arguments),
    /// Measure.
    #[command(subcommand)]
    Bench(bench::Workload),
}

impl Command {
    /// Whether the command ends in its own way on Ctrl-C.
    pub const fn handles_interrupts(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Submit(_) | Self::Events(_) | Self::Log(_) | Self::Mirror(_) => {
                true
            }
            Self::Import(verb) => verb.handles_interrupts(),
            Self::Demo(arguments) => arguments.keeps(),
            Self::Ledger(_)
            | Self::Agreement(_)
            | Self::Reverse(_)
            | Self::Calendar(_)
            | Self::Scheme(_)
            | Self::Mapping(_)
            | Self::Codelist(_)
            | Self::Organisation(_)
            | Self::Rates(_)
            | Self::Report(_)
            | Self::Exceptions(_)
            | Self::Replay(_)
            | Self::Verify(_)
            | Self::Health(_)
            | Self::Bench(_) => false,
        }
    }
}
