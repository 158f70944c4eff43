//! Extensions and shortenings.

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, ExtensionKind, Firmness, ShareMove, Terms, YearBasis,
    YearShare,
};
use perennial_domain::event::Fact;
use perennial_domain::rejection::Rejection;
use perennial_domain::rule::Profile;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Happened, Outcome, given};

fn extend(
    on: &str,
    new_ends_on: &str,
    moves: Vec<ShareMove>,
) -> (perennial_domain::Date, AgreementCommand) {
    let command = AgreementCommand::ExtendPeriod {
        new_ends_on: date(new_ends_on),
        kind: ExtensionKind::NoCost,
        moves,
        amendment: Some("A1".to_owned()),
    };
    (date(on), command)
}

fn moves(outcome: &Outcome) -> Vec<ShareMove> {
    let Fact::Agreement(AgreementEvent::PeriodExtended { moves, .. }) =
        &outcome.decision().events[0].fact
    else {
        panic!("an extension");
    };
    moves.clone()
}

fn moved(shares: &[(&str, &str, i128)]) -> Vec<ShareMove> {
    shares
        .iter()
        .map(|&(first, last, minor_units)| ShareMove {
            line_id: the_line(),
            share: YearShare {
                period: period(first, last),
                minor_units,
                basis: YearBasis::Prorated,
                firmness: Firmness::Firm,
            },
        })
        .collect()
}

#[test]
fn the_undisbursed_rest_of_a_prorated_line_is_prorated_again_from_the_extension_on() {
    let outcome = given(
        Profile::Strict,
        [signed(eur(100)), disbursed("2024-03-01", eur(30))],
    )
    .when(extend("2025-07-01", "2026-12-31", Vec::new()));
    // 2024 has 50.07 euros of which 30 are paid, 2025 has 49.93.
    assert_eq!(
        moves(&outcome),
        moved(&[
            ("2024-01-01", "2024-12-31", -20_07),
            ("2025-01-01", "2025-12-31", -49_93),
            ("2025-07-01", "2026-12-31", 70_00),
        ])
    );
    let after = outcome.accepted().on("2026-12-01");
    let agreement = after.agreement();
    assert_eq!(agreement.ends_on(), Some(date("2026-12-31")));
    assert_eq!(agreement.terms().ends_on, Some(date(ENDS_ON)));
    let net: i128 = agreement
        .year_shares(&the_line())
        .iter()
        .map(|share| share.minor_units)
        .sum();
    assert_eq!(net, 100_00);
    assert_eq!(agreement.balance().committed, 100_00);
    // What is extended a second time moves only what the first time moved, and what was left there.
    let again = after.when(extend("2026-07-01", "2027-12-31", Vec::new()));
    let total: i128 = moves(&again)
        .iter()
        .map(|entry| entry.share.minor_units)
        .sum();
    assert_eq!(total, 0);
    assert_eq!(
        moves(&again).last(),
        moved(&[("2026-07-01", "2027-12-31", 70_00)]).last()
    );
}

#[test]
fn an_extension_moves_nothing_of_scheduled_shares() {
    let mut terms = terms(eur(100));
    terms.lines[0].year_shares = vec![share(
        period("2024-01-01", "2024-12-31"),
        eur(100),
        YearBasis::Scheduled,
    )];
    let outcome = given(Profile::Strict, [signed_as(terms)]).when(extend(
        "2025-07-01",
        "2026-12-31",
        Vec::new(),
    ));
    assert_eq!(moves(&outcome), []);
}

#[test]
fn an_extension_moves_nothing_when_all_is_paid() {
    let outcome = given(
        Profile::Strict,
        [signed(eur(100)), disbursed("2024-03-01", eur(100))],
    )
    .when(extend("2025-07-01", "2026-12-31", Vec::new()));
    assert_eq!(moves(&outcome), []);
}

#[test]
fn moves_that_are_given_sum_to_nothing_per_line() {
    let pair = |second| {
        moved(&[
            ("2025-01-01", "2025-12-31", -10_00),
            ("2026-01-01", "2026-12-31", second),
        ])
    };
    let outcome = given(Profile::Strict, [signed(eur(100))]).when(extend(
        "2025-07-01",
        "2026-12-31",
        pair(10_00),
    ));
    assert_eq!(moves(&outcome), pair(10_00));
    given(Profile::Strict, [signed(eur(100))])
        .when(extend("2025-07-01", "2026-12-31", pair(10_01)))
        .then_rejected(Rejection::Malformed {
            field: "moves".to_owned(),
            problem: "must sum to 0 for line \"line-1\"".to_owned(),
        });
}

#[test]
fn an_extension_ends_at_least_a_day_later_and_a_shortening_a_day_earlier() {
    let shorten = |new_ends_on| {
        let command = AgreementCommand::ShortenPeriod {
            new_ends_on: date(new_ends_on),
            reason: "closed early".to_owned(),
        };
        (date("2025-07-01"), command)
    };
    for profile in [Profile::Strict, Profile::Mirror] {
        given(profile, [signed(eur(100))])
            .when(extend("2025-07-01", "2026-01-01", Vec::new()))
            .then_only_flagged([]);
        given(profile, [signed(eur(100))])
            .when(extend("2025-07-01", ENDS_ON, Vec::new()))
            .then_rejected(Rejection::EndNotLater {
                ends_on: date(ENDS_ON),
                new_ends_on: date(ENDS_ON),
            });
        given(profile, [signed(eur(100))])
            .when(shorten("2025-12-30"))
            .then_only_flagged([]);
        given(profile, [signed(eur(100))])
            .when(shorten(ENDS_ON))
            .then_rejected(Rejection::EndNotEarlier {
                ends_on: date(ENDS_ON),
                new_ends_on: date(ENDS_ON),
            });
    }
}

#[test]
fn an_agreement_without_an_end_can_be_given_one() {
    let open_ended: Happened = signed_as(Terms {
        ends_on: None,
        ..terms(eur(100))
    });
    let after = given(Profile::Strict, [open_ended])
        .when(extend("2025-07-01", "2026-12-31", Vec::new()))
        .accepted();
    assert_eq!(after.agreement().ends_on(), Some(date("2026-12-31")));
    assert_eq!(after.agreement().terms().ends_on, None);
}

#[test]
fn payments_are_judged_by_the_end_as_it_is_now() {
    given(Profile::Strict, [signed(eur(100))])
        .when(extend("2025-07-01", "2026-12-31", Vec::new()))
        .accepted()
        .when(disburse("2026-02-01", eur(1)))
        .then_only_flagged([]);
}
