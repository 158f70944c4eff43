//! One event into one map of streams: the same for the book itself and for a submission's working copies.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use crate::agreement::{Agreement, AgreementEvent, CarryingValue};
use crate::book::Impossible;
use crate::calendar::{Calendar, CalendarEvent};
use crate::ids::{AgreementId, CalendarId, ImportId, PlanId, PledgeId};
use crate::import::{Import, ImportEvent};
use crate::log::{EventId, Revision};
use crate::pledge::{Pledge, PledgeEvent};
use crate::reference::{Reference, ReferenceEvent, ReferenceKind};
use crate::requirement::{Plan, RequirementEvent};

pub(super) fn agreement(
    agreements: &mut HashMap<AgreementId, Box<Agreement>>,
    id: &AgreementId,
    (event_id, effective_on): (EventId, Date),
    (fact, carrying): (&AgreementEvent, &[CarryingValue]),
) -> Result<(), Impossible> {
    if let Some(agreement) = agreements.get_mut(id) {
        return agreement.evolve(event_id, effective_on, fact, carrying);
    }
    let AgreementEvent::AgreementSigned(terms) = fact else {
        return Err(Impossible::NotTheBeginning);
    };
    let agreement = Agreement::signed(event_id, effective_on, terms)?;
    agreements.insert(id.clone(), Box::new(agreement));
    Ok(())
}

pub(super) fn pledge(
    pledges: &mut HashMap<PledgeId, Pledge>,
    id: &PledgeId,
    (event_id, effective_on): (EventId, Date),
    fact: &PledgeEvent,
) -> Result<(), Impossible> {
    if let Some(pledge) = pledges.get_mut(id) {
        return pledge.evolve(event_id, effective_on, fact);
    }
    let PledgeEvent::PledgeAnnounced(announcement) = fact else {
        return Err(Impossible::NotTheBeginning);
    };
    let pledge = Pledge::announced(event_id, effective_on, announcement);
    pledges.insert(id.clone(), pledge);
    Ok(())
}

pub(super) fn import(
    imports: &mut HashMap<ImportId, Import>,
    id: &ImportId,
    fact: &ImportEvent,
) -> Result<(), Impossible> {
    match (imports.get_mut(id), fact) {
        (None, ImportEvent::ImportStarted(source)) => {
            let import = Import {
                source: source.clone(),
                completed: false,
                revision: Revision(1),
            };
            imports.insert(id.clone(), import);
            Ok(())
        }
        (Some(import), ImportEvent::ImportCompleted { .. }) if !import.completed => {
            import.completed = true;
            import.revision = Revision(import.revision.0.saturating_add(1));
            Ok(())
        }
        (None, ImportEvent::ImportCompleted { .. }) => Err(Impossible::NotTheBeginning),
        (Some(_), ImportEvent::ImportStarted(_) | ImportEvent::ImportCompleted { .. }) => {
            Err(Impossible::ImportedTwice)
        }
    }
}

pub(super) fn reference(
    references: &mut BTreeMap<ReferenceKind, Reference>,
    kind: ReferenceKind,
    fact: &ReferenceEvent,
) -> Result<(), Impossible> {
    if fact.of() != kind {
        return Err(Impossible::WrongStream);
    }
    references.entry(kind).or_default().evolve(fact)
}

pub(super) fn requirement(
    plans: &mut HashMap<PlanId, Plan>,
    id: &PlanId,
    fact: &RequirementEvent,
) -> Result<(), Impossible> {
    plans.entry(id.clone()).or_default().evolve(fact)
}

pub(super) fn calendar(
    calendars: &mut BTreeMap<CalendarId, Calendar>,
    id: &CalendarId,
    fact: &CalendarEvent,
) -> Result<(), Impossible> {
    if let Some(begun) = Calendar::evolve(calendars.get_mut(id), fact)? {
        calendars.insert(id.clone(), begun);
    }
    Ok(())
}
