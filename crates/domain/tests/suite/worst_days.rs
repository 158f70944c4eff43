//! Which day a back-dated entry is shown on: the one on which it exceeds most what stands, the first of equal ones.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, AllocationDims, AllocationWish, OnwardWish, Perspective,
    Terms,
};
use perennial_domain::classification::{Code, Vocabulary};
use perennial_domain::event::Stream;
use perennial_domain::money::Money;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened, given};

fn mirror(history: impl IntoIterator<Item = Happened>) -> Given {
    given(Profile::Mirror, history)
}

// R16.

fn allocate(amount: Money) -> (Date, AgreementCommand) {
    let wish = AllocationWish {
        allocation_id: allocation("water-2024"),
        line_id: None,
        amount,
        dims: AllocationDims {
            purpose: Some(Code {
                vocabulary: Vocabulary::DacPurpose,
                code: "14030".into(),
            }),
            ..AllocationDims::default()
        },
    };
    (
        date("2024-03-01"),
        AgreementCommand::Allocate(Box::new(wish)),
    )
}

fn exceeds_parked(parked: &str, asked: &str, committed: &str, on: &str) -> Breach {
    breach_of(
        "agreement/agreement-1/line-1",
        Rule::AllocationWithinParked,
        &[
            ("parked", parked),
            ("asked", asked),
            ("committed", committed),
            ("on", on),
        ],
    )
}

#[test]
fn a_back_dated_allocation_is_shown_on_the_day_on_which_least_is_parked() {
    mirror([
        signed(eur(100)),
        decreased("2024-06-01", eur(20)),
        decreased("2024-09-01", eur(30)),
    ])
    .when(allocate(eur(90)))
    .then_only_flagged([exceeds_parked(
        "50.00 EUR",
        "90.00 EUR",
        "50.00 EUR",
        "2024-09-01",
    )]);
    mirror([
        signed(eur(100)),
        decreased("2024-06-01", eur(50)),
        increased("2024-09-01", eur(20)),
    ])
    .when(allocate(eur(90)))
    .then_only_flagged([exceeds_parked(
        "50.00 EUR",
        "90.00 EUR",
        "50.00 EUR",
        "2024-06-01",
    )]);
}

#[test]
fn of_days_on_which_equally_little_is_parked_the_first_is_named() {
    mirror([
        signed(eur(100)),
        decreased("2024-06-01", eur(40)),
        increased("2024-07-01", eur(10)),
        decreased("2024-08-01", eur(10)),
    ])
    .when(allocate(eur(65)))
    .then_only_flagged([exceeds_parked(
        "60.00 EUR",
        "65.00 EUR",
        "60.00 EUR",
        "2024-06-01",
    )]);
}

#[test]
fn an_allocation_in_the_place_of_an_increase_is_held_against_the_days_without_it() {
    // On 1 September 40 come and go. Without those that come, 60 are committed from then on.
    let history = [
        signed(eur(100)),
        increased("2024-09-01", eur(40)),
        decreased("2024-09-01", eur(40)),
    ];
    mirror(history.clone())
        .when(replace(event_of(2), allocate(eur(60))))
        .then_only_flagged([]);
    mirror(history)
        .when(replace(event_of(2), allocate(eur(80))))
        .then_only_flagged([exceeds_parked(
            "60.00 EUR",
            "80.00 EUR",
            "60.00 EUR",
            "2024-09-01",
        )]);
}

// R21, with R14 beside it.

/// What a refund of 45 breaks: after it less than nothing of the payments is left.
fn refunds_too_much(left: &str, before: &str, on: &str) -> [Breach; 2] {
    [
        breach(
            Rule::DisbursedNotNegative,
            &[("disbursed", left), ("on", on)],
        ),
        breach(
            Rule::RefundWithinDisbursed,
            &[
                ("party", "XM-AGENCY"),
                ("disbursed", before),
                ("refund", "45.00 EUR"),
                ("on", on),
            ],
        ),
    ]
}

#[test]
fn a_back_dated_refund_is_shown_on_the_day_on_which_least_of_the_payments_is_left() {
    mirror([
        signed(eur(100)),
        disbursed("2024-02-01", eur(50)),
        refunded("2024-05-01", eur(10)),
        refunded("2024-07-01", eur(20)),
    ])
    .when(refund("2024-03-01", eur(45)))
    .then_only_flagged(refunds_too_much("-25.00 EUR", "20.00 EUR", "2024-07-01"));
    mirror([
        signed(eur(100)),
        disbursed("2024-02-01", eur(50)),
        refunded("2024-05-01", eur(30)),
        disbursed("2024-07-01", eur(20)),
    ])
    .when(refund("2024-03-01", eur(45)))
    .then_only_flagged(refunds_too_much("-25.00 EUR", "20.00 EUR", "2024-05-01"));
}

#[test]
fn of_days_on_which_equally_little_of_the_payments_is_left_the_first_is_named() {
    mirror([
        signed(eur(100)),
        disbursed("2024-02-01", eur(50)),
        refunded("2024-05-01", eur(10)),
        disbursed("2024-06-01", eur(10)),
        refunded("2024-08-01", eur(10)),
    ])
    .when(refund("2024-03-01", eur(45)))
    .then_only_flagged(refunds_too_much("-5.00 EUR", "40.00 EUR", "2024-05-01"));
}

// R22.

