//! What is known of one agreement: the fold of its events.

use std::sync::Arc;

use jiff::civil::Date;

use crate::agreement::entries::Entries;
use crate::agreement::moves::Moves;
use crate::agreement::parties::Parties;
use crate::agreement::schedule::Schedule;
use crate::agreement::status::{Milestone, Status, Turn};
use crate::agreement::{Conditionality, FurtherTerms, Line, LineSplits, Perspective, YearShare};
use crate::ids::{AgreementId, AllocationId, LineId, PaymentId, TrancheId};
use crate::log::{EventId, Revision};
use crate::money::{Currency, Money};
use crate::packed::{Decoder, Names, Sorted, Stored as _};
use crate::party::OrgRef;
use crate::period::Period;
use crate::series::{Amounts, FewAmounts, Series};

/// The amounts of an agreement, or of one line of it, in minor units of the agreement's currency. All are net:
/// decreases, refunds and reversals are taken out (DOMAIN.md 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Balance {
    /// C: signed, plus increases, minus decreases.
    pub committed: i128,
    /// D: disbursements and reimbursements, minus refunds made.
    pub disbursed: i128,
    /// Receipts, minus refunds received.
    pub received: i128,
    /// X: expenditure reported, minus reduced.
    pub expended: i128,
    /// S: what is open of the tranches; 0 for a line, because tranches are not by line.
    pub scheduled: i128,
}

impl Balance {
    /// What counts against the commitment: received for an incoming agreement, else disbursed.
    pub const fn paid(&self, perspective: Perspective) -> i128 {
        match perspective {
            Perspective::Provider => self.disbursed,
            Perspective::Recipient => self.received,
        }
    }

    /// U: committed minus paid; negative where more was paid.
    pub const fn undisbursed(&self, perspective: Perspective) -> i128 {
        self.committed.saturating_sub(self.paid(perspective))
    }

    pub(crate) fn of(measure: Measure, minor_units: i128) -> Self {
        let mut balance = Self::default();
        match measure {
            Measure::Committed => balance.committed = minor_units,
            Measure::Disbursed => balance.disbursed = minor_units,
            Measure::Received => balance.received = minor_units,
            Measure::Expended => balance.expended = minor_units,
        }
        balance
    }

    pub(crate) const fn measure(&self, measure: Measure) -> i128 {
        match measure {
            Measure::Committed => self.committed,
            Measure::Disbursed => self.disbursed,
            Measure::Received => self.received,
            Measure::Expended => self.expended,
        }
    }

    fn zip(self, other: Self, sum: impl Fn(i128, i128) -> i128) -> Self {
        Self {
            committed: sum(self.committed, other.committed),
            disbursed: sum(self.disbursed, other.disbursed),
            received: sum(self.received, other.received),
            expended: sum(self.expended, other.expended),
            scheduled: sum(self.scheduled, other.scheduled),
        }
    }
}

impl Amounts for Balance {
    type Kept = FewAmounts;

    fn keep(self) -> FewAmounts {
        FewAmounts::of(self.amounts())
    }

    fn of_kept(kept: &FewAmounts) -> Self {
        Self::of_amounts(kept.amounts())
    }

    fn plus(self, other: Self) -> Self {
        self.zip(other, i128::saturating_add)
    }

    fn minus(self, other: Self) -> Self {
        self.zip(other, i128::saturating_sub)
    }

    fn amounts(self) -> [i128; 5] {
        [
            self.committed,
            self.disbursed,
            self.received,
            self.expended,
            self.scheduled,
        ]
    }

    fn of_amounts([committed, disbursed, received, expended, scheduled]: [i128; 5]) -> Self {
        Self {
            committed,
            disbursed,
            received,
            expended,
            scheduled,
        }
    }
}

/// Which amount of a balance changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    Committed,
    Disbursed,
    Received,
    Expended,
}

/// One change that an entry makes to the state. A reversal makes the same changes with the other sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// To an amount of a line, and so of the agreement.
    Amount {
        line: usize,
        measure: Measure,
        /// To or from whom, for payments (R21).
        party: Option<Arc<str>>,
        minor_units: i128,
    },
    /// To the share of a line's commitment that is for one period.
    Share { line: usize, share: YearShare },
    /// To what a share of a line's commitment is in a functional currency.
    Worth {
        line: usize,
        /// How much of the share has the functional amount, in the agreement's currency.
        share: YearShare,
        functional: Money,
    },
    /// To what is open of a tranche.
    Tranche {
        tranche_id: TrancheId,
        period: Period,
        minor_units: i128,
    },
    /// To what is allocated of a line.
    Allocated {
        line: usize,
        allocation_id: AllocationId,
        minor_units: i128,
    },
    /// To what counts against a heading's limit on reallocations (R18).
    Counted {
        heading: Arc<str>,
        minor_units: i128,
    },
    /// To what is written off.
    WrittenOff { minor_units: i128 },
}

