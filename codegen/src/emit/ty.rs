//! Types of fields and of the arguments that set them, as source code.

use super::plan::{Field, Type};
use crate::name;

/// Returns a field's type; an optional property's is an `Option`.
pub(super) fn of_field(field: &Field<'_>, support: &str) -> String {
    let inner = ty(&field.kind, support);
    if field.property.required {
        inner
    } else {
        format!("Option<{inner}>")
    }
}

fn ty(kind: &Type, support: &str) -> String {
    match kind {
        Type::Bool => "bool".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Text => "String".to_owned(),
        Type::Media => format!("{support}::Media"),
        Type::Json => format!("{support}::schema::Json"),
        Type::List(item) => format!("Vec<{}>", ty(item, support)),
        Type::Choice(name) | Type::Record(name) => name::ident(name),
        Type::Foreign(path) => path.clone(),
    }
}

/// Returns the type of an argument: whatever converts into the field's type without loss.
pub(super) fn argument(kind: &Type, support: &str) -> String {
    let inner = ty(kind, support);
    match kind {
        // No `Into` for `u64`: Rust takes a literal for an `i32`, which does not convert.
        Type::Bool | Type::U64 | Type::Choice(_) | Type::Record(_) | Type::Foreign(_) => inner,
        Type::I64 | Type::F64 | Type::Text | Type::Media | Type::Json => {
            format!("impl Into<{inner}>")
        }
        Type::List(item) => {
            let list = list_of(item);
            format!("impl {support}::schema::{list}<{}>", ty(item, support))
        }
    }
}

/// Returns the trait of an argument that becomes an array.
fn list_of(item: &Type) -> &'static str {
    if converts(item) {
        "IntoListOf"
    } else {
        "ListOf"
    }
}

/// Returns `true` if an argument is whatever converts into the type.
fn converts(kind: &Type) -> bool {
    use Type::{F64, I64, Json, Media, Text};
    matches!(kind, I64 | F64 | Text | Media | Json)
}

/// Returns an argument as the field's type.
pub(super) fn converted(field: &Field<'_>, argument: &str, support: &str) -> String {
    match &field.kind {
        kind if converts(kind) => format!("{argument}.into()"),
        // One call: looking up the methods of an iterator takes the compiler longer.
        Type::List(item) => {
            let list = list_of(item);
            format!("{support}::schema::{list}::into_list({argument})")
        }
        _ => argument.to_owned(),
    }
}
