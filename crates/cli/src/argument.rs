//! Arguments that several commands share.

use std::convert::Infallible;
use std::ops::RangeInclusive;

use clap::{Arg, ArgAction, ValueHint};

use crate::file_name::NameTemplate;
use crate::format::Format;

/// Returns the arguments that set the input as a whole.
pub(crate) fn input() -> [Arg; 3] {
    let heading = "Input as a whole";
    [
        Arg::new("input")
            .help_heading(heading)
            .long("input")
            .value_name("JSON|@FILE|-")
            .allow_hyphen_values(true)
            .help("The input as JSON, from a file, or from standard input; flags of properties override it"),
        Arg::new("input-file")
            .help_heading(heading)
            .long("input-file")
            .value_name("PATH|-")
            .value_hint(ValueHint::FilePath)
            .conflicts_with("input")
            .help("Alias of --input @PATH"),
        Arg::new("schema")
            .help_heading(heading)
            .long("schema")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .help("The schema of the model [default: the built-in one, else from the catalogue]"),
    ]
}

/// Returns `--unchecked`.
pub(crate) fn unchecked() -> Arg {
    Arg::new("unchecked")
        .help_heading("Input as a whole")
        .long("unchecked")
        .action(ArgAction::SetTrue)
        .help("Send the input without a check if the schema of the model is unknown")
}

/// Returns `--extra`.
pub(crate) fn extra() -> Arg {
    Arg::new("extra")
        .help_heading("Input as a whole")
        .long("extra")
        .value_name("JSON|@FILE")
        .allow_hyphen_values(true)
        .help("Properties that the schema does not know, such as '{\"lora\": …}', sent as they are")
}

/// Returns the arguments that make a job belong to its user.
pub(crate) fn keeping() -> [Arg; 2] {
    let heading = "Keeping the job";
    [
        Arg::new("job-file")
            .help_heading(heading)
            .long("job-file")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .conflicts_with_all(["emulate", "dry-run"])
            .help("Keep the job in this file: its key before the submit, its id after it, its files at the end. Run again with the file, the command continues where it was and never submits the job twice"),
        Arg::new("key")
            .help_heading(heading)
            .long("key")
            .value_name("KEY")
            .value_parser(key)
            .help("Idempotency key of the submit [default: a random one]"),
    ]
}

fn key(text: &str) -> Result<String, String> {
    /// As many as the library accepts.
    const MAX_BYTES: usize = 255;
    let is_valid = |c: char| c.is_ascii_graphic();
    if (1..=MAX_BYTES).contains(&text.len()) && text.chars().all(is_valid) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "expected 1 to {MAX_BYTES} visible ASCII characters"
        ))
    }
}

/// Returns `--on-interrupt`.
pub(crate) fn on_interrupt() -> Arg {
    Arg::new("on-interrupt")
        .help_heading(WAITING)
        .long("on-interrupt")
        .value_name("ACTION")
        .value_parser(["leave", "cancel", "ask"])
        .help("What Ctrl-C does to the job: leave it running (default with --job-file), cancel it if it is still queued (default), or ask")
}

/// Returns the argument `MODEL_ID`.
pub(crate) fn model_id() -> Arg {
    Arg::new("model_id")
        .required(true)
        .value_name("MODEL_ID")
        .value_parser(|id: &str| Ok::<_, Infallible>(model_id_in(id)))
        .help("Id of the model, such as bytedance/dreamina-4-0/edit")
}

/// Returns a model id without the slashes around it, which a part of a URL may have.
pub(crate) fn without_slashes(model_id: &str) -> String {
    model_id.trim().trim_matches('/').to_owned()
}

/// Returns the model id in a word, which may be the URL of the model's page.
pub(crate) fn model_id_in(word: &str) -> String {
    // A browser shows an address without its scheme.
    let address = word.split_once("://").map_or(word, |(_, rest)| rest);
    let host = address.split('/').next().unwrap_or_default();
    let is_address = address.len() < word.len() || host.contains('.');
    let page = ["/models/", "/playground/"]
        .iter()
        .find_map(|page| address.split_once(page))
        .filter(|_| is_address);
    let Some((_, path)) = page else {
        return without_slashes(word);
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = without_slashes(path);
    // A page may be below that of the model, such as `/api`.
    let ends = id.match_indices('/').map(|(end, _)| end).chain([id.len()]);
    let mut starts = ends.map(|end| &id[..end]).rev();
    let known = starts.find(|start| runcomfy_models::find(start).is_some());
    known.unwrap_or(&id).to_owned()
}

/// Returns the arguments for the check of media.
pub(crate) fn media() -> [Arg; 2] {
    let heading = "Media";
    [
        Arg::new("no-check-media")
            .help_heading(heading)
            .long("no-check-media")
            .action(ArgAction::SetTrue)
            .help("Do not check the media behind URLs"),
        allow_loopback().help_heading(heading),
    ]
}

/// Returns the arguments of a run that costs nothing.
pub(crate) fn free_of_charge() -> [Arg; 4] {
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
            "Show the input as it would be sent, and its price if known; submit nothing",
        ),
        switch(
            "emulate",
            "Run on an emulator inside this command: no token, no cost",
        ),
        Arg::new("max-cost")
            .help_heading("Without paying")
            .long("max-cost")
            .value_name("USD")
            .allow_hyphen_values(true)
            .value_parser(dollars)
            .help("Submit nothing whose price is above this sum, or unknown"),
        switch(
            "yes",
            "Submit an input with warnings without a question in a terminal",
        ),
    ]
}

