//! Fiscal calendars: opening, closing and reopening periods, and what a closed period does with entries (R9).

use perennial_domain::calendar::{CalendarCommand, CalendarEvent, NewPeriod};
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::{Event, Stream};
use perennial_domain::log::{Position, Revision};
use perennial_domain::period::FiscalCalendar;
use perennial_domain::rejection::{Class, PeriodRejection, Rejection};
use perennial_domain::rule::{Breach, Override, Profile, Rule};
use perennial_testkit::history::periods::*;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given, recorded};

fn rejected(rejection: PeriodRejection) -> Rejection {
    Rejection::Period(Box::new(rejection))
}

/// A strict ledger with the years 2024 to 2026 open.
fn with_years(profile: Profile, more: impl IntoIterator<Item = Happened>) -> Given {
    given(profile, three_years().into_iter().chain(more))
}

/// A payment dated in a closed year.
pub(crate) fn too_late() -> (Vec<Happened>, Command) {
    let (on, command) = disburse("2024-12-31", eur(1));
    let year = period_opened("2024", "2024-01-01", "2024-12-31");
    (
        vec![signed(eur(100)), year, closed_2024(0)],
        asked(on, command),
    )
}

#[test]
fn a_calendar_begins_with_its_first_period_and_keeps_to_what_is_published() {
    // Ethiopian years, as published: they begin on 11 September, or 12 before a leap year of theirs.
    given(Profile::Strict, [])
        .when_asked(open("2016 EFY", "2023-09-12", "2024-09-10"))
        .then([period_opened("2016 EFY", "2023-09-12", "2024-09-10")])
        .when_asked(open("2017 EFY", "2024-09-11", "2025-09-10"))
        .then([period_opened("2017 EFY", "2024-09-11", "2025-09-10")])
        .when_asked(open("2018 EFY", "2025-09-11", "2026-09-10"))
        .then([period_opened("2018 EFY", "2025-09-11", "2026-09-10")]);
}

#[test]
fn a_calendar_that_names_a_pattern_labels_its_years_and_keeps_to_it() {
    let new = |starts_on, ends_on, pattern| NewPeriod {
        label: None,
        period: period(starts_on, ends_on),
        pattern,
        gap_reason: None,
    };
    let first = new("2024-04-01", "2025-03-31", Some(FiscalCalendar::April));
    let fact = |label: &str, starts_on, ends_on, pattern| {
        in_calendar(
            "2023-12-01",
            CalendarEvent::FiscalPeriodOpened {
                label: label.to_owned(),
                period: period(starts_on, ends_on),
                pattern,
                gap_reason: None,
            },
        )
    };
    let april = Some(FiscalCalendar::April);
    given(Profile::Strict, [])
        .when_asked(open_as(first))
        .then([fact("2024/25", "2024-04-01", "2025-03-31", april)])
        .when_asked(open_as(new("2025-04-01", "2026-03-30", None)))
        .then_rejected(rejected(PeriodRejection::OffPattern {
            period: period("2025-04-01", "2026-03-30"),
            pattern: FiscalCalendar::April,
            year: period("2025-04-01", "2026-03-31"),
        }))
        .when_asked(open_as(new("2025-04-01", "2026-03-31", None)))
        .then([fact("2025/26", "2025-04-01", "2026-03-31", None)])
        .when_asked(open_as(new("2026-04-01", "2027-03-31", april)))
        .then_rejected(Rejection::Malformed {
            field: "pattern".to_owned(),
            problem: "must be named by the first period of a calendar".to_owned(),
        });
}

#[test]
fn periods_share_no_day_and_leave_none_out_unless_it_is_said_why() {
    let year = with_years(Profile::Strict, []);
    let year = year
        .when_asked(open("later", "2026-12-31", "2027-12-31"))
        .then_rejected(rejected(PeriodRejection::Overlaps {
            period: period("2026-12-31", "2027-12-31"),
            other: the_period("2026"),
            days: period("2026-01-01", "2026-12-31"),
        }));
    let year = year
        .when_asked(open("later", "2027-01-02", "2027-12-31"))
        .then_rejected(rejected(PeriodRejection::Gap {
            calendar_id: calendar(THE_CALENDAR),
            gap: period("2027-01-01", "2027-01-01"),
        }));
    let year = year
        .when_asked(open("2026", "2027-01-01", "2027-12-31"))
        .then_rejected(rejected(PeriodRejection::PeriodExists(the_period("2026"))));
    let said = NewPeriod {
        label: Some("2027".to_owned()),
        period: period("2027-01-02", "2027-12-31"),
        pattern: None,
        gap_reason: Some("the books were moved on New Year's Day".to_owned()),
    };
    year.when_asked(open_as(said)).accepted();
    with_years(Profile::Strict, [])
        .when_asked(open("2027", "2027-01-01", "2027-12-31"))
        .then([period_opened("2027", "2027-01-01", "2027-12-31")]);
    with_years(Profile::Strict, [])
        .when_asked(open("2023", "2023-01-01", "2023-12-31"))
        .then([period_opened("2023", "2023-01-01", "2023-12-31")]);
}

