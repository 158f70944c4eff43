//! Which event a command makes: what it leaves out is worked out anew from DOMAIN.md 2 and SEMANTICS.md 1.

mod coded;
mod headings;
mod life;
mod moves;
mod payment;
mod schedule;

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Firmness, Line, ReallocationPolicy, Terms, YearBasis,
    YearShare,
};
use perennial_domain::event::Event;
use perennial_domain::ids::LineId;
use perennial_domain::ledger::{LedgerPolicy, Tolerance};
use perennial_domain::log::Recorded;
use perennial_domain::money::Money;
use perennial_domain::period::{FiscalCalendar, Period};
use perennial_domain::rule::{Profile, Rule};
use perennial_domain::tag::{TagSet, TagSubject};

use super::deal::{Deal, take_from_last};
use super::findings::{Findings, is_future};
use super::life::permit;
use super::predict::registry::tag_set;
use super::value::worth;
use schedule::plans;

/// What a command is decided on.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    /// Everything before.
    pub(super) log: &'a [Recorded<Event>],
    pub(super) profile: Profile,
    pub(super) calendar: FiscalCalendar,
    pub(super) today: Date,
    pub(super) tolerance: Tolerance,
    /// The closed period that is being adjusted.
    pub(super) concerns: Option<Period>,
    pub(super) subject: &'a str,
    pub(super) policy: &'a LedgerPolicy,
    /// Whether amounts that say nothing are valued by the published tables.
    pub(super) from_table: bool,
    /// The command's day.
    pub(super) on: Date,
}

/// A command's event, or why there is none.
pub(super) enum Draft {
    Event(Box<AgreementEvent>),
    /// What was found says why.
    Nothing,
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
    let desk = Desk { on, ..desk };
    permit(findings, deal, (on, command));
    match command {
        C::Describe(words) => Some(AgreementEvent::AgreementDescribed(words.clone())).into(),
        C::OpenLine(line) => Some(open_line(desk, findings, deal, line)).into(),
        C::IncreaseCommitment { .. } | C::DecreaseCommitment { .. } => {
            commitment(desk, findings, deal, (on, command)).into()
        }
        C::ExtendPeriod { .. } | C::ShortenPeriod { .. } => {
            term(desk, findings, deal, (on, command)).into()
        }
        C::ScheduleTranche(_)
        | C::RescheduleTranche { .. }
        | C::CancelTranche { .. }
        | C::MeetCondition(_)
        | C::WaiveCondition(_)
        | C::ReplaceForecast(_) => plans(findings, deal, command).into(),
        C::Suspend { .. }
        | C::Resume { .. }
        | C::Terminate(_)
        | C::Cancel { .. }
        | C::End { .. }
        | C::Close { .. }
        | C::WriteOffReceivable(_)
        | C::RecoverReceivable(_) => life::life(desk, findings, deal, (on, command)).into(),
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
        C::ReallocateFunds(_)
        | C::CarryOverFunds(_)
        | C::Allocate(_)
        | C::ReleaseAllocation { .. }
        | C::ReviseTerms(_) => moves::moves(desk, findings, deal, (on, command)).into(),
        // They need another agreement too, or another entry.
        C::TransferFunds(_)
        | C::LinkOnwardGrant(_)
        | C::ReverseEntry { .. }
        | C::ReplaceEntry { .. } => {
            findings.reject("INVALID_FIELD");
            Draft::Nothing
        }
        C::ReclassifySplits { .. } => reclassify(desk, findings, deal, command).into(),
        C::ReplaceTagSet(set) => Some(tag(desk, findings, deal, set)).into(),
    }
}

/// Tags of the agreement, or of a line or tranche that it has.
fn tag(desk: Desk<'_>, findings: &mut Findings, deal: &Deal, set: &TagSet) -> AgreementEvent {
    match &set.subject {
        TagSubject::Whole => {}
        TagSubject::Line(line_id) => {
            line(findings, deal, Some(line_id));
        }
        TagSubject::Tranche(id) => {
            if deal.tranches().iter().all(|known| known.id != *id) {
                findings.reject("UNKNOWN_TRANCHE");
            }
        }
    }
    AgreementEvent::TagSetReplaced(tag_set(findings, desk.log, set))
}

