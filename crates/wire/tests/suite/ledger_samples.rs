//! Events of the ledger itself, of pledges and of imports, with every field set.

use perennial_domain::agreement::{Perspective, ReversalReason};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{ImportId, LedgerId};
use perennial_domain::import::{ImportCounts, ImportEvent, ImportSource, RefusedReason};
use perennial_domain::ledger::{ExceptionId, LedgerEvent, LedgerPolicy, Overridable, Tolerance};
use perennial_domain::log::Revision;
use perennial_domain::period::FiscalCalendar;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeEvent};
use perennial_domain::rule::{Profile, Rule};

use crate::{currency, money, on, period};

use crate::values::*;

/// One event of every kind of these streams, named as its golden file.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let mut events = ledger_events();
    events.extend(pledge_events());
    events.extend(import_events());
    events
}

/// The first event of a stream, long ago.
pub(crate) fn first(stream: Stream, fact: Fact) -> Event {
    Event {
        stream,
        revision: Revision(1),
        effective_on: on("1960-01-01"),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact,
    }
}

fn exception() -> ExceptionId {
    ExceptionId {
        event_id: target(),
        rule: Rule::WithinCommitment,
    }
}

/// Lets two rules be overridden, one of them by one person alone.
fn permissive() -> LedgerPolicy {
    LedgerPolicy {
        overridable: vec![
            Overridable {
                rule: Rule::WithinCommitment,
                needs_approver: false,
            },
            Overridable {
                rule: Rule::CommitmentAboveDisbursed,
                needs_approver: true,
            },
        ],
        ..LedgerPolicy::default()
    }
}

fn ledger_events() -> Vec<(&'static str, Event)> {
    let ledger = |fact| first(Stream::Ledger, Fact::Ledger(fact));
    vec![
        (
            "ledger_policy_changed",
            ledger(LedgerEvent::LedgerPolicyChanged {
                policy: permissive(),
                reason: "the auditor asked for it".to_owned(),
            }),
        ),
        (
            "exception_acknowledged",
            ledger(LedgerEvent::ExceptionAcknowledged {
                exception: exception(),
                disposition: "the amendment is on its way".to_owned(),
            }),
        ),
        (
            "exception_resolved",
            ledger(LedgerEvent::ExceptionResolved {
                exception: exception(),
                disposition: "amended".to_owned(),
            }),
        ),
        (
            "ledger_created.overridable",
            first(
                Stream::Ledger,
                Fact::Ledger(LedgerEvent::LedgerCreated {
                    ledger_id: LedgerId::parse("treasury").unwrap(),
                    profile: Profile::Strict,
                    policy: permissive(),
                }),
            ),
        ),
        (
            "ledger_created",
            first(
                Stream::Ledger,
                Fact::Ledger(LedgerEvent::LedgerCreated {
                    ledger_id: LedgerId::parse("iom-mirror").unwrap(),
                    profile: Profile::Mirror,
                    policy: LedgerPolicy {
                        functional_currency: Some(currency("SEK")),
                        fiscal_calendar: FiscalCalendar::October,
                        tolerance: Tolerance {
                            absolute_minor: 100,
                            relative_ppm: 5_000,
                        },
                        multi_year_months: 24,
                        pillar_mapping: "dac-wide".to_owned(),
                        keep_refusals: true,
                        overridable: Overridable::by_default(),
                        rate_source: None,
                    },
                }),
            ),
        ),
    ]
}

fn pledge_events() -> Vec<(&'static str, Event)> {
    let pledge = |fact| first(Stream::Pledge(pledge_id()), Fact::Pledge(fact));
    vec![
        (
            "pledge_announced",
            pledge(PledgeEvent::PledgeAnnounced(PledgeAnnouncement {
                perspective: Perspective::Provider,
                donor: donor(),
                recipient: Some(organisation()),
                amount: money("5000000", "JPY"),
                forum: Some("Geneva, 2026".to_owned()),
                intended_period: Some(period("2026-01-01", "2028-12-31")),
                purposes: purposes(),
                places: places(),
                published: Some(published()),
                functional: None,
            })),
        ),
        (
            "pledge_revised",
            pledge(PledgeEvent::PledgeRevised {
                new_amount: money("6000000", "JPY"),
                previous_amount: money("5000000", "JPY"),
                reason: "more".to_owned(),
            }),
        ),
        (
            "pledge_converted",
            pledge(PledgeEvent::PledgeConverted {
                agreement_id: agreement_id(),
                amount: money("1", "JPY"),
            }),
        ),
        (
            "pledge_withdrawn",
            pledge(PledgeEvent::PledgeWithdrawn {
                amount: money("1", "JPY"),
                reason: "budget cut".to_owned(),
                published: Some(published()),
            }),
        ),
        (
            "pledge_lapsed",
            pledge(PledgeEvent::PledgeLapsed {
                amount: money("1", "JPY"),
                reason: "not paid in time".to_owned(),
            }),
        ),
        (
            "entry_reversed.pledge",
            pledge(PledgeEvent::EntryReversed {
                target: target(),
                reason: ReversalReason::Error,
            }),
        ),
    ]
}

fn import_events() -> Vec<(&'static str, Event)> {
    let import_id = ImportId::parse("iati-2021-05-26").unwrap();
    let import = |fact| first(Stream::Import(import_id.clone()), Fact::Import(fact));
    vec![
        (
            "import_started",
            import(ImportEvent::ImportStarted(ImportSource {
                dataset: "iom-activities".to_owned(),
                file_sha256: [7; 32],
                published_on: on("2021-05-26"),
            })),
        ),
        (
            "import_completed",
            import(ImportEvent::ImportCompleted {
                counts: ImportCounts {
                    activities: 575,
                    transactions: 2000,
                    booked: 1500,
                    flagged: 400,
                    refused: 60,
                    unchanged: 40,
                },
                reasons: vec![RefusedReason {
                    reason: "ZERO_AMOUNT".to_owned(),
                    count: 60,
                    locators: vec!["XM-DAC-47066-1 transaction 3".to_owned()],
                }],
            }),
        ),
    ]
}
