//! From a model's schema to the text of its module.

mod choice;
mod expr;
mod plan;
mod record;
mod table;

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_dialect::ModelSchema;
use syn::Path;

use crate::{doc, print};
use plan::Plan;
pub(crate) use plan::{Collision, is_beyond_i64, is_typed};

/// Why a model has no module.
pub(crate) enum Failure {
    /// Wire names that come out as the same identifier.
    Collisions(Vec<Collision>),
    /// The generator made tokens that are no Rust.
    Unreadable(syn::Error),
}

/// The text of one model's module: its `Input`, nested structs, enums, and below them the table.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn model(model: &ModelSchema, support: &Path) -> Result<String, Failure> {
    let plan = Plan::of(model).map_err(Failure::Collisions)?;
    let records = plan
        .records
        .iter()
        .map(|record| record::items(record, support));
    let choices = plan
        .choices
        .iter()
        .map(|choice| choice::items(choice, support));
    let binding = binding(model, support);
    let code = quote!(#(#records)* #binding #(#choices)*);
    print::print(code, table::items(&plan, model, support)).map_err(Failure::Unreadable)
}

/// What ties the input to the model.
fn binding(model: &ModelSchema, support: &Path) -> TokenStream {
    let id = &*model.id;
    quote! {
        impl #support::Model for Input {
            const ID: &'static str = #id;
            type Output = #support::Output;
            #[inline]
            fn model() -> &'static #support::ModelSchema {
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
