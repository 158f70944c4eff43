//! What is wished for of committed money that moves: inside an agreement, between two, and onward.

use perennial_domain::Decimal;
use perennial_domain::agreement::{
    Agreement, AgreementCommand, AllocationDims, AllocationWish, CarryOver, Conditionality,
    Conversion, CountedSide, EarmarkingModality, Firmness, FlexibilityFeature, FurtherTerms, Leg,
    LegDirection, LegPlace, LimitBase, MoveDimension, NewHeading, OnwardWish, Perspective, Rate,
    RateSource, Reallocation, ReallocationPolicy, ReallocationScope, RevisableTerm, TermsRevision,
    TransferWish, YearBasis,
};
use perennial_domain::book::Book;
use perennial_domain::classification::{Code, Pillar, Vocabulary};
use perennial_domain::ids::{AgreementId, LineId};
use perennial_domain::money::Money;
use perennial_domain::period::Period;

use super::Story;
use super::values::{code, within};
use crate::history::words::{allocation, period, transfer};

impl Story {
    /// A policy on reallocations of any kind, and other terms.
    pub(super) fn further(&mut self) -> FurtherTerms {
        let mut forbidden: Vec<MoveDimension> = MoveDimension::ALL.to_vec();
        forbidden.retain(|_| self.random.one_in(6));
        if self.random.one_in(40) {
            forbidden = vec![MoveDimension::Line, MoveDimension::Period];
        }
        let limit = if self.random.one_in(40) {
            2_000_000
        } else {
            600_000
        };
        let policy = ReallocationPolicy {
            limit_ppm: u32::try_from(self.random.below(limit)).unwrap_or_default(),
            base: *self.random.pick(LimitBase::ALL),
            cumulative: self.random.one_in(2),
            counted: *self.random.pick(CountedSide::ALL),
            scope: *self.random.pick(ReallocationScope::ALL),
            forbidden,
            new_heading: *self.random.pick(NewHeading::ALL),
        };
        let earmarking = *self.random.pick(EarmarkingModality::ALL);
        FurtherTerms {
            reallocation_policy: (!self.random.one_in(4)).then_some(policy),
            earmarking: self.random.one_in(3).then_some(earmarking),
            ..FurtherTerms::default()
        }
    }

    fn revision(&mut self) -> TermsRevision {
        let said = self.random.one_in(4);
        let mut cleared: Vec<RevisableTerm> = RevisableTerm::ALL.to_vec();
        let (clears, disorder) = (self.random.one_in(3), self.random.one_in(20));
        cleared.retain(|_| clears && self.random.one_in(5));
        let mut further = FurtherTerms::default();
        if !said {
            further = self.further();
            let flexible = *self.random.pick(FlexibilityFeature::ALL);
            further.flexibility = vec![flexible];
            further.flexibility.retain(|_| self.random.one_in(3));
        }
        if !self.random.one_in(10) {
            cleared.retain(|term| !further.says(*term));
        }
        if disorder {
            cleared.reverse();
        }
        TermsRevision {
            conditionality: self.random.one_in(3).then_some(Conditionality::Condition),
            further,
            cleared,
            amendment: None,
            reason: String::new(),
        }
    }

    /// Money that moves, of any kind.
    pub(super) fn moving(&mut self, id: &AgreementId) -> AgreementCommand {
        match self.random.below(16) {
            0..=4 => self.reallocation(id),
            5..=6 => self.carry_over(id),
            7..=8 => self.allocating(id),
            9..=10 => self.releasing(id),
            11 => AgreementCommand::ReviseTerms(Box::new(self.revision())),
            12..=13 => AgreementCommand::TransferFunds(Box::new(self.transferring(id))),
            _ => AgreementCommand::LinkOnwardGrant(Box::new(self.onward(id))),
        }
    }

