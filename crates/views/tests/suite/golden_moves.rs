//! What moves of committed money are worth, posting by posting. A change here is a new schema.

use perennial_domain::agreement::{
    AgreementEvent, CarriedFunds, Leg, LegDirection, LegPlace, ReallocatedFunds, ShareMove,
    YearBasis,
};
use perennial_domain::classification::Pillar;

use crate::given::{line_id, period, share, usd};
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
