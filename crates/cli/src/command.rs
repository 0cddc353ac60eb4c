//! The tree of commands and flags.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use runcomfy::schema::ModelSchema;

use crate::{argument, flags, show};

const AFTER_HELP: &str = "\
Environment:
  RUNCOMFY_TOKEN, RUNCOMFY_API_TOKEN
                           The API token; the first that is set wins
  RUNCOMFY_CONFIG_DIR      Where token.json of the service's own command line is
                           [default: $XDG_CONFIG_HOME/runcomfy or ~/.config/runcomfy]
  RUNCOMFY_MODEL_API_BASE  Another address than https://model-api.runcomfy.net/v1
  RUNCOMFY_PICTURES        kitty, iterm, sixel or none: how pictures are shown
                           [default: what the terminal is known to take]
  NO_COLOR                 No colours

Exit codes:
  0   Done
  1   The job failed or was cancelled, or a file could not be written
  2   Wrong usage: no such command or flag, a value missing
  64  Wrong usage: a value that cannot be one, such as a faulty request id
  65  Bad input, or refused by the service
  66  A file that cannot be read
  69  The service or the network is out of order
  75  The same for a while only (no connection, too many requests): run it again.
      Never given where the command may have submitted a job
  77  No token, or one that is not accepted
  130 Stopped with Ctrl-C; what becomes of the job is said
  143 The same by the signal TERM; 129 by HUP";

/// The whole command. The flags of `run`, `validate` and their like come from the schema of the
/// model that the command line names.
pub(crate) fn root(model: Option<&ModelSchema>) -> Command {
    Command::new("runcomfy")
        // Whatever the system adds to the name of the file.
        .bin_name("runcomfy")
        .about("Run RunComfy models from a terminal, checked before they cost anything")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(argument::global())
        .subcommand(run(model))
        .subcommand(validate(model))
        .subcommand(code(model))
        .subcommand(about_job("status", "Ask how far a job is"))
        .subcommand(result("result"))
        .subcommand(resume())
        .subcommand(about_job("cancel", "Cancel a job that is still queued"))
        .subcommand(requests())
        .subcommand(models())
        .subcommand(Command::new("balance").about("Ask what is left on the account"))
        .subcommand(probe())
        .subcommand(init())
        .subcommand(emulator())
        .subcommand(completion())
        .after_help(AFTER_HELP)
}

fn run(model: Option<&ModelSchema>) -> Command {
    about_model(
        "run",
        "Submit a job, wait for it and save its outputs",
        model,
    )
    .arg(argument::unchecked())
    .args(argument::trying())
    // What it would do in vain, and somebody may count on.
    .arg(argument::no_wait().conflicts_with_all(["cancel-if-queued-after", "open"]))
    .args(argument::waiting())
    .args(argument::saving())
    .arg(argument::help())
}

fn validate(model: Option<&ModelSchema>) -> Command {
    let about = "Check an input and its media, and submit nothing";
    about_model("validate", about, model).arg(argument::help())
}

fn code(model: Option<&ModelSchema>) -> Command {
    let about = "Print the Rust program and the curl call that do what `run` would do";
    // A line of `run` is taken as it is.
    let without_effect = ["unchecked", "dry-run", "emulate", "open", "no-picture"];
    about_model("code", about, model)
        .arg(argument::unchecked())
        .args(argument::trying())
        .arg(argument::no_wait())
        .args(argument::waiting())
        .args(argument::saving())
        .mut_args(|arg| {
            let hidden = without_effect.contains(&arg.get_id().as_str());
            if hidden { arg.hide(true) } else { arg }
        })
        .arg(argument::help())
}

/// A command that takes an input, up to its help, which stands last; with a model its help is the model's page.
fn about_model(name: &'static str, about: &'static str, model: Option<&ModelSchema>) -> Command {
    let command = Command::new(name)
        .about(about)
        .disable_help_flag(true)
        .arg(argument::model_id());
    let command = match model {
        Some(model) => command
            .long_about(page(about, model))
            .override_usage(format!("runcomfy {name} {} [OPTIONS]", model.id))
            .mut_arg("model_id", |arg| arg.hide(true))
            .args(flags::args(model)),
        None => command.after_help("Name a model before --help to see the flags for its input."),
    };
    command.args(argument::input()).args(argument::media())
}

/// What stands above the flags: the model, what the command does with it, and what the model is
/// for where its schema says so.
fn page(about: &str, model: &ModelSchema) -> String {
    let said = [model.input.title(), model.input.description()];
    let said = said.into_iter().flatten();
    let paragraphs: Vec<&str> = [&*model.id, about].into_iter().chain(said).collect();
    show::plain(&paragraphs.join("\n\n")).into_owned()
}

fn about_job(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(argument::request_id())
}

