//! The command in a folder of its own, alone or beside an emulator.

// A set-up that fails ends the test, and no test uses all of it.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use runcomfy_emulator::{Builder, Emulator};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const TEXT_TO_IMAGE: &str = "bytedance/dreamina-4-0/text-to-image";
pub const EDIT: &str = "bytedance/dreamina-4-0/edit";

/// Ended: its exit code and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// The one JSON object on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// The same, of a command that went well.
    #[track_caller]
    pub fn good_json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The command with nothing of the environment that it looks at.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy"));
    for variable in [
        "RUNCOMFY_TOKEN",
        "RUNCOMFY_API_TOKEN",
        "RUNCOMFY_MODEL_API_BASE",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    // Nobody's token file.
    command.env("RUNCOMFY_CONFIG_DIR", "/nowhere");
    command
}

/// A folder, and the service on an emulator of this test's own.
pub struct Service {
    pub folder: TempDir,
    pub emulator: Emulator,
    // Ends after the emulator.
    _runtime: Runtime,
}

impl Service {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With these settings besides the built-in models.
    pub fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let builder = set(Emulator::builder().built_in_models());
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator,
            _runtime: runtime,
        }
    }

    /// Jobs that neither start nor end before the test says so.
    pub fn slow() -> Self {
        let minute = Duration::from_secs(60);
        Self::with(|builder| builder.queue_time(minute).run_time(minute))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command
            .env("RUNCOMFY_TOKEN", "t")
            .env("RUNCOMFY_MODEL_API_BASE", self.emulator.base_url() + "/v1")
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    /// In words, as in a terminal.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let arguments = [&["--output", "pretty"], arguments].concat();
        self.command(&arguments).output().unwrap().into()
    }

    /// With `--output json`.
    pub fn json(&self, arguments: &[&str]) -> Ended {
        self.run(&[arguments, &["--output", "json"]].concat())
    }

    /// The word for how far a job is.
    pub fn status(&self, id: &str) -> String {
        let json = self.json(&["status", id]).good_json();
        json["status"].as_str().unwrap().to_owned()
    }

    /// With standard output in a pipe, and no word about that.
    pub fn piped(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    pub fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Ended {
        let arguments = [&["--output", "pretty"], arguments].concat();
        with_stdin(&mut self.command(&arguments), stdin)
    }

    /// How many files there are in the folder.
    pub fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

pub fn with_stdin(command: &mut Command, stdin: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap().into()
}

/// Whether there is jq, which scripts need. CI must have it; who has not is told what was not tested.
pub fn has_jq() -> bool {
    let has = Command::new("jq").arg("--version").output().is_ok();
    assert!(
        has || std::env::var_os("CI").is_none(),
        "found no jq; install it"
    );
    if !has {
        // Past what the test runner keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "skipped, since there is no jq: scripts with it"
        );
    }
    has
}
