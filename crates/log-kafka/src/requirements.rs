//! What a topic must be so that it can hold a ledger's log.

use std::fmt;

/// As much as a batch of records can take: what librdkafka puts into one, and Kafka's own default.
const MESSAGE_BYTES: u64 = 1_048_588;

/// A setting of a topic that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, as Kafka has it; `replication factor` and `partitions` are of the topic itself.
    pub setting: &'static str,
    /// What it is.
    pub value: String,
    /// What it must be.
    pub needed: String,
    /// Whether `allow_weak_durability` lets it pass: it may cost acknowledged records, but only in an accident.
    pub may_pass: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            value,
            needed,
            may_pass,
        } = self;
        write!(formatter, "{setting} is {value}, needs {needed}")?;
        if *may_pass {
            formatter.write_str(" (allow_weak_durability lets it pass)")?;
        }
        Ok(())
    }
}

/// What a topic is.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) partitions: usize,
    /// Of its first partition.
    pub(crate) replicas: usize,
    /// Returns a setting by its name.
    pub(crate) setting: &'a dyn Fn(&str) -> Option<String>,
}

/// The settings with which a topic is created.
pub(crate) fn settings(replicas: u16) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", "-1".to_owned()),
        ("retention.bytes", "-1".to_owned()),
        ("min.insync.replicas", in_sync(replicas).to_string()),
        ("unclean.leader.election.enable", "false".to_owned()),
        ("message.timestamp.type", "CreateTime".to_owned()),
        ("max.message.bytes", MESSAGE_BYTES.to_string()),
    ];
    if replicas == 1 {
        // Nobody else has the record: it must be on the disk before it is acknowledged.
        settings.push(("flush.messages", "1".to_owned()));
    }
    settings
}

fn in_sync(replicas: u16) -> u16 {
    replicas.min(2)
}

/// Returns everything of a topic that is not as it must be.
pub(crate) fn judge(replicas: u16, found: Found<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut need = |setting, value: Option<String>, needed: String, may_pass, holds: bool| {
        if !holds {
            findings.push(Finding {
                setting,
                value: value.unwrap_or_else(|| "unknown".to_owned()),
                needed,
                may_pass,
            });
        }
    };
    let text = |name: &str| (found.setting)(name);
    let is = |name: &str, wanted: &str| text(name).is_some_and(|value| value == wanted);
    let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());

    let partitions = found.partitions;
    let one = "1, which no setting can bring back".to_owned();
    need(
        "partitions",
        Some(partitions.to_string()),
        one,
        false,
        partitions == 1,
    );
    let wanted = usize::from(replicas);
    let (value, needed) = (found.replicas.to_string(), format!("{replicas} or more"));
    need(
        "replication factor",
        Some(value),
        needed,
        true,
        wanted <= found.replicas,
    );
    for (name, wanted, may_pass) in [
        ("cleanup.policy", "delete", false),
        ("retention.ms", "-1", false),
        ("retention.bytes", "-1", false),
        ("unclean.leader.election.enable", "false", true),
    ] {
        need(
            name,
            text(name),
            wanted.to_owned(),
            may_pass,
            is(name, wanted),
        );
    }
    let wanted = u64::from(in_sync(replicas));
    let name = "min.insync.replicas";
    let holds = number(name).is_some_and(|value| wanted <= value);
    need(name, text(name), format!("{wanted} or more"), true, holds);
    let name = "max.message.bytes";
    let holds = number(name).is_some_and(|value| MESSAGE_BYTES <= value);
    need(
        name,
        text(name),
        format!("{MESSAGE_BYTES} or more"),
        false,
        holds,
    );
    if found.replicas == 1 {
        let name = "flush.messages";
        need(name, text(name), "1".to_owned(), true, is(name, "1"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judges a topic that was created for `replicas` and then changed.
    fn judged(replicas: u16, partitions: usize, change: (&str, &str)) -> Vec<String> {
        let setting = |name: &str| {
            if name == change.0 {
                return Some(change.1.to_owned());
            }
            let mut settings = settings(replicas).into_iter();
            settings.find_map(|(known, value)| (known == name).then_some(value))
        };
        let found = Found {
            partitions,
            replicas: usize::from(replicas),
            setting: &setting,
        };
        judge(replicas, found)
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn a_topic_as_it_is_created_is_safe() {
        assert_eq!(judged(1, 1, ("", "")), [""; 0]);
        assert_eq!(judged(3, 1, ("", "")), [""; 0]);
    }

    #[test]
    fn what_loses_history_has_no_override() {
        for (change, finding) in [
            (
                ("cleanup.policy", "compact"),
                "cleanup.policy is compact, needs delete",
            ),
            (
                ("cleanup.policy", "compact,delete"),
                "cleanup.policy is compact,delete, needs delete",
            ),
            (
                ("retention.ms", "604800000"),
                "retention.ms is 604800000, needs -1",
            ),
            (
                ("retention.bytes", "1073741824"),
                "retention.bytes is 1073741824, needs -1",
            ),
            (
                ("max.message.bytes", "1048587"),
                "max.message.bytes is 1048587, needs 1048588 or more",
            ),
        ] {
            assert_eq!(judged(3, 1, change), [finding]);
        }
        assert_eq!(
            judged(3, 2, ("", "")),
            ["partitions is 2, needs 1, which no setting can bring back"]
        );
        assert_eq!(judged(3, 1, ("max.message.bytes", "1048588")), [""; 0]);
    }

    #[test]
    fn what_may_lose_acknowledged_records_passes_if_that_is_allowed() {
        let pass = "(allow_weak_durability lets it pass)";
        for (replicas, change, finding) in [
            (
                3,
                ("min.insync.replicas", "1"),
                "min.insync.replicas is 1, needs 2 or more",
            ),
            (
                3,
                ("unclean.leader.election.enable", "true"),
                "unclean.leader.election.enable is true, needs false",
            ),
            (
                1,
                ("flush.messages", "9223372036854775807"),
                "flush.messages is 9223372036854775807, needs 1",
            ),
        ] {
            assert_eq!(judged(replicas, 1, change), [format!("{finding} {pass}")]);
        }
        assert_eq!(judged(3, 1, ("min.insync.replicas", "3")), [""; 0]);
    }

    #[test]
    fn a_topic_has_at_least_as_many_replicas_as_are_asked_for() {
        let setting = |name: &str| {
            let mut settings = settings(3).into_iter();
            settings.find_map(|(known, value)| (known == name).then_some(value))
        };
        for (replicas, findings) in [(3, 0), (2, 1), (4, 0)] {
            let found = Found {
                partitions: 1,
                replicas,
                setting: &setting,
            };
            assert_eq!(judge(3, found).len(), findings, "{replicas} replicas");
        }
    }
}
