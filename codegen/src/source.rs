//! Schema files: found, read and parsed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::Utf8Error;
use std::sync::Arc;

use runcomfy_schema::{ModelSchema, Severity};

use crate::diagnostic::harmless;
use crate::json::Documents;
use crate::{Diagnostic, Error, collision, glob, parallel, schema_file};

/// One model, and the file that it came from.
pub(crate) struct Source {
    pub(crate) model: ModelSchema,
    pub(crate) path: String,
    pub(crate) text: Arc<str>,
}

/// Deeper than any model id; also ends a loop of links.
const DEEPEST_FOLDER: usize = 8;

/// What schema files hold.
pub(crate) struct Reading {
    /// Those that are models, in the order of their ids. Some of them may have errors.
    sources: Vec<Source>,
    /// All findings, in no order.
    diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// The models and the warnings, sorted.
    ///
    /// # Errors
    /// When a finding is an error, or names collide: with all findings of all files.
    pub(crate) fn checked(mut self) -> Result<(Vec<Source>, Vec<Diagnostic>), Error> {
        self.diagnostics.extend(collision::find(&self.sources));
        Diagnostic::sort(&mut self.diagnostics);
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Error::schemas(self.diagnostics));
        }
        Ok((self.sources, self.diagnostics))
    }

    /// The models that have no errors, and the errors of the others, sorted.
    pub(crate) fn sound(mut self) -> (Vec<Source>, Vec<Diagnostic>) {
        self.diagnostics.retain(Diagnostic::is_error);
        self.leave_out_faulty();
        self.diagnostics.extend(collision::find(&self.sources));
        self.leave_out_faulty();
        Diagnostic::sort(&mut self.diagnostics);
        (self.sources, self.diagnostics)
    }

    fn leave_out_faulty(&mut self) {
        let faulty: HashSet<&str> = self.diagnostics.iter().map(|d| &*d.path).collect();
        self.sources.retain(|s| !faulty.contains(&*s.path));
    }
}

/// The models alone.
pub(crate) fn models(sources: Vec<Source>) -> Vec<ModelSchema> {
    sources.into_iter().map(|source| source.model).collect()
}

/// Reads every `*.json` below the folder; the path below it, less the ending, is the model id.
pub(crate) fn read_all(folder: &Path, patterns: &[String]) -> Result<Reading, Error> {
    let Listing {
        mut files,
        left_out,
    } = list(folder)?;
    choose(&mut files, patterns)?;
    let contents = parallel::map(&files, |(id, path)| {
        let bytes = fs::read(path).map_err(|e| Error::io("read", path, e))?;
        Ok((id.clone(), shown(path), bytes))
    });
    let contents: Result<Vec<_>, Error> = contents.into_iter().collect();
    let mut reading = parse_all(&contents?);
    reading.diagnostics.extend(left_out);
    Ok(reading)
}

/// The schema files of a folder.
#[derive(Default)]
pub(crate) struct Listing {
    /// Every `*.json` with its model id, in the order of the ids.
    pub(crate) files: Vec<(String, PathBuf)>,
    /// Warnings of what could be meant for one and is not read.
    left_out: Vec<Diagnostic>,
}

/// Finds the schema files below a folder.
pub(crate) fn list(folder: &Path) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    find(folder, "", 0, &mut listing)?;
    listing.files.sort();
    Ok(listing)
}

/// Parses schema files, wherever they were kept: each its id, its path as it is shown, its bytes.
pub(crate) fn parse_all(files: &[(String, String, Vec<u8>)]) -> Reading {
    let parsed = parallel::map(files, |(id, path, bytes)| {
        let mut diagnostics = Vec::new();
        let source = match std::str::from_utf8(bytes) {
            Ok(text) => read(id, path, &text.into(), &mut diagnostics),
            Err(error) => {
                diagnostics.push(not_utf8(path, bytes, error));
                None
            }
        };
        (source, diagnostics)
    });
    let mut sources = Vec::new();
    let mut diagnostics = Vec::new();
    for (source, found) in parsed {
        sources.extend(source);
        diagnostics.extend(found);
    }
    Reading {
        sources,
        diagnostics,
    }
}

fn not_utf8(path: &str, bytes: &[u8], error: Utf8Error) -> Diagnostic {
    let text = String::from_utf8_lossy(bytes).into_owned().into();
    let at = error.valid_up_to();
    let message = "the file is not UTF-8";
    Diagnostic::new(
        Severity::Error,
        path,
        &text,
        at..at + 1,
        message,
        "save it as UTF-8",
    )
}

/// Keeps the files whose ids fit one of the patterns; all where there are none. A pattern that fits
/// nothing is a slip that would silently lose models.
fn choose(files: &mut Vec<(String, PathBuf)>, patterns: &[String]) -> Result<(), Error> {
    for pattern in patterns {
        if !files.iter().any(|(id, _)| glob::fits(pattern, id)) {
            return Err(Error::nothing_fits(pattern));
        }
    }
    files.retain(|(id, _)| patterns.is_empty() || patterns.iter().any(|p| glob::fits(p, id)));
    Ok(())
}

/// With forward slashes everywhere, so that the output is the same on every machine, and without
/// characters that could end the comment that it stands in.
fn shown(path: &Path) -> String {
    harmless(&path.display().to_string().replace('\\', "/"))
}

fn find(folder: &Path, id: &str, depth: usize, listing: &mut Listing) -> Result<(), Error> {
    let mut left_out = |path: &Path, message: &str, help: &str| {
        let (path, text) = (shown(path), "".into());
        let warning = Diagnostic::new(Severity::Warning, &path, &text, 0..0, message, help);
        listing.left_out.push(warning);
    };
    if depth > DEEPEST_FOLDER {
        let message = "the folder is not read: it is deeper than any model's id can be";
        left_out(folder, message, "move its files up, or leave it out");
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
                let message = "this is not read: its name is not UTF-8, as a model's id is";
                left_out(&path, message, "rename it");
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
            left_out(&path, message, "write the ending in small letters");
        }
    }
    for (path, id) in folders {
        find(&path, &id, depth + 1, listing)?;
    }
    Ok(())
}

fn read(
    id: &str,
    path: &str,
    text: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let mut report = |severity, span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(severity, path, text, span, message, help));
    };
    let text_without_bom = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bom = text.len() - text_without_bom.len();
    let documents = match Documents::parse(text_without_bom) {
        Ok(documents) => documents,
        Err(broken) => {
            let at = broken.offset + bom;
            let message = format!("this is not JSON: {}", broken.message);
            let help = "expected JSON as RFC 8259 has it: no comments, no trailing commas";
            report(Severity::Error, at..at, message, help);
            return None;
        }
    };
    for (name, span) in documents.repeated_keys() {
        let message =
            format!("the key `{name}` stands in this object twice; one of the two would be lost");
        report(
            Severity::Error,
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
            diagnostic.severity,
            span.start + bom..span.end + bom,
            diagnostic.message,
            &diagnostic.help,
        );
    }
    let segments = id.split('/').count();
    if !schema_file::SEGMENTS.contains(&segments) {
        let message =
            format!("`{id}` is not a model's id: expected 2 to 5 segments, found {segments}");
        report(
            Severity::Error,
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
