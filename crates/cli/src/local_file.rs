//! Local files given instead of media URLs.

use std::io::{self, Read};
use std::path::Path;

use runcomfy::Violation;
use runcomfy::media::{DataUri, Facts, MAX_REQUEST_BYTES};
use runcomfy::schema::{Certainty, Constraint, Json, MediaSource, ModelSchema};

/// The name of standard input.
pub(crate) const STDIN: &str = "-";

/// The violations of the local files of an input.
#[derive(Default)]
pub(crate) struct FileViolations {
    pub(crate) violations: Vec<Violation>,
    /// Number of violations of files that cannot be read.
    pub(crate) unreadable: usize,
}

/// Replaces each path that the input has for media by the file as a `data:` URI, and `-` by standard
/// input. Only images, videos and audio are sent, recognized by their bytes: an input from elsewhere
/// must not make this command send other files. A file with a violation is left as a path; a text
/// that names no file is left to validation.
pub(crate) async fn attach(model: &ModelSchema, input: &mut Json) -> FileViolations {
    let paths = paths(model, input);
    attach_at(input, paths).await
}

/// Replaces the values at these JSON pointers by the files with these paths, as [`attach`] does.
pub(crate) async fn attach_at(input: &mut Json, paths: Vec<(String, String)>) -> FileViolations {
    let mut violations = FileViolations::default();
    let mut total = 0;
    for (pointer, path) in paths {
        let uri = match read(&path, total).await {
            Ok(bytes) => data_uri(&bytes),
            Err(fault) => Err(fault),
        };
        match uri {
            Ok(uri) => {
                total += uri.len() as u64;
                if let Some(value) = input.pointer_mut(&pointer) {
                    *value = uri.into();
                }
            }
            Err(fault) => {
                violations.unreadable += usize::from(matches!(fault, Fault::Unreadable(_)));
                violations.violations.push(fault.violation(pointer, &path));
            }
        }
    }
    violations
}

/// Returns a violation for each text that the schema refuses as a URL and that names no file, besides `known` ones.
#[cfg(feature = "batch")]
pub(crate) fn missing(model: &ModelSchema, input: &Json, known: &[Violation]) -> Vec<Violation> {
    let mut paths = possible_paths(model, input);
    paths.retain(|(pointer, _)| !known.iter().any(|it| it.pointer == *pointer));
    // Files that are attached are long texts, which are not validated for nothing.
    if paths.is_empty() {
        return Vec::new();
    }
    let faults = model.validate(input);
    let is_refused = |pointer: &str| {
        let mut certain = faults
            .iter()
            .filter(|it| it.certainty == Certainty::Certain);
        certain.any(|it| it.pointer == *pointer)
    };
    paths.retain(|(pointer, _)| is_refused(pointer));
    let folder = std::env::current_dir().unwrap_or_default();
    let violation = |(pointer, path): (String, String)| {
        let found = format!(
            "`{path}`, which is no file in the folder `{}`",
            folder.display()
        );
        let certain = Certainty::Certain;
        let expected = "a public https:// URL, or the whole path of an image, a video or audio";
        Violation::new(pointer, Constraint::Media, certain, found, expected)
    };
    paths.into_iter().map(violation).collect()
}

/// Returns the number of media that are to be read from standard input.
pub(crate) fn on_stdin(model: &ModelSchema, input: &Json) -> usize {
    let media = model.input.media_in(input).into_iter();
    media
        .filter(|found| matches!(found.source, MediaSource::Url(STDIN)))
        .count()
}

/// The reason why a file cannot be sent.
enum Fault {
    Folder,
    /// A pipe or a device.
    NotAFile,
    Unreadable(io::Error),
    /// Total bytes of the files with this one, which exceed the maximum.
    TooLarge(u64),
    NotMedia(String),
}

