//! Look-up and printing of keywords.

use runcomfy_codegen::diagnostic::truncate;
use runcomfy_schema::{Bounds, Keyword, Kind, Literal, Number, Schema};

/// Finds the payload of the first keyword of one variant.
macro_rules! find {
    ($schema:expr, $variant:ident) => {
        $schema.keywords.iter().find_map(|keyword| match keyword {
            runcomfy_schema::Keyword::$variant(data) => Some(data),
            _ => None,
        })
    };
}
pub(super) use find;

/// Schema that allows everything.
pub(super) static FREE: Schema = Schema {
    kind: Kind::Any,
    keywords: runcomfy_schema::KeywordList::from_static(&[]),
};

/// Returns `true` for unknown keywords that restrict nothing: JSON Schema's annotations and, by OpenAPI's
/// custom, everything that begins with `x-`.
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

/// Returns the unknown keywords, except the type, which is compared with the known types.
pub(super) fn unknown(schema: &Schema) -> impl Iterator<Item = (&str, &Literal)> {
    schema.keywords.iter().filter_map(|keyword| match keyword {
        Keyword::Unknown(name, value) if &**name != "type" => Some((&**name, value)),
        _ => None,
    })
}

/// Returns the name of the type as the schema has it, or `any` if it has none.
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

/// Prints an interval, or `open` if it has no end.
pub(super) fn bounds(bounds: Bounds) -> String {
    if bounds.is_open() {
        "open".into()
    } else {
        bounds.to_string()
    }
}

/// Prints an interval of lengths or counts as [`bounds`] does; 0 is no lower bound of theirs.
pub(super) fn sizes(mut sizes: Bounds) -> String {
    if sizes.lower == Some((Number::Int(0), true)) {
        sizes.lower = None;
    }
    bounds(sizes)
}

/// Prints a value as JSON, truncated if it is long.
pub(super) fn shown(value: &Literal) -> String {
    /// Number of characters that are enough to distinguish most values; the JSON form has all.
    const MAX: usize = 80;
    truncate(&value.to_string(), MAX)
}

/// Prints values as JSON, with commas between them.
pub(super) fn list(values: &[&Literal]) -> String {
    values
        .iter()
        .map(|value| shown(value))
        .collect::<Vec<_>>()
        .join(", ")
}
