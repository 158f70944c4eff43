//! The ledger's own policy, its exceptions and its fiscal periods: what is decided of them, and which days are closed
//! (ADR-0008, ADR-0012).

use std::collections::BTreeSet;

use perennial_domain::Date;
use perennial_domain::agreement::{AgreementCommand, AgreementEvent};
use perennial_domain::calendar::{
    AdjustedPeriod, CalendarCommand, CalendarEvent, NewPeriod, PeriodName,
};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::CalendarId;
use perennial_domain::ledger::{
    Disposition, ExceptionId, LedgerCommand, LedgerEvent, LedgerPolicy,
};
use perennial_domain::log::Recorded;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::pledge::{PledgeCommand, PledgeEvent};
use perennial_domain::rule::{Conduct, Profile, Rule};

use super::super::calendar;
use super::super::findings::Findings;
use super::super::item::cancels;
use super::{Desktop, Outcome};

/// A fiscal period, and the first day on which its books take nothing more.
#[derive(Clone, Debug)]
struct Books {
    label: String,
    period: Period,
    closed_from: Option<Date>,
}

/// The periods of a calendar as they are told; none if nobody opened one.
fn periods(log: &[Recorded<Event>], id: &CalendarId) -> Vec<Books> {
    let mut periods: Vec<Books> = Vec::new();
    for recorded in log {
        let (Stream::Calendar(of), Fact::Calendar(event)) =
            (&recorded.event.stream, &recorded.event.fact)
        else {
            continue;
        };
        if of != id {
            continue;
        }
        let (label, closed_from) = match event {
            CalendarEvent::FiscalPeriodOpened { label, period, .. } => {
                periods.push(Books {
                    label: label.clone(),
                    period: *period,
                    closed_from: None,
                });
                continue;
            }
            CalendarEvent::FiscalPeriodClosed {
                label, closed_from, ..
            } => (label, Some(*closed_from)),
            CalendarEvent::FiscalPeriodReopened { label, .. } => (label, None),
        };
        for own in periods.iter_mut().filter(|own| own.label == *label) {
            own.closed_from = closed_from;
        }
    }
    periods
}

/// The pattern that the first period of a calendar named.
fn pattern(log: &[Recorded<Event>], id: &CalendarId) -> Option<FiscalCalendar> {
    let stream = Stream::Calendar(id.clone());
    let mut own = log
        .iter()
        .filter(|recorded| recorded.event.stream == stream);
    match &own.next()?.event.fact {
        Fact::Calendar(CalendarEvent::FiscalPeriodOpened { pattern, .. }) => *pattern,
        _ => None,
    }
}

/// The policy that was recorded last, and its day.
pub(in super::super) fn policy<'a>(
    log: &'a [Recorded<Event>],
    first: &'a LedgerPolicy,
) -> (&'a LedgerPolicy, Option<Date>) {
    let mut changes = log.iter().rev();
    let last = changes.find_map(|recorded| match &recorded.event.fact {
        Fact::Ledger(LedgerEvent::LedgerPolicyChanged { policy, .. }) => {
            Some((policy, Some(recorded.event.effective_on)))
        }
        _ => None,
    });
    last.unwrap_or((first, None))
}

/// What was said last of an exception.
pub(in super::super) fn disposition(
    log: &[Recorded<Event>],
    exception: ExceptionId,
) -> Option<&LedgerEvent> {
    let mut said = log.iter().rev();
    said.find_map(|recorded| match &recorded.event.fact {
        Fact::Ledger(event) => event
            .disposition()
            .is_some_and(|(of, _)| of == exception)
            .then_some(event),
        _ => None,
    })
}

