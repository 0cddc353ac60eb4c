//! Output on the terminal: results on standard output, notes on standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use clap::ArgMatches;
use console::Term;
use serde_json::{Value, json};

use crate::format::Format;
use crate::wrapped::wrapped;
use crate::{delivery, stream};

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

/// Prints lines on standard output by one write. If they cannot be written, they go to standard error, since a
/// request id may be among them. A reader that needs no more closes the pipe early, as `head` does:
/// that is a failure only if the lines are about a job. Neither is a closed stream one if standard error
/// has the lines: a parent process that wants none may have opened the null device in its place, and
/// a script would take the failure for a reason to pay again.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout();
    if stream::is_closed(&stdout) {
        if !err(text) {
            delivery::stream_is_lost();
        }
        return;
    }
    let lines = format!("{text}\n");
    let written = stdout.write_all(lines.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => delivery::reached(text),
        Err(error) => {
            delivery::stream_is_lost();
            if is_lost(&error) {
                err(text);
            }
        }
    }
}

impl Format {
    /// Prints words, or JSON where programs read.
    pub(crate) fn print(self, json: &Value, words: impl FnOnce() -> String) {
        if self.has_words() {
            out(&plain(&words()));
        } else {
            out(&json.to_string());
        }
    }

    /// Prints the result of a model: words for people, JSON in every other format.
    pub(crate) fn print_result(self, json: &Value, words: impl FnOnce() -> String) {
        match self {
            Self::Text => out(&plain(&words())),
            _ => self.print_json(json),
        }
    }

    /// Prints JSON in every format.
    pub(crate) fn print_json(self, json: &Value) {
        if self.has_words() {
            out(&format!("{json:#}"));
        } else {
            out(&json.to_string());
        }
    }
}

/// Prints words that are the whole result of a command on standard error. If they cannot be written,
/// they go to standard output, and the command fails unless standard error was closed from the start.
pub(crate) fn answer(text: &str) {
    if !err(&plain(text)) {
        if !stream::is_closed(&io::stderr()) {
            lose("could not write to standard error".to_owned());
        }
        out(&plain(text));
    }
}

/// Records a failed write, and returns `true` unless the reader needs no more.
pub(crate) fn is_lost(error: &io::Error) -> bool {
    let lost = error.kind() != ErrorKind::BrokenPipe || delivery::is_about_job();
    if lost {
        lose(format!("could not write to standard output: {error}"));
    }
    lost
}

fn lose(why: String) {
    LOST.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert(why);
}

/// Prints a line for a waiting user, unless `--quiet` is set or standard error is for programs.
pub(crate) fn note_while_waiting(matches: &ArgMatches, text: &str) {
    if !matches.get_flag("quiet") && Format::from_matches(matches).has_words() {
        note(text);
    }
}

/// Prints a warning on standard error, except beside a record, which contains it.
pub(crate) fn warn(text: &str) {
    match format() {
        Format::Text | Format::Pretty => note(&format!("warning: {text}")),
        Format::Json => line(&json!({ "warning": text })),
        Format::Record => {}
    }
}

/// Prints lines on standard error, as JSON where programs read it. A closed terminal is ignored: the
/// wait for a job must not end.
pub(crate) fn note(text: &str) {
    if format().has_words() {
        err(&plain(text));
    } else {
        line(&json!({ "note": text }));
    }
}

/// Prints a line of JSON on standard error.
pub(crate) fn line(json: &Value) {
    err(&json.to_string());
}

static FORMAT: OnceLock<Format> = OnceLock::new();

/// Sets the format of standard error, before anything is printed.
pub(crate) fn set_format(format: Format) {
    // There is one command line.
    let _ = FORMAT.set(format);
}

fn format() -> Format {
    *FORMAT.get_or_init(|| Format::new(None))
}

/// Prints a request id or an idempotency key on standard error.
pub(crate) fn expected(kind: delivery::Kind, text: &str) {
    let (name, words) = match kind {
        delivery::Kind::RequestId => ("request_id", "the request id of the job is"),
        delivery::Kind::IdempotencyKey => {
            ("idempotency_key", "the idempotency key of the submit is")
        }
    };
    if format().has_words() {
        note(&format!("{words} {text}"));
    } else {
        line(&json!({ name: text }));
    }
}

/// Prints lines on standard error after a label, which may have colours.
pub(crate) fn labelled(label: &dyn Display, text: &str) {
    err(&format!("{label} {}", plain(text)));
}

/// Returns what removes the progress of another command from the line, where there may be some.
fn line_start() -> &'static str {
    if format() == Format::Text && io::stderr().is_terminal() {
        "\r\x1b[K"
    } else {
        ""
    }
}

/// Prints a text on standard error without the end of its line, unless programs read its lines, and
/// returns `true` if it has.
pub(crate) fn unfinished(text: &str) -> bool {
    let is_for_people = format().has_words();
    if is_for_people {
        // A closed terminal is ignored, as for a note.
        let _ = io::stderr().write_all(text.as_bytes());
    }
    is_for_people
}

/// Returns a text for people with line breaks between its words; a pipe gets its lines whole.
fn fitted(text: &str) -> Cow<'_, str> {
    let is_for_people = format() == Format::Text && io::stderr().is_terminal();
    match Term::stderr().size_checked() {
        Some((_, columns)) if is_for_people => wrapped(text, columns.into()).into(),
        _ => text.into(),
    }
}

/// Returns `true` if the lines were written.
fn err(text: &str) -> bool {
    let mut stderr = io::stderr();
    let lines = format!("{}{}\n", line_start(), fitted(text));
    // A parent process that closes the stream wants no lines, so none is lost.
    if stream::is_closed(&stderr) {
        return false;
    }
    // One write, so that the lines of several processes do not mix.
    let written = stderr.write_all(lines.as_bytes()).is_ok();
    if written {
        delivery::reached(text);
    } else {
        delivery::lost(text);
    }
    written
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
