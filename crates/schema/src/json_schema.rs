//! Conversion to standard JSON Schema (draft 2020-12).

use serde_json::{Map, Value, json};

use crate::source::{append, rule_source, write, write_properties};
use crate::{Bounds, Keyword, Kind, MediaKind, Number, Schema};

impl Schema {
    /// Converts the schema to standard JSON Schema (draft 2020-12) with the same constraints.
    ///
    /// `float` becomes `number`, a media format becomes `uri` with `x-runcomfy-media`, what JSON
    /// Schema cannot say goes under `x-runcomfy-validations`, and keywords that this version does
    /// not know under `x-runcomfy-unknown`, so that no validator takes them for its own. The default of
    /// a required property, which is an example, goes under `examples`. Integers
    /// get the bounds of 64 bits where theirs are wider, since in JSON Schema they have no end.
    #[must_use]
    pub fn to_json_schema(&self) -> Value {
        let mut out = Map::new();
        if self.kind != Kind::Any {
            out.insert("type".into(), self.kind.as_str().into());
        }
        for keyword in self.keywords.iter() {
            export(keyword, &mut out);
        }
        if self.kind == Kind::Integer && self.choices().is_none() {
            keep_within_64_bits(&Bounds::from_schema(self), &mut out);
        }
        if !self.takes_unknown() {
            out.insert("additionalProperties".into(), false.into());
        }
        Value::Object(out)
    }
}

fn keep_within_64_bits(bounds: &Bounds, out: &mut Map<String, Value>) {
    let (lowest, highest) = (i64::MIN, u64::MAX);
    let is_lower = |(low, _)| low < Number::Int(lowest.into());
    if bounds.lower.is_none_or(is_lower) {
        out.insert("minimum".into(), lowest.into());
    }
    let is_higher = |(high, _)| high > Number::Int(highest.into());
    if bounds.upper.is_none_or(is_higher) {
        out.insert("maximum".into(), highest.into());
    }
}

fn export(keyword: &Keyword, out: &mut Map<String, Value>) {
    match keyword {
        Keyword::Format(format) => {
            let Some(kind) = MediaKind::from_format(format) else {
                return write(keyword, rule_source, out);
            };
            out.insert("x-runcomfy-media".into(), kind.as_str().into());
            out.insert("format".into(), "uri".into());
        }
        Keyword::Items(schema) => drop(out.insert("items".into(), schema.to_json_schema())),
        Keyword::Properties(list) => {
            write_properties(list, Schema::to_json_schema, out);
            for property in list.iter().filter(|property| property.required) {
                name_example(&mut out["properties"][&*property.name]);
            }
        }
        Keyword::Validation(rule) => append(out, "x-runcomfy-validations", rule_source(rule)),
        Keyword::Unknown(name, literal) => append(
            out,
            "x-runcomfy-unknown",
            json!({ &**name: literal.to_value() }),
        ),
        same_in_both => write(same_in_both, rule_source, out),
    }
}

/// Turns the default of a required property into an example. Nobody applies it, and other tools would
/// take the property for optional.
fn name_example(property: &mut Value) {
    if let Value::Object(keywords) = property
        && let Some(default) = keywords.shift_remove("default")
    {
        keywords.insert("examples".into(), [default].into_iter().collect());
    }
}

/// Returns the schema for schemars; called by generated code.
#[cfg(feature = "schemars")]
#[must_use]
pub fn schemars_schema(schema: &Schema) -> schemars::Schema {
    // An object by construction, so the other arm is never taken.
    schemars::Schema::try_from(schema.to_json_schema()).unwrap_or_default()
}

/// Returns the members of a generated enum for schemars; called by generated code.
#[cfg(feature = "schemars")]
#[must_use]
pub fn schemars_choice<C: crate::Choice>() -> schemars::Schema {
    schemars::json_schema!({"type": "string", "enum": C::VALUES})
}

/// Implements `schemars::JsonSchema` for a generated enum; nothing without the feature.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! json_schema_choice {
    ($name:ident) => {
        $crate::json_schema!($name, $crate::__private::schemars_choice::<Self>());
    };
}

/// Implements `schemars::JsonSchema` for a generated enum; nothing without the feature.
#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! json_schema_choice {
    ($name:ident) => {};
}

