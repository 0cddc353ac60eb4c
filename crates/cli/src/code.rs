//! The command `runcomfy code`: prints a Rust program and a curl call that do what `run` does.

mod curl;
mod json;
mod name;
pub(crate) mod program;
pub(crate) mod steps;

use clap::ArgMatches;
use serde_json::json;

use program::Home;
use steps::Steps;

use crate::failure::Failure;
use crate::format::Format;
use crate::input::CheckMedia;
use crate::model::{self, Named};
use crate::{input, local_file};

/// Prints the program and the call.
///
/// # Errors
/// If the model is unknown, the input has violations, or it names standard input.
pub(crate) async fn code(
    matches: &ArgMatches,
    named: &Named,
    format: Format,
) -> Result<(), Failure> {
    // clap requires one.
    let model_id = matches.get_one::<String>("model_id").map_or("", |id| id);
    let model = match named {
        Named::Known(model) => &model.schema,
        Named::Unknown(why) => return Err(input::unknown(model_id, why)),
        Named::Nothing => return Err(input::unknown(model_id, &model::hint(model_id))),
    };
    let given = input::given(matches, model).await?;
    let pointers: Vec<String> = model
        .input
        .media_in(&given)
        .into_iter()
        .map(|m| m.pointer)
        .collect();
    let text_at = |pointer: &String| given.pointer(pointer).and_then(|value| value.as_str());
    if pointers.iter().any(|pointer| text_at(pointer) == Some("-")) {
        return Err(Failure::usage(
            "`-` means standard input, which the printed program does not have; pass a file or a URL",
        ));
    }
    input::check(matches, model, given.clone(), CheckMedia::None).await?;
    let is_file = |pointer: &&String| text_at(pointer).is_some_and(local_file::is_file);
    let files: Vec<&str> = pointers
        .iter()
        .filter(is_file)
        .map(String::as_str)
        .collect();
    let built_in =
        matches.get_one::<String>("schema").is_none() && runcomfy_models::find(model_id).is_some();
    let steps = Steps::from_matches(matches);
    let rust = if built_in {
        program::typed(model, &given, Home::Package, &steps).text
    } else {
        program::untyped(model_id, &given, &files, &steps)
    };
    let curl = curl::call(model_id, &given, &files)?;
    let json = json!({ "model_id": model_id, "rust": rust, "curl": curl });
    format.print(&json, || format!("{rust}\n{CURL}{}", commented(&curl)));
    Ok(())
}

const CURL: &str = "\
// The same submit with curl, as a comment. It reads the token from RUNCOMFY_TOKEN, else from
// RUNCOMFY_API_TOKEN, but not from the token.json of a login: set one of the variables.
//
";

/// Returns the text as line comments, which no text can end early, unlike a block comment.
fn commented(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| format!("// {line}")).collect();
    lines.join("\n")
}
