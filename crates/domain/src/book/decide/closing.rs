//! What calendars have to do with the rest of a submission: which days are closed, what stands in the way of a closing,
//! and how a closed period is adjusted.

use jiff::civil::Date;

use super::Working;
use crate::agreement::decide::{Draft, Drafts};
use crate::agreement::{AgreementCommand, AgreementEvent};
use crate::book::blocking;
use crate::calendar::{self, AdjustedPeriod, Closings, PeriodName};
use crate::command::Action;
use crate::event::Fact;
use crate::finding::{Context, Verdict};
use crate::ledger::{Disposition, ExceptionId};
use crate::log::EventId;
use crate::period::Period;
use crate::pledge::{PledgeCommand, PledgeEvent};
use crate::rejection::{PeriodRejection, Rejection};
use crate::rule::Rule;

impl Working<'_> {
    /// What a command makes that adjusts a closed period: the fact that it does, then the adjusting ones.
    pub(super) fn adjustment(
        &self,
        context: Context<'_>,
        name: &PeriodName,
        (on, action): (Date, &Action),
    ) -> Drafts<Fact> {
        let period = self.closed_period(name)?;
        let adjusted = Box::new(AdjustedPeriod {
            name: name.clone(),
            period,
        });
        let fact = match action {
            Action::Agreement(
                _,
                AgreementCommand::Sign(_)
                | AgreementCommand::ReplaceEntry { .. }
                | AgreementCommand::TransferFunds(_)
                | AgreementCommand::LinkOnwardGrant(_),
            )
            | Action::Pledge(_, PledgeCommand::Announce(_))
            | Action::Ledger(_)
            | Action::Import(..)
            | Action::Reference(_)
            | Action::Requirement(..)
            | Action::Calendar(..)
            | Action::Adjust(..) => {
                return Err(vec![Rejection::Malformed {
                    field: "command".to_owned(),
                    problem: "cannot adjust a period: reverse an entry, or book one".to_owned(),
                }]);
            }
            Action::Agreement(..) => Fact::Agreement(AgreementEvent::PriorPeriodAdjusted(adjusted)),
            Action::Pledge(..) => Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(adjusted)),
        };
        let context = Context {
            concerns: Some(period),
            ..context
        };
        let mut drafts = self.of_one(context, (on, action))?;
        drafts.insert(
            0,
            Draft {
                effective_on: on,
                fact,
                verdict: Verdict::default(),
            },
        );
        Ok(drafts)
    }

    fn closed_period(&self, name: &PeriodName) -> Result<Period, Vec<Rejection>> {
        let rejected = |rejection| vec![Rejection::Period(Box::new(rejection))];
        let calendar = self
            .closings()
            .calendar(&name.calendar_id)
            .ok_or_else(|| rejected(PeriodRejection::UnknownCalendar(name.calendar_id.clone())))?;
        match calendar.period(&name.label) {
            None => Err(rejected(PeriodRejection::UnknownPeriod(name.clone()))),
            Some(known) if !known.is_closed(self.today) => {
                Err(rejected(PeriodRejection::NotClosed(name.clone())))
            }
            Some(known) => Ok(known.period),
        }
    }

    /// Whether nobody acknowledged or resolved an exception.
    fn is_open(&self, event_id: EventId, rule: Rule) -> bool {
        let exception = ExceptionId { event_id, rule };
        let earlier = self.dispositions.get(exception);
        let known = earlier.or_else(|| self.book.exceptions.get(exception));
        known.is_none_or(|disposition| disposition == Disposition::Open)
    }

    pub(super) fn closings(&self) -> Closings<'_> {
        Closings {
            recorded: &self.book.calendars,
            changed: &self.calendars,
        }
    }

    /// Breaches of refusing rules in a period that nobody let pass or settled: how many, and the first.
    pub(super) fn blocking(&self, period: Period) -> calendar::decide::Blocking {
        let recorded = self.book.blocking.within(period);
        let recorded = recorded.filter(|(event_id, rule)| {
            !self.freed.contains(event_id) && self.is_open(*event_id, *rule)
        });
        let decided = (0_u32..).zip(&self.events).flat_map(|(index, event)| {
            let event_id = EventId {
                position: self.at,
                index,
            };
            let counts = period.contains(event.effective_on);
            let rules = if counts {
                blocking::rules(event)
            } else {
                Vec::new()
            };
            rules.into_iter().map(move |rule| (event_id, rule))
        });
        let mut open = recorded.chain(decided);
        let (event_id, rule) = open.next()?;
        let first = format!("{event_id} {}", rule.code());
        Some((open.count().saturating_add(1), first))
    }
}

/// The period that a fact says is adjusted.
pub(super) fn adjusted(fact: &Fact) -> Option<Period> {
    if let Fact::Agreement(AgreementEvent::PriorPeriodAdjusted(adjusted))
    | Fact::Pledge(PledgeEvent::PriorPeriodAdjusted(adjusted)) = fact
    {
        return Some(adjusted.period);
    }
    None
}
