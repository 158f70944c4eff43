//! Which event a command makes: what it leaves out is worked out anew from DOMAIN.md 2 and SEMANTICS.md 1.

mod payment;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Firmness, Line, Rescheduling, Terms, Tranche as TrancheWish,
    YearBasis, YearShare,
};
use perennial_domain::ids::{LineId, TrancheId};
use perennial_domain::money::Money;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::rule::{Profile, Rule};

use super::deal::{Deal, take_from_last};
use super::findings::{Findings, is_future};

/// What a command is decided on.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) profile: Profile,
    pub(super) calendar: FiscalCalendar,
    pub(super) today: Date,
    pub(super) subject: &'a str,
}

/// A command's event, or why there is none.
pub(super) enum Draft {
    Event(Box<AgreementEvent>),
    /// What was found says why.
    Nothing,
    /// The oracle has no opinion of its own on this kind of command.
    Trusted,
}

impl From<Option<AgreementEvent>> for Draft {
    fn from(event: Option<AgreementEvent>) -> Self {
        event.map_or(Self::Nothing, |event| Self::Event(Box::new(event)))
    }
}

/// The event of a command that is neither a signature, a reversal nor a replacement.
pub(super) fn draft(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Draft {
    use AgreementCommand as C;
    match command {
        C::Describe(words) => Some(AgreementEvent::AgreementDescribed(words.clone())).into(),
        C::OpenLine(line) => Some(open_line(desk, findings, deal, line)).into(),
        C::IncreaseCommitment { .. } | C::DecreaseCommitment { .. } => {
            commitment(desk, findings, deal, (on, command)).into()
        }
        C::ExtendPeriod { .. } | C::ShortenPeriod { .. } => {
            term(desk, findings, deal, (on, command)).into()
        }
        C::ScheduleTranche(wish) => schedule(findings, deal, wish).into(),
        C::RescheduleTranche { .. } | C::CancelTranche { .. } => {
            reschedule(findings, deal, command).into()
        }
        C::ReplaceForecast(entries) => {
            for entry in entries {
                findings.currency(entry.amount, deal.currency());
            }
            Some(AgreementEvent::ForecastReplaced {
                previous: deal.forecast(),
                entries: entries.clone(),
            })
            .into()
        }
        C::Disburse { .. }
        | C::Reimburse(_)
        | C::Refund { .. }
        | C::ConfirmReceipt { .. }
        | C::ConfirmRefund { .. }
        | C::ReportExpenditure { .. }
        | C::ReduceExpenditure { .. }
        | C::RecordOtherFlow { .. } => payment::payment(desk, findings, deal, (on, command)).into(),
        C::Sign(_) => {
            findings.reject("AGREEMENT_EXISTS");
            Draft::Nothing
        }
        C::ReverseEntry { .. } | C::ReplaceEntry { .. } => {
            findings.reject("INVALID_FIELD");
            Draft::Nothing
        }
        _ => Draft::Trusted,
    }
}

/// The signature.
pub(super) fn sign(
    desk: Desk<'_>,
    findings: &mut Findings,
    on: Date,
    terms: &Terms,
) -> AgreementEvent {
    let dates = [Some(on), terms.signed_on, terms.starts_on, terms.ends_on];
    for date in dates.into_iter().flatten() {
        findings.date(date);
    }
    if terms.signed_on.is_none() && desk.profile == Profile::Strict {
        findings.reject("INVALID_FIELD");
    }
    let future = [Some(on), terms.signed_on].into_iter().flatten();
    let mut future = future.filter(|&date| is_future(date, desk.today));
    findings.breaks_if(future.next().is_some(), Rule::DateNotFuture, desk.subject);
    if let (Some(starts_on), Some(ends_on)) = (terms.starts_on, terms.ends_on) {
        findings.breaks_if(ends_on < starts_on, Rule::PeriodOrdered, desk.subject);
    }
    if terms.lines.is_empty() {
        findings.reject("INVALID_FIELD");
    }
    let mut signed = terms.clone();
    let mut total = 0;
    for (index, line) in signed.lines.iter_mut().enumerate() {
        let mut earlier = terms.lines.iter().take(index);
        if earlier.any(|other| other.line_id == line.line_id) {
            findings.reject("INVALID_FIELD");
        }
        if line.amount.minor_units() == 0 && desk.profile == Profile::Mirror {
            findings.currency(line.amount, terms.currency);
        } else {
            findings.positive(line.amount, terms.currency);
        }
        total += line.amount.minor_units();
        line.year_shares = if line.year_shares.is_empty() {
            let signed_on = terms.signed_on.unwrap_or(on);
            let starts_on = [terms.signed_on, terms.starts_on]
                .into_iter()
                .flatten()
                .max();
            implied(line.amount, (starts_on, terms.ends_on), signed_on)
        } else {
            explicit(findings, line.amount, &line.year_shares)
        };
    }
    if 1_000_000_000_000_000_000 <= total.abs() {
        findings.reject("INVALID_FIELD");
    }
    let scaled = |line: &&Line| line.dims.purposes.scaled() || line.dims.places.scaled();
    if let Some(line) = terms.lines.iter().find(scaled) {
        findings.breaks(
            Rule::SplitExact,
            format!("{}/{}", desk.subject, line.line_id),
        );
    }
    AgreementEvent::AgreementSigned(signed)
}

fn open_line(desk: Desk<'_>, findings: &mut Findings, deal: &Deal, line: &Line) -> AgreementEvent {
    findings.currency(line.amount, deal.currency());
    if line.amount.minor_units() != 0 || !line.year_shares.is_empty() {
        findings.reject("INVALID_FIELD");
    }
    if deal.line(&line.line_id).is_some() {
        findings.reject("LINE_EXISTS");
    }
    let subject = format!("{}/{}", desk.subject, line.line_id);
    findings.splits(&subject, [&line.dims.purposes, &line.dims.places]);
    AgreementEvent::LineOpened { line: line.clone() }
}

/// Shares that a command gives: above 0, exactly the amount; `scheduled`, unless they come from budgets.
fn explicit(findings: &mut Findings, amount: Money, given: &[YearShare]) -> Vec<YearShare> {
    let sum: i128 = given.iter().map(|share| share.minor_units).sum();
    let all_positive = given.iter().all(|share| 0 < share.minor_units);
    if sum != amount.minor_units() || !all_positive {
        findings.reject("INVALID_FIELD");
    }
    let as_recorded = |share: &YearShare| {
        let budgeted = share.basis == YearBasis::Budgeted;
        let basis = if budgeted {
            YearBasis::Budgeted
        } else {
            YearBasis::Scheduled
        };
        YearShare { basis, ..*share }
    };
    given.iter().map(as_recorded).collect()
}

/// The one share that is meant where none is given: by day over a term, else the day of the commitment.
fn implied(amount: Money, term: (Option<Date>, Option<Date>), on: Date) -> Vec<YearShare> {
    if amount.minor_units() == 0 {
        return Vec::new();
    }
    let term = match term {
        (Some(starts_on), Some(ends_on)) => Period::new(starts_on, ends_on).ok(),
        _ => None,
    };
    vec![YearShare {
        period: term.unwrap_or(Period::day(on)),
        minor_units: amount.minor_units(),
        basis: if term.is_some() {
            YearBasis::Prorated
        } else {
            YearBasis::SigningYear
        },
        firmness: Firmness::Firm,
    }]
}

/// What is left of the term on a day; without a published signature the whole of it.
fn rest_of_term(deal: &Deal, on: Date) -> (Option<Date>, Option<Date>) {
    let starts_on = match deal.terms.signed_on {
        None => deal.terms.starts_on,
        Some(signed_on) => [Some(on), Some(signed_on), deal.terms.starts_on]
            .into_iter()
            .flatten()
            .max(),
    };
    (starts_on, deal.ends_on())
}

/// Finds a line by its id; without one, the only line.
fn line(findings: &mut Findings, deal: &Deal, asked: Option<&LineId>) -> Option<LineId> {
    let lines = deal.lines();
    match (asked, lines.as_slice()) {
        (None, [only]) => Some(only.line_id.clone()),
        (None, _) => {
            findings.reject("LINE_REQUIRED");
            None
        }
        (Some(asked), _) if deal.line(asked).is_some() => Some(asked.clone()),
        (Some(_), _) => {
            findings.reject("UNKNOWN_LINE");
            None
        }
    }
}

fn commitment(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::IncreaseCommitment {
            line_id,
            amount,
            year_shares,
            amendment,
            published,
            ..
        } => {
            findings.digits(desk.subject, *amount, published.as_ref());
            findings.positive(*amount, deal.currency());
            let line_id = line(findings, deal, line_id.as_ref())?;
            if !findings.reasons.is_empty() {
                return None;
            }
            let year_shares = if year_shares.is_empty() {
                implied(*amount, rest_of_term(deal, on), on)
            } else {
                explicit(findings, *amount, year_shares)
            };
            Some(AgreementEvent::CommitmentIncreased {
                line_id,
                amount: *amount,
                year_shares,
                amendment: amendment.clone(),
                published: published.clone(),
                functional: None,
            })
        }
        C::DecreaseCommitment {
            line_id,
            amount,
            year_shares,
            reason,
            published,
            ..
        } => {
            findings.digits(desk.subject, *amount, published.as_ref());
            findings.positive(*amount, deal.currency());
            let line_id = line(findings, deal, line_id.as_ref())?;
            if !findings.reasons.is_empty() {
                return None;
            }
            let year_shares = if year_shares.is_empty() {
                released(desk, deal, (&line_id, *amount), on)
            } else {
                explicit(findings, *amount, year_shares)
            };
            Some(AgreementEvent::CommitmentDecreased {
                line_id,
                amount: *amount,
                year_shares,
                reason: *reason,
                published: published.clone(),
                functional: None,
            })
        }
        _ => None,
    }
}

