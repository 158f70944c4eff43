//! Reallocations, carry-overs and allocations: what lines can give, and what is made of it (ADR-0010).

use perennial_domain::Date;
use perennial_domain::agreement::{
    AgreementCommand, AgreementEvent, Allocation, AllocationDims, AllocationRelease,
    AllocationWish, CarriedFunds, CarryOver, Firmness, Leg, LegDirection, LegPlace,
    ReallocatedFunds, Reallocation, ShareMove, TermsRevision, YearBasis, YearShare,
};
use perennial_domain::classification::{Code, Split};
use perennial_domain::ids::{AllocationId, LineId};
use perennial_domain::money::Money;
use perennial_domain::period::Period;
use perennial_domain::rule::Rule;

use super::super::calendar;
use super::super::deal::{Balance, Deal, Portion, take_from_last};
use super::super::findings::Findings;
use super::super::fraction::split;
use super::coded::{left, share_of};
use super::headings::counts;
use super::{Desk, is_no_policy, line};

/// What moves money inside an agreement, or says how it may be moved.
pub(super) fn moves(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, command): (Date, &AgreementCommand),
) -> Option<AgreementEvent> {
    use AgreementCommand as C;
    match command {
        C::ReallocateFunds(wish) => reallocate(desk, findings, deal, (on, wish)),
        C::CarryOverFunds(wish) => carry_over(desk, findings, deal, (on, wish)),
        C::Allocate(wish) => allocate(findings, deal, wish),
        C::ReleaseAllocation {
            allocation_id,
            amount,
            reason,
        } => release(findings, deal, (allocation_id, *amount, reason)),
        C::ReviseTerms(revision) => revise(findings, revision),
        _ => None,
    }
}

/// Only what changes is said, and what is taken back is not said.
fn revise(findings: &mut Findings, revision: &TermsRevision) -> Option<AgreementEvent> {
    let ascending = revision.cleared.is_sorted_by(|a, b| a < b);
    let mut cleared = revision.cleared.iter();
    let said_too = cleared.any(|term| revision.further.says(*term));
    let policy = revision.further.reallocation_policy.as_ref();
    let bad_policy = policy.is_some_and(is_no_policy);
    if revision.is_empty() || !ascending || said_too || bad_policy {
        findings.reject("INVALID_FIELD");
    }
    let usable = findings.reasons.is_empty();
    usable.then(|| AgreementEvent::TermsRevised(Box::new(revision.clone())))
}

/// What a line can give: its portions, and what it has undisbursed from a day on.
struct Source {
    line_id: LineId,
    portions: Vec<Portion>,
    left: i128,
}

/// Which portions are meant.
#[derive(Clone, Copy, Default)]
struct Reach {
    period: Option<Period>,
    basis: Option<YearBasis>,
    firmness: Option<Firmness>,
}

impl Source {
    fn new(desk: Desk<'_>, deal: &Deal, line_id: &LineId, on: Date) -> Self {
        let own: Vec<_> = deal
            .items
            .iter()
            .filter(|item| item.line.as_ref() == Some(line_id))
            .collect();
        let days = own.iter().map(|item| item.on).filter(|day| on < *day);
        let left = days.chain([on]).map(|day| {
            let until = own.iter().copied().filter(|item| item.on <= day);
            Balance::of(until).undisbursed(deal.perspective())
        });
        Self {
            line_id: line_id.clone(),
            left: left.min().unwrap_or(0).max(0),
            portions: deal.portions(line_id, desk.calendar),
        }
    }

    /// What of a portion can be reached: by days, where only a part of its period is meant.
    fn part(portion: &Portion, reach: Reach) -> i128 {
        let basis = reach.basis.is_none_or(|basis| basis == portion.basis);
        let firmness = reach.firmness.is_none_or(|it| it == portion.firmness);
        if !basis || !firmness {
            return 0;
        }
        let Some(meant) = reach.period else {
            return portion.undisbursed();
        };
        let Some(shared) = common(portion.period, meant) else {
            return 0;
        };
        let days = |period: Period| calendar::days(period.starts_on(), period.ends_on());
        portion.undisbursed() * days(shared) / days(portion.period)
    }

