//! Requirements: what a plan asks for, by objective and period, beside what is committed for it.
//!
//! A version states everything that the plan asks for; the newest in force counts, and the one before stays readable.

mod event;

pub(crate) mod state;

pub(crate) mod decide;

pub use event::{Ask, Requirement, RequirementCommand, RequirementEvent};
pub use state::Plan;

/// The most asks of one version.
pub const ASKS_MAX: usize = 1_000;
