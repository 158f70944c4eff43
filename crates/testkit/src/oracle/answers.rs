//! Every view, computed from the list of events for one question.

mod additive;
mod coverage;
mod exceptions;
mod handing;
mod maturity;
mod pledges;
mod reallocations;
mod statement;
mod tagged;
mod totals;

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::Perspective;
use perennial_domain::classification::{LineDims, Pillar, Vocabulary};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, PledgeId, TrancheId};
use perennial_domain::ledger::{LedgerEvent, LedgerPolicy};
use perennial_domain::log::{Position, Recorded};
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_views::{AsOf, CurrencyBasis, MappingChoice, Question, View};

use super::Oracle;
use super::deal::{Deal, key};
use super::item::{Item, What};
use super::pledge::Pledge;
use super::value::in_functional;

/// A whole split, in parts per million.
const WHOLE: u32 = 1_000_000;

/// The rows of a view, ascending as text.
pub(super) fn rows(oracle: &Oracle, view: View, question: &Question) -> Option<Vec<String>> {
    let read = Read::new(oracle, question)?;
    let mut rows = match view {
        View::ByYear => additive::by_year(&read),
        View::Nexus => additive::nexus(&read),
        View::Agreement => statement::rows(&read),
        View::Timeline => statement::timeline(&read),
        View::Registers => totals::registers(&read),
        View::Movements => totals::movements(&read),
        View::Maturity => maturity::rows(&read),
        View::MultiYear => totals::multi_year(&read),
        View::Pledges => pledges::rows(&read),
        View::Exceptions => exceptions::rows(&read),
        View::Reallocations => reallocations::rows(&read),
        View::Overrides => exceptions::overrides(&read),
        View::CashForecast => statement::cash_forecast(&read),
        View::Scheme => tagged::schemes(&read),
        View::Coverage => coverage::rows(&read),
        // What a ledger publishes is not told in stories.
        View::Calendars | View::Published(_) => return None,
    };
    rows.sort();
    Some(rows)
}

/// Everything that was known at a position.
struct Read<'a> {
    oracle: &'a Oracle,
    question: &'a Question,
    /// Published calendars are not told in stories.
    calendar: FiscalCalendar,
    known: Vec<Recorded<Event>>,
    deals: BTreeMap<AgreementId, Deal>,
    pledges: BTreeMap<PledgeId, Pledge>,
}

/// Whose an amount is and what it is for.
struct Side {
    direction: &'static str,
    donor: String,
    recipient: String,
    dims: Option<LineDims>,
}

impl<'a> Read<'a> {
    fn new(oracle: &'a Oracle, question: &'a Question) -> Option<Self> {
        if question.restated {
            return None;
        }
        let until = match question.at {
            AsOf::Head => Position(u64::MAX),
            AsOf::Position(position) => position,
            AsOf::RecordedAt(_) | AsOf::PublishedOn(_) => return None,
        };
        let known = oracle.log.iter();
        let known = known.filter(|recorded| recorded.event_id.position <= until);
        let known: Vec<Recorded<Event>> = known.cloned().collect();
        let mut deals = BTreeMap::new();
        let mut pledges = BTreeMap::new();
        for recorded in &known {
            match &recorded.event.stream {
                Stream::Agreement(id) if !deals.contains_key(id) => {
                    deals.extend(Deal::find(&known, id).map(|deal| (id.clone(), deal)));
                }
                Stream::Pledge(id) if !pledges.contains_key(id) => {
                    pledges.extend(Pledge::find(&known, id).map(|pledge| (id.clone(), pledge)));
                }
                _ => {}
            }
        }
        if question.basis == CurrencyBasis::Functional {
            let items = deals
                .values_mut()
                .flat_map(|deal: &mut Deal| &mut deal.items);
            items.for_each(in_functional);
            let items = pledges
                .values_mut()
                .flat_map(|pledge: &mut Pledge| &mut pledge.items);
            items.for_each(in_functional);
        }
        let mut read = Self {
            oracle,
            question,
            calendar: question.calendar.pattern()?,
            known,
            deals,
            pledges,
        };
        read.owe_when_due();
        Some(read)
    }

