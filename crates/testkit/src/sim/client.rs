//! The clients of a run: each sends its submissions one after the other, goes where it is sent, and retries the same
//! request id until it knows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use perennial_app::submission::{Place, Prepared, SubmitError};
use perennial_domain::command::Submission;
use perennial_domain::ids::RequestId;
use perennial_domain::log::Position;
use perennial_wire::stored::Actor;

use super::executor::{Moment, OUTSIDE};
use super::node::{Cluster, number};
use crate::history::words::{asked_of, disburse, eur, sign, terms};
use crate::random::Random;

/// What a client was told, as far as a checker needs to tell it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is recorded there.
    Accepted(Place),
    /// It is refused, and the refusal is recorded there.
    RefusalKept(Place),
    /// It is refused, and nothing is recorded.
    Refused,
    /// The request id belongs to another command, recorded there.
    Reused(Position),
    /// Nothing is recorded, and nothing will be by that attempt.
    NotRecorded,
    /// Nobody knows.
    Unknown,
}

/// One attempt at one submission.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) request_id: RequestId,
    pub(super) command_digest: [u8; 32],
    pub(super) begun: Moment,
    pub(super) ended: Moment,
    pub(super) told: Told,
}

/// How long a client waited for what it wanted to know of one submission, whatever it was told in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) client: u64,
    pub(super) begun: Moment,
    pub(super) ended: Moment,
}

/// What all clients did.
#[derive(Default)]
pub(super) struct Diary {
    pub(super) attempts: Vec<Attempt>,
    pub(super) waits: Vec<Wait>,
    /// Clients that still have something to do.
    pub(super) busy: usize,
}

pub(super) type SharedDiary = Arc<Mutex<Diary>>;

pub(super) fn open(diary: &SharedDiary) -> MutexGuard<'_, Diary> {
    diary.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One client.
pub(super) struct Client {
    cluster: Cluster,
    diary: SharedDiary,
    random: Random,
    name: u64,
    /// Where it asks next.
    node: usize,
    /// How long it rests at most between two submissions, in milliseconds.
    haste: u64,
    /// What it sent so far, to ask again.
    sent: Vec<Prepared>,
}

impl Client {
    /// Begins to send `submissions` submissions.
    pub(super) fn begin(
        cluster: &Cluster,
        diary: &SharedDiary,
        (name, submissions): (u64, u64),
        random: Random,
    ) {
        open(diary).busy += 1;
        let mut random = random;
        let mut client = Self {
            haste: *random.pick(&[10, 100, 600]),
            cluster: cluster.clone(),
            diary: Arc::clone(diary),
            random,
            name,
            node: 0,
            sent: Vec::new(),
        };
        let work = async move {
            for number in 0..submissions {
                client.one(number).await;
            }
            open(&client.diary).busy -= 1;
        };
        cluster.clockwork.spawn(OUTSIDE, Box::pin(work));
    }

    async fn one(&mut self, submission: u64) {
        self.pause(self.haste).await;
        if self.random.one_in(8) {
            self.elsewhere();
        }
        let old = if self.random.one_in(5) && !self.sent.is_empty() {
            Some(self.random.pick(&self.sent).clone())
        } else {
            None
        };
        let prepared = match old {
            // The same id for another command must never be taken for the same.
            Some(old) if self.random.one_in(3) => self.prepare(old.request_id),
            Some(old) => old,
            None => {
                let id = (u128::from(self.name) << 64) | u128::from(submission);
                let prepared = self.prepare(RequestId(id.to_be_bytes()));
                self.sent.push(prepared.clone());
                prepared
            }
        };
        let gives_up = self.random.one_in(4);
        let begun = self.cluster.clockwork.now();
        loop {
            let told = self.attempt(&prepared).await;
            let is_over = match told {
                None | Some(Told::Unknown) => false,
                Some(Told::NotRecorded) => gives_up,
                Some(_) => true,
            };
            if is_over {
                break;
            }
            self.pause(200).await;
        }
        open(&self.diary).waits.push(Wait {
            client: self.name,
            begun,
            ended: self.cluster.clockwork.now(),
        });
        while self.random.one_in(3) {
            // Whoever is asked again says the same, or that it does not know.
            self.elsewhere();
            self.attempt(&prepared).await;
        }
    }

