//! The commands of one agreement: its signature with lines of 0, its words, its entries in order, its forecast.

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, Cash, Conditionality, DecreaseReason, Description, EvidenceLevel,
    ExtensionKind, ForecastEntry, Line, LineAmount, Terms, YearShare,
};
use perennial_domain::classification::LineDims;
use perennial_domain::command::{Action, Command};
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::{ExternalReference, OrgRef};

use super::budget::BudgetedPeriods;
use super::entry::Entry;
use super::identity::line_id;
use super::reason::{NO_MATCHING_LINE, OWN_SIDE_DIFFERS};
use super::submission::Step;
use super::{NEGATIVE_PUBLISHED, PlanLimits};
use crate::known::{IATI_SYSTEM, KnownAgreement};
use crate::vocabulary::{Direction, TransactionType};

/// The published term: planned dates, else actual ones. The end may lie before the start (R7 flags it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Term {
    pub(super) starts_on: Option<Date>,
    pub(super) ends_on: Option<Date>,
}

impl Term {
    /// Whether it now says another start, or no end any more: what a later term does not follow by itself.
    pub(super) fn moved_since(self, known: &KnownAgreement) -> bool {
        let end_gone = known.ends_on.is_some() && self.ends_on.is_none();
        known.starts_on != self.starts_on || end_gone
    }
}

/// Everything that one agreement is planned from.
pub(super) struct Draft<'a> {
    pub(super) agreement_id: AgreementId,
    pub(super) identifier: &'a str,
    pub(super) direction: Direction,
    pub(super) currency: Currency,
    pub(super) known: Option<&'a KnownAgreement>,
    /// New entries of this agreement, in published order.
    pub(super) entries: Vec<Entry>,
    /// The whole published plan, sorted.
    pub(super) forecast: Vec<ForecastEntry>,
    pub(super) budgeted: Option<BudgetedPeriods>,
    pub(super) term: Term,
    pub(super) description: &'a Description,
    pub(super) published_on: Date,
    /// Parties and classification where no entry says any.
    pub(super) default_parties: Parties,
    pub(super) default_dims: &'a LineDims,
    pub(super) limits: &'a PlanLimits,
}

/// Who gives and who receives.
#[derive(Clone, Debug)]
pub(super) struct Parties {
    pub(super) provider: OrgRef,
    pub(super) recipient: OrgRef,
}

impl Parties {
    fn counterparty(&self, direction: Direction) -> &OrgRef {
        match direction {
            Direction::Outgoing => &self.recipient,
            Direction::Incoming => &self.provider,
        }
    }

    fn own(&self, direction: Direction) -> &OrgRef {
        match direction {
            Direction::Outgoing => &self.provider,
            Direction::Incoming => &self.recipient,
        }
    }
}