    /// Whatever days the events of a tranche name, all of it is owed on the day that it is due in the question.
    fn owe_when_due(&mut self) {
        let due: BTreeMap<(AgreementId, TrancheId), Date> = self
            .deals
            .values()
            .flat_map(|deal| {
                let tranches = until(self, deal).tranches().into_iter();
                tranches.map(|tranche| ((deal.id.clone(), tranche.id), tranche.due_on))
            })
            .collect();
        for deal in self.deals.values_mut() {
            let scheduled = deal.items.iter_mut();
            for item in scheduled.filter(|item| item.what == What::Scheduled) {
                let tranche = item.tranche.clone();
                let due = tranche.and_then(|tranche| due.get(&(deal.id.clone(), tranche)));
                item.period = due.copied().map(Period::day).or(item.period);
            }
        }
    }

    /// The policy as known at the position and in force on the day: before the first change the first one.
    fn policy(&self) -> &LedgerPolicy {
        let changes = self.known.iter().filter_map(|recorded| {
            let event = &recorded.event;
            match &event.fact {
                Fact::Ledger(LedgerEvent::LedgerPolicyChanged { policy, .. }) => {
                    Some((event.effective_on, recorded.event_id, policy))
                }
                _ => None,
            }
        });
        let in_force = changes.filter(|(on, ..)| self.holds(*on));
        let newest = in_force.max_by_key(|(on, event_id, _)| (*on, *event_id));
        newest.map_or(&self.oracle.policy, |(.., policy)| policy)
    }

    fn effective(&self) -> Option<Date> {
        self.question.effective.date()
    }

    /// Whether a day is true in the question.
    fn holds(&self, on: Date) -> bool {
        self.effective().is_none_or(|cut| on <= cut)
    }

    /// The agreements that are asked for.
    fn asked(&self) -> impl Iterator<Item = &Deal> {
        let asked = &self.question.filter.agreements;
        let deals = self.deals.values();
        deals.filter(move |deal| asked.is_empty() || asked.contains(&deal.id))
    }

    /// The true amounts of the agreements that are asked for, as far as parties and currency let them pass.
    fn amounts(&self) -> Vec<(&Deal, &Item, Side)> {
        let mut amounts = Vec::new();
        for deal in self.asked() {
            for item in deal.items.iter().filter(|item| self.holds(item.on)) {
                let side = side(deal, item, self.effective());
                if self.passes(&side, item) {
                    amounts.push((deal, item, side));
                }
            }
        }
        amounts
    }

    fn passes(&self, side: &Side, item: &Item) -> bool {
        let filter = &self.question.filter;
        let is =
            |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
        filter
            .direction
            .is_none_or(|asked| asked.name() == side.direction)
            && filter.currency.is_none_or(|asked| asked == item.currency)
            && is(&filter.donor, &side.donor)
            && is(&filter.recipient, &side.recipient)
    }

    /// The name of the pillar mapping that is asked for.
    fn mapping(&self) -> String {
        match &self.question.mapping {
            MappingChoice::Is(mapping) => mapping.name(),
            MappingChoice::Published(name) | MappingChoice::Policy(name) => name.clone(),
        }
    }

