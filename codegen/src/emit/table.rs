//! The schema as a constant table.

use proc_macro2::{Literal as Token, TokenStream};
use quote::{format_ident, quote};
use runcomfy_dialect::{
    Keyword, Kind, Literal, ModelSchema, Number, Operator, Property, Quantity, Rule, Schema,
};
use syn::{Expr, Item, Path, Stmt, parse_quote};

use super::expr;
use super::plan::{Plan, Record};
use crate::name;

/// The static that holds the whole model, and before it a constant for each nested struct's
/// schema.
pub(crate) fn items(plan: &Plan<'_>, model: &ModelSchema, support: &Path) -> Vec<Item> {
    let table = Table { plan };
    let mut items: Vec<Item> = plan
        .records
        .iter()
        .skip(1)
        .map(|record| table.nested(record, support))
        .collect();
    let output = match &model.output {
        None => expr::path("None"),
        Some(output) if output.is_common_output() => some_static(expr::path("OUTPUT")),
        Some(output) => some_static(table.schema(output)),
    };
    let (parts, input) = table.object(&model.input);
    let whole = expr::record(
        "ModelSchema",
        [
            ("id", static_text(&model.id)),
            ("input", input),
            ("output", output),
        ],
    );
    let mut item: syn::ItemStatic = parse_quote! {
        /// The model's schema, as the engine reads it.
        pub static SCHEMA: #support::ModelSchema = {};
    };
    item.expr = Box::new(block(support, parts, whole));
    items.push(Item::Static(item));
    items
}

