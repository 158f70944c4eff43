//! A ledger that accepts everything: each command becomes its one event. It knows the revisions, and refuses a
//! submission that was planned on others.

use std::collections::HashMap;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, CashEntry, LinePart, OtherFlow, YearBasis, YearShare,
};
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::import::{ImportCommand, ImportEvent, ImportSource};
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::money::Money;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};
use perennial_iati::plan::PlanLimits;
use perennial_iati::{Activities, ActivityPlan, Known, Planner, ReadLimits, Tally};

/// The ledger, with everything it recorded.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) known: Known,
    pub(crate) events: Vec<Recorded<Event>>,
    revisions: HashMap<Stream, u64>,
    forecasts: HashMap<Stream, Vec<perennial_domain::agreement::ForecastEntry>>,
    positions: u64,
}

/// What one import did.
pub(crate) struct Import {
    pub(crate) plans: Vec<ActivityPlan>,
    pub(crate) tally: Tally,
    pub(crate) submissions: usize,
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
                self.record(&planned.submission);
                import.tally.recorded(planned, |_| false);
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

    /// Gives every commitment recorded so far a prorated share of the year 2020, and folds anew.
    pub(crate) fn prorate_commitments(&mut self) {
        self.known = Known::default();
        for recorded in &mut self.events {
            if let Fact::Agreement(AgreementEvent::CommitmentIncreased {
                amount,
                year_shares,
                ..
            }) = &mut recorded.event.fact
            {
                *year_shares = vec![YearShare {
                    period: FiscalCalendar::January
                        .year_of(Date::constant(2020, 1, 1))
                        .period(),
                    minor_units: amount.minor_units(),
                    basis: YearBasis::Prorated,
                }];
            }
            self.known.apply(recorded);
        }
    }

    pub(crate) fn record(&mut self, submission: &Submission) {
        for (stream, expected) in &submission.expected {
            let actual = self.revisions.get(stream).copied().unwrap_or(0);
            match expected {
                Expected::NoStream => assert_eq!(actual, 0, "{stream} exists"),
                Expected::Exactly(Revision(expected)) => {
                    assert_eq!((stream, actual), (stream, *expected));
                }
            }
        }
        let position = Position(self.positions);
        self.positions += 1;
        for (index, command) in submission.commands.iter().enumerate() {
            let event_id = EventId {
                position,
                index: index.try_into().unwrap(),
            };
            let event = self.event(command);
            let recorded = Recorded {
                event_id,
                recorded_at: RecordedAt(0),
                event,
            };
            self.known.apply(&recorded);
            self.events.push(recorded);
        }
    }

    fn event(&mut self, command: &Command) -> Event {
        let stream = command.action.stream();
        let fact = match &command.action {
            Action::Agreement(_, action) => {
                Fact::Agreement(self.agreement(&stream, action, command))
            }
            Action::Pledge(_, action) => Fact::Pledge(pledge(action)),
            Action::Import(_, ImportCommand::Start(source)) => {
                Fact::Import(ImportEvent::ImportStarted(source.clone()))
            }
            Action::Import(_, ImportCommand::Complete { counts, reasons }) => {
                Fact::Import(ImportEvent::ImportCompleted {
                    counts: *counts,
                    reasons: reasons.clone(),
                })
            }
        };
        let revision = self.revisions.entry(stream.clone()).or_default();
        *revision += 1;
        Event {
            stream,
            revision: Revision(*revision),
            effective_on: command.effective_on,
            external_reference: command.external_reference.clone(),
            evidence: Vec::new(),
            flags: Vec::new(),
            fact,
        }
    }

