//! Changes between two sets of models, classed by what they mean for callers.

use std::collections::BTreeMap;

use runcomfy_codegen::settings::Settings;
use runcomfy_schema::ModelSchema;
use serde_json::Value;

mod bounds;
mod comparison;
mod keyword;
mod names;
mod output;
mod report;
mod revision;
#[cfg(test)]
mod tests;

pub use revision::{models_at_revision, valid_models_at_revision};

/// Class of a change: what it means for callers.
///
/// Bindings are used in two ways ([`Bindings`]): as a dependency, where `#[non_exhaustive]` keeps code
/// open for new members, and as modules of the program's own crate, where the attribute does nothing.
/// Classes are in order of severity.
///
/// Schemas are compared by their meaning, not by how their files are written: the form of a file,
/// the order of its keys, `float` for `number` and `2.0` for `2` make no difference.
///
/// - **Breaking**: code that was right may not compile against the new bindings, or an input that the
///   old schema accepted may be refused. A model or a property is removed; a property is newly
///   required, or no longer (its field was a `T` and is an `Option<T>`); a range, length, count, enum,
///   step, medium or rule of `validations` is new or tighter; the type is another, or the Rust type
///   that it becomes (an enum's type comes and goes with `enum`, and `i64` becomes `u64` with a maximum
///   beyond it and a minimum of 0 or more); an object no longer takes further properties; a name in
///   Rust is another, because a new name collides with it. A keyword,
///   type or format that is kept without being checked is breaking when it is new or changes, since the
///   service may enforce it; the annotations of JSON Schema (`examples`, `$comment`, …) and `x-…` are
///   not, since they restrict nothing. Of an output: a property that is removed or has another type,
///   since its readers find nothing; its first or last member beyond the usual ones, since the type of
///   the output comes and goes with them.
/// - **Own crate**: compatible for a dependency, breaking for modules of the program's own crate. A new
///   member of an enum stops a `match` without `_` from compiling (E0004); a new optional property
///   stops a struct literal (E0063) and a pattern without `..` (E0027).
/// - **Default**: a default is new, another or gone. The same code compiles and is accepted; where it
///   leaves the property out, the service does, and charges for, something else. It is breaking where an
///   enum loses its `Default` with it, or where names of files are refused without it.
/// - **Compatible**: whatever was right stays right. A new model, a wider range, a rule that is relaxed
///   or removed, a limit that is only written in another way; of an output everything else. A new
///   optional property in an object that took any further property is breaking, unless it takes any
///   value.
/// - **Text only**: only text that people read, or its order, changes: titles, descriptions, messages
///   of rules, the order of an enum.
///
/// A limit that refuses nothing is compatible: it is about another type than the value's, or allows
/// every member of an `enum`. In doubt a change is breaking, never compatible.
///
/// Code that extends the bindings is out of scope: an `impl` of its own for a generated type can
/// collide with whatever the generator adds, and so can names that a glob import brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Callers may have to change something.
    Breaking,
    /// Callers may have to change something if the bindings are modules of their own crate.
    OwnCrate,
    /// Unchanged callers get something else where they leave a property to the service.
    Default,
    /// Callers need not change anything.
    Compatible,
    /// Only text or its order changes.
    TextOnly,
}

/// Way in which a program uses bindings; some changes break only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bindings {
    /// The program depends on a crate of bindings, such as `runcomfy-models`.
    Dependency,
    /// The program's own crate contains the bindings, through `include_models!` or a build script.
    OwnCrate,
}

/// Lists everything that changed between two sets of models.
///
/// `Display` prints it by model, breaking changes first, with a summary as the last line.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// Models that changed, in the order of their ids.
    pub models: Vec<ModelDiff>,
    /// Number of models that are in both sets and mean the same.
    pub unchanged: usize,
}

/// Lists everything that changed in one model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModelDiff {
    /// Model id.
    pub id: String,
    /// Changes: breaking ones first, then in the order of the pointers.
    pub changes: Vec<Difference>,
}

/// Describes one change.
///
/// `Display` prints the place and the message: `/scale: the range was 0..=2, is 0..=1`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Class of the change.
    pub class: Class,
    /// Part of the model that changed.
    pub part: Part,
    /// JSON pointer (RFC 6901) to the value, with `*` for any element of an array: `/loras/*/scale`.
    /// Empty for the whole part.
    pub pointer: String,
    /// Subject: the name of a keyword (`enum`, `multipleOf`, `x-order`), or `model`, `property`,
    /// `output`, `rust type`, `range`, `length`, `count`, `notation`.
    pub subject: String,
    /// Value in the old schema, if it has one.
    pub old: Option<Value>,
    /// Value in the new schema, if it has one.
    pub new: Option<Value>,
    /// Change in words; one line.
    pub message: String,
}

