//! A book that was replayed equals the one that grew decision by decision, whatever happened; and its totals
//! are what a plain sum over the events says.

use std::collections::BTreeMap;

use crate::life_words;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CashEntry, DecreaseReason, ExtensionKind, Leg, LegDirection,
    LegPlace, Perspective, Reallocation, ReversalReason, Termination, Terms, TransferDirection,
};
use perennial_domain::book::{Book, Impossible};
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::{Event, Fact};
use perennial_domain::ids::AgreementId;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::{EventId, Position, Recorded, Revision};
use perennial_domain::money::Money;
use perennial_domain::rule::{Conduct, Profile};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, given, new_book, recorded};
use perennial_testkit::random::Random;

mod moves;

pub(crate) struct Story {
    pub(crate) random: Random,
    pub(crate) book: Book,
    pub(crate) log: Vec<Recorded<Event>>,
    pub(crate) next: Position,
}

const AGREEMENTS: [&str; 3] = ["agreement-1", "agreement-2", "agreement-3"];

impl Story {
    pub(crate) fn new(random: Random, profile: Profile) -> Self {
        Self {
            random,
            book: new_book(profile, LedgerPolicy::default()),
            log: Vec::new(),
            next: Position(1),
        }
    }

    fn day(&mut self) -> perennial_domain::Date {
        let days = i64::try_from(self.random.below(900)).unwrap();
        date("2023-12-01").checked_add(jiff_days(days)).unwrap()
    }

    fn money(&mut self) -> Money {
        let euros = self.random.between(1, 60);
        eur(i128::from(euros))
    }

    fn line_id(&mut self) -> perennial_domain::ids::LineId {
        line(["line-1", "line-2"][usize::from(self.random.one_in(2))])
    }

    fn target(&mut self) -> EventId {
        EventId {
            position: Position(self.random.between(1, self.next.0)),
            index: u32::try_from(self.random.below(3)).unwrap(),
        }
    }

    fn terms(&mut self, strict: bool) -> Terms {
        let amount = |random: &mut Random| eur(i128::from(random.between(u64::from(strict), 80)));
        let lines = vec![
            line_of("line-1", amount(&mut self.random)),
            line_of("line-2", amount(&mut self.random)),
        ];
        let unsigned = !strict && self.random.one_in(2);
        let perspective = if self.random.one_in(3) {
            Perspective::Recipient
        } else {
            Perspective::Provider
        };
        Terms {
            perspective,
            signed_on: (!unsigned).then(|| date(SIGNED_ON)),
            ends_on: (!self.random.one_in(4)).then(|| date(ENDS_ON)),
            further: self.random.one_in(2).then(|| Box::new(self.further())),
            ..terms_of(lines)
        }
    }

    fn cash(&mut self) -> perennial_domain::agreement::Cash {
        let mut cash = cash(self.money());
        if self.random.one_in(4) {
            let number = self.random.below(5);
            cash.payment_id = Some(payment(&format!("payment-{number}")));
        }
        if self.random.one_in(4) {
            cash.receiver = Some(org("XM-OTHER"));
        }
        cash
    }

    fn tranche_id(&mut self) -> perennial_domain::ids::TrancheId {
        let number = self.random.below(4);
        tranche(&format!("tranche-{number}"))
    }

    fn reallocation(&mut self) -> AgreementCommand {
        let amount = self.money();
        let leg = |direction, line_id| Leg {
            direction,
            place: LegPlace {
                line_id,
                period: None,
                basis: None,
                pillar: None,
                firmness: None,
                purpose: None,
                country: None,
            },
            amount,
        };
        AgreementCommand::ReallocateFunds(Reallocation {
            legs: vec![
                leg(LegDirection::From, self.line_id()),
                leg(LegDirection::To, self.line_id()),
            ],
            legal_basis: "article 9".to_owned(),
            amendment: self.random.one_in(3).then(|| "A-1".to_owned()),
        })
    }

    fn commitment(&mut self) -> AgreementCommand {
        let (line_id, amount) = (Some(self.line_id()), self.money());
        if self.random.one_in(2) {
            return AgreementCommand::IncreaseCommitment {
                line_id,
                amount,
                year_shares: Vec::new(),
                amendment: None,
                published: None,
                functional: None,
            };
        }
        AgreementCommand::DecreaseCommitment {
            line_id,
            amount,
            year_shares: Vec::new(),
            reason: DecreaseReason::Unknown,
            published: None,
            functional: None,
        }
    }

