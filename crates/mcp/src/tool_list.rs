//! The list of tools: few, with schemas on demand, so that it takes little of a model's context.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use runcomfy::schema::ModelSchema;
use serde_json::{Value, json};

/// Effect of a tool.
#[derive(Clone, Copy)]
enum Effect {
    /// The tool changes nothing and costs nothing.
    Reads,
    /// The tool may cost money.
    Pays,
    /// The tool ends a job.
    Cancels,
    /// The tool writes a file, and replaces an earlier one.
    Writes,
}

/// Start of the names of typed tools.
const TYPED: &str = "submit_";
/// Maximum length of a tool's name for all clients.
const MAX_NAME: usize = 64;

const SUBMIT: &str = "Submits a job, which COSTS MONEY, and answers within 10 s without waiting for its end. `key` is yours to choose: a repeated call with the same key is the same job, and never pays twice. So if an answer is lost or a call times out, repeat it with the SAME key.";

/// Returns the tools that every server has.
pub(crate) fn plain() -> Vec<Tool> {
    let lists = [before_submit(), of_job(), of_batch()];
    lists.into_iter().flatten().collect()
}

/// Returns the tools up to a submit.
fn before_submit() -> Vec<Tool> {
    use Effect::{Pays, Reads};
    let model = text("Model id, such as bytedance/dreamina-4-0/text-to-image");
    let input = json!({ "type": "object", "description": "Properties of the model, by its schema. Media are public https URLs or paths of local files" });
    let cost = cost();
    let key = key();
    let of_input = || json!({ "model": model, "input": input });
    vec![
        tool(
            "search_models",
            "Finds models for images, videos and audio: ids, prices, categories.",
            Reads,
            &json!({
                "query": text("Words of its id, name, categories or description, in any order"),
                "category": text("Such as image or video"),
                "limit": { "type": "integer", "maximum": 100 },
                "offset": { "type": "integer" },
            }),
            &[],
        ),
        tool(
            "model_schema",
            "Returns the JSON Schema of a model's input, with its price.",
            Reads,
            &json!({ "model": model }),
            &["model"],
        ),
        tool(
            "validate",
            "Checks an input and its media, without cost: all violations with pointers, limits and hints.",
            Reads,
            &of_input(),
            &["model", "input"],
        ),
        tool(
            "price",
            "Estimates the cost of a job, without cost.",
            Reads,
            &of_input(),
            &["model", "input"],
        ),
        tool(
            "submit",
            SUBMIT,
            Pays,
            &json!({ "model": model, "input": input, "key": key, "confirmed_cost": cost }),
            &["model", "input", "key"],
        ),
    ]
}

/// Returns the tools for a job that was submitted, and for the account.
fn of_job() -> Vec<Tool> {
    use Effect::{Cancels, Reads};
    let id = text("The key of `submit`, or a request_id");
    vec![
        tool(
            "wait",
            "Waits at most 45 s for the end of a job. If it has not ended by then, call it again with the same id; that is free.",
            Reads,
            &json!({ "id": id, "seconds": { "type": "integer", "maximum": 45 } }),
            &["id"],
        ),
        tool(
            "result",
            "Returns the state of a job at once; of one that has succeeded its saved files as links, its cost, and a small preview.",
            Reads,
            &json!({ "id": id, "preview": { "type": "boolean", "description": "Default: true" } }),
            &["id"],
        ),
        tool(
            "cancel",
            "Cancels a job. One that runs at the service already is charged anyway.",
            Cancels,
            &json!({ "id": id }),
            &["id"],
        ),
        tool(
            "balance",
            "Returns the balance of the account, and the budget with what is spent and left of it.",
            Reads,
            &json!({}),
            &[],
        ),
    ]
}

/// Returns the tools for many jobs.
fn of_batch() -> Vec<Tool> {
    use Effect::{Pays, Reads, Writes};
    let cost = cost();
    vec![
        tool(
            "batch_submit",
            "Submits 1 to 200 jobs, which COSTS MONEY. A repeated call with the same `batch` submits only jobs that it does not have. All jobs are checked first, and none is submitted if one is invalid.",
            Pays,
            &json!({
                "batch": text("Name of the batch, yours to choose"),
                "jobs": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "key": text("Default: its number in the list"),
                            "model": text("Default: `model` of the call"),
                            "input": { "type": "object" },
                        },
                        "required": ["input"],
                    },
                },
                "model": text("Model of jobs that name none"),
                "confirmed_cost": cost,
            }),
            &["batch", "jobs"],
        ),
        tool(
            "batch_status",
            "Counts jobs by state and shows the money, doubts and failures: of a batch, or of all jobs.",
            Reads,
            &json!({ "batch": text("Default: all jobs") }),
            &[],
        ),
        tool(
            "batch_report",
            "Writes a report of all jobs to a file, and returns its path.",
            Writes,
            &json!({
                "format": { "type": "string", "enum": ["html", "csv", "jsonl"], "description": "Default: html" },
                "inputs": { "type": "boolean", "description": "false leaves the prompts out" },
            }),
            &[],
        ),
    ]
}

/// Returns the tool that submits jobs of one model, with the schema of its input.
pub(crate) fn typed(model: &ModelSchema) -> Tool {
    let about = format!(
        "Submits a job of {}, which COSTS MONEY, as `submit` does: a repeated call with the same `key` never pays twice.",
        model.id
    );
    let mut input = model.input.to_json_schema();
    shorten(&mut input);
    let properties = json!({
        "input": input,
        "key": key(),
        "confirmed_cost": cost(),
    });
    tool(
        &typed_name(&model.id),
        &about,
        Effect::Pays,
        &properties,
        &["input", "key"],
    )
}

/// Removes from a schema what no call needs to be right: examples, and rules of media, whose violations say what is
/// allowed. `model_schema` has them.
fn shorten(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    members.retain(|name, _| name != "examples" && name != "x-runcomfy-validations");
    for (name, value) in members {
        match value {
            Value::Object(named) if name == "properties" => named.values_mut().for_each(shorten),
            Value::Object(_) if name == "items" => shorten(value),
            Value::Array(list) if ["anyOf", "oneOf", "allOf"].contains(&&**name) => {
                list.iter_mut().for_each(shorten);
            }
            _ => {}
        }
    }
}

/// Returns the name of the tool of a model.
pub(crate) fn typed_name(model_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = model_id.chars().map(plain).collect();
    // The last segments of an id say more than the vendor.
    let start = name.len().saturating_sub(MAX_NAME - TYPED.len());
    format!("{TYPED}{}", &name[start..])
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn key() -> Value {
    text("Your own name for this job, such as boat-1; another key is another paid job")
}

fn cost() -> Value {
    json!({ "type": "number", "description": "US dollars as `price` has them, once the user agrees" })
}

fn tool(name: &str, about: &str, effect: Effect, properties: &Value, required: &[&str]) -> Tool {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let schema: JsonObject = schema.as_object().cloned().unwrap_or_default();
    let hints = ToolAnnotations::new();
    let hints = match effect {
        Effect::Reads => hints.read_only(true),
        Effect::Pays => hints.read_only(false).destructive(true).idempotent(true),
        Effect::Cancels => hints
            .read_only(false)
            .destructive(true)
            .idempotent(true)
            .open_world(true),
        Effect::Writes => hints
            .read_only(false)
            .destructive(false)
            .idempotent(true)
            .open_world(false),
    };
    Tool::new(name.to_owned(), about.to_owned(), Arc::new(schema)).with_annotations(hints)
}
