//! All ledgers of a cluster for whoever only reads: found at the start, and as topics appear.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::{LedgerLogs, Reach, ReadableLedger};
use perennial_app::ports::log::{LogOffset, LogRead};
use perennial_domain::ids::LedgerId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cluster::KafkaCluster;
use crate::error::ClusterError;
use crate::link::Connection;

/// How often it is looked whether ledgers were created.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Brokers that answered are away once none of them answered for so long.
const AWAY_AFTER: Duration = Duration::from_secs(3);
/// A ledger that does not open is tried again after so many looks.
const LOOKS_BETWEEN_TRIES: u32 = 10;

/// The ledgers of a cluster.
///
/// A ledger appears once its topic holds an entry and is safe, and stays while brokers are away.
pub struct KafkaLogs {
    ledgers: watch::Sender<Arc<Vec<ReadableLedger>>>,
    reach: watch::Receiver<Reach>,
}

/// A ledger that does not open.
struct NotOpen {
    problem: String,
    looks_left: u32,
}

impl KafkaLogs {
    /// Reads the logs of `cluster` until `stop`. Must be called within a runtime.
    pub fn start(cluster: Arc<KafkaCluster>, stop: CancellationToken) -> Arc<Self> {
        let (ledgers, _) = watch::channel(Arc::new(Vec::new()));
        let (listed, is_listed) = watch::channel(false);
        let reach = follow_reach(cluster.connection(), is_listed);
        let logs = Arc::new(Self { ledgers, reach });
        let looking = Arc::clone(&logs);
        tokio::spawn(async move {
            tokio::select! {
                () = looking.look(&cluster, &listed) => {}
                () = stop.cancelled() => {}
            }
        });
        logs
    }

