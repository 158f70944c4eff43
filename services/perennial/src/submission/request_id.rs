//! Request ids that the command line derives, so that the same command again is the same request again.

use uuid::Uuid;

/// Namespace of every id that this program derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x8c0b_1f37_5f0e_5d5f_9b7a_2f0c_9e51_6a43);

/// Returns the request id of a submission's text in a ledger; `occurrence` counts equal texts of one input from 1.
pub fn derived_request_id(ledger_id: &str, text: &str, occurrence: u64) -> String {
    derived(&["submit", ledger_id, &occurrence.to_string(), text])
}

/// Returns the request id of a command that concerns a whole ledger, from all that was asked.
pub fn ledger_request_id(command: &str, ledger_id: &str, asked: &[&str]) -> String {
    let mut parts = vec![command, ledger_id];
    parts.extend_from_slice(asked);
    derived(&parts)
}

/// `UUIDv5` over the parts, each with its length, so that no two lists give the same bytes.
fn derived(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(part.len().to_string().as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_in_the_same_ledger_is_the_same_request_for_ever() {
        let id = derived_request_id("demo", "{}", 1);
        assert_eq!(id, derived_request_id("demo", "{}", 1));
        assert_eq!(id, "dc7dd31f-1fb4-53e0-b74b-103e2915af98");
    }

    #[test]
    fn another_ledger_text_or_repetition_is_another_request() {
        let id = derived_request_id("demo", "{}", 1);
        assert_ne!(id, derived_request_id("demo2", "{}", 1));
        assert_ne!(id, derived_request_id("demo", "{ }", 1));
        assert_ne!(id, derived_request_id("demo", "{}", 2));
        assert_ne!(derived(&["a", "bc"]), derived(&["ab", "c"]));
    }
}
