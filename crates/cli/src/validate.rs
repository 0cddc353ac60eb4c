//! The command `runcomfy validate`: checks an input and its media without submitting anything.

use clap::ArgMatches;
use serde_json::json;

use crate::failure::Failure;
use crate::format::Format;
use crate::input::{self, CheckMedia};
use crate::model::{self, Named};

/// Checks the input, and prints its warnings.
///
/// # Errors
/// If the model is unknown, or the input has violations.
pub(crate) async fn validate(
    matches: &ArgMatches,
    named: &Named,
    format: Format,
) -> Result<(), Failure> {
    let model_id = matches
        .get_one::<String>("model_id")
        .map_or("", String::as_str);
    let model = match named {
        Named::Known(model) => &model.schema,
        Named::Unknown(why) => return Err(input::unknown(model_id, why)),
        Named::Nothing => return Err(input::unknown(model_id, &model::hint(model_id))),
    };
    let check_media = CheckMedia::from_matches(matches);
    let checked = input::checked(matches, model, check_media)
        .await?
        .warned(named);
    let json = json!({
        "model_id": model_id,
        "valid": true,
        "warnings": checked.warnings_json(),
    });
    format.print(&json, || {
        let verdict = format!("valid for {model_id}; nothing was submitted");
        let lines: Vec<String> = checked.warning_lines().chain([verdict]).collect();
        lines.join("\n")
    });
    Ok(())
}
