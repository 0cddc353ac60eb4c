//! The tree of commands and flags.

use clap::{Arg, ArgAction, Command, value_parser};
use runcomfy::ModelSchema;

use crate::flags;

/// The whole command. The flags of `run` come from the schema of the model that the arguments
/// name, so they are looked at first.
pub(crate) fn root(arguments: &[String]) -> Command {
    Command::new("runcomfy")
        .about("Run RunComfy models from a terminal, checked before they cost anything")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("output")
                .long("output")
                .global(true)
                .value_name("FORMAT")
                .value_parser(["pretty", "json"])
                .default_value("pretty")
                .help("How to print what comes of it"),
        )
        .arg(Arg::new("quiet").short('q').long("quiet").global(true).action(ArgAction::SetTrue).help("Show no progress"))
        .subcommand(models())
        .subcommand(run(model_of(arguments, "run")))
        .subcommand(validate(model_of(arguments, "validate")))
        .subcommand(probe())
        .subcommand(job("status", "Ask how far a job is"))
        .subcommand(job("result", "Ask for the result of a job"))
        .subcommand(job("cancel", "Cancel a job that is still queued"))
        .after_help(
            "The API token is taken from RUNCOMFY_TOKEN, then RUNCOMFY_API_TOKEN.\n\
             Exit codes: 0 done, 1 the job failed, 64 wrong usage, 65 bad input (nothing was sent), \
             66 unreadable file, 69 the service, 73 unwritable file, 75 passing trouble (nothing was submitted), 77 token.",
        )
}

fn models() -> Command {
    Command::new("models")
        .about("The models that are built in")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("list").about("List them"))
}

fn job(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(
        Arg::new("request_id")
            .required(true)
            .value_name("REQUEST_ID")
            .help("The id that the submit gave"),
    )
}

fn run(model: Option<&'static ModelSchema>) -> Command {
    let command = Command::new("run")
        .about("Submit a job, wait for it and save its outputs")
        .args(input())
        .arg(
            Arg::new("emulate")
                .long("emulate")
                .action(ArgAction::SetTrue)
                .help("Run on an emulator inside this command: no token, no cost"),
        )
        .arg(
            Arg::new("no-wait")
                .long("no-wait")
                .action(ArgAction::SetTrue)
                .conflicts_with("emulate")
                .help("Only submit, and print the request id"),
        )
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(1..))
                .help("How long to wait at the most; the job goes on"),
        )
        .arg(
            Arg::new("output-dir")
                .long("output-dir")
                .value_name("DIR")
                .default_value(".")
                .help("Where to save the outputs"),
        )
        .arg(
            Arg::new("no-download")
                .long("no-download")
                .action(ArgAction::SetTrue)
                .help("Print the outputs' URLs and save nothing"),
        );
    with_flags(command, model)
}

fn validate(model: Option<&'static ModelSchema>) -> Command {
    let command = Command::new("validate")
        .about("Check an input and its media, and submit nothing")
        .args(input());
    with_flags(command, model)
}

fn probe() -> Command {
    Command::new("probe")
        .about("Tell what media are, from as few of their bytes as possible")
        .arg(
            Arg::new("source")
                .required(true)
                .num_args(1..)
                .value_name("SOURCE")
                .help("An https:// URL, a data: URI or the path of a file"),
        )
        .arg(allow_loopback())
}

/// What an input is made of, and how it is checked.
fn input() -> [Arg; 5] {
    [
        Arg::new("model_id")
            .required(true)
            .value_name("MODEL_ID")
            .help("The model, such as bytedance/dreamina-4-0/edit"),
        Arg::new("input")
            .long("input")
            .value_name("JSON|@FILE|-")
            .allow_hyphen_values(true)
            .help(
                "The input as JSON, from a file, or from standard input; flags below win over it",
            ),
        Arg::new("input-file")
            .long("input-file")
            .value_name("PATH|-")
            .conflicts_with("input")
            .help("The same as --input @PATH"),
        Arg::new("no-check-media")
            .long("no-check-media")
            .action(ArgAction::SetTrue)
            .help("Do not look at the media behind URLs"),
        allow_loopback(),
    ]
}

fn allow_loopback() -> Arg {
    Arg::new("allow-loopback")
        .long("allow-loopback")
        .action(ArgAction::SetTrue)
        .help("Also look at media on this machine: http://127.0.0.1:… and the like")
}

fn with_flags(command: Command, model: Option<&'static ModelSchema>) -> Command {
    match model {
        Some(model) => command
            .next_help_heading("Input of this model")
            .args(flags::args(model))
            .after_help(format!("Model: {}", model.id)),
        None => command.after_help("Name a model before --help to see the flags for its input."),
    }
}

/// The built-in model that the arguments of this command name, if they do.
fn model_of(arguments: &[String], command: &str) -> Option<&'static ModelSchema> {
    let start = arguments.iter().position(|argument| argument == command)?;
    arguments[start..]
        .iter()
        .find_map(|argument| runcomfy_models::find(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_models_command_is_sound() {
        root(&[]).debug_assert();
        for model in runcomfy_models::ALL {
            for command in ["run", "validate"] {
                root(&["runcomfy", command, &model.id].map(str::to_owned)).debug_assert();
            }
        }
    }
}
