//! Cells of CSV as values of a schema.

use runcomfy::schema::{Json, Kind, Schema};

/// Returns the value of a cell of the property `name`.
pub(super) fn typed(input: Option<&Schema>, name: &str, text: &str) -> Json {
    let properties = input.and_then(Schema::properties).unwrap_or_default();
    let property = properties.iter().find(|property| &*property.name == name);
    property.map_or_else(|| text.into(), |property| value(&property.schema, text))
}

fn value(schema: &Schema, text: &str) -> Json {
    match schema.kind {
        Kind::String => text.into(),
        Kind::Boolean => match text.trim() {
            word if word.eq_ignore_ascii_case("true") => true.into(),
            word if word.eq_ignore_ascii_case("false") => false.into(),
            _ => text.into(),
        },
        Kind::Array => array(schema, text),
        Kind::Integer | Kind::Number | Kind::Object | Kind::Any => parsed(text),
    }
}

fn array(schema: &Schema, text: &str) -> Json {
    match parsed(text) {
        list @ Json::Array(_) => list,
        _ => {
            let item = schema
                .items()
                .map_or_else(|| text.into(), |items| value(items, text));
            Json::Array(vec![item])
        }
    }
}

/// Parses JSON; a text that is none is kept.
fn parsed(text: &str) -> Json {
    serde_json::from_str(text.trim()).unwrap_or_else(|_| text.into())
}
