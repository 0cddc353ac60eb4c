//! How results are printed.

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
            Self::Json => println!("{json}"),
            Self::Pretty => println!("{}", pretty()),
        }
    }
}
