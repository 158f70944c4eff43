//! Values with every field set, of which samples are made.

use perennial_domain::Decimal;
use perennial_domain::agreement::{
    AidType, Allocation, AllocationDims, CashEntry, Condition, ConditionEntry, Conditionality,
    Conversion, CountedSide, Decommitment, Description, EarmarkingModality, Firmness,
    FlexibilityFeature, ForecastEntry, FurtherTerms, Leg, LegDirection, LegPlace, LimitBase, Line,
    LineAmount, LinePart, MoveDimension, NewHeading, ParticipatingOrg, Perspective, PledgeLink,
    Published, Rate, RateSource, ReallocationPolicy, ReallocationScope, Receivable,
    ReceivableEntry, ShareMove, Terms, UpstreamLink, YearBasis, YearShare,
};
use perennial_domain::classification::{Code, LineDims, OwnCode, Pillar, Share, Split, Vocabulary};
use perennial_domain::ids::{
    AgreementId, AllocationId, ConditionId, LineId, PaymentId, PledgeId, TrancheId, TransferId,
};
use perennial_domain::log::{EventId, Position};
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};

use crate::{currency, money, on, period};

pub(crate) fn line_id() -> LineId {
    LineId::parse("line-1").unwrap()
}

pub(crate) fn tranche_id() -> TrancheId {
    TrancheId::parse("tranche-2026").unwrap()
}

pub(crate) fn payment_id() -> PaymentId {
    PaymentId::parse("pay-0042").unwrap()
}

pub(crate) fn agreement_id() -> AgreementId {
    AgreementId::parse("swe-iom-2026").unwrap()
}

pub(crate) fn pledge_id() -> PledgeId {
    PledgeId::parse("swe-pledge-1").unwrap()
}

pub(crate) fn other_agreement_id() -> AgreementId {
    AgreementId::parse("swe-iom-2025").unwrap()
}

pub(crate) fn allocation_id() -> AllocationId {
    AllocationId::parse("south-kordofan").unwrap()
}

pub(crate) fn transfer_id() -> TransferId {
    TransferId::parse("transfer-2026-1").unwrap()
}

pub(crate) fn allocation_dims() -> AllocationDims {
    let code = |vocabulary, code: &str| {
        Some(Code {
            vocabulary,
            code: code.into(),
        })
    };
    AllocationDims {
        pillar: Some(Pillar::Peace),
        purpose: code(Vocabulary::DacPurpose, "15220"),
        country: code(Vocabulary::Country, "SD"),
        receiver: Some(organisation()),
    }
}

pub(crate) fn allocation() -> Allocation {
    Allocation {
        allocation_id: allocation_id(),
        line_id: line_id(),
        amount: money("1", "USD"),
        dims: allocation_dims(),
        shares: shares([60, 40]),
    }
}

pub(crate) fn target() -> EventId {
    EventId {
        position: Position(1042),
        index: 3,
    }
}

pub(crate) fn organisation() -> OrgRef {
    OrgRef {
        id: Some("XM-DAC-47066".into()),
        name: Some("International Organization for Migration".into()),
        type_code: Some(40),
        derived: true,
    }
}

pub(crate) fn donor() -> OrgRef {
    OrgRef {
        id: None,
        name: Some("Sverige".into()),
        type_code: None,
        derived: false,
    }
}

pub(crate) fn published() -> Published {
    Published {
        type_code: "2".to_owned(),
        value_text: "1000.125".to_owned(),
        date_text: Some("2018-02-30".to_owned()),
        occurrence_key: [0xab; 16],
        occurrence: 2,
        notes: vec!["NO_MATCHING_LINE".to_owned(), "VALUE_DATE_USED".to_owned()],
    }
}

pub(crate) fn purposes() -> Split {
    let share = |vocabulary, code: &str, share_ppm| Share {
        vocabulary,
        code: code.into(),
        share_ppm,
    };
    let shares = vec![
        share(Vocabulary::DacPurpose, "15220", 333_333),
        share(Vocabulary::DacPurpose, "72010", 333_334),
        share(Vocabulary::DacCategory, "430", 333_333),
    ];
    Split::recorded(shares, true).unwrap()
}

pub(crate) fn places() -> Split {
    let share = |vocabulary, code: &str, share_ppm| Share {
        vocabulary,
        code: code.into(),
        share_ppm,
    };
    let shares = vec![
        share(Vocabulary::Country, "SS", 999_999),
        share(Vocabulary::Region, "298", 1),
    ];
    Split::exact(shares).unwrap()
}

