//! The sort of Rust type that a schema comes to, as far as callers see it change.

use runcomfy_schema::{Kind, Schema};

use crate::emit::{is_beyond_i64, is_typed};

/// One layer of a field's type: what is inside a list or a struct is compared there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RustType {
    Bool,
    I64,
    U64,
    F64,
    Text,
    Media,
    Json,
    List,
    Choice,
    Record,
}

impl RustType {
    /// The same decisions as the generator's plan; a test compares them with generated code.
    pub(super) fn of(schema: &Schema) -> Self {
        match schema.kind {
            kind if is_typed(kind, schema.choices().unwrap_or_default()) => Self::Choice,
            Kind::Boolean => Self::Bool,
            Kind::Integer if is_beyond_i64(schema) => Self::U64,
            Kind::Integer => Self::I64,
            Kind::Number => Self::F64,
            Kind::String if schema.media().is_some() => Self::Media,
            Kind::String => Self::Text,
            Kind::Array => Self::List,
            Kind::Object if schema.properties().is_some() => Self::Record,
            Kind::Object | Kind::Any => Self::Json,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
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
