//! Whatever moves: the functional commitment of a line is what was booked less what was given up, a move changes no sum, and
//! all of it goes when all the money goes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other event carries nothing"
)]

use std::collections::BTreeMap;

use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, CarryOver, DecreaseReason, EarlyEnd, ExtensionKind,
    LegDirection, Reallocation, ReversalReason, TransferWish,
};
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::{Event, Fact, Stream};
use perennial_domain::ids::{LineId, TransferId};
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, Happened};
use perennial_testkit::random::Random;

use crate::carrying_values::{firm, leg, two_years_of, worth, year};
use crate::exchange::{rate, strict};

const AGREEMENTS: [&str; 2] = [THE_AGREEMENT, "agreement-2"];
const LINES: [&str; 2] = ["line-1", "line-2"];
const YEARS: [&str; 3] = ["2024", "2025", "2026"];

/// Own and functional minor units of a line.
type Sums = BTreeMap<(Stream, LineId), (i128, i128)>;
type Change = ((Stream, LineId), (i128, i128));

/// What a history booked, as its events say.
#[derive(Default)]
struct Ledger {
    sums: Sums,
    changes: BTreeMap<EventId, Vec<Change>>,
}

impl Ledger {
    fn take(&mut self, event_id: EventId, event: &Event) -> (i128, i128) {
        let target = match &event.fact {
            Fact::Agreement(AgreementEvent::EntryReversed { target, .. }) => Some(*target),
            _ => None,
        };
        let changes: Vec<_> = if let Some(target) = target {
            let changes = self.changes[&target].iter();
            changes
                .map(|(line, (own, functional))| (line.clone(), (-own, -functional)))
                .collect()
        } else {
            changes(event)
        };
        let mut whole = (0, 0);
        for (line, (own, functional)) in &changes {
            let sum = self.sums.entry(line.clone()).or_default();
            *sum = (sum.0 + own, sum.1 + functional);
            whole = (whole.0 + own, whole.1 + functional);
        }
        self.changes.insert(event_id, changes);
        whole
    }
}

fn changes(event: &Event) -> Vec<Change> {
    let Fact::Agreement(fact) = &event.fact else {
        return Vec::new();
    };
    let of = |line_id: &LineId| (event.stream.clone(), line_id.clone());
    let mut parts: Vec<&LineId> = Vec::new();
    let mut changes = Vec::new();
    match fact {
        AgreementEvent::AgreementSigned(terms) => {
            for line in &terms.lines {
                if let Some(functional) = &line.functional {
                    let amounts = (line.amount.minor_units(), functional.money.minor_units());
                    changes.push((of(&line.line_id), amounts));
                }
            }
        }
        AgreementEvent::CommitmentIncreased {
            line_id,
            amount,
            functional: Some(functional),
            ..
        } => {
            let amounts = (amount.minor_units(), functional.money.minor_units());
            changes.push((of(line_id), amounts));
        }
        AgreementEvent::CommitmentDecreased {
            line_id,
            year_shares,
            ..
        } => parts.extend(year_shares.iter().map(|_| line_id)),
        AgreementEvent::PeriodExtended { moves, .. } => {
            parts.extend(moves.iter().map(|entry| &entry.line_id));
        }
        AgreementEvent::FundsCarriedOver(moved) => {
            parts.extend(moved.moves.iter().map(|entry| &entry.line_id));
        }
        AgreementEvent::FundsReallocated(moved) => {
            parts.extend(moved.legs.iter().map(|leg| &leg.place.line_id));
        }
        AgreementEvent::FundsTransferred(transfer) => {
            parts.extend(transfer.year_shares.iter().map(|_| &transfer.line_id));
        }
        AgreementEvent::AgreementTerminated(termination) => {
            for given_up in &termination.decommitments {
                parts.extend(given_up.year_shares.iter().map(|_| &given_up.line_id));
            }
        }
        _ => {}
    }
    for carried in &event.carrying {
        let line_id = parts[usize::try_from(carried.part).unwrap()];
        let amounts = (carried.minor_units, carried.functional.minor_units());
        changes.push((of(line_id), amounts));
    }
    changes
}

fn of_both(line_id: &str, random: &mut Random) -> perennial_domain::agreement::Line {
    // Within a minor unit of what its rate gives.
    let text = *random.pick(&["109.99 USD", "110.00 USD", "110.01 USD"]);
    let mut line = two_years_of(line_id, text);
    if random.one_in(4) {
        line.functional = None;
    }
    if random.one_in(3) {
        line.year_shares = whole_term(eur(100));
    }
    line
}

fn amount(random: &mut Random) -> Money {
    cents(i128::from(random.between(1, 70_00)))
}

fn more(random: &mut Random, (of, year): (&str, &str), amount: Money) -> AgreementCommand {
    let rate = rate("EUR", "USD", "1.1");
    AgreementCommand::IncreaseCommitment {
        line_id: Some(line(of)),
        amount,
        year_shares: vec![firm(year, amount)],
        amendment: None,
        published: None,
        functional: if random.one_in(3) {
            None
        } else {
            worth(&rate.convert(amount).unwrap().to_string())
        },
    }
}

