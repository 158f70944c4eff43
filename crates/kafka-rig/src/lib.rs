//! Real Kafka nodes for development and tests: fetched by Maven, started, stopped, killed, never mocked.
//!
//! `cargo xtask kafka` starts nodes that outlive it ([`Rig::create`], [`Rig::open`]); a test starts nodes that end
//! with its process, whatever ends that ([`TestRig`]). What runs is told by the files of the rig's directory and by
//! `/proc` alone, so that `down` works after any accident. Linux only.
//!
//! It is *not* a deployment: every node lies on this machine and this disk, and nothing is secured.
//!
//! Reading order: [`Tools`] (Java, Maven and the jars), `node` (one process), `leader` (which of them leads a topic),
//! [`Rig`], [`TestRig`].

mod leader;
mod node;
mod ports;
mod rig;
mod test_rig;
mod tools;

pub use node::{NodeError, NodeState};
pub use ports::free as free_ports;
pub use rig::{Nodes, Rig, RigError};
pub use test_rig::{Broker, TestRig, tools_for_test};
pub use tools::{Surroundings, Tools, ToolsError};
