//! The Rust program that `code` prints and `init` writes.

use runcomfy::schema::{Json, Kind, Literal, ModelSchema, Property, Schema};
use serde_json::Number;

use super::steps::Steps;
use super::{json, name};
use crate::local_file;

const MAIN: &str = "\
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?; // RUNCOMFY_TOKEN, or the token of a login
";

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt"] }"#;

/// The crate that has the generated type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// The crate `runcomfy-models`.
    Package,
    /// The crate of the program, whose build script generates the type.
    Own,
}

/// A program that uses a generated type.
pub(crate) struct Typed {
    pub(crate) text: String,
    /// `true` if the program reads its input from JSON, with `serde_json`.
    pub(crate) needs_json: bool,
}

/// Returns a program that uses the generated type of a model.
pub(crate) fn typed(model: &ModelSchema, input: &Json, home: Home, steps: &Steps) -> Typed {
    let (statement, needs_json) = match builder_calls(model, input) {
        Some(calls) => (format!("    let input = {calls};\n"), false),
        // Objects and values of any type have no literal; JSON does for them.
        None => (parse_statement(input), true),
    };
    let (head, models) = match home {
        Home::Package => (dependencies(needs_json), "runcomfy_models"),
        Home::Own => (OWN.to_owned(), "models"),
    };
    let types = if statement.contains(REQUIRED) {
        "{Input, Required}"
    } else {
        "Input"
    };
    let mut uses = [
        "use runcomfy::Client;\n".to_owned(),
        format!("use {models}::{}::{types};\n", name::module(&model.id)),
    ];
    // As `cargo fmt` sorts them.
    uses.sort();
    let text = format!(
        "{head}{imports}{uses}\n{MAIN}{statement}{rest}",
        imports = imports(statement.contains("Path::new(\""), steps),
        uses = uses.concat(),
        rest = steps.written("submit(&input)", " // validates first"),
    );
    Typed { text, needs_json }
}

