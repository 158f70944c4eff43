//! One event of every kind with every field set, and some with as little as possible: those of agreements here.

use perennial_domain::agreement::{
    AgreementEvent, AllocationRelease, CarriedFunds, CashModality, Conditionality, DecreaseReason,
    Description, EvidenceLevel, ExtensionKind, FurtherTerms, HeadingCount, OnwardGrant, OtherFlow,
    OtherFlowKind, ReallocatedFunds, Rescheduling, ReversalReason, RevisableTerm, Termination,
    Terms, TermsRevision, TrancheDraw, Transfer, TransferDirection,
};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::log::Revision;
use perennial_domain::rule::{Breach, Figure, Override, Rule};

use crate::{currency, money, on, period};

use crate::values::*;

/// One event of every kind, named as its golden file.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let mut events = agreement_events();
    events.extend(term_events());
    events.extend(schedule_events());
    events.extend(move_events());
    events.extend(handing_events());
    events.extend(cash_events());
    events.extend(life_events());
    events.extend(other_events());
    events.extend(crate::ledger_samples::events());
    events.extend(crate::registry_samples::events());
    events.extend(crate::calendar_samples::events());
    events.extend(crate::exchange_samples::events());
    events
}

pub(crate) fn agreement(fact: AgreementEvent) -> Event {
    Event {
        stream: Stream::Agreement(agreement_id()),
        revision: Revision(7),
        effective_on: on("2026-03-01"),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact: Fact::Agreement(fact),
    }
}

/// Adds everything that a header can hold.
fn with_header(event: Event) -> Event {
    let breach = Breach {
        rule: Rule::WithinCommitment,
        subject: "agreement/swe-iom-2026/line-1".to_owned(),
        figures: vec![Figure {
            name: "limit".to_owned(),
            value: "1000.00 USD".to_owned(),
        }],
    };
    Event {
        external_reference: Some(external_reference()),
        evidence: vec![document()],
        flags: vec![breach],
        ..event
    }
}

/// Adds what let it break rules, with and without an approver.
fn overridden(event: Event) -> Event {
    let permitted = |rule, approver: Option<&str>| Override {
        rule,
        reason: "agreed with the auditor".to_owned(),
        approver: approver.map(str::to_owned),
    };
    Event {
        overrides: vec![
            permitted(Rule::WithinCommitment, Some("head-of-finance")),
            permitted(Rule::NotBeforeSignature, None),
        ],
        ..event
    }
}

fn agreement_events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "agreement_signed",
            agreement(AgreementEvent::AgreementSigned(terms())),
        ),
        (
            "agreement_signed.mirror",
            agreement(AgreementEvent::AgreementSigned(Terms {
                signed_on: None,
                starts_on: None,
                ends_on: None,
                currency: currency("JPY"),
                conditionality: Conditionality::None,
                lines: vec![bare_line()],
                ..terms()
            })),
        ),
        (
            "agreement_described",
            agreement(AgreementEvent::AgreementDescribed(description())),
        ),
        (
            "agreement_described.empty",
            agreement(AgreementEvent::AgreementDescribed(Description::default())),
        ),
        (
            "line_opened",
            agreement(AgreementEvent::LineOpened { line: bare_line() }),
        ),
        (
            "commitment_increased",
            agreement(AgreementEvent::CommitmentIncreased {
                line_id: line_id(),
                amount: money("1000.25", "USD"),
                year_shares: shares([60_025, 40_000]),
                amendment: Some("A-2".to_owned()),
                published: Some(published()),
                functional: None,
            }),
        ),
        (
            "commitment_decreased",
            agreement(AgreementEvent::CommitmentDecreased {
                line_id: line_id(),
                amount: money("1", "USD"),
                year_shares: shares([40, 60]),
                reason: DecreaseReason::FxCap,
                published: Some(published()),
                functional: None,
            }),
        ),
    ]
}

fn term_events() -> Vec<(&'static str, Event)> {
    let new_ends_on = on("2028-06-30");
    let reason = "as agreed".to_owned();
    vec![
        (
            "period_extended",
            agreement(AgreementEvent::PeriodExtended {
                previous_ends_on: Some(on("2027-12-31")),
                new_ends_on,
                kind: ExtensionKind::NoCost,
                moves: share_moves(),
                amendment: Some("A-3".to_owned()),
            }),
        ),
        (
            "period_shortened",
            agreement(AgreementEvent::PeriodShortened {
                previous_ends_on: Some(new_ends_on),
                new_ends_on: on("2027-12-31"),
                reason,
            }),
        ),
    ]
}

