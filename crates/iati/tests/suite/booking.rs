//! One published transaction is one event: its kind, sign, order, date, amount and what is kept of it.

use perennial_domain::agreement::{AgreementCommand, OtherFlowKind, Perspective, Published};
use perennial_domain::command::{Action, Command};
use perennial_iati::ActivityPlan;
use perennial_iati::plan::identity::agreement_id;
use perennial_iati::vocabulary::Direction;

use crate::ledger::{Ledger, commands, money};
use crate::xml::{IDENTIFIER, activity, document, of, transaction, transaction_with};

fn plan(body: &str) -> ActivityPlan {
    Ledger::default().import(&of(body)).plans.remove(0)
}

fn rows(body: &str) -> Vec<(String, &'static str, String)> {
    money(&plan(body))
}

fn row(on: &str, kind: &'static str, amount: &str) -> (String, &'static str, String) {
    (on.to_owned(), kind, amount.to_owned())
}

/// What is kept of the published entries, in order of booking.
fn published(plan: &ActivityPlan) -> Vec<Published> {
    let of = |command: Command| match command.action {
        Action::Agreement(_, action) => match action {
            AgreementCommand::IncreaseCommitment { published, .. }
            | AgreementCommand::DecreaseCommitment { published, .. } => published,
            AgreementCommand::Disburse { cash, .. }
            | AgreementCommand::Reimburse(cash)
            | AgreementCommand::ConfirmReceipt { cash, .. }
            | AgreementCommand::Refund { cash, .. }
            | AgreementCommand::ReportExpenditure { cash, .. }
            | AgreementCommand::RecordOtherFlow { cash, .. } => cash.published,
            _ => None,
        },
        _ => None,
    };
    commands(plan).into_iter().filter_map(of).collect()
}

fn reasons(body: &str) -> Vec<&'static str> {
    plan(body)
        .refused
        .iter()
        .map(|item| item.reason.code())
        .collect()
}

#[test]
fn every_type_has_its_command_and_its_side() {
    let each = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let body: String = each
        .iter()
        .map(|code| transaction(code, "2020-05-01", "5"))
        .collect();
    let on = "2020-05-01";
    assert_eq!(
        rows(&body),
        [
            // The incoming agreement.
            row(on, "increase", "5.00 EUR"),
            row(on, "receive", "5.00 EUR"),
            row(on, "other", "5.00 EUR"),
            // The outgoing one.
            row(on, "increase", "5.00 EUR"),
            row(on, "disburse", "5.00 EUR"),
            row(on, "reimburse", "5.00 EUR"),
            row(on, "spend", "5.00 EUR"),
            row(on, "other", "5.00 EUR"),
            row(on, "other", "5.00 EUR"),
            row(on, "other", "5.00 EUR"),
            row(on, "other", "5.00 EUR"),
        ]
    );
}

#[test]
fn a_negative_value_is_its_own_kind_and_other_flows_keep_their_sign() {
    let each = ["1", "2", "3", "4", "5", "7", "11"];
    let body: String = each
        .iter()
        .map(|code| transaction(code, "2020-05-01", "-5"))
        .collect();
    let on = "2020-05-01";
    let plan = plan(&body);
    assert_eq!(
        money(&plan),
        [
            row(on, "decrease", "-5.00 EUR"),
            row(on, "give back", "-5.00 EUR"),
            row(on, "decrease", "-5.00 EUR"),
            row(on, "refund", "-5.00 EUR"),
            row(on, "refund", "-5.00 EUR"),
            row(on, "unspend", "-5.00 EUR"),
            row(on, "other", "-5.00 EUR"),
        ]
    );
    let refunds: Vec<String> = published(&plan)
        .into_iter()
        .map(|entry| entry.type_code)
        .collect();
    assert!(
        refunds.contains(&"7".to_owned()),
        "the published type is kept"
    );
}

#[test]
fn version_1_letters_mean_the_same_types_and_are_kept() {
    for (letters, kind) in [
        ("IF", "receive"),
        ("C", "increase"),
        ("D", "disburse"),
        ("E", "spend"),
        ("R", "reimburse"),
    ] {
        let plan = plan(&transaction(letters, "2020-05-01", "5"));
        assert_eq!(
            money(&plan),
            [row("2020-05-01", kind, "5.00 EUR")],
            "{letters}"
        );
        assert_eq!(published(&plan)[0].type_code, letters);
    }
    let flows = [
        ("IR", OtherFlowKind::InterestPayment),
        ("IP", OtherFlowKind::InterestPayment),
        ("LR", OtherFlowKind::LoanRepayment),
        ("QP", OtherFlowKind::EquityPurchase),
        ("QS", OtherFlowKind::EquitySale),
        ("CG", OtherFlowKind::CreditGuarantee),
    ];
    for (letters, expected) in flows {
        let plan = plan(&transaction(letters, "2020-05-01", "5"));
        let found = commands(&plan)
            .into_iter()
            .find_map(|command| match command.action {
                Action::Agreement(_, AgreementCommand::RecordOtherFlow { kind, .. }) => Some(kind),
                _ => None,
            });
        assert_eq!(found, Some(expected), "{letters}");
    }
}

