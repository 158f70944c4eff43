//! `cargo xtask test` counts what ran and repeats what was skipped.

use perennial_xtask::suite::{Output, write_summary};

/// What two test runners print with `--show-output`.
const PRINTED: &str = "\
running 2 tests
test money ... ok
test corpus ... ok

successes:

---- money stdout ----
seed 42

---- corpus stdout ----
SKIPPED: corpus: no folder of published files; set PERENNIAL_DATA

successes:
    corpus
    money

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 11 tests
failures:
---- splits stdout ----
left: 1
test result: FAILED. 10 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s
";

fn read() -> (Output, Vec<&'static str>) {
    let mut output = Output::default();
    let shown = PRINTED
        .lines()
        .filter_map(|line| output.read(line))
        .collect();
    (output, shown)
}

#[test]
fn results_of_all_runners_are_added_up() {
    let (output, _) = read();
    assert_eq!((output.counts().passed, output.counts().failed), (12, 1));
}

#[test]
fn what_passing_tests_print_is_hidden_but_for_what_they_skipped() {
    let (_, shown) = read();
    assert!(shown.contains(&"test corpus ... ok"), "{shown:?}");
    assert!(!shown.contains(&"seed 42"), "{shown:?}");
    assert!(shown.contains(&"SKIPPED: corpus: no folder of published files; set PERENNIAL_DATA"));
    assert!(
        shown.contains(&"left: 1"),
        "what failing tests print is shown: {shown:?}"
    );
}

#[test]
fn the_last_lines_say_what_was_skipped_and_how_many_passed() {
    let (output, _) = read();
    let mut written = Vec::new();
    write_summary(output.counts(), &mut written).expect("memory takes everything");
    assert_eq!(
        String::from_utf8(written).expect("UTF-8"),
        "\n\
         SKIPPED: corpus: no folder of published files; set PERENNIAL_DATA\n\
         12 passed, 1 failed, 1 skipped\n"
    );
}

#[test]
fn a_run_that_skips_nothing_says_so() {
    let mut output = Output::default();
    output.read("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    let mut written = Vec::new();
    write_summary(output.counts(), &mut written).expect("memory takes everything");
    let written = String::from_utf8(written).expect("UTF-8");
    assert_eq!(
        written,
        "\nNothing was skipped.\n3 passed, 0 failed, 0 skipped\n"
    );
}
