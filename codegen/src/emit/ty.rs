//! Types of fields and of the arguments that set them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use super::plan::{Field, Type};
use crate::name;

/// Returns a field's type; an optional property's is an `Option`.
pub(super) fn of_field(field: &Field<'_>, support: &Path) -> TokenStream {
    let inner = ty(&field.kind, support);
    if field.property.required {
        inner
    } else {
        quote!(Option<#inner>)
    }
}

fn ty(kind: &Type, support: &Path) -> TokenStream {
    match kind {
        Type::Bool => quote!(bool),
        Type::I64 => quote!(i64),
        Type::U64 => quote!(u64),
        Type::F64 => quote!(f64),
        Type::Text => quote!(String),
        Type::Media => quote!(#support::Media),
        Type::Json => quote!(#support::schema::Json),
        Type::List(item) => {
            let item = ty(item, support);
            quote!(Vec<#item>)
        }
        Type::Choice(name) | Type::Record(name) => {
            let name = name::ident(name);
            quote!(#name)
        }
        // Checked with the other settings.
        Type::Foreign(path) => path.parse().unwrap_or_default(),
    }
}

/// Returns the type of an argument: whatever converts into the field's type without loss.
pub(super) fn argument(kind: &Type, support: &Path) -> TokenStream {
    let inner = ty(kind, support);
    match kind {
        kind if converts(kind) => quote!(impl Into<#inner>),
        Type::List(item) => {
            let (list, item) = (list_of(item), ty(item, support));
            quote!(impl #support::schema::#list<#item>)
        }
        _ => inner,
    }
}

/// Returns the trait of an argument that becomes an array.
fn list_of(item: &Type) -> TokenStream {
    if converts(item) {
        quote!(IntoListOf)
    } else {
        quote!(ListOf)
    }
}

/// Returns `true` if an argument is whatever converts into the type.
fn converts(kind: &Type) -> bool {
    use Type::{F64, I64, Json, Media, Text};
    // Not `u64`: Rust takes a literal for an `i32`, which does not convert.
    matches!(kind, I64 | F64 | Text | Media | Json)
}

/// Returns an argument as the field's type.
pub(super) fn converted(field: &Field<'_>, argument: &TokenStream, support: &Path) -> TokenStream {
    match &field.kind {
        kind if converts(kind) => quote!(#argument.into()),
        // One call: looking up the methods of an iterator takes the compiler longer.
        Type::List(item) => {
            let list = list_of(item);
            quote!(#support::schema::#list::into_list(#argument))
        }
        _ => argument.clone(),
    }
}
