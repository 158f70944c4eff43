//! The load: payments on many agreements, a few of them far more often than the rest.

use std::sync::Arc;

use perennial_client::{BulkSubmission, RetryPolicy};
use perennial_wire::pb::google::r#type::{Date, Money};
use perennial_wire::pb::ledger::{
    Command, Disburse, Line, OrganisationReference, Perspective, SignAgreement, SubmitRequest,
    command,
};
use std::num::NonZeroUsize;
use uuid::Builder;

use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::session::Session;

/// Agreements signed by one submission while the ledger is prepared.
const SIGNED_AT_ONCE: u64 = 100;
/// Submissions on their way at once while the ledger is prepared.
pub(super) const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
/// What each agreement is worth, in units of its currency.
const COMMITTED_UNITS: i64 = 1_000_000_000_000;
/// Text that makes a command about 512 bytes of fields.
const REFERENCE_CHARACTERS: usize = 360;

/// Random numbers from a seed (SplitMix64): the same seed, the same load.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is above 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A request id.
    pub(super) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.next().to_be_bytes());
        low.copy_from_slice(&self.next().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// Draws agreements: the n-th most wanted is drawn in proportion to 1 / n^1.1.
#[derive(Clone, Debug)]
pub(super) struct Zipf {
    /// Ascending sums of the weights.
    sums: Arc<[u64]>,
}

impl Zipf {
    #[expect(clippy::float_arithmetic, reason = "weights of a load are not money")]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "weights between 0 and 10^9 fit"
    )]
    pub(super) fn new(count: u64) -> Self {
        let mut sum = 0_u64;
        let sums = (1..=count.max(1)).map(|rank| {
            let weight = (1e9 / (rank as f64).powf(1.1)) as u64;
            sum = sum.saturating_add(weight.max(1));
            sum
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// An index from 0.
    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let drawn = random.below(self.sums.last().copied().unwrap_or(1));
        self.sums.partition_point(|sum| *sum <= drawn)
    }
}

/// The submissions of one run.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) ledger_id: String,
    /// Tells runs on one ledger apart.
    pub(super) run: u64,
    pub(super) agreements: u64,
}

impl Load {
    fn agreement_id(&self, index: u64) -> String {
        format!("bench-{}-{index}", self.run)
    }

    fn submission(&self, request_id: String, commands: Vec<Command>) -> SubmitRequest {
        SubmitRequest {
            ledger_id: self.ledger_id.clone(),
            request_id,
            commands,
            ..SubmitRequest::default()
        }
    }

    /// Signs every agreement.
    ///
    /// # Errors
    /// As the service answers.
    pub(super) async fn prepare(
        &self,
        session: &Session,
        random: &mut Random,
    ) -> Result<(), Failure> {
        let mut bulk = BulkSubmission::new(session.connection.clone(), RetryPolicy::WRITE, WINDOW);
        let mut progress = Progress::begin(&session.console, "agreements signed", self.agreements);
        let mut index = 0;
        while index < self.agreements {
            let end = index.saturating_add(SIGNED_AT_ONCE).min(self.agreements);
            let commands = (index..end)
                .map(|index| sign(self.agreement_id(index)))
                .collect();
            accept(bulk.push(self.submission(random.uuid(), commands)).await)?;
            progress.set(end);
            index = end;
        }
        while accept(bulk.next().await)? {}
        progress.end();
        Ok(())
    }

    /// Fills the ledger with `records` payments, one record each.
    ///
    /// # Errors
    /// As the service answers.
    pub(super) async fn fill(
        &self,
        session: &Session,
        random: &mut Random,
        records: u64,
    ) -> Result<(), Failure> {
        let zipf = Zipf::new(self.agreements);
        let mut bulk = BulkSubmission::new(session.connection.clone(), RetryPolicy::WRITE, WINDOW);
        let mut progress = Progress::begin(&session.console, "records written", records);
        for done in 0..records {
            let payment = self.payment(&zipf, random);
            accept(bulk.push(payment).await)?;
            progress.set(done);
        }
        while accept(bulk.next().await)? {}
        progress.end();
        Ok(())
    }

