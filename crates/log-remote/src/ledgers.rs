use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::ledgers::{LedgerLogs, ReadableLedger};
use perennial_app::ports::log::LogRead;
use perennial_client::AddressError;
use perennial_domain::ids::LedgerId;
use perennial_wire::pb::admin::ListLedgersRequest;
use perennial_wire::pb::admin::ledger_admin_service_client::LedgerAdminServiceClient;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::Channel;

use crate::connect::{Backoff, channel};
use crate::log::RemoteLog;

/// How often it is looked whether ledgers were created.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Ledgers asked for at once.
const PAGE_LEDGERS: i32 = 1_000;

/// The ledgers of a ledgerd elsewhere.
///
/// A ledger appears once its log could be read for the first time, and stays while the ledgerd is away.
pub struct RemoteLogs {
    ledgers: watch::Sender<Arc<Vec<ReadableLedger>>>,
}

impl RemoteLogs {
    /// Reads the logs of the ledgerd at `address`, as in `127.0.0.1:7410`, until `stop`. Connects in the background
    /// and again whenever the connection is lost. Must be called within a runtime.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn start(address: &str, stop: CancellationToken) -> Result<Arc<Self>, AddressError> {
        let channel = channel(address)?;
        let (ledgers, _) = watch::channel(Arc::new(Vec::new()));
        let logs = Arc::new(Self { ledgers });
        let looking = Arc::clone(&logs);
        tokio::spawn(async move {
            let known = BTreeMap::new();
            tokio::select! {
                () = looking.look(channel, known, stop.clone()) => {}
                () = stop.cancelled() => {}
            }
        });
        Ok(logs)
    }

    async fn look(
        &self,
        channel: Channel,
        mut known: BTreeMap<LedgerId, ReadableLedger>,
        stop: CancellationToken,
    ) {
        let mut backoff = Backoff::new();
        let mut reachable = true;
        loop {
            match self.look_once(&channel, &mut known, &stop).await {
                Ok(()) => {
                    reachable = true;
                    backoff.reset();
                    tokio::time::sleep(LOOK_INTERVAL).await;
                }
                Err(status) => {
                    if reachable {
                        tracing::warn!(problem = %status.message(), "the ledgers cannot be listed; trying again");
                    }
                    reachable = false;
                    backoff.pause().await;
                }
            }
        }
    }

    async fn look_once(
        &self,
        channel: &Channel,
        known: &mut BTreeMap<LedgerId, ReadableLedger>,
        stop: &CancellationToken,
    ) -> Result<(), Status> {
        let listed = list(channel).await?;
        let before = known.len();
        for ledger_id in listed {
            if known.contains_key(&ledger_id) {
                continue;
            }
            let log = RemoteLog::open(channel.clone(), &ledger_id, stop.clone()).await?;
            let log = Arc::new(log) as Arc<dyn LogRead>;
            known.insert(ledger_id.clone(), ReadableLedger { ledger_id, log });
        }
        if before < known.len() {
            self.ledgers
                .send_replace(Arc::new(known.values().cloned().collect()));
        }
        Ok(())
    }
}

impl LedgerLogs for RemoteLogs {
    fn ledgers(&self) -> watch::Receiver<Arc<Vec<ReadableLedger>>> {
        self.ledgers.subscribe()
    }
}

/// The ledgers that are served, ascending.
async fn list(channel: &Channel) -> Result<Vec<LedgerId>, Status> {
    let mut client = LedgerAdminServiceClient::new(channel.clone());
    let mut ids = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListLedgersRequest {
            page_size: PAGE_LEDGERS,
            page_token,
        };
        let page = client.list_ledgers(request).await?.into_inner();
        let served = page
            .ledgers
            .iter()
            .filter(|ledger| ledger.problem.is_empty());
        ids.extend(served.filter_map(|ledger| LedgerId::parse(&ledger.ledger_id).ok()));
        if page.next_page_token.is_empty() {
            return Ok(ids);
        }
        page_token = page.next_page_token;
    }
}
