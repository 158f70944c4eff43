//! Spending, other flows and words: what they change, and what they leave alone.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Description, EvidenceLevel, OtherFlow, OtherFlowKind,
    ReversalReason,
};
use perennial_domain::period::Period;
use perennial_domain::rule::Profile;
use perennial_testkit::history::given;
use perennial_testkit::history::words::*;

#[test]
fn spending_is_reported_for_its_day_unless_a_period_is_said() {
    let report = |period| AgreementCommand::ReportExpenditure {
        cash: cash(eur(30)),
        period,
        evidence_level: EvidenceLevel::Verified,
    };
    let reported = |period| {
        happened(
            "2024-06-01",
            AgreementEvent::ExpenditureReported {
                cash: on_the_line(eur(30)),
                period,
                evidence_level: EvidenceLevel::Verified,
            },
        )
    };
    let quarter = period("2024-04-01", "2024-06-30");
    given(Profile::Strict, [signed(eur(100))])
        .when((date("2024-06-01"), report(None)))
        .then([reported(Period::day(date("2024-06-01")))]);
    let after = given(Profile::Strict, [signed(eur(100))])
        .when((date("2024-06-01"), report(Some(quarter))))
        .then([reported(quarter)]);
    assert_eq!(after.agreement().balance().expended, 30_00);
    assert_eq!(after.agreement().undisbursed(), 100_00);
}

#[test]
fn less_spending_and_its_reversal_add_up() {
    let reduce = AgreementCommand::ReduceExpenditure {
        cash: cash(eur(5)),
        period: None,
        reason: "audit".to_owned(),
    };
    let report = AgreementCommand::ReportExpenditure {
        cash: cash(eur(30)),
        period: None,
        evidence_level: EvidenceLevel::Claimed,
    };
    let after = given(Profile::Strict, [signed(eur(100))])
        .when((date("2024-06-01"), report))
        .accepted()
        .when((date("2024-07-01"), reduce))
        .accepted();
    assert_eq!(after.agreement().balance().expended, 25_00);
    let after = after
        .when(reverse("2024-08-01", event_of(3), ReversalReason::Error))
        .accepted();
    assert_eq!(after.agreement().balance().expended, 30_00);
}

#[test]
fn other_flows_change_no_amount_and_can_be_reversed() {
    let record = AgreementCommand::RecordOtherFlow {
        kind: OtherFlowKind::InterestPayment,
        negative: true,
        cash: cash(eur(900)),
    };
    let after = given(Profile::Strict, [signed(eur(100))])
        .when((date("2024-06-01"), record))
        .then([happened(
            "2024-06-01",
            AgreementEvent::OtherFlowRecorded(OtherFlow {
                kind: OtherFlowKind::InterestPayment,
                negative: true,
                cash: on_the_line(eur(900)),
            }),
        )]);
    assert_eq!(after.agreement().undisbursed(), 100_00);
    after
        .when(reverse("2024-08-01", event_of(2), ReversalReason::Error))
        .then([reversed("2024-06-01", event_of(2), ReversalReason::Error)]);
}

#[test]
fn what_the_recipient_confirms_is_not_what_the_provider_paid() {
    let after = given(Profile::Strict, [signed(eur(100))])
        .when(receive("2024-06-01", eur(500)))
        .then_only_flagged([]);
    assert_eq!(after.agreement().balance().received, 500_00);
    assert_eq!(after.agreement().undisbursed(), 100_00);
}

#[test]
fn words_are_recorded_as_they_are_and_drive_nothing() {
    let description = Description {
        title: Some("Food and peace".to_owned()),
        published_status: Some(5),
        ..Description::default()
    };
    let after = given(Profile::Mirror, [signed(eur(100))])
        .when((
            date("2024-06-01"),
            AgreementCommand::Describe(description.clone()),
        ))
        .then([happened(
            "2024-06-01",
            AgreementEvent::AgreementDescribed(description),
        )]);
    after
        .when(disburse("2024-07-01", eur(1)))
        .then_only_flagged([]);
}
