//! A cluster of one or three nodes in one directory.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::process::Signal;

use crate::node::{Node, NodeError, NodeState, Ports};
use crate::tools::Tools;
use crate::{leader, ports};

/// How many nodes a cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// One: replication factor 1.
    One,
    /// Three: replication factor 3, two in sync.
    Three,
}

impl Nodes {
    fn count(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

/// Why a cluster does not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// One node of it.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// There is one in this directory.
    #[error("there is a cluster in {} already", .0.display())]
    Exists(PathBuf),
    /// It has no such node.
    #[error("the cluster has no node {0}")]
    NoNode(u16),
    /// Its directory, or ports.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// With which directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A cluster whose nodes outlive this process. Nodes count from 1.
#[derive(Clone, Debug)]
pub struct Rig {
    directory: PathBuf,
    nodes: Vec<Node>,
    tools: Tools,
}

impl Rig {
    /// Makes a new cluster in `directory`, on free ports, and waits until every node is ready. If that fails, nothing
    /// goes on running.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn create(directory: &Path, nodes: Nodes, tools: &Tools) -> Result<Self, RigError> {
        if !nodes_in(directory).is_empty() {
            return Err(RigError::Exists(directory.to_path_buf()));
        }
        let directory = std::path::absolute(directory).map_err(|source| RigError::Io {
            action: "find",
            path: directory.to_path_buf(),
            source,
        })?;
        let count = nodes.count();
        let free = ports::free(usize::from(count) * 3).map_err(|source| RigError::Io {
            action: "find free ports for",
            path: directory.clone(),
            source,
        })?;
        let nodes = free.chunks_exact(3).zip(1..).filter_map(|(ports, id)| {
            let &[plain, sasl, controller] = ports else {
                return None;
            };
            Some(Node {
                id,
                directory: node_directory(&directory, id),
                ports: Ports {
                    plain,
                    sasl,
                    controller,
                },
            })
        });
        let rig = Self {
            nodes: nodes.collect(),
            directory,
            tools: tools.clone(),
        };
        for node in &rig.nodes {
            node.write(&rig.nodes)?;
            node.format(tools)?;
        }
        if let Err(error) = rig.start_all() {
            rig.end_all(Signal::KILL)?;
            return Err(error);
        }
        Ok(rig)
    }

    /// Finds the cluster in `directory`, whatever its nodes do; none if there is none.
    pub fn open(directory: &Path, tools: &Tools) -> Option<Self> {
        let directory = std::path::absolute(directory).ok()?;
        let nodes = nodes_in(&directory);
        (!nodes.is_empty()).then(|| Self {
            directory,
            nodes,
            tools: tools.clone(),
        })
    }

    /// Starts the nodes that do not run, all at once, and waits until they are ready.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn start_all(&self) -> Result<(), RigError> {
        let mut starting = Vec::new();
        for node in &self.nodes {
            if node.state() == NodeState::Down {
                starting.push((node, node.start(&self.tools)?));
            }
        }
        for (node, started) in starting {
            node.wait_ready(&started)?;
        }
        Ok(())
    }

    /// Stops every node in order, killing what does not stop, and removes the cluster in `directory` with its data.
    /// Needs neither Java nor Maven. Returns whether there was one.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn remove(directory: &Path) -> Result<bool, RigError> {
        let io = |action, source| RigError::Io {
            action,
            path: directory.to_path_buf(),
            source,
        };
        let directory = std::path::absolute(directory).map_err(|source| io("find", source))?;
        let nodes = nodes_in(&directory);
        for node in &nodes {
            node.end(Signal::TERM)?;
        }
        match fs::remove_dir_all(directory.join(NODES)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io("remove", error)),
        }
    }

    /// Returns what each node in `directory` does, with its address.
    pub fn status(directory: &Path) -> Vec<(u16, String, NodeState)> {
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        let nodes = nodes_in(&directory).into_iter();
        nodes
            .map(|node| (node.id, address(node.ports.plain), node.state()))
            .collect()
    }

    /// Returns the directory that holds everything of the cluster.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the addresses of all nodes, comma-separated, as clients take them.
    pub fn bootstrap(&self) -> String {
        let addresses = self.nodes.iter().map(|node| address(node.ports.plain));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// Returns the addresses at which all nodes ask for a password: mechanism PLAIN without TLS, user `perennial`,
    /// password `perennial`.
    pub fn sasl_bootstrap(&self) -> String {
        let addresses = self.nodes.iter().map(|node| address(node.ports.sasl));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// Kills a node (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn kill(&self, node: u16) -> Result<(), RigError> {
        Ok(self.node(node)?.end(Signal::KILL)?)
    }

    /// Stops a node in order (SIGTERM) and waits until it is gone.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn terminate(&self, node: u16) -> Result<(), RigError> {
        Ok(self.node(node)?.end(Signal::TERM)?)
    }

    /// Holds a node up (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn pause(&self, node: u16) -> Result<(), RigError> {
        Ok(self.node(node)?.hold(Signal::STOP, NodeState::Stopped)?)
    }

    /// Lets a node that was held up go on (SIGCONT).
    ///
    /// # Errors
    /// [`RigError`].
    pub fn resume(&self, node: u16) -> Result<(), RigError> {
        Ok(self.node(node)?.hold(Signal::CONT, NodeState::Up)?)
    }

    /// Starts a node that does not run on the data it has, and waits until it is ready.
    ///
    /// # Errors
    /// [`RigError`].
    pub fn restart(&self, node: u16) -> Result<(), RigError> {
        let node = self.node(node)?;
        let starting = node.start(&self.tools)?;
        Ok(node.wait_ready(&starting)?)
    }

    /// Returns what a node does.
    ///
    /// # Errors
    /// [`RigError::NoNode`].
    pub fn state(&self, node: u16) -> Result<NodeState, RigError> {
        Ok(self.node(node)?.state())
    }

    /// Returns the node that leads the first partition of `topic`, as any node that runs says; none while nobody is known
    /// to lead it, or if there is no such topic.
    pub fn partition_leader(&self, topic: &str) -> Option<u16> {
        let mut up = self
            .nodes
            .iter()
            .filter(|node| node.state() == NodeState::Up);
        up.find_map(|node| leader::ask(node.ports.plain, topic).ok().flatten())
    }

    pub(crate) fn end_all(&self, how: Signal) -> Result<(), RigError> {
        for node in &self.nodes {
            node.end(how)?;
        }
        Ok(())
    }

    fn node(&self, id: u16) -> Result<&Node, RigError> {
        let found = self.nodes.iter().find(|node| node.id == id);
        found.ok_or(RigError::NoNode(id))
    }
}

const NODES: &str = "nodes";

fn node_directory(directory: &Path, id: u16) -> PathBuf {
    directory.join(NODES).join(id.to_string())
}

fn nodes_in(directory: &Path) -> Vec<Node> {
    (1..=Nodes::Three.count())
        .map_while(|id| Node::find(id, &node_directory(directory, id)))
        .collect()
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
