//! The schema in generated code.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::{Kind, ModelSchema, OUTPUT, Schema, Shared};

/// A model's schema as generated code holds it: its JSON, read when it is first looked at, which
/// takes less than a tenth of a millisecond. From then on it is a [`ModelSchema`] like any other,
/// and can be used as one.
///
/// As constants of Rust the same data would be a third of what a generated crate costs to compile.
/// JSON that cannot be read, which the generator does not write, panics at the first look.
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
    input: &'static str,
    output: Option<&'static str>,
    read: OnceLock<ModelSchema>,
}

impl SchemaText {
    /// The schema of the model `id` with [`OUTPUT`] for an output, which is what a model gives
    /// whose schema says nothing else. `input` is the input schema as JSON; the generator writes
    /// only such as can be read.
    #[must_use]
    pub const fn new(id: &'static str, input: &'static str) -> Self {
        Self::from_parts(id, input, None)
    }

    /// The same with an output schema of its own, as JSON too.
    #[must_use]
    pub const fn with_output(id: &'static str, input: &'static str, output: &'static str) -> Self {
        Self::from_parts(id, input, Some(output))
    }

    const fn from_parts(
        id: &'static str,
        input: &'static str,
        output: Option<&'static str>,
    ) -> Self {
        Self {
            id,
            input,
            output,
            read: OnceLock::new(),
        }
    }

    /// The model's id. Unlike all else it is there without reading the schema.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Not inlined: it is called once.
    #[cold]
    fn read(&self) -> ModelSchema {
        match read_schema(self.id, self.input, self.output) {
            Ok(mut model) => {
                model.output.get_or_insert(Shared::Static(&OUTPUT));
                model
            }
            // The generator reads what it writes, so someone has changed it.
            Err(why) => panic!(
                "found a schema of `{}` in generated code that cannot be read ({why}), expected what the generator wrote; generate it anew",
                self.id
            ),
        }
    }
}

impl Deref for SchemaText {
    type Target = ModelSchema;

    #[inline]
    fn deref(&self) -> &ModelSchema {
        self.read.get_or_init(|| self.read())
    }
}

impl fmt::Debug for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SchemaText").field(&self.id).finish()
    }
}

/// Reads the texts of a [`SchemaText`].
///
/// # Errors
/// What is wrong with them, in words.
pub fn read_schema(id: &str, input: &str, output: Option<&str>) -> Result<ModelSchema, String> {
    let value = |text| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
    let mut entry = json!({ "model_id": id, "input_schema": value(input)? });
    if let Some(output) = output {
        // Inside `output`, whatever it looks like.
        entry["output_schema"] = json!({ "output": value(output)? });
    }
    let (model, diagnostics) = ModelSchema::parse(None, &[entry]);
    let diagnostics = || diagnostics.iter().map(|p| p.message.as_str());
    model.ok_or_else(|| diagnostics().collect::<Vec<_>>().join("; "))
}

/// The object that a nested struct stands for: at each of these places in turn the property, and
/// of arrays what their elements are.
///
/// # Panics
/// When there is no such place; the generator takes the places from the same schema.
#[must_use]
pub fn nested_schema<'a>(outer: &'a Schema, places: &[usize]) -> &'a Schema {
    places.iter().fold(outer, |schema, &place| {
        let mut schema = &schema.properties().unwrap_or_default()[place].schema;
        while let (Kind::Array, Some(items)) = (schema.kind, schema.items()) {
            schema = items;
        }
        schema
    })
}
