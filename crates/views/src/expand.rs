//! From one event to its postings: the one place where an event becomes amounts.
//!
//! [`expand`] is pure and needs the event and, for a reversal or replacement, the postings of the one event
//! it names (SEMANTICS.md 1). A change of what it returns is a new [`crate::SCHEMA`].

mod cash;
mod plan;
mod worth;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, Allocation, CarryingValue, Decommitment, Firmness, Leg, LegDirection,
    ReceivableEntry, ReversalReason, ShareMove, Termination, Terms, TransferDirection, YearBasis,
    YearShare,
};
use perennial_domain::event::{Event, Fact};
use perennial_domain::exchange::Functional;
use perennial_domain::ids::LineId;
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::money::{Currency, Money};
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeEvent;

use crate::posting::{Measure, Posting, Register};
use worth::Worth;

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
            functional: None,
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

    /// Words, lines of 0, dates, further terms, conditions, status, splits and tags are histories: they have no postings.
    fn agreement(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::AgreementSigned(terms) => self.signed(terms),
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
                functional,
                ..
            } => {
                let worth = (*amount, functional.as_deref());
                self.changed(Measure::Increased, line_id, worth, year_shares);
            }
            AgreementEvent::CommitmentDecreased {
                line_id,
                amount,
                year_shares,
                functional,
                ..
            } => {
                let worth = (*amount, functional.as_deref());
                self.changed(Measure::Decreased, line_id, worth, year_shares);
            }
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
            AgreementEvent::TrancheScheduled { .. }
            | AgreementEvent::TrancheRescheduled(_)
            | AgreementEvent::TrancheCancelled { .. }
            | AgreementEvent::ForecastReplaced { .. } => self.planned(event),
            AgreementEvent::FundsReallocated(moved) => self.reallocated(&moved.legs),
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
                self.changed(measure, line_id, (transfer.amount, None), shares);
            }
            AgreementEvent::OnwardGrantLinked(link) => {
                let (amount, measure) = (link.amount, Measure::LinkedOnward);
                let posting = self.blank(measure, amount.currency(), amount.minor_units());
                self.out.push(posting);
            }
            _ => {}
        }
    }

    fn pledge(&mut self, event: &PledgeEvent) {
        match event {
            PledgeEvent::PledgeAnnounced(announced) => {
                self.pledged(Measure::Pledged, announced.amount, 1);
                self.value_since(0, announced.functional.as_deref(), 1);
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
            // Tags and what an adjustment says of itself are histories.
            PledgeEvent::PriorPeriodAdjusted(_) | PledgeEvent::TagSetReplaced(_) => {}
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
                (line.amount, line.functional.as_deref()),
                (0, &line.year_shares),
            );
        }
        self.count_entry();
    }

    fn changed(
        &mut self,
        measure: Measure,
        line_id: &LineId,
        worth: Worth<'_>,
        year_shares: &[YearShare],
    ) {
        self.shares(measure, line_id, worth, (0, year_shares));
        self.count_entry();
    }

    /// An early end is one entry, whatever it takes from how many lines.
    fn given_up(&mut self, decommitments: &[Decommitment]) {
        let mut first_part = 0;
        for given_up in decommitments {
            let (line_id, worth) = (&given_up.line_id, (given_up.amount, None));
            let shares = given_up.year_shares.as_slice();
            self.shares(Measure::Decreased, line_id, worth, (first_part, shares));
            first_part += shares.len();
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

    /// Posts an amount by the periods it is for, the first of them this part of the event. What the shares leave is for
    /// the effective date.
    fn shares(
        &mut self,
        measure: Measure,
        line_id: &LineId,
        (amount, functional): Worth<'_>,
        (first_part, shares): (usize, &[YearShare]),
    ) {
        let from = self.out.len();
        let sign = if measure == Measure::Decreased { -1 } else { 1 };
        let claimed: i128 = shares.iter().map(|share| share.minor_units).sum();
        let rest = YearShare {
            period: Period::day(self.effective_on()),
            minor_units: amount.minor_units() - claimed,
            basis: YearBasis::SigningYear,
            firmness: Firmness::Firm,
        };
        let parts = (first_part..).map(Some).take(shares.len());
        let parts = parts.chain(std::iter::once(None));
        let shares = shares.iter().chain(std::iter::once(&rest));
        for (share, part) in shares.zip(parts) {
            if share.minor_units == 0 {
                continue;
            }
            let posting = self.blank(measure, amount.currency(), sign * share.minor_units);
            let posting = Posting {
                line_id: Some(line_id.clone()),
                period: Some(share.period),
                basis: Some(share.basis),
                firmness: share.firmness,
                register: Register::Commitment,
                ..posting
            };
            self.carry(part, posting);
        }
        self.value_since(from, functional, sign);
    }

    /// Posts a part of the event's committed money: what is carried with its functional amount, and what is left of it
    /// without one.
    fn carry(&mut self, part: Option<usize>, posting: Posting) {
        let of_part = |carried: &&CarryingValue| usize::try_from(carried.part).ok() == part;
        let carrying = self.recorded.event.carrying.iter();
        let mut left = posting.minor_units;
        for carried in carrying.filter(|carried| part.is_some() && of_part(carried)) {
            left -= carried.minor_units;
            self.out.push(Posting {
                minor_units: carried.minor_units,
                functional: Some(carried.functional),
                ..posting.clone()
            });
        }
        if left != 0 || posting.minor_units == 0 {
            self.out.push(Posting {
                minor_units: left,
                ..posting
            });
        }
    }

    fn value_since(&mut self, from: usize, functional: Option<&Functional>, sign: i128) {
        let postings = self.out.get_mut(from..).unwrap_or_default();
        worth::value(postings, functional, sign);
    }

    /// The first posting carries the entry; the others are parts of the same one.
    fn count_entry(&mut self) {
        if let Some(first) = self.out.first_mut() {
            first.entries = 1;
        }
    }

    /// Without a currency there is no signature, so there are no shares that could move (INV-9).
    fn moved(&mut self, moves: &[ShareMove], measure: impl Fn(i128) -> Measure) {
        let Some(currency) = self.beside.currency else {
            return;
        };
        for (part, ShareMove { line_id, share }) in moves.iter().enumerate() {
            let measure = measure(share.minor_units);
            let posting = self.blank(measure, currency, share.minor_units);
            let posting = Posting {
                line_id: Some(line_id.clone()),
                period: Some(share.period),
                basis: Some(share.basis),
                firmness: share.firmness,
                ..posting
            };
            self.carry(Some(part), posting);
        }
    }

    fn reallocated(&mut self, legs: &[Leg]) {
        for (part, leg) in legs.iter().enumerate() {
            let minor_units = match leg.direction {
                LegDirection::From => -leg.amount.minor_units(),
                LegDirection::To => leg.amount.minor_units(),
            };
            let period = leg.place.period.unwrap_or(Period::day(self.effective_on()));
            let posting = self.blank(Measure::Moved, leg.amount.currency(), minor_units);
            let posting = Posting {
                line_id: Some(leg.place.line_id.clone()),
                period: Some(period),
                basis: Some(leg.place.basis.unwrap_or(YearBasis::Scheduled)),
                firmness: leg.place.firmness.unwrap_or_default(),
                pillar: leg.place.pillar,
                purpose: leg.place.purpose.clone(),
                place: leg.place.country.clone(),
                ..posting
            };
            self.carry(Some(part), posting);
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
                period: Some(share.period),
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
        let named = self.beside.named;
        let mut values = worth::of_drawn(named).into_iter();
        for (at, posting) in named.iter().enumerate() {
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
                functional: posting.functional.map(Money::negated),
                entries: -posting.entries,
                effective_on,
                concerns: concerns.or(posting.concerns),
                ..posting.clone()
            });
            if later && posting.measure == Measure::Drawn {
                let back = (posting.currency, posting.minor_units);
                let value = values.next().flatten().map(Money::negated);
                self.paid_for(cash::period_drawn(named, at), back, value);
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
