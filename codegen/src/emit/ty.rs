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
            let item = match &**item {
                Type::List(_) => ty(item, support),
                item => argument(item, support),
            };
            format!("impl IntoIterator<Item = {item}>")
        }
    }
}

/// Returns an argument as the field's type.
pub(super) fn converted(field: &Field<'_>, argument: &str, support: &str) -> String {
    match &field.kind {
        Type::I64 | Type::F64 | Type::Text | Type::Media | Type::Json => {
            format!("{argument}.into()")
        }
        // One call: looking up the methods of an iterator takes the compiler longer.
        Type::List(_) => format!("{support}::__private::list({argument})"),
        _ => argument.to_owned(),
    }
}
