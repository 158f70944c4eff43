//! R10, R13, R14, R17 and R21: each at its limit and one unit over, refused in a strict ledger and flagged in a
//! mirror (INV-2).

use perennial_domain::agreement::{
    AgreementCommand, LineAmount, Perspective, ReversalReason, Terms,
};
use perennial_domain::ledger::{LedgerPolicy, Tolerance};
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given, given_with};

fn strict(history: impl IntoIterator<Item = Happened>) -> Given {
    given(Profile::Strict, history)
}

fn mirror(history: impl IntoIterator<Item = Happened>) -> Given {
    given(Profile::Mirror, history)
}

fn over(limit: &str, attempted: &str, committed: &str, on: &str) -> Breach {
    breach(
        Rule::WithinCommitment,
        &[
            ("limit", limit),
            ("attempted", attempted),
            ("committed", committed),
            ("on", on),
        ],
    )
}

#[test]
fn the_last_euro_can_be_disbursed() {
    for profile in [Profile::Strict, Profile::Mirror] {
        given(
            profile,
            [signed(eur(100)), disbursed("2024-03-01", eur(80))],
        )
        .when(disburse("2024-06-01", eur(20)))
        .then([disbursed("2024-06-01", eur(20))]);
    }
}

#[test]
fn one_cent_more_is_refused() {
    strict([signed(eur(100)), disbursed("2024-03-01", eur(80))])
        .when(disburse("2024-06-01", cents(20_01)))
        .then_breaks(over("100.00 EUR", "100.01 EUR", "100.00 EUR", "2024-06-01"));
}

#[test]
fn one_cent_more_is_one_flag_in_a_mirror() {
    let after = mirror([signed(eur(100)), disbursed("2024-03-01", eur(80))])
        .when(disburse("2024-06-01", cents(20_01)))
        .then_only_flagged([over("100.00 EUR", "100.01 EUR", "100.00 EUR", "2024-06-01")]);
    assert_eq!(after.agreement().undisbursed(), -1);
}

#[test]
fn a_refusal_says_its_figures_in_words() {
    let reasons = strict([signed(eur(100))])
        .when(disburse("2024-06-01", eur(101)))
        .reasons();
    assert_eq!(
        reasons[0].rejection.to_string(),
        "agreement/agreement-1 breaks R10 \"Net disbursement (incoming: received) is at most the net \
         commitment\": limit 100.00 EUR, attempted 101.00 EUR, committed 100.00 EUR, on 2024-06-01"
    );
}

#[test]
fn the_larger_tolerance_applies() {
    let tolerant = |absolute_minor, relative_ppm| LedgerPolicy {
        tolerance: Tolerance {
            absolute_minor,
            relative_ppm,
        },
        ..LedgerPolicy::default()
    };
    // 1 % of 100 euros is 1 euro; the absolute 50 cents are less.
    for (policy, allowed, limit) in [
        (tolerant(50, 10_000), 101_00, "101.00 EUR"),
        (tolerant(250, 10_000), 102_50, "102.50 EUR"),
    ] {
        given_with(Profile::Strict, policy.clone(), [signed(eur(100))])
            .when(disburse("2024-06-01", cents(allowed)))
            .then([disbursed("2024-06-01", cents(allowed))]);
        let attempted = cents(allowed + 1);
        given_with(Profile::Strict, policy, [signed(eur(100))])
            .when(disburse("2024-06-01", attempted))
            .then_breaks(over(
                limit,
                &attempted.to_string(),
                "100.00 EUR",
                "2024-06-01",
            ));
    }
}

#[test]
fn a_back_dated_payment_is_judged_on_every_later_day() {
    // On its own day it fits; on 1 October, after the decrease, it does not.
    strict([
        signed(eur(100)),
        disbursed("2024-03-01", eur(50)),
        decreased("2024-10-01", eur(40)),
    ])
    .when(disburse("2024-06-01", eur(11)))
    .then_breaks(over("60.00 EUR", "61.00 EUR", "60.00 EUR", "2024-10-01"));
}

#[test]
fn a_payment_before_the_increase_that_covers_it_is_too_much_on_its_day() {
    strict([signed(eur(100)), increased("2024-10-01", eur(50))])
        .when(disburse("2024-06-01", eur(101)))
        .then_breaks(over("100.00 EUR", "101.00 EUR", "100.00 EUR", "2024-06-01"));
    strict([signed(eur(100)), increased("2024-10-01", eur(50))])
        .when(disburse("2024-10-01", eur(101)))
        .then([disbursed("2024-10-01", eur(101))]);
}

