//! A command in a pseudo-terminal of its own.

// No test uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};

use pty_process::Size;
use pty_process::blocking::{Command as Inside, Pty, open};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::support::Ended;

/// What goes on in the terminal, and what stands on its screen.
pub struct Terminal {
    pty: Pty,
    child: Child,
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

const ROWS: u16 = 24;
const CTRL_C: &[u8] = b"\x03";
/// More than a test prints. A spinner goes on for ever, and a test must not.
const MOST_BYTES: usize = 200_000;
/// What the terminal of the tests themselves says of itself.
const OUTSIDE: [&str; 12] = [
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
    pub fn new(command: &Command) -> Self {
        Self::start(inside(command), 100)
    }

    pub fn narrow(command: &Command) -> Self {
        Self::start(inside(command), 40)
    }

    /// With these variables.
    pub fn with(command: &Command, variables: &[(&str, &str)]) -> Self {
        Self::start(inside(command).envs(variables.iter().copied()), 100)
    }

    /// With standard output elsewhere.
    pub fn piped(command: &Command) -> Self {
        Self::start(inside(command).stdout(Stdio::piped()), 100)
    }

    fn start(inside: Inside, columns: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, columns)).unwrap();
        // Ctrl-C makes the system forget what is on its way to the screen: the last words, too, where
        // it is slower than the command that it has told.
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

    /// The lines on the screen.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Whether a line has run over into the next.
    pub fn has_wrapped(&self) -> bool {
        (0..ROWS).any(|row| self.parser.screen().row_wrapped(row))
    }

    /// Reads until a text stands on the screen.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        while !self.screen().contains(text) {
            let all = self.bytes.len() > MOST_BYTES || !self.read();
            assert!(!all, "no {text:?} on:\n{}", self.screen());
        }
    }

    /// `false` once the command has ended.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // Linux says EIO for it.
        let count = self.pty.read(&mut buffer).unwrap_or(0);
        self.parser.process(&buffer[..count]);
        self.bytes.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Types a text with its keys.
    pub fn type_in(&mut self, text: &str) {
        self.pty.write_all(text.as_bytes()).unwrap();
    }

    /// As the terminal does it for the key.
    pub fn press_ctrl_c(&mut self) {
        self.pty.write_all(CTRL_C).unwrap();
    }

    /// Reads to the end, and gives the exit code, what came through the pipe, and the screen.
    pub fn end(mut self) -> (Ended, Vec<u8>) {
        while self.bytes.len() <= MOST_BYTES && self.read() {}
        let mut out = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_string(&mut out).unwrap();
        }
        let ended = Ended {
            code: self.child.wait().unwrap().code().unwrap_or(-1),
            out,
            err: self.screen(),
        };
        (ended, std::mem::take(&mut self.bytes))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nonzero(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// The same command for a terminal.
fn inside(command: &Command) -> Inside {
    let mut inside = Inside::new(command.get_program()).args(command.get_args());
    for name in OUTSIDE {
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
