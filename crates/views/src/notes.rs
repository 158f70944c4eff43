//! What an answer's totals contain, in words (SEMANTICS.md 1 "Every total says in words").

use std::collections::BTreeSet;

use perennial_domain::calendar::UNKNOWN_LABEL;
use perennial_domain::classification::Pillar;
use perennial_domain::money::Currency;

use crate::lens::Lens;
use crate::question::CurrencyBasis;
use crate::rows::{MultiYear, Row};
use crate::view::exceptions::overpaid_in_words;
use crate::view::{Published, View};

/// The notes for these rows, in a fixed order.
pub(crate) fn notes(view: View, lens: &Lens<'_>, rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    let is_listing = matches!(view, View::Calendars | View::Published(_));
    if !is_listing {
        currencies(lens, rows, &mut notes);
    }
    of_view(view, lens, rows, &mut notes);
    years(view, lens, rows, &mut notes);
    unallocable(rows, &mut notes);
    unknown_dates(rows, &mut notes);
    let of_totals = ![
        View::Timeline,
        View::Exceptions,
        View::Overrides,
        View::Pledges,
        View::Reallocations,
        View::CashForecast,
    ]
    .contains(&view);
    if of_totals && !is_listing {
        hierarchy(lens, &mut notes);
    }
    notes
}

/// What a view says of its own figures.
fn of_view(view: View, lens: &Lens<'_>, rows: &[Row], notes: &mut Vec<String>) {
    match view {
        View::Agreement | View::Timeline | View::Overrides => {}
        View::Calendars => notes.push(
            "the books of a day are closed if any calendar has closed a period that holds it"
                .to_owned(),
        ),
        View::Published(of) => notes.extend(of_listing(of).map(str::to_owned)),
        View::Exceptions => notes.extend(overpaid_in_words(lens)),
        View::Pledges => notes.push("pledges are part of no other total".to_owned()),
        View::ByYear | View::Nexus => {
            notes.push(directions());
            notes.push("year_basis says how each amount came to its year".to_owned());
        }
        View::MultiYear => {
            notes.push(directions());
            notes.push(format!(
                "multi-year: {} calendar months or longer between the original dates, the last day included",
                lens.question.multi_year_months
            ));
        }
        View::Registers => {
            notes.push("a reversed entry and its reversal are both among the entries".to_owned());
        }
        View::Reallocations => {
            notes.push(
                "a move inside a heading, and a move by amendment, counts against no limit"
                    .to_owned(),
            );
            notes.push("a reversed reallocation is shown and counts no more".to_owned());
        }
        View::CashForecast => {
            notes.push(directions());
            notes.push(
                "open portions alone: published plans are shown as forecast in by-year".to_owned(),
            );
        }
        View::Maturity => {
            notes.push(directions());
            notes.push(
                "commitments fall due over the days of their periods; payments take away from what falls due first"
                    .to_owned(),
            );
        }
        View::Movements => {
            notes.push(directions());
            notes.push("moves inside agreements sum to zero and are not shown".to_owned());
        }
        View::Scheme => {
            notes.push(directions());
            notes.push("an element's money holds that of the elements below it".to_owned());
            notes.push(
                "elements that do not divide money overlap and have no total: any_tag counts each line once"
                    .to_owned(),
            );
            unverified(rows, notes);
        }
        View::Coverage => {
            notes.push(
                "money counts for an objective by its tags in the plan's scheme, and only for the plan's places"
                    .to_owned(),
            );
            notes.push(
                "rows without a requirement: money that nothing is asked for in its year and currency".to_owned(),
            );
        }
    }
}

