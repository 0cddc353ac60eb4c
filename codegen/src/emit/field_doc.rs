//! What stands above a field.

use runcomfy_schema::{Kind, Literal, Schema};

use super::plan::{Field, Type};
use crate::doc;

/// Title and range first, then the schema's own description, then the rules.
pub(super) fn lines(field: &Field<'_>) -> Vec<String> {
    let schema = &field.property.schema;
    let mut lines = vec![headline(field)];
    let mut paragraph = |more: Vec<String>| {
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
    };
    paragraph(schema.description().map(doc::prose).unwrap_or_default());
    let rules = schema.rules().map(|rule| {
        format!(
            "- {}: {}",
            doc::code(&rule.to_string()),
            doc::inline(&rule.message)
        )
    });
    paragraph(rules.collect());
    lines
}

/// `` `scale` (Scale): a number in 0..=1; the service takes `0.5` when it is left out. ``
fn headline(field: &Field<'_>) -> String {
    let property = field.property;
    let schema = &property.schema;
    let mut line = doc::code(&property.name);
    if let Some(title) = schema
        .title()
        .filter(|title| says_more(title, &property.name))
    {
        line += &format!(", {}", doc::inline(title));
    }
    line += &match &field.kind {
        Type::Choice(name) => format!(": one of [`{name}`]"),
        _ => format!(": {}", doc::inline(&schema.describe())),
    };
    match schema.default() {
        Some(default) if property.required && is_free(schema) => {
            line += &format!("; for example {}", example(default));
        }
        // What the service would take does not matter to callers, who have to say.
        Some(default) if property.required => {
            line += &format!("; the schema's default is {}", example(default));
        }
        Some(default) => {
            line += &format!(
                "; the service takes {} when it is left out",
                example(default)
            );
        }
        None => {}
    }
    line + "."
}

/// Whether a title is more than its property's name in other letters.
fn says_more(title: &str, name: &str) -> bool {
    let bare = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    bare(title) != bare(name)
}

fn example(default: &Literal) -> String {
    /// Enough to see what is meant.
    const LONGEST: usize = 80;
    match default {
        Literal::Text(text) => doc::code(&doc::cut(text, LONGEST)),
        Literal::Array(list) if !list.is_empty() => example(&list[0]),
        other => doc::code(&doc::cut(&other.to_string(), LONGEST)),
    }
}

/// Texts and media that are not chosen from a list: their default on a required property is an
/// example.
fn is_free(schema: &Schema) -> bool {
    schema.choices().is_none()
        && matches!(
            schema.kind,
            Kind::String | Kind::Array | Kind::Any | Kind::Object
        )
}
