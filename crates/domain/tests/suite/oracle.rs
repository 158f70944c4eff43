//! A second, much simpler ledger decides the same: what is recorded, with which flags, and what is refused, why (INV-2).

use std::collections::BTreeMap;

use perennial_domain::agreement::Balance;
use perennial_domain::event::Stream;
use perennial_domain::money::allocate_minor;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::new_book;
use perennial_testkit::oracle::{Net, Prediction, split};
use perennial_testkit::random::Random;
use perennial_testkit::story::{Step, Story, each_story};

/// What the histories told, so that a test that tells nothing fails.
#[derive(Default)]
struct Told {
    recorded: u64,
    events: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
    flagged: BTreeMap<(Kind, Rule), u64>,
}

/// The kinds of events that histories tell.
const KINDS: &[&str] = &[
    "AgreementCancelled",
    "AgreementDescribed",
    "AgreementFinanciallyClosed",
    "AgreementOperationallyEnded",
    "AgreementResumed",
    "AgreementSigned",
    "AgreementSuspended",
    "AgreementTerminated",
    "AllocationMade",
    "AllocationReleased",
    "CommitmentDecreased",
    "CommitmentIncreased",
    "DisbursementMade",
    "EntryReplaced",
    "EntryReversed",
    "ExceptionAcknowledged",
    "ExceptionResolved",
    "ExpenditureReduced",
    "ExpenditureReported",
    "FiscalPeriodClosed",
    "FiscalPeriodOpened",
    "FiscalPeriodReopened",
    "ForecastReplaced",
    "FundsCarriedOver",
    "FundsReallocated",
    "FundsTransferred",
    "LedgerPolicyChanged",
    "LineOpened",
    "OnwardGrantLinked",
    "OtherFlowRecorded",
    "PeriodExtended",
    "PeriodShortened",
    "PledgeAnnounced",
    "PledgeConverted",
    "PledgeLapsed",
    "PledgeRevised",
    "PledgeWithdrawn",
    "PriorPeriodAdjusted",
    "ReceiptConfirmed",
    "ReceivableRecovered",
    "ReceivableWrittenOff",
    "RefundMade",
    "RefundReceived",
    "ReimbursementMade",
    "RequirementPublished",
    "SchemePublished",
    "SplitsReclassified",
    "TagSetReplaced",
    "TermsRevised",
    "TrancheCancelled",
    "TrancheConditionMet",
    "TrancheConditionWaived",
    "TrancheRescheduled",
    "TrancheScheduled",
];

/// A profile, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Strict,
    Mirror,
}

impl Told {
    fn count(&mut self, profile: Profile, step: &Step) {
        let profile = match profile {
            Profile::Strict => Kind::Strict,
            Profile::Mirror => Kind::Mirror,
        };
        match step.told() {
            Prediction::Trusted => {}
            Prediction::Recorded(events) => {
                self.recorded += 1;
                for event in &events {
                    *self.events.entry(event.fact.kind()).or_default() += 1;
                }
                for (rule, _) in events.iter().flat_map(|event| &event.flags) {
                    *self.flagged.entry((profile, *rule)).or_default() += 1;
                }
            }
            Prediction::Refused(reasons) => {
                for (_, reason) in reasons {
                    *self.refused.entry(reason).or_default() += 1;
                }
            }
        }
    }
}

fn net(balance: Balance, undisbursed: i128) -> Net {
    Net {
        committed: balance.committed,
        disbursed: balance.disbursed,
        received: balance.received,
        expended: balance.expended,
        scheduled: balance.scheduled,
        undisbursed,
    }
}

