//! Comparison of the names in Rust. A new name that collides with others can rename these.

use std::collections::BTreeMap;

use runcomfy_codegen::plan::{self, PropertyNames};
use runcomfy_codegen::settings::Settings;
use runcomfy_schema::ModelSchema;
use runcomfy_schema::naming::ModuleNames;

use super::class::Class;
use super::difference::{Difference, Part};

/// Returns a change for each name that is another now, of what both models have.
pub(super) fn renamed(
    old: &ModelSchema,
    new: &ModelSchema,
    settings: &Settings,
) -> Vec<Difference> {
    if old.input == new.input {
        return Vec::new();
    }
    let by_pointer = |names: Vec<PropertyNames>| -> BTreeMap<String, PropertyNames> {
        let pairs = names
            .into_iter()
            .map(|names| (names.pointer.clone(), names));
        pairs.collect()
    };
    let new = by_pointer(plan::names(new, settings));
    let mut found = Vec::new();
    for (pointer, old) in by_pointer(plan::names(old, settings)) {
        let Some(new) = new.get(&pointer) else {
            continue;
        };
        let mut compare = |what: &str, old: &str, new: &str| {
            if old != new {
                found.push(change(&pointer, what, old, new));
            }
        };
        compare("field", &old.field, &new.field);
        if let (Some(old), Some(new)) = (&old.own_type, &new.own_type) {
            compare("type", old, new);
        }
        for (member, old) in &old.variants {
            if let Some((_, new)) = new.variants.iter().find(|(other, _)| other == member) {
                compare(&format!("variant of {member}"), old, new);
            }
        }
    }
    found
}

/// Returns a change if the module of a model is another now, because another id came or went.
pub(super) fn moved(id: &str, modules: &[ModuleNames; 2]) -> Option<Difference> {
    let [old, new] = modules.each_ref().map(|names| names.path(id).join("::"));
    (old != new).then(|| Difference {
        part: Part::Model,
        ..change("", "module", &old, &new)
    })
}

fn change(pointer: &str, what: &str, old: &str, new: &str) -> Difference {
    Difference {
        class: Class::Breaking,
        part: Part::Input,
        pointer: pointer.to_owned(),
        subject: "rust name".to_owned(),
        old: Some(old.into()),
        new: Some(new.into()),
        message: format!("the {what} was named `{old}` in Rust, is named `{new}`"),
    }
}
