//! The command `runcomfy emulator`: serves the Model API on this machine until it is stopped.

use std::io::ErrorKind::{AddrInUse, InvalidData, InvalidInput};

use clap::ArgMatches;
use runcomfy_emulator::{Builder, CommandLine};
use serde_json::json;

use crate::failure::Failure;
use crate::format::Format;
use crate::session;
use crate::show;

const HELP: &str = "`runcomfy emulator --help` describes the options and their files.";

/// Parses the options of the emulator and serves.
pub(crate) fn emulator(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let words = matches.get_many::<String>("option").into_iter().flatten();
    let words = without_globals(words.cloned())?;
    match CommandLine::parse("runcomfy emulator", words) {
        Ok(CommandLine::Serve(builder)) => session::block_on(serve(*builder, format)),
        Ok(CommandLine::Print(text)) => {
            show::out(text.trim_end());
            Ok(())
        }
        Err(why) if matches!(why.kind(), InvalidInput | InvalidData) => {
            Err(Failure::usage(why.to_string()).with_advice(HELP))
        }
        Err(why) => Err(Failure::unreadable(why.to_string()).with_advice(HELP)),
    }
}

/// Returns the options without those that every command takes.
fn without_globals(words: impl Iterator<Item = String>) -> Result<Vec<String>, Failure> {
    let mut words = words.fuse();
    let mut own = Vec::new();
    while let Some(word) = words.next() {
        if word == "--color" {
            words.next();
            continue;
        }
        let format = match word.strip_prefix("--output") {
            Some("") => words.next().unwrap_or_default(),
            Some(value) if value.starts_with('=') => value[1..].to_owned(),
            _ => {
                let is_global = ["-q", "--quiet", "-v", "--verbose"].contains(&&*word);
                if !is_global && !word.starts_with("--color=") {
                    own.push(word);
                }
                continue;
            }
        };
        if !Format::NAMES.contains(&&*format) {
            let refusal = Format::refusal(&format);
            return Err(Failure::usage(format!("`--output` {refusal}")));
        }
    }
    Ok(own)
}

async fn serve(builder: Builder, format: Format) -> Result<(), Failure> {
    for warning in builder.warnings() {
        show::note(&format!("warning: {warning}"));
    }
    let started = builder.start().await;
    let mut emulator = started.map_err(|error| {
        let failure = Failure::internal(format!("the emulator could not be started: {error}"));
        match error.kind() {
            AddrInUse => failure.with_advice(
                "Another program listens on the port; choose another with --port, or a free one with --port 0.",
            ),
            _ => failure,
        }
    })?;
    let url = emulator.base_url();
    format.print(&json!({ "base_url": url }), || {
        format!(
            "Listening on {url}\n\
             To use it, set RUNCOMFY_MODEL_API_BASE={url}/v1 RUNCOMFY_TOKEN=any"
        )
    });
    emulator.join().await;
    Ok(())
}
