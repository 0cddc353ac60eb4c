//! The schema as JSON, which is how generated code holds it.
//!
//! It is made from the schema that was read rather than copied from the file, so that whatever
//! means the same gives the same text.

use runcomfy_dialect::{Keyword, Kind, Literal, ModelSchema, Property, Schema, generated};
use serde_json::{Map, Value, json};
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
    let maker = match (output, &own) {
        (None, _) => "new",
        (Some(_), None) => "with_common_output",
        (Some(_), Some(_)) => "with_output",
    };
    let texts = [&input]
        .into_iter()
        .chain(&own)
        .map(|text| expr::raw_text(text));
    let arguments = [expr::text(&model.id)].into_iter().chain(texts);
    let value = expr::call_in(support, ["SchemaText", maker], arguments);
    Ok(parse_quote! {
        /// The model's schema.
        pub static SCHEMA: #support::SchemaText = #value;
    })
}

fn is_read_again(model: &ModelSchema, input: &str, own_output: Option<&str>) -> bool {
    generated::read_schema(&model.id, input, own_output).is_ok_and(|read| {
        let same_output = own_output.is_none() || read.output == model.output;
        read.id == model.id && read.input == model.input && same_output
    })
}

/// A schema as JSON, indented, of characters that can be seen.
fn text(schema: &Schema) -> String {
    let json = format!("{:#}", value(schema));
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

fn value(schema: &Schema) -> Value {
    let mut out = Map::new();
    if schema.kind != Kind::Any {
        out.insert("type".into(), schema.kind.as_str().into());
    }
    for keyword in schema.keywords.iter() {
        write(keyword, &mut out);
    }
    Value::Object(out)
}

fn write(keyword: &Keyword, out: &mut Map<String, Value>) {
    let (name, value) = match keyword {
        Keyword::Title(text) => ("title", Value::from(&**text)),
        Keyword::Description(text) => ("description", Value::from(&**text)),
        Keyword::Format(text) => ("format", Value::from(&**text)),
        Keyword::Default(default) => ("default", default.to_value()),
        Keyword::Enum(members) => ("enum", members.iter().map(Literal::to_value).collect()),
        Keyword::Minimum(limit) => ("minimum", limit.to_value()),
        Keyword::Maximum(limit) => ("maximum", limit.to_value()),
        Keyword::ExclusiveMinimum(limit) => ("exclusiveMinimum", limit.to_value()),
        Keyword::ExclusiveMaximum(limit) => ("exclusiveMaximum", limit.to_value()),
        Keyword::MultipleOf(step) => ("multipleOf", step.to_value()),
        Keyword::MinLength(count) => ("minLength", (*count).into()),
        Keyword::MaxLength(count) => ("maxLength", (*count).into()),
        Keyword::MinItems(count) => ("minItems", (*count).into()),
        Keyword::MaxItems(count) => ("maxItems", (*count).into()),
        Keyword::Items(schema) => ("items", self::value(schema)),
        Keyword::Properties(list) => return write_properties(list, out),
        Keyword::AdditionalProperties(open) => ("additionalProperties", (*open).into()),
        Keyword::Validation(rule) => {
            // The space tells an operator from a quantity that ends like one.
            let entry = json!({
                "validation_rule": format!("{} {}", rule.quantity.as_str(), rule.operator.as_str()),
                "validation_value": rule.value.to_value(),
                "validation_error": &*rule.message,
            });
            return append(out, entry);
        }
        // A rule whose limit is no number.
        Keyword::Unknown(name, entry) if &**name == "validations" => {
            return append(out, entry.to_value());
        }
        // It may stand in the place of a known one: of a `type` that is not one name, and of
        // `additionalProperties` that is a schema.
        Keyword::Unknown(name, value) => (&**name, value.to_value()),
        // The other variants all stand above, since the two crates are released together.
        _ => unreachable!("a keyword without an emission"),
    };
    out.insert(name.into(), value);
}

fn write_properties(list: &[Property], out: &mut Map<String, Value>) {
    let required = list.iter().filter(|property| property.required);
    let required: Vec<&str> = required.map(|property| &*property.name).collect();
    if !required.is_empty() {
        out.insert("required".into(), required.into());
    }
    let one = |property: &Property| (property.name.to_string(), value(&property.schema));
    let properties: Map<String, Value> = list.iter().map(one).collect();
    out.insert("properties".into(), properties.into());
}

fn append(out: &mut Map<String, Value>, entry: Value) {
    let list = out
        .entry("validations")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(entry);
    }
}
