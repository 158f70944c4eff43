//! A server process on a free port.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// Long enough for any machine; nothing waits that long unless it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A `perennial serve` that may not be ready yet. Dropping it kills it.
#[derive(Debug)]
pub struct Starting {
    child: Process,
    /// Its log lines that nobody looked at yet.
    lines: Receiver<String>,
    /// Those that were looked at.
    heard: Vec<String>,
}

impl Starting {
    /// Starts a server on `data` without waiting for anything.
    ///
    /// # Errors
    /// If there is no such binary.
    pub fn spawn(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Self> {
        Self::spawn_at("127.0.0.1:0", binary, data, arguments)
    }

    /// As [`Starting::spawn`], listening at `address`.
    ///
    /// # Errors
    /// As [`Starting::spawn`].
    pub fn spawn_at(address: &str, binary: &Path, data: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", address])
            .args(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = Process(command.spawn().context("start the server")?);
        let lines = drain(&mut child.0);
        let heard = Vec::new();
        Ok(Self {
            child,
            lines,
            heard,
        })
    }

    /// Waits for a log line that holds `text`, whichever came before, and returns it.
    ///
    /// # Errors
    /// As [`Server::says`].
    pub fn says(&mut self, text: &str) -> Result<String> {
        let heard = self.heard.iter();
        if let Some(line) = heard.clone().find(|line| line.contains(text)) {
            return Ok(line.clone());
        }
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push(line.clone());
            if line.contains(text) {
                return Ok(line);
            }
        }
        bail!(
            "the server does not say \"{text}\"; it says {:#?}",
            self.heard
        );
    }

    /// Waits for its end and returns its exit code with what it said.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn end(mut self) -> Result<(i32, String)> {
        let status = self.child.0.wait().context("wait for the server")?;
        let mut said = std::mem::take(&mut self.heard);
        said.extend(self.lines.iter());
        Ok((status.code().unwrap_or(-1), said.join("\n")))
    }

    /// Waits until it is ready, `limit` at most.
    ///
    /// # Errors
    /// With what it said, if it ends before or takes longer; then it is killed.
    pub fn ready_within(mut self, limit: Duration) -> Result<Server> {
        let stdout = self.child.0.stdout.take();
        let mut output = BufReader::new(stdout.context("the server has no stdout")?);
        let (send, line) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // Where it was not waited for any more, nobody reads it.
            drop(send.send(output.read_line(&mut line).map(|_| line)));
        });
        let Ok(line) = line.recv_timeout(limit) else {
            self.heard.extend(self.lines.try_iter());
            bail!("the server is not ready in time; it says {:#?}", self.heard);
        };
        self.serves(&line.context("read the ready line")?)
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// With what it said, if it ends before.
    pub fn ready(mut self) -> Result<Server> {
        let stdout = self.child.0.stdout.take();
        let mut lines = BufReader::new(stdout.context("the server has no stdout")?);
        let mut line = String::new();
        lines.read_line(&mut line).context("read the ready line")?;
        self.serves(&line)
    }

    fn serves(self, line: &str) -> Result<Server> {
        let Some(address) = line.trim_end().strip_prefix("ready grpc=") else {
            let (_, said) = self.end()?;
            bail!("the server printed \"{line}\" instead of its ready line; it said: {said}");
        };
        Ok(Server {
            address: address.to_owned(),
            child: self.child,
            lines: self.lines,
        })
    }
}

/// A process that ends with this value.
#[derive(Debug)]
struct Process(Child);

/// A running `perennial serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Process,
    address: String,
    /// Its log lines that nobody looked at yet.
    lines: Receiver<String>,
}

impl Server {
    /// Starts a server on `data` and waits until it accepts writes.
    ///
    /// # Errors
    /// With what it said, if it ends before.
    pub fn start(binary: &Path, data: &Path) -> Result<Self> {
        Self::start_with(binary, data, &[])
    }

    /// Starts a server with further arguments.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Self> {
        Starting::spawn(binary, data, arguments)?.ready()
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for a log line that holds `text`, and returns it; lines before it are forgotten.
    ///
    /// # Errors
    /// With everything it said instead, if it says no such thing within a minute.
    pub fn says(&self, text: &str) -> Result<String> {
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(text) {
                return Ok(line);
            }
            others.push(line);
        }
        bail!("the server does not say \"{text}\"; it says {others:#?}");
    }

    /// Whether a log line that nobody looked at yet holds `text`; forgets all of them.
    pub fn has_said(&self, text: &str) -> bool {
        let lines: Vec<String> = self.lines.try_iter().collect();
        lines.iter().any(|line| line.contains(text))
    }

    /// Returns the log lines that nobody looked at yet.
    pub fn said(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Lets it make no file longer than `bytes`, as on a full disk; without a number it may again.
    ///
    /// # Errors
    /// If it cannot be limited.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(Pid::from_child(&self.child.0)), Resource::Fsize, limit)
            .context("limit the server's files")?;
        Ok(())
    }

    /// Ends it at once, as a power cut ends a process.
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn kill(mut self) -> Result<()> {
        self.child.0.kill().context("kill the server")?;
        self.child.0.wait().context("wait for the server")?;
        Ok(())
    }

    /// Holds it where it is, so that it answers nothing any more; it can still be killed.
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn hold(&self) -> Result<()> {
        kill_process(Pid::from_child(&self.child.0), Signal::STOP).context("hold the server")
    }

    /// Lets it go on after [`Server::hold`].
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn resume(&self) -> Result<()> {
        let process = Pid::from_child(&self.child.0);
        kill_process(process, Signal::CONT).context("let the server go on")
    }

    /// Asks it to stop, and returns its exit code.
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn terminate(mut self) -> Result<i32> {
        kill_process(Pid::from_child(&self.child.0), Signal::TERM).context("signal the server")?;
        let status = self.child.0.wait().context("wait for the server")?;
        Ok(status.code().unwrap_or(-1))
    }
}

/// A server must not stall because nobody reads its log lines.
fn drain(child: &mut Child) -> Receiver<String> {
    let (send, lines) = channel();
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if std::env::var_os("PERENNIAL_TEST_LOG").is_some() {
                    eprintln!("server: {line}");
                }
                // Where the test has ended, the lines are read all the same.
                drop(send.send(line));
            }
        });
    }
    lines
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left running.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
