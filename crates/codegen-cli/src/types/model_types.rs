//! The types of one model, before a language writes them.

use std::collections::HashMap;

use runcomfy_codegen::plan::{self, RustType};
use runcomfy_codegen::settings::Settings;
use runcomfy_schema::{Kind, Literal, ModelSchema, Number, Property, Schema};

use super::language::Language;
use super::{field_text, prose};

/// The types of one model.
pub(super) struct ModelTypes<'a> {
    pub(super) id: &'a str,
    /// Names of the modules that lead to the model.
    pub(super) path: Vec<String>,
    /// The schema file that they are made from.
    pub(super) from: String,
    /// Enums, in the order in which they are met.
    pub(super) choices: Vec<Choice<'a>>,
    /// Objects: each one after those inside of it, and `Input` at the end.
    pub(super) records: Vec<Record<'a>>,
    /// Members of the output, if it has others than the usual ones.
    pub(super) output: Option<Record<'a>>,
}

/// A type for the members of an enum.
pub(super) struct Choice<'a> {
    pub(super) name: String,
    pub(super) text: Vec<String>,
    pub(super) members: Vec<&'a Literal>,
}

/// A type for an object.
pub(super) struct Record<'a> {
    pub(super) name: String,
    pub(super) text: Vec<String>,
    pub(super) fields: Vec<Field<'a>>,
    /// `true` if an object may have members beyond the fields.
    pub(super) is_open: bool,
    pub(super) is_deprecated: bool,
}

/// A member of an object.
pub(super) struct Field<'a> {
    pub(super) json_name: &'a str,
    pub(super) is_required: bool,
    pub(super) is_deprecated: bool,
    /// `true` if the schema names a number that a double may not hold exactly.
    pub(super) exceeds_double: bool,
    pub(super) kind: Type<'a>,
    pub(super) text: Vec<String>,
}

/// Type of a member.
pub(super) enum Type<'a> {
    Bool,
    Integer,
    Number,
    Text,
    Json,
    /// A JSON object whose members no schema names.
    Object,
    List(Box<Type<'a>>),
    /// Exact values, which are not texts alone.
    OneOf(Vec<&'a Literal>),
    /// A type of the model's own.
    Named(String),
}

impl<'a> ModelTypes<'a> {
    /// Plans the types of a model, with the names that its Rust bindings have.
    pub(super) fn new(
        model: &'a ModelSchema,
        settings: &Settings,
        path: Vec<String>,
        from: String,
        language: Language,
    ) -> Self {
        let names = plan::names(model, settings).into_iter();
        let mut planner = Planner {
            types: names
                .filter_map(|property| Some((property.pointer, property.own_type?)))
                .collect(),
            choices: Vec::new(),
            records: Vec::new(),
            language,
        };
        let title = format!("Input of the model {}.", prose::code(&model.id, language));
        planner.record("Input".to_owned(), &title, &model.input, "");
        Self {
            id: &model.id,
            path,
            from,
            choices: planner.choices,
            records: planner.records,
            output: output(model, language),
        }
    }
}

struct Planner<'a> {
    /// Names of types, by pointers to the values of properties.
    types: HashMap<String, String>,
    choices: Vec<Choice<'a>>,
    records: Vec<Record<'a>>,
    language: Language,
}

impl<'a> Planner<'a> {
    fn record(&mut self, name: String, title: &str, schema: &'a Schema, at: &str) {
        let properties = schema.properties().unwrap_or_default().iter();
        let fields = properties.map(|property| {
            let step = property.name.replace('~', "~0").replace('/', "~1");
            let at = format!("{at}/{step}");
            let kind = self.kind(property, &property.schema, &at, &at);
            field(property, kind, field_text::input(property, self.language))
        });
        let fields = fields.collect();
        let mut text = prose::wrap(title, "", self.language);
        if let Some(description) = schema.description().filter(|_| at.is_empty()) {
            prose::add_paragraph(&mut text, prose::lines(description, self.language));
        }
        self.records.push(Record {
            name,
            text,
            fields,
            is_open: schema.takes_unknown(),
            is_deprecated: schema.is_deprecated(),
        });
    }

    /// Returns the type of a value. `property_at` leads to the property, `at` to the value: they differ
    /// inside of lists.
    fn kind(
        &mut self,
        property: &'a Property,
        schema: &'a Schema,
        property_at: &str,
        at: &str,
    ) -> Type<'a> {
        let name = || self.types.get(property_at).cloned();
        match (RustType::from_schema(schema), name()) {
            (RustType::Choice, Some(name)) => {
                let title = format!(
                    "Values of the property {}.",
                    prose::code(&property.name, self.language)
                );
                self.choices.push(Choice {
                    name: name.clone(),
                    text: prose::wrap(&title, "", self.language),
                    members: distinct(schema.choices().unwrap_or_default()),
                });
                Type::Named(name)
            }
            (RustType::Record, Some(name)) => {
                let title = format!(
                    "Value of the property {}.",
                    prose::code(&property.name, self.language)
                );
                self.record(name.clone(), &title, schema, at);
                Type::Named(name)
            }
            (RustType::List, _) => {
                let items = schema.items().map_or(Type::Json, |items| {
                    self.kind(property, items, property_at, &format!("{at}/*"))
                });
                Type::List(Box::new(items))
            }
            _ => plain(schema),
        }
    }
}

