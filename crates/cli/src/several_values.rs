//! Several values after one flag, as a shell writes them for `--image-urls *.png`.

use clap::{ArgAction, Command};

/// Returns the words with the flag of a list before each of its values; `words` are the arguments
/// with the program's name.
pub(crate) fn expand(words: Vec<String>, root: &Command, model_id: Option<&str>) -> Vec<String> {
    let mut expanded = Vec::with_capacity(words.len());
    let mut command = root;
    // The flag of a list, and whether it has a value.
    let mut list: Option<(String, bool)> = None;
    let mut ended = false;
    for word in words {
        if ended || word == "--" {
            ended = true;
        } else if word.starts_with("--") {
            let is_list = |arg: &&clap::Arg| {
                arg.get_long() == word.strip_prefix("--")
                    && matches!(arg.get_action(), ArgAction::Append)
            };
            let found = command.get_arguments().find(is_list);
            list = found.map(|_| (word.clone(), false));
        } else if word.starts_with('-') && word.len() > 1 {
            list = list
                .filter(|(_, has_value)| !has_value)
                .map(|(flag, _)| (flag, true));
        } else if let Some((flag, has_value)) = &mut list {
            let is_model = model_id.is_some_and(|id| id == crate::argument::model_id_in(&word));
            if *has_value && is_model {
                list = None;
            } else if *has_value {
                expanded.push(flag.clone());
            } else {
                *has_value = true;
            }
        } else {
            command = command.find_subcommand(&word).unwrap_or(command);
        }
        expanded.push(word);
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_takes_all_words_up_to_the_next_flag() {
        let edit = "bytedance/dreamina-4-0/edit";
        let root = crate::command::root(runcomfy_models::find(edit));
        let expanded = |line: &str| {
            let words = line.split(' ').map(str::to_owned).collect();
            expand(words, &root, Some(edit)).join(" ")
        };
        let start = format!("runcomfy run {edit}");
        for (given, expected) in [
            (
                "--image-urls a b c --prompt x y",
                "--image-urls a --image-urls b --image-urls c --prompt x y",
            ),
            (
                "--image-urls a --image-urls b",
                "--image-urls a --image-urls b",
            ),
            ("--image-urls=a b", "--image-urls=a b"),
            ("--prompt a b", "--prompt a b"),
            ("--image-urls a -q b", "--image-urls a -q b"),
            ("--image-urls - b", "--image-urls - --image-urls b"),
            ("-- --image-urls a b", "-- --image-urls a b"),
        ] {
            assert_eq!(
                expanded(&format!("{start} {given}")),
                format!("{start} {expected}")
            );
        }
        let line = format!("runcomfy run --image-urls a {edit} --prompt x");
        assert_eq!(expanded(&line), line);
    }
}
