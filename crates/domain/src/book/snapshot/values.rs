//! Stored forms of values, terms and entries. Every field is named where it is written, so a new one does not
//! compile before it has a place here; and that place is a new [`super::SNAPSHOT_FORMAT`].

use jiff::civil::Date;

use super::MalformedSnapshot;
use crate::agreement::coded::CodedLeg;
use crate::agreement::moves::Moves;
use crate::agreement::parties::Parties;
use crate::agreement::schedule::{PackedTranche, Schedule};
use crate::agreement::state::{Claim, Effect, Life, LineState, Measure};
use crate::agreement::status::{Milestone, Turn};
use crate::agreement::{
    Agreement, AidType, Allocation, AllocationDims, AllocationState, Balance, ConditionState,
    Conditionality, Conversion, CountedSide, EarmarkingModality, EntryKind, Firmness,
    FlexibilityFeature, ForecastEntry, FurtherTerms, LimitBase, Line, LineSplits, MoveDimension,
    NewHeading, OnwardGrant, Perspective, PledgeLink, Published, Rate, RateSource,
    ReallocationPolicy, ReallocationScope, RevisableTerm, SignedTerms, TermsRevision, TrancheState,
    TransferDirection, UpstreamLink, YearBasis, YearShare,
};
use crate::calendar::{Calendar, FiscalPeriod};
use crate::classification::{Code, LineDims, OwnCode, Pillar, Share, Split, Vocabulary};
use crate::exchange::{Functional, RateDay, Rates};
use crate::ids::{
    self, AgreementId, AllocationId, CalendarId, ConditionId, ImportId, LedgerId, LineId,
    PaymentId, PlanId, PledgeId, TrancheId, TransferId,
};
use crate::import::{Import, ImportSource};
use crate::ledger::state::LedgerState;
use crate::ledger::{Disposition, ExceptionId, LedgerPolicy, Overridable, Tolerance};
use crate::log::{EventId, Position, Revision};
use crate::money::{Currency, Money};
use crate::packed::{Decoder, Encoder, Stored};
use crate::party::OrgRef;
use crate::period::{FiscalCalendar, Period};
use crate::pledge::state::{PledgeEntry, PledgeEntryKind};
use crate::pledge::{Pledge, PledgeAnnouncement, PledgeBalance};
use crate::reference::{ListVersion, LocalActorClass, Outline, Reference, ReferenceKind};
use crate::requirement::{Ask, Plan, Requirement};
use crate::rule::{Profile, Rule};

macro_rules! structs {
    ($($name:ident { $($field:ident),+ $(,)? })+) => { $(
        impl Stored for $name {
            fn put(&self, out: &mut Encoder) {
                let Self { $($field),+ } = self;
                $($field.put(out);)+
            }

            fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
                Ok(Self { $($field: Stored::take(from)?),+ })
            }
        }
    )+ };
}

macro_rules! enums {
    ($($name:ident { $($number:literal = $variant:ident),+ $(,)? })+) => { $(
        impl Stored for $name {
            fn put(&self, out: &mut Encoder) {
                out.byte(match self { $(Self::$variant => $number),+ });
            }

            fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
                match from.byte()? {
                    $($number => Ok(Self::$variant),)+
                    _ => Err(MalformedSnapshot),
                }
            }
        }
    )+ };
}

macro_rules! ids {
    ($($name:ident),+) => { $(
        impl Stored for $name {
            fn put(&self, out: &mut Encoder) {
                out.text(&self.0);
            }

            fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
                let text = from.text()?;
                if ids::well_formed(&text) {
                    return Ok(Self(text));
                }
                Err(MalformedSnapshot)
            }
        }
    )+ };
}

ids!(
    LedgerId,
    AgreementId,
    AllocationId,
    TransferId,
    PledgeId,
    LineId,
    TrancheId,
    ConditionId,
    PaymentId,
    ImportId,
    PlanId,
    CalendarId
);