impl Fault {
    fn violation(self, pointer: String, path: &str) -> Violation {
        const MEDIA: &str = "an image, a video or audio";
        let name = match path {
            STDIN => "standard input".to_owned(),
            path => format!("the file `{path}`"),
        };
        let (found, expected) = match self {
            Self::Folder => (format!("the folder `{path}`"), "a file".to_owned()),
            Self::NotAFile => (
                format!("`{path}`, which is a pipe or a device"),
                "a file, or `-` for standard input".to_owned(),
            ),
            Self::Unreadable(error) => (
                format!("{name}, which cannot be read ({error})"),
                MEDIA.to_owned(),
            ),
            Self::TooLarge(total) => (
                format!(
                    "{name}, with which the request has {} MiB",
                    total.div_ceil(1 << 20)
                ),
                format!(
                    "at most {} MiB in total; pass public https:// URLs instead",
                    MAX_REQUEST_BYTES >> 20
                ),
            ),
            Self::NotMedia(why) => (format!("{name} ({why})"), MEDIA.to_owned()),
        };
        let certain = Certainty::Certain;
        let mut violation = Violation::new(pointer, Constraint::Media, certain, found, expected);
        violation.actual = path.into();
        violation
    }
}

/// Reads a file, if it fits into the request beside `others` bytes.
async fn read(path: &str, others: u64) -> Result<Vec<u8>, Fault> {
    let fit = |length| match others + DataUri::encoded_length(length) {
        total if total > MAX_REQUEST_BYTES as u64 => Err(Fault::TooLarge(total)),
        _ => Ok(()),
    };
    if path == STDIN {
        let read = read_blocking(on_standard_input);
        let bytes = read.await.map_err(Fault::Unreadable)?;
        fit(bytes.len() as u64)?;
        return Ok(bytes);
    }
    let about = std::fs::metadata(path).map_err(Fault::Unreadable)?;
    if about.is_dir() {
        return Err(Fault::Folder);
    }
    if !about.is_file() {
        return Err(Fault::NotAFile);
    }
    fit(about.len())?;
    std::fs::read(path).map_err(Fault::Unreadable)
}

/// Reads the media on standard input, at most one byte more than a request may have, which shows that
/// they are too large.
///
/// # Errors
/// The error of the read.
pub(crate) fn on_standard_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_REQUEST_BYTES as u64 + 1;
    io::stdin().take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn data_uri(bytes: &[u8]) -> Result<String, Fault> {
    let facts = Facts::from_bytes(bytes);
    match facts.media_type() {
        Some(media_type) => Ok(DataUri::encode(media_type, bytes)),
        None => Err(Fault::NotMedia(facts.unknown.unwrap_or_default())),
    }
}

/// Runs a read that may block, such as one from a pipe, on another thread, so that signals are
/// handled meanwhile.
///
/// # Errors
/// The error of the read.
pub(crate) async fn read_blocking<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(panicked) => Err(io::Error::other(panicked)),
    }
}

/// Returns the JSON pointers and paths of the media that exist on this machine.
fn paths(model: &ModelSchema, input: &Json) -> Vec<(String, String)> {
    let mut paths = possible_paths(model, input);
    paths.retain(|(_, path)| exists(path));
    paths
}

/// Returns the JSON pointers and texts of the media that are no URLs. Their files need not exist.
pub(crate) fn possible_paths(model: &ModelSchema, input: &Json) -> Vec<(String, String)> {
    let media = model.input.media_in(input).into_iter();
    media
        .filter_map(|found| match found.source {
            MediaSource::Url(text) if could_be_path(text) => Some((found.pointer, text.to_owned())),
            _ => None,
        })
        .collect()
}

/// Returns `true` if a text given for media is the path of a local file, or standard input.
pub(crate) fn is_file(text: &str) -> bool {
    text == STDIN || (could_be_path(text) && Path::new(text).is_file())
}

/// Returns `true` if the path exists, whatever it is, or may exist in a folder without access.
fn exists(text: &str) -> bool {
    let exists = || match std::fs::metadata(text) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    };
    text == STDIN || (could_be_path(text) && exists())
}

/// Returns `true` if a text given for media is no URL, so that it may be meant as a path.
pub(crate) fn could_be_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("data:")
}