    async fn look(&self, cluster: &Arc<KafkaCluster>, listed: &watch::Sender<bool>) {
        let mut known = BTreeMap::new();
        let mut failed = BTreeMap::new();
        loop {
            let asked = Arc::clone(cluster);
            let looked = tokio::task::spawn_blocking(move || {
                let before = known.len();
                let result = look_once(&asked, &mut known, &mut failed);
                (before, result, known, failed)
            });
            // The runtime is shutting down, or a thread panicked and has said so.
            let Ok((before, result, all, open_later)) = looked.await else {
                return;
            };
            (known, failed) = (all, open_later);
            if before < known.len() {
                self.ledgers
                    .send_replace(Arc::new(known.values().cloned().collect()));
            }
            match result {
                Ok(()) => {
                    listed.send_replace(true);
                }
                // The link says what matters of it, once.
                Err(error) => tracing::debug!(%error, "the ledgers cannot be listed now"),
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

fn look_once(
    cluster: &Arc<KafkaCluster>,
    known: &mut BTreeMap<LedgerId, ReadableLedger>,
    failed: &mut BTreeMap<String, NotOpen>,
) -> Result<(), ClusterError> {
    for name in cluster.ledgers()? {
        let Ok(ledger_id) = LedgerId::parse(&name) else {
            continue;
        };
        if known.contains_key(&ledger_id) {
            continue;
        }
        if let Some(before) = failed.get_mut(&name)
            && 0 < before.looks_left
        {
            before.looks_left -= 1;
            continue;
        }
        match cluster.open(&name) {
            Ok(log) => {
                failed.remove(&name);
                // A ledger that is being created is none yet.
                if LogOffset(0) < *log.durable_end().borrow() {
                    let log = Arc::new(log) as Arc<dyn LogRead>;
                    known.insert(ledger_id.clone(), ReadableLedger { ledger_id, log });
                }
            }
            Err(error @ (ClusterError::Unreachable { .. } | ClusterError::Refused { .. })) => {
                return Err(error);
            }
            Err(error) => {
                let problem = error.to_string();
                let before = failed.get(&name).map(|before| before.problem.as_str());
                if before != Some(problem.as_str()) {
                    tracing::error!(ledger = %ledger_id, problem, "the ledger is not read; it is tried again");
                }
                let looks_left = LOOKS_BETWEEN_TRIES;
                failed.insert(
                    name,
                    NotOpen {
                        problem,
                        looks_left,
                    },
                );
            }
        }
    }
    Ok(())
}

impl LedgerLogs for KafkaLogs {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.ledgers.subscribe()
    }

    fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.clone()
    }
}

/// Tells how a cluster is reached, by its connection and whether its ledgers were `listed` and opened once. Must be
/// called within a runtime.
pub fn follow_reach(
    mut connection: watch::Receiver<Connection>,
    mut listed: watch::Receiver<bool>,
) -> watch::Receiver<Reach> {
    let (sender, reach) = watch::channel(Reach::Away);
    tokio::spawn(async move {
        loop {
            let is_listed = *listed.borrow_and_update();
            let next = match &*connection.borrow_and_update() {
                Connection::Up if is_listed => Reach::Reached,
                Connection::Refused(reason) => Reach::Refused(reason.clone()),
                Connection::Up | Connection::Connecting | Connection::Unreachable(_) => Reach::Away,
            };
            // One client of several may lose its broker and find it again: that is nothing to tell.
            let is_lost = next == Reach::Away && *sender.borrow() == Reach::Reached;
            if is_lost && back_within(&mut connection, AWAY_AFTER).await {
                continue;
            }
            sender.send_if_modified(|reach| {
                let changed = *reach != next;
                *reach = next;
                changed
            });
            tokio::select! {
                changed = connection.changed() => if changed.is_err() { return },
                changed = listed.changed() => if changed.is_err() { return },
                () = sender.closed() => return,
            }
        }
    });
    reach
}

/// Waits until the brokers answer again, or do not let us in; false if nothing of that comes in time.
async fn back_within(connection: &mut watch::Receiver<Connection>, within: Duration) -> bool {
    let is_back = |now: &Connection| match now {
        Connection::Up | Connection::Refused(_) => true,
        Connection::Connecting | Connection::Unreachable(_) => false,
    };
    let back = tokio::time::timeout(within, connection.wait_for(is_back)).await;
    matches!(back, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_cluster_is_reached_when_it_answers_and_its_ledgers_are_open() {
        let (connection, watched) = watch::channel(Connection::Connecting);
        let (listed, is_listed) = watch::channel(false);
        let mut reach = follow_reach(watched, is_listed);
        connection.send_replace(Connection::Up);
        tokio::task::yield_now().await;
        assert_eq!(*reach.borrow(), Reach::Away);
        listed.send_replace(true);
        reach
            .wait_for(|reach| *reach == Reach::Reached)
            .await
            .unwrap();
        connection.send_replace(Connection::Refused("wrong password".to_owned()));
        let refused = Reach::Refused("wrong password".to_owned());
        reach.wait_for(|reach| *reach == refused).await.unwrap();
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_cluster_that_answers_again_soon_was_never_away() {
        let (connection, watched) = watch::channel(Connection::Up);
        let (_listed, is_listed) = watch::channel(true);
        let mut reach = follow_reach(watched, is_listed);
        reach
            .wait_for(|reach| *reach == Reach::Reached)
            .await
            .unwrap();
        let lost = || Connection::Unreachable("1/1 brokers are down".to_owned());
        connection.send_replace(lost());
        tokio::time::sleep(Duration::from_millis(2_900)).await;
        assert_eq!(*reach.borrow(), Reach::Reached);
        connection.send_replace(Connection::Up);
        tokio::time::sleep(Duration::from_millis(1)).await;
        connection.send_replace(lost());
        tokio::time::sleep(Duration::from_millis(2_900)).await;
        assert_eq!(*reach.borrow(), Reach::Reached);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(*reach.borrow(), Reach::Away);
    }
}
