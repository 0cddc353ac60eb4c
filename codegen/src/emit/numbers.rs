//! Constants of the numbers that properties take.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use runcomfy_schema::{Number, Schema};
use syn::Path;

use super::plan::{Field, Type};
use crate::doc;
use crate::rust_type::as_number;

/// Returns the constant of a property's numbers, or `None` if it takes none. It also exists where the
/// schema says nothing about them, so that a range that is dropped takes no name away.
pub(super) fn constant(field: &Field<'_>, support: &Path) -> Option<TokenStream> {
    let (kind, schema) = element(&field.kind, &field.property.schema);
    let (ty, write): (_, fn(Number) -> Option<TokenStream>) = match kind {
        Type::I64 => (quote!(i64), |n| {
            integer(n, i64::MIN.into(), i64::MAX.into())
        }),
        Type::U64 => (quote!(u64), |n| integer(n, 0, u64::MAX.into())),
        Type::F64 => (quote!(f64), float),
        _ => return None,
    };
    let (minimum, maximum) = inclusive(schema, *kind == Type::F64);
    let [minimum, maximum] = [minimum, maximum].map(|bound| bound.and_then(write));
    let default = schema.default().and_then(as_number).and_then(write);
    let members = schema.choices().unwrap_or_default().iter();
    let members: Vec<TokenStream> = members.filter_map(as_number).filter_map(write).collect();
    let [minimum, maximum, default] = [minimum, maximum, default].map(option);
    let title = doc::outer(&[format!(
        "Numbers that {} takes.",
        doc::code(&field.property.name)
    )]);
    let name = name(&field.ident);
    let numbers = quote!(#support::schema::Numbers);
    Some(quote! {
        #title
        pub const #name: #numbers<#ty> = #numbers {
            minimum: #minimum,
            maximum: #maximum,
            default: #default,
            members: &[#(#members),*],
        };
    })
}

/// Returns the name of a field's constant. A model has an `ID` already.
pub(super) fn name(field: &Ident) -> Ident {
    let field = field.to_string();
    let name = field.trim_start_matches("r#").to_uppercase();
    let name = if name == "ID" { "ID_" } else { &name };
    Ident::new(name, Span::call_site())
}

/// Returns the type and schema of a value, or of the elements of a list.
fn element<'a>(kind: &'a Type, schema: &'a Schema) -> (&'a Type, &'a Schema) {
    match (kind, schema.items()) {
        (Type::List(item), Some(items)) => element(item, items),
        _ => (kind, schema),
    }
}

/// Returns the smallest and the largest number that are allowed. Numbers that are not integers have
/// none beside an exclusive bound.
fn inclusive(schema: &Schema, is_float: bool) -> (Option<Number>, Option<Number>) {
    let mut bounds = schema.bounds();
    if !is_float {
        bounds = bounds.whole();
    }
    let allowed = |(bound, is_allowed): (Number, bool)| is_allowed.then_some(bound);
    (
        bounds.lower.and_then(allowed),
        bounds.upper.and_then(allowed),
    )
}

fn integer(number: Number, lowest: i128, highest: i128) -> Option<TokenStream> {
    let integer = number.as_integer()?;
    let digits = u64::try_from(integer.unsigned_abs()).ok()?;
    let literal = Literal::u64_unsuffixed(digits);
    (lowest..=highest)
        .contains(&integer)
        .then(|| signed(integer < 0, &literal))
}

fn float(number: Number) -> Option<TokenStream> {
    let float = number.as_f64();
    let literal = || Literal::f64_unsuffixed(float.abs());
    float.is_finite().then(|| signed(float < 0.0, &literal()))
}

/// Returns a number's literal, which is two tokens if the number is negative.
fn signed(is_negative: bool, literal: &Literal) -> TokenStream {
    if is_negative {
        quote!(-#literal)
    } else {
        quote!(#literal)
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or(quote!(None), |value| quote!(Some(#value)))
}
