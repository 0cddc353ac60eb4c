//! Files on this machine in the place of media URLs.

use std::io::{self, Read};
use std::path::Path;

use runcomfy::{DataUri, Facts, Json, LARGEST_REQUEST, MediaSource, ModelSchema};

use crate::failure::Failure;

/// Standard input in the place of a file.
const STDIN: &str = "-";

/// Puts each file that is named where the schema wants a medium inside of the input, as a `data:`
/// URI, and standard input for `-`. Only pictures, videos and sounds, by their first bytes: an
/// input from elsewhere must not make this send other files. What names no file is left for
/// validation to complain about.
pub(crate) async fn attach(
    model: &ModelSchema,
    input: &mut Json,
    stdin_is_taken: bool,
) -> Result<(), Failure> {
    let files = named_files(model, input);
    let mut total = 0;
    for (_, path) in files.iter().filter(|(_, path)| path != STDIN) {
        let about = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        total += DataUri::encoded_length(about.len());
    }
    fit(total)?;
    let mut stdin = None;
    for (pointer, path) in files {
        let bytes = match (path.as_str(), stdin_is_taken) {
            (STDIN, true) => return Err(twice()),
            (STDIN, false) if stdin.is_some() => return Err(twice()),
            (STDIN, false) => stdin.insert(read_stdin().await?).clone(),
            (path, _) => std::fs::read(path).map_err(|e| unreadable(path, &e))?,
        };
        let facts = Facts::of_bytes(&bytes);
        let Some(media_type) = facts.media_type() else {
            let why = facts.unknown.unwrap_or_default();
            return Err(Failure::input(format!(
                "{pointer}: {} is {why}, expected a picture, a video or a sound",
                named(&path)
            ))
            .advised("Nothing was submitted, so nothing is charged."));
        };
        if let Some(place) = input.pointer_mut(&pointer) {
            *place = DataUri::of(media_type, &bytes).into();
        }
    }
    Ok(())
}

fn fit(total: u64) -> Result<(), Failure> {
    if total <= LARGEST_REQUEST as u64 {
        return Ok(());
    }
    Err(Failure::input(format!(
        "the files make a request of {} MiB, and the service takes {} MiB",
        total.div_ceil(1 << 20),
        LARGEST_REQUEST >> 20
    ))
    .advised("Nothing was submitted. Give public https:// URLs instead."))
}

/// A medium from standard input, not longer than any request may be.
async fn read_stdin() -> Result<Vec<u8>, Failure> {
    let read = aside(|| {
        let mut bytes = Vec::new();
        let limit = LARGEST_REQUEST as u64 + 1;
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let read = read.await;
    let bytes =
        read.map_err(|e| Failure::unreadable(format!("could not read standard input: {e}")))?;
    fit(DataUri::encoded_length(bytes.len() as u64))?;
    Ok(bytes)
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

fn twice() -> Failure {
    Failure::usage("`-` stands for standard input, which can be read for one thing only")
}

fn named(path: &str) -> String {
    match path {
        STDIN => "standard input".to_owned(),
        path => format!("the file `{path}`"),
    }
}

/// The places of the input that name files, with the files.
fn named_files(model: &ModelSchema, input: &Json) -> Vec<(String, String)> {
    let media = model.input.media_in(input).into_iter();
    media
        .filter_map(|medium| match medium.source {
            MediaSource::Url(text) if is_file(text) => Some((medium.pointer, text.to_owned())),
            _ => None,
        })
        .collect()
}

/// Whether what stands where a URL should be is a file of this machine, or standard input.
pub(crate) fn is_file(text: &str) -> bool {
    text == STDIN || (could_be_path(text) && Path::new(text).is_file())
}

/// Whether what stands where a URL should be was perhaps meant as a path.
pub(crate) fn could_be_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("data:")
}

fn unreadable(path: &str, error: &std::io::Error) -> Failure {
    Failure::unreadable(format!("could not read `{path}`: {error}"))
}
