//! What is recorded: facts in streams.

use jiff::civil::Date;

use crate::agreement::{AgreementEvent, CarryingValue};
use crate::calendar::CalendarEvent;
use crate::ids::{AgreementId, CalendarId, ImportId, PlanId, PledgeId};
use crate::import::ImportEvent;
use crate::ledger::LedgerEvent;
use crate::log::Revision;
use crate::party::{DocRef, ExternalReference};
use crate::period::Period;
use crate::pledge::PledgeEvent;
use crate::reference::{ReferenceEvent, ReferenceKind};
use crate::requirement::RequirementEvent;
use crate::rule::{Breach, Override};

/// The stream a fact belongs to. Each event is in exactly one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The ledger itself: its creation and policy.
    Ledger,
    /// One legal agreement.
    Agreement(AgreementId),
    /// One pledge.
    Pledge(PledgeId),
    /// One import run.
    Import(ImportId),
    /// Published lists of one kind, or who organisations are.
    Reference(ReferenceKind),
    /// What one plan asks for.
    Requirement(PlanId),
    /// One fiscal calendar.
    Calendar(CalendarId),
}

impl std::fmt::Display for Stream {
    /// Writes `ledger`, `agreement/<id>`, `pledge/<id>`, `import/<id>`, `reference/<kind>`,
    /// `requirement/<plan>`, `calendar/<id>`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ledger => f.write_str("ledger"),
            Self::Agreement(id) => write!(f, "agreement/{id}"),
            Self::Pledge(id) => write!(f, "pledge/{id}"),
            Self::Import(id) => write!(f, "import/{id}"),
            Self::Reference(kind) => write!(f, "reference/{}", kind.name()),
            Self::Requirement(id) => write!(f, "requirement/{id}"),
            Self::Calendar(id) => write!(f, "calendar/{id}"),
        }
    }
}

impl Stream {
    /// Reads what [`std::fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "ledger" {
            return Some(Self::Ledger);
        }
        let (kind, id) = text.split_once('/')?;
        match kind {
            "agreement" => AgreementId::parse(id).ok().map(Self::Agreement),
            "pledge" => PledgeId::parse(id).ok().map(Self::Pledge),
            "import" => ImportId::parse(id).ok().map(Self::Import),
            "reference" => ReferenceKind::parse(id).map(Self::Reference),
            "requirement" => PlanId::parse(id).ok().map(Self::Requirement),
            "calendar" => CalendarId::parse(id).ok().map(Self::Calendar),
            _ => None,
        }
    }
}

/// A recorded fact with its header. `decide` has resolved everything in it: nothing is implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The stream it belongs to.
    pub stream: Stream,
    /// The stream's revision after it.
    pub revision: Revision,
    /// When it is true in the world.
    pub effective_on: Date,
    /// The submitter's own number for it.
    pub external_reference: Option<ExternalReference>,
    /// Documents that support it.
    pub evidence: Vec<DocRef>,
    /// Rules it broke when it was recorded; at most one entry a rule.
    pub flags: Vec<Breach>,
    /// What let it break rules that refuse, ascending; each rule is also among the flags.
    pub overrides: Vec<Override>,
    /// The closed period that it adjusts from an open one; absent but for adjustments.
    pub concerns: Option<Period>,
    /// What the committed money that it moves or gives up is carried at, ascending by part; empty where nobody ever said
    /// what that money is in the functional currency.
    pub carrying: Vec<CarryingValue>,
    /// What happened.
    pub fact: Fact,
}

/// What happened, by kind of stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// To the ledger.
    Ledger(LedgerEvent),
    /// To an agreement.
    Agreement(AgreementEvent),
    /// To a pledge.
    Pledge(PledgeEvent),
    /// In an import run.
    Import(ImportEvent),
    /// In a reference stream.
    Reference(ReferenceEvent),
    /// To a plan.
    Requirement(RequirementEvent),
    /// To a fiscal calendar.
    Calendar(CalendarEvent),
}

impl Fact {
    /// The event's kind, as in `DisbursementMade`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ledger(event) => event.kind(),
            Self::Agreement(event) => event.kind(),
            Self::Pledge(event) => event.kind(),
            Self::Import(event) => event.kind(),
            Self::Reference(event) => event.kind(),
            Self::Requirement(event) => event.kind(),
            Self::Calendar(event) => event.kind(),
        }
    }
}