pub(crate) fn shares(minor_units: [i128; 2]) -> Vec<YearShare> {
    let [first, second] = minor_units;
    vec![
        YearShare {
            period: period("2026-01-01", "2026-12-31"),
            minor_units: first,
            basis: YearBasis::Scheduled,
            firmness: Firmness::Firm,
        },
        YearShare {
            period: period("2027-01-01", "2027-12-31"),
            minor_units: second,
            basis: YearBasis::Budgeted,
            firmness: Firmness::Firm,
        },
    ]
}

pub(crate) fn line() -> Line {
    Line {
        line_id: line_id(),
        amount: money("1000.25", "USD"),
        counterparty: Some(organisation()),
        dims: LineDims {
            purposes: purposes(),
            places: places(),
            pillar: Some(Pillar::Peace),
            humanitarian: Some(false),
            budget_heading: Some("2.1 Staff".into()),
            own_codes: vec![OwnCode {
                scheme: "fund".into(),
                code: "F-7".into(),
            }],
        },
        year_shares: shares([60_025, 40_000]),
        functional: None,
    }
}

pub(crate) fn bare_line() -> Line {
    Line {
        line_id: line_id(),
        amount: money("0", "JPY"),
        counterparty: None,
        dims: LineDims::default(),
        year_shares: Vec::new(),
        functional: None,
    }
}

pub(crate) fn terms() -> Terms {
    Terms {
        perspective: Perspective::Recipient,
        provider: donor(),
        recipient: organisation(),
        signed_on: Some(on("2025-12-17")),
        starts_on: Some(on("2026-01-01")),
        ends_on: Some(on("2027-12-31")),
        currency: currency("USD"),
        conditionality: Conditionality::Condition,
        further: None,
        lines: vec![line()],
    }
}

pub(crate) fn further() -> FurtherTerms {
    FurtherTerms {
        earmarking: Some(EarmarkingModality::CountryOperations),
        finance_type: Some(110),
        flow_type: Some(10),
        aid_types: vec![AidType {
            vocabulary: 1,
            code: "C01".into(),
        }],
        reallocation_policy: Some(ReallocationPolicy {
            limit_ppm: 250_000,
            base: LimitBase::Current,
            cumulative: true,
            counted: CountedSide::Receiving,
            scope: ReallocationScope::Counterparty,
            forbidden: vec![MoveDimension::Period, MoveDimension::Country],
            new_heading: NewHeading::ByAmendment,
        }),
        disbursement_terms: Some("half on signature".to_owned()),
        flexibility: vec![
            FlexibilityFeature::Locations,
            FlexibilityFeature::FastDisbursement,
        ],
        upstream: vec![UpstreamLink {
            agreement: "SE-0-SE-6-100".into(),
            amount: Some(money("750", "SEK")),
        }],
        pledges: vec![PledgeLink {
            pledge_id: pledge_id(),
            amount: Some(money("1000.25", "USD")),
        }],
    }
}

/// The terms with everything that they can say beside.
pub(crate) fn terms_in_full() -> Terms {
    let mut terms = terms();
    for (share, firmness) in terms.lines[0]
        .year_shares
        .iter_mut()
        .zip([Firmness::SubjectToAppropriation, Firmness::Indicative])
    {
        share.firmness = firmness;
    }
    Terms {
        further: Some(Box::new(further())),
        ..terms
    }
}

/// Legs that move money between purposes, places and degrees of firmness.
pub(crate) fn legs_in_full() -> Vec<Leg> {
    let code = |vocabulary, code: &str| {
        Some(Code {
            vocabulary,
            code: code.into(),
        })
    };
    let mut legs = legs();
    legs[0].place.firmness = Some(Firmness::Indicative);
    legs[0].place.purpose = code(Vocabulary::DacPurpose, "72010");
    legs[0].place.country = code(Vocabulary::Country, "SS");
    legs[1].place.purpose = code(Vocabulary::DacCategory, "430");
    legs[1].place.country = code(Vocabulary::Region, "298");
    legs
}

