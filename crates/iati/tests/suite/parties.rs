//! Who gave and who got, on which line, and which lines carry no commitment (SEMANTICS.md 3 "Counterparty", "Lines").

use perennial_domain::agreement::{AgreementCommand, Cash, Terms};
use perennial_domain::command::Action;
use perennial_domain::party::OrgRef;
use perennial_iati::ActivityPlan;

use crate::ledger::{Ledger, commands};
use crate::xml::{of, transaction, transaction_with};

const FUNDER: &str = "<participating-org ref=\"XM-FUND\" role=\"1\"/>";
const OTHER_FUNDER: &str = "<participating-org ref=\"XM-FUND-2\" role=\"Funding\"/>";
const IMPLEMENTER: &str = "<participating-org ref=\"XM-NGO\" role=\"4\"/>";
const OTHER_IMPLEMENTER: &str = "<participating-org ref=\"XM-NGO-2\" role=\"Implementing\"/>";

fn plan(body: &str) -> ActivityPlan {
    Ledger::default().import(&of(body)).plans.remove(0)
}

fn terms(plan: &ActivityPlan) -> Terms {
    commands(plan)
        .into_iter()
        .find_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::Sign(terms)) => Some(terms),
            _ => None,
        })
        .unwrap()
}

fn disbursed(plan: &ActivityPlan) -> Vec<Cash> {
    commands(plan)
        .into_iter()
        .filter_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::Disburse { cash, .. }) => Some(cash),
            _ => None,
        })
        .collect()
}

/// (provider, derived, recipient, derived)
fn parties(body: &str) -> (String, bool, String, bool) {
    let terms = terms(&plan(body));
    (
        terms.provider.key().to_owned(),
        terms.provider.derived,
        terms.recipient.key().to_owned(),
        terms.recipient.derived,
    )
}

fn expected(
    provider: &str,
    derived: bool,
    recipient: &str,
    also: bool,
) -> (String, bool, String, bool) {
    (provider.to_owned(), derived, recipient.to_owned(), also)
}

#[test]
fn published_parties_are_taken_as_they_are() {
    let orgs =
        "<provider-org ref=\"XM-A\"/><receiver-org><narrative>Village B</narrative></receiver-org>";
    let body = [
        FUNDER,
        IMPLEMENTER,
        &transaction_with("2", "2020-05-01", "5", orgs),
    ]
    .concat();
    assert_eq!(parties(&body), expected("XM-A", false, "Village B", false));
}

#[test]
fn an_outgoing_agreement_is_from_the_reporter_to_the_only_implementer_else_to_nobody_named() {
    let commitment = transaction("2", "2020-05-01", "5");
    let with = |orgs: &[&str]| parties(&[&orgs.concat(), commitment.as_str()].concat());
    assert_eq!(
        with(&[FUNDER, IMPLEMENTER]),
        expected("XM-TEST", true, "XM-NGO", true)
    );
    assert_eq!(
        with(&[IMPLEMENTER, IMPLEMENTER]),
        expected("XM-TEST", true, "XM-NGO", true)
    );
    assert_eq!(
        with(&[IMPLEMENTER, OTHER_IMPLEMENTER]),
        expected("XM-TEST", true, "unspecified", true)
    );
    assert_eq!(with(&[]), expected("XM-TEST", true, "unspecified", true));
}

#[test]
fn an_incoming_agreement_is_from_the_only_funder_to_the_only_implementer_else_to_the_reporter() {
    let commitment = transaction("11", "2020-05-01", "5");
    let with = |orgs: &[&str]| parties(&[&orgs.concat(), commitment.as_str()].concat());
    assert_eq!(with(&[FUNDER]), expected("XM-FUND", true, "XM-TEST", true));
    assert_eq!(
        with(&[FUNDER, IMPLEMENTER]),
        expected("XM-FUND", true, "XM-NGO", true)
    );
    assert_eq!(
        with(&[FUNDER, OTHER_FUNDER]),
        expected("unspecified", true, "XM-TEST", true)
    );
}

