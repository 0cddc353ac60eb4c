//! The models that are loaded, and the buffers of the boundary.

use runcomfy_schema::{Diagnostic, JsonDocuments, ModelSchema, Severity};
use serde_json::{Value, json};

/// Holds the models that are loaded, and one input and one output.
#[derive(Debug, Default)]
pub struct Engine {
    /// Models by their numbers; the number of one that was forgotten is used again.
    models: Vec<Option<ModelSchema>>,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Engine {
    /// Returns room for an input of a length.
    pub fn input(&mut self, len: usize) -> &mut [u8] {
        self.input.clear();
        self.input.resize(len, 0);
        &mut self.input
    }

    /// Returns the result of the last call, as JSON.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Reads the schema file in the input behind a model id, and returns the length of the output.
    ///
    /// The output is `{"model", "id", "diagnostics"}`, where `model` is the number of the model, or
    /// `null` if the schema is invalid. What cannot be read of a schema that is used is a warning, and
    /// is not checked.
    pub fn load(&mut self, id_len: usize) -> usize {
        let input = std::mem::take(&mut self.input);
        let (id, schema) = input.split_at(id_len.min(input.len()));
        let output = match read(id, schema) {
            Err(message) => {
                let diagnostic = json!({"severity": "error", "pointer": "", "message": message});
                json!({"model": null, "diagnostics": [diagnostic]})
            }
            Ok((model, diagnostics)) => {
                let id = model.as_ref().map(|model| model.id.to_string());
                let number = model.map(|model| self.keep(model));
                let diagnostics: Vec<Value> = diagnostics.iter().map(shown).collect();
                json!({"model": number, "id": id, "diagnostics": diagnostics})
            }
        };
        self.put(&output)
    }

    /// Validates the JSON in the input, and returns the length of the output.
    ///
    /// The output is `{"refuse", "leftOut", "text", "violations"}`, or `{"error"}` if the input is no
    /// JSON or the model is not loaded.
    pub fn validate(&mut self, model: usize) -> usize {
        let input = std::mem::take(&mut self.input);
        let Some(model) = self.models.get(model).and_then(Option::as_ref) else {
            return self.put(&json!({"error": "the model is not loaded, or was freed"}));
        };
        // Of text, as schemas are: a second reader of JSON would be a tenth of the module.
        let value = text(&input).and_then(|text| {
            let value = serde_json::from_str::<Value>(text);
            value.map_err(|error| format!("the input is not JSON: {error}"))
        });
        let output = match value {
            Err(error) => json!({"error": error}),
            Ok(value) => {
                let violations = model.validate(&value);
                json!({
                    "refuse": violations.refuse(),
                    "leftOut": violations.left_out(),
                    "text": violations.to_string(),
                    "violations": &violations,
                })
            }
        };
        self.put(&output)
    }

    /// Forgets a model. A number of none is left alone.
    pub fn unload(&mut self, model: usize) {
        if let Some(slot) = self.models.get_mut(model) {
            *slot = None;
        }
    }

    fn keep(&mut self, model: ModelSchema) -> usize {
        let free = self.models.iter().position(Option::is_none);
        let number = free.unwrap_or(self.models.len());
        if free.is_none() {
            self.models.push(None);
        }
        self.models[number] = Some(model);
        number
    }

    fn put(&mut self, output: &Value) -> usize {
        self.output = output.to_string().into_bytes();
        self.output.len()
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the text is not UTF-8".to_owned())
}

/// Reads a schema file as a program does that uses the schemas of a service.
fn read(id: &[u8], schema: &[u8]) -> Result<(Option<ModelSchema>, Vec<Diagnostic>), String> {
    let (id, schema) = (text(id)?, text(schema)?);
    let schema = schema.strip_prefix('\u{feff}').unwrap_or(schema);
    let documents = JsonDocuments::parse(schema);
    let documents = documents.map_err(|error| format!("the schema is not JSON: {error}"))?;
    let id = (!id.is_empty()).then_some(id);
    Ok(ModelSchema::parse_lenient(id, &documents.values))
}

fn shown(diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "severity": severity,
        "code": diagnostic.code.as_str(),
        "pointer": diagnostic.pointer,
        "message": diagnostic.message,
        "help": diagnostic.help,
    })
}
