//! The format of what the command prints.

use std::io::{IsTerminal, stderr, stdin, stdout};

use clap::ArgMatches;
use runcomfy::schema::nearest;

/// The format of results, from `--output`, from `RUNCOMFY_OUTPUT`, or else from the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prints as the service's own command line does: results of models as indented JSON, words for
    /// everything else.
    Pretty,
    /// Prints compact JSON, as the service's own command line does. Lines on standard error are JSON
    /// too.
    Json,
    /// One JSON object of one shape for every outcome of a job, for failures too.
    Record,
    /// Words for people.
    Text,
}

/// Name of the variable that sets the format.
const VARIABLE: &str = "RUNCOMFY_OUTPUT";

impl Format {
    /// Names of the formats, as `--output` takes them.
    pub(crate) const NAMES: [&str; 4] = ["pretty", "json", "record", "text"];

    /// Returns what is wrong with the name of a format, in words after the place of the name.
    pub(crate) fn refusal(name: &str) -> String {
        let hint = nearest(name, Self::NAMES).map(|near| format!("; did you mean `{near}`?"));
        format!(
            "is `{name}`, expected one of {}{}",
            Self::NAMES.join(", "),
            hint.unwrap_or_default()
        )
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            "record" => Some(Self::Record),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// Returns the format that the flag names, else the one of the environment, else words in a
    /// terminal that a person uses. A script gets the same in a terminal as elsewhere.
    pub(crate) fn new(flag: Option<&str>) -> Self {
        let of_flag = flag.and_then(Self::parse);
        of_flag.or_else(Self::from_variable).unwrap_or_else(|| {
            if is_used_by_a_person() {
                Self::Text
            } else {
                Self::Pretty
            }
        })
    }

    /// Reads `--output`.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Self {
        let flag = matches.get_one::<String>("output");
        Self::new(flag.map(String::as_str))
    }

    fn from_variable() -> Option<Self> {
        Self::parse(variable()?.trim())
    }

    /// Returns what is wrong with the variable of the environment, if it is set to no format.
    pub(crate) fn invalid_variable() -> Option<String> {
        let value = variable()?;
        let is_invalid = Self::parse(value.trim()).is_none();
        is_invalid.then(|| format!("{VARIABLE} {}", Self::refusal(value.trim())))
    }

    /// Returns `true` if people read standard error: notes, progress and failures are words there.
    pub(crate) fn has_words(self) -> bool {
        matches!(self, Self::Text | Self::Pretty)
    }
}

fn variable() -> Option<String> {
    let value = std::env::var(VARIABLE).ok()?;
    (!value.trim().is_empty()).then_some(value)
}

/// Returns `true` if all streams are a terminal that can move its cursor, outside of CI.
pub(crate) fn is_used_by_a_person() -> bool {
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    stdin().is_terminal()
        && stdout().is_terminal()
        && stderr().is_terminal()
        && !is_dumb()
        && !is_ci
}

/// Returns `true` if the terminal can neither move the cursor nor clear a line.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
