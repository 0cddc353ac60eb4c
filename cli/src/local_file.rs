//! Files on this machine in the place of media URLs.

use std::path::Path;

use runcomfy::{DataUri, Facts, Json, LARGEST_REQUEST, MediaSource, ModelSchema};

use crate::failure::Failure;

/// Puts each file that is named where the schema wants a medium inside of the input, as a `data:`
/// URI. Only pictures, videos and sounds, by their first bytes: an input from elsewhere must not
/// make this send other files. What names no file is left for validation to complain about.
pub(crate) fn attach(model: &ModelSchema, input: &mut Json) -> Result<(), Failure> {
    let files = named_files(model, input);
    let mut total = 0;
    for (_, path) in &files {
        let about = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        total += DataUri::encoded_length(about.len());
    }
    if total > LARGEST_REQUEST as u64 {
        return Err(Failure::input(format!(
            "the files make a request of {} MiB, and the service takes {} MiB; give public https:// URLs instead",
            total.div_ceil(1 << 20),
            LARGEST_REQUEST >> 20
        )));
    }
    for (pointer, path) in files {
        let bytes = std::fs::read(&path).map_err(|e| unreadable(&path, &e))?;
        let facts = Facts::of_bytes(&bytes);
        let Some(media_type) = facts.media_type() else {
            let why = facts.unknown.unwrap_or_default();
            return Err(Failure::input(format!(
                "{pointer}: the file `{path}` is {why}, expected a picture, a video or a sound; nothing was sent"
            )));
        };
        if let Some(place) = input.pointer_mut(&pointer) {
            *place = DataUri::of(media_type, &bytes).into();
        }
    }
    Ok(())
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

fn is_file(text: &str) -> bool {
    could_be_path(text) && Path::new(text).is_file()
}

/// Whether what stands where a URL should be was perhaps meant as a path.
pub(crate) fn could_be_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("data:")
}

fn unreadable(path: &str, error: &std::io::Error) -> Failure {
    Failure::unreadable(format!("could not read `{path}`: {error}"))
}
