//! What a person reads: a line for each round, and a table at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::check::{Attempt, Told};
use crate::faults::Round;

/// When somebody was first seen to lead in a term.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TermSeen {
    pub(crate) at: Duration,
    pub(crate) term: u64,
}

/// What happened in one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) acknowledged: usize,
    /// The longest time without any acknowledgement.
    pub(crate) stall: Duration,
    /// From the fault to the first acknowledgement of another term; none if there was no other term.
    pub(crate) take_over: Option<Duration>,
}

impl Outcome {
    /// Of a round from `struck`, when its fault came, to `end`.
    pub(crate) fn of(
        (struck, end): (Duration, Duration),
        attempts: &[Attempt],
        terms: &[TermSeen],
    ) -> Self {
        let before = attempts.partition_point(|attempt| attempt.ended < struck);
        let within: Vec<Duration> = attempts
            .iter()
            .skip(before)
            .take_while(|attempt| attempt.ended <= end)
            .filter(|attempt| matches!(attempt.told, Told::Accepted(_)))
            .map(|attempt| attempt.ended)
            .collect();
        let edges = [struck].into_iter().chain(within.iter().copied());
        let next = within.iter().copied().chain([end]);
        let stall = edges.zip(next).map(|(one, next)| next.saturating_sub(one));
        let other_term = terms
            .iter()
            .find(|seen| struck < seen.at && seen.at <= end)
            .map(|seen| seen.at);
        let first = other_term.and_then(|seen| within.iter().find(|ended| seen <= **ended));
        Self {
            acknowledged: within.len(),
            stall: stall.max().unwrap_or_default(),
            take_over: first.map(|first| first.saturating_sub(struck)),
        }
    }
}

/// The rounds so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<String, Vec<Outcome>>,
}

impl Table {
    pub(crate) fn add(&mut self, round: &Round, outcome: Outcome) {
        let name = match round.second {
            None => round.fault.to_string(),
            Some(_) => "two at once, node and broker".to_owned(),
        };
        self.rows.entry(name).or_default().push(outcome);
    }

    /// One line for each kind of fault, in columns.
    pub(crate) fn lines(&self) -> Vec<String> {
        let head = format!(
            "{:<32} {:>6} {:>12} {:>13} {:>15} {:>15}",
            "fault",
            "rounds",
            "acknowledged",
            "longest stall",
            "take-over, half",
            "take-over, most"
        );
        let rows = self.rows.iter().map(|(name, outcomes)| {
            let acknowledged: usize = outcomes.iter().map(|one| one.acknowledged).sum();
            let stall = outcomes.iter().map(|one| one.stall).max();
            let mut times: Vec<Duration> =
                outcomes.iter().filter_map(|one| one.take_over).collect();
            times.sort_unstable();
            let half = times.get(times.len().saturating_sub(1) / 2).copied();
            format!(
                "{name:<32} {:>6} {acknowledged:>12} {:>13} {:>15} {:>15}",
                outcomes.len(),
                shown(stall),
                shown(half),
                shown(times.last().copied())
            )
        });
        [head].into_iter().chain(rows).collect()
    }
}

/// A time in milliseconds, or a dash.
pub(crate) fn shown(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{} ms", time.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Place;

    #[test]
    fn a_round_knows_its_longest_stall_and_when_another_term_answered() {
        let ms = Duration::from_millis;
        let accepted = |ended| Attempt {
            request_id: String::new(),
            variant: 0,
            begun: Duration::ZERO,
            ended: ms(ended),
            told: Told::Accepted(Place {
                position: 1,
                record_hash: Vec::new(),
                events: Vec::new(),
            }),
        };
        let attempts: Vec<Attempt> = [90, 110, 1_300, 1_400, 2_100]
            .into_iter()
            .map(accepted)
            .collect();
        let seen = |at, term| TermSeen { at: ms(at), term };
        let terms = [seen(10, 1), seen(1_350, 2)];
        assert_eq!(
            Outcome::of((ms(100), ms(2_000)), &attempts, &terms),
            Outcome {
                acknowledged: 3,
                stall: ms(1_190),
                take_over: Some(ms(1_300)),
            }
        );
        assert_eq!(
            Outcome::of((ms(1_350), ms(2_000)), &attempts, &terms),
            Outcome {
                acknowledged: 1,
                stall: ms(600),
                take_over: None,
            }
        );
    }
}
