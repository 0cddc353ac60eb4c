//! From a model's schema to the text of its module.

mod choice;
mod example;
mod field_doc;
mod literal;
mod numbers;
mod output;
mod plan;
mod record;
mod required;
mod schema_text;
mod ty;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use runcomfy_schema::ModelSchema;
use syn::Path;

use crate::options::Options;
use crate::{doc, print};
pub(crate) use example::Home as ExampleHome;
pub(crate) use output::methods as output_methods;
pub(crate) use plan::{Collision, Plan, Type};
pub(crate) use schema_text::{Home, item as schema_item};

/// A model's module.
pub(crate) struct Code {
    /// Its `Input`, nested structs and enums.
    pub(crate) items: String,
    /// JSON of the schema.
    pub(crate) json: String,
    /// A program that makes an input, unless one cannot be made up.
    pub(crate) example: Option<example::Example>,
}

/// Returns the code of a model that has no [`collisions`] which are errors.
///
/// # Errors
/// Fails if the schema would not be read as it is written, or if the code is not Rust: both are bugs
/// of the generator.
pub(crate) fn model(
    model: &ModelSchema,
    support: &Path,
    options: &Options,
) -> Result<Code, Collision> {
    let (plan, _) = Plan::with(model, options);
    let with_attributes = |type_name: &str, items: String| {
        format!("{}{items}", options.attributes(&model.id, type_name))
    };
    let path = path_text(support);
    let mut parts = vec![format!(
        "/// Id of the model.\npub const ID: &str = {};\n",
        literal::text(&model.id)
    )];
    for record in &plan.records {
        let items = formatted(record::items(record, support))?;
        parts.push(with_attributes(&record.name, items));
        parts.push(record::engine(record, &path));
    }
    let output = output::item(model, support);
    parts.push(formatted(binding(support, output.is_some()))?);
    if let Some(output) = output {
        parts.push(with_attributes("Output", formatted(output)?));
        parts.push(format!("{path}::__private::output_type!(Output);\n"));
    }
    for choice in &plan.choices {
        parts.push(with_attributes(
            &choice.name,
            formatted(choice::item(choice))?,
        ));
        parts.push(choice::values(choice, &path));
    }
    Ok(Code {
        items: print::paragraphs(parts),
        json: schema_text::json(model)?,
        example: example::new(&plan, model),
    })
}

/// Returns the names of a model that would come out as the same identifier.
pub(crate) fn collisions(model: &ModelSchema, options: &Options) -> Vec<Collision> {
    Plan::with(model, options).1
}

/// Returns a path as it is written in source code.
pub(crate) fn path_text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

fn formatted(items: TokenStream) -> Result<String, Collision> {
    print::tokens(items).map_err(|error| Collision {
        code: runcomfy_schema::Code::Internal,
        pointer: String::new(),
        message: format!(
            "the code of the model is not Rust ({error}); this is a fault of the generator"
        ),
    })
}

/// Ties the input to the model.
fn binding(support: &Path, has_own_output: bool) -> TokenStream {
    let output = if has_own_output {
        quote!(Output)
    } else {
        quote!(#support::Output)
    };
    quote! {
        impl #support::Model for Input {
            const ID: &'static str = ID;
            type Output = #output;
            #[inline]
            fn model() -> &'static #support::schema::ModelSchema {
                &SCHEMA
            }
        }
    }
}

/// Returns the first lines of a model's module: its id, its description, and an example.
pub(crate) fn module_doc(
    model: &ModelSchema,
    example: Option<&example::Example>,
    home: &example::Home,
    path: &[String],
) -> Vec<String> {
    let mut lines = vec![format!("The model {}.", doc::code(&model.id))];
    if model.input.is_deprecated() {
        lines.extend([
            String::new(),
            "Deprecated: the service may remove it.".to_owned(),
        ]);
    }
    if let Some(description) = model.input.description() {
        lines.push(String::new());
        lines.extend(doc::prose(description, doc::MODULE_WIDTH));
    }
    if let Some(example) = example {
        lines.push(String::new());
        lines.extend(example.lines(path, home));
    }
    lines
}
