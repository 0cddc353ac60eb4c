//! Export of the schemas in standard formats.

use runcomfy_codegen::settings::Settings;
use runcomfy_schema::{ModelSchema, naming};
use serde_json::{Map, Value, json};

use component::Components;

mod component;

/// Returns the input of every model as JSON Schema (draft 2020-12), by model id.
///
/// Rules that JSON Schema cannot express are under `x-runcomfy-validations`, see
/// [`without_extensions`]. The default of a required property is an example: nobody applies it.
///
/// ```
/// use runcomfy_codegen_cli::json_schemas;
/// use runcomfy_schema::ModelSchema;
/// use serde_json::json;
///
/// let document = json!({"properties": {"scale": {"type": "float", "maximum": 2}}});
/// let (model, _) = ModelSchema::parse(Some("acme/stamp"), &[document]);
/// let schemas = json_schemas(&[model.expect("it is a schema")]);
/// assert_eq!(schemas["acme/stamp"]["properties"]["scale"]["type"], "number");
/// ```
#[must_use]
pub fn json_schemas(models: &[ModelSchema]) -> Map<String, Value> {
    models
        .iter()
        .map(|model| (model.id.to_string(), json_schema(model)))
        .collect()
}

fn json_schema(model: &ModelSchema) -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert(
        "$id".into(),
        format!("urn:runcomfy:{}", urn(&model.id)).into(),
    );
    schema.insert("title".into(), (*model.id).into());
    if let Value::Object(rest) = model.input.to_json_schema() {
        schema.extend(rest);
    }
    Value::Object(schema)
}