/// The names of tables, the constants, and the value that is put together from them.
fn block(support: &Path, parts: Vec<Item>, value: Expr) -> Expr {
    let names: Item = parse_quote!(use #support::table::prelude::*;);
    let mut stmts: Vec<Stmt> = [names].into_iter().chain(parts).map(Stmt::Item).collect();
    stmts.push(Stmt::Expr(value, None));
    let block = syn::Block {
        brace_token: syn::token::Brace::default(),
        stmts,
    };
    Expr::Block(syn::ExprBlock {
        attrs: Vec::new(),
        label: None,
        block,
    })
}

fn constant(name: &str, kind: &TokenStream, value: Expr) -> Item {
    let name = format_ident!("{name}");
    let mut item: syn::ItemConst = parse_quote!(const #name: #kind = {};);
    item.expr = Box::new(value);
    Item::Const(item)
}

/// The constant for a nested struct's schema; from the module, since inside a table the names of
/// keywords come first.
fn nested_schema(record: &Record<'_>) -> Expr {
    expr::path(&format!("self::{}::SCHEMA", name::ident(&record.name)))
}

struct Table<'a> {
    plan: &'a Plan<'a>,
}

impl Table<'_> {
    /// A constant of the struct's own, since a type's name is the one that is sure to be free.
    fn nested(&self, record: &Record<'_>, support: &Path) -> Item {
        let (parts, schema) = self.object(record.schema);
        let name = name::ident(&record.name);
        let kind = quote!(#support::Schema);
        let constant = constant("SCHEMA", &kind, block(support, parts, schema));
        parse_quote!(impl #name { #constant })
    }

    /// An object's schema, and before it the constants it is put together from: the keywords of
    /// each property, then the list of properties. This keeps the table flat enough to read.
    fn object(&self, schema: &Schema) -> (Vec<Item>, Expr) {
        let list = schema.properties().unwrap_or_default();
        let own = list
            .iter()
            .filter(|p| self.plan.record_of(&p.schema).is_none());
        let mut parts: Vec<Item> = own
            .map(|p| {
                let keywords = expr::list(self.keywords(&p.schema));
                constant(&keywords_name(p), &quote!(&[Keyword]), keywords)
            })
            .collect();
        let properties = list.iter().map(|property| self.property(property));
        parts.push(constant(
            "PROPERTIES",
            &quote!(&[Property]),
            expr::list(properties),
        ));
        let keywords = schema.keywords.iter().map(|keyword| match keyword {
            Keyword::Properties(_) => properties_keyword(expr::path("PROPERTIES")),
            other => self.keyword(other),
        });
        (parts, schema_record(Kind::Object, keywords))
    }

    fn property(&self, property: &Property) -> Expr {
        if let Some(record) = self.plan.record_of(&property.schema) {
            return property_record(property, nested_schema(record));
        }
        let maker = if property.required {
            "Property::required"
        } else {
            "Property::optional"
        };
        let keywords = expr::path(&keywords_name(property));
        expr::call(
            maker,
            [
                expr::text(&property.name),
                kind(property.schema.kind),
                keywords,
            ],
        )
    }

    fn schema(&self, schema: &Schema) -> Expr {
        if let Some(record) = self.plan.record_of(schema) {
            return nested_schema(record);
        }
        schema_record(schema.kind, self.keywords(schema))
    }

    /// The keywords of a schema that has no struct of its own. It may have properties all the same,
    /// such as a string with `properties`, or an object inside an output.
    fn keywords(&self, schema: &Schema) -> impl Iterator<Item = Expr> {
        schema.keywords.iter().map(|keyword| match keyword {
            Keyword::Properties(list) => {
                let list = list
                    .iter()
                    .map(|p| property_record(p, self.schema(&p.schema)));
                properties_keyword(expr::list(list))
            }
            other => self.keyword(other),
        })
    }

    fn keyword(&self, keyword: &Keyword) -> Expr {
        match keyword {
            Keyword::Title(text) => expr::call("Title", [static_text(text)]),
            Keyword::Description(text) => expr::call("Description", [static_text(text)]),
            Keyword::Format(text) => expr::call("Format", [static_text(text)]),
            Keyword::Default(default) => expr::call("Default", [literal(default)]),
            Keyword::Enum(members) => {
                expr::call("Enum", [static_list(members.iter().map(literal))])
            }
            Keyword::Minimum(limit) => expr::call("Minimum", [number(*limit)]),
            Keyword::Maximum(limit) => expr::call("Maximum", [number(*limit)]),
            Keyword::ExclusiveMinimum(limit) => expr::call("ExclusiveMinimum", [number(*limit)]),
            Keyword::ExclusiveMaximum(limit) => expr::call("ExclusiveMaximum", [number(*limit)]),
            Keyword::MultipleOf(step) => expr::call("MultipleOf", [number(*step)]),
            Keyword::MinLength(count) => expr::call("MinLength", [size(*count)]),
            Keyword::MaxLength(count) => expr::call("MaxLength", [size(*count)]),
            Keyword::MinItems(count) => expr::call("MinItems", [size(*count)]),
            Keyword::MaxItems(count) => expr::call("MaxItems", [size(*count)]),
            Keyword::Items(schema) => {
                let schema = expr::reference(self.schema(schema));
                expr::call("Items", [expr::call("Static", [schema])])
            }
            Keyword::AdditionalProperties(open) => {
                expr::call("AdditionalProperties", [expr::bool(*open)])
            }
            Keyword::Validation(rule) => expr::call("Validation", [self::rule(rule)]),
            Keyword::Unknown(name, value) => {
                expr::call("Unknown", [static_text(name), literal(value)])
            }
            // `Properties` is written by whoever writes the object; the other variants all stand
            // above, since the two crates are released together.
            _ => unreachable!("a keyword without an emission"),
        }
    }
}

fn schema_record(of: Kind, keywords: impl Iterator<Item = Expr>) -> Expr {
    expr::record(
        "Schema",
        [("kind", kind(of)), ("keywords", static_list(keywords))],
    )
}

fn property_record(property: &Property, schema: Expr) -> Expr {
    let (name, required) = (static_text(&property.name), expr::bool(property.required));
    expr::record(
        "Property",
        [("name", name), ("required", required), ("schema", schema)],
    )
}

fn properties_keyword(list: Expr) -> Expr {
    expr::call("Properties", [expr::call("Static", [list])])
}

fn some_static(schema: Expr) -> Expr {
    expr::call("Some", [expr::call("Static", [expr::reference(schema)])])
}

fn static_text(text: &str) -> Expr {
    expr::call("Static", [expr::text(text)])
}

fn static_list(elements: impl Iterator<Item = Expr>) -> Expr {
    expr::call("Static", [expr::list(elements)])
}

fn size(count: u64) -> Expr {
    expr::number(&count.to_string())
}

/// The constant that holds a property's keywords.
fn keywords_name(property: &Property) -> String {
    format!("{}_KEYWORDS", name::snake(&property.name).to_uppercase())
}

fn kind(kind: Kind) -> Expr {
    expr::path(match kind {
        Kind::String => "Kind::String",
        Kind::Integer => "Kind::Integer",
        Kind::Number => "Kind::Number",
        Kind::Boolean => "Kind::Boolean",
        Kind::Array => "Kind::Array",
        Kind::Object => "Kind::Object",
        Kind::Any => "Kind::Any",
    })
}

fn number(number: Number) -> Expr {
    match number {
        Number::Int(integer) => expr::call("Int", [expr::number(&integer.to_string())]),
        // As Rust writes a float: with a point or an exponent, and so that it reads back the same.
        Number::Float(float) => expr::call(
            "Float",
            [expr::number(&Token::f64_unsuffixed(float).to_string())],
        ),
    }
}

fn literal(value: &Literal) -> Expr {
    match value {
        Literal::Null => expr::path("Literal::Null"),
        Literal::Bool(bool) => expr::call("Literal::Bool", [expr::bool(*bool)]),
        Literal::Number(number) => expr::call("Literal::Number", [self::number(*number)]),
        Literal::Text(text) => expr::call("Literal::Text", [static_text(text)]),
        Literal::Array(list) => {
            expr::call("Literal::Array", [static_list(list.iter().map(literal))])
        }
        Literal::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| expr::pair(static_text(name), literal(value)));
            expr::call("Literal::Object", [static_list(members)])
        }
    }
}

fn rule(rule: &Rule) -> Expr {
    let quantity = match &rule.quantity {
        Quantity::FileSizeMb => expr::path("Quantity::FileSizeMb"),
        Quantity::WidthPixels => expr::path("Quantity::WidthPixels"),
        Quantity::HeightPixels => expr::path("Quantity::HeightPixels"),
        Quantity::AspectRatio => expr::path("Quantity::AspectRatio"),
        other => expr::call("Quantity::Other", [static_text(other.as_str())]),
    };
    let operator = expr::path(match rule.operator {
        Operator::Below => "Operator::Below",
        Operator::AtMost => "Operator::AtMost",
        Operator::Above => "Operator::Above",
        Operator::AtLeast => "Operator::AtLeast",
        Operator::Equal => "Operator::Equal",
    });
    let (value, message) = (number(rule.value), static_text(&rule.message));
    expr::record(
        "Rule",
        [
            ("quantity", quantity),
            ("operator", operator),
            ("value", value),
            ("message", message),
        ],
    )
}
