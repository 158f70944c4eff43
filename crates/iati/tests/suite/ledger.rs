//! A mirror ledger in memory: the domain's own book decides every submission.

use perennial_domain::Date;
use std::collections::BTreeMap;

use perennial_domain::agreement::{AgreementCommand, Perspective};
use perennial_domain::book::Book;
use perennial_domain::command::{Action, Command, Submission};
use perennial_domain::event::Event;
use perennial_domain::ids::{AgreementId, LedgerId};
use perennial_domain::import::ImportSource;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_domain::money::Money;
use perennial_domain::pledge::PledgeCommand;
use perennial_domain::rejection::Refusal;
use perennial_domain::rule::Profile;
use perennial_iati::plan::PlanLimits;
use perennial_iati::{Activities, ActivityPlan, Known, Planner, ReadLimits, Tally};

/// The UTC date on which everything is recorded.
const TODAY: Date = Date::constant(2026, 1, 1);

/// The ledger, with everything it recorded.
pub(crate) struct Ledger {
    pub(crate) known: Known,
    pub(crate) events: Vec<Recorded<Event>>,
    book: Book,
    positions: u64,
}

/// What one import did.
pub(crate) struct Import {
    pub(crate) plans: Vec<ActivityPlan>,
    pub(crate) tally: Tally,
    pub(crate) submissions: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        let ledger_id = LedgerId::parse("mirror").unwrap();
        let event =
            Book::ledger_created(ledger_id, Profile::Mirror, LedgerPolicy::default(), TODAY);
        let created = recorded(0, 0, event);
        Self {
            known: Known::default(),
            events: Vec::new(),
            book: Book::created(&created).unwrap(),
            positions: 1,
        }
    }
}

fn recorded(position: u64, index: u32, event: Event) -> Recorded<Event> {
    let event_id = EventId {
        position: Position(position),
        index,
    };
    Recorded {
        event_id,
        recorded_at: RecordedAt(0),
        event,
    }
}

impl Ledger {
    /// Imports a document published on 2021-06-01 and records all of it.
    pub(crate) fn import(&mut self, document: &str) -> Import {
        self.import_with(document, PlanLimits::default())
    }

    pub(crate) fn import_with(&mut self, document: &str, limits: PlanLimits) -> Import {
        let mut planner = Planner::new(source(document), &self.known, limits);
        let mut import = Import {
            plans: Vec::new(),
            tally: Tally::default(),
            submissions: 0,
        };
        for activity in Activities::open(document.as_bytes(), ReadLimits::default()).unwrap() {
            let plan = planner.plan(&self.known, &activity.unwrap());
            import.tally.planned(&plan);
            for planned in &plan.submissions {
                let flagged = self.record(&planned.submission);
                import.tally.recorded(planned, |command| flagged[command]);
                import.submissions += 1;
            }
            import.plans.push(plan);
        }
        if let Some(complete) = planner.complete(&import.tally) {
            self.record(&complete);
            import.submissions += 1;
        }
        import
    }

    /// Records a submission that must be accepted; says of each command whether its event is flagged.
    pub(crate) fn record(&mut self, submission: &Submission) -> Vec<bool> {
        self.try_record(submission)
            .unwrap_or_else(|refusal| panic!("{refusal:?}\n{submission:#?}"))
    }

    pub(crate) fn try_record(&mut self, submission: &Submission) -> Result<Vec<bool>, Refusal> {
        let decision = self
            .book
            .decide(submission, Position(self.positions), TODAY)?;
        self.book.apply(&decision);
        assert_eq!(
            decision.events.len(),
            submission.commands.len(),
            "one command makes one event"
        );
        let flagged = decision
            .events
            .iter()
            .map(|event| !event.flags.is_empty())
            .collect();
        for (event_id, event) in decision.events() {
            let recorded = recorded(event_id.position.0, event_id.index, event.clone());
            self.known.apply(&recorded);
            self.events.push(recorded);
        }
        self.positions += 1;
        Ok(flagged)
    }
}

/// A source whose hash tells documents apart (it is no SHA-256; the planner does not mind).
pub(crate) fn source(document: &str) -> ImportSource {
    let mut file_sha256 = [0_u8; 32];
    for (index, byte) in document.bytes().enumerate() {
        file_sha256[index % 32] = byte.wrapping_add(file_sha256[index % 32].rotate_left(3));
    }
    ImportSource {
        dataset: "fixture.xml".to_owned(),
        file_sha256,
        published_on: perennial_domain::Date::constant(2021, 6, 1),
    }
}