    fn legs(&mut self, id: &AgreementId) -> Vec<Leg> {
        let amount = self.movable(id);
        let amounts: &[(LegDirection, i128)] = match self.random.below(6) {
            0 => &[
                (LegDirection::From, amount),
                (LegDirection::To, amount / 3),
                (LegDirection::To, amount - amount / 3),
            ],
            1 => &[
                (LegDirection::From, amount / 2),
                (LegDirection::From, amount - amount / 2),
                (LegDirection::To, amount),
            ],
            _ => &[(LegDirection::From, amount), (LegDirection::To, amount)],
        };
        let mut legs = Vec::new();
        for &(direction, minor_units) in amounts {
            let wrong = i128::from(self.random.one_in(60));
            let place = self.place(id);
            legs.push(Leg {
                direction,
                place,
                amount: within(minor_units + wrong, code(id)),
            });
        }
        if self.random.one_in(40) {
            legs.truncate(1);
        }
        legs
    }

    /// Mostly less than what is undisbursed.
    fn movable(&mut self, id: &AgreementId) -> i128 {
        let small = i128::from(self.random.between(1, 12));
        let agreement = self.book.agreement(id);
        let left = agreement.map_or(0, Agreement::undisbursed);
        if self.random.one_in(4) || left <= 2 {
            return self.amount() / small + 2;
        }
        left / small + 1
    }

    fn place(&mut self, id: &AgreementId) -> LegPlace {
        let line_id = self.line_id(id);
        let classified = self.random.one_in(5);
        let period = self.random.one_in(3).then(|| self.a_period());
        LegPlace {
            period,
            basis: self
                .random
                .one_in(8)
                .then(|| *self.random.pick(&YearBasis::ALL)),
            firmness: self
                .random
                .one_in(8)
                .then(|| *self.random.pick(&Firmness::ALL)),
            pillar: (classified && self.random.one_in(2)).then(|| self.pillar_of(id, &line_id)),
            purpose: (classified && self.random.one_in(2)).then(|| self.purpose()),
            country: (classified && self.random.one_in(2)).then(|| self.country()),
            line_id,
        }
    }

    /// Mostly the one that the line declares.
    fn pillar_of(&mut self, id: &AgreementId, line_id: &LineId) -> Pillar {
        let agreement = self.book.agreement(id);
        let line = agreement.and_then(|agreement| agreement.line(line_id));
        let declared = line.and_then(|line| line.dims.pillar);
        declared.unwrap_or(Pillar::Development)
    }

    fn purpose(&mut self) -> Code {
        let code = *self.random.pick(&["72010", "15220", "15210", "31120"]);
        Code {
            vocabulary: Vocabulary::DacPurpose,
            code: code.into(),
        }
    }

    fn country(&mut self) -> Code {
        Code {
            vocabulary: Vocabulary::Country,
            code: (*self.random.pick(&["SS", "UG", "SD"])).into(),
        }
    }

    pub(super) fn reallocation(&mut self, id: &AgreementId) -> AgreementCommand {
        let by_amendment = self.random.one_in(5);
        AgreementCommand::ReallocateFunds(Reallocation {
            legs: self.legs(id),
            legal_basis: String::new(),
            amendment: by_amendment.then(|| "amendment 1".to_owned()),
        })
    }

    fn carry_over(&mut self, id: &AgreementId) -> AgreementCommand {
        let years = [
            period("2024-01-01", "2024-12-31"),
            period("2025-01-01", "2025-12-31"),
        ];
        let any = [self.a_period(), self.a_period()];
        let [from_period, to_period]: [Period; 2] = *self.random.pick(&[years, years, any]);
        let amount = self.movable(id);
        AgreementCommand::CarryOverFunds(CarryOver {
            line_id: self.some_line(id),
            from_period,
            to_period,
            amount: within(amount, code(id)),
            reason: String::new(),
        })
    }

    fn allocating(&mut self, id: &AgreementId) -> AgreementCommand {
        let number = self.random.between(1, 5);
        let said = self.random.between(1, 15);
        let any = |bit: u64| said & bit != 0 && said != 15;
        let dims = AllocationDims {
            pillar: any(1).then_some(Pillar::Peace),
            purpose: any(2).then(|| self.purpose()),
            country: any(4).then(|| self.country()),
            receiver: if any(8) { self.party() } else { None },
        };
        AgreementCommand::Allocate(Box::new(AllocationWish {
            allocation_id: allocation(&format!("allocation-{number}")),
            line_id: self.some_line(id),
            amount: self.part(code(id)),
            dims,
        }))
    }

