//! The numbered rules (DOMAIN.md 2.7), what each profile does with a breach, and the breach itself.

/// Whether a ledger refuses what breaks a rule, or records reality and shows the breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// A system of record: no event breaks a refusing rule without a recorded override (INV-2).
    Strict,
    /// Published data as it is: each breach is one visible exception (INV-2).
    Mirror,
}

impl Profile {
    /// `strict` or `mirror`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Mirror => "mirror",
        }
    }

    /// Finds a profile by its name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Strict, Self::Mirror]
            .into_iter()
            .find(|profile| profile.name() == name)
    }
}

/// What a profile does with a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// The submission is refused.
    Refuse,
    /// The event is recorded and carries the breach as a flag.
    Flag,
}

macro_rules! rules {
    ($(#[doc = $sentence:literal] $name:ident = $code:literal, $reason:literal, $strict:ident, $mirror:ident;)+) => {
        /// A numbered rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $sentence] $name,)+ }

        impl Rule {
            /// Every rule of this version, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The rule's number, as in `R10`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The reason that a refusal by this rule carries on the wire.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)+ }
            }

            /// What it asks for, as one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence.trim_ascii(),)+ }
            }

            /// What `profile` does with a breach (SEMANTICS.md 2).
            pub const fn conduct(self, profile: Profile) -> Conduct {
                match (self, profile) {
                    $((Self::$name, Profile::Strict) => Conduct::$strict,
                      (Self::$name, Profile::Mirror) => Conduct::$mirror,)+
                }
            }
        }
    };
}

rules! {
    /// Reallocation legs sum to zero per currency.
    ReallocationBalances = "R3", "REALLOCATION_UNBALANCED", Refuse, Refuse;
    /// A split is exactly the whole, and its parts sum to it.
    SplitExact = "R4", "SPLIT_INEXACT", Refuse, Flag;
    /// A reversal targets one existing, unreversed entry that is no reversal, whole.
    ReversalTarget = "R5", "REVERSAL_TARGET", Refuse, Refuse;
    /// `effective_on` and `signed_on` are at most the UTC date of recording + 1.
    DateNotFuture = "R6", "DATE_IN_FUTURE", Refuse, Flag;
    /// A period's end is not before its start.
    PeriodOrdered = "R7", "PERIOD_ENDS_BEFORE_START", Refuse, Flag;
    /// A conversion carries rate evidence.
    RateEvidence = "R8", "RATE_EVIDENCE_MISSING", Refuse, Flag;
    /// An entry is not dated in a closed period.
    ClosedPeriod = "R9", "PERIOD_CLOSED", Refuse, Flag;
    /// Net disbursement (incoming: received) is at most the net commitment.
    WithinCommitment = "R10", "DISBURSEMENT_EXCEEDS_COMMITMENT", Refuse, Flag;
    /// No disbursement before signature.
    NotBeforeSignature = "R11", "DISBURSEMENT_BEFORE_SIGNATURE", Refuse, Flag;
    /// A disbursement after the end date is shown.
    NotAfterEnd = "R12", "DISBURSEMENT_AFTER_END", Flag, Flag;
    /// A commitment does not fall below what is disbursed.
    CommitmentAboveDisbursed = "R13", "COMMITMENT_BELOW_DISBURSED", Refuse, Flag;
    /// Cumulative disbursement is never negative.
    DisbursedNotNegative = "R14", "DISBURSED_NEGATIVE", Refuse, Flag;
    /// A pledge's conversion is at most what is outstanding of it.
    ConversionWithinPledge = "R15", "CONVERSION_EXCEEDS_PLEDGE", Refuse, Flag;
    /// An allocation is at most what is parked on its line.
    AllocationWithinParked = "R16", "ALLOCATION_EXCEEDS_PARKED", Refuse, Flag;
    /// Open tranches are at most the undisbursed amount.
    ScheduledWithinUndisbursed = "R17", "SCHEDULED_EXCEEDS_UNDISBURSED", Flag, Flag;
    /// What is moved of a heading without an amendment is at most what the agreement's policy allows.
    ReallocationWithinPolicy = "R18", "REALLOCATION_EXCEEDS_POLICY", Refuse, Flag;
    /// Nothing is disbursed while the agreement is suspended, nor after it is terminated, cancelled or closed.
    NotWhileSuspended = "R19", "AGREEMENT_SUSPENDED", Refuse, Flag;
    /// A tranche is disbursed only when its conditions are met or waived.
    ConditionsMet = "R20", "TRANCHE_CONDITION_UNMET", Refuse, Flag;
    /// A refund is at most what was disbursed to that party.
    RefundWithinDisbursed = "R21", "REFUND_EXCEEDS_DISBURSED", Refuse, Flag;
    /// Onward grants out of an agreement are at most what it received.
    OnwardWithinReceived = "R22", "ONWARD_EXCEEDS_RECEIVED", Flag, Flag;
    /// Expenditure is at most the cash received.
    ExpenditureWithinReceived = "R23", "EXPENDITURE_EXCEEDS_RECEIVED", Flag, Flag;
    /// An amount has at most its currency's minor digits.
    MinorDigits = "R25", "AMOUNT_PRECISION", Refuse, Flag;
    /// What arrived of a disbursement is what was sent, within the tolerance.
    ReceiptMatchesSent = "R26", "RECEIPT_DIFFERS_FROM_SENT", Flag, Flag;
}

