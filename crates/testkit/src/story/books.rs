//! What is wished for of the books: fiscal periods, adjustments, the ledger's policy, and what is said of exceptions.

use perennial_domain::agreement::{AgreementCommand, LineSplits, ReversalReason};
use perennial_domain::calendar::{CalendarCommand, NewPeriod, PeriodName};
use perennial_domain::command::{Action, Command};
use perennial_domain::event::Stream;
use perennial_domain::ids::{AgreementId, CalendarId};
use perennial_domain::ledger::{ExceptionId, LedgerCommand, LedgerPolicy, Overridable, Tolerance};
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::pledge::PledgeCommand;
use perennial_domain::rule::Rule;

use super::Story;
use crate::history::words::{calendar, period};

/// The periods that calendars of a story have, with their labels.
const PERIODS: [(&str, &str, &str); 6] = [
    ("2023", "2023-01-01", "2023-12-31"),
    ("2024", "2024-01-01", "2024-12-31"),
    ("2025", "2025-01-01", "2025-12-31"),
    ("early", "2024-04-01", "2024-06-30"),
    ("late", "2025-07-01", "2026-03-31"),
    ("2024/25", "2024-07-01", "2025-06-30"),
];

impl Story {
    /// Something of the books, if it is time for it.
    pub(super) fn book_wish(&mut self) -> Option<Command> {
        let mut on = self.effective_day();
        let action = match self.random.below(60) {
            10..=17 if self.keeps_periods => {
                let id = self.calendar_id();
                let wish = self.fiscal(&id);
                // Books are closed some time after the period.
                if let CalendarCommand::Close { label, .. } = &wish
                    && let Some(own) = self.book.calendar(&id).and_then(|it| it.period(label))
                    && !self.random.one_in(6)
                {
                    on = own.period.ends_on();
                    for _ in 0..self.random.between(0, 40) {
                        on = on.tomorrow().unwrap_or(on);
                    }
                }
                Action::Calendar(id, wish)
            }
            2..=3 => self.disposed()?,
            4 if self.changes_policy => Action::Ledger(LedgerCommand::ChangePolicy {
                policy: self.policy(),
                reason: String::new(),
            }),
            5..=9 if self.keeps_periods => self.adjusting()?,
            _ => return None,
        };
        Some(super::wishes::command(on, action))
    }

    fn calendar_id(&mut self) -> CalendarId {
        let id = *self
            .random
            .pick(&["calendar-1", "calendar-1", "calendar-2"]);
        calendar(id)
    }

    fn fiscal(&mut self, id: &CalendarId) -> CalendarCommand {
        let (label, starts_on, ends_on) = *self.random.pick(&PERIODS);
        let mut label = label.to_owned();
        let known = self.book.calendar(id);
        let known: Vec<String> = known
            .iter()
            .flat_map(|calendar| calendar.periods())
            .map(|own| own.label.clone())
            .collect();
        let opens = known.is_empty() || self.random.one_in(3);
        if !opens && !self.random.one_in(12) {
            label.clone_from(self.random.pick(&known));
        }
        match self.random.below(7) {
            _ if opens => {
                let named = !self.random.one_in(8);
                CalendarCommand::Open(NewPeriod {
                    label: named.then_some(label),
                    period: period(starts_on, ends_on),
                    pattern: self
                        .random
                        .one_in(6)
                        .then(|| *self.random.pick(&FiscalCalendar::ALL)),
                    gap_reason: self.random.one_in(2).then(|| "a new start".to_owned()),
                })
            }
            0..=5 => CalendarCommand::Close {
                label,
                grace_days: {
                    let most = *self.random.pick(&[5, 5, 60, 420]);
                    u32::try_from(self.random.below(most)).unwrap_or_default()
                },
            },
            _ => CalendarCommand::Reopen {
                label,
                reason: "an invoice was missing".to_owned(),
                approver: "a colleague".to_owned(),
            },
        }
    }

    /// Mostly of a period that was opened.
    fn period_name(&mut self) -> PeriodName {
        let calendar_id = self.calendar_id();
        let known = self.book.calendar(&calendar_id);
        let labels: Vec<String> = known
            .iter()
            .flat_map(|calendar| calendar.periods())
            .map(|own| own.label.clone())
            .collect();
        let label = if labels.is_empty() || self.random.one_in(10) {
            "1999".to_owned()
        } else {
            self.random.pick(&labels).clone()
        };
        PeriodName { calendar_id, label }
    }

