//! `runcomfy validate`: everything that can be known before a job costs anything.

use clap::ArgMatches;
use serde_json::{Value, json};

use crate::failure::{Failure, Finding};
use crate::input::{self, Checked};
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
    let Checked { warnings, .. } = input::checked(matches, model, look).await?;
    let listed: Vec<Value> = warnings.iter().map(Finding::to_json).collect();
    let json = json!({ "model_id": model_id, "valid": true, "warnings": listed });
    format.print(&json, || said(model_id, &warnings));
    Ok(())
}

fn said(model_id: &str, warnings: &[Finding]) -> String {
    let warnings = warnings.iter();
    let mut lines: Vec<String> = warnings
        .map(|warning| format!("warning: {}", warning.in_words()))
        .collect();
    lines.push(format!("valid for {model_id}; nothing was sent"));
    lines.join("\n")
}
