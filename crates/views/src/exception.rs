//! What stood out when events were recorded: broken rules and remarks of importers.

use std::sync::Arc;

use perennial_domain::agreement::{AgreementEvent, OtherFlow, Published};
use perennial_domain::event::{Event, Fact};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::pledge::PledgeEvent;
use perennial_domain::rule::{Breach, Override};

use crate::day::Day;
use crate::dictionary::EntityNo;

/// One thing that stood out. It is history: it stays when its cause is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The event that carries it.
    pub event_id: EventId,
    /// The event's stream.
    pub entity: EntityNo,
    /// The event's date.
    pub effective: Day,
    /// What.
    pub finding: Finding,
    /// What let a strict ledger record the breach.
    pub permitted: Option<Arc<Override>>,
}

/// What stood out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A numbered rule was broken.
    Breach(Arc<Breach>),
    /// An importer's remark, as in `NO_MATCHING_LINE`.
    Remark(Arc<str>),
}

/// Returns what stands out in `recorded`, flags first, then remarks.
pub fn exceptions_of(recorded: &Recorded<Event>, entity: EntityNo) -> Vec<Exception> {
    let breaches = recorded
        .event
        .flags
        .iter()
        .map(|breach| Finding::Breach(Arc::new(breach.clone())));
    let remarks = published(&recorded.event.fact)
        .into_iter()
        .flat_map(|published| &published.notes)
        .map(|note| Finding::Remark(note.as_str().into()));
    breaches
        .chain(remarks)
        .map(|finding| Exception {
            event_id: recorded.event_id,
            entity,
            effective: Day::of(recorded.event.effective_on),
            permitted: permitted(&recorded.event, &finding),
            finding,
        })
        .collect()
}

/// The override of a broken rule that its event carries.
fn permitted(event: &Event, finding: &Finding) -> Option<Arc<Override>> {
    let Finding::Breach(breach) = finding else {
        return None;
    };
    let mut overrides = event.overrides.iter();
    let permitted = overrides.find(|permitted| permitted.rule == breach.rule)?;
    Some(Arc::new(permitted.clone()))
}

/// The published entry that an event repeats.
fn published(fact: &Fact) -> Option<&Published> {
    match fact {
        Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => None,
        Fact::Pledge(event) => match event {
            PledgeEvent::PledgeAnnounced(announced) => announced.published.as_ref(),
            PledgeEvent::PledgeWithdrawn { published, .. } => published.as_ref(),
            PledgeEvent::PledgeRevised { .. }
            | PledgeEvent::PledgeConverted { .. }
            | PledgeEvent::PledgeLapsed { .. }
            | PledgeEvent::TagSetReplaced(_)
            | PledgeEvent::PriorPeriodAdjusted(_)
            | PledgeEvent::EntryReversed { .. } => None,
        },
        Fact::Agreement(event) => match event {
            AgreementEvent::CommitmentIncreased { published, .. }
            | AgreementEvent::CommitmentDecreased { published, .. } => published.as_ref(),
            AgreementEvent::DisbursementMade { cash, .. }
            | AgreementEvent::ReimbursementMade { cash }
            | AgreementEvent::RefundMade { cash, .. }
            | AgreementEvent::ReceiptConfirmed { cash, .. }
            | AgreementEvent::RefundReceived { cash, .. }
            | AgreementEvent::ExpenditureReported { cash, .. }
            | AgreementEvent::ExpenditureReduced { cash, .. }
            | AgreementEvent::OtherFlowRecorded(OtherFlow { cash, .. }) => cash.published.as_ref(),
            AgreementEvent::AgreementSigned(_)
            | AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::LineOpened { .. }
            | AgreementEvent::PeriodExtended { .. }
            | AgreementEvent::PeriodShortened { .. }
            | AgreementEvent::TrancheScheduled { .. }
            | AgreementEvent::TrancheRescheduled { .. }
            | AgreementEvent::TrancheCancelled { .. }
            | AgreementEvent::ForecastReplaced { .. }
            | AgreementEvent::FundsReallocated(_)
            | AgreementEvent::TermsRevised(_)
            | AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsCarriedOver(_)
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementTerminated(_)
            | AgreementEvent::AgreementCancelled { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::TrancheConditionMet(_)
            | AgreementEvent::TrancheConditionWaived(_)
            | AgreementEvent::ReceivableWrittenOff(_)
            | AgreementEvent::ReceivableRecovered(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::SplitsReclassified { .. }
            | AgreementEvent::TagSetReplaced(_)
            | AgreementEvent::PriorPeriodAdjusted(_)
            | AgreementEvent::EntryReversed { .. }
            | AgreementEvent::EntryReplaced { .. } => None,
        },
    }
}
