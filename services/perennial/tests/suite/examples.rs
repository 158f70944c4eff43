use std::collections::BTreeSet;

use perennial_cli::submission::{SubmissionSchema, example, example_kinds};
use prost_reflect::DescriptorPool;

#[test]
fn every_kind_of_command_has_an_example() {
    let pool = DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET).unwrap();
    let command = pool
        .get_message_by_name("perennial.ledger.v1.Command")
        .unwrap();
    let actions = command
        .oneofs()
        .find(|oneof| oneof.name() == "action")
        .unwrap();
    let kinds: BTreeSet<String> = actions
        .fields()
        .map(|field| field.name().replace('_', "-"))
        .collect();
    let examples: BTreeSet<String> = example_kinds().map(str::to_owned).collect();
    assert_eq!(examples, kinds);
}

#[test]
fn every_example_is_accepted_by_the_rules_of_form_and_is_of_its_kind() {
    let schema = SubmissionSchema::built_in().unwrap();
    let limits = perennial_wire::request::Limits::default();
    for kind in example_kinds() {
        let decoded = schema.decode(example(kind).unwrap(), "demo");
        let decoded = decoded.unwrap_or_else(|violations| panic!("{kind}: {violations:?}"));
        let submission = decoded[0].submission.clone();
        let printed = schema.print(&submission).unwrap();
        assert!(
            printed.contains(&format!("\"{}\":", kind.replace('-', "_"))),
            "{kind}: {printed}"
        );
        let checked = perennial_wire::request::submit(submission, &limits);
        assert!(checked.is_ok(), "{kind}: {:?}", checked.err());
    }
}
