//! What is done to whom, drawn from the seed.

use std::fmt;
use std::time::Duration;

use perennial_testkit::random::Random;

/// Whom a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whom {
    /// The node that leads the ledger.
    Leader,
    /// One of the nodes that follow.
    Standby,
    /// All nodes that follow.
    Standbys,
    /// The broker that leads the topic's partition.
    PartitionLeader,
    /// Both other brokers: too few are in sync then.
    Followers,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// SIGKILL, and later a start on the same data.
    Kill,
    /// SIGSTOP, and later SIGCONT.
    Hold,
    /// SIGTERM, and a start at once.
    Restart,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    pub(crate) whom: Whom,
    pub(crate) how: How,
}

impl Whom {
    const ALL: [Self; 5] = [
        Self::Leader,
        Self::Standby,
        Self::Standbys,
        Self::PartitionLeader,
        Self::Followers,
    ];

    pub(crate) fn is_broker(self) -> bool {
        matches!(self, Self::PartitionLeader | Self::Followers)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Kill => "kill",
            How::Hold => "stop",
            How::Restart => "restart",
        };
        let whom = match self.whom {
            Whom::Leader => "the leading node",
            Whom::Standby => "a standby",
            Whom::Standbys => "all standbys",
            Whom::PartitionLeader => "the partition's leader",
            Whom::Followers => "both follower brokers",
        };
        write!(f, "{how} {whom}")
    }
}

/// The faults of one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) fault: Fault,
    /// One round in four has a second one on the other side, nodes or brokers, so long after the first.
    pub(crate) second: Option<(Fault, Duration)>,
    /// How long it stays so, before everything is brought back; nothing where all is started again at once.
    pub(crate) lasts: Duration,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)?;
        if let Some((second, after)) = &self.second {
            write!(f, ", after {} ms {second}", after.as_millis())?;
        }
        write!(f, ", for {} ms", self.lasts.as_millis())
    }
}

/// Deals faults: every one comes once before any comes again.
#[derive(Debug)]
pub(crate) struct Deck {
    random: Random,
    left: Vec<Fault>,
}

impl Deck {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            random,
            left: Vec::new(),
        }
    }

    pub(crate) fn round(&mut self) -> Round {
        let fault = self.fault();
        let second = self.random.one_in(4).then(|| {
            let others: Vec<Fault> = all()
                .filter(|other| other.whom.is_broker() != fault.whom.is_broker())
                .collect();
            let after = Duration::from_millis(self.random.between(0, 2_000));
            (*self.random.pick(&others), after)
        });
        let is_over_at_once = second
            .iter()
            .map(|(second, _)| second.how)
            .chain([fault.how])
            .all(|how| how == How::Restart);
        let lasts = if is_over_at_once {
            Duration::ZERO
        } else if self.random.one_in(8) {
            // Longer than a caller waits (10 s).
            Duration::from_millis(self.random.between(11_000, 20_000))
        } else {
            Duration::from_millis(self.random.between(200, 8_000))
        };
        Round {
            fault,
            second,
            lasts,
        }
    }

    fn fault(&mut self) -> Fault {
        if self.left.is_empty() {
            self.left = all().collect();
        }
        let count = u64::try_from(self.left.len()).unwrap_or(1);
        let at = usize::try_from(self.random.below(count)).unwrap_or_default();
        self.left.swap_remove(at)
    }
}

fn all() -> impl Iterator<Item = Fault> {
    let hows = [How::Kill, How::Hold, How::Restart];
    let each = move |whom| hows.into_iter().map(move |how| Fault { whom, how });
    Whom::ALL.into_iter().flat_map(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_comes_once_before_any_comes_again() {
        let mut deck = Deck::new(Random::seeded(7));
        let mut dealt: Vec<Fault> = (0..15).map(|_| deck.round().fault).collect();
        dealt.sort_unstable();
        assert_eq!(dealt, all().collect::<Vec<_>>());
    }

    #[test]
    fn one_seed_deals_the_same_rounds_again_and_another_seed_others() {
        let rounds = |seed| {
            let mut deck = Deck::new(Random::seeded(seed));
            (0..20).map(|_| deck.round()).collect::<Vec<_>>()
        };
        assert_eq!(rounds(7), rounds(7));
        assert_ne!(rounds(7), rounds(8));
    }
}
