//! The arguments of `batch run`.

use std::time::Duration;

use clap::{Arg, ArgAction, Command, ValueHint};
use runcomfy_batch::{Money, Rate};

use super::super::store_argument::store;
use crate::{argument, listen_address};

/// Longest number of repeats: a mistake is not to become millions of jobs.
const MAX_REPEAT: i64 = 100_000;

/// Returns the command `batch run`.
pub(crate) fn command() -> Command {
    Command::new("run")
        .about("Run the jobs of a file: check all, then submit each once, wait and save")
        .arg(
            Arg::new("file")
                .required(true)
                .value_name("FILE|-")
                .value_hint(ValueHint::FilePath)
                .help("JSON Lines such as {\"id\": \"fog\", \"model\": \"…\", \"input\": {\"prompt\": \"…\"}}, CSV with a column for each property, or - for standard input"),
        )
        .args(jobs())
        .args(money())
        .args(speed())
        .args(files())
        .args(many_machines())
        .args(watching())
        .after_help(
            "The same command again resumes a batch that was stopped or killed, and submits\n\
             no job twice. A job whose submit has an unknown outcome is in doubt, and named.\n\
             \n\
             Exit codes:\n  \
             0   All jobs are saved\n  \
             1   Jobs failed or were cancelled\n  \
             3   The budget is used up\n  \
             69  Jobs are in doubt\n  \
             77  The service refuses the account\n  \
             130 Stopped with Ctrl-C; 143 by TERM\n\
             With others, as of every command, nothing was submitted by this run.",
        )
}

fn jobs() -> [Arg; 9] {
    let heading = "Jobs";
    let switch = |name: &'static str, help: &'static str| {
        let switch = Arg::new(name).help_heading(heading).long(name);
        switch.action(ArgAction::SetTrue).help(help)
    };
    [
        Arg::new("model")
            .help_heading(heading)
            .long("model")
            .value_name("MODEL_ID")
            .value_parser(|id: &str| Ok::<_, std::convert::Infallible>(argument::model_id_in(id)))
            .help("Model of the lines that name none"),
        Arg::new("schema")
            .help_heading(heading)
            .long("schema")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .requires("model")
            .help("The schema of --model [default: the built-in one, else from the catalogue]"),
        Arg::new("repeat")
            .help_heading(heading)
            .long("repeat")
            .value_name("COUNT")
            .default_value("1")
            .allow_negative_numbers(true)
            .value_parser(argument::count("submits of a line", 1..=MAX_REPEAT.unsigned_abs()))
            .help("Submit each line so many times, as ID, ID#2 and so on"),
        switch(
            "skip-invalid",
            "Leave invalid lines out; else nothing is submitted while a line is invalid",
        ),
        switch(
            "no-submit",
            "Submit nothing: wait for what was submitted before, and save it. The file of jobs is not read",
        ),
        switch(
            "dry-run",
            "Check all, and print what would be submitted and its estimated cost: submit nothing, create and change no store",
        )
        .conflicts_with("no-submit"),
        switch(
            "accept-schema",
            "Check jobs by the schema of today, although it has changed since the last run",
        ),
        switch("no-check-media", "Do not check the media behind URLs"),
        argument::allow_loopback().help_heading(heading),
    ]
}

fn money() -> [Arg; 4] {
    let heading = "Money";
    [
        Arg::new("budget")
            .help_heading(heading)
            .long("budget")
            .value_name("USD|none")
            .allow_hyphen_values(true)
            .value_parser(or_none(|text| text.parse::<Money>().map_err(|error| format!("{error}, or none"))))
            .help("Stop submitting once what is spent, reserved and in doubt would exceed this sum [default: that of the store, else none]"),
        Arg::new("price-per-job")
            .help_heading(heading)
            .long("price-per-job")
            .value_name("USD")
            .allow_hyphen_values(true)
            .value_parser(|text: &str| text.parse::<Money>().map_err(|error| error.to_string()))
            .help("Estimated cost of a job [default: from the catalogue's price]"),
        Arg::new("yes")
            .help_heading(heading)
            .long("yes")
            .action(ArgAction::SetTrue)
            .help("Submit without a question; needed outside of a terminal"),
        Arg::new("emulate")
            .help_heading(heading)
            .long("emulate")
            .action(ArgAction::SetTrue)
            .conflicts_with("store")
            .help("Run on an emulator inside this command: no token, no cost; the store is FILE.emulated.batch.db"),
    ]
}

fn speed() -> [Arg; 2] {
    let heading = "Speed";
    [
        argument::concurrency().help_heading(heading),
        Arg::new("rate")
            .help_heading(heading)
            .long("rate")
            .value_name("COUNT/TIME|none")
            .allow_hyphen_values(true)
            .value_parser(or_none(rate))
            .help("Maximum rate of submits, such as 2/s, 30/min or 100/h [default: that of the store, else none]"),
    ]
}

