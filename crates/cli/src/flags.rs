//! The flags of a model, made from its schema, and the input made from them.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use runcomfy::schema::naming::{kebab_case, snake_case};
use runcomfy::schema::{Json, Kind, Literal, ModelSchema, Property, Schema};
use serde_json::Map;

use crate::show;

/// Names of the arguments that a command with a model has besides the flags of the model.
const RESERVED: [&str; 31] = [
    "model_id",
    "input",
    "input-file",
    "schema",
    "unchecked",
    "emulate",
    "dry-run",
    "max-cost",
    "yes",
    "no-check-media",
    "allow-loopback",
    "no-wait",
    "timeout",
    "poll-secs",
    "cancel-if-queued-after",
    "output-dir",
    "extra",
    "job-file",
    "key",
    "on-interrupt",
    "name",
    "sidecar",
    "no-download",
    "open",
    "no-picture",
    "output",
    "color",
    "quiet",
    "verbose",
    "help",
    "version",
];

/// Returns one flag for each property.
pub(crate) fn args(model: &ModelSchema) -> Vec<Arg> {
    properties(model)
        .map(|property| arg(model, property))
        .collect()
}

fn properties(model: &ModelSchema) -> impl Iterator<Item = &Property> {
    model.input.properties().unwrap_or_default().iter()
}

/// Returns the flag of a property: its name in kebab case. A reserved or duplicate name gets the
/// prefix `property-` with the index in the schema.
pub(crate) fn flag(model: &ModelSchema, property: &Property) -> String {
    let kebab = |p: &Property| kebab_case(&p.name);
    let name = kebab(property);
    let twins = properties(model)
        .filter(|other| kebab(other) == name)
        .count();
    if twins == 1 && !RESERVED.contains(&name.as_str()) {
        return name;
    }
    let index = properties(model)
        .position(|other| other == property)
        .unwrap_or_default();
    format!("property-{index}-{name}")
}

