//! What changed between two sets of models, and whom it hurts.

use std::collections::BTreeMap;

use runcomfy_schema::ModelSchema;
use serde_json::Value;

mod bounds;
mod comparison;
mod keyword;
mod output;
mod report;
mod revision;
#[cfg(test)]
mod tests;

pub use revision::{models_at_revision, valid_models_at_revision};

/// Whom a change hurts.
///
/// What is compared is what the schemas mean, not how their files are written: the form of a file,
/// the order of its keys, `float` for `number` and `2.0` for `2` make no difference.
///
/// - **Breaking**: code that was right may not compile any more against the bindings made from the
///   new schema, or an input that the old schema accepted may be refused. A model or a property is
///   gone; a property is newly required, or no longer (its field was a `T` and is an `Option<T>`);
///   a range, length, count, enum, step, medium or rule of `validations` is new or tighter; the
///   type is another, or the Rust type that comes of it (an enum's type comes and goes with
///   `enum`, and `i64` becomes `u64` with a maximum beyond it and a minimum of 0 or more); an object no longer takes further
///   properties. What the dialect keeps without checking it (unknown keywords, types and formats)
///   is breaking when it comes or changes, for the service may enforce it; not so the annotations
///   of JSON Schema (`examples`, `$comment`, …) and `x-…`, which bind nobody. Of an output: a
///   property that is gone or has another type, since whoever reads it finds nothing.
/// - **Compatible**: whatever was right stays right. A new model, a new optional property, a wider
///   range or enum, a rule that is relaxed or gone, another default, a limit that is only written
///   in another way; of an output all else. An optional property that is new in an object which
///   took any further property is breaking, unless it takes any value.
/// - **Text only**: nothing but what people read, and the order in which they read it: titles,
///   descriptions, messages of rules, the order of an enum.
///
/// Where a limit can hurt nobody it is compatible: it speaks of another type than the value's, or
/// refuses none of the members of an `enum`. When in doubt a change is breaking, never compatible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Callers may have to change something.
    Breaking,
    /// Callers need not do anything.
    Compatible,
    /// Only words or their order.
    TextOnly,
}

/// Everything that changed between two sets of models.
///
/// Prints grouped by model, breaking changes first, with a summary as the last line.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// The models that changed, in the order of their ids.
    pub models: Vec<ModelDiff>,
    /// How many models are in both sets and mean the same.
    pub unchanged: usize,
}

/// Everything that changed in one model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModelDiff {
    /// The model's id.
    pub id: String,
    /// What changed; breaking changes first, then in the order of the pointers.
    pub changes: Vec<Difference>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Whom it hurts.
    pub class: Class,
    /// Which part of the model it is in.
    pub part: Part,
    /// JSON pointer (RFC 6901) to the value that it is about, with `*` for any element of an
    /// array: `/loras/*/scale`. Empty for the whole part.
    pub pointer: String,
    /// What changed: the name of a keyword (`enum`, `multipleOf`, `x-order`), or `model`,
    /// `property`, `output`, `rust type`, `range`, `length`, `count`, `notation`.
    pub subject: String,
    /// What the old schema says, where it says something.
    pub old: Option<Value>,
    /// What the new schema says, where it says something.
    pub new: Option<Value>,
    /// The change in words; one line.
    pub message: String,
}

/// A part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The model as a whole.
    Model,
    /// What a submit takes.
    Input,
    /// What a finished job gives.
    Output,
}

/// Compares two sets of models by their ids. [`Class`] says how each change is classed.
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
    let mut pairs: BTreeMap<&str, [Option<&ModelSchema>; 2]> = BTreeMap::new();
    for (side, models) in [old, new].into_iter().enumerate() {
        for model in models {
            pairs.entry(&model.id).or_default()[side] = Some(model);
        }
    }
    let mut diff = Diff::default();
    for (id, pair) in pairs {
        let mut changes = match pair {
            [Some(old), Some(new)] => between(old, new),
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

fn between(old: &ModelSchema, new: &ModelSchema) -> Vec<Difference> {
    let mut changes = comparison::inputs(&old.input, &new.input);
    changes.extend(output::outputs(
        old.output.as_deref(),
        new.output.as_deref(),
    ));
    changes
}

impl Diff {
    /// Whether both sets mean the same, to the letter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Whether anything may stop working for callers.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.count(Class::Breaking) > 0
    }

    /// How many changes are of this class.
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
    /// `breaking`, `compatible` or `text_only`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Compatible => "compatible",
            Self::TextOnly => "text_only",
        }
    }
}

impl Part {
    /// `model`, `input` or `output`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}
