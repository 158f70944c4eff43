//! Agreements: the legal documents that oblige, their lines, schedules, cash and corrections.
//!
//! Read in order: the terms and entries that events are made of, the events, the commands, the state,
//! then `decide` (which facts a command adds, and by which rules) and `evolve` (the fold).

mod entry;
mod terms;

mod event;

mod command;

mod state;

mod rules;
mod shares;

pub(crate) mod decide;

mod evolve;

pub use command::{AgreementCommand, Cash, LineAmount, Reallocation, Tranche};
pub use entry::{
    CashEntry, Conversion, ForecastEntry, Leg, LegDirection, LegPlace, LinePart, OtherFlow,
    OtherFlowKind, Published, Rate, RateSource, ShareMove, TrancheDraw,
};
pub use event::{
    AgreementEvent, DecreaseReason, Description, EvidenceLevel, ExtensionKind, ParticipatingOrg,
    ReversalReason,
};
pub use state::{Agreement, Balance, Entry, EntryKind, TrancheState};
pub use terms::{Conditionality, Line, Perspective, Terms, YearBasis, YearShare};