#[test]
fn counterparties_are_lines_of_one_agreement_and_spending_goes_to_the_line_of_its_own() {
    let to = |code: &str, value: &str, org: &str| {
        transaction_with(
            code,
            "2020-05-01",
            value,
            &format!("<receiver-org ref=\"{org}\"/>"),
        )
    };
    let plan = plan(
        &[
            to("2", "10", "XM-A"),
            to("2", "20", "XM-B"),
            to("3", "1", "XM-B"),
            to("3", "2", "XM-C"),
        ]
        .concat(),
    );
    let terms = terms(&plan);
    let lines: Vec<Option<&str>> = terms
        .lines
        .iter()
        .map(|line| line.counterparty.as_ref().map(OrgRef::key))
        .collect();
    assert_eq!(terms.recipient.key(), "XM-A");
    assert_eq!(lines, [None, Some("XM-B"), Some("XM-C")]);
    let cash = disbursed(&plan);
    assert_eq!(cash[0].lines[0].line_id, terms.lines[1].line_id);
    assert_eq!(cash[1].lines[0].line_id, terms.lines[2].line_id);
    assert_eq!(cash[0].receiver, None, "the line says who is paid");
    let notes = |at: usize| cash[at].published.clone().unwrap().notes;
    assert!(notes(0).is_empty());
    assert_eq!(notes(1), ["NO_MATCHING_LINE"]);
}

#[test]
fn a_line_is_a_counterparty_with_sectors_places_and_flag() {
    let with = |more: &str| transaction_with("2", "2020-05-01", "5", more);
    let flagged = with("").replace("<transaction>", "<transaction humanitarian=\"1\">");
    let plan = plan(
        &[
            with(""),
            with("<sector code=\"72010\"/>"),
            with("<recipient-country code=\"SS\"/>"),
            flagged,
            with("<sector code=\"72010\"/>"),
        ]
        .concat(),
    );
    let terms = terms(&plan);
    assert_eq!(terms.lines.len(), 4);
    assert_eq!(
        terms.lines[1].dims.purposes.shares()[0].code.as_ref(),
        "72010"
    );
    assert_eq!(terms.lines[2].dims.places.shares()[0].code.as_ref(), "SS");
    assert_eq!(terms.lines[3].dims.humanitarian, Some(true));
}

#[test]
fn a_later_file_finds_the_same_line_and_opens_what_is_missing() {
    let committed = transaction("2", "2020-05-01", "5");
    let paid = transaction("3", "2020-06-01", "5");
    let elsewhere = transaction_with("3", "2020-07-01", "6", "<recipient-country code=\"SS\"/>");
    let mut ledger = Ledger::default();
    let first = ledger.import(&of(&committed)).plans.remove(0);
    let later = ledger
        .import(&of(&[committed, paid, elsewhere].concat()))
        .plans
        .remove(0);
    let commands = commands(&later);
    let Action::Agreement(_, AgreementCommand::OpenLine(opened)) = &commands[0].action else {
        panic!("{commands:?}")
    };
    assert_eq!(commands[0].effective_on.to_string(), "2020-07-01");
    let cash = disbursed(&later);
    assert_eq!(cash[0].lines[0].line_id, terms(&first).lines[0].line_id);
    assert!(cash[0].published.clone().unwrap().notes.is_empty());
    assert_eq!(cash[1].lines[0].line_id, opened.line_id);
    assert_eq!(
        cash[1].published.clone().unwrap().notes,
        ["NO_MATCHING_LINE"]
    );
}

#[test]
fn another_party_on_the_own_side_is_named_by_payments_and_noted_on_commitments() {
    let from = |code: &str, org: &str| {
        transaction_with(
            code,
            "2020-05-01",
            "5",
            &format!("<provider-org ref=\"{org}\"/>"),
        )
    };
    let plan = plan(
        &[
            from("2", "XM-TEST"),
            from("2", "XM-A"),
            from("3", "XM-A"),
            from("3", "XM-TEST"),
        ]
        .concat(),
    );
    let providers: Vec<Option<String>> = disbursed(&plan)
        .into_iter()
        .map(|cash| cash.provider.map(|org| org.key().to_owned()))
        .collect();
    assert_eq!(providers, [Some("XM-A".to_owned()), None]);
    let notes: Vec<Vec<String>> = commands(&plan)
        .into_iter()
        .filter_map(|command| match command.action {
            Action::Agreement(_, AgreementCommand::IncreaseCommitment { published, .. }) => {
                Some(published.unwrap().notes)
            }
            _ => None,
        })
        .collect();
    assert_eq!(notes, [vec![], vec!["OWN_SIDE_DIFFERS".to_owned()]]);
}
