//! Names and types that the generator gives to schemas.
//!
//! **Unstable:** this module exists for `runcomfy-codegen-cli`, which predicts what a change of a
//! schema does to the generated code. It may change in any release.

use runcomfy_schema::{Literal, ModelSchema};

use crate::emit::{self, Plan, Type};
use crate::settings::Settings;

pub use crate::id_tree::{Clash, IdTree};
pub use crate::rust_type::RustType;

/// Names that one property has in the generated code.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PropertyNames {
    /// JSON pointer to the property's value, with `*` for any element of an array.
    pub pointer: String,
    /// Name of the field and of its setter.
    pub field: String,
    /// Name of the struct or enum that the property has for itself, if it has one.
    pub own_type: Option<String>,
    /// Members and variants of that enum.
    pub variants: Vec<(Literal, String)>,
}

/// Returns the names of every property that has a field in the generated code.
#[must_use]
pub fn names(model: &ModelSchema, settings: &Settings) -> Vec<PropertyNames> {
    let (plan, _) = Plan::with(model, &settings.options);
    // A struct comes before the structs of its fields.
    let mut structs = vec![("Input".to_owned(), String::new())];
    let mut names = Vec::new();
    for record in &plan.records {
        let at = structs.iter().find(|(name, _)| *name == record.name);
        let at = at.map(|(_, at)| at.clone()).unwrap_or_default();
        for field in &record.fields {
            let name = field.property.name.replace('~', "~0").replace('/', "~1");
            let pointer = format!("{at}/{name}");
            let (elements, own_type) = own_type(&field.kind);
            if let Some(own_type) = &own_type {
                structs.push((own_type.clone(), format!("{pointer}{elements}")));
            }
            let choice = plan
                .choices
                .iter()
                .find(|c| own_type.as_ref() == Some(&c.name));
            let variants = choice.map_or_else(Vec::new, |choice| {
                let members = choice.members.iter().cloned();
                members.zip(choice.variants.iter().cloned()).collect()
            });
            names.push(PropertyNames {
                pointer,
                field: field.ident.to_string(),
                own_type,
                variants,
            });
        }
    }
    names
}

/// Returns the JSON names of the members of an output that have methods in the model's own type, and
/// these methods. Without any, the model has the type of every output.
#[must_use]
pub fn output_methods(model: &ModelSchema) -> Vec<(String, String)> {
    emit::output_methods(model)
}

/// Returns the name of a struct or enum in a field's type, and the steps to it through arrays.
fn own_type(kind: &Type) -> (String, Option<String>) {
    match kind {
        Type::List(items) => {
            let (steps, name) = own_type(items);
            (format!("/*{steps}"), name)
        }
        Type::Choice(name) | Type::Record(name) => (String::new(), Some(name.clone())),
        _ => (String::new(), None),
    }
}
