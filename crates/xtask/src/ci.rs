//! `cargo xtask ci`: what must hold before a change is taken, cheapest first. The first failure stops it.

use std::path::Path;
use std::process::Command;

use perennial_kafka_rig::{Nodes, Surroundings, TestRig, Tools};

use crate::environment::Environment;
use crate::simulation;
use crate::step::{Outcome, StepFailed, run, shown, timed};
use crate::tidy;
use crate::workspace::{Tree, metadata};

/// The steps, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Formatting, as rustfmt.toml says.
    Fmt,
    /// The rules of the house that no compiler knows.
    Tidy,
    /// The style of the proto files and their comments.
    Buf,
    /// Licences, sources and banned packages, as deny.toml says.
    Deny,
    /// Lints, warnings denied.
    Clippy,
    /// Every test but the documentation's, in parallel processes.
    Nextest,
    /// The examples in the documentation.
    DocTests,
    /// The documentation itself, warnings denied.
    Rustdoc,
    /// The simulation of several nodes, 20,000 runs.
    Sim,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 9] = [
        Self::Fmt,
        Self::Tidy,
        Self::Buf,
        Self::Deny,
        Self::Clippy,
        Self::Nextest,
        Self::DocTests,
        Self::Rustdoc,
        Self::Sim,
    ];

    /// Returns the name that `--only` and `--skip` take.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Buf => "buf",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Nextest => "nextest",
            Self::DocTests => "doc-tests",
            Self::Rustdoc => "rustdoc",
            Self::Sim => "sim",
        }
    }
}

/// Refuses to check anything while golden files would be rewritten by the tests.
///
/// # Errors
/// [`StepFailed`] if `PERENNIAL_UPDATE_GOLDEN` is set, to whatever value.
pub fn refuse_to_update_golden(environment: &Environment) -> Result<(), StepFailed> {
    if !environment.update_golden {
        return Ok(());
    }
    Err(StepFailed {
        step: "golden",
        problem:
            "PERENNIAL_UPDATE_GOLDEN is set: every golden test would pass by rewriting its file"
                .to_owned(),
        remedy: "unset PERENNIAL_UPDATE_GOLDEN and look at `git diff` first".to_owned(),
    })
}

/// Runs the chosen steps in their order and returns what came of each.
///
/// # Errors
/// The first step that fails.
pub fn run_steps(
    environment: &Environment,
    root: &Path,
    chosen: &[Step],
) -> Result<Vec<(Step, Outcome)>, StepFailed> {
    refuse_to_update_golden(environment)?;
    let runner = Runner { environment, root };
    let steps = Step::ALL.into_iter().filter(|step| chosen.contains(step));
    steps.map(|step| Ok((step, runner.run(step)?))).collect()
}

struct Runner<'a> {
    environment: &'a Environment,
    root: &'a Path,
}