    fn available(&self, reach: Reach) -> i128 {
        let portions = self.portions.iter();
        let reached: i128 = portions.map(|portion| Self::part(portion, reach)).sum();
        reached.min(self.left)
    }

    /// Takes from the last portion that is meant backwards, and keeps what is taken in mind.
    fn take(&mut self, reach: Reach, amount: i128) -> Vec<YearShare> {
        self.left -= amount;
        let reached = self.portions.iter().map(|portion| Portion {
            committed: Self::part(portion, reach),
            paid: 0,
            ..*portion
        });
        let taken = take_from_last(&reached.collect::<Vec<_>>(), amount);
        for (from, amount) in &taken {
            let own = |portion: &&mut Portion| {
                (portion.period, portion.basis, portion.firmness)
                    == (from.period, from.basis, from.firmness)
            };
            if let Some(portion) = self.portions.iter_mut().find(own) {
                portion.committed -= amount;
            }
        }
        let shares = taken.into_iter().map(|(portion, minor_units)| {
            let meant = reach.period.and_then(|meant| common(portion.period, meant));
            YearShare {
                period: meant.unwrap_or(portion.period),
                minor_units,
                basis: portion.basis,
                firmness: portion.firmness,
            }
        });
        shares.collect()
    }
}

/// The days that two periods share.
fn common(one: Period, other: Period) -> Option<Period> {
    let starts_on = one.starts_on().max(other.starts_on());
    Period::new(starts_on, one.ends_on().min(other.ends_on())).ok()
}

fn source<'b>(
    sources: &'b mut Vec<Source>,
    (desk, deal, on): (Desk<'_>, &Deal, Date),
    line_id: &LineId,
) -> Option<&'b mut Source> {
    if sources.iter().all(|known| known.line_id != *line_id) {
        sources.push(Source::new(desk, deal, line_id, on));
    }
    sources.iter_mut().find(|known| known.line_id == *line_id)
}

fn reallocate(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, wish): (Date, &Reallocation),
) -> Option<AgreementEvent> {
    if wish.legs.len() < 2 {
        findings.reject("INVALID_FIELD");
    }
    for leg in &wish.legs {
        findings.positive(leg.amount, deal.currency());
        if line(findings, deal, Some(&leg.place.line_id)).is_some() {
            classified(findings, deal, (on, leg));
        }
    }
    let signed = wish.legs.iter().map(|leg| match leg.direction {
        LegDirection::From => -leg.amount.minor_units(),
        LegDirection::To => leg.amount.minor_units(),
    });
    let unbalanced = signed.sum::<i128>() != 0;
    findings.breaks_if(unbalanced, Rule::ReallocationBalances, desk.subject);
    if !findings.reasons.is_empty() {
        return None;
    }
    let given = given(desk, findings, deal, (on, wish))?;
    let shares: Vec<YearShare> = given.iter().map(|(_, share)| *share).collect();
    let mut legs = Vec::new();
    for (index, leg) in wish.legs.iter().enumerate() {
        let of_leg: Vec<YearShare> = match leg.direction {
            LegDirection::From => {
                let own = given.iter().filter(|(of, _)| *of == index);
                own.map(|(_, share)| *share).collect()
            }
            LegDirection::To => arriving(leg, &shares, on),
        };
        for share in of_leg {
            let place = LegPlace {
                period: Some(share.period),
                basis: Some(share.basis),
                firmness: Some(share.firmness).filter(|it| *it != Firmness::Firm),
                ..leg.place.clone()
            };
            legs.push(Leg {
                direction: leg.direction,
                place,
                amount: Money::from_minor(share.minor_units, deal.currency()).ok()?,
            });
        }
    }
    let counts = counts(desk, findings, deal, (on, &legs, wish.amendment.is_some()));
    Some(AgreementEvent::FundsReallocated(Box::new(
        ReallocatedFunds {
            legs,
            legal_basis: wish.legal_basis.clone(),
            amendment: wish.amendment.clone(),
            counts,
        },
    )))
}