fn schedule_events() -> Vec<(&'static str, Event)> {
    let reason = "as agreed".to_owned();
    vec![
        (
            "tranche_scheduled",
            agreement(AgreementEvent::TrancheScheduled {
                tranche_id: tranche_id(),
                amount: money("400", "USD"),
                due_on: on("2026-07-01"),
                period: period("2026-01-01", "2026-12-31"),
                conditions: Vec::new(),
            }),
        ),
        (
            "tranche_rescheduled",
            agreement(AgreementEvent::TrancheRescheduled(Rescheduling {
                tranche_id: tranche_id(),
                open: money("400", "USD"),
                previous_due_on: on("2026-07-01"),
                new_due_on: on("2026-10-01"),
                period: period("2026-10-01", "2026-10-01"),
                reason: reason.clone(),
            })),
        ),
        (
            "tranche_cancelled",
            agreement(AgreementEvent::TrancheCancelled {
                tranche_id: tranche_id(),
                open: money("400", "USD"),
                due_on: on("2026-10-01"),
                reason: reason.clone(),
            }),
        ),
        (
            "forecast_replaced",
            agreement(AgreementEvent::ForecastReplaced {
                previous: vec![forecast("-0.001")],
                entries: vec![forecast("12.345"), forecast("7")],
            }),
        ),
        (
            "funds_reallocated",
            agreement(AgreementEvent::FundsReallocated(Box::new(
                ReallocatedFunds {
                    legs: legs(),
                    legal_basis: "clause 7".to_owned(),
                    amendment: None,
                    counts: Vec::new(),
                },
            ))),
        ),
        (
            "entry_reversed",
            with_header(agreement(AgreementEvent::EntryReversed {
                target: target(),
                reason: ReversalReason::Returned,
            })),
        ),
        (
            "entry_replaced",
            agreement(AgreementEvent::EntryReplaced { target: target() }),
        ),
    ]
}

fn move_events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "agreement_signed.full",
            agreement(AgreementEvent::AgreementSigned(terms_in_full())),
        ),
        (
            "terms_revised",
            agreement(AgreementEvent::TermsRevised(Box::new(TermsRevision {
                conditionality: Some(Conditionality::Restriction),
                further: FurtherTerms {
                    flow_type: None,
                    pledges: Vec::new(),
                    ..further()
                },
                cleared: vec![RevisableTerm::FlowType, RevisableTerm::PledgeLinks],
                amendment: Some("A-4".to_owned()),
                reason: "softer earmarking".to_owned(),
            }))),
        ),
        (
            "funds_reallocated.counted",
            agreement(AgreementEvent::FundsReallocated(Box::new(
                ReallocatedFunds {
                    legs: legs_in_full(),
                    legal_basis: "clause 7".to_owned(),
                    amendment: Some("A-5".to_owned()),
                    counts: vec![HeadingCount {
                        heading: "2.1 Staff".to_owned(),
                        moved: -1_000,
                        counted: 1_000,
                        cumulative: 2_500,
                        base: 100_025,
                        limit: Some(25_006),
                    }],
                },
            ))),
        ),
        (
            "funds_carried_over",
            agreement(AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
                from_period: period("2026-01-01", "2026-12-31"),
                to_period: period("2027-01-01", "2027-12-31"),
                amount: money("5", "USD"),
                moves: share_moves(),
                reason: "late start".to_owned(),
            }))),
        ),
    ]
}

fn handing_events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "allocation_made",
            agreement(AgreementEvent::AllocationMade(Box::new(allocation()))),
        ),
        (
            "allocation_released",
            agreement(AgreementEvent::AllocationReleased(Box::new(
                AllocationRelease {
                    allocation: allocation(),
                    reason: "not needed".to_owned(),
                },
            ))),
        ),
        (
            "funds_transferred",
            agreement(AgreementEvent::FundsTransferred(Box::new(Transfer {
                transfer_id: transfer_id(),
                direction: TransferDirection::In,
                other_agreement_id: other_agreement_id(),
                line_id: line_id(),
                amount: money("1000.25", "USD"),
                year_shares: shares([60_025, 40_000]),
                conversion: Some(conversion()),
                consent: "letter of 2026-02-20".to_owned(),
                reason: "continues the work".to_owned(),
            }))),
        ),
        (
            "onward_grant_linked",
            agreement(AgreementEvent::OnwardGrantLinked(Box::new(OnwardGrant {
                upstream_agreement_id: other_agreement_id(),
                amount: money("1000.25", "USD"),
                level: 2,
                conversion: Some(conversion()),
            }))),
        ),
    ]
}

