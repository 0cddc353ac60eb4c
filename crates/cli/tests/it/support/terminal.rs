//! A command in a pseudo-terminal.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};

use pty_process::Size;
use pty_process::blocking::{Command as Inside, Pty, open};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::{Ended, exit_code};

/// A pseudo-terminal with a running command, and its screen.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

const ROWS: u16 = 24;
const CTRL_C: &[u8] = b"\x03";
/// Maximum output of a test: a spinner never ends, and a test must.
const MAX_BYTES: usize = 200_000;
/// Variables of the terminal that runs the tests, which the command must not see.
const OUTER_VARIABLES: [&str; 12] = [
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "TERM_PROGRAM",
    "LC_TERMINAL",
    "KITTY_WINDOW_ID",
    "KONSOLE_VERSION",
    "MLTERM",
    "TERMINAL_NAME",
    "RUNCOMFY_PICTURES",
    "TMUX",
    "STY",
];

impl Terminal {
    /// Starts a command in a terminal of 100 columns.
    pub(crate) fn new(command: &Command) -> Self {
        Self::start(inside(command), 100)
    }

    /// Starts a command in a terminal of 40 columns.
    pub(crate) fn narrow(command: &Command) -> Self {
        Self::start(inside(command), 40)
    }

    /// Starts a command with these variables.
    pub(crate) fn with(command: &Command, variables: &[(&str, &str)]) -> Self {
        Self::start(inside(command).envs(variables.iter().copied()), 100)
    }

    /// Starts a command with standard output in a pipe.
    pub(crate) fn piped(command: &Command) -> Self {
        Self::start(inside(command).stdout(Stdio::piped()), 100)
    }

    fn start(inside: Inside, columns: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, columns)).unwrap();
        // Ctrl-C makes the system discard output that the terminal has not read yet, which could be the
        // last lines of the command.
        let mut modes = tcgetattr(&pty).unwrap();
        modes.local_modes |= LocalModes::NOFLSH;
        tcsetattr(&pty, OptionalActions::Now, &modes).unwrap();
        Self {
            child: inside.spawn(pts).unwrap(),
            pty,
            parser: vt100::Parser::new(nonzero(ROWS), nonzero(columns), 0),
            bytes: Vec::new(),
        }
    }

    /// Returns the lines on the screen.
    pub(crate) fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Returns `true` if a line has wrapped into the next.
    pub(crate) fn has_wrapped(&self) -> bool {
        (0..ROWS).any(|row| self.parser.screen().row_wrapped(row))
    }

    /// Reads until a text is on the screen.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        // A line may break within the text.
        while !self.screen().replace('\n', " ").contains(text) {
            let all = self.bytes.len() > MAX_BYTES || !self.read();
            assert!(!all, "no {text:?} on:\n{}", self.screen());
        }
    }

    /// Reads once, and returns `false` if the command has ended.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // Linux reports EIO at the end.
        let count = self.pty.read(&mut buffer).unwrap_or(0);
        self.parser.process(&buffer[..count]);
        self.bytes.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Types a text.
    pub(crate) fn type_in(&mut self, text: &str) {
        self.pty.write_all(text.as_bytes()).unwrap();
    }

    /// Sends the byte that a terminal sends for Ctrl-C.
    pub(crate) fn press_ctrl_c(&mut self) {
        self.pty.write_all(CTRL_C).unwrap();
    }

    /// Reads to the end, and returns the exit code, the piped output and the screen, with all bytes.
    pub(crate) fn end(mut self) -> (Ended, Vec<u8>) {
        while self.bytes.len() <= MAX_BYTES && self.read() {}
        let mut out = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_string(&mut out).unwrap();
        }
        let ended = Ended {
            code: exit_code(self.child.wait().unwrap()),
            out,
            err: self.screen(),
        };
        (ended, std::mem::take(&mut self.bytes))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails if the command has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nonzero(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// Converts a command for the pseudo-terminal.
fn inside(command: &Command) -> Inside {
    let mut inside = Inside::new(command.get_program()).args(command.get_args());
    for name in OUTER_VARIABLES {
        inside = inside.env_remove(name);
    }
    for (name, value) in command.get_envs() {
        inside = match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        inside = inside.current_dir(folder);
    }
    inside.env("TERM", "xterm-256color")
}