#[test]
fn no_calendar_has_the_name_of_a_built_in_one_and_no_period_is_called_unknown() {
    let mut command = open("2024", "2024-01-01", "2024-12-31");
    command.action = perennial_domain::command::Action::Calendar(
        calendar("april"),
        CalendarCommand::Open(NewPeriod {
            label: Some("unknown".to_owned()),
            period: period("2024-01-01", "2024-12-31"),
            pattern: None,
            gap_reason: None,
        }),
    );
    let malformed = |field: &str, problem: &str| {
        let (field, problem) = (field.to_owned(), problem.to_owned());
        (Some(0), Rejection::Malformed { field, problem })
    };
    given(Profile::Strict, [])
        .when_asked(command)
        .then_refused([
            malformed("calendar_id", "is the name of a built-in calendar"),
            malformed("label", "is what days of no period are called"),
        ]);
}

#[test]
fn a_period_is_closed_after_its_last_day_and_not_on_it() {
    with_years(Profile::Strict, [])
        .when_asked(close("2024-12-31", "2024", 0))
        .then_rejected(rejected(PeriodRejection::NotEnded {
            name: the_period("2024"),
            ends_on: date("2024-12-31"),
            effective_on: date("2024-12-31"),
        }));
    let days = period("2024-01-01", "2024-12-31");
    with_years(Profile::Strict, [])
        .when_asked(close("2025-01-01", "2024", 0))
        .then([closed("2025-01-01", ("2024", days), 0)])
        .when_asked(close("2025-01-02", "2024", 0))
        .then_rejected(rejected(PeriodRejection::AlreadyClosed {
            name: the_period("2024"),
            closed_from: date("2025-01-01"),
        }));
}

#[test]
fn what_is_not_there_is_neither_closed_nor_reopened() {
    let unknown = rejected(PeriodRejection::UnknownCalendar(calendar(THE_CALENDAR)));
    assert_eq!(unknown.class(), Class::NotFound);
    given(Profile::Strict, [])
        .when_asked(close("2025-01-31", "2024", 0))
        .then_rejected(unknown);
    with_years(Profile::Strict, [])
        .when_asked(reopen("2025-01-31", "2023"))
        .then_rejected(rejected(PeriodRejection::UnknownPeriod(the_period("2023"))));
    with_years(Profile::Strict, [])
        .when_asked(reopen("2025-01-31", "2024"))
        .then_rejected(rejected(PeriodRejection::NotClosed(the_period("2024"))));
}

/// R9 as 2024, closed on 2025-01-31, shows it.
fn in_2024(on: &str, closed_from: &str, open_period: &str) -> Breach {
    breach(
        Rule::ClosedPeriod,
        &[
            ("effective_on", on),
            ("calendar", THE_CALENDAR),
            ("period", "2024"),
            ("days", "2024-01-01 to 2024-12-31"),
            ("closed_from", closed_from),
            ("open_period", open_period),
        ],
    )
}

const OPEN: &str = "2026, 2026-01-01 to 2026-12-31";

#[test]
fn a_closed_period_takes_entries_up_to_the_day_before_it_and_after_its_last_one() {
    let books = || with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)]);
    books()
        .when(disburse("2024-12-31", eur(1)))
        .then_breaks(in_2024("2024-12-31", "2025-01-31", OPEN));
    books()
        .when(disburse("2024-01-01", eur(1)))
        .then_breaks(in_2024("2024-01-01", "2025-01-31", OPEN));
    books()
        .when(disburse("2025-01-01", eur(1)))
        .then([disbursed("2025-01-01", eur(1))]);
}

