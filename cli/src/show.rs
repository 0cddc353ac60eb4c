//! How results are printed.

use std::io::{self, ErrorKind, IsTerminal, Write};

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
            Self::Piped | Self::Pretty => out(&pretty()),
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

/// Prints lines on standard output. Who reads them may have heard enough, as `head` does; where
/// they cannot be written for another reason, they are not lost: a request id may be among them.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        note(&format!(
            "warning: could not write to standard output: {error}\n{text}"
        ));
    }
}

/// Prints lines on standard error; a terminal that has gone is no reason to leave a job alone.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