/// Other splits for all money of a line.
fn reclassify(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    command: &AgreementCommand,
) -> Option<AgreementEvent> {
    let AgreementCommand::ReclassifySplits {
        line_id,
        splits,
        reason,
    } = command
    else {
        return None;
    };
    let line_id = line(findings, deal, line_id.as_ref())?;
    let subject = format!("{}/{line_id}", desk.subject);
    findings.splits(&subject, [&splits.purposes, &splits.places]);
    Some(AgreementEvent::SplitsReclassified {
        line_id,
        splits: splits.clone(),
        reason: reason.clone(),
    })
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
    let further = terms.further.as_deref();
    let policy = further.and_then(|further| further.reallocation_policy.as_ref());
    if terms.lines.is_empty() || policy.is_some_and(is_no_policy) {
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
        let subject = format!("{}/{}", desk.subject, line.line_id);
        let of_line = Desk {
            on,
            subject: &subject,
            ..desk
        };
        line.functional = worth(of_line, findings, line.amount, line.functional.as_deref());
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

/// A limit above the whole, or forbidden moves that are not ascending.
fn is_no_policy(policy: &ReallocationPolicy) -> bool {
    1_000_000 < policy.limit_ppm || !policy.forbidden.is_sorted_by(|a, b| a < b)
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
pub(super) fn explicit(
    findings: &mut Findings,
    amount: Money,
    given: &[YearShare],
) -> Vec<YearShare> {
    let sum: i128 = given.iter().map(|share| share.minor_units).sum();
    let all_positive = given.iter().all(|share| 0 < share.minor_units);
    if sum != amount.minor_units() || !all_positive {
        findings.reject("INVALID_FIELD");
        // Nothing is recorded of it; its amount is judged all the same.
        return implied(amount, (None, None), Date::MIN);
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
pub(super) fn implied(
    amount: Money,
    term: (Option<Date>, Option<Date>),
    on: Date,
) -> Vec<YearShare> {
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
pub(super) fn rest_of_term(deal: &Deal, on: Date) -> (Option<Date>, Option<Date>) {
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
pub(super) fn line(findings: &mut Findings, deal: &Deal, asked: Option<&LineId>) -> Option<LineId> {
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
            functional,
        } => {
            findings.digits(desk.subject, *amount, published.as_ref());
            findings.positive(*amount, deal.currency());
            let line_id = line(findings, deal, line_id.as_ref())?;
            if !findings.reasons.is_empty() {
                return None;
            }
            let year_shares = if year_shares.is_empty() {
                adjusting(desk, *amount)
                    .unwrap_or_else(|| implied(*amount, rest_of_term(deal, on), on))
            } else {
                explicit(findings, *amount, year_shares)
            };
            Some(AgreementEvent::CommitmentIncreased {
                line_id,
                amount: *amount,
                year_shares,
                amendment: amendment.clone(),
                published: published.clone(),
                functional: worth(desk, findings, *amount, functional.as_deref()),
            })
        }
        C::DecreaseCommitment {
            line_id,
            amount,
            year_shares,
            reason,
            published,
            functional,
        } => {
            findings.digits(desk.subject, *amount, published.as_ref());
            findings.positive(*amount, deal.currency());
            let line_id = line(findings, deal, line_id.as_ref())?;
            if !findings.reasons.is_empty() {
                return None;
            }
            let year_shares = if year_shares.is_empty() {
                adjusting(desk, *amount)
                    .unwrap_or_else(|| released(desk, deal, (&line_id, *amount), on))
            } else {
                explicit(findings, *amount, year_shares)
            };
            Some(AgreementEvent::CommitmentDecreased {
                line_id,
                amount: *amount,
                year_shares,
                reason: *reason,
                published: published.clone(),
                functional: worth(desk, findings, *amount, functional.as_deref()),
            })
        }
        _ => None,
    }
}

/// What adjusts a closed period and names no shares is for that period.
fn adjusting(desk: Desk<'_>, amount: Money) -> Option<Vec<YearShare>> {
    let period = desk.concerns?;
    Some(vec![YearShare {
        period,
        minor_units: amount.minor_units(),
        basis: YearBasis::Scheduled,
        firmness: Firmness::Firm,
    }])
}

/// Undisbursed portions, the last first; of a line without any commitment, what an increase would have been for.
pub(super) fn released(
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
