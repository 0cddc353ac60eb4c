//! Helpers that run the command in a temporary folder, with or without an emulator.

#[cfg(unix)]
pub(crate) mod terminal;

use std::io::Write;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use runcomfy_emulator::{Builder, Call, Emulator};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const TEXT_TO_IMAGE: &str = "bytedance/dreamina-4-0/text-to-image";
pub(crate) const EDIT: &str = "bytedance/dreamina-4-0/edit";

/// A run that polls without a pause, since a job of the emulator ends when the test says so.
pub(crate) const RUN: [&str; 6] = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--poll-secs", "0"];

/// A GIF image of 640 x 480 pixels.
pub(crate) const PICTURE: &[u8] = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;";
/// A GIF image of 5000 x 480 pixels.
pub(crate) const WIDE: &[u8] = b"GIF89a\x88\x13\xe0\x01\x00\x00\x00;";

/// A file with one root of TLS, which no test needs.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/root.pem");

/// Checks each case on a thread of its own, since most of their time is spent waiting.
pub(crate) fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || check(case));
        }
    });
}

/// A command that has ended: its exit code and output.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Parses the JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// Returns the request id that is the only line on standard error, as with `--output record`.
    #[track_caller]
    pub(crate) fn only_id_on_stderr(&self) -> String {
        let line: Value =
            serde_json::from_str(&self.err).unwrap_or_else(|why| panic!("{why}: {self:?}"));
        let id = line["request_id"].as_str().unwrap();
        assert_eq!(line, serde_json::json!({ "request_id": id }), "{self:?}");
        id.to_owned()
    }

    /// Parses the JSON object of a command that must have succeeded.
    #[track_caller]
    pub(crate) fn good_json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }
}

/// Returns the exit code as a shell reports it.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    let by_signal = signal.map(|signal: i32| 128 + signal);
    status.code().or(by_signal).unwrap()
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: exit_code(output.status),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Returns the command without the environment variables that it reads.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy"));
    for variable in [
        "RUNCOMFY_TOKEN",
        "RUNCOMFY_API_TOKEN",
        "RUNCOMFY_MODEL_API_BASE",
        "RUNCOMFY_SERVERLESS_API_BASE",
        "RUNCOMFY_OUTPUT",
        "CI",
        "RUNCOMFY_WEB_BASE",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    // One root instead of those of the system, which each command would read.
    command.env("SSL_CERT_FILE", ROOT);
    command.env("SSL_CERT_DIR", "/nowhere");
    // A folder without token.json.
    command.env("RUNCOMFY_CONFIG_DIR", "/nowhere");
    command
}

/// Gives a command the environment variables that another one sets or removes.
#[cfg(unix)]
pub(crate) fn copy_env(from: &Command, to: &mut Command) {
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

/// A temporary folder, and an emulator as the service.
pub(crate) struct Service {
    pub(crate) folder: TempDir,
    pub(crate) emulator: Emulator,
    // Dropped after the emulator.
    _runtime: Runtime,
}

impl Service {
    /// Starts the service.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// Starts the service with these settings besides the built-in models.
    pub(crate) fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
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

    /// Starts a service whose jobs start and end only when the test advances its clock.
    pub(crate) fn slow() -> Self {
        let minute = Duration::from_secs(60);
        Self::with(|builder| builder.queue_time(minute).run_time(minute))
    }

    /// Returns the number of polls that the service has received.
    pub(crate) fn polls(&self) -> usize {
        self.emulator.count(Call::Status) + self.emulator.count(Call::Result)
    }

    /// Waits until the service has received a call of this kind.
    pub(crate) fn until_received(&self, call: Call) {
        while self.emulator.count(call) == 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs `work`, and ends all jobs of a slow service with the poll of this number. Those before it
    /// find them unfinished.
    pub(crate) fn ending_jobs_with<T>(&self, poll: usize, work: impl FnOnce() -> T) -> T {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while self.polls() < poll && !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                self.emulator.advance(Duration::from_secs(3600));
            });
            // Also after a panic of `work`, since the scope waits for the thread.
            let _set = SetOnDrop(&done);
            work()
        })
    }

    /// Returns a command that uses the service.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command
            .env("RUNCOMFY_TOKEN", "t")
            .env("RUNCOMFY_MODEL_API_BASE", self.emulator.base_url() + "/v1")
            .current_dir(self.folder.path())
            .args(arguments);
        command
    }

    /// Runs the command with words, as in a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let arguments = [&["--output", "text"], arguments].concat();
        self.command(&arguments).output().unwrap().into()
    }

    /// Runs the command with `--output record`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Ended {
        self.run(&[arguments, &["--output", "record"]].concat())
    }

    /// Returns the status of a job.
    pub(crate) fn status(&self, id: &str) -> String {
        let json = self.json(&["status", id]).good_json();
        json["status"].as_str().unwrap().to_owned()
    }

    /// Runs the command with standard output in a pipe, without `--output`.
    pub(crate) fn piped(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs the command with words and this standard input.
    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Ended {
        let arguments = [&["--output", "text"], arguments].concat();
        with_stdin(&mut self.command(&arguments), stdin)
    }

    /// Returns the number of entries in the folder.
    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a command with this standard input.
pub(crate) fn with_stdin(command: &mut Command, stdin: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that rejects its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap().into()
}

/// Returns `true` if jq, which scripts use, is installed. CI must have it; elsewhere the skip is printed.
#[cfg(unix)]
pub(crate) fn has_jq() -> bool {
    let has = Command::new("jq").arg("--version").output().is_ok();
    assert!(
        has || std::env::var_os("CI").is_none(),
        "found no jq; install it"
    );
    if !has {
        // Directly, since the test runner captures only the macros.
        let _ = writeln!(
            std::io::stderr(),
            "skipped the scripts that use jq, which is not installed"
        );
    }
    has
}
