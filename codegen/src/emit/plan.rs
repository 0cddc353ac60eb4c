//! Decides on the Rust types of a schema, before any token is made.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use runcomfy_schema::{Code, Literal, ModelSchema, Property, Schema, Severity};

use crate::name;
use crate::options::Options;
use crate::rust_type::RustType;
use serde_json::Value;

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
    /// `true` if the setter has the attribute `deprecated`.
    pub(crate) has_deprecated_setter: bool,
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
    /// A type of the user's own, as source code.
    Foreign(String),
}

/// JSON names of one scope that would come out as one identifier.
pub(crate) struct Collision {
    pub(crate) code: Code,
    /// JSON pointer to the second, below the input schema.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl Collision {
    /// Members and types get other names. Properties have no names but their own.
    pub(crate) fn severity(&self) -> Severity {
        match self.code {
            Code::MemberNames | Code::TypeNames => Severity::Warning,
            _ => Severity::Error,
        }
    }
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
    /// Plans the types, with the names and types of a user's choice, and lists the names that collide:
    /// with two fields of one name they are no Rust.
    pub(crate) fn with(model: &'a ModelSchema, options: &Options) -> (Self, Vec<Collision>) {
        let planner = Planner::plan(model, options, HashSet::new());
        if planner.shared_types.is_empty() {
            return (planner.plan, planner.collisions);
        }
        let planner = Planner::plan(model, options, planner.shared_types);
        (planner.plan, planner.collisions)
    }
}

impl<'a, 'o> Planner<'a, 'o> {
    /// Plans with these type names spelt out.
    fn plan(model: &'a ModelSchema, options: &'o Options, spelt_types: HashSet<String>) -> Self {
        let mut planner = Planner {
            model_id: &model.id,
            options,
            plan: Plan {
                records: Vec::new(),
                choices: Vec::new(),
            },
            types: HashMap::new(),
            shared_types: HashSet::new(),
            spelt_types,
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
        planner
    }
}

struct Planner<'a, 'o> {
    model_id: &'a str,
    options: &'o Options,
    plan: Plan<'a>,
    /// Type names taken, with the property that took each.
    types: HashMap<String, String>,
    /// Type names that more than one property would take.
    shared_types: HashSet<String>,
    /// Type names that are spelt out, since more than one property would take them.
    spelt_types: HashSet<String>,
    /// The JSON names of the properties around the one that is being planned, and its own.
    path: Vec<&'a str>,
    /// `true` if two names collide already: then their types collide as well.
    is_twin: bool,
    collisions: Vec<Collision>,
}

impl<'a> Planner<'a, '_> {
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
            let given = self.options.name(self.model_id, &value_pointer(&at));
            let ident = name::ident(&name::field(given.unwrap_or(json_name)));
            let mut is_twin = self.is_twin;
            if let Some(first) = names.insert(ident.to_string(), json_name) {
                self.collide(
                    Code::PropertyNames,
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
                &format!("{prefix}{}", name::camel(given.unwrap_or(json_name))),
                json_name,
                &at,
            );
            self.path.pop();
            self.is_twin = was_twin;
            fields.push(Field {
                ident,
                property,
                kind,
                has_deprecated_setter: self.options.deprecated_attribute
                    && property.schema.is_deprecated(),
            });
        }
        self.plan.records[index].fields = fields;
    }

    fn kind(&mut self, schema: &'a Schema, type_name: &str, json_name: &str, at: &str) -> Type {
        if let Some(path) = self.options.replacement(self.model_id, &value_pointer(at)) {
            return Type::Foreign(path.to_owned());
        }
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
        let texts: Vec<String> = members.iter().map(member_text).collect();
        let pointer = value_pointer(at);
        let given = |text: &str| {
            let member = format!("{pointer}={text}");
            self.options.name(self.model_id, &member).map(str::to_owned)
        };
        let variants = name::variants_with(&texts, given);
        let usual = |text: &str| name::variant(given(text).as_deref().unwrap_or(text));
        let usual: Vec<String> = texts.iter().map(|text| usual(text)).collect();
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (i, text) in texts.iter().enumerate() {
            let usual = &usual[i];
            if let Some(first) = seen.insert(usual.clone(), text) {
                let (first, member) = (Value::from(first), &members[i]);
                let message = format!(
                    "the values {first} and {member} would both be the variant `{}`, so this one is `{}`",
                    name::ident(usual),
                    variants[i]
                );
                self.collide(Code::MemberNames, &format!("{at}/enum/{i}"), message);
            }
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

    /// Takes the name of a type. Where others take it too, all of them are spelt out.
    fn take(&mut self, name: &str, at: &str) -> String {
        let mut name = name::type_name(name);
        let names: Vec<String> = self.path.iter().rev().map(|n| format!("`{n}`")).collect();
        let shown = names.join(" inside of ");
        if self.spelt_types.contains(&name) {
            let spelt = name::spelt_type(&value_pointer(at));
            let message = format!(
                "the type of the property {shown} would be `{name}` like another's, so it is `{spelt}`"
            );
            self.collide(Code::TypeNames, at, message);
            name = spelt;
        }
        if self.types.insert(name.clone(), shown).is_some() && !self.is_twin {
            self.shared_types.insert(name.clone());
        }
        name
    }

    fn collide(&mut self, code: Code, at: &str, message: String) {
        self.collisions.push(Collision {
            code,
            pointer: at.to_owned(),
            message,
        });
    }
}

/// Returns the pointer to the value of a property, from the one to its schema: `/a/b` for
/// `/properties/a/items/properties/b`.
fn value_pointer(schema: &str) -> String {
    let mut pointer = String::new();
    let mut steps = schema.split('/').skip(1);
    while let Some(step) = steps.next() {
        pointer.push('/');
        match step {
            "properties" => pointer.push_str(steps.next().unwrap_or_default()),
            _ => pointer.push('*'),
        }
    }
    pointer
}

/// Returns the text that the name of a member's variant is made of.
fn member_text(member: &Literal) -> String {
    match member {
        Literal::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}