impl Desktop<'_> {
    fn calendars(&self) -> BTreeSet<&CalendarId> {
        let streams = self.log.iter().map(|recorded| &recorded.event.stream);
        let calendars = streams.filter_map(|stream| match stream {
            Stream::Calendar(id) => Some(id),
            _ => None,
        });
        calendars.collect()
    }

    /// R9: whether some calendar closed the books of a day.
    pub(super) fn is_closed(&self, on: Date) -> bool {
        self.calendars().into_iter().any(|id| {
            periods(&self.log, id).iter().any(|own| {
                let holds = own.period.starts_on() <= on && on <= own.period.ends_on();
                holds && own.closed_from.is_some_and(|from| from <= self.today)
            })
        })
    }

    /// R9 for an entry that changes an amount or a status: words, lines of 0, terms, classification and plans change
    /// none.
    pub(super) fn in_open_books(
        &self,
        findings: &mut Findings,
        subject: &str,
        (on, fact): (Date, &Fact),
    ) {
        if self.is_of_the_books(fact) {
            findings.breaks_if(self.is_closed(on), Rule::ClosedPeriod, subject);
        }
    }

    fn is_of_the_books(&self, fact: &Fact) -> bool {
        use AgreementEvent as E;
        if let Some((target, _)) = cancels(fact) {
            let mut known = self.log.iter();
            let known = known.find(|recorded| recorded.event_id == target);
            return known.is_none_or(|recorded| self.is_of_the_books(&recorded.event.fact));
        }
        match fact {
            Fact::Agreement(event) => !matches!(
                event,
                E::AgreementDescribed(_)
                    | E::LineOpened { .. }
                    | E::ForecastReplaced { .. }
                    | E::TermsRevised(_)
                    | E::SplitsReclassified { .. }
                    | E::TagSetReplaced(_)
            ),
            Fact::Pledge(event) => !matches!(event, PledgeEvent::TagSetReplaced(_)),
            _ => false,
        }
    }

    pub(super) fn calendar(
        &self,
        command: &Command,
        (id, wish): (&CalendarId, &CalendarCommand),
    ) -> Outcome {
        let mut findings = Findings::default();
        let on = command.effective_on;
        findings.own_date(&format!("calendar/{id}"), on, self.today);
        let known = periods(&self.log, id);
        let named = |findings: &mut Findings, label: &str| {
            let own = known.iter().find(|own| own.label == label).cloned();
            match own {
                _ if known.is_empty() => findings.reject("UNKNOWN_CALENDAR"),
                None => findings.reject("UNKNOWN_FISCAL_PERIOD"),
                Some(own) => return Some(own),
            }
            None
        };
        let event = match wish {
            CalendarCommand::Open(new) => self.open(&mut findings, (id, &known), new),
            CalendarCommand::Close { label, grace_days } => {
                if 366 < *grace_days {
                    findings.reject("INVALID_FIELD");
                }
                named(&mut findings, label).map(|own| {
                    if own.closed_from.is_some() {
                        findings.reject("FISCAL_PERIOD_ALREADY_CLOSED");
                    }
                    if on <= own.period.ends_on() {
                        findings.reject("FISCAL_PERIOD_NOT_ENDED");
                    }
                    if self.is_blocked(own.period) {
                        findings.reject("CLOSING_BLOCKED");
                    }
                    CalendarEvent::FiscalPeriodClosed {
                        label: label.clone(),
                        period: own.period,
                        grace_days: *grace_days,
                        closed_from: days_after(on, *grace_days),
                    }
                })
            }
            CalendarCommand::Reopen {
                label,
                reason,
                approver,
            } => named(&mut findings, label).map(|own| {
                if own.closed_from.is_none() {
                    findings.reject("FISCAL_PERIOD_NOT_CLOSED");
                }
                CalendarEvent::FiscalPeriodReopened {
                    label: label.clone(),
                    period: own.period,
                    reason: reason.clone(),
                    approver: approver.clone(),
                }
            }),
        };
        let fact = event.map(|event| (on, Fact::Calendar(event)));
        self.conclude(command, findings, fact.into_iter().collect())
    }

    /// A standing entry of the period carries a flag of a rule that a strict ledger refuses, without an override, that
    /// nobody looked at.
    fn is_blocked(&self, period: Period) -> bool {
        let cancelled: BTreeSet<_> = self
            .log
            .iter()
            .filter_map(|recorded| Some(cancels(&recorded.event.fact)?.0))
            .collect();
        self.log.iter().any(|recorded| {
            let event = &recorded.event;
            let on = event.effective_on;
            let within = period.starts_on() <= on && on <= period.ends_on();
            let stands = !cancelled.contains(&recorded.event_id);
            within
                && stands
                && event.flags.iter().any(|flag| {
                    let refused = flag.rule.conduct(Profile::Strict) == Conduct::Refuse;
                    let overridden = event.overrides.iter().any(|it| it.rule == flag.rule);
                    let exception = ExceptionId {
                        event_id: recorded.event_id,
                        rule: flag.rule,
                    };
                    refused && !overridden && disposition(&self.log, exception).is_none()
                })
        })
    }

    fn open(
        &self,
        findings: &mut Findings,
        (id, known): (&CalendarId, &[Books]),
        new: &NewPeriod,
    ) -> Option<CalendarEvent> {
        let (first, last) = (new.period.starts_on(), new.period.ends_on());
        findings.date(first);
        findings.date(last);
        if !known.is_empty() && new.pattern.is_some() {
            findings.reject("INVALID_FIELD");
        }
        let pattern = if known.is_empty() {
            new.pattern
        } else {
            pattern(&self.log, id)
        };
        if let Some(pattern) = pattern {
            let year = calendar::by_year(pattern, new.period);
            let next = last.tomorrow().unwrap_or(last);
            let begins = calendar::by_year(pattern, Period::day(next))
                .first()
                .map(|it| it.0);
            let whole = year.len() == 1
                && begins != year.first().map(|it| it.0)
                && first.yesterday().is_ok_and(|before| {
                    calendar::year_of(pattern, before) != calendar::year_of(pattern, first)
                });
            if !whole {
                findings.reject("FISCAL_PERIOD_OFF_PATTERN");
            }
        }
        let labelled = pattern.map(|it| calendar::label(it, calendar::year_of(it, first)));
        let Some(label) = new.label.clone().or(labelled) else {
            findings.reject("INVALID_FIELD");
            return None;
        };
        if label.trim().is_empty() {
            findings.reject("INVALID_FIELD");
        }
        if known.iter().any(|own| own.label == label) {
            findings.reject("FISCAL_PERIOD_EXISTS");
        }
        let shares = |own: &Books| own.period.starts_on() <= last && first <= own.period.ends_on();
        if known.iter().any(shares) {
            findings.reject("FISCAL_PERIOD_OVERLAPS");
        } else if new.gap_reason.is_none() && !touches(known, (first, last)) {
            findings.reject("FISCAL_PERIOD_GAP");
        }
        Some(CalendarEvent::FiscalPeriodOpened {
            label,
            period: new.period,
            pattern: new.pattern,
            gap_reason: new.gap_reason.clone(),
        })
    }

    pub(super) fn ledger(&self, command: &Command, wish: &LedgerCommand) -> Outcome {
        let mut findings = Findings::default();
        let on = command.effective_on;
        findings.own_date("ledger", on, self.today);
        let event = match wish {
            LedgerCommand::ChangePolicy {
                policy: new,
                reason,
            } => {
                let (_, since) = policy(&self.log, &self.oracle.policy);
                if since.is_some_and(|since| on < since) || on < CREATED_ON {
                    findings.reject("POLICY_CHANGED_LATER");
                }
                let months = (1..=600).contains(&new.multi_year_months);
                let part = new.tolerance.relative_ppm <= 1_000_000;
                let rules = new.overridable.iter().map(|it| it.rule);
                let ascending = rules.clone().is_sorted_by(|a, b| a < b);
                for fits in [
                    months,
                    part,
                    ascending && rules.clone().all(can_be_overridden),
                ] {
                    if !fits {
                        findings.reject("INVALID_FIELD");
                    }
                }
                LedgerEvent::LedgerPolicyChanged {
                    policy: new.clone(),
                    reason: reason.clone(),
                }
            }
            LedgerCommand::AcknowledgeException {
                exception,
                disposition,
            } => {
                self.is_open(&mut findings, *exception);
                LedgerEvent::ExceptionAcknowledged {
                    exception: *exception,
                    disposition: disposition.clone(),
                }
            }
            LedgerCommand::ResolveException {
                exception,
                disposition,
            } => {
                self.is_open(&mut findings, *exception);
                LedgerEvent::ExceptionResolved {
                    exception: *exception,
                    disposition: disposition.clone(),
                }
            }
        };
        self.conclude(command, findings, vec![(on, Fact::Ledger(event))])
    }

    /// A flag of an event of an earlier record, which nobody resolved.
    fn is_open(&self, findings: &mut Findings, exception: ExceptionId) {
        let said = disposition(&self.log, exception).and_then(LedgerEvent::disposition);
        let known = self.oracle.log.iter().any(|recorded| {
            let flags = &recorded.event.flags;
            recorded.event_id == exception.event_id
                && flags.iter().any(|flag| flag.rule == exception.rule)
        });
        if !known {
            findings.reject("UNKNOWN_EXCEPTION");
        } else if said.is_some_and(|(_, far)| far == Disposition::Resolved) {
            findings.reject("EXCEPTION_RESOLVED");
        }
    }

    /// The closed period that an adjustment names, and the fact that says so; or why there is none.
    pub(super) fn adjusted(
        &self,
        name: &PeriodName,
        action: &Action,
    ) -> Result<(Period, Fact), &'static str> {
        let known = periods(&self.log, &name.calendar_id);
        if known.is_empty() {
            return Err("UNKNOWN_CALENDAR");
        }
        let own = known.iter().find(|own| own.label == name.label);
        let own = own.ok_or("UNKNOWN_FISCAL_PERIOD")?;
        if own.closed_from.is_none_or(|from| self.today < from) {
            return Err("FISCAL_PERIOD_NOT_CLOSED");
        }
        let adjusted = Box::new(AdjustedPeriod {
            name: name.clone(),
            period: own.period,
        });
        match action {
            Action::Agreement(
                _,
                AgreementCommand::Sign(_)
                | AgreementCommand::ReplaceEntry { .. }
                | AgreementCommand::TransferFunds(_)
                | AgreementCommand::LinkOnwardGrant(_),
            )
            | Action::Pledge(_, PledgeCommand::Announce(_)) => Err("INVALID_FIELD"),
            Action::Agreement(..) => Ok((
                own.period,
                Fact::Agreement(AgreementEvent::PriorPeriodAdjusted(adjusted)),
            )),
            Action::Pledge(..) => Ok((
                own.period,
                Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(adjusted)),
            )),
            _ => Err("INVALID_FIELD"),
        }
    }
}

/// The day on which the stories' ledgers are created.
const CREATED_ON: Date = Date::constant(2015, 1, 1);

/// What a strict ledger alone refuses, beside what is about exact input.
fn can_be_overridden(rule: Rule) -> bool {
    matches!(
        rule.code(),
        "R6" | "R7"
            | "R8"
            | "R9"
            | "R10"
            | "R11"
            | "R13"
            | "R14"
            | "R15"
            | "R16"
            | "R18"
            | "R19"
            | "R20"
            | "R21"
    )
}

/// A day and some more.
fn days_after(on: Date, days: u32) -> Date {
    (0..days).fold(on, |day, _| day.tomorrow().unwrap_or(day))
}

/// Whether a period begins right after the last one before it and ends right before the first one after it.
fn touches(known: &[Books], (first, last): (Date, Date)) -> bool {
    let before = known.iter().map(|own| own.period.ends_on());
    let before = before.filter(|ends_on| *ends_on < first).max();
    let after = known.iter().map(|own| own.period.starts_on());
    let after = after.filter(|starts_on| last < *starts_on).min();
    before.is_none_or(|before| before.tomorrow().ok() == Some(first))
        && after.is_none_or(|after| last.tomorrow().ok() == Some(after))
}
