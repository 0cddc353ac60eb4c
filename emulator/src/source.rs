//! A schema in the service's own notation, as its catalogue shows it.

use runcomfy_dialect::{Keyword, Kind, Literal, Property, Rule, Schema};
use serde_json::{Map, Value, json};

/// Writes a schema so that reading it gives the same schema.
pub(crate) fn source(schema: &Schema) -> Value {
    let mut map = Map::new();
    if schema.kind != Kind::Any {
        map.insert("type".into(), schema.kind.as_str().into());
    }
    for keyword in schema.keywords.iter() {
        write(keyword, &mut map);
    }
    let rules: Vec<Value> = schema.rules().map(write_rule).collect();
    if !rules.is_empty() {
        map.insert("validations".into(), rules.into());
    }
    Value::Object(map)
}

fn write(keyword: &Keyword, map: &mut Map<String, Value>) {
    let (name, value) = match keyword {
        Keyword::Title(text) => ("title", json!(**text)),
        Keyword::Description(text) => ("description", json!(**text)),
        Keyword::Format(text) => ("format", json!(**text)),
        Keyword::Default(literal) => ("default", literal.to_value()),
        Keyword::Enum(members) => ("enum", members.iter().map(Literal::to_value).collect()),
        Keyword::Minimum(number) => ("minimum", number.to_value()),
        Keyword::Maximum(number) => ("maximum", number.to_value()),
        Keyword::ExclusiveMinimum(number) => ("exclusiveMinimum", number.to_value()),
        Keyword::ExclusiveMaximum(number) => ("exclusiveMaximum", number.to_value()),
        Keyword::MultipleOf(number) => ("multipleOf", number.to_value()),
        Keyword::MinLength(count) => ("minLength", json!(count)),
        Keyword::MaxLength(count) => ("maxLength", json!(count)),
        Keyword::MinItems(count) => ("minItems", json!(count)),
        Keyword::MaxItems(count) => ("maxItems", json!(count)),
        Keyword::Items(items) => ("items", source(items)),
        Keyword::AdditionalProperties(open) => ("additionalProperties", json!(open)),
        Keyword::Unknown(name, literal) => (&**name, literal.to_value()),
        Keyword::Properties(list) => return write_properties(list, map),
        // Rules, which all go into one list, and what later versions add.
        _ => return,
    };
    map.insert(name.into(), value);
}

fn write_properties(list: &[Property], map: &mut Map<String, Value>) {
    let required: Vec<&str> = list
        .iter()
        .filter(|p| p.required)
        .map(|p| &*p.name)
        .collect();
    if !required.is_empty() {
        map.insert("required".into(), json!(required));
    }
    let one = |property: &Property| (property.name.to_string(), source(&property.schema));
    map.insert(
        "properties".into(),
        Value::Object(list.iter().map(one).collect()),
    );
}

fn write_rule(rule: &Rule) -> Value {
    json!({
        "validation_rule": format!("{}{}", rule.quantity.as_str(), rule.operator.as_str()),
        "validation_value": rule.value.to_value(),
        "validation_error": *rule.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runcomfy_dialect::ModelSchema;

    #[test]
    fn reading_what_was_written_gives_the_same_schema() {
        let schema = json!({
            "type": "object",
            "required": ["pictures"],
            "properties": {
                "pictures": {
                    "type": "array", "minItems": 1, "maxItems": 10,
                    "items": { "type": "string", "format": "image_uri" },
                    "validations": [
                        { "validation_rule": "file_size_mb<=", "validation_value": "4.7", "validation_error": "Too big." },
                        { "validation_rule": "frame_rate≥", "validation_value": 24, "validation_error": "Too slow." },
                    ],
                },
                "loras": {
                    "type": "array",
                    "items": {
                        "type": "object", "required": ["path"], "additionalProperties": true,
                        "properties": { "path": { "type": "string" }, "scale": { "type": "float" } },
                    },
                },
                "scale": { "type": "float", "minimum": 0, "exclusiveMaximum": 1.5, "default": 0.5 },
                "step": { "type": "integer", "exclusiveMinimum": 0, "maximum": 64, "multipleOf": 8 },
                "ratio": { "type": "string", "enum": ["16:9", "1:1"], "title": "Ratio" },
                "text": { "description": "Words.", "minLength": 1, "maxLength": 800, "pattern": "x" },
            },
        });
        let read = |schema| ModelSchema::parse(Some("a/b"), &[schema]).0.unwrap();
        let model = read(schema);
        assert_eq!(read(source(&model.input)), model);
    }
}
