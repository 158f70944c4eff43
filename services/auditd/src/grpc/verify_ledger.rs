use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use perennial_app::ports::log::ReadError;
use perennial_app::records::{LedgerReadError, LedgerReader};
use perennial_domain::log::Position;
use perennial_wire::pb;
use perennial_wire::pb::audit::verify_ledger_response::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::{Handlers, error};
use crate::follower::Follower;

/// Progress, then one result.
pub(super) type Messages = Pin<Box<dyn futures_util::Stream<Item = Answer> + Send>>;

type Answer = Result<pb::audit::VerifyLedgerResponse, Status>;

/// How much of the log one read takes.
const READ_BYTES: usize = 1024 * 1024;

/// Reads the whole log again, from its first byte, and says how far the chain holds.
pub(super) fn verify_ledger(
    handlers: &Handlers,
    request: &pb::audit::VerifyLedgerRequest,
) -> Result<Response<Messages>, Status> {
    let follower = handlers.follower(&request.ledger_id)?;
    let to_position = request.to_position.map(Position);
    let (sender, messages) = mpsc::channel(8);
    tokio::task::spawn_blocking(move || {
        let result = verify(&follower, to_position, &sender);
        let answer = result.map(|result| pb::audit::VerifyLedgerResponse {
            message: Some(Message::Result(result)),
        });
        if sender.blocking_send(answer).is_err() {
            tracing::debug!("nobody waits for the verification any more");
        }
    });
    Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
}

fn verify(
    follower: &Arc<Follower>,
    to_position: Option<Position>,
    sender: &mpsc::Sender<Answer>,
) -> Result<pb::audit::VerifyResult, Status> {
    let ledger = follower.ledger();
    let total = follower
        .checked()
        .borrow()
        .head
        .map_or(0, |head| head.position.0.saturating_add(1));
    let opened = LedgerReader::from_start(&*ledger.log, ledger.ledger_id.as_str());
    let mut reader = opened.map_err(|failed| error::read_error(&failed, None))?;
    loop {
        let read = reader.read(READ_BYTES);
        let checked = reader.chain().next_position().0;
        match read {
            Ok(records) => {
                let enough = to_position.is_some_and(|to| to.0 < checked);
                if records.is_empty() || enough {
                    return Ok(sound(&reader, to_position, &records));
                }
            }
            // That a log cannot be read now says nothing about what it holds.
            Err(failed @ LedgerReadError::Log(ReadError::Unavailable { .. })) => {
                return Err(error::read_error(&failed, None));
            }
            Err(failed) => return Ok(broken(&reader, &failed)),
        }
        let progress = pb::audit::VerifyProgress {
            checked_records: checked,
            total_records: total.max(checked),
        };
        let message = pb::audit::VerifyLedgerResponse {
            message: Some(Message::Progress(progress)),
        };
        if sender.blocking_send(Ok(message)).is_err() {
            return Err(error::stopping());
        }
    }
}

fn sound(
    reader: &LedgerReader,
    to_position: Option<Position>,
    last_read: &[perennial_app::records::LedgerRecord],
) -> pb::audit::VerifyResult {
    let asked = to_position.and_then(|to| last_read.iter().find(|record| record.position == to));
    let chain = reader.chain();
    let (checked_records, head_hash) = match asked {
        Some(record) => (record.position.0.saturating_add(1), record.record_hash),
        None => (chain.next_position().0, chain.head_hash()),
    };
    pb::audit::VerifyResult {
        checked_records,
        head_hash: Bytes::copy_from_slice(head_hash.as_bytes()),
        dead_entries: chain.dead(),
        ..Default::default()
    }
}

fn broken(reader: &LedgerReader, failed: &LedgerReadError) -> pb::audit::VerifyResult {
    let chain = reader.chain();
    pb::audit::VerifyResult {
        checked_records: chain.next_position().0,
        head_hash: Bytes::copy_from_slice(chain.head_hash().as_bytes()),
        first_bad_position: Some(chain.next_position().0),
        problem: perennial_observe::error_chain(failed).to_string(),
        dead_entries: chain.dead(),
        ..Default::default()
    }
}
