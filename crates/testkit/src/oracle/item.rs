//! What an event is worth, written down once more from DOMAIN.md 2.2 and SEMANTICS.md 1.

mod planned;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Allocation, CashEntry, Decommitment, Firmness, LegDirection, OtherFlowKind,
    ReceivableEntry, ReversalReason, ShareMove, TrancheDraw, TransferDirection, YearBasis,
    YearShare,
};
use perennial_domain::classification::{Code, Pillar};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::exchange::Functional;
use perennial_domain::ids::{LineId, TrancheId};
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeEvent;

use super::value;

/// What an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Signed,
    Increased,
    Decreased,
    Moved,
    CarriedIn,
    CarriedOut,
    Disbursed,
    Reimbursed,
    Refunded,
    Received,
    GivenBack,
    Expended,
    Scheduled,
    PaidFor,
    Forecast,
    OtherFlow,
    Pledged,
    Converted,
    Withdrawn,
    WrittenOff,
    Recovered,
    Allocated,
    LinkedOnward,
}

impl What {
    /// Part of C.
    pub(super) const fn is_committed(self) -> bool {
        matches!(
            self,
            Self::Signed
                | Self::Increased
                | Self::Decreased
                | Self::Moved
                | Self::CarriedIn
                | Self::CarriedOut
        )
    }

    /// Part of D.
    pub(super) const fn is_disbursed(self) -> bool {
        matches!(self, Self::Disbursed | Self::Reimbursed | Self::Refunded)
    }

    /// Part of what was received.
    pub(super) const fn is_received(self) -> bool {
        matches!(self, Self::Received | Self::GivenBack)
    }
}

/// One signed amount of one event.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) event_id: EventId,
    /// The closed period that it adjusts.
    pub(super) concerns: Option<Period>,
    pub(super) what: What,
    pub(super) amount: i128,
    pub(super) currency: Currency,
    /// What it is in the functional currency, as booked.
    pub(super) functional: Option<Money>,
    /// From when on it counts.
    pub(super) on: Date,
    pub(super) line: Option<LineId>,
    pub(super) tranche: Option<TrancheId>,
    /// What it is for; without one its day says the year.
    pub(super) period: Option<Period>,
    pub(super) basis: Option<YearBasis>,
    pub(super) firmness: Firmness,
    pub(super) provider: Option<OrgRef>,
    pub(super) receiver: Option<OrgRef>,
    pub(super) pillar: Option<Pillar>,
    pub(super) purpose: Option<Code>,
    pub(super) place: Option<Code>,
    /// The published register, by its outgoing IATI type; 0 is none.
    pub(super) register: u8,
    /// 1 on each amount of a published entry, -1 on each of its reversal.
    pub(super) entries: i64,
}

/// Everything that a log's events are worth, in order.
pub(super) fn items(log: &[Recorded<Event>]) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for recorded in log {
        let currency = currency_of(log, &recorded.event.stream);
        let new = items_of(recorded, &all, currency);
        all.extend(new);
    }
    all
}

/// The currency of an agreement, which its signature says.
fn currency_of(log: &[Recorded<Event>], stream: &Stream) -> Option<Currency> {
    log.iter()
        .filter(|recorded| recorded.event.stream == *stream)
        .find_map(|recorded| match &recorded.event.fact {
            Fact::Agreement(AgreementEvent::AgreementSigned(terms)) => Some(terms.currency),
            _ => None,
        })
}

/// What a reversal cancels, and why.
pub(super) fn cancels(fact: &Fact) -> Option<(EventId, ReversalReason)> {
    match fact {
        Fact::Agreement(AgreementEvent::EntryReversed { target, reason })
        | Fact::Pledge(PledgeEvent::EntryReversed { target, reason }) => Some((*target, *reason)),
        Fact::Agreement(AgreementEvent::EntryReplaced { target }) => {
            Some((*target, ReversalReason::Replaced))
        }
        _ => None,
    }
}