/// The commands of a plan, without the run's own.
pub(crate) fn commands(plan: &ActivityPlan) -> Vec<Command> {
    plan.submissions
        .iter()
        .flat_map(|planned| planned.submission.commands.clone())
        .filter(|command| !matches!(command.action, Action::Import(..)))
        .collect()
}

/// The agreement commands of a plan that move money, as `(date, kind, signed decimal)`.
pub(crate) fn money(plan: &ActivityPlan) -> Vec<(String, &'static str, String)> {
    let mut rows = Vec::new();
    for command in commands(plan) {
        let row: Option<(&'static str, Money)> = match &command.action {
            Action::Agreement(_, action) => agreement_money(action),
            Action::Pledge(_, PledgeCommand::Announce(announcement)) => {
                Some(("announce", announcement.amount))
            }
            Action::Pledge(_, PledgeCommand::Withdraw { amount, .. }) => {
                Some(("withdraw", amount.negated()))
            }
            Action::Ledger(_)
            | Action::Pledge(..)
            | Action::Import(..)
            | Action::Reference(_)
            | Action::Requirement(..)
            | Action::Calendar(..)
            | Action::Adjust(..) => None,
        };
        if let Some((kind, amount)) = row {
            rows.push((command.effective_on.to_string(), kind, amount.to_string()));
        }
    }
    rows
}

fn agreement_money(action: &AgreementCommand) -> Option<(&'static str, Money)> {
    Some(match action {
        AgreementCommand::IncreaseCommitment { amount, .. } => ("increase", *amount),
        AgreementCommand::DecreaseCommitment { amount, .. } => ("decrease", amount.negated()),
        AgreementCommand::Disburse { cash, .. } => ("disburse", cash.amount),
        AgreementCommand::Reimburse(cash) => ("reimburse", cash.amount),
        AgreementCommand::Refund { cash, .. } => ("refund", cash.amount.negated()),
        AgreementCommand::ConfirmReceipt { cash, .. } => ("receive", cash.amount),
        AgreementCommand::ConfirmRefund { cash, .. } => ("give back", cash.amount.negated()),
        AgreementCommand::ReportExpenditure { cash, .. } => ("spend", cash.amount),
        AgreementCommand::ReduceExpenditure { cash, .. } => ("unspend", cash.amount.negated()),
        AgreementCommand::RecordOtherFlow {
            negative: false,
            cash,
            ..
        } => ("other", cash.amount),
        AgreementCommand::RecordOtherFlow { cash, .. } => ("other", cash.amount.negated()),
        _ => return None,
    })
}

/// Net committed and net disbursed (3 and 7) in minor units, and how many entries of each.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) committed: i128,
    pub(crate) commitments: u32,
    pub(crate) disbursed: i128,
    pub(crate) disbursements: u32,
}

pub(crate) fn sums(plan: &ActivityPlan) -> BTreeMap<AgreementId, (Perspective, Sums)> {
    let mut all: BTreeMap<AgreementId, (Perspective, Sums)> = BTreeMap::new();
    for command in commands(plan) {
        let Action::Agreement(id, action) = command.action else {
            continue;
        };
        if let AgreementCommand::Sign(terms) = &action {
            all.insert(id.clone(), (terms.perspective, Sums::default()));
        }
        let sums = &mut all.get_mut(&id).unwrap().1;
        let (committed, disbursed) = match action {
            AgreementCommand::IncreaseCommitment { amount, .. } => (amount.minor_units(), 0),
            AgreementCommand::DecreaseCommitment { amount, .. } => (-amount.minor_units(), 0),
            AgreementCommand::Disburse { cash, .. } | AgreementCommand::Reimburse(cash) => {
                (0, cash.amount.minor_units())
            }
            AgreementCommand::Refund { cash, .. } => (0, -cash.amount.minor_units()),
            _ => continue,
        };
        sums.committed += committed;
        sums.disbursed += disbursed;
        sums.commitments += u32::from(committed != 0);
        sums.disbursements += u32::from(disbursed != 0);
    }
    all
}