/// Every balance of the agreements that a step touched, on a random day and without one.
fn check_balances(story: &mut Story, step: &Step) {
    let touched = step
        .submission
        .commands
        .iter()
        .map(|command| command.action.stream());
    for stream in touched.collect::<Vec<_>>() {
        let Stream::Agreement(id) = stream else {
            continue;
        };
        let day = story.day();
        let Some(agreement) = story.book.agreement(&id) else {
            continue;
        };
        let perspective = agreement.perspective();
        let of = |balance: Balance| Some(net(balance, balance.undisbursed(perspective)));
        assert_eq!(story.oracle.net(&id, None, None), of(agreement.balance()));
        let on_the_day = of(agreement.balance_as_of(day));
        assert_eq!(story.oracle.net(&id, None, Some(day)), on_the_day, "{day}");
        for line in agreement.lines() {
            let line = &line.line_id;
            let now = agreement.line_balance(line).and_then(of);
            assert_eq!(story.oracle.net(&id, Some(line), None), now, "{line}");
            let then = agreement.line_balance_as_of(line, day).and_then(of);
            assert_eq!(
                story.oracle.net(&id, Some(line), Some(day)),
                then,
                "{line} {day}"
            );
        }
    }
}

#[test]
fn a_second_ledger_foresees_every_decision_and_balance() {
    let mut told = Told::default();
    let stories = each_story(
        "a_second_ledger_foresees_every_decision_and_balance",
        1_500,
        |mut story| {
            for _ in 0..45 {
                let step = story.step();
                if step.predicted != Prediction::Trusted {
                    assert_eq!(
                        step.told(),
                        step.predicted,
                        "{:?}\n{}",
                        step.submission,
                        story.told()
                    );
                }
                told.count(story.book.profile(), &step);
                check_balances(&mut story, &step);
            }
        },
    );
    println!(
        "{} recorded {:#?}\nrefused {:#?}\nflagged {:#?}",
        told.recorded, told.events, told.refused, told.flagged
    );
    // A few histories need not show everything.
    if 500 <= stories {
        shows_everything(&told);
    }
}

#[test]
fn a_second_ledger_foresees_functional_amounts_and_what_is_carried() {
    let (mut told, mut carrying) = (Told::default(), 0);
    let stories = each_story(
        "a_second_ledger_foresees_functional_amounts_and_what_is_carried",
        600,
        |story| {
            let mut story = story.with_rates();
            for _ in 0..45 {
                let step = story.step();
                if step.predicted != Prediction::Trusted {
                    assert_eq!(
                        step.told(),
                        step.predicted,
                        "{:?}\n{}",
                        step.submission,
                        story.told()
                    );
                }
                told.count(story.book.profile(), &step);
                if let Prediction::Recorded(events) = step.told() {
                    carrying += events.iter().filter(|it| !it.carrying.is_empty()).count();
                }
            }
        },
    );
    println!("{carrying} carry, refused {:#?}", told.refused);
    if 500 <= stories {
        assert!(200 < carrying, "{carrying}");
        for reason in [
            "FUNCTIONAL_DIFFERS",
            "UNKNOWN_RATE",
            "RATE_EVIDENCE_MISSING",
        ] {
            assert!(told.refused.contains_key(reason), "refused: {reason}");
        }
        let of_a_mirror = (Kind::Mirror, Rule::RateEvidence);
        assert!(told.flagged.contains_key(&of_a_mirror), "flagged: R8");
    }
}

fn shows_everything(told: &Told) {
    for kind in KINDS {
        assert!(told.events.contains_key(kind), "told: {kind}");
    }
    for rule in [
        Rule::SplitExact,
        Rule::DateNotFuture,
        Rule::PeriodOrdered,
        Rule::RateEvidence,
        Rule::ClosedPeriod,
        Rule::WithinCommitment,
        Rule::NotBeforeSignature,
        Rule::CommitmentAboveDisbursed,
        Rule::DisbursedNotNegative,
        Rule::ConversionWithinPledge,
        Rule::AllocationWithinParked,
        Rule::ReallocationWithinPolicy,
        Rule::NotWhileSuspended,
        Rule::ConditionsMet,
        Rule::RefundWithinDisbursed,
        Rule::MinorDigits,
    ] {
        assert!(
            told.refused.contains_key(rule.reason()),
            "refused: {rule:?}"
        );
        assert!(
            told.flagged.contains_key(&(Kind::Mirror, rule)),
            "flagged: {rule:?}"
        );
    }
    for rule in [
        Rule::NotAfterEnd,
        Rule::ScheduledWithinUndisbursed,
        Rule::NotWhileSuspended,
        Rule::OnwardWithinReceived,
        Rule::ExpenditureWithinReceived,
    ] {
        assert!(
            told.flagged.contains_key(&(Kind::Strict, rule)),
            "shown: {rule:?}"
        );
        assert!(
            told.flagged.contains_key(&(Kind::Mirror, rule)),
            "shown: {rule:?}"
        );
    }
}

