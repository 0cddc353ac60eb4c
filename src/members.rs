//! Some members of a JSON object, read without the others.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Reads the members whose names are `wanted` of the object that a text is. The others are read
/// over, which costs a fraction of keeping them: most of a reply are addresses that nobody looks at.
pub(crate) fn members(
    json: &str,
    wanted: impl Fn(&str) -> bool,
) -> serde_json::Result<Map<String, Value>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let members = deserializer.deserialize_map(Members(wanted))?;
    deserializer.end()?;
    Ok(members)
}

struct Members<F>(F);

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Members<F> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = all.next_key_seed(Name(&self.0))? {
            match name {
                Some(name) => drop(members.insert(name, all.next_value()?)),
                None => drop(all.next_value::<IgnoredAny>()?),
            }
        }
        Ok(members)
    }
}

/// A name, if it is wanted.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_is_kept_and_the_last_of_a_name_counts() {
        let json = r#" {"a": 1, "b": [{"a": 2}], "\u0061": {"c": null}, "d": "e"} "#;
        let wanted = |name: &str| ["d", "a", "z"].contains(&name);
        let found = members(json, wanted).unwrap();
        assert_eq!(Value::Object(found), json!({"a": {"c": null}, "d": "e"}));
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for json in ["", "[]", "7", "{", r#"{"a": }"#, "{} x", r#"{"a": 1"#] {
            assert!(members(json, |_| true).is_err(), "{json:?}");
        }
    }
}
