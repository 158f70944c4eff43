//! What is known of the ledger itself: the fold of its own events, and the exceptions of all its streams.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::book::Impossible;
use crate::event::Event;
use crate::ledger::{Disposition, ExceptionId, LedgerEvent, LedgerPolicy};
use crate::log::{EventId, Revision};

/// The ledger's own stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerState {
    pub(crate) revision: Revision,
    pub(crate) policy: LedgerPolicy,
    /// The date of the newest policy.
    pub(crate) policy_since: Date,
}

impl LedgerState {
    /// As its creation makes it.
    pub(crate) fn created(effective_on: Date, policy: &LedgerPolicy) -> Self {
        Self {
            revision: Revision(1),
            policy: policy.clone(),
            policy_since: effective_on,
        }
    }

    /// Folds one later event; what it says of exceptions is for [`Exceptions::evolve`].
    pub(crate) fn evolve(
        &mut self,
        effective_on: Date,
        event: &LedgerEvent,
    ) -> Result<(), Impossible> {
        match event {
            LedgerEvent::LedgerCreated { .. } => return Err(Impossible::CreatedTwice),
            LedgerEvent::LedgerPolicyChanged { policy, .. } => {
                self.policy = policy.clone();
                self.policy_since = effective_on;
            }
            LedgerEvent::ExceptionAcknowledged { .. } | LedgerEvent::ExceptionResolved { .. } => {}
        }
        self.revision = Revision(self.revision.0.saturating_add(1));
        Ok(())
    }
}

/// The flags of every recorded event, and how far people are with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exceptions(pub(crate) BTreeMap<ExceptionId, Disposition>);

impl Exceptions {
    pub(crate) fn get(&self, exception: ExceptionId) -> Option<Disposition> {
        self.0.get(&exception).copied()
    }

    /// Takes up the flags of an event. One that is known stays as it is.
    pub(crate) fn note(&mut self, event_id: EventId, event: &Event) {
        for flag in &event.flags {
            let rule = flag.rule;
            let exception = ExceptionId { event_id, rule };
            self.0.entry(exception).or_insert(Disposition::Open);
        }
    }

    /// Takes up what an event of the ledger says of one.
    pub(crate) fn evolve(&mut self, event: &LedgerEvent) -> Result<(), Impossible> {
        let Some((exception, disposition)) = event.disposition() else {
            return Ok(());
        };
        let known = self.0.get_mut(&exception);
        *known.ok_or(Impossible::UnknownException)? = disposition;
        Ok(())
    }
}
