//! A command line that clap rejects, explained in the words of the model.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use runcomfy::schema::nearest;

use crate::failure::Failure;
use crate::format::Format;
use crate::model::Named;
use crate::show;
use crate::words::Words;

/// Flags that a message lists; more would not be read.
const MAX_FLAGS: usize = 12;

/// Reports a command line that clap rejects, and returns the exit code. Help and version come this
/// way too.
pub(crate) fn report(error: &clap::Error, named: &Named, words: &Words) -> u8 {
    if !error.use_stderr() {
        if let Err(error) = error.print() {
            show::is_lost(&error);
        }
        return 0;
    }
    let format = words.format();
    if let Some(explained) = explained(error, named, words) {
        return explained.report(format, false);
    }
    let why = advice(error, named);
    if !format.has_words() {
        let text = error.render().to_string();
        let text = text.trim().trim_start_matches("error: ");
        let failure = Failure::usage(text).with_advice(why);
        return failure.report(format, false);
    }
    let _ = error.print();
    if !why.is_empty() {
        show::note(&format!("\n{why}"));
    }
    Failure::usage("").exit_code()
}

fn advice(error: &clap::Error, named: &Named) -> String {
    match named {
        Named::Unknown(why) if error.kind() == ErrorKind::UnknownArgument => {
            format!("The flags of the model are unknown: {why}.")
        }
        _ => String::new(),
    }
}

