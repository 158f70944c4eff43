//! Why the life of an agreement does not allow a command: its status, its conditions, its receivables.

use jiff::civil::Date;

use crate::agreement::Status;
use crate::ids::{AgreementId, ConditionId, PaymentId, TrancheId};
use crate::log::EventId;
use crate::money::{Currency, sum_text};
use crate::rejection::Class;

/// One reason against one command, from the life of its agreement. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifeRejection {
    /// The status on the entry's day forbids it (the table of `docs/errors/STATUS_FORBIDS.md`).
    #[error("agreement \"{agreement_id}\" is {} on {on}{}: it takes no {asked}{}", words(*status), since_text(since.as_ref()), way_out(*status))]
    StatusForbids {
        /// The agreement.
        agreement_id: AgreementId,
        /// Its status on that day.
        status: Status,
        /// The entry's day.
        on: Date,
        /// The fact that made the status, and its date; absent for a status that no fact made.
        since: Option<(EventId, Date)>,
        /// The command, as in `disburse`.
        asked: &'static str,
    },
    /// Suspensions and resumptions would not alternate.
    #[error("agreement \"{agreement_id}\" is already {} by {by}: suspensions and resumptions alternate", words(*status))]
    NotAlternating {
        /// The agreement.
        agreement_id: AgreementId,
        /// What the next fact already makes it.
        status: Status,
        /// That fact.
        by: EventId,
    },
    /// Something was paid, so it can be terminated, not cancelled.
    #[error("agreement \"{agreement_id}\" cannot be cancelled: {} was paid; terminate it", sum_text(*paid, *currency))]
    AlreadyPaid {
        /// The agreement.
        agreement_id: AgreementId,
        /// Net payments.
        paid: i128,
        /// Their currency.
        currency: Currency,
    },
    /// A termination without recovery gives up exactly what is undisbursed, one with a recovery at most that.
    #[error("the decommitments sum to {}, {} is undisbursed", sum_text(*requested, *currency), sum_text(*undisbursed, *currency))]
    DecommitmentDiffers {
        /// U; never below 0.
        undisbursed: i128,
        /// What the decommitments sum to.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// More is claimed back than was paid.
    #[error("a recovery of {} is more than was paid, {}", sum_text(*requested, *currency), sum_text(*paid, *currency))]
    RecoveryExceedsPaid {
        /// Net payments.
        paid: i128,
        /// What is claimed back.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// Books are closed only when U = W and no tranche is open.
    #[error("agreement \"{agreement_id}\" is not settled: {} is undisbursed, {} recoverable, {} written off{}", sum_text(*undisbursed, *currency), sum_text(*recoverable, *currency), sum_text(*written_off, *currency), tranche_text(open_tranche.as_ref()))]
    NotSettled {
        /// The agreement.
        agreement_id: AgreementId,
        /// U.
        undisbursed: i128,
        /// What terminations still claim back.
        recoverable: i128,
        /// W.
        written_off: i128,
        /// The first open tranche.
        open_tranche: Option<TrancheId>,
        /// Their currency.
        currency: Currency,
    },
    /// More is written off than is expected.
    #[error("a write-off of {} is more than is expected, {}", sum_text(*requested, *currency), sum_text(*receivable, *currency))]
    WriteOffExceedsReceivable {
        /// U, and what terminations claim back, less W; never below 0.
        receivable: i128,
        /// What is to be written off.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// More is to be expected again than was written off.
    #[error("a recovery of {} is more than is written off, {}", sum_text(*requested, *currency), sum_text(*written_off, *currency))]
    RecoveryExceedsWrittenOff {
        /// W.
        written_off: i128,
        /// What is to be expected again.
        requested: i128,
        /// Their currency.
        currency: Currency,
    },
    /// No such condition of the tranche.
    #[error(
        "tranche \"{tranche_id}\" of agreement \"{agreement_id}\" has no condition \"{condition_id}\""
    )]
    UnknownCondition {
        /// The agreement.
        agreement_id: AgreementId,
        /// The tranche.
        tranche_id: TrancheId,
        /// The condition.
        condition_id: ConditionId,
    },
    /// The condition is met or waived already.
    #[error(
        "condition \"{condition_id}\" of tranche \"{tranche_id}\" of agreement \"{agreement_id}\" is already settled by {by}"
    )]
    ConditionSettled {
        /// The agreement.
        agreement_id: AgreementId,
        /// The tranche.
        tranche_id: TrancheId,
        /// The condition.
        condition_id: ConditionId,
        /// The event that met or waived it.
        by: EventId,
    },
    /// No such payment of the provider in the agreement.
    #[error("agreement \"{agreement_id}\" has no payment \"{payment_id}\" by its provider")]
    UnknownPayment {
        /// The agreement.
        agreement_id: AgreementId,
        /// The payment.
        payment_id: PaymentId,
    },
}