fn of_donor(mut happened: Happened) -> Happened {
    happened.stream = Stream::Agreement(agreement("donor-grant"));
    happened
}

fn given_back(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::RefundReceived {
        cash: on_the_line(amount),
        reason: "unspent".to_owned(),
    };
    of_donor(happened(on, event))
}

fn arrived(on: &str, amount: Money) -> Happened {
    of_donor(received(on, amount))
}

/// A donor's grant of which 60 arrived, what happened to it later, and a grant of 50 that comes out of it.
fn onward(later: impl IntoIterator<Item = Happened>) -> Vec<Breach> {
    let incoming = signed_as(Terms {
        perspective: Perspective::Recipient,
        ..terms(eur(100))
    });
    let mut given = mirror([
        of_donor(incoming),
        arrived("2024-03-01", eur(60)),
        signed(eur(50)),
    ]);
    for happened in later {
        given.record(happened);
    }
    let wish = OnwardWish {
        upstream_agreement_id: agreement("donor-grant"),
        amount: eur(50),
        level: None,
        conversion: None,
    };
    let link = AgreementCommand::LinkOnwardGrant(Box::new(wish));
    let outcome = given.when((date("2024-04-01"), link));
    outcome.decision().events[0].flags.clone()
}

fn exceeds_received(received: &str, on: &str) -> Breach {
    breach_of(
        "agreement/donor-grant",
        Rule::OnwardWithinReceived,
        &[
            ("received", received),
            ("linked", "0.00 EUR"),
            ("asked", "50.00 EUR"),
            ("on", on),
        ],
    )
}

#[test]
fn a_back_dated_onward_grant_is_held_against_what_is_given_back_later() {
    assert_eq!(onward([]), []);
    assert_eq!(onward([given_back("2024-06-01", eur(10))]), []);
    assert_eq!(
        onward([given_back("2024-06-01", cents(10_01))]),
        [exceeds_received("49.99 EUR", "2024-06-01")]
    );
}

#[test]
fn a_back_dated_onward_grant_is_shown_on_the_day_on_which_least_is_received() {
    assert_eq!(
        onward([
            given_back("2024-06-01", eur(30)),
            given_back("2024-07-01", eur(10)),
        ]),
        [exceeds_received("20.00 EUR", "2024-07-01")]
    );
    assert_eq!(
        onward([
            given_back("2024-06-01", eur(40)),
            arrived("2024-07-01", eur(10)),
        ]),
        [exceeds_received("20.00 EUR", "2024-06-01")]
    );
}

#[test]
fn of_days_on_which_equally_little_is_received_the_first_is_named() {
    assert_eq!(
        onward([
            given_back("2024-06-01", eur(30)),
            arrived("2024-07-01", eur(10)),
            given_back("2024-08-01", eur(10)),
        ]),
        [exceeds_received("30.00 EUR", "2024-06-01")]
    );
}

// R10 and R13, each for what makes it larger alone.

#[test]
fn a_replacement_that_commits_less_where_it_pays_nothing_more_breaks_only_r13() {
    mirror([
        signed(eur(100)),
        increased("2024-03-01", eur(40)),
        disbursed("2024-05-01", eur(120)),
        refunded("2024-07-01", eur(50)),
    ])
    .when(replace(event_of(2), disburse("2024-09-01", eur(10))))
    .then_only_flagged([breach(
        Rule::CommitmentAboveDisbursed,
        &[
            ("disbursed", "120.00 EUR"),
            ("attempted", "100.00 EUR"),
            ("on", "2024-05-01"),
        ],
    )]);
}

#[test]
fn a_replacement_that_pays_more_where_it_commits_nothing_less_breaks_only_r10() {
    mirror([
        signed(eur(100)),
        increased("2024-09-01", eur(40)),
        disbursed("2024-02-01", eur(80)),
        refunded("2024-06-01", eur(60)),
    ])
    .when(replace(event_of(2), disburse("2024-03-01", eur(30))))
    .then_only_flagged([breach(
        Rule::WithinCommitment,
        &[
            ("limit", "100.00 EUR"),
            ("attempted", "110.00 EUR"),
            ("committed", "100.00 EUR"),
            ("on", "2024-03-01"),
        ],
    )]);
}

// R13, over a history that is long enough to be passed over in parts.

/// The day so many days after the signature.
fn day(number: u64) -> String {
    let days = std::time::Duration::from_secs(number * 86_400);
    date(SIGNED_ON).checked_add(days).unwrap().to_string()
}

#[test]
fn the_worst_of_hundreds_of_days_is_found() {
    // A euro a day for 200 days, then a euro back a day for 150.
    let payments = (1..=200).map(|number| disbursed(&day(number), eur(1)));
    let refunds = (201..=350).map(|number| refunded(&day(number), eur(1)));
    let history = || {
        [signed(eur(300))]
            .into_iter()
            .chain(payments.clone())
            .chain(refunds.clone())
    };
    mirror(history())
        .when(decrease(SIGNED_ON, eur(100)))
        .then_only_flagged([]);
    mirror(history())
        .when(decrease(SIGNED_ON, eur(150)))
        .then_only_flagged([breach(
            Rule::CommitmentAboveDisbursed,
            &[
                ("disbursed", "200.00 EUR"),
                ("attempted", "150.00 EUR"),
                ("on", "2024-07-19"),
            ],
        )]);
}
