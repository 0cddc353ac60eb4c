//! The cost of commands, and of the compiler that cargo starts.
//!
//! The system reports the peak memory of *all* children of a process together, and a child begins
//! with its parent's. So a small program of its own, `meter`, stands between the benchmark and
//! each command; cargo is given it as the wrapper of `rustc`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Cost, Outcome, sibling};

/// The environment variable that names the file to which `meter` adds a line: the crate that
/// `rustc` compiles or the name of the command, microseconds of wall time, of CPU time, bytes.
pub const LOG_VARIABLE: &str = "RUNCOMFY_BENCH_LOG";

/// Runs commands under `meter`.
#[derive(Debug)]
pub struct Meter {
    program: PathBuf,
    log: PathBuf,
}

impl Meter {
    /// Makes a meter with its log in this folder.
    ///
    /// # Errors
    /// Fails if the program `meter` was not built.
    pub fn new(folder: &Path) -> Outcome<Self> {
        Ok(Self {
            program: sibling("meter")?,
            log: folder.join("meter.log"),
        })
    }

    /// Returns the cost of one run of a program with these arguments, which must succeed.
    ///
    /// # Errors
    /// Fails if the program cannot be started or fails.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Outcome<Cost> {
        let mut command = Command::new(&self.program);
        command.arg(program).args(arguments);
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        self.cost(&mut command, &name)
    }

    /// Returns the cost of the one `rustc` that compiles `name` during this cargo command.
    ///
    /// # Errors
    /// Fails if cargo fails or does not compile that crate.
    pub fn run_cargo(&self, cargo: &mut Command, name: &str) -> Outcome<Cost> {
        self.cost(cargo.env("RUSTC_WRAPPER", &self.program), name)
    }

    fn cost(&self, command: &mut Command, name: &str) -> Outcome<Cost> {
        fs::write(&self.log, "")?;
        let output = command.env(LOG_VARIABLE, &self.log).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{command:?}: {}\n{said}", output.status).into());
        }
        let log = fs::read_to_string(&self.log)?;
        let mut costs = log.lines().filter_map(|line| read(line, name));
        match (costs.next(), costs.next()) {
            (Some(cost), None) => Ok(cost),
            _ => Err(format!("{command:?}: expected one run of {name}, found:\n{log}").into()),
        }
    }
}

fn read(line: &str, name: &str) -> Option<Cost> {
    let mut fields = line.strip_prefix(name)?.strip_prefix('\t')?.split('\t');
    let mut number = || fields.next()?.parse().ok();
    Some(Cost {
        wall: Duration::from_micros(number()?),
        cpu: Duration::from_micros(number()?),
        peak: number()?,
    })
}