#[test]
fn an_earlier_breach_blocks_nobody_who_does_not_enlarge_it() {
    // 120 were paid of 100 on 1 March; by June the commitment is 200.
    let history = [
        signed(eur(100)),
        disbursed("2024-03-01", eur(120)),
        increased("2024-06-01", eur(100)),
    ];
    strict(history.clone())
        .when(disburse("2024-07-01", eur(80)))
        .then([disbursed("2024-07-01", eur(80))]);
    strict(history)
        .when(disburse("2024-05-31", eur(1)))
        .then_breaks(over("100.00 EUR", "121.00 EUR", "100.00 EUR", "2024-05-31"));
}

fn two_lines() -> Happened {
    let mut terms = terms_of(vec![line_of("line-1", eur(60)), line_of("line-2", eur(40))]);
    for line in &mut terms.lines {
        line.year_shares = whole_term(line.amount);
    }
    signed_as(terms)
}

fn on_line_two(
    on: &str,
    amount: perennial_domain::money::Money,
) -> (perennial_domain::Date, AgreementCommand) {
    let mut cash = cash(amount);
    cash.lines = vec![LineAmount {
        line_id: line("line-2"),
        amount,
    }];
    pay(on, cash)
}

#[test]
fn a_line_that_is_overdrawn_within_its_agreement_is_flagged_in_both_profiles() {
    let flag = breach_of(
        "agreement/agreement-1/line-2",
        Rule::WithinCommitment,
        &[
            ("limit", "40.00 EUR"),
            ("attempted", "41.00 EUR"),
            ("committed", "40.00 EUR"),
            ("on", "2024-06-01"),
        ],
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [two_lines()])
            .when(on_line_two("2024-06-01", eur(40)))
            .then_only_flagged([]);
        given(profile, [two_lines()])
            .when(on_line_two("2024-06-01", eur(41)))
            .then_only_flagged([flag.clone()]);
    }
}

#[test]
fn of_a_payment_on_two_lines_each_line_counts_its_own_part() {
    let on_both = |first: i128, second: i128| {
        let mut cash = cash(eur(first + second));
        let part = |line_id, amount| LineAmount {
            line_id: line(line_id),
            amount: eur(amount),
        };
        cash.lines = vec![part("line-1", first), part("line-2", second)];
        pay("2024-06-01", cash)
    };
    strict([two_lines()])
        .when(on_both(60, 40))
        .then_only_flagged([]);
    strict([two_lines()])
        .when(on_both(61, 39))
        .then_only_flagged([breach_of(
            "agreement/agreement-1/line-1",
            Rule::WithinCommitment,
            &[
                ("limit", "60.00 EUR"),
                ("attempted", "61.00 EUR"),
                ("committed", "60.00 EUR"),
                ("on", "2024-06-01"),
            ],
        )]);
}

#[test]
fn an_overdrawn_agreement_is_the_subject_and_not_its_line() {
    mirror([two_lines()])
        .when(on_line_two("2024-06-01", eur(101)))
        .then_only_flagged([over("100.00 EUR", "101.00 EUR", "100.00 EUR", "2024-06-01")]);
    strict([two_lines()])
        .when(on_line_two("2024-06-01", eur(101)))
        .then_breaks(over("100.00 EUR", "101.00 EUR", "100.00 EUR", "2024-06-01"));
}

#[test]
fn a_reimbursement_counts_as_a_disbursement() {
    let reimburse = |amount| {
        (
            date("2024-06-01"),
            AgreementCommand::Reimburse(cash(amount)),
        )
    };
    let history = [signed(eur(100)), disbursed("2024-03-01", eur(80))];
    strict(history.clone())
        .when(reimburse(eur(20)))
        .then_only_flagged([]);
    strict(history).when(reimburse(eur(21))).then_breaks(over(
        "100.00 EUR",
        "101.00 EUR",
        "100.00 EUR",
        "2024-06-01",
    ));
}

fn incoming() -> Happened {
    let mut terms = Terms {
        perspective: Perspective::Recipient,
        ..terms(eur(100))
    };
    terms.lines[0].year_shares = whole_term(eur(100));
    signed_as(terms)
}

#[test]
fn an_incoming_agreement_counts_what_was_received() {
    strict([incoming(), received("2024-03-01", eur(80))])
        .when(receive("2024-06-01", eur(20)))
        .then([received("2024-06-01", eur(20))]);
    strict([incoming(), received("2024-03-01", eur(80))])
        .when(receive("2024-06-01", eur(21)))
        .then_breaks(over("100.00 EUR", "101.00 EUR", "100.00 EUR", "2024-06-01"));
    mirror([incoming(), received("2024-03-01", eur(80))])
        .when(receive("2024-06-01", eur(21)))
        .then_only_flagged([over("100.00 EUR", "101.00 EUR", "100.00 EUR", "2024-06-01")]);
}

