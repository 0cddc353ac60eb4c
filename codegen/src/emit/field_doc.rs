//! Doc comments of fields and setters.

use runcomfy_schema::{Bounds, Kind, Literal, MediaKind, Schema};

use super::plan::{Field, Type};
use crate::doc;
use crate::phrase::{MAX_LITERAL, amount, one_of, title_adds_to};

/// Returns type, range and default first, then the schema's own title and description, then its
/// rules.
pub(super) fn lines(field: &Field<'_>) -> Vec<String> {
    let schema = &field.property.schema;
    let mut lines = summary(field);
    let mut paragraph = |more: Vec<String>| {
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
    };
    let title = schema
        .title()
        .filter(|title| title_adds_to(title, &field.property.name));
    let title = title.map(|title| format!("{}. ", title.trim_end_matches('.')));
    let description = schema.description().unwrap_or_default();
    let text = title.unwrap_or_default() + description;
    paragraph(doc::prose(&text, doc::FIELD_WIDTH));
    let rules = schema.rules().flat_map(|rule| {
        let (rule, message) = (doc::code(&rule.to_string()), doc::inline(&rule.message));
        let line = if message.is_empty() {
            format!("- {rule}")
        } else {
            format!("- {rule}: {message}")
        };
        doc::wrap(&line, doc::FIELD_WIDTH, "  ")
    });
    paragraph(rules.collect());
    lines
}

/// Returns type, range and default.
pub(super) fn summary(field: &Field<'_>) -> Vec<String> {
    doc::wrap(&headline(field), doc::FIELD_WIDTH, "")
}

/// Returns what a setter sets, with type, range and default.
pub(super) fn setter_lines(field: &Field<'_>) -> Vec<String> {
    let name = doc::code(&field.property.name);
    let mut line = format!("Sets {name}. {}", type_and_default(field));
    if matches!(field.kind, Type::Choice(_)) {
        line += " A text becomes one with `.parse()?`.";
    }
    doc::wrap(&line, doc::FIELD_WIDTH, "")
}

/// `` Number in `0..=1`. Default: `0.5` (applied by the service). JSON name: `scale-1`. ``
fn headline(field: &Field<'_>) -> String {
    let mut line = type_and_default(field);
    let name = &*field.property.name;
    if field.ident != name && field.ident != format!("r#{name}") {
        line += &format!(" JSON name: {}.", doc::code(name));
    }
    line
}

fn type_and_default(field: &Field<'_>) -> String {
    let property = field.property;
    let schema = &property.schema;
    let mut line = format!("{}.", phrase(&field.kind, schema));
    match schema.default() {
        Some(default) if property.required && is_free(schema) => {
            if let Some(example) = shown(default) {
                line += &format!(" Example: {example}.");
            }
        }
        // The service's default does not matter to callers, who have to give a value.
        Some(default) if property.required => {
            line += &format!(" Default in the schema: {}.", code(default));
        }
        Some(default) => {
            line += &format!(" Default: {} (applied by the service).", code(default));
        }
        None => {}
    }
    if schema.is_deprecated() {
        line += " Deprecated: the service may remove it.";
    }
    line
}

/// Returns what the schema allows, in words that begin a sentence: `` Number in `0..=1` ``.
fn phrase(kind: &Type, schema: &Schema) -> String {
    if let Some(members) = schema.choices()
        && !matches!(kind, Type::Choice(_))
    {
        return one_of(members, code);
    }
    match kind {
        Type::Choice(name) => format!("One of [`{name}`]"),
        Type::Record(name) => format!("Object, see [`{name}`]"),
        Type::Bool => "Boolean".to_owned(),
        Type::I64 | Type::U64 => format!("Integer{}", range(schema)),
        Type::F64 => format!("Number{}", range(schema)),
        Type::Text => format!("Text{}", amount(schema.length(), "character")),
        Type::Media => format!("{} URL", medium(schema.media())),
        Type::Json if schema.kind == Kind::Object => "JSON object".to_owned(),
        Type::Json => "JSON value".to_owned(),
        Type::Foreign(_) => "Value".to_owned(),
        Type::List(item) => format!("{}{}", plural(item, schema), amount(schema.count(), "item")),
    }
}

fn plural(item: &Type, schema: &Schema) -> String {
    match item {
        Type::Choice(name) => format!("List of [`{name}`]"),
        Type::Record(name) => format!("List of objects, see [`{name}`]"),
        Type::Media => format!("{} URLs", medium(schema.media())),
        Type::Bool => "Booleans".to_owned(),
        Type::I64 | Type::U64 => "Integers".to_owned(),
        Type::F64 => "Numbers".to_owned(),
        Type::Text => "Texts".to_owned(),
        Type::Json => "JSON values".to_owned(),
        Type::List(_) => "Lists".to_owned(),
        Type::Foreign(_) => "Values".to_owned(),
    }
}

fn medium(kind: Option<MediaKind>) -> &'static str {
    match kind {
        Some(MediaKind::Image) => "Image",
        Some(MediaKind::Video) => "Video",
        Some(MediaKind::Audio) => "Audio",
        _ => "Media",
    }
}

/// `` in `0..=1`, a multiple of 0.1 ``
fn range(schema: &Schema) -> String {
    let bounds: Bounds = schema.bounds();
    let mut text = match (bounds.lower, bounds.upper) {
        (None, None) => String::new(),
        (Some((_, true)), Some((_, true))) => format!(" in `{bounds}`"),
        _ => format!(" {bounds}"),
    };
    if let Some(step) = schema.step() {
        text += &format!(", a multiple of {step}");
    }
    text
}

fn code(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => doc::code(&doc::cut(text, MAX_LITERAL)),
        Literal::Array(list) if !list.is_empty() => code(&list[0]),
        other => doc::code(&doc::cut(&other.to_string(), MAX_LITERAL)),
    }
}

/// Returns an example as code, unless there is nothing to see.
fn shown(example: &Literal) -> Option<String> {
    match example {
        Literal::Text(text) if text.trim().is_empty() => None,
        Literal::Array(list) => shown(list.first()?),
        other => Some(code(other)),
    }
}

/// Returns `true` for texts and media that are not chosen from a list: their default on a required
/// property is an example.
fn is_free(schema: &Schema) -> bool {
    schema.choices().is_none()
        && matches!(
            schema.kind,
            Kind::String | Kind::Array | Kind::Any | Kind::Object
        )
}
