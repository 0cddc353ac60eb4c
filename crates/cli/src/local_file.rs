//! Files on this machine in the place of media URLs.

use std::io::{self, Read};
use std::path::Path;

use runcomfy::Violation;
use runcomfy::media::{DataUri, Facts, MAX_REQUEST_BYTES};
use runcomfy::schema::{Certainty, Constraint, Json, MediaSource, ModelSchema};

use crate::failure::Failure;

/// Standard input in the place of a file.
const STDIN: &str = "-";

/// What is wrong with the files of an input.
#[derive(Default)]
pub(crate) struct Unfit {
    pub(crate) violations: Vec<Violation>,
    /// How many of them are about files that cannot be read.
    pub(crate) unreadable: usize,
}

/// Puts each file that is named where the schema wants a medium inside of the input, as a `data:`
/// URI, and standard input for `-`. Only pictures, videos and sounds, by their first bytes: an
/// input from elsewhere must not make this send other files. What does not fit stays as it is and
/// is told; what names no file is left for validation to complain about.
pub(crate) async fn attach(
    model: &ModelSchema,
    input: &mut Json,
    stdin_is_taken: bool,
) -> Result<Unfit, Failure> {
    let places = named(model, input);
    if places.iter().filter(|(_, path)| path == STDIN).count() > usize::from(!stdin_is_taken) {
        return Err(Failure::usage(
            "`-` stands for standard input, which can be read for one thing only",
        ));
    }
    let mut unfit = Unfit::default();
    let mut total = 0;
    for (pointer, path) in places {
        let uri = match read(&path, total).await {
            Ok(bytes) => medium(&bytes),
            Err(problem) => Err(problem),
        };
        match uri {
            Ok(uri) => {
                total += uri.len() as u64;
                if let Some(place) = input.pointer_mut(&pointer) {
                    *place = uri.into();
                }
            }
            Err(problem) => {
                unfit.unreadable += usize::from(matches!(problem, Problem::Unreadable(_)));
                unfit.violations.push(problem.about(pointer, &path));
            }
        }
    }
    Ok(unfit)
}

/// Why a file cannot go along.
enum Problem {
    Folder,
    /// A pipe or a device.
    NoFile,
    Unreadable(io::Error),
    /// With it the files would have as many bytes as this.
    TooLarge(u64),
    NoMedium(String),
}

impl Problem {
    fn about(self, pointer: String, path: &str) -> Violation {
        const MEDIUM: &str = "a picture, a video or a sound";
        let name = match path {
            STDIN => "standard input".to_owned(),
            path => format!("the file `{path}`"),
        };
        let (found, expected) = match self {
            Self::Folder => (format!("the folder `{path}`"), "a file".to_owned()),
            Self::NoFile => (
                format!("`{path}`, which is a pipe or a device"),
                "a file, or `-` for standard input".to_owned(),
            ),
            Self::Unreadable(error) => (
                format!("{name}, which cannot be read ({error})"),
                MEDIUM.to_owned(),
            ),
            Self::TooLarge(total) => (
                format!(
                    "{name}, with which the files make a request of {} MiB",
                    total.div_ceil(1 << 20)
                ),
                format!(
                    "at most {} MiB in all; give public https:// URLs instead",
                    MAX_REQUEST_BYTES >> 20
                ),
            ),
            Self::NoMedium(why) => (format!("{name} ({why})"), MEDIUM.to_owned()),
        };
        let certain = Certainty::Certain;
        let mut violation = Violation::new(pointer, Constraint::Media, certain, found, expected);
        violation.actual = path.into();
        violation
    }
}

/// The bytes of a file, where they fit beside the others, which have this many.
async fn read(path: &str, others: u64) -> Result<Vec<u8>, Problem> {
    let fit = |length| match others + DataUri::encoded_length(length) {
        total if total > MAX_REQUEST_BYTES as u64 => Err(Problem::TooLarge(total)),
        _ => Ok(()),
    };
    if path == STDIN {
        let read = aside(|| {
            let mut bytes = Vec::new();
            // Not longer than any request may be.
            let limit = MAX_REQUEST_BYTES as u64 + 1;
            io::stdin().take(limit).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let bytes = read.await.map_err(Problem::Unreadable)?;
        fit(bytes.len() as u64)?;
        return Ok(bytes);
    }
    let about = std::fs::metadata(path).map_err(Problem::Unreadable)?;
    if about.is_dir() {
        return Err(Problem::Folder);
    }
    if !about.is_file() {
        return Err(Problem::NoFile);
    }
    fit(about.len())?;
    std::fs::read(path).map_err(Problem::Unreadable)
}

fn medium(bytes: &[u8]) -> Result<String, Problem> {
    let facts = Facts::from_bytes(bytes);
    match facts.media_type() {
        Some(media_type) => Ok(DataUri::encode(media_type, bytes)),
        None => Err(Problem::NoMedium(facts.unknown.unwrap_or_default())),
    }
}

/// Reads what may keep one waiting, such as a pipe, on a thread of its own, so that Ctrl-C is
/// heard meanwhile.
pub(crate) async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read,
        Err(broken) => Err(io::Error::other(broken)),
    }
}

/// The places of the input that name something on this machine, with the names.
fn named(model: &ModelSchema, input: &Json) -> Vec<(String, String)> {
    let media = model.input.media_in(input).into_iter();
    media
        .filter_map(|medium| match medium.source {
            MediaSource::Url(text) if is_there(text) => Some((medium.pointer, text.to_owned())),
            _ => None,
        })
        .collect()
}

/// Whether what stands where a URL should be is a file of this machine, or standard input.
pub(crate) fn is_file(text: &str) -> bool {
    text == STDIN || (could_be_path(text) && Path::new(text).is_file())
}

/// Whether it is anything of this machine, be it of use or not.
fn is_there(text: &str) -> bool {
    let there = || match std::fs::metadata(text) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    };
    text == STDIN || (could_be_path(text) && there())
}

/// Whether what stands where a URL should be was perhaps meant as a path.
pub(crate) fn could_be_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("data:")
}
