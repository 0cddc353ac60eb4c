//! The schema as JSON, which is how generated code holds it.
//!
//! It is made from the parsed schema rather than copied from the file, so that files of the same
//! meaning give the same text. The text is a catalogue entry, which every tool of this project reads.

use runcomfy_schema::{__private, Code, ModelSchema, Rule, Schema};
use serde_json::{Map, Value, json};

use super::literal;
use super::plan::Collision;

/// Location of the JSON of a model's schema.
#[derive(Clone, Copy)]
pub(crate) enum Home<'a> {
    /// In a file of this name beside the module.
    File(&'a str),
    /// In the module itself.
    Inline(&'a str),
}

/// Returns the static that holds the model's schema.
pub(crate) fn item(home: Home<'_>, support: &str) -> String {
    let json = match home {
        Home::File(name) => format!("include_str!({})", literal::text(name)),
        Home::Inline(json) => literal::raw_text(json),
    };
    format!(
        "/// Schema of the model.\npub static SCHEMA: {support}::schema::SchemaText =\n    {support}::schema::SchemaText::new(ID, {json});\n"
    )
}

/// Returns the model's schema as JSON, indented.
///
/// # Errors
/// Fails if the schema would not be read as it is written, which is a bug of the generator: better
/// to find it here than where a program first uses the schema.
pub(crate) fn json(model: &ModelSchema) -> Result<String, Collision> {
    let mut entry = Map::new();
    entry.insert("model_id".into(), (*model.id).into());
    entry.insert("input_schema".into(), source(&model.input));
    // A file without an output and one with the output of nearly every model mean the same.
    let output = model.output.as_deref().filter(|o| !o.is_common_output());
    if let Some(output) = output {
        // Inside `output`, whatever it looks like.
        entry.insert("output_schema".into(), json!({"output": source(output)}));
    }
    let json = visible(&format!("{:#}\n", Value::Object(entry)));
    if is_read_again(model, &json, output.is_some()) {
        return Ok(json);
    }
    debug_assert!(false, "{} is not read as it is written:\n{json}", model.id);
    let message = "the schema cannot be written so that it is read as the same; this is a fault of the generator";
    Err(Collision {
        code: Code::Internal,
        pointer: String::new(),
        message: message.to_owned(),
    })
}

fn is_read_again(model: &ModelSchema, json: &str, has_own_output: bool) -> bool {
    __private::read_schema(&model.id, json).is_ok_and(|read| {
        let same_output = !has_own_output || read.output == model.output;
        read.id == model.id && read.input == model.input && same_output
    })
}

fn source(schema: &Schema) -> Value {
    schema.to_source_with(rule)
}

fn rule(rule: &Rule) -> Value {
    // The space separates an operator from a quantity that ends like one.
    json!({
        "validation_rule": format!("{} {}", rule.quantity.as_str(), rule.operator.as_str()),
        "validation_value": rule.value.to_value(),
        "validation_error": &*rule.message,
    })
}

/// Escapes the characters of a JSON text that nobody sees. Compilers refuse those that change the
/// direction of text, and readers should.
fn visible(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        let is_seen = c == '\n' || matches!(c, ' '..='~') || c.escape_debug().count() == 1;
        if is_seen {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text += &format!("\\u{unit:04x}");
            }
        }
    }
    text
}
