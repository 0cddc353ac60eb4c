//! Structs: fields, `new`, setters, and the list of JSON names.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

use super::plan::{Field, Record};
use super::{field_doc, literal, numbers, required, ty};
use crate::{doc, name};

/// Returns the struct and its methods.
pub(crate) fn items(record: &Record<'_>, support: &Path) -> TokenStream {
    let name = name::ident(&record.name);
    let structure = structure(record, &name, support);
    let new = new(record, support);
    let setters = record.optional().map(|field| setter(field, support));
    let numbers = record.fields.iter();
    let numbers = numbers.filter_map(|field| numbers::constant(field, support));
    let required = required::item(record);
    let default = record.required().next().is_none().then(|| default(&name));
    quote! {
        #structure
        impl #name {
            #(#numbers)*
            #new
            #(#setters)*
        }
        #default
        #required
    }
}

/// Returns the call of the macro that implements everything else: JSON names and fields in the
/// order of the schema.
pub(crate) fn engine(record: &Record<'_>, support: &str) -> String {
    let schema = match record.names.as_slice() {
        [] => "SCHEMA".to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| literal::text(name)).collect();
            format!("SCHEMA[{}]", names.join(", "))
        }
    };
    let mut fields = String::new();
    for field in &record.fields {
        let json = literal::text(&field.property.name);
        fields += &format!("    {json}: {},\n", field.ident);
    }
    let open = if fields.is_empty() { "{" } else { "{\n" };
    let name = name::ident(&record.name);
    format!("{support}::__private::record!({name}, {schema} {open}{fields}}});\n")
}

fn structure(record: &Record<'_>, name: &Ident, support: &Path) -> TokenStream {
    let title = doc::outer(std::slice::from_ref(&record.title));
    let fields = record.fields.iter().map(|field| {
        let docs = doc::outer(&field_doc::lines(field));
        let (name, ty) = (&field.ident, ty::of_field(field, support));
        quote!(#docs pub #name: #ty)
    });
    quote! {
        #title
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
            /// Members beyond the schema, sent as they are; see [`with_extra`](Self::with_extra).
            pub extra: #support::schema::Extra,
        }
    }
}

fn new(record: &Record<'_>, support: &Path) -> TokenStream {
    let doc = if record.required().next().is_some() {
        " Creates the value from the required properties; the others are left to the service."
    } else {
        " Creates the value with every property left to the service."
    };
    let named = required::argument(record, support);
    let arguments = match &named {
        Some(ty) => quote!(required: #ty),
        None => {
            let arguments = record.required().map(|field| {
                let (name, ty) = (&field.ident, ty::argument(&field.kind, support));
                quote!(#name: #ty)
            });
            quote!(#(#arguments),*)
        }
    };
    let values = record.fields.iter().map(|field| {
        let name = &field.ident;
        let argument = match named {
            Some(_) => quote!(required.#name),
            None => quote!(#name),
        };
        let value = if field.property.required {
            ty::converted(field, &argument, support)
        } else {
            quote!(None)
        };
        // `name: name` would be one word too many.
        if matches!(&*value.to_string(), value if *name == value) {
            quote!(#name)
        } else {
            quote!(#name: #value)
        }
    });
    quote! {
        #[doc = #doc]
        #[inline]
        #[must_use]
        pub fn new(#arguments) -> Self {
            Self { #(#values,)* extra: #support::schema::Extra::new() }
        }
    }
}

fn setter(field: &Field<'_>, support: &Path) -> TokenStream {
    let docs = doc::outer(&field_doc::setter_lines(field));
    let name = &field.ident;
    let (ty, value) = (
        ty::argument(&field.kind, support),
        ty::converted(field, &quote!(#name), support),
    );
    let deprecated = field
        .has_deprecated_setter
        .then(|| quote!(#[deprecated = "the service may remove the property"]));
    quote! {
        #docs
        #deprecated
        #[inline]
        #[must_use]
        pub fn #name(mut self, #name: #ty) -> Self {
            self.#name = Some(#value);
            self
        }
    }
}

fn default(name: &Ident) -> TokenStream {
    quote! {
        impl Default for #name {
            #[inline]
            fn default() -> Self {
                Self::new()
            }
        }
    }
}