fn cash_events() -> Vec<(&'static str, Event)> {
    let reason = "unspent".to_owned();
    let draws = vec![TrancheDraw {
        tranche_id: tranche_id(),
        period: period("2026-01-01", "2026-12-31"),
        minor_units: 40_000,
        due_on: None,
    }];
    let made = |cash, draws| AgreementEvent::DisbursementMade { cash, draws };
    let reported = period("2026-01-01", "2026-03-31");
    vec![
        (
            "disbursement_made",
            with_header(agreement(made(cash(), draws))),
        ),
        (
            "disbursement_made.bare",
            agreement(made(bare_cash(), Vec::new())),
        ),
        (
            "disbursement_made.overridden",
            overridden(with_header(agreement(made(bare_cash(), Vec::new())))),
        ),
        (
            "reimbursement_made",
            agreement(AgreementEvent::ReimbursementMade { cash: cash() }),
        ),
        (
            "refund_made",
            agreement(AgreementEvent::RefundMade {
                cash: cash(),
                reason: reason.clone(),
            }),
        ),
        (
            "receipt_confirmed",
            agreement(AgreementEvent::ReceiptConfirmed {
                cash: cash(),
                draws: Vec::new(),
                disbursement_id: None,
            }),
        ),
        (
            "refund_received",
            agreement(AgreementEvent::RefundReceived {
                cash: cash(),
                reason: reason.clone(),
            }),
        ),
        (
            "expenditure_reported",
            agreement(AgreementEvent::ExpenditureReported {
                cash: cash(),
                period: reported,
                evidence_level: EvidenceLevel::Verified,
            }),
        ),
        (
            "expenditure_reduced",
            agreement(AgreementEvent::ExpenditureReduced {
                cash: cash(),
                period: reported,
                reason,
            }),
        ),
    ]
}

fn other_events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "tranche_scheduled.conditions",
            agreement(AgreementEvent::TrancheScheduled {
                tranche_id: tranche_id(),
                amount: money("400", "USD"),
                due_on: on("2026-07-01"),
                period: period("2026-07-01", "2026-07-01"),
                conditions: conditions(),
            }),
        ),
        (
            "other_flow_recorded",
            agreement(AgreementEvent::OtherFlowRecorded(OtherFlow {
                kind: OtherFlowKind::LoanRepayment,
                negative: true,
                cash: cash(),
            })),
        ),
        (
            "tranche_condition_met",
            agreement(AgreementEvent::TrancheConditionMet(condition_entry())),
        ),
        (
            "tranche_condition_waived",
            agreement(AgreementEvent::TrancheConditionWaived(condition_entry())),
        ),
        (
            "receivable_written_off",
            agreement(AgreementEvent::ReceivableWrittenOff(receivable_entry())),
        ),
        (
            "receivable_recovered",
            agreement(AgreementEvent::ReceivableRecovered(receivable_entry())),
        ),
    ]
}

fn life_events() -> Vec<(&'static str, Event)> {
    let mut events = paid_when_due();
    events.extend(status_events());
    events
}

/// A payment that says on which day its tranche was due.
fn paid_when_due() -> Vec<(&'static str, Event)> {
    let draw = TrancheDraw {
        tranche_id: tranche_id(),
        period: period("2026-01-01", "2026-12-31"),
        minor_units: 40_000,
        due_on: Some(on("2026-03-31")),
    };
    let event = AgreementEvent::DisbursementMade {
        cash: bare_cash(),
        draws: vec![draw],
    };
    vec![("disbursement_made.due", agreement(event))]
}

fn status_events() -> Vec<(&'static str, Event)> {
    let reason = "as agreed".to_owned();
    vec![
        (
            "receipt_confirmed.draws",
            agreement(AgreementEvent::ReceiptConfirmed {
                cash: perennial_domain::agreement::CashEntry {
                    modality: Some(CashModality::InKind),
                    ..bare_cash()
                },
                draws: vec![TrancheDraw {
                    tranche_id: tranche_id(),
                    period: period("2026-01-01", "2026-12-31"),
                    minor_units: 40_000,
                    due_on: None,
                }],
                disbursement_id: Some(payment_id()),
            }),
        ),
        (
            "agreement_suspended",
            agreement(AgreementEvent::AgreementSuspended {
                reason: reason.clone(),
            }),
        ),
        (
            "agreement_resumed",
            agreement(AgreementEvent::AgreementResumed {
                reason: reason.clone(),
            }),
        ),
        (
            "agreement_terminated",
            agreement(AgreementEvent::AgreementTerminated(Termination {
                reason: reason.clone(),
                decommitments: vec![decommitment()],
                recovery: Some(money("7", "USD")),
            })),
        ),
        (
            "agreement_cancelled",
            agreement(AgreementEvent::AgreementCancelled {
                reason: reason.clone(),
                decommitments: vec![decommitment()],
            }),
        ),
        (
            "agreement_operationally_ended",
            agreement(AgreementEvent::AgreementOperationallyEnded {
                reason: reason.clone(),
            }),
        ),
        (
            "agreement_financially_closed",
            agreement(AgreementEvent::AgreementFinanciallyClosed { reason }),
        ),
    ]
}