impl Draft<'_> {
    /// Returns the agreement's commands in order; empty if the ledger holds all of it.
    pub(super) fn steps(mut self) -> Vec<Step> {
        self.entries
            .sort_by_key(|entry| (entry.on, entry.kind.booking_rank()));
        let parties = self.parties();
        let lines = self.new_lines(&parties);
        self.note(&parties);
        let mut steps = self.opening(&parties, lines);
        if self.known.and_then(|known| known.description.as_ref()) != Some(self.description) {
            let describe = AgreementCommand::Describe(self.description.clone());
            steps.push(self.plain(self.published_on, describe));
        }
        steps.extend(self.moved_end());
        for entry in std::mem::take(&mut self.entries) {
            steps.push(self.booked(entry, &parties));
        }
        if self.known.map_or(&[][..], |known| &known.forecast) != self.forecast {
            let forecast = AgreementCommand::ReplaceForecast(std::mem::take(&mut self.forecast));
            steps.push(self.plain(self.published_on, forecast));
        }
        steps
    }

    /// The agreement's parties: as recorded, else those of its first commitment, else of its first entry.
    fn parties(&self) -> Parties {
        if let Some(known) = self.known {
            return Parties {
                provider: known.provider.clone(),
                recipient: known.recipient.clone(),
            };
        }
        let commitment = self.entries.iter().find(|entry| entry.kind.is_commitment());
        let lead = commitment.or(self.entries.first());
        lead.map_or_else(
            || self.default_parties.clone(),
            |entry| Parties {
                provider: entry.provider.clone(),
                recipient: entry.receiver.clone(),
            },
        )
    }

    /// Lines that entries need and the ledger lacks, in order of need, each with the day of its first entry.
    fn new_lines(&self, parties: &Parties) -> Vec<(Date, Line)> {
        let mut opened: BTreeSet<LineId> = BTreeSet::new();
        let mut lines = Vec::new();
        let mut open = |on: Date, id: LineId, counterparty: &OrgRef, dims: &LineDims| {
            let known = self.known.is_some_and(|known| known.lines.contains(&id));
            if known || !opened.insert(id.clone()) {
                return;
            }
            let own = parties.counterparty(self.direction).key() == counterparty.key();
            let line = Line {
                line_id: id,
                amount: Money::zero(self.currency),
                counterparty: (!own).then(|| counterparty.clone()),
                dims: dims.clone(),
                year_shares: Vec::new(),
                functional: None,
            };
            lines.push((on, line));
        };
        for entry in &self.entries {
            open(
                entry.on,
                entry.line_id.clone(),
                entry.counterparty(),
                &entry.dims,
            );
        }
        if self.known.is_none() && self.entries.is_empty() {
            let counterparty = parties.counterparty(self.direction);
            let id = line_id(counterparty, self.default_dims);
            open(self.published_on, id, counterparty, self.default_dims);
        }
        lines
    }

    /// Notes what stands out: spending where no commitment stands, commitments from another own side.
    fn note(&mut self, parties: &Parties) {
        let recorded = self
            .known
            .into_iter()
            .flat_map(|known| known.entries.values());
        let mut committed: BTreeSet<LineId> = recorded
            .filter(|entry| entry.commitment.is_some())
            .filter_map(|entry| entry.line_id.clone())
            .collect();
        let new = self
            .entries
            .iter()
            .filter(|entry| entry.kind.is_commitment());
        committed.extend(new.map(|entry| entry.line_id.clone()));
        for entry in &mut self.entries {
            if entry.kind.is_commitment() {
                if entry.own_party().key() != parties.own(self.direction).key() {
                    entry.note(OWN_SIDE_DIFFERS);
                }
            } else if !matches!(entry.kind, TransactionType::Other(_))
                && !committed.contains(&entry.line_id)
            {
                entry.note(NO_MATCHING_LINE);
            }
        }
    }

    /// The signature with its lines, or later lines of a known agreement.
    fn opening(&self, parties: &Parties, lines: Vec<(Date, Line)>) -> Vec<Step> {
        let mut lines = lines.into_iter();
        let mut steps = Vec::new();
        if self.known.is_none() {
            let first = self.entries.iter().map(|entry| entry.on).min();
            let on = first.map_or(self.published_on, |first| first.min(self.published_on));
            let terms = Terms {
                perspective: self.direction.perspective(),
                provider: parties.provider.clone(),
                recipient: parties.recipient.clone(),
                signed_on: None,
                starts_on: self.term.starts_on,
                ends_on: self.term.ends_on,
                currency: self.currency,
                conditionality: Conditionality::None,
                lines: lines
                    .by_ref()
                    .take(self.limits.signed_lines_max)
                    .map(|(_, line)| line)
                    .collect(),
                further: None,
            };
            let mut sign = self.plain(on, AgreementCommand::Sign(terms));
            sign.command = identified(sign.command, self.identifier);
            steps.push(sign);
        }
        steps.extend(lines.map(|(on, line)| self.plain(on, AgreementCommand::OpenLine(line))));
        steps
    }

    /// A published end that moved since it was recorded.
    fn moved_end(&self) -> Option<Step> {
        let (known, new_ends_on) = (self.known?, self.term.ends_on?);
        if known.ends_on == Some(new_ends_on) {
            return None;
        }
        let later = known.ends_on.is_none_or(|ends_on| ends_on < new_ends_on);
        let command = if later {
            AgreementCommand::ExtendPeriod {
                new_ends_on,
                kind: ExtensionKind::Unknown,
                moves: Vec::new(),
                amendment: None,
            }
        } else {
            AgreementCommand::ShortenPeriod {
                new_ends_on,
                reason: "published end moved".to_owned(),
            }
        };
        Some(self.plain(self.published_on, command))
    }

    fn plain(&self, on: Date, action: AgreementCommand) -> Step {
        let action = Action::Agreement(self.agreement_id.clone(), action);
        Step {
            command: command(on, action),
            transaction: None,
        }
    }

    /// The one command that books an entry.
    fn booked(&self, entry: Entry, parties: &Parties) -> Step {
        let on = entry.on;
        let transaction = Some((entry.locator.clone(), !entry.published.notes.is_empty()));
        let action = if entry.kind.is_commitment() {
            self.commitment(entry)
        } else {
            payment(entry, parties)
        };
        let step = self.plain(on, action);
        Step {
            transaction,
            ..step
        }
    }

    fn commitment(&self, entry: Entry) -> AgreementCommand {
        let (line_id, published) = (Some(entry.line_id), Some(entry.published));
        let shares = |amount: Money| -> Vec<YearShare> {
            let budgeted = self.budgeted.as_ref();
            budgeted.map_or_else(Vec::new, |periods| periods.shares(amount.minor_units()))
        };
        if entry.amount.is_negative() {
            let amount = entry.amount.negated();
            return AgreementCommand::DecreaseCommitment {
                line_id,
                amount,
                year_shares: shares(amount),
                reason: DecreaseReason::Unknown,
                published,
                functional: None,
            };
        }
        AgreementCommand::IncreaseCommitment {
            line_id,
            amount: entry.amount,
            year_shares: shares(entry.amount),
            amendment: None,
            published,
            functional: None,
        }
    }
}

