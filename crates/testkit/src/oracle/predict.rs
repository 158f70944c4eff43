//! What becomes of a submission, decided a second time.

pub(super) mod books;
mod corrections;
mod handing;
pub(super) mod registry;

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementCommand, AgreementEvent, CarryingValue};
use perennial_domain::calendar::PeriodName;
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt, Revision};
use perennial_domain::party::ExternalReference;
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeCommand;
use perennial_domain::reference::ReferenceKind;
use perennial_domain::rule::{Breach, Override, Profile, Rule};

use super::Oracle;
use super::carrying;
use super::deal::Deal;
use super::draft::{Desk, Draft, draft, sign};
use super::findings::{Broken, Findings, Verdict};
use super::item::{Item, cancels, items_of};
use super::judge::judge;
use super::pledge::{self, Pledge};

/// What the oracle expects of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// It is refused: for each command (none: the submission itself) these reasons, each once.
    Refused(BTreeSet<(Option<usize>, String)>),
    /// These events are recorded.
    Recorded(Vec<Foreseen>),
    /// The oracle does not decide commands of this kind itself.
    Trusted,
}

/// An event that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// Its stream.
    pub stream: Stream,
    /// Its date.
    pub effective_on: Date,
    /// What it says, all of it.
    pub fact: Fact,
    /// The closed period that it adjusts.
    pub concerns: Option<Period>,
    /// What the money that it moves or gives up is carried at.
    pub carrying: Vec<CarryingValue>,
    /// The rules that it breaks and what breaks them, ascending.
    pub flags: Vec<Broken>,
    /// The rules that only an override lets it break, ascending.
    pub overridden: Vec<Rule>,
}

impl From<&Event> for Foreseen {
    fn from(event: &Event) -> Self {
        let flags = event.flags.iter();
        Self {
            stream: event.stream.clone(),
            effective_on: event.effective_on,
            fact: event.fact.clone(),
            concerns: event.concerns,
            carrying: event.carrying.clone(),
            flags: flags
                .map(|flag| (flag.rule, flag.subject.clone()))
                .collect(),
            overridden: event.overrides.iter().map(|given| given.rule).collect(),
        }
    }
}

/// What one command makes: events, or reasons.
enum Outcome {
    Refused(BTreeSet<String>),
    Recorded(Vec<Foreseen>),
    Trusted,
}

/// A submission under way.
struct Desktop<'a> {
    oracle: &'a Oracle,
    /// Everything before it and what its commands added so far.
    log: Vec<Recorded<Event>>,
    at: Position,
    today: Date,
    foreseen: Vec<Foreseen>,
    /// The closed period that is being adjusted.
    concerns: Option<Period>,
    /// Whether the command asks for functional amounts from the tables.
    from_table: bool,
    numbers: BTreeSet<(ExternalReference, &'static str)>,
    failed: BTreeSet<Stream>,
}

/// Decides a submission as the record at `at`, recorded on `today`.
pub(super) fn predict(
    oracle: &Oracle,
    submission: &Submission,
    at: Position,
    today: Date,
) -> Prediction {
    let mut reasons: BTreeSet<(Option<usize>, String)> = BTreeSet::new();
    for (stream, expected) in &submission.expected {
        let own = oracle
            .log
            .iter()
            .filter(|recorded| recorded.event.stream == *stream);
        let holds = match (own.count(), expected) {
            (0, Expected::NoStream) => true,
            (count @ 1.., Expected::Exactly(revision)) => u64::try_from(count) == Ok(revision.0),
            _ => false,
        };
        if !holds {
            reasons.insert((None, "REVISION_CONFLICT".to_owned()));
        }
    }
    let mut desktop = Desktop {
        oracle,
        log: oracle.log.clone(),
        at,
        today,
        foreseen: Vec::new(),
        concerns: None,
        from_table: false,
        numbers: BTreeSet::new(),
        failed: BTreeSet::new(),
    };
    for (index, command) in submission.commands.iter().enumerate() {
        let stream = command.action.stream();
        desktop.from_table = command.functional_from_table;
        // What fails is not judged a second time by what comes after it, whichever of two agreements it is about.
        if touched(&command.action)
            .iter()
            .any(|stream| desktop.failed.contains(stream))
        {
            desktop.failed.extend(changed(&command.action));
            continue;
        }
        match desktop.decide(command, &stream) {
            Outcome::Trusted => return Prediction::Trusted,
            Outcome::Recorded(events) => desktop.take_up(command, events),
            Outcome::Refused(of_command) => {
                desktop.failed.extend(changed(&command.action));
                reasons.extend(of_command.into_iter().map(|reason| (Some(index), reason)));
            }
        }
    }
    if reasons.is_empty() {
        Prediction::Recorded(desktop.foreseen)
    } else {
        Prediction::Refused(reasons)
    }
}

