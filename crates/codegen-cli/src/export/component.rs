//! Named schemas of an OpenAPI document. Generators of clients make a type of each, and number those
//! that have no name.

use runcomfy_schema::naming;
use serde_json::{Map, Value, json};

/// Collects the schemas of `#/components/schemas`.
#[derive(Default)]
pub(super) struct Components {
    pub(super) schemas: Map<String, Value>,
}

/// Keywords that stay beside a reference: they are about the property, not about its type.
const OF_PROPERTY: [&str; 4] = ["title", "description", "default", "examples"];

impl Components {
    /// Adds the input of a model with its objects and enums; returns a reference to it.
    pub(super) fn input(&mut self, id: &str, schema: Value) -> Value {
        let model: String = id.split('/').map(type_name).collect();
        let schema = self.parts(&model, schema);
        self.add(format!("{model}Input"), id, schema)
    }

    /// Adds the objects and enums inside of a schema, and returns it with references to them.
    fn parts(&mut self, name: &str, mut schema: Value) -> Value {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (property, value) in properties.iter_mut() {
                let name = format!("{name}{}", type_name(property));
                *value = self.named(&name, property, value.take());
            }
        }
        if let Some(items) = schema.get_mut("items") {
            *items = self.named(&format!("{name}Item"), name, items.take());
        }
        schema
    }

    /// Returns a schema with references to its parts; an object or enum becomes a reference itself.
    fn named(&mut self, name: &str, source: &str, schema: Value) -> Value {
        let schema = self.parts(name, schema);
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
        let mut reference = self.add(name.to_owned(), source, Value::Object(own));
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
