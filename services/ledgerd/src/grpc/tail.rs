use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use perennial_app::ports::log::{LogOffset, LogRead, LogTail};
use perennial_wire::pb;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{Handlers, error};

/// Durable entries as stored, in order.
pub(super) type Entries = Pin<Box<dyn futures_util::Stream<Item = Answer> + Send>>;

type Answer = Result<pb::logstream::TailResponse, Status>;

/// How much of the log one message carries, about.
const MESSAGE_BYTES: usize = 256 * 1024;
/// How often a reader at the end hears that the log lives: proxies cut streams that are quiet.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// Messages that may wait for a slow reader.
const MESSAGES_MAX: usize = 8;

/// Serves durable entries, claims included, to other Perennial processes.
pub(super) fn tail(
    handlers: &Handlers,
    request: &Request<pb::logstream::TailRequest>,
) -> Result<Response<Entries>, Status> {
    let request = request.get_ref();
    let (ledger, _) = handlers.open_ledger(&request.ledger_id)?;
    let log = ledger.log();
    let tail = log
        .tail(LogOffset(request.from_offset))
        .map_err(|failed| error::read_error(&failed))?;
    let (sender, entries) = mpsc::channel(MESSAGES_MAX);
    let pumping = pump(log, tail, request.follow, sender, handlers.stop.clone());
    let open = handlers.streams.open();
    tokio::spawn(async move {
        pumping.await;
        drop(open);
    });
    Ok(Response::new(Box::pin(ReceiverStream::new(entries))))
}

async fn pump(
    log: Arc<dyn LogRead>,
    mut tail: Box<dyn LogTail>,
    follow: bool,
    sender: mpsc::Sender<Answer>,
    stop: CancellationToken,
) {
    let mut end = log.durable_end();
    drop(log);
    loop {
        let durable_end = end.borrow_and_update().0;
        let read = tokio::task::spawn_blocking(move || {
            let read = tail.read(MESSAGE_BYTES);
            (tail, read)
        });
        let Ok((returned, read)) = read.await else {
            return;
        };
        tail = returned;
        let answer = match read {
            Ok(entries) if entries.is_empty() => {
                if !follow || !more(&mut end, &stop, &sender, durable_end).await {
                    return;
                }
                continue;
            }
            Ok(entries) => Ok(message(entries, durable_end)),
            Err(failed) => Err(error::read_error(&failed)),
        };
        let ended = answer.is_err();
        if sender.send(answer).await.is_err() || ended {
            return;
        }
    }
}

/// Tells the reader that it has everything, now and every [`SIGN_OF_LIFE`], until there is more of the log; false
/// if there is nobody to read it or nothing more to come.
async fn more(
    end: &mut watch::Receiver<LogOffset>,
    stop: &CancellationToken,
    sender: &mpsc::Sender<Answer>,
    durable_end: u64,
) -> bool {
    loop {
        if sender
            .send(Ok(message(Vec::new(), durable_end)))
            .await
            .is_err()
        {
            return false;
        }
        tokio::select! {
            changed = end.changed() => return changed.is_ok(),
            () = sender.closed() => return false,
            () = stop.cancelled() => {
                // A reader that has left needs no farewell.
                drop(sender.send(Err(error::stopping())).await);
                return false;
            }
            () = tokio::time::sleep(SIGN_OF_LIFE) => {}
        }
    }
}

fn message(
    entries: Vec<perennial_app::ports::log::TailEntry>,
    durable_end: u64,
) -> pb::logstream::TailResponse {
    let entry = |entry: perennial_app::ports::log::TailEntry| pb::logstream::TailEntry {
        offset: entry.offset.0,
        next_offset: entry.next_offset.0,
        entry: entry.entry.0.into(),
    };
    pb::logstream::TailResponse {
        entries: entries.into_iter().map(entry).collect(),
        durable_end,
    }
}