fn wish(random: &mut Random, earlier: &[(EventId, Stream)], step: usize) -> Command {
    let at = *random.pick(&AGREEMENTS);
    let (one, other) = (*random.pick(&LINES), *random.pick(&LINES));
    let (from, to) = (*random.pick(&YEARS), *random.pick(&YEARS));
    let amount = amount(random);
    let command = match random.below(8) {
        0 => more(random, (one, from), amount),
        1 => AgreementCommand::DecreaseCommitment {
            line_id: Some(line(one)),
            amount,
            year_shares: if random.one_in(3) {
                vec![firm(from, amount)]
            } else {
                Vec::new()
            },
            reason: DecreaseReason::Savings,
            published: None,
            functional: None,
        },
        2 => AgreementCommand::CarryOverFunds(CarryOver {
            line_id: random.one_in(2).then(|| line(one)),
            from_period: year(from),
            to_period: year(to),
            amount,
            reason: String::new(),
        }),
        3 | 4 => AgreementCommand::ReallocateFunds(Reallocation {
            legs: vec![
                leg(LegDirection::From, LINES[0], amount),
                leg(LegDirection::From, LINES[1], amount),
                leg(LegDirection::To, one, cents(2 * amount.minor_units())),
            ],
            legal_basis: String::new(),
            amendment: None,
        }),
        5 => AgreementCommand::ExtendPeriod {
            new_ends_on: date(&format!("{}-12-31", 2030 + step)),
            kind: ExtensionKind::NoCost,
            moves: Vec::new(),
            amendment: None,
        },
        6 => AgreementCommand::TransferFunds(Box::new(TransferWish {
            transfer_id: TransferId::parse(&format!("transfer-{step}")).unwrap(),
            to_agreement_id: agreement(AGREEMENTS[usize::from(at == AGREEMENTS[0])]),
            line_id: Some(line(one)),
            to_line_id: Some(line(other)),
            amount,
            year_shares: Vec::new(),
            to_year_shares: vec![firm(to, amount)],
            conversion: None,
            consent: "letter".to_owned(),
            reason: String::new(),
        })),
        _ => {
            let (target, stream) = random.pick(earlier).clone();
            let command = AgreementCommand::ReverseEntry {
                target,
                reason: ReversalReason::Error,
            };
            let Stream::Agreement(id) = stream else {
                panic!("{stream}");
            };
            return asked_of(id.as_str(), date("2024-12-01"), command);
        }
    };
    asked_of(at, date("2024-12-01"), command)
}

/// Asks, and takes what is recorded up; nothing if it is refused.
fn ask(given: &mut Given, ledger: &mut Ledger, command: Command) -> Option<Vec<(EventId, Event)>> {
    let submission = Submission {
        commands: vec![command],
        expected: Vec::new(),
    };
    let decided = given
        .book
        .decide(&submission, given.next, given.today)
        .ok()?;
    given.book.apply(&decided);
    let position = given.next;
    given.next.0 += 1;
    let events = (0_u32..).zip(decided.events);
    let events: Vec<_> = events
        .map(|(index, event)| (EventId { position, index }, event))
        .collect();
    let mut whole = (0, 0);
    for (event_id, event) in &events {
        let sum = ledger.take(*event_id, event);
        whole = (whole.0 + sum.0, whole.1 + sum.1);
    }
    let constant = events.iter().all(|(_, event)| {
        matches!(
            event.fact,
            Fact::Agreement(
                AgreementEvent::FundsCarriedOver(_)
                    | AgreementEvent::FundsReallocated(_)
                    | AgreementEvent::FundsTransferred(_)
                    | AgreementEvent::PeriodExtended { .. }
            )
        )
    });
    if constant {
        assert_eq!(whole, (0, 0), "{events:#?}");
    }
    Some(events)
}

fn signature(of: &str, random: &mut Random) -> Happened {
    let lines = LINES.map(|line_id| of_both(line_id, random));
    Happened {
        stream: Stream::Agreement(agreement(of)),
        ..signed_as(terms_of(lines.to_vec()))
    }
}

#[test]
fn a_line_s_functional_commitment_is_what_was_booked_less_what_went_and_goes_with_all_its_money() {
    let mut random = Random::for_test("carrying values");
    let (mut moved, mut emptied) = (0, 0);
    for _ in 0..400 {
        let random = &mut random;
        let history = AGREEMENTS.map(|of| signature(of, random));
        let mut given = strict([]);
        let mut ledger = Ledger::default();
        let mut earlier = Vec::new();
        for happened in history {
            let Fact::Agreement(AgreementEvent::AgreementSigned(terms)) = &happened.fact else {
                panic!("{happened:?}");
            };
            let Stream::Agreement(id) = &happened.stream else {
                panic!("{happened:?}");
            };
            let command = AgreementCommand::Sign(terms.clone());
            let command = asked_of(id.as_str(), happened.effective_on, command);
            let events = ask(&mut given, &mut ledger, command).unwrap();
            earlier.extend(events.into_iter().map(|(id, event)| (id, event.stream)));
        }
        for step in 0..random.below(12) {
            let command = wish(random, &earlier, usize::try_from(step).unwrap());
            for (event_id, event) in ask(&mut given, &mut ledger, command).unwrap_or_default() {
                moved += usize::from(!event.carrying.is_empty());
                earlier.push((event_id, event.stream));
            }
        }
        for of in AGREEMENTS {
            let id = agreement(of);
            let signed = given.book.agreement(&id).unwrap();
            let whole = LINES
                .iter()
                .all(|of| 0 <= signed.line_balance(&line(of)).unwrap().committed);
            let end = AgreementCommand::Terminate(EarlyEnd {
                reason: "end".to_owned(),
                decommitments: Vec::new(),
                recovery: None,
            });
            ask(
                &mut given,
                &mut ledger,
                asked_of(of, date("2024-12-01"), end),
            )
            .unwrap();
            if !whole {
                continue;
            }
            for of in LINES {
                let key = (Stream::Agreement(id.clone()), line(of));
                let left = ledger.sums.get(&key).copied().unwrap_or_default();
                assert_eq!(left, (0, 0), "{key:?}");
                emptied += 1;
            }
        }
    }
    assert!(500 < moved && 1_000 < emptied, "{moved} {emptied}");
}
