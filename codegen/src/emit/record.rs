//! Structs: fields, `new`, setters, and the way into the engine.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use runcomfy_dialect::{Kind, Literal, Schema};
use syn::Path;

use super::plan::{Field, Record, Type};
use crate::{doc, name};

pub(crate) fn items(record: &Record<'_>, support: &Path) -> TokenStream {
    let name = name::ident(&record.name);
    let title = doc::outer(std::slice::from_ref(&record.title));
    let fields = record.fields.iter().map(|field| field_item(field, support));
    let new = new(record, support);
    let setters = record
        .fields
        .iter()
        .filter(|f| !f.property.required)
        .map(|f| setter(f, support));
    let default = default(record);
    let engine = engine(record, support);
    quote! {
        #title
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields)*
            /// Members that the schema does not know, sent as they are; see
            /// [`with_extra`](Self::with_extra).
            pub extra: #support::Extra,
        }
        impl #name {
            #new
            #(#setters)*
        }
        #default
        #engine
        #support::record!(#name);
    }
}

fn field_item(field: &Field<'_>, support: &Path) -> TokenStream {
    let docs = doc::outer(&field_doc(field));
    let (ident, kind) = (name::ident(&field.name), kind(&field.kind, support));
    let kind = if field.property.required {
        kind
    } else {
        quote!(Option<#kind>)
    };
    quote!(#docs pub #ident: #kind,)
}

/// Title and range first, then the schema's own description, then the rules.
fn field_doc(field: &Field<'_>) -> Vec<String> {
    let schema = &field.property.schema;
    let mut lines = vec![headline(field)];
    let mut paragraph = |more: Vec<String>| {
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
    };
    paragraph(schema.description().map(doc::prose).unwrap_or_default());
    let rules = schema.rules().map(|rule| {
        format!(
            "- {}: {}",
            doc::code(&rule.to_string()),
            doc::inline(&rule.message)
        )
    });
    paragraph(rules.collect());
    lines
}

/// `` `scale` (Scale): a number in 0..1; the service takes `0.5` when it is left out. ``
fn headline(field: &Field<'_>) -> String {
    let property = field.property;
    let schema = &property.schema;
    let mut line = doc::code(&property.name);
    if let Some(title) = schema
        .title()
        .filter(|title| says_more(title, &property.name))
    {
        line += &format!(", {}", doc::inline(title));
    }
    line += &match &field.kind {
        Type::Choice(name) => format!(": one of [`{name}`]"),
        _ => format!(": {}", doc::inline(&schema.describe())),
    };
    match schema.default() {
        Some(default) if property.required && is_free(schema) => {
            line += &format!("; for example {}", example(default));
        }
        Some(default) => {
            line += &format!(
                "; the service takes {} when it is left out",
                example(default)
            );
        }
        None => {}
    }
    line + "."
}

/// Whether a title is more than its property's name in other letters.
fn says_more(title: &str, name: &str) -> bool {
    let bare = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    bare(title) != bare(name)
}

fn example(default: &Literal) -> String {
    /// Enough to see what is meant.
    const LONGEST: usize = 80;
    match default {
        Literal::Text(text) => doc::code(&doc::cut(text, LONGEST)),
        Literal::Array(list) if !list.is_empty() => example(&list[0]),
        other => doc::code(&doc::cut(&other.to_string(), LONGEST)),
    }
}

/// Texts and media that are not chosen from a list: their default on a required property is an
/// example.
fn is_free(schema: &Schema) -> bool {
    schema.choices().is_none()
        && matches!(
            schema.kind,
            Kind::String | Kind::Array | Kind::Any | Kind::Object
        )
}

fn new(record: &Record<'_>, support: &Path) -> TokenStream {
    let required = || record.fields.iter().filter(|f| f.property.required);
    let arguments = required().map(|field| {
        let (ident, argument) = (name::ident(&field.name), argument(&field.kind, support));
        quote!(#ident: #argument)
    });
    let values = record.fields.iter().map(|field| {
        let ident = name::ident(&field.name);
        if !field.property.required {
            return quote!(#ident: None);
        }
        let value = given(&ident, &field.kind);
        if ident == value.to_string() {
            value
        } else {
            quote!(#ident: #value)
        }
    });
    // Clippy's limit is 7; a model with more required properties is as it is.
    let many = (required().count() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let doc = if required().next().is_some() {
        " With the required properties; the others are left to the service."
    } else {
        " With every property left to the service."
    };
    quote! {
        #[doc = #doc]
        #many
        #[inline]
        #[must_use]
        pub fn new(#(#arguments),*) -> Self {
            Self { #(#values,)* extra: #support::Extra::new() }
        }
    }
}

fn default(record: &Record<'_>) -> Option<TokenStream> {
    let name = name::ident(&record.name);
    record.fields.iter().all(|f| !f.property.required).then(|| {
        quote! {
            impl Default for #name {
                #[inline]
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    })
}

fn setter(field: &Field<'_>, support: &Path) -> TokenStream {
    let (ident, argument) = (name::ident(&field.name), argument(&field.kind, support));
    let value = given(&ident, &field.kind);
    let doc = format!(" Sets {}.", doc::code(&field.property.name));
    quote! {
        #[doc = #doc]
        #[inline]
        #[must_use]
        pub fn #ident(mut self, #ident: #argument) -> Self {
            self.#ident = Some(#value);
            self
        }
    }
}

fn kind(kind: &Type, support: &Path) -> TokenStream {
    match kind {
        Type::Bool => quote!(bool),
        Type::I64 => quote!(i64),
        Type::U64 => quote!(u64),
        Type::F64 => quote!(f64),
        Type::Text => quote!(String),
        Type::Media => quote!(#support::Media),
        Type::Json => quote!(#support::Json),
        Type::List(item) => {
            let item = self::kind(item, support);
            quote!(Vec<#item>)
        }
        Type::Choice(name) | Type::Record(name) => {
            let name = name::ident(name);
            quote!(#name)
        }
    }
}

/// What an argument takes: whatever turns into the field's type without loss.
fn argument(kind: &Type, support: &Path) -> TokenStream {
    match kind {
        // No `Into` for integers: a literal beyond `i32` would then not compile.
        Type::Bool | Type::I64 | Type::U64 | Type::Choice(_) | Type::Record(_) => {
            self::kind(kind, support)
        }
        Type::F64 | Type::Text | Type::Media | Type::Json => {
            let kind = self::kind(kind, support);
            quote!(impl Into<#kind>)
        }
        Type::List(item) => {
            let item = match &**item {
                Type::List(_) => self::kind(item, support),
                item => argument(item, support),
            };
            quote!(impl IntoIterator<Item = #item>)
        }
    }
}

/// The argument as the field's type.
fn given(ident: &Ident, kind: &Type) -> TokenStream {
    let into = |kind: &Type| matches!(kind, Type::F64 | Type::Text | Type::Media | Type::Json);
    match kind {
        Type::List(item) if into(item) => quote!(#ident.into_iter().map(Into::into).collect()),
        Type::List(_) => quote!(#ident.into_iter().collect()),
        kind if into(kind) => quote!(#ident.into()),
        _ => quote!(#ident),
    }
}

/// The table's view of the struct: each field by its place, in both directions.
fn engine(record: &Record<'_>, support: &Path) -> TokenStream {
    let name = name::ident(&record.name);
    let schema = if record.name == "Input" {
        quote!(&SCHEMA.input)
    } else {
        quote!(&Self::SCHEMA)
    };
    let idents = || record.fields.iter().map(|f| name::ident(&f.name));
    let (idents, idents2, places) = (idents(), idents(), 0..record.fields.len());
    let (places, places2) = (
        places.clone().map(syn::Index::from),
        places.map(syn::Index::from),
    );
    let view = if record.fields.is_empty() {
        quote! {
            fn field(&self, _: usize) -> Option<#support::View<'_>> {
                None
            }
        }
    } else {
        quote! {
            fn field(&self, index: usize) -> Option<#support::View<'_>> {
                match index {
                    #(#places => #support::Field::view(&self.#idents),)*
                    _ => None,
                }
            }
        }
    };
    let reader = if record.fields.is_empty() {
        quote!(_)
    } else {
        quote!(reader)
    };
    quote! {
        impl #support::Record for #name {
            #[inline]
            fn schema() -> &'static #support::Schema {
                #schema
            }
            #[inline]
            fn properties(&self) -> &'static [#support::Property] {
                <Self as #support::Record>::schema().properties().unwrap_or_default()
            }
            #[inline]
            #view
            #[inline]
            fn extra(&self) -> &#support::Extra {
                &self.extra
            }
            #[inline]
            fn read(#reader: &mut #support::Reader) -> Result<Self, #support::Mismatch> {
                Ok(Self { #(#idents2: reader.take(#places2)?,)* extra: #support::Extra::new() })
            }
        }
    }
}
