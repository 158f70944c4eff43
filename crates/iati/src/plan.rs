//! From published activities to submissions, exactly as SEMANTICS.md 3: what the ledger holds already is left
//! alone, what is new becomes one command a transaction, and what cannot be booked is named with its reason.
//!
//! Pure: the same file against the same ledger gives the same plan. What the specification leaves open is decided
//! here, each time so that nothing is counted twice and nothing disappears without a word:
//!
//! - A transaction counts as *flagged* if its event carries a broken rule, or if its published entry carries a note
//!   ([`NO_MATCHING_LINE`], [`VALUE_DATE_USED`], [`OWN_SIDE_DIFFERS`]).
//! - A line is (counterparty, sectors, places, humanitarian flag): the flag is a dim of its own. `NO_MATCHING_LINE`
//!   is noted on payments to a line on which no commitment stands, in the ledger or in this file.
//! - The receiver of incoming money that names none is the only implementing organisation, else the reporter, as
//!   the standard assumes for `receiver-org`; only outgoing money can have an unspecified receiver.
//! - An agreement has one party on the reporter's own side: that of its first commitment, else of its first entry.
//! - A transaction that looks like another version of a booked one (same type, and two of date, value and currency)
//!   is refused as `CHANGED_UPSTREAM`; one that looks like none is booked.
//! - Codes of a vocabulary that a transaction does not use are taken from its activity, vocabulary by vocabulary.
//! - Planned disbursements to the reporter are incoming; alone they open an agreement with one line of 0.
//! - Signatures are effective on the day of the first entry, but not after publication; words, ends and plans on
//!   the day of publication.

mod agreement;
mod budget;
mod classify;
mod compare;
mod describe;
mod entry;
pub mod identity;
mod pledge;
mod reason;
mod submission;

use std::collections::{BTreeMap, HashSet};

use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::ids::ImportId;
use perennial_domain::import::{ImportCommand, ImportSource};
use perennial_domain::money::Currency;

use agreement::{Draft, Parties, command};
use budget::BudgetedPeriods;
use entry::{Defaults, Entry};
pub use reason::{
    IDENTIFIER_CHARS_MAX, Item, NO_MATCHING_LINE, OWN_SIDE_DIFFERS, Reason, VALUE_DATE_USED,
};
use submission::{Step, pack};

use crate::activity::Activity;
use crate::known::Known;
use crate::tally::Tally;
use crate::vocabulary::Direction;

/// Why a refund, reduction or withdrawal is booked: the source says no more.
const NEGATIVE_PUBLISHED: &str = "published as a negative value";
/// Longest identifier in a locator, in characters.
const LOCATOR_CHARS_MAX: usize = 120;

/// How large submissions get, and how much of long texts is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLimits {
    /// Commands of one submission; a ledger takes 1,000.
    pub commands_max: usize,
    /// Estimated bytes of one submission's events; a record's body takes 900,000.
    pub bytes_max: usize,
    /// Lines of one signature; further lines are opened by commands of their own.
    pub signed_lines_max: usize,
    /// Characters of a title.
    pub title_chars_max: usize,
    /// Characters of a description.
    pub description_chars_max: usize,
    /// Numbers of other systems that a description keeps.
    pub identifiers_max: usize,
    /// Participating organisations that a description keeps.
    pub participating_max: usize,
    /// Planned disbursements of one agreement.
    pub forecast_entries_max: usize,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self {
            commands_max: 1_000,
            bytes_max: 500_000,
            signed_lines_max: 100,
            title_chars_max: 1_000,
            description_chars_max: 8_000,
            identifiers_max: 100,
            participating_max: 500,
            forecast_entries_max: 1_000,
        }
    }
}

/// A published transaction in a planned submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTransaction {
    /// Index of the command that books it.
    pub command: usize,
    /// Where it is published.
    pub locator: String,
    /// Whether the planner noted something in it; then it counts as flagged.
    pub noted: bool,
}

/// One atomic submission, and which published transactions it books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSubmission {
    /// What to send.
    pub submission: Submission,
    /// The transactions that it books, ascending by command.
    pub transactions: Vec<PlannedTransaction>,
    /// Where its activity is published.
    pub locator: String,
    /// Whether it carries the run's `ImportStarted`.
    pub starts_import: bool,
}

/// What is to be done about one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityPlan {
    /// The activity's identifier; empty where none is published.
    pub identifier: String,
    /// To be sent in this order, each after the one before is recorded; empty if nothing is new.
    pub submissions: Vec<PlannedSubmission>,
    /// Transactions that are not booked.
    pub refused: Vec<Item>,
    /// How many transactions the ledger holds already.
    pub unchanged: u64,
    /// Booked transactions that are published no longer. They stand.
    pub changed_upstream: Vec<Item>,
    /// What stands out besides; no transactions.
    pub remarks: Vec<Item>,
}

