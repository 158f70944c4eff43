//! Random valid events and submissions from a printed seed.

use std::sync::Arc;

use perennial_domain::agreement::{
    AidType, CarryingValue, Cash, CashEntry, CashModality, Conditionality, Conversion, CountedSide,
    Description, EarmarkingModality, Firmness, FlexibilityFeature, ForecastEntry, FurtherTerms,
    HeadingCount, Leg, LegDirection, LegPlace, LimitBase, Line, LineAmount, LinePart,
    MoveDimension, NewHeading, OtherFlowKind, ParticipatingOrg, Perspective, PledgeLink, Published,
    Rate, RateSource, ReallocationPolicy, ReallocationScope, ReversalReason, RevisableTerm,
    ShareMove, Terms, TermsRevision, UpstreamLink, YearBasis, YearShare,
};
use perennial_domain::classification::{Code, LineDims, OwnCode, Pillar, Share, Split, Vocabulary};
use perennial_domain::exchange::Functional;
use perennial_domain::ids::{AgreementId, LineId, PaymentId, PledgeId, TrancheId};
use perennial_domain::log::{EventId, Position};
use perennial_domain::money::{Currency, MINOR_UNITS_LIMIT, Money};
use perennial_domain::party::{DocRef, ExternalReference, OrgRef};
use perennial_domain::period::Period;
use perennial_domain::pledge::PledgeAnnouncement;
use perennial_domain::{Date, Decimal};

