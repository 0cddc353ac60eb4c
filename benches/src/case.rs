//! Values for `bytedance/dreamina-4-0/edit`, and their validators.

use jsonschema::Validator;
use runcomfy_models::bytedance::dreamina_4_0::edit::{Input, Required, SCHEMA, WidthXHeight};
use runcomfy_schema::ModelSchema;
use serde_json::{Value, json};

use crate::Outcome;

/// One value in all its forms.
#[derive(Debug)]
pub struct Case {
    /// Name for the table.
    pub name: &'static str,
    /// As free JSON.
    pub json: Value,
    /// As a struct, where a struct can hold it.
    pub input: Option<Input>,
    /// Number of violations.
    pub violations: usize,
}

const URL: &str = "https://example.com/media/boat.png";

/// Maximum number of characters of the model's prompt.
const PROMPT: usize = 800;

impl Case {
    /// Returns the schema of all cases.
    #[must_use]
    pub fn model() -> &'static ModelSchema {
        &SCHEMA
    }

    /// Returns an independent validator of the same schema, which checks formats as the engine does.
    ///
    /// # Errors
    /// Fails if the exported schema is no JSON Schema.
    pub fn validator() -> Outcome<Validator> {
        let schema = SCHEMA.input.to_json_schema();
        let options = jsonschema::options().should_validate_formats(true);
        Ok(options.build(&schema)?)
    }

    /// Returns a valid value with every property; one with three violations that a struct can have; and
    /// one with three that only free JSON can have, whose texts are the most expensive.
    ///
    /// # Errors
    /// Fails if either validator does not find the expected violations.
    pub fn all() -> Outcome<[Self; 3]> {
        let valid = Input::new(Required {
            image_urls: [URL, URL],
            prompt: "A lighthouse at dusk, seen from a boat",
        })
        .force_single(false)
        .scale(0.7)
        .width_x_height(WidthXHeight::V2560x1440_16_9);
        // Eleven images of ten, one character too many, a number out of its range.
        let held = Input::new(Required {
            image_urls: [URL; 11],
            prompt: "x".repeat(PROMPT + 1),
        })
        .force_single(false)
        .scale(1.5)
        .width_x_height(WidthXHeight::V2560x1440_16_9);
        let mut free = serde_json::to_value(&valid)?;
        free["force_single"] = json!("yes");
        free["width×height"] = json!("2560x1440");
        free["size"] = json!("2K");
        let cases = [
            Self::typed("valid", valid, 0)?,
            Self::typed("three violations", held, 3)?,
            Self {
                name: "three violations of shape",
                json: free,
                input: None,
                violations: 3,
            },
        ];
        for case in &cases {
            case.check()?;
        }
        Ok(cases)
    }

    fn typed(name: &'static str, input: Input, violations: usize) -> Outcome<Self> {
        Ok(Self {
            name,
            json: serde_json::to_value(&input)?,
            input: Some(input),
            violations,
        })
    }

    fn check(&self) -> Outcome {
        let mut counts = vec![
            Self::model().validate(&self.json).len(),
            Self::validator()?.iter_errors(&self.json).count(),
        ];
        counts.extend(self.input.as_ref().map(Input::validate).map(|v| v.len()));
        if counts.iter().any(|count| *count != self.violations) {
            let (name, expected) = (self.name, self.violations);
            return Err(format!("{name}: found {counts:?} violations, expected {expected}").into());
        }
        Ok(())
    }
}
