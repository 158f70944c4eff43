//! Every rule and every event of the catalogue (DOMAIN.md 2.7 and 5.2) is there, or is named here as still to come.

use std::collections::BTreeSet;

use perennial_domain::rule::Rule;
use prost_reflect::DescriptorPool;

/// R1 to R25.
const RULES: u8 = 25;
/// Rules that no entry breaks: R1 and R2 are about requests, R24 about a question.
const RULES_ELSEWHERE: &[&str] = &["R1", "R2", "R24"];
/// Rules that are still to come. To be emptied.
const RULES_MISSING: &[&str] = &[];

/// Each event of the catalogue and the command that makes it, less what later versions bring: revaluation, exchange
/// differences, policy commitments, crosswalks, proposals, statements, reports, checkpoint keys and access records.
const CATALOGUE: &[(&str, &str)] = &[
    ("pledge_announced", "announce_pledge"),
    ("pledge_revised", "revise_pledge"),
    ("pledge_converted", "convert_pledge"),
    ("pledge_withdrawn", "withdraw_pledge"),
    ("pledge_lapsed", "lapse_pledge"),
    ("agreement_signed", "sign_agreement"),
    ("agreement_described", "describe_agreement"),
    ("line_opened", "open_line"),
    ("commitment_increased", "increase_commitment"),
    ("commitment_decreased", "decrease_commitment"),
    ("period_extended", "extend_period"),
    ("period_shortened", "shorten_period"),
    ("terms_revised", "revise_terms"),
    ("agreement_suspended", "suspend_agreement"),
    ("agreement_resumed", "resume_agreement"),
    ("agreement_terminated", "terminate_agreement"),
    ("agreement_cancelled", "cancel_agreement"),
    ("agreement_operationally_ended", "end_agreement"),
    ("agreement_financially_closed", "close_agreement"),
    ("tranche_scheduled", "schedule_tranche"),
    ("tranche_rescheduled", "reschedule_tranche"),
    ("tranche_condition_met", "meet_tranche_condition"),
    ("tranche_condition_waived", "waive_tranche_condition"),
    ("tranche_cancelled", "cancel_tranche"),
    ("forecast_replaced", "replace_forecast"),
    ("disbursement_made", "disburse"),
    ("receipt_confirmed", "confirm_receipt"),
    ("reimbursement_made", "reimburse"),
    ("refund_made", "refund"),
    ("refund_received", "confirm_refund"),
    ("expenditure_reported", "report_expenditure"),
    ("expenditure_reduced", "reduce_expenditure"),
    ("receivable_written_off", "write_off_receivable"),
    ("receivable_recovered", "recover_receivable"),
    ("other_flow_recorded", "record_other_flow"),
    ("allocation_made", "allocate"),
    ("allocation_released", "release_allocation"),
    ("funds_reallocated", "reallocate_funds"),
    ("funds_carried_over", "carry_over_funds"),
    ("funds_transferred", "transfer_funds"),
    ("onward_grant_linked", "link_onward_grant"),
    ("splits_reclassified", "reclassify_splits"),
    ("tag_set_replaced", "replace_tag_set"),
    ("local_actor_assessed", "assess_local_actor"),
    ("entry_reversed", "reverse_entry"),
    ("entry_replaced", "replace_entry"),
    ("prior_period_adjusted", "adjust_prior_period"),
    ("fiscal_period_opened", "open_fiscal_period"),
    ("fiscal_period_closed", "close_fiscal_period"),
    ("fiscal_period_reopened", "reopen_fiscal_period"),
    ("rate_table_published", "publish_rate_table"),
    ("codelist_published", "publish_codelist"),
    ("pillar_mapping_published", "publish_pillar_mapping"),
    ("scheme_published", "publish_scheme"),
    ("organisation_registered", "register_organisation"),
    ("organisation_merged", "merge_organisation"),
    ("requirement_published", "publish_requirement"),
    ("import_started", "start_import"),
    ("import_completed", "complete_import"),
    ("exception_acknowledged", "acknowledge_exception"),
    ("exception_resolved", "resolve_exception"),
    ("ledger_policy_changed", "change_ledger_policy"),
];

/// Events that are still to come, by the name of their field. To be emptied.
const EVENTS_MISSING: &[&str] = &[];

/// The names of a message's alternatives.
fn alternatives(message: &str, oneof: &str) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET).unwrap();
    let message = pool.get_message_by_name(message).unwrap();
    let mut oneofs = message.oneofs();
    let oneof = oneofs.find(|found| found.name() == oneof).unwrap();
    let fields = oneof.fields();
    fields.map(|field| field.name().to_owned()).collect()
}

#[test]
fn every_rule_is_there_or_named_as_missing() {
    for number in 1..=RULES {
        let code = format!("R{number}");
        let elsewhere = RULES_ELSEWHERE.contains(&code.as_str());
        let missing = RULES_MISSING.contains(&code.as_str());
        assert_eq!(
            Rule::parse(&code).is_none(),
            elsewhere || missing,
            "{code}: implement it, or take it off the list of what is missing"
        );
    }
}

#[test]
fn every_event_of_the_catalogue_has_its_command_or_both_are_named_as_missing() {
    let events = alternatives("perennial.log.v1.StoredEvent", "kind");
    let commands = alternatives("perennial.ledger.v1.Command", "action");
    for (event, command) in CATALOGUE {
        let missing = EVENTS_MISSING.contains(event);
        let there = (events.contains(*event), commands.contains(*command));
        assert_eq!(
            there,
            (!missing, !missing),
            "{event} and {command}: implement them, or take them off the list of what is missing"
        );
    }
    for missing in EVENTS_MISSING {
        assert!(
            CATALOGUE.iter().any(|(event, _)| event == missing),
            "{missing} is no event of the catalogue"
        );
    }
}

#[test]
fn no_event_or_command_is_outside_the_catalogue() {
    let mut known: BTreeSet<String> = CATALOGUE
        .iter()
        .map(|(event, _)| (*event).to_owned())
        .collect();
    // The one event that no command makes.
    known.insert("ledger_created".to_owned());
    let events = alternatives("perennial.log.v1.StoredEvent", "kind");
    assert_eq!(events.difference(&known).count(), 0, "{events:?}");
    let known: BTreeSet<String> = CATALOGUE
        .iter()
        .map(|(_, command)| (*command).to_owned())
        .collect();
    let commands = alternatives("perennial.ledger.v1.Command", "action");
    assert_eq!(commands.difference(&known).count(), 0, "{commands:?}");
}