/// A reproducible generator (`SplitMix64`).
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Prints its seed; `PERENNIAL_TEST_SEED` sets it.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests take their seed from the environment"
    )]
    pub(crate) fn new(test: &str) -> Self {
        let given = std::env::var("PERENNIAL_TEST_SEED").ok();
        let state = given.map_or(20_261_124, |seed| seed.parse().unwrap());
        println!("{test}: PERENNIAL_TEST_SEED={state}");
        Self { state }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(crate) fn one<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    pub(crate) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flip().then(|| make(self))
    }

    pub(crate) fn some<T>(
        &mut self,
        min: usize,
        max: usize,
        mut make: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = min + self.below(max - min + 1);
        (0..count).map(|_| make(self)).collect()
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    /// A text in NFC without control characters; never empty.
    pub(crate) fn text(&mut self) -> String {
        let parts = [
            "a",
            "Zürich",
            "مساعدة",
            "–",
            "<&>",
            "\"",
            " ",
            "東京",
            "=1+1",
            "🙂",
        ];
        let parts = self.some(1, 6, |random| random.one(&parts));
        format!("x{}", parts.concat())
    }

    pub(crate) fn id(&mut self) -> String {
        let alphabet: Vec<char> = "abcdefghijklmnopqrstuvwxyz0123456789-".chars().collect();
        self.some(4, 63, |random| random.one(&alphabet))
            .into_iter()
            .collect()
    }

    pub(crate) fn line_id(&mut self) -> LineId {
        LineId::parse(&self.id()).unwrap()
    }

    pub(crate) fn tranche_id(&mut self) -> TrancheId {
        TrancheId::parse(&self.id()).unwrap()
    }

    pub(crate) fn payment_id(&mut self) -> PaymentId {
        PaymentId::parse(&self.id()).unwrap()
    }

    pub(crate) fn agreement_id(&mut self) -> AgreementId {
        AgreementId::parse(&self.id()).unwrap()
    }

    pub(crate) fn date(&mut self) -> Date {
        let first = perennial_domain::Date::constant(1960, 1, 1);
        let days = i64::try_from(self.below(51_499)).unwrap();
        first
            .checked_add(std::time::Duration::from_secs(
                86_400 * u64::try_from(days).unwrap(),
            ))
            .unwrap()
    }

    pub(crate) fn period(&mut self) -> Period {
        let (a, b) = (self.date(), self.date());
        Period::new(a.min(b), a.max(b)).unwrap()
    }

    pub(crate) fn currency(&mut self) -> Currency {
        let all: Vec<Currency> = Currency::all().collect();
        self.one(&all)
    }

    /// Small, large and largest amounts, above 0.
    pub(crate) fn minor(&mut self) -> i128 {
        let large = i128::from(self.next()) % (MINOR_UNITS_LIMIT - 1) + 1;
        self.one(&[
            1,
            99,
            100,
            large % 1_000_000 + 1,
            large,
            MINOR_UNITS_LIMIT - 1,
        ])
    }

    pub(crate) fn money(&mut self, currency: Currency) -> Money {
        Money::from_minor(self.minor(), currency).unwrap()
    }

    pub(crate) fn positive(&mut self) -> Money {
        let currency = self.currency();
        self.money(currency)
    }

    pub(crate) fn organisation(&mut self) -> OrgRef {
        let id = self.maybe(|random| random.text().into());
        let name: Option<Arc<str>> = self.maybe(|random| random.text().into());
        let name = if id.is_none() {
            Some(name.unwrap_or_else(|| "n".into()))
        } else {
            name
        };
        OrgRef {
            id,
            name,
            type_code: self.maybe(|random| u16::from_le_bytes(random.bytes())),
            derived: self.flip(),
        }
    }

    pub(crate) fn reference(&mut self) -> ExternalReference {
        ExternalReference {
            system: self.text().into(),
            reference: self.text().into(),
        }
    }

    pub(crate) fn document(&mut self) -> DocRef {
        DocRef {
            uri: self.maybe(Self::text),
            sha256: self.maybe(Self::bytes),
            title: self.text(),
        }
    }

    pub(crate) fn split(&mut self, kinds: &[(Vocabulary, &[&str])]) -> Split {
        let mut shares = Vec::new();
        for (vocabulary, codes) in kinds {
            for code in *codes {
                if self.flip() {
                    shares.push((*vocabulary, Arc::from(*code), self.next() % 1_000));
                }
            }
        }
        let scaled = Split::scaled_to_whole(shares, 100);
        let shares: Vec<Share> = scaled.shares().to_vec();
        let flag = !shares.is_empty() && self.flip();
        Split::recorded(shares, flag).unwrap()
    }

    pub(crate) fn purposes(&mut self) -> Split {
        self.split(&[
            (Vocabulary::DacPurpose, &["15220", "72010", "99810"]),
            (Vocabulary::DacCategory, &["152", "430"]),
        ])
    }

    pub(crate) fn places(&mut self) -> Split {
        self.split(&[
            (Vocabulary::Country, &["AF", "SS", "UA"]),
            (Vocabulary::Region, &["88", "298", "15006"]),
        ])
    }

    pub(crate) fn published(&mut self) -> Published {
        let mut notes = self.some(0, 3, Self::text);
        notes.sort();
        notes.dedup();
        Published {
            type_code: self.text(),
            value_text: self.maybe(Self::text).unwrap_or_default(),
            date_text: self.maybe(Self::text),
            occurrence_key: self.bytes(),
            occurrence: u32::from_le_bytes(self.bytes()).max(1),
            notes,
        }
    }

    pub(crate) fn basis(&mut self) -> YearBasis {
        self.one(&YearBasis::ALL)
    }

    pub(crate) fn share(&mut self) -> YearShare {
        YearShare {
            period: self.period(),
            minor_units: self.minor(),
            basis: self.basis(),
            firmness: self.one(&Firmness::ALL),
        }
    }

    pub(crate) fn share_move(&mut self) -> ShareMove {
        let share = self.share();
        let minor_units = if self.flip() {
            -share.minor_units
        } else {
            share.minor_units
        };
        ShareMove {
            line_id: self.line_id(),
            share: YearShare {
                minor_units,
                ..share
            },
        }
    }

    pub(crate) fn line(&mut self, currency: Currency) -> Line {
        let own_code = |random: &mut Self| OwnCode {
            scheme: random.text().into(),
            code: random.text().into(),
        };
        Line {
            line_id: self.line_id(),
            amount: self
                .maybe(|random| random.money(currency))
                .unwrap_or(Money::zero(currency)),
            counterparty: self.maybe(Self::organisation),
            dims: LineDims {
                purposes: self.purposes(),
                places: self.places(),
                pillar: self.maybe(|random| random.one(&Pillar::ALL)),
                humanitarian: self.maybe(Self::flip),
                budget_heading: self.maybe(|random| random.text().into()),
                own_codes: self.some(0, 8, own_code),
            },
            year_shares: self.some(0, 4, Self::share),
            functional: self.maybe(Self::functional),
        }
    }

    pub(crate) fn terms(&mut self) -> Terms {
        let currency = self.currency();
        let conditions = [
            Conditionality::None,
            Conditionality::Restriction,
            Conditionality::Condition,
        ];
        Terms {
            perspective: self.one(&[Perspective::Provider, Perspective::Recipient]),
            provider: self.organisation(),
            recipient: self.organisation(),
            signed_on: self.maybe(Self::date),
            starts_on: self.maybe(Self::date),
            ends_on: self.maybe(Self::date),
            currency,
            conditionality: self.one(&conditions),
            lines: self.some(1, 3, |random| random.line(currency)),
            further: Some(self.further())
                .filter(|further| *further != FurtherTerms::default())
                .map(Box::new),
        }
    }

    pub(crate) fn some_of<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        let chosen = all.iter().filter(|_| self.flip());
        chosen.cloned().collect()
    }

    pub(crate) fn policy(&mut self) -> ReallocationPolicy {
        ReallocationPolicy {
            limit_ppm: u32::try_from(self.below(1_000_001)).unwrap(),
            base: self.one(LimitBase::ALL),
            cumulative: self.flip(),
            counted: self.one(CountedSide::ALL),
            scope: self.one(ReallocationScope::ALL),
            forbidden: self.some_of(MoveDimension::ALL),
            new_heading: self.one(NewHeading::ALL),
        }
    }

    pub(crate) fn further(&mut self) -> FurtherTerms {
        let code = |random: &mut Self| u16::try_from(random.below(10_000)).unwrap();
        let mut aid_types = self.some(0, 3, |random| AidType {
            vocabulary: random.bytes::<1>()[0],
            code: random.text().into(),
        });
        aid_types.sort();
        aid_types.dedup();
        FurtherTerms {
            earmarking: self.maybe(|random| random.one(EarmarkingModality::ALL)),
            finance_type: self.maybe(code),
            flow_type: self.maybe(code),
            aid_types,
            reallocation_policy: self.maybe(Self::policy),
            disbursement_terms: self.maybe(Self::text),
            flexibility: self.some_of(FlexibilityFeature::ALL),
            upstream: self.some(0, 2, |random| UpstreamLink {
                agreement: random.text().into(),
                amount: random.maybe(Self::positive),
            }),
            pledges: self.some(0, 2, |random| PledgeLink {
                pledge_id: PledgeId::parse(&random.id()).unwrap(),
                amount: random.maybe(Self::positive),
            }),
        }
    }

    pub(crate) fn terms_revision(&mut self) -> TermsRevision {
        let conditions = [Conditionality::None, Conditionality::Condition];
        let further = self.further();
        let unsaid: Vec<RevisableTerm> = RevisableTerm::ALL
            .iter()
            .copied()
            .filter(|&term| !further.says(term))
            .collect();
        TermsRevision {
            conditionality: Some(self.one(&conditions)),
            cleared: self.some_of(&unsaid),
            further,
            amendment: self.maybe(Self::text),
            reason: self.maybe(Self::text).unwrap_or_default(),
        }
    }

    pub(crate) fn heading_count(&mut self) -> HeadingCount {
        HeadingCount {
            heading: self.text(),
            moved: -self.minor(),
            counted: self.minor(),
            cumulative: self.minor(),
            base: self.minor(),
            limit: self.maybe(Self::minor),
        }
    }

    pub(crate) fn description(&mut self) -> Description {
        let participating = |random: &mut Self| ParticipatingOrg {
            org: random.organisation(),
            role_code: random.bytes::<1>()[0],
        };
        Description {
            title: self.maybe(Self::text),
            description: self.maybe(|random| format!("{}\n{}", random.text(), random.text())),
            identifiers: self.some(0, 2, Self::reference),
            participating: self.some(0, 2, participating),
            reporting_org: self.maybe(Self::organisation),
            published_status: self.maybe(|random| random.bytes::<1>()[0]),
            hierarchy: self.maybe(|random| random.bytes::<1>()[0]),
            parent: self.maybe(Self::text),
            documents: self.some(0, 2, Self::document),
        }
    }

    pub(crate) fn rate(&mut self) -> Rate {
        let sources = [
            RateSource::Unore,
            RateSource::Imf,
            RateSource::Ecb,
            RateSource::Agreed,
            RateSource::Bank,
            RateSource::Published,
        ];
        Rate {
            base: self.currency(),
            quote: self.currency(),
            value: self.rate_value(),
            rate_on: self.date(),
            source: self.one(&sources),
            table_version: self.maybe(Self::text),
        }
    }

    /// Above 0 and below 10^9 with at most 9 decimals.
    pub(crate) fn rate_value(&mut self) -> Decimal {
        Decimal::new(i64::try_from(self.next() >> 20).unwrap() + 1, 9).normalize()
    }

    pub(crate) fn conversion(&mut self) -> Conversion {
        Conversion {
            original: self.positive(),
            rate: self.maybe(Self::rate),
        }
    }

    #[expect(
        clippy::unnecessary_box_returns,
        reason = "every field that it fills is boxed"
    )]
    pub(crate) fn functional(&mut self) -> Box<Functional> {
        Box::new(Functional {
            money: self.positive(),
            rate: self.maybe(Self::rate),
        })
    }

    pub(crate) fn carrying(&mut self) -> CarryingValue {
        CarryingValue {
            part: u32::try_from(self.below(200)).unwrap(),
            minor_units: self.minor(),
            functional: self.positive().negated(),
        }
    }

    pub(crate) fn payment(&mut self) -> Cash {
        let line = |random: &mut Self| LineAmount {
            line_id: random.line_id(),
            amount: random.positive(),
        };
        Cash {
            amount: self.positive(),
            lines: self.some(0, 3, line),
            payment_id: self.maybe(Self::payment_id),
            provider: self.maybe(Self::organisation),
            receiver: self.maybe(Self::organisation),
            value_on: self.maybe(Self::date),
            conversion: self.maybe(Self::conversion),
            reference: self.maybe(Self::text),
            published: self.maybe(Self::published),
            functional: self.maybe(Self::functional),
            modality: self.maybe(|random| random.one(&[CashModality::Cash, CashModality::InKind])),
        }
    }

    pub(crate) fn cash(&mut self) -> CashEntry {
        let payment = self.payment();
        let part = |random: &mut Self| LinePart {
            line_id: random.line_id(),
            minor_units: random.minor(),
        };
        CashEntry {
            amount: payment.amount,
            parts: self.some(1, 3, part),
            payment_id: payment.payment_id,
            provider: payment.provider,
            receiver: payment.receiver,
            value_on: payment.value_on,
            conversion: payment.conversion,
            reference: payment.reference,
            published: payment.published,
            functional: self.maybe(Self::functional),
            modality: payment.modality,
        }
    }

    pub(crate) fn forecast(&mut self) -> ForecastEntry {
        let amount = self.positive();
        ForecastEntry {
            period: self.period(),
            amount: if self.flip() {
                amount.negated()
            } else {
                amount
            },
            receiver: self.maybe(Self::organisation),
        }
    }

    pub(crate) fn leg(&mut self) -> Leg {
        Leg {
            direction: self.one(&[LegDirection::From, LegDirection::To]),
            place: LegPlace {
                line_id: self.line_id(),
                period: self.maybe(Self::period),
                basis: self.maybe(Self::basis),
                // What is firm is not said.
                firmness: self.maybe(|_| Firmness::Indicative),
                pillar: self.maybe(|random| random.one(&Pillar::ALL)),
                purpose: self.maybe(|random| Code {
                    vocabulary: Vocabulary::DacPurpose,
                    code: random.one(&["15220", "72010"]).into(),
                }),
                country: self.maybe(|random| Code {
                    vocabulary: Vocabulary::Country,
                    code: random.one(&["SS", "UA"]).into(),
                }),
            },
            amount: self.positive(),
        }
    }

    pub(crate) fn event_id(&mut self) -> EventId {
        EventId {
            position: Position(self.next()),
            index: u32::from_le_bytes(self.bytes()),
        }
    }

    pub(crate) fn reversal_reason(&mut self) -> ReversalReason {
        use ReversalReason::{Error, Replaced, Returned, Withdrawn};
        self.one(&[Error, Replaced, Withdrawn, Returned])
    }

    pub(crate) fn announcement(&mut self) -> PledgeAnnouncement {
        PledgeAnnouncement {
            perspective: self.one(&[Perspective::Provider, Perspective::Recipient]),
            donor: self.organisation(),
            recipient: self.maybe(Self::organisation),
            amount: self.positive(),
            forum: self.maybe(Self::text),
            intended_period: self.maybe(Self::period),
            purposes: self.purposes(),
            places: self.places(),
            published: self.maybe(Self::published),
            functional: self.maybe(Self::functional),
        }
    }

    pub(crate) fn flow_kind(&mut self) -> OtherFlowKind {
        self.one(&[
            OtherFlowKind::InterestPayment,
            OtherFlowKind::LoanRepayment,
            OtherFlowKind::EquityPurchase,
            OtherFlowKind::EquitySale,
            OtherFlowKind::CreditGuarantee,
        ])
    }
}
