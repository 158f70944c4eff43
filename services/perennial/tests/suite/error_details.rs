//! What comes with each reason (CONVENTIONS.md 2.4), from a running server over the wire.

use std::collections::BTreeSet;

use perennial_cli::submission::SubmissionSchema;
use perennial_client::{Connection, ErrorAnswer, LedgerClient, RetryPolicy};
use perennial_wire::pb::google::r#type::Money;
use perennial_wire::pb::ledger::{SubmitRequest, command};
use perennial_wire::pb::query::{ListRegistersRequest, ReadOptions, read_options};
use tonic::Code;

use crate::serve::{Server, with_examples};

/// A server with a pledge and an agreement over 1,000,000 USD, converted from it.
struct World {
    server: Server,
    connection: Connection,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kinds = ["announce-pledge", "sign-agreement", "convert-pledge"];
        let server = with_examples(folder.path(), &kinds);
        let connection = Connection::open(&server.address).unwrap();
        Self {
            server,
            connection,
            folder,
        }
    }

    async fn refusal(&self, submission: &SubmitRequest) -> ErrorAnswer {
        let client = LedgerClient::new(self.connection.clone(), RetryPolicy::NEVER);
        let refused = client.submit(submission).await.unwrap_err();
        refused.answer().unwrap().clone()
    }

    /// What the ledger says to one command, written as JSON.
    async fn refused(&self, command: &str) -> ErrorAnswer {
        self.refusal(&submission(command)).await
    }
}

fn submission(command: &str) -> SubmitRequest {
    let text = format!(r#"{{"commands": [{{"effective_on": "2026-07-10", {command}}}]}}"#);
    let mut decoded = SubmissionSchema::built_in()
        .unwrap()
        .decode(&text, "treasury")
        .unwrap();
    decoded.remove(0).submission
}

const PAYMENT: &str = r#""disburse": {"agreement_id": "grant-2026-001", "amount": "1.00 USD",
    "payment_id": "payment-0001"}"#;

/// A payment of `amount`, which the command line itself would not send.
fn paying(amount: &Money) -> SubmitRequest {
    let mut submission = submission(PAYMENT);
    for command in &mut submission.commands {
        if let Some(command::Action::Disburse(disburse)) = &mut command.action {
            disburse.amount = Some(amount.clone());
        }
    }
    submission
}

fn money(currency_code: &str, units: i64, nanos: i32) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        units,
        nanos,
    }
}

fn told<'a>(answer: &'a ErrorAnswer, key: &str) -> &'a str {
    answer
        .metadata
        .get(key)
        .unwrap_or_else(|| panic!("{key} is not in {answer:?}"))
}

