//! Enums: variants and their wire values.

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_dialect::Literal;
use syn::Path;

use super::plan::{Choice, as_i64};
use crate::{doc, name};

pub(crate) fn items(choice: &Choice<'_>, support: &Path) -> TokenStream {
    let name = name::ident(&choice.name);
    let title = doc::outer(std::slice::from_ref(&choice.title));
    let variants = choice
        .variants
        .iter()
        .zip(choice.members)
        .map(|(variant, member)| {
            let (variant, docs) = (name::ident(variant), doc::outer(&[variant_doc(member)]));
            quote!(#docs #variant,)
        });
    let all = choice.variants.iter().map(|variant| name::ident(variant));
    let wire = choice.members.iter().map(|member| wire(member, support));
    let flavour = match choice.members.first() {
        Some(Literal::Text(_)) => quote!(text),
        _ => quote!(integer),
    };
    let label = &choice.name;
    quote! {
        #title
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
        }
        impl #name {
            /// All values, in the schema's order.
            pub const ALL: &'static [Self] = &[#(Self::#all),*];
        }
        impl #support::Choice for #name {
            const NAME: &'static str = #label;
            const ALL: &'static [Self] = Self::ALL;
            const WIRE: &'static [#support::Wire] = &[#(#wire),*];
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
        #support::choice!(#name, #flavour);
    }
}

fn variant_doc(member: &Literal) -> String {
    match member {
        Literal::Text(text) if text.is_empty() => "The empty text.".to_owned(),
        Literal::Text(text) => doc::code(text),
        other => doc::code(&other.to_string()),
    }
}

fn wire(member: &Literal, support: &Path) -> TokenStream {
    match (member, as_i64(member)) {
        (Literal::Text(text), _) => {
            let text = &**text;
            quote!(#support::Wire::Text(#text))
        }
        // The plan lets only texts and 64-bit integers through.
        (_, integer) => {
            let integer = super::expr::number(&integer.unwrap_or_default().to_string());
            quote!(#support::Wire::Integer(#integer))
        }
    }
}
