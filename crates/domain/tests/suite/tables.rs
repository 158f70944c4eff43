//! Decision tables in text, for a grants officer to read: `crates/domain/tests/tables/*.txt`, one row for each command,
//! the outcome last.
//!
//! Rows of one number are one submission: all of it is recorded, or nothing. `#3` names what row 3 recorded. Of several
//! reasons the one that leads stands first, marked with `!`.

use std::collections::BTreeMap;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, CarryOver, EvidenceLevel, ExtensionKind, ReversalReason,
};
use perennial_domain::book::Decision;
use perennial_domain::command::{Command, Submission};
use perennial_domain::event::Event;
use perennial_domain::ledger::LedgerPolicy;
use perennial_domain::log::EventId;
use perennial_domain::money::Money;
use perennial_domain::rejection::Refusal;
use perennial_domain::rule::{Profile, Rule};
use perennial_testkit::history::words::*;
use perennial_testkit::history::{Given, given_with};

/// One row of a table.
struct Row {
    place: String,
    number: String,
    on: String,
    what: String,
    amount: String,
    with: String,
    outcome: String,
}

fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap_or((text, "EUR"));
    Money::parse_decimal(amount, currency(code)).unwrap()
}

impl Row {
    fn read(place: String, line: &str) -> Self {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [number, on, what, amount, with, outcome] = columns[..] else {
            panic!("{place}: a row has six columns: {line}");
        };
        let text = |text: &str| text.to_owned();
        Self {
            place,
            number: text(number),
            on: text(on),
            what: text(what),
            amount: text(amount),
            with: text(with),
            outcome: text(outcome),
        }
    }

    /// The word after `word` in the column of details.
    fn named(&self, word: &str) -> Option<&str> {
        let mut words = self
            .with
            .split_whitespace()
            .skip_while(|known| *known != word);
        words.nth(1)
    }

    /// What is done to portions, and what turns the agreement's life.
    fn planned(&self) -> (Date, AgreementCommand) {
        let named = |word: &str| self.named(word);
        let amount = || money(&self.amount);
        let reason = || "said in the table".to_owned();
        let on = self.on.as_str();
        match self.what.as_str() {
            "schedule" => schedule(on, named("as").unwrap(), amount(), named("due").unwrap()),
            "reschedule" => {
                let command = AgreementCommand::RescheduleTranche {
                    tranche_id: tranche(named("tranche").unwrap()),
                    new_due_on: date(named("due").unwrap()),
                    reason: reason(),
                };
                (date(on), command)
            }
            "cancel tranche" => {
                let tranche_id = tranche(named("tranche").unwrap());
                let reason = reason();
                (
                    date(on),
                    AgreementCommand::CancelTranche { tranche_id, reason },
                )
            }
            "suspend" => (date(on), AgreementCommand::Suspend { reason: reason() }),
            "resume" => (date(on), AgreementCommand::Resume { reason: reason() }),
            "end" => (date(on), AgreementCommand::End { reason: reason() }),
            "close" => (date(on), AgreementCommand::Close { reason: reason() }),
            other => panic!("{}: nobody knows how to \"{other}\"", self.place),
        }
    }

    /// The row's command. `known` says what earlier rows recorded.
    fn command(&self, known: &BTreeMap<String, EventId>) -> Command {
        let target = || known[self.named("of").unwrap().trim_start_matches('#')];
        let named = |word: &str| self.named(word);
        let amount = || money(&self.amount);
        let reason = || "said in the table".to_owned();
        let on = self.on.as_str();
        let (on, action) = match self.what.as_str() {
            "sign" => sign(on, terms(amount())),
            "commit" => increase(on, amount()),
            "release" => decrease(on, amount()),
            "pay" => {
                let (on, mut command) = disburse(on, amount());
                if let AgreementCommand::Disburse { tranche_id, .. } = &mut command {
                    *tranche_id = named("from").map(tranche);
                }
                (on, command)
            }
            "refund" => refund(on, amount()),
            "report spending" => {
                let command = AgreementCommand::ReportExpenditure {
                    cash: cash(amount()),
                    period: None,
                    evidence_level: EvidenceLevel::Claimed,
                };
                (date(on), command)
            }
            "extend" => {
                let command = AgreementCommand::ExtendPeriod {
                    new_ends_on: date(named("to").unwrap()),
                    kind: ExtensionKind::NoCost,
                    moves: Vec::new(),
                    amendment: None,
                };
                (date(on), command)
            }
            "shorten" => {
                let new_ends_on = date(named("to").unwrap());
                let reason = reason();
                (
                    date(on),
                    AgreementCommand::ShortenPeriod {
                        new_ends_on,
                        reason,
                    },
                )
            }
            "carry over" => {
                let year = |year: &str| period(&format!("{year}-01-01"), &format!("{year}-12-31"));
                let command = AgreementCommand::CarryOverFunds(CarryOver {
                    line_id: None,
                    from_period: year(named("from").unwrap()),
                    to_period: year(named("to").unwrap()),
                    amount: amount(),
                    reason: String::new(),
                });
                (date(on), command)
            }
            "withdraw entry" => reverse(on, target(), ReversalReason::Error),
            "return payment" => reverse(on, target(), ReversalReason::Returned),
            "replace by a payment" => replace(target(), disburse(on, amount())),
            _ => self.planned(),
        };
        let command = asked_of(named("agreement").unwrap_or(THE_AGREEMENT), on, action);
        match named("overriding") {
            None => command,
            Some(rule) => overriding(command, Rule::parse(rule).unwrap(), named("approver")),
        }
    }
}

