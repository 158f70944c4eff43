//! Why an item of a file is not booked, or stands out.

/// The longest identifier that a ledger can keep as an external reference, in characters.
pub const IDENTIFIER_CHARS_MAX: usize = 1_000;

/// A reason, with the code that users see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The transaction says no type.
    MissingType,
    /// Its type is none of IATI's.
    UnknownType,
    /// It has no value, or a value without text.
    MissingValue,
    /// Its value is no decimal number.
    MalformedValue,
    /// Its value is not below 10^18 minor units.
    AmountOutOfRange,
    /// Neither it nor its activity says a currency.
    MissingCurrency,
    /// Its currency is none that can be booked.
    UnknownCurrency,
    /// Its value is zero, or rounds to it.
    ZeroAmount,
    /// It has neither a date nor a value date.
    MissingDate,
    /// Its date cannot be read or lies outside 1960 to 2100, and no value date can stand in for it.
    MalformedDate,
    /// Its activity has no identifier.
    MissingIdentifier,
    /// Its activity's identifier has more than [`IDENTIFIER_CHARS_MAX`] characters.
    IdentifierTooLong,
    /// Its activity's identifier stood in the same file before.
    DuplicateActivity,
    /// It takes back more than any pledge of its activity has outstanding.
    WithdrawalWithoutPledge,
    /// A transaction that is booked is no longer published, or is published differently. The booked one stands;
    /// the different one is not booked beside it.
    ChangedUpstream,
    /// Remark: a booked transaction would today stand on another line (sectors, places, flag or counterparty
    /// changed).
    ReclassifiedUpstream,
    /// Remark: the published start moved, or the published end is gone. What is recorded is kept.
    TermChangedUpstream,
    /// Remark: an activity date cannot be read, lies outside 1960 to 2100 or has an unknown type.
    ActivityDateUnreadable,
    /// Remark: a budget's period, value or currency cannot be read; it counts for no year.
    BudgetUnreadable,
    /// Remark: a planned disbursement's period, value or currency cannot be read; it is not forecast.
    ForecastUnreadable,
    /// Remark: a planned disbursement ends before it starts; it is forecast for its first day.
    ForecastEndsBeforeStart,
    /// Remark: a planned disbursement is zero; it is not forecast.
    ForecastZero,
    /// Remark: a sector or place has no usable code, or its percentage cannot be read.
    CodeUnusable,
    /// Remark: a text or a list was cut, because a ledger keeps no longer one.
    CutShort,
}

impl Reason {
    /// The code, as in `ZERO_AMOUNT`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingType => "MISSING_TYPE",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::MissingValue => "MISSING_VALUE",
            Self::MalformedValue => "MALFORMED_VALUE",
            Self::AmountOutOfRange => "AMOUNT_OUT_OF_RANGE",
            Self::MissingCurrency => "MISSING_CURRENCY",
            Self::UnknownCurrency => "UNKNOWN_CURRENCY",
            Self::ZeroAmount => "ZERO_AMOUNT",
            Self::MissingDate => "MISSING_DATE",
            Self::MalformedDate => "MALFORMED_DATE",
            Self::MissingIdentifier => "MISSING_IDENTIFIER",
            Self::IdentifierTooLong => "IDENTIFIER_TOO_LONG",
            Self::DuplicateActivity => "DUPLICATE_ACTIVITY",
            Self::WithdrawalWithoutPledge => "WITHDRAWAL_WITHOUT_PLEDGE",
            Self::ChangedUpstream => "CHANGED_UPSTREAM",
            Self::ReclassifiedUpstream => "RECLASSIFIED_UPSTREAM",
            Self::TermChangedUpstream => "TERM_CHANGED_UPSTREAM",
            Self::ActivityDateUnreadable => "ACTIVITY_DATE_UNREADABLE",
            Self::BudgetUnreadable => "BUDGET_UNREADABLE",
            Self::ForecastUnreadable => "FORECAST_UNREADABLE",
            Self::ForecastEndsBeforeStart => "FORECAST_ENDS_BEFORE_START",
            Self::ForecastZero => "FORECAST_ZERO",
            Self::CodeUnusable => "CODE_UNUSABLE",
            Self::CutShort => "CUT_SHORT",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// Something of a file that is not booked, or stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Why.
    pub reason: Reason,
    /// Where: the activity's identifier and the place in the file.
    pub locator: String,
}

/// Note in [`perennial_domain::agreement::Published`]: no commitment stands on the entry's line.
pub const NO_MATCHING_LINE: &str = "NO_MATCHING_LINE";
/// Note: the date could not be booked, and the value date stands in for it.
pub const VALUE_DATE_USED: &str = "VALUE_DATE_USED";
/// Note: a commitment names another party on the reporter's own side than its agreement, which has one only.
pub const OWN_SIDE_DIFFERS: &str = "OWN_SIDE_DIFFERS";
