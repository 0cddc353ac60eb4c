//! The tree of commands and their flags.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};
use runcomfy::schema::ModelSchema;

use crate::{argument, examples, flags, show};

const AFTER_HELP: &str = "\
Examples:
  runcomfy run bytedance/dreamina-4-0/text-to-image --prompt \"A boat\" --emulate
  runcomfy run MODEL_ID --help
  runcomfy models list --search video

Environment:
  RUNCOMFY_TOKEN           The API token; goes before that of `runcomfy login`
  RUNCOMFY_API_TOKEN       The API token if there is no other
  RUNCOMFY_CONFIG_DIR      Folder of the token.json of `runcomfy login`
                           [default: $XDG_CONFIG_HOME/runcomfy or ~/.config/runcomfy]
  RUNCOMFY_WEB_BASE        Address of the website for `runcomfy login`
                           [default: https://www.runcomfy.com]
  RUNCOMFY_MODEL_API_BASE  Base URL of the API
                           [default: https://model-api.runcomfy.net/v1]
  RUNCOMFY_PICTURES        How images are shown: kitty, iterm, sixel or none
                           [default: detected from the terminal]
  RUNCOMFY_SERVERLESS_API_BASE
                           Base URL of the balance
                           [default: https://api.runcomfy.net/prod/v2]
  RUNCOMFY_OUTPUT          The output format where --output is not set
  NO_COLOR                 Disables colours

Exit codes:
  0   Success
  1   The job failed or was cancelled, or a file could not be written
  2   Wrong usage: an unknown command or flag, or a missing or refused value
  3   A batch was stopped by its budget
  64  A variable of the environment or another setting is invalid
  65  Invalid input, or an input that the service rejected
  66  A file could not be read
  69  The service or the network failed, or a job was not finished in time,
      or jobs of a batch are in doubt
  75  A transient failure (no connection, too many requests): run the command
      again. Never used where the command may have submitted a job
  77  No token, or a token that is not accepted
  130 Stopped with Ctrl-C; the last lines report what becomes of the job
  143 Stopped by the signal TERM; 129 by HUP; 131 by QUIT (Ctrl-\\)";

/// Returns the whole command. The flags of `run`, `validate` and `code` come from the schema of the
/// model that the command line names.
pub(crate) fn root(model: Option<&ModelSchema>) -> Command {
    let root = Command::new("runcomfy")
        // Without the extension that some systems add to the file.
        .bin_name("runcomfy")
        .about("Run RunComfy models from a terminal, checked before they cost anything")
        .version(env!("RUNCOMFY_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(argument::global())
        .subcommand(run(model))
        .subcommand(validate(model))
        .subcommand(code(model))
        .subcommand(job_command("status", "Show the status of a job"))
        .subcommand(result("result"))
        .subcommand(resume())
        .subcommand(job_command("cancel", "Cancel a job that is still queued"))
        .subcommand(requests())
        .subcommands(batch())
        .subcommands(mcp())
        .subcommand(models())
        .subcommand(login())
        .subcommand(
            Command::new("whoami")
                .about("Show the account of the token, and where the token was found")
                .arg(argument::web_base()),
        )
        .subcommand(Command::new("logout").about("Remove the token of `login` from this machine"))
        .subcommand(Command::new("balance").about("Show the balance of the account"))
        .subcommand(probe())
        .subcommand(skill())
        .subcommand(init())
        .subcommand(emulator())
        .subcommand(completion())
        .after_help(AFTER_HELP);
    examples::add(root, model)
}

fn run(model: Option<&ModelSchema>) -> Command {
    model_command("run", "Submit a job, wait for it and save its files", model)
        .args([argument::unchecked(), argument::extra()])
        .args(argument::free_of_charge())
        .args(argument::keeping())
        // Flags that have no effect without a wait, which a user may rely on.
        .arg(argument::no_wait().conflicts_with_all(["cancel-if-queued-after", "open"]))
        .args(argument::waiting())
        .arg(argument::on_interrupt())
        .args(argument::saving())
        .arg(argument::help())
}

fn validate(model: Option<&ModelSchema>) -> Command {
    let about = "Check an input and its media without submitting a job";
    model_command("validate", about, model).arg(argument::help())
}

fn code(model: Option<&ModelSchema>) -> Command {
    let about = "Print a Rust program and a curl call that do what `run` does";
    // A command line of `run` is accepted unchanged.
    let without_effect = [
        "unchecked",
        "dry-run",
        "emulate",
        "max-cost",
        "yes",
        "open",
        "no-picture",
        "job-file",
        "key",
        "on-interrupt",
        "name",
        "sidecar",
    ];
    model_command("code", about, model)
        .args([argument::unchecked(), argument::extra()])
        .args(argument::free_of_charge())
        .args(argument::keeping())
        .arg(argument::on_interrupt())
        .arg(argument::no_wait())
        .args(argument::waiting())
        .args(argument::saving())
        .mut_args(|arg| {
            let hidden = without_effect.contains(&arg.get_id().as_str());
            if hidden { arg.hide(true) } else { arg }
        })
        .arg(argument::help())
}

/// Returns a command that takes an input, without its help flag, which comes last. With a model its
/// help is the page of the model.
fn model_command(name: &'static str, about: &'static str, model: Option<&ModelSchema>) -> Command {
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
        None => command.after_help("Name a model before --help to see its flags."),
    };
    command.args(argument::input()).args(argument::media())
}

/// Returns the text above the flags: the model, the command, and the description in the schema.
fn page(about: &str, model: &ModelSchema) -> String {
    let texts = [model.input.title(), model.input.description()];
    let texts = texts.into_iter().flatten();
    let paragraphs: Vec<&str> = [&*model.id, about].into_iter().chain(texts).collect();
    show::plain(&paragraphs.join("\n\n")).into_owned()
}

fn job_command(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).arg(argument::request_id())
}

fn result(name: &'static str) -> Command {
    job_command(name, "Show the result of a job and save its files").args(argument::saving())
}

fn resume() -> Command {
    job_command("resume", "Resume the wait for a job and save its files")
        .args(argument::waiting())
        .arg(argument::on_interrupt())
        .args(argument::saving())
}

fn requests() -> Command {
    Command::new("requests")
        .about("Aliases of status, result and cancel")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(job_command("get", "Alias of `runcomfy status`"))
        .subcommand(result("result").about("Alias of `runcomfy result`"))
        .subcommand(job_command("cancel", "Alias of `runcomfy cancel`"))
}

/// Returns the command `batch`, where it is built in.
fn batch() -> Option<Command> {
    #[cfg(feature = "batch")]
    let batch = Some(crate::batch::command::batch());
    #[cfg(not(feature = "batch"))]
    let batch = None;
    batch
}

/// Returns the command `mcp`, where it is built in.
fn mcp() -> Option<Command> {
    #[cfg(feature = "mcp")]
    let mcp = Some(crate::mcp::command::command());
    #[cfg(not(feature = "mcp"))]
    let mcp = None;
    mcp
}

fn models() -> Command {
    let get = Command::new("get")
        .about("Show a model: its names, price and properties")
        .arg(argument::model_id())
        .arg(
            Arg::new("built-in")
                .long("built-in")
                .action(ArgAction::SetTrue)
                .help("Show the built-in schema, without token and network"),
        );
    Command::new("models")
        .about("List and show the models of the service")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("list")
                .about("List the models")
                .args(argument::listing()),
        )
        .subcommand(get)
        .subcommand(Command::new("categories").about("List the categories of models"))
}

fn login() -> Command {
    Command::new("login")
        .about("Get an API token through the browser and store it")
        .arg(
            Arg::new("token")
                .long("token")
                .value_name("-")
                .help("Read the token from standard input instead, on a machine without a browser"),
        )
        .arg(
            Arg::new("no-browser")
                .long("no-browser")
                .action(ArgAction::SetTrue)
                .help("Print the address of the page and do not open it"),
        )
        .arg(argument::web_base())
}

fn probe() -> Command {
    Command::new("probe")
        .about("Show format, size and duration of media, from as few bytes as possible")
        .arg(
            Arg::new("source")
                .required(true)
                .num_args(1..)
                .value_name("SOURCE")
                .value_hint(ValueHint::AnyPath)
                .help("An https:// URL, a data: URI, the path of a file, or - for standard input"),
        )
        .arg(argument::allow_loopback())
}

fn skill() -> Command {
    Command::new("skill")
        .about("Write instructions for agents: models, their parameters, and the rules about money")
        .arg(
            Arg::new("models")
                .long("models")
                .value_name("GLOB")
                .action(ArgAction::Append)
                .help("Only the models whose ids match, such as 'bytedance/**'; may be repeated"),
        )
        .arg(
            Arg::new("built-in")
                .long("built-in")
                .action(ArgAction::SetTrue)
                .help("Take the built-in models, without token and network"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .required(true)
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .help("Folder of the skill, which has the name of the folder"),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Write nothing: exit with 1 and name the files that differ, if any do"),
        )
        .after_help(
            "Writes SKILL.md, and a page for each model in references/. Files that somebody\n\
             else wrote are never replaced or removed.",
        )
}

fn init() -> Command {
    Command::new("init")
        .about("Add models and a first program to a Rust project")
        .arg(
            Arg::new("model_id")
                .num_args(0..)
                .value_name("MODEL_ID")
                .help("The models; one that is not built in is fetched from the catalogue [default: bytedance/dreamina-4-0/text-to-image]"),
        )
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .default_value(".")
                .help("Folder of the project, with its Cargo.toml"),
        )
        .arg(
            Arg::new("path")
                .long("path")
                .value_name("CHECKOUT")
                .value_hint(ValueHint::DirPath)
                .help("Depend on a checkout of runcomfy instead of a version; needed until it is on crates.io"),
        )
        .after_help(
            "Adds the dependencies, a build.rs that generates the types of the models, their\n\
             schemas in schemas/, and a program: src/main.rs if that is the program of\n\
             `cargo new`, else examples/runcomfy.rs. An existing dependency on tokio gets the\n\
             features `macros` and `rt`. Nothing else is changed.",
        )
}

/// Returns the command `emulator`, whose options the emulator parses itself.
fn emulator() -> Command {
    Command::new("emulator")
        .about(
            "Serve the Model API on this machine: nothing is charged, nothing leaves the machine",
        )
        .disable_help_flag(true)
        .arg(
            Arg::new("option")
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .value_name("OPTION")
                .help("See `runcomfy emulator --help`: --port, --faults, --run-time, …"),
        )
}

fn completion() -> Command {
    Command::new("completion")
        .about("Print the script for completion of commands, models, flags and values in a shell")
        .arg(
            Arg::new("shell")
                .required(true)
                .value_name("SHELL")
                .value_parser(["bash", "elvish", "fish", "powershell", "zsh"])
                .help("Name of the shell"),
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

/// Adds the allowed values for completion. When a command runs, validation checks the values instead,
/// together with all other violations.
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
    #[cfg(feature = "batch")]
    let root = root.mut_subcommand("batch", |batch| {
        batch.mut_subcommand("run", |run| {
            run.mut_arg("model", |arg| arg.value_parser(ids.clone()))
        })
    });
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
    fn command_of_every_model_is_valid() {
        root(None).debug_assert();
        for model in runcomfy_models::ALL {
            root(Some(model)).debug_assert();
            with_candidates(root(Some(model)), Some(model)).debug_assert();
        }
    }
    /// Returns the words of each flag of a command whose value is a number, a sum of money or an address.
    fn numeric_flags(command: &Command, path: &[String]) -> Vec<Vec<String>> {
        const NUMBERS: [&str; 5] = ["USD", "COUNT", "SECONDS", "PORT", "ADDRESS"];
        let is_number = |arg: &&Arg| {
            let mut names = arg.get_value_names().unwrap_or_default().iter();
            names.any(|name| {
                name.split(['|', '/', ':'])
                    .any(|word| NUMBERS.contains(&word))
            })
        };
        let flags = command.get_arguments().filter(is_number);
        let flag = |name: &str| [path, &[format!("--{name}"), "-1".to_owned()]].concat();
        let mut found: Vec<Vec<String>> =
            flags.filter_map(|arg| arg.get_long().map(flag)).collect();
        for command in command.get_subcommands() {
            let path = [path, &[command.get_name().to_owned()]].concat();
            found.extend(numeric_flags(command, &path));
        }
        found
    }

    #[test]
    fn negative_numbers_are_refused_by_their_flag() {
        let flags = numeric_flags(&root(None), &["runcomfy".to_owned()]);
        assert!(flags.len() > 5, "{flags:?}");
        for words in flags {
            let error = root(None).try_get_matches_from(&words).unwrap_err();
            let text = error.to_string();
            assert_eq!(
                error.kind(),
                clap::error::ErrorKind::ValueValidation,
                "{text}"
            );
            assert!(
                text.contains("'-1'") && text.contains("expected "),
                "{text}"
            );
        }
    }
}
