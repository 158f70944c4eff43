//! One node: its files, its process, and signals to it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::tools::Tools;

const SERVER: &str = include_str!("../../../deploy/kafka/server.properties");
const LOGGING: &str = include_str!("../../../deploy/kafka/log4j2.properties");
/// Any cluster id will do: "perennial-tests!" in base 64.
const CLUSTER: &str = "cGVyZW5uaWFsLXRlc3RzIQ";
const READY: &str = "Kafka Server started";
/// Five seconds on a quiet machine, ten times that on a busy one.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// A clean stop takes up to 3 s; then it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// How much of a node's log is shown with an error.
const SHOWN_LINES: usize = 15;

/// Why a node does not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A file of the node, or its process.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It ended, or was not ready in time.
    #[error("Kafka node {node} {problem}; the end of {}:\n{said}", log.display())]
    NotReady {
        /// Which.
        node: u16,
        /// How it failed.
        problem: &'static str,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        said: String,
    },
    /// It does not run, so it takes no signal.
    #[error("Kafka node {0} does not run")]
    NotRunning(u16),
    /// It runs already.
    #[error("Kafka node {0} runs already")]
    Running(u16),
}

/// What a node's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// There is no process.
    Down,
    /// It runs.
    Up,
    /// It was stopped by a signal and holds its connections.
    Stopped,
}

/// The addresses of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    pub(crate) sasl: u16,
    pub(crate) controller: u16,
}

/// One node, known by its directory: everything else is read from there and from `/proc`.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: u16,
    pub(crate) directory: PathBuf,
    pub(crate) ports: Ports,
}

impl Node {
    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes the files of a new node among `all` of its cluster.
    pub(crate) fn write(&self, all: &[Self]) -> Result<(), NodeError> {
        let voters: Vec<String> = all
            .iter()
            .map(|node| format!("{}@127.0.0.1:{}", node.id, node.ports.controller))
            .collect();
        let in_sync = if all.len() < 3 { 1 } else { 2 };
        let mut server = SERVER.to_owned();
        for (word, value) in [
            ("{node}", self.id.to_string()),
            ("{voters}", voters.join(",")),
            ("{port}", self.ports.plain.to_string()),
            ("{sasl_port}", self.ports.sasl.to_string()),
            ("{controller_port}", self.ports.controller.to_string()),
            ("{data}", self.file("data").display().to_string()),
            ("{replicas}", all.len().to_string()),
            ("{in_sync}", in_sync.to_string()),
        ] {
            server = server.replace(word, &value);
        }
        let ports = format!(
            "{} {} {}\n",
            self.ports.plain, self.ports.sasl, self.ports.controller
        );
        self.io("create", "", |path| fs::create_dir_all(path))?;
        self.io("write", "server.properties", |path| fs::write(path, server))?;
        self.io("write", "log4j2.properties", |path| {
            fs::write(path, LOGGING)
        })?;
        self.io("write", "ports", |path| fs::write(path, ports))
    }

    /// Finds a node by its directory; none if its files are not all there.
    pub(crate) fn find(id: u16, directory: &Path) -> Option<Self> {
        let text = fs::read_to_string(directory.join("ports")).ok()?;
        let mut ports = text.split_whitespace().map(str::parse);
        let mut next = || ports.next()?.ok();
        Some(Self {
            id,
            directory: directory.to_path_buf(),
            ports: Ports {
                plain: next()?,
                sasl: next()?,
                controller: next()?,
            },
        })
    }

