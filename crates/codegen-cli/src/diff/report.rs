//! Printing of a diff for people, for programs and for GitHub.

use std::fmt;

use serde_json::{Value, json};

use super::{Bindings, Class, Diff, Difference, ModelDiff, Part};
use crate::github::annotation;

impl Diff {
    /// Returns the diff as a JSON object.
    ///
    /// Its keys are `breaking`, `own_crate`, `default`, `compatible` and `text_only`, the numbers of
    /// changes; `unchanged`, the number of models; and `models`, for each that changed its `id`, `class`
    /// and `changes`, each with `class`, `part`, `pointer`, `subject`, `old`, `new` (`null` if there is
    /// none) and `message`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let counts = Class::ALL.map(|class| (class.as_str().to_owned(), self.count(class).into()));
        let models = self.models.iter().map(ModelDiff::to_json).collect();
        let rest = [
            ("unchanged".to_owned(), self.unchanged.into()),
            ("models".to_owned(), models),
        ];
        Value::Object(counts.into_iter().chain(rest).collect())
    }

    /// Returns workflow commands that GitHub shows as annotations, and the summary as the last line.
    ///
    /// Changes that are breaking for this use of the `bindings` are errors, texts notices, all others
    /// warnings. There is one command for each model and class, since GitHub shows only ten of each
    /// level in a step. `schemas` is the folder of the schema files, from the root of the repository.
    #[must_use]
    pub fn to_github(&self, schemas: &str, bindings: Bindings) -> String {
        let mut out = String::new();
        let schemas = schemas.replace('\\', "/");
        let schemas = schemas.trim_start_matches("./").trim_end_matches('/');
        for class in Class::ALL {
            let command = match class {
                _ if class.is_breaking(bindings) => "error",
                Class::TextOnly => "notice",
                _ => "warning",
            };
            for model in &self.models {
                let lines: Vec<String> = model.with_class(class).map(ToString::to_string).collect();
                if lines.is_empty() {
                    continue;
                }
                let file = format!("{schemas}/{}.json", model.id);
                let title = format!("{}: {class}", model.id);
                out += &annotation(command, &file, "", &title, &lines.join("\n"));
            }
        }
        out + &self.summary()
    }

    /// Returns the number of changes of each class, and of models.
    fn summary(&self) -> String {
        let counts = Class::ALL.map(|class| format!("{} {class}", self.count(class)));
        let (changed, unchanged) = (self.models.len(), self.unchanged);
        format!(
            "changes: {}; models: {changed} changed, {unchanged} unchanged",
            counts.join(", ")
        )
    }

    /// Explains the classes that are not plain, where there are changes of them.
    fn explanations(&self) -> impl Iterator<Item = &'static str> {
        let explained = [
            (
                Class::OwnCrate,
                "own crate: breaks code whose own crate contains the bindings (`include_models!`), \
                 not code that depends on a crate of bindings",
            ),
            (
                Class::Default,
                "default: code that leaves the property out gets, and pays for, something else",
            ),
        ];
        let present = explained
            .into_iter()
            .filter(|(class, _)| self.count(*class) > 0);
        present.map(|(_, text)| text)
    }
}

impl ModelDiff {
    /// Returns the most severe class of the changes.
    #[must_use]
    pub fn class(&self) -> Class {
        let classes = self.changes.iter().map(|change| change.class);
        classes.min().unwrap_or(Class::TextOnly)
    }

    fn with_class(&self, class: Class) -> impl Iterator<Item = &Difference> {
        self.changes.iter().filter(move |c| c.class == class)
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "class": self.class().as_str(),
            "changes": self.changes.iter().map(Difference::to_json).collect::<Value>(),
        })
    }
}

impl Difference {
    fn to_json(&self) -> Value {
        json!({
            "class": self.class.as_str(),
            "part": self.part.as_str(),
            "pointer": self.pointer,
            "subject": self.subject,
            "old": self.old,
            "new": self.new,
            "message": self.message,
        })
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for model in &self.models {
            writeln!(f, "{}", visible(&model.id))?;
            for change in &model.changes {
                // The formatter's width applies to the class as text.
                writeln!(f, "  {:<11} {change}", change.class.to_string())?;
            }
            writeln!(f)?;
        }
        for text in self.explanations() {
            writeln!(f, "{text}")?;
        }
        f.write_str(&self.summary())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = match (self.part, &*self.pointer) {
            (Part::Model, _) => String::new(),
            (Part::Input, "") => "the input: ".into(),
            (Part::Input, at) => format!("{at}: "),
            (Part::Output, "") => "the output: ".into(),
            (Part::Output, at) => format!("the output's {at}: "),
        };
        f.write_str(&visible(&format!("{location}{}", self.message)))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// Replaces characters of names from schemas that end a line, control a terminal or reorder text by
/// their codes.
fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out += &format!("U+{:04X}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
