//! What must hold when the storm is over. It knows answers and histories alone, so that its own tests can plant what it
//! has to find.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is recorded there, with these events.
    Accepted(Place),
    /// It is refused, and nothing is recorded.
    Refused,
    /// The request id belongs to another submission, recorded at this position.
    Reused(u64),
    /// Nobody knows, or nothing is recorded yet: to be asked again.
    Unknown,
    /// Something that no client may be told here.
    Odd(String),
}

/// Where a submission stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) record_hash: Vec<u8>,
    /// In order.
    pub(crate) events: Vec<String>,
}

/// One submission that was asked once, and the answer.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) request_id: String,
    /// Tells submissions apart that were made under one request id.
    pub(crate) variant: u64,
    /// Since the run began.
    pub(crate) begun: Duration,
    /// Since the run began.
    pub(crate) ended: Duration,
    pub(crate) told: Told,
}

/// One record of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) request_id: String,
    pub(crate) place: Place,
}

/// What one node tells when everything is back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica {
    pub(crate) node: String,
    /// In order.
    pub(crate) history: Vec<Recorded>,
    pub(crate) head_position: u64,
    pub(crate) head_hash: Vec<u8>,
    /// Of the views at the head.
    pub(crate) digest: Vec<u8>,
}

/// Compares what clients were told with what the nodes tell. Returns what is wrong, a sentence each.
pub(crate) fn check(attempts: &[Attempt], replicas: &[Replica]) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(first) = replicas.first() else {
        return vec!["no node tells a history".to_owned()];
    };
    for replica in replicas {
        check_history(replica, &mut wrong);
        check_equal(first, replica, &mut wrong);
    }
    let mut recorded: BTreeMap<&str, &Place> = BTreeMap::new();
    for Recorded { request_id, place } in &first.history {
        if let Some(other) = recorded.insert(request_id, place) {
            let (first, second) = (other.position, place.position);
            wrong.push(format!(
                "request {request_id} stands at positions {first} and {second} (INV-5)"
            ));
        }
    }
    let mut asked: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        let of_request = asked.entry(&attempt.request_id);
        of_request.or_default().push(attempt);
    }
    for (request_id, attempts) in &asked {
        let place = recorded.get(request_id).copied();
        let answers = Answers {
            request_id,
            attempts,
            place,
        };
        answers.check(&mut wrong);
    }
    // The first record is the ledger's own.
    for Recorded { request_id, place } in first.history.iter().skip(1) {
        if !asked.contains_key(request_id.as_str()) {
            let position = place.position;
            wrong.push(format!(
                "position {position} holds request {request_id}, which nobody made"
            ));
        }
    }
    wrong
}

/// Positions are gapless, and the head is the last of them.
fn check_history(replica: &Replica, wrong: &mut Vec<String>) {
    let node = &replica.node;
    for (expected, record) in (0..).zip(&replica.history) {
        let position = record.place.position;
        if position != expected {
            wrong.push(format!(
                "node {node} has position {position} where {expected} belongs (INV-9)"
            ));
            break;
        }
    }
    let last = replica.history.last().map(|record| &record.place);
    let is_head = last.is_some_and(|last| {
        last.position == replica.head_position && last.record_hash == replica.head_hash
    });
    if !is_head {
        let (last, head) = (last.map(|last| last.position), replica.head_position);
        wrong.push(format!(
            "node {node} says that position {head} is the head; its history ends with {last:?}"
        ));
    }
}

/// Every node has one history and one state.
fn check_equal(one: &Replica, other: &Replica, wrong: &mut Vec<String>) {
    let nodes = format!("nodes {} and {}", one.node, other.node);
    let mut pairs = one.history.iter().zip(&other.history);
    if let Some((here, _)) = pairs.find(|(here, there)| here != there) {
        let position = here.place.position;
        wrong.push(format!("{nodes} differ at position {position} (INV-11)"));
    } else if one.history.len() != other.history.len() {
        let (here, there) = (one.history.len(), other.history.len());
        wrong.push(format!(
            "{nodes} have {here} and {there} records when all are back (INV-11)"
        ));
    }
    if one.head_hash != other.head_hash {
        wrong.push(format!("{nodes} have different head hashes (INV-11)"));
    }
    if one.digest != other.digest {
        wrong.push(format!(
            "{nodes} have different digests at one position (INV-6)"
        ));
    }
}

/// Everything that was told about one request id, and where it stands.
struct Answers<'a> {
    request_id: &'a str,
    attempts: &'a [&'a Attempt],
    place: Option<&'a Place>,
}

