//! From a model's schema to the text of its module.

mod choice;
mod expr;
mod field_doc;
mod plan;
mod record;
mod schema_text;
mod ty;

use runcomfy_schema::ModelSchema;
use syn::{Item, Path, parse_quote};

use crate::{doc, print};
use plan::Plan;
pub(crate) use plan::{Collision, is_beyond_i64, is_typed};

/// The text of one model's module: its `Input`, nested structs, enums, and below them the schema.
///
/// The model has no [`collisions`].
///
/// # Errors
/// When the schema would not be read as it is written, which is a fault of the generator's.
pub(crate) fn model(model: &ModelSchema, support: &Path) -> Result<String, Collision> {
    let (plan, _) = Plan::of(model);
    let mut items = Vec::new();
    for record in &plan.records {
        items.extend(record::items(record, support));
    }
    items.push(binding(model, support));
    for choice in &plan.choices {
        items.extend(choice::items(choice, support));
    }
    items.push(schema_text::item(model, support)?);
    Ok(print::items(items))
}

/// Wire names of a model that come out as the same identifier.
pub(crate) fn collisions(model: &ModelSchema) -> Vec<Collision> {
    Plan::of(model).1
}

/// What ties the input to the model.
fn binding(model: &ModelSchema, support: &Path) -> Item {
    let id = &*model.id;
    parse_quote! {
        impl #support::Model for Input {
            const ID: &'static str = #id;
            type Output = #support::Output;
            #[inline]
            fn model() -> &'static #support::schema::ModelSchema {
                &SCHEMA
            }
        }
    }
}

/// The lines at the head of a model's module.
pub(crate) fn module_doc(model: &ModelSchema) -> Vec<String> {
    let mut lines = vec![doc::code(&model.id)];
    if let Some(description) = model.input.description() {
        lines.push(String::new());
        lines.extend(doc::prose(description));
    }
    lines
}
