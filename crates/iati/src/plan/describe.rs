//! What an activity says besides its transactions: words, dates and planned disbursements.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::{Description, ForecastEntry, ParticipatingOrg};
use perennial_domain::money::Currency;
use perennial_domain::party::ExternalReference;
use perennial_domain::period::Period;

use super::agreement::Term;
use super::entry::{Defaults, org_ref, signed_amount};
use super::reason::{Item, Reason};
use super::{PlanLimits, cut, locator};
use crate::activity::{Activity, Participant, PlannedDisbursement};
use crate::known::IATI_SYSTEM;
use crate::vocabulary::{DateKind, Direction, date, role};

/// The activity in words, the same for each of its agreements.
pub(super) fn description(
    activity: &Activity,
    defaults: &Defaults<'_>,
    limits: &PlanLimits,
    remarks: &mut Vec<Item>,
) -> Description {
    let mut shortened = false;
    let mut text = |text: &Option<String>, chars_max: usize| {
        text.as_deref().map(|text| {
            let kept = cut(text, chars_max);
            shortened |= kept != text;
            kept
        })
    };
    let title = text(&activity.title, limits.title_chars_max);
    let words = text(&activity.description, limits.description_chars_max);
    let identifiers = identifiers(activity);
    let participating: Vec<ParticipatingOrg> = participating(activity);
    shortened |= limits.identifiers_max < identifiers.len()
        || limits.participating_max < participating.len();
    if shortened {
        let locator = locator(activity, activity.line);
        remarks.push(Item {
            reason: Reason::CutShort,
            locator,
        });
    }
    Description {
        title,
        description: words,
        identifiers: first(identifiers, limits.identifiers_max),
        participating: first(participating, limits.participating_max),
        reporting_org: activity
            .reporting_org
            .as_ref()
            .map(|_| defaults.reporter.clone()),
        published_status: activity
            .status
            .as_deref()
            .and_then(|code| code.parse().ok()),
        hierarchy: Some(
            activity
                .hierarchy
                .as_deref()
                .and_then(|level| level.parse().ok())
                .unwrap_or(1),
        ),
        parent: activity
            .parent
            .as_deref()
            .map(|parent| cut(parent, limits.title_chars_max)),
        documents: Vec::new(),
    }
}

/// Who takes part in a role that is known.
fn participating(activity: &Activity) -> Vec<ParticipatingOrg> {
    let of = |participant: &Participant| {
        Some(ParticipatingOrg {
            org: org_ref(&participant.org, false),
            role_code: participant.role.as_deref().and_then(role)?,
        })
    };
    activity.participating.iter().filter_map(of).collect()
}

fn first<T>(mut items: Vec<T>, max: usize) -> Vec<T> {
    items.truncate(max);
    items
}

/// The IATI identifier, then numbers of other systems as `iati-other-a2` (by `OtherIdentifierType`).
fn identifiers(activity: &Activity) -> Vec<ExternalReference> {
    let mut identifiers = vec![ExternalReference {
        system: IATI_SYSTEM.into(),
        reference: activity.identifier.as_str().into(),
    }];
    for other in &activity.other_identifiers {
        let kind = other
            .type_code
            .as_deref()
            .unwrap_or("unknown")
            .to_ascii_lowercase();
        let reference = ExternalReference {
            system: format!("iati-other-{}", cut(&kind, 16)).into(),
            reference: cut(&other.reference, 200).into(),
        };
        if !identifiers.contains(&reference) {
            identifiers.push(reference);
        }
    }
    identifiers
}

/// The published term: planned else actual start, planned else actual end; the first readable date of a kind.
pub(super) fn term(activity: &Activity, remarks: &mut Vec<Item>) -> Term {
    let mut dates: BTreeMap<DateKind, Date> = BTreeMap::new();
    for published in &activity.dates {
        let kind = published.type_code.as_deref().and_then(DateKind::parse);
        let on = published.date.as_deref().and_then(date);
        if let Some((kind, on)) = kind.zip(on) {
            dates.entry(kind).or_insert(on);
        } else {
            let locator = locator(activity, activity.line);
            remarks.push(Item {
                reason: Reason::ActivityDateUnreadable,
                locator,
            });
        }
    }
    let of = |planned, actual| dates.get(&planned).or(dates.get(&actual)).copied();
    Term {
        starts_on: of(DateKind::PlannedStart, DateKind::ActualStart),
        ends_on: of(DateKind::PlannedEnd, DateKind::ActualEnd),
    }
}

/// Planned disbursements by agreement, sorted, so that a published order that changes is no change. Money that is
/// planned to reach the reporter is incoming; all other is outgoing.
pub(super) fn forecasts(
    activity: &Activity,
    defaults: &Defaults<'_>,
    limits: &PlanLimits,
    remarks: &mut Vec<Item>,
) -> BTreeMap<(Direction, Currency), Vec<ForecastEntry>> {
    let mut forecasts: BTreeMap<(Direction, Currency), Vec<ForecastEntry>> = BTreeMap::new();
    for planned in &activity.planned_disbursements {
        let place = || locator(activity, planned.line);
        let reason = match forecast(planned, defaults) {
            Some((entry, _)) if entry.amount.is_zero() => Reason::ForecastZero,
            Some((entry, reversed)) => {
                if reversed {
                    let reason = Reason::ForecastEndsBeforeStart;
                    remarks.push(Item {
                        reason,
                        locator: place(),
                    });
                }
                let reporter = defaults.reporter.key();
                let incoming = entry
                    .receiver
                    .as_ref()
                    .is_some_and(|org| org.key() == reporter);
                let direction = if incoming {
                    Direction::Incoming
                } else {
                    Direction::Outgoing
                };
                let side = (direction, entry.amount.currency());
                forecasts.entry(side).or_default().push(entry);
                continue;
            }
            None => Reason::ForecastUnreadable,
        };
        remarks.push(Item {
            reason,
            locator: place(),
        });
    }
    for entries in forecasts.values_mut() {
        if limits.forecast_entries_max < entries.len() {
            let locator = locator(activity, activity.line);
            remarks.push(Item {
                reason: Reason::CutShort,
                locator,
            });
        }
        entries.sort_by(|a, b| {
            let key = |entry: &ForecastEntry| (entry.period, entry.amount.minor_units());
            key(a)
                .cmp(&key(b))
                .then_with(|| a.receiver.cmp(&b.receiver))
        });
        entries.truncate(limits.forecast_entries_max);
    }
    forecasts
}

/// Reads one plan, and whether its end lies before its start (R7). Then, or without an end, it is for its first
/// day.
fn forecast(
    planned: &PlannedDisbursement,
    defaults: &Defaults<'_>,
) -> Option<(ForecastEntry, bool)> {
    let starts_on = date(planned.starts_on.as_deref()?)?;
    let ends_on = match planned.ends_on.as_deref() {
        None => starts_on,
        Some(text) => date(text)?,
    };
    let value = planned.value.as_ref()?;
    let currency = defaults.currency(value).ok()?;
    let period = Period::new(starts_on, ends_on);
    let entry = ForecastEntry {
        period: period.unwrap_or(Period::day(starts_on)),
        amount: signed_amount(value.text.as_deref()?, currency).ok()?,
        receiver: planned.receiver.as_ref().map(|org| org_ref(org, false)),
    };
    Some((entry, period.is_err()))
}