/// A pillar leg needs a declared pillar; what a line gives of a purpose or country it has to have.
fn classified(findings: &mut Findings, deal: &Deal, (on, leg): (Date, &Leg)) {
    let own = deal.splits_on(&leg.place.line_id, on);
    let named = leg.place.pillar;
    if named.is_some() && named != own.pillar {
        findings.reject("PILLAR_NOT_DECLARED");
    }
    if leg.direction == LegDirection::To {
        return;
    }
    let has =
        |code: Option<&Code>, split: &Split| code.is_none_or(|code| 0 < share_of(split, code));
    for fits in [
        has(leg.place.purpose.as_ref(), &own.purposes),
        has(leg.place.country.as_ref(), &own.places),
    ] {
        if !fits {
            findings.reject("CODE_NOT_ON_LINE");
        }
    }
}

/// What the giving legs take, leg by leg.
fn given(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, wish): (Date, &Reallocation),
) -> Option<Vec<(usize, YearShare)>> {
    let mut sources: Vec<Source> = Vec::new();
    let mut given = Vec::new();
    for (index, leg) in wish.legs.iter().enumerate() {
        if leg.direction == LegDirection::To {
            continue;
        }
        let source = source(&mut sources, (desk, deal, on), &leg.place.line_id)?;
        let reach = Reach {
            period: leg.place.period,
            basis: leg.place.basis,
            firmness: leg.place.firmness,
        };
        let before: Vec<Leg> = wish.legs.iter().take(index).cloned().collect();
        let before: Vec<Leg> = before
            .into_iter()
            .filter(|leg| leg.direction == LegDirection::From)
            .collect();
        let available = left(deal, on, leg, source.available(reach), &before);
        let wanted = leg.amount.minor_units();
        if available < wanted {
            findings.reject("LEG_EXCEEDS_UNDISBURSED");
            continue;
        }
        let shares = source.take(reach, wanted).into_iter();
        given.extend(shares.map(|share| (index, share)));
    }
    findings.reasons.is_empty().then_some(given)
}

/// For its own period as scheduled, as firm as the least firm share given; else for the periods given, in proportion.
fn arriving(leg: &Leg, given: &[YearShare], on: Date) -> Vec<YearShare> {
    let minor_units = leg.amount.minor_units();
    let firmness = leg.place.firmness;
    if let Some(period) = leg.place.period {
        let least = given.iter().map(|share| share.firmness).max();
        return vec![YearShare {
            period,
            minor_units,
            basis: leg.place.basis.unwrap_or(YearBasis::Scheduled),
            firmness: firmness.or(least).unwrap_or_default(),
        }];
    }
    let weights: Vec<i128> = given.iter().map(|share| share.minor_units).collect();
    let Some(parts) = split(minor_units, &weights) else {
        return vec![YearShare {
            period: Period::day(on),
            minor_units,
            basis: YearBasis::SigningYear,
            firmness: Firmness::Firm,
        }];
    };
    let parts = given.iter().zip(parts).filter(|(_, part)| *part != 0);
    parts
        .map(|(share, minor_units)| YearShare {
            minor_units,
            firmness: firmness.unwrap_or(share.firmness),
            ..*share
        })
        .collect()
}

