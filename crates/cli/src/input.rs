//! The input of a job: read, put together, and held against its schema and its media's rules.

use clap::ArgMatches;
use runcomfy::media::Prober;
use runcomfy::schema::{Constraint, Json, ModelSchema};
use runcomfy::{Violation, Violations};
use serde_json::{Map, json};

use crate::failure::{Failure, Finding};
use crate::local_file::Unfit;
use crate::model::Named;
use crate::patience::telling;
use crate::{flags, local_file, show};

/// An input of which nothing is certain to be refused, with the files that it names inside of it,
/// and what may be refused all the same.
pub(crate) struct Checked {
    pub(crate) json: Json,
    warnings: Vec<Finding>,
    /// What was not checked, and why.
    unchecked: Vec<String>,
}

impl Checked {
    /// The same with what is odd in the model's schema, and so is not checked.
    pub(crate) fn warned(mut self, named: &Named) -> Self {
        let warnings = named.known().map(|model| &model.warnings);
        self.unchecked
            .extend(warnings.into_iter().flatten().cloned());
        self
    }

    /// A line for each warning.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        let findings = self.warnings.iter().map(Finding::in_words);
        let all = self.unchecked.iter().cloned().chain(findings);
        all.map(|warning| format!("warning: {warning}"))
    }

    /// The same as data.
    pub(crate) fn warnings_json(&self) -> Vec<Json> {
        let unchecked = self.unchecked.iter().map(|text| json!({ "text": text }));
        let findings = self.warnings.iter().map(Finding::to_json);
        unchecked.chain(findings).collect()
    }
}

/// The input from `--input` and the flags, once it is checked: its values, and the media behind
/// URLs where `look` says so.
pub(crate) async fn checked(
    matches: &ArgMatches,
    model: &ModelSchema,
    look: bool,
) -> Result<Checked, Failure> {
    check(matches, model, given(matches, model).await?, look).await
}

/// The same for an input that was read before.
pub(crate) async fn check(
    matches: &ArgMatches,
    model: &ModelSchema,
    mut json: Json,
    look: bool,
) -> Result<Checked, Failure> {
    let unfit = local_file::attach(model, &mut json, reads_stdin(matches)).await?;
    let unreadable = unfit.unreadable;
    let violations = violations(matches, model, &json, unfit, look).await?;
    let refused = violations.refuse();
    let finding = |violation: Violation| Finding {
        flag: flags::flag_at(model, matches, &json, &violation.pointer),
        violation,
    };
    let findings: Vec<Finding> = violations.into_iter().map(finding).collect();
    if refused {
        let only_unreadable = findings.len() == unreadable;
        let failure = Failure::violations(&model.id, findings);
        return Err(if only_unreadable {
            failure.of_a_file()
        } else {
            failure
        });
    }
    Ok(Checked {
        warnings: findings,
        unchecked: Vec::new(),
        json,
    })
}

/// The input as it was given, files by their names.
pub(crate) async fn given(matches: &ArgMatches, model: &ModelSchema) -> Result<Json, Failure> {
    let mut input = whole(matches).await?.unwrap_or_default();
    flags::apply(model, matches, &mut input);
    Ok(Json::Object(input))
}

async fn violations(
    matches: &ArgMatches,
    model: &ModelSchema,
    input: &Json,
    unfit: Unfit,
    look: bool,
) -> Result<Violations, Failure> {
    let mut violations = Violations::default();
    // A file that does not fit is no URL either, which goes without saying.
    let told = |found: &Violation| unfit.violations.iter().any(|v| v.pointer == found.pointer);
    let found = model.validate(input).into_iter().filter(|v| !told(v));
    violations.extend(found.map(or_a_file));
    violations.extend(unfit.violations);
    let media = model.input.media_in(input);
    if look && !media.is_empty() {
        let prober = prober(matches)?;
        let say = || show::note_while_waiting(matches, "looking at the media behind the URLs");
        violations.extend(telling(prober.check(&media), say).await);
    }
    Ok(violations)
}

/// What looks at media behind URLs.
pub(crate) fn prober(matches: &ArgMatches) -> Result<Prober, Failure> {
    let builder = Prober::builder().allow_loopback(matches.get_flag("allow-loopback"));
    builder
        .build()
        .map_err(|error| Failure::usage(error.to_string()))
}

/// Here a file would do as well, so what is no URL was perhaps meant as one.
fn or_a_file(mut violation: Violation) -> Violation {
    let text = violation.actual.as_str();
    if violation.rule == Constraint::Format && text.is_some_and(local_file::could_be_path) {
        violation.expected += ", or the path of a file (there is none of this name)";
    }
    violation
}

/// The input for a model whose schema is not known, which is sent as it is; without one the caller
/// cannot mean a model that is not known.
pub(crate) async fn unchecked(
    matches: &ArgMatches,
    model_id: &str,
    named: &Named,
) -> Result<Checked, Failure> {
    let why = match named {
        Named::Unknown(why) => why,
        _ => "it is not built in",
    };
    match whole(matches).await? {
        Some(input) => Ok(Checked {
            json: Json::Object(input),
            warnings: Vec::new(),
            unchecked: vec![format!(
                "the input for `{model_id}` is not checked, since its schema is not known: {why}"
            )],
        }),
        None => Err(unknown(model_id, why)),
    }
}

pub(crate) fn unknown(model_id: &str, why: &str) -> Failure {
    Failure::input(format!("the model `{model_id}` is not known: {why}"))
}

/// Whether the input itself comes from standard input.
fn reads_stdin(matches: &ArgMatches) -> bool {
    let is_dash = |name| {
        matches
            .get_one::<String>(name)
            .is_some_and(|text| text == "-" || text == "@-")
    };
    is_dash("input") || is_dash("input-file")
}

/// What `--input` or `--input-file` gives.
async fn whole(matches: &ArgMatches) -> Result<Option<Map<String, Json>>, Failure> {
    let inline = matches.get_one::<String>("input").map(String::as_str);
    let file = matches.get_one::<String>("input-file").map(String::as_str);
    let (text, from) = match (inline, file) {
        (Some("-"), _) | (_, Some("-")) => (read_stdin().await?, "standard input".to_owned()),
        (Some(input), _) => match input.strip_prefix('@') {
            Some("-") => (read_stdin().await?, "standard input".to_owned()),
            Some(path) => (read_file(path).await?, format!("`{path}`")),
            None => (input.to_owned(), "--input".to_owned()),
        },
        (None, Some(path)) => (read_file(path).await?, format!("`{path}`")),
        (None, None) => return Ok(None),
    };
    // As editors on Windows write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match serde_json::from_str(text) {
        Ok(Json::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(Failure::input(format!(
            "found other JSON in {from}, expected an object such as {{\"prompt\": \"…\"}}"
        ))),
        Err(error) => Err(Failure::input(format!("{from} is not JSON: {error}"))),
    }
}

async fn read_stdin() -> Result<String, Failure> {
    let read = local_file::aside(|| std::io::read_to_string(std::io::stdin())).await;
    read.map_err(|e| Failure::unreadable(format!("could not read standard input: {e}")))
}

async fn read_file(path: &str) -> Result<String, Failure> {
    let file = path.to_owned();
    let read = local_file::aside(move || std::fs::read_to_string(file)).await;
    read.map_err(|e| Failure::unreadable(format!("could not read `{path}`: {e}")))
}
