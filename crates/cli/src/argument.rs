//! The arguments that several commands share.

use std::convert::Infallible;

use clap::{Arg, ArgAction, ValueHint, value_parser};

/// What an input is made of.
pub(crate) fn input() -> [Arg; 3] {
    let heading = "Input as a whole";
    [
        Arg::new("input")
            .help_heading(heading)
            .long("input")
            .value_name("JSON|@FILE|-")
            .allow_hyphen_values(true)
            .help("The input as JSON, from a file, or from standard input; the flags of single properties win over it"),
        Arg::new("input-file")
            .help_heading(heading)
            .long("input-file")
            .value_name("PATH|-")
            .value_hint(ValueHint::FilePath)
            .conflicts_with("input")
            .help("The same as --input @PATH"),
        Arg::new("schema")
            .help_heading(heading)
            .long("schema")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .help("The model's schema, for a model that is not built in; else the catalogue is asked for it"),
    ]
}

pub(crate) fn unchecked() -> Arg {
    Arg::new("unchecked")
        .help_heading("Input as a whole")
        .long("unchecked")
        .action(ArgAction::SetTrue)
        .help("Send the input as it is where the model's schema cannot be had, since the catalogue is out of reach")
}

pub(crate) fn model_id() -> Arg {
    Arg::new("model_id")
        .required(true)
        .value_name("MODEL_ID")
        .value_parser(|id: &str| Ok::<_, Infallible>(without_slashes(id)))
        .help("The model, such as bytedance/dreamina-4-0/edit")
}

/// An id as it may have been cut out of an address.
pub(crate) fn without_slashes(model_id: &str) -> String {
    model_id.trim().trim_matches('/').to_owned()
}

/// How the media of an input are looked at.
pub(crate) fn media() -> [Arg; 2] {
    let heading = "Media";
    [
        Arg::new("no-check-media")
            .help_heading(heading)
            .long("no-check-media")
            .action(ArgAction::SetTrue)
            .help("Do not look at the media behind URLs"),
        allow_loopback().help_heading(heading),
    ]
}

/// Ways to see what comes of a run without paying for it.
pub(crate) fn trying() -> [Arg; 2] {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .help_heading("Without paying")
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    [
        switch(
            "dry-run",
            "Show what would be sent, and its price where the catalogue tells, and submit nothing",
        ),
        switch(
            "emulate",
            "Run on an emulator inside this command: no token, no cost",
        ),
    ]
}

pub(crate) fn no_wait() -> Arg {
    Arg::new("no-wait")
        .help_heading(WAITING)
        .long("no-wait")
        .action(ArgAction::SetTrue)
        .conflicts_with("emulate")
        .help("Only submit, and print the request id")
}

const WAITING: &str = "Waiting";

pub(crate) fn allow_loopback() -> Arg {
    Arg::new("allow-loopback")
        .long("allow-loopback")
        .action(ArgAction::SetTrue)
        .help("Also look at media on this machine: http://127.0.0.1:… and the like")
}

/// How long to wait for a job, and how often to look.
pub(crate) fn waiting() -> [Arg; 3] {
    [
        Arg::new("timeout")
            .help_heading(WAITING)
            .long("timeout")
            .value_name("SECONDS")
            .value_parser(value_parser!(u64).range(1..))
            .help("How long to wait for the job at the most, and for a connection to submit it; a job that is submitted goes on"),
        Arg::new("poll-secs")
            .help_heading(WAITING)
            .long("poll-secs")
            .value_name("SECONDS")
            .value_parser(value_parser!(u64))
            .help("Ask for the status so often [default: growing pauses]"),
        Arg::new("cancel-if-queued-after")
            .help_heading(WAITING)
            .long("cancel-if-queued-after")
            .value_name("SECONDS")
            .value_parser(value_parser!(u64).range(1..))
            .help("Cancel the job if it is still queued after this time, counted from the start of the wait; one that runs by then is waited for"),
    ]
}

/// What to do with a job's files.
pub(crate) fn saving() -> [Arg; 4] {
    let heading = "Saving";
    [
        Arg::new("output-dir")
            .help_heading(heading)
            .long("output-dir")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .default_value(".")
            .help("Where to save the outputs"),
        Arg::new("no-download")
            .help_heading(heading)
            .long("no-download")
            .action(ArgAction::SetTrue)
            .help("Print the outputs' URLs and save nothing"),
        Arg::new("open")
            .help_heading(heading)
            .long("open")
            .action(ArgAction::SetTrue)
            .conflicts_with("no-download")
            .help("Open what was saved in the system's viewer"),
        Arg::new("no-picture")
            .help_heading(heading)
            .long("no-picture")
            .action(ArgAction::SetTrue)
            .help("Do not show the saved pictures in the terminal. kitty, Ghostty, iTerm2, WezTerm, mintty, foot, Konsole, contour, mlterm, yaft and Rio do, and others with RUNCOMFY_PICTURES set to kitty, iterm or sixel"),
    ]
}

pub(crate) fn request_id() -> Arg {
    Arg::new("request_id")
        .required(true)
        .value_name("REQUEST_ID")
        .help("The id that the submit gave")
}

/// Which models of the catalogue.
pub(crate) fn listing() -> [Arg; 7] {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    [
        text("search", "TEXT", "Only models whose names hold this text"),
        text(
            "category",
            "CATEGORY",
            "Only models of this category; `runcomfy models categories` shows them",
        ),
        text(
            "kind",
            "KIND",
            "Only this kind: model, workflow or inference",
        ),
        text("limit", "COUNT", "How many to show, 1 to 500")
            .default_value("100")
            .value_parser(value_parser!(u64).range(1..=500)),
        text("offset", "COUNT", "How many to skip")
            .default_value("0")
            .value_parser(value_parser!(u64)),
        Arg::new("include-schema")
            .long("include-schema")
            .action(ArgAction::SetTrue)
            .help("Each model with its schemas, as JSON"),
        Arg::new("built-in")
            .long("built-in")
            .action(ArgAction::SetTrue)
            .conflicts_with_all(["category", "kind", "include-schema"])
            .help("Those that are built in, which needs neither token nor network"),
    ]
}

/// For every command.
pub(crate) fn global() -> [Arg; 3] {
    let heading = "Everywhere";
    [
        Arg::new("output")
            .help_heading(heading)
            .long("output")
            .global(true)
            .value_name("FORMAT")
            .value_parser(["pretty", "json"])
            .overrides_with("output")
            .help("How to print what comes of it: in words, or as one JSON object on standard output, for errors too [default: words, and JSON for what a model gave where standard output is no terminal]"),
        Arg::new("quiet")
            .help_heading(heading)
            .short('q')
            .long("quiet")
            .global(true)
            .action(ArgAction::SetTrue)
            .conflicts_with("verbose")
            .help("Show no progress"),
        Arg::new("verbose")
            .help_heading(heading)
            .short('v')
            .long("verbose")
            .global(true)
            .action(ArgAction::Count)
            .help("Keep every change of a job's status on the screen, and show the causes of errors"),
    ]
}

/// clap's own stands above all others.
pub(crate) fn help() -> Arg {
    Arg::new("help")
        .help_heading("Everywhere")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help("Print help: -h in short, --help in full")
}