/// Implements `schemars::JsonSchema` for a generated struct; nothing without the feature.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! json_schema {
    ($name:ident) => {
        $crate::json_schema!(
            $name,
            $crate::__private::schemars_schema(<Self as $crate::Record>::schema())
        );
    };
    ($name:ident, $schema:expr) => {
        impl $crate::__private::schemars::JsonSchema for $name {
            #[inline]
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::std::stringify!($name))
            }
            #[inline]
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::std::concat!(
                    ::std::module_path!(),
                    "::",
                    ::std::stringify!($name)
                ))
            }
            #[inline]
            fn json_schema(
                _: &mut $crate::__private::schemars::SchemaGenerator,
            ) -> $crate::__private::schemars::Schema {
                $schema
            }
        }
    };
}

/// Implements `schemars::JsonSchema` for a generated struct; nothing without the feature.
#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! json_schema {
    ($name:ident) => {};
}

#[cfg(test)]
mod tests {
    use crate::ModelSchema;
    use serde_json::{Value, json};

    fn export(document: Value) -> Value {
        let (model, diagnostics) = ModelSchema::parse(Some("a/b"), &[document]);
        let model = model.unwrap_or_else(|| panic!("{diagnostics:?}"));
        model.input.to_json_schema()
    }

    #[test]
    fn every_keyword_is_exported() {
        let exported = export(json!({
            "type": "object",
            "required": ["n"],
            "properties": {
                "n": {
                    "type": "float", "title": "N", "description": "A number.", "default": 0.5,
                    "minimum": 0, "maximum": 1, "exclusiveMinimum": -0.5, "exclusiveMaximum": 1.5,
                    "multipleOf": 0.1
                },
                "t": {
                    "type": "string", "enum": ["a", "b"], "minLength": 1, "maxLength": 2,
                    "pattern": "^a"
                },
                "i": {
                    "type": "array", "format": "image_uris", "minItems": 1, "maxItems": 2,
                    "validations": [
                        {"validation_rule": "width/height≥", "validation_value": "0.33", "validation_error": "Too tall."}
                    ]
                },
                "o": {"type": "object", "properties": {}, "additionalProperties": true},
                "u": {"type": ["object", "null"], "properties": {}},
                "any": {}
            }
        }));
        assert_eq!(
            exported,
            json!({
                "type": "object",
                "required": ["n"],
                "properties": {
                    "n": {
                        "type": "number", "title": "N", "description": "A number.",
                        "minimum": 0, "maximum": 1, "exclusiveMinimum": -0.5,
                        "exclusiveMaximum": 1.5, "multipleOf": 0.1, "examples": [0.5]
                    },
                    "t": {
                        "type": "string", "enum": ["a", "b"], "minLength": 1, "maxLength": 2,
                        "x-runcomfy-unknown": [{"pattern": "^a"}]
                    },
                    "i": {
                        "type": "array", "minItems": 1, "maxItems": 2,
                        "items": {"type": "string", "format": "uri", "x-runcomfy-media": "image"},
                        "x-runcomfy-validations": [
                            {"validation_rule": "width/height>=", "validation_value": 0.33, "validation_error": "Too tall."}
                        ]
                    },
                    "o": {"type": "object", "properties": {}, "additionalProperties": true},
                    "u": {
                        "properties": {}, "additionalProperties": false,
                        "x-runcomfy-unknown": [{"type": ["object", "null"]}]
                    },
                    "any": {}
                },
                "additionalProperties": false
            })
        );
    }

    #[test]
    fn integers_are_those_of_64_bits() {
        let exported = export(json!({"properties": {
            "open": {"type": "integer"},
            "seed": {"type": "integer", "minimum": 0},
            "wide": {"type": "integer", "exclusiveMinimum": -1e30, "maximum": 1e30},
            "closed": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9},
            "frames": {"type": "integer", "enum": [1, 2]},
        }}));
        let integer = |extra: Value| {
            let mut schema = json!({"type": "integer"});
            let members = extra.as_object().unwrap().clone();
            schema.as_object_mut().unwrap().extend(members);
            schema
        };
        assert_eq!(
            exported["properties"],
            json!({
                "open": integer(json!({"minimum": i64::MIN, "maximum": u64::MAX})),
                "seed": integer(json!({"minimum": 0, "maximum": u64::MAX})),
                "wide": integer(json!({
                    "exclusiveMinimum": -1e30, "minimum": i64::MIN, "maximum": u64::MAX})),
                "closed": integer(json!({"minimum": 1, "exclusiveMaximum": 9})),
                "frames": integer(json!({"enum": [1, 2]})),
            })
        );
    }

    #[test]
    fn an_open_object_stays_open() {
        let nested = export(json!({"properties": {"x": {"type": "object"}}}));
        assert_eq!(nested["properties"]["x"], json!({"type": "object"}));
        assert_eq!(
            export(json!({"type": "object"})),
            json!({"type": "object", "properties": {}, "additionalProperties": false})
        );
    }
}
