//! Schemas in the service's own notation.

use serde_json::{Map, Value, json};

use crate::{Keyword, Kind, Literal, Property, Rule, Schema};

impl Schema {
    /// Converts the schema to the service's notation. Schemas of the same meaning give the same
    /// JSON, and parsing it gives the same schema.
    #[must_use]
    pub fn to_source(&self) -> Value {
        self.to_source_with(rule_source)
    }

    /// Converts the schema as [`to_source`](Self::to_source) does, with the entries of
    /// `validations` as `rule` converts them.
    #[must_use]
    pub fn to_source_with(&self, rule: fn(&Rule) -> Value) -> Value {
        let mut out = Map::new();
        if self.kind != Kind::Any {
            out.insert("type".into(), self.kind.as_str().into());
        }
        for keyword in self.keywords.iter() {
            write(keyword, rule, &mut out);
        }
        Value::Object(out)
    }
}

/// Returns an entry of `validations`, without a space in the rule, as the service writes it.
pub(crate) fn rule_source(rule: &Rule) -> Value {
    json!({
        "validation_rule": format!("{}{}", rule.quantity.as_str(), rule.operator.as_str()),
        "validation_value": rule.value.to_value(),
        "validation_error": &*rule.message,
    })
}

pub(crate) fn write(keyword: &Keyword, rule: fn(&Rule) -> Value, out: &mut Map<String, Value>) {
    let (name, value) = match keyword {
        Keyword::Title(text) => ("title", Value::from(&**text)),
        Keyword::Description(text) => ("description", Value::from(&**text)),
        Keyword::Deprecated => ("deprecated", true.into()),
        Keyword::Format(text) => ("format", Value::from(&**text)),
        Keyword::Default(default) => ("default", default.to_value()),
        Keyword::Enum(members) => ("enum", members.iter().map(Literal::to_value).collect()),
        Keyword::Minimum(limit) => ("minimum", limit.to_value()),
        Keyword::Maximum(limit) => ("maximum", limit.to_value()),
        Keyword::ExclusiveMinimum(limit) => ("exclusiveMinimum", limit.to_value()),
        Keyword::ExclusiveMaximum(limit) => ("exclusiveMaximum", limit.to_value()),
        Keyword::MultipleOf(step) => ("multipleOf", step.to_value()),
        Keyword::MinLength(count) => ("minLength", (*count).into()),
        Keyword::MaxLength(count) => ("maxLength", (*count).into()),
        Keyword::MinItems(count) => ("minItems", (*count).into()),
        Keyword::MaxItems(count) => ("maxItems", (*count).into()),
        Keyword::Items(schema) => ("items", schema.to_source_with(rule)),
        Keyword::Properties(list) => {
            return write_properties(list, |schema| schema.to_source_with(rule), out);
        }
        Keyword::AdditionalProperties(open) => ("additionalProperties", (*open).into()),
        Keyword::Validation(entry) => return append(out, "validations", rule(entry)),
        // A rule whose limit is no number.
        Keyword::Unknown(name, entry) if &**name == "validations" => {
            return append(out, name, entry.to_value());
        }
        // It may replace a known one: a `type` that is not one name, and
        // `additionalProperties` that is a schema.
        Keyword::Unknown(name, value) => (&**name, value.to_value()),
    };
    out.insert(name.into(), value);
}

/// Writes `required` and `properties`, the schemas as `notation` converts them.
pub(crate) fn write_properties(
    list: &[Property],
    notation: impl Fn(&Schema) -> Value,
    out: &mut Map<String, Value>,
) {
    let required = list.iter().filter(|property| property.required);
    let required: Vec<&str> = required.map(|property| &*property.name).collect();
    if !required.is_empty() {
        out.insert("required".into(), required.into());
    }
    let one = |property: &Property| (property.name.to_string(), notation(&property.schema));
    let properties: Map<String, Value> = list.iter().map(one).collect();
    out.insert("properties".into(), properties.into());
}

pub(crate) fn append(out: &mut Map<String, Value>, name: &str, entry: Value) {
    let list = out.entry(name).or_insert_with(|| json!([]));
    if let Value::Array(list) = list {
        list.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ModelSchema;

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
                        { "validation_rule": "unreadable<", "validation_value": "many", "validation_error": "" },
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
        assert_eq!(read(model.input.to_source()), model);
    }
}