#[test]
fn an_agreement_per_direction_and_currency_with_an_id_from_all_three() {
    let dollars = "<transaction><transaction-type code=\"2\"/><transaction-date iso-date=\"2020-05-01\"/><value currency=\"USD\">9</value></transaction>";
    let plan = plan(
        &[
            &transaction("2", "2020-05-01", "5"),
            &transaction("11", "2020-05-01", "5"),
            dollars,
        ]
        .concat(),
    );
    let signed: Vec<(String, Perspective, String)> = commands(&plan)
        .into_iter()
        .filter_map(|command| match command.action {
            Action::Agreement(id, AgreementCommand::Sign(terms)) => Some((
                id.to_string(),
                terms.perspective,
                terms.currency.to_string(),
            )),
            _ => None,
        })
        .collect();
    // SHA-256 of "XM-TEST-1", 0x1F, direction, 0x1F, currency; first 32 hex digits.
    assert_eq!(
        signed,
        [
            (
                "iati-f26ab5bfd2880b56e9c8a3b6bf5e6bb3".to_owned(),
                Perspective::Recipient,
                "EUR".to_owned()
            ),
            (
                "iati-4f4c2895d4ede1f477285f37f29ca3c5".to_owned(),
                Perspective::Provider,
                "EUR".to_owned()
            ),
            (
                "iati-a1d864c896db1566a5a14f93fff7b6c6".to_owned(),
                Perspective::Provider,
                "USD".to_owned()
            ),
        ]
    );
    let eur = perennial_domain::money::Currency::parse("EUR").unwrap();
    assert_eq!(
        agreement_id(IDENTIFIER, Direction::Outgoing, eur).to_string(),
        signed[1].0
    );
}

#[test]
fn the_signature_has_lines_of_zero_no_signature_date_and_the_published_term() {
    let plan = plan(&transaction("2", "2020-05-01", "5"));
    let sign = &commands(&plan)[0];
    let Action::Agreement(_, AgreementCommand::Sign(terms)) = &sign.action else {
        panic!("signed first")
    };
    assert_eq!(sign.effective_on.to_string(), "2020-05-01");
    assert_eq!(
        &*sign.external_reference.as_ref().unwrap().reference,
        IDENTIFIER
    );
    assert_eq!(terms.signed_on, None);
    assert_eq!(terms.starts_on.unwrap().to_string(), "2020-01-01");
    assert_eq!(terms.ends_on.unwrap().to_string(), "2021-12-31");
    assert_eq!(terms.lines.len(), 1);
    assert!(terms.lines[0].amount.is_zero() && terms.lines[0].year_shares.is_empty());
}

#[test]
fn planned_dates_win_over_actual_ones_and_an_end_before_the_start_is_passed_on() {
    let term = |dates: &str| {
        let document = document(&format!(
            "<iati-activity default-currency=\"EUR\"><iati-identifier>X-1</iati-identifier>{dates}{}</iati-activity>",
            transaction("2", "2020-05-01", "5")
        ));
        let plan = Ledger::default().import(&document).plans.remove(0);
        let Action::Agreement(_, AgreementCommand::Sign(terms)) = commands(&plan).remove(0).action
        else {
            panic!()
        };
        (
            terms.starts_on.map(|on| on.to_string()),
            terms.ends_on.map(|on| on.to_string()),
        )
    };
    let date = |kind: &str, on: &str| format!("<activity-date type=\"{kind}\" iso-date=\"{on}\"/>");
    let some = |text: &str| Some(text.to_owned());
    let all = [
        date("2", "2020-02-02"),
        date("1", "2020-01-01"),
        date("4", "2021-04-04"),
        date("3", "2021-03-03"),
    ];
    assert_eq!(
        term(&all.concat()),
        (some("2020-01-01"), some("2021-03-03"))
    );
    let actual = [
        date("start-actual", "2020-02-02"),
        date("END-ACTUAL", "2021-04-04"),
    ];
    assert_eq!(
        term(&actual.concat()),
        (some("2020-02-02"), some("2021-04-04"))
    );
    let reversed = [date("1", "2021-01-01"), date("3", "2020-01-01")];
    assert_eq!(
        term(&reversed.concat()),
        (some("2021-01-01"), some("2020-01-01"))
    );
    assert_eq!(term(""), (None, None));
}

