//! Keywords looked up and put into words.

use runcomfy_codegen::diagnostic::truncate;
use runcomfy_schema::{Bounds, Keyword, Kind, Literal, Number, Schema};

/// Gives the payload of the first keyword of one variant.
macro_rules! find {
    ($schema:expr, $variant:ident) => {
        $schema.keywords.iter().find_map(|keyword| match keyword {
            runcomfy_schema::Keyword::$variant(data) => Some(data),
            _ => None,
        })
    };
}
pub(super) use find;

/// A schema that allows everything.
pub(super) const FREE: Schema = Schema {
    kind: Kind::Any,
    keywords: runcomfy_schema::Shared::Static(&[]),
};

/// Keywords that the dialect does not know and that bind nobody: JSON Schema's annotations, and
/// by OpenAPI's custom whatever begins with `x-`.
pub(super) fn is_annotation(name: &str) -> bool {
    const ANNOTATIONS: [&str; 12] = [
        "$anchor",
        "$comment",
        "$id",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "deprecated",
        "example",
        "examples",
        "externalDocs",
        "readOnly",
        "writeOnly",
    ];
    name.starts_with("x-") || ANNOTATIONS.contains(&name)
}

/// The unknown keywords, but for the type, which is compared with the known ones.
pub(super) fn unknown(schema: &Schema) -> impl Iterator<Item = (&str, &Literal)> {
    schema.keywords.iter().filter_map(|keyword| match keyword {
        Keyword::Unknown(name, value) if &**name != "type" => Some((&**name, value)),
        _ => None,
    })
}

/// The type as the schema has it; `any` where it has none.
pub(super) fn type_name(schema: &Schema) -> String {
    let unknown = schema.keywords.iter().find_map(|keyword| match keyword {
        Keyword::Unknown(name, value) if &**name == "type" => Some(value),
        _ => None,
    });
    match (schema.kind, unknown) {
        (Kind::Any, None) => "any".into(),
        (Kind::Any, Some(Literal::Text(name))) => name.to_string(),
        (Kind::Any, Some(other)) => other.to_string(),
        (kind, _) => kind.as_str().into(),
    }
}

/// What an interval says; `open` where it says nothing.
pub(super) fn bounds(bounds: Bounds) -> String {
    if bounds.is_open() {
        "open".into()
    } else {
        bounds.to_string()
    }
}

/// As [`bounds`], for lengths and counts, which are never below 0.
pub(super) fn sizes(mut sizes: Bounds) -> String {
    if sizes.lower == Some((Number::Int(0), true)) {
        sizes.lower = None;
    }
    bounds(sizes)
}

/// A value as JSON, cut where it is long.
pub(super) fn shown(value: &Literal) -> String {
    /// Enough to tell two values apart in most cases; the whole stands in the JSON form.
    const MAX: usize = 80;
    truncate(&value.to_string(), MAX)
}

/// Values as JSON, with commas between them.
pub(super) fn list(values: &[&Literal]) -> String {
    values
        .iter()
        .map(|value| shown(value))
        .collect::<Vec<_>>()
        .join(", ")
}
