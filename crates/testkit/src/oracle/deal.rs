//! One agreement as its events tell it: read from the start for every question.

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Firmness, ForecastEntry, Line, Perspective, Terms, TransferDirection,
    YearBasis, YearShare,
};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{AgreementId, LineId, PaymentId};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::Currency;
use perennial_domain::party::OrgRef;
use perennial_domain::period::{FiscalCalendar, Period};

use super::fraction::split;
use super::item::{Item, What, cancels, items};
use super::{calendar, item};

/// C, D, received, X and S, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) committed: i128,
    pub(super) disbursed: i128,
    pub(super) received: i128,
    pub(super) expended: i128,
    pub(super) scheduled: i128,
    pub(super) allocated: i128,
}

impl Balance {
    /// The sum of items.
    pub(super) fn of<'a>(items: impl IntoIterator<Item = &'a Item>) -> Self {
        let mut balance = Self::default();
        for item in items {
            if item.what.is_committed() {
                balance.committed += item.amount;
            } else if item.what.is_disbursed() {
                balance.disbursed += item.amount;
            } else if item.what.is_received() {
                balance.received += item.amount;
            } else if item.what == What::Expended {
                balance.expended += item.amount;
            } else if item.what == What::Scheduled {
                balance.scheduled += item.amount;
            } else if item.what == What::Allocated {
                balance.allocated += item.amount;
            }
        }
        balance
    }

    /// What counts against the commitment.
    pub(super) const fn paid(self, perspective: Perspective) -> i128 {
        match perspective {
            Perspective::Provider => self.disbursed,
            Perspective::Recipient => self.received,
        }
    }

    /// U.
    pub(super) const fn undisbursed(self, perspective: Perspective) -> i128 {
        self.committed - self.paid(perspective)
    }
}

/// A part of a line's commitment that is for one period, and what was paid of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    pub(super) period: Period,
    pub(super) basis: YearBasis,
    pub(super) firmness: Firmness,
    pub(super) committed: i128,
    pub(super) paid: i128,
}

impl Portion {
    pub(super) fn undisbursed(&self) -> i128 {
        (self.committed - self.paid).max(0)
    }

    fn order(&self) -> (Date, Date, YearBasis, Firmness) {
        let (starts_on, ends_on) = (self.period.starts_on(), self.period.ends_on());
        (ends_on, starts_on, self.basis, self.firmness)
    }
}

/// An agreement with everything recorded of it.
#[derive(Clone, Debug)]
pub(super) struct Deal {
    pub(super) id: AgreementId,
    pub(super) terms: Terms,
    pub(super) events: Vec<Recorded<Event>>,
    pub(super) items: Vec<Item>,
}

