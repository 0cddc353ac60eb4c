//! The Rust program.

use runcomfy::schema::{Json, Kind, Literal, ModelSchema, Property, Schema};
use serde_json::Number;

use super::course::Course;
use super::{json, name};
use crate::local_file;

const MAIN: &str = "\
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?; // RUNCOMFY_TOKEN, then RUNCOMFY_API_TOKEN
";

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt"] }"#;

/// Where the generated type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In the package `runcomfy-models`.
    Package,
    /// In the program's own package, whose build script generates it.
    Own,
}

/// A program that uses a generated type.
pub(crate) struct Typed {
    pub(crate) text: String,
    /// Whether it reads its input from JSON, with `serde_json`.
    pub(crate) needs_json: bool,
}

/// With the generated type of a model.
pub(crate) fn typed(model: &ModelSchema, input: &Json, home: Home, course: &Course) -> Typed {
    let (written, needs_json) = match built(model, input) {
        Some(written) => (format!("    let input = {written};\n"), false),
        // Objects and values of any type have types of their own; the text does as well.
        None => (read(input), true),
    };
    let (head, models) = match home {
        Home::Package => (dependencies(needs_json), "runcomfy_models"),
        Home::Own => (OWN.to_owned(), "models"),
    };
    let text = format!(
        "{head}{imports}use runcomfy::Client;\n\
         use {models}::{module}::Input;\n\n\
         {MAIN}{written}{rest}",
        imports = imports(written.contains("Path::new(\""), course),
        module = name::module(&model.id),
        rest = course.written("submit(&input)", " // validates first"),
    );
    Typed { text, needs_json }
}

