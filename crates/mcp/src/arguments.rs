//! The arguments of a call.

use runcomfy::schema::{Json, nearest};
use runcomfy_batch::{JobId, Money};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The arguments of a call, with errors that say what is expected.
pub(crate) struct Arguments {
    members: Map<String, Value>,
}

impl Arguments {
    /// Takes the arguments of a tool.
    ///
    /// # Errors
    /// If there is one that the tool does not have: it may be a misspelt one that matters.
    pub(crate) fn new(
        given: Option<Map<String, Value>>,
        allowed: &[String],
    ) -> Result<Self, Refusal> {
        let mut members = given.unwrap_or_default();
        // Programs fill in what they have no value for.
        members.retain(|_, value| !value.is_null());
        let unknown = members.keys().find(|name| !allowed.contains(name));
        if let Some(name) = unknown {
            let near = nearest(name, allowed.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Refusal::new(
                format!("found the argument `{name}`, which the tool does not have{hint}"),
                format!("Call it with these arguments: {}.", allowed.join(", ")),
            ));
        }
        Ok(Self { members })
    }

    /// Returns a digest of them as arguments of a tool.
    pub(crate) fn digest(&self, tool: &str) -> JobId {
        JobId::from_content(tool, &Json::Object(self.members.clone()))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        match self.optional_text(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(missing(name, "a text")),
        }
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(unexpected(name, other, "a text")),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(unexpected(name, other, "true or false")),
        }
    }

    /// Returns a number in a range, or its default.
    pub(crate) fn count(&self, name: &str, default: u64, max: u64) -> Result<u64, Refusal> {
        let Some(value) = self.members.get(name) else {
            return Ok(default);
        };
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number
            .map(|number| number.min(max))
            .ok_or_else(|| unexpected(name, value, &format!("a whole number of 0 to {max}")))
    }

    pub(crate) fn money(&self, name: &str) -> Result<Option<Money>, Refusal> {
        let Some(value) = self.members.get(name) else {
            return Ok(None);
        };
        let sum = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64().and_then(Money::from_usd),
        };
        let sum = sum.ok_or_else(|| unexpected(name, value, "a sum in US dollars, such as 0.04"));
        sum.map(Some)
    }

    /// Returns the input of a job. Some programs pass an object as its JSON text.
    pub(crate) fn input(&self) -> Result<Json, Refusal> {
        const EXPECTED: &str =
            "an object with the properties of the model, as `model_schema` lists them";
        match self.members.get("input") {
            None => Err(missing("input", EXPECTED)),
            Some(value) => as_object(value).ok_or_else(|| unexpected("input", value, EXPECTED)),
        }
    }

    pub(crate) fn list(&self, name: &str) -> Result<Vec<Value>, Refusal> {
        const EXPECTED: &str = "a list of objects";
        match self.members.get(name) {
            None => Err(missing(name, EXPECTED)),
            Some(Value::Array(items)) => Ok(items.clone()),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map_err(|_| unexpected(name, &text.as_str().into(), EXPECTED)),
            Some(other) => Err(unexpected(name, other, EXPECTED)),
        }
    }

    /// Returns the id of a job that the caller chooses.
    pub(crate) fn key(&self, name: &str) -> Result<JobId, Refusal> {
        let text = self.text(name)?;
        text.parse().map_err(|error| {
            Refusal::new(
                format!("`{name}` is {error}"),
                "Choose a short one that stands for this job, such as `boat-1`, and use it again if you repeat the call.",
            )
        })
    }
}

/// Returns a value as an object, also where it is the JSON text of one.
pub(crate) fn as_object(value: &Value) -> Option<Json> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::String(text) => {
            let parsed: Option<Value> = serde_json::from_str(text).ok();
            parsed.filter(Value::is_object)
        }
        _ => None,
    }
}

fn missing(name: &str, expected: &str) -> Refusal {
    Refusal::new(
        format!("`{name}` is missing, expected {expected}"),
        "Call the tool again with it.",
    )
}

fn unexpected(name: &str, found: &Value, expected: &str) -> Refusal {
    Refusal::new(
        format!("`{name}` is {}, expected {expected}", shortened(found)),
        "Call the tool again with another value.",
    )
}

/// Returns a value as JSON, cut where it is long.
pub(crate) fn shortened(value: &Value) -> String {
    const MAX_CHARS: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
