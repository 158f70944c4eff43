//! The `perennial` binary, built with the tests that run it.

use std::process::ExitCode;

fn main() -> ExitCode {
    perennial::main()
}
