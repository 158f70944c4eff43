//! Which facts a command adds to a calendar, or every reason against it. Pure.

use jiff::civil::Date;

use crate::agreement::decide::{Draft, Drafts};
use crate::calendar::{
    Calendar, CalendarCommand, CalendarEvent, FiscalPeriod, GRACE_DAYS_MAX, LABEL_CHARS_MAX,
    NewPeriod, PERIODS_MAX, PeriodName, UNKNOWN_LABEL,
};
use crate::finding::{Context, Findings};
use crate::ids::CalendarId;
use crate::period::{FiscalCalendar, Period};
use crate::rejection::{PeriodRejection, Rejection};
use crate::rules;

/// Exceptions that stand in the way of a closing: how many of a period, and the first.
pub(crate) type Blocking = Option<(usize, String)>;

/// Decides a command on a calendar, which is absent before its first period. `blocking` finds the exceptions of a
/// period that nobody settled.
pub(crate) fn decide(
    context: Context<'_>,
    id: &CalendarId,
    calendar: Option<&Calendar>,
    (effective_on, command): (Date, &CalendarCommand),
    blocking: &dyn Fn(Period) -> Blocking,
) -> Drafts<CalendarEvent> {
    let mut findings = Findings::new(context.profile);
    findings.date("effective_on", effective_on);
    findings.breach(rules::date_not_future(
        &format!("calendar/{id}"),
        "effective_on",
        effective_on,
        context.today,
    ));
    let fact = match command {
        CalendarCommand::Open(new) => open(&mut findings, id, calendar, new),
        CalendarCommand::Close { label, grace_days } => {
            if GRACE_DAYS_MAX < *grace_days {
                findings.malformed("grace_days", format!("must be at most {GRACE_DAYS_MAX}"));
            }
            let days = jiff::Span::new().try_days(i64::from(*grace_days));
            let closed_from = effective_on.saturating_add(days.unwrap_or_default());
            period(&mut findings, id, calendar, label).map(|(name, known)| {
                close(&mut findings, &name, known, effective_on);
                if let Some((count, first)) = blocking(known.period) {
                    reject(
                        &mut findings,
                        PeriodRejection::ClosingBlocked { name, count, first },
                    );
                }
                CalendarEvent::FiscalPeriodClosed {
                    label: label.clone(),
                    period: known.period,
                    grace_days: *grace_days,
                    closed_from,
                }
            })
        }
        CalendarCommand::Reopen {
            label,
            reason,
            approver,
        } => period(&mut findings, id, calendar, label).map(|(name, known)| {
            if known.closed_from.is_none() {
                reject(&mut findings, PeriodRejection::NotClosed(name));
            }
            CalendarEvent::FiscalPeriodReopened {
                label: label.clone(),
                period: known.period,
                reason: reason.clone(),
                approver: approver.clone(),
            }
        }),
    };
    let verdict = findings.finish(&context)?;
    let draft = |fact| Draft {
        effective_on,
        fact,
        verdict,
    };
    Ok(fact.map(draft).into_iter().collect())
}

fn reject(findings: &mut Findings, rejection: PeriodRejection) {
    findings.reject(Rejection::Period(Box::new(rejection)));
}

/// A period that is there.
fn period<'a>(
    findings: &mut Findings,
    id: &CalendarId,
    calendar: Option<&'a Calendar>,
    label: &str,
) -> Option<(PeriodName, &'a FiscalPeriod)> {
    let Some(calendar) = calendar else {
        reject(findings, PeriodRejection::UnknownCalendar(id.clone()));
        return None;
    };
    let name = PeriodName {
        calendar_id: id.clone(),
        label: label.to_owned(),
    };
    let Some(known) = calendar.period(label) else {
        reject(findings, PeriodRejection::UnknownPeriod(name));
        return None;
    };
    Some((name, known))
}

fn close(findings: &mut Findings, name: &PeriodName, known: &FiscalPeriod, effective_on: Date) {
    if let Some(closed_from) = known.closed_from {
        reject(
            findings,
            PeriodRejection::AlreadyClosed {
                name: name.clone(),
                closed_from,
            },
        );
    }
    if effective_on <= known.period.ends_on() {
        reject(
            findings,
            PeriodRejection::NotEnded {
                name: name.clone(),
                ends_on: known.period.ends_on(),
                effective_on,
            },
        );
    }
}

