//! Output on the terminal: results on standard output, notes on standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use clap::ArgMatches;
use serde_json::{Value, json};

use crate::{delivery, stream};

/// The format of results, from `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text for people.
    Pretty,
    /// The default where standard output is no terminal: JSON for the results of models, as with
    /// the service's own command line, and text for everything else.
    Piped,
    /// One JSON object, for errors too.
    Json,
}

impl Format {
    /// Reads `--output`, and checks whether standard output is a terminal.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Self {
        match matches.get_one::<String>("output").map(String::as_str) {
            Some("json") => Self::Json,
            None if !io::stdout().is_terminal() => Self::Piped,
            _ => Self::Pretty,
        }
    }

    /// Prints text, or JSON with `--output json`.
    pub(crate) fn print(self, json: &Value, pretty: impl FnOnce() -> String) {
        match self {
            Self::Json => out(&json.to_string()),
            Self::Piped | Self::Pretty => out(&plain(&pretty())),
        }
    }

    /// Prints the result of a model: text in a terminal, JSON in a pipe.
    pub(crate) fn print_result(self, json: &Value, pretty: impl FnOnce() -> String) {
        match self {
            Self::Piped => self.print_json(json),
            _ => self.print(json, pretty),
        }
    }

    /// Prints JSON in every format.
    pub(crate) fn print_json(self, json: &Value) {
        match self {
            Self::Json => out(&json.to_string()),
            Self::Piped | Self::Pretty => out(&format!("{json:#}")),
        }
    }
}

/// Escapes control characters, so that text from elsewhere cannot control the terminal.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_unsafe(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// The reason why a write to standard output has failed.
static LOST: Mutex<Option<String>> = Mutex::new(None);

/// Returns the reason why output was lost, if some was.
pub(crate) fn lost() -> Option<String> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Prints lines on standard output. If they cannot be written, they go to standard error, since a
/// request id may be among them. A reader that needs no more closes the pipe early, as `head` does:
/// that is a failure only if the lines are about a job.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        Ok(()) if stream::is_closed(&stdout) => delivery::stream_is_lost(),
        Ok(()) => delivery::reached(text),
        Err(error) => {
            delivery::stream_is_lost();
            if is_lost(&error) {
                note(text);
            }
        }
    }
}

/// Records a failed write, and returns `true` unless the reader needs no more.
pub(crate) fn is_lost(error: &io::Error) -> bool {
    let lost = error.kind() != ErrorKind::BrokenPipe || delivery::is_about_job();
    if lost {
        let why = format!("could not write to standard output: {error}");
        LOST.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(why);
    }
    lost
}

/// Prints a line for a waiting user, unless `--quiet` or `--output json` is set.
pub(crate) fn note_while_waiting(matches: &ArgMatches, text: &str) {
    if !matches.get_flag("quiet") && Format::from_matches(matches) != Format::Json {
        note(text);
    }
}

/// Prints lines on standard error. A closed terminal is ignored: the wait for a job must not end.
pub(crate) fn note(text: &str) {
    err(&plain(text));
}

/// Prints a request id or an idempotency key on standard error.
pub(crate) fn expected(kind: delivery::Kind, text: &str, format: Format) {
    let (name, words) = match kind {
        delivery::Kind::RequestId => ("request_id", "the request id of the job is"),
        delivery::Kind::IdempotencyKey => {
            ("idempotency_key", "the idempotency key of the submit is")
        }
    };
    match format {
        Format::Json => note(&json!({ name: text }).to_string()),
        Format::Piped | Format::Pretty => note(&format!("{words} {text}")),
    }
}

/// Prints lines on standard error after a label, which may have colours.
pub(crate) fn labelled(label: &dyn Display, text: &str) {
    err(&format!("{label} {}", plain(text)));
}

fn err(text: &str) {
    let mut stderr = io::stderr();
    if writeln!(stderr, "{text}").is_ok() && !stream::is_closed(&stderr) {
        delivery::reached(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(plain("ein Boot\n\t船"), "ein Boot\n\t船");
        let escaped = plain("\u{1b}[2J\u{1b}]0;x\u{7}\r\u{9b}2J\u{7f}");
        assert_eq!(escaped, r"\u{1b}[2J\u{1b}]0;x\u{7}\r\u{9b}2J\u{7f}");
    }
}
