//! One command of every kind with every field set.

use perennial_domain::agreement::{
    AgreementCommand, AllocationWish, CarryOver, Cash, CashModality, Conditionality,
    DecreaseReason, EarlyEnd, EvidenceLevel, ExtensionKind, FurtherTerms, LineAmount,
    LineDecommitment, OnwardWish, OtherFlowKind, Perspective, Reallocation, ReversalReason,
    RevisableTerm, TermsRevision, Tranche, TransferWish,
};
use perennial_domain::command::{Action, Command, Expected, Submission};
use perennial_domain::event::Stream;
use perennial_domain::ids::ImportId;
use perennial_domain::import::{ImportCommand, ImportCounts, ImportSource, RefusedReason};
use perennial_domain::ledger::{ExceptionId, LedgerCommand, LedgerPolicy};
use perennial_domain::log::Revision;
use perennial_domain::pledge::{PledgeAnnouncement, PledgeCommand};
use perennial_domain::rule::{Override, Rule};

use crate::values::{
    agreement_id, allocation_dims, allocation_id, bare_line, condition_entry, conditions,
    conversion, description, document, donor, external_reference, forecast, further, legs,
    legs_in_full, line_id, organisation, other_agreement_id, payment_id, places, pledge_id,
    published, purposes, receivable, share_moves, shares, target, terms, terms_in_full, tranche_id,
    transfer_id,
};
use crate::{money, on, period};

pub(crate) fn payment() -> Cash {
    Cash {
        amount: money("1000.25", "USD"),
        lines: vec![LineAmount {
            line_id: line_id(),
            amount: money("1000.25", "USD"),
        }],
        payment_id: Some(payment_id()),
        provider: Some(donor()),
        receiver: Some(organisation()),
        value_on: Some(on("2026-03-02")),
        conversion: Some(conversion()),
        reference: Some("SWIFT 0815".to_owned()),
        published: Some(published()),
        functional: None,
        modality: None,
    }
}

