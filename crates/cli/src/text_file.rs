//! Texts in files: `--prompt @FILE` and `--input @FILE`, and `-` for standard input.

use std::fs::File;

use clap::ArgMatches;
use runcomfy::schema::{Json, ModelSchema, read_json_text};

use crate::failure::Failure;
use crate::flags;
use crate::local_file::read_blocking;

/// The place of a text.
#[derive(Debug, PartialEq)]
enum Source<'a> {
    /// The text itself.
    Literal(&'a str),
    File(&'a str),
    Stdin,
}

/// Replaces each text of a flag that names a file by the text in it, without the line break at its end.
/// `@@` stands for a text that begins with `@`.
///
/// # Errors
/// If a file cannot be read.
pub(crate) async fn replace(
    model: &ModelSchema,
    matches: &ArgMatches,
    input: &mut Json,
) -> Result<(), Failure> {
    for name in flags::texts(model, matches) {
        let Some(Json::String(value)) = input.get_mut(&*name) else {
            continue;
        };
        let text = match source(value) {
            Source::Literal(text) => {
                let text = text.to_owned();
                *value = text;
                continue;
            }
            Source::File(path) => read_file(path).await.map_err(|failure| {
                failure.with_advice(format!(
                    "`@` reads a file; write `@{value}` for a text that begins with `@`."
                ))
            })?,
            Source::Stdin => read_stdin().await?,
        };
        let line = text.strip_suffix('\n').unwrap_or(&text);
        line.strip_suffix('\r').unwrap_or(line).clone_into(value);
    }
    Ok(())
}

/// Returns the number of texts of flags that are to be read from standard input.
pub(crate) fn on_stdin(model: &ModelSchema, matches: &ArgMatches, input: &Json) -> usize {
    let names = flags::texts(model, matches);
    let texts = names.iter().filter_map(|name| input.get(name)?.as_str());
    texts.filter(|text| source(text) == Source::Stdin).count()
}

fn source(text: &str) -> Source<'_> {
    match text.strip_prefix('@') {
        _ if text == "-" => Source::Stdin,
        Some("-") => Source::Stdin,
        Some(rest) if rest.starts_with('@') => Source::Literal(rest),
        // A text for people has a blank, and a file of such a name can be read by `--input`.
        Some(path) if !path.is_empty() && !path.contains(char::is_whitespace) => Source::File(path),
        _ => Source::Literal(text),
    }
}

/// Reads standard input as text.
///
/// # Errors
/// If it cannot be read, or is no text.
pub(crate) async fn read_stdin() -> Result<String, Failure> {
    let read = read_blocking(|| read_json_text(std::io::stdin())).await;
    read.map_err(|e| Failure::unreadable(format!("could not read standard input: {e}")))
}

/// Reads a file as text.
///
/// # Errors
/// If it cannot be read, or is no text.
pub(crate) async fn read_file(path: &str) -> Result<String, Failure> {
    let file = path.to_owned();
    let read = read_blocking(move || read_json_text(File::open(file)?)).await;
    read.map_err(|e| Failure::unreadable(format!("could not read `{path}`: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_word_after_an_at_sign_is_a_file() {
        for (text, expected) in [
            ("-", Source::Stdin),
            ("@-", Source::Stdin),
            ("@prompt.txt", Source::File("prompt.txt")),
            ("@a/b", Source::File("a/b")),
            ("@@home", Source::Literal("@home")),
            ("@home is where", Source::Literal("@home is where")),
            ("@", Source::Literal("@")),
            ("a boat", Source::Literal("a boat")),
            ("- a boat", Source::Literal("- a boat")),
        ] {
            assert_eq!(source(text), expected, "{text}");
        }
    }
}
