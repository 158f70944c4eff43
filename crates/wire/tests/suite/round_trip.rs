//! What goes out comes back as it was.

use perennial_domain::ids::{LedgerId, RequestId};
use perennial_wire::pb;
use perennial_wire::request::{Limits, SubmitInput, canonical_submission, submit};
use perennial_wire::stored::{decode_event, encode_event};

use crate::arbitrary::Random;
use crate::command_samples;

const CASES: usize = 3_000;

#[test]
fn random_events_are_read_back_as_they_were_stored() {
    let mut random = Random::new("random_events_are_read_back_as_they_were_stored");
    for _ in 0..CASES {
        let event = random.event();
        assert_eq!(decode_event(&encode_event(&event)), Ok(event));
    }
}

#[test]
fn random_submissions_pass_the_check_unchanged() {
    let mut random = Random::new("random_submissions_pass_the_check_unchanged");
    for _ in 0..CASES {
        let input = input(random.submission());
        let checked = submit(pb::ledger::SubmitRequest::from(&input), &Limits::default());
        assert_eq!(checked, Ok(input));
    }
}

#[test]
fn every_kind_of_command_passes_the_check_unchanged() {
    for (name, submission) in command_samples::commands() {
        let input = input(submission);
        let checked = submit(pb::ledger::SubmitRequest::from(&input), &Limits::default());
        assert_eq!(checked, Ok(input), "{name}");
    }
}

#[test]
fn equal_submissions_have_one_canonical_encoding_whatever_the_order_of_beliefs_inv_5() {
    let mut random = Random::new("equal_submissions_have_one_canonical_encoding");
    for _ in 0..200 {
        let submission = random.submission();
        let mut reordered = submission.clone();
        reordered.expected.reverse();
        assert_eq!(
            canonical_submission(&submission),
            canonical_submission(&reordered)
        );
    }
}

#[test]
fn another_command_has_another_canonical_encoding_inv_5() {
    let samples = command_samples::commands();
    let mut encodings: Vec<Vec<u8>> = samples
        .iter()
        .map(|(_, submission)| canonical_submission(submission))
        .collect();
    encodings.sort();
    encodings.dedup();
    assert_eq!(encodings.len(), samples.len());
}

fn input(submission: perennial_domain::command::Submission) -> SubmitInput {
    SubmitInput {
        ledger_id: LedgerId::parse("acme-books").unwrap(),
        request_id: RequestId([0x42; 16]),
        submission,
        validate_only: true,
    }
}
