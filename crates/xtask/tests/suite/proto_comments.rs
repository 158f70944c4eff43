//! Every declaration of the API is documented where it stands.

use perennial_xtask::tidy::proto_comments::{check, undocumented};

use crate::{told, tree};

#[track_caller]
fn check_proto(text: &str, expected: &[(usize, &str, &str)]) {
    let found = undocumented(text);
    let found: Vec<(usize, &str, &str)> = found
        .iter()
        .map(|found| (found.line, found.kind, found.name.as_str()))
        .collect();
    assert_eq!(found, expected);
}

const DOCUMENTED: &str = r#"// Licence.
syntax = "proto3";

package perennial.log.v1;

import "google/type/money.proto";
option java_package = "org; { x }";

// A record.
message LogEntry {
  option deprecated = true;
  reserved 4, 5;
  // The header.
  bytes header = 1;
  /* The body,
     as stored. */
  optional bytes body = 2 [json_name = "b", (x) = {a: 1}];
  // One of the two.
  oneof kind {
    // An amount; never zero.
    google.type.Money amount = 3;
  }
  // Names.
  map<string, LogEntry> names = 6;
  // Inside.
  message Inner {}
}

// A kind.
enum Kind {
  // Unknown.
  KIND_UNSPECIFIED = 0;
  // The first.
  KIND_FIRST = 1 [deprecated = true];
}

// The log.
service LogService {
  // Follows the log.
  rpc Tail(TailRequest) returns (stream TailResponse) {
    option (google.api.http) = {get: "/v1/tail"};
  }
  // Ends.
  rpc Head(HeadRequest) returns (HeadResponse);
}
"#;

#[test]
fn a_documented_file_passes() {
    check_proto(DOCUMENTED, &[]);
}

#[test]
fn each_kind_of_declaration_needs_a_comment() {
    let without_block = DOCUMENTED.replace("/* The body,\n     as stored. */", "");
    let bare = without_block
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let found = undocumented(&bare.collect::<Vec<_>>().join("\n"));
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found.kind, found.name.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("message", "LogEntry"),
            ("field", "header"),
            ("field", "body"),
            ("oneof", "kind"),
            ("field", "amount"),
            ("field", "names"),
            ("message", "Inner"),
            ("enum", "Kind"),
            ("value", "KIND_UNSPECIFIED"),
            ("value", "KIND_FIRST"),
            ("service", "LogService"),
            ("rpc", "Tail"),
            ("rpc", "Head"),
        ]
    );
}

#[test]
fn a_comment_behind_the_line_above_belongs_to_that_line() {
    check_proto(
        "// A.\nmessage A {\n  // One.\n  int64 one = 1; // In cents.\n  int64 two = 2;\n}\n",
        &[(5, "field", "two")],
    );
}

#[test]
fn a_comment_with_a_blank_line_below_it_documents_nothing() {
    check_proto("// A section.\n\nmessage A {}\n", &[(3, "message", "A")]);
}

#[test]
fn only_our_own_proto_files_are_checked() {
    let bare = "message A {}\n";
    let files = [
        ("proto/perennial/log/v1/log.proto", bare),
        ("proto/third_party/google/type/money.proto", bare),
    ];
    assert_eq!(
        told(&check(&tree(&files))),
        ["proto/perennial/log/v1/log.proto:1: message `A` has no comment above it"]
    );
}
