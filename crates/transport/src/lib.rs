//! What every gRPC port of the project shares: an address to listen on, request limits, rich errors that fit
//! into trailers, health, reflection, and draining on a stop.
//!
//! It is not a service and knows none: descriptors, routes and what a service tells of itself are handed in
//! (ADR-0003). Read in order: [`listen`], [`request_size`], [`rich_error`], [`node`], [`serve`], [`readiness`],
//! [`process`].

pub mod listen;
pub mod node;
pub mod process;
pub mod readiness;
pub mod request_size;
pub mod rich_error;
pub mod serve;
