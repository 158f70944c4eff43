//! What IATI's codes mean, in version 2 and in version 1.

use perennial_domain::Date;
use perennial_domain::agreement::{OtherFlowKind, Perspective};
use perennial_domain::period::{FIRST_YEAR, LAST_YEAR};

/// Whose side of an agreement an entry stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Money that comes to the reporter: the ledger books the recipient's view.
    Incoming,
    /// Money that the reporter gives: the ledger books the provider's view.
    Outgoing,
}

impl Direction {
    /// `incoming` or `outgoing`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    /// Whose view an agreement of this direction books.
    pub const fn perspective(self) -> Perspective {
        match self {
            Self::Incoming => Perspective::Recipient,
            Self::Outgoing => Perspective::Provider,
        }
    }
}

/// IATI `TransactionType`, by its version-2 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionType {
    /// 1, or `IF`.
    IncomingFunds,
    /// 2, or `C`.
    OutgoingCommitment,
    /// 3, or `D`.
    Disbursement,
    /// 4, or `E`.
    Expenditure,
    /// 5, 6, 8, 9, 10, or `IR`, `IP`, `LR`, `QP`, `QS`, `CG`.
    Other(OtherFlowKind),
    /// 7, or `R`.
    Reimbursement,
    /// 11.
    IncomingCommitment,
    /// 12.
    OutgoingPledge,
    /// 13.
    IncomingPledge,
}

impl TransactionType {
    /// Reads a code as published: a number of version 2, or the letters of version 1.
    pub fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "1" | "IF" => Self::IncomingFunds,
            "2" | "C" => Self::OutgoingCommitment,
            "3" | "D" => Self::Disbursement,
            "4" | "E" => Self::Expenditure,
            "5" | "IR" | "IP" => Self::Other(OtherFlowKind::InterestPayment),
            "6" | "LR" => Self::Other(OtherFlowKind::LoanRepayment),
            "7" | "R" => Self::Reimbursement,
            "8" | "QP" => Self::Other(OtherFlowKind::EquityPurchase),
            "9" | "QS" => Self::Other(OtherFlowKind::EquitySale),
            "10" | "CG" => Self::Other(OtherFlowKind::CreditGuarantee),
            "11" => Self::IncomingCommitment,
            "12" => Self::OutgoingPledge,
            "13" => Self::IncomingPledge,
            _ => return None,
        })
    }

    /// The version-2 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::IncomingFunds => "1",
            Self::OutgoingCommitment => "2",
            Self::Disbursement => "3",
            Self::Expenditure => "4",
            Self::Other(OtherFlowKind::InterestPayment) => "5",
            Self::Other(OtherFlowKind::LoanRepayment) => "6",
            Self::Reimbursement => "7",
            Self::Other(OtherFlowKind::EquityPurchase) => "8",
            Self::Other(OtherFlowKind::EquitySale) => "9",
            Self::Other(OtherFlowKind::CreditGuarantee) => "10",
            Self::IncomingCommitment => "11",
            Self::OutgoingPledge => "12",
            Self::IncomingPledge => "13",
        }
    }

    /// The side it stands on (SEMANTICS.md 3): incoming {1, 9, 11, 13}, outgoing the rest.
    pub const fn direction(self) -> Direction {
        match self {
            Self::IncomingFunds
            | Self::IncomingCommitment
            | Self::IncomingPledge
            | Self::Other(OtherFlowKind::EquitySale) => Direction::Incoming,
            Self::OutgoingCommitment
            | Self::Disbursement
            | Self::Expenditure
            | Self::Reimbursement
            | Self::OutgoingPledge
            | Self::Other(
                OtherFlowKind::InterestPayment
                | OtherFlowKind::LoanRepayment
                | OtherFlowKind::EquityPurchase
                | OtherFlowKind::CreditGuarantee,
            ) => Direction::Outgoing,
        }
    }

    /// Whether it is a commitment (2 or 11).
    pub const fn is_commitment(self) -> bool {
        matches!(self, Self::OutgoingCommitment | Self::IncomingCommitment)
    }

    /// Whether it is a pledge (12 or 13).
    pub const fn is_pledge(self) -> bool {
        matches!(self, Self::OutgoingPledge | Self::IncomingPledge)
    }

    /// Place in the order of booking within one day: commitments, receipts, disbursements, expenditure, the rest.
    pub const fn booking_rank(self) -> u8 {
        match self {
            Self::OutgoingPledge | Self::IncomingPledge => 0,
            Self::OutgoingCommitment | Self::IncomingCommitment => 1,
            Self::IncomingFunds => 2,
            Self::Disbursement | Self::Reimbursement => 3,
            Self::Expenditure => 4,
            Self::Other(_) => 5,
        }
    }
}

/// The four dates of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateKind {
    /// 1, or `start-planned`.
    PlannedStart,
    /// 2, or `start-actual`.
    ActualStart,
    /// 3, or `end-planned`.
    PlannedEnd,
    /// 4, or `end-actual`.
    ActualEnd,
}

impl DateKind {
    /// Reads a code of version 2 or a word of version 1, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "1" | "start-planned" => Self::PlannedStart,
            "2" | "start-actual" => Self::ActualStart,
            "3" | "end-planned" => Self::PlannedEnd,
            "4" | "end-actual" => Self::ActualEnd,
            _ => return None,
        })
    }
}

/// Reads an `OrganisationRole`: 1 funding, 2 accountable, 3 extending, 4 implementing, or those words.
pub fn role(text: &str) -> Option<u8> {
    Some(match text.to_ascii_lowercase().as_str() {
        "1" | "funding" => 1,
        "2" | "accountable" => 2,
        "3" | "extending" => 3,
        "4" | "implementing" => 4,
        _ => return None,
    })
}

/// Reads a flag: `1` and `true`, `0` and `false`; anything else says nothing.
pub fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Reads a date of 1960 to 2100: `2020-12-31`, with or without a time or zone behind it, which are ignored.
pub fn date(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    if !(rest.is_empty() || rest.starts_with(['T', 't', 'Z', '+', '-', ' '])) {
        return None;
    }
    let mut parts = day.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(digits(year) && digits(month) && digits(day)) {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (FIRST_YEAR <= date.year() && date.year() <= LAST_YEAR).then_some(date)
}
