//! Flags made from a model's schema, and the input made from flags.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use runcomfy::{Json, Kind, Literal, ModelSchema, Property, Schema, snake_case};
use serde_json::Map;

/// The names of the flags that every `run` and `validate` has.
const TAKEN: [&str; 14] = [
    "model_id",
    "input",
    "input-file",
    "emulate",
    "no-check-media",
    "allow-loopback",
    "no-wait",
    "timeout",
    "output-dir",
    "no-download",
    "output",
    "quiet",
    "help",
    "version",
];

/// One flag for each property.
pub(crate) fn args(model: &ModelSchema) -> Vec<Arg> {
    properties(model)
        .map(|property| arg(model, property))
        .collect()
}

fn properties(model: &ModelSchema) -> impl Iterator<Item = &Property> {
    model.input.properties().unwrap_or_default().iter()
}

/// The flag's name: the property's in kebab case; where that is taken, or two properties come
/// out the same, with `property-` and the place in the schema before it.
fn flag(model: &ModelSchema, property: &Property) -> String {
    let kebab = |p: &Property| snake_case(&p.name).replace('_', "-");
    let name = kebab(property);
    let twins = properties(model)
        .filter(|other| kebab(other) == name)
        .count();
    if twins == 1 && !TAKEN.contains(&name.as_str()) {
        return name;
    }
    let place = properties(model)
        .position(|other| other == property)
        .unwrap_or_default();
    format!("property-{place}-{name}")
}

fn arg(model: &ModelSchema, property: &Property) -> Arg {
    let name = flag(model, property);
    let arg = Arg::new(name.clone()).long(name).help(help(property));
    match property.schema.kind {
        Kind::Boolean => arg
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Array => arg
            .value_name(value_name(&property.schema))
            .action(ArgAction::Append)
            .allow_hyphen_values(true),
        _ => arg
            .value_name(value_name(&property.schema))
            .allow_hyphen_values(true),
    }
}

fn value_name(schema: &Schema) -> &'static str {
    match schema.kind {
        _ if schema.media().is_some() => "URL|PATH",
        Kind::String => "TEXT",
        Kind::Integer => "INTEGER",
        Kind::Number => "NUMBER",
        Kind::Boolean => "true|false",
        Kind::Array => schema.items().map_or("JSON", value_name),
        Kind::Object | Kind::Any => "JSON",
    }
}

/// What it is, what it may be, and what the service does without it.
fn help(property: &Property) -> String {
    let schema = &property.schema;
    let mut lines = vec![
        schema
            .description()
            .or(schema.title())
            .unwrap_or(&property.name)
            .to_owned(),
    ];
    let mut allowed = schema.describe();
    if schema.kind == Kind::Array {
        allowed += ", one by each time the flag is given";
    }
    let free = schema.choices().is_none() && matches!(schema.kind, Kind::String | Kind::Array);
    let role = match (property.required, schema.default()) {
        (true, _) => "required: ".to_owned(),
        (false, Some(default)) if !free => format!("default {}: ", plain(default)),
        _ => String::new(),
    };
    lines.push(format!("[{role}{allowed}]"));
    lines.join(" ")
}

fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Sets the properties whose flags were given. What a flag's text cannot be read as is kept as a
/// text, so that validation reports it together with everything else.
pub(crate) fn apply(model: &ModelSchema, matches: &ArgMatches, input: &mut Map<String, Json>) {
    for property in properties(model) {
        let name = flag(model, property);
        if matches.value_source(&name) != Some(ValueSource::CommandLine) {
            continue;
        }
        let texts: Vec<&String> = matches.get_many(&name).into_iter().flatten().collect();
        let value = match property.schema.kind {
            Kind::Array => {
                let item = |text: &&String| {
                    property
                        .schema
                        .items()
                        .map_or_else(|| any(text), |items| read(items, text))
                };
                texts.iter().map(item).collect()
            }
            _ => texts
                .last()
                .map_or(Json::Null, |text| read(&property.schema, text)),
        };
        input.insert(property.name.to_string(), value);
    }
}

fn read(schema: &Schema, text: &str) -> Json {
    match schema.kind {
        Kind::String => text.into(),
        Kind::Any
            if schema
                .choices()
                .is_some_and(|list| list.contains(&Literal::Text(text.into()))) =>
        {
            text.into()
        }
        _ => any(text),
    }
}

fn any(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(model: &str, flags: &[&str]) -> Json {
        let model = runcomfy_models::find(model).unwrap();
        let command = clap::Command::new("x").args(args(model));
        let matches = command
            .try_get_matches_from(["x"].iter().chain(flags))
            .unwrap();
        let mut map = Map::new();
        apply(model, &matches, &mut map);
        Json::Object(map)
    }

    #[test]
    fn flags_become_typed_json() {
        let edit = "bytedance/dreamina-4-0/edit";
        assert_eq!(input(edit, &[]), json!({}), "defaults are never sent");
        let flags = [
            "--image-urls",
            "https://a.example/1",
            "--image-urls",
            "https://a.example/2",
            "--prompt",
            "-7",
            "--scale",
            "0.5",
            "--width-x-height",
            "1024x1024(1:1)",
            "--force-single",
        ];
        let typed = json!({
            "image_urls": ["https://a.example/1", "https://a.example/2"], "prompt": "-7",
            "scale": 0.5, "width×height": "1024x1024(1:1)", "force_single": true,
        });
        assert_eq!(input(edit, &flags), typed);
        assert_eq!(
            input(edit, &["--force-single=false"]),
            json!({"force_single": false})
        );
        assert_eq!(input(edit, &["--scale", "much"]), json!({"scale": "much"}));
        let video = "bytedance/dreamina-3-0/pro/image-to-video";
        assert_eq!(
            input(video, &["--seed", "-1", "--frames", "241"]),
            json!({"seed": -1, "frames": 241})
        );
    }

    #[test]
    fn flags_that_are_taken_get_another_name() {
        let schema = json!({"type": "object", "properties": {
            "output": {"type": "string"}, "a_b": {"type": "string"}, "a-b": {"type": "string"},
        }});
        let model = ModelSchema::parse(Some("v/m"), &[schema]).0.unwrap();
        let names: Vec<String> = properties(&model).map(|p| flag(&model, p)).collect();
        assert_eq!(
            names,
            ["property-0-a-b", "property-1-a-b", "property-2-output"]
        );
    }
}
