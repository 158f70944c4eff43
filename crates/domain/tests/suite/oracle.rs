//! An independent judge of R10, R13 and R14: it knows nothing of series and sums every entry anew for every day.

use std::collections::{BTreeMap, BTreeSet};

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementEvent, CashEntry, Perspective, Termination, TransferDirection,
};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::AgreementId;
use perennial_domain::log::{EventId, Recorded};
use perennial_domain::rule::Rule;

/// What one event adds on its day: to the commitment, and to what is paid against it.
#[derive(Clone, Copy, Debug)]
struct Added {
    on: Date,
    committed: i128,
    paid: i128,
}

#[derive(Debug)]
struct Agreement {
    perspective: Perspective,
    added: BTreeMap<EventId, Added>,
}

impl Agreement {
    fn new(event: &AgreementEvent) -> Self {
        let AgreementEvent::AgreementSigned(terms) = event else {
            panic!("an agreement begins with its signature");
        };
        Self {
            perspective: terms.perspective,
            added: BTreeMap::new(),
        }
    }

    fn adds(&self, on: Date, event: &AgreementEvent) -> Added {
        let [committed, paid] = match event {
            AgreementEvent::AgreementSigned(terms) => {
                let lines = terms.lines.iter();
                [lines.map(|line| line.amount.minor_units()).sum(), 0]
            }
            AgreementEvent::CommitmentIncreased { amount, .. } => [amount.minor_units(), 0],
            AgreementEvent::FundsTransferred(transfer) => match transfer.direction {
                TransferDirection::Out => [-transfer.amount.minor_units(), 0],
                TransferDirection::In => [transfer.amount.minor_units(), 0],
            },
            AgreementEvent::CommitmentDecreased { amount, .. } => [-amount.minor_units(), 0],
            AgreementEvent::DisbursementMade { cash, .. }
            | AgreementEvent::ReimbursementMade { cash } => {
                self.pays(cash, 1, Perspective::Provider)
            }
            AgreementEvent::RefundMade { cash, .. } => self.pays(cash, -1, Perspective::Provider),
            AgreementEvent::ReceiptConfirmed { cash, .. } => {
                self.pays(cash, 1, Perspective::Recipient)
            }
            AgreementEvent::RefundReceived { cash, .. } => {
                self.pays(cash, -1, Perspective::Recipient)
            }
            AgreementEvent::EntryReversed { target, .. }
            | AgreementEvent::EntryReplaced { target } => {
                let target = self.added[target];
                [-target.committed, -target.paid]
            }
            AgreementEvent::AgreementTerminated(Termination { decommitments, .. })
            | AgreementEvent::AgreementCancelled { decommitments, .. } => {
                let amounts = decommitments.iter();
                let sum: i128 = amounts.map(|given_up| given_up.amount.minor_units()).sum();
                [-sum, 0]
            }
            AgreementEvent::AgreementDescribed(_)
            | AgreementEvent::AgreementSuspended { .. }
            | AgreementEvent::AgreementResumed { .. }
            | AgreementEvent::AgreementOperationallyEnded { .. }
            | AgreementEvent::AgreementFinanciallyClosed { .. }
            | AgreementEvent::TrancheConditionMet(_)
            | AgreementEvent::TrancheConditionWaived(_)
            | AgreementEvent::ReceivableWrittenOff(_)
            | AgreementEvent::ReceivableRecovered(_)
            | AgreementEvent::LineOpened { .. }
            | AgreementEvent::PeriodExtended { .. }
            | AgreementEvent::PeriodShortened { .. }
            | AgreementEvent::TrancheScheduled { .. }
            | AgreementEvent::TrancheRescheduled { .. }
            | AgreementEvent::TrancheCancelled { .. }
            | AgreementEvent::ForecastReplaced { .. }
            | AgreementEvent::ExpenditureReported { .. }
            | AgreementEvent::ExpenditureReduced { .. }
            | AgreementEvent::FundsReallocated(_)
            | AgreementEvent::TermsRevised(_)
            | AgreementEvent::AllocationMade(_)
            | AgreementEvent::AllocationReleased(_)
            | AgreementEvent::OnwardGrantLinked(_)
            | AgreementEvent::FundsCarriedOver(_)
            | AgreementEvent::OtherFlowRecorded(_)
            | AgreementEvent::SplitsReclassified { .. }
            | AgreementEvent::TagSetReplaced(_) => [0, 0],
        };
        Added {
            on,
            committed,
            paid,
        }
    }

