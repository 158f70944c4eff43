//! Whether the brokers can be reached, as all clients of a cluster find out.

use std::sync::Arc;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;

/// Whether the brokers can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// No broker has answered yet.
    Connecting,
    /// A broker answered last.
    Up,
    /// No broker answers; the clients keep trying.
    Unreachable(String),
    /// The brokers do not let us in; the clients keep trying.
    Refused(String),
}

/// What the clients of one cluster know of its brokers.
#[derive(Debug)]
pub(crate) struct Link {
    state: watch::Sender<Connection>,
}

impl Link {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: watch::Sender::new(Connection::Connecting),
        })
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Connection> {
        self.state.subscribe()
    }

    pub(crate) fn now(&self) -> Connection {
        self.state.borrow().clone()
    }

    /// A broker answered.
    pub(crate) fn up(&self) {
        let changed = self.state.send_if_modified(|state| {
            let changed = *state != Connection::Up;
            *state = Connection::Up;
            changed
        });
        if changed {
            tracing::info!("a Kafka broker answers");
        }
    }

    /// A client met an error that is no answer to anything.
    fn met(&self, code: Option<RDKafkaErrorCode>, reason: &str) {
        let refused = matches!(
            code,
            Some(
                RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::UnsupportedSASLMechanism
                    | RDKafkaErrorCode::IllegalSASLState
                    | RDKafkaErrorCode::SSL
            )
        );
        let all_down = code == Some(RDKafkaErrorCode::AllBrokersDown);
        let changed = self.state.send_if_modified(|state| {
            let next = match &*state {
                _ if refused => Connection::Refused(reason.to_owned()),
                // That no broker is left follows from their refusals, and says less.
                Connection::Refused(_) => return false,
                Connection::Up if !all_down => return false,
                Connection::Unreachable(_) if all_down => return false,
                Connection::Up | Connection::Connecting | Connection::Unreachable(_) => {
                    Connection::Unreachable(reason.to_owned())
                }
            };
            let was_as_bad = matches!(
                (&*state, &next),
                (Connection::Unreachable(_), Connection::Unreachable(_))
                    | (Connection::Refused(_), Connection::Refused(_))
            );
            *state = next;
            !was_as_bad
        });
        if changed {
            tracing::warn!(reason, "no Kafka broker can be used; trying again");
        }
    }
}

/// What librdkafka calls back into, for every client that produces nothing.
#[derive(Clone, Debug)]
pub(crate) struct Listener(pub(crate) Arc<Link>);

impl ClientContext for Listener {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        // What matters of it comes as an error, too.
        tracing::debug!(target: "librdkafka", facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.met(error.rdkafka_error_code(), reason);
    }
}

impl ConsumerContext for Listener {}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable(reason: &str) -> Connection {
        Connection::Unreachable(reason.to_owned())
    }

    #[test]
    fn a_refusal_is_told_rather_than_the_silence_that_follows_it() {
        let link = Link::new();
        link.met(Some(RDKafkaErrorCode::BrokerTransportFailure), "no route");
        assert_eq!(link.now(), unreachable("no route"));
        link.met(Some(RDKafkaErrorCode::Authentication), "wrong password");
        link.met(
            Some(RDKafkaErrorCode::AllBrokersDown),
            "1/1 brokers are down",
        );
        assert_eq!(link.now(), Connection::Refused("wrong password".to_owned()));
        link.up();
        assert_eq!(link.now(), Connection::Up);
    }

    #[test]
    fn the_loss_of_one_broker_is_not_the_loss_of_all() {
        let link = Link::new();
        link.up();
        link.met(Some(RDKafkaErrorCode::BrokerTransportFailure), "broker 1");
        assert_eq!(link.now(), Connection::Up);
        link.met(
            Some(RDKafkaErrorCode::AllBrokersDown),
            "3/3 brokers are down",
        );
        assert_eq!(link.now(), unreachable("3/3 brokers are down"));
    }
}
