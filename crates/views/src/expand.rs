//! From one event to its postings: the one place where an event becomes amounts.
//!
//! [`expand`] is pure and needs the event and, for a reversal or replacement, the postings of the one event
//! it names (SEMANTICS.md 1). A change of what it returns is a new [`crate::SCHEMA`].

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Allocation, CashEntry, Decommitment, Firmness, ForecastEntry, Leg,
    LegDirection, OtherFlow, Published, ReceivableEntry, Rescheduling, ReversalReason, ShareMove,
    Termination, Terms, TrancheDraw, TransferDirection, YearBasis, YearShare,
};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::LineId;
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::{Currency, Money};
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeEvent;

use crate::day::{Month, widened_to_month};
use crate::posting::{Measure, Posting, Register};

/// Returns the event that `event` reverses or replaces, if it names one.
pub fn named_event(event: &Event) -> Option<EventId> {
    match &event.fact {
        Fact::Agreement(
            AgreementEvent::EntryReversed { target, .. } | AgreementEvent::EntryReplaced { target },
        )
        | Fact::Pledge(PledgeEvent::EntryReversed { target, .. }) => Some(*target),
        Fact::Agreement(_)
        | Fact::Pledge(_)
        | Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => None,
    }
}

/// What an event's expansion needs beside the event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The postings of the event that it names, in order; empty for an event that names none.
    pub named: &'a [Posting],
    /// The currency of its agreement, which its signature fixed for ever; moved shares carry none of their own.
    pub currency: Option<Currency>,
}

/// Expands one event.
///
/// The postings of a committed or paid amount always sum to the event's amount (INV-3): a part that no share or
/// line claims is posted without one.
pub fn expand(recorded: &Recorded<Event>, beside: Beside<'_>) -> Vec<Posting> {
    let mut postings = Expansion {
        recorded,
        beside,
        out: Vec::new(),
    };
    match &recorded.event.fact {
        // Policy, sources, counts, lists and requirements are histories, not amounts.
        Fact::Ledger(_)
        | Fact::Import(_)
        | Fact::Reference(_)
        | Fact::Requirement(_)
        | Fact::Calendar(_) => {}
        Fact::Pledge(event) => postings.pledge(event),
        Fact::Agreement(event) => postings.agreement(event),
    }
    postings.out
}

struct Expansion<'a> {
    recorded: &'a Recorded<Event>,
    beside: Beside<'a>,
    out: Vec<Posting>,
}

/// What all postings of one cash event share.
#[derive(Clone, Copy)]
struct Flow {
    measure: Measure,
    register: Register,
    negative: bool,
    period: Option<Period>,
}

impl Flow {
    const fn new(measure: Measure, register: Register) -> Self {
        Self {
            measure,
            register,
            negative: false,
            period: None,
        }
    }

    const fn negative(self) -> Self {
        Self {
            negative: true,
            ..self
        }
    }

    const fn of(self, period: Period) -> Self {
        Self {
            period: Some(period),
            ..self
        }
    }
}

