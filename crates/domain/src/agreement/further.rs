//! What an agreement says beside parties, dates and money: how tightly it is earmarked, which codes describe it,
//! how freely its money moves, and where the money comes from. A `TermsRevised` replaces parts of it.

use std::sync::Arc;

use crate::agreement::Conditionality;
use crate::ids::PledgeId;
use crate::money::Money;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// All, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in rows and documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// How tightly money is earmarked: the letters of the Grand Bargain's Annex I (IATI aid type vocabulary 3).
    ///
    /// Source: DOMAIN.md 1.6, IATI code list `EarmarkingModality`.
    EarmarkingModality {
        /// Fully flexible core.
        CoreFullyFlexible = "A";
        /// Fully flexible core to the Central Emergency Response Fund.
        CoreToCerf = "B";
        /// Core.
        Core = "C";
        /// Core with limitations.
        CoreWithLimitations = "D";
        /// Region or strategic objective.
        RegionOrObjective = "E";
        /// Country-based pooled fund.
        CountryPooledFund = "F";
        /// An organisation's country operations.
        CountryOperations = "G";
        /// A sub-objective or target.
        SubObjective = "H";
        /// A project.
        Project = "I";
        /// Geographic and thematic, tied financially.
        TiedFinancially = "J";
        /// Geographic and thematic, in kind.
        TiedInKind = "K";
        /// Donor-initiated projects.
        DonorInitiated = "L";
    }
}

impl EarmarkingModality {
    /// The earmarking category that the letter belongs to: 1 unearmarked, 2 softly earmarked, 3 earmarked,
    /// 4 tightly earmarked (DOMAIN.md 1.6).
    pub const fn category(self) -> u8 {
        match self {
            Self::CoreFullyFlexible | Self::CoreToCerf | Self::Core => 1,
            Self::CoreWithLimitations | Self::RegionOrObjective | Self::CountryPooledFund => 2,
            Self::CountryOperations | Self::SubObjective => 3,
            Self::Project | Self::TiedFinancially | Self::TiedInKind | Self::DonorInitiated => 4,
        }
    }
}

words! {
    /// What may be moved with little or no approval (DOMAIN.md 1.6 "flexible arrangements").
    FlexibilityFeature {
        /// Between budget lines.
        BudgetLines = "budget_lines";
        /// Between sectors.
        Sectors = "sectors";
        /// Between locations.
        Locations = "locations";
        /// Between modalities, as in cash and in kind.
        Modalities = "modalities";
        /// Between years.
        Years = "years";
        /// Money comes fast when it is asked for.
        FastDisbursement = "fast_disbursement";
        /// The end may move at no cost.
        NoCostExtension = "no_cost_extension";
    }
}

words! {
    /// What a limit on reallocations is counted for: what one *heading* is.
    ReallocationScope {
        /// The lines of one budget heading; a line without one is a heading of its own.
        Heading = "heading";
        /// Each line.
        Line = "line";
        /// The lines of one counterparty; those without one belong together.
        Counterparty = "counterparty";
        /// The whole agreement: what leaves its lines.
        Agreement = "agreement";
    }
}

words! {
    /// Which amount of a heading a limit is a part of.
    LimitBase {
        /// The signed amount.
        Original = "original";
        /// The net commitment before the move, on its day.
        Current = "current";
    }
}

words! {
    /// On which side moves count against a limit.
    CountedSide {
        /// Where money leaves.
        Giving = "giving";
        /// Where money comes to.
        Receiving = "receiving";
    }
}

words! {
    /// What money may not move between without an amendment.
    MoveDimension {
        /// Periods.
        Period = "period";
        /// Pillars.
        Pillar = "pillar";
        /// Lines.
        Line = "line";
        /// Purposes.
        Purpose = "purpose";
        /// Countries.
        Country = "country";
    }
}

words! {
    /// Whether money may move to a heading that was not signed.
    NewHeading {
        /// Freely.
        Free = "free";
        /// Only by amendment.
        ByAmendment = "by_amendment";
    }
}

words! {
    /// A term that a revision can take back.
    RevisableTerm {
        /// The earmarking modality.
        Earmarking = "earmarking_modality";
        /// The finance type.
        FinanceType = "finance_type";
        /// The flow type.
        FlowType = "flow_type";
        /// The aid types.
        AidTypes = "aid_types";
        /// The reallocation policy.
        ReallocationPolicy = "reallocation_policy";
        /// The disbursement terms.
        DisbursementTerms = "disbursement_terms";
        /// The flexibility features.
        FlexibilityFeatures = "flexibility_features";
        /// The upstream links.
        UpstreamLinks = "upstream_links";
        /// The pledge links.
        PledgeLinks = "pledge_links";
    }
}

/// How far committed money may be moved without an amendment (R18).
///
/// Source: DOMAIN.md 2.3 "reallocation inside"; readings in ADR-0010.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReallocationPolicy {
    /// Parts per million of the heading's amount, up to 1,000,000.
    pub limit_ppm: u32,
    /// Of which amount.
    pub base: LimitBase,
    /// Whether moves of a heading add up over its life; else each reallocation is judged alone.
    pub cumulative: bool,
    /// On which side moves count.
    pub counted: CountedSide,
    /// What a heading is.
    pub scope: ReallocationScope,
    /// What money may not move between; ascending, each once.
    pub forbidden: Vec<MoveDimension>,
    /// Whether money may move to a heading that was not signed.
    pub new_heading: NewHeading,
}

