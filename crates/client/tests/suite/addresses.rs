use perennial_client::{AddressError, Connection};

#[tokio::test]
async fn host_and_port_are_enough_and_a_scheme_is_allowed() {
    for address in [
        "127.0.0.1:7410",
        "http://ledger.example:7410/",
        "[::1]:7410",
    ] {
        assert!(Connection::open(address).is_ok(), "{address}");
    }
}

#[tokio::test]
async fn what_names_no_port_is_refused_and_so_is_tls() {
    for address in [
        "127.0.0.1",
        "ledger:",
        ":7410",
        "ledger:port",
        "ledger:70000",
        "a b:1",
        "",
    ] {
        let refused = Connection::open(address);
        assert!(
            matches!(refused, Err(AddressError::Malformed { .. })),
            "{address}"
        );
    }
    let refused = Connection::open("https://127.0.0.1:7410");
    assert!(matches!(refused, Err(AddressError::Tls { .. })));
}
