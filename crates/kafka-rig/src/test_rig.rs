//! Nodes that end with the test that started them.

use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::node::quiet;
use crate::rig::{Nodes, Rig, RigError};
use crate::tools::{Surroundings, Tools, ToolsError};

/// Waits until its input ends, which happens when the process that holds the other end is gone, whatever ended it.
/// Then it kills the nodes and removes their directory.
const UNDERTAKER: &str = r#"read _
for file in "$1"/nodes/*/pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    grep -qF "$1" "/proc/$pid/cmdline" 2>/dev/null && kill -KILL "$pid"
done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }"#;

/// A cluster in a directory of its own that ends with this value or with this process, even if that is killed.
#[derive(Debug)]
pub struct TestRig {
    rig: Rig,
    /// Holds the other end of its input.
    undertaker: Child,
    _directory: TempDir,
}

impl TestRig {
    /// Starts a cluster. A first start that finds a port taken in the meantime is tried again on others.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn start(nodes: Nodes, tools: &Tools) -> Result<Self, RigError> {
        match Self::start_once(nodes, tools) {
            Err(RigError::Node(_)) => Self::start_once(nodes, tools),
            other => other,
        }
    }

    fn start_once(nodes: Nodes, tools: &Tools) -> Result<Self, RigError> {
        let io = |action, source| RigError::Io {
            action,
            path: std::env::temp_dir(),
            source,
        };
        let directory = tempfile::Builder::new()
            .prefix("perennial-kafka-")
            .tempdir()
            .map_err(|source| io("make a directory in", source))?;
        let undertaker =
            undertaker(directory.path()).map_err(|source| io("watch over the nodes in", source))?;
        let mut undertaker = Ending(Some(undertaker));
        let rig = Rig::create(directory.path(), nodes, tools)?;
        let undertaker = undertaker.0.take();
        let missing = || io("watch over the nodes in", std::io::ErrorKind::Other.into());
        Ok(Self {
            rig,
            undertaker: undertaker.ok_or_else(missing)?,
            _directory: directory,
        })
    }
}

/// Ends an undertaker whose rig did not come to be.
struct Ending(Option<Child>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(mut undertaker) = self.0.take() {
            drop(undertaker.stdin.take());
            drop(undertaker.wait());
        }
    }
}

fn undertaker(directory: &Path) -> std::io::Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", UNDERTAKER, "sh"]).arg(directory);
    quiet(&mut command).stdin(Stdio::piped()).spawn()
}

impl Deref for TestRig {
    type Target = Rig;

    fn deref(&self) -> &Rig {
        &self.rig
    }
}

impl Drop for TestRig {
    fn drop(&mut self) {
        // What fails here the undertaker does.
        drop(self.rig.end_all(Signal::KILL));
        drop(self.undertaker.stdin.take());
        drop(self.undertaker.wait());
    }
}

/// The one broker that the tests of a process share, each with topics of its own.
#[derive(Debug, Default)]
pub struct Broker(Mutex<Option<Shared>>);

#[derive(Debug)]
enum Shared {
    /// It runs already, and is somebody else's.
    Given(String),
    Started(TestRig),
}

impl Broker {
    /// Returns a broker that is not started yet, for a `static`.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Returns the bootstrap servers: those that `PERENNIAL_KAFKA` names, else a node is started by the first that
    /// asks. None where Java or Maven are missing; then one line on stdout says what was skipped and how to enable it.
    ///
    /// # Panics
    /// If the node does not start, or something is missing with `CI=true`: there Kafka is not optional.
    pub fn bootstrap(&self) -> Option<String> {
        self.with(|shared| match shared {
            Shared::Given(servers) => Some(servers.clone()),
            Shared::Started(rig) => Some(rig.bootstrap()),
        })
    }

    /// Returns the bootstrap servers that ask for a password, as [`Rig::sasl_bootstrap`]; else as [`Self::bootstrap`].
    /// A broker that runs already has none that we know.
    ///
    /// # Panics
    /// As [`Self::bootstrap`].
    pub fn sasl_bootstrap(&self) -> Option<String> {
        self.with(|shared| match shared {
            Shared::Given(_) => {
                skip(&"what asks for a password; unset PERENNIAL_KAFKA");
                None
            }
            Shared::Started(rig) => Some(rig.sasl_bootstrap()),
        })
    }

    fn with(&self, servers: impl FnOnce(&Shared) -> Option<String>) -> Option<String> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.is_none() {
            let surroundings = Surroundings::read();
            *shared = Some(match &surroundings.kafka {
                Some(servers) => Shared::Given(servers.clone()),
                None => Shared::Started(start(Nodes::One, &surroundings)?),
            });
        }
        servers(shared.as_ref()?)
    }
}

impl TestRig {
    /// Starts a cluster for one test alone, which may kill nodes. None where Java or Maven are missing, as
    /// [`Broker::bootstrap`].
    ///
    /// # Panics
    /// As [`Broker::bootstrap`].
    pub fn for_test(nodes: Nodes) -> Option<Self> {
        start(nodes, &Surroundings::read())
    }
}

/// Returns Java and the jars for a test that starts nodes itself. None where something is missing, as
/// [`Broker::bootstrap`].
///
/// # Panics
/// As [`Broker::bootstrap`].
pub fn tools_for_test() -> Option<Tools> {
    tools(&Surroundings::read())
}

fn tools(surroundings: &Surroundings) -> Option<Tools> {
    match Tools::prepare(surroundings) {
        Ok(tools) => Some(tools),
        Err(error @ ToolsError::Missing { .. }) if !surroundings.ci => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn start(nodes: Nodes, surroundings: &Surroundings) -> Option<TestRig> {
    let tools = tools(surroundings)?;
    match TestRig::start(nodes, &tools) {
        Ok(rig) => Some(rig),
        Err(error) => panic!("{error}"),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the line that `cargo xtask test` repeats at its end"
)]
fn skip(what: &dyn std::fmt::Display) {
    println!("SKIPPED: tests on real Kafka: {what}");
}
