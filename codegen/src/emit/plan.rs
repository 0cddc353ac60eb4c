//! Decides on the Rust types of a schema, before any token is made.

use std::collections::HashMap;

use proc_macro2::Ident;
use runcomfy_schema::{Literal, ModelSchema, Property, Schema};

use crate::name;
use crate::rust_type::RustType;

/// The types of one model.
pub(crate) struct Plan<'a> {
    /// `Input` first, then nested structs in the order in which they are met.
    pub(crate) records: Vec<Record<'a>>,
    pub(crate) choices: Vec<Choice<'a>>,
}

/// A struct.
pub(crate) struct Record<'a> {
    pub(crate) name: String,
    pub(crate) schema: &'a Schema,
    /// For a nested struct, the JSON names that lead to its schema: of each struct around it the
    /// property's.
    pub(crate) names: Vec<&'a str>,
    pub(crate) fields: Vec<Field<'a>>,
    /// Title of the struct in its doc comment.
    pub(crate) title: String,
}

/// A struct's field, made from a property.
pub(crate) struct Field<'a> {
    pub(crate) ident: Ident,
    pub(crate) property: &'a Property,
    pub(crate) kind: Type,
}

/// An enum.
pub(crate) struct Choice<'a> {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) members: &'a [Literal],
    /// The member that the schema gives as the default.
    pub(crate) default: Option<&'a Literal>,
    /// The variants, in the order of the members.
    pub(crate) variants: Vec<String>,
}

/// A field's type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Bool,
    I64,
    U64,
    F64,
    Text,
    Media,
    Json,
    List(Box<Type>),
    Choice(String),
    Record(String),
}

/// Two JSON names of one scope that come out as one identifier.
pub(crate) struct Collision {
    /// JSON pointer to the second, below the input schema.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl<'a> Record<'a> {
    pub(crate) fn required(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.property.required)
    }

    pub(crate) fn optional(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| !field.property.required)
    }
}

impl<'a> Plan<'a> {
    /// Plans the types, and lists the names that collide: with one of these they are no Rust.
    pub(crate) fn new(model: &'a ModelSchema) -> (Self, Vec<Collision>) {
        let mut planner = Planner {
            plan: Self {
                records: Vec::new(),
                choices: Vec::new(),
            },
            types: HashMap::new(),
            path: Vec::new(),
            is_twin: false,
            collisions: Vec::new(),
        };
        let title = format!("Input of the model {}.", crate::doc::code(&model.id));
        let (name, fields) = ("Input".to_owned(), Vec::new());
        planner.record(
            Record {
                name,
                schema: &model.input,
                names: Vec::new(),
                fields,
                title,
            },
            "",
            "",
        );
        (planner.plan, planner.collisions)
    }
}

struct Planner<'a> {
    plan: Plan<'a>,
    /// Type names taken, with the property that took each.
    types: HashMap<String, String>,
    /// The JSON names of the properties around the one that is being planned, and its own.
    path: Vec<&'a str>,
    /// `true` if two names collide already: then their types collide as well.
    is_twin: bool,
    collisions: Vec<Collision>,
}

impl<'a> Planner<'a> {
    /// Plans a struct; the names of types inside of it begin with `prefix`.
    fn record(&mut self, record: Record<'a>, prefix: &str, at: &str) {
        let (index, schema) = (self.plan.records.len(), record.schema);
        self.plan.records.push(record);
        let mut names: HashMap<String, &str> = HashMap::new();
        let mut fields = Vec::new();
        for property in schema.properties().unwrap_or_default() {
            let json_name = &*property.name;
            let at = format!(
                "{at}/properties/{}",
                json_name.replace('~', "~0").replace('/', "~1")
            );
            let ident = name::ident(&name::field(json_name));
            let mut is_twin = self.is_twin;
            if let Some(first) = names.insert(ident.to_string(), json_name) {
                self.collide(
                    &at,
                    format!(
                        "the properties `{first}` and `{json_name}` both become the field `{ident}`"
                    ),
                );
                is_twin = true;
            }
            let was_twin = std::mem::replace(&mut self.is_twin, is_twin);
            self.path.push(json_name);
            let kind = self.kind(
                &property.schema,
                &format!("{prefix}{}", name::camel(json_name)),
                json_name,
                &at,
            );
            self.path.pop();
            self.is_twin = was_twin;
            fields.push(Field {
                ident,
                property,
                kind,
            });
        }
        self.plan.records[index].fields = fields;
    }

    fn kind(&mut self, schema: &'a Schema, type_name: &str, json_name: &str, at: &str) -> Type {
        match RustType::from_schema(schema) {
            RustType::Choice => {
                let members = schema.choices().unwrap_or_default();
                self.choice(type_name, json_name, schema, members, at)
            }
            RustType::Bool => Type::Bool,
            RustType::I64 => Type::I64,
            RustType::U64 => Type::U64,
            RustType::F64 => Type::F64,
            RustType::Text => Type::Text,
            RustType::Media => Type::Media,
            RustType::Json => Type::Json,
            RustType::List => match schema.items() {
                None => Type::List(Box::new(Type::Json)),
                Some(items) => {
                    let at = format!("{at}/items");
                    Type::List(Box::new(self.kind(
                        items,
                        &format!("{type_name}Item"),
                        json_name,
                        &at,
                    )))
                }
            },
            RustType::Record => {
                let name = self.take(type_name, at);
                let title = format!("Value of the property {}.", crate::doc::code(json_name));
                let record = Record {
                    name: name.clone(),
                    schema,
                    names: self.path.clone(),
                    fields: Vec::new(),
                    title,
                };
                self.record(record, type_name, at);
                Type::Record(name)
            }
        }
    }

    fn choice(
        &mut self,
        name: &str,
        json_name: &str,
        schema: &'a Schema,
        members: &'a [Literal],
        at: &str,
    ) -> Type {
        let name = self.take(name, at);
        let mut seen: HashMap<String, &Literal> = HashMap::new();
        let mut variants = Vec::new();
        for (i, member) in members.iter().enumerate() {
            let variant = name::variant(&match member {
                Literal::Text(text) => text.to_string(),
                other => other.to_string(),
            });
            // A value that appears twice is another error.
            if let Some(first) = seen.insert(variant.clone(), member)
                && first != member
            {
                let ident = name::ident(&variant);
                let message =
                    format!("the values {first} and {member} both become the variant `{ident}`");
                self.collide(&format!("{at}/enum/{i}"), message);
            }
            variants.push(variant);
        }
        let title = format!("Values of the property {}.", crate::doc::code(json_name));
        self.plan.choices.push(Choice {
            name: name.clone(),
            title,
            members,
            default: schema.default(),
            variants,
        });
        Type::Choice(name)
    }

    fn take(&mut self, name: &str, at: &str) -> String {
        let name = name::type_name(name);
        let names: Vec<String> = self.path.iter().rev().map(|n| format!("`{n}`")).collect();
        let shown = names.join(" inside of ");
        if let Some(first) = self.types.insert(name.clone(), shown.clone())
            && !self.is_twin
        {
            self.collide(
                at,
                format!("the properties {first} and {shown} both become the type `{name}`"),
            );
        }
        name
    }

    fn collide(&mut self, at: &str, message: String) {
        self.collisions.push(Collision {
            pointer: at.to_owned(),
            message,
        });
    }
}
