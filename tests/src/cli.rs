//! The command line as a user runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A command line against one server and ledger.
#[derive(Clone, Debug)]
pub struct Cli {
    binary: PathBuf,
    server: Option<String>,
    ledger: Option<String>,
}

/// What a command printed.
#[derive(Clone, Debug)]
pub struct Printed {
    /// Its exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

/// A command on its way.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What was read of stderr.
    said: String,
}

impl Running {
    /// Presses Ctrl-C.
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn interrupt(&self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::INT).context("interrupt the command")
    }

    /// Waits until it says `text` on stderr.
    ///
    /// # Errors
    /// With what it said, if it ends before.
    pub fn says(&mut self, text: &str) -> Result<()> {
        while !self.said.contains(text) {
            let read = self.stderr.read_line(&mut self.said);
            if read.context("read what the command says")? == 0 {
                bail!("the command does not say \"{text}\" but {}", self.said);
            }
        }
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If what it printed is no text.
    pub fn end(mut self) -> Result<Printed> {
        let read = self.stderr.read_to_string(&mut self.said);
        read.context("read what the command says")?;
        let output = self.child.wait_with_output();
        let printed = Printed::of(output.context("wait for the command")?)?;
        Ok(Printed {
            stderr: self.said,
            ..printed
        })
    }
}

impl Printed {
    fn of(output: Output) -> Result<Self> {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Ok(Self {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).context("stdout is no UTF-8")?,
            stderr: String::from_utf8(stderr).context("stderr is no UTF-8")?,
        })
    }

    /// The one JSON document on stdout.
    ///
    /// # Errors
    /// If stdout is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("stdout is no JSON: {self:?}"))
    }
}

impl Cli {
    /// Runs `binary` without a server.
    pub fn new(binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            server: None,
            ledger: None,
        }
    }

    /// Asks `server`.
    #[must_use]
    pub fn at(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// Names `ledger` in every command.
    #[must_use]
    pub fn on(mut self, ledger: &str) -> Self {
        self.ledger = Some(ledger.to_owned());
        self
    }

    /// Writes the example submission of this `kind` into `folder`; returns the file, as arguments have it.
    ///
    /// # Errors
    /// If there is no such example, or it cannot be written.
    pub fn example(&self, kind: &str, folder: &Path) -> Result<String> {
        let example = self.run(&["submit", "--example", kind])?;
        let file = folder.join(format!("{kind}.json"));
        std::fs::write(&file, example.stdout).with_context(|| file.display().to_string())?;
        let file = file.to_str().context("the folder's name is no text")?;
        Ok(file.to_owned())
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Printed> {
        let output = self.command(arguments).output();
        Printed::of(output.context("start the command")?)
    }

    /// Starts a command that can be interrupted.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("start the command")?;
        let stderr = child.stderr.take().context("the command has no stderr")?;
        Ok(Running {
            child,
            stderr: BufReader::new(stderr),
            said: String::new(),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_remove("PERENNIAL_SERVER")
            .env_remove("PERENNIAL_LEDGER")
            .env("NO_COLOR", "1");
        if let Some(server) = &self.server {
            command.env("PERENNIAL_SERVER", server);
        }
        if let Some(ledger) = &self.ledger {
            command.env("PERENNIAL_LEDGER", ledger);
        }
        command
    }

    /// Runs a command that must succeed and print one JSON document.
    ///
    /// # Errors
    /// With everything it printed, if it does not.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let mut all = arguments.to_vec();
        all.extend(["--output", "json"]);
        let printed = self.run(&all)?;
        if printed.code != 0 {
            bail!(
                "{arguments:?} ended with {}: {}{}",
                printed.code,
                printed.stdout,
                printed.stderr
            );
        }
        printed.json()
    }
}