/// A code of an IATI aid type vocabulary, as in vocabulary 1, `C01`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AidType {
    /// IATI `AidTypeVocabulary` code: 1 OECD DAC, 2 earmarking category, 3 earmarking modality, 4 cash and voucher.
    pub vocabulary: u8,
    /// The code.
    pub code: Arc<str>,
}

/// Where the money of an agreement comes from, as it says itself. Nothing is counted by it: that is what an
/// `OnwardGrantLinked` is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamLink {
    /// The agreement's id in this ledger, or the identifier that another publisher gave it.
    pub agreement: Arc<str>,
    /// How much of it, if that is said.
    pub amount: Option<Money>,
}

/// The pledge that an agreement fulfils, as it says itself. Nothing is counted by it: that is what a
/// `PledgeConverted` is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PledgeLink {
    /// The pledge.
    pub pledge_id: PledgeId,
    /// How much of it, if that is said.
    pub amount: Option<Money>,
}

/// The further terms of an agreement. What is `None` or empty is not said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FurtherTerms {
    /// How tightly it is earmarked.
    pub earmarking: Option<EarmarkingModality>,
    /// OECD DAC finance type, as in 110 for a standard grant.
    pub finance_type: Option<u16>,
    /// OECD DAC flow type, as in 10 for official development assistance.
    pub flow_type: Option<u16>,
    /// Aid types; ascending, each once.
    pub aid_types: Vec<AidType>,
    /// How far money may be moved without an amendment.
    pub reallocation_policy: Option<ReallocationPolicy>,
    /// When and under what the money is paid, in words.
    pub disbursement_terms: Option<String>,
    /// What may be moved with little or no approval; ascending, each once.
    pub flexibility: Vec<FlexibilityFeature>,
    /// Where the money comes from.
    pub upstream: Vec<UpstreamLink>,
    /// Which pledges it fulfils.
    pub pledges: Vec<PledgeLink>,
}

/// A revision of terms: only what changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct TermsRevision {
    /// Whether the money is conditional from now on.
    pub conditionality: Option<Conditionality>,
    /// What is said replaces what was said.
    pub further: FurtherTerms,
    /// What is not said any more; ascending, each once, and none of it in `further`.
    pub cleared: Vec<RevisableTerm>,
    /// The amendment's number.
    pub amendment: Option<String>,
    /// Why; may be empty.
    pub reason: String,
}

impl FurtherTerms {
    /// Whether a term is said.
    pub fn says(&self, term: RevisableTerm) -> bool {
        match term {
            RevisableTerm::Earmarking => self.earmarking.is_some(),
            RevisableTerm::FinanceType => self.finance_type.is_some(),
            RevisableTerm::FlowType => self.flow_type.is_some(),
            RevisableTerm::AidTypes => !self.aid_types.is_empty(),
            RevisableTerm::ReallocationPolicy => self.reallocation_policy.is_some(),
            RevisableTerm::DisbursementTerms => self.disbursement_terms.is_some(),
            RevisableTerm::FlexibilityFeatures => !self.flexibility.is_empty(),
            RevisableTerm::UpstreamLinks => !self.upstream.is_empty(),
            RevisableTerm::PledgeLinks => !self.pledges.is_empty(),
        }
    }

    /// Applies a revision: what it says replaces, what it clears is not said any more.
    pub fn revise(&mut self, revision: &TermsRevision) {
        let changed = &revision.further;
        for &term in RevisableTerm::ALL {
            if changed.says(term) || revision.cleared.contains(&term) {
                self.take(term, changed);
            }
        }
    }

    /// Takes one term over from `other`, said or not.
    fn take(&mut self, term: RevisableTerm, other: &Self) {
        match term {
            RevisableTerm::Earmarking => self.earmarking = other.earmarking,
            RevisableTerm::FinanceType => self.finance_type = other.finance_type,
            RevisableTerm::FlowType => self.flow_type = other.flow_type,
            RevisableTerm::AidTypes => self.aid_types.clone_from(&other.aid_types),
            RevisableTerm::ReallocationPolicy => {
                self.reallocation_policy
                    .clone_from(&other.reallocation_policy);
            }
            RevisableTerm::DisbursementTerms => {
                self.disbursement_terms
                    .clone_from(&other.disbursement_terms);
            }
            RevisableTerm::FlexibilityFeatures => self.flexibility.clone_from(&other.flexibility),
            RevisableTerm::UpstreamLinks => self.upstream.clone_from(&other.upstream),
            RevisableTerm::PledgeLinks => self.pledges.clone_from(&other.pledges),
        }
    }
}

impl TermsRevision {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.conditionality.is_none()
            && self.cleared.is_empty()
            && !RevisableTerm::ALL
                .iter()
                .any(|&term| self.further.says(term))
    }
}
