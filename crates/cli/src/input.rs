//! The input of a job: read from flags and files, and checked against its schema and media rules.

use std::path::Path;

use clap::ArgMatches;
use runcomfy::media::Prober;
use runcomfy::schema::{Certainty, Constraint, Json, ModelSchema, nearest};
use runcomfy::{Violation, Violations};
use serde_json::{Map, json};

use crate::failure::Failure;
use crate::flag_violation::FlagViolation;
use crate::local_file::FileViolations;
use crate::model::Named;
use crate::notice::with_notice;
use crate::text_file::{read_file, read_stdin};
use crate::{flags, host, json_text, local_file, show, text_file};

/// The media of an input that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckMedia {
    All,
    None,
}

impl CheckMedia {
    /// Reads `--no-check-media`.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Self {
        if matches.get_flag("no-check-media") {
            Self::None
        } else {
            Self::All
        }
    }
}

/// An input without certain violations. It contains the files that it names.
pub(crate) struct Checked {
    pub(crate) json: Json,
    warnings: Vec<FlagViolation>,
    /// Parts that were not checked, with the reasons.
    unchecked: Vec<String>,
}

impl Checked {
    /// Adds the warnings about the schema of the model.
    pub(crate) fn warned(mut self, named: &Named) -> Self {
        let warnings = named.known().map(|model| &model.warnings);
        self.unchecked
            .extend(warnings.into_iter().flatten().cloned());
        self
    }

    /// Returns `true` if the service may refuse a value of the input.
    pub(crate) fn has_likely_violations(&self) -> bool {
        !self.warnings.is_empty()
    }

    /// Returns the text of each warning.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        let violations = self.warnings.iter().map(FlagViolation::to_text);
        self.unchecked.iter().cloned().chain(violations)
    }

    /// Returns a line for each warning.
    pub(crate) fn warning_lines(&self) -> impl Iterator<Item = String> {
        self.warnings().map(|warning| format!("warning: {warning}"))
    }

    /// Returns the warnings as JSON.
    pub(crate) fn warnings_json(&self) -> Vec<Json> {
        let unchecked = self.unchecked.iter().map(|text| json!({ "text": text }));
        let violations = self.warnings.iter().map(FlagViolation::to_json);
        unchecked.chain(violations).collect()
    }
}

/// Reads the input from `--input` and the flags, and checks its values; with `check_media` also the
/// media behind its URLs.
///
/// # Errors
/// If the input cannot be read, or has violations.
pub(crate) async fn checked(
    matches: &ArgMatches,
    model: &ModelSchema,
    check_media: CheckMedia,
) -> Result<Checked, Failure> {
    check(matches, model, given(matches, model).await?, check_media).await
}

/// Checks an input that [`given`] has read.
///
/// # Errors
/// If a file cannot be read, or the input has violations.
pub(crate) async fn check(
    matches: &ArgMatches,
    model: &ModelSchema,
    mut json: Json,
    check_media: CheckMedia,
) -> Result<Checked, Failure> {
    let extra = extra(matches, model).await?;
    let files = local_file::attach(model, &mut json).await;
    let unreadable = files.unreadable;
    let has_media = check_media == CheckMedia::All && !model.input.media_in(&json).is_empty();
    let prober = has_media
        .then(|| prober(matches.get_flag("allow-loopback")))
        .transpose()?;
    let notice = || show::note_while_waiting(matches, "checking the media behind the URLs");
    let judged = violations(model, &json, files, prober.as_ref());
    let mut violations = with_notice(judged, notice).await;
    // `validate` has no such flag.
    if matches.try_get_one("unchecked").ok().flatten() == Some(&true) {
        let mut passed = Violations::default();
        passed.extend(violations.into_iter().map(unless_known));
        violations = passed;
    }
    let refused = violations.refuse();
    let wrapper = wrapper(model, &json);
    let with_flag = |violation: Violation| FlagViolation {
        flag: flags::flag_at(model, matches, &json, &violation.pointer),
        violation,
    };
    let violations: Vec<FlagViolation> = violations.into_iter().map(with_flag).collect();
    if refused {
        let only_unreadable = violations.len() == unreadable;
        let failure = Failure::violations(&model.id, violations);
        let failure = match wrapper {
            Some((name, inner)) => failure.and_advice(&unwrapping(&name, &inner)),
            None => failure,
        };
        return Err(if only_unreadable {
            failure.into_unreadable()
        } else {
            failure
        });
    }
    let unchecked = empty_prompt(&json).into_iter().collect();
    if let Json::Object(input) = &mut json {
        input.extend(extra);
    }
    Ok(Checked {
        warnings: violations,
        unchecked,
        json,
    })
}

