//! Schema files: found, read and parsed.
//!
//! **Unstable:** this module exists for `runcomfy-codegen-cli`, which reads the same files. It may
//! change in any release.

use std::collections::HashSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::Utf8Error;
use std::sync::Arc;

use runcomfy_schema::{Code, ModelSchema, Severity, matches_glob, read_json_bytes};

use crate::diagnostic::escape_invisible;
use crate::json::{Documents, NotJson};
use crate::options::Options;
use crate::settings::Settings;
use crate::{Diagnostic, Error, collision, parallel};

pub use crate::model_source::Source;

/// Holds a schema file that is not parsed yet, from a folder, a git revision or a catalogue.
#[derive(Clone, Debug)]
pub struct SchemaBytes {
    /// Model id, as the path of the file gives it.
    pub id: String,
    /// Path of the file, as diagnostics show it.
    pub path: String,
    /// Contents, which should be JSON in UTF-8.
    pub bytes: Vec<u8>,
}

/// Number of segments that a model id may have.
pub const SEGMENTS: RangeInclusive<usize> = 2..=5;

/// Maximum depth of folders below the folder of schemas. It is more than any model id has, and ends
/// a loop of links.
const MAX_DEPTH: usize = 8;

/// Holds what parsing a set of schema files gave: models, and diagnostics in no order.
#[derive(Debug)]
pub struct Parsed {
    /// Models, in the order of their files. Some of them may have errors.
    sources: Vec<Source>,
    diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Returns all models and the warnings about them, sorted, with the names of a user's choice.
    ///
    /// # Errors
    /// Fails when a diagnostic is an error or names collide. The error has every diagnostic of every
    /// file; fix the files.
    pub(crate) fn checked_with(
        mut self,
        options: &Options,
    ) -> Result<(Vec<Source>, Vec<Diagnostic>), Error> {
        self.diagnostics
            .extend(collision::find(&self.sources, options));
        Diagnostic::sort(&mut self.diagnostics);
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Error::schemas(self.diagnostics));
        }
        Ok((self.sources, self.diagnostics))
    }

    /// Returns all models and the warnings about them, sorted, with names and warnings as the settings
    /// say.
    ///
    /// # Errors
    /// Fails when a diagnostic is an error, names collide or the settings deny a warning. The error has
    /// every diagnostic of every file; fix the files.
    pub fn checked_by(self, settings: &Settings) -> Result<(Vec<Source>, Vec<Diagnostic>), Error> {
        let (sources, warnings) = self.checked_with(&settings.options)?;
        Ok((sources, settings.options.judge(warnings)?))
    }

    /// Returns the models without errors, and the errors of the others, sorted, with names and warnings
    /// as the settings say.
    #[must_use]
    pub fn valid_with(mut self, settings: &Settings) -> (Vec<Source>, Vec<Diagnostic>) {
        let options = &settings.options;
        options.weigh(&mut self.diagnostics);
        self.diagnostics.retain(Diagnostic::is_error);
        self.remove_invalid();
        let mut collisions = collision::find(&self.sources, options);
        options.weigh(&mut collisions);
        self.diagnostics.extend(collisions);
        self.diagnostics.retain(Diagnostic::is_error);
        self.remove_invalid();
        Diagnostic::sort(&mut self.diagnostics);
        (self.sources, self.diagnostics)
    }

    fn remove_invalid(&mut self) {
        let invalid: HashSet<&str> = self.diagnostics.iter().map(|d| &*d.path).collect();
        self.sources.retain(|s| !invalid.contains(&*s.path));
    }
}

/// Returns the models of the sources, in the same order.
#[must_use]
pub fn models(sources: Vec<Source>) -> Vec<ModelSchema> {
    sources.into_iter().map(|source| source.model).collect()
}

/// Reads every `*.json` below a folder whose model the settings take. The path below the folder, less
/// the ending, is the model id.
///
/// # Errors
/// Fails when the folder or a file in it cannot be read, or when a pattern of the settings matches no id.
pub fn read_all(folder: &Path, settings: &Settings) -> Result<Parsed, Error> {
    let Listing { mut files, skipped } = list(folder)?;
    for patterns in [&settings.options.models, &settings.options.exclude] {
        check_patterns(patterns, &files.iter().map(|(id, _)| &**id))?;
    }
    files.retain(|(id, _)| settings.takes(id));
    read_files(&files, skipped)
}