    /// Makes the empty data directory of a new node.
    pub(crate) fn format(&self, tools: &Tools) -> Result<(), NodeError> {
        let mut command = tools.java();
        command.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]);
        command.arg(self.file("server.properties"));
        let log = self.log()?;
        let status = self.io("run the formatter for", "data", |_| {
            command.stdout(log.try_clone()?).stderr(log).status()
        })?;
        if status.success() {
            Ok(())
        } else {
            Err(self.not_ready("could not format its data directory"))
        }
    }

    /// Starts the process. It inherits nothing that is open here, so it holds no lock or pipe of whoever started it,
    /// and no signal that is meant for our terminal reaches it.
    pub(crate) fn start(&self, tools: &Tools) -> Result<Starting, NodeError> {
        if self.pid().is_some() {
            return Err(NodeError::Running(self.id));
        }
        // Only the child is meant, but a safe way into it there is not: nobody here hands descriptors on.
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let mut log = self.log()?;
        let from = self.io("read", "node.log", |_| log.seek(SeekFrom::End(0)))?;
        let mut command = tools.java();
        command.args(["-Xms256m", "-Xmx256m"]).arg(format!(
            "-Dlog4j2.configurationFile=file:{}",
            self.file("log4j2.properties").display()
        ));
        command
            .arg("kafka.Kafka")
            .arg(self.file("server.properties"));
        command.process_group(0);
        let child = self.io("start a node with", "server.properties", |_| {
            command.stdout(log.try_clone()?).stderr(log).spawn()
        })?;
        self.io("write", "pid", |path| {
            fs::write(path, child.id().to_string())
        })?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(NodeError::NotRunning(self.id))?;
        // A process has no command line for a moment after it began.
        while self.pid().is_none() && !has_ended(pid) {
            std::thread::sleep(POLL);
        }
        Ok(Starting { pid, from })
    }

    /// Waits until the node says that it is ready.
    pub(crate) fn wait_ready(&self, starting: &Starting) -> Result<(), NodeError> {
        let deadline = now() + READY_WITHIN;
        loop {
            // Whether it runs is asked first: what it said before it ended is read after.
            let has_ended = has_ended(starting.pid);
            if self.said_since(starting.from)?.contains(READY) {
                return Ok(());
            }
            if has_ended {
                return Err(self.not_ready("ended"));
            }
            if deadline < now() {
                return Err(self.not_ready("was not ready in time"));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Returns the process, if it runs. A process that took the number over is not it.
    fn pid(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.file("pid")).ok()?;
        let number: i32 = text.trim().parse().ok()?;
        // Empty for a process that has ended and was not waited for.
        let line = fs::read(format!("/proc/{number}/cmdline")).ok()?;
        let properties = self.file("server.properties");
        let is_it = String::from_utf8_lossy(&line).contains(&*properties.to_string_lossy());
        is_it.then(|| Pid::from_raw(number)).flatten()
    }

    pub(crate) fn state(&self) -> NodeState {
        match self.pid().and_then(process_state) {
            None => NodeState::Down,
            Some('T' | 't') => NodeState::Stopped,
            Some(_) => NodeState::Up,
        }
    }

    /// Sends a signal that stops the process or lets it go on, and waits until it did.
    pub(crate) fn hold(&self, signal: Signal, until: NodeState) -> Result<(), NodeError> {
        self.signal(signal)?;
        while self.state() != until {
            if self.pid().is_none() {
                return Err(NodeError::NotRunning(self.id));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<(), NodeError> {
        let pid = self.pid().ok_or(NodeError::NotRunning(self.id))?;
        self.io("signal the process of", "pid", |_| {
            kill_process(pid, signal).map_err(io::Error::from)
        })
    }

    /// Ends the process and waits until it is gone; one that runs no more is ended already.
    pub(crate) fn end(&self, how: Signal) -> Result<(), NodeError> {
        let Some(pid) = self.pid() else {
            return Ok(());
        };
        // A stopped process takes no other signal but KILL.
        self.signal_if_up(Signal::CONT)?;
        self.signal_if_up(how)?;
        let deadline = now() + STOPPED_WITHIN;
        while !has_ended(pid) {
            if deadline < now() {
                self.signal_if_up(Signal::KILL)?;
            }
            std::thread::sleep(POLL);
        }
        self.io("remove", "pid", |path| match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
    }

    fn signal_if_up(&self, signal: Signal) -> Result<(), NodeError> {
        match self.signal(signal) {
            Err(NodeError::NotRunning(_)) => Ok(()),
            // It ended between the look and the signal.
            Err(_) if self.pid().is_none() => Ok(()),
            other => other,
        }
    }

    fn log(&self) -> Result<File, NodeError> {
        self.io("open", "node.log", |path| {
            let mut log = File::options().append(true).create(true).open(path)?;
            log.flush()?;
            Ok(log)
        })
    }

    fn said_since(&self, from: u64) -> Result<String, NodeError> {
        self.io("read", "node.log", |path| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut said = Vec::new();
            file.read_to_end(&mut said)?;
            Ok(String::from_utf8_lossy(&said).into_owned())
        })
    }

    fn not_ready(&self, problem: &'static str) -> NodeError {
        let said = self.said_since(0).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        NodeError::NotReady {
            node: self.id,
            problem,
            log: self.file("node.log"),
            said: lines.get(from..).unwrap_or_default().join("\n"),
        }
    }

    fn io<T>(
        &self,
        action: &'static str,
        name: &str,
        work: impl FnOnce(&Path) -> io::Result<T>,
    ) -> Result<T, NodeError> {
        let path = self.file(name);
        work(&path).map_err(|source| NodeError::Io {
            action,
            path,
            source,
        })
    }
}

/// Returns the letter of a process's state; none if there is none.
fn process_state(pid: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // `number (name) S ...`, and a name may hold anything.
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Returns whether a process is gone, with its ports: it may not have been waited for, but its last thread has ended.
fn has_ended(pid: Pid) -> bool {
    let threads = || fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero()));
    match process_state(pid) {
        None => true,
        Some('Z' | 'X') => threads().is_ok_and(|threads| threads.count() <= 1),
        Some(_) => false,
    }
}

/// A node that was started and is not known to be ready.
pub(crate) struct Starting {
    pid: Pid,
    /// How long its log was before.
    from: u64,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a limit to waiting for another process; no result depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What no child of this process gets from it.
pub(crate) fn quiet(command: &mut std::process::Command) -> &mut std::process::Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}