#[test]
fn entries_are_booked_by_date_then_commitments_receipts_disbursements_expenditure() {
    let body = [
        transaction("4", "2020-05-01", "1"),
        transaction("3", "2020-05-01", "2"),
        transaction("3", "2020-04-01", "3"),
        transaction("2", "2020-05-01", "4"),
        transaction("2", "2020-05-01", "5"),
    ];
    assert_eq!(
        rows(&body.concat()),
        [
            row("2020-04-01", "disburse", "3.00 EUR"),
            row("2020-05-01", "increase", "4.00 EUR"),
            row("2020-05-01", "increase", "5.00 EUR"),
            row("2020-05-01", "disburse", "2.00 EUR"),
            row("2020-05-01", "spend", "1.00 EUR"),
        ]
    );
}

#[test]
fn values_with_exponents_and_too_many_decimals_are_rounded_half_to_even_and_kept_as_text() {
    for (text, amount) in [
        ("1.5E3", "1500.00 EUR"),
        ("2.505", "2.50 EUR"),
        ("2.515", "2.52 EUR"),
        ("2.5051", "2.51 EUR"),
        (" 7 ", "7.00 EUR"),
        ("+.75", "0.75 EUR"),
    ] {
        let plan = plan(&transaction("3", "2020-05-01", text));
        assert_eq!(
            money(&plan),
            [row("2020-05-01", "disburse", amount)],
            "{text}"
        );
        assert_eq!(published(&plan)[0].value_text, text.trim());
    }
}

#[test]
fn minor_digits_follow_the_currency() {
    let of = |currency: &str| {
        format!(
            "<transaction><transaction-type code=\"3\"/><transaction-date iso-date=\"2020-05-01\"/><value currency=\"{currency}\">12.3456</value></transaction>"
        )
    };
    for (currency, amount) in [
        ("JPY", "12 JPY"),
        ("USD", "12.35 USD"),
        ("KWD", "12.346 KWD"),
        ("XDR", "12.35 XDR"),
    ] {
        assert_eq!(rows(&of(currency))[0].2, amount);
    }
}

#[test]
fn what_cannot_be_booked_is_refused_with_its_reason() {
    let with = |kind: &str, date: &str, value: &str| {
        format!("<transaction>{kind}{date}{value}</transaction>")
    };
    let (kind, date) = (
        "<transaction-type code=\"3\"/>",
        "<transaction-date iso-date=\"2020-05-01\"/>",
    );
    let value = "<value>5</value>";
    let cases = [
        (with("", date, value), "MISSING_TYPE"),
        (
            with("<transaction-type>3</transaction-type>", date, value),
            "MISSING_TYPE",
        ),
        (
            with("<transaction-type code=\"14\"/>", date, value),
            "UNKNOWN_TYPE",
        ),
        (with(kind, date, ""), "MISSING_VALUE"),
        (with(kind, date, "<value/>"), "MISSING_VALUE"),
        (with(kind, date, "<value>1,000</value>"), "MALFORMED_VALUE"),
        (with(kind, date, "<value>five</value>"), "MALFORMED_VALUE"),
        (
            with(kind, date, "<value>10000000000000000</value>"),
            "AMOUNT_OUT_OF_RANGE",
        ),
        (
            with(kind, date, "<value currency=\"XXX\">5</value>"),
            "UNKNOWN_CURRENCY",
        ),
        (with(kind, date, "<value>0</value>"), "ZERO_AMOUNT"),
        (with(kind, date, "<value>-0.00</value>"), "ZERO_AMOUNT"),
        (with(kind, date, "<value>0.005</value>"), "ZERO_AMOUNT"),
        (with(kind, "", value), "MISSING_DATE"),
        (
            with(kind, "<transaction-date iso-date=\"soon\"/>", value),
            "MALFORMED_DATE",
        ),
        (
            with(kind, "<transaction-date iso-date=\"1959-12-31\"/>", value),
            "MALFORMED_DATE",
        ),
        (
            with(kind, "<transaction-date iso-date=\"2101-01-01\"/>", value),
            "MALFORMED_DATE",
        ),
    ];
    for (body, reason) in cases {
        assert_eq!(reasons(&body), [reason], "{body}");
    }
}

