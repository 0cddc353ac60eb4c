//! `runcomfy validate`: everything that can be known before a job costs anything.

use clap::ArgMatches;
use serde_json::json;

use crate::failure::Failure;
use crate::input;
use crate::model::{self, Named};
use crate::show::Format;

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
    let look = !matches.get_flag("no-check-media");
    let checked = input::checked(matches, model, look).await?.warned(named);
    let json = json!({
        "model_id": model_id,
        "valid": true,
        "warnings": checked.warnings_json(),
    });
    format.print(&json, || {
        let said = format!("valid for {model_id}; nothing was sent");
        let lines: Vec<String> = checked.warnings().chain([said]).collect();
        lines.join("\n")
    });
    Ok(())
}
