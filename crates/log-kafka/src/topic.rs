//! The topics of ledgers: their names, and creating and describing them.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};

use crate::link::Listener;
use crate::requirements;

const LEDGER_ID_BYTES_MAX: usize = 128;
const SUFFIX: &str = ".log.v1";

/// Returns the topic of a ledger: `<prefix>.<ledger_id>.log.v1`. None if the id cannot be part of it.
pub(crate) fn name(prefix: &str, ledger_id: &str) -> Option<String> {
    // A dot would make the topic of one prefix look like that of another.
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_id =
        (1..=LEDGER_ID_BYTES_MAX).contains(&ledger_id.len()) && ledger_id.bytes().all(is_allowed);
    is_id.then(|| format!("{prefix}.{ledger_id}{SUFFIX}"))
}

/// Returns the ledger that a topic belongs to, if it is one of ours.
pub(crate) fn ledger_of<'a>(prefix: &str, topic: &'a str) -> Option<&'a str> {
    let rest = topic.strip_prefix(prefix)?.strip_prefix('.')?;
    let ledger_id = rest.strip_suffix(SUFFIX)?;
    name(prefix, ledger_id).map(|_| ledger_id)
}

/// Creates topics and reads their settings. Calls block.
pub(crate) struct Admin {
    client: AdminClient<Listener>,
    runtime: tokio::runtime::Runtime,
    options: AdminOptions,
}

/// What became of creating a topic, or of describing it.
pub(crate) type Answer<T> = Result<T, RDKafkaErrorCode>;

impl Admin {
    pub(crate) fn new(
        config: &ClientConfig,
        listener: Listener,
        within: Duration,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Ok(Self {
            client: AdminClient::from_config_and_context(config, listener)?,
            runtime: runtime.map_err(|error: io::Error| error)?,
            options: AdminOptions::new()
                .request_timeout(Some(within))
                .operation_timeout(Some(within)),
        })
    }

    /// Creates an empty topic with every setting that a ledger needs.
    pub(crate) fn create(&self, topic: &str, replicas: u16) -> KafkaResult<Answer<()>> {
        let settings = requirements::settings(replicas);
        let mut new = NewTopic::new(topic, 1, TopicReplication::Fixed(i32::from(replicas)));
        for (name, value) in &settings {
            new = new.set(name, value);
        }
        let creating = self.client.create_topics([&new], &self.options);
        let mut results = self.runtime.block_on(creating)?;
        let result = results.pop().unwrap_or(Ok(String::new()));
        Ok(result.map(drop).map_err(|(_, code)| code))
    }

    /// Returns the settings of a topic by their names.
    pub(crate) fn describe(&self, topic: &str) -> KafkaResult<Answer<HashMap<String, String>>> {
        let what = [ResourceSpecifier::Topic(topic)];
        let describing = self.client.describe_configs(&what, &self.options);
        let mut results = self.runtime.block_on(describing)?;
        let Some(result) = results.pop() else {
            return Ok(Ok(HashMap::new()));
        };
        Ok(result.map(|resource| {
            let entries = resource.entries.into_iter();
            entries
                .filter_map(|entry| Some((entry.name, entry.value?)))
                .collect()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_named_after_its_ledger() {
        let topic = name("perennial", "acme-2026").unwrap();
        assert_eq!(topic, "perennial.acme-2026.log.v1");
        assert_eq!(ledger_of("perennial", &topic), Some("acme-2026"));
        assert_eq!(ledger_of("other", &topic), None);
        assert_eq!(ledger_of("perennial", "perennial.acme.events.v1"), None);
        assert_eq!(ledger_of("perennial", "perennial..log.v1"), None);
    }

    #[test]
    fn a_topic_of_a_longer_prefix_is_somebody_elses() {
        let topic = name("perennial.test", "acme").unwrap();
        assert_eq!(ledger_of("perennial", &topic), None);
        assert_eq!(ledger_of("perennial.test", &topic), Some("acme"));
    }

    #[test]
    fn a_ledger_id_has_a_limit_and_no_dots() {
        assert!(name("p", &"a".repeat(128)).is_some());
        assert!(name("p", &"a".repeat(129)).is_none());
        assert!(name("p", "").is_none());
        assert!(name("p", "a.b").is_none());
        assert!(name("p", "a/b").is_none());
    }
}
