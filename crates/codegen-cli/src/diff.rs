//! Changes between two sets of models, classed by what they mean for callers.

use std::collections::BTreeMap;

use runcomfy_codegen::settings::Settings;
use runcomfy_schema::ModelSchema;

mod bounds;
mod class;
mod comparison;
mod difference;
mod keyword;
mod names;
mod output;
mod report;
mod revision;
#[cfg(test)]
mod tests;

pub use class::{Bindings, Class};
pub use difference::{Difference, Part};
pub use revision::{models_at_revision, valid_models_at_revision};

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