/// What a listing of what is published says of its rows.
const fn of_listing(of: Published) -> Option<&'static str> {
    match of {
        Published::PillarMappings => Some(
            "dac-core and dac-wide are compiled in: every ledger has them without publishing them",
        ),
        Published::Schemes | Published::Codelists => {
            Some("a name stands for the version in force; a version never changes")
        }
        Published::RateTables | Published::Rates => {
            Some("of one source, pair and day, the table that was published last counts")
        }
        Published::Organisations => {
            Some("organisations that agreements merely name are not listed")
        }
        Published::PillarRules => {
            Some("the longest prefix that fits a purpose's code decides its pillar")
        }
        Published::SchemeElements | Published::Codes => None,
    }
}

/// In which year adjustments of closed periods stand, and what stands in none.
fn years(view: View, lens: &Lens<'_>, rows: &[Row], notes: &mut Vec<String>) {
    if !view.restates() {
        return;
    }
    if lens.question.restated {
        notes.push(
            "restated: adjustments of closed periods stand in the years that they concern"
                .to_owned(),
        );
    } else if lens.has_adjustments() {
        notes.push(
            "as booked: adjustments of closed periods stand in the years in which they were made"
                .to_owned(),
        );
    }
    let unknown = |row: &Row| year(row).is_some_and(|year| year == UNKNOWN_LABEL);
    if rows.iter().any(unknown) {
        notes.push(format!(
            "year {UNKNOWN_LABEL}: of days that no period of the calendar {} holds",
            lens.question.calendar.name()
        ));
    }
}

/// The label of a row's year, where it has one.
fn year(row: &Row) -> Option<&str> {
    match row {
        Row::ByYear(row) => row.year.as_deref(),
        Row::Nexus(row) => row.year.as_deref(),
        Row::Scheme(row) => row.year.as_deref(),
        Row::Movement(row) => Some(&row.year),
        Row::Coverage(row) => Some(&row.year),
        Row::Agreement(_)
        | Row::Timeline(_)
        | Row::Pledge(_)
        | Row::MultiYear(_)
        | Row::Register(_)
        | Row::Maturity(_)
        | Row::Exception(_)
        | Row::Override(_)
        | Row::Reallocation(_)
        | Row::CashForecast(_)
        | Row::FiscalPeriod(_)
        | Row::Published(_) => None,
    }
}

/// Titles that were not checked against the framework's own text are said to be so (FRAMEWORKS.md 15).
fn unverified(rows: &[Row], notes: &mut Vec<String>) {
    let mut codes: Vec<&str> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Scheme(row) if row.verified == Some(false) => row.element.as_deref(),
            Row::Scheme(_)
            | Row::Coverage(_)
            | Row::CashForecast(_)
            | Row::Reallocation(_)
            | Row::Agreement(_)
            | Row::Timeline(_)
            | Row::Pledge(_)
            | Row::ByYear(_)
            | Row::Nexus(_)
            | Row::MultiYear(_)
            | Row::Register(_)
            | Row::Movement(_)
            | Row::Maturity(_)
            | Row::Exception(_)
            | Row::FiscalPeriod(_)
            | Row::Published(_)
            | Row::Override(_) => None,
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    if !codes.is_empty() {
        notes.push(format!("titles not verified: {}", codes.join(", ")));
    }
}

/// What currency the amounts are in, and which of them have no functional amount.
fn currencies(lens: &Lens<'_>, rows: &[Row], notes: &mut Vec<String>) {
    match lens.question.basis {
        CurrencyBasis::Transaction => notes.push(
            "amounts are in the currency of each agreement; currencies are never added".to_owned(),
        ),
        CurrencyBasis::Functional => {
            notes.push(
                "amounts are functional amounts as at booking; nothing is converted when it is asked"
                    .to_owned(),
            );
            let policy = lens.facts.policy_at(lens.at, lens.effective());
            let functional = policy.and_then(|policy| policy.functional_currency);
            let shown: BTreeSet<&str> = rows
                .iter()
                .filter_map(currency)
                .filter(|currency| Some(*currency) != functional.as_ref())
                .map(Currency::code)
                .collect();
            if !shown.is_empty() {
                let shown: Vec<&str> = shown.into_iter().collect();
                notes.push(format!(
                    "partial: rows in {} hold what has no functional amount, in its own currency",
                    shown.join(", ")
                ));
            }
        }
    }
}

