//! `perennial ledger policy show` and `perennial ledger policy set`.

use clap::{Args, Subcommand};
use perennial_client::RetryPolicy;
use perennial_domain::agreement::RateSource;
use perennial_export::answers::{ChangedPolicyDocument, OverridableDocument, PolicyDocument};
use perennial_export::cell::Cell;
use perennial_wire::pb::admin::{
    ChangeLedgerPolicyRequest, GetLedgerRequest, Ledger, LedgerPolicy, OverridableRule,
    OverridableRules,
};

use crate::commands::rates::parse_source;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::submission::ledger_request_id;
use crate::time::instant_text;

/// Show a ledger's policy, or change it.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the policy in force.
    Show,
    /// Change what is given and keep the rest, from today on. To take a change back, change again.
    Set(Box<SetArguments>),
}

/// What is to change.
#[derive(Debug, Args)]
#[command(
    before_long_help = "Example:\n  perennial ledger policy set --ledger treasury --tolerance-minor 100 --overridable R10,R11,R13 --reason 'audit 2026'\n"
)]
pub struct SetArguments {
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The currency that the organisation keeps its books in.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The month that fiscal years begin with.
    #[arg(long, value_name = "MONTH", value_parser = ["january", "april", "july", "october"])]
    fiscal_calendar: Option<String>,
    /// What R10 tolerates, in minor units of an agreement's currency.
    #[arg(long, value_name = "UNITS")]
    tolerance_minor: Option<u64>,
    /// What R10 tolerates, in parts per million of the commitment.
    #[arg(long, value_name = "PPM")]
    tolerance_ppm: Option<u32>,
    /// From how many calendar months on an agreement is multi-year.
    #[arg(long, value_name = "MONTHS")]
    multi_year_months: Option<u32>,
    /// The pillar mapping where a question names none.
    #[arg(long, value_name = "NAME")]
    mapping: Option<String>,
    /// Whether refused submissions are kept as records.
    #[arg(long, value_name = "BOOL")]
    keep_refusals: Option<bool>,
    /// The rules that a command may override, as in `R10,R11`; `R13:alone` needs no approver; `none`.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    overridable: Option<Vec<String>>,
    /// Whose published rates functional amounts are computed by: unore, imf, ecb, agreed, bank or published.
    #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
    rate_source: Option<RateSource>,
    /// The revision of the stream `ledger` that this follows; by default the one that is found.
    #[arg(long, value_name = "REVISION")]
    expected_revision: Option<u64>,
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub(super) async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let ledger_id = session.ledger_id().await?;
    let ledger = ledger(session, &ledger_id).await?;
    match verb {
        Verb::Show => show(session, &document(ledger)),
        Verb::Set(arguments) => set(session, ledger, *arguments).await,
    }
}

async fn ledger(session: &Session, ledger_id: &str) -> Result<Ledger, Failure> {
    let request = GetLedgerRequest {
        ledger_id: ledger_id.to_owned(),
    };
    let answer = session
        .read("ask for the ledger's policy", || {
            let (mut client, request) = (session.connection.ledger_admin(), request.clone());
            async move { client.get_ledger(request).await }
        })
        .await?;
    let missing = || Failure::new(Exit::Other, "the answer holds no ledger");
    answer.ledger.ok_or_else(missing)
}

fn show(session: &Session, document: &PolicyDocument) -> Result<(), Failure> {
    if session.console.wants_json() {
        return session.console.json(document);
    }
    let rules: Vec<String> = document.overridable.iter().map(rule_text).collect();
    let rules = if rules.is_empty() {
        "none".to_owned()
    } else {
        rules.join(",")
    };
    let rows = [
        ("ledger", Cell::text(&document.ledger_id)),
        ("profile", Cell::text(&document.profile)),
        ("revision", Cell::Count(document.revision)),
        (
            "functional currency",
            Cell::optional(document.functional_currency.as_ref()),
        ),
        ("fiscal calendar", Cell::text(&document.fiscal_calendar)),
        (
            "tolerance, minor units",
            Cell::Count(document.tolerance_absolute_minor),
        ),
        (
            "tolerance, ppm",
            Cell::Count(document.tolerance_relative_ppm.into()),
        ),
        (
            "multi-year months",
            Cell::Count(document.multi_year_months.into()),
        ),
        ("pillar mapping", Cell::text(&document.pillar_mapping)),
        ("keep refusals", Cell::Flag(document.keep_refusals)),
        ("overridable", Cell::Text(rules)),
        ("rate source", Cell::optional(document.rate_source.as_ref())),
    ];
    let rows: Vec<Vec<Cell>> = rows
        .into_iter()
        .map(|(name, cell)| vec![Cell::text(name), cell])
        .collect();
    session.console.table(&["setting", "value"], &rows)
}

