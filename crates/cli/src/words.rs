//! The first reading of the command line, which finds the model. The flags of a command come from the
//! schema of its model, so clap can parse the line only after that.

use std::path::Path;

use clap::{ColorChoice, Command};

use crate::argument::{model_id_in, without_slashes};
use crate::failure::Failure;
use crate::format::Format;

/// The parts of the command line that are needed before its flags are known.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// The name of the command.
    pub(crate) command: Option<String>,
    /// The model id, if the command takes one.
    pub(crate) model_id: Option<String>,
    /// The value of `--schema`.
    pub(crate) schema: Option<String>,
    /// `true` if `--emulate` is set.
    pub(crate) emulate: bool,
    /// `true` if `--unchecked` is set.
    pub(crate) unchecked: bool,
    /// `true` if `--quiet` is set.
    pub(crate) quiet: bool,
    /// Names of the flags that are set.
    flags: Vec<String>,
    /// The value of `--output`.
    output: Option<String>,
    /// The value of `--color`.
    color: Option<String>,
    /// The first flag that is written with one hyphen, such as `-prompt`, without it.
    pub(crate) one_hyphen: Option<String>,
    /// A word after an unknown flag that may be the model id. The flag is a switch then.
    possible_model_id: Option<String>,
}

/// The commands whose flags come from a model.
const MODEL_COMMANDS: [&str; 3] = ["run", "validate", "code"];

impl Words {
    /// Reads the arguments after the program's name; `tree` is the tree of commands without a model.
    pub(crate) fn parse(words: &[String], tree: &Command) -> Self {
        let mut found = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let one_hyphen = with_one_hyphen(word, tree);
            let flag = word.strip_prefix("--").filter(|flag| !flag.is_empty());
            if let Some(flag) = flag.or(one_hyphen) {
                let (name, inline) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (flag, None),
                };
                let known = found.takes_value(tree, name);
                // An unknown flag belongs to the model: it has a value after it or is a switch.
                let value = known.unwrap_or_else(|| {
                    words
                        .peek()
                        .is_some_and(|next| !next.starts_with("--") && !is_built_in(next))
                });
                let value = inline.or_else(|| value.then(|| words.next().cloned()).flatten());
                if one_hyphen.is_some() {
                    found.one_hyphen.get_or_insert(name.to_owned());
                }
                if known.is_none() {
                    found.remember_possible_model(value.as_deref());
                }
                found.note(name, value);
            } else if word == "-h" {
                found.flags.push("help".to_owned());
            } else if word == "-q" {
                found.quiet = true;
            } else if !word.starts_with('-') {
                found.positional(word);
            }
        }
        if found.is_about_model() && found.model_id.is_none() {
            found.model_id = found.possible_model_id.take();
        }
        found
    }

    /// Returns words that name a model and nothing else.
    #[cfg(feature = "batch")]
    pub(crate) fn of_model(id: &str, schema: Option<&str>, emulate: bool, quiet: bool) -> Self {
        Self {
            command: Some("batch".to_owned()),
            model_id: Some(id.to_owned()),
            schema: schema.map(str::to_owned),
            emulate,
            quiet,
            ..Self::default()
        }
    }

    /// Remembers a value that looks like a model id and is no file.
    fn remember_possible_model(&mut self, value: Option<&str>) {
        let is_id = |value: &&str| {
            let is_excluded = |c: char| c.is_whitespace() || c == ':';
            value.contains('/') && !value.contains(is_excluded) && !Path::new(value).exists()
        };
        if let (None, Some(id)) = (&self.possible_model_id, value.filter(is_id)) {
            self.possible_model_id = Some(without_slashes(id));
        }
    }

    fn is_about_model(&self) -> bool {
        let command = self.command.as_deref();
        command.is_some_and(|command| MODEL_COMMANDS.contains(&command))
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
        self.flags.push(flag.to_owned());
        match flag {
            "schema" => self.schema = value,
            "emulate" => self.emulate = true,
            "quiet" => self.quiet = true,
            "unchecked" => self.unchecked = true,
            "output" => self.output = value,
            "color" => self.color = value,
            _ => {}
        }
    }

    fn positional(&mut self, word: &str) {
        if self.command.is_none() {
            self.command = Some(word.to_owned());
        } else if self.model_id.is_none() && self.is_about_model() {
            self.model_id = Some(model_id_in(word));
        }
    }

    /// Returns `true` if a flag is set.
    pub(crate) fn sets(&self, flag: &str) -> bool {
        self.flags.iter().any(|set| set == flag)
    }

    /// Returns a failure if a command that takes a model has arguments and none is a model.
    pub(crate) fn without_model(&self) -> Option<Failure> {
        let has_model = self.model_id.as_ref().is_some_and(|id| !id.is_empty());
        if !self.is_about_model() || has_model || self.sets("help") {
            return None;
        }
        let command = self.command.as_deref().unwrap_or_default();
        let failure = Failure::usage("which model? The command line names none");
        Some(failure.with_advice(format!(
            "Write `runcomfy {command} MODEL_ID --prompt …`. `runcomfy models list --built-in` lists the built-in models."
        )))
    }

    /// Returns when colours are printed, and sets it for this process where the words do.
    pub(crate) fn set_colors(&self) -> ColorChoice {
        let enabled = match self.color.as_deref() {
            Some("always") => true,
            Some("never") => false,
            // clap reports an invalid value.
            _ => return ColorChoice::Auto,
        };
        console::set_colors_enabled(enabled);
        console::set_colors_enabled_stderr(enabled);
        if enabled {
            ColorChoice::Always
        } else {
            ColorChoice::Never
        }
    }

    /// Returns the output format.
    pub(crate) fn format(&self) -> Format {
        Format::new(self.output.as_deref())
    }
}

/// Returns the name in a word such as `-prompt`, which is meant as `--prompt`, and not in `-qv`.
fn with_one_hyphen<'a>(word: &'a str, tree: &Command) -> Option<&'a str> {
    let name = word.strip_prefix('-')?;
    let is_short = |letter: char| {
        let mut shorts = tree.get_arguments().filter_map(clap::Arg::get_short);
        "hV".contains(letter) || shorts.any(|short| short == letter)
    };
    let is_name = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_lowercase());
    (is_name && !name.chars().all(is_short)).then_some(name)
}

fn is_built_in(word: &str) -> bool {
    runcomfy_models::find(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Words::parse(&words, &crate::command::root(None))
    }

    #[test]
    fn model_is_found_at_any_position() {
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
            flags: ["output", "emulate", "schema"].map(str::to_owned).into(),
            output: Some("json".into()),
            color: None,
            one_hyphen: None,
            possible_model_id: None,
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
        for (line, name) in [
            ("run -prompt x acme/paint", Some("prompt")),
            ("run -prompt=x acme/paint", Some("prompt")),
            ("run -qv acme/paint", None),
            ("run -1 acme/paint", None),
        ] {
            let words = words(line);
            assert_eq!(words.model_id.as_deref(), Some("acme/paint"), "{line}");
            assert_eq!(words.one_hyphen.as_deref(), name, "{line}");
        }
        assert_eq!(words("status some-id").model_id, None);
        assert_eq!(words("run").model_id, None);
    }
}
