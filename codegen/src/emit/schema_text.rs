//! The schema as JSON, which is how generated code holds it.
//!
//! It is made from the schema that was read rather than copied from the file, so that whatever
//! means the same gives the same text.

use runcomfy_schema::{__private, ModelSchema, Rule, Schema};
use serde_json::{Value, json};
use syn::{Item, Path, parse_quote};

use super::expr;
use super::plan::Collision;

/// The static that holds the whole model.
///
/// # Errors
/// When the schema would not be read as it is written, which is a fault of the generator's: better
/// to find it here than where a program first looks at the schema.
pub(crate) fn item(model: &ModelSchema, support: &Path) -> Result<Item, Collision> {
    let input = text(&model.input);
    let output = model.output.as_deref();
    let own = output.filter(|output| !output.is_common_output()).map(text);
    if !is_read_again(model, &input, own.as_deref()) {
        debug_assert!(false, "{} is not read as it is written:\n{input}", model.id);
        let message = "the schema cannot be written so that it is read as the same; this is a fault of the generator";
        return Err(Collision {
            pointer: String::new(),
            message: message.to_owned(),
        });
    }
    // A file without an output and one with the output that every page shows mean the same.
    let maker = if own.is_some() { "with_output" } else { "new" };
    let texts = [&input]
        .into_iter()
        .chain(&own)
        .map(|text| expr::raw_text(text));
    let arguments = [expr::text(&model.id)].into_iter().chain(texts);
    let value = expr::call_in(support, ["schema", "SchemaText", maker], arguments);
    Ok(parse_quote! {
        /// The model's schema.
        pub static SCHEMA: #support::schema::SchemaText = #value;
    })
}

fn is_read_again(model: &ModelSchema, input: &str, own_output: Option<&str>) -> bool {
    __private::read_schema(&model.id, input, own_output).is_ok_and(|read| {
        let same_output = own_output.is_none() || read.output == model.output;
        read.id == model.id && read.input == model.input && same_output
    })
}

/// A schema as JSON, indented, of characters that can be seen.
fn text(schema: &Schema) -> String {
    let json = format!("{:#}", schema.to_source_with(entry));
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Compilers refuse those that turn the direction of what is seen, and readers should.
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

fn entry(rule: &Rule) -> Value {
    // The space tells an operator from a quantity that ends like one.
    json!({
        "validation_rule": format!("{} {}", rule.quantity.as_str(), rule.operator.as_str()),
        "validation_value": rule.value.to_value(),
        "validation_error": &*rule.message,
    })
}