fn assert_is(answer: &ErrorAnswer, code: Code, reason: &str) {
    assert_eq!((answer.code, answer.reason.as_str()), (code, reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_violated_field_is_named_by_its_path() {
    let world = World::new();
    let mut wrong = submission(PAYMENT);
    wrong.commands[0].effective_on = None;
    if let Some(command::Action::Disburse(disburse)) = &mut wrong.commands[0].action {
        disburse.agreement_id = "X".to_owned();
    }
    wrong.commands.push(wrong.commands[0].clone());
    let answer = world.refusal(&wrong).await;
    assert_is(&answer, Code::InvalidArgument, "INVALID_FIELD");
    let paths: BTreeSet<&str> = answer
        .fields
        .iter()
        .map(|field| field.path.as_str())
        .collect();
    assert_eq!(
        paths,
        BTreeSet::from([
            "commands[0].effective_on",
            "commands[0].disburse.agreement_id",
            "commands[1].effective_on",
            "commands[1].disburse.agreement_id",
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_yen_is_refused_with_its_currency_and_exponent() {
    let world = World::new();
    let answer = world.refusal(&paying(&money("JPY", 0, 500_000_000))).await;
    assert_is(&answer, Code::InvalidArgument, "AMOUNT_PRECISION");
    assert_eq!(
        (told(&answer, "currency"), told(&answer, "exponent")),
        ("JPY", "0")
    );
    assert_eq!(answer.fields[0].path, "commands[0].disburse.amount");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_of_0_is_refused_with_its_path() {
    let world = World::new();
    let answer = world.refusal(&paying(&money("USD", 0, 0))).await;
    assert_is(&answer, Code::InvalidArgument, "ZERO_AMOUNT");
    assert_eq!(answer.fields[0].path, "commands[0].disburse.amount");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_and_one_commands_are_refused_with_their_number_and_the_limit() {
    let world = World::new();
    let mut large = submission(PAYMENT);
    let one = large.commands[0].clone();
    large.commands = vec![one.clone(); 1_001];
    let answer = world.refusal(&large).await;
    assert_is(&answer, Code::InvalidArgument, "RECORD_TOO_LARGE");
    assert_eq!(
        (told(&answer, "size"), told(&answer, "limit")),
        ("1001", "1000")
    );
    // One less is read: all of them pay under one id, and more than there is.
    large.commands = vec![one; 1_000];
    assert_eq!(world.refusal(&large).await.code, Code::FailedPrecondition);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let world = World::new();
    let mut elsewhere = submission(PAYMENT);
    elsewhere.ledger_id = "no-such-ledger".to_owned();
    let answer = world.refusal(&elsewhere).await;
    assert_is(&answer, Code::NotFound, "UNKNOWN_LEDGER");
    assert_eq!(told(&answer, "ledger_id"), "no-such-ledger");
    for (command, reason, ids) in [
        (
            r#""disburse": {"agreement_id": "no-such-grant", "amount": "1.00 USD"}"#,
            "UNKNOWN_AGREEMENT",
            &[("agreement_id", "no-such-grant")][..],
        ),
        (
            r#""revise_pledge": {"pledge_id": "no-such-pledge", "new_amount": "1.00 USD", "reason": "error"}"#,
            "UNKNOWN_PLEDGE",
            &[("pledge_id", "no-such-pledge")],
        ),
        (
            r#""increase_commitment": {"agreement_id": "grant-2026-001", "line_id": "no-such-line", "amount": "1.00 USD"}"#,
            "UNKNOWN_LINE",
            &[
                ("agreement_id", "grant-2026-001"),
                ("line_id", "no-such-line"),
            ],
        ),
        (
            r#""cancel_tranche": {"agreement_id": "grant-2026-001", "tranche_id": "no-such-tranche", "reason": "error"}"#,
            "UNKNOWN_TRANCHE",
            &[
                ("agreement_id", "grant-2026-001"),
                ("tranche_id", "no-such-tranche"),
            ],
        ),
        (
            r#""complete_import": {"import_id": "no-such-import", "counts": {"activities": 0}}"#,
            "UNKNOWN_IMPORT",
            &[("import_id", "no-such-import")],
        ),
    ] {
        let answer = world.refused(command).await;
        assert_is(&answer, Code::NotFound, reason);
        for (key, id) in ids {
            assert_eq!(told(&answer, key), *id, "{reason}");
        }
        assert_eq!(answer.rules[0].reason, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_moved_on_is_told_with_what_was_expected_and_what_is() {
    let world = World::new();
    let text = format!(
        r#"{{"commands": [{{"effective_on": "2026-07-10", {PAYMENT}}}], "expected_revisions": [
            {{"stream": "agreement/grant-2026-001", "expected_revision": 9}},
            {{"stream": "pledge/pledge-2026-001", "no_stream": true}}]}}"#
    );
    let schema = SubmissionSchema::built_in().unwrap();
    let submission = schema
        .decode(&text, "treasury")
        .unwrap()
        .remove(0)
        .submission;
    let answer = world.refusal(&submission).await;
    assert_is(&answer, Code::Aborted, "REVISION_CONFLICT");
    assert_eq!(told(&answer, "expected"), "at revision 9");
    assert_eq!(told(&answer, "subject"), "agreement/grant-2026-001");
    assert!(told(&answer, "actual").starts_with("is at "), "{answer:?}");
    let subjects: Vec<&str> = answer
        .rules
        .iter()
        .map(|rule| rule.subject.as_str())
        .collect();
    assert_eq!(
        subjects,
        ["agreement/grant-2026-001", "pledge/pledge-2026-001"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_of_another_command_is_refused_with_its_position() {
    let world = World::new();
    let client = LedgerClient::new(world.connection.clone(), RetryPolicy::NEVER);
    let receipt = r#""confirm_receipt": {"agreement_id": "grant-2026-001", "amount": "5.00 USD"}"#;
    let first = submission(receipt);
    let recorded = client.submit(&first).await.unwrap().position.unwrap();
    let mut other = submission(&receipt.replace("5.00", "6.00"));
    other.request_id = first.request_id;
    let answer = world.refusal(&other).await;
    assert_is(&answer, Code::AlreadyExists, "REQUEST_ID_REUSED");
    assert_eq!(told(&answer, "original_position"), recorded.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_comes_with_its_limit_and_what_was_attempted() {
    let world = World::new();
    let answer = world
        .refused(
            r#""confirm_receipt": {"agreement_id": "grant-2026-001", "amount": "1000000.01 USD"}"#,
        )
        .await;
    assert_is(
        &answer,
        Code::FailedPrecondition,
        "DISBURSEMENT_EXCEEDS_COMMITMENT",
    );
    assert_eq!(told(&answer, "rule"), "R10");
    assert_eq!(told(&answer, "limit"), "1000000.00 USD");
    assert_eq!(told(&answer, "attempted"), "1000000.01 USD");
    assert_eq!(answer.rules[0].reason, "DISBURSEMENT_EXCEEDS_COMMITMENT");
    assert_eq!(answer.rules[0].subject, "agreement/grant-2026-001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_beyond_the_head_is_refused_with_the_head() {
    let world = World::new();
    let registers = |position| {
        let known = read_options::Known::AtPosition(position);
        let request = ListRegistersRequest {
            ledger_id: "treasury".to_owned(),
            options: Some(ReadOptions {
                known: Some(known),
                ..ReadOptions::default()
            }),
            page: None,
        };
        let mut client = world.connection.query();
        async move { client.list_registers(request).await }
    };
    registers(3).await.unwrap();
    let beyond = ErrorAnswer::from_status(&registers(4).await.unwrap_err());
    assert_is(&beyond, Code::OutOfRange, "POSITION_NOT_YET");
    assert_eq!(told(&beyond, "head"), "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_of_a_refusal_is_followed_by_what_to_do_about_it() {
    let world = World::new();
    let file = world.folder.path().join("two.json");
    let text = format!(
        r#"{{"commands": [{{"effective_on": "2026-07-10", {PAYMENT}}}], "expected_revisions": [
            {{"stream": "agreement/grant-2026-001", "expected_revision": 9}}]}}"#
    );
    std::fs::write(&file, text).unwrap();
    let (code, _, stderr) = world.server.ask(&["submit", file.to_str().unwrap()]);
    assert_eq!(code, 5, "{stderr}");
    assert!(
        stderr.contains("try: Read the agreement again (`perennial report agreement ID`"),
        "{stderr}"
    );
}
