//! Enums: variants and their JSON values.

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_schema::Literal;

use super::literal;
use super::plan::Choice;
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
    let mut values = String::new();
    for (variant, member) in choice.variants.iter().zip(choice.members) {
        let (variant, value) = (name::ident(variant), literal::text(text(member)));
        values += &format!("    {variant} = {value},\n");
    }
    let default = choice
        .members
        .iter()
        .position(|m| Some(m) == choice.default);
    let default = default.map(|index| format!(" = {}", name::ident(&choice.variants[index])));
    let default = default.unwrap_or_default();
    let name = name::ident(&choice.name);
    format!("{support}::__private::choice!({name}{default} {{\n{values}}});\n")
}

fn variant_doc(choice: &Choice<'_>, member: &Literal) -> String {
    let mut line = match text(member) {
        "" => "The empty text.".to_owned(),
        text => doc::code(text),
    };
    if choice.default == Some(member) {
        line = format!("{}. Default.", line.trim_end_matches('.'));
    }
    line
}

/// Returns the text of a member. The plan makes enums of texts only.
fn text(member: &Literal) -> &str {
    match member {
        Literal::Text(text) => text,
        _ => "",
    }
}
