//! What moves of committed money are worth, posting by posting. A change here is a new schema.

use perennial_domain::agreement::{
    AgreementEvent, Allocation, AllocationDims, AllocationRelease, CarriedFunds, Leg, LegDirection,
    LegPlace, OnwardGrant, ReallocatedFunds, ShareMove, Transfer, TransferDirection, YearBasis,
};
use perennial_domain::classification::Pillar;
use perennial_domain::ids::{AgreementId, AllocationId, TransferId};

use crate::given::{line_id, org, period, share, usd};
use crate::golden_postings::check;

#[test]
fn a_reallocation_moves_between_lines_periods_and_pillars() {
    let leg = |direction, line, pillar| Leg {
        direction,
        place: LegPlace {
            line_id: line_id(line),
            period: Some(period("2020-01-01", "2020-12-31")),
            basis: Some(YearBasis::Scheduled),
            pillar,
            firmness: None,
            purpose: None,
            country: None,
        },
        amount: usd(30),
    };
    check(
        AgreementEvent::FundsReallocated(Box::new(ReallocatedFunds {
            legs: vec![
                leg(LegDirection::From, "line-1", Some(Pillar::Humanitarian)),
                leg(LegDirection::To, "line-2", Some(Pillar::Peace)),
            ],
            legal_basis: "clause 4".to_owned(),
            amendment: None,
            counts: Vec::new(),
        })),
        &[
            "line-1 moved -30 2020-03-10 2020-01-01..2020-12-31 scheduled humanitarian",
            "line-2 moved 30 2020-03-10 2020-01-01..2020-12-31 scheduled peace",
        ],
    );
}

#[test]
fn a_carry_over_leaves_one_period_and_comes_to_another() {
    let moved = |share| ShareMove {
        line_id: line_id("line-1"),
        share,
    };
    let of = |from: &str, to: &str, minor_units| share(from, to, minor_units, YearBasis::Scheduled);
    check(
        AgreementEvent::FundsCarriedOver(Box::new(CarriedFunds {
            from_period: period("2020-01-01", "2020-12-31"),
            to_period: period("2021-01-01", "2021-12-31"),
            amount: usd(30),
            moves: vec![
                moved(of("2020-01-01", "2020-12-31", -30)),
                moved(of("2021-01-01", "2021-12-31", 30)),
            ],
            reason: String::new(),
        })),
        &[
            "line-1 carried_out -30 2020-03-10 2020-01-01..2020-12-31 scheduled",
            "line-1 carried_in 30 2020-03-10 2021-01-01..2021-12-31 scheduled",
        ],
    );
}

#[test]
fn an_allocation_leaves_what_its_line_is_for_and_counts_once() {
    let year = |minor_units| {
        share(
            "2020-01-01",
            "2020-12-31",
            minor_units,
            YearBasis::Scheduled,
        )
    };
    let allocation = Allocation {
        allocation_id: AllocationId::parse("allocation-1").unwrap(),
        line_id: line_id("line-1"),
        amount: usd(30),
        dims: AllocationDims {
            pillar: Some(Pillar::Peace),
            receiver: Some(org("R-2", "Recipient Two")),
            ..AllocationDims::default()
        },
        shares: vec![year(30)],
    };
    check(
        AgreementEvent::AllocationMade(Box::new(allocation.clone())),
        &[
            "line-1 moved -30 2020-03-10 2020-01-01..2020-12-31 scheduled",
            "line-1 moved 30 2020-03-10 2020-01-01..2020-12-31 scheduled peace to R-2",
            "line-1 allocated 30 2020-03-10 peace to R-2",
        ],
    );
    let release = AllocationRelease {
        allocation,
        reason: String::new(),
    };
    check(
        AgreementEvent::AllocationReleased(Box::new(release)),
        &[
            "line-1 moved 30 2020-03-10 2020-01-01..2020-12-31 scheduled",
            "line-1 moved -30 2020-03-10 2020-01-01..2020-12-31 scheduled peace to R-2",
            "line-1 allocated -30 2020-03-10 peace to R-2",
        ],
    );
}

#[test]
fn each_half_of_a_transfer_is_an_entry_of_its_register() {
    for (direction, words) in [
        (
            TransferDirection::Out,
            "line-1 decreased -30 2020-03-10 2020-01-01..2020-12-31 scheduled +1 commitment",
        ),
        (
            TransferDirection::In,
            "line-1 increased 30 2020-03-10 2020-01-01..2020-12-31 scheduled +1 commitment",
        ),
    ] {
        check(
            AgreementEvent::FundsTransferred(Box::new(Transfer {
                transfer_id: TransferId::parse("transfer-1").unwrap(),
                direction,
                other_agreement_id: AgreementId::parse("agreement-2").unwrap(),
                line_id: line_id("line-1"),
                amount: usd(30),
                year_shares: vec![share("2020-01-01", "2020-12-31", 30, YearBasis::Scheduled)],
                conversion: None,
                consent: "letter".to_owned(),
                reason: String::new(),
            })),
            &[words],
        );
    }
}

#[test]
fn a_link_is_a_part_of_the_commitment_and_of_no_balance() {
    check(
        AgreementEvent::OnwardGrantLinked(Box::new(OnwardGrant {
            upstream_agreement_id: AgreementId::parse("donor-grant").unwrap(),
            amount: usd(30),
            level: 1,
            conversion: None,
        })),
        &["- linked_onward 30 2020-03-10"],
    );
}