/// The currency of a row's amounts, where it has one.
const fn currency(row: &Row) -> Option<&Currency> {
    match row {
        Row::Agreement(row) => Some(&row.currency),
        Row::Timeline(row) => Some(&row.currency),
        Row::Pledge(row) => Some(&row.currency),
        Row::ByYear(row) => Some(&row.currency),
        Row::Nexus(row) => Some(&row.currency),
        Row::MultiYear(row) => Some(&row.currency),
        Row::Register(row) => Some(&row.currency),
        Row::Movement(row) => Some(&row.currency),
        Row::Reallocation(row) => Some(&row.currency),
        Row::Scheme(row) => Some(&row.currency),
        Row::Coverage(row) => Some(&row.currency),
        Row::CashForecast(row) => Some(&row.currency),
        Row::Maturity(row) => Some(&row.currency),
        Row::Exception(_) | Row::Override(_) | Row::FiscalPeriod(_) | Row::Published(_) => None,
    }
}

fn directions() -> String {
    "incoming and outgoing money are apart and never added".to_owned()
}

fn unallocable(rows: &[Row], notes: &mut Vec<String>) {
    let any = rows.iter().any(|row| match row {
        Row::Nexus(row) => row.pillar == Some(Pillar::Unallocable),
        Row::Agreement(row) => row
            .pillars
            .iter()
            .any(|(pillar, _)| *pillar == Pillar::Unallocable),
        Row::Timeline(_)
        | Row::Pledge(_)
        | Row::ByYear(_)
        | Row::MultiYear(_)
        | Row::Register(_)
        | Row::Movement(_)
        | Row::Maturity(_)
        | Row::Scheme(_)
        | Row::Coverage(_)
        | Row::Exception(_)
        | Row::Override(_)
        | Row::Reallocation(_)
        | Row::FiscalPeriod(_)
        | Row::Published(_)
        | Row::CashForecast(_) => false,
    });
    if any {
        notes.push(
            "unallocable: of purposes that belong to no pillar, or without a purpose".to_owned(),
        );
    }
}

fn unknown_dates(rows: &[Row], notes: &mut Vec<String>) {
    let unknown: u64 = rows
        .iter()
        .map(|row| match row {
            Row::MultiYear(row) => row.unknown_agreements,
            Row::Agreement(row) => u64::from(row.multi_year == MultiYear::Unknown),
            Row::Timeline(_)
            | Row::Pledge(_)
            | Row::ByYear(_)
            | Row::Nexus(_)
            | Row::Register(_)
            | Row::Movement(_)
            | Row::Maturity(_)
            | Row::Scheme(_)
            | Row::Coverage(_)
            | Row::Exception(_)
            | Row::Override(_)
            | Row::Reallocation(_)
            | Row::FiscalPeriod(_)
            | Row::Published(_)
            | Row::CashForecast(_) => 0,
        })
        .sum();
    if 0 < unknown {
        notes.push(format!(
            "{unknown} agreements have unknown original dates: they are counted, never as multi-year"
        ));
    }
}

/// A published child's money may be part of its parent's: it is said, and nothing is dropped (SEMANTICS.md 3).
fn hierarchy(lens: &Lens<'_>, notes: &mut Vec<String>) {
    let histories = lens.facts.histories();
    let children = histories
        .ever_children()
        .iter()
        .filter(|entity| {
            let history = histories.entity(**entity);
            let state = history.and_then(|history| history.agreement_at(lens.at, lens.effective()));
            state
                .and_then(|state| state.description)
                .is_some_and(|description| description.parent.is_some())
        })
        .count();
    if 0 < children {
        notes.push(format!(
            "also reported by a child: {children} agreements name a published parent, whose own money may contain theirs"
        ));
    }
}
