//! An example input for a model.

use runcomfy::schema::{Json, Kind, Literal, MediaKind, ModelSchema, Schema};
use serde_json::Map;

/// Returns the required properties, with their defaults or else with minimal values.
pub(crate) fn input(model: &ModelSchema) -> Json {
    object(&model.input)
}

fn object(schema: &Schema) -> Json {
    let properties = schema.properties().unwrap_or_default().iter();
    let required = properties.filter(|property| property.required);
    let members = required.map(|property| (property.name.to_string(), value(&property.schema)));
    Json::Object(members.collect::<Map<_, _>>())
}

fn value(schema: &Schema) -> Json {
    let suggested = schema
        .default()
        .or_else(|| schema.choices()?.first())
        .map(Literal::to_value)
        .filter(|value| schema.validate(value).is_empty());
    if let Some(value) = suggested {
        return value;
    }
    match schema.kind {
        Kind::String => match schema.media() {
            Some(MediaKind::Video) => "https://example.com/clip.mp4".into(),
            Some(MediaKind::Audio) => "https://example.com/sound.mp3".into(),
            Some(_) => "https://example.com/picture.jpg".into(),
            None => text(schema),
        },
        Kind::Integer | Kind::Number => {
            let min = schema.bounds().lower.map(|(min, _)| min.to_value());
            min.unwrap_or_else(|| 1.into())
        }
        Kind::Boolean => false.into(),
        Kind::Array => schema.items().map(value).into_iter().collect(),
        Kind::Object => object(schema),
        Kind::Any => text(schema),
    }
}

fn text(schema: &Schema) -> Json {
    let texts = ["A boat in the fog", "A boat", "x", ""];
    let fits = |text: &&str| schema.validate(&Json::from(*text)).is_empty();
    texts.into_iter().find(fits).unwrap_or("A boat").into()
}