/// What one event is worth, after what stands before it.
pub(super) fn items_of(
    recorded: &Recorded<Event>,
    before: &[Item],
    currency: Option<Currency>,
) -> Vec<Item> {
    if let Some((target, reason)) = cancels(&recorded.event.fact) {
        let cancelled = before.iter().filter(|item| item.event_id == target);
        return cancelled
            .map(|item| Item {
                event_id: recorded.event_id,
                amount: -item.amount,
                functional: item.functional.map(Money::negated),
                entries: -item.entries,
                ..returned(recorded, item, reason)
            })
            .collect();
    }
    let mut worth = Worth {
        recorded,
        currency,
        items: Vec::new(),
    };
    match &recorded.event.fact {
        Fact::Agreement(event) => worth.agreement(event),
        Fact::Pledge(event) => worth.pledge(event),
        // Policy, lists and counts are no amounts.
        Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => {}
    }
    let mut items = value::carried(&recorded.event, worth.items);
    items.retain(|item| item.amount != 0);
    for item in &mut items {
        item.entries = i64::from(item.register != 0);
    }
    items
}

/// A return has its own date, as what adjusts a closed period has, and so has what it takes out of the day of payment; every other reversal stands where its
/// target does.
fn returned(recorded: &Recorded<Event>, item: &Item, reason: ReversalReason) -> Item {
    let mut item = item.clone();
    item.concerns = recorded.event.concerns.or(item.concerns);
    if reason == ReversalReason::Returned || recorded.event.concerns.is_some() {
        item.on = recorded.event.effective_on;
        if item.what == What::PaidFor && item.amount < 0 {
            item.period = Some(Period::day(item.on));
        }
    }
    item
}

struct Worth<'a> {
    recorded: &'a Recorded<Event>,
    currency: Option<Currency>,
    items: Vec<Item>,
}