/// One submission of every kind of command, named as its golden file.
pub(crate) fn commands() -> Vec<(&'static str, Submission)> {
    let agreement = |(name, command)| (name, Action::Agreement(agreement_id(), command));
    let pledge = |(name, command)| (name, Action::Pledge(pledge_id(), command));
    let import_id = ImportId::parse("iati-2021-05-26").unwrap();
    let import = |(name, command)| (name, Action::Import(import_id.clone(), command));
    let mut actions: Vec<(&'static str, Action)> = Vec::new();
    actions.extend(agreement_commands().into_iter().map(agreement));
    actions.extend(schedule_commands().into_iter().map(agreement));
    actions.extend(move_commands().into_iter().map(agreement));
    actions.extend(handing_commands().into_iter().map(agreement));
    actions.extend(cash_commands().into_iter().map(agreement));
    actions.extend(receipt_commands().into_iter().map(agreement));
    actions.extend(life_commands().into_iter().map(agreement));
    actions.extend(pledge_commands().into_iter().map(pledge));
    actions.extend(import_commands().into_iter().map(import));
    let ledger = |(name, command)| (name, Action::Ledger(command));
    actions.extend(ledger_commands().into_iter().map(ledger));
    actions.extend(crate::registry_samples::actions());
    actions.extend(crate::exchange_samples::actions());
    let mut submissions: Vec<(&'static str, Submission)> = actions
        .into_iter()
        .map(|(name, action)| {
            let mut submission = submission(action);
            for command in &mut submission.commands {
                command.functional_from_table = name.ends_with(".from_table");
            }
            (name, submission)
        })
        .collect();
    submissions.extend(crate::calendar_samples::commands());
    submissions.push(("disburse.overridden", overriding()));
    submissions
}

fn ledger_commands() -> Vec<(&'static str, LedgerCommand)> {
    let exception = ExceptionId {
        event_id: target(),
        rule: Rule::WithinCommitment,
    };
    let disposition = "amended".to_owned();
    vec![
        (
            "change_ledger_policy",
            LedgerCommand::ChangePolicy {
                policy: LedgerPolicy {
                    functional_currency: Some(crate::currency("SEK")),
                    keep_refusals: true,
                    overridable: Vec::new(),
                    ..LedgerPolicy::default()
                },
                reason: "the auditor asked for it".to_owned(),
            },
        ),
        (
            "acknowledge_exception",
            LedgerCommand::AcknowledgeException {
                exception,
                disposition: disposition.clone(),
            },
        ),
        (
            "resolve_exception",
            LedgerCommand::ResolveException {
                exception,
                disposition,
            },
        ),
    ]
}

/// A payment that may break two rules, one of them without an approver.
fn overriding() -> Submission {
    let disburse = AgreementCommand::Disburse {
        cash: payment(),
        tranche_id: None,
    };
    let mut overriding = submission(Action::Agreement(agreement_id(), disburse));
    let permitted = |rule, approver: Option<&str>| Override {
        rule,
        reason: "agreed with the auditor".to_owned(),
        approver: approver.map(str::to_owned),
    };
    for command in &mut overriding.commands {
        command.overrides = vec![
            permitted(Rule::WithinCommitment, Some("head-of-finance")),
            permitted(Rule::NotBeforeSignature, None),
        ];
    }
    overriding
}

pub(crate) fn submission(action: Action) -> Submission {
    Submission {
        commands: vec![Command {
            effective_on: on("2026-03-01"),
            external_reference: Some(external_reference()),
            evidence: vec![document()],
            overrides: Vec::new(),
            action,
            functional_from_table: false,
        }],
        expected: vec![
            (
                Stream::Agreement(agreement_id()),
                Expected::Exactly(Revision(7)),
            ),
            (Stream::Pledge(pledge_id()), Expected::NoStream),
        ],
    }
}

fn agreement_commands() -> Vec<(&'static str, AgreementCommand)> {
    let new_ends_on = on("2028-06-30");
    let reason = "as agreed".to_owned();
    vec![
        ("sign_agreement", AgreementCommand::Sign(terms())),
        (
            "describe_agreement",
            AgreementCommand::Describe(description()),
        ),
        ("open_line", AgreementCommand::OpenLine(bare_line())),
        (
            "increase_commitment",
            AgreementCommand::IncreaseCommitment {
                line_id: Some(line_id()),
                amount: money("1000.25", "USD"),
                year_shares: shares([60_025, 40_000]),
                amendment: Some("A-2".to_owned()),
                published: Some(published()),
                functional: None,
            },
        ),
        (
            "decrease_commitment",
            AgreementCommand::DecreaseCommitment {
                line_id: None,
                amount: money("1", "USD"),
                year_shares: shares([40, 60]),
                reason: DecreaseReason::Savings,
                published: None,
                functional: None,
            },
        ),
        (
            "extend_period",
            AgreementCommand::ExtendPeriod {
                new_ends_on,
                kind: ExtensionKind::Cost,
                moves: share_moves(),
                amendment: Some("A-3".to_owned()),
            },
        ),
        (
            "shorten_period",
            AgreementCommand::ShortenPeriod {
                new_ends_on,
                reason: reason.clone(),
            },
        ),
    ]
}

fn schedule_commands() -> Vec<(&'static str, AgreementCommand)> {
    let reason = "as agreed".to_owned();
    vec![
        (
            "schedule_tranche",
            AgreementCommand::ScheduleTranche(Tranche {
                tranche_id: tranche_id(),
                amount: money("400", "USD"),
                due_on: Some(on("2026-07-01")),
                period: Some(period("2026-01-01", "2026-12-31")),
                conditions: Vec::new(),
            }),
        ),
        (
            "reschedule_tranche",
            AgreementCommand::RescheduleTranche {
                tranche_id: tranche_id(),
                new_due_on: on("2026-10-01"),
                reason: reason.clone(),
            },
        ),
        (
            "cancel_tranche",
            AgreementCommand::CancelTranche {
                tranche_id: tranche_id(),
                reason,
            },
        ),
        (
            "replace_forecast",
            AgreementCommand::ReplaceForecast(vec![forecast("-0.001"), forecast("7")]),
        ),
        (
            "reallocate_funds",
            AgreementCommand::ReallocateFunds(Reallocation {
                legs: legs(),
                legal_basis: "clause 7".to_owned(),
                amendment: None,
            }),
        ),
        (
            "reverse_entry",
            AgreementCommand::ReverseEntry {
                target: target(),
                reason: ReversalReason::Withdrawn,
            },
        ),
        (
            "replace_entry",
            AgreementCommand::ReplaceEntry {
                target: target(),
                replacement: Box::new(AgreementCommand::Disburse {
                    cash: payment(),
                    tranche_id: None,
                }),
                replacement_effective_on: on("2026-03-05"),
            },
        ),
    ]
}

fn move_commands() -> Vec<(&'static str, AgreementCommand)> {
    vec![
        (
            "sign_agreement.full",
            AgreementCommand::Sign(terms_in_full()),
        ),
        (
            "revise_terms",
            AgreementCommand::ReviseTerms(Box::new(TermsRevision {
                conditionality: Some(Conditionality::Restriction),
                further: FurtherTerms {
                    flow_type: None,
                    ..further()
                },
                cleared: vec![RevisableTerm::FlowType],
                amendment: Some("A-4".to_owned()),
                reason: "softer earmarking".to_owned(),
            })),
        ),
        (
            "reallocate_funds.full",
            AgreementCommand::ReallocateFunds(Reallocation {
                legs: legs_in_full(),
                legal_basis: "clause 7".to_owned(),
                amendment: Some("A-5".to_owned()),
            }),
        ),
        (
            "carry_over_funds",
            AgreementCommand::CarryOverFunds(CarryOver {
                line_id: Some(line_id()),
                from_period: period("2026-01-01", "2026-12-31"),
                to_period: period("2027-01-01", "2027-12-31"),
                amount: money("5", "USD"),
                reason: "late start".to_owned(),
            }),
        ),
    ]
}

fn handing_commands() -> Vec<(&'static str, AgreementCommand)> {
    vec![
        (
            "allocate",
            AgreementCommand::Allocate(Box::new(AllocationWish {
                allocation_id: allocation_id(),
                line_id: Some(line_id()),
                amount: money("1", "USD"),
                dims: allocation_dims(),
            })),
        ),
        (
            "release_allocation",
            AgreementCommand::ReleaseAllocation {
                allocation_id: allocation_id(),
                amount: money("1", "USD"),
                reason: "not needed".to_owned(),
            },
        ),
        (
            "transfer_funds",
            AgreementCommand::TransferFunds(Box::new(TransferWish {
                transfer_id: transfer_id(),
                to_agreement_id: other_agreement_id(),
                line_id: Some(line_id()),
                to_line_id: Some(line_id()),
                amount: money("1", "USD"),
                conversion: Some(conversion()),
                year_shares: shares([40, 60]),
                to_year_shares: shares([40_000, 50_000]),
                consent: "letter of 2026-02-20".to_owned(),
                reason: "continues the work".to_owned(),
            })),
        ),
        (
            "link_onward_grant",
            AgreementCommand::LinkOnwardGrant(Box::new(OnwardWish {
                upstream_agreement_id: other_agreement_id(),
                amount: money("1000.25", "USD"),
                level: Some(2),
                conversion: Some(conversion()),
            })),
        ),
    ]
}

fn cash_commands() -> Vec<(&'static str, AgreementCommand)> {
    let reason = "unspent".to_owned();
    let reported = period("2026-01-01", "2026-03-31");
    vec![
        (
            "disburse",
            AgreementCommand::Disburse {
                cash: payment(),
                tranche_id: Some(tranche_id()),
            },
        ),
        ("reimburse", AgreementCommand::Reimburse(payment())),
        (
            "refund",
            AgreementCommand::Refund {
                cash: payment(),
                reason: reason.clone(),
            },
        ),
        (
            "confirm_receipt",
            AgreementCommand::ConfirmReceipt {
                cash: payment(),
                tranche_id: None,
                disbursement_id: None,
            },
        ),
        (
            "confirm_refund",
            AgreementCommand::ConfirmRefund {
                cash: payment(),
                reason: reason.clone(),
            },
        ),
        (
            "report_expenditure",
            AgreementCommand::ReportExpenditure {
                cash: payment(),
                period: Some(reported),
                evidence_level: EvidenceLevel::Audited,
            },
        ),
        (
            "reduce_expenditure",
            AgreementCommand::ReduceExpenditure {
                cash: payment(),
                period: None,
                reason,
            },
        ),
        (
            "record_other_flow",
            AgreementCommand::RecordOtherFlow {
                kind: OtherFlowKind::CreditGuarantee,
                negative: true,
                cash: payment(),
            },
        ),
    ]
}

fn receipt_commands() -> Vec<(&'static str, AgreementCommand)> {
    vec![
        (
            "schedule_tranche.conditions",
            AgreementCommand::ScheduleTranche(Tranche {
                tranche_id: tranche_id(),
                amount: money("400", "USD"),
                due_on: Some(on("2026-07-01")),
                period: None,
                conditions: conditions(),
            }),
        ),
        (
            "confirm_receipt.draws",
            AgreementCommand::ConfirmReceipt {
                cash: Cash {
                    modality: Some(CashModality::Cash),
                    ..payment()
                },
                tranche_id: Some(tranche_id()),
                disbursement_id: Some(payment_id()),
            },
        ),
    ]
}

fn life_commands() -> Vec<(&'static str, AgreementCommand)> {
    let reason = "as agreed".to_owned();
    let given_up = |year_shares| LineDecommitment {
        line_id: line_id(),
        amount: money("1000.25", "USD"),
        year_shares,
    };
    vec![
        (
            "suspend_agreement",
            AgreementCommand::Suspend {
                reason: reason.clone(),
            },
        ),
        (
            "resume_agreement",
            AgreementCommand::Resume {
                reason: reason.clone(),
            },
        ),
        (
            "terminate_agreement",
            AgreementCommand::Terminate(EarlyEnd {
                reason: reason.clone(),
                decommitments: vec![given_up(shares([60_025, 40_000]))],
                recovery: Some(money("7", "USD")),
            }),
        ),
        (
            "cancel_agreement",
            AgreementCommand::Cancel {
                reason: reason.clone(),
            },
        ),
        (
            "end_agreement",
            AgreementCommand::End {
                reason: reason.clone(),
            },
        ),
        ("close_agreement", AgreementCommand::Close { reason }),
        (
            "meet_tranche_condition",
            AgreementCommand::MeetCondition(condition_entry()),
        ),
        (
            "waive_tranche_condition",
            AgreementCommand::WaiveCondition(condition_entry()),
        ),
        (
            "write_off_receivable",
            AgreementCommand::WriteOffReceivable(receivable()),
        ),
        (
            "recover_receivable",
            AgreementCommand::RecoverReceivable(receivable()),
        ),
    ]
}

pub(crate) fn announcement() -> PledgeAnnouncement {
    PledgeAnnouncement {
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
    }
}

fn pledge_commands() -> Vec<(&'static str, PledgeCommand)> {
    vec![
        ("announce_pledge", PledgeCommand::Announce(announcement())),
        (
            "revise_pledge",
            PledgeCommand::Revise {
                new_amount: money("6000000", "JPY"),
                reason: "more".to_owned(),
            },
        ),
        (
            "convert_pledge",
            PledgeCommand::Convert {
                agreement_id: agreement_id(),
                amount: money("1", "JPY"),
            },
        ),
        (
            "withdraw_pledge",
            PledgeCommand::Withdraw {
                amount: money("1", "JPY"),
                reason: "budget cut".to_owned(),
                published: Some(published()),
            },
        ),
        (
            "lapse_pledge",
            PledgeCommand::Lapse {
                amount: money("1", "JPY"),
                reason: "not paid in time".to_owned(),
            },
        ),
        (
            "reverse_entry.pledge",
            PledgeCommand::ReverseEntry {
                target: target(),
                reason: ReversalReason::Error,
            },
        ),
    ]
}

fn import_commands() -> Vec<(&'static str, ImportCommand)> {
    vec![
        (
            "start_import",
            ImportCommand::Start(ImportSource {
                dataset: "iom-activities".to_owned(),
                file_sha256: [7; 32],
                published_on: on("2021-05-26"),
            }),
        ),
        (
            "complete_import",
            ImportCommand::Complete {
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
            },
        ),
    ]
}
