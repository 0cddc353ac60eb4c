//! The tool `validate`, and the check of an input before its submit.

use std::sync::Arc;
use std::time::Duration;

use runcomfy::schema::{Certainty, Constraint, Json, MediaInput, MediaSource};
use runcomfy::{Violation, Violations};
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::models::Model;
use crate::refusal::Refusal;
use crate::shared::LocalFiles;

/// Maximum time for media behind URLs, where a call is to answer soon.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(20);

/// An input that its schema allows.
pub(super) struct Checked {
    /// Violations that the service may accept, and what was not checked.
    pub(super) warnings: Vec<Value>,
}

impl Call<'_> {
    pub(super) async fn validate(&self) -> Result<Map<String, Value>, Refusal> {
        let input = self.arguments.input()?;
        let model = self.shared.models.find(self.model_id()?).await?;
        let checked = self.check(&model, &input, MEDIA_TIMEOUT).await?;
        Ok(object(json!({
            "valid": true,
            "warnings": checked.warnings,
            "next": "Call `price`, then `submit`.",
        })))
    }

    /// Checks an input by its schema, and its media by their rules. Nothing is sent to the service.
    ///
    /// # Errors
    /// All violations at once.
    pub(super) async fn check(
        &self,
        model: &Model,
        input: &Json,
        media_timeout: Duration,
    ) -> Result<Checked, Refusal> {
        let mut input = input.clone();
        let mut of_files = Vec::new();
        if self.local_files == LocalFiles::Refuse {
            of_files = no_urls(model, &input);
        } else if let Some(attach) = &self.shared.settings.attach {
            (input, of_files) = attach(Arc::clone(&model.schema), input).await;
        }
        let mut violations = Violations::default();
        // A path that has a violation as a file is not reported as an invalid URL too.
        let is_file = |violation: &Violation| {
            let mut files = of_files.iter();
            files.any(|file| file.pointer == violation.pointer)
        };
        let of_values = model.schema.validate(&input).into_iter();
        violations.extend(of_values.filter(|violation| !is_file(violation)));
        violations.extend(of_files);
        let mut warnings = Vec::new();
        if !model.schema.input.media_in(&input).is_empty() {
            let media = self.shared.client.check_media(&model.schema, &input);
            match tokio::time::timeout(media_timeout, media).await {
                Ok(Ok(found)) => violations.extend(found),
                Ok(Err(error)) => {
                    warnings.push(format!("the media were not checked: {error}").into());
                }
                Err(_) => warnings
                    .push("the media were not checked, since they did not respond in time".into()),
            }
        }
        if violations.refuse() {
            return Err(refusal(model, &violations));
        }
        warnings.extend(violations.iter().map(to_json));
        Ok(Checked { warnings })
    }
}

/// Returns a violation for each of the media that is no URL. Whether a local file exists is not told.
fn no_urls(model: &Model, input: &Json) -> Vec<Violation> {
    let is_url = |text: &str| {
        let mut schemes = ["https://", "http://", "data:"].into_iter();
        schemes.any(|scheme| text.starts_with(scheme))
    };
    let media = model.schema.input.media_in(input).into_iter();
    let violation = |found: MediaInput<'_, '_>| {
        let MediaSource::Url(text) = found.source else {
            return None;
        };
        let expected = "a public https:// URL or a data: URI; local files are sent only where the program for agents starts `runcomfy mcp` itself";
        let violation = || {
            let certain = Certainty::Certain;
            let name = Json::from(text).to_string();
            Violation::new(
                found.pointer.clone(),
                Constraint::Media,
                certain,
                name,
                expected,
            )
        };
        (!is_url(text)).then(violation)
    };
    media.filter_map(violation).collect()
}

fn refusal(model: &Model, violations: &Violations) -> Refusal {
    let certain = |violation: &&Violation| violation.certainty == Certainty::Certain;
    let texts: Vec<String> = violations
        .iter()
        .filter(certain)
        .map(ToString::to_string)
        .collect();
    let list: Vec<Value> = violations.iter().map(to_json).collect();
    let next = format!(
        "Fix these values, and call it again. `model_schema` with the model `{}` has all properties.",
        model.id()
    );
    let message = format!("the input is invalid: {}", texts.join("; "));
    Refusal::new(message, next)
        .before_submit()
        .with("violations", list)
}

/// Returns a violation as JSON. A list of what is allowed is its limit, and the message names it: a text would be the
/// third.
fn to_json(violation: &Violation) -> Value {
    let mut value = json!(violation);
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
        if members.get("limit").is_some_and(Value::is_array) {
            members.remove("text");
        }
    }
    value
}