impl Effect {
    pub(crate) fn negated(&self) -> Self {
        let mut effect = self.clone();
        match &mut effect {
            Self::Amount { minor_units, .. }
            | Self::Tranche { minor_units, .. }
            | Self::Allocated { minor_units, .. }
            | Self::Counted { minor_units, .. }
            | Self::WrittenOff { minor_units } => {
                *minor_units = minor_units.saturating_neg();
            }
            Self::Share { share, .. } => share.minor_units = share.minor_units.saturating_neg(),
            Self::Worth {
                share, functional, ..
            } => {
                share.minor_units = share.minor_units.saturating_neg();
                *functional = functional.negated();
            }
        }
        effect
    }
}

/// What sort of entry an event is, as far as reversing it goes (R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// More or less is committed.
    Commitment,
    /// A payment or a report of spending.
    Cash,
    /// Money moved between lines and periods.
    Reallocation,
    /// A tranche was scheduled, rescheduled or cancelled.
    Schedule,
    /// The published plan was replaced.
    Forecast,
    /// It was suspended, resumed, ended or closed.
    Status,
    /// A condition of a tranche was met or waived.
    Condition,
    /// A receivable was written off or recovered.
    Receivable,
    /// Cancels another entry.
    Reversal,
    /// Terms beside parties, dates and money were revised.
    Terms,
    /// Parked money was allocated or released.
    Allocation,
    /// One half of a transfer between agreements.
    Transfer,
    /// A grant was linked with the one that its money comes from.
    Link,
    /// Signature, words, lines and term: other entries stand on it, and a later event of the same kind
    /// corrects it, so it cannot be reversed.
    Fixed,
}

/// What is remembered of one recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it is true in the world.
    pub effective_on: Date,
    /// What sort it is.
    pub kind: EntryKind,
    /// The reversal or replacement that cancelled it.
    pub reversed_by: Option<EventId>,
    pub(crate) payment_id: Option<PaymentId>,
    pub(crate) effects: Vec<Effect>,
}

/// What is kept of a line at hand; the rest of it is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineState {
    /// Its id, as a number of the agreement's names.
    pub(crate) name: u32,
    /// Its own other party as payments are counted, likewise; 0 where it is the agreement's.
    pub(crate) counterparty: u32,
    pub(crate) balances: Series<Balance>,
}

/// What of the payments is claimed back by a termination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) event_id: EventId,
    pub(crate) minor_units: i128,
    /// What was paid when it was claimed; what it fell by since came back.
    pub(crate) paid_then: i128,
}

/// What most agreements do not have: kept apart, so that they do not pay for it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Life {
    /// Standing facts that turned it, ascending by date and event.
    pub(crate) milestones: Vec<Milestone>,
    /// W: written off, less recovered.
    pub(crate) written_off: Series<i128>,
    pub(crate) claims: Vec<Claim>,
    /// Standing receipts that confirm a disbursement, with their amounts in minor units.
    pub(crate) confirmed: Vec<(EventId, PaymentId, i128)>,
}

/// The terms of an agreement as first signed that decisions look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedTerms {
    /// Whose view the ledger books.
    pub perspective: Perspective,
    /// When it was signed; absent in a mirror whose source does not publish it.
    pub signed_on: Option<Date>,
    /// First day of its term, as first signed or published.
    pub starts_on: Option<Date>,
    /// Last day of its term, included, as first signed or published.
    pub ends_on: Option<Date>,
    /// The one currency of its commitments.
    pub currency: Currency,
    /// Whether the money is conditional.
    pub conditionality: Conditionality,
}

/// One legal agreement: the fold of its events so far. A ledger has many, and most of them rest: what a payment does
/// not need is packed, absent, or follows from the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub(crate) terms: SignedTerms,
    pub(crate) ends_on: Option<Date>,
    pub(crate) revision: Revision,
    /// Ids of lines and tranches, parties, codes: what is packed refers to them by number.
    pub(crate) names: Names,
    /// Who gives and who receives, as payments are counted (R21).
    pub(crate) provider: u32,
    pub(crate) recipient: u32,
    /// Its lines one after the other, as signed, then as opened.
    pub(crate) packed: Box<[u8]>,
    pub(crate) further: Option<Box<FurtherTerms>>,
    pub(crate) lines: Vec<LineState>,
    pub(crate) balances: Series<Balance>,
    pub(crate) parties: Parties,
    pub(crate) schedule: Option<Box<Schedule>>,
    /// Days on which money was committed, with how many standing entries did so (R11).
    pub(crate) committed_on: Sorted<Date, u32>,
    /// Every event, ascending. What the first one changed is in the lines.
    pub(crate) entries: Entries,
    /// What few agreements have: absent until one of them happens.
    pub(crate) moves: Option<Box<Moves>>,
    pub(crate) life: Option<Box<Life>>,
}

