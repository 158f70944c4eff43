//! Asking other nodes whether they lead, at the addresses that their claims name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use perennial_app::ports::liveness::{Liveness, Pulse, PulseAnswer};
use perennial_app::seat::status::Leader;
use perennial_domain::ids::LedgerId;
use perennial_proof::Term;
use perennial_wire::pb::ledger::GetHeadRequest;
use perennial_wire::pb::ledger::ledger_service_client::LedgerServiceClient;
use tokio::runtime::Handle;
use tonic::Request;
use tonic::transport::Channel;

/// Connections to so many nodes are kept; beyond it they are made again.
const PEERS_MAX: usize = 64;
/// What a node on the same network takes at most to answer. Who asks waits less.
const ANSWERED_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

/// The other nodes: one connection to each, shared by all ledgers, made again when it is lost.
pub(crate) struct Peers {
    /// Where connections live: seats have threads of their own.
    runtime: Handle,
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl Peers {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            channels: Mutex::default(),
        }
    }

    fn channel(&self, address: &str) -> Option<Channel> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(address) {
            return Some(channel.clone());
        }
        let endpoint = perennial_client::connection::endpoint(address).ok()?;
        let _entered = self.runtime.enter();
        let channel = endpoint.connect_lazy();
        if PEERS_MAX <= channels.len() {
            channels.clear();
        }
        channels.insert(address.to_owned(), channel.clone());
        Some(channel)
    }
}

impl Liveness for Peers {
    fn pulse(&self, ledger_id: &LedgerId, leader: &Leader) -> PulseAnswer {
        let Some(channel) = self.channel(&leader.address) else {
            return Box::pin(std::future::ready(Pulse::Silent));
        };
        let ledger_id = ledger_id.to_string();
        let asking = self.runtime.spawn(async move {
            let mut request = Request::new(GetHeadRequest { ledger_id });
            request.set_timeout(ANSWERED_WITHIN);
            match LedgerServiceClient::new(channel).get_head(request).await {
                Ok(head) if head.get_ref().leads => Pulse::Leads(Term(head.get_ref().term)),
                // It is there; whatever it says of the ledger, it does not lead it.
                Ok(_) => Pulse::Follows,
                Err(_) => Pulse::Silent,
            }
        });
        // Without an answer the runtime is shutting down.
        Box::pin(async move { asking.await.unwrap_or(Pulse::Silent) })
    }
}