    fn agreement(
        &mut self,
        stream: &Stream,
        action: &AgreementCommand,
        command: &Command,
    ) -> AgreementEvent {
        let paid = |cash: &Cash| recorded(cash);
        let period = |period: &Option<Period>| period.unwrap_or(Period::day(command.effective_on));
        match action.clone() {
            AgreementCommand::Sign(terms) => AgreementEvent::AgreementSigned(terms),
            AgreementCommand::Describe(words) => AgreementEvent::AgreementDescribed(words),
            AgreementCommand::OpenLine(line) => AgreementEvent::LineOpened { line },
            AgreementCommand::IncreaseCommitment {
                line_id,
                amount,
                year_shares,
                published,
                ..
            } => AgreementEvent::CommitmentIncreased {
                line_id: line_id.unwrap(),
                amount,
                year_shares,
                amendment: None,
                published,
            },
            AgreementCommand::DecreaseCommitment {
                line_id,
                amount,
                year_shares,
                reason,
                published,
            } => AgreementEvent::CommitmentDecreased {
                line_id: line_id.unwrap(),
                amount,
                year_shares,
                reason,
                published,
            },
            AgreementCommand::ExtendPeriod {
                new_ends_on,
                kind,
                moves,
                amendment,
            } => AgreementEvent::PeriodExtended {
                previous_ends_on: None,
                new_ends_on,
                kind,
                moves,
                amendment,
            },
            AgreementCommand::ShortenPeriod {
                new_ends_on,
                reason,
            } => AgreementEvent::PeriodShortened {
                previous_ends_on: None,
                new_ends_on,
                reason,
            },
            AgreementCommand::ReplaceForecast(entries) => AgreementEvent::ForecastReplaced {
                previous: self
                    .forecasts
                    .insert(stream.clone(), entries.clone())
                    .unwrap_or_default(),
                entries,
            },
            AgreementCommand::Disburse { cash, .. } => AgreementEvent::DisbursementMade {
                cash: paid(&cash),
                draws: Vec::new(),
            },
            AgreementCommand::Reimburse(cash) => {
                AgreementEvent::ReimbursementMade { cash: paid(&cash) }
            }
            AgreementCommand::Refund { cash, reason } => AgreementEvent::RefundMade {
                cash: paid(&cash),
                reason,
            },
            AgreementCommand::ConfirmReceipt(cash) => {
                AgreementEvent::ReceiptConfirmed { cash: paid(&cash) }
            }
            AgreementCommand::ConfirmRefund { cash, reason } => AgreementEvent::RefundReceived {
                cash: paid(&cash),
                reason,
            },
            AgreementCommand::ReportExpenditure {
                cash,
                period: asked,
                evidence_level,
            } => AgreementEvent::ExpenditureReported {
                cash: paid(&cash),
                period: period(&asked),
                evidence_level,
            },
            AgreementCommand::ReduceExpenditure {
                cash,
                period: asked,
                reason,
            } => AgreementEvent::ExpenditureReduced {
                cash: paid(&cash),
                period: period(&asked),
                reason,
            },
            AgreementCommand::RecordOtherFlow {
                kind,
                negative,
                cash,
            } => {
                let cash = paid(&cash);
                AgreementEvent::OtherFlowRecorded(OtherFlow {
                    kind,
                    negative,
                    cash,
                })
            }
            AgreementCommand::ReverseEntry { target, reason } => {
                AgreementEvent::EntryReversed { target, reason }
            }
            other @ (AgreementCommand::ScheduleTranche(_)
            | AgreementCommand::RescheduleTranche { .. }
            | AgreementCommand::CancelTranche { .. }
            | AgreementCommand::ReallocateFunds(_)
            | AgreementCommand::ReplaceEntry { .. }) => panic!("an import never asks {other:?}"),
        }
    }
}

fn recorded(cash: &Cash) -> CashEntry {
    let total: i128 = cash
        .lines
        .iter()
        .map(|line| line.amount.minor_units())
        .sum();
    assert_eq!(
        total,
        cash.amount.minor_units(),
        "the lines are the whole payment"
    );
    assert!(cash.amount.is_positive(), "amounts are above zero");
    CashEntry {
        amount: cash.amount,
        parts: cash
            .lines
            .iter()
            .map(|line| LinePart {
                line_id: line.line_id.clone(),
                minor_units: line.amount.minor_units(),
            })
            .collect(),
        payment_id: None,
        provider: cash.provider.clone(),
        receiver: cash.receiver.clone(),
        value_on: cash.value_on,
        conversion: None,
        reference: cash.reference.clone(),
        published: cash.published.clone(),
    }
}

fn pledge(action: &PledgeCommand) -> PledgeEvent {
    match action.clone() {
        PledgeCommand::Announce(announcement) => PledgeEvent::PledgeAnnounced(announcement),
        PledgeCommand::Withdraw {
            amount,
            reason,
            published,
        } => PledgeEvent::PledgeWithdrawn {
            amount,
            reason,
            published,
        },
        other @ (PledgeCommand::Revise { .. }
        | PledgeCommand::Convert { .. }
        | PledgeCommand::ReverseEntry { .. }) => panic!("an import never asks {other:?}"),
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
            Action::Pledge(..) | Action::Import(..) => None,
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
        AgreementCommand::ConfirmReceipt(cash) => ("receive", cash.amount),
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
