//! Which facts a command adds to an agreement, or every reason against it. Pure: no clock, no id source, no IO.
//!
//! Each family of commands works out what its command leaves out and builds the event; [`Case::judge`] then
//! holds every event against the rules about amounts, in one place.

mod allocation;
mod carry_over;
mod carrying;
mod cash;
mod classification;
mod commitment;
pub(crate) mod correction;
mod headings;
mod life;
pub(crate) mod onward;
mod reallocation;
mod schedule;
mod signature;
mod sources;
mod term;
mod terms;
pub(crate) mod transfer;

use jiff::civil::Date;

use crate::agreement::rules::{self, Change};
use crate::agreement::state::Effect;
use crate::agreement::{Agreement, AgreementCommand, AgreementEvent, EntryKind, ReversalReason};
use crate::exchange::Functional;
use crate::exchange::decide::Asked;
use crate::finding::{Context, Findings, Verdict};
use crate::ids::{AgreementId, LineId};
use crate::log::EventId;
use crate::money::{Currency, Money};
use crate::rejection::Rejection;
use crate::rule::{Breach, Rule};

/// One event to record, without what the ledger adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft<E> {
    pub(crate) effective_on: Date,
    pub(crate) fact: E,
    pub(crate) verdict: Verdict,
}

impl<E> Draft<E> {
    /// The same draft of a wrapped fact.
    pub(crate) fn map<F>(self, wrap: impl FnOnce(E) -> F) -> Draft<F> {
        Draft {
            effective_on: self.effective_on,
            fact: wrap(self.fact),
            verdict: self.verdict,
        }
    }
}

/// What a command makes: its events in order, or every reason against it.
pub(crate) type Drafts<E> = Result<Vec<Draft<E>>, Vec<Rejection>>;

/// An agreement that a command is asked of.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) id: &'a AgreementId,
    /// As breaches name it.
    pub(crate) subject: &'a str,
    /// The state in which what is left out is worked out.
    agreement: &'a Agreement,
    /// The state before; another one only while an entry is being replaced.
    judged_on: &'a Agreement,
    /// What a replacement has already taken out of `judged_on`.
    taken_out: Option<&'a (Date, Vec<Effect>)>,
    /// What happens to the other half where a half of a transfer is corrected.
    other_half: OtherHalf,
    /// What the giving half of a transfer brings to this agreement.
    brought: Option<&'a carrying::Brought>,
}

/// What happens to the other half of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherHalf {
    /// Nothing: then this one stays too.
    Stays,
    /// It is reversed in the same record.
    Reversed,
}

/// Decides a command on an agreement, which is absent before its signature.
pub(crate) fn decide(
    context: Context<'_>,
    id: &AgreementId,
    agreement: Option<&Agreement>,
    effective_on: Date,
    command: &AgreementCommand,
) -> Drafts<AgreementEvent> {
    let subject = Agreement::subject(id);
    if let AgreementCommand::Sign(terms) = command {
        return match agreement {
            Some(_) => Err(vec![Rejection::AgreementExists(id.clone())]),
            None => signature::sign(context, &subject, effective_on, terms),
        };
    }
    let Some(agreement) = agreement else {
        return Err(vec![Rejection::UnknownAgreement(id.clone())]);
    };
    let case = Case::of(context, id, &subject, agreement);
    case.decide(effective_on, command)
}

/// Decides the reversal of a half of a transfer whose other half is reversed in the same record.
pub(crate) fn reverse_half(
    context: Context<'_>,
    (id, agreement): (&AgreementId, &Agreement),
    effective_on: Date,
    (target, reason): (EventId, ReversalReason),
) -> Drafts<AgreementEvent> {
    let subject = Agreement::subject(id);
    let case = Case {
        other_half: OtherHalf::Reversed,
        ..Case::of(context, id, &subject, agreement)
    };
    correction::reverse(&case, effective_on, target, reason)
}

impl<'a> Case<'a> {
    /// An agreement as it stands.
    const fn of(
        context: Context<'a>,
        id: &'a AgreementId,
        subject: &'a str,
        agreement: &'a Agreement,
    ) -> Self {
        Self {
            context,
            id,
            subject,
            agreement,
            judged_on: agreement,
            taken_out: None,
            other_half: OtherHalf::Stays,
            brought: None,
        }
    }
}

