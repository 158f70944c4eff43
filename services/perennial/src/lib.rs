//! The one binary that people install: a command line over the gRPC services, all services in one process, and a
//! demonstration.
//!
//! It is *not* a second write or read side: it decides no rule and computes no figure. Commands read their input,
//! ask the services, and print documents of `perennial_export`. Data goes to stdout, everything else to stderr.
//!
//! Reading order: [`cli`] (what can be asked), [`session`], [`failure`] (exit codes), [`console`], [`submission`],
//! then one file per command in [`commands`].

pub mod api_json;
pub mod cli;
pub mod commands;
pub mod config;
pub mod console;
pub mod copying;
pub mod failure;
pub mod framework;
pub mod node;
pub mod progress;
pub mod rate_file;
pub mod row_document;
pub mod session;
pub mod submission;
pub mod time;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::{Cli, Command};
use crate::console::Console;

/// The command line of this process; ends it with help or a usage error where there is none.
fn parsed() -> Cli {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let (Command::Serve(arguments), Some(matches)) =
        (&mut cli.command, matches.subcommand_matches("serve"))
    {
        arguments.note_origins(matches);
    }
    cli
}

/// Runs the command line of this process and returns its exit code.
pub async fn main() -> ExitCode {
    let cli = parsed();
    let console = Console::new(cli.shared.output, cli.shared.color);
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let result = if cli.command.handles_interrupts() {
        commands::run(cli, &console).await
    } else {
        tokio::select! {
            result = commands::run(cli, &console) => result,
            () = interrupted => Err(failure::Failure::interrupted()),
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&console),
    }
}