/// Returns what to write in place of an input that is wrapped.
fn unwrapping(name: &str, inner: &Json) -> String {
    /// Number of characters of an input that is written out.
    const MAX_CHARS: usize = 200;
    let inner = inner.to_string();
    let written = if inner.chars().count() <= MAX_CHARS && !inner.contains('\'') {
        format!(": --input '{inner}'")
    } else {
        ".".to_owned()
    };
    format!("The properties are inside `{name}`; give its value alone as the input{written}")
}

/// Returns the name around the input where it is wrapped, as in `{"input": {"prompt": "…"}}`, and the
/// input.
fn wrapper(model: &ModelSchema, json: &Json) -> Option<(String, Json)> {
    let known = model.input.properties().unwrap_or_default();
    let is_known = |name: &String| known.iter().any(|property| *property.name == **name);
    let has_known = |value: &Json| {
        let map = value.as_object();
        map.is_some_and(|map| map.keys().any(is_known))
    };
    let mut others = json.as_object()?.iter().filter(|(name, _)| !is_known(name));
    let found = others.find(|(_, value)| has_known(value));
    found.map(|(name, inner)| (name.clone(), inner.clone()))
}

/// Lets a property pass that the schema does not know, with a warning.
fn unless_known(mut violation: Violation) -> Violation {
    if violation.rule == Constraint::UnknownProperty {
        violation.certainty = Certainty::Likely;
    }
    violation
}

/// Reads the properties of `--extra`, which the schema must not know.
async fn extra(matches: &ArgMatches, model: &ModelSchema) -> Result<Map<String, Json>, Failure> {
    let extra = extra_properties(matches).await?;
    let known = model.input.properties().unwrap_or_default();
    let known = known
        .iter()
        .find(|property| extra.contains_key(&*property.name));
    match known {
        Some(property) => Err(Failure::usage(format!(
            "--extra has `{name}`, which is a property of `{}`; set it with its flag or --input",
            model.id,
            name = property.name
        ))),
        None => Ok(extra),
    }
}

async fn extra_properties(matches: &ArgMatches) -> Result<Map<String, Json>, Failure> {
    // `validate` has no such flag.
    match matches.try_get_one::<String>("extra").ok().flatten() {
        Some(text) => match text.strip_prefix('@') {
            Some(path) => json_text::parse(&read_file(path).await?, &format!("`{path}`")),
            None => json_text::parse(text, "--extra"),
        },
        None => Ok(Map::new()),
    }
}

/// Returns a warning about an empty prompt, which the service takes and charges.
pub(crate) fn empty_prompt(json: &Json) -> Option<String> {
    let is_empty = json.get("prompt")?.as_str()?.trim().is_empty();
    is_empty.then(|| "the prompt is empty".to_owned())
}

/// Reads the input from `--input` and the flags. Files are still paths.
///
/// # Errors
/// If a file of the input cannot be read, that of `--input` is not a JSON object, or standard input is
/// to be read more than once.
pub(crate) async fn given(matches: &ArgMatches, model: &ModelSchema) -> Result<Json, Failure> {
    let mut input = whole(matches).await?.unwrap_or_default();
    flags::apply(model, matches, &mut input);
    let mut input = Json::Object(input);
    let readers = usize::from(reads_stdin(matches))
        + text_file::on_stdin(model, matches, &input)
        + local_file::on_stdin(model, &input);
    if readers > 1 {
        return Err(Failure::usage(
            "`-` means standard input, which can be read only once; use a file for the others",
        ));
    }
    text_file::replace(model, matches, &mut input).await?;
    Ok(input)
}

/// Judges an input whose local files are attached: its values and files, and with `prober` the media behind
/// its URLs.
pub(crate) async fn violations(
    model: &ModelSchema,
    input: &Json,
    files: FileViolations,
    prober: Option<&Prober>,
) -> Violations {
    let mut violations = Violations::default();
    // A path that has a violation as a file is not reported as an invalid URL too.
    let is_file = |v: &Violation| {
        files
            .violations
            .iter()
            .any(|file| file.pointer == v.pointer)
    };
    let of_values = model.validate(input).into_iter().filter(|v| !is_file(v));
    violations.extend(of_values.map(or_a_file));
    violations.extend(files.violations);
    let Some(prober) = prober else {
        return violations;
    };
    let media = model.input.media_in(input);
    let mut found: Vec<Violation> = prober.check(&media).await.into_iter().collect();
    for violation in &mut found {
        if violation.rule == Constraint::Format {
            refuse_missing_host(violation, input).await;
        }
    }
    violations.extend(found);
    violations
}

/// Makes the violation of a URL certain if there is no host of its name, so that nobody can fetch it.
async fn refuse_missing_host(violation: &mut Violation, input: &Json) {
    let url = input.pointer(&violation.pointer).and_then(Json::as_str);
    if let Some(host) = host::missing(url.unwrap_or_default()).await {
        violation.certainty = Certainty::Certain;
        violation.found = format!("the host `{host}`, which does not exist");
    }
}