/// Returns the type of a value that has no type of its own.
fn plain(schema: &Schema) -> Type<'_> {
    let members = schema.choices().unwrap_or_default();
    let is_single = |member: &Literal| !matches!(member, Literal::Array(_) | Literal::Object(_));
    if !members.is_empty() && members.iter().all(is_single) {
        return Type::OneOf(distinct(members));
    }
    match RustType::from_schema(schema) {
        RustType::Bool => Type::Bool,
        RustType::I64 | RustType::U64 => Type::Integer,
        RustType::F64 => Type::Number,
        RustType::Text | RustType::Media => Type::Text,
        _ if schema.kind == Kind::Object && members.is_empty() => Type::Object,
        _ => Type::Json,
    }
}

/// Returns members without those that an enum repeats.
fn distinct(members: &[Literal]) -> Vec<&Literal> {
    let mut distinct: Vec<&Literal> = Vec::new();
    for member in members {
        if !distinct.contains(&member) {
            distinct.push(member);
        }
    }
    distinct
}

fn field<'a>(property: &'a Property, kind: Type<'a>, text: Vec<String>) -> Field<'a> {
    Field {
        json_name: &property.name,
        is_required: property.required,
        is_deprecated: property.schema.is_deprecated(),
        exceeds_double: names_more_than_double(&property.schema),
        kind,
        text,
    }
}

/// Returns `true` for numbers beyond those that a double tells apart from their neighbours.
pub(super) fn exceeds_double(number: Number) -> bool {
    /// `Number.MAX_SAFE_INTEGER`.
    const MAX_SAFE: u64 = (1 << 53) - 1;
    match number {
        Number::Int(integer) => integer.unsigned_abs() > MAX_SAFE.into(),
        // Rounding makes none of these numbers of a greater one.
        Number::Float(float) => float.abs() >= 9_007_199_254_740_992.0,
    }
}

/// Returns `true` if a member, the default or, of integers, a bound of a value or its elements exceeds a double.
fn names_more_than_double(schema: &Schema) -> bool {
    let bounds = schema.bounds();
    let limits = [bounds.lower, bounds.upper].into_iter().flatten();
    let limits = limits.filter(|_| schema.kind != Kind::Number);
    let literals = schema.choices().unwrap_or_default().iter();
    let numbers = literals.chain(schema.default()).filter_map(|it| match it {
        Literal::Number(number) => Some(*number),
        _ => None,
    });
    limits
        .map(|(limit, _)| limit)
        .chain(numbers)
        .any(exceeds_double)
        || schema.items().is_some_and(names_more_than_double)
}

/// Returns the type of an output that has other members than the usual ones. Its texts may be new ones,
/// so that enums are texts, and its objects are JSON, as in Rust bindings.
fn output(model: &ModelSchema, language: Language) -> Option<Record<'_>> {
    let schema = model.output.as_deref()?;
    let own = schema.properties().unwrap_or_default();
    if own.iter().all(is_usual) {
        return None;
    }
    let mut fields: Vec<Field<'_>> = own
        .iter()
        .map(|property| {
            let kind = output_kind(&property.schema);
            let mut field = field(property, kind, field_text::output(property, language));
            // A job that failed in part may lack any of them.
            field.is_required = false;
            // The type is any number without that.
            field.exceeds_double = false;
            field
        })
        .collect();
    for (json_name, is_list) in USUAL {
        if !fields.iter().any(|field| field.json_name == json_name) {
            let kind = if is_list {
                Type::List(Box::new(Type::Text))
            } else {
                Type::Text
            };
            fields.push(Field {
                json_name,
                is_required: false,
                is_deprecated: false,
                exceeds_double: false,
                kind,
                text: Vec::new(),
            });
        }
    }
    let title = format!("Output of the model {}.", prose::code(&model.id, language));
    Some(Record {
        name: "Output".to_owned(),
        text: prose::wrap(&title, "", language),
        fields,
        is_open: false,
        is_deprecated: false,
    })
}

/// Members that every output may have, each with `true` if it is a list.
const USUAL: [(&str, bool); 6] = [
    ("image", false),
    ("images", true),
    ("video", false),
    ("videos", true),
    ("audio", false),
    ("audios", true),
];

fn is_usual(property: &Property) -> bool {
    let is_text = |schema: &Schema| schema.kind == Kind::String && schema.choices().is_none();
    USUAL.iter().any(|(name, is_list)| {
        let is_same = match (is_list, property.schema.items()) {
            (true, Some(items)) => property.schema.kind == Kind::Array && is_text(items),
            (false, None) => is_text(&property.schema),
            _ => false,
        };
        *property.name == **name && is_same
    })
}

fn output_kind(schema: &Schema) -> Type<'_> {
    match RustType::from_schema(schema) {
        RustType::Bool => Type::Bool,
        RustType::I64 | RustType::U64 => Type::Integer,
        RustType::F64 => Type::Number,
        RustType::Text | RustType::Media | RustType::Choice => Type::Text,
        RustType::List => Type::List(Box::new(schema.items().map_or(Type::Json, output_kind))),
        _ => Type::Json,
    }
}
