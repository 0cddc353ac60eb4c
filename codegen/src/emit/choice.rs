//! Enums: variants and their wire values.

use proc_macro2::Ident;
use quote::quote;
use runcomfy_schema::Literal;
use syn::{Expr, Fields, ImplItem, Item, ItemEnum, ItemImpl, Path, Variant, parse_quote};

use super::expr;
use super::plan::{Choice, as_i64};
use crate::{doc, name};

pub(crate) fn items(choice: &Choice<'_>, support: &Path) -> Vec<Item> {
    let name = name::ident(&choice.name);
    let idents: Vec<Ident> = choice.variants.iter().map(|v| name::ident(v)).collect();
    let mut definition: ItemEnum = parse_quote! {
        #[derive(Clone, Copy)]
        #[non_exhaustive]
        pub enum #name {}
    };
    let title = doc::attributes(std::slice::from_ref(&choice.title));
    definition.attrs.splice(..0, title);
    definition.variants = idents
        .iter()
        .zip(choice.members)
        .map(|(ident, member)| Variant {
            attrs: doc::attributes(&[variant_doc(member)]),
            ident: ident.clone(),
            fields: Fields::Unit,
            discriminant: None,
        })
        .collect();
    vec![
        Item::Enum(definition),
        methods(choice, &name, &idents, support),
        wire_values(choice, &name, support),
        parse_quote!(#support::__private::choice!(#name);),
    ]
}

fn methods(choice: &Choice<'_>, name: &Ident, variants: &[Ident], support: &Path) -> Item {
    let (method, kind, value) = if is_text(choice) {
        (quote!(as_str), quote!(&'static str), quote!(text_of))
    } else {
        (quote!(as_i64), quote!(i64), quote!(integer_of))
    };
    let mut item: ItemImpl = parse_quote! {
        impl #name {
            /// All values, in the schema's order.
            pub const ALL: &'static [Self] = &[];
            /// The exact value on the wire.
            #[inline]
            #[must_use]
            pub fn #method(self) -> #kind {
                #support::__private::#value(self)
            }
        }
    };
    let variants = variants.iter().map(expr::of_self);
    set_constant(&mut item, 0, expr::list(variants));
    Item::Impl(item)
}

fn wire_values(choice: &Choice<'_>, name: &Ident, support: &Path) -> Item {
    let variant = if is_text(choice) { "Text" } else { "Integer" };
    let mut item: ItemImpl = parse_quote! {
        impl #support::__private::Choice for #name {
            const ALL: &'static [Self] = Self::ALL;
            const VALUES: #support::__private::ChoiceValues = {};
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
    };
    let values = expr::list(choice.members.iter().map(wire));
    set_constant(
        &mut item,
        1,
        expr::call_in(support, ["__private", "ChoiceValues", variant], [values]),
    );
    Item::Impl(item)
}

fn is_text(choice: &Choice<'_>) -> bool {
    matches!(choice.members.first(), Some(Literal::Text(_)))
}

fn set_constant(item: &mut ItemImpl, place: usize, value: Expr) {
    if let ImplItem::Const(constant) = &mut item.items[place] {
        constant.expr = value;
    }
}

fn variant_doc(member: &Literal) -> String {
    match member {
        Literal::Text(text) if text.is_empty() => "The empty text.".to_owned(),
        Literal::Text(text) => doc::code(text),
        other => doc::code(&other.to_string()),
    }
}

fn wire(member: &Literal) -> Expr {
    match (member, as_i64(member)) {
        (Literal::Text(text), _) => expr::text(text),
        // The plan lets only texts and 64-bit integers through.
        (_, integer) => expr::number(&integer.unwrap_or_default().to_string()),
    }
}