#[test]
fn the_neighbours_of_each_limit_are_booked() {
    let with = |date: &str, value: &str| {
        let date = format!("<transaction-date iso-date=\"{date}\"/>");
        format!(
            "<transaction><transaction-type code=\"3\"/>{date}<value>{value}</value></transaction>"
        )
    };
    let found = |date: &str, value: &str| rows(&with(date, value)).remove(0);
    assert_eq!(
        found("2020-05-01", "9999999999999999.99").2,
        "9999999999999999.99 EUR"
    );
    assert_eq!(found("2020-05-01", "0.006").2, "0.01 EUR");
    assert_eq!(found("1960-01-01", "5").0, "1960-01-01");
    assert_eq!(found("2100-12-31", "5").0, "2100-12-31");
}

#[test]
fn a_value_without_any_currency_is_refused() {
    let body = transaction("3", "2020-05-01", "5");
    let without_currency = activity(&body).replace(" default-currency=\"EUR\"", "");
    let import = Ledger::default().import(&document(&without_currency));
    assert_eq!(import.plans[0].refused[0].reason.code(), "MISSING_CURRENCY");
    assert_eq!(import.submissions, 0);
}

#[test]
fn a_date_that_is_an_amount_gives_way_to_the_value_date_and_is_noted() {
    let body = "<transaction><transaction-type code=\"3\"/><transaction-date iso-date=\"314804\"/>\
                <value value-date=\"2020-12-31\">5</value></transaction>";
    let plan = plan(body);
    assert_eq!(money(&plan), [row("2020-12-31", "disburse", "5.00 EUR")]);
    let kept = &published(&plan)[0];
    assert_eq!(kept.date_text.as_deref(), Some("314804"));
    assert_eq!(kept.notes, ["NO_MATCHING_LINE", "VALUE_DATE_USED"]);
}

#[test]
fn an_activity_without_an_identifier_or_with_one_seen_before_is_refused_whole() {
    let nameless = activity(&transaction("3", "2020-05-01", "5")).replace(IDENTIFIER, " ");
    let twice = activity(&transaction("3", "2020-05-01", "5"));
    let import = Ledger::default().import(&document(&[nameless, twice.clone(), twice].concat()));
    let reasons: Vec<(String, u64, Vec<String>)> = import
        .tally
        .reasons()
        .into_iter()
        .map(|reason| (reason.reason, reason.count, reason.locators))
        .collect();
    assert_eq!(
        reasons,
        [
            (
                "DUPLICATE_ACTIVITY".to_owned(),
                1,
                vec!["XM-TEST-1 line 24".to_owned()]
            ),
            (
                "MISSING_IDENTIFIER".to_owned(),
                1,
                vec!["(no identifier) line 8".to_owned()]
            ),
        ]
    );
    let counts = import.tally.counts();
    assert_eq!(
        (
            counts.activities,
            counts.transactions,
            counts.refused,
            counts.flagged
        ),
        (3, 3, 2, 1)
    );
}

#[test]
fn an_identifier_that_no_ledger_can_keep_is_refused() {
    let of_length = |length: usize| {
        let body = activity(&transaction("3", "2020-05-01", "5"));
        let import =
            Ledger::default().import(&document(&body.replace(IDENTIFIER, &"x".repeat(length))));
        import.plans[0]
            .refused
            .iter()
            .map(|item| item.reason.code())
            .collect::<Vec<_>>()
    };
    assert!(of_length(1_000).is_empty());
    assert_eq!(of_length(1_001), ["IDENTIFIER_TOO_LONG"]);
}

#[test]
fn references_and_value_dates_are_kept() {
    let body = "<transaction ref=\"PAY-7\"><transaction-type code=\"3\"/><transaction-date iso-date=\"2020-05-01\"/>\
                <value value-date=\"2020-05-09\">5</value></transaction>";
    let cash = commands(&plan(body))
        .into_iter()
        .find_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::Disburse { cash, .. }) => Some(cash),
            _ => None,
        });
    let cash = cash.unwrap();
    assert_eq!(cash.reference.as_deref(), Some("PAY-7"));
    assert_eq!(cash.value_on.unwrap().to_string(), "2020-05-09");
}

#[test]
fn entries_that_look_the_same_are_numbered_and_narratives_do_not_matter() {
    let told = transaction_with(
        "3",
        "2020-05-01",
        "5",
        "<description><narrative>told</narrative></description>",
    );
    let plan = plan(
        &[
            transaction("3", "2020-05-01", "5"),
            told,
            transaction("3", "2020-05-01", "6"),
        ]
        .concat(),
    );
    let kept = published(&plan);
    assert_eq!(kept[0].occurrence_key, kept[1].occurrence_key);
    assert_ne!(kept[0].occurrence_key, kept[2].occurrence_key);
    assert_eq!(
        kept.iter()
            .map(|entry| entry.occurrence)
            .collect::<Vec<_>>(),
        [1, 2, 1]
    );
}