/// Undisbursed portions, the last first; of a line without any commitment, what an increase would have been for.
fn released(
    desk: Desk<'_>,
    deal: &Deal,
    (line_id, amount): (&LineId, Money),
    on: Date,
) -> Vec<YearShare> {
    let portions = deal.portions(line_id, desk.calendar);
    if portions.is_empty() {
        return implied(amount, rest_of_term(deal, on), on);
    }
    let taken = take_from_last(&portions, amount.minor_units()).into_iter();
    taken
        .map(|(portion, minor_units)| YearShare {
            period: portion.period,
            minor_units,
            basis: portion.basis,
            firmness: portion.firmness,
        })
        .collect()
}

fn term(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    let previous_ends_on = deal.ends_on();
    let mut check = |new_ends_on: Date| {
        findings.date(new_ends_on);
        let before = deal
            .terms
            .starts_on
            .is_some_and(|starts_on| new_ends_on < starts_on);
        findings.breaks_if(before, Rule::PeriodOrdered, desk.subject);
    };
    match command {
        C::ExtendPeriod {
            new_ends_on,
            kind,
            moves,
            amendment,
        } => {
            check(*new_ends_on);
            if previous_ends_on.is_some_and(|ends_on| *new_ends_on <= ends_on) {
                findings.reject("END_NOT_LATER");
            }
            let moves = if moves.is_empty() {
                prorated_anew(desk, deal, on, *new_ends_on)
            } else {
                moves.clone()
            };
            Some(AgreementEvent::PeriodExtended {
                previous_ends_on,
                new_ends_on: *new_ends_on,
                kind: *kind,
                moves,
                amendment: amendment.clone(),
            })
        }
        C::ShortenPeriod {
            new_ends_on,
            reason,
        } => {
            check(*new_ends_on);
            if previous_ends_on.is_some_and(|ends_on| ends_on <= *new_ends_on) {
                findings.reject("END_NOT_EARLIER");
            }
            Some(AgreementEvent::PeriodShortened {
                previous_ends_on,
                new_ends_on: *new_ends_on,
                reason: reason.clone(),
            })
        }
        _ => None,
    }
}

