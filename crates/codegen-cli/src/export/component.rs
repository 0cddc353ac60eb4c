//! Named schemas of an OpenAPI document. Generators of clients make a type of each, and number those
//! that have no name.

use std::collections::BTreeMap;

use runcomfy_codegen::settings::Settings;
use runcomfy_schema::{Path, naming};
use serde_json::{Map, Value, json};

/// Collects the schemas of `#/components/schemas`.
pub(super) struct Components<'a> {
    pub(super) schemas: Map<String, Value>,
    settings: &'a Settings,
    /// Names that are given to the modules of parts of ids.
    given: BTreeMap<String, String>,
}

/// Keywords that stay beside a reference: they are about the property, not about its type.
const OF_PROPERTY: [&str; 5] = ["title", "description", "default", "deprecated", "examples"];

/// Schema inside of a model's input.
#[derive(Clone, Copy)]
struct Place<'p> {
    model_id: &'p str,
    /// JSON pointer to the value.
    pointer: &'p str,
    /// Name that a component for it has.
    name: &'p str,
}

impl<'a> Components<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            schemas: Map::new(),
            settings,
            given: settings.given_modules(),
        }
    }

    /// Adds the input of a model with its objects and enums; returns a reference to it.
    pub(super) fn input(&mut self, id: &str, schema: Value) -> Value {
        let ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
        let segment = |end: usize| {
            let part = &id[..end];
            let own = part.rsplit_once('/').map_or(part, |(_, segment)| segment);
            type_name(self.given.get(part).map_or(own, String::as_str))
        };
        let model: String = ends.map(segment).collect();
        let place = Place {
            model_id: id,
            pointer: "",
            name: &model,
        };
        let schema = self.parts(place, schema);
        self.add(format!("{model}Input"), id, schema)
    }

    /// Adds the objects and enums inside of a schema, and returns it with references to them.
    fn parts(&mut self, at: Place<'_>, mut schema: Value) -> Value {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (property, value) in properties.iter_mut() {
                let pointer = format!("{}{}", at.pointer, Path::ROOT.member(property));
                let given = self.settings.given_field(at.model_id, &pointer);
                let name = format!("{}{}", at.name, type_name(given.unwrap_or(property)));
                let place = Place {
                    pointer: &pointer,
                    name: &name,
                    ..at
                };
                *value = self.named(place, property, value.take());
            }
        }
        if let Some(items) = schema.get_mut("items") {
            let place = Place {
                pointer: &format!("{}/*", at.pointer),
                name: &format!("{}Item", at.name),
                ..at
            };
            *items = self.named(place, at.name, items.take());
        }
        schema
    }

    /// Returns a schema with references to its parts; an object or enum becomes a reference itself.
    fn named(&mut self, at: Place<'_>, source: &str, schema: Value) -> Value {
        let schema = self.parts(at, schema);
        let is_type = schema.get("properties").is_some() || schema.get("enum").is_some();
        let Value::Object(mut own) = schema else {
            return schema;
        };
        if !is_type {
            return Value::Object(own);
        }
        let mut beside = Map::new();
        for keyword in OF_PROPERTY {
            if let Some(value) = own.shift_remove(keyword) {
                beside.insert(keyword.to_owned(), value);
            }
        }
        let mut reference = self.add(at.name.to_owned(), source, Value::Object(own));
        if let Value::Object(reference) = &mut reference {
            reference.extend(beside);
        }
        reference
    }

    /// Adds a schema under a name that is free; returns a reference. Where another schema has the name,
    /// the exact text that it is made from is spelled out.
    fn add(&mut self, name: String, source: &str, schema: Value) -> Value {
        let mut name = name;
        while self.schemas.contains_key(&name) {
            name = format!("{name}_{}", spelled(source));
        }
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        self.schemas.insert(name, schema);
        reference
    }
}

/// Returns a name in CamelCase with the characters that a component's name may have.
fn type_name(text: &str) -> String {
    spelled(&naming::camel_case(text))
}

/// Replaces each character that is no ASCII letter, digit or `_` by its code.
fn spelled(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else {
            out += &format!("U{:X}", u32::from(c));
        }
    }
    out
}
