//! Answers of the use cases as messages.

use perennial_app::submission::{Accepted, Place};
use perennial_domain::rule::{Breach, Override};
use perennial_wire::date::to_timestamp;
use perennial_wire::pb;

pub(super) fn accepted(accepted: Accepted) -> pb::ledger::SubmitResponse {
    let mut flags = Vec::new();
    let mut events = Vec::with_capacity(accepted.events.len());
    for (event_index, event) in (0..).zip(accepted.events) {
        flags.extend(event.flags.into_iter().map(|breach| {
            let mut overrides = event.overrides.iter();
            let overridden_by = overrides.find(|given| given.rule == breach.rule);
            flag(event_index, breach, overridden_by)
        }));
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

fn flag(event_index: u32, breach: Breach, overridden_by: Option<&Override>) -> pb::ledger::Flag {
    let figure = |figure: perennial_domain::rule::Figure| pb::ledger::Figure {
        name: figure.name,
        value: figure.value,
    };
    pb::ledger::Flag {
        event_index,
        rule: breach.rule.code().to_owned(),
        subject: breach.subject,
        figures: breach.figures.into_iter().map(figure).collect(),
        overridden_by: overridden_by.map(|given| pb::ledger::Override {
            rule: given.rule.code().to_owned(),
            reason: given.reason.clone(),
            approver: given.approver.clone().unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use perennial_app::submission::RecordedEvent;
    use perennial_domain::event::Stream;
    use perennial_domain::log::{EventId, Position, Revision};
    use perennial_domain::rule::Rule;

    use super::*;

    #[test]
    fn an_answer_says_which_flags_an_override_let_pass() {
        let breach = |rule| Breach::new(rule, "agreement/abcd", &[]);
        let event = RecordedEvent {
            event_id: EventId {
                position: Position(3),
                index: 0,
            },
            kind: "DisbursementMade",
            stream: Stream::Ledger,
            revision: Revision(1),
            flags: vec![breach(Rule::WithinCommitment), breach(Rule::NotAfterEnd)],
            overrides: vec![Override {
                rule: Rule::WithinCommitment,
                reason: "agreed".to_owned(),
                approver: None,
            }],
        };
        let answer = accepted(Accepted {
            place: None,
            events: vec![event],
            replayed: false,
        });
        let told: Vec<_> = answer
            .flags
            .iter()
            .map(|flag| (flag.rule.as_str(), flag.overridden_by.clone()))
            .collect();
        let given = pb::ledger::Override {
            rule: "R10".to_owned(),
            reason: "agreed".to_owned(),
            approver: String::new(),
        };
        assert_eq!(told, [("R10", Some(given)), ("R12", None)]);
    }
}