/// Plans one run: one file into one ledger.
#[derive(Clone, Debug)]
pub struct Planner {
    source: ImportSource,
    import_id: ImportId,
    started: bool,
    identifiers: HashSet<String>,
    limits: PlanLimits,
}

impl Planner {
    /// Begins a run, or resumes the one of this very file that was begun and not ended.
    pub fn new(source: ImportSource, known: &Known, limits: PlanLimits) -> Self {
        let (import_id, source, started) = match known.unfinished(&source.file_sha256) {
            Some((import_id, recorded)) => (import_id.clone(), recorded.clone(), true),
            None => (identity::import_id(&source, known.runs()), source, false),
        };
        Self {
            source,
            import_id,
            started,
            identifiers: HashSet::new(),
            limits,
        }
    }

    /// The run's id: request ids are derived from it (CONVENTIONS.md 2.3).
    pub const fn import_id(&self) -> &ImportId {
        &self.import_id
    }

    /// Whether `ImportStarted` is recorded, or planned in a submission.
    pub const fn started(&self) -> bool {
        self.started
    }

    /// Says that the submission which carried `ImportStarted` was refused: the next one carries it again.
    pub const fn start_refused(&mut self) {
        self.started = false;
    }

    /// Plans one activity against what the ledger holds. `known` need not yet hold what earlier plans of this
    /// run became: activities share no streams.
    pub fn plan(&mut self, known: &Known, activity: &Activity) -> ActivityPlan {
        let mut plan = ActivityPlan {
            identifier: activity.identifier.clone(),
            submissions: Vec::new(),
            refused: Vec::new(),
            unchanged: 0,
            changed_upstream: Vec::new(),
            remarks: Vec::new(),
        };
        if let Some(reason) = self.refuses(activity) {
            plan.refuse_all(activity, reason);
            return plan;
        }
        let steps = self.steps(known, activity, &mut plan);
        plan.submissions = self.submissions(known, activity, steps);
        plan
    }

    /// The command that ends the run, once every submission is answered; `None` if the run changed nothing and
    /// so never began.
    pub fn complete(&self, tally: &Tally) -> Option<Submission> {
        let complete = ImportCommand::Complete {
            counts: tally.counts(),
            reasons: tally.reasons(),
        };
        self.started.then(|| Submission {
            commands: vec![self.import_command(complete)],
            expected: Vec::new(),
        })
    }

    fn import_command(&self, action: ImportCommand) -> Command {
        let action = Action::Import(self.import_id.clone(), action);
        command(self.source.published_on, action)
    }

    fn refuses(&mut self, activity: &Activity) -> Option<Reason> {
        if activity.identifier.is_empty() {
            return Some(Reason::MissingIdentifier);
        }
        if IDENTIFIER_CHARS_MAX < activity.identifier.chars().count() {
            return Some(Reason::IdentifierTooLong);
        }
        let first = self.identifiers.insert(activity.identifier.clone());
        (!first).then_some(Reason::DuplicateActivity)
    }

    fn submissions(
        &mut self,
        known: &Known,
        activity: &Activity,
        mut steps: Vec<Step>,
    ) -> Vec<PlannedSubmission> {
        let starts = !steps.is_empty() && !self.started;
        if starts {
            let start = self.import_command(ImportCommand::Start(self.source.clone()));
            steps.insert(
                0,
                Step {
                    command: start,
                    transaction: None,
                },
            );
            self.started = true;
        }
        let revision = |stream: &Stream| {
            let known = match stream {
                Stream::Agreement(id) => known.agreement(id).map(|known| known.revision),
                Stream::Pledge(id) => known.pledge(id).map(|known| known.revision),
                Stream::Import(_)
                | Stream::Ledger
                | Stream::Reference(_)
                | Stream::Requirement(_)
                | Stream::Calendar(_) => None,
            };
            known.map_or(Expected::NoStream, Expected::Exactly)
        };
        let locator = locator(activity, activity.line);
        let mut packed = pack(steps, revision, &self.limits, &locator);
        if let Some(first) = packed.first_mut() {
            first.starts_import = starts;
        }
        packed
    }

    fn steps(&self, known: &Known, activity: &Activity, plan: &mut ActivityPlan) -> Vec<Step> {
        let identifier = activity.identifier.as_str();
        let defaults = Defaults::of(activity, &mut plan.remarks);
        let mut entries = Vec::with_capacity(activity.transactions.len());
        for transaction in &activity.transactions {
            match defaults.entry(transaction, &mut plan.remarks) {
                Ok(entry) => entries.push(entry),
                Err(reason) => {
                    let locator = locator(activity, transaction.line);
                    plan.refused.push(Item { reason, locator });
                }
            }
        }
        let compared = compare::compare(identifier, entries, known);
        plan.unchanged = compared.unchanged;
        plan.refused.extend(compared.refused);
        plan.changed_upstream = compared.vanished;
        plan.remarks.extend(compared.remarks);
        let (pledges, entries): (Vec<Entry>, Vec<Entry>) = compared
            .new
            .into_iter()
            .partition(|entry| entry.kind.is_pledge());
        let published = Published {
            known,
            activity,
            defaults: &defaults,
        };
        let mut steps = self.agreements(&published, entries, plan);
        let term = describe::term(activity, &mut Vec::new());
        steps.extend(pledge::steps(
            identifier,
            pledges,
            known,
            term,
            &mut plan.refused,
        ));
        steps
    }

