//! Names and types that the generator gives to schemas.
//!
//! **Unstable:** this module exists for `runcomfy-codegen-cli`, which predicts what a change of a
//! schema does to the generated code. It may change in any release.

use runcomfy_schema::{Kind, Schema};

use crate::emit::{is_beyond_i64, is_typed};
use crate::source::Source;
use crate::{Diagnostic, collision};

pub use crate::id_tree::{Clash, IdTree};

/// Claims the modules of a model in a tree of modules.
///
/// # Errors
/// Fails when another id has claimed one of them before. The diagnostic is about this model; leave
/// the model out or rename it.
pub fn claim_modules(modules: &mut IdTree, source: &Source) -> Result<(), Box<Diagnostic>> {
    collision::between(modules, source).map_or(Ok(()), |diagnostic| Err(Box::new(diagnostic)))
}

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
    /// Returns the type that a schema becomes. The generated code has the same types; a test
    /// compares them.
    #[must_use]
    pub fn from_schema(schema: &Schema) -> Self {
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
