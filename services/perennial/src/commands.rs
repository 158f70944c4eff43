//! One file per command: arguments, and what is done with them.

pub mod agreement;
pub mod bench;
pub mod calendar;
pub mod codelist;
pub mod demo;
pub mod events;
pub mod exceptions;
pub mod health;
pub mod import;
pub mod ledger;
pub mod log;
pub mod mapping;
pub mod mirror;
pub mod organisation;
pub mod rates;
pub mod replay;
pub mod report;
pub mod reverse;
pub mod scheme;
pub mod serve;
pub mod submit;
pub mod verify;

use crate::cli::{Cli, Command};
use crate::console::Console;
use crate::failure::Failure;
use crate::session::Session;

/// Runs one command.
///
/// # Errors
/// How it failed.
pub async fn run(cli: Cli, console: &Console) -> Result<(), Failure> {
    let session = Session::open(cli.shared, console)?;
    match cli.command {
        Command::Serve(arguments) => serve::run(&session, arguments).await,
        Command::Demo(arguments) => demo::run(&session, arguments).await,
        Command::Ledger(verb) => ledger::run(&session, verb).await,
        Command::Agreement(verb) => agreement::run(&session, verb).await,
        Command::Submit(arguments) => submit::run(&session, arguments).await,
        Command::Reverse(arguments) => reverse::run(&session, arguments).await,
        Command::Calendar(verb) => calendar::run(&session, verb).await,
        Command::Scheme(verb) => scheme::run(&session, verb).await,
        Command::Mapping(verb) => mapping::run(&session, verb).await,
        Command::Codelist(verb) => codelist::run(&session, verb).await,
        Command::Organisation(verb) => organisation::run(&session, verb).await,
        Command::Import(verb) => import::run(&session, verb).await,
        Command::Rates(verb) => rates::run(&session, verb).await,
        Command::Report(arguments) => report::run(&session, arguments).await,
        Command::Events(verb) => events::run(&session, verb).await,
        Command::Exceptions(verb) => exceptions::run(&session, verb).await,
        Command::Replay(arguments) => replay::run(&session, arguments).await,
        Command::Verify(arguments) => verify::run(&session, arguments).await,
        Command::Log(verb) => log::run(&session, verb).await,
        Command::Mirror(arguments) => mirror::run(&session, arguments).await,
        Command::Health(arguments) => health::run(&session, arguments).await,
        Command::Bench(workload) => bench::run(&session, workload).await,
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 0x0f] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}