#[test]
fn a_commitment_can_fall_to_what_is_disbursed_but_not_below() {
    let history = [signed(eur(100)), disbursed("2024-03-01", eur(80))];
    let below = breach(
        Rule::CommitmentAboveDisbursed,
        &[
            ("disbursed", "80.00 EUR"),
            ("attempted", "79.99 EUR"),
            ("on", "2024-06-01"),
        ],
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, history.clone())
            .when(decrease("2024-06-01", eur(20)))
            .then_only_flagged([]);
    }
    strict(history.clone())
        .when(decrease("2024-06-01", cents(20_01)))
        .then_breaks(below.clone());
    mirror(history)
        .when(decrease("2024-06-01", cents(20_01)))
        .then_only_flagged([below]);
}

#[test]
fn a_back_dated_decrease_is_judged_against_later_payments() {
    strict([signed(eur(100)), disbursed("2024-09-01", eur(90))])
        .when(decrease("2024-06-01", eur(11)))
        .then_breaks(breach(
            Rule::CommitmentAboveDisbursed,
            &[
                ("disbursed", "90.00 EUR"),
                ("attempted", "89.00 EUR"),
                ("on", "2024-09-01"),
            ],
        ));
}

#[test]
fn an_incoming_commitment_does_not_fall_below_what_was_received() {
    strict([incoming(), received("2024-03-01", eur(80))])
        .when(decrease("2024-06-01", eur(21)))
        .then_breaks(breach(
            Rule::CommitmentAboveDisbursed,
            &[
                ("received", "80.00 EUR"),
                ("attempted", "79.00 EUR"),
                ("on", "2024-06-01"),
            ],
        ));
}

#[test]
fn all_that_was_paid_can_be_refunded_and_not_a_cent_more() {
    let history = [signed(eur(100)), disbursed("2024-03-01", eur(80))];
    let negative = breach(
        Rule::DisbursedNotNegative,
        &[("disbursed", "-0.01 EUR"), ("on", "2024-06-01")],
    );
    let too_much = breach(
        Rule::RefundWithinDisbursed,
        &[
            ("party", "XM-AGENCY"),
            ("disbursed", "80.00 EUR"),
            ("refund", "80.01 EUR"),
            ("on", "2024-06-01"),
        ],
    );
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, history.clone())
            .when(refund("2024-06-01", eur(80)))
            .then([refunded("2024-06-01", eur(80))]);
    }
    strict(history.clone())
        .when(refund("2024-06-01", cents(80_01)))
        .then_refused([
            (
                Some(0),
                perennial_domain::rejection::Rejection::Breach(negative.clone()),
            ),
            (
                Some(0),
                perennial_domain::rejection::Rejection::Breach(too_much.clone()),
            ),
        ]);
    mirror(history)
        .when(refund("2024-06-01", cents(80_01)))
        .then_only_flagged([negative, too_much]);
}

#[test]
fn a_refund_comes_from_the_party_that_was_paid() {
    let other = |amount| {
        let mut cash = cash(amount);
        cash.receiver = Some(org("XM-OTHER"));
        cash
    };
    let paid = strict([signed(eur(100)), disbursed("2024-02-01", eur(50))])
        .when(pay("2024-03-01", other(eur(30))))
        .then_only_flagged([]);
    let refund = |amount| {
        let command = AgreementCommand::Refund {
            cash: other(amount),
            reason: "unspent".to_owned(),
        };
        (date("2024-06-01"), command)
    };
    paid.clone().when(refund(eur(30))).then_only_flagged([]);
    paid.when(refund(eur(31))).then_breaks(breach(
        Rule::RefundWithinDisbursed,
        &[
            ("party", "XM-OTHER"),
            ("disbursed", "30.00 EUR"),
            ("refund", "31.00 EUR"),
            ("on", "2024-06-01"),
        ],
    ));
}

#[test]
fn a_refund_dated_before_the_payment_is_judged_on_its_own_day() {
    let outcome = mirror([signed(eur(100)), disbursed("2024-09-01", eur(50))])
        .when(refund("2024-06-01", eur(50)));
    let rules: Vec<Rule> = outcome.decision().events[0]
        .flags
        .iter()
        .map(|flag| flag.rule)
        .collect();
    assert_eq!(
        rules,
        [Rule::DisbursedNotNegative, Rule::RefundWithinDisbursed]
    );
}