fn open(
    findings: &mut Findings,
    id: &CalendarId,
    calendar: Option<&Calendar>,
    new: &NewPeriod,
) -> Option<CalendarEvent> {
    if FiscalCalendar::parse(id.as_str()).is_some() {
        findings.malformed("calendar_id", "is the name of a built-in calendar");
    }
    findings.date("starts_on", new.period.starts_on());
    findings.date("ends_on", new.period.ends_on());
    if calendar.is_some() && new.pattern.is_some() {
        findings.malformed("pattern", "must be named by the first period of a calendar");
    }
    let pattern = calendar.map_or(new.pattern, Calendar::pattern);
    if let Some(pattern) = pattern {
        on_pattern(findings, pattern, new.period);
    }
    let label = match (&new.label, pattern) {
        (Some(label), _) => label.clone(),
        (None, Some(pattern)) => pattern.year_of(new.period.starts_on()).label(),
        (None, None) => {
            findings.malformed("label", "must be given where no pattern labels the period");
            return None;
        }
    };
    if label.trim().is_empty() || LABEL_CHARS_MAX < label.chars().count() {
        let problem = format!("must have 1 to {LABEL_CHARS_MAX} characters");
        findings.malformed("label", problem);
    }
    if label == UNKNOWN_LABEL {
        findings.malformed("label", "is what days of no period are called");
    }
    if let Some(calendar) = calendar {
        beside(findings, id, calendar, (&label, new));
    }
    Some(CalendarEvent::FiscalPeriodOpened {
        label,
        period: new.period,
        pattern: new.pattern,
        gap_reason: new.gap_reason.clone(),
    })
}

fn on_pattern(findings: &mut Findings, pattern: FiscalCalendar, period: Period) {
    let year = pattern.year_of(period.starts_on()).period();
    if year != period {
        reject(
            findings,
            PeriodRejection::OffPattern {
                period,
                pattern,
                year,
            },
        );
    }
}

/// Holds a new period against the ones that are there: none of its label, none with one of its days, and no gap
/// to its neighbours unless a reason is given.
fn beside(
    findings: &mut Findings,
    id: &CalendarId,
    calendar: &Calendar,
    (label, new): (&str, &NewPeriod),
) {
    let name = |label: &str| PeriodName {
        calendar_id: id.clone(),
        label: label.to_owned(),
    };
    if PERIODS_MAX <= calendar.periods.len() {
        let problem = format!("must have at most {PERIODS_MAX} periods");
        findings.malformed("calendar_id", problem);
    }
    if calendar.period(label).is_some() {
        reject(findings, PeriodRejection::PeriodExists(name(label)));
    }
    let shares = |known: &&FiscalPeriod| known.period.intersection(new.period).is_some();
    if let Some(other) = calendar.periods.iter().find(shares) {
        reject(
            findings,
            PeriodRejection::Overlaps {
                period: new.period,
                other: name(&other.label),
                days: other.period,
            },
        );
        return;
    }
    if new.gap_reason.is_some() {
        return;
    }
    for gap in gaps(calendar, new.period) {
        reject(
            findings,
            PeriodRejection::Gap {
                calendar_id: id.clone(),
                gap,
            },
        );
    }
}

/// The days between a period and its neighbours that belong to none.
fn gaps(calendar: &Calendar, new: Period) -> impl Iterator<Item = Period> {
    let at = calendar.periods.partition_point(|known| known.period < new);
    let before = at.checked_sub(1).and_then(|at| calendar.periods.get(at));
    let before = before.and_then(|known| between(known.period, new));
    let after = calendar.periods.get(at);
    let after = after.and_then(|known| between(new, known.period));
    before.into_iter().chain(after)
}

fn between(earlier: Period, later: Period) -> Option<Period> {
    let first = earlier.ends_on().tomorrow().ok()?;
    let last = later.starts_on().yesterday().ok()?;
    Period::new(first, last).ok()
}
