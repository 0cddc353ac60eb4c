//! `runcomfy code`: the program, and the curl call, that do what a command line does.

pub(crate) mod course;
mod curl;
mod json;
mod name;
pub(crate) mod program;

use clap::ArgMatches;
use serde_json::json;

use course::Course;
use program::Home;

use crate::failure::Failure;
use crate::input;
use crate::local_file;
use crate::model::{self, Named};
use crate::show::Format;

pub(crate) async fn code(
    matches: &ArgMatches,
    named: &Named,
    format: Format,
) -> Result<(), Failure> {
    // clap has made sure that there is one.
    let model_id = matches.get_one::<String>("model_id").map_or("", |id| id);
    let model = match named {
        Named::Known(model) => &model.schema,
        Named::Unknown(why) => return Err(input::unknown(model_id, why)),
        Named::Nothing => return Err(input::unknown(model_id, &model::hint(model_id))),
    };
    let given = input::given(matches, model).await?;
    let places: Vec<String> = model
        .input
        .media_in(&given)
        .into_iter()
        .map(|m| m.pointer)
        .collect();
    let at = |place: &String| given.pointer(place).and_then(|value| value.as_str());
    if places.iter().any(|place| at(place) == Some("-")) {
        return Err(Failure::usage(
            "standard input is not there any more when the program runs; name a file or a URL",
        ));
    }
    input::check(matches, model, given.clone(), false).await?;
    let is_file = |place: &&String| at(place).is_some_and(local_file::is_file);
    let files: Vec<&str> = places.iter().filter(is_file).map(String::as_str).collect();
    let built_in =
        matches.get_one::<String>("schema").is_none() && runcomfy_models::find(model_id).is_some();
    let course = Course::of(matches);
    let rust = if built_in {
        program::typed(model, &given, Home::Package, &course).text
    } else {
        program::untyped(model_id, &given, &files, &course)
    };
    let curl = curl::call(model_id, &given, &files)?;
    let json = json!({ "model_id": model_id, "rust": rust, "curl": curl });
    format.print(&json, || format!("{rust}\n{CURL}{}", commented(&curl)));
    Ok(())
}

const CURL: &str = "\
// The same with curl, behind the slashes. The token is that of RUNCOMFY_TOKEN, else of
// RUNCOMFY_API_TOKEN; the token.json of a login is not read: set one of them.
//
";

/// Behind slashes on each line, since no text ends such a comment as it may end others.
fn commented(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| format!("// {line}")).collect();
    lines.join("\n")
}
