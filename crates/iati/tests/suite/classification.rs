//! Sectors, places and flags become exact splits (SEMANTICS.md 3 "Splits").

use perennial_domain::agreement::AgreementCommand;
use perennial_domain::classification::{LineDims, Split, Vocabulary};
use perennial_domain::command::Action;
use perennial_iati::ActivityPlan;

use crate::ledger::{Ledger, commands};
use crate::xml::{of, transaction, transaction_with};

fn plan(body: &str) -> ActivityPlan {
    Ledger::default().import(&of(body)).plans.remove(0)
}

/// How a single commitment of an activity is classified.
fn dims(activity: &str, transaction: &str) -> LineDims {
    let body = [
        activity,
        &transaction_with("2", "2020-05-01", "5", transaction),
    ]
    .concat();
    let signed = commands(&plan(&body)).remove(0);
    let Action::Agreement(_, AgreementCommand::Sign(mut terms)) = signed.action else {
        panic!()
    };
    terms.lines.remove(0).dims
}

fn shares(split: &Split) -> Vec<(Vocabulary, &str, u32)> {
    split
        .shares()
        .iter()
        .map(|share| (share.vocabulary, share.code.as_ref(), share.share_ppm))
        .collect()
}

fn sector(code: &str, more: &str) -> String {
    format!("<sector code=\"{code}\" {more}/>")
}

#[test]
fn five_digit_codes_win_over_categories_and_other_vocabularies_are_unallocable() {
    use Vocabulary::{DacCategory, DacPurpose};
    let five = sector("72010", "vocabulary=\"1\"");
    let three = sector("720", "vocabulary=\"2\"");
    let own = sector("X1", "vocabulary=\"99\"");
    let of = |sectors: &[&String]| {
        dims(
            &sectors
                .iter()
                .map(|sector| sector.as_str())
                .collect::<String>(),
            "",
        )
        .purposes
    };
    assert_eq!(
        shares(&of(&[&three, &five, &own])),
        [(DacPurpose, "72010", 1_000_000)]
    );
    assert_eq!(
        shares(&of(&[&three, &own])),
        [(DacCategory, "720", 1_000_000)]
    );
    assert!(of(&[&own]).is_empty());
    assert_eq!(
        shares(&of(&[&sector("15220", "vocabulary=\"DAC\"")])),
        [(DacPurpose, "15220", 1_000_000)]
    );
    assert_eq!(
        shares(&of(&[&sector("152", "vocabulary=\"DAC-3\"")])),
        [(DacCategory, "152", 1_000_000)]
    );
}

#[test]
fn what_a_transaction_says_replaces_what_its_activity_says_dimension_by_dimension() {
    let activity = [
        sector("72010", ""),
        "<recipient-country code=\"SS\"/>".to_owned(),
    ]
    .concat();
    let own = dims(&activity, &sector("15220", ""));
    assert_eq!(
        shares(&own.purposes),
        [(Vocabulary::DacPurpose, "15220", 1_000_000)]
    );
    assert_eq!(
        shares(&own.places),
        [(Vocabulary::Country, "SS", 1_000_000)]
    );
    // Only an own vocabulary: the activity's DAC code still holds.
    let other = dims(&activity, &sector("X1", "vocabulary=\"99\""));
    assert_eq!(
        shares(&other.purposes),
        [(Vocabulary::DacPurpose, "72010", 1_000_000)]
    );
    let elsewhere = dims(&activity, "<recipient-region code=\"298\"/>");
    assert_eq!(
        shares(&elsewhere.places),
        [(Vocabulary::Region, "298", 1_000_000)]
    );
}

#[test]
fn percentages_with_16_decimals_are_exact_and_float_dust_is_no_scaling() {
    let third =
        |code: &str, percentage: &str| sector(code, &format!("percentage=\"{percentage}\""));
    let split = dims(
        &[
            third("11110", "33.3333333333333333"),
            third("12220", "33.3333333333333333"),
            third("14030", "33.3333333333333333"),
        ]
        .concat(),
        "",
    )
    .purposes;
    let parts: Vec<u32> = split.shares().iter().map(|share| share.share_ppm).collect();
    assert_eq!(parts, [333_334, 333_333, 333_333]);
    assert!(!split.scaled());
}

#[test]
fn percentages_that_do_not_sum_to_100_are_scaled_and_marked() {
    let half = |code: &str| sector(code, "percentage=\"30\"");
    let split = dims(&[half("11110"), half("12220")].concat(), "").purposes;
    assert_eq!(
        shares(&split),
        [
            (Vocabulary::DacPurpose, "11110", 500_000),
            (Vocabulary::DacPurpose, "12220", 500_000)
        ]
    );
    assert!(split.scaled());
    // One part per million off is the limit of what is seen.
    let near = |percentage: &str| {
        dims(
            &[
                sector("11110", &format!("percentage=\"{percentage}\"")),
                sector("12220", "percentage=\"50\""),
            ]
            .concat(),
            "",
        )
        .purposes
        .scaled()
    };
    assert!(!near("49.9999"));
    assert!(near("49.9998"));
}