fn carry_over(
    desk: Desk<'_>,
    findings: &mut Findings,
    deal: &Deal,
    (on, wish): (Date, &CarryOver),
) -> Option<AgreementEvent> {
    findings.positive(wish.amount, deal.currency());
    if wish.to_period.ends_on() <= wish.from_period.ends_on() {
        findings.reject("INVALID_FIELD");
    }
    let lines: Vec<LineId> = if let Some(asked) = &wish.line_id {
        line(findings, deal, Some(asked)).into_iter().collect()
    } else {
        let lines = deal.lines().into_iter();
        lines.map(|line| line.line_id.clone()).collect()
    };
    if !findings.reasons.is_empty() {
        return None;
    }
    let reach = Reach {
        period: Some(wish.from_period),
        ..Reach::default()
    };
    let mut sources: Vec<Source> = lines
        .iter()
        .map(|line_id| Source::new(desk, deal, line_id, on))
        .collect();
    let available: Vec<i128> = sources
        .iter()
        .map(|source| source.available(reach))
        .collect();
    let wanted = wish.amount.minor_units();
    if available.iter().sum::<i128>() < wanted {
        findings.reject("CARRY_OVER_EXCEEDS_UNDISBURSED");
        return None;
    }
    let mut moves: Vec<ShareMove> = Vec::new();
    let parts = split(wanted, &available)?;
    for (source, part) in sources.iter_mut().zip(parts).filter(|(_, part)| *part != 0) {
        let given = source.take(reach, part);
        let mut into: Vec<YearShare> = Vec::new();
        for share in &given {
            let same = |known: &&mut YearShare| known.firmness == share.firmness;
            match into.iter_mut().find(same) {
                Some(known) => known.minor_units += share.minor_units,
                None => into.push(YearShare {
                    period: wish.to_period,
                    basis: YearBasis::Scheduled,
                    ..*share
                }),
            }
        }
        let out = given.into_iter().map(|share| YearShare {
            minor_units: -share.minor_units,
            ..share
        });
        moves.extend(out.chain(into).map(|share| ShareMove {
            line_id: source.line_id.clone(),
            share,
        }));
    }
    Some(AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
        from_period: wish.from_period,
        to_period: wish.to_period,
        amount: wish.amount,
        moves,
        reason: wish.reason.clone(),
    })))
}

fn allocate(findings: &mut Findings, deal: &Deal, wish: &AllocationWish) -> Option<AgreementEvent> {
    findings.positive(wish.amount, deal.currency());
    if wish.dims == AllocationDims::default() {
        findings.reject("INVALID_FIELD");
    }
    if deal.allocation(&wish.allocation_id).is_some() {
        findings.reject("ALLOCATION_EXISTS");
    }
    let line_id = line(findings, deal, wish.line_id.as_ref())?;
    if !findings.reasons.is_empty() {
        return None;
    }
    let shares = in_proportion(wish.amount, &deal.shares(&line_id));
    Some(AgreementEvent::AllocationMade(Box::new(Allocation {
        allocation_id: wish.allocation_id.clone(),
        line_id,
        amount: wish.amount,
        dims: wish.dims.clone(),
        shares,
    })))
}

fn release(
    findings: &mut Findings,
    deal: &Deal,
    (allocation_id, amount, reason): (&AllocationId, Money, &str),
) -> Option<AgreementEvent> {
    findings.positive(amount, deal.currency());
    let Some((made, open)) = deal.allocation(allocation_id) else {
        findings.reject("UNKNOWN_ALLOCATION");
        return None;
    };
    if findings.reasons.is_empty() && open < amount.minor_units() {
        findings.reject("RELEASE_EXCEEDS_ALLOCATED");
    }
    if !findings.reasons.is_empty() {
        return None;
    }
    let allocation = Allocation {
        amount,
        shares: in_proportion(amount, &made.shares),
        ..made
    };
    Some(AgreementEvent::AllocationReleased(Box::new(
        AllocationRelease {
            allocation,
            reason: reason.to_owned(),
        },
    )))
}

/// An amount over shares that are above 0.
fn in_proportion(amount: Money, shares: &[YearShare]) -> Vec<YearShare> {
    let weights = shares.iter().map(|share| share.minor_units.max(0));
    let parts = split(amount.minor_units(), &weights.collect::<Vec<_>>());
    let parts = shares.iter().zip(parts.unwrap_or_default());
    parts
        .filter(|(_, part)| *part != 0)
        .map(|(share, minor_units)| YearShare {
            minor_units,
            ..*share
        })
        .collect()
}