/// The undisbursed rest of prorated lines is prorated again, from the extension to the new end.
fn prorated_anew(
    desk: Desk<'_>,
    deal: &Deal,
    on: Date,
    new_ends_on: Date,
) -> Vec<perennial_domain::agreement::ShareMove> {
    let starts_on = deal
        .terms
        .starts_on
        .map_or(on, |starts_on| starts_on.max(on));
    let Ok(rest_of_term) = Period::new(starts_on, new_ends_on) else {
        return Vec::new();
    };
    let mut moves = Vec::new();
    for line in deal.lines() {
        let mut portions = deal.portions(&line.line_id, desk.calendar);
        portions.retain(|portion| portion.basis == YearBasis::Prorated);
        let balance = deal.balance(Some(&line.line_id));
        let rest: i128 = portions.iter().map(super::deal::Portion::undisbursed).sum();
        let rest = rest.min(balance.undisbursed(deal.perspective()));
        if rest <= 0 {
            continue;
        }
        let given = take_from_last(&portions, rest);
        let mut degrees: Vec<Firmness> = Vec::new();
        for (portion, _) in &given {
            if !degrees.contains(&portion.firmness) {
                degrees.push(portion.firmness);
            }
        }
        let out = given
            .iter()
            .map(|(portion, amount)| (portion.period, -amount, portion.firmness));
        let into = degrees.iter().map(|&degree| {
            let same = given
                .iter()
                .filter(|(portion, _)| portion.firmness == degree);
            (rest_of_term, same.map(|(_, amount)| amount).sum(), degree)
        });
        moves.extend(out.chain(into).map(|(period, minor_units, firmness)| {
            perennial_domain::agreement::ShareMove {
                line_id: line.line_id.clone(),
                share: YearShare {
                    period,
                    minor_units,
                    basis: YearBasis::Prorated,
                    firmness,
                },
            }
        }));
    }
    moves
}

