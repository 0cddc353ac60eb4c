//! RunComfy's schema dialect: what a model's schema means, written once.
//!
//! A [`Schema`] is plain data that is either compiled in (`static` tables made by the generator)
//! or parsed from JSON at run time ([`ModelSchema::parse`]); both are checked by the same engine
//! ([`Schema::validate`]), which reads values through a [`View`] and reports every [`Violation`]
//! at once. No I/O, no async; works wherever `std` does.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
mod choice;
mod describe;
mod json_schema;
mod literal;
mod media;
mod media_input;
mod name;
mod nearest;
mod number;
mod output;
mod parse;
mod pointer;
mod problem;
mod record;
mod rule;
mod schema;
mod shared;
mod validate;
mod view;
mod violation;
mod without_queries;

pub use bounds::Bounds;
pub use choice::{Choice, UnknownChoice, Wire, Wires};
pub use literal::Literal;
pub use media::{Media, MediaKind};
pub use media_input::{MediaInput, MediaSource};
pub use name::{camel_case, snake_case};
pub use nearest::nearest;
pub use number::Number;
pub use output::OUTPUT;
pub use pointer::Path;
pub use problem::{Place, Problem, Severity};
pub use record::{Extra, Mismatch, Reader, Record};
pub use rule::{Operator, Quantity, Rule};
pub use schema::{Keyword, Kind, ModelSchema, Property, Schema};
pub use serde_json::Value as Json;
pub use shared::{List, Shared, Text};
pub use view::{Elements, Field, View};
pub use violation::{Certainty, Constraint, Violation, Violations};
pub use without_queries::WithoutQueries;

/// What the macros in generated code call; not part of the public interface.
#[doc(hidden)]
pub mod generated {
    pub use crate::choice::{debug_choice, display_choice, parse_choice};
    #[cfg(feature = "schemars")]
    pub use crate::json_schema::{schemars_choice, schemars_schema};
    pub use crate::record::{
        debug_record, deserialize_record, eq_record, read_record, serialize_record, validate_record,
    };
    #[cfg(feature = "schemars")]
    pub use schemars;
    pub use serde;
}

/// The names that generated tables are written with.
pub mod table {
    /// Imported whole inside a table's own scope.
    pub mod prelude {
        pub use crate::Keyword::{
            AdditionalProperties, Default, Description, Enum, ExclusiveMaximum, ExclusiveMinimum,
            Format, Items, MaxItems, MaxLength, Maximum, MinItems, MinLength, Minimum, MultipleOf,
            Properties, Title, Unknown, Validation,
        };
        pub use crate::Number::{Float, Int};
        pub use crate::Shared::Static;
        pub use crate::{
            Keyword, Kind, Literal, ModelSchema, OUTPUT, Operator, Property, Quantity, Rule, Schema,
        };
    }
}