/// Part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The model as a whole.
    Model,
    /// The input of a submit.
    Input,
    /// The output of a finished job.
    Output,
}

/// Compares two sets of models by their ids. [`Class`] documents how changes are classed.
///
/// ```
/// use runcomfy_codegen_cli::{Class, diff};
/// use runcomfy_schema::ModelSchema;
/// use serde_json::json;
///
/// let model = |maximum| {
///     let document = json!({"properties": {"scale": {"type": "float", "maximum": maximum}}});
///     ModelSchema::parse(Some("acme/stamp"), &[document]).0.expect("it is a schema")
/// };
/// let diff = diff(&[model(2)], &[model(1)]);
/// assert_eq!(diff.count(Class::Breaking), 1);
/// assert_eq!(diff.models[0].changes[0].pointer, "/scale");
/// assert!(diff.to_string().contains("/scale: the range was at most 2, is at most 1"));
/// ```
#[must_use]
pub fn diff(old: &[ModelSchema], new: &[ModelSchema]) -> Diff {
    diff_with(old, new, &Settings::default())
}

/// Compares as [`diff`] does, with the names in Rust that the settings give.
#[must_use]
pub fn diff_with(old: &[ModelSchema], new: &[ModelSchema], settings: &Settings) -> Diff {
    let mut pairs: BTreeMap<&str, [Option<&ModelSchema>; 2]> = BTreeMap::new();
    for (side, models) in [old, new].into_iter().enumerate() {
        for model in models {
            pairs.entry(&model.id).or_default()[side] = Some(model);
        }
    }
    let mut diff = Diff::default();
    let ids = |models: &[ModelSchema]| settings.module_names(models.iter().map(|m| &*m.id));
    let modules = [ids(old), ids(new)];
    for (id, pair) in pairs {
        let mut changes = match pair {
            [Some(old), Some(new)] => {
                let mut changes = between(old, new, settings);
                changes.extend(names::moved(id, &modules));
                changes
            }
            [Some(_), None] => vec![Difference::model(Class::Breaking, "the model was removed")],
            _ => vec![Difference::model(Class::Compatible, "the model was added")],
        };
        if changes.is_empty() {
            diff.unchanged += 1;
            continue;
        }
        changes.sort_by(|a, b| {
            (a.class, a.part, &a.pointer, &a.subject)
                .cmp(&(b.class, b.part, &b.pointer, &b.subject))
        });
        let id = id.to_owned();
        diff.models.push(ModelDiff { id, changes });
    }
    diff
}

fn between(old: &ModelSchema, new: &ModelSchema, settings: &Settings) -> Vec<Difference> {
    let mut changes = comparison::inputs(&old.input, &new.input);
    changes.extend(names::renamed(old, new, settings));
    changes.extend(output::outputs(
        old.output.as_deref(),
        new.output.as_deref(),
    ));
    changes.extend(output::retyped(old, new));
    changes
}

impl Diff {
    /// Returns `true` if both sets mean exactly the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Returns `true` if a change is breaking for programs that use the bindings in this way.
    #[must_use]
    pub fn is_breaking(&self, bindings: Bindings) -> bool {
        let mut changes = self.models.iter().flat_map(|model| &model.changes);
        changes.any(|change| change.class.is_breaking(bindings))
    }

    /// Returns the number of changes of a class.
    #[must_use]
    pub fn count(&self, class: Class) -> usize {
        let changes = self.models.iter().flat_map(|model| &model.changes);
        changes.filter(|change| change.class == class).count()
    }
}

impl Difference {
    fn model(class: Class, message: &str) -> Self {
        Self {
            class,
            part: Part::Model,
            pointer: String::new(),
            subject: "model".into(),
            old: None,
            new: None,
            message: message.into(),
        }
    }
}

impl Class {
    /// Every class, the most severe first.
    pub const ALL: [Self; 5] = [
        Self::Breaking,
        Self::OwnCrate,
        Self::Default,
        Self::Compatible,
        Self::TextOnly,
    ];

    /// Returns `true` if code that was right may not compile any more, or its input may be refused.
    #[must_use]
    pub fn is_breaking(self, bindings: Bindings) -> bool {
        match self {
            Self::Breaking => true,
            Self::OwnCrate => bindings == Bindings::OwnCrate,
            Self::Default | Self::Compatible | Self::TextOnly => false,
        }
    }

    /// Returns `breaking`, `own_crate`, `default`, `compatible` or `text_only`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::OwnCrate => "own_crate",
            Self::Default => "default",
            Self::Compatible => "compatible",
            Self::TextOnly => "text_only",
        }
    }
}

impl Part {
    /// Returns `model`, `input` or `output`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}