fn arg(model: &ModelSchema, property: &Property) -> Arg {
    let name = flag(model, property);
    let heading = if property.required {
        "Input, required"
    } else {
        "Input, optional"
    };
    let arg = Arg::new(name.clone())
        .long(name)
        .help_heading(heading)
        .help(show::plain(&help(property)).into_owned())
        .long_help(show::plain(&long_help(property)).into_owned());
    let arg = match property.schema.media() {
        Some(_) => arg.value_hint(ValueHint::FilePath),
        None => arg,
    };
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

/// Returns the short help: the title, the allowed values and the default.
fn help(property: &Property) -> String {
    let schema = &property.schema;
    let title = schema.title().or(schema.description());
    let allowed = schema.describe();
    let deprecated = if schema.is_deprecated() {
        "deprecated; "
    } else {
        ""
    };
    let role = match (property.required, default(schema)) {
        (true, _) => "required: ".to_owned(),
        (false, Some(default)) => format!("default {}: ", plain(default)),
        _ => String::new(),
    };
    format!(
        "{} [{deprecated}{role}{allowed}]",
        title.unwrap_or(&property.name)
    )
}

/// Returns the long help: title, description, allowed values, media rules and default.
fn long_help(property: &Property) -> String {
    let schema = &property.schema;
    let mut paragraphs: Vec<String> = Vec::new();
    // A title such as `Scale` adds nothing to the flag.
    let title = schema
        .title()
        .filter(|title| snake_case(title) != snake_case(&property.name));
    let texts = [title, schema.description()];
    paragraphs.extend(texts.into_iter().flatten().map(str::to_owned));
    let mut facts = vec![allowed(schema)];
    facts.extend(schema.rules().map(|rule| match &*rule.message {
        "" => format!("- {rule}"),
        message => format!("- {rule}: {message}"),
    }));
    match (default(schema), schema.default()) {
        (Some(default), _) if !property.required => {
            facts.push(format!(
                "Default: {} (applied by the service).",
                plain(default)
            ));
        }
        (None, Some(example)) => facts.push(format!("Example: {}", shortened(example))),
        _ => {}
    }
    if schema.is_deprecated() {
        facts.push("Deprecated: the service may remove it.".to_owned());
    }
    paragraphs.push(facts.join("\n"));
    paragraphs.join("\n\n")
}

/// Returns the value that the service uses if the property is absent. The `default` of a free text
/// or a list is only an example.
pub(crate) fn default(schema: &Schema) -> Option<&Literal> {
    let free = schema.choices().is_none() && matches!(schema.kind, Kind::String | Kind::Array);
    schema.default().filter(|_| !free)
}

/// Returns the allowed values as a sentence.
fn allowed(schema: &Schema) -> String {
    let choices = match schema.kind {
        Kind::Array => schema.items().and_then(Schema::choices),
        _ => schema.choices(),
    };
    let words = match (choices, schema.kind) {
        (Some(choices), Kind::Array) => format!("each one of {}", listed(choices)),
        (Some(choices), _) => format!("one of {}", listed(choices)),
        (None, _) => schema.describe(),
    };
    let each = match schema.kind {
        Kind::Array => "; repeat the flag for each item",
        _ => "",
    };
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    format!("{}{}{each}.", first.collect::<String>(), letters.as_str())
}

/// Returns the choices as a user types them, without the quotes of JSON.
fn listed(choices: &[Literal]) -> String {
    let choices: Vec<String> = choices.iter().map(plain).collect();
    choices.join(", ")
}

/// Returns an example, cut where it is long: it may be a whole prompt, or a list of URLs.
fn shortened(example: &Literal) -> String {
    const MAX_CHARS: usize = 100;
    let text = match example {
        Literal::Array(list) => list.first().map(plain).unwrap_or_default(),
        other => plain(other),
    };
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Returns the flags that accept only a few values, with the values.
pub(crate) fn choices(model: &ModelSchema) -> impl Iterator<Item = (String, Vec<String>)> {
    properties(model).filter_map(move |property| {
        let schema = match property.schema.kind {
            Kind::Array => property.schema.items()?,
            _ => &property.schema,
        };
        let values = schema.choices()?.iter().map(plain).collect();
        Some((flag(model, property), values))
    })
}

/// Returns the flag that sets the value at a JSON pointer, if the command line has it, or if the
/// property is absent.
pub(crate) fn flag_at(
    model: &ModelSchema,
    matches: &ArgMatches,
    input: &Json,
    pointer: &str,
) -> Option<String> {
    let first = pointer.strip_prefix('/')?.split('/').next()?;
    let name = first.replace("~1", "/").replace("~0", "~");
    let property = properties(model).find(|property| *property.name == *name)?;
    let flag = flag(model, property);
    let given = matches.value_source(&flag) == Some(ValueSource::CommandLine);
    (given || input.get(&name).is_none()).then(|| format!("--{flag}"))
}

/// Sets the properties whose flags are given. A text that does not parse as the type of the property
/// is kept as a string, so that validation reports it with all other violations.
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

/// Returns the names of the properties that are free texts, and whose flags are given.
pub(crate) fn texts(model: &ModelSchema, matches: &ArgMatches) -> Vec<String> {
    let is_text = |property: &&Property| {
        let schema = &property.schema;
        schema.kind == Kind::String && schema.choices().is_none() && schema.media().is_none()
    };
    let is_given = |property: &&Property| {
        matches.value_source(&flag(model, property)) == Some(ValueSource::CommandLine)
    };
    let given = properties(model).filter(is_text).filter(is_given);
    given.map(|property| property.name.to_string()).collect()
}

fn read(schema: &Schema, text: &str) -> Json {
    match schema.kind {
        Kind::String => completed(schema, text).into(),
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

/// Returns the only choice that begins with a text, or the text.
fn completed<'a>(schema: &'a Schema, text: &'a str) -> &'a str {
    let choices = schema.choices().unwrap_or_default().iter();
    let mut texts = choices.filter_map(|choice| match choice {
        Literal::Text(choice) => Some(&**choice),
        _ => None,
    });
    if text.is_empty() || texts.clone().any(|choice| choice == text) {
        return text;
    }
    let mut longer = texts.by_ref().filter(|choice| choice.starts_with(text));
    match (longer.next(), longer.next()) {
        (Some(only), None) => only,
        _ => text,
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
    fn every_argument_beside_a_model_is_reserved() {
        let root = crate::command::root(None);
        for command in ["run", "validate", "code"] {
            let command = root.find_subcommand(command).unwrap();
            for argument in command.get_arguments().chain(root.get_arguments()) {
                let id = argument.get_id().as_str();
                assert!(RESERVED.contains(&id), "{id}");
            }
        }
    }

    #[test]
    fn reserved_and_duplicate_flags_get_a_prefix() {
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
