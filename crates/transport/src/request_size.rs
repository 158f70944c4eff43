//! Refuses messages above a size before they are read, with a reason, and keeps the connection.
//!
//! tonic alone answers `OUT_OF_RANGE`; here the length prefix of every message of a request is looked at as
//! it passes (CONVENTIONS.md 2.4 `REQUEST_TOO_LARGE`).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::rich_error::RichError;

/// Bytes of a gRPC message's prefix: a compression flag and a 32-bit length.
const PREFIX_BYTES: usize = 5;

/// Refuses request messages above `bytes_max`.
#[derive(Clone, Copy, Debug)]
pub struct RequestSizeLayer {
    /// The most bytes of one message.
    pub bytes_max: usize,
}

/// See [`RequestSizeLayer`].
#[derive(Clone, Debug)]
pub struct RequestSize<S> {
    inner: S,
    bytes_max: usize,
}

impl<S> Layer<S> for RequestSizeLayer {
    type Service = RequestSize<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestSize {
            inner,
            bytes_max: self.bytes_max,
        }
    }
}

impl<S, B> Service<http::Request<B>> for RequestSize<S>
where
    S: Service<http::Request<tonic::body::Body>>,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let watched = |body| {
            tonic::body::Body::new(Watched {
                body,
                scan: Scan::default(),
                bytes_max: self.bytes_max,
            })
        };
        self.inner.call(request.map(watched))
    }
}

struct Watched<B> {
    body: B,
    scan: Scan,
    bytes_max: usize,
}

impl<B> Body for Watched<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let bytes_max = self.bytes_max;
        polled.map(|frame| {
            Some(match frame? {
                Ok(frame) => {
                    let largest = frame
                        .data_ref()
                        .and_then(|data| self.scan.pass(data, bytes_max));
                    largest.map_or(Ok(frame), |bytes| Err(too_large(bytes, bytes_max)))
                }
                Err(error) => Err(Status::from_error(error.into())),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

fn too_large(bytes: usize, limit: usize) -> Status {
    RichError::new(
        Code::ResourceExhausted,
        "REQUEST_TOO_LARGE",
        format!("the request has {bytes} bytes, more than {limit}: split it"),
    )
    .with("size", bytes)
    .with("limit", limit)
    .into_status()
}

/// Follows length prefixes over frame boundaries.
#[derive(Debug, Default)]
struct Scan {
    prefix: Vec<u8>,
    /// Bytes of the current message still to come.
    rest: usize,
}

impl Scan {
    /// Passes a piece of the body; returns the first message length above `bytes_max`.
    fn pass(&mut self, data: &Bytes, bytes_max: usize) -> Option<usize> {
        let mut data = data.clone();
        while data.has_remaining() {
            if 0 < self.rest {
                let skipped = self.rest.min(data.remaining());
                data.advance(skipped);
                self.rest = self.rest.saturating_sub(skipped);
                continue;
            }
            let missing = PREFIX_BYTES.saturating_sub(self.prefix.len());
            let piece = data.split_to(missing.min(data.remaining()));
            self.prefix.extend_from_slice(&piece);
            if let [_, a, b, c, d] = *self.prefix.as_slice() {
                self.prefix.clear();
                let length =
                    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                if bytes_max < length {
                    return Some(length);
                }
                self.rest = length;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: u32) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend(std::iter::repeat_n(7, usize::try_from(length).unwrap()));
        bytes
    }

    #[test]
    fn a_message_at_the_limit_passes_and_one_byte_more_does_not() {
        let pass = |length| Scan::default().pass(&Bytes::from(message(length)), 100);
        assert_eq!(pass(100), None);
        assert_eq!(pass(101), Some(101));
    }

    #[test]
    fn prefixes_are_followed_over_frames_of_one_byte() {
        let mut body = message(3);
        body.extend(message(0));
        body.extend(message(200));
        let mut scan = Scan::default();
        // Nothing is read after the first refusal, so only that one counts.
        let found = body
            .iter()
            .find_map(|&byte| scan.pass(&Bytes::from(vec![byte]), 100));
        assert_eq!(found, Some(200));
    }
}