/// Returns a failure of our own where clap's text would mislead: it takes a word for a value that
/// no command accepts, and knows nothing of models.
fn explained(error: &clap::Error, named: &Named, words: &Words) -> Option<Failure> {
    match error.kind() {
        _ if words.command.as_deref() == Some("login") && is_token_without_value(error) => Some(
            Failure::usage("`--token` has no value")
                .with_advice("`runcomfy login --token - < FILE` reads the token from a file."),
        ),
        // The argument may be a token, which no message quotes.
        _ if words.command.as_deref() == Some("login") => Some(
            Failure::usage("found an argument that `runcomfy login` does not take")
                .with_advice("`runcomfy login --help` lists the flags."),
        ),
        ErrorKind::InvalidSubcommand => {
            let word = context(error, ContextKind::InvalidSubcommand)?;
            Some(unknown_command(word, words.command.as_deref()))
        }
        ErrorKind::InvalidValue => invalid_value(error),
        ErrorKind::UnknownArgument => {
            let argument = context(error, ContextKind::InvalidArg)?;
            if let Some(failure) = one_hyphen(argument, named, words) {
                return Some(failure);
            }
            let has_tip = error.get(ContextKind::SuggestedArg).is_some();
            match (named.schema(), named) {
                // The tip would be another flag than that of the model.
                (None, Named::Unknown(why)) => Some(unknown_flags(argument, why, words)),
                _ if has_tip => None,
                (Some(_), _) => Some(unknown_argument(argument, named, words)),
                _ => Some(superfluous(argument, error, words)),
            }
        }
        _ => None,
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// Returns `true` if the last word of `runcomfy login` is `--token`.
fn is_token_without_value(error: &clap::Error) -> bool {
    let flag = context(error, ContextKind::InvalidArg).unwrap_or_default();
    error.kind() == ErrorKind::InvalidValue
        && flag.starts_with("--token ")
        && context(error, ContextKind::InvalidValue) == Some("")
}

/// Reports an argument after a model whose flags are unknown, because its schema is.
fn unknown_flags(argument: &str, why: &str, words: &Words) -> Failure {
    let id = words.model_id.as_deref().unwrap_or_default();
    Failure::usage(format!(
        "found `{argument}`, but the flags of `{id}` are unknown: {why}"
    ))
    .with_advice("Give the input with --input and --unchecked, or the schema with --schema FILE.")
}

/// Reports an argument of a command without a model.
fn superfluous(argument: &str, error: &clap::Error, words: &Words) -> Failure {
    let command = command_in_usage(error).unwrap_or_else(|| {
        let name = words.command.as_deref().unwrap_or_default();
        format!("runcomfy {name}")
    });
    let message = format!("`{command}` takes no `{argument}`");
    let is_text = !argument.starts_with('-');
    Failure::usage(match &*command {
        "runcomfy models list" if is_text => {
            format!("{message}; did you mean `--search {argument}`?")
        }
        "runcomfy models categories" if is_text => {
            format!("{message}; did you mean `runcomfy models list --category {argument}`?")
        }
        _ if argument == "--json" => format!("{message}; did you mean `--output json`?"),
        "runcomfy status" | "runcomfy result" | "runcomfy resume" | "runcomfy cancel"
            if is_text =>
        {
            format!("{message}: it takes one request id")
        }
        _ => message,
    })
}

/// Reports a value that is none of a few.
fn invalid_value(error: &clap::Error) -> Option<Failure> {
    let Some(ContextValue::Strings(allowed)) = error.get(ContextKind::ValidValue) else {
        return None;
    };
    let argument = context(error, ContextKind::InvalidArg)?;
    let name = argument.split_whitespace().next()?;
    let name = name.trim_matches(['<', '>']);
    let value = context(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
    if name == "--output" {
        let failure = Failure::usage(format!("`--output` {}", Format::refusal(value)));
        return Some(if value.contains(['.', '/']) {
            failure.with_advice(
                "`--output-dir DIR` sets the folder of the files, and --name their names.",
            )
        } else {
            failure
        });
    }
    let near = nearest(value, allowed.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean `{near}`?"));
    Some(Failure::usage(format!(
        "`{name}` is `{value}`, expected one of {}{}",
        allowed.join(", "),
        hint.unwrap_or_default()
    )))
}

/// Returns the command of clap's usage line, with the command below it: `runcomfy models get`.
fn command_in_usage(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    let usage = usage.to_string();
    let words = usage.trim_start_matches("Usage:").split_whitespace();
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let names: Vec<&str> = words.take_while(is_name).collect();
    (names.len() > 1).then(|| names.join(" "))
}

/// Reports a flag of the command that is written with one hyphen, of which clap reads each letter as a
/// flag.
fn one_hyphen(argument: &str, named: &Named, words: &Words) -> Option<Failure> {
    let name = words.one_hyphen.as_deref()?;
    let letter = argument.strip_prefix('-')?;
    let root = crate::command::root(named.schema());
    let command = root.find_subcommand(words.command.as_deref()?)?;
    let commands = [command, &root]
        .into_iter()
        .chain(command.get_subcommands());
    let flags = commands.flat_map(Command::get_arguments);
    // A name that is right is the nearest one.
    let near = nearest(name, flags.filter_map(clap::Arg::get_long))?;
    (letter.chars().count() == 1 && name.contains(letter))
        .then(|| Failure::usage(format!("found `-{name}`; did you mean `--{near}`?")))
}

/// Returns the flag that a word stands for in which an editor has replaced the hyphens by a dash.
fn with_hyphens<'a>(argument: &str, flags: &'a [String]) -> Option<&'a String> {
    let name = argument
        .strip_prefix(['–', '—'])?
        .trim_start_matches(['-', '–', '—']);
    flags.iter().find(|flag| flag[2..] == *name)
}

fn unknown_argument(argument: &str, named: &Named, words: &Words) -> Failure {
    let id = named.schema().map_or("", |schema| &schema.id);
    let root = crate::command::root(named.schema());
    let command = words.command.as_deref().unwrap_or_default();
    let flags = root.find_subcommand(command).map(model_flags);
    let flags = flags.unwrap_or_default();
    let message = if let Some(flag) = with_hyphens(argument, &flags) {
        format!("found `{argument}`, which has a dash for its hyphens; write `{flag}`")
    } else if argument == "-o" {
        "there is no `-o`; --output-dir DIR sets the folder of the files, and --name their names"
            .to_owned()
    } else if let Some(near) = near_flag(argument, &root, command) {
        format!("found `{argument}`; did you mean `{near}`?")
    } else if argument.starts_with('-') {
        format!("`{id}` has no `{argument}`; it takes {}", flags.join(", "))
    } else if runcomfy_models::find(argument).is_some() {
        format!("found the second model `{argument}`; a job has one")
    } else if flags.iter().any(|flag| flag == "--prompt") && !words.sets("prompt") {
        format!("found `{argument}` after the model; did you mean `--prompt {argument}`?")
    } else {
        format!("found `{argument}`, which belongs to no flag; quote a text that has spaces")
    };
    Failure::usage(message)
        .with_advice(format!("`runcomfy {command} {id} --help` lists the flags."))
}

/// Returns the flag that a word means, which clap does not find since it compares the case of letters.
fn near_flag(argument: &str, root: &Command, command: &str) -> Option<String> {
    if argument == "--json" {
        return Some("--output json".to_owned());
    }
    let name = argument.strip_prefix("--")?.to_ascii_lowercase();
    let command = root.find_subcommand(command)?;
    let flags = command.get_arguments().chain(root.get_arguments());
    let near = nearest(&name, flags.filter_map(clap::Arg::get_long))?;
    Some(format!("--{near}"))
}

/// Returns the flags of the properties of a model.
fn model_flags(command: &Command) -> Vec<String> {
    let flags = command.get_arguments().filter(|arg| {
        let heading = arg.get_help_heading().unwrap_or_default();
        heading.starts_with("Input, ")
    });
    let mut names: Vec<String> = flags
        .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
        .collect();
    if names.len() > MAX_FLAGS {
        names.truncate(MAX_FLAGS);
        names.push("…".to_owned());
    }
    names
}

/// Reports a command that does not exist, below `parent` where the command line names one.
fn unknown_command(word: &str, parent: Option<&str>) -> Failure {
    let root = crate::command::root(None);
    if let Some(parent) = parent.and_then(|name| root.find_subcommand(name)) {
        let names: Vec<&str> = parent.get_subcommands().map(Command::get_name).collect();
        let name = parent.get_name();
        let meant = match (name, word) {
            ("models", "search" | "find" | "grep") => Some("list --search TEXT"),
            ("models", "ls" | "all") => Some("list"),
            ("models", "show" | "info" | "describe" | "view" | "schema") => Some("get MODEL_ID"),
            ("requests", "status" | "show") => Some("get REQUEST_ID"),
            _ => near_to(word, &names),
        };
        let hint = match meant {
            Some(meant) => format!("did you mean `runcomfy {name} {meant}`?"),
            None => format!("its commands are {}", names.join(", ")),
        };
        return Failure::usage(format!("`runcomfy {name}` has no command `{word}`; {hint}"));
    }
    let names: Vec<&str> = root.get_subcommands().map(Command::get_name).collect();
    let near = match word {
        "list" | "ls" | "search" => Some("models list"),
        "rm" | "kill" | "stop" => Some("cancel"),
        "get" | "download" | "save" => Some("result"),
        "submit" => Some("run"),
        "wait" => Some("resume"),
        "auth" | "signin" => Some("login"),
        "me" => Some("whoami"),
        "version" => Some("--version"),
        _ => near_to(word, &names),
    };
    let hint = match (word, near) {
        ("history" | "jobs", _) => {
            "the service has no list of jobs; `runcomfy status REQUEST_ID` shows one".to_owned()
        }
        (_, Some(near)) => format!("did you mean `runcomfy {near}`?"),
        (_, None) => format!("the commands are {}", names.join(", ")),
    };
    Failure::usage(format!("there is no command `{word}`; {hint}"))
}

/// Returns the name that a word abbreviates, or else the nearest one.
fn near_to<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let names = names.iter().copied();
    names
        .clone()
        // A short word such as `rn` is near to nothing by the number of its letters.
        .find(|name| is_abbreviation(word, name))
        .or_else(|| nearest(word, names))
}

/// Returns `true` if a word has the first letter of a name, and its other letters in their order.
fn is_abbreviation(word: &str, name: &str) -> bool {
    let mut letters = name.chars();
    word.chars().next() == name.chars().next()
        && word.len() > 1
        && word
            .chars()
            .all(|letter| letters.any(|other| other == letter))
}