enums! {
    Profile { 1 = Strict, 2 = Mirror }
    FiscalCalendar { 1 = January, 4 = April, 7 = July, 10 = October }
    Perspective { 1 = Provider, 2 = Recipient }
    Conditionality { 1 = None, 2 = Restriction, 3 = Condition }
    YearBasis { 1 = Scheduled, 2 = Budgeted, 3 = Prorated, 4 = SigningYear }
    Firmness { 1 = Firm, 2 = SubjectToAppropriation, 3 = Indicative }
    EarmarkingModality {
        1 = CoreFullyFlexible, 2 = CoreToCerf, 3 = Core, 4 = CoreWithLimitations, 5 = RegionOrObjective,
        6 = CountryPooledFund, 7 = CountryOperations, 8 = SubObjective, 9 = Project, 10 = TiedFinancially,
        11 = TiedInKind, 12 = DonorInitiated,
    }
    FlexibilityFeature {
        1 = BudgetLines, 2 = Sectors, 3 = Locations, 4 = Modalities, 5 = Years, 6 = FastDisbursement,
        7 = NoCostExtension,
    }
    ReallocationScope { 1 = Heading, 2 = Line, 3 = Counterparty, 4 = Agreement }
    LimitBase { 1 = Original, 2 = Current }
    CountedSide { 1 = Giving, 2 = Receiving }
    MoveDimension { 1 = Period, 2 = Pillar, 3 = Line, 4 = Purpose, 5 = Country }
    TransferDirection { 1 = Out, 2 = In }
    RateSource { 1 = Unore, 2 = Imf, 3 = Ecb, 4 = Agreed, 5 = Bank, 6 = Published }
    NewHeading { 1 = Free, 2 = ByAmendment }
    RevisableTerm {
        1 = Earmarking, 2 = FinanceType, 3 = FlowType, 4 = AidTypes, 5 = ReallocationPolicy,
        6 = DisbursementTerms, 7 = FlexibilityFeatures, 8 = UpstreamLinks, 9 = PledgeLinks,
    }
    Pillar { 1 = Humanitarian, 2 = Development, 3 = Peace, 4 = Unallocable }
    Vocabulary { 1 = DacPurpose, 2 = DacCategory, 3 = Country, 4 = Region }
    Measure { 1 = Committed, 2 = Disbursed, 3 = Received, 4 = Expended }
    EntryKind {
        1 = Commitment, 2 = Cash, 3 = Reallocation, 4 = Schedule, 5 = Forecast, 6 = Reversal, 7 = Fixed,
        8 = Terms, 9 = Status, 10 = Condition, 11 = Receivable,
        12 = Allocation, 13 = Transfer, 14 = Link,
    }
    Turn { 1 = Suspended, 2 = Resumed, 3 = Ended, 4 = Terminated, 5 = Cancelled, 6 = Closed }
    Disposition { 1 = Open, 2 = Acknowledged, 3 = Resolved }
    PledgeEntryKind { 1 = Announcement, 2 = Revision, 3 = Use, 4 = Reversal, 5 = Fixed }
    ReferenceKind { 1 = Codelists, 2 = PillarMappings, 3 = Schemes, 4 = Organisations, 5 = Rates }
    LocalActorClass {
        1 = LocalState, 2 = LocalNonState, 3 = NationalState, 4 = NationalNonState, 5 = NotLocal,
    }
}

structs! {
    EventId { position, index }
    Tolerance { absolute_minor, relative_ppm }
    LedgerPolicy {
        functional_currency, fiscal_calendar, tolerance, multi_year_months, pillar_mapping, keep_refusals,
        overridable, rate_source,
    }
    Overridable { rule, needs_approver }
    LedgerState { revision, policy, policy_since }
    ExceptionId { event_id, rule }
    OrgRef { id, name, type_code, derived }
    Share { vocabulary, code, share_ppm }
    OwnCode { scheme, code }
    LineDims { purposes, places, pillar, humanitarian, budget_heading, own_codes }
    YearShare { period, minor_units, basis, firmness }
    Line { line_id, amount, counterparty, dims, year_shares, functional }
    Functional { money, rate }
    Rate { base, quote, value, rate_on, source, table_version }
    RateDay { source, base, quote, rate_on }
    Rates { stated }
    AidType { vocabulary, code }
    UpstreamLink { agreement, amount }
    PledgeLink { pledge_id, amount }
    ReallocationPolicy { limit_ppm, base, cumulative, counted, scope, forbidden, new_heading }
    FurtherTerms {
        earmarking, finance_type, flow_type, aid_types, reallocation_policy, disbursement_terms, flexibility,
        upstream, pledges,
    }
    TermsRevision { conditionality, further, cleared, amendment, reason }
    CodedLeg { line, period, purpose, country, minor_units }
    Moves { revisions, counted, coded, allocations, allocated, transfers, onward, reclassified }
    AllocationState { made, open, touched_by }
    Allocation { allocation_id, line_id, amount, dims, shares }
    AllocationDims { pillar, purpose, country, receiver }
    OnwardGrant { upstream_agreement_id, amount, level, conversion }
    Conversion { original, rate }
    Code { vocabulary, code }
    ForecastEntry { period, amount, receiver }
    Published { type_code, value_text, date_text, occurrence_key, occurrence, notes }
    Balance { committed, disbursed, received, expended, scheduled }
    LineState { name, counterparty, balances }
    Parties { disbursed, received, several }
    Schedule { tranches, open, forecasts }
    SignedTerms { perspective, signed_on, starts_on, ends_on, currency, conditionality }
    ConditionState { condition_id, settled }
    TrancheState { scheduled, open, dues, conditions }
    Milestone { on, event_id, turn }
    Claim { event_id, minor_units, paid_then }
    Life { milestones, written_off, claims, confirmed }
    Agreement {
        terms, ends_on, revision, names, provider, recipient, packed, further, lines, balances, parties,
        schedule, committed_on, entries, moves, life,
    }
    PledgeAnnouncement {
        perspective, donor, recipient, amount, forum, intended_period, purposes, places, published,
        functional,
    }
    PledgeBalance { pledged, converted, withdrawn }
    PledgeEntry { effective_on, reversed_by, kind, effect }
    Pledge { announcement, revision, balances, whole_set_by, agreements, entries }
    ImportSource { dataset, file_sha256, published_on }
    Import { source, completed, revision }
    ListVersion { name, version }
    Outline { partition, parents }
    Reference { revision, published, schemes, organisations, merged, assessed, rates }
    Ask { objective, period, amount }
    LineSplits { purposes, places, pillar }
    Requirement { version, title, perspective, list, places, asks }
    Plan { revision, versions }
    FiscalPeriod { period, label, closed_from }
    Calendar { revision, pattern, periods }
}

