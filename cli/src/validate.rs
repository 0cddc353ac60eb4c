//! `runcomfy validate`: everything that can be known before a job costs anything.

use clap::ArgMatches;
use runcomfy::Violations;
use serde_json::json;

use crate::failure::Failure;
use crate::input;
use crate::show::Format;

pub(crate) async fn validate(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let model_id = matches
        .get_one::<String>("model_id")
        .map_or("", String::as_str);
    let model = runcomfy_models::find(model_id).ok_or_else(|| input::not_built_in(model_id))?;
    let input = input::with_files(matches, model)?;
    let look = !matches.get_flag("no-check-media");
    let violations = input::violations(matches, model, &input, look).await?;
    if violations.refuse() {
        return Err(Failure::violations(model_id, violations));
    }
    let json = json!({ "model_id": model_id, "valid": true, "warnings": violations });
    format.print(&json, || said(model_id, &violations));
    Ok(())
}

fn said(model_id: &str, warnings: &Violations) -> String {
    let mut lines: Vec<String> = warnings.iter().map(|w| format!("warning: {w}")).collect();
    lines.push(format!("valid for {model_id}; nothing was sent"));
    lines.join("\n")
}