impl Agreement {
    /// The terms as first signed: dates are the original ones. [`Agreement::lines`] has the lines, and
    /// [`Agreement::year_shares`] what the periods of their money became.
    pub fn terms(&self) -> &SignedTerms {
        &self.terms
    }

    /// The one currency of its commitments.
    pub fn currency(&self) -> Currency {
        self.terms.currency
    }

    /// Whose view is booked.
    pub fn perspective(&self) -> Perspective {
        self.terms.perspective
    }

    /// The last day of its term as it is now, included.
    pub fn ends_on(&self) -> Option<Date> {
        self.ends_on
    }

    /// How many events it holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Its lines, in the order in which they were signed or opened. The periods of their money are left out:
    /// [`Agreement::year_shares`] has what they became.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.packed_lines().map(|line| Line {
            year_shares: Vec::new(),
            ..line
        })
    }

    /// One of its lines.
    pub fn line(&self, line_id: &LineId) -> Option<Line> {
        self.lines().nth(self.place_of(line_id)?)
    }

    /// Its lines, those that were signed with the periods of their money.
    pub(crate) fn packed_lines(&self) -> impl Iterator<Item = Line> {
        let mut from = Decoder::beside(&self.packed, &self.names);
        std::iter::from_fn(move || {
            if from.is_empty() {
                return None;
            }
            Line::take(&mut from).ok()
        })
    }

    /// The place of a line. Hardly any agreement has more than some dozens.
    pub(crate) fn place_of(&self, line_id: &LineId) -> Option<usize> {
        let name = self.names.find(line_id.as_str())?;
        self.lines.iter().position(|line| line.name == name)
    }

    /// The id of the line at a place.
    pub(crate) fn line_id_at(&self, at: usize) -> Option<LineId> {
        let text = self.names.text(self.lines.get(at)?.name)?;
        Some(LineId(text.into()))
    }

    /// Everything recorded so far, whatever its date.
    pub fn balance(&self) -> Balance {
        self.balances.total()
    }

    /// What was true at the end of a day, as far as it is recorded.
    pub fn balance_as_of(&self, effective_as_of: Date) -> Balance {
        self.balances.as_of(effective_as_of)
    }

    /// Everything recorded so far of one line.
    pub fn line_balance(&self, line_id: &LineId) -> Option<Balance> {
        let line = self.lines.get(self.place_of(line_id)?)?;
        Some(line.balances.total())
    }

    /// What was true of one line at the end of a day.
    pub fn line_balance_as_of(&self, line_id: &LineId, effective_as_of: Date) -> Option<Balance> {
        let line = self.lines.get(self.place_of(line_id)?)?;
        Some(line.balances.as_of(effective_as_of))
    }

    /// U in minor units: committed minus disbursed, or minus received for an incoming agreement.
    pub fn undisbursed(&self) -> i128 {
        self.balance().undisbursed(self.perspective())
    }

    /// Where it is in its life at the end of a day, as far as it is recorded.
    pub fn status_as_of(&self, effective_as_of: Date) -> Status {
        let starts_on = self.terms.starts_on;
        let begun = starts_on.is_none_or(|starts_on| starts_on <= effective_as_of);
        let known = self.milestones().iter();
        let true_then = known.filter(|milestone| milestone.on <= effective_as_of);
        Status::of(true_then.map(|milestone| milestone.turn), begun)
    }

    /// W in minor units: written off, less recovered, whatever the date.
    pub fn written_off(&self) -> i128 {
        self.life
            .as_ref()
            .map_or(0, |life| life.written_off.total())
    }

    /// What terminations claim back of the payments and did not come back yet, in minor units.
    pub fn recoverable(&self) -> i128 {
        let paid = self.balance().paid(self.perspective());
        let claims = self.life.iter().flat_map(|life| &life.claims);
        claims
            .map(|claim| {
                let came_back = claim.paid_then.saturating_sub(paid).max(0);
                claim.minor_units.saturating_sub(came_back).max(0)
            })
            .fold(0, i128::saturating_add)
    }

    /// The standing payments that are dated from `since` on and before the next standing resumption. One of the same day
    /// was recorded before, and lifted an earlier suspension.
    pub(crate) fn payments_suspended_from(&self, since: Date) -> impl Iterator<Item = EventId> {
        let resumed = self.milestones().iter();
        let until = resumed
            .filter(|milestone| milestone.turn == Turn::Resumed && since < milestone.on)
            .map(|milestone| milestone.on)
            .next();
        let within = move |on: Date| since <= on && until.is_none_or(|until| on < until);
        self.entries()
            .filter(move |(_, entry)| within(entry.effective_on) && entry.is_standing_payment())
            .map(|(event_id, _)| event_id)
    }

    /// The standing payments that a resumption of `on` made possible: dated from then on and recorded after it.
    pub(crate) fn payments_after_resumption(
        &self,
        on: Date,
        resumed_by: EventId,
    ) -> impl Iterator<Item = EventId> {
        self.entries()
            .filter(move |(event_id, entry)| {
                resumed_by < *event_id && on <= entry.effective_on && entry.is_standing_payment()
            })
            .map(|(event_id, _)| event_id)
    }

    pub(crate) fn milestones(&self) -> &[Milestone] {
        self.life
            .as_ref()
            .map_or(&[], |life| life.milestones.as_slice())
    }

    /// The net commitment of a line by period, ascending; empty for an unknown line.
    pub fn year_shares(&self, line_id: &LineId) -> Vec<YearShare> {
        let shares = self.place_of(line_id).map(|at| self.shares_of(at));
        let shares = shares.into_iter().flatten();
        shares
            .map(|((period, basis, firmness), minor_units)| YearShare {
                period,
                minor_units,
                basis,
                firmness,
            })
            .collect()
    }

    /// What is remembered of one of its events.
    pub fn entry(&self, event_id: EventId) -> Option<Entry> {
        self.entries.get(&self.names, event_id)
    }

    /// Its events, ascending.
    pub fn entries(&self) -> impl Iterator<Item = (EventId, Entry)> {
        self.entries.iter(&self.names)
    }

    /// The first day on which money was committed, by entries that stand.
    pub fn first_commitment_on(&self) -> Option<Date> {
        self.committed_on.keys().next().copied()
    }

    /// What counts against the commitment.
    pub(crate) const fn paid_measure(&self) -> Measure {
        match self.terms.perspective {
            Perspective::Provider => Measure::Disbursed,
            Perspective::Recipient => Measure::Received,
        }
    }

    /// The day since which a line is classified as on this day; none if it is since it was opened.
    pub(crate) fn split_since(&self, at: usize, on: Date) -> Option<Date> {
        let own = self.moves.iter().flat_map(|moves| &moves.reclassified);
        let own = own.filter(|(line, since, _)| *line == at && *since <= on);
        own.map(|(_, since, _)| *since).max()
    }

    /// How a line is classified on a day, as far as it is recorded: by the last of the newest day up to it.
    pub(crate) fn splits_on(&self, at: usize, on: Date) -> LineSplits {
        let moves = self.moves.as_deref();
        let in_force = moves
            .into_iter()
            .flat_map(|moves| &moves.reclassified)
            .filter(|(line, since, _)| *line == at && *since <= on)
            .max_by_key(|(_, since, _)| *since);
        if let Some((_, _, splits)) = in_force {
            return splits.clone();
        }
        let line = self.packed_lines().nth(at);
        line.as_ref().map(LineSplits::of).unwrap_or_default()
    }

    /// Who is on the other side of a payment on this line, as R21 counts it.
    pub(crate) fn party(&self, at: usize, measure: Measure, named: Option<&OrgRef>) -> Arc<str> {
        if let Some(named) = named {
            return named.key().into();
        }
        let own = match (measure, self.terms.perspective) {
            (Measure::Received, Perspective::Recipient)
            | (
                Measure::Disbursed | Measure::Committed | Measure::Expended,
                Perspective::Provider,
            ) => self.lines.get(at).map(|line| line.counterparty),
            (Measure::Received, Perspective::Provider)
            | (
                Measure::Disbursed | Measure::Committed | Measure::Expended,
                Perspective::Recipient,
            ) => None,
        };
        let agreed = match measure {
            Measure::Received => self.provider,
            Measure::Disbursed | Measure::Committed | Measure::Expended => self.recipient,
        };
        let party = own.filter(|&own| own != 0).unwrap_or(agreed);
        self.names.text(party).unwrap_or_default().into()
    }

    /// Whether what is packed of a state that was read can be unpacked.
    pub(crate) fn is_sound(&self) -> bool {
        let lines = self
            .lines
            .iter()
            .flat_map(|line| [line.name, line.counterparty]);
        let parties = [self.provider, self.recipient];
        let mut names = lines.chain(parties).filter(|&name| name != 0);
        names.all(|name| self.names.text(name).is_some())
            && self.packed_lines().count() == self.lines.len()
            && self
                .schedule
                .iter()
                .all(|schedule| schedule.is_sound(&self.names))
    }

    /// The id of an agreement's stream, as subjects of breaches name it.
    pub(crate) fn subject(agreement_id: &AgreementId) -> String {
        format!("agreement/{agreement_id}")
    }
}
