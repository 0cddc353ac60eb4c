//! The output of a model whose schema names more than that of nearly every model.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use runcomfy_schema::{Kind, ModelSchema, OUTPUT, Property, Schema};
use syn::Path;

use crate::rust_type::RustType;
use crate::{doc, name};

/// Methods that every output has, and those that everybody calls on any value.
const TAKEN: [&str; 23] = [
    "as_value",
    "audio",
    "audios",
    "borrow",
    "clone",
    "clone_from",
    "default",
    "deref",
    "deserialize",
    "eq",
    "fmt",
    "from",
    "get",
    "image",
    "images",
    "into",
    "is_empty",
    "read",
    "serialize",
    "to_owned",
    "urls",
    "video",
    "videos",
];

/// Member of an output that has a method of its own.
struct Member<'a> {
    method: Ident,
    property: &'a Property,
}

/// Returns the JSON names of the members that have methods in the model's own type of output, and the
/// methods. Without any, the model has the usual type.
pub(crate) fn methods(model: &ModelSchema) -> Vec<(String, String)> {
    let members = members(model).into_iter();
    members
        .map(|member| (member.property.name.to_string(), member.method.to_string()))
        .collect()
}

/// Returns the type of the model's output, if it is its own.
pub(crate) fn item(model: &ModelSchema, support: &Path) -> Option<TokenStream> {
    let members = members(model);
    if members.is_empty() {
        return None;
    }
    let title = format!(
        "Output of the model {}: what every output has, and the members that the schema names beyond.",
        doc::code(&model.id)
    );
    let title = doc::outer(&doc::wrap(&title, doc::MODULE_WIDTH, ""));
    let methods = members.iter().map(|member| method(member, support));
    Some(quote! {
        #title
        #[derive(Clone, Default, PartialEq)]
        pub struct Output(#support::Output);

        impl Output {
            #(#methods)*
        }
    })
}

/// Returns the members that have methods. Of names that would be the same method none has one.
fn members(model: &ModelSchema) -> Vec<Member<'_>> {
    let schema = model.output.as_deref();
    let properties = schema.and_then(Schema::properties).unwrap_or_default();
    let own = properties.iter().filter(|property| !is_usual(property));
    let all: Vec<(String, &Property)> = own.map(|p| (method_name(&p.name), p)).collect();
    let is_single = |name: &str| all.iter().filter(|(other, _)| other == name).count() == 1;
    let single = all.iter().filter(|(name, _)| is_single(name));
    single
        .map(|&(ref method, property)| Member {
            method: name::ident(method),
            property,
        })
        .collect()
}

fn method_name(json_name: &str) -> String {
    let name = name::field(json_name);
    if TAKEN.contains(&&*name) {
        name + "_"
    } else {
        name
    }
}

/// Returns `true` for the members that [`OUTPUT`] has, and for their counterparts of sounds.
fn is_usual(property: &Property) -> bool {
    let usual = OUTPUT.properties().unwrap_or_default();
    let name = match &*property.name {
        "audio" => "video",
        "audios" => "videos",
        name => name,
    };
    let texts = |schema: &Schema| schema.kind == Kind::String && schema.choices().is_none();
    usual.iter().any(|other| {
        let same_items = match (property.schema.items(), other.schema.items()) {
            (Some(items), Some(_)) => texts(items),
            (None, None) => texts(&property.schema),
            _ => false,
        };
        *other.name == *name && property.schema.kind == other.schema.kind && same_items
    })
}

fn method(member: &Member<'_>, support: &Path) -> TokenStream {
    let (method, property) = (&member.method, member.property);
    let schema = &property.schema;
    let json_name = &*property.name;
    let (ty, value) = match RustType::from_schema(schema) {
        RustType::Text | RustType::Media | RustType::Choice => {
            (quote!(&str), quote!(self.0.get(#json_name)?.as_str()))
        }
        RustType::Json | RustType::Record => (
            quote!(&#support::schema::Json),
            quote!(self.0.get(#json_name)),
        ),
        _ => (owned(schema, support), quote!(self.0.read(#json_name))),
    };
    let first = format!(
        "Returns {}, if the output has it and it is of this type.",
        doc::code(&property.name)
    );
    let mut lines = doc::wrap(&first, doc::FIELD_WIDTH, "");
    let title = schema.title();
    let title = title.map(|title| format!("{}. ", title.trim_end_matches('.')));
    let text = title.unwrap_or_default() + schema.description().unwrap_or_default();
    let prose = doc::prose(&text, doc::FIELD_WIDTH);
    if !prose.is_empty() {
        lines.push(String::new());
        lines.extend(prose);
    }
    let docs = doc::outer(&lines);
    quote! {
        #docs
        #[inline]
        #[must_use]
        pub fn #method(&self) -> Option<#ty> {
            #value
        }
    }
}

/// Returns the type of a value that is not borrowed from the output. Its texts may be new ones, so that
/// enums are texts, and its objects are JSON.
fn owned(schema: &Schema, support: &Path) -> TokenStream {
    match RustType::from_schema(schema) {
        RustType::Bool => quote!(bool),
        RustType::I64 => quote!(i64),
        RustType::U64 => quote!(u64),
        RustType::F64 => quote!(f64),
        RustType::Text | RustType::Media | RustType::Choice => quote!(String),
        RustType::List => {
            let json = || quote!(#support::schema::Json);
            let items = schema.items();
            let items = items.map_or_else(json, |items| owned(items, support));
            quote!(Vec<#items>)
        }
        RustType::Json | RustType::Record => quote!(#support::schema::Json),
    }
}
