//! The enumerations that domain, stored format and API share, by name. Generated zero values have no domain
//! value: they are refused, or mean a documented default.

use perennial_domain::{agreement, classification, period, reference, rule, tag};

use crate::pb;

/// A generated enumeration of which all values but zero stand for a domain value.
pub(crate) trait Coded: TryFrom<i32> {
    /// The domain's enumeration.
    type Domain;

    /// The value; `None` for zero.
    fn domain(self) -> Option<Self::Domain>;
}

/// Returns the domain value of `number`, or `None` for zero and for numbers that this version does not know.
pub(crate) fn from_number<P: Coded>(number: i32) -> Option<P::Domain> {
    P::try_from(number).ok().and_then(Coded::domain)
}

macro_rules! coded {
    ($($domain:path, $pb:path { $($variant:ident),+ $(,)? })+) => { $(
        impl From<$domain> for $pb {
            fn from(value: $domain) -> Self {
                match value {
                    $(<$domain>::$variant => Self::$variant,)+
                }
            }
        }

        impl Coded for $pb {
            type Domain = $domain;

            fn domain(self) -> Option<$domain> {
                match self {
                    Self::Unspecified => None,
                    $(Self::$variant => Some(<$domain>::$variant),)+
                }
            }
        }
    )+ };
}

/// The same enumeration in the stored format and in the write API.
macro_rules! coded_twice {
    ($($domain:path, $name:ident $variants:tt)+) => {
        $(coded! { $domain, pb::log::$name $variants })+
        $(coded! { $domain, pb::ledger::$name $variants })+
    };
}

coded_twice! {
    agreement::Perspective, Perspective { Provider, Recipient }
    agreement::Conditionality, Conditionality { None, Restriction, Condition }
    agreement::YearBasis, YearBasis { Scheduled, Budgeted, Prorated, SigningYear }
    agreement::DecreaseReason, DecreaseReason { Decommitment, DonorCut, Savings, FxCap, Unknown }
    agreement::ExtensionKind, ExtensionKind { NoCost, Cost, Unknown }
    agreement::ReversalReason, ReversalReason { Error, Replaced, Withdrawn, Returned }
    agreement::EvidenceLevel, EvidenceLevel { Claimed, Verified, Audited }
    agreement::LegDirection, LegDirection { From, To }
    agreement::Firmness, Firmness { Firm, SubjectToAppropriation, Indicative }
    agreement::EarmarkingModality, EarmarkingModality {
        CoreFullyFlexible, CoreToCerf, Core, CoreWithLimitations, RegionOrObjective, CountryPooledFund,
        CountryOperations, SubObjective, Project, TiedFinancially, TiedInKind, DonorInitiated,
    }
    agreement::FlexibilityFeature, FlexibilityFeature {
        BudgetLines, Sectors, Locations, Modalities, Years, FastDisbursement, NoCostExtension,
    }
    agreement::ReallocationScope, ReallocationScope { Heading, Line, Counterparty, Agreement }
    agreement::LimitBase, LimitBase { Original, Current }
    agreement::CountedSide, CountedSide { Giving, Receiving }
    agreement::MoveDimension, MoveDimension { Period, Pillar, Line, Purpose, Country }
    agreement::NewHeading, NewHeading { Free, ByAmendment }
    agreement::RevisableTerm, RevisableTerm {
        Earmarking, FinanceType, FlowType, AidTypes, ReallocationPolicy, DisbursementTerms,
        FlexibilityFeatures, UpstreamLinks, PledgeLinks,
    }
    agreement::OtherFlowKind, OtherFlowKind {
        InterestPayment, LoanRepayment, EquityPurchase, EquitySale, CreditGuarantee,
    }
    agreement::CashModality, CashModality { Cash, InKind }
    agreement::RateSource, RateSource { Unore, Imf, Ecb, Agreed, Bank, Published }
    classification::Pillar, Pillar { Humanitarian, Development, Peace, Unallocable }
    classification::Vocabulary, Vocabulary { DacPurpose, DacCategory, Country, Region }
    reference::CodeOrigin, CodeOrigin { Official, Ours }
    reference::LocalActorClass, LocalActorClass {
        LocalState, LocalNonState, NationalState, NationalNonState, NotLocal,
    }
    tag::TagBasis, TagBasis { Declared, Mapped, Inferred }
}

coded! {
    agreement::TransferDirection, pb::log::TransferDirection { Out, In }
    rule::Profile, pb::log::Profile { Strict, Mirror }
    rule::Profile, pb::admin::Profile { Strict, Mirror }
    period::FiscalCalendar, pb::log::FiscalCalendar { January, April, July, October }
}
