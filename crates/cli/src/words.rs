//! The words of the command line before its flags are known: those come from the schema of the
//! model that the words name.

use std::path::Path;

use clap::Command;

use crate::argument::without_slashes;
use crate::show::Format;

/// What the words say about the model, and about how to answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// The command.
    pub(crate) command: Option<String>,
    /// What stands behind the command; a model's id, where the command takes one.
    pub(crate) model_id: Option<String>,
    /// `--schema`
    pub(crate) schema: Option<String>,
    /// `--emulate`
    pub(crate) emulate: bool,
    /// `--unchecked`
    pub(crate) unchecked: bool,
    /// `--quiet`
    pub(crate) quiet: bool,
    /// `--output`
    output: Option<String>,
    /// The model's id, if none is to be found elsewhere: behind a flag of the model, which is a
    /// switch then.
    perhaps_model_id: Option<String>,
}

/// The commands whose flags come from a model.
const ABOUT_A_MODEL: [&str; 3] = ["run", "validate", "code"];

impl Words {
    /// Reads the words behind the program's name; `tree` is the tree of commands without a model.
    pub(crate) fn of(words: &[String], tree: &Command) -> Self {
        let mut found = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) {
                let (name, inline) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (flag, None),
                };
                let known = found.takes_value(tree, name);
                // A flag of a model, which is not known yet, has a value behind it or is a switch.
                let value = known.unwrap_or_else(|| {
                    words
                        .peek()
                        .is_some_and(|next| !next.starts_with("--") && !is_built_in(next))
                });
                let value = inline.or_else(|| value.then(|| words.next().cloned()).flatten());
                if known.is_none() {
                    found.suppose(value.as_deref());
                }
                found.note(name, value);
            } else if word == "-q" {
                found.quiet = true;
            } else if !word.starts_with('-') {
                found.place(word);
            }
        }
        if found.is_about_model() && found.model_id.is_none() {
            found.model_id = found.perhaps_model_id.take();
        }
        found
    }

    /// Takes a word that looks like a model's id, and is no file, for one, unless it turns out
    /// otherwise.
    fn suppose(&mut self, value: Option<&str>) {
        let is_id = |value: &&str| {
            let odd = |c: char| c.is_whitespace() || c == ':';
            value.contains('/') && !value.contains(odd) && !Path::new(value).exists()
        };
        if let (None, Some(id)) = (&self.perhaps_model_id, value.filter(is_id)) {
            self.perhaps_model_id = Some(without_slashes(id));
        }
    }

    fn is_about_model(&self) -> bool {
        let command = self.command.as_deref();
        command.is_some_and(|command| ABOUT_A_MODEL.contains(&command))
    }

    fn takes_value(&self, tree: &Command, flag: &str) -> Option<bool> {
        let command = self
            .command
            .as_ref()
            .and_then(|name| tree.find_subcommand(name));
        let arguments = command
            .into_iter()
            .flat_map(Command::get_arguments)
            .chain(tree.get_arguments());
        let mut known = arguments.filter(|argument| argument.get_long() == Some(flag));
        known
            .next()
            .map(|argument| argument.get_action().takes_values())
    }

    fn note(&mut self, flag: &str, value: Option<String>) {
        match flag {
            "schema" => self.schema = value,
            "emulate" => self.emulate = true,
            "quiet" => self.quiet = true,
            "unchecked" => self.unchecked = true,
            "output" => self.output = value,
            _ => {}
        }
    }

    fn place(&mut self, word: &str) {
        if self.command.is_none() {
            self.command = Some(word.to_owned());
        } else if self.model_id.is_none() && self.is_about_model() {
            self.model_id = Some(without_slashes(word));
        }
    }

    /// How to answer, as far as the words tell.
    pub(crate) fn format(&self) -> Format {
        if self.output.as_deref() == Some("json") {
            Format::Json
        } else {
            Format::Pretty
        }
    }
}

fn is_built_in(word: &str) -> bool {
    runcomfy_models::find(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Words::of(&words, &crate::command::root(None))
    }

    #[test]
    fn the_model_is_found_wherever_it_stands() {
        let edit = "bytedance/dreamina-4-0/edit";
        for line in [
            format!("run {edit} --prompt x"),
            format!("-q --output json run --no-wait --input-file a/b {edit}"),
            format!("run --force-single {edit} --prompt x"),
            format!("run --prompt x --timeout 7 {edit}"),
            format!("validate --schema=a/b.json {edit}"),
        ] {
            assert_eq!(words(&line).model_id.as_deref(), Some(edit), "{line}");
        }
        let all = words("--output=json run --emulate --schema s.json acme/paint");
        let expected = Words {
            command: Some("run".into()),
            model_id: Some("acme/paint".into()),
            schema: Some("s.json".into()),
            emulate: true,
            unchecked: false,
            quiet: false,
            output: Some("json".into()),
            perhaps_model_id: None,
        };
        assert_eq!(all, expected);
        for line in [
            "run --sharp acme/paint --colour red",
            "run --image src/main.rs --sharp acme/paint",
        ] {
            assert_eq!(
                words(line).model_id.as_deref(),
                Some("acme/paint"),
                "{line}"
            );
        }
        assert_eq!(words("status some-id").model_id, None);
        assert_eq!(words("run").model_id, None);
    }
}