    /// One valid payment with an id of its own.
    pub(super) fn payment(&self, zipf: &Zipf, random: &mut Random) -> SubmitRequest {
        let units = i64::try_from(random.below(500))
            .unwrap_or(0)
            .saturating_add(1);
        self.payment_of(units, zipf, random)
    }

    /// One payment above what its agreement can ever pay.
    pub(super) fn refused_payment(&self, zipf: &Zipf, random: &mut Random) -> SubmitRequest {
        self.payment_of(COMMITTED_UNITS.saturating_mul(2), zipf, random)
    }

    fn payment_of(&self, units: i64, zipf: &Zipf, random: &mut Random) -> SubmitRequest {
        let index = u64::try_from(zipf.draw(random)).unwrap_or(0);
        let request_id = random.uuid();
        let disburse = Disburse {
            agreement_id: self.agreement_id(index),
            amount: Some(usd(units)),
            payment_id: format!("pay-{request_id}"),
            reference: format!("{request_id} {}", "x".repeat(REFERENCE_CHARACTERS)),
            ..Disburse::default()
        };
        let command = Command {
            effective_on: Some(Date {
                year: 2026,
                month: 3,
                day: 1,
            }),
            action: Some(command::Action::Disburse(disburse)),
            ..Command::default()
        };
        self.submission(request_id, vec![command])
    }
}

fn usd(units: i64) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        units,
        nanos: 0,
    }
}

fn sign(agreement_id: String) -> Command {
    let date = |year, month, day| Some(Date { year, month, day });
    let organisation = |id: &str, name: &str| {
        let (id, name) = (id.to_owned(), name.to_owned());
        Some(OrganisationReference {
            id,
            name,
            ..OrganisationReference::default()
        })
    };
    let line = Line {
        line_id: "line-1".to_owned(),
        amount: Some(usd(COMMITTED_UNITS)),
        ..Line::default()
    };
    let sign = SignAgreement {
        agreement_id,
        perspective: Perspective::Provider.into(),
        provider: organisation("XX-BENCH-1", "Bench provider"),
        recipient: organisation("XX-BENCH-2", "Bench recipient"),
        signed_on: date(2026, 1, 1),
        starts_on: date(2026, 1, 1),
        ends_on: date(2028, 12, 31),
        currency_code: "USD".to_owned(),
        lines: vec![line],
        ..SignAgreement::default()
    };
    Command {
        effective_on: date(2026, 1, 1),
        action: Some(command::Action::SignAgreement(sign)),
        ..Command::default()
    }
}

/// Whether there was an answer; every one must be a recorded submission.
fn accept(
    answered: Result<Option<perennial_client::Answered>, perennial_client::ClientError>,
) -> Result<bool, Failure> {
    let answered =
        answered.map_err(|error| Failure::from_client("prepare the measurement", &error))?;
    match answered {
        None => Ok(false),
        Some(answered) => {
            match answered.outcome {
                Ok(_) => Ok(true),
                Err(refused) => Err(Failure::new(Exit::Other, "prepare the measurement")
                    .because(refused.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_many_is_drawn_most_often_and_the_last_can_be_drawn() {
        let zipf = Zipf::new(1_000);
        let mut random = Random::new(7);
        let mut drawn = vec![0_u32; 1_000];
        for _ in 0..100_000 {
            drawn[zipf.draw(&mut random)] += 1;
        }
        assert!(
            drawn[9] < drawn[0] && drawn[99] < drawn[9],
            "{:?}",
            &drawn[..10]
        );
        assert!(drawn[900..].iter().any(|count| 0 < *count));
    }

    #[test]
    fn the_same_seed_makes_the_same_load() {
        let load = Load {
            ledger_id: "bench".to_owned(),
            run: 1,
            agreements: 10,
        };
        let zipf = Zipf::new(10);
        let first = load.payment(&zipf, &mut Random::new(3));
        assert_eq!(first, load.payment(&zipf, &mut Random::new(3)));
        assert_ne!(first, load.payment(&zipf, &mut Random::new(4)));
    }
}