/// Reads the schemas of a folder as [`read_all`] does. A pattern may match none of them: the folder may
/// be from another time than the settings.
///
/// # Errors
/// Fails when the folder or a file in it cannot be read.
pub fn read_taken(folder: &Path, settings: &Settings) -> Result<Parsed, Error> {
    let Listing { mut files, skipped } = list(folder)?;
    files.retain(|(id, _)| settings.takes(id));
    read_files(&files, skipped)
}

fn read_files(files: &[(String, PathBuf)], skipped: Vec<Diagnostic>) -> Result<Parsed, Error> {
    let mut parsed = parse_all(&read_bytes(files)?);
    parsed.diagnostics.extend(skipped);
    Ok(parsed)
}

/// Reads schema files on all processors, and parses none. Returns them in the order of the files, which
/// are those of a [`Listing`].
///
/// # Errors
/// Fails when a file cannot be read.
pub fn read_bytes(files: &[(String, PathBuf)]) -> Result<Vec<SchemaBytes>, Error> {
    let contents = parallel::map(files, |(id, path)| {
        let bytes = fs::File::open(path).and_then(read_json_bytes);
        let bytes = bytes.map_err(|e| Error::io("read", path, e))?;
        let (id, path) = (id.clone(), shown(path));
        Ok(SchemaBytes { id, path, bytes })
    });
    contents.into_iter().collect()
}

/// Lists the schema files of a folder.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// Every `*.json` with its model id, in the order of the ids.
    pub files: Vec<(String, PathBuf)>,
    /// Warnings about files that look like schema files and are not read.
    pub skipped: Vec<Diagnostic>,
}

/// Finds the schema files below a folder, without reading them.
///
/// # Errors
/// Fails when the folder or one below it cannot be read.
pub fn list(folder: &Path) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    find(folder, "", 0, &mut listing)?;
    listing.files.sort();
    Ok(listing)
}

/// Parses schema files as one set.
#[must_use]
pub fn parse_all(files: &[SchemaBytes]) -> Parsed {
    let mut all = Parsed {
        sources: Vec::new(),
        diagnostics: Vec::new(),
    };
    for parsed in parse_each(files) {
        all.sources.extend(parsed.sources);
        all.diagnostics.extend(parsed.diagnostics);
    }
    all
}

/// Parses schema files, each on its own, on all processors. Returns them in the order of the files.
#[must_use]
pub fn parse_each(files: &[SchemaBytes]) -> Vec<Parsed> {
    parallel::map(files, |SchemaBytes { id, path, bytes }| {
        let mut diagnostics = Vec::new();
        let source = match std::str::from_utf8(bytes) {
            Ok(text) => read(id, path, &text.into(), &mut diagnostics),
            Err(error) => {
                diagnostics.push(not_utf8(path, bytes, error));
                None
            }
        };
        Parsed {
            sources: source.into_iter().collect(),
            diagnostics,
        }
    })
}

fn not_utf8(path: &str, bytes: &[u8], error: Utf8Error) -> Diagnostic {
    let text = String::from_utf8_lossy(bytes).into_owned().into();
    let at = error.valid_up_to();
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let message = if is_utf16 {
        "the file is UTF-16, expected UTF-8"
    } else {
        "the file is not UTF-8"
    };
    Diagnostic::new(
        (Severity::Error, Code::NotUtf8),
        path,
        &text,
        at..at + 1,
        message,
        "save it as UTF-8",
    )
}

/// Checks that every pattern matches at least one id. A pattern that matches nothing is a slip that
/// would silently lose models.
///
/// # Errors
/// Fails with the first pattern that matches no id ([`Error::is_usage`]); fix the pattern.
pub fn check_patterns<'a>(
    patterns: &[String],
    ids: &(impl Iterator<Item = &'a str> + Clone),
) -> Result<(), Error> {
    let lost = |pattern: &&String| !ids.clone().any(|id| matches_glob(pattern, id));
    match patterns.iter().find(lost) {
        Some(pattern) => Err(Error::no_match(pattern)),
        None => Ok(()),
    }
}

/// Prints a path with forward slashes, so that the output is the same on every machine, and without
/// characters that could end the comment that contains it.
fn shown(path: &Path) -> String {
    escape_invisible(&path.display().to_string().replace('\\', "/"))
}

