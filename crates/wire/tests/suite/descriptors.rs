//! The descriptor set: reflection and the JSON mapping read it, the tests check our rules for stored messages.

use prost_reflect::{Cardinality, DescriptorPool, Kind, MessageDescriptor};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(perennial_wire::FILE_DESCRIPTOR_SET).unwrap()
}

fn messages_of(package: &str) -> Vec<MessageDescriptor> {
    pool()
        .all_messages()
        .filter(|message| message.package_name() == package)
        .collect()
}

#[test]
fn the_descriptor_set_names_every_service() {
    let mut services: Vec<String> = pool()
        .services()
        .map(|service| service.full_name().to_owned())
        .collect();
    services.sort();
    let expected = [
        "perennial.admin.v1.LedgerAdminService",
        "perennial.admin.v1.NodeService",
        "perennial.admin.v1.ProjectionAdminService",
        "perennial.audit.v1.AuditService",
        "perennial.ledger.v1.LedgerService",
        "perennial.logstream.v1.LogStreamService",
        "perennial.query.v1.QueryService",
    ];
    assert_eq!(services, expected);
}

#[test]
fn stored_messages_hold_no_maps_floats_or_any() {
    let messages = messages_of("perennial.log.v1");
    assert!(messages.len() > 40, "{}", messages.len());
    for field in messages.iter().flat_map(MessageDescriptor::fields) {
        let name = field.full_name();
        assert!(!field.is_map(), "{name} is a map");
        assert!(
            !matches!(field.kind(), Kind::Float | Kind::Double),
            "{name} is a float"
        );
        if let Kind::Message(message) = field.kind() {
            assert_eq!(
                message.package_name(),
                "perennial.log.v1",
                "{name} is of another package"
            );
        }
    }
}

#[test]
fn no_message_of_ours_holds_floats() {
    for message in pool()
        .all_messages()
        .filter(|m| m.package_name().starts_with("perennial."))
    {
        for field in message.fields() {
            let float = matches!(field.kind(), Kind::Float | Kind::Double);
            assert!(!float, "{} is a float", field.full_name());
        }
    }
}

#[test]
fn every_enumeration_begins_with_unspecified() {
    for enumeration in pool()
        .all_enums()
        .filter(|e| e.package_name().starts_with("perennial."))
    {
        let zero = enumeration.get_value(0).unwrap();
        assert!(
            zero.name().ends_with("_UNSPECIFIED"),
            "{}",
            zero.full_name()
        );
    }
}

#[test]
fn every_repeated_field_documents_its_maximum() {
    let without: Vec<String> = pool()
        .all_messages()
        .filter(|message| message.package_name().starts_with("perennial."))
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter(|field| field.cardinality() == Cardinality::Repeated)
        .filter(|field| {
            let comment = comment(field.parent_file().file_descriptor_proto(), field.path());
            let says = ["at most", "the first 100", "4 MiB"];
            !says.iter().any(|words| comment.contains(words))
        })
        .map(|field| field.full_name().to_owned())
        .collect();
    assert_eq!(without, Vec::<String>::new());
}

fn comment(file: &prost_reflect::prost_types::FileDescriptorProto, path: &[i32]) -> String {
    let info = file.source_code_info.as_ref().unwrap();
    let mut locations = info.location.iter();
    let location = locations.find(|location| location.path == path);
    location
        .map(|location| location.leading_comments().to_owned())
        .unwrap_or_default()
}
