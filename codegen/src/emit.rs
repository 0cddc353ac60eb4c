//! From a model's schema to tokens.

mod choice;
mod expr;
mod plan;
mod record;
mod table;

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_dialect::ModelSchema;
use syn::Path;

use crate::doc;
use plan::Plan;
pub(crate) use plan::{Collision, is_beyond_i64, is_typed};

/// What a model's module is made of.
pub(crate) struct Emitted {
    /// Structs, enums and their traits.
    pub(crate) code: TokenStream,
    /// The table, which stands below the code.
    pub(crate) table: Vec<syn::Item>,
}

/// The items of one model's module: its `Input`, nested structs, enums, and the table.
///
/// # Errors
/// Wire names that come out as the same identifier.
pub(crate) fn model(model: &ModelSchema, support: &Path) -> Result<Emitted, Vec<Collision>> {
    let plan = Plan::of(model)?;
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
    Ok(Emitted {
        code,
        table: table::items(&plan, model, support),
    })
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