#[test]
fn grace_days_begin_with_the_day_of_the_closing() {
    let books =
        |today: &str| with_years(Profile::Strict, [signed(eur(100)), closed_2024(10)]).on(today);
    books("2025-02-09")
        .when(disburse("2024-12-31", eur(1)))
        .then([disbursed("2024-12-31", eur(1))]);
    let open = "2025, 2025-01-01 to 2025-12-31";
    books("2025-02-10")
        .when(disburse("2024-12-31", eur(1)))
        .then_breaks(in_2024("2024-12-31", "2025-02-10", open));
}

#[test]
fn a_mirror_records_what_is_dated_in_a_closed_period_and_flags_it_once() {
    with_years(Profile::Mirror, [signed(eur(100)), closed_2024(0)])
        .when(disburse("2024-12-31", eur(1)))
        .then_only_flagged([in_2024("2024-12-31", "2025-01-31", OPEN)]);
}

#[test]
fn words_lines_terms_and_plans_are_no_entries_of_the_books() {
    let books = with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)]);
    let line = perennial_domain::agreement::AgreementCommand::OpenLine(line_of("line-2", eur(0)));
    let plan = perennial_domain::agreement::AgreementCommand::ReplaceForecast(Vec::new());
    let books = books.when((date("2024-06-01"), line)).accepted();
    let books = books.when((date("2024-06-01"), plan)).accepted();
    books
        .when(schedule("2024-06-01", "tranche-1", eur(10), "2025-03-01"))
        .then_breaks(in_2024("2024-06-01", "2025-01-31", OPEN));
}

#[test]
fn signatures_pledges_and_replacements_are_held_against_closed_periods_too() {
    let (on, command) = sign("2024-06-01", terms(eur(100)));
    with_years(Profile::Strict, [closed_2024(0)])
        .when((on, command))
        .then_breaks(in_2024("2024-06-01", "2025-01-31", OPEN));
    let books = with_years(
        Profile::Strict,
        [
            signed(eur(100)),
            disbursed("2024-03-01", eur(5)),
            closed_2024(0),
        ],
    );
    let books = books
        .when(reverse(
            "2026-01-01",
            event_of(5),
            perennial_domain::agreement::ReversalReason::Error,
        ))
        .then_breaks(in_2024("2024-03-01", "2025-01-31", OPEN));
    books
        .when(replace(event_of(5), disburse("2025-03-01", eur(5))))
        .then_breaks(in_2024("2024-03-01", "2025-01-31", OPEN));
}

#[test]
fn a_reopened_period_takes_entries_until_it_is_closed_again() {
    let days = period("2024-01-01", "2024-12-31");
    let books = with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(reopen("2025-05-01", "2024"))
        .then([reopened("2025-05-01", ("2024", days))])
        .when(disburse("2024-12-31", eur(1)))
        .then([disbursed("2024-12-31", eur(1))])
        .when_asked(close("2025-05-02", "2024", 0))
        .then([closed("2025-05-02", ("2024", days), 0)]);
    books
        .when(disburse("2024-12-31", eur(1)))
        .then_breaks(in_2024("2024-12-31", "2025-05-02", OPEN));
}

#[test]
fn who_reopens_a_period_is_not_who_approves_it() {
    let submission = Submission {
        commands: vec![reopen("2025-05-01", "2024")],
        expected: Vec::new(),
    };
    assert_eq!(submission.self_approvals("clerk"), []);
    let reasons: Vec<&str> = submission
        .self_approvals("head-of-finance")
        .iter()
        .map(|refused| refused.rejection.reason())
        .collect();
    assert_eq!(reasons, ["SELF_APPROVAL"]);
}

#[test]
fn closing_and_booking_in_one_submission_see_each_other() {
    let pay = |on: &str| {
        let (on, command) = disburse(on, eur(1));
        asked(on, command)
    };
    let submission = Submission {
        commands: vec![
            pay("2024-12-30"),
            close("2025-01-31", "2024", 0),
            pay("2024-12-31"),
        ],
        expected: Vec::new(),
    };
    with_years(Profile::Strict, [signed(eur(100))])
        .when_submitted(&submission)
        .then_refused([(
            Some(2),
            Rejection::Breach(in_2024("2024-12-31", "2025-01-31", OPEN)),
        )]);
}

/// A payment of the agreement, 101 of 100, flagged in a mirror or overridden in a strict ledger.
fn overpaid(on: &str, overrides: Vec<Override>) -> Event {
    let happened = disbursed(on, eur(101));
    Event {
        stream: Stream::Agreement(the_agreement()),
        revision: Revision(2),
        effective_on: happened.effective_on,
        external_reference: None,
        evidence: Vec::new(),
        flags: vec![breach(Rule::WithinCommitment, &[("limit", "100.00 EUR")])],
        overrides,
        concerns: None,
        carrying: Vec::new(),
        fact: happened.fact,
    }
}