impl Answers<'_> {
    fn check(&self, wrong: &mut Vec<String>) {
        let id = self.request_id;
        for attempt in self.attempts {
            if let Err(problem) = self.is_true(attempt) {
                let at = attempt.ended.as_secs_f64();
                wrong.push(format!(
                    "request {id} was told {:?} at {at:.3} s: {problem}",
                    attempt.told
                ));
            }
        }
        let mut variants: BTreeMap<u64, Option<&Attempt>> = BTreeMap::new();
        for attempt in self.attempts {
            let settled = variants.entry(attempt.variant).or_default();
            if matches!(attempt.told, Told::Unknown | Told::Odd(_)) {
                continue;
            }
            match settled {
                None => *settled = Some(attempt),
                Some(before) if before.told == attempt.told => {}
                Some(before) => wrong.push(format!(
                    "request {id} was told {:?} at {:.3} s and {:?} at {:.3} s (INV-5)",
                    before.told,
                    before.ended.as_secs_f64(),
                    attempt.told,
                    attempt.ended.as_secs_f64()
                )),
            }
        }
        for (variant, settled) in &variants {
            if settled.is_none() {
                wrong.push(format!(
                    "request {id} was never answered (submission {variant})"
                ));
            }
        }
        let told = variants.values().flatten();
        let accepted = told
            .filter(|attempt| matches!(attempt.told, Told::Accepted(_)))
            .count();
        match (self.place, accepted) {
            // Who was told of a record that is not there is named above.
            (Some(_), 1) | (None, _) => {}
            (Some(place), 0) => wrong.push(format!(
                "request {id} stands at position {}, and nobody was told so (INV-4)",
                place.position
            )),
            (Some(_), several) => wrong.push(format!(
                "request {id} was accepted for {several} submissions (INV-5)"
            )),
        }
    }

    /// What was told stands in the history.
    fn is_true(&self, attempt: &Attempt) -> Result<(), &'static str> {
        match (&attempt.told, self.place) {
            (Told::Accepted(told), Some(place)) if told == place => Ok(()),
            (Told::Accepted(_), Some(_)) => {
                Err("it stands elsewhere, or as something else (INV-4)")
            }
            (Told::Accepted(_), None) => Err("it is not in the history: lost (INV-4)"),
            (Told::Reused(position), Some(place)) if *position == place.position => Ok(()),
            (Told::Reused(_), _) => Err("that is not where the request stands (INV-5)"),
            (Told::Odd(_), _) => Err("no client may be told that here"),
            (Told::Refused | Told::Unknown, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(position: u64) -> Place {
        Place {
            position,
            record_hash: vec![u8::try_from(position).unwrap(); 32],
            events: vec![format!("{position}-0")],
        }
    }

    fn attempt(request_id: &str, told: Told) -> Attempt {
        Attempt {
            request_id: request_id.to_owned(),
            variant: 0,
            begun: Duration::from_millis(1),
            ended: Duration::from_millis(1_500),
            told,
        }
    }

    fn replica(node: &str) -> Replica {
        let records = ["the ledger", "a", "b"].into_iter().zip(0..);
        let history: Vec<Recorded> = records
            .map(|(request_id, position)| Recorded {
                request_id: request_id.to_owned(),
                place: place(position),
            })
            .collect();
        Replica {
            node: node.to_owned(),
            history,
            head_position: 2,
            head_hash: vec![2; 32],
            digest: vec![7; 32],
        }
    }

    /// Two requests were accepted, one of them asked again, and one was refused.
    fn good() -> (Vec<Attempt>, [Replica; 2]) {
        let attempts = vec![
            attempt("a", Told::Unknown),
            attempt("a", Told::Accepted(place(1))),
            attempt("b", Told::Accepted(place(2))),
            attempt("b", Told::Accepted(place(2))),
            attempt("c", Told::Refused),
        ];
        (attempts, [replica("one"), replica("two")])
    }

    fn found(change: impl FnOnce(&mut Vec<Attempt>, &mut [Replica; 2])) -> Vec<String> {
        let (mut attempts, mut replicas) = good();
        change(&mut attempts, &mut replicas);
        check(&attempts, &replicas)
    }

    #[test]
    fn nothing_is_wrong_with_one_history_and_true_answers() {
        assert_eq!(found(|_, _| {}), Vec::<String>::new());
    }

    #[test]
    fn inv_4_an_acknowledged_submission_that_no_replica_has_is_found() {
        let wrong = found(|_, replicas| {
            for replica in replicas {
                replica.history.pop();
                replica.head_position = 1;
                replica.head_hash = vec![1; 32];
            }
        });
        assert_eq!(wrong.len(), 2, "each of both answers: {wrong:#?}");
        assert!(
            wrong[0].starts_with("request b was told Accepted"),
            "{wrong:#?}"
        );
        assert!(wrong[0].ends_with("lost (INV-4)"), "{wrong:#?}");
    }

    #[test]
    fn inv_4_events_and_hashes_other_than_answered_are_found() {
        for change in [
            |place: &mut Place| place.events = vec!["1-1".to_owned()],
            |place: &mut Place| place.record_hash = vec![9; 32],
        ] {
            let wrong = found(|_, replicas| {
                for replica in replicas {
                    change(&mut replica.history[1].place);
                }
            });
            assert_eq!(wrong.len(), 1, "{wrong:#?}");
            assert!(wrong[0].contains("stands elsewhere"), "{wrong:#?}");
        }
    }

    #[test]
    fn inv_5_two_different_answers_for_one_request_are_found() {
        let wrong = found(|attempts, _| attempts.push(attempt("a", Told::Accepted(place(2)))));
        assert_eq!(wrong.len(), 2, "{wrong:#?}");
        assert!(wrong[1].starts_with("request a was told"), "{wrong:#?}");
        assert!(wrong[1].ends_with("(INV-5)"), "{wrong:#?}");
        let wrong = found(|attempts, _| attempts.push(attempt("a", Told::Refused)));
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
        assert!(
            wrong[0].contains("Refused at 1.500 s (INV-5)"),
            "{wrong:#?}"
        );
    }

    #[test]
    fn inv_5_a_request_that_stands_twice_is_found() {
        let wrong = found(|attempts, replicas| {
            attempts.retain(|attempt| attempt.request_id != "b");
            for replica in replicas {
                replica.history[2].request_id = "a".to_owned();
            }
        });
        assert_eq!(wrong[0], "request a stands at positions 1 and 2 (INV-5)");
    }

    #[test]
    fn inv_5_a_request_id_is_taken_by_one_submission_only() {
        let reused = |position| Attempt {
            variant: 1,
            ..attempt("a", Told::Reused(position))
        };
        let wrong = found(|attempts, _| attempts.push(reused(1)));
        assert_eq!(wrong, Vec::<String>::new());
        let wrong = found(|attempts, _| attempts.push(reused(2)));
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
        let wrong = found(|attempts, _| {
            attempts.push(Attempt {
                told: Told::Accepted(place(1)),
                ..reused(1)
            });
        });
        assert_eq!(wrong, ["request a was accepted for 2 submissions (INV-5)"]);
    }

    #[test]
    fn inv_6_a_replica_with_another_digest_is_found() {
        let wrong = found(|_, replicas| replicas[1].digest[0] = 8);
        assert_eq!(
            wrong,
            ["nodes one and two have different digests at one position (INV-6)"]
        );
    }

    #[test]
    fn inv_11_a_replica_with_another_record_or_fewer_is_found() {
        let wrong = found(|_, replicas| replicas[1].history[1].place.record_hash = vec![9; 32]);
        assert_eq!(wrong, ["nodes one and two differ at position 1 (INV-11)"]);
        let wrong = found(|_, replicas| {
            replicas[1].history.pop();
        });
        assert_eq!(wrong.len(), 2, "{wrong:#?}");
        assert!(
            wrong[0].contains("its history ends with Some(1)"),
            "{wrong:#?}"
        );
        assert!(wrong[1].contains("have 3 and 2 records"), "{wrong:#?}");
    }

    #[test]
    fn a_request_without_an_answer_and_a_record_that_nobody_was_told_of_are_found() {
        let wrong = found(|attempts, _| {
            attempts.remove(1);
        });
        assert_eq!(
            wrong,
            [
                "request a was never answered (submission 0)",
                "request a stands at position 1, and nobody was told so (INV-4)"
            ]
        );
        let wrong = found(|attempts, _| attempts.drain(..2).for_each(drop));
        assert_eq!(wrong, ["position 1 holds request a, which nobody made"]);
    }

    #[test]
    fn an_answer_that_nobody_may_get_and_a_gap_are_found() {
        let wrong = found(|attempts, _| {
            attempts.push(attempt("a", Told::Odd("INTERNAL".to_owned())));
        });
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
        let wrong = found(|attempts, replicas| {
            attempts.retain(|attempt| attempt.request_id != "a");
            for replica in replicas {
                replica.history.remove(1);
            }
        });
        assert_eq!(wrong[0], "node one has position 2 where 1 belongs (INV-9)");
    }
}
