//! What committed money is carried at: its functional amount as booked, which goes with it when it is moved or given up
//! (ADR-0013 "Carrying value").

use std::collections::BTreeMap;

use crate::agreement::state::Effect;
use crate::agreement::{
    Agreement, AgreementEvent, EntryKind, Firmness, LegDirection, Termination, TransferDirection,
    YearBasis, YearShare,
};
use crate::book::Impossible;
use crate::exchange::Functional;
use crate::ids::LineId;
use crate::money::{Currency, Money, divide_minor};
use crate::period::Period;

/// What a part of the committed money that an event moves or gives up is carried at. Decided once and stored with the
/// event: nobody works it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CarryingValue {
    /// Which of the event's amounts, from 0, in their order: legs, moves, or the shares of one given-up amount after
    /// the other.
    pub part: u32,
    /// How much of that amount it is of, in minor units of the agreement's currency: below 0 where money leaves. What is
    /// left of the amount has no functional amount.
    pub minor_units: i128,
    /// What that is in the functional currency, below 0 where money leaves.
    pub functional: Money,
}

/// Own minor units that have a functional amount, and that amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Worth {
    pub(crate) currency: Currency,
    pub(crate) minor_units: i128,
    pub(crate) functional: i128,
}

/// Adds to what is of one currency.
pub(crate) fn add(worths: &mut Vec<Worth>, worth: Worth) {
    let mut known = worths.iter_mut();
    if let Some(known) = known.find(|known| known.currency == worth.currency) {
        known.minor_units = known.minor_units.saturating_add(worth.minor_units);
        known.functional = known.functional.saturating_add(worth.functional);
    } else {
        worths.push(worth);
    }
}

/// Which part of a line's commitment.
pub(crate) type Place = (Period, YearBasis, Firmness);

pub(crate) const fn place_of(share: &YearShare) -> Place {
    (share.period, share.basis, share.firmness)
}

impl AgreementEvent {
    /// The committed money that it moves or gives up without saying what it is in the functional currency, by line and
    /// period: below 0 where it leaves. [`CarryingValue::part`] is a place in it.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other kind moves or gives up nothing"
    )]
    pub(crate) fn carried_parts(&self) -> Vec<(&LineId, YearShare)> {
        match self {
            Self::CommitmentDecreased {
                line_id,
                year_shares,
                functional: None,
                ..
            } => signed(line_id, year_shares, -1).collect(),
            Self::PeriodExtended { moves, .. } => {
                let moves = moves.iter();
                moves.map(|entry| (&entry.line_id, entry.share)).collect()
            }
            Self::FundsCarriedOver(carried) => {
                let moves = carried.moves.iter();
                moves.map(|entry| (&entry.line_id, entry.share)).collect()
            }
            Self::FundsReallocated(reallocated) => {
                let legs = reallocated.legs.iter();
                legs.filter_map(|leg| {
                    let share = YearShare {
                        period: leg.place.period?,
                        basis: leg.place.basis?,
                        firmness: leg.place.firmness.unwrap_or_default(),
                        minor_units: match leg.direction {
                            LegDirection::From => leg.amount.minor_units().saturating_neg(),
                            LegDirection::To => leg.amount.minor_units(),
                        },
                    };
                    Some((&leg.place.line_id, share))
                })
                .collect()
            }
            Self::AgreementTerminated(Termination { decommitments, .. })
            | Self::AgreementCancelled { decommitments, .. } => decommitments
                .iter()
                .flat_map(|given_up| signed(&given_up.line_id, &given_up.year_shares, -1))
                .collect(),
            Self::FundsTransferred(transfer) => {
                let sign = match transfer.direction {
                    TransferDirection::Out => -1,
                    TransferDirection::In => 1,
                };
                signed(&transfer.line_id, &transfer.year_shares, sign).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn signed<'a>(
    line_id: &'a LineId,
    shares: &'a [YearShare],
    sign: i128,
) -> impl Iterator<Item = (&'a LineId, YearShare)> {
    shares.iter().map(move |share| {
        let minor_units = share.minor_units.saturating_mul(sign);
        let share = YearShare {
            minor_units,
            ..*share
        };
        (line_id, share)
    })
}

/// A functional amount over the shares that it is of, in proportion, as their postings have it.
pub(super) fn worth_of_shares(
    functional: Option<&Functional>,
    shares: &[YearShare],
    sign: i128,
) -> Vec<(YearShare, Money)> {
    let Some(functional) = functional else {
        return Vec::new();
    };
    let own: Vec<i128> = shares.iter().map(|share| share.minor_units).collect();
    let whole = functional.money;
    let parts = divide_minor(whole.minor_units(), &own).unwrap_or_default();
    let parts = shares.iter().zip(parts);
    parts
        .filter_map(|(share, part)| {
            let minor_units = share.minor_units.saturating_mul(sign);
            let share = YearShare {
                minor_units,
                ..*share
            };
            let part = part.saturating_mul(sign);
            Some((share, Money::from_minor(part, whole.currency()).ok()?))
        })
        .collect()
}

impl Agreement {
    /// What an event's carrying values change.
    pub(super) fn carrying_effects(
        &self,
        event: &AgreementEvent,
        carrying: &[CarryingValue],
    ) -> Result<Vec<Effect>, Impossible> {
        if carrying.is_empty() {
            return Ok(Vec::new());
        }
        let parts = event.carried_parts();
        let effect = |carried: &CarryingValue| {
            let part = usize::try_from(carried.part).ok();
            let part = part.and_then(|part| parts.get(part));
            let (line_id, share) = part.ok_or(Impossible::UnknownPart)?;
            Ok(Effect::Worth {
                line: self.place_of(line_id).ok_or(Impossible::UnknownLine)?,
                share: YearShare {
                    minor_units: carried.minor_units,
                    ..*share
                },
                functional: carried.functional,
            })
        };
        carrying.iter().map(effect).collect()
    }

    /// What the commitment of a line is in functional currencies, by what it is for; none of it is nothing.
    pub(crate) fn worths_of(&self, line: usize) -> BTreeMap<Place, Vec<Worth>> {
        let mut worths: BTreeMap<Place, Vec<Worth>> = BTreeMap::new();
        let mut note = |share: &YearShare, functional: Money| {
            let worth = Worth {
                currency: functional.currency(),
                minor_units: share.minor_units,
                functional: functional.minor_units(),
            };
            add(worths.entry(place_of(share)).or_default(), worth);
        };
        if let Some(signed) = self.packed_lines().nth(line) {
            let functional = signed.functional.as_deref();
            for (share, functional) in worth_of_shares(functional, &signed.year_shares, 1) {
                note(&share, functional);
            }
        }
        let changing = |kind| kind != EntryKind::Cash;
        for (_, entry) in self.entries.of_kinds(&self.names, changing) {
            for effect in &entry.effects {
                if let Effect::Worth {
                    line: at,
                    share,
                    functional,
                } = effect
                    && *at == line
                {
                    note(share, *functional);
                }
            }
        }
        for worths in worths.values_mut() {
            worths.retain(|worth| worth.minor_units != 0 || worth.functional != 0);
        }
        worths.retain(|_, worths| !worths.is_empty());
        worths
    }
}
