#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
mod checked;
mod choice;
mod code;
mod describe;
mod diagnostic;
mod field;
mod glob;
mod invisible;
mod json_schema;
mod json_text;
mod list_of;
mod literal;
mod media;
mod media_input;
mod media_kind;
pub mod naming;
mod nearest;
mod number;
mod numbers;
mod output;
mod parse;
mod phrase;
mod pointer;
mod reader;
mod record;
mod redacted;
mod rule;
mod schema;
mod schema_text;
mod secret;
mod shared;
mod source;
mod spelling;
mod validate;
mod view;
mod violation;

pub use bounds::Bounds;
pub use checked::Checked;
pub use choice::{Choice, UnknownChoice};
pub use code::Code;
pub use diagnostic::{Diagnostic, Location, Severity};
pub use glob::matches_glob;
pub use invisible::is_invisible;
pub use json_text::{
    JsonDocuments, MAX_JSON_BYTES, RepeatedKey, decode_json_text, read_json_bytes, read_json_text,
};
pub use list_of::{IntoListOf, ListOf};
pub use literal::Literal;
pub use media::Media;
pub use media_input::{MediaInput, MediaSource};
pub use media_kind::MediaKind;
pub use nearest::nearest;
pub(crate) use nearest::nearest_choice;
pub use number::Number;
pub use numbers::Numbers;
pub use output::OUTPUT;
pub use pointer::Path;
pub use reader::{Extra, Reader};
pub use redacted::{Redacted, RedactedPaths, redact_json};
pub use rule::{Operator, Quantity, Rule};
pub use schema::{Keyword, KeywordList, Kind, ModelSchema, Property, Schema};
pub use schema_text::SchemaText;
pub use serde_json::Value as Json;
pub use shared::{List, Shared, Text};
pub use view::{Elements, Field, NamedField, Record, View};
pub use violation::{Certainty, Constraint, Violation, Violations};

/// Items that the macros in generated code and the client use; not part of the public interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "clap")]
    pub use crate::choice::possible_value;
    pub use crate::choice::{
        cmp_choice, debug_choice, deserialize_choice, display_choice, hash_choice, parse_choice,
        serialize_choice, text_of,
    };
    #[cfg(feature = "schemars")]
    pub use crate::json_schema::{schemars_choice, schemars_schema};
    pub use crate::record::{
        blank_record, debug_record, deserialize_record, eq_record, read_record, serialize_record,
        validate_record,
    };
    pub use crate::redacted::RedactedExcerpt;
    pub use crate::schema_text::{nested_schema, read_schema};
    pub use crate::secret::Secret;
    pub use crate::view::NamedField;
    #[cfg(feature = "clap")]
    pub use clap;
    #[cfg(feature = "schemars")]
    pub use schemars;
    pub use serde;
}