    async fn pause(&mut self, most_ms: u64) {
        let pause = Duration::from_millis(self.random.between(0, most_ms));
        self.cluster.clockwork.sleep(pause).await;
    }

    fn prepare(&mut self, request_id: RequestId) -> Prepared {
        let agreement = format!("agreement-{}", self.random.between(1, 4));
        let (on, command) = if self.random.one_in(3) {
            sign("2024-01-01", terms(eur(100)))
        } else {
            let euros = self.random.between(1, 60);
            disburse("2024-06-30", eur(i128::from(euros)))
        };
        let actor = Actor {
            subject: format!("client-{}", self.name),
            peer: String::new(),
        };
        let submission = Submission {
            commands: vec![asked_of(&agreement, on, command)],
            expected: Vec::new(),
        };
        Prepared::new(request_id, actor, submission)
    }

    /// Sends once; nothing if the node is down.
    async fn attempt(&mut self, prepared: &Prepared) -> Option<Told> {
        let node = self.node;
        let clockwork = self.cluster.clockwork.clone();
        let Some((ledger, incarnation)) = self.cluster.ledger(node) else {
            self.elsewhere();
            return None;
        };
        let begun = clockwork.now();
        let answer = match ledger.try_enqueue(prepared.clone()) {
            Ok(pending) => {
                // A client holds no part of a server: the node may stop while it waits.
                drop(ledger);
                pending.answer().await
            }
            Err(error) => Err(error),
        };
        let told = match answer {
            Ok(accepted) => match accepted.place {
                Some(place) => Told::Accepted(place),
                None => Told::Unknown,
            },
            Err(error) => self.failed(&error, (node, incarnation)),
        };
        open(&self.diary).attempts.push(Attempt {
            request_id: prepared.request_id,
            command_digest: prepared.command_digest,
            begun,
            ended: clockwork.now(),
            told: told.clone(),
        });
        Some(told)
    }

    fn elsewhere(&mut self) {
        let nodes = u64::try_from(self.cluster.count()).unwrap_or(1);
        self.node = usize::try_from(self.random.below(nodes)).unwrap_or_default();
    }

    fn failed(&mut self, error: &SubmitError, (node, incarnation): (usize, u64)) -> Told {
        match error {
            SubmitError::Refused { kept: None, .. } => Told::Refused,
            SubmitError::Refused {
                kept: Some(place), ..
            } => Told::RefusalKept(*place),
            SubmitError::RequestIdReused { position } => Told::Reused(*position),
            SubmitError::NotLeader { leader } => {
                match number(&leader.node) {
                    Some(node) if !self.random.one_in(4) => self.node = node,
                    Some(_) | None => self.elsewhere(),
                }
                Told::NotRecorded
            }
            SubmitError::QueueFull { .. } => Told::NotRecorded,
            SubmitError::Unavailable { .. } => {
                self.elsewhere();
                Told::NotRecorded
            }
            SubmitError::OutcomeUnknown { reason } => {
                if reason == "the writer stopped before it answered"
                    && self.cluster.lives(node, incarnation)
                {
                    let problem = format!("node {node} dropped a submission without an answer");
                    self.cluster.seen().violations.push(problem);
                }
                if self.random.one_in(2) {
                    self.elsewhere();
                }
                Told::Unknown
            }
            SubmitError::RecordTooLarge { .. } | SubmitError::Damaged { .. } => {
                let problem = format!("node {node} answered: {error:?}");
                self.cluster.seen().violations.push(problem);
                Told::Unknown
            }
        }
    }
}
