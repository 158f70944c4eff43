//! Reference facts: lists of the outside world that commitments are read by, and who organisations are.
//!
//! Code lists, pillar mappings and schemes are published in versions. A published version never changes: the same
//! version with the same content is refused as already published, with other content as published differently, and a
//! correction is a new version. Organisations have no versions: the newest fact in force counts.
//!
//! Read in order: `list`, the events, the commands, the state, `decide`.

mod list;

mod event;

mod command;

pub(crate) mod state;

pub(crate) mod decide;

pub use command::ReferenceCommand;
pub use event::{OrganisationMerge, ReferenceEvent, ReferenceKind};
pub use list::{
    CodeOrigin, Codelist, CodelistEntry, ListVersion, LocalActor, LocalActorClass, PillarRule,
    PillarTable, Scheme, SchemeElement,
};
pub use state::{Outline, Reference};

/// The pillar mappings that every ledger knows without publishing them; their names are taken.
pub const COMPILED_IN_MAPPINGS: [&str; 2] = ["dac-core", "dac-wide"];
