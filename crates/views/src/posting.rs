//! Postings: the signed amounts that every additive figure is a sum of.

use perennial_domain::Date;
use perennial_domain::agreement::{Firmness, OtherFlowKind, Perspective, YearBasis};
use perennial_domain::classification::{Code, Pillar};
use perennial_domain::event::Stream;
use perennial_domain::ids::LineId;
use perennial_domain::log::EventId;
use perennial_domain::money::{Currency, Money};
use perennial_domain::party::OrgRef;
use perennial_domain::period::Period;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $code:literal, $word:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// All, ascending by code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number in digests and stores: never reused.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Finds one by its number.
            pub const fn of_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The word in documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

codes! {
    /// What an amount counts. Signs are such that every balance is a plain sum (DOMAIN.md 2.2):
    /// C = signed + increased + decreased + moved + carried in + carried out, D = disbursed + reimbursed + refunded,
    /// received net = received + returned, S = scheduled + drawn, P net = pledged + withdrawn,
    /// W = written off + recovered.
    Measure {
        /// Announced, and changed by revisions.
        Pledged = 0, "pledged";
        /// Taken back from a pledge: below 0.
        Withdrawn = 1, "withdrawn";
        /// Turned into an agreement: above 0, part of no other measure.
        Converted = 2, "converted";
        /// Committed by the signature.
        Signed = 3, "signed";
        /// Committed later.
        Increased = 4, "increased";
        /// Released: below 0.
        Decreased = 5, "decreased";
        /// Moved between lines, periods and pillars: pairs that sum to 0.
        Moved = 6, "moved";
        /// Portions by due date; what is cancelled is taken out.
        Scheduled = 7, "scheduled";
        /// What payments took out of open portions, in the portion's period: below 0.
        Drawn = 8, "drawn";
        /// Published plans by due date.
        Forecast = 9, "forecast";
        /// Paid by the provider.
        Disbursed = 10, "disbursed";
        /// Paid for what was already spent.
        Reimbursed = 11, "reimbursed";
        /// Given back to the provider: below 0.
        Refunded = 12, "refunded";
        /// Arrived at the recipient.
        Received = 13, "received";
        /// Given back by the recipient: below 0.
        Returned = 14, "returned";
        /// Spent, and reductions of it.
        Expended = 15, "expended";
        /// Moves a payment from the year it was made in to the year its portion was for: pairs that sum to 0.
        PaidFor = 16, "paid_for";
        /// Interest, loans, equity, guarantees: shown in `registers` only.
        OtherFlow = 17, "other_flow";
        /// Receivables given up.
        WrittenOff = 18, "written_off";
        /// Receivables expected again after they were given up: below 0.
        Recovered = 19, "recovered";
        /// Allocated out of what is parked on a line; part of no balance.
        Allocated = 20, "allocated";
        /// Of the commitment: what comes out of another agreement; part of no balance.
        LinkedOnward = 22, "linked_onward";
        /// Carried into a period from an earlier one: with what was carried out it sums to 0.
        CarriedIn = 23, "carried_in";
        /// Carried out of a period into a later one: below 0.
        CarriedOut = 24, "carried_out";
    }
}

impl Measure {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();
    /// What sums to C.
    pub const COMMITTED: [Self; 6] = [
        Self::Signed,
        Self::Increased,
        Self::Decreased,
        Self::Moved,
        Self::CarriedIn,
        Self::CarriedOut,
    ];
    /// What sums to D.
    pub const DISBURSED: [Self; 3] = [Self::Disbursed, Self::Reimbursed, Self::Refunded];
    /// What sums to the net receipts.
    pub const RECEIVED: [Self; 2] = [Self::Received, Self::Returned];
    /// What sums to S.
    pub const SCHEDULED: [Self; 2] = [Self::Scheduled, Self::Drawn];
    /// What sums to W.
    pub const WRITTEN_OFF: [Self; 2] = [Self::WrittenOff, Self::Recovered];
    /// What sums to the net pledge.
    pub const PLEDGED: [Self; 2] = [Self::Pledged, Self::Withdrawn];

    /// Its place in an array of [`Measure::COUNT`].
    pub const fn index(self) -> usize {
        // Numbers have gaps; places in `ALL` have none.
        self as usize
    }
}

/// A set of measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures(u32);

impl Measures {
    /// All of them.
    pub const ALL: Self = Self(u32::MAX);

    /// These.
    pub fn of(measures: &[Measure]) -> Self {
        let bits = measures.iter().map(|measure| 1 << measure.code());
        Self(bits.fold(0, |set, bit: u32| set | bit))
    }

    /// Whether it holds `measure`.
    pub const fn has(self, measure: Measure) -> bool {
        self.has_code(measure.code())
    }

    /// Whether it holds the measure with this number, which is below 32.
    pub const fn has_code(self, code: u8) -> bool {
        self.0 & (1 << code) != 0
    }
}

