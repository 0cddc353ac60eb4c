//! Words for what a schema says about a property.

use runcomfy_codegen::diagnostic::truncate;
use runcomfy_codegen::phrase::{self, MAX_LITERAL, amount, title_adds_to};
use runcomfy_schema::{Kind, Literal, MediaKind, Number, Property, Schema};

use super::language::Language;
use super::prose;

/// Returns the allowed values and the default of an input's property, then the schema's own title and
/// description, then its rules about media.
pub(super) fn input(property: &Property, language: Language) -> Vec<String> {
    let schema = &property.schema;
    let mut line = format!("{}.", allowed(schema, language));
    line += &default(property, language);
    if schema.is_deprecated() {
        line += " Deprecated: the service may remove it.";
    }
    let mut text = prose::wrap(&line, "", language);
    prose::add_paragraph(&mut text, own_words(property, language));
    let rules = schema.rules().flat_map(|rule| {
        let rule_text = prose::code(&rule.to_string(), language);
        let line = if rule.message.trim().is_empty() {
            format!("- {rule_text}")
        } else {
            format!("- {rule_text}: {}", rule.message)
        };
        prose::wrap(&line, "  ", language)
    });
    prose::add_paragraph(&mut text, rules.collect());
    text
}

/// Returns the schema's own title and description of an output's member.
pub(super) fn output(property: &Property, language: Language) -> Vec<String> {
    own_words(property, language)
}

fn own_words(property: &Property, language: Language) -> Vec<String> {
    let schema = &property.schema;
    let title = schema
        .title()
        .filter(|title| title_adds_to(title, &property.name));
    let title = title.map(|title| format!("{}. ", title.trim_end_matches('.')));
    let text = title.unwrap_or_default() + schema.description().unwrap_or_default();
    prose::lines(&text, language)
}

/// ` Default: 0.5 (applied by the service).` The default of a required text is an example.
fn default(property: &Property, language: Language) -> String {
    let schema = &property.schema;
    let is_free = schema.choices().is_none()
        && matches!(
            schema.kind,
            Kind::String | Kind::Array | Kind::Any | Kind::Object
        );
    match schema.default().and_then(|it| shown(it, language)) {
        None => String::new(),
        Some(text) if property.required && is_free => format!(" Example: {text}."),
        Some(text) if property.required => format!(" Default in the schema: {text}."),
        Some(text) => format!(" Default: {text} (applied by the service)."),
    }
}

/// Returns a default as code; of a list its first element, unless there is nothing to see.
fn shown(default: &Literal, language: Language) -> Option<String> {
    match default {
        Literal::Text(text) if text.trim().is_empty() => None,
        Literal::Text(text) => Some(cut(text, language)),
        Literal::Array(list) => shown(list.first()?, language),
        other => Some(cut(&other.to_string(), language)),
    }
}

fn cut(text: &str, language: Language) -> String {
    prose::code(&truncate(text, MAX_LITERAL), language)
}

/// Returns the allowed values, in words that begin a sentence: `Number from 0 to 1`.
fn allowed(schema: &Schema, language: Language) -> String {
    if let Some(members) = schema.choices() {
        return one_of(members, language);
    }
    match schema.kind {
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Integer => format!("Integer{}", range(schema)),
        Kind::Number => format!("Number{}", range(schema)),
        Kind::String => {
            let noun = schema.media().map_or("Text", url);
            format!("{noun}{}", amount(schema.length(), "character"))
        }
        Kind::Array => format!(
            "{}{}",
            elements(schema, language),
            amount(schema.count(), "item")
        ),
        Kind::Object if schema.properties().is_some() => "Object".to_owned(),
        Kind::Object => "JSON object".to_owned(),
        Kind::Any => format!("JSON value{}", range(schema)),
    }
}

fn url(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "Image URL or data URI",
        MediaKind::Video => "Video URL or data URI",
        MediaKind::Audio => "Audio URL or data URI",
        _ => "URL or data URI",
    }
}

/// Returns the elements of a list, in words: `List of image URLs`.
fn elements(schema: &Schema, language: Language) -> String {
    if let Some(kind) = schema.media() {
        return format!("List of {} URLs or data URIs", kind.as_str());
    }
    let Some(items) = schema.items() else {
        return "List of JSON values".to_owned();
    };
    if items.choices().is_some() {
        let members = items.choices().unwrap_or_default();
        return format!("List, each {}", lower(&one_of(members, language)));
    }
    match items.kind {
        Kind::Boolean => "List of booleans".to_owned(),
        Kind::Integer => format!("List of integers{}", range(items)),
        Kind::Number => format!("List of numbers{}", range(items)),
        Kind::String => format!("List of texts{}", amount_of_each(items)),
        Kind::Array => "List of lists".to_owned(),
        Kind::Object => "List of objects".to_owned(),
        Kind::Any => "List of JSON values".to_owned(),
    }
}

fn amount_of_each(items: &Schema) -> String {
    match amount(items.length(), "character").strip_prefix(", ") {
        Some(amount) => format!(" of {amount}"),
        None => String::new(),
    }
}

fn lower(sentence: &str) -> String {
    sentence.replacen("One of", "one of", 1)
}

/// ` from 0 to 1, a multiple of 0.1`
fn range(schema: &Schema) -> String {
    let bounds = schema.bounds();
    let above = |(low, is_allowed): (Number, bool)| {
        let words = if is_allowed { "at least" } else { "above" };
        format!("{words} {low}")
    };
    let below = |(high, is_allowed): (Number, bool)| {
        let words = if is_allowed { "at most" } else { "below" };
        format!("{words} {high}")
    };
    let mut text = match (bounds.lower, bounds.upper) {
        (None, None) => String::new(),
        (Some((low, true)), Some((high, true))) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(", {}", above(low)),
        (None, Some(high)) => format!(", {}", below(high)),
        (Some(low), Some(high)) => format!(", {} and {}", above(low), below(high)),
    };
    if let Some(step) = schema.step() {
        text += &format!(", a multiple of {step}");
    }
    text
}

fn one_of(members: &[Literal], language: Language) -> String {
    phrase::one_of(members, |member| match member {
        Literal::Text(text) => cut(text, language),
        other => cut(&other.to_string(), language),
    })
}