fn schedule(findings: &mut Findings, deal: &Deal, wish: &TrancheWish) -> Option<AgreementEvent> {
    findings.positive(wish.amount, deal.currency());
    if deal
        .tranches()
        .iter()
        .any(|known| known.id == wish.tranche_id)
    {
        findings.reject("TRANCHE_EXISTS");
    }
    let first_day = wish.period.map(Period::starts_on);
    let Some(due_on) = wish.due_on.or(first_day) else {
        findings.reject("INVALID_FIELD");
        return None;
    };
    findings.date(due_on);
    Some(AgreementEvent::TrancheScheduled {
        tranche_id: wish.tranche_id.clone(),
        amount: wish.amount,
        due_on,
        period: wish.period.unwrap_or(Period::day(due_on)),
        conditions: wish.conditions.clone(),
    })
}

/// A tranche of which something is open.
fn open_tranche(
    findings: &mut Findings,
    deal: &Deal,
    tranche_id: &TrancheId,
) -> Option<super::deal::Tranche> {
    let tranches = deal.tranches().into_iter();
    match tranches.into_iter().find(|known| known.id == *tranche_id) {
        None => findings.reject("UNKNOWN_TRANCHE"),
        Some(tranche) if tranche.open <= 0 => findings.reject("TRANCHE_NOT_OPEN"),
        Some(tranche) => return Some(tranche),
    }
    None
}

fn reschedule(
    findings: &mut Findings,
    deal: &Deal,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::RescheduleTranche {
            tranche_id,
            new_due_on,
            reason,
        } => {
            findings.date(*new_due_on);
            let tranche = open_tranche(findings, deal, tranche_id)?;
            // A period that was only the due day moves along.
            let was_the_day = tranche.period == Period::day(tranche.due_on);
            Some(AgreementEvent::TrancheRescheduled(Rescheduling {
                tranche_id: tranche_id.clone(),
                open: Money::from_minor(tranche.open, deal.currency()).ok()?,
                previous_due_on: tranche.due_on,
                new_due_on: *new_due_on,
                period: if was_the_day {
                    Period::day(*new_due_on)
                } else {
                    tranche.period
                },
                reason: reason.clone(),
            }))
        }
        C::CancelTranche { tranche_id, reason } => {
            let tranche = open_tranche(findings, deal, tranche_id)?;
            Some(AgreementEvent::TrancheCancelled {
                tranche_id: tranche_id.clone(),
                open: Money::from_minor(tranche.open, deal.currency()).ok()?,
                due_on: tranche.due_on,
                reason: reason.clone(),
            })
        }
        _ => None,
    }
}