fn with_event(event: Event) -> Given {
    let mut books = with_years(Profile::Mirror, [signed(eur(100))]);
    books.book.evolve(&recorded(books.next, 0, event)).unwrap();
    books.next = Position(books.next.0 + 1);
    books
}

#[test]
fn a_period_with_open_breaches_is_not_closed_until_they_are_gone() {
    let blocked = |count, first: &str| {
        rejected(PeriodRejection::ClosingBlocked {
            name: the_period("2024"),
            count,
            first: first.to_owned(),
        })
    };
    let books = with_event(overpaid("2024-12-31", Vec::new()))
        .when_asked(close("2025-01-31", "2024", 0))
        .then_rejected(blocked(1, "5-0 R10"));
    let error = perennial_domain::agreement::ReversalReason::Error;
    books
        .when(reverse("2025-01-30", event_of(5), error))
        .accepted()
        .when_asked(close("2025-01-31", "2024", 0))
        .accepted();
    with_event(overpaid("2025-01-01", Vec::new()))
        .when_asked(close("2025-01-31", "2024", 0))
        .accepted();
}

#[test]
fn an_overridden_breach_blocks_no_closing() {
    let permitted = vec![permitted(Rule::WithinCommitment, Some("chief"))];
    with_event(overpaid("2024-12-31", permitted))
        .when_asked(close("2025-01-31", "2024", 0))
        .accepted();
}

#[test]
fn an_adjustment_is_dated_in_an_open_period_and_names_the_closed_one() {
    let outcome = with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(adjusting("2024", disburse("2026-02-01", eur(1))));
    let concerns: Vec<_> = outcome
        .decision()
        .events
        .iter()
        .map(|event| event.concerns)
        .collect();
    let days = period("2024-01-01", "2024-12-31");
    assert_eq!(concerns, [None, Some(days)]);
    outcome.then_flagged(
        [adjusted_2024("2026-02-01"), disbursed("2026-02-01", eur(1))],
        [Rule::NotAfterEnd],
    );
}

#[test]
fn an_open_period_is_not_adjusted_and_a_closed_one_not_from_within() {
    with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(adjusting("2025", disburse("2025-03-01", eur(1))))
        .then_rejected(rejected(PeriodRejection::NotClosed(the_period("2025"))));
    with_years(Profile::Strict, [signed(eur(100)), closed_2024(10)])
        .on("2025-02-09")
        .when_asked(adjusting("2024", disburse("2025-01-01", eur(1))))
        .then_rejected(rejected(PeriodRejection::NotClosed(the_period("2024"))));
    with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(adjusting("2024", disburse("2024-12-31", eur(1))))
        .then_breaks(in_2024("2024-12-31", "2025-01-31", OPEN));
}

#[test]
fn an_adjusting_reversal_takes_its_own_date_and_only_what_is_in_the_closed_period() {
    let error = perennial_domain::agreement::ReversalReason::Error;
    let history = [
        signed(eur(100)),
        disbursed("2024-12-31", eur(5)),
        disbursed("2025-01-01", eur(5)),
        closed_2024(0),
    ];
    let books = with_years(Profile::Strict, history)
        .when_asked(adjusting("2024", reverse("2025-02-01", event_of(5), error)))
        .then([
            adjusted_2024("2025-02-01"),
            reversed("2025-02-01", event_of(5), error),
        ]);
    let disbursed_at = |on: &str| books.agreement().balance_as_of(date(on)).disbursed;
    assert_eq!(
        [
            disbursed_at("2024-12-31"),
            disbursed_at("2025-01-31"),
            disbursed_at("2025-02-01")
        ],
        [5_00, 10_00, 5_00]
    );
    let problem = "it is dated 2025-01-01, outside the period that the adjustment concerns, 2024-01-01 to 2024-12-31";
    books
        .when_asked(adjusting("2024", reverse("2025-02-01", event_of(6), error)))
        .then_breaks(breach(
            Rule::ReversalTarget,
            &[("target", "6-0"), ("problem", problem)],
        ));
}

