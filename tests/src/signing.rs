//! A submission for load: each signs one small agreement.

use perennial_wire::pb;
use perennial_wire::pb::google::r#type::{Date, Money};
use uuid::Uuid;

/// Signs an agreement.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// In this ledger.
    pub ledger_id: &'a str,
    /// Which agreement: `grant-<number>`.
    pub agreement: u64,
    /// Which request: its id is the number's own, so that a retry is the same request.
    pub request: u64,
    /// How much is promised, in whole EUR.
    pub euros: i64,
}

impl<'a> Signing<'a> {
    /// The `number`th agreement of a ledger, by the `number`th request.
    pub const fn numbered(ledger_id: &'a str, number: u64) -> Self {
        Self {
            ledger_id,
            agreement: number,
            request: number,
            euros: 1_000,
        }
    }

    /// The submission.
    pub fn submission(self) -> pb::ledger::SubmitRequest {
        let date = |year, month, day| Some(Date { year, month, day });
        let org = |id: &str| {
            Some(pb::ledger::OrganisationReference {
                id: id.to_owned(),
                ..Default::default()
            })
        };
        let amount = Some(Money {
            currency_code: "EUR".to_owned(),
            units: self.euros,
            nanos: 0,
        });
        let sign = pb::ledger::SignAgreement {
            agreement_id: format!("grant-{}", self.agreement),
            perspective: pb::ledger::Perspective::Provider.into(),
            provider: org("XM-TEST-1"),
            recipient: org("XM-TEST-2"),
            signed_on: date(2026, 1, 15),
            starts_on: date(2026, 1, 1),
            ends_on: date(2027, 12, 31),
            currency_code: "EUR".to_owned(),
            conditionality: pb::ledger::Conditionality::None.into(),
            lines: vec![pb::ledger::Line {
                line_id: "main".to_owned(),
                amount,
                ..Default::default()
            }],
            ..Default::default()
        };
        pb::ledger::SubmitRequest {
            ledger_id: self.ledger_id.to_owned(),
            request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &self.request.to_be_bytes()).to_string(),
            commands: vec![pb::ledger::Command {
                effective_on: date(2026, 1, 15),
                action: Some(pb::ledger::command::Action::SignAgreement(sign)),
                ..Default::default()
            }],
            ..Default::default()
        }
    }
}
