//! Answers of the use cases as messages.

use perennial_app::submission::{Accepted, Place};
use perennial_domain::rule::Breach;
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;

pub(super) fn accepted(accepted: Accepted) -> pb::ledger::SubmitResponse {
    let mut flags = Vec::new();
    let mut events = Vec::with_capacity(accepted.events.len());
    for (event_index, event) in (0..).zip(accepted.events) {
        flags.extend(
            event
                .flags
                .into_iter()
                .map(|breach| flag(event_index, breach)),
        );
        events.push(pb::ledger::AppendedEvent {
            event_id: event.event_id.to_string(),
            kind: event.kind.to_owned(),
            stream: event.stream.to_string(),
            revision: event.revision.0,
        });
    }
    let place = accepted.place;
    pb::ledger::SubmitResponse {
        position: place.map(|place| place.position.0),
        recorded_at: place.map(|place| to_timestamp(place.recorded_at)),
        record_hash: place.map(hash_bytes).unwrap_or_default(),
        events,
        flags,
        replayed: accepted.replayed,
    }
}

pub(super) fn hash_bytes(place: Place) -> Vec<u8> {
    place.record_hash.as_bytes().to_vec()
}

fn flag(event_index: u32, breach: Breach) -> pb::ledger::Flag {
    let figure = |figure: perennial_domain::rule::Figure| pb::ledger::Figure {
        name: figure.name,
        value: figure.value,
    };
    pb::ledger::Flag {
        event_index,
        rule: breach.rule.code().to_owned(),
        subject: breach.subject,
        figures: breach.figures.into_iter().map(figure).collect(),
    }
}