impl Stored for PackedTranche {
    fn put(&self, out: &mut Encoder) {
        self.0.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Stored::take(from).map(Self)
    }
}

impl Stored for Rule {
    fn put(&self, out: &mut Encoder) {
        out.text(self.code());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Self::parse(&from.text()?).ok_or(MalformedSnapshot)
    }
}

impl Stored for rust_decimal::Decimal {
    fn put(&self, out: &mut Encoder) {
        out.raw(&self.serialize());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let bytes: [u8; 16] = Stored::take(from)?;
        // The middle of the flags is always zero, and the scale at most 28: other bytes are no number.
        let [reserved, _, scale, sign, ..] = bytes;
        if reserved != 0 || 28 < scale || sign & 0x7f != 0 {
            return Err(MalformedSnapshot);
        }
        Ok(Self::deserialize(bytes))
    }
}

impl Stored for Position {
    fn put(&self, out: &mut Encoder) {
        self.0.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        u64::take(from).map(Self)
    }
}

impl Stored for Revision {
    fn put(&self, out: &mut Encoder) {
        self.0.put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        u64::take(from).map(Self)
    }
}

/// The year that dates of few bytes lie around.
const YEAR_ZERO: i16 = 2_000;

impl Stored for Date {
    /// The signed distance of its year from 2000, then its month and day in nine bits.
    fn put(&self, out: &mut Encoder) {
        let distance = i32::from(self.year()).saturating_sub(i32::from(YEAR_ZERO));
        let year = u64::from(distance.unsigned_abs()) << 1 | u64::from(distance.is_negative());
        let (month, day) = (self.month().unsigned_abs(), self.day().unsigned_abs());
        out.number(year << 9 | u64::from(month) << 5 | u64::from(day));
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let number = from.number()?;
        let distance = i16::try_from(number >> 10).map_err(|_| MalformedSnapshot)?;
        let distance = if number >> 9 & 1 == 1 {
            distance.saturating_neg()
        } else {
            distance
        };
        let small = |bits: u64| i8::try_from(bits).map_err(|_| MalformedSnapshot);
        let (month, day) = (small(number >> 5 & 0xf)?, small(number & 0x1f)?);
        let year = YEAR_ZERO.checked_add(distance).ok_or(MalformedSnapshot)?;
        Self::new(year, month, day).map_err(|_| MalformedSnapshot)
    }
}

impl Stored for Period {
    fn put(&self, out: &mut Encoder) {
        self.starts_on().put(out);
        self.ends_on().put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Self::new(Date::take(from)?, Date::take(from)?).map_err(|_| MalformedSnapshot)
    }
}

impl Stored for Currency {
    fn put(&self, out: &mut Encoder) {
        out.text(self.code());
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Self::parse(&from.text()?).map_err(|_| MalformedSnapshot)
    }
}

impl Stored for Money {
    fn put(&self, out: &mut Encoder) {
        self.minor_units().put(out);
        self.currency().put(out);
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let minor_units = i128::take(from)?;
        Self::from_minor(minor_units, Currency::take(from)?).map_err(|_| MalformedSnapshot)
    }
}