/// What SEMANTICS.md 2 says a mirror refuses too, and what a strict ledger flags only.
const REFUSED_IN_BOTH: [&str; 2] = ["R3", "R5"];
const FLAGGED_IN_BOTH: [&str; 5] = ["R12", "R17", "R22", "R23", "R26"];

#[test]
fn each_rule_refuses_or_flags_as_the_profile_says() {
    each_story(
        "each_rule_refuses_or_flags_as_the_profile_says",
        150,
        |mut story| {
            for _ in 0..40 {
                let step = story.step();
                let mirror = story.book.profile() == Profile::Mirror;
                match &step.decided {
                    Ok(decision) => {
                        for event in &decision.events {
                            let permitted =
                                |rule: Rule| event.overrides.iter().any(|given| given.rule == rule);
                            let flags = event.flags.iter().map(|flag| flag.rule);
                            for rule in flags {
                                let code = rule.code();
                                assert!(!REFUSED_IN_BOTH.contains(&code), "{code}");
                                let shown = FLAGGED_IN_BOTH.contains(&code);
                                // A line over its part and a status that is recorded late are shown only.
                                let late = matches!(code, "R10" | "R19");
                                let allowed = mirror || shown || permitted(rule) || late;
                                assert!(allowed, "{code} of {event:?}");
                            }
                        }
                    }
                    Err(refusal) => {
                        for reason in refusal.reasons() {
                            let reason = reason.rejection.reason();
                            let mut rules = Rule::ALL.iter();
                            let rule = rules.find(|rule| rule.reason() == reason);
                            let code = rule.map_or("", |rule| rule.code());
                            assert!(!FLAGGED_IN_BOTH.contains(&code), "{code}");
                            let refused = code.is_empty() || REFUSED_IN_BOTH.contains(&code);
                            assert!(!mirror || refused, "{code}");
                        }
                    }
                }
            }
        },
    );
}

#[test]
fn a_replay_of_any_part_is_the_book_that_grew() {
    each_story(
        "a_replay_of_any_part_is_the_book_that_grew",
        300,
        |mut story| {
            let mut grown = Vec::new();
            for _ in 0..20 {
                story.step();
                grown.push((story.log.len(), story.book.clone()));
            }
            let mut replayed = new_book(story.book.profile(), story.first_policy().clone());
            let mut events = story.log.iter();
            let mut read = 0;
            for (length, book) in grown {
                while read < length {
                    replayed.evolve(events.next().unwrap()).unwrap();
                    read += 1;
                }
                assert_eq!(replayed, book, "INV-6");
            }
        },
    );
}

#[test]
fn the_largest_remainder_gets_the_unit_and_of_equal_ones_the_earliest() {
    let mut random = Random::for_test("the_largest_remainder_gets_the_unit");
    for _ in 0..20_000 {
        let amounts = [9, 1_000, 999_999_999_999_999_999];
        let largest = *random.pick(&amounts);
        let amount = i128::from(random.between(0, largest));
        let amount = if random.one_in(2) { amount } else { -amount };
        let heaviest = *random.pick(&[1, 3, 1_000_000, 1_000_000_000_000_000_000]);
        let count = random.below(6);
        let weights: Vec<u64> = (0..count).map(|_| random.between(0, heaviest)).collect();
        let parts = allocate_minor(amount, &weights).ok();
        let whole: Vec<i128> = weights.iter().map(|&weight| i128::from(weight)).collect();
        assert_eq!(parts, split(amount, &whole), "{amount} by {weights:?}");
        if let Some(parts) = parts {
            assert_eq!(parts.iter().sum::<i128>(), amount, "INV-3");
        }
    }
}
