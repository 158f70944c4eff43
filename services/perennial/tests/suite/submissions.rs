use perennial_cli::submission::{Decoded, SubmissionSchema};
use perennial_wire::pb::ledger::{Command, Disburse, command};

fn decode(text: &str) -> Result<Vec<Decoded>, Vec<String>> {
    SubmissionSchema::built_in()
        .unwrap()
        .decode(text, "demo")
        .map_err(|violations| {
            violations
                .iter()
                .map(|violation| {
                    let place = violation.place;
                    format!(
                        "{}:{} {}: {}",
                        place.line, place.column, violation.path, violation.problem
                    )
                })
                .collect()
        })
}

fn disburse(command: &Command) -> &Disburse {
    let Some(command::Action::Disburse(disburse)) = &command.action else {
        panic!("{:?}", command.action);
    };
    disburse
}

const PAYMENT: &str = r#"{"commands": [{"effective_on": "2026-07-10",
  "disburse": {"agreement_id": "grant-1", "amount": "200000.50 USD"}}]}"#;

#[test]
fn amounts_and_dates_are_written_as_people_write_them() {
    let decoded = decode(PAYMENT).unwrap();
    let command = &decoded[0].submission.commands[0];
    let on = command.effective_on.unwrap();
    assert_eq!((on.year, on.month, on.day), (2026, 7, 10));
    let amount = disburse(command).amount.clone().unwrap();
    assert_eq!(
        (amount.currency_code.as_str(), amount.units, amount.nanos),
        ("USD", 200_000, 500_000_000)
    );
}

#[test]
fn the_mapping_of_the_api_is_understood_as_well() {
    let text = r#"{"requestId": "2b7c3b7e-93a1-4c53-9d6e-0d6f2f6d7c11", "commands": [{
        "effectiveOn": {"year": 2026, "month": 7, "day": 10},
        "disburse": {"agreementId": "grant-1", "amount": {"currencyCode": "USD", "units": "5"}}}]}"#;
    let decoded = decode(text).unwrap();
    let submission = &decoded[0].submission;
    assert_eq!(
        submission.request_id,
        "2b7c3b7e-93a1-4c53-9d6e-0d6f2f6d7c11"
    );
    assert_eq!(
        disburse(&submission.commands[0])
            .amount
            .clone()
            .unwrap()
            .units,
        5
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = r#"{
  "commands": [
    {
      "effective_on": "31.01.2027",
      "disburse": { "agreement_id": "grant-1", "amout": "1.00 USD", "amount": "0.5 JPY" }
    },
    {
      "effective_on": "2027-01-31",
      "sign_agreement": { "agreement_id": 17, "perspective": "giver", "lines": "none" }
    }
  ],
  "expected_revisions": [{ "stream": "agreement/grant-1", "expected_revision": -1 }]
}"#;
    let violations = decode(text).unwrap_err();
    let starts = [
        "4:23 commands[0].effective_on: \"31.01.2027\" is no date",
        "5:48 commands[0].disburse.amout: unknown field \"amout\": did you mean \"amount\"?",
        "5:79 commands[0].disburse.amount: ",
        "9:43 commands[1].sign_agreement.agreement_id: ",
        "9:62 commands[1].sign_agreement.perspective: \"giver\" is none of: provider, recipient",
        "9:80 commands[1].sign_agreement.lines: is no list",
        "12:80 expected_revisions[0].expected_revision: ",
    ];
    assert_eq!(violations.len(), starts.len(), "{violations:#?}");
    for (violation, start) in violations.iter().zip(starts) {
        assert!(
            violation.starts_with(start),
            "{violation} should start with {start}"
        );
    }
}

#[test]
fn text_that_is_no_json_is_told_with_its_place() {
    let violations = decode("{\n  \"commands\": [,]\n}").unwrap_err();
    assert_eq!(violations.len(), 1);
    assert!(
        violations[0].starts_with("2:16 : is no JSON"),
        "{violations:?}"
    );
    assert_eq!(
        decode("  \n").unwrap_err(),
        ["1:1 : there is no submission"]
    );
}

#[test]
fn a_field_written_twice_is_refused_and_so_are_two_actions_in_one_command() {
    let violations = decode(r#"{"commands": [], "commands": []}"#).unwrap_err();
    assert_eq!(violations, ["1:18 commands: is there twice"]);
    let text = r#"{"commands": [{"cancel_tranche": {}, "shorten_period": {}}]}"#;
    let violations = decode(text).unwrap_err();
    assert_eq!(
        violations,
        [
            "1:38 commands[0].shorten_period: stands beside \"cancel_tranche\": only one of them is allowed"
        ]
    );
}

#[test]
fn a_nesting_without_end_is_refused_before_it_fills_the_stack() {
    let depth = 60;
    let text = format!(
        r#"{{"commands": [{}{{}}{}]}}"#,
        r#"{"replace_entry": {"replacement": "#.repeat(depth),
        "}}".repeat(depth)
    );
    let violations = decode(&text).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert!(
        violations[0].ends_with("nested more than 40 deep"),
        "{violations:?}"
    );
}

#[test]
fn the_same_text_has_the_same_request_id_and_a_repetition_another() {
    let once = decode(PAYMENT).unwrap();
    let twice = decode(&format!("{PAYMENT}\n{PAYMENT}\n")).unwrap();
    let id = |decoded: &[Decoded], index: usize| decoded[index].submission.request_id.clone();
    assert_eq!(id(&once, 0), id(&twice, 0));
    assert_ne!(id(&twice, 0), id(&twice, 1));
    assert_eq!(once[0].submission.ledger_id, "demo");
}

#[test]
fn a_submission_for_another_ledger_is_not_sent() {
    let violations = decode(r#"{"ledger_id": "other", "commands": []}"#).unwrap_err();
    assert_eq!(
        violations,
        ["1:2 ledger_id: names ledger \"other\", the command \"demo\""]
    );
}

#[test]
fn fields_that_the_service_finds_wrong_are_known_by_their_place() {
    let decoded = decode(PAYMENT).unwrap();
    let place = decoded[0].places["commands[0].disburse.amount"];
    assert_eq!((place.line, place.column), (2, 43));
    let place = decoded[0].places["commands[0]"];
    assert_eq!((place.line, place.column), (1, 15));
}
