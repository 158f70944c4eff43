//! `perennial calendar`: the fiscal calendars that a ledger publishes, and the closing of their books.

use clap::{Args, Subcommand};
use perennial_client::RetryPolicy;
use perennial_domain::Date;
use perennial_domain::period::FiscalCalendar;
use perennial_wire::pb::ledger::command::Action;
use perennial_wire::pb::ledger::{
    CloseFiscalPeriod, Command, OpenFiscalPeriod, ReopenFiscalPeriod, SubmitRequest,
};

use super::report::{Question, ReadArguments, ViewName, print_listing};
use super::submit;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::{api_date, parse_date, today};

const EXAMPLES: &str = "\
Examples:
  perennial calendar open ethiopia --label '2018 EFY' --starts-on 2025-07-08 --ends-on 2026-07-07
  perennial calendar close ethiopia '2018 EFY' --grace-days 10
  perennial calendar reopen ethiopia '2018 EFY' --reason 'late invoices' --approver head-of-finance
  perennial calendar list --output json
  perennial report by-year --fiscal-calendar ethiopia     years as the ledger publishes them
";

/// Open, close, reopen and list the periods of fiscal calendars.
#[derive(Debug, Subcommand)]
#[command(before_long_help = EXAMPLES)]
pub enum Verb {
    /// Open a period; the first one begins its calendar.
    Open(OpenArguments),
    /// Close the books of a period: then it takes adjustments alone, dated in an open one.
    Close(CloseArguments),
    /// Open the books of a closed period again.
    Reopen(ReopenArguments),
    /// List the periods with their days, and whether their books are closed.
    List(ListArguments),
}

/// A period to open.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial calendar open ethiopia --label '2018 EFY' --starts-on 2025-07-08 --ends-on 2026-07-07
  perennial calendar open tokyo-office --pattern april --starts-on 2026-04-01 --ends-on 2027-03-31
")]
pub struct OpenArguments {
    /// The calendar: 4 to 63 characters of a-z, 0-9 and -, not the name of a built-in one.
    #[arg(value_name = "CALENDAR")]
    calendar_id: String,
    /// What the period's year is called; may be left out where the calendar keeps to a pattern.
    #[arg(long, value_name = "LABEL", default_value = "")]
    label: String,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    starts_on: Date,
    /// Last day, included.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    ends_on: Date,
    /// For the first period: all of them are years of twelve months from january, april, july or october.
    #[arg(long, value_name = "MONTH", value_parser = parse_pattern)]
    pattern: Option<FiscalCalendar>,
    /// Why days beside the period belong to none; without it there must be none.
    #[arg(long, value_name = "TEXT", default_value = "")]
    gap_reason: String,
    /// From which day on it is true; by default today.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    effective_on: Option<Date>,
}

/// A period to close.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial calendar close ethiopia '2018 EFY'
  perennial calendar close ethiopia '2018 EFY' --grace-days 10 --dry-run
")]
pub struct CloseArguments {
    /// The calendar.
    #[arg(value_name = "CALENDAR")]
    calendar_id: String,
    /// The period's label, as `calendar list` shows it.
    #[arg(value_name = "LABEL")]
    label: String,
    /// How many days, the day of the closing first, still take entries.
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    grace_days: u32,
    /// The day of the closing, after the period's last one; by default today.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    effective_on: Option<Date>,
}

/// A period to reopen.
#[derive(Debug, Args)]
#[command(before_long_help = "Example:
  perennial calendar reopen ethiopia '2018 EFY' --reason 'late invoices' --approver head-of-finance
")]
pub struct ReopenArguments {
    /// The calendar.
    #[arg(value_name = "CALENDAR")]
    calendar_id: String,
    /// The period's label, as `calendar list` shows it.
    #[arg(value_name = "LABEL")]
    label: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who approved it: another person than who submits.
    #[arg(long, value_name = "NAME")]
    approver: String,
    /// The day of the reopening; by default today.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    effective_on: Option<Date>,
}

/// Which calendars, and as of when.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial calendar list --ledger treasury
  perennial calendar list ethiopia --effective-as-of 2026-08-01   whether it took entries on that day
  perennial calendar list --at-position 1200 --output csv
