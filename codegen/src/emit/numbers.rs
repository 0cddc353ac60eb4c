//! Constants of the numbers that properties take.

use runcomfy_schema::{Number, Schema};

use super::plan::{Field, Type};
use crate::rust_type::as_number;
use crate::{doc, print};

/// Returns the constant of a property's numbers, or `None` if it takes none. It also exists where the
/// schema says nothing about them, so that a range that is dropped takes no name away.
pub(super) fn constant(field: &Field<'_>, support: &str) -> Option<String> {
    let (kind, schema) = element(&field.kind, &field.property.schema);
    let (ty, write): (_, fn(Number) -> Option<String>) = match kind {
        Type::I64 => ("i64", |n| integer(n, i64::MIN.into(), i64::MAX.into())),
        Type::U64 => ("u64", |n| integer(n, 0, u64::MAX.into())),
        Type::F64 => ("f64", float),
        _ => return None,
    };
    let (minimum, maximum) = inclusive(schema, *kind == Type::F64);
    let [minimum, maximum] = [minimum, maximum].map(|bound| bound.and_then(write));
    let default = schema.default().and_then(as_number).and_then(write);
    let members = schema.choices().unwrap_or_default().iter();
    let members: Vec<String> = members.filter_map(as_number).filter_map(write).collect();
    let members = print::list(8, "members: &[", &members, "]");
    let [minimum, maximum, default] = [minimum, maximum, default].map(option);
    let title = format!("Numbers that {} takes.", doc::code(&field.property.name));
    let (title, name) = (doc::outer(4, &[title]), name(&field.ident));
    Some(format!(
        "{title}    pub const {name}: {support}::schema::Numbers<{ty}> = {support}::schema::Numbers {{
        minimum: {minimum},
        maximum: {maximum},
        default: {default},
        {members},
    }};
"
    ))
}

/// Returns the name of a field's constant. A model has an `ID` already.
pub(super) fn name(field: &str) -> String {
    let name = field.trim_start_matches("r#").to_uppercase();
    if name == "ID" { "ID_".to_owned() } else { name }
}

/// Returns the type and schema of a value, or of the elements of a list.
fn element<'a>(kind: &'a Type, schema: &'a Schema) -> (&'a Type, &'a Schema) {
    match (kind, schema.items()) {
        (Type::List(item), Some(items)) => element(item, items),
        _ => (kind, schema),
    }
}

/// Returns the smallest and the largest number that are allowed. Numbers that are not integers have
/// none beside an exclusive bound.
fn inclusive(schema: &Schema, is_float: bool) -> (Option<Number>, Option<Number>) {
    let bounds = schema.bounds();
    let next = |bound: Option<(Number, bool)>, round: fn(f64) -> f64, step: i128| {
        let (bound, is_allowed) = bound?;
        let (whole, is_allowed) = match bound {
            _ if is_float => return is_allowed.then_some(bound),
            Number::Int(integer) => (integer, is_allowed),
            // Saturates, far beyond 64 bits.
            #[allow(clippy::cast_possible_truncation)]
            Number::Float(float) => (
                round(float) as i128,
                is_allowed || Number::Float(float).as_integer().is_none(),
            ),
        };
        Some(Number::Int(if is_allowed { whole } else { whole + step }))
    };
    (
        next(bounds.lower, f64::ceil, 1),
        next(bounds.upper, f64::floor, -1),
    )
}

fn integer(number: Number, lowest: i128, highest: i128) -> Option<String> {
    let integer = number.as_integer()?;
    let is_held = (lowest..=highest).contains(&integer);
    is_held.then(|| integer.to_string())
}

fn float(number: Number) -> Option<String> {
    let float = number.as_f64();
    // Unlike `Display`, `Debug` always writes a fraction or an exponent.
    float.is_finite().then(|| format!("{float:?}"))
}

fn option(value: Option<String>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"))
}