/// Parses a sum in US dollars.
fn dollars(text: &str) -> Result<f64, String> {
    let sum: Option<f64> = text.strip_prefix('$').unwrap_or(text).parse().ok();
    let sum = sum.filter(|sum| sum.is_finite() && *sum >= 0.0);
    sum.ok_or_else(|| "expected a sum in US dollars of at least 0, such as 0.10".to_owned())
}

/// Returns a parser of a number of things in a range.
pub(crate) fn count(
    things: &'static str,
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<u64, String> + Clone + Send + Sync + 'static {
    move |text| {
        let count = text.parse().ok().filter(|count| range.contains(count));
        let (min, max) = (range.start(), range.end());
        count.ok_or_else(|| format!("expected a number of {things} in {min}..={max}"))
    }
}

/// Returns `--concurrency` of a batch.
#[cfg(feature = "batch")]
pub(crate) fn concurrency() -> Arg {
    Arg::new("concurrency")
        .long("concurrency")
        .value_name("COUNT")
        .default_value("32")
        .allow_negative_numbers(true)
        .value_parser(count("jobs", 1..=10_000))
        .help("Maximum number of jobs that are submitted, running or being saved at a time")
}

/// Parses the number of models that a list skips.
fn offset(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "expected a number of models, such as 100".to_owned())
}

/// Returns `--no-wait`.
pub(crate) fn no_wait() -> Arg {
    Arg::new("no-wait")
        .help_heading(WAITING)
        .long("no-wait")
        .action(ArgAction::SetTrue)
        .conflicts_with("emulate")
        .help("Submit the job, print its request id and exit")
}

const WAITING: &str = "Waiting";

/// Returns `--allow-loopback`.
pub(crate) fn allow_loopback() -> Arg {
    Arg::new("allow-loopback")
        .long("allow-loopback")
        .action(ArgAction::SetTrue)
        .help("Also check media on servers of this machine, such as http://127.0.0.1:8000/a.png")
}

/// Returns the arguments of a wait.
pub(crate) fn waiting() -> [Arg; 3] {
    [
        Arg::new("timeout")
            .help_heading(WAITING)
            .long("timeout")
            .value_name("SECONDS")
            .allow_negative_numbers(true)
            .value_parser(seconds_from_one)
            .help("Maximum time for the wait, and for a connection to submit the job; a submitted job keeps running"),
        Arg::new("poll-secs")
            .help_heading(WAITING)
            .long("poll-secs")
            .value_name("SECONDS")
            .allow_negative_numbers(true)
            .value_parser(seconds)
            .help("Poll interval [default: adapted to the run times of the model]"),
        Arg::new("cancel-if-queued-after")
            .help_heading(WAITING)
            .long("cancel-if-queued-after")
            .value_name("SECONDS")
            .allow_negative_numbers(true)
            .value_parser(seconds_from_one)
            .help("Cancel the job if it is still queued this long after the start of the wait; a running job is waited for"),
    ]
}

/// Parses seconds, or a time such as `90s`, `5m` or `1h`.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((end, 's')) => (&text[..end], 1),
        Some((end, 'm')) => (&text[..end], 60),
        Some((end, 'h')) => (&text[..end], 3600),
        _ => (text, 1),
    };
    let number: Option<u64> = number.parse().ok();
    let seconds = number.and_then(|number| number.checked_mul(unit));
    seconds
        .ok_or_else(|| "expected seconds, such as 300, or a time such as 90s, 5m or 1h".to_owned())
}

fn seconds_from_one(text: &str) -> Result<u64, String> {
    match seconds(text)? {
        0 => Err("expected at least 1 second".to_owned()),
        seconds => Ok(seconds),
    }
}

