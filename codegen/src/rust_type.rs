//! The Rust type that a schema becomes.

use runcomfy_schema::{Kind, Literal, Number, Schema};

/// Names the sort of Rust type that a schema becomes, as far as callers see it.
///
/// One layer of a field's type: the items of a list and the fields of a struct have types of their
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RustType {
    /// `bool`
    Bool,
    /// `i64`
    I64,
    /// `u64`, for integers that may be above `i64::MAX` and never below 0.
    U64,
    /// `f64`
    F64,
    /// `String`
    Text,
    /// `Media`: a URL, a local file or bytes.
    Media,
    /// Any JSON value.
    Json,
    /// `Vec`
    List,
    /// An enum of its own.
    Choice,
    /// A struct of its own.
    Record,
}

impl RustType {
    /// Returns the type that a schema becomes, in generated code too.
    #[must_use]
    pub fn from_schema(schema: &Schema) -> Self {
        let members = schema.choices().unwrap_or_default();
        match schema.kind {
            kind if has_only_texts(kind, members) => Self::Choice,
            Kind::Boolean => Self::Bool,
            Kind::Integer if is_beyond_i64(schema) => Self::U64,
            Kind::Integer => Self::I64,
            Kind::Any if has_only_integers(members) => Self::I64,
            Kind::Number => Self::F64,
            Kind::String if schema.media().is_some() => Self::Media,
            Kind::String => Self::Text,
            Kind::Array => Self::List,
            Kind::Object if schema.properties().is_some() => Self::Record,
            Kind::Object | Kind::Any => Self::Json,
        }
    }

    /// Returns the type in words, with Markdown backticks around names: `` `bool` ``, `an enum`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "`bool`",
            Self::I64 => "`i64`",
            Self::U64 => "`u64`",
            Self::F64 => "`f64`",
            Self::Text => "`String`",
            Self::Media => "`Media`",
            Self::Json => "`Json`",
            Self::List => "a `Vec`",
            Self::Choice => "an enum",
            Self::Record => "a struct",
        }
    }
}

/// Returns `true` if the members of an `enum` are texts, which become a Rust enum. Numbers stay
/// numbers: `5` is a better name for 5 than any variant, and the type does not change when the
/// service adds a member or a range takes the enum's place.
fn has_only_texts(kind: Kind, members: &[Literal]) -> bool {
    let text = |member: &Literal| matches!(member, Literal::Text(_));
    matches!(kind, Kind::String | Kind::Any) && !members.is_empty() && members.iter().all(text)
}

fn has_only_integers(members: &[Literal]) -> bool {
    let integer = |member: &Literal| as_number(member).and_then(Number::as_integer);
    let in_i64 = |member: &Literal| integer(member).is_some_and(|i| i64::try_from(i).is_ok());
    !members.is_empty() && members.iter().all(in_i64)
}

/// Returns the number that a literal is, if it is one.
pub(crate) fn as_number(literal: &Literal) -> Option<Number> {
    match literal {
        Literal::Number(number) => Some(*number),
        _ => None,
    }
}

/// Returns `true` if an integer is a `u64`. Integers are `i64`; only a schema that allows ones above
/// it, and no negative ones, is not: seeds of -1 are more common than those above 2^63, which are left
/// to `with_extra`.
fn is_beyond_i64(schema: &Schema) -> bool {
    let bounds = schema.bounds().whole();
    let is_above = |(high, _)| high > Number::Int(i64::MAX.into());
    let is_positive = |(low, _)| low >= Number::Int(0);
    bounds.upper.is_some_and(is_above) && bounds.lower.is_some_and(is_positive)
}