impl Desktop<'_> {
    fn decide(&self, command: &Command, stream: &Stream) -> Outcome {
        let outcome = match &command.action {
            Action::Agreement(id, wish) => self.agreement(command, id, wish),
            Action::Reference(wish) => self.reference(command, wish),
            Action::Requirement(id, wish) => self.requirement(command, (id, wish)),
            Action::Ledger(wish) => self.ledger(command, wish),
            Action::Calendar(id, wish) => self.calendar(command, (id, wish)),
            Action::Adjust(name, action) => self.adjust(command, (name, action)),
            Action::Pledge(id, wish) => {
                let pledge = Pledge::find(&self.log, id);
                let mut findings = Findings::default();
                let subject = stream.to_string();
                let desk = self.desk(&subject);
                let has_agreement = |id: &AgreementId| {
                    let stream = Stream::Agreement(id.clone());
                    Deal::find(&self.log, id).is_some() || self.failed.contains(&stream)
                };
                let wish = (command.effective_on, wish);
                let made =
                    pledge::decide(desk, &mut findings, pledge.as_ref(), wish, &has_agreement);
                if let (Some(pledge), Some((on, event))) = (&pledge, &made) {
                    let event = self.numbered(0, stream, *on, Fact::Pledge(event.clone()));
                    pledge::judge(&mut findings, &subject, pledge, &event);
                }
                let made = made.map(|(on, event)| (on, Fact::Pledge(event)));
                if let Some((on, fact)) = &made {
                    self.in_open_books(&mut findings, &subject, (*on, fact));
                }
                self.conclude(command, findings, made.into_iter().collect())
            }
            Action::Import(..) => Outcome::Trusted,
        };
        if matches!(outcome, Outcome::Trusted) || !self.number_is_taken(command) {
            return outcome;
        }
        let mut reasons = match outcome {
            Outcome::Refused(reasons) => reasons,
            Outcome::Recorded(_) | Outcome::Trusted => BTreeSet::new(),
        };
        reasons.insert("EXTERNAL_REFERENCE_EXISTS".to_owned());
        Outcome::Refused(reasons)
    }

    fn policy(&self) -> &LedgerPolicy {
        books::policy(&self.log, &self.oracle.policy).0
    }

    /// What adjusts a closed period stands in an open one, after the fact that says so.
    fn adjust(&self, command: &Command, (name, action): (&PeriodName, &Action)) -> Outcome {
        let (period, fact) = match self.adjusted(name, action) {
            Ok(adjusted) => adjusted,
            Err(reason) => return Outcome::Refused(BTreeSet::from([reason.to_owned()])),
        };
        let within = Desktop {
            concerns: Some(period),
            log: self.log.clone(),
            foreseen: self.foreseen.clone(),
            numbers: self.numbers.clone(),
            failed: self.failed.clone(),
            ..*self
        };
        let asked = Command {
            action: action.clone(),
            external_reference: None,
            ..command.clone()
        };
        let stream = action.stream();
        let mut outcome = within.decide(&asked, &stream);
        if let Outcome::Recorded(events) = &mut outcome {
            for event in events.iter_mut() {
                event.concerns = Some(period);
            }
            let first = Foreseen {
                stream,
                effective_on: command.effective_on,
                fact,
                concerns: None,
                carrying: Vec::new(),
                flags: Vec::new(),
                overridden: Vec::new(),
            };
            events.insert(0, first);
        }
        outcome
    }

    fn desk<'b>(&'b self, subject: &'b str) -> Desk<'b> {
        Desk {
            log: &self.log,
            profile: self.oracle.profile,
            calendar: self.policy().fiscal_calendar,
            today: self.today,
            tolerance: self.policy().tolerance,
            concerns: self.concerns,
            subject,
            policy: self.policy(),
            from_table: self.from_table,
            on: self.today,
        }
    }

    fn agreement(&self, command: &Command, id: &AgreementId, wish: &AgreementCommand) -> Outcome {
        let subject = format!("agreement/{id}");
        let desk = self.desk(&subject);
        let mut findings = Findings::default();
        let on = command.effective_on;
        let deal = Deal::find(&self.log, id);
        // An adjustment is of one agreement alone.
        if self.concerns.is_none()
            && let Some(outcome) = self.of_two(command, (id, wish))
        {
            return outcome;
        }
        let Some(deal) = deal else {
            let AgreementCommand::Sign(terms) = wish else {
                findings.reject("UNKNOWN_AGREEMENT");
                return self.conclude(command, findings, Vec::new());
            };
            let fact = Fact::Agreement(sign(desk, &mut findings, on, terms));
            self.in_open_books(&mut findings, &subject, (on, &fact));
            return self.conclude(command, findings, vec![(on, fact)]);
        };
        match wish {
            AgreementCommand::ReverseEntry { target, .. } if is_half(&deal, *target) => {
                findings.breaks(Rule::ReversalTarget, subject);
                self.conclude(command, findings, Vec::new())
            }
            AgreementCommand::ReverseEntry { target, reason } => {
                self.reverse(command, &deal, (*target, *reason))
            }
            AgreementCommand::ReplaceEntry {
                target,
                replacement,
                replacement_effective_on,
            } => self.replace(
                command,
                &deal,
                (*target, replacement, *replacement_effective_on),
            ),
            AgreementCommand::Sign(_) => {
                findings.reject("AGREEMENT_EXISTS");
                self.conclude(command, findings, Vec::new())
            }
            _ => {
                findings.own_date(&subject, on, self.today);
                match draft(desk, &mut findings, &deal, (on, wish)) {
                    Draft::Nothing => self.conclude(command, findings, Vec::new()),
                    Draft::Event(event) => {
                        let stream = Stream::Agreement(id.clone());
                        let fact = Fact::Agreement(*event);
                        let recorded = self.numbered(0, &stream, on, fact.clone());
                        let new = items_of(&recorded, &deal.items, Some(deal.currency()));
                        self.judge(&mut findings, &deal, &new, is_refund(&fact));
                        self.in_open_books(&mut findings, &subject, (on, &fact));
                        self.conclude(command, findings, vec![(on, fact)])
                    }
                }
            }
        }
    }

    fn judge(&self, findings: &mut Findings, deal: &Deal, new: &[Item], is_refund: bool) {
        let subject = format!("agreement/{}", deal.id);
        let how = (self.policy().tolerance, is_refund);
        judge(findings, (deal, &subject), new, how);
    }

    /// An event as the next one of this record.
    fn numbered(&self, ahead: usize, stream: &Stream, on: Date, fact: Fact) -> Recorded<Event> {
        let own = self
            .log
            .iter()
            .filter(|recorded| recorded.event.stream == *stream);
        let event_id = EventId {
            position: self.at,
            // What adjusts a period stands behind the fact that says so.
            index: u32::try_from(
                self.foreseen.len() + ahead + usize::from(self.concerns.is_some()),
            )
            .unwrap_or(u32::MAX),
        };
        Recorded {
            event_id,
            recorded_at: RecordedAt(0),
            event: Event {
                stream: stream.clone(),
                revision: Revision(u64::try_from(own.count() + 1).unwrap_or(u64::MAX)),
                effective_on: on,
                external_reference: None,
                evidence: Vec::new(),
                flags: Vec::new(),
                overrides: Vec::new(),
                concerns: self.concerns,
                carrying: Vec::new(),
                fact,
            },
        }
    }

    /// The flags belong to the last of a command's events.
    fn conclude(
        &self,
        command: &Command,
        findings: Findings,
        events: Vec<(Date, Fact)>,
    ) -> Outcome {
        self.conclude_in(&command.action.stream(), command, findings, events)
    }

    fn conclude_in(
        &self,
        stream: &Stream,
        command: &Command,
        findings: Findings,
        events: Vec<(Date, Fact)>,
    ) -> Outcome {
        let policy = self.policy();
        match findings.verdict(self.oracle.profile, policy, command) {
            Verdict::Refused(reasons) => Outcome::Refused(reasons),
            Verdict::Recorded(flags, overridden) => {
                let last = events.len().saturating_sub(1);
                let carrying = self.carried(stream, &events);
                let events = events.into_iter().zip(carrying).enumerate();
                let foreseen = events.map(|(index, ((effective_on, fact), carrying))| Foreseen {
                    stream: stream.clone(),
                    effective_on,
                    fact,
                    concerns: None,
                    carrying,
                    flags: if index == last {
                        flags.clone()
                    } else {
                        Vec::new()
                    },
                    overridden: if index == last {
                        overridden.clone()
                    } else {
                        Vec::new()
                    },
                });
                Outcome::Recorded(foreseen.collect())
            }
        }
    }

    /// What the money of each event of a stream is carried at, each after those before it.
    fn carried(&self, stream: &Stream, events: &[(Date, Fact)]) -> Vec<Vec<CarryingValue>> {
        let mut log = self.log.clone();
        let mut all = Vec::new();
        for (ahead, (on, fact)) in events.iter().enumerate() {
            let mut recorded = self.numbered(ahead, stream, *on, fact.clone());
            if let (Stream::Agreement(id), Fact::Agreement(event)) = (stream, fact)
                && let Some(deal) = Deal::find(&log, id)
            {
                recorded.event.carrying = carrying::of(&deal, event);
            }
            all.push(recorded.event.carrying.clone());
            log.push(recorded);
        }
        all
    }

    fn take_up(&mut self, command: &Command, events: Vec<Foreseen>) {
        // A replacement's number belongs to what takes the place, a transfer's to the giving half.
        let asked = command.action.stream();
        let last = events.iter().rposition(|event| event.stream == asked);
        for (index, foreseen) in events.into_iter().enumerate() {
            let fact = foreseen.fact.clone();
            let mut recorded = self.numbered(0, &foreseen.stream, foreseen.effective_on, fact);
            recorded.event.concerns = foreseen.concerns;
            recorded.event.carrying.clone_from(&foreseen.carrying);
            recorded.event.flags = foreseen.flags.iter().map(flag).collect();
            recorded.event.overrides = foreseen.overridden.iter().copied().map(given).collect();
            if Some(index) == last {
                recorded
                    .event
                    .external_reference
                    .clone_from(&command.external_reference);
            }
            if let Some(number) = &recorded.event.external_reference {
                self.numbers.insert((number.clone(), foreseen.fact.kind()));
            }
            self.log.push(recorded);
            self.foreseen.push(foreseen);
        }
    }

    /// A strict ledger books a number of the submitter's own once for each kind, as long as the event stands.
    fn number_is_taken(&self, command: &Command) -> bool {
        let Some(number) = &command.external_reference else {
            return false;
        };
        let kind = command.action.makes();
        if self.oracle.profile != Profile::Strict {
            return false;
        }
        if self.numbers.contains(&(number.clone(), kind)) {
            return true;
        }
        let cancelled: BTreeSet<EventId> = self
            .log
            .iter()
            .filter_map(|recorded| Some(cancels(&recorded.event.fact)?.0))
            .chain(to_cancel(&command.action))
            .collect();
        self.oracle.log.iter().any(|recorded| {
            recorded.event.external_reference.as_ref() == Some(number)
                && recorded.event.fact.kind() == kind
                && !cancelled.contains(&recorded.event_id)
        })
    }
}

