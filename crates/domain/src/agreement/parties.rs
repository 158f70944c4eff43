//! What was paid to whom, as R21 counts it. Hardly any agreement pays more than one party: until it does, what was paid
//! to it is what was paid at all.

use jiff::civil::Date;

use crate::agreement::state::{Effect, Measure};
use crate::agreement::{Agreement, Balance};
use crate::packed::Sorted;
use crate::series::Series;

/// Net payments by party, who is a number of the agreement's names.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Parties {
    /// The first party of disbursements and that of receipts; 0 before it.
    pub(crate) disbursed: u32,
    pub(crate) received: u32,
    /// Absent while no measure has a second one.
    pub(crate) several: Option<Box<Several>>,
}

type Several = Sorted<(Measure, u32), Series<i128>>;

/// What was paid to a party or came from it.
pub(crate) enum Paid<'a> {
    Nothing,
    /// All that the agreement paid.
    All(&'a Series<Balance>),
    Own(&'a Series<i128>),
}

impl Parties {
    /// Whether a payment leaves its measure with one party.
    fn is_only(&mut self, measure: Measure, party: u32) -> bool {
        let only = match measure {
            Measure::Disbursed => &mut self.disbursed,
            Measure::Received => &mut self.received,
            Measure::Committed | Measure::Expended => return true,
        };
        if *only == 0 {
            *only = party;
        }
        *only == party
    }
}

impl Agreement {
    /// Counts the payments among effects; what the same event makes of the amounts is posted elsewhere.
    pub(crate) fn count_parties(&mut self, on: Date, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Amount {
                measure,
                party: Some(party),
                ..
            } = effect
            {
                let party = self.names.number(party);
                let only = self.parties.is_only(*measure, party);
                if !only && self.parties.several.is_none() {
                    self.parties.several = Some(Box::new(self.by_party()));
                }
            }
        }
        let names = &self.names;
        if let Some(several) = &mut self.parties.several {
            add(several, |party| names.find(party), on, effects);
        }
    }

    /// What the entries so far paid to whom.
    fn by_party(&self) -> Several {
        let mut several = Several::default();
        for (_, entry) in self.entries() {
            let number = |party: &str| self.names.find(party);
            add(&mut several, number, entry.effective_on, &entry.effects);
        }
        several
    }

    /// What was paid to a party.
    pub(crate) fn paid_to(&self, measure: Measure, party: &str) -> Paid<'_> {
        let Some(number) = self.names.find(party) else {
            return Paid::Nothing;
        };
        let only = match measure {
            Measure::Disbursed => self.parties.disbursed,
            Measure::Received => self.parties.received,
            Measure::Committed | Measure::Expended => 0,
        };
        match &self.parties.several {
            Some(several) => several
                .get(&(measure, number))
                .map_or(Paid::Nothing, Paid::Own),
            None if only == number => Paid::All(&self.balances),
            None => Paid::Nothing,
        }
    }
}

fn add(several: &mut Several, number: impl Fn(&str) -> Option<u32>, on: Date, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Amount {
            measure,
            party: Some(party),
            minor_units,
            ..
        } = effect
            && let Some(number) = number(party)
        {
            several.change((*measure, number), |series| series.add(on, *minor_units));
        }
    }
}