impl Stored for Split {
    fn put(&self, out: &mut Encoder) {
        self.scaled().put(out);
        self.shares().len().put(out);
        for share in self.shares() {
            share.put(out);
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        let scaled = bool::take(from)?;
        Self::recorded(Vec::take(from)?, scaled).map_err(|_| MalformedSnapshot)
    }
}

/// The first byte of effects on amounts, beside what [`amount_of`] gives.
const AMOUNT: u8 = 0x80;
/// The same of those that name a party.
const TO_WHOM: u8 = 0x40;

const fn amount_of(measure: Measure) -> u8 {
    match measure {
        Measure::Committed => 0,
        Measure::Disbursed => 1,
        Measure::Received => 2,
        Measure::Expended => 3,
    }
}

impl Stored for Effect {
    fn put(&self, out: &mut Encoder) {
        match self {
            Self::Amount {
                line,
                measure,
                party,
                minor_units,
            } => {
                // Most effects are such: what and whether to whom is in the first byte.
                let paid = if party.is_some() { TO_WHOM } else { 0 };
                out.byte(AMOUNT | paid | amount_of(*measure));
                line.put(out);
                if let Some(party) = party {
                    party.put(out);
                }
                minor_units.put(out);
            }
            Self::Share { line, share } => {
                out.byte(2);
                line.put(out);
                share.put(out);
            }
            Self::Worth {
                line,
                share,
                functional,
            } => {
                out.byte(7);
                line.put(out);
                share.put(out);
                functional.put(out);
            }
            Self::Tranche {
                tranche_id,
                period,
                minor_units,
            } => {
                out.byte(3);
                tranche_id.put(out);
                period.put(out);
                minor_units.put(out);
            }
            Self::Allocated {
                line,
                allocation_id,
                minor_units,
            } => {
                out.byte(6);
                line.put(out);
                allocation_id.put(out);
                minor_units.put(out);
            }
            Self::Counted {
                heading,
                minor_units,
            } => {
                out.byte(4);
                heading.put(out);
                minor_units.put(out);
            }
            Self::WrittenOff { minor_units } => {
                out.byte(5);
                minor_units.put(out);
            }
        }
    }

    fn take(from: &mut Decoder<'_>) -> Result<Self, MalformedSnapshot> {
        Ok(match from.byte()? {
            amount if amount & AMOUNT != 0 => {
                let measures = [
                    Measure::Committed,
                    Measure::Disbursed,
                    Measure::Received,
                    Measure::Expended,
                ];
                let of = measures
                    .into_iter()
                    .find(|&measure| amount & !TO_WHOM == AMOUNT | amount_of(measure));
                Self::Amount {
                    measure: of.ok_or(MalformedSnapshot)?,
                    line: Stored::take(from)?,
                    party: match amount & TO_WHOM {
                        0 => None,
                        _ => Some(Stored::take(from)?),
                    },
                    minor_units: Stored::take(from)?,
                }
            }
            2 => Self::Share {
                line: Stored::take(from)?,
                share: Stored::take(from)?,
            },
            7 => Self::Worth {
                line: Stored::take(from)?,
                share: Stored::take(from)?,
                functional: Stored::take(from)?,
            },
            3 => Self::Tranche {
                tranche_id: Stored::take(from)?,
                period: Stored::take(from)?,
                minor_units: Stored::take(from)?,
            },
            6 => Self::Allocated {
                line: Stored::take(from)?,
                allocation_id: Stored::take(from)?,
                minor_units: Stored::take(from)?,
            },
            4 => Self::Counted {
                heading: Stored::take(from)?,
                minor_units: Stored::take(from)?,
            },
            5 => Self::WrittenOff {
                minor_units: Stored::take(from)?,
            },
            _ => return Err(MalformedSnapshot),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_there_is_can_be_stored() {
        let days = [
            Date::MIN,
            Date::MAX,
            Date::ZERO,
            jiff::civil::date(1999, 12, 31),
            jiff::civil::date(2000, 1, 1),
            jiff::civil::date(2024, 2, 29),
        ];
        for day in days {
            let mut out = Encoder::default();
            day.put(&mut out);
            let bytes = out.into_bytes();
            assert_eq!(Date::take(&mut Decoder::new(&bytes)), Ok(day), "{day}");
        }
    }

    #[test]
    fn a_day_of_our_time_takes_three_bytes() {
        let mut out = Encoder::default();
        jiff::civil::date(2026, 3, 31).put(&mut out);
        // 26 years after 2000, month 3, day 31: (52 << 9) + (3 << 5) + 31 = 26751.
        assert_eq!(out.into_bytes(), [0xff, 0xd0, 0x01]);
    }
}
