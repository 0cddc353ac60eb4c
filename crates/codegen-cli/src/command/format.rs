//! Format of a report.

use clap::builder::PossibleValue;
use clap::{Arg, ArgMatches};

use super::argument::switch;

/// Format in which a report is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Json,
    Github,
}

/// Returns the arguments that choose the format, with what the formats `human` and `json` print.
pub(crate) fn arguments(human: &'static str, json: &'static str) -> [Arg; 2] {
    let help = [
        ("human", human),
        ("json", json),
        ("github", "Annotations of a GitHub workflow"),
    ];
    let formats = help.map(|(name, help)| PossibleValue::new(name).help(help));
    [
        Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(formats)
            .default_value("human")
            .help("Format of the report"),
        switch("json", "The same as --format json").conflicts_with("format"),
    ]
}

impl Format {
    pub(crate) fn from_matches(matches: &ArgMatches) -> Self {
        let name = matches.get_one::<String>("format").map(String::as_str);
        match name {
            _ if matches.get_flag("json") => Self::Json,
            Some("json") => Self::Json,
            Some("github") => Self::Github,
            _ => Self::Human,
        }
    }
}
