//! `perennial agreement list` and `perennial agreement find TEXT`.

use clap::{Args, Subcommand};

use super::report::{ReadArguments, Wanted, find, print_listing};
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// List and find agreements.
#[derive(Debug, Subcommand)]
#[command(before_long_help = "Examples:
  perennial agreement list --ledger treasury
  perennial agreement find unicef water
  perennial agreement find --party UNICEF --country SO
")]
pub enum Verb {
    /// List every agreement.
    List(ListArguments),
    /// Find agreements by words, party, title, external reference, country or status.
    Find(FindArguments),
}

/// From what the list is computed.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial agreement list --ledger treasury
  perennial agreement list --filter 'direction = incoming AND currency = USD' --output csv
")]
pub struct ListArguments {
    /// From what it is computed.
    #[command(flatten)]
    read: ReadArguments,
    /// Conditions on rows, as in `direction = outgoing AND currency = USD`.
    #[arg(long, value_name = "CONDITIONS", default_value = "")]
    filter: String,
    /// Print at most this many.
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
}

/// What is looked for: everything that is given must hold.
#[derive(Debug, Args)]
#[command(before_long_help = "Examples:
  perennial agreement find unicef water              both words, in an id, reference, title or party
  perennial agreement find --party UNICEF --country SO
  perennial agreement find --reference TR/2025/0042
  perennial agreement find --title 'food security' --status implementation --ledger mirror
")]
#[group(required = true, multiple = true, id = "wanted",
    args = ["words", "title", "party", "reference", "country", "status"])]
pub struct FindArguments {
    /// Words: each is part of the id, an external reference, the title or a party, in any case.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Part of the title, in any case.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Part of the id or the name of the provider, the recipient, or a line's other party, in any case.
    #[arg(long, value_name = "TEXT")]
    party: Option<String>,
    /// Part of an external reference, in any case.
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// A country that any of its lines is for (ISO 3166-1, as in SO), or a region (DAC code, as in 298).
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// The published status: pipeline, implementation, finalisation, closed, cancelled or suspended.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// How the list is computed.
    #[command(flatten)]
    list: ListArguments,
}

impl FindArguments {
    fn wanted(&self) -> Wanted {
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        Wanted {
            text: self.words.join(" "),
            title: text(&self.title),
            party: text(&self.party),
            reference: text(&self.reference),
            country: text(&self.country),
            status: text(&self.status),
            filter: self.list.filter.clone(),
        }
    }

    /// What was looked for, in words.
    fn said(&self) -> String {
        let options = [
            ("title", &self.title),
            ("party", &self.party),
            ("reference", &self.reference),
            ("country", &self.country),
            ("status", &self.status),
        ];
        let words = self.words.iter().map(|word| format!("\"{word}\""));
        let options = options
            .into_iter()
            .filter_map(|(name, given)| given.as_ref().map(|given| format!("{name} \"{given}\"")));
        words.chain(options).collect::<Vec<_>>().join(" and ")
    }
}

/// Runs the command.
///
/// # Errors
/// How it failed.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let (wanted, said, arguments) = match verb {
        Verb::List(arguments) => {
            let filter = arguments.filter.clone();
            let wanted = Wanted {
                filter,
                ..Wanted::default()
            };
            (wanted, None, arguments)
        }
        Verb::Find(arguments) => (arguments.wanted(), Some(arguments.said()), arguments.list),
    };
    let ledger_id = session.ledger_id().await?;
    let options = arguments.read.options(session, &ledger_id).await?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let listing = find(session, &ledger_id, wanted, (options, limit)).await?;
    if let (true, Some(said)) = (listing.rows.is_empty(), said) {
        let error = format!("no agreement of ledger \"{ledger_id}\" is found by {said}");
        return Err(Failure::new(Exit::NotFound, error)
            .hint("`perennial agreement list` shows all; words are found in any case, but spelt as recorded"));
    }
    print_listing(session, &listing)
}
