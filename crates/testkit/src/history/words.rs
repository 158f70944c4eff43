//! The words in which tests speak: one agreement, `agreement-1`, of one euro line, `line-1`, signed by a
//! donor with an agency for 2024-01-01 to 2025-12-31. Amounts are whole euros unless a word says cents.

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Cash, CashEntry, Conditionality, DecreaseReason, Firmness,
    Line, LinePart, Perspective, Published, ReversalReason, Terms, Tranche, TrancheDraw, YearBasis,
    YearShare,
};
use perennial_domain::classification::LineDims;
use perennial_domain::command::{Action, Command};
use perennial_domain::event::{Fact, Stream};
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::log::{EventId, Position};
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;
use perennial_domain::rule::{Breach, Override, Rule};

use super::Happened;

/// The id of the agreement that the words speak of.
pub const THE_AGREEMENT: &str = "agreement-1";
/// The day on which tests record, unless they say otherwise.
pub const TODAY: &str = "2026-03-31";
/// The day on which the agreement is signed.
pub const SIGNED_ON: &str = "2024-01-01";
/// The last day of its term.
pub const ENDS_ON: &str = "2025-12-31";

/// Reads `2024-01-31`.
///
/// # Panics
/// If it is no date.
#[track_caller]
pub fn date(text: &str) -> Date {
    match text.parse() {
        Ok(date) => date,
        Err(error) => panic!("\"{text}\": {error}"),
    }
}

/// Both days included.
///
/// # Panics
/// If it ends before it starts.
#[track_caller]
pub fn period(starts_on: &str, ends_on: &str) -> Period {
    match Period::new(date(starts_on), date(ends_on)) {
        Ok(period) => period,
        Err(error) => panic!("{error}"),
    }
}

/// Finds a currency.
///
/// # Panics
/// If there is none.
#[track_caller]
pub fn currency(code: &str) -> Currency {
    match Currency::parse(code) {
        Ok(currency) => currency,
        Err(error) => panic!("{error}"),
    }
}

/// Minor units of a currency.
///
/// # Panics
/// If they are out of range.
#[track_caller]
pub fn minor(minor_units: i128, code: &str) -> Money {
    match Money::from_minor(minor_units, currency(code)) {
        Ok(money) => money,
        Err(error) => panic!("{error}"),
    }
}

/// Whole euros.
#[track_caller]
pub fn eur(euros: i128) -> Money {
    minor(euros.saturating_mul(100), "EUR")
}

/// Euro cents.
#[track_caller]
pub fn cents(cents: i128) -> Money {
    minor(cents, "EUR")
}

