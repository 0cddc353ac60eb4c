//! The struct that names the required properties of a call of `new`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

use super::plan::Record;
use super::{field_doc, ty};
use crate::{doc, name};

/// Returns the name of the struct, or `None` if at most one property is required: its value needs no
/// name.
///
/// No type of a property has such a name, see [`name::type_name`].
pub(super) fn name(record: &Record<'_>) -> Option<String> {
    record.required().nth(1)?;
    Some(match record.name.as_str() {
        "Input" => "Required".to_owned(),
        // Another spelt-out name may end in any way, but begins like this one.
        spelt if spelt.starts_with("Type_") => format!("Required_{spelt}"),
        name => format!("{}Required", name.trim_end_matches('_')),
    })
}

/// Returns the struct. Each field has a type of its own, so that `new` takes whatever converts.
pub(super) fn item(record: &Record<'_>) -> Option<TokenStream> {
    let required = name::ident(&name(record)?);
    let title = format!("Required properties, for [`{0}::new`].", record.name);
    let title = doc::outer(&[title]);
    let types = parameters(record.required().count());
    let fields = record.required().zip(&types).map(|(field, ty)| {
        let docs = doc::outer(&field_doc::summary(field));
        let name = &field.ident;
        quote!(#docs pub #name: #ty)
    });
    Some(quote! {
        #title
        pub struct #required<#(#types),*> {
            #(#fields,)*
        }
    })
}

/// Returns the type of the argument of `new`.
pub(super) fn argument(record: &Record<'_>, support: &Path) -> Option<TokenStream> {
    let required = name::ident(&name(record)?);
    let types = record
        .required()
        .map(|field| ty::argument(&field.kind, support));
    Some(quote!(#required<#(#types),*>))
}

/// Returns `A`, `B`, …, `Z`, `A1`, …: the struct names no other types that these could hide.
fn parameters(count: usize) -> Vec<Ident> {
    let letters = || ('A'..='Z').map(|letter| letter.to_string());
    let numbered = (1..).flat_map(|round: usize| letters().map(move |l| format!("{l}{round}")));
    let names = letters().chain(numbered).take(count);
    names.map(|name| format_ident!("{name}")).collect()
}
