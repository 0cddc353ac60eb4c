//! How results are printed.

use std::io::{self, ErrorKind, Write};

use clap::ArgMatches;
use serde_json::Value;

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Pretty,
    /// One JSON object.
    Json,
}

impl Format {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        match matches.get_one::<String>("output").map(String::as_str) {
            Some("json") => Self::Json,
            _ => Self::Pretty,
        }
    }

    /// Prints the one or the other.
    pub(crate) fn print(self, json: &Value, pretty: impl FnOnce() -> String) {
        match self {
            Self::Json => out(&json.to_string()),
            Self::Pretty => out(&pretty()),
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