/// Escapes an id as the specific part of a URN, which allows no spaces.
fn urn(id: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"/-._".contains(&b);
    id.bytes()
        .map(|b| {
            if keep(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// Removes every keyword `x-…` from a schema, or from a document that contains schemas, for validators
/// that refuse keywords they do not know. Properties of such names stay.
///
/// ```
/// use runcomfy_codegen_cli::without_extensions;
/// use serde_json::json;
///
/// let schema = json!({"properties": {"x-name": {"format": "uri", "x-runcomfy-media": "image"}}});
/// let standard = json!({"properties": {"x-name": {"format": "uri"}}});
/// assert_eq!(without_extensions(schema), standard);
/// ```
#[must_use]
pub fn without_extensions(document: Value) -> Value {
    /// Keywords whose members are names or values, not keywords.
    const OF_VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];
    let clean = |(name, value): (String, Value)| match value {
        value if OF_VALUES.contains(&&*name) => (name, value),
        Value::Object(members) if name == "properties" => {
            let each = members
                .into_iter()
                .map(|(name, value)| (name, without_extensions(value)));
            (name, Value::Object(each.collect()))
        }
        value => (name, without_extensions(value)),
    };
    match document {
        Value::Object(members) => {
            let standard = members
                .into_iter()
                .filter(|(name, _)| !name.starts_with("x-"));
            Value::Object(standard.map(clean).collect())
        }
        Value::Array(list) => list.into_iter().map(without_extensions).collect(),
        other => other,
    }
}

/// Returns one OpenAPI 3.1 document of the Model API: its four calls, with a submit for every model
/// that has the model's own input.
///
/// The inputs, and the objects and enums inside of them, are named components, so that generators of
/// clients give them names that do not depend on the other models.
///
/// The `operationId` of a submit depends on the model id alone, and is unique among models that can be
/// generated together.
#[must_use]
pub fn openapi(models: &[ModelSchema]) -> Value {
    openapi_with(models, &Settings::default())
}

/// Returns the document as [`openapi`] does. Components have the names that the settings give to models
/// and properties; what is sent stays.
#[must_use]
pub fn openapi_with(models: &[ModelSchema], settings: &Settings) -> Value {
    let mut paths = Map::new();
    let mut inputs = Components::new(settings);
    for model in models {
        let input = inputs.input(&model.id, model.input.to_json_schema());
        paths.insert(format!("/models/{}", urn(&model.id)), submit(model, &input));
    }
    for (call, method, summary, response) in [
        ("status", "get", "Status of a job", "Status"),
        (
            "result",
            "get",
            "Result of a job, or its status while it runs",
            "Result",
        ),
        (
            "cancel",
            "post",
            "Cancel a job that is still queued",
            "Cancel",
        ),
    ] {
        let mut operation = operation(summary, call, response);
        operation["parameters"] = json!([{"$ref": "#/components/parameters/RequestId"}]);
        paths.insert(
            format!("/requests/{{request_id}}/{call}"),
            json!({ method: operation }),
        );
    }
    let mut components = components();
    if let Value::Object(schemas) = &mut components["schemas"] {
        schemas.extend(inputs.schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "RunComfy Model API", "version": env!("CARGO_PKG_VERSION")},
        "servers": [{"url": "https://model-api.runcomfy.net/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": components,
    })
}

fn submit(model: &ModelSchema, input: &Value) -> Value {
    let mut operation = operation(
        &format!("Submit a job for {}", model.id),
        &operation_id(&model.id),
        "Submitted",
    );
    operation["requestBody"] = json!({
        "required": true,
        "content": {"application/json": {"schema": input}},
    });
    json!({ "post": operation })
}

/// Returns the id of a submit, from the modules of the model id: no two models share them, and no
/// module contains `__`.
fn operation_id(id: &str) -> String {
    let modules: Vec<String> = id.split('/').map(naming::module).collect();
    format!("submit_{}", modules.join("__"))
}

fn operation(summary: &str, id: &str, response: &str) -> Value {
    let body = |name: &str| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
    json!({
        "summary": summary,
        "operationId": id,
        "responses": {
            "2XX": {"description": "Done", "content": body(response)},
            "default": {"description": "Refused, or unavailable for now", "content": body("Error")},
        },
    })
}

fn components() -> Value {
    let text = || json!({"type": "string"});
    let url = || json!({"type": "string", "format": "uri"});
    let urls = || json!({"type": "array", "items": {"type": "string", "format": "uri"}});
    json!({
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "parameters": {"RequestId": {
            "name": "request_id", "in": "path", "required": true,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"},
        }},
        "schemas": {
            "Submitted": {"type": "object", "required": ["request_id"], "properties": {
                "request_id": text(), "status_url": url(), "result_url": url(), "cancel_url": url(),
            }},
            "Status": {"type": "object", "required": ["status"], "properties": {
                "request_id": text(),
                "status": {"type": "string", "description": "in_queue, in_progress, completed, cancelled, or another word for \"not finished\""},
                "queue_position": {"type": "integer"}, "status_url": url(), "result_url": url(),
            }},
            "Result": {"type": "object", "required": ["status"], "properties": {
                "request_id": text(),
                "status": {"type": "string", "description": "succeeded, failed, in_queue, in_progress, cancelled, or another word for \"not finished\""},
                "output": {"type": "object", "properties": {"image": url(), "video": url(), "images": urls(), "videos": urls()}},
                "error": {"description": "Reason why the job failed: a text, an object or an array"},
                "created_at": text(), "finished_at": text(),
            }},
            "Cancel": {"type": "object", "required": ["outcome"], "properties": {
                "request_id": text(), "status": text(),
                "outcome": {"type": "string", "enum": ["cancelled", "not_cancellable"]},
            }},
            "Error": {"type": "object", "properties": {
                "error_code": {"type": "integer"}, "error_message": text(), "detail": {},
            }},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_are_unique() {
        let ids = [
            "acme/stamp-edit",
            "acme/stamp/edit",
            "acme/con",
            "acme/con/x",
            "acme-con/x",
            "acme/4K",
        ];
        let model = |id| {
            ModelSchema::parse(Some(id), &[json!({"properties": {}})])
                .0
                .unwrap()
        };
        let document = openapi(&ids.map(model));
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        let mut found: Vec<&str> = operations
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "cancel",
                "result",
                "status",
                "submit_acme__con_",
                "submit_acme__con___x",
                "submit_acme__stamp__edit",
                "submit_acme__stamp_edit",
                "submit_acme__v4k",
                "submit_acme_con__x",
            ]
        );
    }
}
