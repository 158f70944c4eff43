use perennial_domain::agreement::LineAmount;

use crate::pb::ledger as pb;

/// Makes a payment's message: the shared fields from `$cash`, and its own.
macro_rules! payment {
    ($kind:ident, $agreement_id:ident, $cash:ident $(, $field:ident: $value:expr)*) => {
        Message::$kind(pb::$kind {
            agreement_id: $agreement_id,
            amount: Some($cash.amount.into()),
            lines: $cash.lines.iter().map(Into::into).collect(),
            payment_id: $cash.payment_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            provider: $cash.provider.as_ref().map(Into::into),
            receiver: $cash.receiver.as_ref().map(Into::into),
            value_on: $cash.value_on.map(to_google),
            conversion: $cash.conversion.as_ref().map(Into::into),
            reference: $cash.reference.clone().unwrap_or_default(),
            published: $cash.published.as_ref().map(Into::into),
            functional: $cash.functional.as_deref().map(Into::into),
            modality: $cash
                .modality
                .map(|modality| pb::CashModality::from(modality).into())
                .unwrap_or_default(),
            $($field: $value,)*
        })
    };
}

pub(super) use payment;

impl From<&LineAmount> for pb::LineAmount {
    fn from(line: &LineAmount) -> Self {
        Self {
            line_id: line.line_id.to_string(),
            amount: Some(line.amount.into()),
        }
    }
}
