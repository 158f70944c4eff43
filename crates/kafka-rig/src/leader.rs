//! Which node leads a topic: asked in Kafka's own protocol, because a rig must not need a client library.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// The request: Metadata in version 4, which every broker since 2017 knows.
const METADATA: [u8; 4] = [0, 3, 0, 4];
const CORRELATION: [u8; 4] = [0, 0, 0, 7];
/// A node that is held up accepts a connection and says nothing.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// More than an answer about one topic has.
const ANSWER_BYTES_MAX: u32 = 1024 * 1024;

/// Asks the node at `port` which node leads partition 0 of `topic`; none if nobody does, or there is no such topic.
pub(crate) fn ask(port: u16, topic: &str) -> io::Result<Option<u16>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut node = TcpStream::connect_timeout(&address, ANSWERS_WITHIN)?;
    node.set_read_timeout(Some(ANSWERS_WITHIN))?;
    node.set_write_timeout(Some(ANSWERS_WITHIN))?;
    node.write_all(&request(topic)?)?;
    let mut length = [0; 4];
    node.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if ANSWER_BYTES_MAX < length {
        return Err(malformed());
    }
    let mut answer = Vec::new();
    node.take(u64::from(length)).read_to_end(&mut answer)?;
    let leader = leader(&mut Answer(&answer)).ok_or_else(malformed)?;
    // -1 for nobody.
    Ok(u16::try_from(leader).ok())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not an answer of Kafka")
}

fn request(topic: &str) -> io::Result<Vec<u8>> {
    let name_length = i16::try_from(topic.len()).map_err(|_| malformed())?;
    let mut body = [METADATA, CORRELATION].concat();
    // No client id; one topic, which is not to be made.
    body.extend((-1_i16).to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(name_length.to_be_bytes());
    body.extend(topic.as_bytes());
    body.push(0);
    let length = i32::try_from(body.len()).map_err(|_| malformed())?;
    Ok([length.to_be_bytes().as_slice(), &body].concat())
}

/// Reads an answer up to the leader of the first partition of the first topic: -1 if nobody leads it, or there is none.
fn leader(answer: &mut Answer<'_>) -> Option<i32> {
    let _correlation = answer.int()?;
    let _throttled = answer.int()?;
    for _ in 0..answer.int()? {
        let _node = answer.int()?;
        let _host = answer.text()?;
        let _port = answer.int()?;
        let _rack = answer.text()?;
    }
    let _cluster = answer.text()?;
    let _controller = answer.int()?;
    if answer.int()? != 1 {
        return None;
    }
    let _error = answer.short()?;
    let _topic = answer.text()?;
    let _is_internal = answer.take(1)?;
    if answer.int()? < 1 {
        return Some(-1);
    }
    let _error = answer.short()?;
    let _partition = answer.int()?;
    answer.int()
}

/// The part of an answer that was not read yet.
struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn int(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A text with its length before it; -1 for none.
    fn text(&mut self) -> Option<&'a [u8]> {
        match self.short()? {
            -1 => Some(&[]),
            length => self.take(usize::try_from(length).ok()?),
        }
    }
}
