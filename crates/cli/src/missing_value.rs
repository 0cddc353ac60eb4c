//! A flag without its value. clap would take the next flag as the value, and a job with the prompt
//! `--dry-run` would be submitted and charged.

use clap::{Arg, Command};

use crate::failure::Failure;

/// Returns a failure for the first flag without a value; `words` are the arguments after the
/// program's name.
pub(crate) fn find(words: &[String], root: &Command) -> Option<Failure> {
    let mut command = root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            command = command.find_subcommand(word).unwrap_or(command);
            continue;
        };
        if flag.is_empty() {
            // No flags follow `--`.
            return None;
        }
        // A flag with its value after `=` has no argument of this name.
        let known = arguments(command, root).find(|arg| arg.get_long() == Some(flag));
        let Some(known) = known.filter(|arg| arg.get_action().takes_values()) else {
            continue;
        };
        if known.is_require_equals_set() {
            // A switch, unless it has its value after `=`.
            let next = words.as_slice().first().map(String::as_str);
            let meant = match &*next.unwrap_or_default().to_ascii_lowercase() {
                "true" | "yes" | "on" | "1" => "true",
                "false" | "no" | "off" | "0" => "false",
                _ => continue,
            };
            return Some(Failure::usage(format!(
                "`{word}` takes its value, true or false, after `=`; write `{word}={meant}`"
            )));
        }
        match words.next() {
            // clap itself rejects the others.
            Some(value) if known.is_allow_hyphen_values_set() && is_flag(value, command, root) => {
                return Some(Failure::usage(format!(
                    "`{word}` has no value; write `{word}={value}` if you mean that text"
                )));
            }
            _ => {}
        }
    }
    None
}

fn arguments<'a>(command: &'a Command, root: &'a Command) -> impl Iterator<Item = &'a Arg> {
    command.get_arguments().chain(root.get_arguments())
}

/// Returns `true` if a word is a flag of the command, or looks like a misspelt one.
fn is_flag(word: &str, command: &Command, root: &Command) -> bool {
    if let Some(flag) = word.strip_prefix("--") {
        let name = flag.split('=').next().unwrap_or_default();
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        return name.chars().all(letter);
    }
    let Some(letters) = word.strip_prefix('-') else {
        return false;
    };
    let is_short = |letter| arguments(command, root).any(|arg| arg.get_short() == Some(letter));
    !letters.is_empty()
        && letters
            .chars()
            .all(|letter| letter == 'h' || is_short(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &[&str]) -> Option<String> {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let model = runcomfy_models::find("bytedance/dreamina-4-0/edit");
        let failure = find(&words, &crate::command::root(model))?;
        Some(failure.message().to_owned())
    }

    #[test]
    fn flag_is_not_a_value() {
        for flag in [
            "--dry-run",
            "--emulate",
            "--scale=1",
            "--dry-rnu",
            "-q",
            "-vv",
            "-h",
            "--",
        ] {
            let expected =
                format!("`--prompt` has no value; write `--prompt={flag}` if you mean that text");
            let line = ["-q", "run", "x", "--prompt", flag, "--scale", "0"];
            assert_eq!(message(&line).as_deref(), Some(&*expected));
        }
        assert!(message(&["run", "x", "--input", "--dry-run"]).is_some());
    }

    #[test]
    fn switch_does_not_take_the_next_word() {
        let line = ["run", "x", "--force-single", "false"];
        let expected = "`--force-single` takes its value, true or false, after `=`; write `--force-single=false`";
        assert_eq!(message(&line).as_deref(), Some(expected));
    }

    #[test]
    fn any_other_text_is_a_value() {
        for text in [
            "-7",
            "-",
            "- a boat",
            "-- a boat",
            "--ar 16:9",
            "-Boat",
            "run",
            "--Boat",
        ] {
            assert_eq!(
                message(&["run", "x", "--prompt", text, "--dry-run"]),
                None,
                "{text}"
            );
        }
        for line in [
            &["run", "x", "--prompt=--dry-run"][..],
            &["run", "x", "--force-single", "--dry-run"],
            &["run", "x", "--prompt"],
            &["run", "x", "--timeout", "--dry-run"],
            &["run", "x", "--", "--prompt", "--dry-run"],
            &["emulator", "--port", "--token"],
        ] {
            assert_eq!(message(line), None, "{line:?}");
        }
    }
}
