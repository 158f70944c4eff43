//! Every reason of an error has its page, and every code of an import its row.

use perennial_xtask::tidy::error_pages::check;

use crate::{told, tree};

const REJECTION: &str = "crates/domain/src/rejection.rs";

/// Returns a page that has every part.
fn page(reason: &str) -> String {
    format!("# {reason}\n\n## What comes with it\n\n## What to do\n\n- Ask again.\n\n## Example\n")
}

/// Returns an index of these reasons.
fn index(reasons: &[&str]) -> String {
    let rows = reasons
        .iter()
        .map(|reason| format!("| [{reason}]({reason}.md) | `ABORTED` | 5 | moved on |\n"));
    format!(
        "| Reason | Code |\n| --- | --- |\n{}",
        rows.collect::<String>()
    )
}

/// Checks `sources` beside complete pages of `documented` and their index.
fn check_sources(sources: &[(&str, &str)], documented: &[&str]) -> Vec<String> {
    let index = index(documented);
    let pages: Vec<(String, String)> = documented
        .iter()
        .map(|reason| (format!("docs/errors/{reason}.md"), page(reason)))
        .collect();
    let mut files = sources.to_vec();
    files.push(("docs/errors/README.md", &index));
    files.extend(
        pages
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    told(&check(&tree(&files)))
}

#[test]
fn reasons_are_found_in_every_place_that_gives_one() {
    let sources = [
        (
            REJECTION,
            "impl Rejection { pub const fn reason(&self) -> &'static str { match self { Self::A => \"UNKNOWN_LINE\", } } }",
        ),
        (
            "crates/domain/src/rule.rs",
            "rules! {\n/// A split.\nSplit = \"R4\", \"SPLIT_INEXACT\", Refuse, Flag;\n}",
        ),
        (
            "crates/wire/src/violation.rs",
            "impl Reason { fn as_str(self) -> &'static str { \"INVALID_FIELD\" } }",
        ),
        (
            "crates/transport/src/request_size.rs",
            "fn f() { rich_error::RichError::new(Code::Internal, \"REQUEST_TOO_LARGE\", format!(\"{}\", 1)); }",
        ),
        (
            "services/queryd/src/grpc/error.rs",
            "const LAGGING: &str = \"PROJECTION_LAGGING\";\nfn known() -> Vec<&'static str> { vec![\"BASIS_REQUIRED\"] }",
        ),
    ];
    let documented = [
        "UNKNOWN_LINE",
        "SPLIT_INEXACT",
        "INVALID_FIELD",
        "REQUEST_TOO_LARGE",
        "PROJECTION_LAGGING",
        "BASIS_REQUIRED",
    ];
    assert_eq!(check_sources(&sources, &documented), [""; 0]);
    let path = "no page docs/errors";
    assert_eq!(
        check_sources(&sources, &[]),
        [
            format!(
                "services/queryd/src/grpc/error.rs:2: reason BASIS_REQUIRED has {path}/BASIS_REQUIRED.md"
            ),
            format!(
                "crates/wire/src/violation.rs:1: reason INVALID_FIELD has {path}/INVALID_FIELD.md"
            ),
            format!(
                "services/queryd/src/grpc/error.rs:1: reason PROJECTION_LAGGING has {path}/PROJECTION_LAGGING.md"
            ),
            format!(
                "crates/transport/src/request_size.rs:1: reason REQUEST_TOO_LARGE has {path}/REQUEST_TOO_LARGE.md"
            ),
            format!(
                "crates/domain/src/rule.rs:3: reason SPLIT_INEXACT has {path}/SPLIT_INEXACT.md"
            ),
            format!("{REJECTION}:1: reason UNKNOWN_LINE has {path}/UNKNOWN_LINE.md"),
        ]
    );
}

#[test]
fn other_strings_are_no_reasons() {
    let sources = [
        (
            "services/perennial/src/failure.rs",
            "fn code_name() -> &'static str { \"ABORTED\" }\nimpl Id { fn as_str(&self) -> &str { \"ABCD\" } }",
        ),
        (
            REJECTION,
            "fn reason() -> &'static str { if true { \"R10\" } else { \"not a reason\" } }\n#[cfg(test)]\nmod tests { fn reason() -> &'static str { \"MADE_UP\" } }",
        ),
        (
            "crates/wire/tests/suite/main.rs",
            "fn f() { RichError::new(Code::Ok, \"MADE_UP\", \"\"); }",
        ),
        (
            "services/ledgerd/src/grpc/error.rs",
            "#[doc = \"MADE_UP\"]\npub fn f() {}",
        ),
    ];
    assert_eq!(check_sources(&sources, &[]), [""; 0]);
}

#[test]
fn a_reason_is_at_least_4_and_at_most_63_characters_long() {
    let long = "A".repeat(63);
    let source = format!(
        "fn reason() -> [&'static str; 4] {{ [\"ABC\", \"ABCD\", \"{long}\", \"{long}A\"] }}"
    );
    assert_eq!(
        check_sources(&[(REJECTION, &source)], &["ABCD", &long]),
        [""; 0]
    );
}

#[test]
fn a_page_whose_reason_nobody_gives_is_found() {
    assert_eq!(
        check_sources(&[], &["UNKNOWN_LINE"]),
        ["docs/errors/UNKNOWN_LINE.md: no source gives the reason UNKNOWN_LINE"]
    );
}

const SOURCE: (&str, &str) = (
    REJECTION,
    "fn reason() -> &'static str { \"UNKNOWN_LINE\" }",
);
const PATH: &str = "docs/errors/UNKNOWN_LINE.md";

#[test]
fn a_page_that_lacks_a_part_is_found() {
    let index = index(&["UNKNOWN_LINE"]);
    let files = [
        SOURCE,
        ("docs/errors/README.md", &index),
        (
            PATH,
            "# UNKNOWN_LIME\n\n## What comes with it\n\n## What to do\n\n- Ask again.\n",
        ),
    ];
    assert_eq!(
        told(&check(&tree(&files))),
        [
            format!("{PATH}: lacks the heading \"# UNKNOWN_LINE\""),
            format!("{PATH}: lacks the heading \"## Example\""),
        ]
    );
}

#[test]
fn what_the_command_line_prints_is_plain_and_stands_in_the_example() {
    let index = index(&["UNKNOWN_LINE"]);
    let check_page = |advice: &str, example: &str| {
        let page = format!(
            "# UNKNOWN_LINE\n\n## What comes with it\n\n## What to do\n\n{advice}\n- Or not.\n\n## Example\n\n{example}\n"
        );
        told(&check(&tree(&[
            SOURCE,
            ("docs/errors/README.md", &index),
            (PATH, &page),
        ])))
    };
    let example = "error: no\nwhy: UNKNOWN_LINE (line_id one)\ntry: Correct it.";
    assert_eq!(check_page("- Correct it.", example), [""; 0]);
    assert_eq!(
        check_page("- Correct it.", "1043-0 is flagged"),
        [""; 0],
        "an example without the error"
    );
    assert_eq!(
        check_page("- Correct this.", example),
        [format!(
            "{PATH}: the example does not show the first point of \"What to do\""
        )]
    );
    for marked in ["- See [it](IT.md).", "- Correct **it**."] {
        assert_eq!(
            check_page(marked, example),
            [format!(
                "{PATH}: the first point of \"What to do\" has a link or emphasis"
            )]
        );
    }
    assert_eq!(
        check_page("Correct it.", example),
        [format!(
            "{PATH}: \"What to do\" does not begin with a point"
        )]
    );
}

#[test]
fn the_index_lists_each_page_once_and_nothing_else() {
    let page = page("UNKNOWN_LINE");
    let check_index = |index: &str| {
        let files = [SOURCE, (PATH, &page), ("docs/errors/README.md", index)];
        told(&check(&tree(&files)))
    };
    let index_path = "docs/errors/README.md";
    assert_eq!(
        check_index("| Reason |\n"),
        [format!("{index_path}: does not list UNKNOWN_LINE")]
    );
    assert_eq!(
        check_index(&index(&["UNKNOWN_LINE", "MADE_UP", "UNKNOWN_LINE"])),
        [
            format!("{index_path}:4: lists MADE_UP, which has no page"),
            format!("{index_path}:5: lists UNKNOWN_LINE again, after line 3"),
        ]
    );
    assert_eq!(
        check_index("| [UNKNOWN_LINE](OTHER.md) | |\n"),
        [format!(
            "{index_path}:1: UNKNOWN_LINE links to the page of OTHER"
        )]
    );
}

#[test]
fn the_codes_of_an_import_are_the_rows_of_their_page() {
    let source = (
        "crates/iati/src/plan/reason.rs",
        "fn code() -> &'static str { \"ZERO_AMOUNT\" }\npub const NOTE: &str = \"NO_MATCHING_LINE\";",
    );
    let check_page = |page: &str| told(&check(&tree(&[source, ("docs/import-reasons.md", page)])));
    assert_eq!(
        check_page(
            "| `ZERO_AMOUNT` | a | b |\n| `NO_MATCHING_LINE` | a | b |\n| `R25` | a | b |\n"
        ),
        [""; 0]
    );
    assert_eq!(
        check_page("| `ZERO_AMOUNT` | a | b |\n| `TEXT_CUT` | a | b |\n"),
        [
            "crates/iati/src/plan/reason.rs:2: NO_MATCHING_LINE has no row in docs/import-reasons.md",
            "docs/import-reasons.md:2: TEXT_CUT is no code of crates/iati/src/plan/reason.rs",
        ]
    );
}
