//! Every decision is found through the index.

use perennial_xtask::tidy::decisions::check;

use crate::{told, tree};

const INDEX: (&str, &str) = (
    "docs/adr/README.md",
    "| [0001](0001-log.md) | The log | accepted |",
);

#[test]
fn a_page_in_the_index_passes_and_the_template_needs_no_line() {
    let files = [
        INDEX,
        ("docs/adr/0000-template.md", ""),
        ("docs/adr/0001-log.md", ""),
    ];
    assert_eq!(check(&tree(&files)), []);
}

#[test]
fn a_page_outside_the_index_is_found() {
    let files = [
        INDEX,
        ("docs/adr/0001-log.md", ""),
        ("docs/adr/0002-sled.md", ""),
    ];
    assert_eq!(
        told(&check(&tree(&files))),
        ["docs/adr/0002-sled.md: is not in docs/adr/README.md"]
    );
}

#[test]
fn two_pages_with_one_number_are_found() {
    let index = ("docs/adr/README.md", "(0001-log.md) (0001-sled.md)");
    let files = [
        index,
        ("docs/adr/0001-log.md", ""),
        ("docs/adr/0001-sled.md", ""),
    ];
    assert_eq!(
        told(&check(&tree(&files))),
        ["docs/adr/0001-sled.md: has the number of 0001-log.md"]
    );
}
