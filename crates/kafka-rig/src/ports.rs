//! Ports that nobody listens on.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which the system takes ports for outgoing connections: one that is free now stays free until
/// the node listens, and while it is away.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
const TRIES: usize = 1000;

/// Returns `count` different free ports of this machine, which stay free while nobody asks for them by number.
///
/// # Errors
/// If there are not so many.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let mut found = BTreeSet::new();
    for _ in 0..TRIES {
        if found.len() == count {
            break;
        }
        let chosen = RandomState::new().build_hasher().finish() % u64::from(COUNT);
        let port = FIRST + u16::try_from(chosen).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.insert(port);
        }
    }
    if found.len() < count {
        return Err(io::Error::from(io::ErrorKind::AddrInUse));
    }
    Ok(found.into_iter().collect())
}