codes! {
    /// The published register that an entry counts in. Commitments and pledges have two type codes each; the
    /// perspective of the agreement or pledge picks one when the question is asked.
    Register {
        /// None: a move, a schedule, a conversion.
        None = 0, "none";
        /// IATI 1.
        IncomingFunds = 1, "incoming_funds";
        /// IATI 2 (outgoing) or 11 (incoming).
        Commitment = 2, "commitment";
        /// IATI 3.
        Disbursement = 3, "disbursement";
        /// IATI 4.
        Expenditure = 4, "expenditure";
        /// IATI 5.
        InterestPayment = 5, "interest_payment";
        /// IATI 6.
        LoanRepayment = 6, "loan_repayment";
        /// IATI 7.
        Reimbursement = 7, "reimbursement";
        /// IATI 8.
        EquityPurchase = 8, "equity_purchase";
        /// IATI 9.
        EquitySale = 9, "equity_sale";
        /// IATI 10.
        CreditGuarantee = 10, "credit_guarantee";
        /// IATI 12 (outgoing) or 13 (incoming).
        Pledge = 12, "pledge";
    }
}

impl Register {
    /// The IATI type code for money that flows in `direction`; none where nothing is published.
    ///
    /// Source: IATI 2.03 code list `TransactionType`.
    pub const fn iati_type(self, direction: Direction) -> Option<u8> {
        match (self, direction) {
            (Self::None, _) => None,
            (Self::Commitment, Direction::Incoming) => Some(11),
            (Self::Commitment, Direction::Outgoing) => Some(2),
            (Self::Pledge, Direction::Incoming) => Some(13),
            (Self::Pledge, Direction::Outgoing) => Some(12),
            (
                Self::IncomingFunds
                | Self::Disbursement
                | Self::Expenditure
                | Self::InterestPayment
                | Self::LoanRepayment
                | Self::Reimbursement
                | Self::EquityPurchase
                | Self::EquitySale
                | Self::CreditGuarantee,
                _,
            ) => Some(self.code()),
        }
    }

    /// The register of another flow.
    pub const fn of_flow(kind: OtherFlowKind) -> Self {
        match kind {
            OtherFlowKind::InterestPayment => Self::InterestPayment,
            OtherFlowKind::LoanRepayment => Self::LoanRepayment,
            OtherFlowKind::EquityPurchase => Self::EquityPurchase,
            OtherFlowKind::EquitySale => Self::EquitySale,
            OtherFlowKind::CreditGuarantee => Self::CreditGuarantee,
        }
    }
}

codes! {
    /// Whether money comes to the ledger's owner or leaves it. The two are never added (SEMANTICS.md 1).
    Direction {
        /// The owner receives: perspective `recipient`.
        Incoming = 1, "incoming";
        /// The owner gives: perspective `provider`.
        Outgoing = 2, "outgoing";
    }
}

impl Direction {
    /// The direction of a ledger that books `perspective`'s view.
    pub const fn of(perspective: Perspective) -> Self {
        match perspective {
            Perspective::Provider => Self::Outgoing,
            Perspective::Recipient => Self::Incoming,
        }
    }

    /// Finds a direction by its word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|direction| direction.name() == name)
    }
}

codes! {
    /// Which of a posting's amounts a row holds. A posting with a functional amount is two rows, so that either can be
    /// summed like any other.
    Valued {
        /// The only one.
        Alone = 0, "alone";
        /// The one in the entry's own currency; the functional one follows it.
        Own = 1, "own";
        /// The functional one.
        Functional = 2, "functional";
    }
}

/// One signed amount that an event expands into, with everything that it can be summed by.
///
/// Direction, donor, recipient, purposes and places are not in it: they are read from the entity's history
/// when the question is asked, unless the event itself overrides them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The event that it comes from.
    pub event_id: EventId,
    /// The agreement or pledge.
    pub entity: Stream,
    /// The line, where the amount belongs to one.
    pub line_id: Option<LineId>,
    /// What it counts.
    pub measure: Measure,
    /// The currency of `minor_units`.
    pub currency: Currency,
    /// Minor units of either sign.
    pub minor_units: i128,
    /// The same amount in the functional currency, as booked, of either sign; absent where nobody said so.
    pub functional: Option<Money>,
    /// When it is true in the world.
    pub effective_on: Date,
    /// The period it is for; without one the effective date decides the year.
    pub period: Option<Period>,
    /// How a committed amount came to its period; cash has none and shows as `actual`.
    pub basis: Option<YearBasis>,
    /// How far a committed amount can be relied on; firm for everything else.
    pub firmness: Firmness,
    /// Who gives, where it is not the agreement's or line's provider.
    pub provider: Option<OrgRef>,
    /// Who receives, where it is not the agreement's or line's recipient.
    pub receiver: Option<OrgRef>,
    /// The pillar of a move between declared pillars.
    pub pillar: Option<Pillar>,
    /// The purpose of a move between purposes, in place of the line's.
    pub purpose: Option<Code>,
    /// The country or region of a move between places, in place of the line's.
    pub place: Option<Code>,
    /// The closed period that it adjusts, dated in an open one.
    pub concerns: Option<Period>,
    /// The published register that it counts in.
    pub register: Register,
    /// 1 on the first posting of an entry that a register counts, -1 on the first one of its reversal, else 0.
    pub entries: i8,
}