#[test]
fn a_tranche_whose_reversal_adjusts_a_closed_period_is_scheduled_until_the_day_of_the_adjustment() {
    let error = perennial_domain::agreement::ReversalReason::Error;
    let history = [
        signed(eur(100)),
        scheduled("2024-06-01", "tranche-1", eur(80), "2025-06-30"),
        closed_2024(0),
        adjusted_2024("2025-02-01"),
        reversed("2025-02-01", event_of(5), error),
    ];
    let books = with_years(Profile::Strict, history);
    books
        .clone()
        .when(decrease("2025-02-01", eur(50)))
        .then_only_flagged([]);
    books
        .when(decrease("2025-01-31", eur(50)))
        .then_only_flagged([breach(
            Rule::ScheduledWithinUndisbursed,
            &[
                ("scheduled", "80.00 EUR"),
                ("undisbursed", "50.00 EUR"),
                ("on", "2025-01-31"),
            ],
        )]);
}

#[test]
fn an_adjusting_increase_without_shares_is_for_the_closed_period() {
    let days = period("2024-01-01", "2024-12-31");
    let outcome = with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(adjusting("2024", increase("2025-02-01", eur(8))));
    let event = perennial_domain::agreement::AgreementEvent::CommitmentIncreased {
        line_id: the_line(),
        amount: eur(8),
        year_shares: vec![share(
            days,
            eur(8),
            perennial_domain::agreement::YearBasis::Scheduled,
        )],
        amendment: None,
        published: None,
        functional: None,
    };
    outcome.then([adjusted_2024("2025-02-01"), happened("2025-02-01", event)]);
}

#[test]
fn what_begins_a_stream_or_replaces_an_entry_is_no_adjustment() {
    let no_adjustment = Rejection::Malformed {
        field: "command".to_owned(),
        problem: "cannot adjust a period: reverse an entry, or book one".to_owned(),
    };
    with_years(Profile::Strict, [closed_2024(0)])
        .when_asked(adjusting("2024", sign("2025-06-01", terms(eur(100)))))
        .then_rejected(no_adjustment.clone());
    let books = with_years(
        Profile::Strict,
        [
            signed(eur(100)),
            disbursed("2024-03-01", eur(5)),
            closed_2024(0),
        ],
    );
    let replacing = replace(event_of(5), disburse("2025-03-01", eur(5)));
    books
        .when_asked(adjusting("2024", replacing))
        .then_rejected(no_adjustment);
}

#[test]
fn the_fact_that_a_period_is_adjusted_is_not_itself_reversed() {
    let error = perennial_domain::agreement::ReversalReason::Error;
    let books = with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(adjusting("2024", disburse("2025-02-01", eur(1))))
        .accepted();
    let problem = "signature, words, lines, term, splits and tags stay: correct them by a later event, and leave a line that is not wanted at 0";
    books
        .when(reverse("2025-03-01", event_of(6), error))
        .then_breaks(breach(
            Rule::ReversalTarget,
            &[("target", "6-0"), ("problem", problem)],
        ));
}

#[test]
fn a_rejection_about_periods_reads_as_a_sentence_with_its_figures() {
    let overlaps = rejected(PeriodRejection::Overlaps {
        period: period("2026-12-31", "2027-12-31"),
        other: the_period("2026"),
        days: period("2026-01-01", "2026-12-31"),
    });
    assert_eq!(
        overlaps.to_string(),
        "2026-12-31 to 2027-12-31 shares days with \"2026\" of calendar \"calendar-1\", 2026-01-01 to 2026-12-31"
    );
    assert_eq!(overlaps.reason(), "FISCAL_PERIOD_OVERLAPS");
    assert_eq!(overlaps.subject(), "calendar/calendar-1");
    let figures: Vec<(String, String)> = overlaps
        .figures()
        .into_iter()
        .map(|figure| (figure.name, figure.value))
        .collect();
    let figure = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        figures,
        [
            figure("asked", "2026-12-31 to 2027-12-31"),
            figure("period", "2026"),
            figure("days", "2026-01-01 to 2026-12-31"),
        ]
    );
}

#[test]
fn an_override_of_r9_counts_only_where_the_policy_allows_it() {
    let (on, command) = disburse("2024-12-31", eur(1));
    let command: Command = overriding(asked(on, command), Rule::ClosedPeriod, Some("chief"));
    with_years(Profile::Strict, [signed(eur(100)), closed_2024(0)])
        .when_asked(command)
        .then_rejected(Rejection::NotOverridden {
            breach: in_2024("2024-12-31", "2025-01-31", OPEN),
            why: perennial_domain::rejection::NotOverridden::NotAllowed,
        });
}
