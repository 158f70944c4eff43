//! The clients: each sends one submission after the other, asks again under the same request id until it knows, and
//! writes down what it was told.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use perennial_client::{ClientError, Connection, LedgerClient, RetryPolicy};
use perennial_testkit::random::Random;
use perennial_tests::signing::Signing;
use perennial_wire::pb::ledger::{SubmitRequest, SubmitResponse};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::LEDGER;
use crate::check::{Attempt, Place, Told};

pub(crate) const CLIENTS: u64 = 32;
/// The longest rest between two submissions of a client, in milliseconds: some hundred submissions a second in all.
const REST_MAX_MS: u64 = 200;
/// How long a client rests before it asks again after its library has given up.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What all clients share.
#[derive(Debug)]
pub(crate) struct Load {
    begun: Instant,
    attempts: Mutex<Vec<Attempt>>,
    next: AtomicU64,
    over: AtomicBool,
}

impl Load {
    /// Starts the clients, each of which knows all `addresses`.
    pub(crate) fn start(addresses: &str, random: &mut Random) -> Result<(Arc<Self>, Clients)> {
        let load = Arc::new(Self {
            begun: Instant::now(),
            attempts: Mutex::default(),
            next: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let clients = (0..CLIENTS).map(|_| {
            let connection = Connection::open(addresses).context("connect a client")?;
            let client = Client {
                load: Arc::clone(&load),
                ledger: LedgerClient::new(connection, RetryPolicy::WRITE),
                random: random.split(),
                sent: Vec::new(),
            };
            Ok(tokio::spawn(client.run()))
        });
        let clients = Clients(clients.collect::<Result<_>>()?);
        Ok((load, clients))
    }

    /// How long ago the run began.
    pub(crate) fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What was told so far.
    pub(crate) fn attempts(&self) -> MutexGuard<'_, Vec<Attempt>> {
        let attempts = self.attempts.lock();
        attempts.unwrap_or_else(PoisonError::into_inner)
    }

    /// How many submissions were begun after `moment` and acknowledged.
    pub(crate) fn acknowledged_since(&self, moment: Duration) -> usize {
        let attempts = self.attempts();
        let newest = attempts
            .iter()
            .rev()
            .take_while(|attempt| moment < attempt.ended);
        newest
            .filter(|attempt| moment < attempt.begun && matches!(attempt.told, Told::Accepted(_)))
            .count()
    }

    /// Lets every client finish what it has begun.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

/// The running clients.
#[derive(Debug, Default)]
pub(crate) struct Clients(Vec<JoinHandle<()>>);

impl Clients {
    /// Waits until every client knows the outcome of its last submission, `limit` at most. Returns how many do not.
    pub(crate) async fn settle(self, limit: Duration) -> usize {
        let deadline = Instant::now() + limit;
        let mut unsettled = 0;
        for mut client in self.0 {
            if !matches!(
                tokio::time::timeout_at(deadline, &mut client).await,
                Ok(Ok(()))
            ) {
                client.abort();
                unsettled += 1;
            }
        }
        unsettled
    }
}

/// What is sent: who asks again sends the same.
#[derive(Clone, Copy, Debug)]
struct Ask {
    request: u64,
    /// Two requests for one agreement compete: one of them is refused.
    agreement: u64,
    /// Another amount under the same request id is another submission.
    variant: u64,
}

struct Client {
    load: Arc<Load>,
    ledger: LedgerClient,
    random: Random,
    /// What was acknowledged to it.
    sent: Vec<Ask>,
}

impl Client {
    async fn run(mut self) {
        while !self.load.over.load(Ordering::SeqCst) {
            let ask = self.choose();
            if self.until_it_is_known(ask).await {
                self.sent.push(ask);
            }
            let rest = self.random.between(0, REST_MAX_MS);
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
    }

    fn choose(&mut self) -> Ask {
        if !self.sent.is_empty() && self.random.one_in(6) {
            let mut old = *self.random.pick(&self.sent);
            // The same id for something else must never be taken for the same.
            old.variant = u64::from(self.random.one_in(3));
            return old;
        }
        let request = self.load.next.fetch_add(1, Ordering::SeqCst);
        let agreement = if self.random.one_in(10) {
            self.random.between(request.saturating_sub(64), request)
        } else {
            request
        };
        Ask {
            request,
            agreement,
            variant: 0,
        }
    }

    /// Asks until there is an answer that stays. Returns whether it is recorded for the first time.
    async fn until_it_is_known(&self, ask: Ask) -> bool {
        let submission = submission(ask);
        loop {
            let begun = self.load.now();
            let answer = self.ledger.submit(&submission).await;
            let is_new = answer.as_ref().is_ok_and(|answer| !answer.replayed);
            let told = told(answer);
            let is_known = told != Told::Unknown;
            self.load.attempts().push(Attempt {
                request_id: submission.request_id.clone(),
                variant: ask.variant,
                begun,
                ended: self.load.now(),
                told,
            });
            if is_known {
                return is_new;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

fn told(answer: Result<SubmitResponse, ClientError>) -> Told {
    let error = match answer {
        Ok(answer) => {
            let Some(position) = answer.position else {
                return Told::Odd("an answer without a position".to_owned());
            };
            return Told::Accepted(Place {
                position,
                record_hash: answer.record_hash,
                events: answer
                    .events
                    .into_iter()
                    .map(|event| event.event_id)
                    .collect(),
            });
        }
        Err(error) if error.is_retryable() => return Told::Unknown,
        Err(error) => error,
    };
    let Some(answer) = error.answer() else {
        return Told::Odd(error.to_string());
    };
    let original = || answer.metadata.get("original_position")?.parse().ok();
    match answer.reason.as_str() {
        "AGREEMENT_EXISTS" => Told::Refused,
        "REQUEST_ID_REUSED" => {
            original().map_or_else(|| Told::Odd(error.to_string()), Told::Reused)
        }
        _ => Told::Odd(error.to_string()),
    }
}

/// Signs an agreement.
fn submission(ask: Ask) -> SubmitRequest {
    Signing {
        ledger_id: LEDGER,
        agreement: ask.agreement,
        request: ask.request,
        euros: if ask.variant == 0 { 1_000 } else { 2_000 },
    }
    .submission()
}
