//! The contract of every `Log`, byte for byte (INV-13).

use std::thread;

use perennial_testkit::log_contract::PROPERTIES;

use crate::{cluster, cluster_with, create};

/// Every property on a topic of its own, all at once.
fn check(cluster: &std::sync::Arc<perennial_log_kafka::KafkaCluster>) {
    thread::scope(|scope| {
        for (number, (name, property)) in PROPERTIES.iter().enumerate() {
            let check = move || property(&create(cluster, &format!("ledger-{number}")));
            let thread = thread::Builder::new().name((*name).to_owned());
            // A panic in it is one of the scope, and names the thread.
            thread.spawn_scoped(scope, check).unwrap();
        }
    });
}

#[test]
fn the_log_on_kafka_keeps_the_contract() {
    let Some(cluster) = cluster() else { return };
    check(&cluster);
}

#[test]
fn the_log_on_kafka_keeps_the_contract_if_next_to_nothing_is_kept_in_memory() {
    // The window holds one entry, so that tails read from the broker first.
    let Some(cluster) = cluster_with(|settings| settings.window_bytes = 0) else {
        return;
    };
    check(&cluster);
}
