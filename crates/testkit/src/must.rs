//! What a contract takes for granted on its way to what it checks.

use std::fmt::Debug;

/// Takes the value out.
///
/// # Panics
/// With the error, at the caller's place, if there is none.
#[track_caller]
pub(crate) fn must<T, E: Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}
