//! Patterns of local files in lines, such as `shots/*.png`.

use std::path::Path;

use runcomfy::schema::{Json, MediaSource, ModelSchema};

use crate::local_file::{self, STDIN};

/// Maximum number of files that one pattern may stand for.
const MAX_FILES: usize = 1000;

/// Replaces each pattern that the input has for media by the local files that it matches, in the order of
/// their names. A pattern in a list stands for any number of files, and one elsewhere for one file.
///
/// Returns the faults: JSON pointers with messages.
pub(super) fn expand(model: &ModelSchema, input: &mut Json) -> Vec<(String, String)> {
    let media = model.input.media_in(&*input).into_iter();
    let texts: Vec<(String, String)> = media
        .filter_map(|found| match found.source {
            MediaSource::Url(text) => Some((found.pointer, text.to_owned())),
            MediaSource::Local(_) => None,
        })
        .collect();
    let mut faults = Vec::new();
    // From the last one, so that the pointers before it stay true.
    for (pointer, text) in texts.into_iter().rev() {
        if text == STDIN {
            let message =
                "found `-`, which is standard input, expected a URL or the path of a file";
            faults.push((pointer, message.to_owned()));
        } else if is_pattern(&text)
            && let Err(message) = replace(input, &pointer, &text)
        {
            faults.push((pointer, message));
        }
    }
    faults.reverse();
    faults
}

/// Returns `true` if a text is a pattern of local files, and no file has it as its name.
fn is_pattern(text: &str) -> bool {
    local_file::could_be_path(text) && text.contains(['*', '?', '[']) && !Path::new(text).exists()
}

fn replace(input: &mut Json, pointer: &str, pattern: &str) -> Result<(), String> {
    let files = files(pattern)?;
    let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
    if let (Some(Json::Array(list)), Ok(index)) = (input.pointer_mut(parent), last.parse::<usize>())
    {
        list.splice(index..=index, files.into_iter().map(Json::from));
        return Ok(());
    }
    let [file] = &files[..] else {
        return Err(format!(
            "found `{pattern}`, which {} files match, expected one file; write a line for each",
            files.len()
        ));
    };
    if let Some(value) = input.pointer_mut(pointer) {
        *value = file.as_str().into();
    }
    Ok(())
}

/// Returns the files that a pattern matches, sorted.
fn files(pattern: &str) -> Result<Vec<String>, String> {
    let paths =
        glob::glob(pattern).map_err(|error| format!("`{pattern}` is no pattern: {error}"))?;
    let files = paths
        .filter_map(Result::ok)
        .filter(|path| path.is_file())
        .filter_map(|path| path.into_os_string().into_string().ok());
    let files: Vec<String> = files.take(MAX_FILES + 1).collect();
    match files.len() {
        0 => Err(format!("no file matches `{pattern}`")),
        count if count > MAX_FILES => Err(format!(
            "found `{pattern}`, which more than {MAX_FILES} files match, expected fewer"
        )),
        _ => Ok(files),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model() -> ModelSchema {
        let schema = json!({ "properties": {
            "image": { "type": "string", "format": "image_uri" },
            "images": { "type": "array", "items": { "type": "string", "format": "image_uri" } },
            "prompt": { "type": "string" },
        } });
        ModelSchema::parse(Some("a/b"), &[schema]).0.unwrap()
    }

    #[test]
    fn pattern_stands_for_its_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.png", "a.png", "c.jpg", "d[1].png"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let path = |name: &str| folder.path().join(name).display().to_string();
        let expanded = |mut input: Json| {
            let faults = expand(&model(), &mut input);
            (input, faults)
        };
        let (input, faults) = expanded(json!({
            "images": ["https://a/*.png", path("?.png"), path("c.*"), path("d[1].png")],
            "image": path("*.jpg"),
            "prompt": path("*"),
        }));
        assert_eq!(faults, []);
        let expected = json!({
            "images": ["https://a/*.png", path("a.png"), path("b.png"), path("c.jpg"), path("d[1].png")],
            "image": path("c.jpg"),
            "prompt": path("*"),
        });
        assert_eq!(input, expected);
        for (input, message) in [
            (json!({ "image": path("*.png") }), "3 files match"),
            (json!({ "images": [path("*.gif")] }), "no file matches"),
            (json!({ "image": "-" }), "standard input"),
            (json!({ "image": "a[" }), "no pattern"),
        ] {
            let (_, faults) = expanded(input);
            assert!(faults[0].1.contains(message), "{faults:?}");
            assert_eq!(faults.len(), 1);
        }
    }
}