impl Deal {
    /// The agreement in a log; none before its signature.
    pub(super) fn find(log: &[Recorded<Event>], id: &AgreementId) -> Option<Self> {
        let stream = Stream::Agreement(id.clone());
        let own = log
            .iter()
            .filter(|recorded| recorded.event.stream == stream);
        let events: Vec<Recorded<Event>> = own.cloned().collect();
        let terms = events.iter().find_map(|recorded| match fact(recorded)? {
            AgreementEvent::AgreementSigned(terms) => Some(terms.clone()),
            _ => None,
        })?;
        let items = items(&events);
        Some(Self {
            id: id.clone(),
            terms,
            events,
            items,
        })
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = (&Recorded<Event>, &AgreementEvent)> {
        let events = self.events.iter();
        events.filter_map(|recorded| Some((recorded, fact(recorded)?)))
    }

    /// By which later event an entry was cancelled.
    pub(super) fn cancelled_by(&self, entry: EventId) -> Option<EventId> {
        self.events.iter().find_map(|recorded| {
            let (target, _) = cancels(&recorded.event.fact)?;
            (target == entry).then_some(recorded.event_id)
        })
    }

    /// The events that no later one cancelled.
    pub(super) fn standing(&self) -> Vec<(&Recorded<Event>, &AgreementEvent)> {
        let cancelled: BTreeSet<EventId> = self
            .events
            .iter()
            .filter_map(|recorded| Some(cancels(&recorded.event.fact)?.0))
            .collect();
        let stands = |recorded: &Recorded<Event>| !cancelled.contains(&recorded.event_id);
        self.facts()
            .filter(|(recorded, _)| stands(recorded))
            .collect()
    }

    pub(super) fn currency(&self) -> Currency {
        self.terms.currency
    }

    pub(super) fn perspective(&self) -> Perspective {
        self.terms.perspective
    }

    /// Its lines: those of the signature, then those opened later.
    pub(super) fn lines(&self) -> Vec<&Line> {
        let opened = self.facts().filter_map(|(_, event)| match event {
            AgreementEvent::LineOpened { line } => Some(line),
            _ => None,
        });
        self.terms.lines.iter().chain(opened).collect()
    }

    pub(super) fn line(&self, line_id: &LineId) -> Option<&Line> {
        self.lines()
            .into_iter()
            .find(|line| line.line_id == *line_id)
    }

    pub(super) fn balance(&self, line: Option<&LineId>) -> Balance {
        let counts = |item: &&Item| line.is_none() || item.line.as_ref() == line;
        Balance::of(self.items.iter().filter(counts))
    }

    /// The last day as the newest extension or shortening says.
    pub(super) fn ends_on(&self) -> Option<Date> {
        let moved = self.facts().filter_map(|(_, event)| match event {
            AgreementEvent::PeriodExtended { new_ends_on, .. }
            | AgreementEvent::PeriodShortened { new_ends_on, .. } => Some(*new_ends_on),
            _ => None,
        });
        moved.last().or(self.terms.ends_on)
    }

    /// The first day on which money was committed, by entries that stand.
    pub(super) fn first_commitment_on(&self) -> Option<Date> {
        let commits = |event: &AgreementEvent| match event {
            AgreementEvent::AgreementSigned(terms) => {
                terms.lines.iter().any(|line| line.amount.is_positive())
            }
            AgreementEvent::CommitmentIncreased { .. } => true,
            AgreementEvent::FundsTransferred(half) => half.direction == TransferDirection::In,
            _ => false,
        };
        let standing = self.standing().into_iter();
        let committing = standing.filter(|(_, event)| commits(event));
        committing
            .map(|(recorded, _)| recorded.event.effective_on)
            .min()
    }

    pub(super) fn payments(&self) -> BTreeSet<PaymentId> {
        let standing = self.standing().into_iter();
        standing
            .filter_map(|(_, event)| payment_id(event))
            .cloned()
            .collect()
    }

    /// The plan in force: that of the newest standing replacement.
    pub(super) fn forecast(&self) -> Vec<ForecastEntry> {
        let plans = self
            .standing()
            .into_iter()
            .filter_map(|(_, event)| match event {
                AgreementEvent::ForecastReplaced { entries, .. } => Some(entries.clone()),
                _ => None,
            });
        plans.collect::<Vec<_>>().pop().unwrap_or_default()
    }

    /// Who is on the other side of a payment on a line: who is named, else the line's other party, else the
    /// agreement's.
    pub(super) fn party(&self, item: &Item) -> String {
        let counterparty = item.line.as_ref().and_then(|line| self.line(line));
        let counterparty = counterparty.and_then(|line| line.counterparty.as_ref());
        let (named, of_line, agreed) = if item.what.is_received() {
            let incoming = self.perspective() == Perspective::Recipient;
            let of_line = counterparty.filter(|_| incoming);
            (item.provider.as_ref(), of_line, &self.terms.provider)
        } else {
            let outgoing = self.perspective() == Perspective::Provider;
            let of_line = counterparty.filter(|_| outgoing);
            (item.receiver.as_ref(), of_line, &self.terms.recipient)
        };
        key(named.or(of_line).unwrap_or(agreed))
    }

    /// The portions of a line's commitment, the first to end first, a prorated one cut into years, with what was paid
    /// of each.
    pub(super) fn portions(&self, line: &LineId, fiscal: FiscalCalendar) -> Vec<Portion> {
        let mut pieces: BTreeMap<(Period, YearBasis, Firmness), i128> = BTreeMap::new();
        for share in self.shares(line) {
            let YearShare {
                period,
                basis,
                firmness,
                minor_units: amount,
            } = share;
            let cut = if basis == YearBasis::Prorated {
                years(period, amount, fiscal)
            } else {
                vec![(period, amount)]
            };
            for (piece, amount) in cut {
                *pieces.entry((piece, basis, firmness)).or_default() += amount;
            }
        }
        let pieces = pieces.into_iter().filter(|(_, amount)| *amount != 0);
        let mut portions: Vec<Portion> = pieces
            .map(|((period, basis, firmness), committed)| Portion {
                period,
                basis,
                firmness,
                committed,
                paid: 0,
            })
            .collect();
        portions.sort_by_key(Portion::order);
        if let [only] = portions.as_mut_slice() {
            only.paid = self.balance(Some(line)).paid(self.perspective());
        } else {
            for (on, amount) in self.paid_by_day(line) {
                pay(&mut portions, on, amount);
            }
        }
        portions
    }

    /// What is committed on a line by period, ascending.
    pub(super) fn shares(&self, line: &LineId) -> Vec<YearShare> {
        let mut shares: BTreeMap<(Period, YearBasis, Firmness), i128> = BTreeMap::new();
        let of_line = |item: &&Item| item.line.as_ref() == Some(line);
        for item in self.items.iter().filter(of_line) {
            if let (true, Some(period), Some(basis)) =
                (item.what.is_committed(), item.period, item.basis)
            {
                *shares.entry((period, basis, item.firmness)).or_default() += item.amount;
            }
        }
        let shares = shares.into_iter();
        shares
            .map(|((period, basis, firmness), minor_units)| YearShare {
                period,
                minor_units,
                basis,
                firmness,
            })
            .collect()
    }

    /// What was paid on a line by the day that says what it is for: that of the payment, or the first of the period of
    /// the portion that it pays.
    fn paid_by_day(&self, line: &LineId) -> BTreeMap<Date, i128> {
        let mut by_day: BTreeMap<Date, i128> = BTreeMap::new();
        for recorded in &self.events {
            let own = |item: &&Item| item.event_id == recorded.event_id;
            let own: Vec<&Item> = self.items.iter().filter(own).collect();
            let counts = |item: &&Item| match self.perspective() {
                Perspective::Provider => item.what.is_disbursed(),
                Perspective::Recipient => item.what.is_received(),
            };
            // Each of a payment's lines pays what is left of the portions that it draws on.
            let draws = own.iter().filter(|item| item.what == What::PaidFor);
            let draws = draws.filter(|item| 0 < item.amount * direction(&own));
            let mut draws: Vec<(Date, i128)> = draws
                .filter_map(|item| Some((item.period?.starts_on(), item.amount)))
                .collect();
            for item in own.iter().copied().filter(counts) {
                let mut left = item.amount;
                for (on, drawn) in &mut draws {
                    let part = if 0 <= left {
                        left.min(*drawn)
                    } else {
                        left.max(*drawn)
                    };
                    left -= part;
                    *drawn -= part;
                    if item.line.as_ref() == Some(line) {
                        *by_day.entry(*on).or_default() += part;
                    }
                }
                if item.line.as_ref() == Some(line) {
                    *by_day.entry(item.on).or_default() += left;
                }
            }
        }
        by_day.retain(|_, amount| *amount != 0);
        by_day
    }
}

/// 1 for an event that pays, -1 for one that takes back.
fn direction(own: &[&Item]) -> i128 {
    let mut paid = own
        .iter()
        .filter(|item| item.what.is_disbursed() || item.what.is_received());
    paid.next().map_or(1, |item| item.amount.signum())
}

fn fact(recorded: &Recorded<Event>) -> Option<&AgreementEvent> {
    match &recorded.event.fact {
        Fact::Agreement(event) => Some(event),
        _ => None,
    }
}

/// What an organisation is known by: its id, else its name.
pub(super) fn key(org: &OrgRef) -> String {
    org.id
        .as_deref()
        .or(org.name.as_deref())
        .unwrap_or("")
        .to_owned()
}

fn payment_id(event: &AgreementEvent) -> Option<&PaymentId> {
    item::cash(event)?.payment_id.as_ref()
}

/// A prorated amount cut into the years of a calendar by days.
fn years(period: Period, amount: i128, fiscal: FiscalCalendar) -> Vec<(Period, i128)> {
    let pieces = calendar::by_year(fiscal, period);
    let days: Vec<i128> = pieces
        .iter()
        .map(|(_, piece)| calendar::days(piece.starts_on(), piece.ends_on()))
        .collect();
    let parts = split(amount, &days).unwrap_or_default();
    pieces
        .into_iter()
        .map(|(_, piece)| piece)
        .zip(parts)
        .collect()
}

/// Counts a payment in the portions that hold its day, each up to what is committed, the rest in the last of them.
/// Where none holds it, in the last portion before it, else in the first.
fn pay(portions: &mut [Portion], on: Date, amount: i128) {
    let holds =
        |portion: &Portion| portion.period.starts_on() <= on && on <= portion.period.ends_on();
    let mut places: Vec<usize> = Vec::new();
    for (at, portion) in portions.iter().enumerate() {
        if holds(portion) {
            places.push(at);
        }
    }
    if places.is_empty() {
        let before = portions
            .iter()
            .filter(|portion| portion.period.ends_on() < on);
        places.push(before.count().saturating_sub(1));
    }
    let mut left = amount;
    for (at, portion) in portions.iter_mut().enumerate() {
        if !places.contains(&at) {
            continue;
        }
        let is_last = places.last() == Some(&at);
        let part = if is_last {
            left
        } else {
            left.min(portion.undisbursed())
        };
        portion.paid += part;
        left -= part;
    }
}

/// Takes an amount out of portions, the last first: what is undisbursed, then what is not, the rest from the last.
pub(super) fn take_from_last(portions: &[Portion], amount: i128) -> Vec<(Portion, i128)> {
    let mut taken: Vec<(Portion, i128)> = portions.iter().map(|portion| (*portion, 0)).collect();
    let mut left = amount;
    for undisbursed_only in [true, false] {
        for (portion, taken) in taken.iter_mut().rev() {
            let room = if undisbursed_only {
                portion.undisbursed()
            } else {
                portion.committed.max(0)
            };
            let part = left.min((room - *taken).max(0));
            *taken += part;
            left -= part;
        }
    }
    if let Some((_, taken)) = taken.last_mut() {
        *taken += left;
    }
    taken.retain(|(_, taken)| *taken != 0);
    taken
}