fn find(folder: &Path, id: &str, depth: usize, listing: &mut Listing) -> Result<(), Error> {
    let mut skip = |path: &Path, message: &str, help: &str| {
        let (path, text) = (shown(path), "".into());
        let kind = (Severity::Warning, Code::SkippedFile);
        let warning = Diagnostic::new(kind, &path, &text, 0..0, message, help);
        listing.skipped.push(warning);
    };
    if depth > MAX_DEPTH {
        let message = "the folder is not read: it is deeper than a model id can be";
        skip(folder, message, "move its files up, or leave it out");
        return Ok(());
    }
    let failed = |e| Error::io("read the folder", folder, e);
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default();
        let lossy = name.to_string_lossy();
        let is_schema = |name: &str| {
            let ending = name.rsplit_once('.').map(|(_, ending)| ending);
            ending.is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
        };
        if lossy.starts_with('.') {
            continue;
        }
        let is_folder = path.is_dir();
        let Some(name) = name.to_str() else {
            if is_folder || is_schema(&lossy) {
                let message = "this is not read: its name is not UTF-8, which a model id must be";
                skip(&path, message, "rename it");
            }
            continue;
        };
        if is_folder {
            let id = format!("{id}{name}/");
            folders.push((path, id));
        } else if let Some(stem) = name.strip_suffix(".json") {
            listing.files.push((format!("{id}{stem}"), path));
        } else if is_schema(name) {
            let message = "the file is not read: the name of a schema ends in `.json`";
            skip(&path, message, "write the ending in lower case");
        } else if is_page(name) {
            let message = "the file is not read: it is a web page, not a schema";
            let help = "`runcomfy-codegen import FILE` takes the schemas out of a saved page";
            skip(&path, message, help);
        }
    }
    for (path, id) in folders {
        find(&path, &id, depth + 1, listing)?;
    }
    Ok(())
}

/// Returns `true` for the file name of a page that a browser has saved.
fn is_page(name: &str) -> bool {
    let ending = Path::new(name).extension().unwrap_or_default();
    ["html", "htm", "mhtml", "mht"]
        .iter()
        .any(|page| ending.eq_ignore_ascii_case(page))
}

/// Returns why a text is not JSON, and what to do.
fn explained(text: &str, error: &NotJson) -> (Code, String, &'static str) {
    let start = text.trim_start().to_ascii_lowercase();
    if start.starts_with('<') {
        return (
            Code::WebPage,
            "this is a web page, not a schema".to_owned(),
            "`runcomfy-codegen import FILE` takes the schemas out of a saved page",
        );
    }
    let message = format!("this is not JSON: {}", error.message);
    let help = if error.message.contains("number out of range") {
        "write a number that a double can be, at most 1.7976931348623157e308"
    } else if error.message.contains("recursion limit") {
        "flatten it: a schema is nested at most 32 levels deep"
    } else {
        "expected JSON as RFC 8259 has it: no comments, no trailing commas"
    };
    (Code::NotJson, message, help)
}

fn read(
    id: &str,
    path: &str,
    text: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let mut report = |kind, span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(kind, path, text, span, message, help));
    };
    let text_without_bom = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bom = text.len() - text_without_bom.len();
    let documents = match Documents::parse(text_without_bom) {
        Ok(documents) => documents,
        Err(error) => {
            let at = error.offset + bom;
            let (code, message, help) = explained(text_without_bom, &error);
            report((Severity::Error, code), at..at, message, help);
            return None;
        }
    };
    for (name, span) in documents.repeated_keys() {
        let message =
            format!("this object has the key `{name}` twice; one of the two would be lost");
        report(
            (Severity::Error, Code::RepeatedKey),
            span.start + bom..span.end + bom,
            message,
            "leave one of them out",
        );
    }
    let (model, diagnostics) = ModelSchema::parse(Some(id), &documents.values);
    for diagnostic in diagnostics {
        let span = documents.locate(
            diagnostic.document,
            &diagnostic.pointer,
            diagnostic.location,
        );
        report(
            (diagnostic.severity, diagnostic.code),
            span.start + bom..span.end + bom,
            diagnostic.message,
            &diagnostic.help,
        );
    }
    let segments = id.split('/').count();
    if !SEGMENTS.contains(&segments) {
        let message =
            format!("`{id}` is not a model id: expected 2 to 5 segments, found {segments}");
        report(
            (Severity::Error, Code::PathNoId),
            0..0,
            message,
            "the path below the folder is the id: `schemas/vendor/model.json`, or with folders between",
        );
    }
    Some(Source {
        model: model?,
        path: path.to_owned(),
        text: Arc::clone(text),
    })
}