impl Expansion<'_> {
    fn effective_on(&self) -> Date {
        self.recorded.event.effective_on
    }

    fn blank(&self, measure: Measure, currency: Currency, minor_units: i128) -> Posting {
        Posting {
            event_id: self.recorded.event_id,
            entity: self.recorded.event.stream.clone(),
            line_id: None,
            measure,
            currency,
            minor_units,
            effective_on: self.effective_on(),
            period: None,
            basis: None,
            firmness: Firmness::Firm,
            provider: None,
            receiver: None,
            pillar: None,
            purpose: None,
            place: None,
            concerns: self.recorded.event.concerns,
            register: Register::None,
            entries: 0,
        }
    }

    /// Words, lines of 0, dates, further terms, conditions and status are histories: they have no postings.
    fn agreement(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::AgreementSigned(terms) => self.signed(terms),
            // Words, lines of 0, dates, further terms, conditions, status, splits and tags are histories.
            AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::PriorPeriodAdjusted(_)
            | AgreementEvent::TermsRevised(_)
            | AgreementEvent::LineOpened { .. }
            | AgreementEvent::PeriodShortened { .. }
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::TrancheConditionMet(_)
            | AgreementEvent::TrancheConditionWaived(_)
            | AgreementEvent::SplitsReclassified { .. }
            | AgreementEvent::TagSetReplaced(_) => {}
            AgreementEvent::AgreementTerminated(Termination { decommitments, .. })
            | AgreementEvent::AgreementCancelled { decommitments, .. } => {
                self.given_up(decommitments);
            }
            AgreementEvent::ReceivableWrittenOff(entry) => self.written_off(entry),
            AgreementEvent::ReceivableRecovered(entry) => self.recovered(entry),
            AgreementEvent::CommitmentIncreased {
                line_id,
                amount,
                year_shares,
                ..
            } => self.changed(Measure::Increased, line_id, *amount, year_shares),
            AgreementEvent::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                ..
            } => self.changed(Measure::Decreased, line_id, *amount, year_shares),
            AgreementEvent::PeriodExtended { moves, .. } => {
                self.moved(moves, |_| Measure::Moved);
            }
            AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::FundsTransferred(_)
            | AgreementEvent::OnwardGrantLinked(_) => self.handed_on(event),
            AgreementEvent::FundsCarriedOver(carried) => {
                self.moved(&carried.moves, carried_measure);
            }
            AgreementEvent::TrancheScheduled { amount, due_on, .. } => {
                self.due(*amount, *due_on, false);
            }
            AgreementEvent::TrancheRescheduled(moved) => self.rescheduled(moved),
            AgreementEvent::TrancheCancelled { open, due_on, .. } => {
                self.due(*open, *due_on, true);
            }
            AgreementEvent::ForecastReplaced { previous, entries } => {
                self.forecast(previous, true);
                self.forecast(entries, false);
            }
            AgreementEvent::FundsReallocated(reallocated) => {
                self.reallocated(&reallocated.legs);
            }
            AgreementEvent::EntryReversed { target: _, reason } => self.reversed(*reason),
            AgreementEvent::EntryReplaced { .. } => self.reversed(ReversalReason::Replaced),
            AgreementEvent::DisbursementMade { .. }
            | AgreementEvent::ReimbursementMade { .. }
            | AgreementEvent::RefundMade { .. }
            | AgreementEvent::ReceiptConfirmed { .. }
            | AgreementEvent::RefundReceived { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::OtherFlowRecorded(_) => self.paid(event),
        }
    }

    fn rescheduled(&mut self, moved: &Rescheduling) {
        self.due(moved.open, moved.previous_due_on, true);
        self.due(moved.open, moved.new_due_on, false);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`agreement` names every event and sends only these here"
    )]
    fn handed_on(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::AllocationMade(allocation) => self.allocated(allocation, 1),
            AgreementEvent::AllocationReleased(release) => {
                self.allocated(&release.allocation, -1);
            }
            AgreementEvent::FundsTransferred(transfer) => {
                let measure = match transfer.direction {
                    TransferDirection::Out => Measure::Decreased,
                    TransferDirection::In => Measure::Increased,
                };
                let (line_id, shares) = (&transfer.line_id, &transfer.year_shares);
                self.changed(measure, line_id, transfer.amount, shares);
            }
            AgreementEvent::OnwardGrantLinked(link) => {
                let (amount, measure) = (link.amount, Measure::LinkedOnward);
                let posting = self.blank(measure, amount.currency(), amount.minor_units());
                self.out.push(posting);
            }
            _ => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`agreement` names every event and sends only this family here"
    )]
    fn paid(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::DisbursementMade { cash, draws } => {
                self.cash(cash, Flow::new(Measure::Disbursed, Register::Disbursement));
                self.draws(draws, cash.amount.currency());
            }
            AgreementEvent::ReimbursementMade { cash } => self.cash(
                cash,
                Flow::new(Measure::Reimbursed, Register::Reimbursement),
            ),
            AgreementEvent::RefundMade { cash, reason: _ } => {
                let register = refund_register(cash.published.as_ref());
                self.cash(cash, Flow::new(Measure::Refunded, register).negative());
            }
            AgreementEvent::ReceiptConfirmed { cash, draws, .. } => {
                self.cash(cash, Flow::new(Measure::Received, Register::IncomingFunds));
                self.draws(draws, cash.amount.currency());
            }
            AgreementEvent::RefundReceived { cash, reason: _ } => self.cash(
                cash,
                Flow::new(Measure::Returned, Register::IncomingFunds).negative(),
            ),
            AgreementEvent::ExpenditureReported { cash, period, .. } => self.cash(
                cash,
                Flow::new(Measure::Expended, Register::Expenditure).of(*period),
            ),
            AgreementEvent::ExpenditureReduced { cash, period, .. } => self.cash(
                cash,
                Flow::new(Measure::Expended, Register::Expenditure)
                    .of(*period)
                    .negative(),
            ),
            AgreementEvent::OtherFlowRecorded(OtherFlow {
                kind,
                negative,
                cash,
            }) => {
                let flow = Flow::new(Measure::OtherFlow, Register::of_flow(*kind));
                self.cash(
                    cash,
                    Flow {
                        negative: *negative,
                        ..flow
                    },
                );
            }
            _ => {}
        }
    }

    fn pledge(&mut self, event: &PledgeEvent) {
        match event {
            PledgeEvent::PledgeAnnounced(announced) => {
                self.pledged(Measure::Pledged, announced.amount, 1);
            }
            PledgeEvent::PledgeRevised {
                new_amount,
                previous_amount,
                reason: _,
            } => {
                let change = new_amount.minor_units() - previous_amount.minor_units();
                // A revision to the same amount publishes nothing.
                if change == 0 {
                    return;
                }
                let posting = self.blank(Measure::Pledged, new_amount.currency(), change);
                self.out.push(Posting {
                    register: Register::Pledge,
                    entries: 1,
                    ..posting
                });
            }
            PledgeEvent::PledgeConverted {
                agreement_id: _,
                amount,
            } => {
                let posting =
                    self.blank(Measure::Converted, amount.currency(), amount.minor_units());
                self.out.push(posting);
            }
            PledgeEvent::PledgeWithdrawn { amount, .. }
            | PledgeEvent::PledgeLapsed { amount, .. } => {
                self.pledged(Measure::Withdrawn, *amount, -1);
            }
            PledgeEvent::PriorPeriodAdjusted(_) => {}
            // Tags are histories.
            PledgeEvent::TagSetReplaced(_) => {}
            PledgeEvent::EntryReversed { target: _, reason } => self.reversed(*reason),
        }
    }

    fn pledged(&mut self, measure: Measure, amount: Money, sign: i128) {
        let posting = self.blank(measure, amount.currency(), sign * amount.minor_units());
        self.out.push(Posting {
            register: Register::Pledge,
            entries: 1,
            ..posting
        });
    }

    fn signed(&mut self, terms: &Terms) {
        for line in &terms.lines {
            self.shares(
                Measure::Signed,
                &line.line_id,
                line.amount,
                &line.year_shares,
            );
        }
        self.count_entry();
    }

    fn changed(
        &mut self,
        measure: Measure,
        line_id: &LineId,
        amount: Money,
        year_shares: &[YearShare],
    ) {
        self.shares(measure, line_id, amount, year_shares);
        self.count_entry();
    }

    /// An early end is one entry, whatever it takes from how many lines.
    fn given_up(&mut self, decommitments: &[Decommitment]) {
        for given_up in decommitments {
            let (line_id, amount) = (&given_up.line_id, given_up.amount);
            self.shares(Measure::Decreased, line_id, amount, &given_up.year_shares);
        }
        self.count_entry();
    }

    fn written_off(&mut self, entry: &ReceivableEntry) {
        self.receivable(Measure::WrittenOff, entry, 1);
    }

    fn recovered(&mut self, entry: &ReceivableEntry) {
        self.receivable(Measure::Recovered, entry, -1);
    }

    fn receivable(&mut self, measure: Measure, entry: &ReceivableEntry, sign: i128) {
        let currency = entry.amount.currency();
        for part in &entry.parts {
            let posting = self.blank(measure, currency, sign * part.minor_units);
            self.out.push(Posting {
                line_id: Some(part.line_id.clone()),
                ..posting
            });
        }
    }

    /// Posts an amount by the periods it is for. What the shares leave is for the effective date.
    fn shares(&mut self, measure: Measure, line_id: &LineId, amount: Money, shares: &[YearShare]) {
        let sign = if measure == Measure::Decreased { -1 } else { 1 };
        let claimed: i128 = shares.iter().map(|share| share.minor_units).sum();
        let rest = YearShare {
            period: Period::day(self.effective_on()),
            minor_units: amount.minor_units() - claimed,
            basis: YearBasis::SigningYear,
            firmness: Firmness::Firm,
        };
        for share in shares.iter().chain(std::iter::once(&rest)) {
            if share.minor_units == 0 {
                continue;
            }
            let posting = self.blank(measure, amount.currency(), sign * share.minor_units);
            self.out.push(Posting {
                line_id: Some(line_id.clone()),
                period: Some(widened_to_month(share.period)),
                basis: Some(share.basis),
                firmness: share.firmness,
                register: Register::Commitment,
                ..posting
            });
        }
    }

    /// The first posting carries the entry; the others are parts of the same one.
    fn count_entry(&mut self) {
        if let Some(first) = self.out.first_mut() {
            first.entries = 1;
        }
    }

    fn cash(&mut self, cash: &CashEntry, flow: Flow) {
        let sign = if flow.negative { -1 } else { 1 };
        let currency = cash.amount.currency();
        let parted: i128 = cash.parts.iter().map(|part| part.minor_units).sum();
        let rest = cash.amount.minor_units() - parted;
        let parts = cash
            .parts
            .iter()
            .map(|part| (Some(&part.line_id), part.minor_units))
            .chain(std::iter::once((None, rest)));
        for (line_id, minor_units) in parts {
            if minor_units == 0 {
                continue;
            }
            let posting = self.blank(flow.measure, currency, sign * minor_units);
            self.out.push(Posting {
                line_id: line_id.cloned(),
                period: flow.period.map(widened_to_month),
                provider: cash.provider.clone(),
                receiver: cash.receiver.clone(),
                register: flow.register,
                ..posting
            });
        }
        self.count_entry();
    }

    /// A payment leaves its tranche's open part, and counts for the tranche's period instead of its own day.
    fn draws(&mut self, draws: &[TrancheDraw], currency: Currency) {
        for draw in draws {
            let period = widened_to_month(draw.period);
            let open = self.blank(Measure::Drawn, currency, -draw.minor_units);
            self.out.push(Posting {
                period: Some(period),
                ..open
            });
            self.paid_for(period, currency, draw.minor_units);
        }
    }

    /// What is paid on the event's day counts for a portion's period instead.
    fn paid_for(&mut self, period: Period, currency: Currency, minor_units: i128) {
        let paid_in = Month::of(self.effective_on()).period();
        if period == paid_in {
            return;
        }
        for (period, minor_units) in [(paid_in, -minor_units), (period, minor_units)] {
            let posting = self.blank(Measure::PaidFor, currency, minor_units);
            self.out.push(Posting {
                period: Some(period),
                ..posting
            });
        }
    }

    fn due(&mut self, amount: Money, due_on: Date, negative: bool) {
        let minor_units = if negative {
            -amount.minor_units()
        } else {
            amount.minor_units()
        };
        if minor_units == 0 {
            return;
        }
        let posting = self.blank(Measure::Scheduled, amount.currency(), minor_units);
        self.out.push(Posting {
            period: Some(Month::of(due_on).period()),
            ..posting
        });
    }

    /// A plan's due date is its first day.
    fn forecast(&mut self, entries: &[ForecastEntry], negative: bool) {
        for entry in entries {
            let minor_units = entry.amount.minor_units();
            let signed = if negative { -minor_units } else { minor_units };
            let posting = self.blank(Measure::Forecast, entry.amount.currency(), signed);
            self.out.push(Posting {
                period: Some(Month::of(entry.period.starts_on()).period()),
                receiver: entry.receiver.clone(),
                ..posting
            });
        }
    }

    /// Without a currency there is no signature, so there are no shares that could move (INV-9).
    fn moved(&mut self, moves: &[ShareMove], measure: impl Fn(i128) -> Measure) {
        let Some(currency) = self.beside.currency else {
            return;
        };
        for ShareMove { line_id, share } in moves {
            let measure = measure(share.minor_units);
            let posting = self.blank(measure, currency, share.minor_units);
            self.out.push(Posting {
                line_id: Some(line_id.clone()),
                period: Some(widened_to_month(share.period)),
                basis: Some(share.basis),
                firmness: share.firmness,
                ..posting
            });
        }
    }

    fn reallocated(&mut self, legs: &[Leg]) {
        for leg in legs {
            let minor_units = match leg.direction {
                LegDirection::From => -leg.amount.minor_units(),
                LegDirection::To => leg.amount.minor_units(),
            };
            let period = leg.place.period.unwrap_or(Period::day(self.effective_on()));
            let posting = self.blank(Measure::Moved, leg.amount.currency(), minor_units);
            self.out.push(Posting {
                line_id: Some(leg.place.line_id.clone()),
                period: Some(widened_to_month(period)),
                basis: Some(leg.place.basis.unwrap_or(YearBasis::Scheduled)),
                firmness: leg.place.firmness.unwrap_or_default(),
                pillar: leg.place.pillar,
                purpose: leg.place.purpose.clone(),
                place: leg.place.country.clone(),
                ..posting
            });
        }
    }

    /// What is allocated leaves what the line is for and is for the allocation's own dims, on the same line and for the
    /// same periods; a release brings it back.
    fn allocated(&mut self, allocation: &Allocation, sign: i128) {
        let currency = allocation.amount.currency();
        let dims = &allocation.dims;
        for share in &allocation.shares {
            let minor_units = sign * share.minor_units;
            let parked = Posting {
                line_id: Some(allocation.line_id.clone()),
                period: Some(widened_to_month(share.period)),
                basis: Some(share.basis),
                firmness: share.firmness,
                ..self.blank(Measure::Moved, currency, -minor_units)
            };
            let named = Posting {
                minor_units,
                receiver: dims.receiver.clone(),
                pillar: dims.pillar,
                purpose: dims.purpose.clone(),
                place: dims.country.clone(),
                ..parked.clone()
            };
            self.out.extend([parked, named]);
        }
        let amount = sign * allocation.amount.minor_units();
        let posting = self.blank(Measure::Allocated, currency, amount);
        self.out.push(Posting {
            line_id: Some(allocation.line_id.clone()),
            receiver: dims.receiver.clone(),
            pillar: dims.pillar,
            purpose: dims.purpose.clone(),
            place: dims.country.clone(),
            ..posting
        });
    }

    fn reversed(&mut self, reason: ReversalReason) {
        let concerns = self.recorded.event.concerns;
        // It was true until the money came back, or its books are closed; everything else never was true, and leaves
        // its own date and exports.
        let later = reason == ReversalReason::Returned || concerns.is_some();
        for posting in self.beside.named {
            // What leaves later is no longer paid for the portion's period from then on.
            if later && posting.measure == Measure::PaidFor {
                continue;
            }
            let effective_on = if later {
                self.effective_on()
            } else {
                posting.effective_on
            };
            self.out.push(Posting {
                event_id: self.recorded.event_id,
                minor_units: -posting.minor_units,
                entries: -posting.entries,
                effective_on,
                concerns: concerns.or(posting.concerns),
                ..posting.clone()
            });
            if let (true, Measure::Drawn, Some(period)) = (later, posting.measure, posting.period) {
                self.paid_for(period, posting.currency, posting.minor_units);
            }
        }
    }
}

/// What leaves a period is carried out, what comes to one is carried in.
const fn carried_measure(minor_units: i128) -> Measure {
    if minor_units < 0 {
        Measure::CarriedOut
    } else {
        Measure::CarriedIn
    }
}

/// A refund of what was published as a reimbursement stays there (SEMANTICS.md 3 "Negative values").
fn refund_register(published: Option<&Published>) -> Register {
    match published.map(|published| published.type_code.as_str()) {
        Some("7" | "R") => Register::Reimbursement,
        Some(_) | None => Register::Disbursement,
    }
}