pub(crate) fn conversion() -> Conversion {
    Conversion {
        original: money("900", "EUR"),
        rate: Some(Rate {
            base: currency("EUR"),
            quote: currency("USD"),
            value: Decimal::new(1_111_388_889, 9),
            rate_on: on("2026-02-27"),
            source: RateSource::Unore,
            table_version: Some("2026-02".to_owned()),
        }),
    }
}

/// 5.00 that move from the first period to the second.
pub(crate) fn share_moves() -> Vec<ShareMove> {
    let moved = |share| ShareMove {
        line_id: line_id(),
        share,
    };
    shares([-500, 500]).into_iter().map(moved).collect()
}

pub(crate) fn cash() -> CashEntry {
    CashEntry {
        amount: money("1000.25", "USD"),
        parts: vec![LinePart {
            line_id: line_id(),
            minor_units: 100_025,
        }],
        payment_id: Some(payment_id()),
        provider: Some(donor()),
        receiver: Some(organisation()),
        value_on: Some(on("2026-03-02")),
        conversion: Some(conversion()),
        reference: Some("SWIFT 0815".to_owned()),
        published: Some(published()),
        functional: None,
        modality: None,
    }
}

/// A payment with one line and nothing optional.
pub(crate) fn bare_cash() -> CashEntry {
    CashEntry {
        amount: money("1000.25", "USD"),
        parts: vec![LinePart {
            line_id: line_id(),
            minor_units: 100_025,
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

pub(crate) fn description() -> Description {
    Description {
        title: Some("Return and recovery".to_owned()),
        description: Some("First line\nsecond line".to_owned()),
        identifiers: vec![external_reference()],
        participating: vec![ParticipatingOrg {
            org: organisation(),
            role_code: 4,
        }],
        reporting_org: Some(donor()),
        published_status: Some(2),
        hierarchy: Some(1),
        parent: Some("XM-DAC-47066-P1".to_owned()),
        documents: vec![document()],
    }
}

pub(crate) fn external_reference() -> ExternalReference {
    ExternalReference {
        system: "treasury".into(),
        reference: "2026/0042".into(),
    }
}

pub(crate) fn document() -> DocRef {
    DocRef {
        uri: Some("https://example.org/grant.pdf".to_owned()),
        sha256: Some([0x5a; 32]),
        title: "Grant letter".to_owned(),
    }
}

pub(crate) fn legs() -> Vec<Leg> {
    let leg = |direction, pillar| Leg {
        direction,
        place: LegPlace {
            line_id: line_id(),
            period: Some(period("2026-01-01", "2026-12-31")),
            basis: Some(YearBasis::Prorated),
            pillar: Some(pillar),
            firmness: None,
            purpose: None,
            country: None,
        },
        amount: money("10", "USD"),
    };
    vec![
        leg(LegDirection::From, Pillar::Humanitarian),
        leg(LegDirection::To, Pillar::Unallocable),
    ]
}

pub(crate) fn forecast(amount: &str) -> ForecastEntry {
    ForecastEntry {
        period: period("2026-04-01", "2026-06-30"),
        amount: money(amount, "KWD"),
        receiver: Some(organisation()),
    }
}

pub(crate) fn conditions() -> Vec<Condition> {
    ["report-2025", "audit-2025"]
        .iter()
        .map(|id| Condition {
            condition_id: ConditionId::parse(id).unwrap(),
            text: "The report of 2025 is accepted.".to_owned(),
        })
        .collect()
}

pub(crate) fn condition_entry() -> ConditionEntry {
    ConditionEntry {
        tranche_id: tranche_id(),
        condition_id: ConditionId::parse("report-2025").unwrap(),
        reason: "letter of 3 May".to_owned(),
    }
}

pub(crate) fn decommitment() -> Decommitment {
    Decommitment {
        line_id: line_id(),
        amount: money("1000.25", "USD"),
        year_shares: shares([60_025, 40_000]),
    }
}

pub(crate) fn receivable_entry() -> ReceivableEntry {
    ReceivableEntry {
        amount: money("1000.25", "USD"),
        parts: cash().parts,
        reason: "insolvent".to_owned(),
        approver: "J. Doe".to_owned(),
    }
}

pub(crate) fn receivable() -> Receivable {
    Receivable {
        amount: money("1000.25", "USD"),
        lines: vec![LineAmount {
            line_id: line_id(),
            amount: money("1000.25", "USD"),
        }],
        reason: "insolvent".to_owned(),
        approver: "J. Doe".to_owned(),
    }
}
