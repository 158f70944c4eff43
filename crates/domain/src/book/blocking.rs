//! What stands in the way of a closing: breaches of refusing rules that nobody let pass.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::book::reversed;
use crate::event::Event;
use crate::log::EventId;
use crate::period::Period;
use crate::rule::{Conduct, Profile, Rule};

/// The flags of standing entries that a strict ledger would have refused and that no override let pass, with the date
/// of their entry. An overridden breach blocks nobody (SEMANTICS.md 2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocking(pub(super) BTreeMap<EventId, (Date, Vec<Rule>)>);

impl Blocking {
    /// Takes up an event; doing so twice, in order, changes nothing.
    pub(super) fn note(&mut self, event_id: EventId, event: &Event) {
        if let Some(target) = reversed(&event.fact) {
            self.0.remove(&target);
        }
        let rules = rules(event);
        if !rules.is_empty() {
            self.0.insert(event_id, (event.effective_on, rules));
        }
    }

    /// Those of entries dated in a period, ascending.
    pub(super) fn within(&self, period: Period) -> impl Iterator<Item = (EventId, Rule)> {
        let events = self.0.iter();
        let within = events.filter(move |(_, (on, _))| period.contains(*on));
        within.flat_map(|(event_id, (_, rules))| rules.iter().map(|rule| (*event_id, *rule)))
    }
}

/// The refusing rules that an event breaks without an override.
pub(super) fn rules(event: &Event) -> Vec<Rule> {
    let overridden = |rule: Rule| event.overrides.iter().any(|given| given.rule == rule);
    let flags = event.flags.iter().map(|flag| flag.rule);
    flags
        .filter(|rule| rule.conduct(Profile::Strict) == Conduct::Refuse && !overridden(*rule))
        .collect()
}
