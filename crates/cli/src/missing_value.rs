//! A flag whose value does not stand where it should. Where it was forgotten, the next flag would
//! be taken for it, and a prompt of `--dry-run` would be paid for.

use clap::{Arg, Command};

use crate::failure::Failure;

/// What to say of the first such flag; `words` are those behind the program's name.
pub(crate) fn find(words: &[String], root: &Command) -> Option<Failure> {
    let mut command = root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            command = command.find_subcommand(word).unwrap_or(command);
            continue;
        };
        if flag.is_empty() {
            // What stands behind it are no flags.
            return None;
        }
        // One with its value behind `=` is known by no such name.
        let known = arguments(command, root).find(|arg| arg.get_long() == Some(flag));
        let Some(known) = known.filter(|arg| arg.get_action().takes_values()) else {
            continue;
        };
        if known.is_require_equals_set() {
            // A switch, unless it is told which way to turn.
            if let Some(value @ ("true" | "false")) = words.as_slice().first().map(String::as_str) {
                return Some(Failure::command_line(format!(
                    "`{word}` takes its value behind `=`; write `{word}={value}`"
                )));
            }
            continue;
        }
        match words.next() {
            // clap itself refuses the others.
            Some(value) if known.is_allow_hyphen_values_set() && is_flag(value, command, root) => {
                return Some(Failure::command_line(format!(
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

/// Whether a word is a flag: one of the command's, or one that is misspelt.
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

    fn said(line: &[&str]) -> Option<String> {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let model = runcomfy_models::find("bytedance/dreamina-4-0/edit");
        let failure = find(&words, &crate::command::root(model))?;
        Some(failure.message().to_owned())
    }

    #[test]
    fn a_flag_is_no_value() {
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
            assert_eq!(said(&line).as_deref(), Some(&*expected));
        }
        assert!(said(&["run", "x", "--input", "--dry-run"]).is_some());
    }

    #[test]
    fn a_switch_does_not_take_the_next_word() {
        let line = ["run", "x", "--force-single", "false"];
        let expected = "`--force-single` takes its value behind `=`; write `--force-single=false`";
        assert_eq!(said(&line).as_deref(), Some(expected));
    }

    #[test]
    fn other_texts_are_values() {
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
                said(&["run", "x", "--prompt", text, "--dry-run"]),
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
            assert_eq!(said(line), None, "{line:?}");
        }
    }
}