    fn adjusting(&mut self) -> Option<Action> {
        let name = self.period_name();
        let days: Option<Period> = self
            .book
            .calendar(&name.calendar_id)
            .and_then(|calendar| calendar.period(&name.label))
            .map(|own| own.period);
        // Seldom where there is nothing to adjust.
        if days.is_none() && !self.random.one_in(6) {
            return None;
        }
        let id = self.agreement_id();
        let stream = Stream::Agreement(id.clone());
        let within = days.and_then(|days| {
            let own = self.log.iter().filter(|recorded| {
                let on = recorded.event.effective_on;
                recorded.event.stream == stream && days.contains(on)
            });
            let own: Vec<_> = own.map(|recorded| recorded.event_id).collect();
            (!own.is_empty()).then(|| *self.random.pick(&own))
        });
        let on = self.effective_day();
        let action = match (within, self.random.below(8)) {
            (Some(target), 0..=3) => Action::Agreement(
                id,
                AgreementCommand::ReverseEntry {
                    target,
                    reason: *self
                        .random
                        .pick(&[ReversalReason::Error, ReversalReason::Returned]),
                },
            ),
            (_, 4) => {
                let (id, wish) = self.pledge_wish();
                Action::Pledge(id, wish)
            }
            (_, 5) => {
                let wish = self.agreement_wish(&id, on);
                Action::Agreement(id, wish)
            }
            _ => {
                let wish = self.commitment(&id);
                Action::Agreement(id, wish)
            }
        };
        // What begins a pledge is no adjustment: seldom.
        let begins = matches!(action, Action::Pledge(_, PledgeCommand::Announce(_)));
        if begins && self.random.one_in(2) {
            return None;
        }
        Some(Action::Adjust(name, Box::new(action)))
    }

    pub(super) fn policy(&mut self) -> LedgerPolicy {
        let mut overridable = Overridable::by_default();
        if self.random.one_in(2) {
            overridable.retain(|_| self.random.one_in(2));
            let more = [
                Rule::CommitmentAboveDisbursed,
                Rule::ReallocationWithinPolicy,
                Rule::NotWhileSuspended,
                Rule::RefundWithinDisbursed,
            ];
            for rule in more {
                if self.random.one_in(2) && overridable.iter().all(|it| it.rule != rule) {
                    overridable.push(Overridable {
                        rule,
                        needs_approver: self.random.one_in(2),
                    });
                }
            }
            overridable.sort_by_key(|it| it.rule);
        }
        if self.random.one_in(20) {
            overridable.push(Overridable {
                rule: Rule::SplitExact,
                needs_approver: true,
            });
        }
        let whole = if self.random.one_in(20) {
            3_000_000
        } else {
            50_000
        };
        LedgerPolicy {
            fiscal_calendar: *self.random.pick(&FiscalCalendar::ALL),
            tolerance: Tolerance {
                absolute_minor: self.random.below(60),
                relative_ppm: u32::try_from(self.random.below(whole)).unwrap_or_default(),
            },
            multi_year_months: if self.random.one_in(20) { 0 } else { 24 },
            overridable,
            ..LedgerPolicy::default()
        }
    }

    /// Mostly of an exception that there is.
    fn disposed(&mut self) -> Option<Action> {
        let flags: Vec<ExceptionId> = self
            .log
            .iter()
            .flat_map(|recorded| {
                let flags = recorded.event.flags.iter();
                flags.map(|flag| ExceptionId {
                    event_id: recorded.event_id,
                    rule: flag.rule,
                })
            })
            .collect();
        if flags.is_empty() {
            return None;
        }
        let mut exception = *self.random.pick(&flags);
        if self.random.one_in(12) {
            exception.rule = Rule::SplitExact;
        }
        let disposition = "known".to_owned();
        let command = if self.random.one_in(2) {
            LedgerCommand::AcknowledgeException {
                exception,
                disposition,
            }
        } else {
            LedgerCommand::ResolveException {
                exception,
                disposition,
            }
        };
        Some(Action::Ledger(command))
    }

    /// Other splits for a line's money.
    pub(super) fn reclassification(&mut self, id: &AgreementId) -> AgreementCommand {
        let dims = self.dims();
        AgreementCommand::ReclassifySplits {
            line_id: self.some_line(id),
            splits: LineSplits {
                purposes: dims.purposes,
                places: dims.places,
                pillar: dims.pillar,
            },
            reason: String::new(),
        }
    }
}