    /// Plans every agreement of an activity: those of its new entries, of its planned disbursements, and those
    /// the ledger holds.
    fn agreements(
        &self,
        published: &Published<'_>,
        entries: Vec<Entry>,
        plan: &mut ActivityPlan,
    ) -> Vec<Step> {
        let Published {
            known,
            activity,
            defaults,
        } = *published;
        let identifier = activity.identifier.as_str();
        let description =
            describe::description(activity, defaults, &self.limits, &mut plan.remarks);
        let term = describe::term(activity, &mut plan.remarks);
        let budgets = budget::budgets(activity, defaults, &mut plan.remarks);
        let mut forecasts =
            describe::forecasts(activity, defaults, &self.limits, &mut plan.remarks);
        let others = forecasts.keys().copied();
        let others = others.chain(known_sides(known, identifier));
        let mut steps = Vec::new();
        for ((direction, currency), entries) in by_side(entries, others) {
            let agreement_id = identity::agreement_id(identifier, direction, currency);
            let known = known.agreement(&agreement_id);
            if known.is_some_and(|known| term.moved_since(known)) {
                let locator = locator(activity, activity.line);
                plan.remarks.push(Item {
                    reason: Reason::TermChangedUpstream,
                    locator,
                });
            }
            let new: Vec<i128> = entries
                .iter()
                .filter(|entry| entry.kind.is_commitment())
                .map(|entry| entry.amount.minor_units())
                .collect();
            let draft = Draft {
                agreement_id,
                identifier,
                direction,
                currency,
                known,
                entries,
                forecast: forecasts.remove(&(direction, currency)).unwrap_or_default(),
                budgeted: BudgetedPeriods::of(&budgets, currency, known, &new),
                term,
                description: &description,
                published_on: self.source.published_on,
                default_parties: Parties {
                    provider: defaults.provider(direction, None),
                    recipient: defaults.receiver(direction, None),
                },
                default_dims: defaults.dims(),
                limits: &self.limits,
            };
            steps.extend(draft.steps());
        }
        steps
    }
}

/// An activity as it is published, beside what is known of it.
#[derive(Clone, Copy)]
struct Published<'a> {
    known: &'a Known,
    activity: &'a Activity,
    defaults: &'a Defaults<'a>,
}

impl ActivityPlan {
    fn refuse_all(&mut self, activity: &Activity, reason: Reason) {
        let item = |line| Item {
            reason,
            locator: locator(activity, line),
        };
        self.refused = activity
            .transactions
            .iter()
            .map(|transaction| item(transaction.line))
            .collect();
        if self.refused.is_empty() {
            self.remarks.push(item(activity.line));
        }
    }
}

/// An agreement of an activity: which way its money goes, in which currency.
type Side = (Direction, Currency);

/// The entries of each agreement, in published order; none for `others` without an entry.
fn by_side(entries: Vec<Entry>, others: impl Iterator<Item = Side>) -> BTreeMap<Side, Vec<Entry>> {
    let mut sides: BTreeMap<Side, Vec<Entry>> = others.map(|side| (side, Vec::new())).collect();
    for entry in entries {
        let side = (entry.direction(), entry.amount.currency());
        sides.entry(side).or_default().push(entry);
    }
    sides
}

/// The sides of an activity that are agreements in the ledger, under the ids that this planner gives.
fn known_sides(known: &Known, identifier: &str) -> Vec<Side> {
    let agreements = known.streams(identifier).map(|streams| &streams.agreements);
    agreements
        .into_iter()
        .flatten()
        .filter_map(|id| {
            let agreement = known.agreement(id)?;
            let side = (agreement.direction, agreement.currency);
            (identity::agreement_id(identifier, side.0, side.1) == *id).then_some(side)
        })
        .collect()
}

/// Where something is published: the activity's identifier and the line in the file.
fn locator(activity: &Activity, line: u64) -> String {
    let identifier = match activity.identifier.as_str() {
        "" => "(no identifier)",
        identifier => identifier,
    };
    format!("{} line {line}", cut(identifier, LOCATOR_CHARS_MAX))
}

/// The text, or its beginning with an ellipsis, in at most `chars_max` characters.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    kept.push('…');
    kept
}