/// What a recorded event says in a table.
fn recorded(events: &[&Event]) -> String {
    let said = events.iter().map(|event| {
        let flags: Vec<&str> = event.flags.iter().map(|flag| flag.rule.code()).collect();
        if flags.is_empty() {
            event.fact.kind().to_owned()
        } else {
            format!("{} shows {}", event.fact.kind(), flags.join(" "))
        }
    });
    said.collect::<Vec<_>>().join(", ")
}

/// The reasons against the command at `index`, the one that leads the refusal first.
fn refused(refusal: &Refusal, index: usize) -> String {
    let leading = refusal.leading();
    let own = refusal
        .reasons()
        .filter(|reason| reason.command_index == Some(index));
    let mut said: Vec<String> = own
        .map(|reason| {
            let mark = if std::ptr::eq(reason, leading) {
                "!"
            } else {
                ""
            };
            format!("{mark}{}", reason.rejection.reason())
        })
        .collect();
    said.sort_by_key(|reason| !reason.starts_with('!'));
    if said.is_empty() {
        return "not recorded".to_owned();
    }
    said.join(" ")
}

/// Submits the rows of one number, and compares what became of each.
fn submit(
    given: &mut Given,
    known: &mut BTreeMap<String, EventId>,
    rows: &[Row],
    wrong: &mut Vec<String>,
) {
    let commands: Vec<Command> = rows.iter().map(|row| row.command(known)).collect();
    let submission = Submission {
        commands: commands.clone(),
        expected: Vec::new(),
    };
    let decided = given.book.decide(&submission, given.next, given.today);
    if let Ok(decision) = &decided {
        given.book.apply(decision);
        given.next.0 += 1;
    }
    let mut events = 0;
    for (index, (row, command)) in rows.iter().zip(&commands).enumerate() {
        let actual = match &decided {
            Err(refusal) => refused(refusal, index),
            Ok(Decision { events: all, .. }) => {
                let count = if row.what.starts_with("replace") {
                    2
                } else {
                    1
                };
                let own: Vec<&Event> = all.iter().skip(events).take(count).collect();
                events += count;
                recorded(&own)
            }
        };
        if let Ok(decision) = &decided {
            let last = decision.events().nth(events - 1).unwrap();
            assert_eq!(last.1.stream, command.action.stream());
            known.insert(row.number.clone(), last.0);
        }
        if actual != row.outcome {
            let (place, outcome) = (&row.place, &row.outcome);
            wrong.push(format!(
                "{place}\n  expected: {outcome}\n  actual:   {actual}"
            ));
        }
    }
}

/// Tells a whole table.
fn check(name: &str, text: &str) {
    let mut lines = (1_usize..)
        .zip(text.lines())
        .filter(|(_, line)| !line.starts_with('#'));
    let profile = lines
        .find_map(|(_, line)| line.strip_prefix("ledger "))
        .unwrap();
    let profile = Profile::parse(profile.trim()).unwrap();
    let rows: Vec<Row> = lines
        .filter(|(_, line)| line.contains('|') && !line.starts_with("no "))
        .map(|(number, line)| {
            Row::read(format!("crates/domain/tests/tables/{name}:{number}"), line)
        })
        .collect();
    assert!(!rows.is_empty(), "{name} has no rows");
    let mut given = given_with(profile, LedgerPolicy::default(), []);
    let mut known = BTreeMap::new();
    let mut wrong = Vec::new();
    for rows in rows.chunk_by(|a, b| a.number == b.number) {
        submit(&mut given, &mut known, rows, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn which_refusal_leads_and_what_else_is_said() {
    check("precedence.txt", include_str!("../tables/precedence.txt"));
}

#[test]
fn a_grant_of_four_years_in_a_strict_ledger() {
    check(
        "strict-history.txt",
        include_str!("../tables/strict-history.txt"),
    );
}

#[test]
fn the_same_grant_in_a_mirror_shows_what_a_strict_ledger_refuses() {
    check(
        "mirror-history.txt",
        include_str!("../tables/mirror-history.txt"),
    );
}