/// Returns the prober that checks the media behind URLs.
///
/// # Errors
/// If the HTTP client cannot be built.
pub(crate) fn prober(allow_loopback: bool) -> Result<Prober, Failure> {
    let builder = Prober::builder().allow_loopback(allow_loopback);
    builder
        .build()
        .map_err(|error| Failure::usage(error.to_string()))
}

/// Explains the violation of a text that is not a URL: on the command line it may be a path.
fn or_a_file(mut violation: Violation) -> Violation {
    let Some(text) = violation
        .actual
        .as_str()
        .filter(|_| violation.rule == Constraint::Format)
    else {
        return violation;
    };
    if text.trim().is_empty() {
        return violation;
    }
    let parts: Vec<&str> = text.split(',').collect();
    let expected = "a public https:// URL or a data: URI, or the path of a file";
    if parts.len() > 1 && parts.iter().all(|part| Path::new(part).is_file()) {
        violation.expected = format!("{expected}; give the flag once for each file");
    } else if let Some(url) = corrected_url(text) {
        violation.hint = Some(url);
        expected.clone_into(&mut violation.expected);
    } else if let Some(path) = text.strip_prefix("file://") {
        violation.hint = Some(path.to_owned()).filter(|path| Path::new(path).is_file());
        expected.clone_into(&mut violation.expected);
    } else if serde_json::from_str::<Vec<String>>(text).is_ok() {
        violation.expected = format!("{expected}; give the flag once for each item");
    } else if local_file::could_be_path(text) {
        violation.found = format!("no such file: {text}");
        expected.clone_into(&mut violation.expected);
    }
    violation
}

/// Returns the `https://` URL that a text without a scheme, or with a misspelt one, probably means.
fn corrected_url(text: &str) -> Option<String> {
    if text.starts_with("www.") {
        return Some(format!("https://{text}"));
    }
    let (scheme, rest) = text.split_once(":/")?;
    let is_plain = scheme == "http" && rest.starts_with('/');
    let is_name = scheme.chars().all(|c| c.is_ascii_alphanumeric());
    let is_near = nearest(&scheme.to_ascii_lowercase(), ["https"]).is_some();
    (is_name && is_near && !is_plain).then(|| format!("https://{}", rest.trim_start_matches('/')))
}

/// Reads the input for a model without a known schema, which is sent unchecked.
///
/// # Errors
/// If there is no `--input`, since an unknown model has no flags, or if it cannot be read.
pub(crate) async fn unchecked(
    matches: &ArgMatches,
    model_id: &str,
    named: &Named,
) -> Result<Checked, Failure> {
    let why = match named {
        Named::Unknown(why) => why,
        _ => "it is not built in",
    };
    let extra = extra_properties(matches).await?;
    let input = match whole(matches).await? {
        None if extra.is_empty() => None,
        input => Some(input.unwrap_or_default().into_iter().chain(extra).collect()),
    };
    match input {
        Some(input) => Ok(Checked {
            json: Json::Object(input),
            warnings: Vec::new(),
            unchecked: vec![format!(
                "the input for `{model_id}` is not checked, since its schema is unknown: {why}"
            )],
        }),
        None => Err(unknown(model_id, why)),
    }
}

/// Reports a model without a known schema.
pub(crate) fn unknown(model_id: &str, why: &str) -> Failure {
    Failure::input(format!("the model `{model_id}` is unknown: {why}"))
}

/// Returns `true` if the input itself comes from standard input.
fn reads_stdin(matches: &ArgMatches) -> bool {
    let is_dash = |name| {
        matches
            .get_one::<String>(name)
            .is_some_and(|text| text == "-" || text == "@-")
    };
    is_dash("input") || is_dash("input-file")
}

/// Reads the object of `--input` or `--input-file`.
async fn whole(matches: &ArgMatches) -> Result<Option<Map<String, Json>>, Failure> {
    let inline = matches.get_one::<String>("input").map(String::as_str);
    let file = matches.get_one::<String>("input-file").map(String::as_str);
    let (text, from) = match (inline, file) {
        (Some("-"), _) | (_, Some("-")) => (read_stdin().await?, "standard input".to_owned()),
        (Some(input), _) => match input.strip_prefix('@') {
            Some("-") => (read_stdin().await?, "standard input".to_owned()),
            Some("") => {
                let failure = Failure::usage("`--input @` names no file");
                return Err(failure.with_advice("Write `--input @FILE`."));
            }
            Some(path) => (read_file(path).await?, format!("`{path}`")),
            None => (input.to_owned(), "--input".to_owned()),
        },
        (None, Some(path)) => (read_file(path).await?, format!("`{path}`")),
        (None, None) => return Ok(None),
    };
    json_text::parse(&text, &from).map(Some)
}