    fn releasing(&mut self, id: &AgreementId) -> AgreementCommand {
        let known = (1..=5).map(|number| allocation(&format!("allocation-{number}")));
        let agreement = self.book.agreement(id);
        let made: Vec<_> = known
            .filter_map(|allocation_id| {
                let open = agreement?.allocation(&allocation_id)?.open();
                (0 < open).then_some((allocation_id, open))
            })
            .collect();
        if made.is_empty() {
            return self.allocating(id);
        }
        let (allocation_id, open) = self.random.pick(&made).clone();
        let part = self.random.between(1, 3);
        let amount = *self.random.pick(&[
            within(open, code(id)),
            within(open / i128::from(part) + 1, code(id)),
            within(open / 2, code(id)),
        ]);
        AgreementCommand::ReleaseAllocation {
            allocation_id,
            amount,
            reason: String::new(),
        }
    }

    /// Another agreement: of transfers mostly one of the same direction.
    fn another(&mut self, id: &AgreementId) -> AgreementId {
        let direction =
            |book: &Book, id: &AgreementId| book.agreement(id).map(Agreement::perspective);
        let own: Option<Perspective> = direction(&self.book, id);
        for _ in 0..4 {
            let other = self.agreement_id();
            if other != *id && direction(&self.book, &other) == own {
                return other;
            }
        }
        self.agreement_id()
    }

    /// What an amount is in another agreement's currency; now and then it is missing, too much, or wrong.
    fn between(&mut self, amount: Money, other: &AgreementId) -> Option<Conversion> {
        let same = amount.currency().code() == code(other);
        if same != self.random.one_in(20) {
            return None;
        }
        let mut conversion = self.conversion(amount.currency().code());
        conversion.original = within(self.amount(), code(other));
        if self.random.one_in(6) {
            return Some(conversion);
        }
        // One unit of the one is 2 or 100 of the other.
        let hundred = self.random.one_in(2);
        let (times, value) = if hundred {
            (100, Decimal::ONE_HUNDRED)
        } else {
            (2, Decimal::TWO)
        };
        let digits = |money: Money| i32::from(money.currency().minor_digits());
        let shift = digits(conversion.original) - digits(amount);
        let mut arrives = amount.minor_units() * times;
        for _ in 0..shift.abs() {
            arrives = if 0 < shift {
                arrives * 10
            } else {
                arrives / 10
            };
        }
        let off = *self.random.pick(&[0, 0, 0, 0, 1, -1, 2]);
        let Ok(original) = Money::from_minor(arrives + off, conversion.original.currency()) else {
            return Some(conversion);
        };
        let rate = Rate {
            base: amount.currency(),
            quote: original.currency(),
            value,
            rate_on: crate::history::words::date("2024-02-01"),
            source: RateSource::Agreed,
            table_version: None,
        };
        Some(Conversion {
            original,
            rate: (!self.random.one_in(12)).then_some(rate),
        })
    }

    fn transferring(&mut self, id: &AgreementId) -> TransferWish {
        let other = self.another(id);
        let (amount, number) = (self.part(code(id)), self.random.between(1, 9));
        let conversion = self.between(amount, &other);
        let arrives = conversion
            .as_ref()
            .map_or(amount, |conversion| conversion.original);
        let (explicit, explicit_there) = (self.random.one_in(4), self.random.one_in(4));
        TransferWish {
            transfer_id: transfer(&format!("transfer-{number}")),
            line_id: self.some_line(id),
            to_line_id: self.some_line(&other),
            to_agreement_id: other,
            amount,
            conversion,
            year_shares: if explicit {
                self.shares(amount)
            } else {
                Vec::new()
            },
            to_year_shares: if explicit_there {
                self.shares(arrives)
            } else {
                Vec::new()
            },
            consent: if self.random.one_in(30) {
                " ".to_owned()
            } else {
                "the donor".to_owned()
            },
            reason: String::new(),
        }
    }

    fn onward(&mut self, id: &AgreementId) -> OnwardWish {
        let upstream = self.agreement_id();
        let amount = self.part(code(id));
        OnwardWish {
            conversion: self.between(amount, &upstream),
            upstream_agreement_id: upstream,
            amount,
            level: self
                .random
                .one_in(5)
                .then(|| u32::try_from(self.random.below(4)).unwrap_or_default()),
        }
    }
}