    /// Pillars with their parts of an amount.
    fn pillars(&self, dims: Option<&LineDims>) -> Vec<(Pillar, u32)> {
        let Some(dims) = dims else {
            return vec![(Pillar::Unallocable, WHOLE)];
        };
        if let Some(declared) = dims.pillar {
            return vec![(declared, WHOLE)];
        }
        if dims.purposes.shares().is_empty() {
            return vec![(Pillar::Unallocable, WHOLE)];
        }
        let mut parts: BTreeMap<Pillar, u32> = BTreeMap::new();
        for share in dims.purposes.shares() {
            let of_dac = matches!(
                share.vocabulary,
                Vocabulary::DacPurpose | Vocabulary::DacCategory
            );
            let pillar = if of_dac {
                pillar_of(&self.mapping(), &share.code)
            } else {
                Pillar::Unallocable
            };
            *parts.entry(pillar).or_default() += share.share_ppm;
        }
        parts.into_iter().collect()
    }
}

/// An agreement as it is told by what is true in the question alone.
fn until(read: &Read<'_>, deal: &Deal) -> Deal {
    let signs = |recorded: &Recorded<Event>| recorded.event.revision.0 == 1;
    let mut until = deal.clone();
    until
        .events
        .retain(|recorded| signs(recorded) || read.holds(recorded.event.effective_on));
    until.items.retain(|item| read.holds(item.on));
    until
}

const fn direction(perspective: Perspective) -> &'static str {
    match perspective {
        Perspective::Provider => "outgoing",
        Perspective::Recipient => "incoming",
    }
}

/// Splits and parties of an amount on a day. Donor: the posting's provider, else an incoming line's other party, else the agreement's; recipient likewise.
fn side(deal: &Deal, item: &Item, on: Option<Date>) -> Side {
    let line = item.line.as_ref().and_then(|line| deal.line(line));
    let other = line.and_then(|line| line.counterparty.as_ref());
    let incoming = deal.perspective() == Perspective::Recipient;
    let (of_donor, of_recipient) = if incoming {
        (other, None)
    } else {
        (None, other)
    };
    let mut dims = line.map(|line| line.dims.clone());
    let whole = |code: &perennial_domain::classification::Code| {
        let share = perennial_domain::classification::Share {
            vocabulary: code.vocabulary,
            code: code.code.clone(),
            share_ppm: WHOLE,
        };
        perennial_domain::classification::Split::exact(vec![share]).unwrap_or_default()
    };
    let reclassified = item
        .line
        .as_ref()
        .and_then(|line| deal.reclassified_on(line, on));
    // A move between purposes, places or declared pillars names its own.
    if item.purpose.is_some() || item.place.is_some() || item.pillar.is_some() {
        let own = dims.get_or_insert_default();
        if let Some(purpose) = &item.purpose {
            own.purposes = whole(purpose);
        }
        if let Some(place) = &item.place {
            own.places = whole(place);
        }
        own.pillar = item.pillar.or(own.pillar);
    }
    // All money of a reclassified line reads so, whatever it names itself.
    if let Some(splits) = reclassified {
        let own = dims.get_or_insert_default();
        own.purposes = splits.purposes;
        own.places = splits.places;
        own.pillar = splits.pillar;
    }
    Side {
        direction: direction(deal.perspective()),
        donor: key(item
            .provider
            .as_ref()
            .or(of_donor)
            .unwrap_or(&deal.terms.provider)),
        recipient: key(item
            .receiver
            .as_ref()
            .or(of_recipient)
            .unwrap_or(&deal.terms.recipient)),
        dims,
    }
}

/// The pillar of a DAC code, as SEMANTICS.md 1 lists the two mappings.
fn pillar_of(mapping: &str, code: &str) -> Pillar {
    const ALSO_PEACE: [&str; 9] = [
        "15130", "15150", "15151", "15152", "15153", "15160", "15170", "15180", "15190",
    ];
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if mapping == "dac-wide" && ALSO_PEACE.contains(&code) {
        return Pillar::Peace;
    }
    if begins(&["72", "73", "74"]) {
        Pillar::Humanitarian
    } else if begins(&["152"]) {
        Pillar::Peace
    } else if begins(&["51010", "600", "910", "930", "998"]) {
        Pillar::Unallocable
    } else {
        Pillar::Development
    }
}