impl Rule {
    /// Whether a ledger's policy may let it be overridden: where only a strict ledger refuses, and not because the
    /// input itself is inexact (SEMANTICS.md 2).
    pub const fn can_be_overridden(self) -> bool {
        let strict_alone = matches!(
            (self.conduct(Profile::Strict), self.conduct(Profile::Mirror)),
            (Conduct::Refuse, Conduct::Flag)
        );
        strict_alone && !matches!(self, Self::SplitExact | Self::MinorDigits)
    }

    /// Finds a rule by its number, as in `R10`.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

/// Lets one command break one rule, with the reason and the person behind it. Recorded only where the rule is broken
/// and would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The rule.
    pub rule: Rule,
    /// Why the breach is right.
    pub reason: String,
    /// Who approved it: another person than who submits. Absent only where the ledger's policy asks for none.
    pub approver: Option<String>,
}

/// One figure or date that shows how a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is, as in `limit`, `attempted`, `committed`.
    pub name: String,
    /// Its value as text: decimal amounts with their currency, ISO dates.
    pub value: String,
}

/// A rule broken by one entry, with the figures that show it. In an event it is called a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// What broke it: a stream, or a line of it, as in `agreement/abcd/line-1`.
    pub subject: String,
    /// The figures, in a fixed order per rule.
    pub figures: Vec<Figure>,
}

impl Breach {
    /// Returns a breach of `rule` by `subject`, shown by `figures`.
    pub fn new(
        rule: Rule,
        subject: impl std::fmt::Display,
        figures: &[(&str, &dyn std::fmt::Display)],
    ) -> Self {
        let figures = figures
            .iter()
            .map(|(name, value)| Figure {
                name: (*name).to_owned(),
                value: value.to_string(),
            })
            .collect();
        Self {
            rule,
            subject: subject.to_string(),
            figures,
        }
    }
}

impl std::fmt::Display for Breach {
    /// Writes the subject, the rule and its figures:
    /// `agreement/abcd breaks R10 "Net disbursement …": limit 100.00 EUR, …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sentence = self.rule.sentence().trim_end_matches('.').replace('`', "");
        let code = self.rule.code();
        write!(f, "{} breaks {code} \"{sentence}\"", self.subject)?;
        for (index, figure) in self.figures.iter().enumerate() {
            let separator = if index == 0 { ":" } else { "," };
            write!(f, "{separator} {} {}", figure.name, figure.value)?;
        }
        Ok(())
    }
}