    fn pays(&self, cash: &CashEntry, sign: i128, counted_by: Perspective) -> [i128; 2] {
        let counts = i128::from(counted_by == self.perspective);
        [0, cash.amount.minor_units() * sign * counts]
    }

    /// Committed and paid at the end of a day.
    fn stands(&self, on: Date) -> [i128; 2] {
        let until = self.added.values().filter(|added| added.on <= on);
        until.fold([0, 0], |[committed, paid], added| {
            [committed + added.committed, paid + added.paid]
        })
    }

    /// The rules that adding `new` breaks, ascending.
    fn broken_by(&mut self, new: &[(EventId, Added)]) -> BTreeSet<Rule> {
        let first = new.iter().map(|(_, added)| added.on).min().unwrap();
        let mut days: BTreeSet<Date> = self.added.values().map(|added| added.on).collect();
        days.extend(new.iter().map(|(_, added)| added.on));
        let days: Vec<Date> = days.into_iter().filter(|&on| first <= on).collect();
        let before: Vec<[i128; 2]> = days.iter().map(|&on| self.stands(on)).collect();
        self.added.extend(new.iter().copied());
        let mut broken = BTreeSet::new();
        for (&on, [c, d]) in days.iter().zip(before) {
            let [new_c, new_d] = self.stands(on);
            let larger = (d - c).max(0) < new_d - new_c;
            if d < new_d && larger {
                broken.insert(Rule::WithinCommitment);
            }
            if new_c < c && larger {
                broken.insert(Rule::CommitmentAboveDisbursed);
            }
            if new_d < d && (-d).max(0) < -new_d {
                broken.insert(Rule::DisbursedNotNegative);
            }
        }
        broken
    }
}

/// Compares the flags of a mirror's log with what the oracle finds. Returns how many flags it confirmed.
pub(crate) fn check(log: &[Recorded<Event>]) -> usize {
    let mut agreements: BTreeMap<AgreementId, Agreement> = BTreeMap::new();
    let mut confirmed = 0;
    let mut replaced: Vec<(EventId, Added)> = Vec::new();
    for recorded in log {
        let (Stream::Agreement(id), Fact::Agreement(fact)) =
            (&recorded.event.stream, &recorded.event.fact)
        else {
            continue;
        };
        let agreement = agreements
            .entry(id.clone())
            .or_insert_with(|| Agreement::new(fact));
        let adds = agreement.adds(recorded.event.effective_on, fact);
        replaced.push((recorded.event_id, adds));
        // A replacement is judged with the event that follows it.
        if matches!(fact, AgreementEvent::EntryReplaced { .. }) {
            assert_eq!(recorded.event.flags, []);
            continue;
        }
        let expected = agreement.broken_by(&std::mem::take(&mut replaced));
        let flags = recorded.event.flags.iter();
        let flagged: BTreeSet<Rule> = flags
            .filter(|flag| {
                matches!(
                    flag.rule,
                    Rule::WithinCommitment
                        | Rule::CommitmentAboveDisbursed
                        | Rule::DisbursedNotNegative
                ) && !flag.subject.contains("/line-")
            })
            .map(|flag| flag.rule)
            .collect();
        assert_eq!(flagged, expected, "INV-2: {recorded:?}");
        confirmed += expected.len();
    }
    confirmed
}