impl Worth<'_> {
    fn push(&mut self, what: What, amount: i128, currency: Currency) -> Option<&mut Item> {
        let event = &self.recorded.event;
        self.items.push(Item {
            event_id: self.recorded.event_id,
            what,
            amount,
            currency,
            functional: None,
            on: event.effective_on,
            line: None,
            tranche: None,
            period: None,
            basis: None,
            firmness: Firmness::Firm,
            provider: None,
            receiver: None,
            pillar: None,
            purpose: None,
            place: None,
            register: 0,
            entries: 0,
            concerns: event.concerns,
        });
        self.items.last_mut()
    }

    fn agreement(&mut self, event: &AgreementEvent) {
        use AgreementEvent as E;
        match event {
            E::AgreementSigned(terms) => {
                for line in &terms.lines {
                    let from = self.items.len();
                    self.committed(What::Signed, &line.line_id, line.amount, &line.year_shares);
                    self.value(from, line.functional.as_deref());
                }
            }
            E::CommitmentIncreased { .. } | E::CommitmentDecreased { .. } => self.changed(event),
            E::PeriodExtended { moves, .. } => self.moves(moves, |_| What::Moved),
            E::FundsCarriedOver(carried) => self.moves(&carried.moves, |amount| {
                if amount < 0 {
                    What::CarriedOut
                } else {
                    What::CarriedIn
                }
            }),
            E::FundsReallocated(reallocated) => self.legs(reallocated),
            E::TrancheScheduled { .. }
            | E::TrancheRescheduled(_)
            | E::TrancheCancelled { .. }
            | E::ForecastReplaced { .. } => self.planned(event),
            E::DisbursementMade { .. }
            | E::ReimbursementMade { .. }
            | E::RefundMade { .. }
            | E::ReceiptConfirmed { .. }
            | E::RefundReceived { .. }
            | E::ExpenditureReported { .. }
            | E::ExpenditureReduced { .. }
            | E::OtherFlowRecorded(_) => self.paid(event),
            E::AgreementTerminated(end) => self.given_up(&end.decommitments),
            E::AgreementCancelled { decommitments, .. } => self.given_up(decommitments),
            E::ReceivableWrittenOff(entry) => self.receivable(What::WrittenOff, entry, 1),
            E::ReceivableRecovered(entry) => self.receivable(What::Recovered, entry, -1),
            E::AllocationMade(_)
            | E::AllocationReleased(_)
            | E::FundsTransferred(_)
            | E::OnwardGrantLinked(_) => self.handed_on(event),
            E::AgreementDescribed(_)
            | E::LineOpened { .. }
            | E::PeriodShortened { .. }
            | E::TermsRevised(_)
            | E::AgreementSuspended { .. }
            | E::AgreementResumed { .. }
            | E::AgreementOperationallyEnded { .. }
            | E::AgreementFinanciallyClosed { .. }
            | E::TrancheConditionMet(_)
            | E::TrancheConditionWaived(_)
            | E::SplitsReclassified { .. }
            | E::PriorPeriodAdjusted(_)
            | E::TagSetReplaced(_)
            | E::EntryReversed { .. }
            | E::EntryReplaced { .. } => {}
        }
    }

    fn changed(&mut self, event: &AgreementEvent) {
        use AgreementEvent as E;
        match event {
            E::CommitmentIncreased {
                line_id,
                amount,
                year_shares,
                functional,
                ..
            } => {
                self.committed(What::Increased, line_id, *amount, year_shares);
                self.value(0, functional.as_deref());
            }
            E::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                functional,
                ..
            } => {
                self.committed(What::Decreased, line_id, *amount, year_shares);
                self.value(0, functional.as_deref());
            }
            _ => {}
        }
    }

    fn moves(&mut self, moves: &[ShareMove], what: impl Fn(i128) -> What) {
        for entry in moves {
            let what = what(entry.share.minor_units);
            self.share(what, &entry.line_id, &entry.share, self.currency);
        }
    }

    fn handed_on(&mut self, event: &AgreementEvent) {
        use AgreementEvent as E;
        match event {
            E::AllocationMade(allocation) => self.allocated(allocation, 1),
            E::AllocationReleased(release) => self.allocated(&release.allocation, -1),
            E::FundsTransferred(transfer) => {
                let what = match transfer.direction {
                    TransferDirection::Out => What::Decreased,
                    TransferDirection::In => What::Increased,
                };
                let (line_id, shares) = (&transfer.line_id, &transfer.year_shares);
                self.committed(what, line_id, transfer.amount, shares);
            }
            E::OnwardGrantLinked(link) => {
                let (amount, currency) = (link.amount.minor_units(), link.amount.currency());
                self.push(What::LinkedOnward, amount, currency);
            }
            _ => {}
        }
    }

    /// Money leaves what its line is for, for what the allocation names; its line and periods stay.
    fn allocated(&mut self, allocation: &Allocation, sign: i128) {
        let (currency, dims) = (allocation.amount.currency(), &allocation.dims);
        for share in &allocation.shares {
            for sign in [-sign, sign] {
                let share = YearShare {
                    minor_units: sign * share.minor_units,
                    ..*share
                };
                self.share(What::Moved, &allocation.line_id, &share, Some(currency));
            }
            if let Some(item) = self.items.last_mut() {
                item.receiver.clone_from(&dims.receiver);
                item.pillar = dims.pillar;
                item.purpose.clone_from(&dims.purpose);
                item.place.clone_from(&dims.country);
            }
        }
        let amount = sign * allocation.amount.minor_units();
        if let Some(item) = self.push(What::Allocated, amount, currency) {
            item.line = Some(allocation.line_id.clone());
        }
    }

    fn paid(&mut self, event: &AgreementEvent) {
        use AgreementEvent as E;
        match event {
            E::DisbursementMade { cash, draws } => {
                self.cash(What::Disbursed, cash, (1, 3, None));
                self.draws(draws, cash);
            }
            E::ReimbursementMade { cash } => self.cash(What::Reimbursed, cash, (1, 7, None)),
            E::RefundMade { cash, .. } => {
                let published = cash.published.as_ref();
                let of_a_reimbursement =
                    published.is_some_and(|it| matches!(it.type_code.as_str(), "7" | "R"));
                let register = if of_a_reimbursement { 7 } else { 3 };
                self.cash(What::Refunded, cash, (-1, register, None));
            }
            E::ReceiptConfirmed { cash, draws, .. } => {
                self.cash(What::Received, cash, (1, 1, None));
                self.draws(draws, cash);
            }
            E::RefundReceived { cash, .. } => self.cash(What::GivenBack, cash, (-1, 1, None)),
            E::ExpenditureReported { cash, period, .. } => {
                self.cash(What::Expended, cash, (1, 4, Some(*period)));
            }
            E::ExpenditureReduced { cash, period, .. } => {
                self.cash(What::Expended, cash, (-1, 4, Some(*period)));
            }
            E::OtherFlowRecorded(flow) => {
                let register = match flow.kind {
                    OtherFlowKind::InterestPayment => 5,
                    OtherFlowKind::LoanRepayment => 6,
                    OtherFlowKind::EquityPurchase => 8,
                    OtherFlowKind::EquitySale => 9,
                    OtherFlowKind::CreditGuarantee => 10,
                };
                let sign = if flow.negative { -1 } else { 1 };
                self.cash(What::OtherFlow, &flow.cash, (sign, register, None));
            }
            _ => {}
        }
    }

    /// What is paid of portions leaves them, and counts for their period and not for its own day.
    fn draws(&mut self, draws: &[TrancheDraw], cash: &CashEntry) {
        let (currency, day) = (
            cash.amount.currency(),
            Period::day(self.recorded.event.effective_on),
        );
        for (draw, value) in draws.iter().zip(value::of_draws(draws, cash)) {
            let due_in = draw.due_on.map_or(draw.period, Period::day);
            self.due_in(&draw.tranche_id, -draw.minor_units, due_in, currency);
            for (sign, period) in [(-1, day), (1, draw.period)] {
                if let Some(item) = self.push(What::PaidFor, sign * draw.minor_units, currency) {
                    item.period = Some(period);
                    item.tranche = Some(draw.tranche_id.clone());
                    item.functional = value.map(|value| value::signed(value, sign));
                }
            }
        }
    }

    fn given_up(&mut self, decommitments: &[Decommitment]) {
        for given_up in decommitments {
            let (line_id, shares) = (&given_up.line_id, &given_up.year_shares);
            self.committed(What::Decreased, line_id, given_up.amount, shares);
        }
    }

    fn receivable(&mut self, what: What, entry: &ReceivableEntry, sign: i128) {
        for part in &entry.parts {
            let amount = sign * part.minor_units;
            if let Some(item) = self.push(what, amount, entry.amount.currency()) {
                item.line = Some(part.line_id.clone());
            }
        }
    }

    fn cash(&mut self, what: What, cash: &CashEntry, how: (i128, u8, Option<Period>)) {
        let (sign, register, period) = how;
        for part in &cash.parts {
            let amount = sign * part.minor_units;
            if let Some(item) = self.push(what, amount, cash.amount.currency()) {
                item.line = Some(part.line_id.clone());
                item.register = register;
                item.period = period;
                item.provider.clone_from(&cash.provider);
                item.receiver.clone_from(&cash.receiver);
            }
        }
        self.value(0, cash.functional.as_deref());
    }

    /// Divides a functional amount over the amounts that were written down from here on.
    fn value(&mut self, from: usize, functional: Option<&Functional>) {
        let items = self.items.get_mut(from..).unwrap_or_default();
        value::divide(items, functional);
    }

    fn committed(&mut self, what: What, line_id: &LineId, amount: Money, shares: &[YearShare]) {
        let sign = if what == What::Decreased { -1 } else { 1 };
        for share in shares {
            let share = YearShare {
                minor_units: sign * share.minor_units,
                ..*share
            };
            self.share(what, line_id, &share, Some(amount.currency()));
            if let Some(item) = self.items.last_mut() {
                item.register = 2;
            }
        }
    }

    fn share(
        &mut self,
        what: What,
        line_id: &LineId,
        share: &YearShare,
        currency: Option<Currency>,
    ) {
        let Some(currency) = currency else { return };
        if let Some(item) = self.push(what, share.minor_units, currency) {
            item.line = Some(line_id.clone());
            item.period = Some(share.period);
            item.basis = Some(share.basis);
            item.firmness = share.firmness;
        }
    }

    fn legs(&mut self, reallocated: &perennial_domain::agreement::ReallocatedFunds) {
        for leg in &reallocated.legs {
            let sign = if leg.direction == LegDirection::From {
                -1
            } else {
                1
            };
            let (amount, currency) = (sign * leg.amount.minor_units(), leg.amount.currency());
            let day = Period::day(self.recorded.event.effective_on);
            if let Some(item) = self.push(What::Moved, amount, currency) {
                item.line = Some(leg.place.line_id.clone());
                item.period = Some(leg.place.period.unwrap_or(day));
                item.basis = Some(leg.place.basis.unwrap_or(YearBasis::Scheduled));
                item.firmness = leg.place.firmness.unwrap_or_default();
                item.pillar = leg.place.pillar;
                item.purpose.clone_from(&leg.place.purpose);
                item.place.clone_from(&leg.place.country);
            }
        }
    }

    fn due(&mut self, tranche_id: &TrancheId, amount: i128, due_on: Date, currency: Currency) {
        self.due_in(tranche_id, amount, Period::day(due_on), currency);
    }

    fn due_in(&mut self, tranche_id: &TrancheId, amount: i128, due: Period, currency: Currency) {
        if let Some(item) = self.push(What::Scheduled, amount, currency) {
            item.period = Some(due);
            item.tranche = Some(tranche_id.clone());
        }
    }

    fn pledge(&mut self, event: &PledgeEvent) {
        let mut push = |what, amount: i128, currency, register| {
            if let Some(item) = self.push(what, amount, currency) {
                item.register = register;
            }
        };
        match event {
            PledgeEvent::PledgeAnnounced(announced) => {
                let amount = announced.amount;
                push(What::Pledged, amount.minor_units(), amount.currency(), 12);
                self.value(0, announced.functional.as_deref());
            }
            PledgeEvent::PledgeRevised {
                new_amount,
                previous_amount,
                ..
            } => {
                let change = new_amount.minor_units() - previous_amount.minor_units();
                push(What::Pledged, change, new_amount.currency(), 12);
            }
            PledgeEvent::PledgeConverted { amount, .. } => {
                push(What::Converted, amount.minor_units(), amount.currency(), 0);
            }
            PledgeEvent::PledgeWithdrawn { amount, .. }
            | PledgeEvent::PledgeLapsed { amount, .. } => {
                push(
                    What::Withdrawn,
                    -amount.minor_units(),
                    amount.currency(),
                    12,
                );
            }
            PledgeEvent::TagSetReplaced(_)
            | PledgeEvent::PriorPeriodAdjusted(_)
            | PledgeEvent::EntryReversed { .. } => {}
        }
    }
}

/// The payment in an event, if it is one.
pub(super) fn cash(event: &AgreementEvent) -> Option<&CashEntry> {
    use AgreementEvent as E;
    if let E::DisbursementMade { cash, .. }
    | E::ReimbursementMade { cash, .. }
    | E::RefundMade { cash, .. }
    | E::ReceiptConfirmed { cash, .. }
    | E::RefundReceived { cash, .. }
    | E::ExpenditureReported { cash, .. }
    | E::ExpenditureReduced { cash, .. } = event
    {
        return Some(cash);
    }
    if let E::OtherFlowRecorded(flow) = event {
        return Some(&flow.cash);
    }
    None
}
