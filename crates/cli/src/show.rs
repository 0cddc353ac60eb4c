//! How results are printed.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ArgMatches;
use serde_json::Value;

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Pretty,
    /// For people, but nobody has asked for it, and standard output is no terminal: results of
    /// models go there as JSON, as with the service's own command line.
    Piped,
    /// One JSON object, for errors too.
    Json,
}

impl Format {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        match matches.get_one::<String>("output").map(String::as_str) {
            Some("json") => Self::Json,
            None if !io::stdout().is_terminal() => Self::Piped,
            _ => Self::Pretty,
        }
    }

    /// Prints words, or JSON where it was asked for.
    pub(crate) fn print(self, json: &Value, pretty: impl FnOnce() -> String) {
        match self {
            Self::Json => out(&json.to_string()),
            Self::Piped | Self::Pretty => out(&plain(&pretty())),
        }
    }

    /// Prints what a model gave: words for people, JSON for programs.
    pub(crate) fn print_result(self, json: &Value, pretty: impl FnOnce() -> String) {
        match self {
            Self::Piped => self.print_json(json),
            _ => self.print(json, pretty),
        }
    }

    /// Prints what is JSON for everybody.
    pub(crate) fn print_json(self, json: &Value) {
        match self {
            Self::Json => out(&json.to_string()),
            Self::Piped | Self::Pretty => out(&format!("{json:#}")),
        }
    }
}

/// A text as it can be shown: what comes from elsewhere must not command the terminal.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(commands) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if commands(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// Whether anything could not be written on standard output.
static LOST: AtomicBool = AtomicBool::new(false);

/// The exit code of a command that went well, unless its output was lost.
pub(crate) fn success() -> ExitCode {
    ExitCode::from(u8::from(LOST.load(Ordering::Relaxed)))
}

/// Prints lines on standard output. Who reads them may have heard enough, as `head` does; where
/// they cannot be written for another reason, they are not lost: a request id may be among them.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    if let Err(error) = written
        && is_lost(&error)
    {
        note(&format!(
            "error: could not write to standard output: {error}\n{text}"
        ));
    }
}

/// Takes note of what could not be written, unless nobody wanted it.
pub(crate) fn is_lost(error: &io::Error) -> bool {
    let lost = error.kind() != ErrorKind::BrokenPipe;
    LOST.fetch_or(lost, Ordering::Relaxed);
    lost
}

/// A line for who waits, unless nobody is to see any.
pub(crate) fn note_while_waiting(matches: &ArgMatches, text: &str) {
    if !matches.get_flag("quiet") && Format::of(matches) != Format::Json {
        note(text);
    }
}

/// Prints lines on standard error; a terminal that has gone is no reason to leave a job alone.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// The same with a label, which may have colours, before it.
pub(crate) fn labelled(label: &dyn Display, text: &str) {
    let _ = writeln!(io::stderr(), "{label} {}", plain(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_spelt_out() {
        assert_eq!(plain("ein Boot\n\t船"), "ein Boot\n\t船");
        let told = plain("\u{1b}[2J\u{1b}]0;x\u{7}\r\u{9b}2J\u{7f}");
        assert_eq!(told, r"\u{1b}[2J\u{1b}]0;x\u{7}\r\u{9b}2J\u{7f}");
    }
}
