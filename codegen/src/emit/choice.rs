//! Enums: variants and their JSON values.

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_schema::Literal;

use super::literal;
use super::plan::Choice;
use crate::rust_type::as_i64;
use crate::{doc, name};

/// Returns the enum.
pub(crate) fn item(choice: &Choice<'_>) -> TokenStream {
    let name = name::ident(&choice.name);
    let title = doc::outer(std::slice::from_ref(&choice.title));
    let variants = choice
        .variants
        .iter()
        .zip(choice.members)
        .map(|(variant, member)| {
            let docs = doc::outer(&[variant_doc(choice, member)]);
            let variant = name::ident(variant);
            quote!(#docs #variant)
        });
    quote! {
        #title
        #[derive(Clone, Copy)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
        }
    }
}

/// Returns the call of the macro that implements its methods and traits: variants and JSON values.
pub(crate) fn values(choice: &Choice<'_>, support: &str) -> String {
    let kind = match choice.members.first() {
        Some(Literal::Text(_)) => "str",
        _ => "i64",
    };
    let mut values = String::new();
    for (variant, member) in choice.variants.iter().zip(choice.members) {
        let (variant, value) = (name::ident(variant), value(member));
        values += &format!("    {variant} = {value},\n");
    }
    let name = name::ident(&choice.name);
    format!("{support}::__private::choice!({name}: {kind} {{\n{values}}});\n")
}

fn variant_doc(choice: &Choice<'_>, member: &Literal) -> String {
    let mut line = match member {
        Literal::Text(text) if text.is_empty() => "The empty text.".to_owned(),
        Literal::Text(text) => doc::code(text),
        other => doc::code(&other.to_string()),
    };
    if choice.default == Some(member) {
        line = format!("{}. Default.", line.trim_end_matches('.'));
    }
    line
}

fn value(member: &Literal) -> String {
    match (member, as_i64(member)) {
        (Literal::Text(text), _) => literal::text(text),
        // The plan lets only texts and 64-bit integers through.
        (_, integer) => literal::integer(integer.unwrap_or_default()),
    }
}