impl LifeRejection {
    /// The reason on the wire.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::StatusForbids { .. } | Self::NotAlternating { .. } => "STATUS_FORBIDS",
            Self::AlreadyPaid { .. } => "AGREEMENT_ALREADY_PAID",
            Self::DecommitmentDiffers { .. } => "DECOMMITMENT_DIFFERS",
            Self::RecoveryExceedsPaid { .. } => "RECOVERY_EXCEEDS_PAID",
            Self::NotSettled { .. } => "AGREEMENT_NOT_SETTLED",
            Self::WriteOffExceedsReceivable { .. } => "WRITE_OFF_EXCEEDS_RECEIVABLE",
            Self::RecoveryExceedsWrittenOff { .. } => "RECOVERY_EXCEEDS_WRITTEN_OFF",
            Self::UnknownCondition { .. } => "UNKNOWN_CONDITION",
            Self::ConditionSettled { .. } => "CONDITION_SETTLED",
            Self::UnknownPayment { .. } => "UNKNOWN_PAYMENT",
        }
    }

    /// What the submitter can do about it.
    pub const fn class(&self) -> Class {
        match self {
            Self::UnknownCondition { .. } | Self::UnknownPayment { .. } => Class::NotFound,
            Self::StatusForbids { .. }
            | Self::NotAlternating { .. }
            | Self::AlreadyPaid { .. }
            | Self::DecommitmentDiffers { .. }
            | Self::RecoveryExceedsPaid { .. }
            | Self::NotSettled { .. }
            | Self::WriteOffExceedsReceivable { .. }
            | Self::RecoveryExceedsWrittenOff { .. }
            | Self::ConditionSettled { .. } => Class::Precondition,
        }
    }

    /// What is at fault: an agreement, or a tranche or payment of it; empty where the figures say it.
    pub fn subject(&self) -> String {
        match self {
            Self::StatusForbids { agreement_id, .. }
            | Self::NotAlternating { agreement_id, .. }
            | Self::AlreadyPaid { agreement_id, .. }
            | Self::NotSettled { agreement_id, .. } => format!("agreement/{agreement_id}"),
            Self::UnknownCondition {
                agreement_id,
                tranche_id,
                ..
            }
            | Self::ConditionSettled {
                agreement_id,
                tranche_id,
                ..
            } => format!("agreement/{agreement_id}/{tranche_id}"),
            Self::UnknownPayment {
                agreement_id,
                payment_id,
            } => format!("agreement/{agreement_id}/{payment_id}"),
            Self::DecommitmentDiffers { .. }
            | Self::RecoveryExceedsPaid { .. }
            | Self::WriteOffExceedsReceivable { .. }
            | Self::RecoveryExceedsWrittenOff { .. } => String::new(),
        }
    }

    /// The limit and what was attempted, of the reasons that compare the two.
    fn limit(&self) -> Vec<(&'static str, String)> {
        let (name, limit, requested, currency) = match self {
            Self::DecommitmentDiffers {
                undisbursed,
                requested,
                currency,
            } => ("undisbursed", undisbursed, requested, currency),
            Self::RecoveryExceedsPaid {
                paid,
                requested,
                currency,
            } => ("paid", paid, requested, currency),
            Self::WriteOffExceedsReceivable {
                receivable,
                requested,
                currency,
            } => ("receivable", receivable, requested, currency),
            Self::RecoveryExceedsWrittenOff {
                written_off,
                requested,
                currency,
            } => ("written_off", written_off, requested, currency),
            Self::StatusForbids { .. }
            | Self::NotAlternating { .. }
            | Self::AlreadyPaid { .. }
            | Self::NotSettled { .. }
            | Self::UnknownCondition { .. }
            | Self::ConditionSettled { .. }
            | Self::UnknownPayment { .. } => return Vec::new(),
        };
        vec![
            (name, sum_text(*limit, *currency)),
            ("requested", sum_text(*requested, *currency)),
        ]
    }

    /// The figures that show it, name and value, in a fixed order.
    pub fn figures(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::StatusForbids {
                status,
                on,
                since,
                asked,
                ..
            } => {
                let since = since.iter().flat_map(|(event_id, since)| {
                    [("since", since.to_string()), ("by", event_id.to_string())]
                });
                [
                    ("status", status.name().to_owned()),
                    ("on", on.to_string()),
                    ("asked", (*asked).to_owned()),
                ]
                .into_iter()
                .chain(since)
                .collect()
            }
            Self::NotAlternating { status, by, .. } => {
                vec![("status", status.name().to_owned()), ("by", by.to_string())]
            }
            Self::AlreadyPaid { paid, currency, .. } => vec![("paid", sum_text(*paid, *currency))],
            Self::DecommitmentDiffers { .. }
            | Self::RecoveryExceedsPaid { .. }
            | Self::WriteOffExceedsReceivable { .. }
            | Self::RecoveryExceedsWrittenOff { .. } => self.limit(),
            Self::NotSettled {
                undisbursed,
                recoverable,
                written_off,
                open_tranche,
                currency,
                ..
            } => {
                let open = open_tranche.as_ref();
                let open = open.map(|tranche_id| ("open_tranche", tranche_id.to_string()));
                let text = |minor_units| sum_text(minor_units, *currency);
                [
                    ("undisbursed", text(*undisbursed)),
                    ("recoverable", text(*recoverable)),
                    ("written_off", text(*written_off)),
                ]
                .into_iter()
                .chain(open)
                .collect()
            }
            Self::UnknownCondition { condition_id, .. } => {
                vec![("condition_id", condition_id.to_string())]
            }
            Self::ConditionSettled {
                condition_id, by, ..
            } => vec![
                ("condition_id", condition_id.to_string()),
                ("by", by.to_string()),
            ],
            Self::UnknownPayment { .. } => Vec::new(),
        }
    }
}

fn words(status: Status) -> String {
    status.name().replace('_', " ")
}

fn since_text(since: Option<&(EventId, Date)>) -> String {
    since.map_or_else(String::new, |(event_id, since)| {
        format!(" since {since} ({event_id})")
    })
}

const fn way_out(status: Status) -> &'static str {
    match status {
        Status::FinanciallyClosed => "; first reverse the closing",
        Status::Signed | Status::Effective => "; suspend it first",
        Status::Suspended | Status::OperationallyEnded | Status::Terminated | Status::Cancelled => {
            ""
        }
    }
}

fn tranche_text(open: Option<&TrancheId>) -> String {
    open.map_or_else(String::new, |tranche_id| {
        format!(", and tranche \"{tranche_id}\" is open")
    })
}
