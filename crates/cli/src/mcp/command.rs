//! The arguments of `runcomfy mcp`.

use clap::{Arg, ArgAction, Command, ValueHint};
use runcomfy_batch::Money;

use crate::{argument, listen_address};

/// A budget of the command line; `none` lifts that of the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(pub(crate) Option<Money>);

/// Returns the command `mcp`.
pub(crate) fn command() -> Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("mcp")
        .about("Serve the models as tools for agents (MCP), none paid twice")
        .arg(
            Arg::new("budget")
                .long("budget")
                .value_name("USD|none")
                .allow_hyphen_values(true)
                .value_parser(budget)
                .help("Refuse jobs once what the store has spent, reserved and in doubt would exceed this sum [default: that of the store, else none]"),
        )
        .arg(
            Arg::new("price-per-job")
                .long("price-per-job")
                .value_name("USD")
                .allow_hyphen_values(true)
                .value_parser(money)
                .help("Estimated cost of a job of a model whose price is unknown; else such jobs are refused"),
        )
        .arg(switch("yes").help(
            "Do not ask a person where the program can; the model confirms the cost, as it does elsewhere",
        ))
        .arg(
            Arg::new("store")
                .long("store")
                .value_name("STORE")
                .value_hint(ValueHint::FilePath)
                .help("The store of the jobs [default: agents.batch.db in the user's data folder, such as ~/.local/share/runcomfy]"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .help("Folder for the files of the jobs [default: beside the store]"),
        )
        .arg(
            Arg::new("model")
                .long("model")
                .value_name("GLOB")
                .action(ArgAction::Append)
                .help("Add a tool with the schema of each model that matches, such as 'bytedance/**'; may be repeated"),
        )
        .arg(argument::concurrency())
        .arg(switch("emulate").conflicts_with("store").help(
            "Serve an emulator inside this command: no token, no cost; the store is agents.emulated.batch.db",
        ))
        .arg(
            Arg::new("http")
                .long("http")
                .value_name("ADDRESS")
                .allow_hyphen_values(true)
                .value_parser(|text: &str| listen_address::parse(text, 8765))
                .help("Listen on a port or an address of this machine, such as localhost:8765, in place of standard input and output; RUNCOMFY_MCP_TOKEN is the token of its clients"),
        )
        .after_help(
            "Programs for agents start this command and speak with it over standard input and\n\
             output; docs/agents.md has their configuration. The store remembers each job by\n\
             the key that the agent chooses, so that a repeated call never pays twice. It is\n\
             one of `runcomfy batch`: `runcomfy batch status --store STORE` shows it.",
        )
}

fn budget(text: &str) -> Result<Budget, String> {
    match text {
        "none" => Ok(Budget(None)),
        text => money(text)
            .map(|sum| Budget(Some(sum)))
            .map_err(|error| format!("{error}, or none")),
    }
}

fn money(text: &str) -> Result<Money, String> {
    text.parse::<Money>().map_err(|error| error.to_string())
}
