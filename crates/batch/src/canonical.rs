//! Canonical JSON.

use serde_json::Value;

/// Returns the value with the members of each object in the order of their names.
///
/// Two inputs that mean the same to the service have the same canonical text.
pub(crate) fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            let sorted = members
                .into_iter()
                .map(|(name, value)| (name, canonical(value)));
            Value::Object(sorted.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_members_changes_no_canonical_text() {
        let text = |json: &str| canonical(serde_json::from_str(json).unwrap()).to_string();
        let one = text(r#"{"b": [{"y": 1, "x": null}], "a": "ä"}"#);
        assert_eq!(one, text(r#"{"a":"ä","b":[{"x":null,"y":1}]}"#));
        assert_eq!(one, r#"{"a":"ä","b":[{"x":null,"y":1}]}"#);
        assert_ne!(text("[1,2]"), text("[2,1]"));
    }
}