impl Case<'_> {
    fn decide(&self, effective_on: Date, command: &AgreementCommand) -> Drafts<AgreementEvent> {
        if let AgreementCommand::ReverseEntry { target, reason } = command {
            return correction::reverse(self, effective_on, *target, *reason);
        }
        if let AgreementCommand::ReplaceEntry {
            target,
            replacement,
            replacement_effective_on,
        } = command
        {
            return correction::replace(self, *target, *replacement_effective_on, replacement);
        }
        let mut findings = Findings::new(self.context.profile);
        self.own_date(&mut findings, effective_on);
        let fact = self.draft(&mut findings, effective_on, command);
        self.conclude(findings, effective_on, fact)
    }

    /// Builds the event of a command that makes one, or notes why there is none.
    fn draft(
        &self,
        findings: &mut Findings,
        effective_on: Date,
        command: &AgreementCommand,
    ) -> Option<AgreementEvent> {
        self.permit(findings, effective_on, command);
        match command {
            AgreementCommand::Describe(description) => {
                Some(AgreementEvent::AgreementDescribed(description.clone()))
            }
            AgreementCommand::OpenLine(line) => Some(signature::open_line(self, findings, line)),
            AgreementCommand::IncreaseCommitment { .. }
            | AgreementCommand::DecreaseCommitment { .. } => {
                commitment::draft(self, findings, effective_on, command)
            }
            AgreementCommand::ExtendPeriod { .. } | AgreementCommand::ShortenPeriod { .. } => {
                term::draft(self, findings, effective_on, command)
            }
            AgreementCommand::ScheduleTranche(_)
            | AgreementCommand::RescheduleTranche { .. }
            | AgreementCommand::CancelTranche { .. }
            | AgreementCommand::MeetCondition(_)
            | AgreementCommand::WaiveCondition(_)
            | AgreementCommand::ReplaceForecast(_) => schedule::draft(self, findings, command),
            AgreementCommand::Disburse { .. }
            | AgreementCommand::Reimburse(_)
            | AgreementCommand::Refund { .. }
            | AgreementCommand::ConfirmReceipt { .. }
            | AgreementCommand::ConfirmRefund { .. }
            | AgreementCommand::ReportExpenditure { .. }
            | AgreementCommand::ReduceExpenditure { .. }
            | AgreementCommand::RecordOtherFlow { .. } => {
                cash::draft(self, findings, effective_on, command)
            }
            AgreementCommand::ReallocateFunds(_)
            | AgreementCommand::ReviseTerms(_)
            | AgreementCommand::Allocate(_)
            | AgreementCommand::ReleaseAllocation { .. }
            | AgreementCommand::CarryOverFunds(_) => {
                self.move_draft(findings, effective_on, command)
            }
            AgreementCommand::Suspend { .. }
            | AgreementCommand::Resume { .. }
            | AgreementCommand::Terminate(_)
            | AgreementCommand::Cancel { .. }
            | AgreementCommand::End { .. }
            | AgreementCommand::Close { .. }
            | AgreementCommand::WriteOffReceivable(_)
            | AgreementCommand::RecoverReceivable(_) => {
                life::draft(self, findings, effective_on, command)
            }
            AgreementCommand::ReclassifySplits { .. } | AgreementCommand::ReplaceTagSet(_) => {
                classification::draft(self, findings, command)
            }
            AgreementCommand::Sign(_) => {
                findings.reject(Rejection::AgreementExists(self.id.clone()));
                None
            }
            // They need another agreement too, so they are decided where both are known.
            AgreementCommand::TransferFunds(_) | AgreementCommand::LinkOnwardGrant(_) => {
                no_replacement(findings, "must be of one agreement alone")
            }
            AgreementCommand::ReverseEntry { .. } | AgreementCommand::ReplaceEntry { .. } => {
                no_replacement(findings, "must be neither reversal nor replacement")
            }
        }
    }

    /// What moves committed money, or says how it may be moved.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`draft` names every command and sends only these here"
    )]
    fn move_draft(
        &self,
        findings: &mut Findings,
        effective_on: Date,
        command: &AgreementCommand,
    ) -> Option<AgreementEvent> {
        match command {
            AgreementCommand::ReallocateFunds(reallocation) => {
                reallocation::draft(self, findings, effective_on, reallocation)
            }
            AgreementCommand::ReviseTerms(revision) => terms::draft(self, findings, revision),
            AgreementCommand::Allocate(wish) => allocation::allocate(self, findings, wish),
            AgreementCommand::ReleaseAllocation {
                allocation_id,
                amount,
                reason,
            } => allocation::release(self, findings, (allocation_id, *amount, reason)),
            AgreementCommand::CarryOverFunds(wish) => {
                carry_over::draft(self, findings, effective_on, wish)
            }
            _ => None,
        }
    }

    /// Holds a built event against the rules and wraps it up.
    fn conclude(
        &self,
        mut findings: Findings,
        effective_on: Date,
        fact: Option<AgreementEvent>,
    ) -> Drafts<AgreementEvent> {
        let mut carrying = Vec::new();
        if let Some(fact) = &fact {
            if self.is_of_the_books(fact) {
                let open = crate::rules::period_open(&self.context, self.subject, effective_on);
                findings.breach(open);
            }
            self.judge(&mut findings, effective_on, fact);
            if !findings.unusable() {
                carrying = carrying::decide(self, &mut findings, fact);
            }
        } else if !findings.refused() {
            findings.malformed("command", "makes no event");
        }
        let verdict = Verdict {
            carrying,
            ..findings.finish(&self.context)?
        };
        let draft = |fact| Draft {
            effective_on,
            fact,
            verdict,
        };
        Ok(fact.map(draft).into_iter().collect())
    }

    /// Whether an event changes amounts or status, so that a closing of its period keeps it out (R9). Words, lines of
    /// 0, terms, classification and published plans do not.
    fn is_of_the_books(&self, fact: &AgreementEvent) -> bool {
        if let AgreementEvent::EntryReversed { target, .. }
        | AgreementEvent::EntryReplaced { target } = fact
        {
            let kind = self.agreement.entry(*target).map(|entry| entry.kind);
            return !matches!(kind, Some(EntryKind::Forecast | EntryKind::Terms));
        }
        !matches!(
            fact,
            AgreementEvent::AgreementDescribed(_)
                | AgreementEvent::LineOpened { .. }
                | AgreementEvent::ForecastReplaced { .. }
                | AgreementEvent::TermsRevised(_)
                | AgreementEvent::SplitsReclassified { .. }
                | AgreementEvent::TagSetReplaced(_)
        )
    }

    /// Every rule about amounts, in one place.
    fn judge(&self, findings: &mut Findings, effective_on: Date, fact: &AgreementEvent) {
        let Ok(effects) = self.agreement.effects(fact) else {
            // `decide` looked every name up, so this is out of reach; an event that cannot be folded is none.
            findings.malformed("command", "names what the agreement does not have");
            return;
        };
        if effects.is_empty() && self.taken_out.is_none() {
            return;
        }
        let mut days = vec![(effective_on, effects)];
        days.extend(self.taken_out.cloned());
        days.sort_by_key(|&(on, _)| on);
        let change = Change::new(self.judged_on, self.subject, &days);
        if rules::out_of_range(&change) {
            let stream = crate::event::Stream::Agreement(self.id.clone());
            findings.reject(Rejection::TotalOutOfRange { stream });
        }
        let tolerance = self.context.policy.tolerance;
        findings.breach(rules::within_commitment(&change, tolerance));
        findings.flag(rules::line_within_commitment(&change, tolerance));
        findings.breach(rules::commitment_above_disbursed(&change));
        findings.breach(rules::disbursed_not_negative(&change));
        findings.breach(rules::allocation_within_parked(&change));
        findings.breach(rules::scheduled_within_undisbursed(&change));
        findings.breach(rules::expenditure_within_received(&change));
        if matches!(
            fact,
            AgreementEvent::RefundMade { .. } | AgreementEvent::RefundReceived { .. }
        ) {
            findings.breach(rules::refund_within_disbursed(&change));
        }
    }

    /// A command's own date: in the years that are booked, and R6.
    fn own_date(&self, findings: &mut Findings, effective_on: Date) {
        findings.date("effective_on", effective_on);
        findings.breach(crate::rules::date_not_future(
            self.subject,
            "effective_on",
            effective_on,
            self.context.today,
        ));
    }

    /// What an amount is in the functional currency, as the command gives it or asks for it; `on` is the day of the rate.
    fn functional(
        &self,
        findings: &mut Findings,
        (field, amount): (&str, Money),
        given: Option<&Functional>,
        on: Date,
    ) -> Option<Box<Functional>> {
        let asked = Asked {
            subject: self.subject,
            field,
            amount,
            given,
            on,
        };
        asked.decide(&self.context, findings)
    }

    fn currency(&self) -> Currency {
        self.agreement.currency()
    }

    /// Finds a line by its id; without one, the only line.
    fn line(&self, findings: &mut Findings, line_id: Option<&LineId>) -> Option<usize> {
        let Some(line_id) = line_id else {
            let lines = self.agreement.lines.len();
            if lines == 1 {
                return Some(0);
            }
            findings.reject(Rejection::LineRequired {
                agreement_id: self.id.clone(),
                lines,
            });
            return None;
        };
        let place = self.agreement.place_of(line_id);
        if place.is_none() {
            findings.reject(Rejection::UnknownLine {
                agreement_id: self.id.clone(),
                line_id: line_id.clone(),
            });
        }
        place
    }

    fn line_id(&self, at: usize) -> Option<LineId> {
        self.agreement.line_id_at(at)
    }

    fn money(&self, findings: &mut Findings, minor_units: i128) -> Option<Money> {
        let money = Money::from_minor(minor_units, self.currency()).ok();
        if money.is_none() {
            let stream = crate::event::Stream::Agreement(self.id.clone());
            findings.reject(Rejection::TotalOutOfRange { stream });
        }
        money
    }
}

/// A breach of R5 by a reversal of `target`.
pub(crate) fn reversal_target(subject: &str, target: crate::log::EventId, problem: &str) -> Breach {
    Breach::new(
        Rule::ReversalTarget,
        subject,
        &[("target", &target), ("problem", &problem)],
    )
}

fn no_replacement(findings: &mut Findings, problem: &str) -> Option<AgreementEvent> {
    findings.malformed("replacement", problem);
    None
}