/// The command of an entry that is no commitment (SEMANTICS.md 3 "Negative values").
fn payment(entry: Entry, parties: &Parties) -> AgreementCommand {
    let (kind, negative) = (entry.kind, entry.amount.is_negative());
    let cash = cash(entry, parties);
    let reason = NEGATIVE_PUBLISHED.to_owned();
    match (kind, negative) {
        (TransactionType::IncomingFunds, false) => AgreementCommand::ConfirmReceipt {
            cash,
            tranche_id: None,
            disbursement_id: None,
        },
        (TransactionType::IncomingFunds, true) => AgreementCommand::ConfirmRefund { cash, reason },
        (TransactionType::Expenditure, false) => AgreementCommand::ReportExpenditure {
            cash,
            period: None,
            evidence_level: EvidenceLevel::Claimed,
        },
        (TransactionType::Expenditure, true) => AgreementCommand::ReduceExpenditure {
            cash,
            period: None,
            reason,
        },
        (TransactionType::Reimbursement, false) => AgreementCommand::Reimburse(cash),
        (TransactionType::Other(kind), negative) => AgreementCommand::RecordOtherFlow {
            kind,
            negative,
            cash,
        },
        (TransactionType::Disbursement | TransactionType::Reimbursement, true) => {
            AgreementCommand::Refund { cash, reason }
        }
        // Commitments and pledges have commands of their own and never come here.
        (
            TransactionType::Disbursement
            | TransactionType::OutgoingCommitment
            | TransactionType::IncomingCommitment
            | TransactionType::OutgoingPledge
            | TransactionType::IncomingPledge,
            _,
        ) => AgreementCommand::Disburse {
            cash,
            tranche_id: None,
        },
    }
}

fn cash(entry: Entry, parties: &Parties) -> Cash {
    let direction = entry.direction();
    let amount = if entry.amount.is_negative() {
        entry.amount.negated()
    } else {
        entry.amount
    };
    let provider = (entry.provider.key() != parties.provider.key()).then_some(entry.provider);
    // The line says who is paid in an outgoing agreement.
    let other_receiver =
        direction == Direction::Incoming && entry.receiver.key() != parties.recipient.key();
    Cash {
        amount,
        lines: vec![LineAmount {
            line_id: entry.line_id,
            amount,
        }],
        payment_id: None,
        provider,
        receiver: other_receiver.then_some(entry.receiver),
        value_on: entry.value_on,
        conversion: None,
        reference: entry.reference,
        published: Some(entry.published),
        functional: None,
        modality: None,
    }
}

pub(super) const fn command(effective_on: Date, action: Action) -> Command {
    Command {
        effective_on,
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action,
        functional_from_table: false,
    }
}

/// The command with the activity's identifier, under which its stream is found.
pub(super) fn identified(command: Command, identifier: &str) -> Command {
    let reference = ExternalReference {
        system: IATI_SYSTEM.into(),
        reference: identifier.into(),
    };
    Command {
        external_reference: Some(reference),
        ..command
    }
}