impl Runner<'_> {
    fn run(&self, step: Step) -> Result<Outcome, StepFailed> {
        match step {
            Step::Fmt => self.cargo(step, &["fmt", "--all", "--check"], "cargo fmt --all"),
            Step::Tidy => run_tidy(self.environment, self.root).map(|()| Outcome::Passed),
            Step::Buf => self.buf(),
            Step::Deny => self.deny(),
            Step::Clippy => self.cargo(
                step,
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--locked",
                    "--",
                    "-D",
                    "warnings",
                ],
                "cargo clippy -p CRATE --all-targets -- -D warnings",
            ),
            Step::Nextest => self.nextest(),
            Step::DocTests => self.cargo(
                step,
                &["test", "--workspace", "--locked", "--doc"],
                "cargo test -p CRATE --doc",
            ),
            Step::Rustdoc => self.rustdoc(),
            Step::Sim => {
                let runs = (simulation::CHECKED_RUNS, 1);
                simulation::simulate(self.environment, self.root, runs).map(|()| Outcome::Passed)
            }
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.environment.cargo);
        command.current_dir(self.root).args(arguments);
        command
    }

    fn cargo(&self, step: Step, arguments: &[&str], remedy: &str) -> Result<Outcome, StepFailed> {
        passed(step, self.command(arguments), remedy)
    }

    /// Runs the tests in parallel processes. Without nextest they run with plain cargo, and that is said; in CI the
    /// tool is mandatory.
    fn nextest(&self) -> Result<Outcome, StepFailed> {
        let step = Step::Nextest;
        if self.environment.has_program("cargo-nextest") {
            let arguments = [
                "nextest",
                "run",
                "--workspace",
                "--locked",
                "--no-fail-fast",
            ];
            let mut command = self.command(&arguments);
            let broker = shared_broker()?;
            if let Some(broker) = &broker {
                command.env("PERENNIAL_KAFKA", broker.bootstrap());
            }
            return passed(step, command, "cargo nextest run -p CRATE NAME");
        }
        self.missing(
            step,
            "cargo-nextest",
            "cargo install --locked cargo-nextest",
        )?;
        eprintln!("cargo-nextest is not installed: the same tests run with plain cargo instead");
        let arguments = [
            "test",
            "--workspace",
            "--locked",
            "--all-targets",
            "--no-fail-fast",
        ];
        self.cargo(step, &arguments, "cargo test -p CRATE NAME")
    }

    fn buf(&self) -> Result<Outcome, StepFailed> {
        let install = "npm install --global @bufbuild/buf";
        if !self.environment.has_program("buf") {
            return self.missing(Step::Buf, "buf", install);
        }
        let mut command = Command::new("buf");
        command.current_dir(self.root).args(["lint", "proto"]);
        passed(
            Step::Buf,
            command,
            "buf lint proto, and read the rule's name at the end of the line",
        )
    }

    fn deny(&self) -> Result<Outcome, StepFailed> {
        if !self.environment.has_program("cargo-deny") {
            return self.missing(
                Step::Deny,
                "cargo-deny",
                "cargo install --locked cargo-deny",
            );
        }
        self.cargo(
            Step::Deny,
            &["deny", "--locked", "check", "bans", "licenses", "sources"],
            "use another package, or add an exception with its reason to deny.toml",
        )
    }

    fn rustdoc(&self) -> Result<Outcome, StepFailed> {
        let mut command = self.command(&["doc", "--workspace", "--no-deps", "--locked"]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        passed(
            Step::Rustdoc,
            command,
            "RUSTDOCFLAGS='-D warnings' cargo doc -p CRATE --no-deps",
        )
    }

    /// A tool is missing: skip the step and say so, but in CI fail.
    fn missing(&self, step: Step, tool: &str, install: &str) -> Result<Outcome, StepFailed> {
        let why = format!("{tool} is not installed");
        let enable = install.to_owned();
        if self.environment.ci {
            let problem = format!("{why}, and CI=true makes it mandatory");
            return Err(StepFailed {
                step: step.name(),
                problem,
                remedy: enable,
            });
        }
        Ok(Outcome::Skipped { why, enable })
    }
}

/// Starts the Kafka that all test processes of a run share, where Java and Maven are there; without them the tests say
/// what they skip. It ends with what is returned.
fn shared_broker() -> Result<Option<TestRig>, StepFailed> {
    let surroundings = Surroundings::read();
    if surroundings.kafka.is_some() || Tools::look(&surroundings).is_err() {
        return Ok(None);
    }
    let failed = |problem: String| StepFailed {
        step: Step::Nextest.name(),
        problem,
        remedy: "cargo xtask kafka up, and look at what it says".to_owned(),
    };
    let tools = Tools::prepare(&surroundings).map_err(|error| failed(error.to_string()))?;
    let rig = TestRig::start(Nodes::One, &tools).map_err(|error| failed(error.to_string()))?;
    Ok(Some(rig))
}

/// Runs a step that is one command.
fn passed(step: Step, mut command: Command, remedy: &str) -> Result<Outcome, StepFailed> {
    let name = step.name();
    timed(name, &shown(&command), || run(name, &mut command, remedy))?;
    Ok(Outcome::Passed)
}

/// Checks the rules of the house and prints every violation to stderr.
///
/// # Errors
/// [`StepFailed`] if there is one, or if the tree cannot be read.
pub fn run_tidy(environment: &Environment, root: &Path) -> Result<(), StepFailed> {
    let step = Step::Tidy.name();
    let failed = |problem| StepFailed {
        step,
        problem,
        remedy: "correct the lines above, then: cargo xtask tidy".to_owned(),
    };
    timed(step, "the rules of the house", || {
        let broken = |error: anyhow::Error| failed(format!("{error:#}"));
        let tree = Tree::load(root).map_err(broken)?;
        let metadata = metadata(&environment.cargo).map_err(broken)?;
        let violations = tidy::check(&tree, &metadata);
        for violation in &violations {
            eprintln!("{violation}");
        }
        let count = violations.len();
        if count == 0 {
            Ok(())
        } else {
            Err(failed(format!("{count} violations")))
        }
    })
}
