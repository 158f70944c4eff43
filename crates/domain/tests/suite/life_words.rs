//! Random commands about the life of an agreement, and the words of given/when/then for it.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Condition, ConditionEntry, EarlyEnd, LineDecommitment,
    Receivable, ReceivableEntry,
};
use perennial_domain::ids::ConditionId;
use perennial_domain::money::Money;
use perennial_testkit::history::Happened;
use perennial_testkit::history::words::*;
use perennial_testkit::random::Random;

/// A random command that turns an agreement, settles a condition or gives a receivable up.
pub(crate) fn command(random: &mut Random) -> AgreementCommand {
    let reason = "as it goes".to_owned();
    let amount = eur(i128::from(random.between(1, 40)));
    match random.below(14) {
        0..=2 => AgreementCommand::Suspend { reason },
        3..=4 => AgreementCommand::Resume { reason },
        5 => AgreementCommand::Terminate(EarlyEnd {
            reason,
            decommitments: Vec::new(),
            recovery: random.one_in(2).then_some(amount),
        }),
        6 => AgreementCommand::Cancel { reason },
        7 => AgreementCommand::End { reason },
        8 => AgreementCommand::Close { reason },
        9 => AgreementCommand::MeetCondition(settling(random)),
        10 => AgreementCommand::WaiveCondition(settling(random)),
        11..=12 => AgreementCommand::WriteOffReceivable(receivable(amount)),
        _ => AgreementCommand::RecoverReceivable(receivable(amount)),
    }
}

fn settling(random: &mut Random) -> ConditionEntry {
    let number = random.below(4);
    ConditionEntry {
        tranche_id: tranche(&format!("tranche-{number}")),
        condition_id: condition_id(random),
        reason: String::new(),
    }
}

fn condition_id(random: &mut Random) -> ConditionId {
    let number = random.below(2);
    ConditionId::parse(&format!("condition-{number}")).unwrap()
}

/// No condition, one or two.
pub(crate) fn conditions(random: &mut Random) -> Vec<Condition> {
    let mut ids = vec![condition_id(random), condition_id(random)];
    ids.dedup();
    ids.truncate(usize::try_from(random.below(3)).unwrap());
    ids.into_iter()
        .map(|condition_id| Condition {
            condition_id,
            text: "the report is in".to_owned(),
        })
        .collect()
}

/// A condition's id.
pub(crate) fn condition(text: &str) -> ConditionId {
    ConditionId::parse(text).unwrap()
}

/// A receivable of the whole agreement, approved.
pub(crate) fn receivable(amount: Money) -> Receivable {
    Receivable {
        amount,
        lines: Vec::new(),
        reason: "insolvent".to_owned(),
        approver: "J. Doe".to_owned(),
    }
}

/// The same, as it is recorded on the first line.
pub(crate) fn on_the_books(amount: Money) -> ReceivableEntry {
    ReceivableEntry {
        amount,
        parts: on_the_line(amount).parts,
        reason: "insolvent".to_owned(),
        approver: "J. Doe".to_owned(),
    }
}

pub(crate) fn suspend(on: &str) -> (Date, AgreementCommand) {
    let reason = "audit".to_owned();
    (date(on), AgreementCommand::Suspend { reason })
}

pub(crate) fn resume(on: &str) -> (Date, AgreementCommand) {
    let reason = "audit".to_owned();
    (date(on), AgreementCommand::Resume { reason })
}

pub(crate) fn suspended(on: &str) -> Happened {
    let reason = "audit".to_owned();
    happened(on, AgreementEvent::AgreementSuspended { reason })
}

pub(crate) fn resumed(on: &str) -> Happened {
    let reason = "audit".to_owned();
    happened(on, AgreementEvent::AgreementResumed { reason })
}

pub(crate) fn end(on: &str) -> (Date, AgreementCommand) {
    let reason = String::new();
    (date(on), AgreementCommand::End { reason })
}

pub(crate) fn ended(on: &str) -> Happened {
    let reason = String::new();
    happened(on, AgreementEvent::AgreementOperationallyEnded { reason })
}

pub(crate) fn close(on: &str) -> (Date, AgreementCommand) {
    let reason = String::new();
    (date(on), AgreementCommand::Close { reason })
}

pub(crate) fn closed(on: &str) -> Happened {
    let reason = String::new();
    happened(on, AgreementEvent::AgreementFinanciallyClosed { reason })
}

pub(crate) fn cancel(on: &str) -> (Date, AgreementCommand) {
    let reason = "no need".to_owned();
    (date(on), AgreementCommand::Cancel { reason })
}

/// Terminate, giving everything up that is undisbursed.
pub(crate) fn terminate(on: &str) -> (Date, AgreementCommand) {
    terminate_as(on, &[], None)
}

/// Terminate, giving these amounts of the first line up.
pub(crate) fn terminate_as(
    on: &str,
    amounts: &[Money],
    recovery: Option<Money>,
) -> (Date, AgreementCommand) {
    let given_up = |&amount: &Money| LineDecommitment {
        line_id: the_line(),
        amount,
        year_shares: Vec::new(),
    };
    let end = EarlyEnd {
        reason: "breach".to_owned(),
        decommitments: amounts.iter().map(given_up).collect(),
        recovery,
    };
    (date(on), AgreementCommand::Terminate(end))
}

pub(crate) fn write_off(on: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::WriteOffReceivable(receivable(amount));
    (date(on), command)
}

pub(crate) fn written_off(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::ReceivableWrittenOff(on_the_books(amount));
    happened(on, event)
}

pub(crate) fn recover(on: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::RecoverReceivable(receivable(amount));
    (date(on), command)
}

pub(crate) fn recovered(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::ReceivableRecovered(on_the_books(amount));
    happened(on, event)
}