/// Returns the imports from the standard library.
fn imports(paths: bool, steps: &Steps) -> String {
    let all = [
        (paths, "use std::path::Path;\n"),
        (steps.has_times(), "use std::time::Duration;\n"),
    ];
    let needed = all.iter().filter(|(needed, _)| *needed);
    let mut text: String = needed.map(|(_, import)| *import).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The module of the bindings that the build script generates.
const OWN: &str = "\
/// The inputs of the models, generated from `schemas/`.
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

/// Returns a program for a model without a generated type. A local file is marked in a comment, since
/// only a typed input can contain it.
pub(crate) fn untyped(model_id: &str, input: &Json, files: &[&str], steps: &Steps) -> String {
    let notes = files.iter().map(|pointer| {
        format!("    // {pointer:?} is a local file: replace it by a public https:// URL.\n")
    });
    let notes: Vec<String> = notes.collect();
    format!(
        "// [dependencies]\n// runcomfy = \"0.1\"\n// serde_json = \"1\"\n// {TOKIO}\n\n\
         {imports}use runcomfy::Client;\n\n\
         {MAIN}{notes}    let input = serde_json::from_str({text})?;\n{rest}",
        imports = imports(false, steps),
        notes = notes.concat(),
        text = literal(input),
        rest = steps.written(&format!("submit_json({model_id:?}, &input)"), ""),
    )
}

/// Returns code such as `Input::new(…).scale(0.7)`, if every value has a literal of its type.
fn builder_calls(model: &ModelSchema, input: &Json) -> Option<String> {
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
    let required: Vec<&Property> = properties.iter().filter(|p| p.required).collect();
    let arguments: Option<Vec<String>> = required.iter().map(|p| value(p)?).collect();
    let mut written = new(&required, &arguments?);
    for property in properties.iter().filter(|property| !property.required) {
        if let Some(value) = value(property) {
            let setter = name::setter(&property.name);
            written += &format!("\n        .{setter}({})", indented(&value?, 8));
        }
    }
    Some(written)
}

/// Beginning of a call that names its arguments.
const REQUIRED: &str = "Input::new(Required {";

/// Returns the call of `new`, which names the required properties where there are more than one.
fn new(required: &[&Property], arguments: &[String]) -> String {
    if required.len() < 2 {
        return format!("Input::new({})", indented(&arguments.concat(), 4));
    }
    let field = |(property, value): (&&Property, &String)| {
        let name = name::setter(&property.name);
        format!("        {name}: {},\n", indented(value, 8))
    };
    let fields: String = required.iter().zip(arguments).map(field).collect();
    format!("{REQUIRED}\n{fields}    }})")
}

/// Returns a value whose lines after the first have more blanks before them.
fn indented(value: &str, blanks: usize) -> String {
    value.replace('\n', &format!("\n{}", " ".repeat(blanks)))
}

fn value(schema: &Schema, json: &Json) -> Option<String> {
    if let Some(members) = schema.choices()
        && json.is_string()
    {
        return choice(schema.kind, members, json);
    }
    match (schema.kind, json) {
        (Kind::Boolean, Json::Bool(_)) => Some(json.to_string()),
        (Kind::Integer, Json::Number(number)) => integer(schema, number),
        (Kind::Number, Json::Number(number)) => Some(decimal(number)),
        (Kind::String, Json::String(text)) if schema.media().is_some() => Some(media(text)),
        (Kind::String, Json::String(text)) => Some(format!("{text:?}")),
        (Kind::Array, Json::Array(list)) => array(schema.items()?, list),
        _ => None,
    }
}

/// Returns a literal for `i64`. Rust takes one without a suffix for an `i32`.
fn integer(schema: &Schema, number: &Number) -> Option<String> {
    let integer = number.as_i64()?;
    let is_unsigned = schema
        .bounds()
        .upper
        .is_some_and(|(bound, _)| bound > runcomfy::schema::Number::Int(i64::MAX.into()));
    // Where the type is `u64`, a suffix would not fit; free JSON does for a large number there.
    match i32::try_from(integer) {
        Ok(_) => Some(integer.to_string()),
        Err(_) if is_unsigned => None,
        Err(_) => Some(format!("{integer}_i64")),
    }
}

/// Returns a literal for `f64`. Only a small integer converts to it without a decimal point.
fn decimal(number: &Number) -> String {
    match number.as_i64() {
        Some(integer) if i32::try_from(integer).is_err() => format!("{integer}.0"),
        None if number.is_u64() => format!("{number}.0"),
        _ => number.to_string(),
    }
}

/// Returns code that parses an enum from the text of its JSON value.
fn choice(kind: Kind, members: &[Literal], json: &Json) -> Option<String> {
    let text = |member: &Literal| matches!(member, Literal::Text(_));
    match json {
        Json::String(value) if kind == Kind::String || members.iter().all(text) => {
            Some(format!("{value:?}.parse()?"))
        }
        _ => None,
    }
}

/// Maximum length of an array on one line, as `cargo fmt` has it.
const MAX_ARRAY: usize = 60;

fn array(items: &Schema, list: &[Json]) -> Option<String> {
    // The type of the items of an empty array is ambiguous, and media may have several types.
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
    let line = format!("[{}]", values.join(", "));
    if line.len() <= MAX_ARRAY {
        return Some(line);
    }
    let item = |value: &String| format!("    {},\n", indented(value, 4));
    let items: Vec<String> = values.iter().map(item).collect();
    Some(format!("[\n{}]", items.concat()))
}

fn media(text: &str) -> String {
    if local_file::is_file(text) {
        format!("Path::new({text:?})")
    } else {
        format!("{text:?}")
    }
}

fn parse_statement(input: &Json) -> String {
    format!(
        "    let input: Input = serde_json::from_str({})?;\n",
        literal(input)
    )
}

/// Maximum number of `#` around a raw string; more are harder to read than escapes. Rust allows 255.
const MAX_HASHES: usize = 4;

/// Returns a raw string literal with as many `#` as it needs, or one with escapes.
fn literal(input: &Json) -> String {
    let text = json::single_line(input);
    let hashes = (1..=MAX_HASHES).map(|count| "#".repeat(count));
    match hashes
        .into_iter()
        .find(|hashes| !text.contains(&format!("\"{hashes}")))
    {
        Some(hashes) => format!("r{hashes}\"{text}\"{hashes}"),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_literals_of_their_type() {
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
    fn string_with_many_hashes_is_escaped() {
        let hashes = |count| Json::from(format!("\"{}", "#".repeat(count)));
        assert_eq!(literal(&hashes(1)), r###"r##""\"#""##"###);
        assert!(literal(&hashes(4)).starts_with("\"\\\"\\\\\\\"####"));
        assert_eq!(literal(&Json::from("\u{202e}")), "r#\"\"\\u202e\"\"#");
    }
}