")]
pub struct ListArguments {
    /// One calendar; by default all that the ledger publishes.
    #[arg(value_name = "CALENDAR", default_value = "")]
    calendar_id: String,
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
}

fn parse_pattern(name: &str) -> Result<FiscalCalendar, String> {
    let names = FiscalCalendar::ALL.map(FiscalCalendar::name).join(", ");
    FiscalCalendar::parse(name).ok_or_else(|| format!("is none of {names}"))
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Open(arguments) => open(session, arguments).await,
        Verb::Close(arguments) => close(session, arguments).await,
        Verb::Reopen(arguments) => reopen(session, arguments).await,
        Verb::List(arguments) => list(session, arguments).await,
    }
}

async fn open(session: &Session, arguments: OpenArguments) -> Result<(), Failure> {
    if arguments.ends_on < arguments.starts_on {
        let text = format!(
            "the period would end on {}, before its first day, {}",
            arguments.ends_on, arguments.starts_on
        );
        return Err(Failure::new(Exit::Usage, text));
    }
    let action = Action::OpenFiscalPeriod(OpenFiscalPeriod {
        calendar_id: arguments.calendar_id,
        label: arguments.label,
        starts_on: Some(api_date(arguments.starts_on)),
        ends_on: Some(api_date(arguments.ends_on)),
        pattern: arguments
            .pattern
            .map_or("", FiscalCalendar::name)
            .to_owned(),
        gap_reason: arguments.gap_reason,
    });
    submit_one(session, "open the period", arguments.effective_on, action).await
}

async fn close(session: &Session, arguments: CloseArguments) -> Result<(), Failure> {
    let question = format!(
        "close the books of \"{}\" in calendar \"{}\"?",
        arguments.label, arguments.calendar_id
    );
    confirmed(session, &question)?;
    let action = Action::CloseFiscalPeriod(CloseFiscalPeriod {
        calendar_id: arguments.calendar_id,
        label: arguments.label,
        grace_days: arguments.grace_days,
    });
    submit_one(session, "close the period", arguments.effective_on, action).await
}

async fn reopen(session: &Session, arguments: ReopenArguments) -> Result<(), Failure> {
    let question = format!(
        "reopen the books of \"{}\" in calendar \"{}\"?",
        arguments.label, arguments.calendar_id
    );
    confirmed(session, &question)?;
    let action = Action::ReopenFiscalPeriod(ReopenFiscalPeriod {
        calendar_id: arguments.calendar_id,
        label: arguments.label,
        reason: arguments.reason,
        approver: arguments.approver,
    });
    submit_one(session, "reopen the period", arguments.effective_on, action).await
}

/// Asks a person at a terminal before books are closed or opened.
fn confirmed(session: &Session, question: &str) -> Result<(), Failure> {
    let asks = session.console.is_interactive() && !session.shared.yes;
    if asks && !session.shared.dry_run && !session.console.confirm(question) {
        return Err(Failure::new(Exit::Interrupted, "nothing is recorded"));
    }
    Ok(())
}

async fn submit_one(
    session: &Session,
    doing: &str,
    effective_on: Option<Date>,
    action: Action,
) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let effective_on = effective_on.unwrap_or_else(today);
    // A period may be closed, reopened and closed again on one day: each time is a request of its own. That nothing is
    // done twice is seen to by the calendar itself.
    let head = session.head_position(&ledger_id).await?;
    let asked = [
        effective_on.to_string(),
        head.to_string(),
        format!("{action:?}"),
    ];
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let submission = SubmitRequest {
        request_id: ledger_request_id(doing, &ledger_id, &asked),
        ledger_id,
        commands: vec![Command {
            effective_on: Some(api_date(effective_on)),
            action: Some(action),
            ..Command::default()
        }],
        validate_only: session.shared.dry_run,
        ..SubmitRequest::default()
    };
    let answer = session
        .ledger_client(RetryPolicy::WRITE)
        .submit(&submission)
        .await;
    let answer = answer.map_err(|error| Failure::from_client(doing, &error))?;
    submit::print(session, &submit::document(&submission.request_id, answer))
}

async fn list(session: &Session, arguments: ListArguments) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let listing = Question::of(ViewName::Calendars)
        .calendar(&arguments.calendar_id)
        .read(arguments.read)
        .ask(session, &ledger_id)
        .await?;
    print_listing(session, &listing)
}
