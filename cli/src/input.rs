//! The input of a job: read, put together, and held against its schema and its media's rules.

use std::io::Read;

use clap::ArgMatches;
use runcomfy::{Constraint, Json, ModelSchema, Prober, Violation, Violations, nearest};
use serde_json::Map;

use crate::failure::Failure;
use crate::{flags, local_file};

/// The input from `--input` and the flags, with files attached, once nothing in it is certain to
/// be refused. What may be refused is told as a warning.
pub(crate) async fn checked(
    matches: &ArgMatches,
    model_id: &str,
    emulate: bool,
) -> Result<Json, Failure> {
    let Some(model) = runcomfy_models::find(model_id) else {
        return unknown_model(matches, model_id, emulate);
    };
    let input = with_files(matches, model)?;
    // An emulated run costs nothing, and should work without a network.
    let look = !emulate && !matches.get_flag("no-check-media");
    let violations = violations(matches, model, &input, look).await?;
    if violations.refuse() {
        return Err(Failure::violations(model_id, violations));
    }
    for warning in &violations {
        eprintln!("warning: {warning}");
    }
    Ok(input)
}

/// The input, with the files that it names inside of it.
pub(crate) fn with_files(matches: &ArgMatches, model: &ModelSchema) -> Result<Json, Failure> {
    let mut input = given(matches)?.unwrap_or_default();
    flags::apply(model, matches, &mut input);
    let mut input = Json::Object(input);
    local_file::attach(model, &mut input)?;
    Ok(input)
}

/// Everything that is wrong with an input, or may be.
pub(crate) async fn violations(
    matches: &ArgMatches,
    model: &ModelSchema,
    input: &Json,
    look: bool,
) -> Result<Violations, Failure> {
    let mut violations = Violations::default();
    violations.extend(model.validate(input).into_iter().map(or_a_file));
    if look {
        let prober = prober(matches)?;
        violations.extend(prober.check(&model.input.media_in(input)).await);
    }
    Ok(violations)
}

/// What looks at media behind URLs.
pub(crate) fn prober(matches: &ArgMatches) -> Result<Prober, Failure> {
    let builder = Prober::builder().allow_loopback(matches.get_flag("allow-loopback"));
    Ok(builder.build()?)
}

/// Here a file would do as well, so what is no URL was perhaps meant as one.
fn or_a_file(mut violation: Violation) -> Violation {
    let text = violation.actual.as_str();
    if violation.rule == Constraint::Format && text.is_some_and(local_file::could_be_path) {
        violation.expected += ", or the path of a file (there is none of this name)";
    }
    violation
}

/// The service may know models that are not built in; their input is sent as it is, but only
/// where the caller cannot have meant another.
fn unknown_model(matches: &ArgMatches, model_id: &str, emulate: bool) -> Result<Json, Failure> {
    match given(matches)? {
        Some(input) if !emulate => {
            let hint = hint(model_id);
            eprintln!(
                "warning: the model `{model_id}` is not built in, so its input is not checked; {hint}"
            );
            Ok(Json::Object(input))
        }
        _ => Err(not_built_in(model_id)),
    }
}

pub(crate) fn not_built_in(model_id: &str) -> Failure {
    let hint = hint(model_id);
    Failure::input(format!("the model `{model_id}` is not built in; {hint}"))
}

fn hint(model_id: &str) -> String {
    let ids = runcomfy_models::ALL.iter().map(|model| &*model.id);
    match nearest(model_id, ids) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`runcomfy models list` lists those that are".to_owned(),
    }
}

/// What `--input` or `--input-file` gives.
fn given(matches: &ArgMatches) -> Result<Option<Map<String, Json>>, Failure> {
    let inline = matches.get_one::<String>("input").map(String::as_str);
    let file = matches.get_one::<String>("input-file").map(String::as_str);
    let (text, from) = match (inline, file) {
        (Some("-"), _) | (_, Some("-")) => (read_stdin()?, "standard input".to_owned()),
        (Some(input), _) => match input.strip_prefix('@') {
            Some(path) => (read_file(path)?, format!("`{path}`")),
            None => (input.to_owned(), "--input".to_owned()),
        },
        (None, Some(path)) => (read_file(path)?, format!("`{path}`")),
        (None, None) => return Ok(None),
    };
    match serde_json::from_str(&text) {
        Ok(Json::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(Failure::input(format!(
            "found other JSON in {from}, expected an object such as {{\"prompt\": \"…\"}}"
        ))),
        Err(error) => Err(Failure::input(format!("{from} is not JSON: {error}"))),
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::unreadable(format!(
            "could not read standard input: {error}"
        ))),
    }
}

fn read_file(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| Failure::unreadable(format!("could not read `{path}`: {e}")))
}
