//! The ledger itself: its creation, the policy that its decisions follow, and what people say of its exceptions.
//!
//! Decisions follow the policy that was recorded last. A change is never dated before the change that it follows, so
//! that this is also the newest by effective date; views read the policy as known at P and in force at E.

pub(crate) mod decide;
pub(crate) mod state;

use crate::agreement::RateSource;
use crate::ids::LedgerId;
use crate::log::EventId;
use crate::money::Currency;
use crate::period::FiscalCalendar;
use crate::rule::{Profile, Rule};

/// What may be exceeded without refusal: the larger of the two applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Minor units of the agreement's currency.
    pub absolute_minor: u64,
    /// Parts per million of the commitment.
    pub relative_ppm: u32,
}

impl Tolerance {
    /// How much may be paid against `committed` minor units (R10): that, plus the larger of the two. The relative
    /// part is rounded down; a commitment below 0 has none.
    pub fn limit(self, committed: i128) -> i128 {
        let relative = committed
            .max(0)
            .saturating_mul(i128::from(self.relative_ppm))
            .checked_div(1_000_000)
            .unwrap_or_default();
        committed.saturating_add(relative.max(i128::from(self.absolute_minor)))
    }
}

/// A rule that may be overridden in a strict ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overridable {
    /// The rule; one that [`Rule::can_be_overridden`].
    pub rule: Rule,
    /// Whether another person has to approve.
    pub needs_approver: bool,
}

impl Overridable {
    /// What may be overridden where a policy says nothing: R10, R11 and R20, each with an approver (DOMAIN.md 2.7).
    pub fn by_default() -> Vec<Self> {
        let rules = Rule::ALL.iter().copied();
        rules
            .filter(|rule| matches!(rule.code(), "R10" | "R11" | "R20"))
            .map(|rule| Self {
                rule,
                needs_approver: true,
            })
            .collect()
    }
}

/// The settings of one ledger that decisions and views follow. Changes to it are events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPolicy {
    /// The currency the organisation keeps its books in.
    pub functional_currency: Option<Currency>,
    /// The calendar that gives years their labels where a question names none.
    pub fiscal_calendar: FiscalCalendar,
    /// For R10.
    pub tolerance: Tolerance,
    /// From how many calendar months on an agreement is multi-year; 24 by the Grand Bargain's definition.
    pub multi_year_months: u32,
    /// The pillar mapping where a question names none.
    pub pillar_mapping: String,
    /// Whether refused submissions are kept as records.
    pub keep_refusals: bool,
    /// The rules that a command may override with a reason, ascending, each once.
    pub overridable: Vec<Overridable>,
    /// Whose published tables functional amounts are computed by, where a command asks for it.
    pub rate_source: Option<RateSource>,
}

impl LedgerPolicy {
    /// How a rule may be overridden; absent if it may not.
    pub fn overridable(&self, rule: Rule) -> Option<Overridable> {
        let mut known = self.overridable.iter().copied();
        known.find(|overridable| overridable.rule == rule)
    }
}

impl Default for LedgerPolicy {
    fn default() -> Self {
        Self {
            functional_currency: None,
            fiscal_calendar: FiscalCalendar::January,
            tolerance: Tolerance::default(),
            multi_year_months: 24,
            pillar_mapping: "dac-core".to_owned(),
            keep_refusals: false,
            overridable: Overridable::by_default(),
            rate_source: None,
        }
    }
}

/// Names one exception for ever: the event that carries the flag, and the rule that it broke. An event carries one
/// flag a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExceptionId {
    /// The event.
    pub event_id: EventId,
    /// The rule.
    pub rule: Rule,
}

impl std::fmt::Display for ExceptionId {
    /// Writes `1042-0 R10`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.event_id, self.rule.code())
    }
}

/// How far people are with an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// Nobody has looked at it.
    Open,
    /// Somebody has, and it is not settled.
    Acknowledged,
    /// It is settled.
    Resolved,
}

impl Disposition {
    /// All.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// `open`, `acknowledged` or `resolved`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// What is asked of the ledger itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerCommand {
    /// Follow another policy from now on. The profile stays.
    ChangePolicy {
        /// The whole new policy.
        policy: LedgerPolicy,
        /// Why.
        reason: String,
    },
    /// Say that an exception is known.
    AcknowledgeException {
        /// Which.
        exception: ExceptionId,
        /// What is known of it.
        disposition: String,
    },
    /// Say that an exception is settled.
    ResolveException {
        /// Which.
        exception: ExceptionId,
        /// How.
        disposition: String,
    },
}

impl LedgerCommand {
    /// The kind of the event it makes.
    pub const fn makes(&self) -> &'static str {
        match self {
            Self::ChangePolicy { .. } => "LedgerPolicyChanged",
            Self::AcknowledgeException { .. } => "ExceptionAcknowledged",
            Self::ResolveException { .. } => "ExceptionResolved",
        }
    }

    /// What it is called where commands are written.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ChangePolicy { .. } => "change_ledger_policy",
            Self::AcknowledgeException { .. } => "acknowledge_exception",
            Self::ResolveException { .. } => "resolve_exception",
        }
    }
}

/// A fact about the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerEvent {
    /// The ledger was created: always the one event of position 0.
    LedgerCreated {
        /// Its id.
        ledger_id: LedgerId,
        /// Fixed for ever.
        profile: Profile,
        /// The first policy.
        policy: LedgerPolicy,
    },
    /// It follows another policy.
    LedgerPolicyChanged {
        /// The whole new policy.
        policy: LedgerPolicy,
        /// Why.
        reason: String,
    },
    /// An exception is known.
    ExceptionAcknowledged {
        /// Which.
        exception: ExceptionId,
        /// What is known of it.
        disposition: String,
    },
    /// An exception is settled.
    ExceptionResolved {
        /// Which.
        exception: ExceptionId,
        /// How.
        disposition: String,
    },
}

impl LedgerEvent {
    /// The event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LedgerCreated { .. } => "LedgerCreated",
            Self::LedgerPolicyChanged { .. } => "LedgerPolicyChanged",
            Self::ExceptionAcknowledged { .. } => "ExceptionAcknowledged",
            Self::ExceptionResolved { .. } => "ExceptionResolved",
        }
    }

    /// The exception that it is about, and how far people are with it.
    pub const fn disposition(&self) -> Option<(ExceptionId, Disposition)> {
        match self {
            Self::LedgerCreated { .. } | Self::LedgerPolicyChanged { .. } => None,
            Self::ExceptionAcknowledged { exception, .. } => {
                Some((*exception, Disposition::Acknowledged))
            }
            Self::ExceptionResolved { exception, .. } => Some((*exception, Disposition::Resolved)),
        }
    }
}