    fn payment(&mut self) -> AgreementCommand {
        let cash = self.cash();
        let reason = "unspent".to_owned();
        match self.random.below(6) {
            0 => AgreementCommand::Refund { cash, reason },
            1 => AgreementCommand::ConfirmReceipt {
                cash,
                tranche_id: None,
                disbursement_id: None,
            },
            2 => AgreementCommand::ConfirmRefund { cash, reason },
            3 => AgreementCommand::Reimburse(cash),
            _ => AgreementCommand::Disburse {
                cash,
                tranche_id: None,
            },
        }
    }

    fn schedule(&mut self) -> AgreementCommand {
        let (tranche_id, reason) = (self.tranche_id(), "later".to_owned());
        match self.random.below(4) {
            0 => AgreementCommand::RescheduleTranche {
                tranche_id,
                new_due_on: self.day(),
                reason,
            },
            1 => AgreementCommand::CancelTranche { tranche_id, reason },
            _ => AgreementCommand::ScheduleTranche(perennial_domain::agreement::Tranche {
                tranche_id,
                amount: self.money(),
                due_on: Some(self.day()),
                period: None,
                conditions: life_words::conditions(&mut self.random),
            }),
        }
    }

    fn correction(&mut self) -> AgreementCommand {
        let target = self.target();
        if self.random.one_in(3) {
            return AgreementCommand::ReplaceEntry {
                target,
                replacement: Box::new(self.payment()),
                replacement_effective_on: self.day(),
            };
        }
        let reason = *self.random.pick(&[
            ReversalReason::Error,
            ReversalReason::Withdrawn,
            ReversalReason::Returned,
        ]);
        AgreementCommand::ReverseEntry { target, reason }
    }

    pub(crate) fn command(&mut self, agreement_id: &str, strict: bool) -> Command {
        let on = self.day();
        let id = agreement(agreement_id);
        if self.book.agreement(&id).is_none() && !self.random.one_in(10) {
            return asked_of(
                agreement_id,
                date(SIGNED_ON),
                AgreementCommand::Sign(self.terms(strict)),
            );
        }
        let command = match self.random.below(22) {
            0..=1 => self.commitment(),
            2..=6 => self.payment(),
            7 => self.schedule(),
            8 => self.reallocation(),
            18 => self.revision(),
            19 => self.carry_over(),
            20 => self.allocation_command(),
            21 => self.handing(),
            9 => AgreementCommand::ExtendPeriod {
                new_ends_on: self.day(),
                kind: ExtensionKind::Unknown,
                moves: Vec::new(),
                amendment: None,
            },
            10..=12 => life_words::command(&mut self.random),
            _ => self.correction(),
        };
        asked_of(agreement_id, on, command)
    }

    /// Submits one to four random commands; returns whether they were recorded.
    fn go_on(&mut self, strict: bool) -> bool {
        let count = if self.random.one_in(3) {
            self.random.between(2, 4)
        } else {
            1
        };
        let commands = (0..count)
            .map(|_| {
                let agreement_id = *self.random.pick(&AGREEMENTS);
                self.command(agreement_id, strict)
            })
            .collect();
        let submission = Submission {
            commands,
            expected: Vec::new(),
        };
        let before = self.book.clone();
        let decision = self.book.decide(&submission, self.next, date("2027-01-01"));
        assert_eq!(before, self.book, "deciding changes nothing");
        let Ok(decision) = decision else {
            return false;
        };
        assert!(!decision.events.is_empty());
        self.book.apply(&decision);
        for (event_id, event) in decision.events() {
            self.log
                .push(recorded(event_id.position, event_id.index, event.clone()));
        }
        self.next = Position(self.next.0 + 1);
        true
    }
}

fn jiff_days(days: i64) -> jiff::Span {
    jiff::Span::new().days(days)
}

#[test]
fn a_replayed_book_equals_the_one_that_grew() {
    let mut random = Random::for_test("a_replayed_book_equals_the_one_that_grew");
    let mut recorded_submissions = 0;
    for _ in 0..60 {
        for profile in [Profile::Strict, Profile::Mirror] {
            let mut story = Story::new(random.split(), profile);
            for _ in 0..60 {
                let went_on = story.go_on(profile == Profile::Strict);
                recorded_submissions += usize::from(went_on);
            }
            let mut replayed = new_book(profile, LedgerPolicy::default());
            for event in &story.log {
                replayed.evolve(event).unwrap();
            }
            assert_eq!(replayed, story.book, "INV-6");
            assert_eq!(replayed.digest_input(), story.book.digest_input());
            check_flags(&story);
            check_sums(&story);
        }
    }
    // The stories must tell something.
    assert!(1_500 < recorded_submissions, "{recorded_submissions}");
    println!("{recorded_submissions} submissions");
}

