//! The schema as a constant table.

use proc_macro2::{Ident, Literal as Token, TokenStream};
use quote::{format_ident, quote};
use runcomfy_dialect::{
    Keyword, Kind, Literal, ModelSchema, Number, Operator, Property, Quantity, Rule, Schema,
};
use syn::Path;

use super::plan::Plan;
use crate::name;

/// The static that holds the whole model, and a constant for each nested struct's schema.
pub(crate) fn items(plan: &Plan<'_>, model: &ModelSchema, support: &Path) -> TokenStream {
    let table = Table { plan };
    let id = &*model.id;
    let (parts, input) = table.object(&model.input);
    let output = match &model.output {
        None => quote!(None),
        Some(output) if output.is_common_output() => quote!(Some(Static(&OUTPUT))),
        Some(output) => {
            let output = table.schema(output);
            quote!(Some(Static(&#output)))
        }
    };
    let nested = plan.records.iter().skip(1).map(|record| {
        let name = format_ident!("{}", nested_name(&record.name));
        let (parts, schema) = table.object(record.schema);
        quote! {
            const #name: #support::Schema = {
                use #support::table::prelude::*;
                #parts
                #schema
            };
        }
    });
    quote! {
        #(#nested)*
        /// The model's schema, as the engine reads it.
        pub static SCHEMA: #support::ModelSchema = {
            use #support::table::prelude::*;
            #parts
            ModelSchema { id: Static(#id), input: #input, output: #output }
        };
    }
}

/// The constant for a nested struct's schema.
pub(crate) fn nested_name(record: &str) -> String {
    format!("{}_SCHEMA", name::snake(record).to_uppercase())
}

struct Table<'a> {
    plan: &'a Plan<'a>,
}

impl Table<'_> {
    /// An object's schema, and before it the constants it is put together from: the keywords of
    /// each property, then the list of properties. This keeps the table flat enough to read.
    fn object(&self, schema: &Schema) -> (TokenStream, TokenStream) {
        let list = schema.properties().unwrap_or_default();
        let keywords = list
            .iter()
            .filter(|p| self.plan.record_of(&p.schema).is_none())
            .map(|p| {
                let name = keywords_name(p);
                let keywords = p
                    .schema
                    .keywords
                    .iter()
                    .map(|keyword| self.keyword(keyword));
                quote!(const #name: &[Keyword] = &[#(#keywords),*];)
            });
        let properties = list.iter().map(|property| self.property(property));
        let parts = quote! {
            #(#keywords)*
            const PROPERTIES: &[Property] = &[#(#properties),*];
        };
        let keywords = schema.keywords.iter().map(|keyword| match keyword {
            Keyword::Properties(_) => quote!(Properties(Static(PROPERTIES))),
            other => self.keyword(other),
        });
        (
            parts,
            quote!(Schema { kind: Kind::Object, keywords: Static(&[#(#keywords),*]) }),
        )
    }

    fn property(&self, property: &Property) -> TokenStream {
        let (name, required) = (&*property.name, property.required);
        if let Some(record) = self.plan.record_of(&property.schema) {
            let schema = format_ident!("{}", nested_name(&record.name));
            return quote!(Property { name: Static(#name), required: #required, schema: #schema });
        }
        let (kind, keywords) = (kind(property.schema.kind), keywords_name(property));
        if required {
            quote!(Property::required(#name, #kind, #keywords))
        } else {
            quote!(Property::optional(#name, #kind, #keywords))
        }
    }

    fn schema(&self, schema: &Schema) -> TokenStream {
        if let Some(record) = self.plan.record_of(schema) {
            let name = format_ident!("{}", nested_name(&record.name));
            return quote!(#name);
        }
        let kind = kind(schema.kind);
        let keywords = schema.keywords.iter().map(|keyword| match keyword {
            Keyword::Properties(list) => {
                let list = list.iter().map(|p| {
                    let (name, required, schema) = (&*p.name, p.required, self.schema(&p.schema));
                    quote!(Property { name: Static(#name), required: #required, schema: #schema })
                });
                quote!(Properties(Static(&[#(#list),*])))
            }
            other => self.keyword(other),
        });
        quote!(Schema { kind: #kind, keywords: Static(&[#(#keywords),*]) })
    }

    fn keyword(&self, keyword: &Keyword) -> TokenStream {
        match keyword {
            Keyword::Title(text) => text_keyword("Title", text),
            Keyword::Description(text) => text_keyword("Description", text),
            Keyword::Format(text) => text_keyword("Format", text),
            Keyword::Default(default) => {
                let default = literal(default);
                quote!(Default(#default))
            }
            Keyword::Enum(members) => {
                let members = members.iter().map(literal);
                quote!(Enum(Static(&[#(#members),*])))
            }
            Keyword::Minimum(limit) => number_keyword("Minimum", *limit),
            Keyword::Maximum(limit) => number_keyword("Maximum", *limit),
            Keyword::ExclusiveMinimum(limit) => number_keyword("ExclusiveMinimum", *limit),
            Keyword::ExclusiveMaximum(limit) => number_keyword("ExclusiveMaximum", *limit),
            Keyword::MultipleOf(step) => number_keyword("MultipleOf", *step),
            Keyword::MinLength(count) => size_keyword("MinLength", *count),
            Keyword::MaxLength(count) => size_keyword("MaxLength", *count),
            Keyword::MinItems(count) => size_keyword("MinItems", *count),
            Keyword::MaxItems(count) => size_keyword("MaxItems", *count),
            Keyword::Items(schema) => {
                let schema = self.schema(schema);
                quote!(Items(Static(&#schema)))
            }
            Keyword::AdditionalProperties(open) => quote!(AdditionalProperties(#open)),
            Keyword::Validation(rule) => self::rule(rule),
            Keyword::Unknown(name, value) => {
                let (name, value) = (&**name, literal(value));
                quote!(Unknown(Static(#name), #value))
            }
            // `Properties` is written by whoever writes the object; the other variants all stand
            // above, since the two crates are released together.
            _ => unreachable!("a keyword without an emission"),
        }
    }
}

/// The constant that holds a property's keywords.
fn keywords_name(property: &Property) -> Ident {
    format_ident!("{}_KEYWORDS", name::snake(&property.name).to_uppercase())
}

fn text_keyword(name: &str, text: &str) -> TokenStream {
    let name = format_ident!("{name}");
    quote!(#name(Static(#text)))
}

fn number_keyword(name: &str, limit: Number) -> TokenStream {
    let (name, limit) = (format_ident!("{name}"), number(limit));
    quote!(#name(#limit))
}

fn size_keyword(name: &str, count: u64) -> TokenStream {
    let (name, count) = (format_ident!("{name}"), spaced(&count.to_string()));
    quote!(#name(#count))
}

fn kind(kind: Kind) -> TokenStream {
    match kind {
        Kind::String => quote!(Kind::String),
        Kind::Integer => quote!(Kind::Integer),
        Kind::Number => quote!(Kind::Number),
        Kind::Boolean => quote!(Kind::Boolean),
        Kind::Array => quote!(Kind::Array),
        Kind::Object => quote!(Kind::Object),
        Kind::Any => quote!(Kind::Any),
    }
}

fn number(number: Number) -> TokenStream {
    match number {
        Number::Int(integer) => {
            let integer = spaced(&Token::i128_unsuffixed(integer).to_string());
            quote!(Int(#integer))
        }
        Number::Float(float) => {
            let float = spaced(&Token::f64_unsuffixed(float).to_string());
            quote!(Float(#float))
        }
    }
}

/// A numeric literal with its digits in groups of three, as clippy asks for beyond five digits.
pub(super) fn spaced(literal: &str) -> TokenStream {
    const LONG: usize = 5;
    let (sign, digits) = literal
        .strip_prefix('-')
        .map_or(("", literal), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let grouped = |text: &str, offset: usize| {
        let mut out = String::new();
        for (i, digit) in text.chars().enumerate() {
            if i > 0 && text.len() > LONG && (i + offset).is_multiple_of(3) {
                out.push('_');
            }
            out.push(digit);
        }
        out
    };
    let mut text = literal.to_owned();
    if plain(whole) && plain(fraction) {
        text = format!("{sign}{}", grouped(whole, 3 - whole.len() % 3));
        if !fraction.is_empty() {
            text = format!("{text}.{}", grouped(fraction, 0));
        }
    }
    // Digits with underscores between them are a literal, and so is what `Literal` prints.
    text.parse().unwrap_or_default()
}

fn literal(value: &Literal) -> TokenStream {
    match value {
        Literal::Null => quote!(Literal::Null),
        Literal::Bool(bool) => quote!(Literal::Bool(#bool)),
        Literal::Number(number) => {
            let number = self::number(*number);
            quote!(Literal::Number(#number))
        }
        Literal::Text(text) => {
            let text = &**text;
            quote!(Literal::Text(Static(#text)))
        }
        Literal::Array(list) => {
            let list = list.iter().map(literal);
            quote!(Literal::Array(Static(&[#(#list),*])))
        }
        Literal::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let (name, value) = (&**name, literal(value));
                quote!((Static(#name), #value))
            });
            quote!(Literal::Object(Static(&[#(#members),*])))
        }
    }
}

fn rule(rule: &Rule) -> TokenStream {
    let quantity = match &rule.quantity {
        Quantity::FileSizeMb => quote!(Quantity::FileSizeMb),
        Quantity::WidthPixels => quote!(Quantity::WidthPixels),
        Quantity::HeightPixels => quote!(Quantity::HeightPixels),
        Quantity::AspectRatio => quote!(Quantity::AspectRatio),
        other => {
            let name = other.as_str();
            quote!(Quantity::Other(Static(#name)))
        }
    };
    let operator = match rule.operator {
        Operator::Below => quote!(Operator::Below),
        Operator::AtMost => quote!(Operator::AtMost),
        Operator::Above => quote!(Operator::Above),
        Operator::AtLeast => quote!(Operator::AtLeast),
        Operator::Equal => quote!(Operator::Equal),
    };
    let (value, message) = (number(rule.value), &*rule.message);
    quote!(Validation(Rule { quantity: #quantity, operator: #operator, value: #value, message: Static(#message) }))
}
