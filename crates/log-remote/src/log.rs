use std::sync::Arc;

use perennial_app::ports::log::{LogOffset, LogRead, LogTail, ReadError};
use perennial_domain::ids::LedgerId;
use perennial_wire::pb::logstream::TailRequest;
use perennial_wire::pb::logstream::log_stream_service_client::LogStreamServiceClient;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::Channel;

use crate::tail::RemoteTail;

/// The most bytes of one message: 4 MiB of entries, or one entry, and what is around them.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The log of one ledger elsewhere.
pub(crate) struct RemoteLog {
    pub(crate) source: Source,
    runtime: tokio::runtime::Handle,
}

/// Where entries come from. Clones share one connection.
#[derive(Clone)]
pub(crate) struct Source {
    channel: Channel,
    pub(crate) ledger_id: LedgerId,
    pub(crate) durable_end: Arc<watch::Sender<LogOffset>>,
    pub(crate) stop: CancellationToken,
}

impl RemoteLog {
    /// Asks once where the log ends: a reader that knows no end could not tell a short log from an unknown one.
    pub(crate) async fn open(
        channel: Channel,
        ledger_id: &LedgerId,
        stop: CancellationToken,
    ) -> Result<Self, Status> {
        let (durable_end, _) = watch::channel(LogOffset(0));
        let source = Source {
            channel,
            ledger_id: ledger_id.clone(),
            durable_end: Arc::new(durable_end),
            stop,
        };
        let mut first = source.stream(LogOffset(0), false).await?;
        if let Some(message) = first.message().await? {
            source.reaches(LogOffset(message.durable_end));
        }
        Ok(Self {
            source,
            runtime: tokio::runtime::Handle::current(),
        })
    }
}

impl Source {
    pub(crate) async fn stream(
        &self,
        from: LogOffset,
        follow: bool,
    ) -> Result<tonic::Streaming<perennial_wire::pb::logstream::TailResponse>, Status> {
        let mut client = LogStreamServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let request = TailRequest {
            ledger_id: self.ledger_id.to_string(),
            from_offset: from.0,
            follow,
        };
        Ok(client.tail(request).await?.into_inner())
    }

    /// Takes notice of a durable end; it never moves back.
    pub(crate) fn reaches(&self, end: LogOffset) {
        self.durable_end.send_if_modified(|known| {
            let further = *known < end;
            *known = end.max(*known);
            further
        });
    }
}

impl LogRead for RemoteLog {
    fn tail(&self, from: LogOffset) -> Result<Box<dyn LogTail>, ReadError> {
        Ok(Box::new(RemoteTail::open(
            self.source.clone(),
            from,
            &self.runtime,
        )))
    }

    fn durable_end(&self) -> watch::Receiver<LogOffset> {
        self.source.durable_end.subscribe()
    }
}
