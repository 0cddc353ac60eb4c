//! Prints an HTML form for the input of a model, made from its schema alone.
//!
//! ```sh
//! cargo run --example form > form.html
//! ```
//!
//! It needs no input, no client and no account: the schema is in the program.

use runcomfy::Model;
use runcomfy::schema::{Kind, Literal, Property, Schema};
use runcomfy_models::bytedance::dreamina_4_0::edit::Input;

fn main() {
    println!("<form data-model=\"{}\">", Input::ID);
    for property in Input::model().input.properties().unwrap_or_default() {
        println!("  <label>{}", escape(title(property)));
        println!("    {}", control(property));
        println!("  </label>");
    }
    println!("</form>");
}

fn title(property: &Property) -> &str {
    property.schema.title().unwrap_or(&property.name)
}

fn control(property: &Property) -> String {
    let schema = &property.schema;
    let name = format!("name=\"{}\"", escape(&property.name));
    let required = if property.required { " required" } else { "" };
    if let Some(members) = schema.choices() {
        let options: Vec<String> = members.iter().map(|one| option(schema, one)).collect();
        return format!("<select {name}{required}>{}</select>", options.concat());
    }
    match schema.kind {
        Kind::Boolean => format!("<input type=\"checkbox\" {name}>"),
        Kind::Integer => format!(
            "<input type=\"number\" step=\"1\" {name}{}{required}>",
            range(schema)
        ),
        Kind::Number => format!(
            "<input type=\"number\" step=\"any\" {name}{}{required}>",
            range(schema)
        ),
        _ if schema.media().is_some() => format!("<input type=\"url\" {name}{required}>"),
        _ => {
            let length = schema
                .length()
                .1
                .map(|most| format!(" maxlength=\"{most}\""));
            format!(
                "<textarea {name}{}{required}></textarea>",
                length.unwrap_or_default()
            )
        }
    }
}

fn option(schema: &Schema, member: &Literal) -> String {
    let selected = if schema.default() == Some(member) {
        " selected"
    } else {
        ""
    };
    format!("<option{selected}>{}</option>", escape(&text(member)))
}

fn range(schema: &Schema) -> String {
    let bounds = schema.bounds();
    let minimum = bounds.lower.map(|(bound, _)| format!(" min=\"{bound}\""));
    let maximum = bounds.upper.map(|(bound, _)| format!(" max=\"{bound}\""));
    let default = schema
        .default()
        .map(|value| format!(" placeholder=\"{}\"", escape(&text(value))));
    [minimum, maximum, default].into_iter().flatten().collect()
}

/// Returns a value as a person writes it: a text without quotes.
fn text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