macro_rules! ids {
    ($($(#[$doc:meta])* $word:ident: $id:ident;)+) => { $(
        $(#[$doc])*
        ///
        /// # Panics
        /// If the text cannot be one.
        #[track_caller]
        pub fn $word(text: &str) -> perennial_domain::ids::$id {
            match perennial_domain::ids::$id::parse(text) {
                Ok(id) => id,
                Err(error) => panic!("{error}"),
            }
        }
    )+ };
}

ids! {
    /// An agreement's id.
    agreement: AgreementId;
    /// A pledge's id.
    pledge: PledgeId;
    /// A line's id.
    line: LineId;
    /// A tranche's id.
    tranche: TrancheId;
    /// A condition's id.
    condition: ConditionId;
    /// A payment's id.
    payment: PaymentId;
    /// An allocation's id.
    allocation: AllocationId;
    /// A transfer's id.
    transfer: TransferId;
    /// An import run's id.
    import: ImportId;
    /// A calendar's id.
    calendar: CalendarId;
}

/// The agreement that the words speak of.
pub fn the_agreement() -> AgreementId {
    agreement(THE_AGREEMENT)
}

/// Its first line.
pub fn the_line() -> LineId {
    line("line-1")
}

/// The event of the record at `position`, which holds one.
pub const fn event_of(position: u64) -> EventId {
    EventId {
        position: Position(position),
        index: 0,
    }
}

/// An organisation by its id.
pub fn org(id: &str) -> OrgRef {
    OrgRef {
        id: Some(id.into()),
        ..OrgRef::default()
    }
}

/// A line of an amount, not classified, without shares.
pub fn line_of(line_id: &str, amount: Money) -> Line {
    Line {
        line_id: line(line_id),
        amount,
        counterparty: None,
        dims: LineDims::default(),
        year_shares: Vec::new(),
        functional: None,
    }
}

/// The terms of the agreement, outgoing, with these lines.
pub fn terms_of(lines: Vec<Line>) -> Terms {
    Terms {
        perspective: Perspective::Provider,
        provider: org("XM-DONOR"),
        recipient: org("XM-AGENCY"),
        signed_on: Some(date(SIGNED_ON)),
        starts_on: Some(date(SIGNED_ON)),
        ends_on: Some(date(ENDS_ON)),
        currency: currency("EUR"),
        conditionality: Conditionality::None,
        lines,
        further: None,
    }
}

/// The terms with one line of this amount.
pub fn terms(amount: Money) -> Terms {
    terms_of(vec![line_of("line-1", amount)])
}

/// A share of an amount for a period.
pub const fn share(period: Period, amount: Money, basis: YearBasis) -> YearShare {
    YearShare {
        period,
        minor_units: amount.minor_units(),
        basis,
        firmness: Firmness::Firm,
    }
}

/// The whole term, by day.
pub fn whole_term(amount: Money) -> Vec<YearShare> {
    vec![share(
        period(SIGNED_ON, ENDS_ON),
        amount,
        YearBasis::Prorated,
    )]
}

// What happened.

/// A fact about the agreement.
#[track_caller]
pub fn happened(on: &str, event: AgreementEvent) -> Happened {
    Happened {
        stream: Stream::Agreement(the_agreement()),
        effective_on: date(on),
        fact: Fact::Agreement(event),
    }
}

/// It was signed for this amount, prorated over its term.
pub fn signed(amount: Money) -> Happened {
    let mut terms = terms(amount);
    for line in &mut terms.lines {
        line.year_shares = whole_term(line.amount);
    }
    signed_as(terms)
}

/// It was signed on these terms.
pub fn signed_as(terms: Terms) -> Happened {
    happened(SIGNED_ON, AgreementEvent::AgreementSigned(terms))
}

/// A mirror opened it with a line of 0; its signature is not published.
pub fn opened() -> Happened {
    signed_as(Terms {
        signed_on: None,
        ..terms(eur(0))
    })
}

/// More was committed, for the whole term.
#[track_caller]
pub fn increased(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::CommitmentIncreased {
        line_id: the_line(),
        amount,
        year_shares: whole_term(amount),
        amendment: None,
        published: None,
        functional: None,
    };
    happened(on, event)
}

/// Less was committed, for the whole term.
#[track_caller]
pub fn decreased(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::CommitmentDecreased {
        line_id: the_line(),
        amount,
        year_shares: whole_term(amount),
        reason: DecreaseReason::Decommitment,
        published: None,
        functional: None,
    };
    happened(on, event)
}

/// A payment on the first line.
pub fn on_the_line(amount: Money) -> CashEntry {
    CashEntry {
        amount,
        parts: vec![LinePart {
            line_id: the_line(),
            minor_units: amount.minor_units(),
        }],
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: None,
        modality: None,
    }
}

/// It was paid, from no tranche.
#[track_caller]
pub fn disbursed(on: &str, amount: Money) -> Happened {
    disbursed_from(on, amount, Vec::new())
}

/// It was paid from tranches.
#[track_caller]
pub fn disbursed_from(on: &str, amount: Money, draws: Vec<TrancheDraw>) -> Happened {
    let cash = on_the_line(amount);
    happened(on, AgreementEvent::DisbursementMade { cash, draws })
}

/// A part of a payment that pays a tranche, which was due on the first day of its period.
pub fn draw(tranche_id: &str, period: Period, amount: Money) -> TrancheDraw {
    TrancheDraw {
        tranche_id: tranche(tranche_id),
        period,
        minor_units: amount.minor_units(),
        due_on: Some(period.starts_on()),
    }
}

/// It came back.
#[track_caller]
pub fn refunded(on: &str, amount: Money) -> Happened {
    let event = AgreementEvent::RefundMade {
        cash: on_the_line(amount),
        reason: "unspent".to_owned(),
    };
    happened(on, event)
}

/// It arrived.
#[track_caller]
pub fn received(on: &str, amount: Money) -> Happened {
    let cash = on_the_line(amount);
    happened(
        on,
        AgreementEvent::ReceiptConfirmed {
            cash,
            draws: Vec::new(),
            disbursement_id: None,
        },
    )
}

/// A portion was scheduled for one day.
#[track_caller]
pub fn scheduled(on: &str, tranche_id: &str, amount: Money, due_on: &str) -> Happened {
    let event = AgreementEvent::TrancheScheduled {
        tranche_id: tranche(tranche_id),
        amount,
        due_on: date(due_on),
        period: Period::day(date(due_on)),
        conditions: Vec::new(),
    };
    happened(on, event)
}

/// An entry was cancelled.
#[track_caller]
pub fn reversed(on: &str, target: EventId, reason: ReversalReason) -> Happened {
    happened(on, AgreementEvent::EntryReversed { target, reason })
}

// What is asked.

/// Asks the agreement.
pub fn asked(effective_on: Date, command: AgreementCommand) -> Command {
    asked_of(THE_AGREEMENT, effective_on, command)
}

/// Asks another agreement.
#[track_caller]
pub fn asked_of(agreement_id: &str, effective_on: Date, command: AgreementCommand) -> Command {
    Command {
        effective_on,
        external_reference: None,
        evidence: Vec::new(),
        overrides: Vec::new(),
        action: Action::Agreement(agreement(agreement_id), command),
        functional_from_table: false,
    }
}

/// The same wish, with leave to break one rule.
#[must_use]
pub fn overriding(mut command: Command, rule: Rule, approver: Option<&str>) -> Command {
    command.overrides.push(permitted(rule, approver));
    command
}

/// Leave to break one rule, as it is asked for and recorded.
pub fn permitted(rule: Rule, approver: Option<&str>) -> Override {
    Override {
        rule,
        reason: "agreed with the auditor".to_owned(),
        approver: approver.map(str::to_owned),
    }
}

/// A payment that names no line.
pub fn cash(amount: Money) -> Cash {
    Cash {
        amount,
        lines: Vec::new(),
        payment_id: None,
        provider: None,
        receiver: None,
        value_on: None,
        conversion: None,
        reference: None,
        published: None,
        functional: None,
        modality: None,
    }
}

/// Sign it for this amount.
#[track_caller]
pub fn sign(on: &str, terms: Terms) -> (Date, AgreementCommand) {
    (date(on), AgreementCommand::Sign(terms))
}

/// Commit more.
#[track_caller]
pub fn increase(on: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::IncreaseCommitment {
        line_id: None,
        amount,
        year_shares: Vec::new(),
        amendment: None,
        published: None,
        functional: None,
    };
    (date(on), command)
}

/// Commit less.
#[track_caller]
pub fn decrease(on: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::DecreaseCommitment {
        line_id: None,
        amount,
        year_shares: Vec::new(),
        reason: DecreaseReason::Decommitment,
        published: None,
        functional: None,
    };
    (date(on), command)
}

/// Pay.
#[track_caller]
pub fn disburse(on: &str, amount: Money) -> (Date, AgreementCommand) {
    pay(on, cash(amount))
}

/// Pay, with everything said.
#[track_caller]
pub fn pay(on: &str, cash: Cash) -> (Date, AgreementCommand) {
    let command = AgreementCommand::Disburse {
        cash,
        tranche_id: None,
    };
    (date(on), command)
}

/// Book money that came back.
#[track_caller]
pub fn refund(on: &str, amount: Money) -> (Date, AgreementCommand) {
    let command = AgreementCommand::Refund {
        cash: cash(amount),
        reason: "unspent".to_owned(),
    };
    (date(on), command)
}

/// Book money that arrived.
#[track_caller]
pub fn receive(on: &str, amount: Money) -> (Date, AgreementCommand) {
    (
        date(on),
        AgreementCommand::ConfirmReceipt {
            cash: cash(amount),
            tranche_id: None,
            disbursement_id: None,
        },
    )
}

/// Schedule a portion for one day.
#[track_caller]
pub fn schedule(
    on: &str,
    tranche_id: &str,
    amount: Money,
    due_on: &str,
) -> (Date, AgreementCommand) {
    let tranche = Tranche {
        tranche_id: tranche(tranche_id),
        amount,
        due_on: Some(date(due_on)),
        period: None,
        conditions: Vec::new(),
    };
    (date(on), AgreementCommand::ScheduleTranche(tranche))
}

/// Cancel an entry.
#[track_caller]
pub fn reverse(on: &str, target: EventId, reason: ReversalReason) -> (Date, AgreementCommand) {
    (date(on), AgreementCommand::ReverseEntry { target, reason })
}

/// Put another command's event in an entry's place.
#[track_caller]
pub fn replace(
    target: EventId,
    (effective_on, command): (Date, AgreementCommand),
) -> (Date, AgreementCommand) {
    let command = AgreementCommand::ReplaceEntry {
        target,
        replacement: Box::new(command),
        replacement_effective_on: effective_on,
    };
    (effective_on, command)
}

/// A published entry with this value's text.
pub fn published(value_text: &str) -> Published {
    Published {
        type_code: "3".to_owned(),
        value_text: value_text.to_owned(),
        date_text: None,
        occurrence_key: [0; 16],
        occurrence: 1,
        notes: Vec::new(),
    }
}

/// A breach of the agreement, shown by these figures.
pub fn breach(rule: Rule, figures: &[(&str, &str)]) -> Breach {
    breach_of("agreement/agreement-1", rule, figures)
}

/// A breach, shown by these figures.
pub fn breach_of(subject: &str, rule: Rule, figures: &[(&str, &str)]) -> Breach {
    let figures: Vec<(&str, &dyn std::fmt::Display)> = figures
        .iter()
        .map(|(name, value)| {
            let value: &dyn std::fmt::Display = value;
            (*name, value)
        })
        .collect();
    Breach::new(rule, subject, &figures)
}