/// Those from the standard library.
fn imports(paths: bool, course: &Course) -> String {
    let all = [
        (paths, "use std::path::Path;\n"),
        (course.has_times(), "use std::time::Duration;\n"),
    ];
    let needed = all.iter().filter(|(needed, _)| *needed);
    let mut text: String = needed.map(|(_, import)| *import).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The bindings that the build script made.
const OWN: &str = "\
/// What the models take, made from `schemas/`.
pub mod models {
    runcomfy::include_models!();
}

";

fn dependencies(needs_json: bool) -> String {
    let json = if needs_json {
        "// serde_json = \"1\"\n"
    } else {
        ""
    };
    format!(
        "// [dependencies]\n// runcomfy = \"0.1\"\n// runcomfy-models = \"0.1\"\n{json}// {TOKIO}\n\n"
    )
}

/// For a model without a generated type. A file has to stand somewhere else first.
pub(crate) fn untyped(model_id: &str, input: &Json, files: &[&str], course: &Course) -> String {
    let notes = files.iter().map(|place| {
        format!("    // {place:?} is a file here: put a public https:// URL in its place.\n")
    });
    let notes: Vec<String> = notes.collect();
    format!(
        "// [dependencies]\n// runcomfy = \"0.1\"\n// serde_json = \"1\"\n// {TOKIO}\n\n\
         {imports}use runcomfy::Client;\n\n\
         {MAIN}{notes}    let input = serde_json::from_str({text})?;\n{rest}",
        imports = imports(false, course),
        notes = notes.concat(),
        text = literal(input),
        rest = course.written(&format!("submit_json({model_id:?}, &input)"), ""),
    )
}

/// `Input::new(…).scale(0.7)`, where every value can be written as the type that it has there.
fn built(model: &ModelSchema, input: &Json) -> Option<String> {
    let properties = model.input.properties()?;
    let given = input.as_object()?;
    let known = |name: &String| properties.iter().any(|p| *p.name == **name);
    if !given.keys().all(known) {
        return None;
    }
    let value = |property: &Property| {
        let json = given.get(&*property.name)?;
        Some(value(&property.schema, json))
    };
    // They stand first, in the order of the arguments.
    let required = properties.iter().filter(|property| property.required);
    let arguments: Option<Vec<String>> = required.map(|p| value(p)?).collect();
    let mut written = format!("Input::new({})", arguments?.join(", "));
    for property in properties.iter().filter(|property| !property.required) {
        if let Some(value) = value(property) {
            let setter = name::setter(&property.name);
            written += &format!("\n        .{setter}({})", value?);
        }
    }
    Some(written)
}

fn value(schema: &Schema, json: &Json) -> Option<String> {
    if let Some(members) = schema.choices() {
        return choice(schema.kind, members, json);
    }
    match (schema.kind, json) {
        (Kind::Boolean, Json::Bool(_)) => Some(json.to_string()),
        (Kind::Integer, Json::Number(number)) if number.is_i64() => Some(json.to_string()),
        (Kind::Number, Json::Number(number)) => Some(decimal(number)),
        (Kind::String, Json::String(text)) if schema.media().is_some() => Some(medium(text)),
        (Kind::String, Json::String(text)) => Some(format!("{text:?}")),
        (Kind::Array, Json::Array(list)) => array(schema.items()?, list),
        _ => None,
    }
}

/// An integer stands for a number only as long as it is a small one.
fn decimal(number: &Number) -> String {
    match number.as_i64() {
        Some(integer) if i32::try_from(integer).is_err() => format!("{integer}.0"),
        None if number.is_u64() => format!("{number}.0"),
        _ => number.to_string(),
    }
}

/// An enum reads its values from their text on the wire.
fn choice(kind: Kind, members: &[Literal], json: &Json) -> Option<String> {
    let text = |member: &Literal| matches!(member, Literal::Text(_));
    match json {
        Json::String(value) if kind == Kind::String || members.iter().all(text) => {
            Some(format!("{value:?}.parse()?"))
        }
        Json::Number(value) if kind == Kind::Integer && value.is_i64() => {
            Some(format!("\"{value}\".parse()?"))
        }
        _ => None,
    }
}

fn array(items: &Schema, list: &[Json]) -> Option<String> {
    // An empty one leaves the type of its elements open, and media may be of several types.
    if list.is_empty() || items.kind == Kind::Array {
        return None;
    }
    let values: Option<Vec<String>> = list.iter().map(|json| value(items, json)).collect();
    let mut values = values?;
    let file = |value: &String| value.starts_with("Path::new(");
    if values.iter().any(file) && !values.iter().all(file) {
        for value in &mut values {
            *value = format!("runcomfy::Media::from({value})");
        }
    }
    Some(format!("[{}]", values.join(", ")))
}

fn medium(text: &str) -> String {
    if local_file::is_file(text) {
        format!("Path::new({text:?})")
    } else {
        format!("{text:?}")
    }
}

fn read(input: &Json) -> String {
    format!(
        "    let input: Input = serde_json::from_str({})?;\n",
        literal(input)
    )
}

/// The signs around a raw string, more of which are harder to read than escapes; Rust takes 255.
const MOST_SIGNS: usize = 4;

/// A raw string with as many signs around it as it needs, or one with escapes.
fn literal(input: &Json) -> String {
    let text = json::written(input);
    let signs = (1..=MOST_SIGNS).map(|count| "#".repeat(count));
    match signs
        .into_iter()
        .find(|signs| !text.contains(&format!("\"{signs}")))
    {
        Some(signs) => format!("r{signs}\"{text}\"{signs}"),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_literals_of_the_type_that_takes_them() {
        for (json, text) in [
            ("1", "1"),
            ("-0.5", "-0.5"),
            ("12345678901", "12345678901.0"),
            ("18446744073709551615", "18446744073709551615.0"),
            ("1e-7", "1e-7"),
        ] {
            let number: Number = serde_json::from_str(json).unwrap();
            assert_eq!(decimal(&number), text);
        }
    }

    #[test]
    fn a_string_has_escapes_where_it_would_need_many_signs() {
        let signs = |count| Json::from(format!("\"{}", "#".repeat(count)));
        assert_eq!(literal(&signs(1)), r###"r##""\"#""##"###);
        assert!(literal(&signs(4)).starts_with("\"\\\"\\\\\\\"####"));
        assert_eq!(literal(&Json::from("\u{202e}")), "r#\"\"\\u202e\"\"#");
    }
}