#[test]
fn a_received_refund_of_an_incoming_agreement_comes_from_what_was_received() {
    let refund = |amount| {
        let command = AgreementCommand::ConfirmRefund {
            cash: cash(amount),
            reason: "unspent".to_owned(),
        };
        (date("2024-06-01"), command)
    };
    let history = [incoming(), received("2024-03-01", eur(80))];
    strict(history.clone())
        .when(refund(eur(80)))
        .then_only_flagged([]);
    mirror(history).when(refund(eur(81))).then_only_flagged([
        breach(
            Rule::DisbursedNotNegative,
            &[("received", "-1.00 EUR"), ("on", "2024-06-01")],
        ),
        breach(
            Rule::RefundWithinDisbursed,
            &[
                ("party", "XM-DONOR"),
                ("received", "80.00 EUR"),
                ("refund", "81.00 EUR"),
                ("on", "2024-06-01"),
            ],
        ),
    ]);
}

fn more_scheduled(scheduled: &str, undisbursed: &str, on: &str) -> Breach {
    breach(
        Rule::ScheduledWithinUndisbursed,
        &[
            ("scheduled", scheduled),
            ("undisbursed", undisbursed),
            ("on", on),
        ],
    )
}

#[test]
fn all_that_is_undisbursed_can_be_scheduled_and_more_is_flagged_in_both_profiles() {
    for profile in [Profile::Strict, Profile::Mirror] {
        let history = [signed(eur(100)), disbursed("2024-02-01", eur(40))];
        given(profile, history.clone())
            .when(schedule("2024-03-01", "tranche-1", eur(60), "2025-01-15"))
            .then([scheduled("2024-03-01", "tranche-1", eur(60), "2025-01-15")]);
        given(profile, history)
            .when(schedule(
                "2024-03-01",
                "tranche-1",
                cents(60_01),
                "2025-01-15",
            ))
            .then_only_flagged([more_scheduled("60.01 EUR", "60.00 EUR", "2024-03-01")]);
    }
}

#[test]
fn a_decrease_below_the_open_tranches_is_flagged() {
    let history = [
        signed(eur(100)),
        scheduled("2024-03-01", "tranche-1", eur(80), "2025-01-15"),
    ];
    strict(history.clone())
        .when(decrease("2024-06-01", eur(20)))
        .then_only_flagged([]);
    strict(history)
        .when(decrease("2024-06-01", eur(21)))
        .then_only_flagged([more_scheduled("80.00 EUR", "79.00 EUR", "2024-06-01")]);
}

#[test]
fn a_payment_beyond_its_tranche_is_flagged_when_other_tranches_need_the_money() {
    let history = [
        signed(eur(100)),
        scheduled("2024-03-01", "tranche-1", eur(50), "2024-06-01"),
        scheduled("2024-03-01", "tranche-2", eur(50), "2025-06-01"),
    ];
    let pay_first = |amount| {
        let command = AgreementCommand::Disburse {
            cash: cash(amount),
            tranche_id: Some(tranche("tranche-1")),
        };
        (date("2024-06-01"), command)
    };
    strict(history.clone())
        .when(pay_first(eur(50)))
        .then_only_flagged([]);
    strict(history)
        .when(pay_first(eur(51)))
        .then_only_flagged([more_scheduled("50.00 EUR", "49.00 EUR", "2024-06-01")]);
}

#[test]
fn an_agreement_without_tranches_is_never_over_scheduled() {
    mirror([signed(eur(100)), disbursed("2024-02-01", eur(120))])
        .when(disburse("2024-03-01", eur(1)))
        .then_only_flagged([over("100.00 EUR", "121.00 EUR", "100.00 EUR", "2024-03-01")]);
}

#[test]
fn reversals_are_held_against_the_same_limits() {
    let history = [
        signed(eur(100)),
        increased("2024-02-01", eur(50)),
        disbursed("2024-03-01", eur(120)),
    ];
    strict(history.clone())
        .when(reverse("2024-06-01", event_of(2), ReversalReason::Error))
        .then_breaks(breach(
            Rule::CommitmentAboveDisbursed,
            &[
                ("disbursed", "120.00 EUR"),
                ("attempted", "100.00 EUR"),
                ("on", "2024-03-01"),
            ],
        ));
    let mut history = history.to_vec();
    history.push(refunded("2024-04-01", eur(70)));
    strict(history)
        .when(reverse("2024-06-01", event_of(3), ReversalReason::Error))
        .then_breaks(breach(
            Rule::DisbursedNotNegative,
            &[("disbursed", "-70.00 EUR"), ("on", "2024-04-01")],
        ));
}
