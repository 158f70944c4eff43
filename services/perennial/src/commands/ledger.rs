//! `perennial ledger create ID`, `perennial ledger list` and `perennial ledger policy`.

mod policy;

use clap::{Args, Subcommand, ValueEnum};
use perennial_client::RetryPolicy;
use perennial_domain::agreement::RateSource;
use perennial_export::answers::{CreatedLedgerDocument, LedgerDocument};
use perennial_export::cell::Cell;
use perennial_wire::pb::admin::{
    CreateLedgerRequest, Ledger, LedgerPolicy, ListLedgersRequest, Profile,
};

use super::rates::parse_source;
use crate::cli::OutputFormat;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::instant_text;

/// Make and list ledgers; show and change their policies.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial ledger create treasury --profile strict --currency USD
  perennial ledger create published --profile mirror
  perennial ledger list
")]
pub enum Verb {
    /// Make a ledger. The same command again changes nothing.
    Create(CreateArguments),
    /// List the ledgers of the server.
    #[command(before_long_help = "Examples:
  perennial ledger list
  perennial ledger list --output json
")]
    List,
    /// Show a ledger's policy, or change it.
    #[command(subcommand)]
    Policy(policy::Verb),
}

/// What a new ledger is like.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial ledger create treasury --profile strict --currency USD\n"
)]
pub struct CreateArguments {
    /// 4 to 63 characters of a-z, 0-9 and -.
    id: String,
    /// Whether it refuses what breaks a rule, or records reality and shows the breach. Fixed for ever.
    #[arg(long, value_enum)]
    profile: ProfileName,
    /// The currency that the organisation keeps its books in.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Whose published rates functional amounts are computed by: unore, imf, ecb, agreed, bank or published.
    #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
    rate_source: Option<RateSource>,
    /// The month that fiscal years begin with.
    #[arg(long, value_name = "MONTH", value_parser = ["january", "april", "july", "october"])]
    fiscal_calendar: Option<String>,
    /// The pillar mapping where a question names none.
    #[arg(long, value_name = "NAME")]
    mapping: Option<String>,
    /// Keep refused submissions as records.
    #[arg(long)]
    keep_refusals: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    /// A system of record.
    Strict,
    /// Published data as it is.
    Mirror,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create(arguments) => create(session, arguments).await,
        Verb::List => list(session).await,
        Verb::Policy(verb) => policy::run(session, verb).await,
    }
}

async fn create(session: &Session, arguments: CreateArguments) -> Result<(), Failure> {
    let profile = match arguments.profile {
        ProfileName::Strict => Profile::Strict,
        ProfileName::Mirror => Profile::Mirror,
    };
    let policy = LedgerPolicy {
        functional_currency: arguments.currency.unwrap_or_default(),
        fiscal_calendar: arguments.fiscal_calendar.unwrap_or_default(),
        pillar_mapping: arguments.mapping.unwrap_or_default(),
        keep_refusals: arguments.keep_refusals,
        rate_source: arguments
            .rate_source
            .map(|source| source.name().to_owned())
            .unwrap_or_default(),
        ..LedgerPolicy::default()
    };
    if session.shared.dry_run {
        session
            .console
            .say(&format!("would make the ledger \"{}\"", arguments.id));
        return Ok(());
    }
    let mut asked = vec![
        profile_text(profile),
        policy.functional_currency.as_str(),
        policy.fiscal_calendar.as_str(),
        policy.pillar_mapping.as_str(),
        if policy.keep_refusals { "keep" } else { "drop" },
    ];
    // Later than the rest: without it the request is as before.
    if !policy.rate_source.is_empty() {
        asked.push(policy.rate_source.as_str());
    }
    let request = CreateLedgerRequest {
        request_id: ledger_request_id("create", &arguments.id, &asked),
        ledger_id: arguments.id.clone(),
        profile: profile.into(),
        policy: Some(policy),
    };
    let answer = session
        .call(RetryPolicy::WRITE, "make the ledger", || {
            let (mut client, request) = (session.connection.ledger_admin(), request.clone());
            async move { client.create_ledger(request).await }
        })
        .await?;
    let document = CreatedLedgerDocument {
        ledger_id: arguments.id,
        profile: profile_text(profile).to_owned(),
        position: answer.position,
        recorded_at: instant_text(answer.recorded_at.as_ref()).unwrap_or_default(),
        replayed: answer.replayed,
    };
    if session.console.wants_json() {
        return session.console.json(&document);
    }
    let made = if document.replayed {
        "was there already"
    } else {
        "is made"
    };
    let (id, profile) = (&document.ledger_id, &document.profile);
    session
        .console
        .data(&format!("ledger \"{id}\" ({profile}) {made}"))
}

/// Returns every ledger of the server, ascending by id.
///
/// # Errors
/// As the service answers.
pub(crate) async fn every(session: &Session) -> Result<Vec<LedgerDocument>, Failure> {
    let mut ledgers: Vec<LedgerDocument> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListLedgersRequest {
            page_size: 1_000,
            page_token,
        };
        let page = session
            .read("list the ledgers", || {
                let (mut client, request) = (session.connection.ledger_admin(), request.clone());
                async move { client.list_ledgers(request).await }
            })
            .await?;
        ledgers.extend(page.ledgers.into_iter().map(document));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(ledgers);
        }
    }
}

async fn list(session: &Session) -> Result<(), Failure> {
    let ledgers = every(session).await?;
    match session.console.format() {
        OutputFormat::Json => session
            .console
            .json(&serde_json::json!({ "ledgers": ledgers })),
        OutputFormat::Ndjson => ledgers
            .iter()
            .try_for_each(|ledger| session.console.json(ledger)),
        OutputFormat::Table => {
            let rows: Vec<Vec<Cell>> = ledgers.iter().map(cells).collect();
            session.console.table(&COLUMNS, &rows)
        }
        OutputFormat::Csv => Err(Failure::new(
            Exit::Usage,
            "a list of ledgers is not printed as CSV",
        )
        .hint("--output json")),
    }
}

const COLUMNS: [&str; 6] = [
    "ledger_id",
    "profile",
    "functional_currency",
    "head_position",
    "term",
    "problem",
];

fn cells(ledger: &LedgerDocument) -> Vec<Cell> {
    vec![
        Cell::text(&ledger.ledger_id),
        Cell::text(&ledger.profile),
        Cell::optional(ledger.functional_currency.as_ref()),
        Cell::Count(ledger.head_position),
        Cell::Count(ledger.term),
        Cell::optional(ledger.problem.as_ref()),
    ]
}

fn document(ledger: Ledger) -> LedgerDocument {
    let given = |text: String| (!text.is_empty()).then_some(text);
    LedgerDocument {
        profile: profile_text(ledger.profile()).to_owned(),
        functional_currency: ledger
            .policy
            .and_then(|policy| given(policy.functional_currency)),
        head_position: ledger.head_position,
        term: ledger.term,
        problem: given(ledger.problem),
        ledger_id: ledger.ledger_id,
    }
}

/// The profile as the command line names it.
pub(crate) const fn profile_text(profile: Profile) -> &'static str {
    match profile {
        Profile::Strict => "strict",
        Profile::Mirror => "mirror",
        Profile::Unspecified => "unspecified",
    }
}
