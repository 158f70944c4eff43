//! Java, Maven and the jars.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

const POM: &str = include_str!("../../../deploy/kafka/pom.xml");
/// Names the folder of jars; changes with the versions in the POM.
const VERSION: &str = "4.3.1";

/// Why no node can be started.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// A program is not on the path.
    #[error("{program} is not installed; install it: apt-get install {package}")]
    Missing {
        /// The program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// Maven did not fetch the jars.
    #[error("Maven could not fetch Kafka's jars ({problem}); what it said:\n{said}")]
    Fetch {
        /// How it ended.
        problem: String,
        /// Its output.
        said: String,
    },
    /// No place for the jars.
    #[error("keep Kafka's jars at {}", path.display())]
    Keep {
        /// Where they belong.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// What the environment says of the tools. Read once, by [`Surroundings::read`].
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where programs are looked for (`PATH`).
    pub path: OsString,
    /// Where the jars are kept (`PERENNIAL_KAFKA_JARS`), if it is said.
    pub jars: Option<PathBuf>,
    /// The user's cache directory (`XDG_CACHE_HOME`, else `~/.cache`).
    pub cache: Option<PathBuf>,
    /// Bootstrap servers of a broker that runs already (`PERENNIAL_KAFKA`), for tests.
    pub kafka: Option<String>,
    /// `CI=true`: what needs Kafka must not be skipped.
    pub ci: bool,
}

impl Surroundings {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        Self {
            path: std::env::var_os("PATH").unwrap_or_default(),
            jars: std::env::var_os("PERENNIAL_KAFKA_JARS").map(PathBuf::from),
            cache: std::env::var_os("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(home),
            kafka: std::env::var_os("PERENNIAL_KAFKA")
                .map(|servers| servers.to_string_lossy().into_owned()),
            ci: std::env::var_os("CI").is_some_and(|value| value == "true"),
        }
    }

    /// Returns whether a program of this name lies on the path.
    fn has(&self, name: &str) -> bool {
        std::env::split_paths(&self.path).any(|folder| folder.join(name).is_file())
    }

    /// Returns the folder that holds the jars once they are fetched.
    fn jars_folder(&self) -> PathBuf {
        let parent = self.jars.clone().unwrap_or_else(|| {
            let cache = self.cache.clone().unwrap_or_else(std::env::temp_dir);
            cache.join("perennial").join("kafka")
        });
        parent.join(VERSION)
    }
}

/// Java and the jars of Kafka.
#[derive(Clone, Debug)]
pub struct Tools {
    jars: PathBuf,
}

impl Tools {
    /// Finds Java, and the jars; fetches them with Maven if they are not there yet.
    ///
    /// # Errors
    /// [`ToolsError`], which says what to install.
    pub fn prepare(surroundings: &Surroundings) -> Result<Self, ToolsError> {
        Self::look(surroundings)?;
        let jars = surroundings.jars_folder();
        if !jars.is_dir() {
            fetch(&jars)?;
        }
        Ok(Self { jars })
    }

    /// Looks whether everything is there that [`Self::prepare`] needs; fetches nothing.
    ///
    /// # Errors
    /// [`ToolsError::Missing`].
    pub fn look(surroundings: &Surroundings) -> Result<(), ToolsError> {
        let mut needed = vec![("java", "default-jre-headless (17 or newer)")];
        if !surroundings.jars_folder().is_dir() {
            needed.push(("mvn", "maven"));
        }
        for (program, package) in needed {
            if !surroundings.has(program) {
                return Err(ToolsError::Missing { program, package });
            }
        }
        Ok(())
    }

    /// Returns a command that runs a class of Kafka.
    pub(crate) fn java(&self) -> Command {
        let mut command = Command::new("java");
        command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.stdin(Stdio::null());
        command.env("CLASSPATH", self.jars.join("*"));
        command
    }
}

/// Fetches the jars into a folder beside `jars` and moves it there whole: who finds `jars` finds all of it, and two
/// that fetch at once do not disturb each other.
fn fetch(jars: &Path) -> Result<(), ToolsError> {
    let keep = |source| ToolsError::Keep {
        path: jars.to_path_buf(),
        source,
    };
    let parent = jars.parent().unwrap_or(jars);
    fs::create_dir_all(parent).map_err(keep)?;
    let place = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(parent)
        .map_err(keep)?;
    let pom = place.path().join("pom.xml");
    let fetched = place.path().join("jars");
    fs::write(&pom, POM).map_err(keep)?;
    let mut maven = Command::new("mvn");
    maven.args(["-B", "-q", "-f"]).arg(&pom);
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    maven.arg(format!("-DoutputDirectory={}", fetched.display()));
    let output = maven
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ToolsError::Fetch {
            problem: error.to_string(),
            said: String::new(),
        })?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        return Err(ToolsError::Fetch {
            problem: output.status.to_string(),
            said: String::from_utf8_lossy(&said).into_owned(),
        });
    }
    match fs::rename(&fetched, jars) {
        // Somebody else was quicker.
        Err(_) if jars.is_dir() => Ok(()),
        other => other.map_err(keep),
    }
}