/// As `--overridable` takes it.
fn rule_text(rule: &OverridableDocument) -> String {
    let alone = if rule.needs_approver { "" } else { ":alone" };
    format!("{}{alone}", rule.rule)
}

async fn set(session: &Session, now: Ledger, arguments: SetArguments) -> Result<(), Failure> {
    let revision = arguments.expected_revision.unwrap_or(now.revision);
    let reason = arguments.reason.clone();
    let policy = changed(now.policy.clone().unwrap_or_default(), arguments);
    let then = document(Ledger {
        policy: Some(policy.clone()),
        ..now.clone()
    });
    if session.shared.dry_run {
        session.console.say("the policy would be");
        return show(session, &then);
    }
    let asks = session.console.is_interactive() && !session.shared.yes;
    if asks {
        show(session, &then)?;
        let question = format!("let \"{}\" follow this policy?", now.ledger_id);
        if !session.console.confirm(&question) {
            return Err(Failure::new(Exit::Interrupted, "nothing is changed"));
        }
    }
    // Its own revision is part of what is asked: setting the same again after another change is another request.
    let asked = [revision.to_string(), format!("{policy:?}"), reason.clone()];
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let request = ChangeLedgerPolicyRequest {
        request_id: ledger_request_id("policy", &now.ledger_id, &asked),
        ledger_id: now.ledger_id.clone(),
        expected_revision: revision,
        policy: Some(policy),
        reason,
    };
    let answer = session
        .call(RetryPolicy::WRITE, "change the policy", || {
            let (mut client, request) = (session.connection.ledger_admin(), request.clone());
            async move { client.change_ledger_policy(request).await }
        })
        .await?;
    let document = ChangedPolicyDocument {
        ledger_id: now.ledger_id,
        position: answer.position,
        recorded_at: instant_text(answer.recorded_at.as_ref()).unwrap_or_default(),
        replayed: answer.replayed,
    };
    if session.console.wants_json() {
        return session.console.json(&document);
    }
    let (id, position) = (&document.ledger_id, document.position);
    session.console.data(&format!(
        "ledger \"{id}\" follows the policy of position {position}"
    ))
}

fn changed(mut policy: LedgerPolicy, arguments: SetArguments) -> LedgerPolicy {
    fn put<T>(place: &mut T, asked: Option<T>) {
        if let Some(asked) = asked {
            *place = asked;
        }
    }
    put(&mut policy.functional_currency, arguments.currency);
    put(&mut policy.fiscal_calendar, arguments.fiscal_calendar);
    put(
        &mut policy.tolerance_absolute_minor,
        arguments.tolerance_minor,
    );
    put(&mut policy.tolerance_relative_ppm, arguments.tolerance_ppm);
    policy.multi_year_months = arguments.multi_year_months.or(policy.multi_year_months);
    put(&mut policy.pillar_mapping, arguments.mapping);
    put(&mut policy.keep_refusals, arguments.keep_refusals);
    let source = arguments.rate_source.map(|source| source.name().to_owned());
    put(&mut policy.rate_source, source);
    if let Some(rules) = arguments.overridable {
        let rules = rules.iter().filter(|rule| *rule != "none");
        policy.overridable = Some(OverridableRules {
            rules: rules.map(|rule| overridable(rule)).collect(),
        });
    }
    policy
}

fn overridable(text: &str) -> OverridableRule {
    match text.strip_suffix(":alone") {
        Some(rule) => OverridableRule {
            rule: rule.to_owned(),
            needs_approver: false,
        },
        None => OverridableRule {
            rule: text.to_owned(),
            needs_approver: true,
        },
    }
}

fn document(ledger: Ledger) -> PolicyDocument {
    let profile = super::profile_text(ledger.profile()).to_owned();
    let policy = ledger.policy.unwrap_or_default();
    let rules = policy.overridable.unwrap_or_default().rules.into_iter();
    PolicyDocument {
        ledger_id: ledger.ledger_id,
        profile,
        revision: ledger.revision,
        functional_currency: Some(policy.functional_currency).filter(|code| !code.is_empty()),
        fiscal_calendar: policy.fiscal_calendar,
        tolerance_absolute_minor: policy.tolerance_absolute_minor,
        tolerance_relative_ppm: policy.tolerance_relative_ppm,
        multi_year_months: policy.multi_year_months.unwrap_or_default(),
        pillar_mapping: policy.pillar_mapping,
        keep_refusals: policy.keep_refusals,
        overridable: rules
            .map(|rule| OverridableDocument {
                rule: rule.rule,
                needs_approver: rule.needs_approver,
            })
            .collect(),
        rate_source: Some(policy.rate_source).filter(|source| !source.is_empty()),
    }
}
