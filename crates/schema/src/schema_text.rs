//! Schemas in generated code.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde_json::Value;

use crate::{Kind, ModelSchema, OUTPUT, Schema, Shared};

/// A model's schema as generated code holds it: its JSON, parsed at first use.
///
/// Parsing takes less than a tenth of a millisecond, once in a process. From then on it is a
/// [`ModelSchema`] like any other and can be used as one. As Rust constants the same data would be a
/// third of what a generated crate costs to compile.
///
/// # Panics
/// The first use panics if the JSON is no schema of this model. The generator writes only schemas
/// that it has read again.
///
/// ```
/// # use runcomfy_schema::SchemaText;
/// static SCHEMA: SchemaText = SchemaText::new(
///     "vendor/family/task",
///     r#"{"properties": {"scale": {"type": "number", "maximum": 1}}}"#,
/// );
/// assert_eq!(SCHEMA.id(), "vendor/family/task");
/// let violations = SCHEMA.validate(&serde_json::json!({"scale": 7}));
/// assert_eq!(violations.to_string(), "/scale: found 7, expected a number at most 1");
/// ```
pub struct SchemaText {
    id: &'static str,
    json: &'static str,
    parsed: OnceLock<ModelSchema>,
}

impl SchemaText {
    /// Creates the schema of the model `id` from JSON: a catalogue entry or a bare input schema, as
    /// [`ModelSchema::parse`] takes them.
    ///
    /// Without an output schema the model's output is [`OUTPUT`], which nearly every model has.
    #[must_use]
    pub const fn new(id: &'static str, json: &'static str) -> Self {
        Self {
            id,
            json,
            parsed: OnceLock::new(),
        }
    }

    /// Returns the model's id without parsing the schema.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    // Not inlined, since it is called once.
    #[cold]
    fn parse(&self) -> ModelSchema {
        match read_schema(self.id, self.json) {
            Ok(mut model) => {
                model.output.get_or_insert(Shared::Static(&OUTPUT));
                model
            }
            // The generator reads what it writes, so someone has changed it.
            Err(why) => panic!(
                "found a schema of `{}` in generated code that cannot be read ({why}), expected what the generator wrote; run the generator again",
                self.id
            ),
        }
    }
}

impl Deref for SchemaText {
    type Target = ModelSchema;

    #[inline]
    fn deref(&self) -> &ModelSchema {
        self.parsed.get_or_init(|| self.parse())
    }
}

impl fmt::Debug for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SchemaText").field(&self.id).finish()
    }
}

/// Reads the JSON of a [`SchemaText`].
///
/// # Errors
/// All diagnostics, in words, if the text is no schema of the model `id`.
pub fn read_schema(id: &str, json: &str) -> Result<ModelSchema, String> {
    let document: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let (model, diagnostics) = ModelSchema::parse(Some(id), &[document]);
    let messages = || diagnostics.iter().map(|one| one.message.as_str());
    model.ok_or_else(|| messages().collect::<Vec<_>>().join("; "))
}

/// Returns the object that a nested struct stands for: of each of these properties in turn the
/// schema, and of arrays the schema of their elements.
///
/// # Panics
/// If there is no such property. The generator takes the names from the same schema.
#[must_use]
pub fn nested_schema<'a>(outer: &'a Schema, names: &[&str]) -> &'a Schema {
    names.iter().fold(outer, |schema, name| {
        let properties = schema.properties().unwrap_or_default();
        let mut found = properties
            .iter()
            .filter(|property| *property.name == **name);
        let Some(property) = found.next() else {
            panic!("found no property `{name}` in the schema, expected what the generator wrote");
        };
        let mut schema = &property.schema;
        while let (Kind::Array, Some(items)) = (schema.kind, schema.items()) {
            schema = items;
        }
        schema
    })
}
