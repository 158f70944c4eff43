//! Agreements: the legal documents that oblige, their lines, schedules, cash and corrections.
//!
//! Read in order: the terms and entries that events are made of, the events, the commands, the state,
//! then `decide` (which facts a command adds, and by which rules), `effects` and `evolve` (the fold).
//!
//! What SEMANTICS.md leaves open is read so (Source: assumption, each has a test):
//!
//! - R11 without a published signature and without any commitment entry so far is broken: nothing recorded says
//!   that the money was promised by then.
//! - R11 and R12 judge a provider's disbursements and reimbursements, not receipts.
//! - R13 knows no tolerance. R17 needs an open tranche.
//! - A `returned` reversal lies at least a day after its payment, and only payments are returned.
//! - Status, conditions, receivables and R23, R26: ADR-0009.
//! - Signature, words, lines and term are not reversed: other entries stand on them, and a later event of the
//!   same kind corrects them. A plan or a tranche's entry is reversed only while nothing later stands on it.
//! - "Undisbursed portions from the last year backwards" are those of the stored shares, a prorated one cut into
//!   the years of the ledger's fiscal calendar; a payment counts in its tranche's period, else on its day. What
//!   exceeds them is taken from the disbursed portions, the last first, and then from the last.
//! - A payment without lines where nothing is undisbursed is split by the commitments, without any on the first
//!   line. A refund is split by what was paid, a report of spending by what is not yet spent.

mod carrying;
pub(crate) mod coded;
mod entry;
mod further;
mod handing;
mod terms;

mod event;

mod command;

pub(crate) mod status;

pub(crate) mod entries;
pub(crate) mod state;

pub(crate) mod moves;
pub(crate) mod parties;
pub(crate) mod schedule;

mod derived;
mod rules;
mod shares;

pub(crate) mod decide;

mod effects;
mod evolve;

pub use carrying::CarryingValue;
pub use command::{
    AgreementCommand, CarryOver, Cash, EarlyEnd, LineAmount, LineDecommitment, Reallocation,
    Receivable, Tranche,
};
pub use entry::{
    CarriedFunds, CashEntry, CashModality, Condition, Conversion, ForecastEntry, HeadingCount, Leg,
    LegDirection, LegPlace, LinePart, OtherFlow, OtherFlowKind, Published, Rate, RateSource,
    ReallocatedFunds, ShareMove, TrancheDraw,
};
pub use event::{
    AgreementEvent, ConditionEntry, Decommitment, DecreaseReason, Description, EvidenceLevel,
    ExtensionKind, LineSplits, ParticipatingOrg, ReceivableEntry, Rescheduling, ReversalReason,
    Termination,
};
pub use further::{
    AidType, CountedSide, EarmarkingModality, FlexibilityFeature, FurtherTerms, LimitBase,
    MoveDimension, NewHeading, PledgeLink, ReallocationPolicy, ReallocationScope, RevisableTerm,
    TermsRevision, UpstreamLink,
};
pub use handing::{
    Allocation, AllocationDims, AllocationRelease, AllocationWish, OnwardGrant, OnwardWish,
    Transfer, TransferDirection, TransferWish,
};
pub use moves::AllocationState;
pub use schedule::{ConditionState, TrancheState};
pub use state::{Agreement, Balance, Entry, EntryKind, SignedTerms};
pub use status::{Status, Turn};
pub use terms::{Conditionality, Firmness, Line, Perspective, Terms, YearBasis, YearShare};