/// A strict book holds no event with a flag that should have refused it; no event has two flags of a rule.
fn check_flags(story: &Story) {
    for recorded in &story.log {
        let mut rules: Vec<_> = recorded.event.flags.iter().map(|flag| flag.rule).collect();
        if story.book.profile() == Profile::Strict {
            for flag in &recorded.event.flags {
                let line_of_r10 = flag.subject.contains("/line-");
                let flagged = flag.rule.conduct(Profile::Strict) == Conduct::Flag;
                // A status fact that is recorded late flags what was paid before it was known.
                let back_dated = matches!(
                    recorded.event.fact.kind(),
                    "AgreementSuspended"
                        | "AgreementTerminated"
                        | "AgreementCancelled"
                        | "AgreementFinanciallyClosed"
                );
                assert!(flagged || line_of_r10 || back_dated, "INV-2: {flag}");
            }
        }
        let count = rules.len();
        rules.dedup();
        assert_eq!(rules.len(), count);
    }
}

/// What an event alone books: committed, disbursed, received.
fn booked_by(fact: &AgreementEvent) -> [i128; 3] {
    let paid = |cash: &CashEntry, sign: i128| cash.amount.minor_units() * sign;
    match fact {
        AgreementEvent::AgreementSigned(terms) => {
            let lines = terms.lines.iter();
            [lines.map(|line| line.amount.minor_units()).sum(), 0, 0]
        }
        AgreementEvent::CommitmentIncreased { amount, .. } => [amount.minor_units(), 0, 0],
        AgreementEvent::CommitmentDecreased { amount, .. } => [-amount.minor_units(), 0, 0],
        AgreementEvent::DisbursementMade { cash, .. }
        | AgreementEvent::ReimbursementMade { cash } => [0, paid(cash, 1), 0],
        AgreementEvent::FundsTransferred(transfer) => match transfer.direction {
            TransferDirection::Out => [-transfer.amount.minor_units(), 0, 0],
            TransferDirection::In => [transfer.amount.minor_units(), 0, 0],
        },
        AgreementEvent::RefundMade { cash, .. } => [0, paid(cash, -1), 0],
        AgreementEvent::ReceiptConfirmed { cash, .. } => [0, 0, paid(cash, 1)],
        AgreementEvent::RefundReceived { cash, .. } => [0, 0, paid(cash, -1)],
        AgreementEvent::AgreementTerminated(Termination { decommitments, .. })
        | AgreementEvent::AgreementCancelled { decommitments, .. } => {
            let amounts = decommitments.iter();
            let sum: i128 = amounts.map(|given_up| given_up.amount.minor_units()).sum();
            [-sum, 0, 0]
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
        | AgreementEvent::PriorPeriodAdjusted(_)
        | AgreementEvent::OtherFlowRecorded(_)
        | AgreementEvent::SplitsReclassified { .. }
        | AgreementEvent::TagSetReplaced(_)
        | AgreementEvent::EntryReversed { .. }
        | AgreementEvent::EntryReplaced { .. } => [0, 0, 0],
    }
}

/// An independent sum over the events: an entry counts unless it was cancelled, whatever the reason.
fn check_sums(story: &Story) {
    let mut entries: BTreeMap<EventId, (AgreementId, [i128; 3])> = BTreeMap::new();
    for recorded in &story.log {
        let Fact::Agreement(fact) = &recorded.event.fact else {
            continue;
        };
        let perennial_domain::event::Stream::Agreement(id) = &recorded.event.stream else {
            continue;
        };
        if let AgreementEvent::EntryReversed { target, .. }
        | AgreementEvent::EntryReplaced { target } = fact
        {
            assert!(entries.remove(target).is_some(), "INV-1: {target}");
            continue;
        }
        let sums = booked_by(fact);
        entries.insert(recorded.event_id, (id.clone(), sums));
    }
    for id in AGREEMENTS.map(agreement) {
        let Some(agreement) = story.book.agreement(&id) else {
            continue;
        };
        let of_it = entries.values().filter(|(of, _)| *of == id);
        let sums = of_it.fold([0, 0, 0], |sums, (_, [c, d, r])| {
            [sums[0] + c, sums[1] + d, sums[2] + r]
        });
        let balance = agreement.balance();
        let booked = [balance.committed, balance.disbursed, balance.received];
        assert_eq!(booked, sums, "INV-3");
        for line in agreement.lines() {
            let shares = agreement.year_shares(&line.line_id);
            let by_period: i128 = shares.iter().map(|share| share.minor_units).sum();
            let line = agreement.line_balance(&line.line_id).unwrap();
            assert_eq!(by_period, line.committed, "INV-3");
        }
        let open: i128 = agreement
            .open_tranches()
            .map(|(_, tranche)| tranche.open)
            .sum();
        assert_eq!(open, balance.scheduled);
        if story.book.profile() == Profile::Strict {
            let perspective = agreement.perspective();
            assert!(0 <= balance.undisbursed(perspective), "INV-2: R10, R13");
            assert!(0 <= balance.paid(perspective), "INV-2: R14");
        }
    }
}

fn event(fact: AgreementEvent, revision: u64) -> Event {
    Event {
        stream: perennial_domain::event::Stream::Agreement(the_agreement()),
        revision: Revision(revision),
        effective_on: date("2024-03-01"),
        external_reference: None,
        evidence: Vec::new(),
        flags: Vec::new(),
        overrides: Vec::new(),
        concerns: None,
        carrying: Vec::new(),
        fact: Fact::Agreement(fact),
    }
}

fn a_reversed_payment() -> Given {
    given(
        Profile::Mirror,
        [
            signed(eur(100)),
            disbursed("2024-03-01", eur(1)),
            reversed("2024-03-01", event_of(2), ReversalReason::Error),
        ],
    )
}

#[test]
fn an_impossible_order_is_reported_and_never_a_panic() {
    let disbursement = |line_id: &str| {
        let mut cash = on_the_line(eur(1));
        cash.parts[0].line_id = line(line_id);
        AgreementEvent::DisbursementMade {
            cash,
            draws: Vec::new(),
        }
    };
    let reversal = |position| AgreementEvent::EntryReversed {
        target: event_of(position),
        reason: ReversalReason::Error,
    };
    for (fact, revision, problem) in [
        (
            disbursement("line-1"),
            3,
            Impossible::RevisionGap {
                before: Revision(3),
            },
        ),
        (
            disbursement("line-1"),
            5,
            Impossible::RevisionGap {
                before: Revision(3),
            },
        ),
        (disbursement("line-9"), 4, Impossible::UnknownLine),
        (
            AgreementEvent::AgreementSigned(terms(eur(1))),
            4,
            Impossible::SignedTwice,
        ),
        (reversal(9), 4, Impossible::UnknownTarget),
        (reversal(2), 4, Impossible::ReversedTwice),
        (
            AgreementEvent::LineOpened {
                line: line_of("line-1", eur(0)),
            },
            4,
            Impossible::LineTwice,
        ),
        (
            AgreementEvent::TrancheCancelled {
                tranche_id: tranche("tranche-9"),
                open: eur(1),
                due_on: date("2024-03-01"),
                reason: String::new(),
            },
            4,
            Impossible::UnknownTranche,
        ),
    ] {
        let mut given = a_reversed_payment();
        let event = recorded(given.next, 0, event(fact, revision));
        let corrupt = given.book.evolve(&event).unwrap_err();
        assert_eq!(corrupt.problem, problem);
        assert_eq!(corrupt.event_id, event_of(4));
    }
}

#[test]
fn a_book_begins_with_its_creation_and_a_stream_with_its_first_event() {
    let first = recorded(
        Position(0),
        0,
        event(AgreementEvent::AgreementSigned(terms(eur(1))), 1),
    );
    assert_eq!(
        Book::created(&first).unwrap_err().problem,
        Impossible::NotTheBeginning
    );
    let mut book = new_book(Profile::Strict, LedgerPolicy::default());
    let payment = AgreementEvent::DisbursementMade {
        cash: on_the_line(eur(1)),
        draws: Vec::new(),
    };
    let corrupt = book
        .evolve(&recorded(Position(1), 0, event(payment, 1)))
        .unwrap_err();
    assert_eq!(corrupt.problem, Impossible::NotTheBeginning);
    assert_eq!(
        corrupt.to_string(),
        "event 1-0 (DisbursementMade) cannot stand in \"agreement/agreement-1\" at revision 1: \
         nothing begins with it"
    );
}