fn result(name: &'static str) -> Command {
    about_job(name, "Ask for the result of a job, and save its outputs").args(argument::saving())
}

fn resume() -> Command {
    about_job(
        "resume",
        "Wait for a job that was submitted before, and save its outputs",
    )
    .args(argument::waiting())
    .args(argument::saving())
}

fn requests() -> Command {
    Command::new("requests")
        .about("The same as status, result and cancel")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(about_job("get", "The same as `runcomfy status`"))
        .subcommand(result("result").about("The same as `runcomfy result`"))
        .subcommand(about_job("cancel", "The same as `runcomfy cancel`"))
}

fn models() -> Command {
    let get = Command::new("get")
        .about("Show one model: what it is, what it costs, what it takes")
        .arg(argument::model_id());
    Command::new("models")
        .about("The service's models")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("list")
                .about("List them")
                .args(argument::listing()),
        )
        .subcommand(get)
        .subcommand(Command::new("categories").about("The categories that models are in"))
}

fn probe() -> Command {
    Command::new("probe")
        .about("Tell what media are, from as few of their bytes as possible")
        .arg(
            Arg::new("source")
                .required(true)
                .num_args(1..)
                .value_name("SOURCE")
                .value_hint(ValueHint::AnyPath)
                .help("An https:// URL, a data: URI or the path of a file"),
        )
        .arg(argument::allow_loopback())
}

fn init() -> Command {
    Command::new("init")
        .about("Add models and a first program to a Rust project")
        .arg(
            Arg::new("model_id")
                .num_args(0..)
                .value_name("MODEL_ID")
                .help("The models; those that are not built in are read from the catalogue [default: bytedance/dreamina-4-0/text-to-image]"),
        )
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .default_value(".")
                .help("The project, where its Cargo.toml is"),
        )
        .arg(
            Arg::new("path")
                .long("path")
                .value_name("CHECKOUT")
                .value_hint(ValueHint::DirPath)
                .help("Take runcomfy from a checkout, and not by its version; needed as long as it is not on crates.io"),
        )
        .after_help(
            "Adds the dependencies, a build.rs that makes the models' types, their schemas below schemas/,\n\
             and a program: src/main.rs where that is cargo's own, else examples/runcomfy.rs.\n\
             A tokio that is there gets the features `macros` and `rt`. Nothing else that is there is changed.",
        )
}

/// The emulator reads its options itself.
fn emulator() -> Command {
    Command::new("emulator")
        .about("Serve the Model API on this machine: nothing is charged, nothing leaves it")
        .disable_help_flag(true)
        .arg(
            Arg::new("option")
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .value_name("OPTION")
                .help("`runcomfy emulator --help` shows them: --port, --faults, --run-time, …"),
        )
}

fn completion() -> Command {
    Command::new("completion")
        .about("Print a script that lets a shell complete commands, models, flags and values")
        .arg(
            Arg::new("shell")
                .required(true)
                .value_name("SHELL")
                .value_parser(["bash", "elvish", "fish", "powershell", "zsh"])
                .help("The shell"),
        )
        .after_help(
            "Load it when the shell starts:\n  \
             bash        source <(runcomfy completion bash)\n  \
             zsh         source <(runcomfy completion zsh)\n  \
             fish        runcomfy completion fish | source\n  \
             elvish      eval (runcomfy completion elvish | slurp)\n  \
             powershell  runcomfy completion powershell | Out-String | Invoke-Expression",
        )
}

/// Tells a shell what values there are. When a command runs, they are checked elsewhere: all at
/// once, with everything else that is wrong.
pub(crate) fn with_candidates(root: Command, model: Option<&ModelSchema>) -> Command {
    let with_values = |command: Command| {
        let ids = runcomfy_models::ALL.iter().map(|model| model.id());
        let ids = PossibleValuesParser::new(ids);
        let command = command.mut_arg("model_id", |arg| arg.value_parser(ids));
        let choices = model.into_iter().flat_map(flags::choices);
        choices.fold(command, |command, (flag, values)| {
            command.mut_arg(flag, |arg| {
                arg.value_parser(PossibleValuesParser::new(values))
            })
        })
    };
    let ids = runcomfy_models::ALL.iter().map(|model| model.id());
    let ids = PossibleValuesParser::new(ids);
    root.mut_subcommand("init", |init| {
        init.mut_arg("model_id", |arg| arg.value_parser(ids))
    })
    .mut_subcommand("run", with_values)
    .mut_subcommand("validate", with_values)
    .mut_subcommand("code", with_values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_models_command_is_sound() {
        root(None).debug_assert();
        for model in runcomfy_models::ALL {
            root(Some(model)).debug_assert();
            with_candidates(root(Some(model)), Some(model)).debug_assert();
        }
    }
}