/// A flag without its figures.
fn flag((rule, subject): &Broken) -> Breach {
    Breach::new(*rule, subject, &[])
}

/// An override without its reason.
const fn given(rule: Rule) -> Override {
    Override {
        rule,
        reason: String::new(),
        approver: None,
    }
}

/// Whether an entry is one half of a transfer.
fn is_half(deal: &Deal, target: EventId) -> bool {
    deal.facts().any(|(recorded, event)| {
        let half = matches!(event, AgreementEvent::FundsTransferred(_));
        half && recorded.event_id == target
    })
}

/// What a command changes.
fn changed(action: &Action) -> Vec<Stream> {
    let mut streams = vec![action.stream()];
    if let Action::Agreement(_, AgreementCommand::TransferFunds(wish)) = action {
        streams.push(Stream::Agreement(wish.to_agreement_id.clone()));
    }
    streams
}

/// What a command is decided on.
fn touched(action: &Action) -> Vec<Stream> {
    let mut streams = changed(action);
    match action {
        Action::Agreement(_, AgreementCommand::LinkOnwardGrant(wish)) => {
            streams.push(Stream::Agreement(wish.upstream_agreement_id.clone()));
        }
        // They name elements of published schemes.
        Action::Agreement(_, AgreementCommand::ReplaceTagSet(_))
        | Action::Pledge(_, PledgeCommand::ReplaceTagSet(_))
        | Action::Requirement(..) => streams.push(Stream::Reference(ReferenceKind::Schemes)),
        _ => {}
    }
    streams
}

fn to_cancel(action: &Action) -> Option<EventId> {
    match action {
        Action::Adjust(_, action) => to_cancel(action),
        Action::Agreement(
            _,
            AgreementCommand::ReverseEntry { target, .. }
            | AgreementCommand::ReplaceEntry { target, .. },
        )
        | Action::Pledge(_, PledgeCommand::ReverseEntry { target, .. }) => Some(*target),
        _ => None,
    }
}

const fn is_refund(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Agreement(AgreementEvent::RefundMade { .. } | AgreementEvent::RefundReceived { .. })
    )
}