fn files() -> [Arg; 3] {
    let heading = "Files";
    [
        store().help_heading(heading).help(
            "The store of the batch, a file or postgres://USER@HOST/DATABASE?batch=NAME for many machines [default: FILE.batch.db]; needed with - for standard input",
        ),
        out().help_heading(heading),
        name().help_heading(heading),
    ]
}

/// Returns `--out`.
pub(crate) fn out() -> Arg {
    Arg::new("out")
        .long("out")
        .value_name("DIR")
        .value_hint(ValueHint::DirPath)
        .help("Folder for the files of the jobs [default: FILE.out, of a batch in Postgres BATCH.out]")
}

/// Returns `--name`.
pub(crate) fn name() -> Arg {
    Arg::new("name")
        .long("name")
        .value_name("TEMPLATE")
        .default_value("{n}-{id}")
        .hide_default_value(true)
        .value_parser(template)
        // clap prints {n} as the end of a line.
        .help("Names of the files without their extensions. The words for the braces: n is the number of the job, id its id, model the model id, key the idempotency key, request_id the request id [default: n and id]")
}

/// Returns what shows programs the progress of a batch.
pub(crate) fn watching() -> [Arg; 2] {
    [
        Arg::new("log-format")
            .long("log-format")
            .value_name("FORMAT")
            .value_parser(["json"])
            .help("Log every transition as a line of JSON on standard error, in place of progress"),
        Arg::new("metrics")
            .long("metrics")
            .value_name("PORT|ADDRESS:PORT")
            .allow_hyphen_values(true)
            .value_parser(|text: &str| listen_address::parse(text, 9464))
            .help("Serve metrics for Prometheus at http://ADDRESS:PORT/metrics; a port alone is one of 127.0.0.1"),
    ]
}

/// Returns the settings of a worker beside others.
pub(crate) fn many_machines() -> [Arg; 3] {
    let heading = "Many machines";
    [
        Arg::new("shared-dir")
            .help_heading(heading)
            .long("shared-dir")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .help("Folder that all workers see, each perhaps by another path: local files of jobs are in it"),
        Arg::new("worker-dir")
            .help_heading(heading)
            .long("worker-dir")
            .value_name("DIR")
            .value_hint(ValueHint::DirPath)
            .help("Folder in which this worker keeps its intents and unstored ids [default: BATCH.worker]"),
        Arg::new("lease")
            .help_heading(heading)
            .long("lease")
            .value_name("SECONDS")
            .default_value("30")
            .allow_negative_numbers(true)
            .value_parser(argument::count("seconds", 2..=3600))
            .help("Time after which others take over the jobs of a worker that the store hears no more of"),
    ]
}

/// A value, or the word `none`, which lifts a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrNone<T> {
    None,
    Some(T),
}

impl<T> OrNone<T> {
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Self::None => None,
            Self::Some(value) => Some(value),
        }
    }
}

fn or_none<T>(
    parse: fn(&str) -> Result<T, String>,
) -> impl Fn(&str) -> Result<OrNone<T>, String> + Clone {
    move |text| match text {
        "none" => Ok(OrNone::None),
        text => parse(text).map(OrNone::Some),
    }
}

/// Parses a rate such as `30/min`; a plain number is one of each second.
fn rate(text: &str) -> Result<Rate, String> {
    let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit {
        "s" | "sec" | "second" => Some(1),
        "m" | "min" | "minute" => Some(60),
        "h" | "hour" => Some(3600),
        _ => None,
    };
    let count: Option<u32> = count.parse().ok().filter(|count| *count > 0);
    match (count, seconds) {
        (Some(count), Some(seconds)) => Ok(Rate::new(count, Duration::from_secs(seconds))),
        _ => Err("expected a rate such as 2/s, 30/min or 100/h, or none".to_owned()),
    }
}

/// Words that a template of names may have in braces.
const PLACEHOLDERS: [&str; 5] = ["n", "id", "model", "key", "request_id"];

fn template(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.contains(['/', '\\']) {
        return Err(
            "expected a name such as {n}-{id}, not a path; --out sets the folder".to_owned(),
        );
    }
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let (word, after) = after
            .split_once('}')
            .ok_or_else(|| format!("found `{{{after}` without its `}}`"))?;
        if !PLACEHOLDERS.contains(&word) {
            let known = PLACEHOLDERS.map(|known| format!("{{{known}}}")).join(", ");
            return Err(format!(
                "unknown placeholder `{{{word}}}`; there are {known}"
            ));
        }
        rest = after;
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_has_a_count_and_a_time() {
        let hour = Duration::from_secs(3600);
        assert_eq!(rate("100/h"), Ok(Rate::new(100, hour)));
        assert_eq!(rate("7"), rate("7/s"));
        for bad in ["", "0", "0/s", "1.5/s", "7/day", "/s", "-1"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn template_has_known_words_only() {
        assert!(template("{n}-{id}-{request_id}").is_ok());
        for bad in ["", "a/{n}", "{slug}", "{n", "..\\{n}"] {
            assert!(template(bad).is_err(), "{bad}");
        }
    }
}