#[test]
fn without_percentages_shares_are_equal_and_a_single_one_is_the_whole() {
    let one = dims(&sector("11110", ""), "").purposes;
    assert!(!one.scaled());
    let two = dims(&[sector("11110", ""), sector("12220", "")].concat(), "").purposes;
    assert_eq!(two.shares()[0].share_ppm, 500_000);
    assert!(two.scaled());
    let rest = dims(
        &[sector("11110", "percentage=\"80\""), sector("12220", "")].concat(),
        "",
    )
    .purposes;
    assert_eq!(rest.shares()[1].share_ppm, 200_000);
    assert!(!rest.scaled());
}

#[test]
fn a_code_that_stands_twice_is_one_share_and_zero_percent_is_none() {
    let split = dims(
        &[
            sector("11110", "percentage=\"40\""),
            sector("12220", "percentage=\"0\""),
            sector("11110", "percentage=\"60\""),
        ]
        .concat(),
        "",
    )
    .purposes;
    assert_eq!(
        shares(&split),
        [(Vocabulary::DacPurpose, "11110", 1_000_000)]
    );
}

#[test]
fn countries_that_sum_to_100_win_over_regions_else_both_are_the_whole() {
    let country = |code: &str, percentage: &str| {
        format!("<recipient-country code=\"{code}\" percentage=\"{percentage}\"/>")
    };
    let region =
        |percentage: &str| format!("<recipient-region code=\"298\" percentage=\"{percentage}\"/>");
    let places = |parts: &[String]| dims(&parts.concat(), "").places;
    let whole = places(&[country("SS", "60"), country("UG", "40"), region("100")]);
    assert_eq!(
        shares(&whole),
        [
            (Vocabulary::Country, "SS", 600_000),
            (Vocabulary::Country, "UG", 400_000)
        ]
    );
    let both = places(&[country("SS", "60"), region("40")]);
    assert_eq!(
        shares(&both),
        [
            (Vocabulary::Country, "SS", 600_000),
            (Vocabulary::Region, "298", 400_000)
        ]
    );
    assert!(!both.scaled());
    // Three thirds of 33.33 are 100; 99.8 is not.
    let thirds = places(&[
        country("SS", "33.33"),
        country("UG", "33.33"),
        country("TD", "33.33"),
        region("100"),
    ]);
    assert_eq!(thirds.shares().len(), 3);
    let short = places(&[country("SS", "99.8"), region("100")]);
    assert_eq!(short.shares().len(), 2);
    let silent = places(&["<recipient-country code=\"SS\"/>".to_owned(), region("100")]);
    assert_eq!(shares(&silent), [(Vocabulary::Country, "SS", 1_000_000)]);
}

#[test]
fn a_transactions_humanitarian_flag_replaces_its_activitys() {
    let flag = |activity: &str, transaction_flag: &str| {
        let body = transaction("2", "2020-05-01", "5").replace(
            "<transaction>",
            &format!("<transaction {transaction_flag}>"),
        );
        let document = of(&body).replace("<iati-activity ", &format!("<iati-activity {activity} "));
        let plan = Ledger::default().import(&document).plans.remove(0);
        let Action::Agreement(_, AgreementCommand::Sign(terms)) = commands(&plan).remove(0).action
        else {
            panic!()
        };
        terms.lines[0].dims.humanitarian
    };
    assert_eq!(flag("", ""), None);
    assert_eq!(flag("humanitarian=\"1\"", ""), Some(true));
    assert_eq!(
        flag("humanitarian=\"true\"", "humanitarian=\"0\""),
        Some(false)
    );
    assert_eq!(flag("", "humanitarian=\"1\""), Some(true));
}

#[test]
fn codes_that_cannot_be_used_are_said_and_left_out() {
    let remarks = |body: &str| {
        let plan = plan(&[body, &transaction("2", "2020-05-01", "5")].concat());
        plan.remarks
            .iter()
            .map(|item| item.reason.code())
            .collect::<Vec<_>>()
    };
    for body in [
        "<sector code=\"\"/>",
        "<sector code=\"720100\"/>",
        "<sector code=\"72010\" percentage=\"many\"/>",
        "<sector code=\"72010\" percentage=\"-5\"/>",
        "<recipient-country code=\"Sudan\"/>",
        "<recipient-region code=\"Africa\"/>",
    ] {
        assert_eq!(remarks(body), ["CODE_UNUSABLE"], "{body}");
    }
    for body in [
        "<sector code=\"72010\"/>",
        "<sector code=\"X\" vocabulary=\"99\"/>",
        "<recipient-region code=\"2\" vocabulary=\"2\"/>",
    ] {
        assert!(remarks(body).is_empty(), "{body}");
    }
    // A DAC region where a country should stand is a region.
    let region = dims("<recipient-country code=\"998\"/>", "").places;
    assert_eq!(shares(&region), [(Vocabulary::Region, "998", 1_000_000)]);
}