/// Returns the arguments for the files of a job.
pub(crate) fn saving() -> [Arg; 6] {
    let heading = "Saving";
    [
        Arg::new("output-dir")
            .help_heading(heading)
            .long("output-dir")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .default_value(".")
            .help("Folder for the files"),
        Arg::new("name")
            .help_heading(heading)
            .long("name")
            .value_name("TEMPLATE")
            .value_parser(NameTemplate::parse)
            // clap prints {n} as the end of a line.
            .help("Names of the files, such as {slug}-{id}.{ext}. The words for the braces: n counts the files from 1, slug is the start of the prompt, id the request id, model the model id, name and ext are the name that the service gives"),
        Arg::new("sidecar")
            .help_heading(heading)
            .long("sidecar")
            .action(ArgAction::SetTrue)
            .conflicts_with("no-download")
            .help("Write a file NAME.json beside each file: model, input, times, cost and warnings"),
        Arg::new("no-download")
            .help_heading(heading)
            .long("no-download")
            .action(ArgAction::SetTrue)
            .help("Print the URLs of the files and save nothing"),
        Arg::new("open")
            .help_heading(heading)
            .long("open")
            .action(ArgAction::SetTrue)
            .conflicts_with("no-download")
            .help("Open the saved files in the viewer of the system"),
        Arg::new("no-picture")
            .help_heading(heading)
            .long("no-picture")
            .action(ArgAction::SetTrue)
            .help("Do not show the saved images in the terminal. Shown in kitty, Ghostty, iTerm2, WezTerm, mintty, foot, Konsole, contour, mlterm, yaft and Rio, and in others if RUNCOMFY_PICTURES is kitty, iterm or sixel"),
    ]
}

/// Returns the argument `REQUEST_ID`.
pub(crate) fn request_id() -> Arg {
    Arg::new("request_id")
        .required(true)
        .value_name("REQUEST_ID")
        .help("Request id of the job, as printed by `runcomfy run`")
}

/// Returns `--web-base`.
pub(crate) fn web_base() -> Arg {
    Arg::new("web-base")
        .long("web-base")
        .value_name("URL")
        .value_hint(ValueHint::Url)
        .help("Address of the website [default: RUNCOMFY_WEB_BASE or https://www.runcomfy.com]")
}

/// Returns the arguments that select models of the catalogue.
pub(crate) fn listing() -> [Arg; 7] {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    [
        text(
            "search",
            "TEXT",
            "Only models whose names contain this text",
        ),
        text(
            "category",
            "CATEGORY",
            "Only models of this category; see `runcomfy models categories`",
        ),
        text(
            "kind",
            "KIND",
            "Only models of this kind: model, workflow or inference",
        ),
        text("limit", "COUNT", "Maximum number of models, 1 to 500")
            .default_value("100")
            .allow_negative_numbers(true)
            .value_parser(count("models", 1..=500)),
        text("offset", "COUNT", "Number of models to skip")
            .default_value("0")
            .allow_negative_numbers(true)
            .value_parser(offset),
        Arg::new("include-schema")
            .long("include-schema")
            .action(ArgAction::SetTrue)
            .help("Print each model with its schemas, as JSON"),
        Arg::new("built-in")
            .long("built-in")
            .action(ArgAction::SetTrue)
            .conflicts_with_all(["category", "kind", "include-schema"])
            .help("List the built-in models, without token and network"),
    ]
}

/// Returns the arguments of every command.
pub(crate) fn global() -> [Arg; 4] {
    let heading = "Everywhere";
    [
        Arg::new("output")
            .help_heading(heading)
            .long("output")
            .global(true)
            .value_name("FORMAT")
            .value_parser(Format::NAMES)
            .overrides_with("output")
            .help("Output format. pretty and json are those of the service's own command line: `run` prints the output of the model, indented or on one line, and with json failures are JSON on standard error. record is one JSON object of one shape, for failures too. text is words for people [default: text if standard input, output and error are a terminal, outside of CI; else pretty]"),
        Arg::new("color")
            .help_heading(heading)
            .long("color")
            .global(true)
            .value_name("WHEN")
            .value_parser(["auto", "always", "never"])
            .overrides_with("color")
            .help("Print in colours [default: auto, in a terminal unless NO_COLOR is set]"),
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
            .help("Print a line for each change of status, and the causes of errors"),
    ]
}

/// Returns `--help` as the last argument; clap would put its own first.
pub(crate) fn help() -> Arg {
    Arg::new("help")
        .help_heading("Everywhere")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help("Print help: -h for the short text, --help for the full text")
}
