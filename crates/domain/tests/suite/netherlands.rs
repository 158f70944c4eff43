//! The arithmetic of NL-1-PPR-25275 (DOMAIN.md 4): 1,298,748 committed, 1,298,749 paid.

use perennial_domain::agreement::Terms;
use perennial_domain::rule::{Breach, Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, given};

/// Published commitments and payments in the order of booking: by date, commitments first.
const ENTRIES: [(&str, i128, bool); 12] = [
    ("2014-05-01", 1_231_800, true),
    ("2014-06-18", 122_500, false),
    ("2014-07-11", 322_609, false),
    ("2015-01-01", 78_791, true),
    ("2015-02-27", 70_304, false),
    ("2015-04-10", 273_640, false),
    ("2015-05-01", -78_791, true),
    ("2015-12-22", 281_605, false),
    ("2016-01-02", 66_948, true),
    ("2016-08-17", 53_559, false),
    ("2016-08-24", 42_540, false),
    ("2017-08-22", 131_992, false),
];

fn activity(profile: Profile) -> Given {
    let term = (Some(date("2014-05-01")), Some(date("2017-06-30")));
    let terms = |amount| Terms {
        signed_on: (profile == Profile::Strict).then(|| date("2014-05-01")),
        starts_on: term.0,
        ends_on: term.1,
        ..terms(amount)
    };
    match profile {
        // A strict line holds money from the start: the first commitment is the signed amount.
        Profile::Strict => given(profile, [])
            .when(sign("2014-05-01", terms(eur(1_231_800))))
            .then_only_flagged([]),
        Profile::Mirror => given(profile, [])
            .when(sign("2014-05-01", terms(eur(0))))
            .then_only_flagged([]),
    }
}

fn book_all_but_the_last(profile: Profile) -> Given {
    let mut given = activity(profile);
    let entries = ENTRIES.iter().take(ENTRIES.len() - 1);
    for &(on, euros, commitment) in entries.skip(usize::from(profile == Profile::Strict)) {
        let command = match (commitment, euros < 0) {
            (true, false) => increase(on, eur(euros)),
            (true, true) => decrease(on, eur(-euros)),
            (false, _) => disburse(on, eur(euros)),
        };
        given = given.when(command).then_only_flagged([]);
    }
    given
}

fn one_euro_over() -> Breach {
    breach(
        Rule::WithinCommitment,
        &[
            ("limit", "1298748.00 EUR"),
            ("attempted", "1298749.00 EUR"),
            ("committed", "1298748.00 EUR"),
            ("on", "2017-08-22"),
        ],
    )
}

fn after_the_end() -> Breach {
    breach(
        Rule::NotAfterEnd,
        &[("ends_on", "2017-06-30"), ("effective_on", "2017-08-22")],
    )
}

#[test]
fn over_disbursed_by_one_euro_flags_once_in_a_mirror() {
    let after = book_all_but_the_last(Profile::Mirror)
        .when(disburse("2017-08-22", eur(131_992)))
        .then_only_flagged([one_euro_over(), after_the_end()]);
    let balance = after.agreement().balance();
    assert_eq!(balance.committed, 1_298_748_00);
    assert_eq!(balance.disbursed, 1_298_749_00);
    assert_eq!(after.agreement().undisbursed(), -1_00);
    assert_eq!(after.agreement().revision().0, 13);
}

#[test]
fn over_disbursed_by_one_euro_is_refused_in_a_strict_ledger() {
    let refused = book_all_but_the_last(Profile::Strict)
        .when(disburse("2017-08-22", eur(131_992)))
        .then_breaks(one_euro_over());
    let after = refused
        .when(disburse("2017-08-22", eur(131_991)))
        .then_only_flagged([after_the_end()]);
    assert_eq!(after.agreement().undisbursed(), 0);
}
