//! Reads some members of a JSON object and skips the others.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads the members of a JSON object whose names are `wanted`. The others are skipped, which costs a
/// fraction of keeping them: most of a response is URLs that a poll does not need. An array or object
/// among the wanted members becomes an empty array.
pub(crate) fn members(
    json: &str,
    wanted: impl Fn(&str) -> bool,
) -> serde_json::Result<Map<String, Value>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut members = Map::new();
    deserializer.deserialize_map(Members(wanted, &mut members))?;
    deserializer.end()?;
    Ok(members)
}

/// Reads members as [`members`] does, as far as the text is the start of a JSON object: it may be cut
/// off, or have something else behind.
pub(crate) fn members_before_error(
    json: &str,
    wanted: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut members = Map::new();
    // The members before the error are kept.
    deserializer
        .deserialize_map(Members(wanted, &mut members))
        .ok();
    members
}

struct Members<'m, F>(F, &'m mut Map<String, Value>);

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        while let Some(name) = all.next_key_seed(Name(&self.0))? {
            match name {
                Some(name) => drop(self.1.insert(name, all.next_value_seed(Plain)?)),
                None => drop(all.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Deserializes a name, if it is wanted.
struct Name<'f, F>(&'f F);

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for Name<'_, F> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str) -> bool> Visitor<'_> for Name<'_, F> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((self.0)(name).then(|| name.to_owned()))
    }
}

/// Deserializes a value without its content.
struct Plain;

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        while all.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        while all.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Array(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wanted_members_are_kept_and_the_last_of_a_name_wins() {
        let json = r#" {"a": 1, "b": [{"a": 2}], "\u0061": true, "d": "\ne", "f": -2.5, "g": 7, "h": -7,
            "i": null, "j": {"a": {}}, "k": [[1]]} "#;
        let wanted = |name: &str| name != "b";
        let found = members(json, wanted).unwrap();
        assert_eq!(
            Value::Object(found),
            json!({"a": true, "d": "\ne", "f": -2.5, "g": 7, "h": -7, "i": null, "j": [], "k": []})
        );
    }

    #[test]
    fn nesting_has_no_limit() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let json = format!(r#"{{"a": {deep}, "b": {deep}, "a": "c"}}"#);
        let found = members(&json, |name| name == "a").unwrap();
        assert_eq!(Value::Object(found), json!({"a": "c"}));
    }

    #[test]
    fn members_before_an_error_are_kept() {
        for json in [
            r#"{"a": "b", "c": "#,
            r#"{"a": "b""#,
            r#"{"a": "b"} x"#,
            r#"{"a": "b", "a": "cu"#,
            r#"{"a": "b", "c": "\ud83d"}"#,
        ] {
            let found = members_before_error(json, |name| name == "a");
            assert_eq!(Value::Object(found), json!({"a": "b"}), "{json}");
        }
        for json in ["", "[1]", r#"{"a": "cu"#, r#"{"a": nul"#] {
            assert!(members_before_error(json, |_| true).is_empty(), "{json}");
        }
    }

    #[test]
    fn text_that_is_no_object_is_an_error() {
        for json in ["", "[]", "7", "{", r#"{"a": }"#, "{} x", r#"{"a": 1"#] {
            assert!(members(json, |_| true).is_err(), "{json:?}");
        }
    }
}
