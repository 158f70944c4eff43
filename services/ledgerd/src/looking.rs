//! Finding the ledgers of a Kafka cluster: those that there are at the start, and those that other nodes create.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use perennial_domain::ids::LedgerId;
use perennial_log_kafka::KafkaCluster;
use tokio::sync::watch;

use crate::ledgers::{Ledgers, NotServed, Slot};

/// How often it is looked whether ledgers were created.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A ledger that is not served is tried again after so many looks.
const LOOKS_BETWEEN_TRIES: u32 = 10;
/// So many ledgers are opened at once: most of it is waiting for brokers.
const OPENED_AT_ONCE: usize = 8;

impl Ledgers {
    /// Looks for ledgers until the node stops; tells `listed` once those of the first look are open.
    pub(crate) async fn look(
        self: Arc<Self>,
        cluster: Arc<KafkaCluster>,
        listed: watch::Sender<bool>,
    ) {
        let stop = self.stop().clone();
        let looking = async {
            let mut tried = BTreeMap::new();
            loop {
                self.look_once(&cluster, &listed, &mut tried).await;
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = stop.cancelled() => {}
        }
    }

    async fn look_once(
        self: &Arc<Self>,
        cluster: &Arc<KafkaCluster>,
        listed: &watch::Sender<bool>,
        tried: &mut BTreeMap<LedgerId, u32>,
    ) {
        let asked = Arc::clone(cluster);
        let names = match tokio::task::spawn_blocking(move || asked.ledgers()).await {
            Ok(Ok(names)) => names,
            Ok(Err(error)) => {
                // The connection says what matters of it, once.
                tracing::debug!(%error, "the ledgers cannot be listed now");
                return;
            }
            // The runtime is shutting down.
            Err(_) => return,
        };
        let ids = names.iter().filter_map(|name| LedgerId::parse(name).ok());
        let due: Vec<LedgerId> = ids.filter(|id| self.is_due(id, tried)).collect();
        futures_util::stream::iter(due)
            .for_each_concurrent(OPENED_AT_ONCE, |ledger_id| self.open(ledger_id))
            .await;
        listed.send_replace(true);
    }

    /// Whether a ledger should be opened now.
    fn is_due(&self, ledger_id: &LedgerId, tried: &mut BTreeMap<LedgerId, u32>) -> bool {
        match self.slot(ledger_id) {
            // An operator has to look first.
            Some(Slot::Open(..) | Slot::Refused(NotServed { damaged: true, .. })) => return false,
            // New, or another node is about to write its first record.
            None => return true,
            Some(Slot::Refused(NotServed { damaged: false, .. })) => {}
        }
        match tried.get_mut(ledger_id) {
            Some(looks_left) if 0 < *looks_left => {
                *looks_left -= 1;
                false
            }
            Some(_) | None => {
                tried.insert(ledger_id.clone(), LOOKS_BETWEEN_TRIES);
                true
            }
        }
    }
}
