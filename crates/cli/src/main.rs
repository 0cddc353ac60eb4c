//! The command `runcomfy`.

mod advice;
mod argument;
mod balance;
#[cfg(feature = "batch")]
mod batch;
mod cancel;
mod code;
mod command;
mod completion;
mod confirm;
mod counted;
mod ctrl_c;
mod delivery;
mod detail;
mod difference;
mod dry_run;
mod emulator;
mod ending;
mod examples;
mod exposed_token;
mod failure;
mod file_name;
mod flag_violation;
mod flags;
mod format;
mod host;
mod init;
mod input;
mod interrupt;
mod job_file;
mod json_text;
mod last_line;
#[cfg(feature = "batch")]
mod listen_address;
mod local_file;
mod login;
#[cfg(feature = "mcp")]
mod mcp;
mod missing_value;
mod model;
mod models;
mod notice;
mod open;
mod origin;
mod outage;
mod output_text;
mod picture;
mod price;
mod probe;
mod progress;
mod record;
mod refused_connection;
mod rejection;
mod requests;
mod run;
mod save;
mod session;
mod several_values;
mod shell_word;
mod show;
mod sidecar;
mod skill;
mod stop;
mod stream;
mod text_file;
mod token_variable;
mod validate;
mod wait;
mod whole_file;
mod words;
mod wrapped;

use std::process::ExitCode;

use failure::Failure;
use format::Format;
use interrupt::unless_stopped;
use model::Named;
use words::Words;

fn main() -> ExitCode {
    let (code, format) = run_command();
    let code = end(code, format);
    stop::end_by_signal(code);
    ExitCode::from(code)
}

/// Returns the exit code of the process. A success whose output was lost is a failure, and so is a
/// command whose job cannot be found again.
fn end(mut code: u8, format: Format) -> u8 {
    if let (0, Some(why)) = (code, show::lost()) {
        code = Failure::output_lost(why).report(format, false);
    }
    for missing in delivery::missing(code) {
        show::expected(missing.kind, &missing.text);
    }
    if code == 0 && delivery::has_failed() {
        code = 1;
    }
    code
}

/// Runs the command, and returns its exit code and the format of its output.
fn run_command() -> (u8, Format) {
    let arguments: Vec<String> = match std::env::args_os()
        .map(std::ffi::OsString::into_string)
        .collect()
    {
        Ok(arguments) => arguments,
        Err(invalid) => {
            let lossy = std::env::args_os().skip(1);
            let lossy: Vec<String> = lossy.map(|word| word.display().to_string()).collect();
            let failure = Failure::usage(format!(
                "found the argument `{}`, expected UTF-8; rename a file of such a name, or pass it with `-` as standard input",
                invalid.display()
            ));
            let format = Words::parse(&lossy, &command::root(None)).format();
            show::set_format(format);
            return (failure.report(format, false), format);
        }
    };
    completion::respond(&arguments);
    let after_name = arguments.get(1..).unwrap_or_default();
    let words = Words::parse(after_name, &command::root(None));
    // clap does not parse the arguments of `emulator`, where `--output` may be among them.
    let format = words.format();
    // Beside a log of JSON there are no words.
    let reported = if words.sets("log-format") && format.has_words() {
        Format::Json
    } else {
        format
    };
    show::set_format(reported);
    let colors = words.set_colors();
    if let Some(why) = Format::invalid_variable().filter(|_| !words.sets("output")) {
        return (Failure::configuration(why).report(reported, false), format);
    }
    let named = match model::resolve(&words, true) {
        Ok(named) => named,
        Err(failure) => return (failure.report(reported, false), format),
    };
    let root = command::root(named.schema());
    let faulty = words
        .without_model()
        .or_else(|| missing_value::find(after_name, &root));
    if let Some(failure) = faulty {
        return (failure.report(reported, false), format);
    }
    let model_id = words.model_id.as_deref();
    let arguments = several_values::expand(arguments, &root, model_id);
    let matches = match root.color(colors).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let code = rejection::report(&error, &named, &words);
            return (code, format);
        }
    };
    let code = match dispatch(&matches, &named, format) {
        Ok(()) => 0,
        Err(failure) => failure.report(reported, matches.get_count("verbose") > 0),
    };
    (code, format)
}

fn dispatch(matches: &clap::ArgMatches, named: &Named, format: Format) -> Result<(), Failure> {
    use session::{block_on, query};
    match matches.subcommand() {
        Some(("run", matches)) => block_on(run::run(matches, named, format)),
        Some(("validate", matches)) => block_on(unless_stopped(
            validate::validate(matches, named, format),
            "",
        )),
        Some(("code", matches)) => block_on(unless_stopped(code::code(matches, named, format), "")),
        Some(("status", matches)) => query(matches, requests::status(matches, format)),
        Some(("result", matches)) => block_on(requests::result(matches, format)),
        Some(("resume", matches)) => block_on(requests::resume(matches, format)),
        Some(("cancel", matches)) => block_on(requests::cancel(matches, format)),
        Some(("requests", matches)) => requests::requests(matches, format),
        Some(("models", matches)) => models::models(matches, format),
        Some(("login", matches)) => block_on(unless_stopped(
            login::login(matches, format),
            "Nothing was stored.",
        )),
        Some(("whoami", matches)) => query(matches, login::whoami(matches, format)),
        Some(("logout", _)) => login::logout(format),
        Some(("balance", matches)) => query(matches, balance::balance(matches, format)),
        Some(("probe", matches)) => query(matches, probe::probe(matches, format)),
        Some(("skill", matches)) => query(matches, skill::skill(matches, format)),
        Some(("init", matches)) => query(matches, init::init(matches, format)),
        Some(("emulator", matches)) => emulator::emulator(matches, format),
        #[cfg(feature = "batch")]
        Some(("batch", matches)) => batch::batch(matches, format),
        #[cfg(feature = "mcp")]
        Some(("mcp", matches)) => block_on(mcp::mcp(matches, format)),
        Some(("completion", matches)) => completion::script(matches),
        // clap accepts no other command.
        _ => Ok(()),
    }
}
